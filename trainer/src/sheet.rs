//! Contact sheets: a row a query, the photo first and then what it finds, framed green where the category is right and
//! red where it is wrong.

use std::collections::BTreeMap;

use image::imageops::{self, FilterType};
use image::{Rgb, RgbImage};
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

/// A query with its results.
pub struct Row {
    /// The photo that was searched with.
    pub query: RgbImage,
    /// What it found, best first.
    pub results: Vec<Cell>,
}

/// A result.
pub struct Cell {
    /// Its picture.
    pub picture: RgbImage,
    /// Whether it has the query's category, where that is known.
    pub is_right: Option<bool>,
}

const CELL: (u32, u32) = (132, 176);
const FRAME: u32 = 4;
const GAP: u32 = 10;
/// Between the query and its results.
const QUERY_GAP: u32 = 26;
/// Between two columns of rows.
const COLUMN_GAP: u32 = 56;
const MARGIN: u32 = 28;

const PAPER: Rgb<u8> = Rgb([247, 246, 243]);
const MAT: Rgb<u8> = Rgb([255, 255, 255]);
const NEUTRAL: Rgb<u8> = Rgb([222, 220, 214]);
const RIGHT: Rgb<u8> = Rgb([46, 158, 91]);
const WRONG: Rgb<u8> = Rgb([205, 62, 52]);
const QUERY: Rgb<u8> = Rgb([52, 54, 60]);

/// One of each category in turn until there are `count`, each category's in an order that `seed` chooses.
#[must_use]
pub fn in_turn<K: Ord + Clone, T>(
    mut categories: BTreeMap<K, Vec<T>>,
    count: usize,
    seed: u64,
) -> Vec<(K, T)> {
    let mut chance = ChaCha8Rng::seed_from_u64(seed);
    for queries in categories.values_mut() {
        queries.shuffle(&mut chance);
    }
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let before = chosen.len();
        for (category, queries) in &mut categories {
            chosen.extend(queries.pop().map(|query| (category.clone(), query)));
        }
        if chosen.len() == before {
            break;
        }
    }
    chosen.truncate(count);
    chosen
}

/// Lays the rows out in `columns` columns, down the first, then down the next.
#[must_use]
pub fn draw(rows: &[Row], columns: u32) -> RgbImage {
    let columns = columns.clamp(1, rows.len().max(1) as u32);
    let down = (rows.len() as u32).div_ceil(columns);
    let results = rows.iter().map(|row| row.results.len()).max().unwrap_or(0) as u32;
    let step = CELL.0 + 2 * FRAME + GAP;
    let row_width = CELL.0 + 2 * FRAME + QUERY_GAP + (results * step).saturating_sub(GAP);
    let row_height = CELL.1 + 2 * FRAME + GAP;
    let mut sheet = RgbImage::from_pixel(
        2 * MARGIN + columns * row_width + (columns - 1) * COLUMN_GAP,
        2 * MARGIN + (down * row_height).saturating_sub(GAP),
        PAPER,
    );
    for (number, row) in rows.iter().enumerate() {
        let (column, line) = (number as u32 / down.max(1), number as u32 % down.max(1));
        let (left, top) = (MARGIN + column * (row_width + COLUMN_GAP), MARGIN + line * row_height);
        place(&mut sheet, &row.query, left, top, QUERY);
        let first = left + CELL.0 + 2 * FRAME + QUERY_GAP;
        for (place_number, cell) in row.results.iter().enumerate() {
            let frame = match cell.is_right {
                Some(true) => RIGHT,
                Some(false) => WRONG,
                None => NEUTRAL,
            };
            place(&mut sheet, &cell.picture, first + place_number as u32 * step, top, frame);
        }
    }
    sheet
}

/// A picture as large as fits into a cell, in the middle of white, with a frame around.
fn place(sheet: &mut RgbImage, picture: &RgbImage, left: u32, top: u32, frame: Rgb<u8>) {
    fill(sheet, left, top, CELL.0 + 2 * FRAME, CELL.1 + 2 * FRAME, frame);
    fill(sheet, left + FRAME, top + FRAME, CELL.0, CELL.1, MAT);
    let (width, height) = (picture.width().max(1), picture.height().max(1));
    let scale = (CELL.0 as f32 / width as f32).min(CELL.1 as f32 / height as f32);
    let fitted = |side: u32, limit: u32| ((side as f32 * scale).round() as u32).clamp(1, limit);
    let (width, height) = (fitted(width, CELL.0), fitted(height, CELL.1));
    let small = imageops::resize(picture, width, height, FilterType::CatmullRom);
    let (x, y) = (left + FRAME + (CELL.0 - width) / 2, top + FRAME + (CELL.1 - height) / 2);
    imageops::replace(sheet, &small, i64::from(x), i64::from(y));
}

fn fill(sheet: &mut RgbImage, left: u32, top: u32, width: u32, height: u32, colour: Rgb<u8>) {
    let area = RgbImage::from_pixel(width, height, colour);
    imageops::replace(sheet, &area, i64::from(left), i64::from(top));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(colour: [u8; 3], width: u32, height: u32) -> RgbImage {
        RgbImage::from_pixel(width, height, Rgb(colour))
    }

    #[test]
    fn frames_say_what_is_right() {
        let cell = |is_right| Cell { picture: plain([9, 9, 200], 300, 400), is_right };
        let row = Row {
            query: plain([200, 9, 9], 400, 300),
            results: vec![cell(Some(true)), cell(Some(false)), cell(None)],
        };
        let sheet = draw(&[row], 2);
        let middle = MARGIN + FRAME + CELL.1 / 2;
        let first = MARGIN + CELL.0 + 2 * FRAME + QUERY_GAP;
        let step = CELL.0 + 2 * FRAME + GAP;
        assert_eq!(*sheet.get_pixel(MARGIN + FRAME + CELL.0 / 2, middle), Rgb([200, 9, 9]));
        for (number, frame) in [RIGHT, WRONG, NEUTRAL].into_iter().enumerate() {
            assert_eq!(*sheet.get_pixel(first + number as u32 * step, middle), frame);
            assert_eq!(*sheet.get_pixel(first + number as u32 * step + CELL.0 / 2, middle), Rgb([9, 9, 200]));
        }
        // The query is wider than high: white above and below.
        assert_eq!(*sheet.get_pixel(MARGIN + FRAME + 3, MARGIN + FRAME + 3), MAT);
    }

    #[test]
    fn categories_take_turns() {
        let all = || BTreeMap::from([("dress", vec![1, 2, 3, 4]), ("hat", vec![9])]);
        let names = |count| in_turn(all(), count, 7).iter().map(|(name, _)| *name).collect::<Vec<_>>();
        assert_eq!(names(3), ["dress", "hat", "dress"]);
        assert_eq!(names(100), ["dress", "hat", "dress", "dress", "dress"]);
        assert_eq!(in_turn(all(), 5, 1), in_turn(all(), 5, 1));
    }

    #[test]
    fn an_empty_sheet_is_still_a_picture() {
        assert!(draw(&[], 2).width() > 0);
    }
}
