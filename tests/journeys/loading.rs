//! What a slow visitor reads while everything arrives: each file once, with its bytes, whatever its host does; and nothing moves.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::{Server, Stand},
    shop::Shop,
    site::Shipped,
};
use serde::Deserialize;
use serde_json::json;

use crate::save;

/// Keeps in `window.twillLoading` whatever the slip at the foot of the page shows, from the first moment on.
const WATCH: &str = "
window.twillLoading = [];
const note = () => {
  const slip = document.querySelector('.progress');
  // Its lines come with it, before anything is painted.
  if (!slip?.querySelector('li')) return;
  const lines = [...slip.querySelectorAll('[data-testid=progress-file]')].filter((line) => line.getClientRects().length > 0);
  const files = lines.map((line) => ({
    kind: line.dataset.file,
    received: Number(line.dataset.bytes.split('/')[0]),
    total: Number(line.dataset.bytes.split('/')[1]) || null,
    words: line.innerText,
    excess: line.scrollWidth - line.clientWidth,
  }));
  const { top, height } = slip.getBoundingClientRect();
  window.twillLoading.push({ files, place: [top, height].map(Math.round) });
};
new MutationObserver(note).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });";

/// A file on its way.
#[derive(Clone, Debug, Deserialize)]
struct File {
    kind: String,
    received: f64,
    total: Option<f64>,
    /// What is shown of it.
    #[serde(default)]
    words: String,
    /// By how many CSS pixels that is wider than its column.
    #[serde(default)]
    excess: f64,
}

/// What the slip shows at a time.
#[derive(Debug, Deserialize)]
struct Slip {
    files: Vec<File>,
    /// Its upper edge and its height, CSS pixels.
    place: [i64; 2],
}

/// Bytes of each file that is fetched.
fn sizes(shipped: &Shipped) -> Result<BTreeMap<&'static str, f64>> {
    let paths = [
        ("program", "worker_bg.wasm".to_owned()),
        ("weights", shipped.weights_path()),
        ("items", shipped.items_path()),
        ("features", shipped.features_path()),
    ];
    paths.into_iter().map(|(kind, path)| Ok((kind, shipped.bytes(&path)?.len() as f64))).collect()
}

/// Each file is there once at a time, grows and never shrinks, and ends at its size; returns how many steps each took.
fn check<'a>(
    told: impl IntoIterator<Item = &'a [File]>,
    sizes: &BTreeMap<&'static str, f64>,
) -> Result<BTreeMap<String, usize>> {
    let mut last: BTreeMap<String, f64> = BTreeMap::new();
    let mut steps: BTreeMap<String, usize> = BTreeMap::new();
    for files in told {
        let kinds: Vec<&str> = files.iter().map(|file| file.kind.as_str()).collect();
        let is_known = matches!(kinds[..], [] | ["program"] | ["weights", "items", "features"]);
        ensure!(is_known, "at one time there are {kinds:?}");
        for File { kind, received, total, .. } in files {
            let size = sizes.get(kind.as_str()).context("an unknown file")?;
            ensure!(*total == Some(*size), "{kind} has {size} bytes, and is said to have {total:?}");
            let before = last.insert(kind.clone(), *received).unwrap_or(-1.0);
            ensure!(*received >= before, "{kind} shrinks from {before} to {received} bytes");
            ensure!(*received <= *size, "{received} of {size} bytes of {kind}");
            *steps.entry(kind.clone()).or_default() += usize::from(*received > before);
        }
    }
    for (kind, size) in sizes {
        ensure!(last.get(*kind) == Some(size), "{kind} ends at {:?} of {size} bytes", last.get(*kind));
    }
    Ok(steps)
}

/// Loads the page with an empty cache and these files served badly; returns what the slip showed.
fn loaded(page: &Page, server: &Server, stands: Vec<(&str, Stand)>) -> Result<Vec<Slip>> {
    server.restore();
    for (path, stand) in stands {
        server.replace(path, stand);
    }
    page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
    page.open()?;
    let slips: Vec<Slip> = serde_json::from_value(page.browser().execute("return window.twillLoading")?)?;
    let [first, ..] = &slips[..] else { anyhow::bail!("nothing was shown") };
    for Slip { files, place } in &slips {
        ensure!(*place == first.place, "it jumps from {:?} to {place:?}", first.place);
        for file in files {
            ensure!(file.excess <= 0.0, "`{}` is {} px too wide", file.words, file.excess);
        }
    }
    Ok(slips)
}

