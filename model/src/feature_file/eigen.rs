//! Eigenvalues and eigenvectors of a symmetric matrix, the same bits on every platform: nothing but sums, products, quotients and square
//! roots, in a fixed order.

/// How often all pairs are turned at most; a handful of times is enough for any matrix of a few hundred rows.
const SWEEPS: usize = 30;
/// What is off the diagonal is nothing once its share of the matrix's squares is below this.
const SMALL: f64 = 1e-24;

/// The eigenvalues of a symmetric matrix, the largest first, and the eigenvector of each, of length 1, one after the other; by turning
/// pairs of axes until nothing is left off the diagonal (Jacobi 1846).
///
/// # Shapes
///
/// - `matrix`: `[size, size]`, row by row; values and vectors: `[size]` and `[size, size]`
#[must_use]
pub fn eigen(matrix: &[f64], size: usize) -> (Vec<f64>, Vec<f64>) {
    let mut matrix = matrix.to_vec();
    let mut vectors = vec![0.0; size * size];
    for i in 0..size {
        vectors[i * size + i] = 1.0;
    }
    for _ in 0..SWEEPS {
        let square = |i: usize, j: usize| matrix[i * size + j] * matrix[i * size + j];
        let all: f64 = matrix.iter().map(|value| value * value).sum();
        let off: f64 = (0..size).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| square(i, j)).sum();
        // Written so that a NaN ends it, too.
        let goes_on = off > all * SMALL;
        if !goes_on {
            break;
        }
        for i in 1..size {
            for j in 0..i {
                turn(&mut matrix, &mut vectors, size, j, i);
            }
        }
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|a, b| matrix[b * size + b].total_cmp(&matrix[a * size + a]));
    let values = order.iter().map(|i| matrix[i * size + i]).collect();
    let vectors = order.iter().flat_map(|i| vectors[i * size..(i + 1) * size].iter().copied()).collect();
    (values, vectors)
}

/// Turns axes `p` and `q` (`p < q`) so that the matrix has nothing where they cross.
#[inline(never)]
fn turn(matrix: &mut [f64], vectors: &mut [f64], size: usize, p: usize, q: usize) {
    let crossing = matrix[p * size + q];
    if crossing == 0.0 {
        return;
    }
    let half = (matrix[q * size + q] - matrix[p * size + p]) / (2.0 * crossing);
    // The smaller one of the two angles.
    let tangent = half.signum() / (half.abs() + (half * half + 1.0).sqrt());
    let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
    let sine = tangent * cosine;
    for row in matrix.chunks_exact_mut(size) {
        let (one, other) = (row[p], row[q]);
        row[p] = cosine * one - sine * other;
        row[q] = sine * one + cosine * other;
    }
    for matrix in [matrix, vectors] {
        let (before, from_q) = matrix.split_at_mut(q * size);
        let row_p = &mut before[p * size..(p + 1) * size];
        for (one, other) in row_p.iter_mut().zip(&mut from_q[..size]) {
            (*one, *other) = (cosine * *one - sine * *other, sine * *one + cosine * *other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let (values, vectors) = eigen(&[2.0, 1.0, 1.0, 2.0], 2);
        assert!((values[0] - 3.0).abs() < 1e-12 && (values[1] - 1.0).abs() < 1e-12, "{values:?}");
        assert!((vectors[0] - vectors[1]).abs() < 1e-12 && (vectors[2] + vectors[3]).abs() < 1e-12);
        assert_eq!(eigen(&[], 0), (vec![], vec![]));
        assert_eq!(eigen(&[0.0; 4], 2).0, [0.0; 2]);
    }

    #[test]
    fn vectors_and_values_make_the_matrix_again() {
        for size in [1_usize, 3, 17, 40] {
            // Not of full rank, and with equal eigenvalues: a sum of few outer products.
            let part = |k: usize, i: usize| ((k * 37 + i * 11) as f64 * 0.7).sin();
            let matrix: Vec<f64> = (0..size * size)
                .map(|at| (0..size.div_ceil(2)).map(|k| part(k, at / size) * part(k, at % size)).sum())
                .collect();
            let (values, vectors) = eigen(&matrix, size);
            assert!(values.is_sorted_by(|a, b| a >= b));
            for i in 0..size {
                for j in 0..size {
                    let again: f64 =
                        (0..size).map(|k| values[k] * vectors[k * size + i] * vectors[k * size + j]).sum();
                    assert!((again - matrix[i * size + j]).abs() < 1e-9, "{size}: {i} {j}");
                    let dot: f64 = (0..size).map(|k| vectors[i * size + k] * vectors[j * size + k]).sum();
                    assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-9);
                }
            }
        }
    }
}
