//! What searching takes from the person and the device: the page's own thread stays free while the worker computes on the processor,
//! and one photo needs little memory.

use std::{env, time::Duration};

use anyhow::{Context, Result, ensure};
use e2e::{
    browser::Key,
    journey::Plan,
    memory::{Peak, of_renderers},
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg, phone_photo},
};
use serde::Deserialize;

use crate::save;

/// Photos in a row; `TWILL_ROW` names another number.
const ROW: usize = 60;
/// Longest that the page's thread may be busy at a stretch, and an input wait, milliseconds. What is promised is 100, on a machine that has
/// nothing else to do; this one may have.
const LONGEST_MS: f64 = 300.0;
/// Most that one photo of twelve megapixels may add to what the page had before, megabytes.
const MOST_MB: u64 = 300;

/// Notes every task of more than 50 ms, and every input that took more than 16 ms from the key to what is painted.
const WATCH: &str = "
window.twillTasks = { long: [], delay: 0, response: 0, inputs: 0 };
const tasks = window.twillTasks;
new PerformanceObserver((list) => tasks.long.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  tasks.delay = Math.max(tasks.delay, entry.processingStart - entry.startTime);
  tasks.response = Math.max(tasks.response, entry.duration);
})).observe({ type: 'event', durationThreshold: 16 });
addEventListener('keydown', () => { tasks.inputs += 1 }, true);";

/// Keeps the page's thread busy for a while, and comes back when that has been noted, if it is.
const DAWDLE: &str = "
return new Promise((resolve) => setTimeout(() => {
  for (const end = performance.now() + 150; performance.now() < end;);
  setTimeout(resolve, 500);
}))";
/// A little less than that, milliseconds.
const DAWDLING_MS: f64 = 140.0;

/// What was noted.
#[derive(Deserialize)]
struct Tasks {
    /// Those of more than 50 ms, milliseconds.
    long: Vec<f64>,
    /// Longest from a key to the beginning of the answer to it, milliseconds.
    delay: f64,
    /// Longest from a key to its being painted, milliseconds; 0 where all took less than 16.
    response: f64,
    /// How many keys.
    inputs: u32,
}

impl Tasks {
    /// The longest task, milliseconds; 0 where all took less than 50.
    fn longest(&self) -> f64 {
        self.long.iter().copied().fold(0.0, f64::max)
    }
}

fn noted(page: &Page) -> Result<Tasks> {
    Ok(serde_json::from_value(page.browser().execute("return window.twillTasks")?)?)
}

#[test]
fn the_page_answers_at_once_while_photo_after_photo_is_looked_at() -> Result<()> {
    let row =
        env::var("TWILL_ROW").ok().map_or(Ok(ROW), |row| row.parse()).context("TWILL_ROW is no number")?;
    let folder = tempfile::tempdir()?;
    let mut photos = Vec::new();
    for index in 0..12_u8 {
        let shirt = drawn_shirt([index * 20, 255 - index * 20, index.wrapping_mul(83)]);
        photos.push(save(folder.path(), &format!("{index}.jpg"), &jpeg(&shirt)?)?);
    }
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        page.open()?;
        page.search(&photos[0])?;
        page.browser().execute(WATCH)?;
        for turn in 1..=row {
            let before = page.look()?.query.context("no photo is shown")?.embedding;
            page.choose(&photos[turn % photos.len()])?;
            // While the worker computes, somebody walks through the page.
            page.browser().press(&[Key::Tab, Key::Tab])?;
            page.wait(Backend::Cpu.search_limit(), "this photo's results", |view| {
                view.state == "ranked" && view.query.as_ref().is_some_and(|query| query.embedding != before)
            })?;
        }
        let tasks = noted(page)?;
        let longest = tasks.longest();
        println!(
            "{row} photos: {} tasks of more than 50 ms, the longest {longest:.0} ms; {} keys, answered after {:.0} ms and painted \
             after {:.0} ms at the latest",
            tasks.long.len(),
            tasks.inputs,
            tasks.delay,
            tasks.response
        );
        ensure!(tasks.inputs as usize >= row, "only {} keys arrived", tasks.inputs);
        ensure!(longest < LONGEST_MS, "the page's thread was busy for {longest} ms");
        ensure!(tasks.delay < LONGEST_MS, "a key waited for {} ms", tasks.delay);
        // Who watches so little has to be seen watching.
        page.browser().execute(DAWDLE)?;
        ensure!(noted(page)?.longest() >= DAWDLING_MS, "a thread that dawdles is not noticed");
        Ok(())
    })
}

#[test]
fn one_photo_takes_little_memory() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "phone.jpg", &phone_photo(&drawn_shirt([40, 110, 80]))?)?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        page.open()?;
        settle(page)?;
        let before = of_renderers()?;
        let peak = Peak::watch()?;
        let view = page.search(&photo)?;
        page.wait(Backend::Cpu.search_limit(), "pictures", |view| {
            view.cards.iter().all(|card| card.painted)
        })?;
        ensure!(view.cards.len() == 5, "{} results", view.cards.len());
        let (most, after) = (peak.megabytes(), of_renderers()?);
        println!("before the photo {before} MB, at most {most} MB, with its results {after} MB");
        ensure!(most >= before, "the watch saw {most} MB, less than the {before} MB before");
        ensure!(most - before <= MOST_MB, "one photo took {} MB", most - before);
        Ok(())
    })
}

/// Waits until loading has given back what it needed for a moment.
fn settle(page: &Page) -> Result<()> {
    page.wait_until(
        Duration::from_secs(20),
        "the page to be idle",
        "return new Promise((resolve) => requestIdleCallback(() => setTimeout(() => resolve(true), 500)))",
    )
}
