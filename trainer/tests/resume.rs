//! A run that is killed and resumed ends with the weights of one that was not, bit for bit, on the CPU.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RECIPE: &str = r#"
seed = 3
steps = 60
batch = 4
validate_every = 5
validation = 0.2

[attributes]
sleeve = "sleeve"

[optimiser]
learning_rate = 0.05
momentum = 0.9
nesterov = true
weight_decay = 1e-3
warmup = 5
schedule = "cosine"
average = 0.9

[loss]
label_smoothing = 0.1
boxes = 1.0
attributes = 0.3

[loss.contrast]
weight = 0.5
temperature = 0.2
memory = 7

[augment]
flip = true
rotate = 20.0
scale = [0.7, 1.1]
stretch = 0.1
brightness = 0.2
contrast = 0.2
saturation = 0.2
cast = 0.05
erase = 0.4

[preprocess]
size = 16
fit = "letterbox"
order = "bgr"
mean = [103.939, 116.799, 123.68]
std = [68.76, 68.76, 68.76]

[network]
input_size = 16
stem_stride = 1
widths = [4, 8]
blocks = 1
epsilon = 0.001
pool = "gem"
embedding = 6
box_head = "map"
categories = 2
"#;

/// Twenty small pictures of two kinds, half of them with a box and an attribute; every two show the same item.
fn data(folder: &Path) -> PathBuf {
    let mut csv = "image_path,category,x1,y1,x2,y2,sleeve,item_id\n".to_owned();
    for i in 0..20u32 {
        let (category, colour) = if i % 2 == 0 { ("red", [220, 30, 30]) } else { ("blue", [30, 30, 220]) };
        let picture = image::RgbImage::from_fn(20, 24, |x, y| {
            let inside = (5..15).contains(&x) && (6..18).contains(&y);
            image::Rgb(if inside { colour } else { [(x * 9 + i) as u8, (y * 7) as u8, 120] })
        });
        picture.save(folder.join(format!("{i}.png"))).unwrap();
        let bbox = if i % 4 < 2 { "0.25,0.25,0.75,0.75" } else { ",,," };
        let sleeve = ["long", "", "short", ""][i as usize % 4];
        writeln!(csv, "{i}.png,{category},{bbox},{sleeve},{}", i % 10).unwrap();
    }
    fs::write(folder.join("labels.csv"), csv).unwrap();
    fs::write(folder.join("recipe.toml"), RECIPE).unwrap();
    folder.to_owned()
}

fn train(data: &Path, run: &Path, resume: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command
        .args(["train", "--device", "cpu", "--data"])
        .arg(data)
        .arg("--preset")
        .arg(data.join("recipe.toml"))
        .arg("--out")
        .arg(run)
        .args(resume.then_some("--resume"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn finish(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text
}

/// The exported weights of a run, by way of the command that a person would use.
fn weights(run: &Path) -> Vec<u8> {
    let out = run.join("exported");
    let mut export = Command::new(env!("CARGO_BIN_EXE_trainer"));
    export.arg("export").arg("--run").arg(run).arg("--out").arg(&out);
    finish(export);
    let file = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "safetensors"))
        .unwrap();
    fs::read(file).unwrap()
}

#[test]
fn killed_and_resumed_equals_uninterrupted() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    finish(train(&data, &whole, false));

    let mut child = train(&data, &killed, false).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(2);
    // Killed soon after its first checkpoint, wherever it then is.
    while !killed.join("last.checkpoint").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let text = finish(train(&data, &killed, true));
    assert!(text.contains("Going on after step"), "{text}");

    // The checkpoints themselves name parameters by random identities, so the exported weights are compared.
    assert_eq!(weights(&whole), weights(&killed));
}

#[test]
fn a_run_is_not_overwritten_and_not_mixed_up() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let run = folder.path().join("run");
    let refused = |mut command: Command| {
        let output = command.output().unwrap();
        assert!(!output.status.success());
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let text = refused(train(&data, &run, true));
    assert!(text.contains("There is no run to go on with"), "{text}");
    let mut short = train(&data, &run, false);
    short.args(["--steps", "5"]);
    finish(short);
    let report = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("Step 5 of 5") && report.contains(" taken for "), "{report}");
    let text = refused(train(&data, &run, false));
    assert!(text.contains("already holds a run"), "{text}");
    let text = refused(train(&data, &run, true));
    assert!(text.contains("made with another recipe"), "{text}");
    fs::write(run.join("last.checkpoint"), b"nonsense").unwrap();
    let text = refused(train(&data, &run, true));
    assert!(text.contains("is damaged"), "{text}");
}
