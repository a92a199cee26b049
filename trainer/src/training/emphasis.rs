//! Features in which categories count for more, from a network that is trained already.
//!
//! A feature holds what tells categories apart, and beside it what tells garments apart. In how far neighbours are of the
//! same category is a matter of the lengths of those parts, which can still be chosen after training: the feature is a linear
//! function of the pooled map, so a linear map of it is folded into that function, and its inverse into the heads, whose
//! answers stay as they are.

use std::collections::HashMap;

use anyhow::{Context as _, Result, ensure};
use model::resnet::{BoxHead, ResNetConfig};
use model::weights::HostTensor;

/// Multiplies features by `I + strength (W^T W)^(1/2) / s`, where `W` is the category head's matrix without its rows' mean and
/// `s` its largest singular value: a direction grows by as much as the head looks at it, the first `1 + strength` times.
///
/// Fails where the network has no projection to fold this into.
pub(crate) fn emphasise(
    tensors: &mut HashMap<String, HostTensor>,
    config: &ResNetConfig,
    strength: f64,
) -> Result<()> {
    let length = config.embedding.context(
        "Categories can only be emphasised in a network whose feature is a projection (network.embedding)",
    )?;
    let head = rows(tensors, "head.category.weight", length)?;
    let mean: Vec<f64> =
        (0..length).map(|at| head.iter().map(|row| row[at]).sum::<f64>() / head.len() as f64).collect();
    let product = |a: usize, b: usize| head.iter().map(|row| (row[a] - mean[a]) * (row[b] - mean[b])).sum();
    let square: Vec<Vec<f64>> = (0..length).map(|a| (0..length).map(|b| product(a, b)).collect()).collect();
    let parts = eigen(square);
    let most = parts.iter().map(|(value, _)| value.max(0.0).sqrt()).fold(0.0, f64::max);
    ensure!(most > 0.0, "The category head is silent; it emphasises nothing");

    let growth = |value: f64| strength * value.max(0.0).sqrt() / most;
    let map = |amount: &dyn Fn(f64) -> f64| -> Vec<Vec<f64>> {
        let entry = |a: usize, b: usize| {
            let sum: f64 = parts.iter().map(|(value, v)| amount(*value) * v[a] * v[b]).sum();
            sum + f64::from(u8::from(a == b))
        };
        (0..length).map(|a| (0..length).map(|b| entry(a, b)).collect()).collect()
    };
    let forth = map(&growth);
    let back = map(&|value| -growth(value) / (1.0 + growth(value)));

    let channels = config.map_channels();
    let projection = rows(tensors, "head.embedding.weight", channels)?;
    let bias = rows(tensors, "head.embedding.bias", 1)?;
    write(tensors, "head.embedding.weight", &multiply(&forth, &projection));
    write(tensors, "head.embedding.bias", &multiply(&forth, &bias));
    let mut heads = vec!["head.category.weight"];
    heads.extend((!config.attributes.is_empty()).then_some("head.attributes.weight"));
    heads.extend((config.box_head == BoxHead::Feature).then_some("head.boxes.weight"));
    for name in heads {
        let head = rows(tensors, name, length)?;
        write(tensors, name, &multiply(&head, &back));
    }
    Ok(())
}

/// A tensor as rows of this length.
fn rows(tensors: &HashMap<String, HostTensor>, name: &str, length: usize) -> Result<Vec<Vec<f64>>> {
    let tensor = tensors.get(name).with_context(|| format!("the tensor {name} is missing"))?;
    ensure!(tensor.values.len().is_multiple_of(length), "the tensor {name} has another shape");
    Ok(tensor.values.chunks_exact(length).map(|row| row.iter().map(|v| f64::from(*v)).collect()).collect())
}

fn write(tensors: &mut HashMap<String, HostTensor>, name: &str, rows: &[Vec<f64>]) {
    if let Some(tensor) = tensors.get_mut(name) {
        tensor.values = rows.iter().flatten().map(|value| *value as f32).collect();
    }
}

