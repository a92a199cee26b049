//! A run's log: lines for a person, rows of `log.csv` for a program, and the same figures for TensorBoard.

mod events;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::events::Events;
use super::validate::Scores;
use crate::files;

const HEADER: &str = "step,learning_rate,category_loss,box_loss,pictures_a_second,validation_top1,validation_box_iou,attribute_loss,contrast_loss,validation_attributes,waiting,validation_item_recall,distillation_loss";

/// How quick training was between two notes.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Pictures a second.
    pub(super) speed: f32,
    /// Share of the time in which the device had nothing to do because no batch was ready.
    pub(super) waiting: f32,
}

/// Appends to `log.csv` and to the event file beside it.
pub(super) struct Log {
    path: PathBuf,
    events: Events,
}

impl Log {
    /// Opens the log of a run that has done `step` steps; rows of later steps, which a killed run left, are dropped.
    pub(super) fn open(path: &Path, step: usize) -> Result<Self> {
        let old = if step > 0 && path.exists() { files::read(path)? } else { Vec::new() };
        let mut text = format!("{HEADER}\n");
        for row in String::from_utf8_lossy(&old).lines().skip(1) {
            let row_step = row.split(',').next().and_then(|field| field.parse::<usize>().ok());
            // A row that was cut off may begin with another number than it was meant to.
            let is_whole = row.split(',').count() == HEADER.split(',').count();
            if is_whole && row_step.is_some_and(|row_step| row_step <= step) {
                text.push_str(row);
                text.push('\n');
            }
        }
        files::write(path, text.as_bytes())?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let events = Events::open(folder.unwrap_or(Path::new(".")), step)?;
        Ok(Self { path: path.to_owned(), events })
    }

    /// Notes the mean losses (category, boxes, attributes, contrast, distillation) since the last note, and how quick it was.
    pub(super) fn training(&mut self, step: usize, rate: f64, losses: [f32; 5], pace: Pace) -> Result<()> {
        let [category, boxes, attributes, contrast, distillation] = losses;
        let Pace { speed, waiting } = pace;
        println!(
            "step {step}  loss: category {category:.3}  box {boxes:.4}  attributes {attributes:.3}  contrast {contrast:.3}  \
             distillation {distillation:.4}  rate {rate:.4}  {speed:.0} pictures/s  {:.1}% waiting for them",
            100.0 * waiting
        );
        let row = format!(
            "{step},{rate:.6},{category:.5},{boxes:.6},{speed:.1},,,{attributes:.5},{contrast:.5},,{waiting:.4},,{distillation:.6}"
        );
        self.append(step, &row)
    }

    /// Notes the figures of the validation part.
    pub(super) fn validation(&mut self, step: usize, scores: &Scores) -> Result<()> {
        let shares: Vec<String> = scores
            .top1
            .iter()
            .map(|(share, count)| format!("{:.1}% of {count} right", 100.0 * share))
            .collect();
        let iou = scores.box_iou.map(|iou| format!("{iou:.4}")).unwrap_or_default();
        let attributes: Vec<String> = scores.attributes.iter().map(|share| format!("{share:.4}")).collect();
        let attributes = attributes.join(" ");
        let recall = scores.item_recall.map(|share| format!("{share:.4}")).unwrap_or_default();
        let items = if recall.is_empty() { String::new() } else { format!("  same item first {recall}") };
        println!(
            "step {step}  validation: {}  box IoU {iou}  attributes {attributes}{items}",
            shares.join(", ")
        );
        let top1: Vec<String> = scores.top1.iter().map(|(share, _)| format!("{share:.4}")).collect();
        self.append(step, &format!("{step},,,,,{},{iou},,,{attributes},,{recall},", top1.join(" ")))
    }

    fn append(&mut self, step: usize, row: &str) -> Result<()> {
        let attempt =
            || OpenOptions::new().append(true).open(&self.path)?.write_all(format!("{row}\n").as_bytes());
        let context = || format!("The log {} cannot be written", self.path.display());
        attempt().map_err(files::explain).with_context(context)?;
        let figures = figures(HEADER, row);
        self.events.scalars(step, figures.iter().map(|(name, value)| (name.as_str(), *value)))
    }
}

/// The figures of a row by their columns' names, but for the step. A field that has one for each data set gives
/// `NAME/1`, `NAME/2` and so on.
pub(crate) fn figures(header: &str, row: &str) -> Vec<(String, f32)> {
    let mut found = Vec::new();
    for (name, field) in header.split(',').zip(row.split(',')).skip(1) {
        let values: Vec<f32> = field.split(' ').filter_map(|value| value.parse().ok()).collect();
        for (index, value) in values.iter().enumerate() {
            let name = if values.len() == 1 { name.to_owned() } else { format!("{name}/{}", index + 1) };
            found.push((name, *value));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_named_after_their_columns() {
        let named = |row| figures("step,loss,top1,iou", row);
        assert_eq!(named("50,0.5,,"), [("loss".to_owned(), 0.5)]);
        assert_eq!(
            named("50,,0.5 0.25,0.75"),
            [("top1/1".to_owned(), 0.5), ("top1/2".to_owned(), 0.25), ("iou".to_owned(), 0.75)]
        );
    }

    const PACE: Pace = Pace { speed: 30.0, waiting: 0.25 };

    #[test]
    fn rows_and_events_of_later_steps_are_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.csv");
        let mut log = Log::open(&path, 0).unwrap();
        log.training(50, 0.1, [1.0, 0.5, 0.2, 0.0, 0.0], PACE).unwrap();
        log.training(100, 0.1, [0.9, 0.4, 0.1, 0.0, 0.0], PACE).unwrap();
        // What a killed run was writing when it came to its end.
        let torn = std::fs::read_to_string(&path).unwrap() + "1";
        std::fs::write(&path, torn).unwrap();
        Log::open(&path, 50).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            format!("{HEADER}\n50,0.100000,1.00000,0.500000,30.0,,,0.20000,0.00000,,0.2500,,0.000000\n")
        );
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 3, "log.csv and an event file a start");
    }
}
