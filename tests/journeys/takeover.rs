//! From the processor to the graphics card, and back when the card is no good.
//!
//! The only adapter here is Chromium's software one, which the page leaves alone on its own. So the worker is served a loader that makes
//! it look like hardware, and one that makes it lie or die.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page, View},
    photos::{drawn_shirt, jpeg},
    server::{Server, Stand},
    site::Shipped,
};

use crate::{check_against_native, check_five_results, save};

const LOADER: &str = "worker-loader.js";
const PROGRAM: &str = "graphics_bg.wasm";

/// Makes the worker take whatever adapter there is for a real card.
const HARDWARE: &str = "
if (self.location.hash !== '#graphics') {
  const ask = GPU.prototype.requestAdapter;
  GPU.prototype.requestAdapter = async function (...wish) {
    const adapter = await ask.apply(this, wish);
    return adapter && Object.defineProperty(adapter, 'info', { value: { vendor: 'a real card' } });
  };
}
";
/// Makes every number that is read back from the card have the other sign.
const LIES: &str = "
if (self.location.hash === '#graphics') {
  const look = GPUBuffer.prototype.getMappedRange;
  GPUBuffer.prototype.getMappedRange = function (...part) {
    const range = look.apply(this, part);
    if (this.usage & GPUBufferUsage.MAP_READ) new Float32Array(range).forEach((value, at, all) => { all[at] = -value; });
    return range;
  };
}
";
/// Makes the card's program die of the second picture after the known one.
const DIES: &str = "
if (self.location.hash === '#graphics') {
  let pictures = 0;
  self.addEventListener('message', ({ data }) => {
    if (data.Forward && ++pictures > 2) setTimeout(() => { throw new Error('the card was unplugged'); });
  });
}
";
/// Notes all that could jump: states, backends, and the best result.
const WATCH: &str = "
const app = document.querySelector('[data-testid=app]');
window.twillSeen = [];
const look = () => {
  const seen = [app.dataset.state, app.dataset.backend ?? '',
    document.querySelector('[data-testid=result-card]')?.dataset.itemId ?? ''].join(' ');
  if (window.twillSeen.at(-1) !== seen) window.twillSeen.push(seen);
};
new MutationObserver(look).observe(app, { subtree: true, childList: true, attributes: true });
look();
";
const DIAGNOSTIC: &str = "return document.querySelector('[data-testid=diagnostic]')?.innerText ?? ''";

/// The page with a software adapter, free to decide.
fn undecided() -> Plan {
    Plan { forced: false, ..Plan::on(Backend::WebGpu) }
}

/// Serves the loader with these words before it.
fn prepare(shipped: &Shipped, server: &Server, words: &[&str]) -> Result<()> {
    let loader = String::from_utf8(shipped.bytes(LOADER)?)?;
    server.replace(LOADER, Stand::Bytes((words.concat() + &loader).into_bytes()));
    Ok(())
}

#[test]
fn the_card_takes_over_without_a_jump() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let bytes = [[25, 45, 95], [190, 30, 45]].map(|colour| jpeg(&drawn_shirt(colour)));
    let [first, second] = bytes;
    let (first, second) = (first?, second?);
    let files = [save(folder.path(), "1.jpg", &first)?, save(folder.path(), "2.jpg", &second)?];
    undecided().run_on_each_screen(|page, server| {
        prepare(&shipped, server, &[HARDWARE])?;
        page.visit()?;
        let view = page.wait(Backend::Cpu.load_limit(), "ready", |view| view.state == "ready")?;
        ensure!(view.backend == "cpu", "the page waited for `{}`", view.backend);
        // The processor answers while the card warms up.
        let on_cpu = page.search(&files[0])?;
        ensure!(on_cpu.backend == "cpu", "the first answer came after the change to `{}`", on_cpu.backend);
        let native = shipped.recommend(&first, 5)?;
        check_against_native(
            &on_cpu,
            &native.embedding.vector,
            &native.hits,
            &ids,
            Backend::Cpu.agreement(),
        )?;
        page.browser().execute(WATCH)?;
        let moved = wait_for_backend(page, Backend::WebGpu)?;
        ensure!(moved.state == "ranked", "the page is `{}`", moved.state);
        ensure!(
            moved.cards.iter().zip(&on_cpu.cards).all(|(one, other)| one.id == other.id),
            "results changed"
        );
        let seen = page.browser().execute("return window.twillSeen")?;
        let best = &on_cpu.cards[0].id;
        let expected = serde_json::json!([format!("ranked cpu {best}"), format!("ranked webgpu {best}")]);
        ensure!(seen == expected, "the page went through {seen}");
        ensure!(diagnostic(page)?.is_empty(), "the page complains: {}", diagnostic(page)?);
        // Another part of a photo that the processor has seen, and another photo.
        let on_card = page.search(&files[1])?;
        check_five_results(&on_card, &ids)?;
        ensure!(on_card.backend == "webgpu", "the page is back on `{}`", on_card.backend);
        let native = shipped.recommend(&second, 5)?;
        check_against_native(
            &on_card,
            &native.embedding.vector,
            &native.hits,
            &ids,
            Backend::WebGpu.agreement(),
        )
    })
}

