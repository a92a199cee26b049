//! `<twill-search>` as a visitor sees and uses it, in a page of somebody else's.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    browser::Element,
    page::{Backend, Page},
};

/// Longest that the element may take to react where nothing has to be loaded.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What a visitor sees of the element.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct Shown {
    /// `element.state`.
    pub state: String,
    /// The results in order.
    pub cards: Vec<Card>,
    /// What went wrong, with what to do about it; empty where nothing did.
    pub trouble: String,
    /// What is said where nothing is similar.
    pub nothing: String,
    /// For screen readers.
    pub status: String,
    /// Width by which the page sticks out of the window sideways, CSS pixels.
    pub overflow: f64,
}

/// A result.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct Card {
    /// Id of the item.
    pub id: String,
    /// Its similarity.
    pub score: f32,
    /// What it is called.
    pub name: String,
    /// What it costs.
    pub price: Option<String>,
    /// Where its link leads.
    pub link: Option<String>,
    /// Whether its picture has loaded.
    pub painted: bool,
}

/// What stands in front of every script here.
const ELEMENT: &str = "const element = document.querySelector('twill-search');
    const root = element.shadowRoot;
    const one = (selector) => root.querySelector(selector);
    const shown = (part) => (part && part.getClientRects().length > 0 ? part.innerText.trim() : '');";

const LOOK: &str = "return {
    state: element.state ?? '',
    cards: [...root.querySelectorAll('.card')].map((card) => {
        const picture = card.querySelector('img');
        return {
            id: card.dataset.itemId, score: Number(card.dataset.score),
            name: card.querySelector('.name').textContent,
            price: card.querySelector('.price')?.textContent ?? null,
            link: card.querySelector('a')?.getAttribute('href') ?? null,
            painted: picture.complete && picture.naturalWidth > 0,
        };
    }),
    trouble: shown(one('[role=alert]')), nothing: shown(one('.calm')), status: one('[role=status]').textContent,
    overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
};";

/// Notes what the page hears.
const LISTEN: &str = "window.heard = [];
    for (const type of ['twill-ready', 'twill-results', 'twill-select', 'twill-error']) {
        document.addEventListener(type, ({ detail }) => heard.push([type, JSON.parse(JSON.stringify({
            backend: detail.backend, count: detail.count ?? detail.items?.length, category: detail.photo?.category?.name,
            id: detail.item?.id, kind: detail.error?.kind, hint: detail.error?.hint,
        }))]));
    }";

/// Runs a script that may speak of `element`, its `root`, and `one(selector)` in it.
pub fn run(page: &Page, script: &str) -> Result<Value> {
    page.browser().execute(&format!("{ELEMENT} {script}"))
}

/// Waits until `settled` holds of what the element shows; the error says what it showed instead.
pub fn wait(page: &Page, limit: Duration, what: &str, settled: impl Fn(&Shown) -> bool) -> Result<Shown> {
    let deadline = Instant::now() + limit;
    loop {
        // Before its script has come, the element has no shadow.
        let shown = run(page, LOOK).and_then(|shown| Ok(serde_json::from_value::<Shown>(shown)?));
        match shown {
            Ok(shown) if settled(&shown) => return Ok(shown),
            other if Instant::now() > deadline => bail!("waited for {what}; there is {other:?}"),
            _ => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Opens a page and waits until the element speaks.
pub fn open(page: &Page, address: &str) -> Result<Shown> {
    page.browser().goto(address)?;
    page.browser().execute(LISTEN)?;
    let is_there = |shown: &Shown| !shown.state.is_empty();
    wait(page, PATIENCE, "the element", is_there)?;
    page.wait(PATIENCE, "its words", |_| {
        run(page, "return shown(one('.button.primary'))").is_ok_and(|words| words != "")
    })?;
    wait(page, PATIENCE, "the element", is_there)
}

/// Chooses a photo with the element's button.
pub fn choose(page: &Page, photo: &Path) -> Result<()> {
    let input = find(page, "input:not([capture])")?;
    page.browser().type_into(&input, &photo.to_string_lossy())
}

/// Chooses a photo and waits for its results.
pub fn search(page: &Page, photo: &Path) -> Result<Shown> {
    choose(page, photo)?;
    let shown = wait(page, Backend::Cpu.load_limit(), "results", |shown| {
        matches!(shown.state.as_str(), "results" | "nothing" | "failed")
    })?;
    ensure!(shown.state == "results", "it is `{}` and says {} {}", shown.state, shown.trouble, shown.nothing);
    Ok(shown)
}

/// The first part of the element that a selector finds.
pub fn find(page: &Page, selector: &str) -> Result<Element> {
    page.browser().element(&format!("{ELEMENT} return one({})", json!(selector)))
}

/// What the page has heard of one type, in order.
pub fn heard(page: &Page, kind: &str) -> Result<Vec<Value>> {
    let all: Vec<(String, Value)> = serde_json::from_value(page.browser().execute("return window.heard")?)?;
    Ok(all.into_iter().filter(|(own, _)| own == kind).map(|(_, detail)| detail).collect())
}
