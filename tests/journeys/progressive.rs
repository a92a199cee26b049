//! A large catalogue over a slow line: it is searched while it arrives, and what it gives in the end is what it gives at once.

use std::{fs, path::Path, time::Duration};

use crate::save;
use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    large::{Form, Large},
    page::{Backend, Page, View},
    photos::{drawn_shirt, jpeg},
    server::{Server, Settings, Stand},
    site::Shipped,
};

/// Items of the large catalogue: four blocks of codes.
const ITEMS: usize = 200_000;
/// Longest that the page may take for what is on its way.
const PATIENCE: Duration = Duration::from_mins(1);

/// A catalogue on a server of its own, which gives no parts.
struct Away {
    server: Server,
    folder: tempfile::TempDir,
    large: Large,
}

impl Away {
    fn open(shipped: &Shipped) -> Result<Self> {
        Self::open_with(shipped, None)
    }

    /// The same, with a first item of which this is the vector.
    fn open_with(shipped: &Shipped, first: Option<&[f32]>) -> Result<Self> {
        let mut rows = Large::vectors(shipped, ITEMS)?;
        if let Some(first) = first {
            rows[..first.len()].copy_from_slice(first);
        }
        let large = Large::of(shipped, &rows, Form::default())?;
        let folder = tempfile::tempdir()?;
        large.write(folder.path())?;
        let settings = Settings { allow_other_origins: true, ..Settings::at_top(folder.path()) };
        Ok(Self { server: Server::start(settings)?, folder, large })
    }

    /// The page with this catalogue.
    fn plan(&self) -> Plan {
        Plan { query: format!("&catalogue={}", self.server.url()), ..Plan::on(Backend::Cpu) }
    }

    /// Name of the feature file.
    fn file(&self) -> &str {
        &self.large.card.features.file
    }

    /// Puts a file in the place of the feature file, under its name.
    fn put(&self, bytes: &[u8]) -> Result<()> {
        Ok(fs::write(self.folder.path().join(self.file()), bytes)?)
    }

    fn check(&self, view: &View) -> Result<()> {
        self.large.check(view)
    }
}

/// How many items the page says that it has searched, and of how many.
fn reading(page: &Page) -> Result<Option<(usize, usize)>> {
    let said = page.browser().execute(
        r#"const line = document.querySelector('[data-testid="reading"]');
        return line && line.innerText.length > 5 ? [line.dataset.read, line.dataset.all] : null;"#,
    )?;
    let number = |at: usize| said[at].as_str().and_then(|text| text.parse().ok());
    Ok(number(0).zip(number(1)))
}

fn shirt(folder: &Path) -> Result<std::path::PathBuf> {
    save(folder, "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)
}

#[test]
fn first_results_come_with_a_tenth_of_the_bytes() -> Result<()> {
    let shipped = Shipped::open()?;
    let away = Away::open(&shipped)?;
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    away.plan().run(|page, _| {
        away.server.replace(away.file(), Stand::Held(0.1));
        page.visit()?;
        page.wait(PATIENCE, "the page", |view| view.state == "loading")?;
        page.choose(&photo)?;
        let early = page.wait(PATIENCE, "first results", |view| view.cards.len() == 5)?;
        ensure!(early.state == "loading", "the page is {}", early.state);
        let (read, all) = reading(page)?.context("the page does not say that it is still reading")?;
        println!("{read} of {all} items with a tenth of {} bytes", away.large.bytes.len());
        ensure!(read > 40_000 && read < all && all == ITEMS, "{read} of {all}");
        ensure!(early.cards.iter().all(|card| card.id.parse().is_ok_and(|row: usize| row < read)));
        // More of them, while it still reads; then all.
        page.browser().execute(
            r#"window.twillReads = [];
            new MutationObserver(() => {
              const read = document.querySelector('[data-testid="reading"]')?.dataset.read;
              if (read && read !== window.twillReads.at(-1)?.[0]) window.twillReads.push([read, performance.now()]);
            }).observe(document.body, { subtree: true, childList: true, attributes: true });"#,
        )?;
        for share in [0.2, 0.28] {
            let before = reading(page)?.map_or(0, |(read, _)| read);
            away.server.replace(away.file(), Stand::Held(share));
            page.wait(PATIENCE, "more", |_| {
                reading(page).is_ok_and(|reading| reading.is_some_and(|(read, _)| read > before))
            })?;
        }
        away.server.restore();
        let last = page.wait(PATIENCE, "the answer", |view| view.state == "ranked")?;
        ensure!(reading(page)?.is_none(), "the page still says that it reads");
        away.check(&last)?;
        let reads = page.browser().execute("return window.twillReads")?;
        let reads: Vec<(usize, f64)> = reads
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|pair| Some((pair[0].as_str()?.parse().ok()?, pair[1].as_f64()?)))
            .collect();
        println!("{reads:?}");
        ensure!(reads.windows(2).all(|pair| pair[0].0 < pair[1].0), "it goes back: {reads:?}");
        // What was seen first was there before.
        let later = reads.get(1..).unwrap_or_default();
        ensure!(later.windows(2).all(|pair| pair[1].1 - pair[0].1 > 300.0), "it jumps about: {reads:?}");
        ensure!(later.len() >= 2, "it says how far it is only {} times", later.len());

        // At once, the answer is the same.
        away.server.restore();
        page.open()?;
        let undisturbed = page.search(&photo)?;
        ensure!(undisturbed.results() == last.results(), "other results than over a slow line");
        Ok(())
    })
}

