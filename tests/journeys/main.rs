//! What a person can do with the page, done in a real browser; and the network against an independent twin.
//!
//! Each journey runs on the backends that it concerns, against the site that `make dist` built. Photos are drawn here or
//! taken from the shipped catalogue; the same is done with real photos where there are some on this machine.

mod accessible;
mod bad_files;
mod bad_photos;
mod burden;
mod camera;
mod cards;
mod compare;
mod element;
mod filters;
mod frame;
mod guest;
mod hostile;
mod intake;
mod judge;
mod keyboard;
mod languages;
mod large;
mod loading;
mod module;
mod network;
mod offline;
mod others;
mod peers;
mod phone;
mod places;
mod progressive;
mod search;
mod takeover;
mod unlike;
mod wardrobe;
mod workers;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use e2e::page::{Page, View};
use model::search::Hit;

/// Writes a photo for the browser's file input.
fn save(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let file = folder.join(name);
    fs::write(&file, bytes)?;
    Ok(file)
}

/// How many items the page says that there were to choose from.
fn choice_shown(page: &Page) -> Result<usize> {
    let text =
        page.browser().execute(r#"return document.querySelector('[data-testid="count"]')?.dataset.count"#)?;
    text.as_str().context("no number of items is shown")?.parse().context("that is no number")
}

/// Five different items of the catalogue, best first, each with a picture that a screen reader can speak of.
fn check_five_results(view: &View, ids: &[&str]) -> Result<()> {
    ensure!(view.cards.len() == 5, "{} results instead of five", view.cards.len());
    for (rank, card) in view.cards.iter().enumerate() {
        ensure!(ids.contains(&card.id.as_str()), "the catalogue has no item {}", card.id);
        ensure!(!view.cards[..rank].iter().any(|other| other.id == card.id), "{} comes twice", card.id);
        ensure!(!card.category.is_empty() && !card.alt.is_empty(), "{} has no category or no text", card.id);
        ensure!(
            rank == 0 || card.score <= view.cards[rank - 1].score,
            "result {rank} is better than the one before"
        );
    }
    Ok(())
}

/// Cosine of the angle between two vectors.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

/// The page searched with the vector that the native network computes, and ranked as native search does.
///
/// `agreement` is the least cosine. Items whose native scores lie closer together than the backends' numbers do may
/// change places.
fn check_against_native(
    view: &View,
    vector: &[f32],
    hits: &[Hit],
    ids: &[&str],
    agreement: f32,
) -> Result<()> {
    let embedding = view.query.as_ref().map(|query| query.embedding.as_slice()).unwrap_or_default();
    ensure!(embedding.len() == vector.len(), "{} values instead of {}", embedding.len(), vector.len());
    let cosine = cosine(embedding, vector);
    println!("cosine with the native embedding: {cosine}");
    ensure!(cosine > agreement, "the browser's embedding is off: its cosine with the native one is {cosine}");
    // Unit vectors that far apart differ by this much in any score.
    let slack = (2.0 - 2.0 * agreement).sqrt();
    for (card, hit) in view.cards.iter().zip(hits) {
        ensure!(
            (card.score - hit.score).abs() < slack,
            "{} scores {} in the page where native search finds {} with {}",
            card.id,
            card.score,
            ids[hit.row],
            hit.score
        );
    }
    Ok(())
}
