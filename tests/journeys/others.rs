//! The main journeys in Firefox and in `WebKitGTK`, which has Safari's engine. Both compute on the processor here.
//!
//! Where one of them is not installed, its journeys say so and pass.

use std::{path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use e2e::{
    browser::Kind,
    journey::Plan,
    page::{Backend, Page, View},
    photos::{drawn_shirt, jpeg, with_orientation},
    server::{Server, Stand},
    site::Shipped,
};
use image::imageops;
use serde_json::json;

use crate::{
    bad_files::check_for_a_person,
    check_against_native, check_five_results, cosine,
    intake::{heic_is_answered, is_the_green_shirt, pictures},
    save,
};

/// Longest that the page may take to react.
const LIMIT: Duration = Duration::from_mins(1);

/// Sizes of the results' pictures that are wider than they are high: garments are not.
const FLAT: &str = "
return [...document.querySelectorAll('[data-testid=result-card] img')]
  .map((picture) => picture.getBoundingClientRect())
  .filter(({ width, height }) => height < width)
  .map(({ width, height }) => `${width} x ${height}`)";

#[test]
fn in_firefox_a_photo_leads_to_results_and_on() -> Result<()> {
    a_photo_leads_to_results_and_on(Kind::Firefox)
}

#[test]
fn in_webkit_a_photo_leads_to_results_and_on() -> Result<()> {
    a_photo_leads_to_results_and_on(Kind::WebKit)
}

#[test]
fn in_firefox_filters_narrow_and_languages_change() -> Result<()> {
    filters_narrow_and_languages_change(Kind::Firefox)
}

#[test]
fn in_webkit_filters_narrow_and_languages_change() -> Result<()> {
    filters_narrow_and_languages_change(Kind::WebKit)
}

#[test]
fn in_firefox_a_bad_photo_is_explained_and_a_good_one_works() -> Result<()> {
    a_bad_photo_is_explained_and_a_good_one_works(Kind::Firefox)
}

#[test]
fn in_webkit_a_bad_photo_is_explained_and_a_good_one_works() -> Result<()> {
    a_bad_photo_is_explained_and_a_good_one_works(Kind::WebKit)
}

#[test]
fn in_firefox_what_only_the_browser_reads_is_searched_with() -> Result<()> {
    what_only_the_browser_reads_is_searched_with(Kind::Firefox)
}

#[test]
fn in_webkit_what_only_the_browser_reads_is_searched_with() -> Result<()> {
    what_only_the_browser_reads_is_searched_with(Kind::WebKit)
}

#[test]
fn in_firefox_the_page_works_without_a_network() -> Result<()> {
    the_page_works_without_a_network(Kind::Firefox)
}

#[test]
fn in_webkit_the_page_works_without_a_network() -> Result<()> {
    the_page_works_without_a_network(Kind::WebKit)
}

#[test]
fn in_firefox_a_card_that_lies_is_left_alone() -> Result<()> {
    a_card_that_lies_is_left_alone(Kind::Firefox)
}

#[test]
fn in_webkit_a_card_that_lies_is_left_alone() -> Result<()> {
    a_card_that_lies_is_left_alone(Kind::WebKit)
}

/// A graphics card as some phones have it: it is there, and what it computes is wrong. All of it stands in the worker's place; no
/// real card is asked.
pub(crate) fn fake_card(shipped: &Shipped, server: &Server) -> Result<()> {
    const LOADER: &str = "worker-loader.js";
    let row = model::network::row_length(&shipped.embedder().card().network);
    let loader = String::from_utf8(shipped.bytes(LOADER)?)?;
    let script = format!(
        "if (self.location.hash === '#graphics') {{
           self.onmessage = ({{ data }}) => self.postMessage({{ Done: {{
             id: data.Forward?.id ?? 0, rows: new Float32Array(data.Forward ? data.Forward.batch * {row} : 0) }} }});
         }} else {{
           const adapter = {{ features: {{ has: () => true }}, info: {{ vendor: 'a real card' }} }};
           Object.defineProperty(navigator, 'gpu', {{ value: {{ requestAdapter: async () => adapter }} }});
           {loader}
         }}"
    );
    server.replace(LOADER, Stand::Bytes(script.into_bytes()));
    Ok(())
}

fn on(kind: Kind) -> Plan {
    Plan { kind, ..Plan::on(Backend::Cpu) }
}

