//! The report of a training run, renewed with each validation: `report.html` in the run folder.

use std::path::Path;

use anyhow::Result;
use rayon::prelude::*;

use super::confusion::Confusion;
use super::contact::{self, Card, Pixels, Row};
use super::map::{self, Point};
use super::page::{Page, count};
use super::{curves, recipe};
use crate::files;
use crate::ranking::nearest_first;
use crate::training::checkpoint::Progress;
use crate::training::sources::Picture;

/// Name of the report in a run folder.
pub const NAME: &str = "report.html";

/// A validation picture and what the network makes of it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// The picture.
    pub picture: &'a Picture,
    /// Its feature, of length 1: as many numbers for each picture.
    pub vector: &'a [f32],
}

/// Writes the report of the run in this folder, which is as far as `progress` says. `pairs` are the categories of the
/// validation part and those that the network's head answers; `seen` are its pictures, for the map and the contact
/// sheet that the last step brings.
///
/// Fails, naming the file, where log or recipe cannot be read, or the report not be written.
pub fn write(run: &Path, progress: &Progress, pairs: &[(usize, usize)], seen: &[Seen]) -> Result<()> {
    files::write(&run.join(NAME), page(run, progress, pairs, seen)?.as_bytes())
}

fn page(run: &Path, progress: &Progress, pairs: &[(usize, usize)], seen: &[Seen]) -> Result<String> {
    let Progress { step, best_step, best_error, labels, recipe, .. } = progress;
    // One picture has nothing to be near to.
    let are_compared = seen.len() > 1;
    // The map takes seconds, which a run that validates often should not spend each time.
    let is_over = *step >= recipe.steps;
    let mut page = Page::new("Training");
    page.lead(&format!("Step {} of {}.", count(*step), count(recipe.steps)));
    if pairs.is_empty() {
        page.lead("There is no validation part: no step is measured, and the last one is kept as the best.");
    } else if let Some(best_error) = best_error {
        page.lead(&format!(
            "The best so far is step {}, with an error of {:.1}% on the validation part.",
            count(*best_step),
            100.0 * best_error
        ));
    }
    if are_compared && !is_over {
        page.lead("A map of the embeddings and a contact sheet come with the last step.");
    }
    page.section(
        "Learning curves",
        "Over the steps of training. The validation part is measured with the running average of the weights.",
        curves::draw(run)?,
    );
    page.section(
        "Confusion",
        "A row is the validation pictures of one category, a column what the network calls them. A cell has the number \
         of pictures; its shade is their share of the row.",
        Confusion::of(labels, pairs).draw(),
    );
    if are_compared && is_over {
        let points: Vec<Point> = seen
            .iter()
            .map(|one| Point { vector: one.vector, category: one.picture.label, is_query: true })
            .collect();
        page.section(
            "Map of the embeddings",
            &format!(
                "The validation part by the running average's features alone: an export may add colours and a second \
                 look. {}",
                map::NOTE
            ),
            map::draw(&points, labels),
        );
        page.section(
            "Contact sheet",
            &format!(
                "Validation pictures chosen by chance, the categories in turn, each with the five nearest of all \
                 others by the same features. {}",
                contact::NOTE
            ),
            contact::draw(&rows(seen, labels))?,
        );
    }
    page.section("Recipe", "", recipe::draw(&recipe::of_run(run)?));
    Ok(page.finish())
}

/// The contact sheet's queries with what they find.
fn rows<'a>(seen: &[Seen<'a>], labels: &'a [String]) -> Vec<Row<'a, usize>> {
    let card = |place: usize| {
        let picture = seen[place].picture;
        Card { pixels: Pixels::Memory(&picture.pixels), category: &labels[picture.label], item: picture.item }
    };
    let queries = contact::choose(seen.iter().enumerate().map(|(place, one)| (one.picture.label, place)));
    queries
        .into_par_iter()
        .map(|query| Row { query: card(query), found: nearest(seen, query).into_iter().map(card).collect() })
        .collect()
}

