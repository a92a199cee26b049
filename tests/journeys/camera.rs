//! Getting a photo in without a file: through the camera, by the address of a picture, from the samples.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use e2e::{
    camera::{allow_camera, film, filming, framed, wait_for_picture, with_cameras},
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::{Server, Settings, Stand},
    site::{Shipped, real_photos, test_photos},
};
use image::RgbImage;
use model::{
    image::{DecodeLimits, decode},
    search::Hit,
};
use serde_json::json;

use crate::{check_five_results, cosine, save};

/// Longest that the view may take to react.
const PATIENCE: Duration = Duration::from_secs(10);
/// The parts of the page that these journeys use, by their `data-testid`.
const OPEN: &str = "camera-open";
const SHUTTER: &str = "camera-shutter";
const CLOSE: &str = "camera-close";

#[test]
fn a_shot_gives_five_items_and_the_camera_is_let_go_of() -> Result<()> {
    let shipped = Shipped::open()?;
    let garment = garment(&shipped)?;
    let native = shipped.recommend(&jpeg(&garment)?, 5)?;
    let folder = tempfile::tempdir()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    filming(&film(folder.path(), &garment)?).run(|page, _| {
        for (width, height, phone) in [(390, 844, true), (1440, 900, false)] {
            page.resize(width, height, phone)?;
            page.open()?;
            script(page, KEEP_WISHES)?;
            click(page, OPEN)?;
            wait_for_picture(page)?;
            ensure!(
                script(page, "return window.twillWishes.every((wish) => wish.video.facingMode.ideal === 'environment' && !wish.audio)")?
                    == true,
                "another camera than the rear one was asked for"
            );
            ensure!(
                script(
                    page,
                    "const video = document.querySelector('video'); return video.muted && video.playsInline"
                )? == true,
                "the picture could take over the screen, or make a sound"
            );
            ensure!(focused(page)? == SHUTTER, "the focus is on `{}`", focused(page)?);
            ensure!(
                page.browser().click(&page.browser().find(".brand")?).is_err(),
                "the page behind is in reach"
            );
            keep_track(page)?;
            click(page, SHUTTER)?;
            let view = page.wait(Backend::Cpu.search_limit(), "results", |view| view.state == "ranked")?;
            check_five_results(&view, &ids)?;
            let query = view.query.context("the photo is not shown")?;
            let cosine = cosine(&query.embedding, &native.embedding.vector);
            println!("{width}x{height}: cosine with the native embedding of what was filmed: {cosine}");
            ensure!(cosine > 0.98, "something else was searched with: cosine {cosine}");
            let ratio = query.width / query.height;
            ensure!((ratio - 0.75).abs() < 0.05, "the photo is shown {} x {}", query.width, query.height);
            wait_until(page, "the camera to be let go of", LET_GO)?;
            ensure!(script(page, "return document.querySelector('video') === null")? == true);
            wait_until(page, "the focus to return", FOCUS_IS_ON_OPENER)?;
        }
        Ok(())
    })
}

#[test]
fn closing_hiding_and_leaving_let_go_of_the_camera() -> Result<()> {
    let folder = tempfile::tempdir()?;
    filming(&film(folder.path(), &drawn_shirt([60, 90, 160]))?).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            // By the button.
            click(page, OPEN)?;
            wait_for_picture(page)?;
            keep_track(page)?;
            click(page, CLOSE)?;
            wait_until(page, "the camera to be let go of", LET_GO)?;
            wait_until(page, "the focus to return", FOCUS_IS_ON_OPENER)?;
            // By Escape, from the keyboard alone.
            script(page, "document.querySelector('[data-testid=camera-open]').focus()")?;
            press(page, "Enter", 13)?;
            wait_for_picture(page)?;
            keep_track(page)?;
            press(page, "Escape", 27)?;
            wait_until(page, "the camera to be let go of", LET_GO)?;
            wait_until(page, "the focus to return", FOCUS_IS_ON_OPENER)?;
            // The page goes out of sight and comes back.
            click(page, OPEN)?;
            wait_for_picture(page)?;
            keep_track(page)?;
            show_page(page, false)?;
            ensure!(script(page, LET_GO)? == true, "a camera watches for a page that nobody sees");
            show_page(page, true)?;
            wait_for_picture(page)?;
            // The page is left.
            keep_track(page)?;
            script(page, "window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))")?;
            ensure!(script(page, LET_GO)? == true, "a camera watches for a page that was left");
            wait_until(page, "the view to close", "return document.querySelector('dialog') === null")
        })
    })
}

