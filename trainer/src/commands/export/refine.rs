//! What an exported network learns from pictures without moving its trunk.

use std::iter;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use model::resnet::ResNetConfig;
use model::weights::Attribute;

use crate::training::checkpoint::Progress;
use crate::training::emphasis::emphasise_apart;
use crate::training::heads::{self, Lessons};
use crate::training::matrix::Tensors;
use crate::training::pooled::{self, Looks, Pools};
use crate::training::shorten::{shorten, shorten_instance};
use crate::training::sources::{self, Picture, Source, Sources};

/// What is asked for.
pub(super) struct Wanted<'a> {
    /// Data sets, as `train` takes them.
    pub(super) pictures: &'a [PathBuf],
    /// Whether the label heads are fitted to them.
    pub(super) fit_heads: bool,
    /// The new length of the feature.
    pub(super) feature_length: Option<usize>,
    /// The new length of the instance feature.
    pub(super) instance_length: Option<usize>,
    /// How much more the categories of the first data set count in the feature.
    pub(super) emphasis: f64,
}

impl Wanted<'_> {
    /// Without pictures, or anything to do with them, a network stays as it is.
    pub(super) fn is_anything(&self) -> bool {
        let is_shorter = self.feature_length.is_some() || self.instance_length.is_some();
        !self.pictures.is_empty() && (self.fit_heads || is_shorter || self.emphasis > 0.0)
    }
}

/// Looks at the pictures, and gives the network heads that are fitted to them, a shorter feature, or one that
/// tells their categories better apart.
///
/// Fails where the pictures cannot be read or show what the run does not know, or the feature cannot be changed.
pub(super) fn refine(
    tensors: &mut Tensors,
    network: &mut ResNetConfig,
    progress: &Progress,
    looks: Looks,
    wanted: &Wanted<'_>,
) -> Result<()> {
    pooled::look_at_pooled(tensors, network)?;
    let recipe = &progress.recipe;
    // Whole pictures, whatever they show.
    let mut asked = recipe.clone();
    (asked.close_up, asked.loss.contrast) = (None, None);
    let sources = sources::load(wanted.pictures, &asked)?;
    let known = Known::new(progress, &sources)?;
    let pools = Pools::new(tensors, network, &recipe.preprocess, looks)?;
    let see = |part: fn(&Source) -> &Vec<Picture>| -> (Vec<Lessons>, Vec<Vec<Vec<f32>>>) {
        sources.sets.iter().map(|set| known.lessons(part(set), &pools)).unzip()
    };
    let (training, instances) = see(|set| &set.training);
    if wanted.fit_heads {
        let (validation, _) = see(|set| &set.validation);
        let names: Vec<&str> =
            iter::once("category").chain(progress.attributes.iter().map(|a| a.name.as_str())).collect();
        let values: Vec<usize> =
            iter::once(network.categories).chain(network.attributes.iter().copied()).collect();
        let before = heads::measure(tensors, &values, &validation)?;
        heads::fit(tensors, &values, &training, recipe.seed)?;
        let after = heads::measure(tensors, &values, &validation)?;
        for ((name, (before, known)), (after, _)) in names.iter().zip(before).zip(after) {
            println!("{name}: {after:.3} of {known} pictures held out, {before:.3} before");
        }
    }
    if let Some(length) = wanted.feature_length {
        let looks: Vec<Vec<Vec<f32>>> =
            training.iter().map(|set| set.pools.iter().flatten().cloned().collect()).collect();
        let kept = shorten(tensors, network, length, &looks)?;
        println!("{length} values hold {kept:.5} of the feature's squares.");
    }
    if let Some(length) = wanted.instance_length {
        let kept = shorten_instance(tensors, network, length, &instances)?;
        println!("{length} values hold {kept:.5} of the instance feature's squares.");
    }
    if let (true, Some(first)) = (wanted.emphasis > 0.0, training.first()) {
        emphasise_apart(tensors, network, wanted.emphasis, first)?;
    }
    Ok(())
}

/// The numbers that a run gives to labels, by those that its pictures come with.
struct Known {
    categories: Vec<usize>,
    /// Of each of the run's attributes the place among those of the pictures, and the numbers of its values.
    attributes: Vec<(usize, Vec<Option<usize>>)>,
}

impl Known {
    /// Fails, naming it, where the run has no such category or the pictures no such attribute.
    fn new(progress: &Progress, sources: &Sources) -> Result<Self> {
        let category = |name: &String| {
            let place = progress.labels.iter().position(|label| label == name);
            place.with_context(|| format!("--pictures show the category {name}, which the run does not know"))
        };
        let attribute = |own: &Attribute| {
            let place = sources.attributes.iter().position(|other| other.name == own.name);
            let place = place.with_context(|| format!("--pictures have no attribute {}", own.name))?;
            let values = sources.attributes[place].values.iter();
            Ok((place, values.map(|value| own.values.iter().position(|known| known == value)).collect()))
        };
        Ok(Self {
            categories: sources.labels.iter().map(category).collect::<Result<_>>()?,
            attributes: progress.attributes.iter().map(attribute).collect::<Result<_>>()?,
        })
    }

    /// What the pictures teach, and the instance feature of each.
    fn lessons(&self, pictures: &[Picture], pools: &Pools) -> (Lessons, Vec<Vec<f32>>) {
        let labels = |picture: &Picture| {
            let value = |(place, values): &(usize, Vec<Option<usize>>)| {
                picture.attributes.get(*place).copied().flatten().and_then(|value| values[value])
            };
            iter::once(Some(self.categories[picture.label]))
                .chain(self.attributes.iter().map(value))
                .collect()
        };
        let seen = pools.see(pictures.iter().map(|picture| &picture.pixels));
        let (pools, instances) = seen.into_iter().map(|seen| (seen.pools, seen.instance)).unzip();
        (Lessons { pools, labels: pictures.iter().map(labels).collect() }, instances)
    }
}
