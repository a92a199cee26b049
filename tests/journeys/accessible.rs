//! Every state of the page, on a phone and on a desk, by day and by night: axe-core finds nothing in it, and where a person wants
//! less motion, nothing moves.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use e2e::{
    between::{fate, step_in},
    browser::Key,
    camera::{allow_camera, film, filming, wait_for_picture, with_cameras},
    element,
    journey::Plan,
    page::{Backend, Page, Pointer},
    photos::{drawn_shirt, jpeg},
    server::Stand,
    shop::Shop,
    site::{Shipped, dist},
    unlike::serve_unlike,
};

use crate::{
    judge::{Judge, LIMIT, calm, moving},
    others::fake_card,
    save,
};

#[test]
fn while_the_page_loads_and_where_it_cannot() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 60, 60]))?)?;
    let program = program()?;
    Judge::judge(&Plan::on(Backend::Cpu), |judge, page, server| {
        calm(page, "light")?;
        server.replace(&program, Stand::Slow(300));
        page.visit()?;
        judge.look(page, "first paint")?;
        server.replace(&program, Stand::Missing);
        page.visit()?;
        page.wait(LIMIT, "a message", |view| !view.error.is_empty())?;
        judge.look(page, "no start")?;
        server.restore();
        server.replace(&shipped.weights_path(), Stand::Slow(600));
        page.visit()?;
        let bar = "return document.querySelector('[role=progressbar]')?.ariaValueNow > 0";
        page.wait_until(LIMIT, "progress", bar)?;
        judge.look(page, "loading")?;
        page.choose(&photo)?;
        page.wait_until(LIMIT, "the photo", "return document.querySelector('.photo img') !== null")?;
        judge.look(page, "a photo waits for loading")?;
        server.restore();
        server.replace(&shipped.features_path(), Stand::Missing);
        page.visit()?;
        page.wait(LIMIT, "a message", |view| !view.error.is_empty())?;
        judge.look(page, "missing file")
    })
}

#[test]
fn the_first_page_and_what_it_opens() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let list = save(folder.path(), "list.jpg", b"Two shirts.")?;
    let shipped = Shipped::open()?;
    let plan = Plan { forced: false, ..Plan::on(Backend::Cpu) };
    Judge::judge(&plan, |judge, page, server| {
        calm(page, "light")?;
        page.open()?;
        painted(page, "sample")?;
        judge.look(page, "welcome")?;
        page.tab_to("[data-testid=language]")?;
        judge.look(page, "languages")?;
        page.browser().execute(HOVER)?;
        judge.look(page, "a file hovers")?;
        page.open()?;
        page.complaint_about(&list)?;
        judge.look(page, "bad photo")?;
        page.click("[data-testid=address-open]")?;
        judge.look(page, "address")?;
        let field = page.browser().find("[data-testid=address-input]")?;
        page.browser().type_into(&field, "a blue shirt")?;
        page.click("[data-testid=address-fetch]")?;
        page.wait_until(LIMIT, "a refusal", "return document.querySelector('dialog [role=alert]') !== null")?;
        judge.look(page, "refused address")?;
        fake_card(&shipped, server)?;
        page.open()?;
        let said = "return document.querySelector('[data-testid=diagnostic]') !== null";
        page.wait_until(LIMIT, "a diagnostic", said)?;
        judge.look(page, "a card that cannot be used")
    })
}

#[test]
fn results_and_all_that_can_be_done_with_them() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 60, 60]))?)?;
    Judge::judge(&Plan::on(Backend::Cpu), |judge, page, _| {
        calm(page, "light")?;
        page.open()?;
        page.search(&photo)?;
        painted(page, "result-card")?;
        judge.look(page, "results")?;
        let held = page.hold(Pointer::Mouse, "[data-testid=crop-box]")?;
        page.wait_until(
            LIMIT,
            "the frame to be held",
            "return document.querySelector('.crop-box.held') !== null",
        )?;
        judge.look(page, "the frame is held")?;
        held.let_go()?;
        page.tab_to("[data-testid=crop-box]")?;
        page.browser().press(&[Key::Right, Key::Down])?;
        page.wait_until(
            LIMIT,
            "another part",
            "return document.querySelector('[data-testid=crop-reset]') !== null",
        )?;
        judge.look(page, "a part of the photo")?;
        page.click("[data-testid=show-more]")?;
        judge.look(page, "all results")?;
        page.click("[data-testid=colour-filter][data-colour=red]")?;
        page.click("[data-testid=category-filter] option[value=Dresses]")?;
        page.wait_until(
            LIMIT,
            "filtered results",
            "return location.search.includes('Dresses')
            && document.querySelector('[data-testid=result-card]')?.dataset.category === 'Dresses'",
        )?;
        judge.look(page, "filtered results")?;
        page.browser().execute("document.querySelectorAll('.card img, .photo img').forEach((image) => image.dispatchEvent(new Event('error')))")?;
        judge.look(page, "pictures that cannot be had")?;
        page.click("[data-testid=filter-clear]")?;
        let view = page.wait(LIMIT, "results", |view| view.state == "ranked" && view.cards.len() >= 5)?;
        page.more_like(&view.cards[0].id)?;
        painted(page, "result-card")?;
        judge.look(page, "more like this")
    })
}

