//! Everything by keys alone: each stop is seen, nothing loses the focus, and what happens is said.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use e2e::{
    browser::Key,
    camera::{film, filming, wait_for_picture},
    journey::Plan,
    page::{Backend, Page, View},
    photos::{drawn_shirt, jpeg},
    site::repository,
};
use serde_json::{Value, json};

use crate::save;

/// Longest that the page may take to react.
const LIMIT: Duration = Duration::from_secs(20);

/// Keeps what a screen reader is given to say.
const LISTEN: &str = "
window.twillSaid = [];
const say = (node) => {
  const place = (node.nodeType === 1 ? node : node.parentElement)?.closest('[role=status], [role=alert]');
  const text = place?.textContent.trim();
  if (text && window.twillSaid.at(-1) !== text) window.twillSaid.push(text);
};
new MutationObserver((changes) => changes.forEach(({ target, addedNodes }) => {
  [target, ...addedNodes].forEach(say);
  addedNodes.forEach((node) => node.querySelectorAll?.('[role=alert]').forEach(say));
})).observe(document.body, { subtree: true, childList: true, characterData: true });";

/// The system's own file dialog cannot be walked through: whether it was asked for is what can be told.
const COUNT_CLICKS: &str = "
window.twillClicks = [];
document.addEventListener('click', (event) => window.twillClicks.push(event.target.dataset.testid), true)";

#[test]
fn a_search_from_photo_to_filters_and_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)?;
    let words = english()?;
    let announced =
        |count: &str| words["announce_results"]["other"].as_str().map(|text| text.replace("{count}", count));
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.visit()?;
            page.browser().execute(LISTEN)?;
            page.wait(LIMIT, "ready", |view| view.state == "ready")?;
            let first = choose_photo(page, ".pocket .patch", &photo)?;
            ensure!(said(page)?.contains(&announced("5").context("no words")?), "it says {:?}", said(page)?);
            on_results(page, "a photo was chosen")?;
            // The frame, as a whole and by a corner.
            page.tab_back_to("[data-testid=crop-box]")?;
            let moved = after(page, &first, &[Key::Right, Key::Down, Key::Down])?;
            ensure!(
                page.focus()?.test_id == "crop-box",
                "the frame has lost the focus to {}",
                page.focus()?.name
            );
            page.tab_to(".grip.bottom-right")?;
            let smaller = after(page, &moved, &[Key::Left, Key::Left, Key::Up])?;
            page.tab_to("[data-testid=crop-reset]")?;
            let whole = after(page, &smaller, &[Key::Enter])?;
            ensure!(whole.query == first.query, "another part than at first");
            on_results(page, "the frame was given back")?;
            // Filters.
            page.tab_to("[data-testid=category-filter]")?;
            page.browser().press(&[Key::Letter('d')])?;
            let dresses =
                page.wait(LIMIT, "dresses", |view| view.cards.iter().all(|card| card.category == "Dresses"))?;
            ensure!(page.focus()?.test_id == "category-filter", "the filter has lost the focus");
            page.tab_to("[data-testid=colour-filter]")?;
            after_results(page, &dresses, &[Key::Space])?;
            ensure!(
                page.browser().execute("return document.activeElement.ariaPressed")? == "true",
                "nothing is pressed"
            );
            page.tab_to("[data-testid=filter-clear]")?;
            page.browser().press(&[Key::Enter])?;
            page.wait(LIMIT, "all results", |view| view.results() == first.results())?;
            on_results(page, "filters were cleared")?;
            // More of them: the focus goes to the first that was not there.
            page.tab_to("[data-testid=show-more]")?;
            page.browser().press(&[Key::Enter])?;
            page.wait_until(
                LIMIT,
                "the sixth result",
                "return document.activeElement.closest('.card:nth-child(6)') !== null",
            )?;
            // On, and back.
            page.tab_back_to(".card:nth-child(2) [data-testid=more-like-this]")?;
            page.browser().execute("window.twillSaid = []")?;
            page.browser().press(&[Key::Enter])?;
            page.wait_until(LIMIT, "the item", "return document.querySelector('.photo.item') !== null")?;
            page.wait(LIMIT, "its relatives", |view| view.state == "ranked" && view.cards.len() == 5)?;
            on_results(page, "it went on")?;
            ensure!(said(page)?.contains(&announced("5").context("no words")?), "it says {:?}", said(page)?);
            page.tab_back_to("[data-testid=back]")?;
            page.browser().press(&[Key::Enter])?;
            page.wait_until(
                LIMIT,
                "the photo",
                "return document.querySelector('[data-testid=crop-box]') !== null",
            )?;
            on_results(page, "it went back")
        })
    })
}

