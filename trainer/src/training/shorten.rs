//! A feature of fewer values, from a network that is trained already.
//!
//! A feature that was learnt with much room often fills little of it. Its principal components are a linear function of it, so they can
//! be folded into the projection that it comes from.

use anyhow::{Result, bail, ensure};
use model::embedder::unit;
use model::feature_file::eigen;
use model::resnet::{BoxHead, LabelHeads, ResNetConfig};

use super::matrix::{Matrix, Tensors, multiply, rows, write};
use super::pooled::Projection;

/// Replaces the feature by the first `length` principal components of its directions (eigenvectors of the second moments of features of
/// length 1, so that products change least), and returns the share of the squares that those hold.
///
/// # Shapes
///
/// - `pools`: of each set of pictures the pooled maps, `[channels]` each; the sets count alike
///
/// Fails where a head looks at the feature, which would not be what it was, where the feature is no projection, or has no more than
/// `length` values.
pub(crate) fn shorten(
    tensors: &mut Tensors,
    config: &mut ResNetConfig,
    length: usize,
    pools: &[Vec<Vec<f32>>],
) -> Result<f64> {
    let old = config.feature_length();
    check("--feature-length", "feature", length, old)?;
    ensure!(
        config.box_head == BoxHead::Map && config.label_heads == LabelHeads::Pooled,
        "A feature that a head looks at cannot be shortened (network.box_head, network.label_heads)"
    );
    let projection = Projection::read(tensors, config)?;
    let features = pools.iter().map(|pools| pools.iter().map(|pool| projection.feature(pool)).collect());
    let (kept, share) = components(&features.collect::<Result<Vec<_>>>()?, old, length);
    write(tensors, "head.embedding.weight", &multiply(&kept, &projection.weight));
    write(tensors, "head.embedding.bias", &multiply(&kept, &projection.bias));
    config.embedding = Some(length);
    Ok(share)
}

/// [`shorten`] for the instance feature.
///
/// # Shapes
///
/// - `features`: of each set of pictures the instance features, `[instance_length]` each, not normalised
///
/// Fails where there is no such feature, or it has no more than `length` values.
pub(crate) fn shorten_instance(
    tensors: &mut Tensors,
    config: &mut ResNetConfig,
    length: usize,
    features: &[Vec<Vec<f32>>],
) -> Result<f64> {
    let old = config.instance_length();
    let Some(instance) = &mut config.instance else {
        bail!("--instance-length is given, but the network has no instance head (network.instance)")
    };
    check("--instance-length", "instance feature", length, old)?;
    let units = features.iter().map(|set| set.iter().map(|feature| Ok(unit(feature)?)).collect());
    let (kept, share) = components(&units.collect::<Result<Vec<_>>>()?, old, length);
    for (name, width) in
        [("head.instance.feature.weight", instance.hidden), ("head.instance.feature.bias", 1)]
    {
        let layer = rows(tensors, name, width)?;
        write(tensors, name, &multiply(&kept, &layer));
    }
    instance.length = length;
    Ok(share)
}

/// Fails where `length`, which `flag` gives, is not fewer values than the `old` ones.
fn check(flag: &str, feature: &str, length: usize, old: usize) -> Result<()> {
    ensure!(
        (1..old).contains(&length),
        "{flag} is {length}; the network's {feature} has {old} values, so it must be from 1 to {}",
        old - 1
    );
    Ok(())
}

/// The first `length` principal components of vectors of length 1, by their second moments, and the share of the squares that those
/// hold; sets of vectors count alike.
fn components(sets: &[Vec<Vec<f32>>], old: usize, length: usize) -> (Matrix, f64) {
    let mut moments = vec![0.0f64; old * old];
    for vectors in sets {
        for vector in vectors {
            for (row, one) in moments.chunks_exact_mut(old).zip(vector) {
                for (sum, other) in row.iter_mut().zip(vector) {
                    *sum += f64::from(one * other) / vectors.len() as f64;
                }
            }
        }
    }
    let (values, vectors) = eigen(&moments, old);
    let kept = vectors.chunks_exact(old).take(length).map(<[f64]>::to_vec).collect();
    (kept, values[..length].iter().sum::<f64>() / values.iter().sum::<f64>())
}

#[cfg(test)]
mod tests {
    use super::super::pooled::{look_at_pooled, tests::small};
    use super::*;

    #[test]
    fn what_a_feature_does_not_use_is_left_out_and_products_stay() {
        let (mut config, mut tensors) = small();
        look_at_pooled(&mut tensors, &mut config).unwrap();
        // Pooled maps in which two channels are all that differs, and none of them has a constant part.
        tensors.get_mut("head.embedding.bias").unwrap().values.fill(0.0);
        let pool = |a: f32, b: f32| vec![a, b, 2.0 * a, 0.0, a - b, 0.0, 0.0, 0.5 * b];
        let pools = vec![
            vec![pool(1.0, 0.1), pool(0.3, 2.0)],
            vec![pool(-1.0, 0.7), pool(0.4, 0.4), pool(2.0, -1.0)],
        ];
        let products = |tensors: &Tensors| -> Vec<f64> {
            let projection = rows(tensors, "head.embedding.weight", 8).unwrap();
            let all: Vec<Vec<f64>> = pools
                .iter()
                .flatten()
                .map(|pool| {
                    projection
                        .iter()
                        .map(|row| row.iter().zip(pool).map(|(a, b)| a * f64::from(*b)).sum())
                        .collect()
                })
                .collect();
            all.iter().flat_map(|a| all.iter().map(|b| a.iter().zip(b).map(|(a, b)| a * b).sum())).collect()
        };
        let before = products(&tensors);
        let kept = shorten(&mut tensors, &mut config, 2, &pools).unwrap();
        assert!(kept > 1.0 - 1e-7, "{kept}");
        assert_eq!(
            (config.embedding, tensors["head.embedding.weight"].shape.as_slice()),
            (Some(2), &[2, 8][..])
        );
        assert_eq!(tensors["head.embedding.bias"].shape, [2]);
        for (before, after) in before.iter().zip(products(&tensors)) {
            assert!((before - after).abs() < 1e-5, "{before} {after}");
        }
        let error = shorten(&mut tensors, &mut config, 2, &pools).unwrap_err();
        assert!(error.to_string().contains("from 1 to 1"), "{error}");
        config.label_heads = LabelHeads::Feature;
        let error = shorten(&mut tensors, &mut config, 1, &pools).unwrap_err();
        assert!(error.to_string().contains("label_heads"), "{error}");
    }
}
