//! The network in the browser beside ONNX Runtime Web, by turns in one page of a headless Chromium: `make bench` runs it.
//!
//! `embed_web PROGRAM RUNTIME PHOTOS [TASK...]`: PROGRAM is the folder of app's example `embed_peer` as wasm-bindgen left it,
//! RUNTIME the folder `dist` of the npm package `onnxruntime-web`, PHOTOS a folder of photos; tasks are `cpu`, `photos`, `large`, `wardrobe`
//! and `webgpu`, all where none is named; `webgpu` takes the program for the graphics card from the site in dist/, `wardrobe` all of
//! the site. `TWILL_PYTHON` names a Python with PyTorch and the package `onnx`. Fails where the answers differ by
//! more than a thousandth.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use e2e::{
    browser::{Browser, Launch},
    journey::Plan,
    networks,
    page::Backend,
    server::{Server, Settings},
    site::{dist, repository},
};
use model::resnet::ResNetConfig;
use serde_json::{Value, json};

/// Largest difference between the answers, as a fraction of the largest value where that is over one.
const TOLERANCE: f64 = 1e-3;
/// Median cosine of the photos' features: the browser decodes and resamples in its own way.
const ALIKE: f64 = 0.98;
/// How many photos are embedded.
const PHOTOS: usize = 500;
/// How many of them as a camera writes them.
const LARGE: usize = 25;
/// Longest that a task may take.
const LIMIT: Duration = Duration::from_secs(500);
/// The networks, by folder and name.
const NETWORKS: [(&str, &str); 2] = [("seed", "the seed's network"), ("shipped", "the shipped network")];

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let mut folder = |what: &str| {
        let path = arguments.next().with_context(|| format!("the folder of {what} is missing"))?;
        path.canonicalize().with_context(|| format!("{} is no folder", path.display()))
    };
    let (program, runtime, photos) = (folder("the program")?, folder("the runtime")?, folder("photos")?);
    let tasks: Vec<PathBuf> = arguments.collect();
    let wants = |task: &str| tasks.is_empty() || tasks.iter().any(|wanted| wanted == Path::new(task));

    let site = tempfile::tempdir()?;
    build(site.path(), &program, &runtime, &photos)?;
    if wants("webgpu") {
        symlink(dist()?, site.path().join("site"))?;
    }
    if wants("cpu") {
        println!("network alone, CPU, one thread, ms a run: least (median) of each");
        for (folder, name) in NETWORKS {
            let query = format!("task=network&model={folder}&backend=wasm&rounds=40");
            print_network(name, &[run(site.path(), &query)?])?;
        }
    }
    if wants("photos") || wants("wardrobe") {
        let report = run(site.path(), "task=photos&model=shipped&list=photos.json")?;
        print_photos(&report)?;
        if wants("wardrobe") {
            print_wardrobe(&report, &fill_wardrobe(&photos)?)?;
        }
    }
    if wants("large") {
        print!("enlarged to 12 megapixels: ");
        print_photos(&run(
            site.path(),
            &format!("task=photos&model=shipped&list=photos.json&large={LARGE}"),
        )?)?;
    }
    if wants("webgpu") {
        println!("network alone, WebGPU on the software adapter, ms a run: least (median) of each");
        for (folder, name) in NETWORKS {
            let query =
                |first| format!("task=network&model={folder}&backend=webgpu&rounds=4&block=1&first={first}");
            // A first run is one in a browser's life: each round is a new browser, and another one begins.
            let rounds = ["twill", "onnx"].map(query);
            let reports = rounds.iter().map(|query| run(site.path(), query)).collect::<Result<Vec<_>>>()?;
            print_network(name, &reports)?;
        }
    }
    Ok(())
}

