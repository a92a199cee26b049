//! The embeddings on a plane, a mark a picture. A category has its own pair of shape and colour, and its name stands in
//! its middle: the map can be read in grey, too.

use std::fmt::Write as _;

use super::page::{count, escape, shorten};
use super::projection;

/// How to read it.
pub(super) const NOTE: &str = "Pictures that the network finds alike are neighbours (t-SNE of up to 1,500 pictures; \
                               only nearness means something, not directions or the size of gaps).";
/// At most so many pictures are shown, evenly taken from all.
const POINTS: usize = 1500;
const SIZE: (f64, f64) = (720.0, 560.0);
const EDGE: f64 = 26.0;
/// Names of more categories than this would lie on top of each other.
const NAMES: usize = 20;
/// How many colours the style sheet has, and how many shapes [`mark`].
const LOOKS: usize = 8;

/// A picture to show.
pub(super) struct Point<'a> {
    /// Its embedding.
    pub(super) vector: &'a [f32],
    /// Its category's number.
    pub(super) category: usize,
    /// Whether it is a query; the gallery's are paler.
    pub(super) is_query: bool,
}

/// The map and its legend; `labels` by number. Takes some seconds where there are many pictures.
pub(super) fn draw(points: &[Point], labels: &[String]) -> String {
    let shown: Vec<&Point> = evenly(points.len(), POINTS).map(|place| &points[place]).collect();
    let plane = projection::project(&shown.iter().map(|point| point.vector).collect::<Vec<_>>());
    let scale = f64::min(SIZE.0, SIZE.1) / 2.0 - EDGE;
    // The plane is fitted by its longer side, which is laid across.
    let wide = plane.iter().map(|point| point[0].abs()).fold(0.0, f32::max);
    let tall = plane.iter().map(|point| point[1].abs()).fold(0.0, f32::max);
    let (stretch_x, stretch_y) = ((SIZE.0 / 2.0 - EDGE) / scale, 1.0);
    let (stretch_x, stretch_y) = if wide >= tall { (stretch_x, stretch_y) } else { (stretch_y, stretch_y) };
    let places: Vec<(f64, f64)> = plane
        .iter()
        .map(|&[x, y]| {
            (SIZE.0 / 2.0 + f64::from(x) * scale * stretch_x, SIZE.1 / 2.0 - f64::from(y) * scale * stretch_y)
        })
        .collect();

    let mut svg = format!(
        "<svg class=\"map\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"Map of {} embeddings\">",
        SIZE.0,
        SIZE.1,
        shown.len()
    );
    let mut names = String::new();
    let mut legend = "<ul class=\"legend\">".to_owned();
    let categories: Vec<usize> =
        (0..labels.len()).filter(|&number| shown.iter().any(|point| point.category == number)).collect();
    for &number in &categories {
        let own: Vec<(&Point, (f64, f64))> = shown
            .iter()
            .zip(&places)
            .filter(|(point, _)| point.category == number)
            .map(|(point, place)| (*point, *place))
            .collect();
        let (shape, colour) = look(number);
        let label = escape(&labels[number]);
        for (is_query, class) in [(false, "pale"), (true, "strong")] {
            let marks: String = own
                .iter()
                .filter(|(point, _)| point.is_query == is_query)
                .map(|(_, place)| mark(shape, *place, 3.6))
                .collect();
            if !marks.is_empty() {
                let _ = write!(
                    svg,
                    "<path class=\"{class} hue-{colour}\" d=\"{marks}\"><title>{label}</title></path>"
                );
            }
        }
        let _ = write!(
            legend,
            "<li><svg class=\"key\" viewBox=\"0 0 12 12\" aria-hidden=\"true\"><path class=\"strong hue-{colour}\" \
             d=\"{}\"/></svg>{label} <b>{}</b></li>",
            mark(shape, (6.0, 6.0), 4.6),
            count(own.len())
        );
        if categories.len() <= NAMES {
            let (x, y) = middle(&own.iter().map(|(_, place)| *place).collect::<Vec<_>>());
            let name = escape(&shorten(&labels[number], 20));
            let _ = write!(names, "<text class=\"name middle\" x=\"{x:.1}\" y=\"{y:.1}\">{name}</text>");
        }
    }
    let _ = write!(svg, "{names}</svg>");
    format!("{svg}{legend}</ul>")
}

/// Shape and colour: the first eight categories differ in both, the next ones in pairs.
fn look(category: usize) -> (usize, usize) {
    (category % LOOKS, (category + category / LOOKS) % LOOKS)
}

