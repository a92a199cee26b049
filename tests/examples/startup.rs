//! How long a person waits for the first results, what is downloaded until then, and how fast live mode is; on the processor.
//!
//! A photo is already chosen when the page is opened. Cold is a browser that has never seen the site, from a server on this machine
//! without compression; warm is a later visit, with the site kept by its service worker. Times are the page's own, from the start of its
//! navigation to the first five results in the document, and to the answer that is proven.
//!
//! `cargo run --release --no-default-features -p model -p trainer -p e2e --example startup [PHOTO]`, after `make dist`. Without a photo a
//! drawn one is used.

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::Request,
    site::dist,
};
use serde_json::json;

/// Visits of each kind.
const ROUNDS: usize = 9;
/// How long live mode is watched.
const WATCHED: Duration = Duration::from_secs(10);
/// Longest that anything may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// Chooses the photo as soon as there is something to choose it with, and notes when the page gets into each state.
const CHOOSE: &str = "
const give = new MutationObserver(() => {
  const input = document.getElementById('early-photo');
  if (!input) return;
  give.disconnect();
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(BYTES)], 'photo.jpg', { type: 'image/jpeg' }));
  input.files = given.files;
  const app = document.getElementById('twill');
  window.twillTimes = {};
  const note = () => { window.twillTimes[app.dataset.state] ??= performance.now(); };
  new MutationObserver(note).observe(app, { attributes: true, attributeFilter: ['data-state'] });
  const found = new MutationObserver(() => {
    if (document.querySelectorAll('[data-testid=\"result-card\"]').length < 5) return;
    found.disconnect();
    window.twillTimes.first = performance.now();
  });
  found.observe(app, { childList: true, subtree: true });
});
give.observe(document, { childList: true, subtree: true });
";
/// Counts the worker's answers to photos.
const COUNT: &str = "
const Plain = window.Worker;
window.twillFound = 0;
window.Worker = class extends Plain {
  constructor(...all) {
    super(...all);
    this.addEventListener('message', ({ data }) => { if (data?.answer?.Found) window.twillFound += 1; });
  }
};
";

fn main() -> Result<()> {
    let photo = match env::args_os().nth(1) {
        Some(file) => {
            fs::read(&file).with_context(|| format!("{} cannot be read", Path::new(&file).display()))?
        }
        None => jpeg(&drawn_shirt([40, 70, 130]))?,
    };
    let choose = CHOOSE.replace("BYTES", &format!("{photo:?}"));

    let (mut cold, mut fetched) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        Plan::on(Backend::Cpu).run(|page, server| {
            before_each_page(page, &choose)?;
            let times = visit(page)?;
            let origin = page.browser().execute("return performance.timeOrigin")?;
            let origin = origin.as_f64().context("the page has no clock")?;
            let first = UNIX_EPOCH + Duration::from_secs_f64((origin + times[0]) / 1000.0);
            cold.push(times);
            fetched = server.requests();
            fetched.retain(|request| matches!(request.status, 200 | 206) && request.at < first);
            Ok(())
        })?;
    }
    let mut warm = Vec::new();
    Plan { keeps_site: true, ..Plan::on(Backend::Cpu) }.run(|page, _| {
        before_each_page(page, &choose)?;
        visit(page)?;
        wait_until(page, "return document.documentElement.dataset.offline === 'complete'")?;
        for _ in 0..ROUNDS {
            warm.push(visit(page)?);
        }
        Ok(())
    })?;

    println!("From navigation, ms, median (quickest) of {ROUNDS} visits:");
    for (name, times) in [("cold", cold), ("warm", warm)] {
        let [first, proven] = [0, 1].map(|which| summary(times.iter().map(|times| times[which]).collect()));
        println!("  {name}: {first} to five results, {proven} to the proven answer");
    }
    println!("Live mode: {:.1} photos a second", live(&photo)?);
    print_bytes(&fetched)
}

fn before_each_page(page: &Page, script: &str) -> Result<()> {
    let script = json!({ "source": script });
    page.browser().devtools("Page.addScriptToEvaluateOnNewDocument", &script).map(drop)
}