#[test]
fn dialogs_are_opened_left_and_give_the_focus_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)?;
    filming(&film(folder.path(), &drawn_shirt([60, 90, 160]))?).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            for step in ["before a photo", "after a photo"] {
                // The camera, left by Escape and by its button.
                for leave in [&[Key::Escape][..], &[Key::Enter]] {
                    page.tab_to("[data-testid=camera-open]")?;
                    page.browser().press(&[Key::Enter])?;
                    wait_for_picture(page)?;
                    page.wait_until(
                        LIMIT,
                        "the shutter",
                        "return document.activeElement.dataset.testid === 'camera-shutter'",
                    )?;
                    stays_inside(page)?;
                    if leave == [Key::Enter] {
                        page.tab_to("[data-testid=camera-close]")?;
                    }
                    page.browser().press(leave)?;
                    returned(page, "camera-open").context(step)?;
                }
                // The address of a picture.
                page.tab_to("[data-testid=address-open]")?;
                page.browser().press(&[Key::Enter])?;
                page.wait_until(
                    LIMIT,
                    "the field",
                    "return document.activeElement.dataset.testid === 'address-input'",
                )?;
                stays_inside(page)?;
                page.browser().press(&[Key::Escape])?;
                returned(page, "address-open").context(step)?;
                // Another language, which draws the page anew.
                page.tab_to("[data-testid=language]")?;
                let before = page.browser().execute("return document.documentElement.lang")?;
                page.browser().press(&[Key::Down])?;
                let changed = format!("return document.documentElement.lang !== {before}");
                page.wait_until(LIMIT, "another language", &changed)?;
                returned(page, "language").context(step)?;
                if step == "before a photo" {
                    page.search(&photo)?;
                }
            }
            // A shot by the keyboard: the button that opened the camera is another one by then.
            page.tab_to("[data-testid=camera-open]")?;
            page.browser().press(&[Key::Enter])?;
            wait_for_picture(page)?;
            page.browser().press(&[Key::Space])?;
            returned(page, "camera-open")?;
            page.wait(LIMIT, "results", |view| view.state == "ranked" && view.cards.len() == 5)?;
            Ok(())
        })
    })
}

#[test]
fn what_goes_wrong_is_said_and_put_away_by_keys() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let list = save(folder.path(), "list.jpg", b"Two shirts.")?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            page.browser().execute(LISTEN)?;
            let message = page.complaint_about(&list)?;
            let message = message.lines().next().unwrap_or_default();
            ensure!(said(page)?.iter().any(|said| said.contains(message)), "it says {:?}", said(page)?);
            page.tab_to("[data-testid=error] .icon-only")?;
            page.browser().press(&[Key::Enter])?;
            page.wait(LIMIT, "the message to go", |view| view.error.is_empty())?;
            not_lost(page)?;
            choose_photo(page, ".pocket .patch", &photo)?;
            page.complaint_about(&list)?;
            // Past the results that are still there, to the way on.
            page.tab_to("[data-testid=error] .primary")?;
            let view = choose_photo(page, "[data-testid=error] .primary", &photo)?;
            ensure!(view.error.is_empty(), "the message stays: {}", view.error);
            not_lost(page)
        })
    })
}

