//! Batches for a run, made on other threads than the one that trains.
//!
//! Which pictures a batch holds and how each is varied follows from the seed and the number of the step alone, so that a
//! resumed run goes on with the very batches that an uninterrupted one would have had, on any number of threads.

use std::collections::BTreeMap;
use std::sync::{
    Arc,
    mpsc::{Receiver, sync_channel},
};
use std::thread;

use anyhow::{Context as _, Result};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::augment;
use super::recipe::{Mixup, Recipe};
use super::sources::{Picture, Source, Sources};

/// One step's pictures, on the host.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Batch {
    /// `[batch, 3, size, size]`, flat.
    pub inputs: Vec<f32>,
    /// `[batch]`, indices of labels.
    pub labels: Vec<usize>,
    /// `[batch]`: the label of the picture that is mixed in, and how much of it is; 0 where none is.
    pub mixed: Vec<(usize, f32)>,
    /// `[batch, 4]`, flat; zeros where no box is known.
    pub boxes: Vec<f32>,
    /// `[batch]`: 1 where a box is known, else 0.
    pub has_box: Vec<f32>,
    /// `[batch, attributes]`, flat: the index of the value, where it is known.
    pub attributes: Vec<Option<usize>>,
    /// `[batch]`: the number of the item that is shown, where it is known.
    pub items: Vec<Option<usize>>,
    /// How many of the pictures are of the first data set. They come first.
    pub of_first: usize,
}

/// Gives the batches of a run in order, from any step on.
pub struct Loader {
    workers: Vec<Receiver<Batch>>,
    next: usize,
}

impl Loader {
    /// Starts `threads` threads that prepare the batches from step `first` on, a few ahead of their use.
    pub fn start(sources: &Arc<Sources>, recipe: &Recipe, first: usize, threads: usize) -> Result<Self> {
        let threads = threads.max(1);
        let workers = (0..threads)
            .map(|worker| {
                // Each thread makes every `threads`-th batch; taking them in turn restores the order.
                let (send, receive) = sync_channel(2);
                let (sources, recipe) = (Arc::clone(sources), recipe.clone());
                let steps = (first + worker..recipe.steps).step_by(threads);
                thread::Builder::new()
                    .name(format!("batches-{worker}"))
                    .spawn(move || {
                        for step in steps {
                            // The run has ended early: nobody waits for more.
                            if send.send(batch(&sources, &recipe, step)).is_err() {
                                return;
                            }
                        }
                    })
                    .context("A thread for preparing pictures cannot be started")?;
                Ok(receive)
            })
            .collect::<Result<_>>()?;
        Ok(Self { workers, next: 0 })
    }

    /// The next step's batch. Fails where the thread that prepares it has died.
    pub fn next_batch(&mut self) -> Result<Batch> {
        let worker = self.next;
        self.next = (self.next + 1) % self.workers.len();
        self.workers[worker].recv().context("Preparing the pictures of a step failed")
    }
}

/// The batch of one step.
#[must_use]
pub fn batch(sources: &Sources, recipe: &Recipe, step: usize) -> Batch {
    let (chosen, of_first) = choose(sources, recipe, step);
    let mut batch = Batch { of_first, ..Batch::default() };
    for (place, picture) in chosen.into_iter().enumerate() {
        let mut rng = random(recipe.seed, &[1, step as u64, place as u64]);
        let augment = match &recipe.augment_items {
            Some(own) if picture.item.is_some() => own,
            _ => &recipe.augment,
        };
        // Where the buttons are tells two shirts apart, but not where a mirror has put them.
        let item = picture.item.filter(|_| recipe.augment_items.is_some());
        let mirrored = item.map(|item| random(recipe.seed, &[3, step as u64, item as u64]).random_bool(0.5));
        let view =
            augment::view(&picture.pixels, picture.bbox, augment, mirrored, &recipe.preprocess, &mut rng);
        batch.inputs.extend(view.tensor);
        batch.labels.push(picture.label);
        batch.mixed.push((picture.label, 0.0));
        batch.attributes.extend(&picture.attributes);
        batch.items.push(picture.item);
        batch.boxes.extend(view.bbox.unwrap_or_default());
        batch.has_box.push(if view.bbox.is_some() { 1.0 } else { 0.0 });
    }
    if (step as f64) < recipe.mixup.until * recipe.steps as f64 {
        mix(&mut batch, &recipe.mixup, &mut random(recipe.seed, &[2, step as u64]));
    }
    batch
}