/// Milliseconds from the start of a navigation to its first results, and to its last ones.
fn visit(page: &Page) -> Result<[f64; 2]> {
    page.visit()?;
    let view = page.wait(PATIENCE, "results", |view| matches!(view.state.as_str(), "ranked" | "failed"))?;
    ensure!(view.cards.len() == 5, "{} results: {}", view.cards.len(), view.error);
    let times = page.browser().execute("return [window.twillTimes.first, window.twillTimes.ranked]")?;
    let time = |at: usize| times[at].as_f64().context("the page did not note when it was done");
    Ok([time(0)?, time(1)?])
}

fn wait_until(page: &Page, script: &str) -> Result<()> {
    page.wait(PATIENCE, script, |_| page.browser().execute(script).is_ok_and(|answer| answer == true))
        .map(drop)
}

/// How many frames of a camera that films the photo are answered a second.
fn live(photo: &[u8]) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let film = folder.path().join("film.mjpeg");
    let picture = image::load_from_memory(photo)?.to_rgb8();
    let frame = image::imageops::resize(&picture, 480, 640, image::imageops::FilterType::Triangle);
    fs::write(&film, jpeg(&frame)?.repeat(30))?;
    let flags = vec![
        "--use-fake-ui-for-media-stream".to_owned(),
        "--use-fake-device-for-media-stream=device-count=1,fps=30".to_owned(),
        format!("--use-file-for-fake-video-capture={}", film.display()),
    ];
    let mut rate = 0.0;
    Plan { flags, ..Plan::on(Backend::Cpu) }.run(|page, _| {
        before_each_page(page, COUNT)?;
        page.open()?;
        for button in ["camera-open", "camera-live"] {
            let found = format!(
                "return document.querySelector('[data-testid={button}]')?.checkVisibility() ?? false"
            );
            wait_until(page, &found)?;
            page.browser().execute(&format!("document.querySelector('[data-testid={button}]').click()"))?;
        }
        wait_until(page, "return window.twillFound > 5")?;
        let count = || {
            Ok::<_, anyhow::Error>(
                page.browser().execute("return window.twillFound")?.as_f64().unwrap_or(0.0),
            )
        };
        let (began, before) = (Instant::now(), count()?);
        thread::sleep(WATCHED);
        rate = (count()? - before) / began.elapsed().as_secs_f64();
        Ok(())
    })?;
    Ok(rate)
}

fn summary(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    format!("{:.0} ({:.0})", times[times.len() / 2], times[0])
}

/// What a first visit downloads until its first results, the catalogue's pictures aside, as a server would send it: whole files as brotli,
/// parts of files as they are.
fn print_bytes(requests: &[Request]) -> Result<()> {
    let mut sizes = Vec::new();
    for request in requests.iter().filter(|request| !request.path.contains("catalogue/images/")) {
        let file = request.path.trim_start_matches('/');
        let file = if file.is_empty() { "index.html" } else { file };
        let path = dist()?.join(file);
        // A browser asks for an icon at the top of the server by itself.
        if !path.is_file() {
            continue;
        }
        let (size, part) =
            if request.status == 206 { (request.bytes as u64, ", a part") } else { (brotli(&path)?, "") };
        sizes.push((size, request.bytes, format!("{file}{part}")));
    }
    sizes.sort_by(|one, other| other.cmp(one));
    sizes.dedup_by(|one, other| one.2 == other.2 && !one.2.ends_with(", a part"));
    let total: u64 = sizes.iter().map(|(small, ..)| small).sum();
    println!("Downloaded until the first results, bytes as brotli (and as they are):");
    for (small, raw, file) in &sizes {
        println!("  {small:9} {raw:9} {file}");
    }
    println!("  {total:9} in {} answers", sizes.len());
    Ok(())
}

/// Length of a file as brotli of quality 9.
fn brotli(path: &Path) -> Result<u64> {
    let output = Command::new("brotli")
        .args(["-q", "9", "-c"])
        .arg(path)
        .stderr(Stdio::inherit())
        .output()
        .context("brotli is not installed: run `make setup` first")?;
    ensure!(output.status.success(), "brotli cannot compress {}", path.display());
    Ok(output.stdout.len() as u64)
}