#[test]
fn what_loading_does_is_said() -> Result<()> {
    let words = english()?;
    let shipped = e2e::site::Shipped::open()?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, server| {
        server.replace(&shipped.weights_path(), e2e::server::Stand::Slow(30));
        // Before the page's program has arrived.
        page.visit()?;
        page.browser().execute(LISTEN)?;
        page.wait(Backend::Cpu.load_limit(), "ready", |view| view.state == "ready")?;
        let said = said(page)?;
        println!("said: {said:?}");
        let data = words["progress_data"].as_str().context("no words for it")?;
        ensure!(said.iter().any(|said| said == data), "it says {said:?}");
        ensure!(said.len() <= 5, "it talks too much: {said:?}");
        Ok(())
    })
}

/// Presses the button that `selector` finds, which asks for a file, and gives one.
fn choose_photo(page: &Page, selector: &str, photo: &Path) -> Result<View> {
    let browser = page.browser();
    browser.devtools("Page.setInterceptFileChooserDialog", &json!({ "enabled": true }))?;
    if browser.execute(&format!("return document.activeElement.matches({})", json!(selector)))? != true {
        page.tab_to(selector)?;
    }
    browser.execute(COUNT_CLICKS)?;
    browser.press(&[Key::Enter])?;
    page.wait_until(LIMIT, "the file dialog", "return window.twillClicks.includes('photo-input')")?;
    page.search(photo)
}

/// Presses keys and waits until the photo is looked at in another way.
fn after(page: &Page, before: &View, keys: &[Key]) -> Result<View> {
    page.browser().press(keys)?;
    page.wait(LIMIT, "another look", |view| {
        view.state == "ranked"
            && view.query.is_some()
            && view.query.as_ref().map(|query| &query.embedding)
                != before.query.as_ref().map(|query| &query.embedding)
    })
}

/// Presses keys and waits for other results.
fn after_results(page: &Page, before: &View, keys: &[Key]) -> Result<View> {
    page.browser().press(keys)?;
    page.wait(LIMIT, "other results", |view| {
        view.state == "ranked" && !view.cards.is_empty() && view.cards[0].id != before.cards[0].id
    })
}

/// Where what had the focus is gone, the results have it, and it is seen.
fn on_results(page: &Page, after: &str) -> Result<()> {
    page.wait_until(
        LIMIT,
        &format!("the focus after {after}"),
        "return document.activeElement.id === 'results'",
    )?;
    ensure!(
        page.browser().execute("return document.activeElement.matches(':focus-visible')")? == true,
        "unseen after {after}"
    );
    Ok(())
}

/// Something has the focus.
fn not_lost(page: &Page) -> Result<()> {
    page.wait_until(LIMIT, "the focus", "return document.activeElement !== document.body")
}

/// The dialog is closed, and what opened it has the focus, for all to see.
fn returned(page: &Page, opener: &str) -> Result<()> {
    page.wait_until(LIMIT, "the dialog to close", "return document.querySelector('dialog') === null")?;
    let has = format!("return document.activeElement.dataset.testid === '{opener}'");
    page.wait_until(LIMIT, &format!("the focus to return to {opener}"), &has)?;
    page.seen_focus().map(drop)
}

/// The tab key goes round in the dialog, and to nothing behind it.
fn stays_inside(page: &Page) -> Result<()> {
    let mut stops = Vec::new();
    for _ in 0..8 {
        page.browser().press(&[Key::Tab])?;
        let focus = page.seen_focus()?;
        let inside = "const { activeElement: active, body } = document;
            return active === body || document.querySelector('dialog').contains(active)";
        ensure!(page.browser().execute(inside)? == true, "behind the dialog, {} has the focus", focus.name);
        stops.push(focus.name);
    }
    stops.dedup();
    ensure!(stops.len() > 2, "the tab key leads to {stops:?} alone");
    Ok(())
}

fn said(page: &Page) -> Result<Vec<String>> {
    Ok(serde_json::from_value(page.browser().execute("return window.twillSaid")?)?)
}

fn english() -> Result<Value> {
    Ok(serde_json::from_str(&fs::read_to_string(repository().join("app/texts/en.json"))?)?)
}