#[test]
fn a_camera_that_is_forbidden_is_explained_and_leads_on() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let shirt = drawn_shirt([130, 40, 80]);
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&shirt)?)?;
    let mut plan = filming(&film(folder.path(), &shirt)?);
    // With it, the browser would not ask.
    plan.flags.retain(|flag| !flag.starts_with("--use-fake-ui"));
    plan.run(|page, server| {
        page.on_each_screen(|| {
            allow_camera(page, server, "denied")?;
            page.open()?;
            click(page, OPEN)?;
            check_trouble(page, "camera-denied", "does not let")?;
            ensure!(focused(page)? == "camera-retry", "the focus is on `{}`", focused(page)?);
            // One way on: another photo. The file dialog itself is the system's.
            page.browser().devtools("Page.setInterceptFileChooserDialog", &json!({ "enabled": true }))?;
            script(page, COUNT_CLICKS)?;
            click(page, "camera-instead")?;
            wait_until(page, "the file dialog", "return window.twillClicks.includes('photo-input')")?;
            ensure!(page.search(&photo)?.cards.len() == 5);
            // The other: the person thinks better of it.
            click(page, OPEN)?;
            check_trouble(page, "camera-denied", "does not let")?;
            allow_camera(page, server, "granted")?;
            click(page, "camera-retry")?;
            wait_for_picture(page)?;
            ensure!(focused(page)? == SHUTTER, "the focus is on `{}`", focused(page)?);
            Ok(())
        })
    })
}

#[test]
fn no_camera_and_one_in_use_are_told_apart() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([90, 90, 20]))?)?;
    with_cameras(0).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            click(page, OPEN)?;
            check_trouble(page, "camera-missing", "No camera")?;
            click(page, CLOSE)?;
            wait_until(page, "the view to close", "return document.querySelector('dialog') === null")?;
            script(
                page,
                "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'))",
            )?;
            click(page, OPEN)?;
            check_trouble(page, "camera-busy", "in use")?;
            click(page, CLOSE)?;
            // A browser that has no camera for pages leads to the system's own.
            script(page, "Object.defineProperty(navigator, 'mediaDevices', { value: undefined })")?;
            page.browser().devtools("Page.setInterceptFileChooserDialog", &json!({ "enabled": true }))?;
            script(page, COUNT_CLICKS)?;
            click(page, OPEN)?;
            wait_until(page, "the system's camera", "return window.twillClicks.includes('camera-input')")?;
            ensure!(
                script(page, "return document.querySelector('[data-testid=camera-input]').getAttribute('capture')")? == "environment"
            );
            ensure!(page.search(&photo)?.cards.len() == 5);
            Ok(())
        })
    })
}

#[test]
fn the_other_camera_and_the_lamp_are_there_where_the_device_has_them() -> Result<()> {
    with_cameras(1).run(|page, _| {
        page.open()?;
        click(page, OPEN)?;
        wait_for_picture(page)?;
        for name in ["camera-switch", "camera-torch"] {
            ensure!(!is_shown(page, name)?, "{name} is offered on a device with one camera and no lamp");
        }
        Ok(())
    })?;
    with_cameras(2).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            // The test's cameras have no lamp: this one is added, and notes what it is told.
            script(
                page,
                "window.twillLamp = [];
                 MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true });
                 MediaStreamTrack.prototype.applyConstraints = async (wish) => { window.twillLamp.push(wish.advanced[0].torch) };",
            )?;
            click(page, OPEN)?;
            wait_for_picture(page)?;
            click(page, "camera-torch")?;
            let pressed = "return document.querySelector('[data-testid=camera-torch]').ariaPressed === 'true'";
            wait_until(page, "the lamp", pressed)?;
            click(page, "camera-torch")?;
            wait_until(page, "the lamp's end", "return JSON.stringify(window.twillLamp) === '[true,false]'")?;
            let device = "document.querySelector('video').srcObject?.getTracks()[0]?.getSettings().deviceId";
            let first = script(page, &format!("return {device}"))?;
            keep_track(page)?;
            click(page, "camera-switch")?;
            wait_until(page, "the first camera to be let go of", LET_GO)?;
            wait_for_picture(page)?;
            ensure!(script(page, &format!("return {device}"))? != first, "the same camera again");
            click(page, "camera-switch")?;
            wait_until(page, "the first camera again", &format!("return {device} === {first}"))?;
            Ok(())
        })
    })
}