/// Places of `count` of `total`, evenly apart.
fn evenly(total: usize, count: usize) -> impl Iterator<Item = usize> {
    let shown = total.min(count);
    (0..shown).map(move |number| number * total / shown)
}

/// The point of these that is nearest to the middle of each axis.
fn middle(places: &[(f64, f64)]) -> (f64, f64) {
    let median = |of: fn(&(f64, f64)) -> f64| {
        let mut values: Vec<f64> = places.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let (x, y) = (median(|place| place.0), median(|place| place.1));
    let distance = |place: &(f64, f64)| (place.0 - x).hypot(place.1 - y);
    let nearest = places.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
    nearest.map_or((x, y), |place| (place.0.clamp(60.0, SIZE.0 - 60.0), place.1))
}

/// A closed way around a mark of about the radius `r`.
fn mark(shape: usize, (x, y): (f64, f64), r: f64) -> String {
    match shape {
        // Circle.
        0 => format!("M{:.1} {y:.1}a{r} {r} 0 1 0 {d:.1} 0a{r} {r} 0 1 0 -{d:.1} 0z", x - r, d = 2.0 * r),
        // Triangle on its base.
        1 => corners(x, y, r * 1.25, &[(0.0, -1.0), (0.87, 0.6), (-0.87, 0.6)]),
        // Square.
        2 => corners(x, y, r * 0.9, &[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)]),
        // Plus.
        3 => corners(x, y, r * 1.15, &PLUS),
        // Diamond.
        4 => corners(x, y, r * 1.3, &[(0.0, -1.0), (0.75, 0.0), (0.0, 1.0), (-0.75, 0.0)]),
        // Triangle on its tip.
        5 => corners(x, y, r * 1.25, &[(0.0, 1.0), (0.87, -0.6), (-0.87, -0.6)]),
        // Cross.
        6 => {
            let turned = PLUS.map(|(a, b)| ((a - b) * 0.707, (a + b) * 0.707));
            corners(x, y, r * 1.15, &turned)
        }
        // Bar.
        _ => corners(x, y, r * 1.2, &[(-1.0, -0.4), (1.0, -0.4), (1.0, 0.4), (-1.0, 0.4)]),
    }
}

const PLUS: [(f64, f64); 12] = [
    (-0.33, -1.0),
    (0.33, -1.0),
    (0.33, -0.33),
    (1.0, -0.33),
    (1.0, 0.33),
    (0.33, 0.33),
    (0.33, 1.0),
    (-0.33, 1.0),
    (-0.33, 0.33),
    (-1.0, 0.33),
    (-1.0, -0.33),
    (-0.33, -0.33),
];

fn corners(x: f64, y: f64, r: f64, at: &[(f64, f64)]) -> String {
    let way: Vec<String> = at.iter().map(|(a, b)| format!("{:.1} {:.1}", x + a * r, y + b * r)).collect();
    format!("M{}z", way.join("L"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_of_sixty_four_categories_look_alike() {
        let looks: BTreeSet<_> = (0..64).map(look).collect();
        assert_eq!(looks.len(), 64);
        let shapes: BTreeSet<_> = (0..LOOKS).map(|shape| mark(shape, (50.0, 50.0), 4.0)).collect();
        assert_eq!(shapes.len(), LOOKS);
    }

    #[test]
    fn points_are_taken_evenly() {
        assert_eq!(evenly(10, 5).collect::<Vec<_>>(), [0, 2, 4, 6, 8]);
        assert_eq!(evenly(3, 5).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(evenly(0, 5).count(), 0);
    }

    #[test]
    fn every_category_has_marks_a_name_and_a_place_in_the_legend() {
        let vectors: Vec<Vec<f32>> = (0..20).map(|i| vec![i as f32, (i % 3) as f32]).collect();
        let points: Vec<Point> = vectors
            .iter()
            .enumerate()
            .map(|(number, vector)| Point { vector, category: number % 2, is_query: number < 10 })
            .collect();
        let html = draw(&points, &["<hat>".to_owned(), "dress".to_owned(), "none of these".to_owned()]);
        assert_eq!(html.matches("<title>dress</title>").count(), 2);
        assert!(html.contains("&lt;hat&gt; <b>10</b>") && !html.contains("<hat>"), "{html}");
        assert!(html.contains(">dress</text>") && !html.contains("none of these"), "{html}");
    }
}