/// Mixes some pictures with another of the batch and their labels likewise (Zhang et al. 2018). Each stays the stronger
/// of the two. Where a garment is, which it is and what it looks like seem no sensible questions then, so these no longer count.
fn mix(batch: &mut Batch, mixup: &Mixup, rng: &mut impl Rng) {
    let count = batch.labels.len();
    let pixels = batch.inputs.len() / count;
    let pure = if mixup.share > 0.0 { batch.inputs.clone() } else { return };
    for (place, input) in batch.inputs.chunks_exact_mut(pixels).enumerate() {
        let is_spared = mixup.spare_items && batch.items[place].is_some();
        if is_spared || !rng.random_bool(mixup.share) {
            continue;
        }
        let other = (place + rng.random_range(1..count)) % count;
        let amount = rng.random_range(0.0..0.5f32);
        for (value, from) in input.iter_mut().zip(&pure[other * pixels..]) {
            *value += amount * (from - *value);
        }
        batch.mixed[place] = (batch.labels[other], amount);
        batch.has_box[place] = 0.0;
        batch.items[place] = None;
        let attributes = batch.attributes.len() / count;
        batch.attributes[place * attributes..][..attributes].fill(None);
    }
}

/// The pictures of one step: from each data set its share, walking through ever new shuffles of the set, in which the
/// pictures of an item follow each other; and how many are of the first set.
fn choose<'a>(sources: &'a Sources, recipe: &Recipe, step: usize) -> (Vec<&'a Picture>, usize) {
    let counts = split(recipe, &sources.sets.iter().map(|set| set.training.len()).collect::<Vec<_>>(), step);
    let of_first = counts.first().map_or(0, |(_, count)| *count);
    let mut chosen = Vec::with_capacity(recipe.batch);
    for (set, (source, (before, count))) in sources.sets.iter().zip(counts).enumerate() {
        let size = source.training.len();
        let mut shuffle = (usize::MAX, Vec::new());
        for position in before..before + count {
            let epoch = position / size;
            if shuffle.0 != epoch {
                let mut groups: Vec<&Vec<usize>> = source.groups.iter().collect();
                let mut rng = random(recipe.seed, &[0, set as u64, epoch as u64]);
                groups.shuffle(&mut rng);
                if recipe.alike > 1 {
                    groups = runs(&groups, source, recipe.alike, &mut rng);
                }
                shuffle = (epoch, groups.into_iter().flatten().copied().collect());
            }
            chosen.push(&source.training[shuffle.1[position % size]]);
        }
    }
    (chosen, of_first)
}

/// The groups in random order, those of known items in runs of this many whose first picture is of one category.
fn runs<'a>(
    groups: &[&'a Vec<usize>],
    source: &Source,
    length: usize,
    rng: &mut impl Rng,
) -> Vec<&'a Vec<usize>> {
    let first = |group: &&Vec<usize>| group.first().map(|first| &source.training[*first]);
    // What shows no known item is told from nothing, and stays mixed.
    let (items, others): (Vec<_>, Vec<_>) =
        groups.iter().copied().partition(|group| first(group).is_some_and(|picture| picture.item.is_some()));
    let mut categories: BTreeMap<usize, Vec<&Vec<usize>>> = BTreeMap::new();
    for group in items {
        categories.entry(first(&group).map_or(0, |picture| picture.label)).or_default().push(group);
    }
    let alike = categories.values().flat_map(|all| all.chunks(length));
    let mut runs: Vec<&[&Vec<usize>]> = alike.chain(others.chunks(1)).collect();
    runs.shuffle(rng);
    runs.concat()
}

