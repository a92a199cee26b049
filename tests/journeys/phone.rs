//! Photos as phones take them, and screens as phones have them.

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::Backend,
    photos::{drawn_shirt, jpeg, phone_photo, twelve_megapixels},
    server::Stand,
    site::{Shipped, real_photos, test_photos},
};
use image::RgbImage;
use model::image::{DecodeLimits, decode};
use serde_json::json;

use crate::{check_against_native, check_five_results, cosine, save};

#[test]
fn twelve_megapixels_lying_on_their_side_on_the_cpu() -> Result<()> {
    a_phone_photo_is_upright(Backend::Cpu, &drawn_shirt([40, 110, 80]))
}

#[test]
fn twelve_megapixels_lying_on_their_side_on_webgpu() -> Result<()> {
    a_phone_photo_is_upright(Backend::WebGpu, &drawn_shirt([40, 110, 80]))
}

#[test]
fn twelve_megapixels_of_a_real_photo_lying_on_their_side() -> Result<()> {
    let Some(folder) = real_photos() else { return Ok(()) };
    let photo = test_photos(&folder, &["longsleeve"], 1)?.pop().context("no photo")?;
    let picture = decode(&std::fs::read(photo)?, &DecodeLimits::default())?;
    // In a phone's proportions: stretched to them, it would be another garment.
    let width = picture.width().min(picture.height() * 3 / 4);
    let height = width * 4 / 3;
    let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
    let picture = image::imageops::crop_imm(&picture, left, top, width, height).to_image();
    a_phone_photo_is_upright(Backend::Cpu, &picture)
}

#[test]
fn nothing_sticks_out_on_screens_of_any_size() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([90, 60, 130]))?)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        for (width, height, phone) in
            [(360, 640, true), (390, 844, true), (820, 1180, true), (1440, 900, false)]
        {
            page.resize(width, height, phone)?;
            let empty = page.open()?;
            ensure!(empty.overflow <= 0.0, "{width}x{height}: {} px stick out", empty.overflow);
            let view = page.search(&photo)?;
            ensure!(view.overflow <= 0.0, "{width}x{height} with results: {} px stick out", view.overflow);
            let query = view.query.context("the photo is not shown")?;
            ensure!(
                query.width <= f64::from(width) && query.width >= 80.0,
                "the photo is {} px wide",
                query.width
            );
        }
        Ok(())
    })
}

#[test]
fn nothing_moves_when_loading_ends() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([90, 60, 130]))?)?;
    let limit = Backend::Cpu.load_limit();
    Plan::on(Backend::Cpu).run(|page, server| {
        let top = |selector: &str| {
            page.browser().execute(&format!(
                "return Math.round(document.querySelector('{selector}').getBoundingClientRect().top)"
            ))
        };
        let is_told = "return document.querySelector('[data-testid=progress]')?.ariaValueNow > 10";
        page.on_each_screen(|| {
            for (selector, with_photo) in [("h1", false), (".photo", true)] {
                server.replace(&shipped.weights_path(), Stand::Held(0.6));
                page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
                page.visit()?;
                page.wait_until(limit, "progress", is_told)?;
                if with_photo {
                    page.choose(&photo)?;
                    let is_there = "return document.querySelector('.photo img')?.naturalWidth > 0";
                    page.wait_until(limit, "the photo", is_there)?;
                }
                let before = top(selector)?;
                server.restore();
                let last = if with_photo { "ranked" } else { "ready" };
                page.wait(limit, last, |view| view.state == last)?;
                ensure!(top(selector)? == before, "{selector} moves from {before} to {}", top(selector)?);
            }
            Ok(())
        })
    })
}

/// `upright` as a phone stores it, against the same pixels stored upright.
fn a_phone_photo_is_upright(backend: Backend, upright: &RgbImage) -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let file = phone_photo(upright)?;
    let native = shipped.recommend(&file, 5)?;
    let stood = shipped.recommend(&jpeg(&twelve_megapixels(upright))?, 5)?;
    let sideways = shipped.recommend(&jpeg(&image::imageops::rotate270(upright))?, 5)?;
    let photo = save(folder.path(), "phone.jpg", &file)?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    Plan::on(backend).run(|page, _| {
        page.open()?;
        let view = page.search(&photo)?;
        check_five_results(&view, &ids)?;
        check_against_native(&view, &native.embedding.vector, &native.hits, &ids, backend.agreement())?;
        let query = view.query.as_ref().context("the photo is not shown")?;
        let ratio = query.width / query.height;
        ensure!(
            (ratio - 0.75).abs() < 0.05,
            "the photo is shown {} x {}, not upright",
            query.width,
            query.height
        );
        // The way it is stored must not matter, whereas the way it is turned does.
        let same = cosine(&query.embedding, &stood.embedding.vector);
        let other = cosine(&query.embedding, &sideways.embedding.vector);
        println!("cosine with the upright picture {same}, with the picture on its side {other}");
        ensure!(
            same > 0.98 && same > other,
            "cosine {same} with the upright picture, {other} with it on its side"
        );
        Ok(())
    })
}