#[test]
fn one_s_own_photos_and_two_side_by_side() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 60, 60]))?)?;
    let other = save(folder.path(), "another shirt.jpg", &jpeg(&drawn_shirt([40, 90, 160]))?)?;
    let list = save(folder.path(), "list.jpg", b"Two shirts.")?;
    Judge::judge(&Plan::on(Backend::Cpu), |judge, page, _| {
        calm(page, "light")?;
        page.open()?;
        page.click("header [data-testid=wardrobe-open]")?;
        let input = page.browser().find("dialog [data-testid=wardrobe-add-input]")?;
        judge.look(page, "a wardrobe")?;
        let files = [&photo, &other, &list].map(|file| file.to_string_lossy().into_owned()).join("\n");
        page.browser().type_into(&input, &files)?;
        let said =
            "return document.querySelector('dialog [data-testid=wardrobe-outcome]')?.textContent !== ''
            && document.querySelector('[data-testid=wardrobe-progress]') === null";
        page.wait_until(LIMIT, "the photos to be added", said)?;
        painted(page, "wardrobe-items")?;
        judge.look(page, "a wardrobe with photos")?;
        page.click("[data-testid=wardrobe-clear]")?;
        judge.look(page, "photos that are about to be deleted")?;
        page.click("[data-testid=wardrobe-close]")?;
        page.search(&photo)?;
        painted(page, "result-card")?;
        judge.look(page, "results beside a wardrobe")?;
        page.click("[data-testid=result-card] [data-testid=compare]")?;
        painted(page, "compare-view")?;
        judge.look(page, "two side by side")?;
        page.click("[data-testid=heat-map]")?;
        let hot = "return document.querySelector('[data-testid=compare-view] [data-heat=true]') !== null";
        page.wait_until(LIMIT, "what matched", hot)?;
        judge.look(page, "what matched")
    })
}

#[test]
fn what_finds_nothing_and_what_waits() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let shirt = jpeg(&drawn_shirt([150, 60, 60]))?;
    let photo = save(folder.path(), "shirt.jpg", &shirt)?;
    let list = save(folder.path(), "list.jpg", b"Two shirts.")?;
    let plan = Plan { query: "&category=Kilts".to_owned(), ..Plan::on(Backend::Cpu) };
    Judge::judge(&plan, |judge, page, server| {
        calm(page, "light")?;
        step_in(page)?;
        page.open()?;
        page.search(&photo)?;
        judge.look(page, "nothing passes the filters")?;
        fate(page, &["hang"])?;
        page.choose(&photo)?;
        page.wait(LIMIT, "searching", |view| view.state == "searching")?;
        judge.look(page, "searching")?;
        serve_unlike(&shipped, server, &[&shirt])?;
        page.browser().goto(&format!("{}?backend=cpu", server.url()))?;
        page.wait(LIMIT, "ready", |view| view.state == "ready")?;
        page.search(&photo)?;
        judge.look(page, "nothing is similar")?;
        page.click("[data-testid=show-unlike]")?;
        judge.look(page, "what is not similar")?;
        page.complaint_about(&list)?;
        judge.look(page, "a bad photo after a good one")
    })
}