/// For each data set: how many of its pictures were used before this step, and how many this step uses.
fn split(recipe: &Recipe, sizes: &[usize], step: usize) -> Vec<(usize, usize)> {
    let shares: Vec<f64> = if recipe.shares.is_empty() {
        sizes.iter().map(|size| *size as f64).collect()
    } else {
        recipe.shares.clone()
    };
    let whole: f64 = shares.iter().sum();
    let mut cumulative = 0.0;
    // Rounding the running sum, not each share, keeps every batch full and every share right in the long run.
    let bounds: Vec<f64> = shares
        .iter()
        .map(|share| {
            cumulative += share / whole;
            cumulative.min(1.0)
        })
        .collect();
    let edge = |bound: f64, step: usize| {
        let pictures = (step * recipe.batch) as f64;
        if bound >= 1.0 - 1e-9 { step * recipe.batch } else { (pictures * bound).floor() as usize }
    };
    let mut last = (0, 0);
    bounds
        .into_iter()
        .map(|bound| {
            let (before, after) = (edge(bound, step), edge(bound, step + 1));
            let own = (before - last.0, (after - last.1) - (before - last.0));
            last = (before, after);
            own
        })
        .collect()
}

fn random(seed: u64, path: &[u64]) -> ChaCha8Rng {
    // Each choice has a stream of its own: mixing the path into the key keeps them apart.
    let mut key = [0u8; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    for (slot, value) in key[8..].chunks_exact_mut(8).zip(path) {
        slot.copy_from_slice(&value.to_le_bytes());
    }
    let mut rng = ChaCha8Rng::from_seed(key);
    let _: u64 = rng.random();
    rng
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_full_and_shares_hold() {
        let mut recipe = Recipe::find("best").unwrap();
        recipe.batch = 7;
        recipe.shares = vec![0.6, 0.4];
        let mut used = [0, 0];
        for step in 0..1000 {
            let parts = split(&recipe, &[100, 500], step);
            assert_eq!(parts.iter().map(|part| part.1).sum::<usize>(), 7);
            for (used, part) in used.iter_mut().zip(&parts) {
                assert_eq!(*used, part.0, "step {step}");
                *used += part.1;
            }
        }
        assert_eq!(used, [4200, 2800]);
    }

    #[test]
    fn mixing_moves_pictures_and_labels_alike() {
        let mut batch = Batch {
            inputs: (0..8).flat_map(|place| [place as f32; 5]).collect(),
            labels: (0..8).collect(),
            mixed: (0..8).map(|label| (label, 0.0)).collect(),
            boxes: vec![0.5; 32],
            has_box: vec![1.0; 8],
            attributes: vec![Some(1); 16],
            items: vec![Some(3); 8],
            of_first: 0,
        };
        let mut half = batch.clone();
        half.items[4..].fill(None);
        let mixup = Mixup { share: 0.5, until: 1.0, spare_items: false };
        mix(&mut batch, &mixup, &mut ChaCha8Rng::seed_from_u64(3));
        for (place, input) in batch.inputs.chunks_exact(5).enumerate() {
            let (other, amount) = batch.mixed[place];
            let expected = place as f32 + amount * (other as f32 - place as f32);
            assert!(input.iter().all(|value| (value - expected).abs() < 1e-5) && amount < 0.5);
            assert_eq!(batch.has_box[place] == 0.0, amount > 0.0);
            assert_eq!(batch.items[place].is_none(), amount > 0.0);
            let known = if amount > 0.0 { None } else { Some(1) };
            assert_eq!(batch.attributes[2 * place..][..2], [known; 2]);
        }
        assert!((2..=6).contains(&batch.mixed.iter().filter(|mixed| mixed.1 > 0.0).count()));

        // Of the same batch with four known items these stay pure, and all others may be mixed.
        mix(&mut half, &Mixup { share: 1.0, spare_items: true, ..mixup }, &mut ChaCha8Rng::seed_from_u64(3));
        assert_eq!(half.items, [[Some(3); 4], [None; 4]].concat());
        assert!(half.mixed[..4].iter().all(|mixed| mixed.1 == 0.0));
        assert!(half.mixed[4..].iter().all(|mixed| mixed.1 > 0.0));
    }

    #[test]
    fn items_of_a_category_follow_each_other_and_are_mirrored_together() {
        let picture = |number: usize| Picture {
            pixels: image::RgbImage::from_fn(8, 8, |x, _| image::Rgb([(x * 30) as u8; 3])),
            label: number / 2 % 3,
            bbox: None,
            attributes: Vec::new(),
            item: Some(number / 2),
        };
        let mut training: Vec<Picture> = (0..48).map(picture).collect();
        let mut groups: Vec<Vec<usize>> = (0..24).map(|item| vec![2 * item, 2 * item + 1]).collect();
        // Of photos that show no known item neighbours differ.
        training.extend((48..96).map(|number| Picture { item: None, ..picture(number) }));
        groups.extend((48..96).map(|place| vec![place]));
        let set = Source { training, validation: Vec::new(), groups };
        let sources =
            Sources { sets: vec![set], labels: Vec::new(), attributes: Vec::new(), unreadable: Vec::new() };
        let mut recipe = Recipe::find("instance").unwrap();
        (recipe.batch, recipe.alike) = (96, 4);
        recipe.shares.clear();
        let Batch { labels, items, inputs, .. } = batch(&sources, &recipe, 0);
        let mut seen: Vec<_> = items.iter().flatten().copied().collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..48).map(|number| number / 2).collect::<Vec<_>>());
        let known: Vec<usize> =
            labels.iter().zip(&items).filter_map(|(label, item)| item.map(|_| *label)).collect();
        assert!(known.chunks(8).all(|run| run.iter().all(|label| *label == run[0])), "{known:?}");
        let other = labels.iter().zip(&items).filter(|(_, item)| item.is_none());
        let other: Vec<usize> = other.map(|(label, _)| *label).collect();
        assert!(other.chunks(8).any(|run| run.iter().any(|label| *label != run[0])), "{other:?}");

        // Brighter to the right, unless mirrored.
        let size = recipe.preprocess.size;
        let is_mirrored =
            |input: &[f32]| input[size * size / 2 + size / 4] > input[size * size / 2 + 3 * size / 4];
        let pictures = inputs.chunks(3 * size * size).zip(&items);
        let turned: Vec<bool> =
            pictures.filter(|(_, item)| item.is_some()).map(|(input, _)| is_mirrored(input)).collect();
        assert!(turned.chunks(2).all(|pair| pair[0] == pair[1]), "{turned:?}");
        assert!(turned.contains(&true) && turned.contains(&false));
    }

    #[test]
    fn a_batch_knows_which_pictures_are_of_the_first_set() {
        let set = |label: usize, count: usize| Source {
            training: vec![
                Picture {
                    pixels: image::RgbImage::new(8, 8),
                    label,
                    bbox: None,
                    attributes: Vec::new(),
                    item: None,
                };
                count
            ],
            validation: Vec::new(),
            groups: (0..count).map(|place| vec![place]).collect(),
        };
        let sources = Sources {
            sets: vec![set(0, 5), set(1, 20), set(2, 20)],
            labels: Vec::new(),
            attributes: Vec::new(),
            unreadable: Vec::new(),
        };
        let mut recipe = Recipe::find("across").unwrap();
        (recipe.batch, recipe.shares) = (7, vec![0.35, 0.25, 0.4]);
        let counts: Vec<usize> = (0..20)
            .map(|step| {
                let batch = batch(&sources, &recipe, step);
                let (first, others) = batch.labels.split_at(batch.of_first);
                assert!(first.iter().all(|label| *label == 0) && others.iter().all(|label| *label > 0));
                batch.of_first
            })
            .collect();
        assert_eq!(counts.iter().sum::<usize>(), 49, "{counts:?}");
    }

    #[test]
    fn shares_follow_sizes_where_none_are_given() {
        let mut recipe = Recipe::find("seed").unwrap();
        recipe.batch = 10;
        recipe.shares.clear();
        let used: usize = (0..100).map(|step| split(&recipe, &[30, 10], step)[0].1).sum();
        assert_eq!(used, 750);
    }
}
