//! Turns a data set in any known layout into CSV files to train and measure with: `train.csv`, `validation.csv` and
//! `test.csv`, or for the retrieval sets `query.csv` and `gallery.csv`.
//!
//! The data set's own division is kept; one that has none is divided by whole senders or items. What is wrong with a
//! single picture goes into `problems.csv`. The same data set and settings give the same files.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use clap::ValueEnum;
use serde_json::json;

use super::entry::{Part, Reading};
use super::format::Format;
use super::look::{self, Problem};
use super::{Sample, seed, split, write};

/// Problems that are said at once; the others are in the file.
const SAID: usize = 10;

/// A known selection of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// That of the 2018 article: six classes of In-shop Clothes Retrieval
    Seed,
}

/// What to prepare.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data set: a folder or a CSV.
    pub from: PathBuf,
    /// Its layout.
    pub format: Format,
    /// Which pictures, instead of all.
    pub protocol: Option<Protocol>,
    /// The folder to write to.
    pub out: PathBuf,
    /// Chooses what is held out.
    pub seed: u64,
    /// Share of the pictures for validation, of a data set that is not divided; 0 to 1.
    pub validation: f64,
    /// Share of the pictures to test on, likewise.
    pub test: f64,
    /// Pictures of each class that the protocol selects.
    pub per_class: usize,
    /// Pictures of all classes together that the protocol holds out.
    pub held_out: usize,
}

/// Reads, looks at every picture, divides, and writes.
///
/// Fails, naming file and line, where the data set cannot be understood, where no picture of it can be read, or where
/// the folder to write to holds something else. A picture that cannot be read is left out, counted and listed.
pub fn run(settings: &Settings) -> Result<()> {
    let Settings { from, out, .. } = settings;
    if let (Ok(from), Ok(out)) = (from.canonicalize(), out.canonicalize()) {
        ensure!(from != out, "--out must be another folder than --from");
    }
    write::check_folder(out)?;
    let format = match (settings.protocol, settings.format) {
        (Some(Protocol::Seed), Format::Auto) => {
            let found = Format::detect(from)?;
            ensure!(
                found == Format::Inshop,
                "The seed protocol selects from In-shop Clothes Retrieval (list_bbox_inshop.txt, list_eval_partition.txt); {} is none",
                from.display()
            );
            found
        }
        (Some(Protocol::Seed), format) if format != Format::Inshop => {
            bail!("The seed protocol selects from In-shop Clothes Retrieval; leave out --format")
        }
        (_, format) => format,
    };
    let (format, reading) = format.read(from)?;
    let mut notes = Vec::new();
    let (mut parts, problems) = match settings.protocol {
        None => everything(settings, reading, &mut notes)?,
        Some(Protocol::Seed) => selection(settings, reading, &mut notes)?,
    };
    let duplicates = drop_repeated(&mut parts, &mut notes);
    note_shared(&parts, &mut notes);

    let sizes: BTreeMap<&str, usize> =
        parts.iter().map(|(part, samples)| (part.name(), samples.len())).collect();
    let unreadable = problems.iter().filter(|problem| problem.is_unreadable).count();
    let read_as = format.to_possible_value().map(|value| value.get_name().to_owned());
    let manifest = json!({
        "format": "twill-prepared",
        "version": 1,
        "read_as": read_as,
        "protocol": settings.protocol.map(|Protocol::Seed| "seed"),
        "seed": settings.seed,
        "pictures": sizes,
        "unreadable": unreadable,
        "boxes_left_out": problems.len() - unreadable,
        "duplicates_left_out": duplicates,
    });
    write::all(out, &parts, &problems, &manifest)?;
    report(settings, &parts, &problems, &notes);
    Ok(())
}

type Prepared = (BTreeMap<Part, Vec<Sample>>, Vec<Problem>);

/// Every picture, in the parts that the data set has or the settings ask for.
fn everything(settings: &Settings, reading: Reading, notes: &mut Vec<String>) -> Result<Prepared> {
    notes.extend(reading.notes);
    let (mut parts, problems) = look::look(reading.parts).readable();
    ensure_some(&parts, &problems)?;
    if !reading.is_divided {
        let all = parts.remove(&Part::Train).unwrap_or_default();
        parts = divide(all, settings);
        for (part, share) in [(Part::Validation, settings.validation), (Part::Test, settings.test)] {
            if share > 0.0 && parts.get(&part).is_none_or(Vec::is_empty) {
                notes.push(format!(
                    "No sender or item is small enough for the {} part; it is empty.",
                    part.name()
                ));
            }
        }
    }
    Ok((parts, problems))
}

fn selection(settings: &Settings, reading: Reading, notes: &mut Vec<String>) -> Result<Prepared> {
    let (entries, found) = seed::candidates(reading);
    notes.extend(found);
    ensure!(!entries.is_empty(), "{} has none of the six class folders", settings.from.display());
    let (mut parts, problems) = look::look([(Part::Train, entries)].into()).readable();
    ensure_some(&parts, &problems)?;
    let wanted = seed::Wanted { per_class: settings.per_class, held_out: settings.held_out };
    let samples = parts.remove(&Part::Train).unwrap_or_default();
    Ok((seed::select(samples, wanted, settings.seed, notes), problems))
}