#[test]
fn the_camera_and_what_is_wrong_with_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let shirt = drawn_shirt([130, 40, 80]);
    Judge::judge(&filming(&film(folder.path(), &shirt)?), |judge, page, _| {
        calm(page, "light")?;
        page.open()?;
        page.click("[data-testid=camera-open]")?;
        wait_for_picture(page)?;
        judge.look(page, "camera")?;
        page.click("[data-testid=camera-live]")?;
        painted(page, "camera-results")?;
        judge.look(page, "live camera")
    })?;
    // Two cameras and a lamp.
    Judge::judge(&with_cameras(2), |judge, page, _| {
        calm(page, "light")?;
        page.open()?;
        page.browser().execute("MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true })")?;
        page.click("[data-testid=camera-open]")?;
        wait_for_picture(page)?;
        judge.look(page, "camera with a lamp")
    })?;
    let mut asked = filming(&film(folder.path(), &shirt)?);
    asked.flags.retain(|flag| !flag.starts_with("--use-fake-ui"));
    Judge::judge(&asked, |judge, page, server| {
        calm(page, "light")?;
        allow_camera(page, server, "prompt")?;
        page.open()?;
        page.click("[data-testid=camera-open]")?;
        judge.look(page, "a camera that wakes")?;
        allow_camera(page, server, "denied")?;
        page.open()?;
        page.click("[data-testid=camera-open]")?;
        page.wait(LIMIT, "an explanation", |view| !view.error.is_empty())?;
        judge.look(page, "forbidden camera")
    })
}

#[test]
fn the_element_in_a_shops_page() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 60, 60]))?)?;
    let list = save(folder.path(), "list.jpg", b"Two shirts.")?;
    let shop = Shop::open()?;
    Judge::judge(&Plan::on(Backend::Cpu), |judge, page, _| {
        shop.server().restore();
        calm(page, "light")?;
        element::open(page, &shop.url("shop.html"))?;
        judge.look(page, "an element")?;
        shop.server().replace(&format!("twill/{}", Shipped::open()?.weights_path()), Stand::Held(0.5));
        element::choose(page, &photo)?;
        element::wait(page, LIMIT, "loading", |shown| shown.state == "loading" && !shown.status.is_empty())?;
        judge.look(page, "an element that loads")?;
        shop.server().restore();
        element::wait(page, LIMIT, "results", |shown| {
            shown.state == "results" && shown.cards.iter().all(|card| card.painted)
        })?;
        judge.look(page, "an element with results")?;
        element::run(page, "element.setAttribute('least', '0.9999')")?;
        element::wait(page, LIMIT, "nothing similar", |shown| shown.state == "nothing")?;
        judge.look(page, "an element with nothing similar")?;
        element::choose(page, &list)?;
        element::wait(page, LIMIT, "a failure", |shown| shown.state == "failed")?;
        judge.look(page, "an element with a bad photo")?;
        element::run(page, "element.lang = 'ar'; element.clear()")?;
        let is_arabic = "return one('.frame').dir === 'rtl'";
        page.wait(LIMIT, "Arabic", |_| {
            element::run(page, is_arabic).is_ok_and(|is_arabic| is_arabic == true)
        })?;
        judge.look(page, "an element in Arabic")
    })
}

#[test]
fn from_right_to_left() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 60, 60]))?)?;
    let plan = Plan { query: "&lang=ar".to_owned(), ..Plan::on(Backend::Cpu) };
    Judge::judge(&plan, |judge, page, _| {
        calm(page, "light")?;
        page.open()?;
        judge.look(page, "welcome in Arabic")?;
        page.search(&photo)?;
        painted(page, "result-card")?;
        judge.look(page, "results in Arabic")?;
        page.click("[data-testid=address-open]")?;
        judge.look(page, "address in Arabic")
    })
}

/// The other side of all the states above: what is looked for is there where nobody asks for less.
#[test]
fn who_does_not_mind_motion_gets_it_and_the_others_do_not() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 60, 60]))?)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        page.open()?;
        page.search(&photo)?;
        let moves = moving(page)?;
        ensure!(moves.iter().any(|found| found.contains("card")), "only {moves:?} moves");
        calm(page, "dark")?;
        let moves = moving(page)?;
        ensure!(moves.is_empty(), "{moves:?} moves");
        Ok(())
    })
}

/// A file hovers over the page.
const HOVER: &str = "
const data = new DataTransfer();
data.items.add(new File(['shirt'], 'shirt.jpg', { type: 'image/jpeg' }));
document.body.dispatchEvent(new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true }))";

/// The page's program, as it lies in the site.
fn program() -> Result<String> {
    let names =
        fs::read_dir(dist()?)?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let is_wasm = |name: &String| Path::new(name).extension().is_some_and(|extension| extension == "wasm");
    names
        .into_iter()
        .find(|name| name.starts_with("app-") && is_wasm(name))
        .context("the site has no program")
}

/// Waits for the pictures in everything of this name.
fn painted(page: &Page, test_id: &str) -> Result<()> {
    page.wait_until(
        LIMIT,
        "pictures",
        &format!(
            "const pictures = [...document.querySelectorAll('[data-testid={test_id}] img')];
             return pictures.length > 0 && pictures.every((picture) => picture.complete)"
        ),
    )
}
