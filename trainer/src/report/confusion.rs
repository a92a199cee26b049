//! A confusion matrix: a row a true category, a column a category that was answered, the shade of a cell its share of
//! the row.

use std::fmt::Write as _;

use super::page::{count, escape, shorten};

/// Letters of a category's name that are shown; the rest is in the tooltip.
const LETTERS: usize = 22;
/// Width of a letter at the size of the labels, generously.
const LETTER: f64 = 6.6;

/// Which categories are taken for which.
pub(super) struct Confusion {
    labels: Vec<String>,
    /// Rows are true categories.
    counts: Vec<Vec<usize>>,
}

impl Confusion {
    /// Counts pairs `(truth, answer)` of numbers of `labels`. Categories that are in no pair are left out.
    pub(super) fn of(labels: &[String], pairs: &[(usize, usize)]) -> Self {
        let known = |number: usize| pairs.iter().any(|&(truth, answer)| truth == number || answer == number);
        let kept: Vec<usize> = (0..labels.len()).filter(|&number| known(number)).collect();
        let mut counts = vec![vec![0; kept.len()]; kept.len()];
        for (truth, answer) in pairs {
            if let (Ok(row), Ok(column)) = (kept.binary_search(truth), kept.binary_search(answer)) {
                counts[row][column] += 1;
            }
        }
        Self { labels: kept.into_iter().map(|number| labels[number].clone()).collect(), counts }
    }

    /// The matrix as SVG in a box that scrolls where it is wider than the page.
    pub(super) fn draw(&self) -> String {
        let size = self.labels.len();
        if size == 0 {
            return "<p>There is no picture to count.</p>".to_owned();
        }
        // Numbers have to fit into a cell; a matrix of many categories is read by its shades and tooltips.
        let (cell, has_numbers) = match size {
            ..=12 => (38.0, true),
            13..=26 => (28.0, true),
            _ => (15.0, false),
        };
        let letters = self.labels.iter().map(|label| label.chars().count().min(LETTERS)).max().unwrap_or(0);
        let label = letters as f64 * LETTER + 12.0;
        // Labels of columns lean by 45 degrees.
        let (left, top) = (label, label * 0.75 + 8.0);
        let (side, right) = (size as f64 * cell, (label * 0.75).max(92.0));
        let (width, height) = (left + side + right, top + side + 6.0);
        let mut svg = format!(
            "<svg class=\"confusion\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
             height=\"{height:.0}\" role=\"img\" aria-label=\"Confusion matrix of {size} categories\">"
        );
        for (number, name) in self.labels.iter().enumerate() {
            let at = (number as f64 + 0.5) * cell;
            let (name, short) = (escape(name), escape(&shorten(name, LETTERS)));
            let (x, y) = (left + at, top + at + 4.0);
            let _ = write!(
                svg,
                "<text class=\"tick end\" x=\"{:.1}\" y=\"{y:.1}\">{short}<title>{name}</title></text>\
                 <text class=\"tick\" transform=\"translate({x:.1} {:.1}) rotate(-45)\">{short}\
                 <title>{name}</title></text>",
                left - 8.0,
                top - 7.0
            );
        }
        for row in 0..size {
            self.draw_row(&mut svg, row, (left, top), cell, has_numbers);
        }
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">right</text></svg>",
            left + side + 10.0,
            top - 9.0
        );
        format!("<div class=\"scroll\">{svg}</div>")
    }

    fn draw_row(&self, svg: &mut String, row: usize, (left, top): (f64, f64), cell: f64, has_numbers: bool) {
        let counts = &self.counts[row];
        let total: usize = counts.iter().sum();
        let y = top + row as f64 * cell;
        for (column, &number) in counts.iter().enumerate() {
            let share = if total == 0 { 0.0 } else { number as f64 / total as f64 };
            let x = left + column as f64 * cell;
            let kind = if row == column { "right" } else { "wrong" };
            let _ = write!(
                svg,
                "<rect class=\"empty\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{side:.1}\" height=\"{side:.1}\" rx=\"3\"/>",
                side = cell - 2.0
            );
            if number == 0 {
                continue;
            }
            // Even one picture of many can be seen.
            let shade = 0.12 + 0.88 * share;
            let _ = write!(
                svg,
                "<rect class=\"{kind}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{side:.1}\" height=\"{side:.1}\" rx=\"3\" \
                 fill-opacity=\"{shade:.2}\"><title>{truth} taken for {answer}: {number} of {total}, {percent:.1}%\
                 </title></rect>",
                side = cell - 2.0,
                truth = escape(&self.labels[row]),
                answer = escape(&self.labels[column]),
                percent = 100.0 * share
            );
            if has_numbers {
                let tone = if shade > 0.55 { "on-dark" } else { "on-light" };
                let _ = write!(
                    svg,
                    "<text class=\"cell middle {tone}\" x=\"{:.1}\" y=\"{:.1}\">{number}</text>",
                    x + cell / 2.0 - 1.0,
                    y + cell / 2.0 + 3.0
                );
            }
        }
        let right = match counts[row] * 100 {
            _ if total == 0 => "none".to_owned(),
            hundredfold => format!("{:.0}% of {}", hundredfold as f64 / total as f64, count(total)),
        };
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.1}\">{right}</text>",
            left + self.labels.len() as f64 * cell + 10.0,
            y + cell / 2.0 + 3.0
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn pairs_are_counted_and_unknown_categories_left_out() {
        let confusion =
            Confusion::of(&labels(&["hat", "never", "<dress>"]), &[(0, 0), (0, 0), (0, 2), (2, 2), (9, 0)]);
        assert_eq!(confusion.labels, ["hat", "<dress>"]);
        assert_eq!(confusion.counts, [[2, 1], [0, 1]]);
        let html = confusion.draw();
        assert!(html.contains("hat taken for &lt;dress&gt;: 1 of 3, 33.3%"), "{html}");
        assert!(
            html.contains("67% of 3") && html.contains("100% of 1") && !html.contains("<dress>"),
            "{html}"
        );
    }

    #[test]
    fn a_category_that_is_only_answered_has_an_empty_row() {
        let html = Confusion::of(&labels(&["hat", "dress"]), &[(0, 1)]).draw();
        assert!(html.contains(">none<") && html.contains("0% of 1"), "{html}");
        assert!(Confusion::of(&labels(&["hat"]), &[]).draw().contains("no picture"));
    }

    #[test]
    fn many_categories_have_no_numbers() {
        let names: Vec<String> = (0..50).map(|number| format!("category {number}")).collect();
        let pairs: Vec<(usize, usize)> = (0..50).map(|number| (number, number)).collect();
        let html = Confusion::of(&names, &pairs).draw();
        assert!(!html.contains("class=\"cell") && html.contains("1 of 1"));
    }
}
