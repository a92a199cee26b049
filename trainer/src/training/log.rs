//! A run's log: lines for a person, rows of `log.csv` for a program.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::validate::Scores;
use crate::files;

const HEADER: &str = "step,learning_rate,category_loss,box_loss,pictures_a_second,validation_top1,validation_box_iou,attribute_loss,contrast_loss,validation_attributes";

/// Appends to `log.csv`.
pub(super) struct Log {
    path: PathBuf,
}

impl Log {
    /// Opens the log of a run that has done `step` steps; rows of later steps, which a killed run left, are dropped.
    pub(super) fn open(path: &Path, step: usize) -> Result<Self> {
        let old = if step > 0 && path.exists() { files::read(path)? } else { Vec::new() };
        let mut text = format!("{HEADER}\n");
        for row in String::from_utf8_lossy(&old).lines().skip(1) {
            let row_step = row.split(',').next().and_then(|field| field.parse::<usize>().ok());
            if row_step.is_some_and(|row_step| row_step <= step) {
                text.push_str(row);
                text.push('\n');
            }
        }
        files::write(path, text.as_bytes())?;
        Ok(Self { path: path.to_owned() })
    }

    /// Notes the mean losses (category, boxes, attributes, contrast) since the last note, and the speed in pictures a second.
    pub(super) fn training(&mut self, step: usize, rate: f64, losses: [f32; 4], speed: f32) -> Result<()> {
        let [category, boxes, attributes, contrast] = losses;
        println!(
            "step {step}  loss: category {category:.3}  box {boxes:.4}  attributes {attributes:.3}  contrast {contrast:.3}  \
             rate {rate:.4}  {speed:.0} pictures/s"
        );
        self.append(&format!(
            "{step},{rate:.6},{category:.5},{boxes:.6},{speed:.1},,,{attributes:.5},{contrast:.5},"
        ))
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
        println!("step {step}  validation: {}  box IoU {iou}  attributes {attributes}", shares.join(", "));
        let top1: Vec<String> = scores.top1.iter().map(|(share, _)| format!("{share:.4}")).collect();
        self.append(&format!("{step},,,,,{},{iou},,,{attributes}", top1.join(" ")))
    }

    fn append(&self, row: &str) -> Result<()> {
        let context = || format!("The log {} cannot be written", self.path.display());
        let mut file = OpenOptions::new().append(true).open(&self.path).with_context(context)?;
        writeln!(file, "{row}").with_context(context)
    }
}
