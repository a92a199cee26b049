//! Contact sheets: queries, each with the five pictures that it finds.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use image::RgbImage;
use rayon::prelude::*;

use super::data_url;
use super::page::escape;
use crate::indexing::thumbnail;
use crate::{pictures, sheet};

/// How many pictures a query finds: a row of the style sheet has room for so many.
pub(super) const FOUND: usize = 5;
/// How to read the frames.
pub(super) const NOTE: &str = "Green with a tick: the query's category. Red with a cross: another.";
/// How many queries are shown.
const QUERIES: usize = 24;
/// Pixels of a thumbnail, at most, and its quality.
const THUMBNAIL: (u32, u32) = (144, 192);
const QUALITY: f32 = 70.0;

/// A query with what it finds; `I` is what tells items apart.
pub(super) struct Row<'a, I> {
    /// What was searched with.
    pub(super) query: Card<'a, I>,
    /// What it found, nearest first.
    pub(super) found: Vec<Card<'a, I>>,
}

/// A picture, and what is known of it.
pub(super) struct Card<'a, I> {
    /// Where the picture is.
    pub(super) pixels: Pixels<'a>,
    /// Name of its category.
    pub(super) category: &'a str,
    /// The item that it shows, where that is known.
    pub(super) item: Option<I>,
}

/// Where a picture is.
pub(super) enum Pixels<'a> {
    /// In this file. It is read when its turn comes: the photos of a sheet are never in memory together.
    File(&'a Path),
    /// Here.
    Memory(&'a RgbImage),
}

/// Which queries are shown: of all categories in turn, chosen by chance, and the same each time. Takes each query with
/// its category.
pub(super) fn choose<T>(queries: impl Iterator<Item = (usize, T)>) -> Vec<T> {
    let mut categories = BTreeMap::<usize, Vec<T>>::new();
    for (category, query) in queries {
        categories.entry(category).or_default().push(query);
    }
    sheet::in_turn(categories, QUERIES, 0).into_iter().map(|(_, query)| query).collect()
}

/// The sheet. Fails where a picture cannot be read any more.
pub(super) fn draw<I: PartialEq + Sync>(rows: &[Row<'_, I>]) -> Result<String> {
    let rows = rows.par_iter().map(draw_row).collect::<Result<Vec<String>>>()?;
    Ok(format!("<div class=\"sheet\">\n{}</div>", rows.concat()))
}

fn draw_row<I: PartialEq>(row: &Row<'_, I>) -> Result<String> {
    let Row { query, found } = row;
    let mut out = format!(
        "<div class=\"row\"><figure class=\"query\">{}<figcaption>{}</figcaption></figure>\n",
        picture(&query.pixels, &format!("Query: {}", query.category))?,
        escape(query.category)
    );
    for (place, found) in found.iter().enumerate() {
        let (kind, sign) = verdict(query, found);
        let words = format!("Place {}: {}", place + 1, found.category);
        let _ = writeln!(
            out,
            "<figure class=\"{kind}\">{}<figcaption><b>{sign}</b> {}</figcaption></figure>",
            picture(&found.pixels, &words)?,
            escape(found.category)
        );
    }
    out.push_str("</div>\n");
    Ok(out)
}

/// The class of a frame, and the sign that says the same without colour.
fn verdict<I: PartialEq>(query: &Card<'_, I>, found: &Card<'_, I>) -> (&'static str, &'static str) {
    if query.item.is_some() && query.item == found.item {
        ("right item", "✓ same item,")
    } else if query.category == found.category {
        ("right", "✓")
    } else {
        ("wrong", "✗")
    }
}

fn picture(pixels: &Pixels<'_>, words: &str) -> Result<String> {
    let (width, height) = THUMBNAIL;
    let pixels = match *pixels {
        Pixels::File(path) => Cow::Owned(pictures::load(path)?),
        Pixels::Memory(pixels) => Cow::Borrowed(pixels),
    };
    let small = thumbnail::shrink(&pixels, width, height)?;
    Ok(format!(
        "<img alt=\"{}\" width=\"{}\" height=\"{}\" loading=\"lazy\" src=\"{}\">",
        escape(words),
        small.width(),
        small.height(),
        data_url::webp(&thumbnail::encode(&small, QUALITY)?)
    ))
}
