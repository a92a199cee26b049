//! Vectors laid out on a plane, so that neighbours stay neighbours: t-SNE (van der Maaten and Hinton, "Visualizing Data
//! using t-SNE", JMLR 2008) from the two principal components. The same vectors give the same plane on any number of
//! cores: every sum is taken in the order of the points.

use rayon::prelude::*;

/// About how many neighbours a point tries to stay near to.
const PERPLEXITY: f64 = 30.0;
const ROUNDS: usize = 600;
/// Rounds in which neighbours pull harder, so that groups find together.
const EARLY: usize = 200;
const EXAGGERATION: f32 = 12.0;

/// A point for each vector, centred, the longer side from -1 to 1.
///
/// # Shapes
///
/// Takes `[points][dimensions]`, all of one length. The cost grows with the square of the number of points: 1,500 take
/// some seconds.
pub(super) fn project(vectors: &[&[f32]]) -> Vec<[f32; 2]> {
    let mut plane = principal(vectors);
    // So few have no neighbourhood to keep.
    if vectors.len() >= 8 {
        plane = neighbours_kept(vectors, plane);
    }
    fit(&mut plane);
    plane
}

/// The two directions in which the vectors differ most, by power iteration; each point's share in them.
fn principal(vectors: &[&[f32]]) -> Vec<[f32; 2]> {
    let dimensions = vectors.first().map_or(0, |vector| vector.len());
    let mut mean = vec![0.0; dimensions];
    for vector in vectors {
        add(&mut mean, vector, 1.0 / vectors.len() as f32);
    }
    let mut rest: Vec<Vec<f32>> = vectors
        .iter()
        .map(|vector| vector.iter().zip(&mean).map(|(value, mean)| value - mean).collect())
        .collect();
    let mut plane = vec![[0.0; 2]; vectors.len()];
    for axis in 0..2 {
        // No direction is left out at the start, and none is preferred.
        let mut direction: Vec<f32> = (0..dimensions).map(|place| 1.0 + (place as f32 * 0.7).sin()).collect();
        for _ in 0..100 {
            let mut next = vec![0.0; dimensions];
            for vector in &rest {
                add(&mut next, vector, dot(vector, &direction));
            }
            let length = dot(&next, &next).sqrt();
            if length <= f32::MIN_POSITIVE {
                break;
            }
            direction = next.iter().map(|value| value / length).collect();
        }
        let length = dot(&direction, &direction).sqrt().max(f32::MIN_POSITIVE);
        direction = direction.iter().map(|value| value / length).collect();
        for (point, vector) in plane.iter_mut().zip(&mut rest) {
            point[axis] = dot(vector, &direction);
            add(vector, &direction, -point[axis]);
        }
    }
    plane
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f32], vector: &[f32], factor: f32) {
    for (sum, value) in sum.iter_mut().zip(vector) {
        *sum += factor * value;
    }
}

/// Moves the points of `plane` until their neighbourhoods are like those of the vectors.
fn neighbours_kept(vectors: &[&[f32]], mut plane: Vec<[f32; 2]>) -> Vec<[f32; 2]> {
    let count = vectors.len();
    let affinities = affinities(vectors);
    // It starts small, from the principal components.
    let spread = plane.iter().map(|point| point[0].abs()).fold(f32::MIN_POSITIVE, f32::max);
    for (number, point) in plane.iter_mut().enumerate() {
        *point = point.map(|value| value / spread * 1e-2);
        // Points in the same place could never part.
        point[0] += 1e-5 * (number as f32).sin();
        point[1] += 1e-5 * (number as f32).cos();
    }
    let rate = (count as f32 / EXAGGERATION / 4.0).max(50.0);
    let mut speed = vec![[0.0f32; 2]; count];
    let mut gains = vec![[1.0f32; 2]; count];
    for round in 0..ROUNDS {
        let (pull, momentum) = if round < EARLY { (EXAGGERATION, 0.5) } else { (1.0, 0.8) };
        let forces: Vec<Forces> = (0..count)
            .into_par_iter()
            .with_min_len(128)
            .map(|one| Forces::on(one, &plane, &affinities))
            .collect();
        let total: f32 = forces.iter().map(|force| force.weight).sum::<f32>().max(f32::MIN_POSITIVE);
        for (one, force) in forces.iter().enumerate() {
            for axis in 0..2 {
                let slope = 4.0 * (pull * force.pull[axis] - force.push[axis] / total);
                let gain = &mut gains[one][axis];
                let turns = (slope > 0.0) == (speed[one][axis] > 0.0);
                *gain = if turns { (*gain * 0.8).max(0.01) } else { *gain + 0.2 };
                speed[one][axis] = momentum * speed[one][axis] - rate * *gain * slope;
                plane[one][axis] += speed[one][axis];
            }
        }
    }
    plane
}

