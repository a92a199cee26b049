//! The frame around the garment, moved and pulled by mouse and finger: what is found follows it, while it is held and after.
//! `keyboard` does it by keys.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page, Pointer, View},
    photos::{drawn_shirt, jpeg},
    site::Shipped,
};
use image::RgbImage;
use model::crop::CropBox;
use serde_json::json;

use crate::{cosine, save};

/// Longest that results may take to follow.
const LIMIT: Duration = Duration::from_secs(20);
/// How far a hand moves, CSS pixels.
const FAR: (i32, i32) = (24, -32);

#[test]
fn a_mouse_moves_and_resizes_it() -> Result<()> {
    moved_and_resized(Pointer::Mouse)
}

#[test]
fn a_finger_moves_and_resizes_it() -> Result<()> {
    moved_and_resized(Pointer::Finger)
}

fn moved_and_resized(pointer: Pointer) -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    // A shirt on a wide wall: there is room around it.
    let shirt = drawn_shirt([150, 40, 40]);
    let mut wall = RgbImage::from_pixel(600, 700, image::Rgb([222, 221, 214]));
    image::imageops::replace(&mut wall, &shirt, 150, 150);
    let bytes = jpeg(&wall)?;
    let photo = save(folder.path(), "shirt.jpg", &bytes)?;
    let picture = model::image::decode(&bytes, &model::image::DecodeLimits::default())?;
    Plan::on(Backend::Cpu).run(|page, _| {
        let touch = json!({ "enabled": pointer == Pointer::Finger });
        page.browser().devtools("Emulation.setTouchEmulationEnabled", &touch)?;
        page.on_each_screen(|| {
            page.open()?;
            let first = page.search(&photo)?;
            let before = frame(page)?;
            // All of it: the size stays.
            let moved = dragged(page, pointer, "[data-testid=crop-box]", &first)?;
            let after = frame(page)?;
            let by = [before[0] + FAR.0, before[1] + FAR.1, before[2] + FAR.0, before[3] + FAR.1];
            ensure!(is_near(after, by), "moved from {before:?} to {after:?}");
            matches_native(page, &shipped, &picture, &moved)?;
            // A corner: the opposite one stays.
            let before = after;
            let resized = dragged(page, pointer, ".grip.top-right", &moved)?;
            let after = frame(page)?;
            let by = [before[0], before[1] + FAR.1, before[2] + FAR.0, before[3]];
            ensure!(is_near(after, by), "pulled from {before:?} to {after:?}");
            matches_native(page, &shipped, &picture, &resized)?;
            ensure!(page.browser().execute("return window.scrollY")? == 0, "the page was moved, too");
            // Given back to the network.
            page.click("[data-testid=crop-reset]")?;
            page.wait(LIMIT, "the network's own frame", |view| view.query == first.query)?;
            Ok(())
        })
    })
}

/// Pulls on a part of the frame. Results follow while it is held, once it rests; letting go changes nothing more.
fn dragged(page: &Page, pointer: Pointer, part: &str, before: &View) -> Result<View> {
    let mut held = page.hold(pointer, part)?;
    // On the way, and where it shall be.
    for _ in 0..4 {
        held.pull(f64::from(FAR.0 / 4), f64::from(FAR.1 / 4))?;
    }
    let seen = page.wait(LIMIT, "results while it is held", |view| {
        view.state == "ranked" && embedding(view) != embedding(before)
    })?;
    let is_held = page.browser().execute("return document.querySelector('.crop-box.held') !== null")?;
    ensure!(is_held == true, "the frame has been let go of");
    held.let_go()?;
    page.wait_until(LIMIT, "it to be let go of", "return document.querySelector('.crop-box.held') === null")?;
    // It may have come to rest on the way, and then once more.
    let rested = settled(page)?;
    ensure!(!seen.cards.is_empty() && !rested.cards.is_empty(), "nothing is found");
    Ok(rested)
}

/// What is shown once nothing has changed for longer than a frame has to rest.
fn settled(page: &Page) -> Result<View> {
    let mut view = page.look()?;
    loop {
        page.browser().execute("return new Promise((resolve) => setTimeout(resolve, 400))")?;
        let next = page.wait(LIMIT, "an answer", |view| view.state == "ranked")?;
        if next == view {
            return Ok(next);
        }
        view = next;
    }
}

fn embedding(view: &View) -> &[f32] {
    view.query.as_ref().map_or(&[], |query| &query.embedding)
}

/// Left, top, right and bottom of the frame in CSS pixels of the photo.
fn frame(page: &Page) -> Result<[i32; 4]> {
    page.wait_until(LIMIT, "the frame to come to rest", "return document.getAnimations().length === 0")?;
    let place = page.browser().execute(
        "const photo = document.querySelector('.photo').getBoundingClientRect();
         const box = document.querySelector('[data-testid=crop-box]').getBoundingClientRect();
         return [box.left - photo.left, box.top - photo.top, box.right - photo.left, box.bottom - photo.top].map(Math.round)",
    )?;
    Ok(serde_json::from_value(place)?)
}

fn is_near(found: [i32; 4], wanted: [i32; 4]) -> bool {
    found.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() <= 2)
}

/// The page searched with what lies in the frame that it shows.
fn matches_native(page: &Page, shipped: &Shipped, picture: &RgbImage, view: &View) -> Result<()> {
    let shares = page.browser().execute(
        "const { left, top, width, height } = document.querySelector('[data-testid=crop-box]').style;
         return [left, top, width, height].map((share) => parseFloat(share) / 100)",
    )?;
    let [left, top, width, height]: [f32; 4] = serde_json::from_value(shares)?;
    let crop = CropBox::new(left, top, (left + width).min(1.0), (top + height).min(1.0))?;
    let native = pollster::block_on(shipped.recommender().recommend(picture, Some(crop), 5))?;
    let cosine = cosine(embedding(view), &native.embedding.vector);
    ensure!(cosine > Backend::Cpu.agreement(), "another part was searched with: cosine {cosine}");
    let best = native.hits.first().context("nothing is similar")?;
    ensure!((view.cards[0].score - best.score).abs() < 0.01, "{:?} instead of {best:?}", view.cards[0]);
    Ok(())
}
