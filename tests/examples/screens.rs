//! Pictures of the page for `docs/screens`: before and after a photo, two pictures side by side, on a phone and on a desktop, by day and by night.
//!
//! A third argument names a language other than English.
//!
//! `cargo run --release --no-default-features -p model -p trainer -p e2e --example screens -- PHOTO FOLDER [LANGUAGE]`, after `make dist`.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
};
use serde_json::json;

/// Name, width and height in CSS pixels, and whether it is a phone.
const SHAPES: [(&str, u32, u32, bool); 2] = [("phone", 390, 844, true), ("desktop", 1440, 900, false)];

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let photo = arguments.next().context("the first argument is a photo")?;
    let folder = arguments.next().context("the second argument is the folder for the pictures")?;
    let language = arguments.next().unwrap_or_else(|| PathBuf::from("en"));
    let language = language.to_str().context("the third argument is a language's code")?;
    std::fs::create_dir_all(&folder)?;
    for (shape, width, height, phone) in SHAPES {
        for theme in ["light", "dark"] {
            let plan = Plan { query: format!("&lang={language}"), ..Plan::on(Backend::Cpu) };
            plan.run(|page, _| {
                // Without motion, so that nothing is caught half faded in.
                let media = json!({ "features": [
                    { "name": "prefers-color-scheme", "value": theme },
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ] });
                page.browser().devtools("Emulation.setEmulatedMedia", &media)?;
                page.resize(width, height, phone)?;
                page.open()?;
                take(page, &folder, &format!("welcome-{shape}-{theme}"))?;
                page.search(&photo)?;
                page.wait(Backend::Cpu.search_limit(), "pictures of the results", |view| {
                    view.cards.iter().take(5).all(|card| card.painted)
                })?;
                take(page, &folder, &format!("results-{shape}-{theme}"))?;
                compare(page)?;
                take(page, &folder, &format!("compare-{shape}-{theme}"))?;
                show_heat(page)?;
                take(page, &folder, &format!("heat-{shape}-{theme}"))
            })?;
        }
    }
    Ok(())
}

/// Puts the best result beside the photo.
fn compare(page: &Page) -> Result<()> {
    page.browser().click(&page.browser().find(r#"[data-testid="compare"]"#)?)?;
    let is_there = r#"
        const pictures = [...document.querySelectorAll(".compare-picture img")];
        return pictures.length === 2 && pictures.every((picture) => picture.complete && picture.naturalWidth > 0)
            && document.querySelector('[data-testid="parts"]') !== null;"#;
    until(page, "two pictures", is_there)
}

/// Shows what matched on both.
fn show_heat(page: &Page) -> Result<()> {
    page.browser().click(&page.browser().find(r#"[data-testid="heat-map"]"#)?)?;
    until(page, "what matched", r#"return document.querySelector('[data-heat="true"]') !== null"#)
}

fn until(page: &Page, what: &str, script: &str) -> Result<()> {
    let is_true = |_: &_| page.browser().execute(script).is_ok_and(|found| found == json!(true));
    page.wait(Backend::Cpu.search_limit(), what, is_true).map(drop)
}

fn take(page: &Page, folder: &Path, name: &str) -> Result<()> {
    page.browser().screenshot(&folder.join(format!("{name}.png")))
}