/// What moves one point.
struct Forces {
    /// Towards those whose vectors are near.
    pull: [f32; 2],
    /// Away from all, still to be divided by the sum of all weights.
    push: [f32; 2],
    weight: f32,
}

impl Forces {
    fn on(one: usize, plane: &[[f32; 2]], affinities: &[f32]) -> Self {
        let affinities = &affinities[one * plane.len()..][..plane.len()];
        let [x, y] = plane[one];
        let mut forces = Self { pull: [0.0; 2], push: [0.0; 2], weight: -1.0 };
        for (other, affinity) in plane.iter().zip(affinities) {
            let (dx, dy) = (x - other[0], y - other[1]);
            // The point itself weighs 1, which is taken off at the start, and does not pull.
            let weight = 1.0 / (1.0 + dx * dx + dy * dy);
            let (pull, push) = (affinity * weight, weight * weight);
            forces.pull = [forces.pull[0] + pull * dx, forces.pull[1] + pull * dy];
            forces.push = [forces.push[0] + push * dx, forces.push[1] + push * dy];
            forces.weight += weight;
        }
        forces
    }
}

/// How much each pair belongs together: `[points * points]`, symmetric, of sum 1.
fn affinities(vectors: &[&[f32]]) -> Vec<f32> {
    let count = vectors.len();
    let perplexity = PERPLEXITY.min((count - 1) as f64 / 3.0);
    let rows: Vec<Vec<f32>> = (0..count)
        .into_par_iter()
        .map(|one| {
            let distances: Vec<f64> = vectors
                .iter()
                .map(|other| vectors[one].iter().zip(*other).map(|(a, b)| f64::from(a - b).powi(2)).sum())
                .collect();
            row(&distances, one, perplexity)
        })
        .collect();
    let mut all = vec![0.0; count * count];
    for one in 0..count {
        for other in 0..count {
            all[one * count + other] = (rows[one][other] + rows[other][one]) / (2.0 * count as f32);
        }
    }
    all
}

/// The shares of one point's neighbours: a bell curve just so wide that its entropy is that of `perplexity` equals.
fn row(distances: &[f64], own: usize, perplexity: f64) -> Vec<f32> {
    let nearest = distances
        .iter()
        .enumerate()
        .filter(|(other, _)| *other != own)
        .map(|(_, distance)| *distance)
        .fold(f64::INFINITY, f64::min);
    let (mut low, mut high, mut sharpness) = (0.0, f64::INFINITY, 1.0);
    let mut shares = vec![0.0; distances.len()];
    for _ in 0..60 {
        let (mut sum, mut weighted) = (0.0, 0.0);
        for (other, distance) in distances.iter().enumerate() {
            // Relative to the nearest, so that something is left however sharp it gets.
            let beyond = distance - nearest;
            shares[other] = if other == own { 0.0 } else { (-sharpness * beyond).exp() };
            sum += shares[other];
            weighted += shares[other] * beyond;
        }
        for share in &mut shares {
            *share /= sum;
        }
        let entropy = sum.ln() + sharpness * weighted / sum;
        let excess = entropy - perplexity.ln();
        if excess.abs() < 1e-4 {
            break;
        }
        if excess > 0.0 {
            low = sharpness;
            sharpness = if high.is_finite() { f64::midpoint(low, high) } else { sharpness * 2.0 };
        } else {
            high = sharpness;
            sharpness = f64::midpoint(low, high);
        }
        if sharpness > 1e12 {
            break;
        }
    }
    shares.into_iter().map(|share| share as f32).collect()
}

