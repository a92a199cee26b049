//! The figures of each category for itself.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Answer, Seen};
use crate::metrics::mean;

/// What queries of one category find; each figure as in [`Report`](super::Report).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassFigures {
    /// Number of queries that have a picture of the category to find.
    pub n: usize,
    /// Share of them whose nearest neighbour has the category.
    pub top1: f64,
    /// Mean share of the five nearest that have it.
    pub precision_at_5: f64,
    /// Share of them whose category the network's head names, where it has that label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category_top1: Option<f64>,
}

/// The categories that have queries with anything to find, by name.
pub(super) fn by_class(
    queries: &[Seen],
    answers: &[Answer],
    classes: &[String],
) -> BTreeMap<String, ClassFigures> {
    let of = |(number, name): (usize, &String)| {
        let own: Vec<&Answer> = answers.iter().filter(|answer| answer.outcome.category == number).collect();
        let share = |value: fn(&Answer) -> f64| mean(own.iter().map(|answer| value(answer)));
        let places: Vec<usize> = own.iter().filter_map(|answer| queries[answer.query].head_place).collect();
        let named = || mean(places.iter().map(|place| f64::from(*place == 0)));
        let figures = ClassFigures {
            n: own.len(),
            top1: share(|answer| f64::from(answer.outcome.nearest == answer.outcome.category)),
            precision_at_5: share(|answer| answer.outcome.precision_at_5),
            category_top1: (!places.is_empty()).then(named),
        };
        (!own.is_empty()).then(|| (name.clone(), figures))
    };
    classes.iter().enumerate().filter_map(of).collect()
}