fn ids(shipped: &Shipped) -> Vec<&str> {
    shipped.items().iter().map(|item| item.id.as_str()).collect()
}

fn shirt(folder: &Path) -> Result<(std::path::PathBuf, Vec<u8>)> {
    let bytes = jpeg(&drawn_shirt([150, 40, 40]))?;
    Ok((save(folder, "shirt.jpg", &bytes)?, bytes))
}

/// Ids of the results that are shown.
fn found(view: &View) -> Vec<&str> {
    view.cards.iter().map(|card| card.id.as_str()).collect()
}

fn a_photo_leads_to_results_and_on(kind: Kind) -> Result<()> {
    if !kind.is_here() {
        return Ok(());
    }
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, bytes) = shirt(folder.path())?;
    let native = shipped.recommend(&bytes, 5)?;
    let lying = jpeg(&imageops::rotate270(&drawn_shirt([150, 40, 40])))?;
    let sideways = save(folder.path(), "sideways.jpg", &with_orientation(&lying, 6)?)?;
    let ids = ids(&shipped);
    on(kind).run(|page, server| {
        let agent = page.browser().execute("return navigator.userAgent")?;
        println!("{}", agent.as_str().unwrap_or_default());
        page.resize(1200, 850, false)?;
        page.open()?;
        let first = page.search(&photo)?;
        check_five_results(&first, &ids)?;
        check_against_native(&first, &native.embedding.vector, &native.hits, &ids, Backend::Cpu.agreement())?;
        ensure!(first.overflow <= 0.0, "{} px stick out", first.overflow);
        page.wait(LIMIT, "pictures", |view| view.cards.iter().all(|card| card.painted))?;
        let flat = page.browser().execute(FLAT)?;
        ensure!(flat == json!([]), "pictures are pressed flat, width by height: {flat}");
        // The same photo as a phone stores it, on its side, with a note that it has to be turned.
        let turned = page.search(&sideways)?;
        let query = turned.query.as_ref().context("the photo is not shown")?;
        ensure!(query.width < query.height, "the photo is shown {} x {}", query.width, query.height);
        let same = cosine(&query.embedding, &native.embedding.vector);
        ensure!(same > 0.98, "the photo was looked at on its side: cosine {same}");
        let first = page.search(&photo)?;
        let second = page.more_like(&first.cards[1].id)?;
        check_five_results(&second, &ids)?;
        let sent = page.browser().execute("return location.href")?;
        let sent = sent.as_str().unwrap_or_default();
        ensure!(sent.contains(&format!("like={}", first.cards[1].id)), "the address is {sent}");
        page.click("[data-testid=back]")?;
        page.wait(LIMIT, "the photo's results", |view| found(view) == found(&first))?;
        // Somebody else opens the address that was sent.
        page.browser().goto(sent)?;
        page.wait(LIMIT, "the sent results", |view| found(view) == found(&second))?;
        let away = server.requests().iter().any(|request| request.method != "GET" || request.body_bytes > 0);
        ensure!(!away, "something was sent to the server");
        Ok(())
    })
}

fn filters_narrow_and_languages_change(kind: Kind) -> Result<()> {
    if !kind.is_here() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    on(kind).run(|page, _| {
        page.open()?;
        let first = page.search(&photo)?;
        choose(page, "category-filter", "Dresses")?;
        let view = page.wait(LIMIT, "dresses", |view| {
            view.cards.len() == 5 && view.cards.iter().all(|card| card.category == "Dresses")
        })?;
        page.click("[data-testid=colour-filter][data-colour=red]")?;
        let red = page.wait(LIMIT, "red dresses", |now| {
            now.state == "ranked" && !now.cards.is_empty() && found(now) != found(&view)
        })?;
        ensure!(red.cards.iter().all(|card| card.category == "Dresses"), "{:?}", red.cards);
        page.click("[data-testid=filter-clear]")?;
        page.wait(LIMIT, "everything", |view| found(view) == found(&first))?;
        for (code, tag, direction) in [("ar", "ar", "rtl"), ("zh", "zh-Hans", "ltr")] {
            choose(page, "language", code)?;
            let root = json!([tag, direction]);
            page.wait_until(
                LIMIT,
                code,
                &format!(
                    "const root = document.documentElement;
                     return JSON.stringify([root.lang, root.dir]) === '{root}'
                       && document.querySelectorAll('[data-testid=result-card]').length === 5"
                ),
            )?;
            let view = page.look()?;
            ensure!(found(&view) == found(&first) && view.overflow <= 0.0, "{code}: {view:?}");
        }
        Ok(())
    })
}