fn files(slips: &[Slip]) -> impl Iterator<Item = &[File]> {
    slips.iter().map(|slip| slip.files.as_slice())
}

fn watch(page: &Page) -> Result<()> {
    let script = json!({ "source": WATCH });
    page.browser().devtools("Page.addScriptToEvaluateOnNewDocument", &script).map(drop)
}

fn first(times: u32, stand: Stand) -> Stand {
    Stand::First(times, Box::new(stand))
}

#[test]
fn each_file_is_counted_once_and_to_its_end() -> Result<()> {
    let shipped = Shipped::open()?;
    let sizes = sizes(&shipped)?;
    let (weights, features, items) = (shipped.weights_path(), shipped.features_path(), shipped.items_path());
    Plan::on(Backend::Cpu).run(|page, server| {
        watch(page)?;
        page.on_each_screen(|| {
            let slow = vec![
                ("worker_bg.wasm", Stand::Slow(6)),
                (&*weights, Stand::Slow(10)),
                (&*items, Stand::Slow(5)),
                (&*features, Stand::Slow(5)),
            ];
            let slips = loaded(page, server, slow)?;
            let steps = check(files(&slips), &sizes)?;
            println!("slow: {steps:?}");
            ensure!(steps.values().all(|steps| *steps >= 4), "it says too little: {steps:?}");
            // In words: one decimal, as everywhere.
            for File { received, words, .. } in files(&slips).flatten() {
                let mega = words.split_whitespace().find_map(|word| word.parse::<f64>().ok());
                ensure!(
                    words.ends_with(" MB") && mega.is_some_and(|mega| (mega - received / 1e6).abs() < 0.051),
                    "{received} bytes are `{words}`"
                );
            }
            // Broken off, refused, and gone on with.
            let broken = vec![
                (&*weights, first(2, Stand::Cut(0.5))),
                (&*features, first(2, Stand::Cut(0.7))),
                (&*items, first(1, Stand::Status(503))),
            ];
            println!("broken off: {:?}", check(files(&loaded(page, server, broken)?), &sizes)?);
            // Compressed, of which no part can be asked for; and a host that gives no parts.
            let whole = vec![
                ("worker_bg.wasm", Stand::Packed(4)),
                (&*weights, Stand::Packed(4)),
                (&*items, Stand::Packed(4)),
                (&*features, Stand::Whole),
            ];
            println!("whole: {:?}", check(files(&loaded(page, server, whole)?), &sizes)?);
            Ok(())
        })
    })
}

#[test]
fn what_comes_a_second_time_is_no_progress() -> Result<()> {
    let shipped = Shipped::open()?;
    let sizes = sizes(&shipped)?;
    let weights = shipped.weights_path();
    Plan::on(Backend::Cpu).run(|page, server| {
        watch(page)?;
        server.replace(&weights, first(1, Stand::Cut(0.5)));
        page.visit()?;
        let limit = Backend::Cpu.load_limit();
        page.wait(limit, "the first part", |_| {
            server.requests().iter().any(|request| request.path.ends_with(&weights))
        })?;
        // Asked for the rest, the host gives another part; asked for all, it gives all, whose first half has been counted.
        server.replace(&weights, Stand::WrongRange);
        page.wait(limit, "ready", |view| view.state == "ready")?;
        let asked = server.requests();
        let asked: Vec<_> = asked.iter().filter(|request| request.path.ends_with(&weights)).collect();
        ensure!(asked.len() >= 3 && asked.last().is_some_and(|last| last.from == 0), "asked for {asked:?}");
        let slips = page.browser().execute("return window.twillLoading")?;
        let slips: Vec<Slip> = serde_json::from_value(slips)?;
        println!("{:?}", check(files(&slips), &sizes)?);
        Ok(())
    })
}

