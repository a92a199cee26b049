//! Learning curves from a run's `log.csv`: a chart a column, so that whatever a run logs is drawn.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};

use super::chart::{self, Line};
use crate::files;
use crate::training::log;

/// Says nothing about learning.
const LEFT_OUT: [&str; 1] = ["pictures_a_second"];

/// The charts of the run in this folder. Fails, naming the file, where its log cannot be read.
pub(super) fn draw(run: &Path) -> Result<String> {
    let path = run.join("log.csv");
    let text = files::read(&path).context("--run takes the folder of a training run")?;
    Ok(charts(&String::from_utf8_lossy(&text)))
}

fn charts(log: &str) -> String {
    let mut rows = log.lines();
    let header = rows.next().unwrap_or_default();
    let mut lines = BTreeMap::<String, Vec<(f64, f64)>>::new();
    for row in rows {
        let Some(step) = row.split(',').next().and_then(|step| step.parse::<u32>().ok()) else { continue };
        for (name, value) in log::figures(header, row) {
            if value.is_finite() {
                lines.entry(name).or_default().push((f64::from(step), f64::from(value)));
            }
        }
    }
    let mut columns: Vec<&str> =
        header.split(',').skip(1).filter(|column| !LEFT_OUT.contains(column)).collect();
    columns.sort_by_key(|column| match *column {
        loss if loss.ends_with("loss") => 0,
        measured if measured.starts_with("validation") => 1,
        _ => 2,
    });
    let charts: String =
        columns.iter().map(|column| chart::draw(&title(column), &of(column, &lines))).collect();
    if charts.is_empty() {
        return "<p>The run has not logged anything yet.</p>".to_owned();
    }
    format!("<div class=\"charts\">{charts}</div>")
}

/// The lines of a column: one, or one for each data set.
fn of(column: &str, lines: &BTreeMap<String, Vec<(f64, f64)>>) -> Vec<Line> {
    let numbered =
        |name: &str| -> Option<usize> { name.strip_prefix(column)?.strip_prefix('/')?.parse().ok() };
    let mut found: Vec<(usize, Line)> = lines
        .iter()
        .filter_map(|(name, points)| {
            let number = if name == column { 0 } else { numbered(name)? };
            let name = if number == 0 { String::new() } else { format!("data set {number}") };
            Some((number, Line { name, points: points.clone() }))
        })
        .collect();
    found.sort_by_key(|(number, _)| *number);
    found.into_iter().map(|(_, line)| line).collect()
}

fn title(column: &str) -> String {
    match column {
        "validation_top1" => "Validation: top-1".to_owned(),
        "validation_box_iou" => "Validation: box IoU".to_owned(),
        other => {
            let words = other.replace('_', " ");
            let mut letters = words.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "step,learning_rate,category_loss,pictures_a_second,validation_top1,new_loss\n\
                       50,0.1,2.5,100,,1\n100,0.1,2,100,,nan\n100,,,,0.5 0.25,\ntorn";

    #[test]
    fn every_column_has_a_chart_losses_first() {
        let html = charts(LOG);
        let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text} is missing in {html}"));
        assert!(place("Category loss") < place("New loss") && place("New loss") < place("Validation: top-1"));
        assert!(place("Validation: top-1") < place("Learning rate"));
        assert!(!html.contains("Pictures a second"));
        assert!(place("data set 1 <b>0.5</b>") < place("data set 2 <b>0.25</b>"));
    }

    #[test]
    fn an_empty_log_is_said() {
        assert!(charts("").contains("not logged") && charts("step,loss\n").contains("not logged"));
    }
}
