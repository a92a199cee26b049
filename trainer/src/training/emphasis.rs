//! Features in which categories count for more, from a network that is trained already.
//!
//! A feature holds what tells categories apart, and beside it what tells garments apart. In how far neighbours are of the
//! same category is a matter of the lengths of those parts, which can still be chosen after training: the feature is a linear
//! function of the pooled map, so a linear map of it is folded into that function, and its inverse into the heads, whose
//! answers stay as they are.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use model::feature_file::eigen;
use model::resnet::{BoxHead, LabelHeads, ResNetConfig};

use super::heads::Lessons;
use super::matrix::{Matrix, Tensors, multiply, rows, write};
use super::pooled::Projection;

/// Multiplies features by `I + strength (W^T W)^(1/2) / s`, where `W` is the category head's matrix without its rows' mean and
/// `s` its largest singular value: a direction grows by as much as the head looks at it, the first `1 + strength` times.
///
/// Fails where the network has no projection to fold this into, or a category head that does not look at the feature.
pub(crate) fn emphasise(tensors: &mut Tensors, config: &ResNetConfig, strength: f64) -> Result<()> {
    let length = config.embedding.context(
        "Categories can only be emphasised in a network whose feature is a projection (network.embedding)",
    )?;
    ensure!(
        config.label_heads == LabelHeads::Feature,
        "Categories can only be emphasised where the category head looks at the feature (network.label_heads), or by --pictures"
    );
    let head = rows(tensors, "head.category.weight", length)?;
    let Some(Growth { forth, back }) = growth(&head, strength) else {
        bail!("The category head is silent; it emphasises nothing");
    };
    grow(tensors, config, &forth)?;
    let mut heads = vec!["head.category.weight"];
    heads.extend((!config.attributes.is_empty()).then_some("head.attributes.weight"));
    heads.extend((config.box_head == BoxHead::Feature).then_some("head.boxes.weight"));
    for name in heads {
        let head = rows(tensors, name, length)?;
        write(tensors, name, &multiply(&head, &back));
    }
    Ok(())
}

/// As [`emphasise`], with the mean feature of each category of `pictures` in place of the head's rows: a direction grows by as much as
/// the categories lie apart there. For a network no head of which looks at the feature.
///
/// Fails where one does, where there is no projection, or the pictures show fewer than two categories.
pub(crate) fn emphasise_apart(
    tensors: &mut Tensors,
    config: &ResNetConfig,
    strength: f64,
    pictures: &Lessons,
) -> Result<()> {
    ensure!(
        config.label_heads == LabelHeads::Pooled && config.box_head == BoxHead::Map,
        "Only a feature that no head looks at can be emphasised by pictures (network.box_head, network.label_heads)"
    );
    let projection = Projection::read(tensors, config)?;
    let mut sums: BTreeMap<usize, (Vec<f64>, f64)> = BTreeMap::new();
    for (looks, labels) in pictures.pools.iter().zip(&pictures.labels) {
        let Some(category) = labels.first().copied().flatten() else { continue };
        let (sum, count) = sums.entry(category).or_insert_with(|| (vec![0.0; config.feature_length()], 0.0));
        for pool in looks {
            let feature = projection.feature(pool)?;
            sum.iter_mut().zip(&feature).for_each(|(sum, value)| *sum += f64::from(*value));
            *count += 1.0;
        }
    }
    let means: Matrix =
        sums.into_values().map(|(sum, count)| sum.into_iter().map(|value| value / count).collect()).collect();
    let Some(Growth { forth, .. }) = growth(&means, strength) else {
        bail!("The categories of the first --pictures do not lie apart; they emphasise nothing");
    };
    grow(tensors, config, &forth)
}

/// A map of features, and its inverse.
struct Growth {
    forth: Matrix,
    back: Matrix,
}

