//! Pictures of `<twill-search>` in a shop's page, for `docs/screens`: before a photo, with results, and where something is amiss, on a
//! phone and on a desktop, by day and by night.
//!
//! A third argument names a language other than English.
//!
//! `cargo run --release --no-default-features -p model -p trainer -p e2e --example shop_screens -- PHOTO FOLDER [LANGUAGE]`, after `make dist`.

use std::{env, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use e2e::{
    element::{PATIENCE, choose, open, run, search, wait},
    journey::Plan,
    page::Backend,
    shop::Shop,
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
    fs::create_dir_all(&folder)?;
    let broken = folder.join("no-photo.jpg");
    fs::write(&broken, "This is no photo.")?;
    let shop = Shop::open()?;
    let html = if language == "ar" { "<html dir=\"rtl\" lang=\"" } else { "<html lang=\"" };
    let page = shop.page("shop.html")?.replace("<html lang=\"en", &format!("{html}{language}"));
    shop.put("shop.html", page.into_bytes());
    for (shape, width, height, phone) in SHAPES {
        for theme in ["light", "dark"] {
            Plan::on(Backend::Cpu).run(|page, _| {
                let media = json!({ "features": [
                    { "name": "prefers-color-scheme", "value": theme },
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ] });
                page.browser().devtools("Emulation.setEmulatedMedia", &media)?;
                if phone {
                    page.browser()
                        .devtools("Emulation.setTouchEmulationEnabled", &json!({ "enabled": true }))?;
                }
                page.resize(width, height, phone)?;
                let take = |name: &str| {
                    page.browser().screenshot(&folder.join(format!("shop-{name}-{shape}-{theme}.png")))
                };
                open(page, &shop.url("shop.html"))?;
                take("empty")?;
                search(page, &photo)?;
                wait(page, PATIENCE, "pictures", |shown| shown.cards.iter().all(|card| card.painted))?;
                take("results")?;
                run(page, "element.setAttribute('least', '0.9999')")?;
                wait(page, PATIENCE, "nothing similar", |shown| shown.state == "nothing")?;
                take("nothing")?;
                choose(page, &broken)?;
                wait(page, PATIENCE, "a failure", |shown| shown.state == "failed")?;
                take("failed")
            })?;
        }
    }
    fs::remove_file(broken)?;
    Ok(())
}
