//! Measures a trained network by retrieval: how well the nearest pictures of a gallery tell what a query shows, and how
//! near their colours are.

mod classes;
mod figures;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use anyhow::{Result, ensure};
use model::colour;
use model::embedder::{Embedder, Embedding};
use model::weights::ModelCard;
use rayon::prelude::*;

use crate::dataset::labels::{Aliases, is_unusable};
use crate::dataset::{Dataset, SEVERAL_MARGIN, Sample, several};
use crate::metrics::{Outcome, mean};
use crate::pictures::{self, close_up};
use crate::progress::Progress;
use crate::ranking::nearest_first;
use crate::trained;

pub use classes::ClassFigures;
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
    /// The picture's file under its one true name, however the list calls it.
    file: PathBuf,
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
    /// Of each attribute whose value is known, whether the network tells it right.
    attributes: BTreeMap<String, bool>,
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

/// How a data set's words are those of a network.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// Its categories and the network's labels.
    pub aliases: Aliases,
    /// The network's attributes and the data set's columns, where these go by other names.
    pub columns: BTreeMap<String, String>,
}

/// Embeds gallery and queries and compares them. Pictures that cannot be read are named and left out.
///
/// `words` concern the network's heads alone; `flip` averages each
/// picture's vector with its mirror image's. Fails when nothing is left on one side, or the network fails.
pub fn evaluate(
    embedder: &Embedder,
    gallery: Dataset,
    queries: Dataset,
    classes: Vec<String>,
    words: &Words,
    flip: bool,
) -> Result<Evaluation> {
    let absent = absent(&gallery, &queries);
    let gallery = gallery.only(&classes);
    let queries = queries.only(&classes);
    let total = gallery.samples.len() + queries.samples.len();
    let progress = Progress::new("pictures embedded", total);
    let look = |data: Dataset| see(embedder, data, &classes, words, flip, &progress);
    let (gallery, queries) = (look(gallery)?, look(queries)?);
    progress.finish();
    let files: HashSet<&PathBuf> = gallery.iter().map(|seen| &seen.file).collect();
    let shared = queries.iter().filter(|query| files.contains(&query.file)).count();
    if shared > 0 {
        eprintln!(
            "Note: {shared} of the {} queries are in the gallery, too. None of them can find itself.",
            queries.len()
        );
    }
    ensure!(!gallery.is_empty(), "The gallery has no readable picture of the categories in question");
    ensure!(!queries.is_empty(), "The queries have no readable picture of the categories in question");

    let answers: Vec<Answer> =
        (0..queries.len()).into_par_iter().filter_map(|query| answer(query, &queries, &gallery)).collect();
    ensure!(!answers.is_empty(), "Every query is the only picture of the gallery");
    let left_out = LeftOut { unreadable: total - gallery.len() - queries.len(), ..absent };
    let report = Report::of(&queries, &gallery, &answers, left_out, classes);
    Ok(Evaluation { report, gallery, queries, answers })
}

/// What is not looked at.
#[derive(Debug, Clone, Copy, Default)]
struct LeftOut {
    /// Pictures that cannot be read.
    unreadable: usize,
    /// Queries of categories that the gallery does not have.
    absent: usize,
    /// How many of these show a known item.
    absent_items: usize,
}

/// The queries that can find nothing of their category in all of the gallery.
fn absent(gallery: &Dataset, queries: &Dataset) -> LeftOut {
    let categories: BTreeSet<&str> = gallery.samples.iter().map(|sample| sample.category.as_str()).collect();
    let absent = queries
        .samples
        .iter()
        .filter(|sample| !is_unusable(&sample.category) && !categories.contains(sample.category.as_str()));
    let mut left_out = LeftOut::default();
    for sample in absent {
        left_out.absent += 1;
        left_out.absent_items += usize::from(sample.item().is_some());
    }
    left_out
}