#[test]
fn a_card_that_lies_or_does_not_start_is_left_alone() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([60, 120, 60]))?)?;
    undecided().run(|page, server| {
        for (name, words, missing, says) in [
            ("a card that lies", &[HARDWARE, LIES][..], false, "wrong results"),
            ("a program that is not there", &[HARDWARE], true, "404"),
        ] {
            server.restore();
            prepare(&shipped, server, words)?;
            if missing {
                server.replace(PROGRAM, Stand::Missing);
            }
            page.visit()?;
            let said = wait_for_diagnostic(page)?;
            println!("{name}: {said}");
            ensure!(said.contains(says), "{name}: {said}");
            let view = page.search(&photo)?;
            ensure!(view.cards.len() == 5 && view.backend == "cpu", "{name}: on `{}`", view.backend);
            ensure!(view.error.is_empty(), "{name} stands in the way: {}", view.error);
        }
        Ok(())
    })
}

#[test]
fn a_card_that_dies_is_replaced_by_the_processor() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let bytes = jpeg(&drawn_shirt([120, 60, 120]))?;
    let photo = save(folder.path(), "shirt.jpg", &bytes)?;
    let native = shipped.recommend(&bytes, 5)?;
    undecided().run(|page, server| {
        prepare(&shipped, server, &[HARDWARE, DIES])?;
        page.visit()?;
        wait_for_backend(page, Backend::WebGpu)?;
        // The question during which it dies is answered all the same, and so is the next.
        for _ in 0..2 {
            let view = page.search(&photo)?;
            check_five_results(&view, &ids)?;
            check_against_native(
                &view,
                &native.embedding.vector,
                &native.hits,
                &ids,
                Backend::WebGpu.agreement(),
            )?;
        }
        let said = wait_for_diagnostic(page)?;
        ensure!(said.contains("the card was unplugged"), "{said}");
        ensure!(page.look()?.backend == "cpu", "on `{}`", page.look()?.backend);
        Ok(())
    })
}

#[test]
fn where_there_is_no_card_its_program_is_not_fetched() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([90, 90, 30]))?)?;
    undecided().run(|page, server| {
        page.visit()?;
        let view = page.wait(Backend::Cpu.load_limit(), "ready", |view| view.state == "ready")?;
        ensure!(view.backend == "cpu", "on `{}`", view.backend);
        page.search(&photo)?;
        thread::sleep(Duration::from_secs(2));
        let fetched: Vec<_> =
            server.requests().into_iter().filter(|request| request.path.contains("graphics")).collect();
        ensure!(fetched.is_empty(), "fetched {fetched:?}");
        ensure!(
            diagnostic(page)?.is_empty(),
            "the page complains of a card that is not there: {}",
            diagnostic(page)?
        );
        Ok(())
    })
}

#[test]
fn whoever_insists_on_a_card_hears_why_there_is_none() -> Result<()> {
    let shipped = Shipped::open()?;
    let insisting = Plan { query: "webgpu".to_owned(), forced: false, ..Plan::on(Backend::Cpu) };
    insisting.run(|page, _| explained(page, "WebGPU"))?;
    Plan::on(Backend::WebGpu).run(|page, server| {
        prepare(&shipped, server, &[LIES])?;
        explained(page, "wrong results")
    })
}

/// The page fails, and says this.
fn explained(page: &Page, says: &str) -> Result<()> {
    page.visit()?;
    let view = page.wait(Backend::WebGpu.load_limit(), "an error message", |view| !view.error.is_empty())?;
    println!("{}", view.error);
    ensure!(view.state == "failed" && view.error.contains(says), "`{}`: {}", view.state, view.error);
    Ok(())
}

fn wait_for_backend(page: &Page, backend: Backend) -> Result<View> {
    page.wait(backend.load_limit(), backend.name(), |view| view.backend == backend.name())
        .with_context(|| diagnostic(page).unwrap_or_default())
}

fn diagnostic(page: &Page) -> Result<String> {
    Ok(page.browser().execute(DIAGNOSTIC)?.as_str().unwrap_or_default().to_owned())
}

fn wait_for_diagnostic(page: &Page) -> Result<String> {
    let deadline = Instant::now() + Backend::WebGpu.load_limit();
    loop {
        let said = diagnostic(page)?;
        if !said.is_empty() {
            return Ok(said);
        }
        if Instant::now() > deadline {
            bail!(
                "the page says nothing about the card; it is `{}` on `{}`",
                page.look()?.state,
                page.look()?.backend
            );
        }
        thread::sleep(Duration::from_millis(100));
    }
}
