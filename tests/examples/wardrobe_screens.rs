//! Pictures of the wardrobe for people who judge how it looks: empty, filling, full, searched; on a phone and on a desktop, by day and
//! by night.
//!
//! `wardrobe_screens PHOTOS FOLDER [LANGUAGE]`, built as `cargo build --release --no-default-features -p model -p trainer -p e2e --examples` does, after
//! `make dist`; PHOTOS is a folder with at least 25 photos.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
};
use serde_json::json;

/// Name, width and height in CSS pixels, and whether it is a phone.
const SHAPES: [(&str, u32, u32, bool); 2] = [("phone", 390, 844, true), ("desktop", 1440, 900, false)];
/// Longest that a few photos may take.
const PATIENCE: Duration = Duration::from_mins(1);

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let photos = arguments.next().context("the first argument is a folder with photos")?;
    let folder = arguments.next().context("the second argument is the folder for the pictures")?;
    let language = arguments.next().unwrap_or_else(|| PathBuf::from("en"));
    let language = language.to_str().context("the third argument is a language's code")?;
    fs::create_dir_all(&folder)?;
    let mut files: Vec<PathBuf> =
        fs::read_dir(photos)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    ensure!(files.len() >= 25, "there are too few photos");
    let bad = folder.join("notes.txt");
    fs::write(&bad, "no photo")?;
    for (shape, width, height, phone) in SHAPES {
        for theme in ["light", "dark"] {
            let plan = Plan { query: format!("&lang={language}"), ..Plan::on(Backend::Cpu) };
            plan.run(|page, _| {
                let media = json!({ "features": [
                    { "name": "prefers-color-scheme", "value": theme },
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ] });
                page.browser().devtools("Emulation.setEmulatedMedia", &media)?;
                page.resize(width, height, phone)?;
                let take = |name: &str| {
                    page.browser().screenshot(&folder.join(format!("{name}-{shape}-{theme}-{language}.png")))
                };
                page.open()?;
                take("welcome")?;
                page.browser()
                    .execute("document.querySelector('.own-welcome').scrollIntoView({block: 'end'})")?;
                take("welcome-below")?;
                click(page, "header [data-testid=wardrobe-open]")?;
                take("empty")?;
                give(page, &files[..24])?;
                wait(page, "document.querySelector('[data-testid=wardrobe-progress]').ariaValueNow >= 9")?;
                click(page, "[data-testid=wardrobe-pause]")?;
                wait(page, "document.querySelectorAll('.own-photo').length >= 8")?;
                take("filling")?;
                click(page, "[data-testid=wardrobe-close]")?;
                take("aside")?;
                click(page, "header [data-testid=wardrobe-open]")?;
                click(page, "[data-testid=wardrobe-pause]")?;
                wait(page, "document.querySelector('[data-testid=wardrobe-progress]') === null")?;
                give(page, &[files[3].clone(), bad.clone()])?;
                wait(
                    page,
                    "document.querySelector('dialog .own-outcome').textContent.includes('notes.txt')",
                )?;
                take("full")?;
                click(page, "[data-testid=wardrobe-clear]")?;
                page.browser()
                    .execute("document.querySelector('.own-question').scrollIntoView({block: 'end'})")?;
                take("question")?;
                page.search(&files[24])?;
                for scope in ["both", "wardrobe"] {
                    page.browser().execute(&format!(
                        "const select = document.querySelector('[data-testid=wardrobe-scope]');
                         select.value = '{scope}';
                         select.dispatchEvent(new Event('change', {{ bubbles: true }}));
                         window.scrollTo(0, 0);"
                    ))?;
                    page.wait(PATIENCE, "pictures", |view| {
                        view.state == "ranked" && view.cards.iter().all(|card| card.painted)
                    })?;
                    take(scope)?;
                    page.browser().execute("document.querySelector('.found').scrollIntoView()")?;
                    take(&format!("{scope}-below"))?;
                }
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn click(page: &Page, selector: &str) -> Result<()> {
    page.browser().click(&page.browser().find(selector)?)
}

fn give(page: &Page, files: &[PathBuf]) -> Result<()> {
    let paths = files.iter().map(|file: &PathBuf| Ok(full(file)?.to_string_lossy().into_owned()));
    let paths = paths.collect::<Result<Vec<String>>>()?.join("\n");
    let input = page.browser().find("dialog [data-testid=wardrobe-add-input]")?;
    page.browser().type_into(&input, &paths)
}

fn full(file: &Path) -> Result<PathBuf> {
    file.canonicalize().with_context(|| format!("there is no {}", file.display()))
}

fn wait(page: &Page, condition: &str) -> Result<()> {
    let script = format!("return {condition}");
    page.wait(PATIENCE, condition, |_| page.browser().execute(&script).is_ok_and(|answer| answer == true))
        .map(drop)
}
