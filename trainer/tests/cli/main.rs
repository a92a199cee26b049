//! The program as a person runs it: each test in a fresh folder, with a tiny network of random weights.

mod bad_input;
mod download;
mod drawn;
mod exchange;
mod near_duplicates;
mod prepare;
mod report;
mod retrieval;
mod shipped;
mod updates;
mod vectors;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use burn::tensor::Device;
use model::preprocess::Preprocess;
use model::resnet::ResNetConfig;
use model::weights::{self, FileReference, ModelCard};
use tempfile::TempDir;

/// A folder of its own for one test, removed afterwards.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the trainer here.
    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_trainer"))
            .args(args)
            .current_dir(self.folder.path())
            .output()
            .expect("the trainer starts")
    }

    /// Runs the trainer, which must succeed; returns what it printed.
    fn succeed(&self, args: &[&str]) -> String {
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "trainer {} failed: {errors}", args.join(" "));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Runs the trainer, which must fail; returns its complaint.
    fn fail(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "trainer {} should have failed", args.join(" "));
        String::from_utf8(output.stderr).expect("text")
    }

    /// Writes a small network with random weights to the folder `name`.
    fn write_network(&self, name: &str) {
        let device = Device::flex();
        let network =
            ResNetConfig { widths: vec![8, 16, 32], blocks: 1, input_size: 32, ..ResNetConfig::default() };
        let preprocess = Preprocess { size: 32, ..Preprocess::default() };
        let file =
            weights::to_safetensors(&network.init(&device).expect("a valid network")).expect("weights");
        let card = ModelCard {
            format: weights::CARD_FORMAT.to_owned(),
            version: weights::CARD_VERSION,
            weights: FileReference::hashed("weights", "safetensors", &file),
            network,
            preprocess,
            labels: [
                "Blouses Shirts",
                "Dresses",
                "Hoodies",
                "Jackets Vests",
                "Rompers Jumpsuits",
                "Sweaters",
            ]
            .map(str::to_owned)
            .to_vec(),
            attributes: Vec::new(),
            colour_share: 0.0,
            instance_share: 0.0,
            second_look: None,
            mirror: false,
            licence: String::new(),
            training: serde_json::Value::Null,
            metrics: serde_json::Value::Null,
        };
        let folder = self.path(name);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(&card.weights.file), file).expect("a file");
        fs::write(folder.join("model.json"), serde_json::to_vec(&card).expect("JSON")).expect("a file");
    }

    /// Draws `count` small pictures into the folder `name`.
    fn draw(&self, name: &str, count: usize, seed: usize) {
        let (count, seed) = (count.to_string(), seed.to_string());
        self.succeed(&[
            "dataset", "synth", "--out", name, "--count", &count, "--seed", &seed, "--size", "60x80",
        ]);
    }
}

/// Every file below a folder with its bytes, by its path in there.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.expect("a readable folder");
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).expect("below the folder").display().to_string();
            found.push((name, fs::read(entry.path()).expect("a readable file")));
        }
    }
    found
}

/// Names only, for a readable message when they differ.
fn names(contents: &[(String, Vec<u8>)]) -> Vec<&str> {
    contents.iter().map(|(name, _)| name.as_str()).collect()
}
