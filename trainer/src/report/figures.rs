//! The figures of an evaluation as a table, each with its 95% interval as numbers and as a bar.

use std::fmt::Write as _;

use super::page::escape;
use crate::evaluation::Report;

/// What a figure is: its name for a person, and whether it is a share from 0 to 1.
fn meaning(name: &str) -> (&str, bool) {
    match name {
        "top1" => ("Nearest picture has the category", true),
        "top3" => ("One of the three nearest has it", true),
        "macro_f1" => ("F1 score, mean over categories", true),
        "precision_at_5" => ("Share of the five nearest with the category", true),
        "map_at_r" => ("Mean average precision at R", true),
        "colour_delta_e_at_5" => ("Colour difference to the five nearest (CIEDE2000)", false),
        "colour_delta_e_same_category" => ("The same to random pictures of the category", false),
        "box_iou" => ("Overlap of the found box with the true one (IoU)", true),
        "category_top1" => ("The network names the category", true),
        "category_top3" => ("It is among the three that it finds likeliest", true),
        "category_top5" => ("It is among the five that it finds likeliest", true),
        "item_recall_at_1" => ("Nearest picture shows the same item", true),
        "item_recall_at_5" => ("One of the 5 nearest shows it", true),
        "item_recall_at_10" => ("One of the 10 nearest shows it", true),
        "item_recall_at_20" => ("One of the 20 nearest shows it", true),
        other => (other, false),
    }
}

/// The table.
pub(super) fn draw(report: &Report) -> String {
    let mut out = "<table class=\"figures\">\n<thead><tr><th scope=\"col\">Figure</th>\
                   <th scope=\"col\" class=\"number\">Value</th><th scope=\"col\">95% interval</th>\
                   <th class=\"bar\" aria-hidden=\"true\"></th></tr></thead>\n<tbody>\n"
        .to_owned();
    for (name, value, [low, high]) in report.figures() {
        let (words, is_share) = meaning(name);
        let digits = if is_share { 3 } else { 2 };
        let bar = if is_share { bar(value, low, high) } else { String::new() };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{} <code>{}</code></th><td class=\"number\">{value:.digits$}</td>\
             <td class=\"interval\">{low:.digits$} to {high:.digits$}</td><td class=\"bar\">{bar}</td></tr>",
            escape(words),
            escape(name)
        );
    }
    out + "</tbody>\n</table>"
}

/// A share as a bar from 0 to 1, and its interval as a whisker across the bar's end.
fn bar(value: f64, low: f64, high: f64) -> String {
    let [value, low, high] = [value, low, high].map(|share| 200.0 * share.clamp(0.0, 1.0));
    format!(
        "<svg viewBox=\"0 0 200 14\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"track\" width=\"200\" height=\"14\"/><rect class=\"share\" width=\"{value:.1}\" height=\"14\"/>\
         <rect class=\"whisker\" x=\"{low:.1}\" y=\"5\" width=\"{:.1}\" height=\"4\"/></svg>",
        (high - low).max(0.5)
    )
}