/// Puts the page, both programs, the networks and the photos into one site.
fn build(site: &Path, program: &Path, runtime: &Path, photos: &Path) -> Result<()> {
    for file in fs::read_dir(repository().join("tests/peers/web"))? {
        let file = file?;
        symlink(file.path(), site.join(file.file_name()))?;
    }
    symlink(program, site.join("twill"))?;
    symlink(runtime, site.join("onnx"))?;
    symlink(photos, site.join("photos"))?;
    networks::write_random(&ResNetConfig::default(), 6, &site.join("seed"))?;
    fs::create_dir(site.join("shipped"))?;
    for file in fs::read_dir(repository().join("public/model"))? {
        let file = file?;
        symlink(file.path(), site.join("shipped").join(file.file_name()))?;
    }
    for (folder, _) in NETWORKS {
        export(&site.join(folder))?;
    }
    let mut names = Vec::new();
    list(photos, "photos", &mut names)?;
    names.sort();
    names.truncate(PHOTOS);
    ensure!(!names.is_empty(), "there are no photos in {}", photos.display());
    Ok(fs::write(site.join("photos.json"), json!(names).to_string())?)
}

/// Writes `network.onnx` beside the model in `folder`.
fn export(folder: &Path) -> Result<()> {
    let python = env::var("TWILL_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let answer = Command::new(&python)
        .arg(repository().join("tests/peers/export_onnx.py"))
        .arg("--weights")
        .arg(folder)
        .arg("--out")
        .arg(folder.join("network.onnx"))
        .output()
        .with_context(|| format!("{python} could not be started"))?;
    let said = String::from_utf8_lossy(&answer.stderr);
    ensure!(answer.status.success(), "{python} could not export the network: {said}");
    Ok(())
}

/// Addresses of the pictures in `folder` and below.
fn list(folder: &Path, address: &str, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{address}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &name, names)?;
        } else if [".jpg", ".jpeg", ".png", ".webp"].iter().any(|ending| name.ends_with(ending)) {
            names.push(name);
        }
    }
    Ok(())
}

/// What the page reports, in a browser of its own.
fn run(site: &Path, query: &str) -> Result<Value> {
    let server = Server::start(Settings::at_top(site))?;
    let browser = Browser::start(&Launch { software_gpu: query.contains("webgpu"), ..Launch::default() })?;
    browser.goto(&format!("{}embed.html?{query}", server.url()))?;
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        let said = browser.execute("return [window.report ?? null, window.failure ?? null]")?;
        if let Some(failure) = said[1].as_str() {
            let console = browser.console().unwrap_or_default().join("\n");
            bail!("the page failed for {query}: {failure}\n{console}");
        }
        if said[0].is_object() {
            return Ok(said[0].clone());
        }
        thread::sleep(Duration::from_millis(300));
    }
    bail!("the page took more than {} s for {query}", LIMIT.as_secs())
}

/// Adds as many photos to the page's wardrobe, as a person does. Gives their number and how long that took.
fn fill_wardrobe(photos: &Path) -> Result<(usize, Duration)> {
    let mut names = Vec::new();
    list(photos, "", &mut names)?;
    names.sort();
    names.truncate(PHOTOS);
    let files: Vec<String> = names.iter().map(|name| format!("{}{name}", photos.display())).collect();
    let mut took = Duration::ZERO;
    Plan::on(Backend::Cpu).run(|page, _| {
        page.open()?;
        let browser = page.browser();
        browser.click(&browser.find("header [data-testid=wardrobe-open]")?)?;
        let input = browser.find("dialog [data-testid=wardrobe-add-input]")?;
        let begun = Instant::now();
        browser.type_into(&input, &files.join("\n"))?;
        page.wait(LIMIT, "the photos to be added", |_| {
            let said = browser.execute("return document.querySelector('dialog .own-outcome').textContent");
            said.is_ok_and(|said| said != "")
        })?;
        took = begun.elapsed();
        let kept =
            browser.execute("return document.querySelector('[data-testid=wardrobe-count]').textContent")?;
        println!("the wardrobe holds {}", kept.as_str().unwrap_or_default());
        Ok(())
    })?;
    Ok((files.len(), took))
}

