//! Weighted k-means over colours, without chance: the same colours always give the same clusters.

use super::Lab;

/// A colour and how much it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct WeightedColour {
    pub(super) lab: Lab,
    pub(super) weight: f32,
}

/// Colours that belong together: their mean, and their share of all weight (0 to 1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Cluster {
    pub(super) lab: Lab,
    pub(super) share: f32,
}

/// Enough for the means to stop moving by amounts that the eye sees.
const ROUNDS: usize = 12;
/// Means closer than this are one colour in different light.
const ONE_COLOUR: f32 = 14.0;

/// At most `k` clusters, heaviest first; none when nothing has weight.
pub(super) fn clusters(colours: &[WeightedColour], k: usize) -> Vec<Cluster> {
    let total: f32 = colours.iter().map(|colour| colour.weight).sum();
    if total.is_nan() || total <= 0.0 {
        return Vec::new();
    }
    let mut means = first_means(colours, k);
    for _ in 0..ROUNDS {
        means = moved(colours, &means).iter().map(|cluster| cluster.lab).collect();
    }
    let mut found = moved(colours, &means);
    sort(&mut found);
    merge(&mut found);
    sort(&mut found);
    for cluster in &mut found {
        cluster.share /= total;
    }
    found
}

/// Squared distance in Lab; lightness counts half, as folds and shadows change it within one fabric.
pub(super) fn squared_distance(a: Lab, b: Lab) -> f32 {
    let [l, u, v] = [0, 1, 2].map(|axis| a[axis] - b[axis]);
    0.25 * l * l + u * u + v * v
}

/// The overall mean, then again and again the colour that matters most and is farthest from all chosen.
fn first_means(colours: &[WeightedColour], k: usize) -> Vec<Lab> {
    let mut means = vec![mean(colours.iter()).lab];
    let mut nearest: Vec<f32> = vec![f32::MAX; colours.len()];
    while means.len() < k {
        let newest = means[means.len() - 1];
        let mut farthest = (0.0, None);
        for (colour, nearest) in colours.iter().zip(&mut nearest) {
            *nearest = nearest.min(squared_distance(colour.lab, newest));
            let score = *nearest * colour.weight;
            if score > farthest.0 {
                farthest = (score, Some(colour.lab));
            }
        }
        match farthest.1 {
            Some(lab) => means.push(lab),
            None => break,
        }
    }
    means
}

/// The means of the colours nearest to each mean, `share` in units of weight; a mean without colours is dropped.
fn moved(colours: &[WeightedColour], means: &[Lab]) -> Vec<Cluster> {
    let mut sums = vec![([0.0_f32; 3], 0.0_f32); means.len()];
    for colour in colours {
        let mut nearest = (f32::MAX, 0);
        for (index, mean) in means.iter().enumerate() {
            let distance = squared_distance(colour.lab, *mean);
            if distance < nearest.0 {
                nearest = (distance, index);
            }
        }
        let (sum, weight) = &mut sums[nearest.1];
        for (axis, value) in sum.iter_mut().zip(colour.lab) {
            *axis += value * colour.weight;
        }
        *weight += colour.weight;
    }
    sums.into_iter()
        .filter(|(_, weight)| *weight > 0.0)
        .map(|(sum, weight)| Cluster { lab: sum.map(|axis| axis / weight), share: weight })
        .collect()
}

fn mean<'a>(colours: impl Iterator<Item = &'a WeightedColour>) -> Cluster {
    let mut sum = Cluster { lab: [0.0; 3], share: 0.0 };
    for colour in colours {
        for (axis, value) in sum.lab.iter_mut().zip(colour.lab) {
            *axis += value * colour.weight;
        }
        sum.share += colour.weight;
    }
    Cluster { lab: sum.lab.map(|axis| axis / sum.share), share: sum.share }
}

/// Joins each cluster to the first heavier one that has its colour. `found` is sorted.
fn merge(found: &mut Vec<Cluster>) {
    let mut kept: Vec<Cluster> = Vec::new();
    for cluster in found.drain(..) {
        let same = |other: &&mut Cluster| squared_distance(other.lab, cluster.lab) < ONE_COLOUR * ONE_COLOUR;
        match kept.iter_mut().find(same) {
            Some(other) => {
                let share = other.share + cluster.share;
                for (axis, value) in other.lab.iter_mut().zip(cluster.lab) {
                    *axis = (*axis * other.share + value * cluster.share) / share;
                }
                other.share = share;
            }
            None => kept.push(cluster),
        }
    }
    *found = kept;
}

fn sort(found: &mut [Cluster]) {
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(lab: Lab, weight: f32) -> WeightedColour {
        WeightedColour { lab, weight }
    }

    #[test]
    fn two_colours_by_weight() {
        let (dark, red) = ([20.0, 0.0, 0.0], [50.0, 70.0, 50.0]);
        let found = clusters(&[colour(dark, 1.0), colour(red, 2.0), colour(dark, 1.5), colour(red, 3.0)], 4);
        assert_eq!(found.len(), 2);
        assert!((found[0].share - 5.0 / 7.5).abs() < 1e-6);
        assert!(squared_distance(found[0].lab, red) < 1e-6 && squared_distance(found[1].lab, dark) < 1e-6);
    }

    #[test]
    fn one_colour_in_two_lights_is_one_cluster() {
        let found = clusters(&[colour([60.0, 40.0, 20.0], 1.0), colour([45.0, 42.0, 22.0], 1.0)], 3);
        assert_eq!(found.len(), 1);
        assert!((found[0].lab[0] - 52.5).abs() < 1e-4);
    }

    #[test]
    fn nothing_with_weight_gives_nothing() {
        assert!(clusters(&[], 3).is_empty());
        assert!(clusters(&[colour([1.0; 3], 0.0)], 3).is_empty());
    }
}