fn see(
    embedder: &Embedder,
    data: Dataset,
    classes: &[String],
    words: &Words,
    flip: bool,
    progress: &Progress,
) -> Result<Vec<Seen>> {
    let numbers: BTreeMap<&str, usize> =
        classes.iter().enumerate().map(|(number, name)| (name.as_str(), number)).collect();
    let labels = embedder.labels();
    let several = several(&data.samples);
    let seen: Vec<Option<Seen>> = data
        .samples
        .into_par_iter()
        .map(|mut sample| {
            let mut photo = match pictures::load(&sample.path) {
                Ok(photo) => photo,
                Err(error) => {
                    progress.note(&format!("Left out (line {}): {error:#}", sample.line));
                    progress.increment();
                    return Ok(None);
                }
            };
            if let Some(garment) = sample.bbox.filter(|_| several.contains(&sample.path)) {
                let (cut, inside) = close_up(&photo, garment, SEVERAL_MARGIN);
                (photo, sample.bbox) = (cut, Some(inside));
            }
            let embedding = trained::embed(embedder, &photo, flip)?;
            let label = words.aliases.label(&sample.category);
            let label = labels.iter().position(|known| known == label);
            let category = numbers[sample.category.as_str()];
            let colour = colour::dominant(&photo, sample.bbox.unwrap_or(embedding.garment));
            let box_iou = sample.bbox.map(|truth| f64::from(truth.iou(&embedding.garment)));
            let head_place = label.map(|label| place(&embedding.probabilities, label));
            let attributes = attributes(embedder.card(), words, &sample, &embedding);
            progress.increment();
            let (item, vector) = (sample.item(), embedding.vector);
            // It could be read a moment ago; otherwise its name has to do.
            let file = sample.path.canonicalize().unwrap_or_else(|_| sample.path.clone());
            Ok(Some(Seen { sample, file, category, vector, item, colour, box_iou, head_place, attributes }))
        })
        .collect::<Result<_>>()?;
    Ok(seen.into_iter().flatten().collect())
}