fn ensure_some(parts: &BTreeMap<Part, Vec<Sample>>, problems: &[Problem]) -> Result<()> {
    if parts.values().any(|samples| !samples.is_empty()) {
        return Ok(());
    }
    match problems.first() {
        Some(first) => {
            bail!("None of the {} pictures can be read. {}: {}", problems.len(), first.at, first.why)
        }
        None => bail!("There is no picture"),
    }
}

/// Test part first, then validation part of what is left, by whole groups.
fn divide(mut samples: Vec<Sample>, settings: &Settings) -> BTreeMap<Part, Vec<Sample>> {
    let all = samples.len() as f64;
    let mut parts = BTreeMap::new();
    for (part, share) in [(Part::Test, settings.test), (Part::Validation, settings.validation)] {
        let groups = split::groups(&samples);
        let chosen = split::choose(&groups, (share * all) as usize, settings.seed);
        let (held_out, rest): (Vec<_>, Vec<_>) =
            samples.into_iter().zip(groups).partition(|(_, group)| chosen.contains(group));
        parts.insert(part, held_out.into_iter().map(|(sample, _)| sample).collect());
        samples = rest.into_iter().map(|(sample, _)| sample).collect();
    }
    parts.insert(Part::Train, samples);
    parts
}

/// Leaves out rows that say the same of the same picture again, and notes pictures that are in two parts.
fn drop_repeated(parts: &mut BTreeMap<Part, Vec<Sample>>, notes: &mut Vec<String>) -> usize {
    let mut rows: HashMap<(PathBuf, String, Option<[u32; 4]>), usize> = HashMap::new();
    let mut places: HashMap<PathBuf, Part> = HashMap::new();
    let mut dropped = Vec::new();
    let mut in_two_parts = BTreeSet::new();
    for (&part, samples) in parts.iter_mut() {
        rows.clear();
        samples.retain(|sample| {
            if *places.entry(sample.path.clone()).or_insert(part) != part {
                in_two_parts.insert(sample.path.clone());
            }
            let corners = sample.bbox.map(|bbox| [bbox.x1, bbox.y1, bbox.x2, bbox.y2].map(f32::to_bits));
            let key = (sample.path.clone(), sample.category.clone(), corners);
            if let Some(first) = rows.get(&key) {
                dropped.push((part, sample.line, *first));
                return false;
            }
            rows.insert(key, sample.line);
            true
        });
    }
    if let Some((part, line, first)) = dropped.first() {
        notes.push(format!(
            "{} rows repeat an earlier one and are left out; the first is line {line} ({} part), which repeats line \
             {first}.",
            dropped.len(),
            part.name()
        ));
    }
    if let Some(first) = in_two_parts.first() {
        notes.push(format!("{} pictures are in two parts, such as {}.", in_two_parts.len(), first.display()));
    }
    dropped.len()
}

/// Notes senders and items that are trained on and measured on alike: a data set's own division may be so.
fn note_shared(parts: &BTreeMap<Part, Vec<Sample>>, notes: &mut Vec<String>) {
    let groups = |part: Part| -> BTreeSet<String> {
        parts.get(&part).into_iter().flatten().filter_map(split::sender_or_item).collect()
    };
    let trained = groups(Part::Train);
    for part in Part::ALL.into_iter().skip(1) {
        let shared = groups(part).intersection(&trained).count();
        if shared > 0 {
            notes.push(format!(
                "{shared} senders or items of the {} part are in the train part as well: figures measured there read \
                 too high.",
                part.name()
            ));
        }
    }
}

fn report(settings: &Settings, parts: &BTreeMap<Part, Vec<Sample>>, problems: &[Problem], notes: &[String]) {
    for note in notes {
        eprintln!("Note: {note}");
    }
    for problem in problems.iter().take(SAID) {
        eprintln!("{}: {}", problem.at, problem.why);
    }
    let unreadable = problems.iter().filter(|problem| problem.is_unreadable).count();
    if !problems.is_empty() {
        eprintln!(
            "{unreadable} pictures cannot be read and are left out; {} boxes do not fit their pictures and are left \
             out. All are listed in {}.",
            problems.len() - unreadable,
            settings.out.join(write::PROBLEMS).display()
        );
    }
    for (part, samples) in parts.iter().filter(|(_, samples)| !samples.is_empty()) {
        let categories: BTreeSet<&str> = samples.iter().map(|sample| sample.category.as_str()).collect();
        println!(
            "{}: {} pictures of {} categories",
            file(&settings.out, *part).display(),
            samples.len(),
            categories.len()
        );
    }
}

fn file(out: &Path, part: Part) -> PathBuf {
    out.join(format!("{}.csv", part.name()))
}
