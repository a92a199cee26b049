//! Measures a trained network by retrieval: how well the nearest pictures of a gallery tell what a query shows, and how
//! near their colours are.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use model::colour;
use model::embedder::Embedder;
use rayon::prelude::*;
use serde::Serialize;

use crate::dataset::labels::Aliases;
use crate::dataset::{Dataset, Sample};
use crate::metrics::{Outcome, bootstrap, macro_f1, mean};
use crate::pictures;
use crate::progress::Progress;
use crate::trained;

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
    /// 95% bootstrap intervals of the figures above.
    pub intervals: BTreeMap<&'static str, [f64; 2]>,
    /// Number of queries.
    pub n: usize,
    /// Number of gallery pictures.
    pub gallery: usize,
    /// Number of pictures that could not be read and are left out.
    pub unreadable: usize,
    /// The categories that take part.
    pub classes: Vec<String>,
}

/// What is known of a picture once the network has seen it.
struct Seen {
    sample: Sample,
    category: usize,
    vector: Vec<f32>,
    colour: [u8; 3],
    box_iou: Option<f64>,
    head_is_right: Option<bool>,
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
) -> Result<Report> {
    let gallery = gallery.only(&classes);
    let queries = queries.only(&classes);
    let total = gallery.samples.len() + queries.samples.len();
    let progress = Progress::new("pictures embedded", total);
    let look = |data: Dataset| see(embedder, data, &classes, aliases, flip, &progress);
    let (gallery, queries) = (look(gallery)?, look(queries)?);
    progress.finish();
    ensure!(!gallery.is_empty(), "The gallery has no readable picture of the categories in question");
    ensure!(!queries.is_empty(), "The queries have no readable picture of the categories in question");

    let compared: Vec<Compared> = queries.par_iter().filter_map(|query| compare(query, &gallery)).collect();
    ensure!(!compared.is_empty(), "Every query is the only picture of the gallery");
    let unreadable = total - gallery.len() - queries.len();
    Ok(report(&queries, &compared, gallery.len(), unreadable, classes))
}

/// A query's ranking, judged.
struct Compared {
    outcome: Outcome,
    colour_delta_e_at_5: f64,
    colour_delta_e_same_category: Option<f64>,
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
            let head_is_right = label.map(|label| embedding.category().0 == label);
            progress.increment();
            Ok(Some(Seen { sample, category, vector: embedding.vector, colour, box_iou, head_is_right }))
        })
        .collect::<Result<_>>()?;
    Ok(seen.into_iter().flatten().collect())
}

/// Ranks the gallery for one query, which itself does not count if it is in there.
fn compare(query: &Seen, gallery: &[Seen]) -> Option<Compared> {
    let mut ranking: Vec<(f32, &Seen)> = gallery
        .iter()
        .filter(|other| other.sample.path != query.sample.path)
        .map(|other| (query.vector.iter().zip(&other.vector).map(|(a, b)| a * b).sum(), other))
        .collect();
    // A stable sort: among equals the earlier row comes first.
    ranking.sort_by(|a, b| b.0.total_cmp(&a.0));
    let categories: Vec<usize> = ranking.iter().map(|(_, other)| other.category).collect();
    let delta_e = |other: &Seen| f64::from(colour::ciede2000(query.colour, other.colour));
    let mut same_category = ranking
        .iter()
        .filter(|(_, other)| other.category == query.category)
        .map(|(_, other)| delta_e(other))
        .peekable();
    Some(Compared {
        outcome: Outcome::judge(query.category, &categories)?,
        colour_delta_e_at_5: mean(ranking.iter().take(5).map(|(_, other)| delta_e(other))),
        colour_delta_e_same_category: same_category.peek().is_some().then(|| mean(same_category)),
    })
}

fn report(
    queries: &[Seen],
    compared: &[Compared],
    gallery: usize,
    unreadable: usize,
    classes: Vec<String>,
) -> Report {
    let mut intervals = BTreeMap::new();
    let mut figure = |name: &'static str, values: Vec<f64>| {
        let interval = bootstrap(values.len(), |indices| mean(indices.iter().map(|&index| values[index])));
        intervals.insert(name, interval);
        mean(values)
    };
    let all = |value: fn(&Compared) -> f64| compared.iter().map(value).collect::<Vec<_>>();
    let top1 = figure("top1", all(|one| f64::from(one.outcome.nearest == one.outcome.category)));
    let top3 = figure("top3", all(|one| f64::from(one.outcome.in_top3)));
    let precision_at_5 = figure("precision_at_5", all(|one| one.outcome.precision_at_5));
    let map_at_r = figure("map_at_r", all(|one| one.outcome.average_precision_at_r));
    let colour_delta_e_at_5 = figure("colour_delta_e_at_5", all(|one| one.colour_delta_e_at_5));
    let same_category: Vec<f64> =
        compared.iter().filter_map(|one| one.colour_delta_e_same_category).collect();
    let colour_delta_e_same_category = figure("colour_delta_e_same_category", same_category);
    let mut figure_if_any = |name, values: Vec<f64>| (!values.is_empty()).then(|| figure(name, values));
    let box_iou = figure_if_any("box_iou", queries.iter().filter_map(|query| query.box_iou).collect());
    let heads = queries.iter().filter_map(|query| query.head_is_right.map(f64::from)).collect();
    let category_top1 = figure_if_any("category_top1", heads);

    let pairs: Vec<(usize, usize)> =
        compared.iter().map(|one| (one.outcome.category, one.outcome.nearest)).collect();
    let f1_interval = bootstrap(pairs.len(), |indices| {
        macro_f1(&indices.iter().map(|&index| pairs[index]).collect::<Vec<_>>())
    });
    intervals.insert("macro_f1", f1_interval);
    Report {
        top1,
        top3,
        macro_f1: macro_f1(&pairs),
        precision_at_5,
        map_at_r,
        colour_delta_e_at_5,
        colour_delta_e_same_category,
        box_iou,
        category_top1,
        intervals,
        n: compared.len(),
        gallery,
        unreadable,
        classes,
    }
}
