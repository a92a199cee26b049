//! A renderer that writes down what it is told.

use std::collections::HashMap;

use burn_train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn_train::renderer::{EvaluationName, MetricsRendererEvaluation, MetricsRendererTraining};

use super::*;

#[derive(Default)]
struct Recorder {
    names: HashMap<MetricId, String>,
    told: Vec<String>,
}

impl Recorder {
    fn figure(&mut self, part: &str, state: MetricState) {
        let MetricState::Numeric(entry, Some(NumericEntry::Value(value))) = state else {
            panic!("{state:?} is no figure");
        };
        // As in Burn, a figure that was not announced has no name.
        let name = &self.names[&entry.metric_id];
        self.told.push(format!("{part} {name}: {} {value:.2}", entry.serialized_entry.formatted));
    }
}

impl MetricsRendererTraining for Recorder {
    fn update_train(&mut self, state: MetricState) {
        self.figure("train", state);
    }

    fn update_valid(&mut self, state: MetricState) {
        self.figure("valid", state);
    }
}

impl MetricsRendererEvaluation for Recorder {
    fn update_test(&mut self, _: EvaluationName, state: MetricState) {
        self.figure("test", state);
    }
}

impl TrainingProgressLogger for Recorder {
    fn start(&mut self, epochs: usize, epoch: usize, items: Option<usize>, label: Option<&str>) {
        self.told.push(format!("epoch {epoch} of {epochs}, {items:?} items, {label:?}"));
    }

    fn update_split(&mut self, items: usize) {
        self.told.push(format!("item {items}"));
    }

    fn update_epoch(&mut self, _: usize) {}
    fn start_split(&mut self, _: &str, _: usize) {}
    fn end_split(&mut self) {}
    fn end(&mut self) {}
    fn log_event_training(&mut self, _: String) {}
}

impl EvaluationProgressLogger for Recorder {
    fn start_global_progress(&mut self, _: usize) {}
    fn start_test(&mut self, _: &str, _: usize) {}
    fn update_test_progress(&mut self, _: usize) {}
    fn end_test(&mut self) {}
    fn end_global_progress(&mut self) {}
    fn log_event_evaluation(&mut self, _: String) {}
}

impl MetricsRenderer for Recorder {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        let before = self.names.insert(definition.metric_id, definition.name.to_string());
        assert_eq!(before, None, "a figure is announced once");
    }
}

#[test]
fn figures_have_their_columns_names_and_losses_come_first() {
    let (mut recorder, mut board) = (Recorder::default(), Board::new(100, 50));
    let figure = |name: &str, value| (name.to_owned(), value);
    for value in [0.75, 0.5] {
        let figures = [figure("learning_rate", 0.25), figure("box_loss", value)];
        board.note(&mut recorder, Part::Training, &figures);
    }
    let figures = [figure("validation_top1/1", 0.5), figure("validation_box_iou", 1.0)];
    board.note(&mut recorder, Part::Validation, &figures);
    assert_eq!(
        recorder.told,
        [
            "train box loss: 0.75 0.75",
            "train learning rate: 0.25 0.25",
            "train box loss: 0.5 0.50",
            "train learning rate: 0.25 0.25",
            "valid top1/1: 0.5 0.50",
            "valid box iou: 1 1.00",
        ]
    );
}

#[test]
fn epochs_lie_between_validations() {
    let told = |board: &Board, done| {
        let mut recorder = Recorder::default();
        board.step(&mut recorder, done);
        recorder.told
    };
    let board = Board::new(120, 50);
    assert_eq!(told(&board, 1), [r#"epoch 1 of 3, Some(50) items, Some("step 1 of 120")"#, "item 1"]);
    assert_eq!(told(&board, 50), [r#"epoch 1 of 3, Some(50) items, Some("step 50 of 120")"#, "item 50"]);
    assert_eq!(told(&board, 51), [r#"epoch 2 of 3, Some(50) items, Some("step 51 of 120")"#, "item 1"]);
    assert_eq!(told(&board, 120), [r#"epoch 3 of 3, Some(50) items, Some("step 120 of 120")"#, "item 20"]);
    // Burn subtracts what was done before from the epoch, and one more.
    assert_eq!([0, 49, 50, 119].map(|done| board.epochs(done)), [0, 0, 1, 2]);
    // Measured only at the end.
    let board = Board::new(20, 500);
    assert_eq!(told(&board, 20), [r#"epoch 1 of 1, Some(20) items, Some("step 20 of 20")"#, "item 20"]);
}
