//! Makes a catalogue: thumbnails, their vectors, and what is known of each item.
//!
//! A picture is embedded as its own thumbnail decodes, not as the original: the page shows thumbnails, so searching
//! with one finds itself exactly. Everything is a function of pictures, metadata, weights and settings alone: the same
//! input gives the same bytes, whether a run was interrupted or not and whether it updates a catalogue or makes one.
//! `catalogue.json` is written last and names all other files by their hash, so that a page that loads in the middle
//! sees the old catalogue whole.

mod duplicates;
mod journal;
mod names;
mod own;
mod picture;
mod publish;
mod record;
mod shelf;
mod source;
mod state;
mod summary;
pub mod thumbnail;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Result, ensure};
use model::catalogue::Item;
use model::embedder::Embedder;
use rayon::prelude::*;

use crate::files;
use crate::progress::Progress;
use duplicates::Pair;
use journal::Journal;
use names::{Name, Names};
pub use own::without_thumbnails;
use picture::{Bench, Done, Failure};
use publish::Edition;
use record::{Recipe, Record};
use shelf::Shelf;
pub use source::{Source, from_folder, from_metadata};
pub use summary::{NearDuplicate, Problem, Renamed, Summary};

/// What a catalogue is called, and how it is made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What people call the catalogue.
    pub name: String,
    /// Licence of the pictures.
    pub licence: String,
    /// The largest width and height of a thumbnail, in pixels.
    pub thumbnail: (u32, u32),
    /// WebP quality, 0 to 100.
    pub quality: f32,
    /// Whether there has to be a catalogue, whose vectors are kept where the pictures are the same.
    pub update: bool,
    /// Whether pictures that hardly differ from an earlier one are left out.
    pub skip_duplicates: bool,
    /// Whether the item list is in pages; `None` leaves that to its length.
    pub in_pages: Option<bool>,
    /// The longest that feature file and item list may be, in bytes: longer ones are cut into parts. `None` for any length.
    pub longest_file: Option<u64>,
}

/// Indexes these pictures into `out`, where they replace the catalogue that is there. Pictures that cannot be read are
/// left out and named. A run that was interrupted before is continued.
///
/// Fails when no picture is left, `out` cannot be written, or there is nothing to update.
pub fn index(embedder: &Embedder, sources: Vec<Source>, out: &Path, settings: &Settings) -> Result<Summary> {
    let thumbnails = out.join("images");
    files::make_folder(&thumbnails)?;
    let (journal, entries) = Journal::open(out)?;
    // Nobody else is writing here now.
    for folder in [out, &thumbnails] {
        files::remove_unfinished(folder)?;
    }
    let shelf = Shelf::look(out, entries, embedder, settings.update)?;
    if shelf.len() > 0 {
        eprintln!("{} pictures are known already.", shelf.len());
    }
    let recipe = Recipe::new(embedder, settings);
    let bench = Bench { embedder, settings, recipe, shelf: &shelf, journal: &journal, out };

    let progress = Progress::new("pictures indexed", sources.len());
    let (named, renamed) = give_names(sources);
    let rows = go_through(&bench, named, &progress)?;
    let pictures_per_second = progress.finish();
    let mut problems = Vec::new();
    let done: Vec<(Source, Done)> =
        rows.into_iter().filter_map(|row| row.map_err(|problem| problems.push(problem)).ok()).collect();
    ensure!(!done.is_empty(), "There is no picture that can be read, so there is nothing to index");

    let records: Vec<&Record> = done.iter().map(|(_, row)| &row.record).collect();
    let pairs = duplicates::find(&records, &publish::pack(&records, embedder)?)?;
    let twins: BTreeSet<usize> = pairs.iter().map(|pair| pair.row).collect();
    let is_in = |row: &usize| !settings.skip_duplicates || !twins.contains(row);
    let (rows, others): (Vec<usize>, Vec<usize>) = (0..done.len()).partition(is_in);
    let pick = |rows: &[usize]| -> Vec<&Record> { rows.iter().map(|row| records[*row]).collect() };
    let (listed, left_out) = (pick(&rows), pick(&others));
    let items: Vec<Item> = rows
        .iter()
        .map(|row| picture::item(records[*row], done[*row].0.clone(), embedder.labels()))
        .collect();

    let changes = shelf.changes(&listed);
    let edition =
        Edition { rows: &listed, items: &items, left_out: &left_out, gone: shelf.gone(&listed, &left_out) };
    let other_bytes = publish::publish(&edition, embedder, out, settings, journal)?;
    let embedded = done.iter().filter(|(_, row)| row.is_embedded).count();
    Ok(Summary {
        indexed: items.len(),
        skipped: problems.len(),
        problems,
        embedded,
        reused: done.len() - embedded,
        added: changes.added,
        kept: changes.kept,
        changed: changes.changed,
        removed: changes.removed,
        renamed,
        near_duplicates: name(&pairs, &done),
        left_out: left_out.len(),
        bytes: other_bytes + rows.iter().map(|row| done[*row].1.bytes).sum::<u64>(),
        pictures_per_second,
    })
}

/// Near-duplicates by id and path.
fn name(pairs: &[Pair], done: &[(Source, Done)]) -> Vec<NearDuplicate> {
    let id = |row: usize| done[row].0.id.clone().unwrap_or_default();
    let file = |row: usize| done[row].0.path.display().to_string();
    pairs
        .iter()
        .map(|pair| NearDuplicate {
            id: id(pair.row),
            file: file(pair.row),
            of: id(pair.of),
            of_file: file(pair.of),
            similarity: pair.similarity,
        })
        .collect()
}

/// Every source with its item's id and the name of its thumbnail, and those whose list gives an id that it could not have.
fn give_names(sources: Vec<Source>) -> (Vec<(String, Source)>, Vec<Renamed>) {
    let mut names = Names::default();
    let mut renamed = Vec::new();
    let named = sources.into_iter().map(|mut source| {
        let Name { id, file } = names.take(&source);
        if let Some(wanted) = source.id.replace(id.clone()).filter(|wanted| *wanted != id) {
            renamed.push(Renamed { file: source.path.display().to_string(), wanted, id });
        }
        (file, source)
    });
    (named.collect(), renamed)
}

/// Indexes every picture, on all cores; what is wrong with one is said at once.
fn go_through(
    bench: &Bench,
    named: Vec<(String, Source)>,
    progress: &Progress,
) -> Result<Vec<Result<(Source, Done), Problem>>> {
    named
        .into_par_iter()
        .map(|(name, source)| {
            let row = match bench.index(&name, &source) {
                Ok(done) => Ok((source, done)),
                Err(Failure::Picture(error)) => {
                    progress.note(&format!("Left out: {error:#}"));
                    let file = source.path.display().to_string();
                    Err(Problem { file, reason: format!("{error:#}") })
                }
                Err(Failure::Run(error)) => return Err(error),
            };
            progress.increment();
            Ok(row)
        })
        .collect()
}