#[test]
fn results_follow_the_live_picture() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    filming(&film(folder.path(), &garment(&shipped)?)?).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            click(page, OPEN)?;
            wait_for_picture(page)?;
            ensure!(!is_shown(page, "camera-results")?, "results that nobody has asked for");
            script(page, KEEP_FRAMES)?;
            let began = Instant::now();
            click(page, "camera-live")?;
            wait_until(page, "five answers and one more frame", "return window.twillFrames.length > 5")?;
            let frame_ms = began.elapsed().as_millis() / 5;
            println!("a frame every {frame_ms} ms");
            ensure!(frame_ms < 333, "it follows with less than three frames a second: {frame_ms} ms each");
            let items = script(
                page,
                "return [...document.querySelectorAll('[data-testid=camera-results] li')].map((item) => item.dataset.itemId)",
            )?;
            check_seen(page, &shipped, &serde_json::from_value::<Vec<String>>(items)?)?;
            ensure!(page.look()?.cards.is_empty(), "a frame is no photo: it has no place among the results");
            // Nothing is asked any more once it is switched off.
            click(page, "camera-live")?;
            ensure!(!is_shown(page, "camera-results")?, "results of a picture that is gone");
            let asked = script(page, "return window.twillFrames.length")?;
            thread::sleep(Duration::from_secs(1));
            ensure!(script(page, "return window.twillFrames.length")? == asked, "it goes on looking");
            // And the shutter works while it follows.
            click(page, "camera-live")?;
            wait_until(page, "results", "return !!document.querySelector('[data-testid=camera-results]')")?;
            keep_track(page)?;
            click(page, SHUTTER)?;
            let view = page.wait(Backend::Cpu.search_limit(), "results", |view| view.state == "ranked")?;
            check_five_results(&view, &ids)?;
            check_seen(page, &shipped, &view.cards.iter().map(|card| card.id.clone()).collect::<Vec<_>>())?;
            wait_until(page, "the camera to be let go of", LET_GO)
        })
    })
}

#[test]
fn a_picture_is_fetched_by_its_address() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let shirt = jpeg(&drawn_shirt([200, 150, 60]))?;
    save(folder.path(), "shirt.jpg", &shirt)?;
    save(folder.path(), "shop.html", b"<!doctype html><title>A shop</title>")?;
    let native = shipped.recommend(&shirt, 5)?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let shop = |allow_other_origins| {
        Server::start(Settings { allow_other_origins, ..Settings::at_top(folder.path()) })
    };
    let (open, closed) = (shop(true)?, shop(false)?);
    Plan::on(Backend::Cpu).run(|page, server| {
        page.on_each_screen(|| {
            page.open()?;
            click(page, "address-open")?;
            ensure!(focused(page)? == "address-input", "the focus is on `{}`", focused(page)?);
            let file = |shop: &Server, name: &str| format!("{}{name}", shop.url());
            let mut sentences = Vec::new();
            for address in [
                "a blue shirt".to_owned(),
                file(&open, "shop.html"),
                file(&open, "nothing.jpg"),
                file(&closed, "shirt.jpg"),
            ] {
                let sentence = refusal_of(page, &address)?;
                println!("{address}: {sentence}");
                ensure!(!sentences.contains(&sentence), "told apart from nothing: {sentence}");
                sentences.push(sentence);
            }
            ensure!(server.requests().iter().all(|request| request.body_bytes == 0));
            type_address(page, &file(&open, "shirt.jpg"))?;
            let view = page.wait(Backend::Cpu.search_limit(), "results", |view| view.state == "ranked")?;
            check_five_results(&view, &ids)?;
            let query = view.query.context("the picture is not shown")?;
            let cosine = cosine(&query.embedding, &native.embedding.vector);
            ensure!(cosine > Backend::Cpu.agreement(), "another picture was searched with: cosine {cosine}");
            wait_until(page, "the sheet to close", "return document.querySelector('dialog') === null")?;
            // An address that is pasted anywhere is fetched, too, and one that is no picture is told of on the page.
            open.replace("list.jpg", Stand::Bytes(b"Two shirts.".to_vec()));
            for (name, expected) in [("list.jpg", "failed"), ("shirt.jpg", "ranked")] {
                paste(page, &file(&open, name))?;
                page.wait(Backend::Cpu.search_limit(), expected, |view| view.state == expected)?;
                wait_until(page, "the sheet to close", "return document.querySelector('dialog') === null")?;
            }
            let view = page.look()?;
            ensure!(view.error.is_empty() && view.cards.len() == 5, "after all of it: {}", view.error);
            Ok(())
        })
    })
}

