//! Line charts as SVG, drawn in the colours of the page.

use std::fmt::Write as _;

use super::page::{count, escape};

/// Width and height of a chart, and the margins of its plot: left, right, top, bottom.
const SIZE: (f64, f64) = (380.0, 216.0);
const MARGIN: [f64; 4] = [46.0, 26.0, 12.0, 26.0];
/// More points than this become means of neighbours: a chart has no more pixels.
const POINTS: usize = 300;
/// How many looks of lines the style sheet knows.
const LOOKS: usize = 4;

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    /// What it shows; need not be given where it is the only one.
    pub(super) name: String,
    /// `(step, value)`, steps rising, values finite.
    pub(super) points: Vec<(f64, f64)>,
}

/// A figure with a title, its lines, and a legend where there are several; nothing where there is no point.
pub(super) fn draw(title: &str, lines: &[Line]) -> String {
    let lines: Vec<Line> = lines
        .iter()
        .filter(|line| !line.points.is_empty())
        .map(|line| Line { name: line.name.clone(), points: thin(&line.points) })
        .collect();
    let points = || lines.iter().flat_map(|line| &line.points);
    let (Some(&(_, last)), true) = (lines.first().and_then(|line| line.points.last()), points().count() > 0)
    else {
        return String::new();
    };
    let x_ticks = ticks(0.0, points().map(|point| point.0).fold(0.0, f64::max), 4);
    let low = points().map(|point| point.1).fold(f64::INFINITY, f64::min);
    let high = points().map(|point| point.1).fold(f64::NEG_INFINITY, f64::max);
    let y_ticks = ticks(low, high, 4);
    let (x_axis, y_axis) = (Axis::over(&x_ticks), Axis::over(&y_ticks));
    let [left, right, top, bottom] = MARGIN;
    let (right, bottom) = (SIZE.0 - right, SIZE.1 - bottom);
    let place = |(x, y): (f64, f64)| {
        (left + x_axis.share(x) * (right - left), bottom - y_axis.share(y) * (bottom - top))
    };

    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}, last {}\">",
        SIZE.0,
        SIZE.1,
        escape(title),
        number(last)
    );
    for &tick in &y_ticks {
        let y = place((0.0, tick)).1;
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{left} {y:.1}H{right}\"/>\
             <text class=\"tick end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            left - 7.0,
            y + 4.0,
            number(tick)
        );
    }
    for &tick in &x_ticks {
        let x = place((tick, 0.0)).0;
        let _ = write!(
            svg,
            "<path class=\"grid\" d=\"M{x:.1} {bottom}v4\"/>\
             <text class=\"tick middle\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
            bottom + 18.0,
            count(tick as usize)
        );
    }
    for (number, line) in lines.iter().enumerate() {
        let look = number % LOOKS;
        let way: Vec<String> =
            line.points.iter().map(|&point| place(point)).map(|(x, y)| format!("{x:.1} {y:.1}")).collect();
        let _ = write!(svg, "<path class=\"line look-{look}\" d=\"M{}\"/>", way.join("L"));
        if let Some(&end) = line.points.last() {
            let (x, y) = place(end);
            let _ = write!(svg, "<circle class=\"dot look-{look}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>");
        }
    }
    svg.push_str("</svg>");
    let value = if lines.len() == 1 { format!("<b>{}</b>", number(last)) } else { String::new() };
    format!(
        "<figure class=\"chart\"><figcaption>{} {value}</figcaption>{svg}{}</figure>",
        escape(title),
        legend(&lines)
    )
}

fn legend(lines: &[Line]) -> String {
    if lines.len() < 2 {
        return String::new();
    }
    let mut out = "<ul class=\"legend\">".to_owned();
    for (place, line) in lines.iter().enumerate() {
        let last = line.points.last().map(|point| number(point.1)).unwrap_or_default();
        let _ = write!(
            out,
            "<li><svg class=\"key\" viewBox=\"0 0 28 8\" aria-hidden=\"true\">\
             <path class=\"line look-{}\" d=\"M1 4H27\"/></svg>{} <b>{last}</b></li>",
            place % LOOKS,
            escape(&line.name)
        );
    }
    out + "</ul>"
}