#[test]
fn a_result_that_stays_keeps_the_focus() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    // What is nearest by far: it comes first, whatever else arrives.
    let native = shipped.recommend(&fs::read(&photo)?, 1)?;
    let away = Away::open_with(&shipped, Some(&native.embedding.vector))?;
    away.plan().run(|page, _| {
        page.on_each_screen(|| {
            page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
            away.server.replace(away.file(), Stand::Held(0.1));
            page.visit()?;
            page.wait(PATIENCE, "the page", |view| view.state == "loading")?;
            page.choose(&photo)?;
            let early = page.wait(PATIENCE, "first results", |view| view.cards.len() == 5)?;
            page.browser().execute(
                "window.twillButton = document.querySelector('[data-item-id=\"0\"] [data-testid=more-like-this]');
                 window.twillButton.focus()",
            )?;
            away.server.restore();
            let whole = page.wait(PATIENCE, "the answer", |view| view.state == "ranked")?;
            away.check(&whole)?;
            ensure!(early.cards[0].id == "0" && whole.cards[0].id == "0", "something else comes first");
            ensure!(whole.results() != early.results(), "nothing has changed, which shows nothing");
            let has_it = page.browser().execute("return document.activeElement === window.twillButton")?;
            ensure!(has_it == true, "the focus is on {}", page.focus()?.name);
            Ok(())
        })
    })
}

#[test]
fn what_can_be_done_with_first_results_waits_for_the_rest() -> Result<()> {
    let shipped = Shipped::open()?;
    let away = Away::open(&shipped)?;
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    away.plan().run(|page, _| {
        away.server.replace(away.file(), Stand::Held(0.3));
        page.visit()?;
        page.wait(PATIENCE, "the page", |view| view.state == "loading")?;
        page.choose(&photo)?;
        let early = page.wait(PATIENCE, "first results", |view| view.cards.len() == 5)?;
        let card = r#"[data-testid="result-card"] [data-testid="more-like-this"]"#;
        page.browser().click(&page.browser().find(card)?)?;
        away.server.restore();
        let further = page.wait(PATIENCE, "more like this", |view| {
            view.state == "ranked" && view.cards.len() == 5 && view.results() != early.results()
        })?;
        ensure!(further.cards.iter().all(|card| card.id != early.cards[0].id), "{:?}", further.cards);
        // The photo's own results were not the last word.
        page.browser().execute("history.back()")?;
        let whole = page.wait(PATIENCE, "the photo's results", |view| {
            view.state == "ranked" && view.results() != further.results()
        })?;
        away.check(&whole)
    })
}

#[test]
fn a_wrong_file_takes_back_what_was_shown() -> Result<()> {
    let shipped = Shipped::open()?;
    let away = Away::open(&shipped)?;
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    let flipped = |at: usize| {
        let mut bytes = away.large.bytes.clone();
        bytes[at] ^= 4;
        bytes
    };
    away.plan().run(|page, _| {
        // In the vectors, of which nothing is known before all of them are there; and in the third block of codes.
        for at in [away.large.bytes.len() - 1001, 9 << 20] {
            away.put(&flipped(at))?;
            page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
            away.server.replace(away.file(), Stand::Held(0.15));
            page.visit()?;
            page.wait(PATIENCE, "the page", |view| view.state == "loading")?;
            page.choose(&photo)?;
            page.wait(PATIENCE, "first results", |view| view.cards.len() == 5)?;
            away.server.restore();
            let wrong = page.wait(PATIENCE, "an error", |view| view.state == "failed")?;
            ensure!(wrong.cards.is_empty(), "{} results of a wrong file are shown", wrong.cards.len());
            ensure!(wrong.error.contains("damaged"), "it says {}", wrong.error);
            let kind = page
                .browser()
                .execute(r#"return document.querySelector('[data-testid="error"]').dataset.kind"#)?;
            ensure!(kind == "catalogue", "the error is about {kind}");
        }
        // Damage in the first block: nothing of it is ever shown, and nobody waits for the rest.
        away.put(&flipped(1 << 20))?;
        page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
        away.server.replace(away.file(), Stand::Held(0.15));
        page.visit()?;
        page.wait(PATIENCE, "the page", |view| view.state == "loading")?;
        page.choose(&photo)?;
        let wrong = page.wait(PATIENCE, "an error", |view| {
            assert!(view.cards.is_empty(), "{} results of a wrong block are shown", view.cards.len());
            view.state == "failed"
        })?;
        ensure!(wrong.error.contains("damaged"), "it says {}", wrong.error);
        // The host is itself again: the next photo is answered.
        away.put(&away.large.bytes)?;
        away.server.restore();
        page.choose(&photo)?;
        let view = page.wait(PATIENCE, "the answer", |view| view.state == "ranked")?;
        away.check(&view)
    })
}
