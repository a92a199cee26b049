//! The report of an evaluation.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Result;
use model::weights::ModelCard;

use super::confusion::Confusion;
use super::contact::{self, Card, Pixels, Row};
use super::map::{self, Point};
use super::page::{Page, count};
use super::{curves, figures, recipe};
use crate::evaluation::{Answer, Evaluation, Seen};

/// What an evaluation was made of.
pub struct Source<'a> {
    /// The network's card.
    pub card: &'a ModelCard,
    /// The CSV files of gallery and queries.
    pub gallery: &'a Path,
    /// See `gallery`.
    pub queries: &'a Path,
    /// The folder of the run that trained the network, where it is there: for its learning curves and recipe.
    pub run: Option<&'a Path>,
}

/// The page, as HTML. Fails where the run's log or recipe, or a picture for the contact sheet, cannot be read.
pub fn page(evaluation: &Evaluation, source: &Source) -> Result<String> {
    let Evaluation { report, gallery, queries, answers } = evaluation;
    let mut page = Page::new("Evaluation");
    let network = &source.card.network;
    page.lead(&format!(
        "{} queries of {}, searched for among {} pictures of {}.",
        count(report.n),
        source.queries.display(),
        count(report.gallery),
        source.gallery.display()
    ));
    if report.unanswerable > 0 {
        page.lead(&format!(
            "{} more queries have no picture of their category to find.",
            count(report.unanswerable)
        ));
    }
    if report.unreadable > 0 {
        page.lead(&format!("{} pictures could not be read and are left out.", count(report.unreadable)));
    }
    page.lead(&format!(
        "The network: {}, {} pixels a side, embeddings of {} numbers.",
        source.card.weights.file,
        network.input_size,
        gallery.first().map_or(0, |picture| picture.vector.len())
    ));
    page.section(
        "Figures",
        "The intervals hold 95% of 1,000 resamplings of the queries. For colours less is better, for all else more.",
        figures::draw(report),
    );
    if let Some(run) = source.run {
        page.section("Learning curves", "Over the steps of training.", curves::draw(run)?);
    }
    let pairs: Vec<(usize, usize)> =
        answers.iter().map(|answer| (answer.outcome.category, answer.outcome.nearest)).collect();
    page.section(
        "Confusion",
        "A row is the queries of one category, a column what their nearest picture shows. A cell has the number of \
         queries; its shade is their share of the row.",
        Confusion::of(&report.classes, &pairs).draw(),
    );
    // A picture that is on both sides is one point.
    let both: BTreeSet<&Path> = queries.iter().map(|query| query.sample.path.as_path()).collect();
    let others = gallery.iter().filter(|picture| !both.contains(picture.sample.path.as_path()));
    let points: Vec<Point> = queries
        .iter()
        .map(|picture| (picture, true))
        .chain(others.map(|picture| (picture, false)))
        .map(|(picture, is_query)| Point { vector: &picture.vector, category: picture.category, is_query })
        .collect();
    page.section(
        "Map of the embeddings",
        &format!("{} Queries are strong, gallery pictures pale.", map::NOTE),
        map::draw(&points, &report.classes),
    );
    page.section(
        "Contact sheet",
        &format!(
            "Queries chosen by chance, the categories in turn, each with the five nearest pictures of the gallery. {}",
            contact::NOTE
        ),
        contact::draw(&rows(evaluation))?,
    );
    let recipe = match source.run {
        Some(run) => Some(recipe::of_run(run)?),
        None => recipe::of_card(source.card),
    };
    if let Some(recipe) = recipe {
        page.section("Recipe", "What the training run did.", recipe::draw(&recipe));
    }
    Ok(page.finish())
}

/// The contact sheet's queries with what they find.
fn rows(evaluation: &Evaluation) -> Vec<Row<'_, &str>> {
    let queries = contact::choose(evaluation.answers.iter().map(|answer| (answer.outcome.category, answer)));
    let row = |answer: &Answer| Row {
        query: card(&evaluation.queries[answer.query]),
        found: answer.nearest.iter().map(|&place| card(&evaluation.gallery[place])).collect(),
    };
    queries.into_iter().map(row).collect()
}

fn card(seen: &Seen) -> Card<'_, &str> {
    Card {
        pixels: Pixels::File(&seen.sample.path),
        category: &seen.sample.category,
        item: seen.item.as_deref(),
    }
}
