//! Search in a headless Chromium: next to a pure read, in one worker and two, and beside what else searches in browsers. `make bench`
//! runs it.
//!
//! `search_web PROGRAM PACKAGES [TASK...]`: PROGRAM is the folder of app's example `search_peer` as wasm-bindgen left it, PACKAGES a
//! `node_modules` with the peers; tasks are `scan`, `workers`, `peers-20000` and `peers-200000`, all where none is named. Prints
//! tables in Markdown.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use e2e::{
    browser::{Browser, Launch},
    server::{Server, Settings},
    site::repository,
};
use serde_json::Value;

/// Longest that a task may take.
const LIMIT: Duration = Duration::from_mins(15);

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let mut folder = |what: &str| {
        let path = arguments.next().with_context(|| format!("the folder of {what} is missing"))?;
        path.canonicalize().with_context(|| format!("{} is no folder", path.display()))
    };
    let (program, packages) = (folder("the program")?, folder("the packages")?);
    let tasks: Vec<PathBuf> = arguments.collect();
    let wants = |task: &str| tasks.is_empty() || tasks.iter().any(|wanted| wanted == Path::new(task));

    let site = tempfile::tempdir()?;
    for file in fs::read_dir(repository().join("tests/peers/web"))? {
        let file = file?;
        symlink(file.path(), site.path().join(file.file_name()))?;
    }
    symlink(program, site.path().join("twill"))?;
    symlink(packages, site.path().join("npm"))?;
    if wants("scan") {
        print_scan(&run(site.path(), "task=scan&rows=1000000")?);
        print_scan(&run(site.path(), "task=scan&rows=1000000&shards=10")?);
    }
    if wants("workers") {
        let report = run(site.path(), "task=workers&rows=1000000&shards=2")?;
        let [one, two] = ["one", "two"].map(|name| report[name].as_f64().unwrap_or(f64::NAN));
        println!(
            "\n{} items, {}: one worker {one:.2} ms, two workers {two:.2} ms, {:.2} times as fast",
            report["rows"],
            text(&report["kernel"]),
            one / two
        );
    }
    for rows in ["20000", "200000"] {
        if wants(&format!("peers-{rows}")) {
            print_peers(&run(site.path(), &format!("task=peers&rows={rows}"))?);
        }
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What the page reports, in a browser of its own.
fn run(site: &Path, query: &str) -> Result<Value> {
    let server = Server::start(Settings::at_top(site))?;
    let browser = Browser::start(&Launch::default())?;
    browser.goto(&format!("{}search.html?{query}", server.url()))?;
    let begun = Instant::now();
    while begun.elapsed() < LIMIT {
        thread::sleep(Duration::from_millis(500));
        // A peer that builds its index keeps the page from answering, for longer than the driver waits.
        let Ok(said) = browser.execute("return [window.report ?? null, window.failure ?? null]") else {
            continue;
        };
        if let Some(failure) = said[1].as_str() {
            let console = browser.console().unwrap_or_default().join("\n");
            bail!("the page failed for {query}: {failure}\n{console}");
        }
        if said[0].is_object() {
            return Ok(said[0].clone());
        }
    }
    bail!("the page took more than {} s for {query}", LIMIT.as_secs())
}

fn print_scan(report: &Value) {
    println!("\n| {} items, one worker | ms | times a read |\n|---|---:|---:|", report["rows"]);
    let ways = report["ways"].as_array().map(Vec::as_slice).unwrap_or_default();
    let read = ways.first().and_then(|way| way["ms"].as_f64()).unwrap_or(f64::NAN);
    for way in ways {
        let ms = way["ms"].as_f64().unwrap_or(f64::NAN);
        println!("| {} | {ms:.3} | {:.2} |", text(&way["name"]), ms / read);
    }
}

fn print_peers(report: &Value) {
    println!(
        "\n| {} items | ms | times Twill | recall | built in, s |\n|---|---:|---:|---:|---:|",
        report["rows"]
    );
    let ways = report["ways"].as_array().map(Vec::as_slice).unwrap_or_default();
    let twill = ways.first().and_then(|way| way["ms"].as_f64()).unwrap_or(f64::NAN);
    for way in ways {
        let [ms, recall, build] =
            ["ms", "recall", "build_s"].map(|name| way[name].as_f64().unwrap_or(f64::NAN));
        println!("| {} | {ms:.3} | {:.2} | {recall:.4} | {build:.1} |", text(&way["name"]), ms / twill);
    }
    for peer in report["missing"].as_array().into_iter().flatten() {
        println!("{} is left out: {}", text(&peer["name"]), text(&peer["reason"]));
    }
}
