//! The figures of an evaluation, each with its interval.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::classes::{ClassFigures, by_class};
use super::{Answer, LeftOut, Seen};
use crate::metrics::{bootstrap, macro_f1, mean};

/// Measured figures. Retrieval ranks the gallery by cosine similarity; categories are compared as the files write them.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Share of queries whose nearest neighbour has their category.
    pub top1: f64,
    /// Share of queries with their category among the three nearest.
    pub top3: f64,
    /// Mean over categories of the F1 score, with the nearest neighbour's category as the prediction.
    pub macro_f1: f64,
    /// Mean share of the five nearest that have the query's category.
    pub precision_at_5: f64,
    /// Mean average precision at R.
    pub map_at_r: f64,
    /// Mean CIEDE2000 between the garment colours of a query and its five nearest.
    pub colour_delta_e_at_5: f64,
    /// The same between a query and random gallery pictures of its category.
    pub colour_delta_e_same_category: f64,
    /// Mean overlap (intersection over union) of predicted and true box, where there are true ones.
    pub box_iou: Option<f64>,
    /// Share of queries whose category the network's own head names, where the network has that label.
    pub category_top1: Option<f64>,
    /// Share of those whose category is among the three that the head finds likeliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_top3: Option<f64>,
    /// Share of those whose category is among the five that the head finds likeliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_top5: Option<f64>,
    /// Share of queries whose nearest neighbour shows the same item (`DeepFashion`'s in-shop and consumer-to-shop
    /// protocols). Every query of a known item counts, and is missed where the gallery does not have its item; only
    /// where both sides name items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_recall_at_1: Option<f64>,
    /// Share of queries with the same item among the five nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_recall_at_5: Option<f64>,
    /// Share of queries with the same item among the ten nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_recall_at_10: Option<f64>,
    /// Share of queries with the same item among the twenty nearest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_recall_at_20: Option<f64>,
    /// For each attribute that the network tells and the queries' file has, the share of queries whose value it tells
    /// right, of those whose value is known.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, f64>,
    /// 95% bootstrap intervals of the figures above.
    pub intervals: BTreeMap<String, [f64; 2]>,
    /// Number of queries that have a picture of their category to find: retrieval is measured on these.
    pub n: usize,
    /// Number of queries that have none, and so no place in the figures of categories and colours.
    pub unanswerable: usize,
    /// Number of gallery pictures.
    pub gallery: usize,
    /// Number of pictures that could not be read and are left out.
    pub unreadable: usize,
    /// The categories that take part.
    pub classes: Vec<String>,
    /// Those of them that queries have, each for itself.
    pub by_class: BTreeMap<String, ClassFigures>,
}