fn multiply(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let columns = b.first().map_or(0, Vec::len);
    let entry =
        |row: &[f64], column: usize| row.iter().zip(b).map(|(value, other)| value * other[column]).sum();
    a.iter().map(|row| (0..columns).map(|column| entry(row, column)).collect()).collect()
}

/// Eigenvalues and eigenvectors (of length 1) of a symmetric matrix, by Jacobi's rotations (Golub and Van Loan, "Matrix
/// Computations", 4th edition, section 8.5).
fn eigen(mut matrix: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    let size = matrix.len();
    // Row `i` ends as the `i`-th eigenvector.
    let mut vectors: Vec<Vec<f64>> =
        (0..size).map(|a| (0..size).map(|b| f64::from(u8::from(a == b))).collect()).collect();
    // Convergence is quadratic: ten sweeps are plenty for any matrix of double precision.
    for _ in 0..20 {
        for p in 0..size {
            for q in p + 1..size {
                if matrix[p][q].abs() < 1e-300 {
                    continue;
                }
                let tau = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
                let tangent = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
                let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
                let sine = tangent * cosine;
                for row in &mut matrix {
                    (row[p], row[q]) = (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
                }
                for rows in [&mut matrix, &mut vectors] {
                    let (upper, lower) = rows.split_at_mut(q);
                    for (a, b) in upper[p].iter_mut().zip(&mut lower[0]) {
                        (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
                    }
                }
            }
        }
    }
    vectors.into_iter().enumerate().map(|(at, vector)| (matrix[at][at], vector)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{Device, Distribution, Tensor};
    use model::weights::{from_host, to_host};

    #[test]
    fn eigenvectors_by_hand() {
        let mut found = eigen(vec![vec![2.0, 1.0, 0.0], vec![1.0, 2.0, 0.0], vec![0.0, 0.0, -5.0]]);
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        let values: Vec<f64> = found.iter().map(|(value, _)| *value).collect();
        assert!(values.iter().zip([-5.0, 1.0, 3.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{values:?}");
        let [x, y, z] = [0, 1, 2].map(|at| found[2].1[at]);
        assert!((x - y).abs() < 1e-12 && z.abs() < 1e-12 && (x * x - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_heads_answers_stay_and_categories_grow() {
        let device = Device::flex();
        let config = ResNetConfig {
            input_size: 16,
            widths: vec![8],
            blocks: 1,
            embedding: Some(6),
            categories: 3,
            attributes: vec![2, 2],
            ..ResNetConfig::default()
        };
        let mut network = config.init(&device).unwrap();
        let input = Tensor::<4>::random([5, 3, 16, 16], Distribution::Normal(0.0, 1.0), &device);
        let before = network.forward(input.clone());
        let mut tensors: HashMap<_, _> = to_host(&network).unwrap().into_iter().collect();
        let old = rows(&tensors, "head.category.weight", 6).unwrap();
        emphasise(&mut tensors, &config, 3.0).unwrap();
        from_host(&mut network, tensors, &device).unwrap();
        let after = network.forward(input);
        let host = |tensor: Tensor<2>| tensor.into_data().try_to_vec::<f32>().unwrap();
        let same =
            |a: Tensor<2>, b: Tensor<2>| host(a).iter().zip(host(b)).all(|(a, b)| (a - b).abs() < 1e-3);
        assert!(same(before.category, after.category) && same(before.boxes, after.boxes));
        assert!(same(before.attributes.unwrap(), after.attributes.unwrap()));

        // Along what tells two categories apart features differ by more than before, and nowhere by less.
        let direction: Vec<f64> = old[0].iter().zip(&old[1]).map(|(a, b)| a - b).collect();
        let spread = |features: &[f32]| {
            let along = |row: &[f32]| row.iter().zip(&direction).map(|(a, b)| f64::from(*a) * b).sum::<f64>();
            (along(&features[..6]) - along(&features[6..12])).abs()
        };
        assert!(spread(&host(after.feature)) > 1.2 * spread(&host(before.feature)));
    }

    #[test]
    fn a_network_without_projection_is_refused() {
        let error = emphasise(&mut HashMap::new(), &ResNetConfig::default(), 1.0).unwrap_err();
        assert!(error.to_string().contains("projection"), "{error}");
    }
}