#[test]
fn numbers_are_in_the_persons_own_format_and_a_photo_that_waits_moves_nothing() -> Result<()> {
    let shipped = Shipped::open()?;
    let weights = shipped.weights_path();
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([70, 90, 130]))?)?;
    let limit = Backend::Cpu.load_limit();
    let slip = "
        const { top, height } = document.querySelector('.progress').getBoundingClientRect();
        return [top, height].map(Math.round)";
    Plan::on(Backend::Cpu).run(|page, server| {
        page.on_each_screen(|| {
            for (code, name, own) in [
                ("en", "Network", " of "),
                ("de", "Netz", " von "),
                ("es", "Red", " de "),
                ("fr", "Réseau", " sur "),
                ("zh", "神经网络", " / "),
                ("ar", "الشبكة", " من "),
            ] {
                server.replace(&weights, Stand::Held(0.6));
                page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
                page.browser().goto(&format!("{}?backend=cpu&lang={code}", server.url()))?;
                let received = sizes(&shipped)?["weights"] * 0.6;
                let line = "document.querySelector('[data-file=weights]')";
                let half = format!("return parseFloat({line}?.dataset.bytes) > {}", received - 2.0);
                page.wait_until(limit, "the first half of the weights", &half)?;
                let words = page.browser().execute(&format!("return {line}.innerText"))?;
                let words = words.as_str().context("no words")?;
                let [from, to] = [received, sizes(&shipped)?["weights"]].map(|bytes| {
                    let point = if matches!(code, "de" | "es" | "fr") { "," } else { "." };
                    format!("{:.1}", bytes / 1e6).replace('.', point)
                });
                println!("{words:?}");
                // Which digits Arabic has depends on the country.
                let amount = if code == "ar" { own.to_owned() } else { format!("{from}{own}{to}") };
                ensure!(words.starts_with(name) && words.contains(&amount), "{code} says {words:?}");
                let before = page.browser().execute(slip)?;
                page.choose(&photo)?;
                let waits = "return document.querySelector('.photo img') !== null";
                page.wait_until(limit, "the photo", waits)?;
                let after = page.browser().execute(slip)?;
                ensure!(before == after, "{code}: it jumps from {before} to {after}");
                ensure!(page.look()?.overflow <= 0.0, "{code}: the page sticks out");
                server.restore();
                page.wait(limit, "results", |view| view.state == "ranked")?;
            }
            Ok(())
        })
    })
}

#[test]
fn a_module_hears_of_each_file_and_of_their_sum() -> Result<()> {
    #[derive(Debug, Deserialize)]
    struct Told {
        stage: String,
        received: f64,
        total: Option<f64>,
        files: Vec<File>,
    }
    let shipped = Shipped::open()?;
    let sizes = sizes(&shipped)?;
    let shop = Shop::open()?;
    let badly = |path: String, stand| shop.server().replace(&format!("twill/{path}"), stand);
    badly("worker_bg.wasm".to_owned(), Stand::Slow(5));
    badly(shipped.weights_path(), first(2, Stand::Cut(0.4)));
    badly(shipped.items_path(), Stand::Slow(5));
    badly(shipped.features_path(), first(1, Stand::Status(503)));
    Plan::on(Backend::Cpu).run(|page, _| {
        page.browser().goto(&shop.url("item.html"))?;
        let told = page.browser().execute(
            "return (async () => {
                const { Twill } = await import('../twill/twill.js');
                const told = [];
                const onProgress = (progress) => told.push(structuredClone(progress));
                (await Twill.load({ backend: 'cpu', onProgress })).close();
                return told;
            })()",
        )?;
        let told: Vec<Told> = serde_json::from_value(told)?;
        println!("{:?}", check(told.iter().map(|told| told.files.as_slice()), &sizes)?);
        let mut stages: Vec<&str> = told.iter().map(|told| told.stage.as_str()).collect();
        stages.dedup();
        ensure!(stages == ["program", "data", "warm-up"], "the stages are {stages:?}");
        for Told { stage, received, total, files } in &told {
            let own = if stage == "warm-up" { &[] } else { files.as_slice() };
            let sum: f64 = own.iter().map(|file| file.received).sum();
            let whole = own.iter().map(|file| file.total).sum::<Option<f64>>().filter(|_| !own.is_empty());
            ensure!((sum, whole) == (*received, *total), "{stage}: {received} of {total:?} for {files:?}");
        }
        Ok(())
    })
}
