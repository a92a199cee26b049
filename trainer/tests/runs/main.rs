//! Training runs and what is made of them in hard times: killed, out of disk, with data that changes and numbers that are
//! none. The network is tiny; everything else is as a person has it.

mod changes;
mod distilled;
mod diverged;
mod full_disk;
mod killed;
mod refined;
mod resume;
#[cfg(unix)]
mod signals;
mod terminal;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// Runs a command that must fail; returns its complaint, which is none of a program that has broken down.
#[track_caller]
fn refused(mut command: Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && !text.contains("panicked"), "{text}");
    text
}

/// The trainer with these arguments.
fn trainer(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainer"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Exports a run to `out`.
fn export(run: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = trainer(&["export", "--run"]);
    command.arg(run).arg("--out").arg(out).args(more);
    command
}

/// Indexes some of the pictures in `data` with the network in `model`.
fn index(data: &Path, pictures: Range<usize>, model: &Path, out: &Path) -> Command {
    let list = data.join(format!("list-{}-{}.csv", pictures.start, pictures.end));
    let rows: Vec<String> = pictures.map(|number| format!("{number}.png,Garment {number}")).collect();
    fs::write(&list, format!("image_path,title\n{}\n", rows.join("\n"))).unwrap();
    let mut command = trainer(&["index", "--thumbnail", "16x20", "--metadata"]);
    command.arg(list).arg("--weights").arg(model).arg("--out").arg(out);
    command
}

/// Every file below a folder with its bytes, by its path in there.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.path().strip_prefix(folder).unwrap().to_owned(), fs::read(entry.path()).unwrap()))
        .collect()
}

/// The two folders hold the same files.
#[track_caller]
fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (contents(a), contents(b));
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>());
    let differing: Vec<_> =
        a.iter().filter(|(name, bytes)| b[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(differing.is_empty(), "{differing:?} differ");
}

/// The exported weights of a run, by way of the command that a person would use.
fn weights(run: &Path) -> Vec<u8> {
    let out = run.join("exported");
    finish(export(run, &out, &[]));
    let mut files = contents(&out);
    files.retain(|name, _| name.extension().is_some_and(|extension| extension == "safetensors"));
    assert_eq!(files.len(), 1);
    files.into_values().next().unwrap()
}