/// `I + strength (W^T W)^(1/2) / s`, where `W` are these rows without their mean and `s` is the largest singular value; nothing where
/// that is 0.
fn growth(rows: &[Vec<f64>], strength: f64) -> Option<Growth> {
    let length = rows.first().map_or(0, Vec::len);
    let mean: Vec<f64> =
        (0..length).map(|at| rows.iter().map(|row| row[at]).sum::<f64>() / rows.len() as f64).collect();
    let product = |a: usize, b: usize| rows.iter().map(|row| (row[a] - mean[a]) * (row[b] - mean[b])).sum();
    let square: Vec<f64> =
        (0..length).flat_map(|a| (0..length).map(move |b| (a, b))).map(|(a, b)| product(a, b)).collect();
    let (values, vectors) = eigen(&square, length);
    let parts: Vec<(f64, &[f64])> = values.into_iter().zip(vectors.chunks_exact(length.max(1))).collect();
    let most = parts.iter().map(|(value, _)| value.max(0.0).sqrt()).fold(0.0, f64::max);
    let growth = |value: f64| strength * value.max(0.0).sqrt() / most;
    let map = |amount: &dyn Fn(f64) -> f64| -> Matrix {
        let entry = |a: usize, b: usize| {
            let sum: f64 = parts.iter().map(|(value, v)| amount(*value) * v[a] * v[b]).sum();
            sum + f64::from(u8::from(a == b))
        };
        (0..length).map(|a| (0..length).map(|b| entry(a, b)).collect()).collect()
    };
    (most > 1e-9)
        .then(|| Growth { forth: map(&growth), back: map(&|value| -growth(value) / (1.0 + growth(value))) })
}

/// Folds a map of the feature into the projection that it comes from.
fn grow(tensors: &mut Tensors, config: &ResNetConfig, forth: &[Vec<f64>]) -> Result<()> {
    let projection = rows(tensors, "head.embedding.weight", config.map_channels())?;
    let bias = rows(tensors, "head.embedding.bias", 1)?;
    write(tensors, "head.embedding.weight", &multiply(forth, &projection));
    write(tensors, "head.embedding.bias", &multiply(forth, &bias));
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use burn::tensor::{Device, Distribution, Tensor};
    use model::weights::{from_host, to_host};

    use super::super::pooled::{look_at_pooled, tests::small};

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
    fn what_tells_categories_apart_on_pictures_grows() {
        let (mut config, mut tensors) = small();
        look_at_pooled(&mut tensors, &mut config).unwrap();
        // Features are what is pooled: the first six channels.
        let identity: Vec<Vec<f64>> =
            (0..6).map(|row| (0..8).map(|at| f64::from(u8::from(row == at))).collect()).collect();
        write(&mut tensors, "head.embedding.weight", &identity);
        tensors.get_mut("head.embedding.bias").unwrap().values.fill(0.0);
        let picture = |values: [f32; 3]| vec![[&values[..], &[0.0; 5]].concat()];
        let pictures = Lessons {
            pools: vec![picture([0.6, 0.8, 0.0]), picture([0.6, 0.0, 0.8]), picture([-0.6, 0.8, 0.0])],
            labels: vec![vec![Some(0)], vec![Some(0)], vec![Some(2)]],
        };
        let two = Lessons { pools: pictures.pools[..2].to_vec(), labels: pictures.labels[..2].to_vec() };
        let error = emphasise_apart(&mut tensors, &config, 2.0, &two).unwrap_err();
        assert!(error.to_string().contains("do not lie apart"), "{error}");
        emphasise_apart(&mut tensors, &config, 2.0, &pictures).unwrap();
        let grown = rows(&tensors, "head.embedding.weight", 8).unwrap();
        // The means are (0.6, 0.4, 0.4) and (-0.6, 0.8, 0): they lie apart along (1.2, -0.4, 0.4), of length squared 1.76.
        let along = [1.2, -0.4, 0.4];
        for (row, expected) in along.iter().enumerate() {
            for (column, other) in along.iter().enumerate() {
                let wanted = f64::from(u8::from(row == column)) + 2.0 * expected * other / 1.76;
                assert!((grown[row][column] - wanted).abs() < 1e-6, "{row} {column}: {}", grown[row][column]);
            }
        }
        assert!((grown[4][4] - 1.0).abs() < 1e-9);
        config.label_heads = LabelHeads::Feature;
        let error = emphasise_apart(&mut tensors, &config, 2.0, &pictures).unwrap_err();
        assert!(error.to_string().contains("no head looks at"), "{error}");
    }

    #[test]
    fn a_network_without_projection_is_refused() {
        let error = emphasise(&mut HashMap::new(), &ResNetConfig::default(), 1.0).unwrap_err();
        assert!(error.to_string().contains("projection"), "{error}");
    }
}