/// Of each attribute whose value the sample's row gives, whether the network finds that value the likeliest. A value that it does
/// not have is one that it gets wrong.
fn attributes(card: &ModelCard, words: &Words, sample: &Sample, found: &Embedding) -> BTreeMap<String, bool> {
    let told = card.attributes.iter().zip(found.attribute_values());
    told.filter_map(|(attribute, (value, _))| {
        let column = words.columns.get(&attribute.name).unwrap_or(&attribute.name);
        let truth = sample.extra.get(column)?;
        Some((attribute.name.clone(), attribute.values.get(value) == Some(truth)))
    })
    .collect()
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

/// Ranks the gallery for one query, which itself does not count if it is in there.
fn answer(number: usize, queries: &[Seen], gallery: &[Seen]) -> Option<Answer> {
    let query = &queries[number];
    let others = gallery.iter().enumerate().filter(|(_, other)| other.file != query.file);
    let others = others.map(|(place, other)| (place, other.vector.as_slice()));
    let ranking: Vec<(usize, &Seen)> =
        nearest_first(&query.vector, others).into_iter().map(|place| (place, &gallery[place])).collect();
    let categories: Vec<usize> = ranking.iter().map(|(_, other)| other.category).collect();
    let delta_e = |other: &Seen| f64::from(colour::ciede2000(query.colour, other.colour));
    let mut same_category = ranking
        .iter()
        .filter(|(_, other)| other.category == query.category)
        .map(|(_, other)| delta_e(other))
        .peekable();
    Some(Answer {
        query: number,
        nearest: ranking.iter().take(KEPT).map(|&(place, _)| place).collect(),
        outcome: Outcome::judge(query.category, &categories)?,
        colour_delta_e_at_5: mean(ranking.iter().take(5).map(|(_, other)| delta_e(other))),
        colour_delta_e_same_category: same_category.peek().is_some().then(|| mean(same_category)),
        item_place: ranking.iter().position(|(_, other)| query.item.is_some() && other.item == query.item),
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
            file: path.into(),
            category: 0,
            vector: vector.to_vec(),
            item: item.map(str::to_owned),
            colour: [0; 3],
            box_iou: None,
            head_place: None,
            attributes: BTreeMap::new(),
        }
    }

    fn measure(queries: &[Seen], gallery: &[Seen]) -> Report {
        let answers: Vec<Answer> =
            (0..queries.len()).filter_map(|query| answer(query, queries, gallery)).collect();
        Report::of(queries, gallery, &answers, LeftOut::default(), vec!["hat".to_owned()])
    }

    #[test]
    fn queries_of_categories_that_the_gallery_lacks_are_counted_and_their_items_missed() {
        let named =
            |category: &str, item: &[(&str, &str)]| Sample { category: category.to_owned(), ..sample(item) };
        let data = |samples: &[Sample]| Dataset { samples: samples.to_vec() };
        let gallery = data(&[named("hat", &[])]);
        let queries =
            [named("hat", &[]), named("coat", &[("item_id", "7")]), named("coat", &[]), named("skip", &[])];
        let absent = absent(&gallery, &data(&queries));
        assert_eq!((absent.absent, absent.absent_items), (2, 1));
        let seen = [seen("a", Some("1"), [1.0, 0.0]), seen("c", Some("1"), [0.8, 0.0])];
        let answers: Vec<Answer> = (0..2).filter_map(|query| answer(query, &seen, &seen)).collect();
        let report = Report::of(&seen, &seen, &answers, absent, vec!["hat".to_owned()]);
        assert_eq!((report.n, report.unanswerable), (2, 2));
        assert_eq!(report.item_recall_at_1, Some(2.0 / 3.0));
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
    fn attributes_count_where_they_are_known() {
        let mut queries = ["a", "b", "c"].map(|path| seen(path, None, [1.0, 0.0]));
        queries[0].attributes = BTreeMap::from([("sleeve".to_owned(), true), ("pattern".to_owned(), false)]);
        queries[1].attributes = BTreeMap::from([("sleeve".to_owned(), false)]);
        let report = measure(&queries, &[seen("d", None, [1.0, 0.0])]);
        assert_eq!(report.attributes, [("pattern".to_owned(), 0.0), ("sleeve".to_owned(), 0.5)].into());
        assert!(report.figures().iter().any(|figure| figure.0 == "sleeve"));
    }

    #[test]
    fn each_category_has_figures_of_its_own() {
        let of = |path: &str, category: usize, vector: [f32; 2], head_place: Option<usize>| Seen {
            category,
            head_place,
            ..seen(path, None, vector)
        };
        let gallery = [of("a", 0, [1.0, 0.0], None), of("b", 1, [0.0, 1.0], None)];
        let queries =
            [of("c", 0, [0.9, 0.1], Some(0)), of("d", 0, [0.1, 0.9], Some(2)), of("e", 1, [0.1, 0.9], None)];
        let answers: Vec<Answer> =
            (0..queries.len()).filter_map(|query| answer(query, &queries, &gallery)).collect();
        let classes = ["hat", "coat", "shoes"].map(str::to_owned).to_vec();
        let report = Report::of(&queries, &gallery, &answers, LeftOut::default(), classes);
        let figures = |n, top1, category_top1| ClassFigures { n, top1, precision_at_5: 0.5, category_top1 };
        let expected = [("coat", figures(1, 1.0, None)), ("hat", figures(2, 0.5, Some(0.5)))];
        assert_eq!(report.by_class, expected.map(|(name, own)| (name.to_owned(), own)).into());
    }

    #[test]
    fn the_nearest_are_kept_in_order() {
        let gallery: Vec<Seen> = (0..7u8).map(|i| seen(&i.to_string(), None, [f32::from(i), 0.0])).collect();
        let answer = answer(0, &[seen("q", None, [1.0, 0.0])], &gallery).unwrap();
        assert_eq!(answer.nearest, [6, 5, 4, 3, 2]);
    }
}
