//! `dataset`: makes data sets to train on.

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand, ValueEnum};

use crate::dataset::download;
use crate::dataset::drawn::{self, PictureFormat, Settings};
use crate::dataset::format::Format;
use crate::dataset::prepare::{self, Protocol};
use crate::synth::{Category, Setting};

/// Kinds of data sets.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Draws garments: pictures in DIR/images and their labels in DIR/labels.csv. The same flags always give the same
    /// bytes. Run again after an interruption, it draws only what is missing.
    Synth(SynthFlags),
    /// Reads a data set of pictures and writes CSV files to train and measure with: DIR/train.csv, validation.csv and
    /// test.csv, or query.csv and gallery.csv. A picture that cannot be read is left out, counted, and listed in
    /// DIR/problems.csv.
    Prepare(PrepareFlags),
    /// Fetches a public data set: pictures in DIR/images and their labels in DIR/labels.csv. Each file is checked by
    /// its hash. Run again after an interruption, it fetches only what is missing.
    Download(DownloadFlags),
}

/// Flags of `dataset download`, as typed.
#[derive(Debug, Args)]
pub struct DownloadFlags {
    /// The data set
    name: download::Name,
    /// The folder to write to; it is made if need be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// A copy of the data set's files, with `tree.json`, GitHub's list of them with their hashes, beside them
    /// [default: GitHub]
    #[arg(long, value_name = "URL")]
    from: Option<String>,
}

/// Flags of `dataset synth`, as typed.
#[derive(Debug, Args)]
pub struct SynthFlags {
    /// The folder to write to; it is made if need be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How many pictures to draw
    #[arg(long, value_name = "N")]
    count: usize,
    /// Chooses the garments: another seed, another data set
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What to draw, in turn: `seed` for the six categories of the article, `all`, or names separated by commas
    #[arg(long, default_value = "seed")]
    categories: String,
    /// Where garments are shown
    #[arg(long, default_value = "varied")]
    setting: SettingFlag,
    /// Width and height in pixels
    #[arg(long, default_value = "300x400", value_name = "WIDTHxHEIGHT", value_parser = parse_size)]
    size: (u32, u32),
    /// How pictures are stored
    #[arg(long, default_value = "jpg")]
    format: PictureFormat,
    /// The number of the first picture: with another start, a run continues the same endless series
    #[arg(long, default_value_t = 0, value_name = "INDEX")]
    start: u64,
    /// Show each garment in N pictures, every time in another setting; a column `item_id` then says which garment it is
    #[arg(long, default_value_t = 1, value_name = "N")]
    scenes: u64,
}

/// Flags of `dataset prepare`, as typed.
#[derive(Debug, Args)]
pub struct PrepareFlags {
    /// The data set
    #[arg(long, value_name = "DIR|CSV")]
    from: PathBuf,
    /// Its layout
    #[arg(long, default_value = "auto")]
    format: Format,
    /// Not every picture but a known selection
    #[arg(long)]
    protocol: Option<Protocol>,
    /// The folder to write to; it is made if need be
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Chooses what is held out
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Share held out to choose the best network by, where the data set is not divided; by whole senders or items
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    validation: f64,
    /// Share held out to test on, likewise
    #[arg(long, default_value_t = 0.1, value_name = "SHARE")]
    test: f64,
    /// Pictures of each class that the protocol selects
    #[arg(long, default_value_t = 3000, value_name = "N", requires = "protocol")]
    per_class: usize,
    /// Pictures of all classes together that the protocol holds out, equally many of each
    #[arg(long, default_value_t = 1500, value_name = "N", requires = "protocol")]
    held_out: usize,
}

impl PrepareFlags {
    fn check(self) -> Result<prepare::Settings> {
        for (flag, share) in [("--validation", self.validation), ("--test", self.test)] {
            ensure!((0.0..1.0).contains(&share), "{flag} is {share}; it must be from 0 to less than 1");
        }
        ensure!(
            self.validation + self.test < 1.0,
            "--validation and --test together leave nothing to train on"
        );
        ensure!(self.per_class > 0, "--per-class is 0; it must be at least 1");
        ensure!(
            self.held_out / 6 < self.per_class,
            "--held-out {} leaves nothing to train on of {} pictures of each of six classes",
            self.held_out,
            self.per_class
        );
        let Self { from, format, protocol, out, seed, validation, test, per_class, held_out } = self;
        Ok(prepare::Settings { from, format, protocol, out, seed, validation, test, per_class, held_out })
    }
}

/// The `--setting` choice.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum SettingFlag {
    /// As sellers photograph them: on a sheet, a floor, a hanger, turned and lit in many ways
    Varied,
    /// On plain studio ground, upright
    Studio,
}

impl SynthFlags {
    fn check(self) -> Result<(PathBuf, Settings)> {
        ensure!(self.count > 0, "--count is 0; it must be at least 1");
        ensure!((1..=1000).contains(&self.scenes), "--scenes is {}; it must be from 1 to 1000", self.scenes);
        let (width, height) = self.size;
        let settings = Settings {
            count: self.count,
            seed: self.seed,
            start: self.start,
            scenes: self.scenes,
            categories: parse_categories(&self.categories)?,
            setting: match self.setting {
                SettingFlag::Varied => Setting::Varied,
                SettingFlag::Studio => Setting::Studio,
            },
            width,
            height,
            format: self.format,
        };
        Ok((self.out, settings))
    }
}

/// Runs one of the `dataset` commands.
pub fn run(command: Command) -> Result<()> {
    match command {
        Command::Synth(flags) => {
            let (out, settings) = flags.check()?;
            drawn::draw(&out, &settings)
        }
        Command::Prepare(flags) => prepare::run(&flags.check()?),
        Command::Download(flags) => download::run(flags.name, &flags.out, flags.from.as_deref()),
    }
}

fn parse_categories(text: &str) -> Result<Vec<Category>> {
    match text {
        "seed" => Ok(Category::SEED.to_vec()),
        "all" => Ok(Category::ALL.to_vec()),
        names => names
            .split(',')
            .map(|name| {
                Category::from_name(name.trim()).with_context(|| {
                    let known: Vec<&str> = Category::ALL.iter().map(|category| category.name()).collect();
                    format!("{name:?} is not a category that can be drawn; known are: {}", known.join(", "))
                })
            })
            .collect(),
    }
}

/// `300x400` as width and height.
pub(super) fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let side = |part: &str| part.trim().parse().ok().filter(|side| (16..=4096).contains(side));
    text.split_once('x')
        .and_then(|(width, height)| Some((side(width)?, side(height)?)))
        .ok_or_else(|| "it must be WIDTHxHEIGHT in pixels, each from 16 to 4096, such as 300x400".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("300x400"), Ok((300, 400)));
        for bad in ["300", "x", "300x", "0x400", "300x99999", "axb", "-3x400"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn categories() {
        assert_eq!(parse_categories("seed").unwrap().len(), 6);
        assert_eq!(parse_categories("Dresses, hat").unwrap().len(), 2);
        let message = parse_categories("Dresses,socks").unwrap_err().to_string();
        assert!(message.starts_with("\"socks\" is not a category"), "{message}");
    }
}
