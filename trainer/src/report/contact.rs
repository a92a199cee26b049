//! Contact sheets: queries, each with the five pictures that it finds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use rayon::prelude::*;

use super::data_url;
use super::page::escape;
use crate::evaluation::{Answer, Evaluation, Seen};
use crate::indexing::thumbnail;
use crate::{pictures, sheet};

/// How many queries are shown.
const QUERIES: usize = 24;
/// Pixels of a thumbnail, at most, and its quality.
const THUMBNAIL: (u32, u32) = (144, 192);
const QUALITY: f32 = 70.0;

/// Queries of all categories in turn, chosen by chance, with what they find. Fails where a picture that could be read
/// cannot be read any more.
pub(super) fn draw(evaluation: &Evaluation) -> Result<String> {
    let mut categories = BTreeMap::<usize, Vec<&Answer>>::new();
    for answer in &evaluation.answers {
        categories.entry(answer.outcome.category).or_default().push(answer);
    }
    let rows = sheet::in_turn(categories, QUERIES, 0)
        .into_par_iter()
        .map(|(_, answer)| row(evaluation, answer))
        .collect::<Result<Vec<String>>>()?;
    Ok(format!("<div class=\"sheet\">\n{}</div>", rows.concat()))
}

fn row(evaluation: &Evaluation, answer: &Answer) -> Result<String> {
    let query = &evaluation.queries[answer.query];
    let mut out = format!(
        "<div class=\"row\"><figure class=\"query\">{}<figcaption>{}</figcaption></figure>\n",
        picture(&query.sample.path, &format!("Query: {}", query.sample.category))?,
        escape(&query.sample.category)
    );
    for (place, &number) in answer.nearest.iter().enumerate() {
        let found = &evaluation.gallery[number];
        let (kind, sign) = verdict(query, found);
        let words = format!("Place {}: {}", place + 1, found.sample.category);
        let _ = writeln!(
            out,
            "<figure class=\"{kind}\">{}<figcaption><b>{sign}</b> {}</figcaption></figure>",
            picture(&found.sample.path, &words)?,
            escape(&found.sample.category)
        );
    }
    out.push_str("</div>\n");
    Ok(out)
}

/// The class of a frame, and the sign that says the same without colour.
fn verdict(query: &Seen, found: &Seen) -> (&'static str, &'static str) {
    if query.item.is_some() && query.item == found.item {
        ("right item", "✓ same item,")
    } else if query.category == found.category {
        ("right", "✓")
    } else {
        ("wrong", "✗")
    }
}

fn picture(path: &Path, words: &str) -> Result<String> {
    let (width, height) = THUMBNAIL;
    let small = thumbnail::shrink(&pictures::load(path)?, width, height)?;
    Ok(format!(
        "<img alt=\"{}\" width=\"{}\" height=\"{}\" loading=\"lazy\" src=\"{}\">",
        escape(words),
        small.width(),
        small.height(),
        data_url::webp(&thumbnail::encode(&small, QUALITY)?)
    ))
}