#[test]
fn a_sample_is_searched_with() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            let source = script(page, "return document.querySelector('[data-testid=sample] img').src")?;
            click(page, "sample")?;
            let view = page.wait(Backend::Cpu.search_limit(), "results", |view| view.state == "ranked")?;
            check_five_results(&view, &ids)?;
            let best =
                shipped.items().iter().find(|item| item.id == view.cards[0].id).context("no such item")?;
            ensure!(
                source.as_str().is_some_and(|source| source.ends_with(&best.image))
                    && view.cards[0].score > 0.999,
                "the sample {source} finds {} first, with {}",
                best.image,
                view.cards[0].score
            );
            Ok(())
        })
    })
}

/// The garment that is filmed: a real photo where there are some, else a picture of the catalogue.
fn garment(shipped: &Shipped) -> Result<RgbImage> {
    let file = match real_photos() {
        Some(folder) => test_photos(&folder, &["t-shirt"], 1)?.pop(),
        None => shipped.items().first().map(|item| shipped.picture(item)),
    };
    Ok(framed(&decode(&fs::read(file.context("there is no garment")?)?, &DecodeLimits::default())?))
}

/// Whether the track that [`keep_track`] kept has ended.
const LET_GO: &str = "return window.twillTrack.readyState === 'ended'";
const FOCUS_IS_ON_OPENER: &str = "return document.activeElement.dataset.testid === 'camera-open'";
/// Notes what the browser is asked for.
const KEEP_WISHES: &str = "window.twillWishes = [];
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = (wish) => { window.twillWishes.push(wish); return open(wish) }";
/// Keeps each frame that the worker is asked about: a message each, and the next waits for the answer to the last.
const KEEP_FRAMES: &str = "window.twillFrames = [];
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
        if (message.ask?.Find) window.twillFrames.push(message.ask.Find.photo);
        return post.call(this, message, ...rest);
    }";
/// Notes which file inputs are opened.
const COUNT_CLICKS: &str = "window.twillClicks = [];
    document.addEventListener('click', (event) => window.twillClicks.push(event.target.dataset.testid), true)";

/// These are what native search finds for the last frame that the worker was asked about, in that order.
///
/// Of the very file: what is drawn alike lies so close together that a video's compression is enough to change places.
fn check_seen(page: &Page, shipped: &Shipped, shown: &[String]) -> Result<()> {
    let bytes = script(
        page,
        "return window.twillFrames.at(-1).arrayBuffer().then((bytes) => [...new Uint8Array(bytes)])",
    )?;
    let frame: Vec<u8> = serde_json::from_value(bytes)?;
    let native = shipped.recommend(&frame, 10)?.hits;
    let id = |hit: &Hit| shipped.items()[hit.row].id.as_str();
    ensure!(shown.len() == 5, "{} results instead of five", shown.len());
    for (shown, wanted) in shown.iter().zip(&native) {
        let score = native.iter().find(|hit| id(hit) == shown.as_str()).map(|hit| hit.score);
        // Rounding may have two that are equally alike change places, and nothing else.
        ensure!(
            score.is_some_and(|score| (score - wanted.score).abs() < 1e-4),
            "{shown} with {score:?} instead of {} with {}",
            id(wanted),
            wanted.score
        );
    }
    Ok(())
}