fn a_bad_photo_is_explained_and_a_good_one_works(kind: Kind) -> Result<()> {
    if !kind.is_here() {
        return Ok(());
    }
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, bytes) = shirt(folder.path())?;
    let list = save(folder.path(), "list.jpg", b"Two shirts, one pair of trousers.")?;
    let cut = save(folder.path(), "cut.jpg", &bytes[..bytes.len() / 2])?;
    on(kind).run(|page, _| {
        page.open()?;
        let mut messages = Vec::new();
        for bad in [list, cut] {
            let message = page.complaint_about(&bad)?;
            check_for_a_person(&message)?;
            ensure!(!messages.contains(&message), "told apart by nothing: {message}");
            messages.push(message);
            let view = page.search(&photo)?;
            check_five_results(&view, &ids(&shipped))?;
            ensure!(view.error.is_empty(), "the message stays: {}", view.error);
        }
        Ok(())
    })
}

fn what_only_the_browser_reads_is_searched_with(kind: Kind) -> Result<()> {
    if !kind.is_here() {
        return Ok(());
    }
    // WebKitGTK does not turn an AVIF file upright, nor does it show it so: what is searched with is what is seen.
    let files = if kind == Kind::WebKit { &["shirt.avif"][..] } else { &["shirt.avif", "lying.avif"] };
    on(kind).run(|page, _| {
        page.open()?;
        for file in files {
            page.search(&pictures().join(file))?;
            is_the_green_shirt(page).context(*file)?;
        }
        heic_is_answered(page)
    })
}

fn the_page_works_without_a_network(kind: Kind) -> Result<()> {
    if !kind.is_here() {
        return Ok(());
    }
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    let bytes = jpeg(&drawn_shirt([30, 70, 140]))?;
    let other = save(folder.path(), "other.jpg", &bytes)?;
    let native = shipped.recommend(&bytes, 5)?;
    let ids = ids(&shipped);
    let plan = Plan { keeps_site: true, prefix: "/shops/down-the-road/", ..on(kind) };
    plan.run(|page, server| {
        page.open()?;
        page.search(&photo)?;
        let is_kept = "return document.documentElement.dataset.offline === 'complete'";
        page.wait_until(2 * LIMIT, "the site to be kept", is_kept)?;
        server.stop();
        let before = server.requests().len();
        page.open()?;
        let view = page.search(&other)?;
        check_five_results(&view, &ids)?;
        check_against_native(&view, &native.embedding.vector, &native.hits, &ids, Backend::Cpu.agreement())?;
        page.wait(LIMIT, "pictures", |view| view.cards.iter().all(|card| card.painted))?;
        choose(page, "language", "ar")?;
        page.wait_until(LIMIT, "Arabic", "return document.documentElement.dir === 'rtl'")?;
        ensure!(server.requests().len() == before, "the server was not away");
        Ok(())
    })
}

fn a_card_that_lies_is_left_alone(kind: Kind) -> Result<()> {
    if !kind.is_here() {
        return Ok(());
    }
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, bytes) = shirt(folder.path())?;
    let native = shipped.recommend(&bytes, 5)?;
    let ids = ids(&shipped);
    let plan = Plan { forced: false, ..on(kind) };
    plan.run(|page, server| {
        let ask = |page: &Page| -> Result<()> {
            let view = page.search(&photo)?;
            ensure!(view.backend == "cpu" && view.error.is_empty(), "on `{}`: {}", view.backend, view.error);
            check_against_native(&view, &native.embedding.vector, &native.hits, &ids, Backend::Cpu.agreement())
        };
        // Without being told to, the page computes where it can.
        page.open()?;
        ask(page)?;
        fake_card(&shipped, server)?;
        page.open()?;
        page.wait_until(
            LIMIT,
            "a diagnostic",
            "return document.querySelector('[data-testid=diagnostic]')?.textContent.includes('wrong results')",
        )?;
        ask(page)
    })
}

/// Chooses in a list, as a person does.
fn choose(page: &Page, list: &str, value: &str) -> Result<()> {
    page.click(&format!("[data-testid={list}] option[value='{value}']"))
        .with_context(|| format!("no {value}"))
}
