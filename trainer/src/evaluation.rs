//! Measures a trained network by retrieval: how well the nearest pictures of a gallery tell what a query shows, and how
//! near their colours are.

mod figures;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use model::colour;
use model::embedder::Embedder;
use rayon::prelude::*;

use crate::dataset::labels::Aliases;
use crate::dataset::{Dataset, Sample};
use crate::metrics::{Outcome, mean};
use crate::pictures;
use crate::progress::Progress;
use crate::trained;

pub use figures::Report;

/// How many of a query's nearest pictures are kept.
const KEPT: usize = 5;

/// The figures, and what they were computed from.
pub struct Evaluation {
    /// The figures.
    pub report: Report,
    /// The gallery's pictures in the order of their file.
    pub gallery: Vec<Seen>,
    /// The queries in the order of their file.
    pub queries: Vec<Seen>,
    /// What each query finds; one without a picture to find has no answer.
    pub answers: Vec<Answer>,
}

/// What is known of a picture once the network has seen it.
pub struct Seen {
    /// The picture and its labels.
    pub sample: Sample,
    /// Its category's number among the report's classes.
    pub category: usize,
    /// Its embedding, of length 1.
    pub vector: Vec<f32>,
    /// The item that it shows, where that is known.
    pub item: Option<String>,
    colour: [u8; 3],
    box_iou: Option<f64>,
    /// How many categories the network's head finds likelier than the true one, where it knows that one.
    head_place: Option<usize>,
}

/// A query's ranking of the gallery, judged.
pub struct Answer {
    /// The query's place among [`Evaluation::queries`].
    pub query: usize,
    /// The places of the five nearest among [`Evaluation::gallery`], nearest first.
    pub nearest: Vec<usize>,
    /// How well the categories of the ranking fit.
    pub outcome: Outcome,
    colour_delta_e_at_5: f64,
    colour_delta_e_same_category: Option<f64>,
    /// How many pictures stand before the first of the query's item.
    item_place: Option<usize>,
}

/// Embeds gallery and queries and compares them. Pictures that cannot be read are named and left out.
///
/// `aliases` map the files' categories to the network's labels and concern its head alone; `flip` averages each
/// picture's vector with its mirror image's. Fails when nothing is left on one side, or the network fails.
pub fn evaluate(
    embedder: &Embedder,
    gallery: Dataset,
    queries: Dataset,
    classes: Vec<String>,
    aliases: &Aliases,
    flip: bool,
) -> Result<Evaluation> {
    let gallery = gallery.only(&classes);
    let queries = queries.only(&classes);
    let total = gallery.samples.len() + queries.samples.len();
    let progress = Progress::new("pictures embedded", total);
    let look = |data: Dataset| see(embedder, data, &classes, aliases, flip, &progress);
    let (gallery, queries) = (look(gallery)?, look(queries)?);
    progress.finish();
    ensure!(!gallery.is_empty(), "The gallery has no readable picture of the categories in question");
    ensure!(!queries.is_empty(), "The queries have no readable picture of the categories in question");

    let answers: Vec<Answer> =
        (0..queries.len()).into_par_iter().filter_map(|query| answer(query, &queries, &gallery)).collect();
    ensure!(!answers.is_empty(), "Every query is the only picture of the gallery");
    let unreadable = total - gallery.len() - queries.len();
    let report = Report::of(&queries, &gallery, &answers, unreadable, classes);
    Ok(Evaluation { report, gallery, queries, answers })
}

fn see(
    embedder: &Embedder,
    data: Dataset,
    classes: &[String],
    aliases: &Aliases,
    flip: bool,
    progress: &Progress,
) -> Result<Vec<Seen>> {
    let numbers: BTreeMap<&str, usize> =
        classes.iter().enumerate().map(|(number, name)| (name.as_str(), number)).collect();
    let labels = embedder.labels();
    let seen: Vec<Option<Seen>> = data
        .samples
        .into_par_iter()
        .map(|sample| {
            let photo = match pictures::load(&sample.path) {
                Ok(photo) => photo,
                Err(error) => {
                    progress.note(&format!("Left out (line {}): {error:#}", sample.line));
                    progress.increment();
                    return Ok(None);
                }
            };
            let embedding = trained::embed(embedder, &photo, flip)?;
            let label = aliases.label(&sample.category);
            let label = labels.iter().position(|known| known == label);
            let category = numbers[sample.category.as_str()];
            let colour = colour::dominant(&photo, sample.bbox.unwrap_or(embedding.garment));
            let box_iou = sample.bbox.map(|truth| f64::from(truth.iou(&embedding.garment)));
            let head_place = label.map(|label| place(&embedding.probabilities, label));
            progress.increment();
            let (item, vector) = (item(&sample), embedding.vector);
            Ok(Some(Seen { sample, category, vector, item, colour, box_iou, head_place }))
        })
        .collect::<Result<_>>()?;
    Ok(seen.into_iter().flatten().collect())
}

/// How many of `probabilities` are before that of `label`; among equals the earlier label comes first.
fn place(probabilities: &[f32], label: usize) -> usize {
    let own = probabilities.get(label).copied().unwrap_or(f32::NEG_INFINITY);
    let is_before = |&(other, probability): &(usize, &f32)| match probability.total_cmp(&own) {
        Ordering::Greater => true,
        Ordering::Equal => other < label,
        Ordering::Less => false,
    };
    probabilities.iter().enumerate().filter(is_before).count()
}