impl Report {
    /// The figures of `answers`, one for each query that has anything to find; `classes` in the order of their numbers.
    pub(super) fn of(
        queries: &[Seen],
        gallery: &[Seen],
        answers: &[Answer],
        left_out: LeftOut,
        classes: Vec<String>,
    ) -> Self {
        let mut intervals = BTreeMap::new();
        let mut figure = |name: &str, values: Vec<f64>| {
            let interval =
                bootstrap(values.len(), |indices| mean(indices.iter().map(|&index| values[index])));
            intervals.insert(name.to_owned(), interval);
            mean(values)
        };
        let all = |value: fn(&Answer) -> f64| answers.iter().map(value).collect::<Vec<_>>();
        let top1 = figure("top1", all(|one| f64::from(one.outcome.nearest == one.outcome.category)));
        let top3 = figure("top3", all(|one| f64::from(one.outcome.in_top3)));
        let precision_at_5 = figure("precision_at_5", all(|one| one.outcome.precision_at_5));
        let map_at_r = figure("map_at_r", all(|one| one.outcome.average_precision_at_r));
        let colour_delta_e_at_5 = figure("colour_delta_e_at_5", all(|one| one.colour_delta_e_at_5));
        let same_category: Vec<f64> =
            answers.iter().filter_map(|one| one.colour_delta_e_same_category).collect();
        let colour_delta_e_same_category = figure("colour_delta_e_same_category", same_category);

        let mut figure_if_any =
            |name: &str, values: Vec<f64>| (!values.is_empty()).then(|| figure(name, values));
        let box_iou = figure_if_any("box_iou", queries.iter().filter_map(|query| query.box_iou).collect());
        let places: Vec<usize> = queries.iter().filter_map(|query| query.head_place).collect();
        let mut head = |name, count| figure_if_any(name, within(&places, count));
        let category_top1 = head("category_top1", 1);
        let category_top3 = head("category_top3", 3);
        let category_top5 = head("category_top5", 5);
        let places = item_places(queries, gallery, answers, left_out.absent_items);
        let mut items = |name, count| figure_if_any(name, within(&places, count));
        let item_recall_at_1 = items("item_recall_at_1", 1);
        let item_recall_at_5 = items("item_recall_at_5", 5);
        let item_recall_at_10 = items("item_recall_at_10", 10);
        let item_recall_at_20 = items("item_recall_at_20", 20);
        let told: BTreeSet<&String> = queries.iter().flat_map(|query| query.attributes.keys()).collect();
        let right = |name: &String| {
            queries.iter().filter_map(|query| query.attributes.get(name).copied().map(f64::from)).collect()
        };
        let attributes = told.into_iter().map(|name| (name.clone(), figure(name, right(name)))).collect();

        let pairs: Vec<(usize, usize)> =
            answers.iter().map(|one| (one.outcome.category, one.outcome.nearest)).collect();
        let f1_interval = bootstrap(pairs.len(), |indices| {
            macro_f1(&indices.iter().map(|&index| pairs[index]).collect::<Vec<_>>())
        });
        intervals.insert("macro_f1".to_owned(), f1_interval);
        Self {
            top1,
            top3,
            macro_f1: macro_f1(&pairs),
            precision_at_5,
            map_at_r,
            colour_delta_e_at_5,
            colour_delta_e_same_category,
            box_iou,
            category_top1,
            category_top3,
            category_top5,
            item_recall_at_1,
            item_recall_at_5,
            item_recall_at_10,
            item_recall_at_20,
            attributes,
            intervals,
            n: answers.len(),
            unanswerable: left_out.absent + queries.len() - answers.len(),
            gallery: gallery.len(),
            unreadable: left_out.unreadable,
            by_class: by_class(queries, answers, &classes),
            classes,
        }
    }

    /// Every figure that there is, by name, with its 95% interval.
    #[must_use]
    pub fn figures(&self) -> Vec<(&str, f64, [f64; 2])> {
        let attributes = self.attributes.iter().map(|(name, share)| (name.as_str(), Some(*share)));
        [
            ("top1", Some(self.top1)),
            ("top3", Some(self.top3)),
            ("macro_f1", Some(self.macro_f1)),
            ("precision_at_5", Some(self.precision_at_5)),
            ("map_at_r", Some(self.map_at_r)),
            ("colour_delta_e_at_5", Some(self.colour_delta_e_at_5)),
            ("colour_delta_e_same_category", Some(self.colour_delta_e_same_category)),
            ("box_iou", self.box_iou),
            ("category_top1", self.category_top1),
            ("category_top3", self.category_top3),
            ("category_top5", self.category_top5),
            ("item_recall_at_1", self.item_recall_at_1),
            ("item_recall_at_5", self.item_recall_at_5),
            ("item_recall_at_10", self.item_recall_at_10),
            ("item_recall_at_20", self.item_recall_at_20),
        ]
        .into_iter()
        .chain(attributes)
        .filter_map(|(name, value)| {
            let value = value?;
            Some((name, value, self.intervals.get(name).copied().unwrap_or([value; 2])))
        })
        .collect()
    }
}

/// Whether each place, counted from 0, is one of the first `count`: 1 or 0.
fn within(places: &[usize], count: usize) -> Vec<f64> {
    places.iter().map(|&place| f64::from(place < count)).collect()
}

/// Where the first picture of its item stands for every query whose item is known, and `usize::MAX` where the gallery
/// has none, as for the `absent` ones whose category it does not even have; nothing where the gallery names no item.
fn item_places(queries: &[Seen], gallery: &[Seen], answers: &[Answer], absent: usize) -> Vec<usize> {
    if gallery.iter().all(|picture| picture.item.is_none()) {
        return Vec::new();
    }
    let found: BTreeMap<usize, usize> =
        answers.iter().filter_map(|answer| Some((answer.query, answer.item_place?))).collect();
    let known = queries.iter().enumerate().filter(|(_, query)| query.item.is_some());
    let places = known.map(|(query, _)| found.get(&query).copied().unwrap_or(usize::MAX));
    places.chain(std::iter::repeat_n(usize::MAX, absent)).collect()
}