/// Holds on to the camera's track, so that its fate can be told when the page has forgotten it.
fn keep_track(page: &Page) -> Result<()> {
    let live = script(
        page,
        "window.twillTrack = document.querySelector('video').srcObject.getTracks()[0];
         return window.twillTrack.readyState === 'live'",
    )?;
    ensure!(live == true, "the camera does not watch");
    Ok(())
}

/// Tells the page that it is out of sight, or back.
fn show_page(page: &Page, is_seen: bool) -> Result<()> {
    script(
        page,
        &format!(
            "Object.defineProperty(document, 'hidden', {{ value: {}, configurable: true }});
             document.dispatchEvent(new Event('visibilitychange', {{ bubbles: true }}))",
            !is_seen
        ),
    )
    .map(drop)
}

/// The view says what is wrong with the camera, and offers to go on.
fn check_trouble(page: &Page, kind: &str, words: &str) -> Result<()> {
    let view = page.wait(PATIENCE, "an explanation", |view| !view.error.is_empty())?;
    println!("{kind}: {}", view.error.replace('\n', " "));
    let shown =
        script(page, "return document.querySelector('[role=alert][data-testid=error]').dataset.kind")?;
    ensure!(shown == kind, "{shown} instead of {kind}");
    ensure!(view.error.contains(words), "`{}` does not say it", view.error);
    for way in ["camera-retry", "camera-instead"] {
        ensure!(is_shown(page, way)?, "{way} is not offered");
    }
    ensure!(!is_shown(page, SHUTTER)?, "there is a shutter and nothing to shoot");
    Ok(())
}

fn type_address(page: &Page, address: &str) -> Result<()> {
    script(page, "document.querySelector('[data-testid=address-input]').select()")?;
    let field = page.browser().find("[data-testid=address-input]")?;
    page.browser().type_into(&field, address)?;
    click(page, "address-fetch")
}

/// What the sheet says about an address that gives no picture.
fn refusal_of(page: &Page, address: &str) -> Result<String> {
    let before = page.look()?.error;
    type_address(page, address)?;
    Ok(page.wait(PATIENCE, "a refusal", |view| !view.error.is_empty() && view.error != before)?.error)
}

fn paste(page: &Page, text: &str) -> Result<()> {
    let text = json!(text);
    script(
        page,
        &format!(
            "const data = new DataTransfer();
             data.setData('text/plain', {text});
             document.body.dispatchEvent(new ClipboardEvent('paste', {{ clipboardData: data, bubbles: true }}))"
        ),
    )
    .map(drop)
}

fn press(page: &Page, key: &str, code: u32) -> Result<()> {
    let text = if key == "Enter" { "\r" } else { "" };
    for kind in ["keyDown", "keyUp"] {
        let event = json!({
            "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
            "text": if kind == "keyDown" { text } else { "" },
        });
        page.browser().devtools("Input.dispatchKeyEvent", &event)?;
    }
    Ok(())
}

fn click(page: &Page, name: &str) -> Result<()> {
    page.browser().click(&page.browser().find(&format!("[data-testid={name}]"))?)
}

fn is_shown(page: &Page, name: &str) -> Result<bool> {
    let shown = script(
        page,
        &format!("return document.querySelector('[data-testid={name}]')?.getClientRects().length > 0"),
    )?;
    Ok(shown == true)
}

/// `data-testid` of what has the focus.
fn focused(page: &Page) -> Result<String> {
    let name = script(page, "return document.activeElement?.dataset.testid ?? ''")?;
    Ok(name.as_str().unwrap_or_default().to_owned())
}

fn script(page: &Page, body: &str) -> Result<serde_json::Value> {
    page.browser().execute(body)
}

fn wait_until(page: &Page, what: &str, condition: &str) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while script(page, condition)? != true {
        if Instant::now() > deadline {
            bail!("waited {} s in vain for {what}", PATIENCE.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