fn print_wardrobe(report: &Value, (count, took): &(usize, Duration)) -> Result<()> {
    let photos = report["photos"].as_f64().context("the page says no number of photos")?;
    let onnx = 1e3 * photos / report["onnx"].as_f64().context("the page says no time")?;
    let twill = *count as f64 / took.as_secs_f64();
    println!("{count} photos into the wardrobe: checksums, both looks, thumbnails, near-duplicates, stored");
    println!(
        "  photos a second: ONNX Runtime Web {onnx:.1} (decodes and embeds only), Twill {twill:.1}: {:.2} times as many",
        twill / onnx
    );
    Ok(())
}

fn print_network(name: &str, reports: &[Value]) -> Result<()> {
    let worst = reports.iter().map(|report| report["difference"].as_f64().unwrap_or(f64::NAN));
    let worst = worst.fold(0.0, |worst: f64, one| if one <= worst { worst } else { one });
    println!("{name} (largest difference between the answers {worst:.1e})");
    // Not `>`: a difference that is not a number is one.
    if !matches!(worst.partial_cmp(&TOLERANCE), Some(order) if order.is_le()) {
        bail!("the answers differ by {worst:.1e}");
    }
    println!("  {:<16} {:>22} {:>22} {:>18}", "", "ONNX Runtime Web", "Twill", "Twill is at");
    for (label, stage) in [("load", "load"), ("first run", "first"), ("warm run", "warm")] {
        let [twill, onnx] = ["twill", "onnx"].map(|side| {
            let mut times: Vec<f64> = reports
                .iter()
                .flat_map(|report| match &report[side][stage] {
                    Value::Array(times) => times.clone(),
                    time => vec![time.clone()],
                })
                .filter_map(|time| time.as_f64())
                .collect();
            times.sort_by(f64::total_cmp);
            times
        });
        let (Some(twill_least), Some(onnx_least)) = (twill.first(), onnx.first()) else {
            bail!("the page reported no time for {label}");
        };
        let [twill_median, onnx_median] = [&twill, &onnx].map(|times| middle(times));
        println!(
            "  {label:<16} {:>22} {:>22} {:>18}",
            format!("{onnx_least:.2} ({onnx_median:.2})"),
            format!("{twill_least:.2} ({twill_median:.2})"),
            format!("{:.2} ({:.2})", twill_least / onnx_least, twill_median / onnx_median),
        );
    }
    Ok(())
}

fn print_photos(report: &Value) -> Result<()> {
    let mut cosines: Vec<f64> =
        report["cosines"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    cosines.sort_by(f64::total_cmp);
    let alike = if cosines.is_empty() { 0.0 } else { middle(&cosines) };
    let count = report["photos"].as_f64().unwrap_or(0.0);
    println!(
        "{count} photos of {:.0} kB decoded and embedded with both looks in a worker (median cosine of both answers {alike:.4})",
        report["bytes"].as_f64().unwrap_or(f64::NAN) / count / 1e3
    );
    let rate = |side: &str| 1e3 * count / report[side].as_f64().unwrap_or(f64::NAN);
    let (twill, onnx) = (rate("twill"), rate("onnx"));
    println!(
        "  photos a second: ONNX Runtime Web {onnx:.1}, Twill {twill:.1}: {:.2} times as many",
        twill / onnx
    );
    let [onnx, twill] = ["onnx", "twill"].map(|side| {
        let each = report["each"][side].as_array().into_iter().flatten();
        let mut each: Vec<f64> = each.filter_map(Value::as_f64).collect();
        each.sort_by(f64::total_cmp);
        [each.first().copied().unwrap_or(f64::NAN), middle(&each)]
    });
    println!(
        "  a photo, ms, quickest (median): ONNX Runtime Web {:.1} ({:.1}), Twill {:.1} ({:.1}): {:.2} ({:.2}) of the time",
        onnx[0],
        onnx[1],
        twill[0],
        twill[1],
        twill[0] / onnx[0],
        twill[1] / onnx[1]
    );
    ensure!(alike >= ALIKE, "the two embed photos differently");
    Ok(())
}

/// The middle one of sorted values.
fn middle(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}
