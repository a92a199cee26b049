//! The main job: a photo in, similar garments out.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    site::{Shipped, real_photos, repository, test_photos},
};
use model::embedder::Embedding;

use crate::{check_against_native, check_five_results, save};

/// Rows of the catalogue whose pictures are asked about, as fractions of its length.
const SAMPLES: [f64; 4] = [0.03, 0.31, 0.62, 0.97];

/// The script that starts the worker answers in the protocol of the program, and the module for other pages asks in it.
#[test]
fn the_scripts_speak_the_programs_version() -> Result<()> {
    let version = |file: &str, before: &str| -> Result<String> {
        let text = fs::read_to_string(repository().join(file))?;
        let (_, rest) = text.split_once(before).with_context(|| format!("{file} names no version"))?;
        Ok(rest.chars().take_while(char::is_ascii_digit).collect())
    };
    let program = version("app/src/protocol.rs", "pub const VERSION: u32 = ")?;
    for script in ["app/js/worker-loader.js", "app/js/embed/line.js"] {
        let own = version(script, "const VERSION = ")?;
        ensure!(program == own, "the program speaks version {program}, {script} {own}");
    }
    Ok(())
}

#[test]
fn a_photo_gives_five_items_on_the_cpu() -> Result<()> {
    photos_give_five_items(Backend::Cpu)
}

#[test]
fn a_photo_gives_five_items_on_webgpu() -> Result<()> {
    photos_give_five_items(Backend::WebGpu)
}

#[test]
fn a_catalogue_picture_finds_itself_on_the_cpu() -> Result<()> {
    catalogue_pictures_find_themselves(Backend::Cpu)
}

#[test]
fn a_catalogue_picture_finds_itself_on_webgpu() -> Result<()> {
    catalogue_pictures_find_themselves(Backend::WebGpu)
}

#[test]
fn a_real_photo_gives_five_items_on_the_cpu() -> Result<()> {
    real_photos_give_five_items(Backend::Cpu, &["t-shirt", "pants", "shoes", "dress", "longsleeve"])
}

#[test]
fn a_real_photo_gives_five_items_on_webgpu() -> Result<()> {
    real_photos_give_five_items(Backend::WebGpu, &["t-shirt", "pants"])
}

#[test]
fn more_like_this_leads_from_item_to_item() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, server| {
        page.open()?;
        let first = page.search(&photo)?;
        let chosen = first.cards.get(1).context("there is no second result")?;
        let requests = server.requests().len();
        let view = page.more_like(&chosen.id)?;
        check_five_results(&view, &ids(&shipped))?;
        ensure!(view.cards.iter().all(|card| card.id != chosen.id), "the item itself is among its relatives");
        // The item's vector is in the feature file: nothing but pictures has to be fetched.
        let fetched = &server.requests()[requests..];
        ensure!(fetched.iter().all(|request| request.path.contains("/images/")), "fetched {fetched:?}");
        // And on from there.
        let next = view.cards.last().context("there is no last result")?;
        let view = page.more_like(&next.id)?;
        check_five_results(&view, &ids(&shipped))?;
        ensure!(view.cards.iter().all(|card| card.id != next.id), "the item itself is among its relatives");
        Ok(())
    })
}

fn photos_give_five_items(backend: Backend) -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let colours = [[25, 45, 95], [190, 30, 45], [235, 205, 90]];
    Plan::on(backend).run_on_each_screen(|page, _| {
        page.open()?;
        for (index, colour) in colours.into_iter().enumerate() {
            let photo = save(folder.path(), &format!("shirt-{index}.jpg"), &jpeg(&drawn_shirt(colour))?)?;
            ask(page, &shipped, &photo, backend)?;
        }
        // Every picture arrives in the end.
        page.wait(backend.search_limit(), "pictures of the results", |view| {
            view.cards.iter().all(|card| card.painted)
        })?;
        Ok(())
    })
}

fn catalogue_pictures_find_themselves(backend: Backend) -> Result<()> {
    let shipped = Shipped::open()?;
    Plan::on(backend).run(|page, _| {
        page.open()?;
        for sample in SAMPLES {
            let item = &shipped.items()[(sample * shipped.items().len() as f64) as usize];
            let view = page.search(&shipped.picture(item))?;
            check_five_results(&view, &ids(&shipped))?;
            let best = &view.cards[0];
            ensure!(
                best.id == item.id,
                "{} finds {} first, with a score of {}",
                item.id,
                best.id,
                best.score
            );
            ensure!(best.score > 0.999, "{} finds itself with a score of {} only", item.id, best.score);
        }
        Ok(())
    })
}

fn real_photos_give_five_items(backend: Backend, categories: &[&str]) -> Result<()> {
    let Some(folder) = real_photos() else { return Ok(()) };
    let shipped = Shipped::open()?;
    Plan::on(backend).run_on_each_screen(|page, _| {
        page.open()?;
        for category in categories {
            for photo in test_photos(&folder, &[category], 1)? {
                ask(page, &shipped, &photo, backend)?;
            }
        }
        Ok(())
    })
}

/// Uploads a photo and holds the answer against the contract and against the native network.
fn ask(page: &Page, shipped: &Shipped, photo: &Path, backend: Backend) -> Result<()> {
    let view = page.search(photo)?;
    let ids = ids(shipped);
    check_five_results(&view, &ids)?;
    let native = shipped.recommend(&fs::read(photo)?, 5)?;
    check_attributes(page, shipped, &native.embedding)?;
    check_against_native(&view, &native.embedding.vector, &native.hits, &ids, backend.agreement())
}

/// The page shows the attributes that the native network is sure of, and no others.
fn check_attributes(page: &Page, shipped: &Shipped, native: &Embedding) -> Result<()> {
    let script = "return [...document.querySelectorAll('[data-testid=attribute]')]
        .map((chip) => [chip.dataset.attribute, chip.dataset.value, chip.textContent])";
    let shown: Vec<[String; 3]> = serde_json::from_value(page.browser().execute(script)?)?;
    let attributes = &shipped.embedder().card().attributes;
    for (attribute, (value, probability)) in attributes.iter().zip(native.attribute_values()) {
        let value = attribute.values.get(value).context("the value has no name")?;
        let chip = shown.iter().find(|[name, ..]| *name == attribute.name);
        let is_said = !["none", "regular"].contains(&value.as_str());
        // Backends may differ in the last digits, so that what is just at the limit may be on either side.
        if is_said && probability > 0.81 {
            let [_, found, words] =
                chip.with_context(|| format!("{} {value} is not shown", attribute.name))?;
            ensure!(
                found == value && !words.is_empty(),
                "{} is {found} ({words}), not {value}",
                attribute.name
            );
        } else if !is_said || probability < 0.79 {
            ensure!(chip.is_none(), "{chip:?} is shown, with a probability of {probability}");
        }
    }
    Ok(())
}

fn ids(shipped: &Shipped) -> Vec<&str> {
    shipped.items().iter().map(|item| item.id.as_str()).collect()
}
