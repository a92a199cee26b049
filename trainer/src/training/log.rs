//! A run's log: lines or a dashboard for a person, rows of `log.csv` for a program, and the same figures for TensorBoard.

mod dashboard;
mod events;
mod interrupt;
pub(super) mod screen;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use self::events::Events;
use self::screen::{Part, Screen};
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

/// Appends to `log.csv` and to the event file beside it, and shows the same on a screen.
pub(super) struct Log {
    path: PathBuf,
    events: Events,
    screen: Box<dyn Screen>,
}

impl Log {
    /// Opens the log of a run that has done `step` steps; rows of later steps, which a killed run left, are dropped. As long as it is
    /// open, nothing else may be printed: the screen may be more than lines.
    pub(super) fn open(path: &Path, step: usize, screen: Box<dyn Screen>) -> Result<Self> {
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
        Ok(Self { path: path.to_owned(), events, screen })
    }

    /// Shows that so many steps are done. No note is made of it.
    pub(super) fn step(&mut self, done: usize) {
        self.screen.step(done);
    }

    /// Whether a person has asked the run to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.screen.is_stopped()
    }

    /// Notes the mean losses (category, boxes, attributes, contrast, distillation) since the last note, and how quick it was.
    pub(super) fn training(&mut self, step: usize, rate: f64, losses: [f32; 5], pace: Pace) -> Result<()> {
        let [category, boxes, attributes, contrast, distillation] = losses;
        let Pace { speed, waiting } = pace;
        let line = format!(
            "step {step}  loss: category {category:.3}  box {boxes:.4}  attributes {attributes:.3}  contrast {contrast:.3}  \
             distillation {distillation:.4}  rate {rate:.4}  {speed:.0} pictures/s  {:.1}% waiting for them",
            100.0 * waiting
        );
        let row = format!(
            "{step},{rate:.6},{category:.5},{boxes:.6},{speed:.1},,,{attributes:.5},{contrast:.5},,{waiting:.4},,{distillation:.6}"
        );
        self.note(step, Part::Training, &line, &row)
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
        let line = format!(
            "step {step}  validation: {}  box IoU {iou}  attributes {attributes}{items}",
            shares.join(", ")
        );
        let top1: Vec<String> = scores.top1.iter().map(|(share, _)| format!("{share:.4}")).collect();
        let row = format!("{step},,,,,{},{iou},,,{attributes},,{recall},", top1.join(" "));
        self.note(step, Part::Validation, &line, &row)
    }

    fn note(&mut self, step: usize, part: Part, line: &str, row: &str) -> Result<()> {
        let figures = figures(HEADER, row);
        self.screen.note(part, line, &figures);
        let attempt =
            || OpenOptions::new().append(true).open(&self.path)?.write_all(format!("{row}\n").as_bytes());
        let context = || format!("The log {} cannot be written", self.path.display());
        attempt().map_err(files::explain).with_context(context)?;
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
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    /// What a screen was told.
    #[derive(Default)]
    struct Told {
        lines: Vec<String>,
        figures: Vec<(Part, String, f32)>,
        steps: Vec<usize>,
    }

    impl Screen for Rc<RefCell<Told>> {
        fn step(&mut self, done: usize) {
            self.borrow_mut().steps.push(done);
        }

        fn note(&mut self, part: Part, line: &str, figures: &[(String, f32)]) {
            let mut told = self.borrow_mut();
            told.lines.push(line.to_owned());
            told.figures.extend(figures.iter().map(|(name, value)| (part, name.clone(), *value)));
        }

        fn is_stopped(&self) -> bool {
            self.borrow().steps.contains(&50)
        }
    }

    #[test]
    fn a_screen_gets_lines_and_figures_and_can_stop_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let told = Rc::<RefCell<Told>>::default();
        let screen = Box::new(Rc::clone(&told));
        let mut log = Log::open(&folder.path().join("log.csv"), 0, screen).unwrap();
        log.step(49);
        assert!(!log.is_stopped());
        log.step(50);
        assert!(log.is_stopped());
        log.training(50, 0.1, [1.0, 0.5, 0.25, 0.0, 0.0], PACE).unwrap();
        let scores = Scores {
            top1: vec![(0.5, 20), (0.25, 4)],
            box_iou: Some(0.75),
            attributes: vec![1.0],
            item_recall: Some(0.125),
            ..Scores::default()
        };
        log.validation(50, &scores).unwrap();
        let told = told.borrow();
        assert_eq!(
            told.lines,
            [
                "step 50  loss: category 1.000  box 0.5000  attributes 0.250  contrast 0.000  distillation 0.0000  \
                 rate 0.1000  30 pictures/s  25.0% waiting for them",
                "step 50  validation: 50.0% of 20 right, 25.0% of 4 right  box IoU 0.7500  attributes 1.0000  \
                 same item first 0.1250",
            ]
        );
        let of = |part| {
            let own = told.figures.iter().filter(move |figure| figure.0 == part);
            own.map(|(_, name, value)| (name.as_str(), *value)).collect::<Vec<_>>()
        };
        assert_eq!(
            of(Part::Training),
            [
                ("learning_rate", 0.1),
                ("category_loss", 1.0),
                ("box_loss", 0.5),
                ("pictures_a_second", 30.0),
                ("attribute_loss", 0.25),
                ("contrast_loss", 0.0),
                ("waiting", 0.25),
                ("distillation_loss", 0.0),
            ]
        );
        assert_eq!(
            of(Part::Validation),
            [
                ("validation_top1/1", 0.5),
                ("validation_top1/2", 0.25),
                ("validation_box_iou", 0.75),
                ("validation_attributes", 1.0),
                ("validation_item_recall", 0.125),
            ]
        );
    }

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
        let mut log = Log::open(&path, 0, Box::new(Rc::<RefCell<Told>>::default())).unwrap();
        log.training(50, 0.1, [1.0, 0.5, 0.2, 0.0, 0.0], PACE).unwrap();
        log.training(100, 0.1, [0.9, 0.4, 0.1, 0.0, 0.0], PACE).unwrap();
        // What a killed run was writing when it came to its end.
        let torn = std::fs::read_to_string(&path).unwrap() + "1";
        std::fs::write(&path, torn).unwrap();
        Log::open(&path, 50, Box::new(Rc::<RefCell<Told>>::default())).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text,
            format!("{HEADER}\n50,0.100000,1.00000,0.500000,30.0,,,0.20000,0.00000,,0.2500,,0.000000\n")
        );
        let files = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 3, "log.csv and an event file a start");
    }
}