/// The places of the pictures whose features are the nearest to this one's, itself left out, nearest first. Compares with
/// all of them: so few queries ask that even a large validation part takes no time.
fn nearest(seen: &[Seen], query: usize) -> Vec<usize> {
    let others = seen.iter().map(|other| other.vector).enumerate().filter(|(place, _)| *place != query);
    let mut ranking = nearest_first(seen[query].vector, others);
    ranking.truncate(contact::FOUND);
    ranking
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::training::checkpoint::Unnoted;
    use crate::training::recipe::Recipe;

    /// A picture that is filled as far as its number says, so that no two are alike.
    fn picture(number: u8, label: usize, item: Option<usize>) -> Picture {
        let is_full = |x: u32, y: u32| 20 * y + x < 16 * u32::from(number);
        let pixels =
            RgbImage::from_fn(20, 24, |x, y| Rgb(if is_full(x, y) { [250, 240, 230] } else { [30, 40, 90] }));
        Picture { pixels, label, bbox: None, attributes: Vec::new(), item }
    }

    /// The page of a run that has so many steps left and measures these pictures, the features at these angles.
    fn page_of(left: usize, pictures: &[Picture], angles: &[f32]) -> String {
        let run = tempfile::tempdir().unwrap();
        fs::write(run.path().join("log.csv"), "step,loss\n50,2\n").unwrap();
        fs::write(run.path().join("recipe.toml"), "seed = 1").unwrap();
        let recipe = Recipe::find("quick").unwrap();
        let progress = Progress {
            step: recipe.steps - left,
            best_error: Some(0.25),
            best_step: 1,
            labels: ["dress", "hat"].map(str::to_owned).to_vec(),
            attributes: Vec::new(),
            data: String::new(),
            started_from: None,
            unnoted: Unnoted::default(),
            recipe,
        };
        let pairs: Vec<(usize, usize)> = pictures.iter().map(|one| (one.label, one.label)).collect();
        let vectors: Vec<[f32; 2]> = angles.iter().map(|angle| [angle.cos(), angle.sin()]).collect();
        let seen: Vec<Seen> =
            pictures.iter().zip(&vectors).map(|(picture, vector)| Seen { picture, vector }).collect();
        page(run.path(), &progress, &pairs, &seen).unwrap()
    }

    fn has_map_and_sheet(html: &str) -> [bool; 2] {
        ["Map of the embeddings", "Contact sheet"].map(|name| html.contains(&format!("<h2>{name}</h2>")))
    }

    /// The pictures' addresses, a list a row of the sheet, the query first.
    fn sheet(html: &str) -> Vec<Vec<&str>> {
        html.split("<div class=\"row\">")
            .skip(1)
            .map(|row| row.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect())
            .collect()
    }

    #[test]
    fn the_last_step_brings_a_map_and_a_framed_contact_sheet() {
        // Two of one dress, a hat, and another dress.
        let pictures =
            [picture(1, 0, Some(7)), picture(2, 0, Some(7)), picture(3, 1, None), picture(4, 0, None)];
        let html = page_of(0, &pictures, &[0.0, 0.1, 0.5, 1.5]);
        assert_eq!(has_map_and_sheet(&html), [true; 2]);
        assert!(html.contains("Map of 4 embeddings") && html.contains("dress <b>3</b>"), "{html}");
        let rows = sheet(&html);
        assert_eq!(rows.len(), 4);
        for row in &rows {
            // All others once, and not the query itself.
            assert_eq!((row.len(), row.iter().collect::<BTreeSet<_>>().len()), (4, 4), "{row:?}");
        }
        let frames = |kind: &str| html.matches(&format!("<figure class=\"{kind}\">")).count();
        assert_eq!(["query", "right item", "right", "wrong"].map(frames), [4, 2, 4, 6]);
        assert_eq!((html.matches("<b>✓").count(), html.matches("<b>✗").count()), (6, 6));
    }

    #[test]
    fn the_nearest_come_first_and_never_the_picture_itself() {
        let pictures: Vec<Picture> = (0..4).map(|number| picture(number, 0, None)).collect();
        let vectors = [0.0, 0.1, 0.5, 1.5f32].map(|angle| [angle.cos(), angle.sin()]);
        let seen: Vec<Seen> =
            pictures.iter().zip(&vectors).map(|(picture, vector)| Seen { picture, vector }).collect();
        assert_eq!(
            [0, 1, 2, 3].map(|query| nearest(&seen, query)),
            [[1, 2, 3], [0, 2, 3], [1, 0, 3], [2, 1, 0]]
        );
        assert!(nearest(&seen[..1], 0).is_empty());
    }

    #[test]
    fn a_sheet_has_a_few_queries_with_five_each() {
        let pictures: Vec<Picture> =
            (0..30).map(|number| picture(number, usize::from(number % 2), None)).collect();
        let angles: Vec<f32> = (0..30u8).map(|number| 0.1 * f32::from(number)).collect();
        let html = page_of(0, &pictures, &angles);
        let rows = sheet(&html);
        assert_eq!(rows.len(), 24);
        assert!(rows.iter().all(|row| row.iter().collect::<BTreeSet<_>>().len() == 6), "{rows:?}");
    }

    #[test]
    fn before_the_last_step_a_page_says_what_will_come() {
        let pictures = [picture(1, 0, None), picture(2, 1, None)];
        let html = page_of(1, &pictures, &[0.0, 1.0]);
        assert_eq!(has_map_and_sheet(&html), [false; 2]);
        assert!(html.contains("come with the last step") && html.contains("error of 25.0%"), "{html}");
    }

    #[test]
    fn nothing_to_compare_leaves_both_out_and_one_category_does_not() {
        let html = page_of(0, &[], &[]);
        assert_eq!(has_map_and_sheet(&html), [false; 2]);
        assert!(html.contains("There is no validation part") && !html.contains("<img"), "{html}");
        assert!(!page_of(1, &[], &[]).contains("come with the last step"));
        let one = [picture(1, 0, None)];
        assert_eq!(has_map_and_sheet(&page_of(0, &one, &[0.0])), [false; 2]);
        let two = [picture(1, 0, None), picture(2, 0, None)];
        let html = page_of(0, &two, &[0.0, 1.0]);
        assert_eq!(has_map_and_sheet(&html), [true; 2]);
        assert_eq!((sheet(&html).concat().len(), html.matches("<figure class=\"right\">").count()), (4, 2));
    }
}
