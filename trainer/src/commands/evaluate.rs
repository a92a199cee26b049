//! `evaluate`: measures a trained network on labelled pictures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use model::weights::ModelCard;

use crate::dataset::labels::{Aliases, is_unusable};
use crate::dataset::{Dataset, csv};
use crate::evaluation::{self, Report, Words};
use crate::{files, report, trained};

/// Flags of `evaluate`, as typed.
#[derive(Debug, Args)]
pub struct Flags {
    /// The network: a model.json, or the folder that holds it
    #[arg(long, value_name = "FILE")]
    weights: PathBuf,
    /// CSV of the pictures to search among
    #[arg(long, value_name = "CSV")]
    gallery: PathBuf,
    /// CSV of the pictures to search for
    #[arg(long, value_name = "CSV")]
    queries: PathBuf,
    /// Only these categories, separated by commas [default: all but not-sure, other and skip]
    #[arg(long, value_delimiter = ',', value_name = "NAMES", conflicts_with = "largest")]
    classes: Vec<String>,
    /// Only the N largest categories of the gallery
    #[arg(long, value_name = "N")]
    largest: Option<usize>,
    /// A category of the CSV and the network's label for it, such as "shirt=Blouses Shirts"; may be repeated. Those
    /// that the network was trained with are known
    #[arg(long, value_name = "NAME=LABEL", value_parser = parse_alias)]
    alias: Vec<(String, String)>,
    /// Average each picture's vector with that of its mirror image
    #[arg(long)]
    flip: bool,
    /// Also write a page to this file: figures, confusion, a map of the embeddings, contact sheets
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// The folder of the run that trained the network, whose learning curves and recipe go into the page
    #[arg(long, value_name = "RUN", requires = "report")]
    run: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Flags {
    fn classes(&self, gallery: &Dataset) -> Result<Vec<String>> {
        if self.classes.is_empty() {
            return Ok(gallery.largest_categories(self.largest.unwrap_or(usize::MAX)));
        }
        for class in &self.classes {
            ensure!(
                !is_unusable(class),
                "{class:?} says that a picture has no category; leave it out of --classes"
            );
            ensure!(
                gallery.samples.iter().any(|sample| &sample.category == class),
                "--classes names {class:?}, but no picture of {} has that category",
                self.gallery.display()
            );
        }
        Ok(self.classes.clone())
    }
}

/// Measures and prints.
pub fn run(flags: &Flags) -> Result<()> {
    let embedder = trained::load(&flags.weights)?;
    let gallery = csv::read(&flags.gallery)?;
    let queries = csv::read(&flags.queries)?;
    let classes = flags.classes(&gallery)?;
    let words = Words {
        aliases: aliases(embedder.card(), &flags.alias),
        columns: trained_with(embedder.card(), "attributes"),
    };
    let evaluation = evaluation::evaluate(&embedder, gallery, queries, classes, &words, flags.flip)?;
    // Before the report, which may not be writable: the figures took minutes.
    if flags.json {
        println!("{}", serde_json::to_string_pretty(&evaluation.report)?);
    } else {
        print_table(&evaluation.report);
    }
    if let Some(path) = &flags.report {
        let source = report::evaluation::Source {
            card: embedder.card(),
            gallery: &flags.gallery,
            queries: &flags.queries,
            run: flags.run.as_deref(),
        };
        files::write(path, report::evaluation::page(&evaluation, &source)?.as_bytes())?;
        if !flags.json {
            println!("The report is in {}.", path.display());
        }
    }
    Ok(())
}

/// The aliases that `training.recipe.aliases` of the card names, and those of the command line, which win.
pub(crate) fn aliases(card: &ModelCard, given: &[(String, String)]) -> Aliases {
    let mut all = trained_with(card, "aliases");
    all.extend(given.iter().cloned());
    Aliases::new(all)
}

/// The table of this name in the recipe that a network was trained with; empty where there is none.
fn trained_with(card: &ModelCard, table: &str) -> BTreeMap<String, String> {
    let table = card.training.get("recipe").and_then(|recipe| recipe.get(table)).cloned();
    serde_json::from_value(table.unwrap_or_default()).unwrap_or_default()
}

pub(crate) fn parse_alias(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, label)) if !name.trim().is_empty() && !label.trim().is_empty() => {
            Ok((name.trim().to_owned(), label.trim().to_owned()))
        }
        _ => Err("it must be NAME=LABEL, such as \"shirt=Blouses Shirts\"".to_owned()),
    }
}

fn print_table(report: &Report) {
    println!(
        "{} queries, {} gallery pictures, {} categories",
        report.n,
        report.gallery,
        report.classes.len()
    );
    if report.unanswerable > 0 {
        println!("{} more queries have no picture of their category to find", report.unanswerable);
    }
    if report.unreadable > 0 {
        println!("{} pictures could not be read and are left out", report.unreadable);
    }
    println!("{:<30} {:>7}   95% interval", "", "");
    for (name, value, [low, high]) in report.figures() {
        println!("{name:<30} {value:>7.3}   {low:.3} to {high:.3}");
    }
    println!("\n{:<30} {:>7} {:>7} {:>14} {:>8}", "category", "queries", "top1", "precision_at_5", "head");
    for (name, own) in &report.by_class {
        let head = own.category_top1.map_or_else(|| "-".to_owned(), |share| format!("{share:.3}"));
        println!("{name:<30} {:>7} {:>7.3} {:>14.3} {head:>8}", own.n, own.top1, own.precision_at_5);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_the_network_was_trained_with_are_known() {
        let card = include_bytes!("../../../public/model/model.json");
        let given = [("coat".to_owned(), "Jackets Vests".to_owned())];
        let aliases = aliases(&ModelCard::from_json(card).unwrap(), &given);
        assert_eq!(aliases.label("dress"), "Dresses");
        assert_eq!(aliases.label("coat"), "Jackets Vests");
    }

    #[test]
    fn aliases_are_pairs() {
        assert_eq!(parse_alias("shirt = Blouses Shirts").unwrap(), ("shirt".into(), "Blouses Shirts".into()));
        assert!(parse_alias("shirt").is_err() && parse_alias("=x").is_err());
    }
}