/// Means of neighbours, so that at most [`POINTS`] are left; the last one stays as it is.
fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS {
        return points.to_vec();
    }
    let (Some(&last), size) = (points.last(), points.len().div_ceil(POINTS - 1)) else { return Vec::new() };
    let mean = |chunk: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
        chunk.iter().map(of).sum::<f64>() / chunk.len() as f64
    };
    let chunks = points[..points.len() - 1].chunks(size);
    chunks.map(|chunk| (mean(chunk, |one| one.0), mean(chunk, |one| one.1))).chain([last]).collect()
}

/// From the first tick to the last.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn over(ticks: &[f64]) -> Self {
        let end = |tick: Option<&f64>| tick.copied().unwrap_or_default();
        Self { low: end(ticks.first()), high: end(ticks.last()) }
    }

    /// How far along the axis a value is: 0 to 1.
    fn share(&self, value: f64) -> f64 {
        let length = self.high - self.low;
        if length > 0.0 { ((value - self.low) / length).clamp(0.0, 1.0) } else { 0.5 }
    }
}

/// Round numbers around `low` to `high`, about `wanted` + 1 of them, evenly apart.
fn ticks(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let length = (high - low).max(1e-9 * high.abs()).max(1e-9);
    let rough = length / wanted as f64;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
    let step = step.into_iter().find(|step| *step >= rough * 0.999).unwrap_or(10.0 * power);
    let (first, last) = ((low / step + 1e-6).floor(), (high / step - 1e-6).ceil());
    let (first, last) = if last > first { (first, last) } else { (first, first + 1.0) };
    // Bounded, whatever the numbers are: rounding may leave a few more than were wanted.
    (0..=((last - first) as usize).min(3 * wanted)).map(|place| (first + place as f64) * step).collect()
}

/// A number with as many digits as say something.
fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        size if size >= 0.01 => 3,
        _ => 5,
    };
    let text = format!("{value:.digits$}");
    let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, points: &[(f64, f64)]) -> Line {
        Line { name: name.to_owned(), points: points.to_vec() }
    }

    fn assert_near(found: &[f64], expected: &[f64]) {
        let is_near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9 * b.abs().max(1.0);
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(is_near),
            "{found:?} is not {expected:?}"
        );
    }

    #[test]
    fn ticks_are_round_and_hold_the_values() {
        assert_near(&ticks(0.0, 9000.0, 4), &[0.0, 2500.0, 5000.0, 7500.0, 10000.0]);
        assert_near(&ticks(0.81, 0.93, 4), &[0.8, 0.85, 0.9, 0.95]);
        assert_near(&ticks(0.0, 1.0, 4), &[0.0, 0.25, 0.5, 0.75, 1.0]);
        for (low, high) in [(0.0, 0.0), (5.0, 5.0), (-1e30, 1e30), (1e-30, 1e-29), (7.0, 7.0 + 1e-12)] {
            let found = ticks(low, high, 4);
            assert!((2..20).contains(&found.len()), "{low} to {high}: {found:?}");
        }
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([0.0, 0.5, 12.34, 1234.5, 0.00005].map(number), ["0", "0.5", "12.3", "1234", "0.00005"]);
    }

    #[test]
    fn a_line_goes_from_corner_to_corner() {
        let svg = draw("Loss", &[line("", &[(0.0, 0.0), (100.0, 1.0)])]);
        assert!(svg.contains("d=\"M46.0 190.0L354.0 12.0\""), "{svg}");
        assert!(!svg.contains("legend"), "{svg}");
    }

    #[test]
    fn several_lines_have_a_legend_and_none_no_chart() {
        let svg = draw("Top-1", &[line("<a>", &[(1.0, 0.5)]), line("b", &[(1.0, 0.6)])]);
        assert!(svg.contains("&lt;a&gt; <b>0.5</b>") && svg.contains("look-1"), "{svg}");
        assert_eq!(draw("Nothing", &[line("a", &[])]), "");
    }

    #[test]
    fn long_lines_are_thinned_by_means() {
        let points: Vec<(f64, f64)> = (0..1001).map(|i| (f64::from(i), f64::from(i % 2))).collect();
        let thinned = thin(&points);
        assert!(thinned.len() <= POINTS, "{}", thinned.len());
        assert_eq!(thinned[0], (1.5, 0.5));
        assert_eq!(thinned.last(), Some(&(1000.0, 0.0)));
    }
}
