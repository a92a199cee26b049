//! A photo, what is found with it, and where that leads.

use std::fs;

use anyhow::{Context as _, Result};
use e2e::{
    journey::Plan,
    page::{Backend, Page, Pointer, View},
    site::Shipped,
    unlike::serve_unlike,
};
use serde_json::json;

use crate::{Given, screen::Screen};

/// From the first page to what matched.
pub(crate) fn search(screen: &Screen, given: &Given) -> Result<()> {
    screen.run(&Plan::on(Backend::Cpu), |page, _| {
        page.open()?;
        screen.take(page, "welcome")?;
        let first = page.search(&given.photo)?;
        screen.take(page, "results")?;
        // A corner is pulled inwards: results follow while it is held.
        let mut held = page.hold(Pointer::Mouse, ".grip.bottom-right")?;
        held.pull(-30.0, -60.0)?;
        other_results(page, &first)?;
        screen.take(page, "frame")?;
        held.let_go()?;
        page.wait_until(
            Backend::Cpu.search_limit(),
            "the frame to rest",
            "return new Promise((resolve) => setTimeout(() => resolve(document.querySelector('.held') === null), 400))",
        )?;
        page.click("[data-testid=crop-reset]")?;
        page.wait(Backend::Cpu.search_limit(), "the first results", |view| view.results() == first.results())?;
        page.click("button[data-testid=colour]")?;
        let filtered = other_results(page, &first)?;
        let category = &filtered.cards.first().context("nothing has this colour")?.category;
        page.click(&format!("[data-testid=category-filter] option[value={}]", json!(category)))?;
        page.wait(Backend::Cpu.search_limit(), "one kind", |view| {
            view.state == "ranked" && view.cards.iter().all(|card| card.category == *category)
        })?;
        to_top(page)?;
        screen.take(page, "filters")?;
        page.click("[data-testid=filter-clear]")?;
        let first = page.wait(Backend::Cpu.search_limit(), "all results", |view| {
            view.results() == first.results()
        })?;
        let second = page.more_like(&first.cards[1].id)?;
        to_top(page)?;
        screen.take(page, "more-like-this")?;
        page.browser().execute("history.back()")?;
        page.wait(Backend::Cpu.search_limit(), "the photo", |view| {
            view.state == "ranked" && view.results() != second.results()
        })?;
        page.click(r#"[data-testid="compare"]"#)?;
        let is_there = r#"
            const pictures = [...document.querySelectorAll(".compare-picture img")];
            return pictures.length === 2 && pictures.every((picture) => picture.complete && picture.naturalWidth > 0)
                && document.querySelector('[data-testid="parts"]') !== null"#;
        page.wait_until(Backend::Cpu.search_limit(), "two pictures", is_there)?;
        screen.take(page, "compare")?;
        page.click(r#"[data-testid="heat-map"]"#)?;
        let is_hot = r#"return document.querySelector('[data-heat="true"]') !== null"#;
        page.wait_until(Backend::Cpu.search_limit(), "what matched", is_hot)?;
        screen.take(page, "what-matched")
    })
}

/// A catalogue with nothing of the kind.
pub(crate) fn nothing(screen: &Screen, given: &Given) -> Result<()> {
    let shipped = Shipped::open()?;
    let photo = fs::read(&given.photo)?;
    screen.run(&Plan::on(Backend::Cpu), |page, server| {
        serve_unlike(&shipped, server, &[&photo])?;
        page.open()?;
        page.search(&given.photo)?;
        screen.take(page, "nothing-similar")
    })
}

/// After one visit there is no network any more, and another language is chosen.
pub(crate) fn offline(screen: &Screen, given: &Given) -> Result<()> {
    let plan = Plan { keeps_site: true, ..Plan::on(Backend::Cpu) };
    screen.run(&plan, |page, server| {
        page.open()?;
        page.search(&given.photo)?;
        page.wait_until(
            2 * Backend::Cpu.load_limit(),
            "the site to be kept",
            "return document.documentElement.dataset.offline === 'complete'",
        )?;
        page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
        server.stop();
        page.open()?;
        page.click("[data-testid=language] option[value=de]")?;
        page.wait_until(
            Backend::Cpu.search_limit(),
            "German",
            "return document.documentElement.lang === 'de'",
        )?;
        page.search(&given.photo)?;
        to_top(page)?;
        screen.take(page, "offline")
    })
}

/// From right to left.
pub(crate) fn arabic(screen: &Screen, given: &Given) -> Result<()> {
    let plan = Plan { query: "&lang=ar".to_owned(), ..Plan::on(Backend::Cpu) };
    screen.run(&plan, |page, _| {
        page.open()?;
        screen.take(page, "welcome-arabic")?;
        page.search(&given.photo)?;
        screen.take(page, "results-arabic")
    })
}

fn other_results(page: &Page, before: &View) -> Result<View> {
    page.wait(Backend::Cpu.search_limit(), "other results", |view| {
        view.state == "ranked" && !view.cards.is_empty() && view.results() != before.results()
    })
}

fn to_top(page: &Page) -> Result<()> {
    page.browser().execute("document.activeElement?.blur(); window.scrollTo(0, 0)").map(drop)
}
