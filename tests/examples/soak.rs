//! Many photos in one tab, with workers that die in between: do all answers stay the same, and does memory stay where it is?
//!
//! `cargo run --release --no-default-features -p model -p trainer -p e2e --example soak -- PHOTOS DEATHS [cpu|webgpu]`, after `make dist`.

use std::time::{Duration, Instant};
use std::{env, fs, thread};

use anyhow::{Context as _, Result, ensure};
use e2e::between::{fate, step_in, workers};
use e2e::journey::Plan;
use e2e::memory;
use e2e::page::{Backend, Page};
use e2e::photos::{drawn_shirt, jpeg};
use serde_json::json;

/// Photos after which memory counts as what the page needs.
const WARM: usize = 50;
/// Different photos, taken in turn.
const PHOTOS: u8 = 12;

fn main() -> Result<()> {
    let mut args = env::args().skip(1);
    let mut number = |what: &str| -> Result<usize> {
        Ok(args.next().with_context(|| format!("how many {what}?"))?.parse()?)
    };
    let (count, deaths) = (number("photos")?, number("deaths")?);
    let backend = if args.next().as_deref() == Some("webgpu") { Backend::WebGpu } else { Backend::Cpu };
    let folder = tempfile::tempdir()?;
    let mut photos = Vec::new();
    for index in 0..PHOTOS {
        let file = folder.path().join(format!("{index}.jpg"));
        fs::write(&file, jpeg(&drawn_shirt([index * 20, 255 - index * 20, index * 83]))?)?;
        photos.push(file);
    }
    let every = count.checked_div(deaths).unwrap_or(usize::MAX).max(1);
    Plan::on(backend).run(|page, _| {
        step_in(page)?;
        page.open()?;
        let mut expected = Vec::new();
        for photo in &photos {
            let view = page.search(photo)?;
            expected.push((view.results(), view.query.context("no photo is shown")?.embedding));
        }
        let began = Instant::now();
        let mut warm = None;
        let mut killed = 0;
        for turn in 0..count {
            if turn % every == every / 2 && killed < deaths {
                fate(page, &["die"])?;
                killed += 1;
            }
            let which = turn % photos.len();
            page.choose(&photos[which])?;
            let (cards, embedding) = &expected[which];
            let limit = backend.load_limit() + backend.search_limit();
            // The photo before this one had another vector.
            page.wait(limit, "this photo's results", |view| {
                view.state == "failed"
                    || view.state == "ranked"
                        && view.query.as_ref().is_some_and(|query| query.embedding == *embedding)
            })?;
            let view = page.look()?;
            ensure!(
                view.error.is_empty() && view.results() == *cards,
                "photo {turn} has another answer: `{}`",
                view.error
            );
            if (turn + 1) % WARM == 0 {
                let lazily = memory::of_renderers()?;
                give_back(page)?;
                let megabytes = memory::of_renderers()?;
                let first = *warm.get_or_insert(megabytes);
                println!(
                    "after {} photos and {killed} deaths: {megabytes} MB ({lazily} with the browser's caches), {:.3} of what it was after \
                     {WARM}",
                    turn + 1,
                    megabytes as f64 / first as f64
                );
            }
        }
        println!(
            "{count} photos and {} workers in {:.0} s, every answer the same",
            workers(page)?,
            began.elapsed().as_secs_f64()
        );
        Ok(())
    })
}

/// Has the browser give back what it only keeps for convenience: pictures that it has decoded, a few hundred megabytes of them on a
/// computer, and what nobody refers to any more.
fn give_back(page: &Page) -> Result<()> {
    page.browser().devtools("HeapProfiler.collectGarbage", &json!({}))?;
    page.browser().devtools("Memory.simulatePressureNotification", &json!({ "level": "critical" }))?;
    // It does so when it finds the time, and does not say when it has.
    thread::sleep(Duration::from_secs(1));
    Ok(())
}