/// What tells the item of a picture from others, by its column `item_id`.
///
/// `DeepFashion2` gives the same `item_id` to all garments that are worn together and numbers them by `style`; a style
/// of 0 says that there is no other picture of the garment.
fn item(sample: &Sample) -> Option<String> {
    let id = sample.extra.get("item_id")?;
    match sample.extra.get("style").map(|style| style.parse::<u32>()) {
        Some(Ok(0)) => None,
        Some(Ok(style)) => Some(format!("{id} {style}")),
        None | Some(Err(_)) => Some(id.clone()),
    }
}

/// Ranks the gallery for one query, which itself does not count if it is in there.
fn answer(number: usize, queries: &[Seen], gallery: &[Seen]) -> Option<Answer> {
    let query = &queries[number];
    let mut ranking: Vec<(f32, usize, &Seen)> = gallery
        .iter()
        .enumerate()
        .filter(|(_, other)| other.sample.path != query.sample.path)
        .map(|(place, other)| {
            (query.vector.iter().zip(&other.vector).map(|(a, b)| a * b).sum(), place, other)
        })
        .collect();
    // A stable sort: among equals the earlier row comes first.
    ranking.sort_by(|a, b| b.0.total_cmp(&a.0));
    let categories: Vec<usize> = ranking.iter().map(|(_, _, other)| other.category).collect();
    let delta_e = |other: &Seen| f64::from(colour::ciede2000(query.colour, other.colour));
    let mut same_category = ranking
        .iter()
        .filter(|(_, _, other)| other.category == query.category)
        .map(|(_, _, other)| delta_e(other))
        .peekable();
    Some(Answer {
        query: number,
        nearest: ranking.iter().take(KEPT).map(|&(_, place, _)| place).collect(),
        outcome: Outcome::judge(query.category, &categories)?,
        colour_delta_e_at_5: mean(ranking.iter().take(5).map(|(_, _, other)| delta_e(other))),
        colour_delta_e_same_category: same_category.peek().is_some().then(|| mean(same_category)),
        item_place: ranking.iter().position(|(_, _, other)| query.item.is_some() && other.item == query.item),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(extra: &[(&str, &str)]) -> Sample {
        let extra = extra.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        Sample { path: "a.jpg".into(), category: "hat".to_owned(), bbox: None, line: 2, extra }
    }

    fn seen(path: &str, item: Option<&str>, vector: [f32; 2]) -> Seen {
        Seen {
            sample: Sample { path: path.into(), ..sample(&[]) },
            category: 0,
            vector: vector.to_vec(),
            item: item.map(str::to_owned),
            colour: [0; 3],
            box_iou: None,
            head_place: None,
        }
    }

    fn measure(queries: &[Seen], gallery: &[Seen]) -> Report {
        let answers: Vec<Answer> =
            (0..queries.len()).filter_map(|query| answer(query, queries, gallery)).collect();
        Report::of(queries, gallery, &answers, 0, vec!["hat".to_owned()])
    }

    #[test]
    fn items_are_told_apart() {
        assert_eq!(item(&sample(&[("item_id", "id_7")])), Some("id_7".to_owned()));
        assert_eq!(item(&sample(&[("item_id", "id_7"), ("style", "casual")])), Some("id_7".to_owned()));
        let of_style = |style| item(&sample(&[("item_id", "17"), ("style", style)]));
        assert_ne!(of_style("1"), of_style("2"));
        assert_eq!(of_style("0"), None);
        assert_eq!(item(&sample(&[("item", "item1")])), None);
    }

    #[test]
    fn places_count_what_is_likelier() {
        let probabilities = [0.1, 0.4, 0.1, 0.4];
        assert_eq!([0, 1, 2, 3].map(|label| place(&probabilities, label)), [2, 0, 3, 1]);
    }

    #[test]
    fn recall_of_items_by_hand() {
        // Nearest to [1, 0] first: b (another item), c (the same as a), then the rest.
        let gallery = [
            seen("a", Some("1"), [1.0, 0.0]),
            seen("b", Some("2"), [0.9, 0.0]),
            seen("c", Some("1"), [0.8, 0.0]),
            seen("d", None, [0.7, 0.0]),
        ];
        let queries = [
            // Itself is not found, c in the second place is.
            seen("a", Some("1"), [1.0, 0.0]),
            // Its item is not in the gallery.
            seen("e", Some("3"), [1.0, 0.0]),
            // Not an item: does not count, and does not find d.
            seen("f", None, [1.0, 0.0]),
            seen("g", Some("1"), [1.0, 0.0]),
        ];
        let report = measure(&queries, &gallery);
        assert_eq!(report.item_recall_at_1, Some(1.0 / 3.0));
        assert_eq!(report.item_recall_at_5, Some(2.0 / 3.0));
        assert_eq!(report.item_recall_at_20, Some(2.0 / 3.0));
        let names: Vec<_> = report.figures().iter().map(|(name, ..)| *name).collect();
        assert!(names.contains(&"item_recall_at_10") && !names.contains(&"category_top3"), "{names:?}");
    }

    #[test]
    fn recall_of_items_needs_both_sides() {
        let (with, without) = ([seen("a", Some("1"), [1.0, 0.0])], [seen("b", None, [1.0, 0.0])]);
        for (queries, gallery) in [(&with, &without), (&without, &with)] {
            let report = measure(queries, gallery);
            assert_eq!(report.item_recall_at_1, None);
            assert!(!serde_json::to_string(&report).unwrap().contains("item_recall"));
        }
    }

    #[test]
    fn the_nearest_are_kept_in_order() {
        let gallery: Vec<Seen> = (0..7u8).map(|i| seen(&i.to_string(), None, [f32::from(i), 0.0])).collect();
        let answer = answer(0, &[seen("q", None, [1.0, 0.0])], &gallery).unwrap();
        assert_eq!(answer.nearest, [6, 5, 4, 3, 2]);
    }
}