/// Moves the middle to 0 and shrinks the longer side to -1 to 1.
fn fit(plane: &mut [[f32; 2]]) {
    let ends = |axis: usize| {
        plane
            .iter()
            .map(|point| point[axis])
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
    };
    let ends = [ends(0), ends(1)];
    let longer = ends.iter().map(|(low, high)| (high - low) / 2.0).fold(f32::MIN_POSITIVE, f32::max);
    for point in plane {
        for (value, (low, high)) in point.iter_mut().zip(ends) {
            let fitted = (*value - f32::midpoint(low, high)) / longer;
            *value = if fitted.is_finite() { fitted } else { 0.0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// `each` points around each of `groups` far corners of a space of ten dimensions.
    fn groups(groups: usize, each: usize) -> Vec<Vec<f32>> {
        let mut chance = ChaCha8Rng::seed_from_u64(1);
        let mut point = |number: usize| {
            (0..10)
                .map(|axis| f32::from(u8::from(axis == number % groups)) + chance.random_range(-0.1..0.1))
                .collect()
        };
        (0..groups * each).map(&mut point).collect()
    }

    fn project_all(vectors: &[Vec<f32>]) -> Vec<[f32; 2]> {
        project(&vectors.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }

    #[test]
    fn points_on_a_line_stay_in_order() {
        let vectors: Vec<Vec<f32>> = (0..6).map(|i| vec![i as f32, 2.0 * i as f32, 0.0]).collect();
        let plane = project_all(&vectors);
        let x: Vec<f32> = plane.iter().map(|point| point[0]).collect();
        assert!(x.is_sorted() || x.iter().rev().is_sorted(), "{x:?}");
        assert!((x[0].abs() - 1.0).abs() < 1e-5 && (x[5].abs() - 1.0).abs() < 1e-5, "{x:?}");
        assert!(plane.iter().all(|point| point[1].abs() < 1e-4), "{plane:?}");
    }

    #[test]
    fn groups_stay_apart_and_the_plane_does_not_change() {
        let vectors = groups(5, 40);
        let plane = project_all(&vectors);
        for (one, point) in plane.iter().enumerate() {
            let distance = |other: &[f32; 2]| (other[0] - point[0]).hypot(other[1] - point[1]);
            let nearest = (0..plane.len())
                .filter(|other| *other != one)
                .min_by(|a, b| distance(&plane[*a]).total_cmp(&distance(&plane[*b])));
            assert_eq!(nearest.map(|other| other % 5), Some(one % 5));
            assert!(point.iter().all(|value| value.abs() <= 1.0), "{point:?}");
        }
        let bits = |plane: &[[f32; 2]]| plane.iter().map(|point| point.map(f32::to_bits)).collect::<Vec<_>>();
        assert_eq!(bits(&plane), bits(&project_all(&vectors)));
    }

    #[test]
    fn a_neighbourhood_is_as_large_as_asked() {
        let distances: Vec<f64> = (0..100).map(|i| f64::from(i) * 0.01).collect();
        let shares = row(&distances, 0, 20.0);
        let entropy: f64 = shares
            .iter()
            .map(|&share| f64::from(share))
            .filter(|share| *share > 0.0)
            .map(|share| -share * share.ln())
            .sum();
        assert!((entropy.exp() - 20.0).abs() < 0.01, "{}", entropy.exp());
        assert!(shares[0] <= 0.0, "a point is not its own neighbour");
    }

    #[test]
    fn odd_inputs_give_finite_points() {
        assert!(project(&[]).is_empty());
        for vectors in [vec![vec![1.0; 4]; 20], vec![vec![0.5; 4]], vec![Vec::new(); 9]] {
            let plane = project_all(&vectors);
            assert!(plane.iter().flatten().all(|value| value.is_finite()), "{plane:?}");
        }
    }
}
