//! The wardrobe: empty, while it is filled, full, and searched.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
};

use crate::{Given, screen::Screen};

/// All of it.
pub(crate) fn wardrobe(screen: &Screen, given: &Given) -> Result<()> {
    screen.run(&Plan::on(Backend::Cpu), |page, _| {
        page.open()?;
        page.click("header [data-testid=wardrobe-open]")?;
        until(page, "document.activeElement.dataset.testid === 'wardrobe-close'")?;
        page.browser().execute("document.activeElement.blur()")?;
        screen.take(page, "wardrobe-empty")?;
        give(page, &given.photos)?;
        until(page, "document.querySelector('[data-testid=wardrobe-progress]').ariaValueNow >= 9")?;
        page.click("[data-testid=wardrobe-pause]")?;
        until(page, "document.querySelectorAll('.own-photo').length >= 8")?;
        screen.take(page, "wardrobe-filling")?;
        page.click("[data-testid=wardrobe-pause]")?;
        until(page, "document.querySelector('[data-testid=wardrobe-progress]') === null")?;
        // One of them again.
        give(page, &given.photos[3..4])?;
        until(page, "document.querySelector('dialog .own-outcome').textContent.includes('already')")?;
        screen.take(page, "wardrobe-full")?;
        page.click("[data-testid=wardrobe-close]")?;
        page.search(&given.photo)?;
        page.click("[data-testid=wardrobe-scope] option[value=both]")?;
        page.wait(Backend::Cpu.search_limit(), "results from both", |view| {
            view.state == "ranked" && view.cards.iter().any(|card| card.alt.contains("wardrobe"))
        })?;
        page.browser().execute("document.activeElement?.blur(); window.scrollTo(0, 0)")?;
        screen.take(page, "wardrobe-searched")
    })
}

fn give(page: &Page, files: &[PathBuf]) -> Result<()> {
    let full = |file: &PathBuf| {
        let full = file.canonicalize().with_context(|| format!("there is no {}", file.display()))?;
        Ok(full.to_string_lossy().into_owned())
    };
    let paths = files.iter().map(full).collect::<Result<Vec<String>>>()?.join("\n");
    let input = page.browser().find("dialog [data-testid=wardrobe-add-input]")?;
    page.browser().type_into(&input, &paths)
}

fn until(page: &Page, condition: &str) -> Result<()> {
    page.wait_until(Backend::Cpu.load_limit(), condition, &format!("return !!({condition})"))
}
