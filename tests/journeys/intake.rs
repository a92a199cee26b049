//! Photos that are dropped and pasted anywhere on the page, formats that only the browser reads, the largest photos of today's
//! phones, and a page that can be installed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    memory::{Peak, of_renderers},
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    site::{Shipped, repository},
};
use image::imageops::{self, FilterType};
use serde_json::json;

use crate::{check_against_native, check_five_results, cosine, save};

/// Most that a photo of 50 megapixels may add to what the page had before, megabytes.
const MOST_MB: u64 = 300;

#[test]
fn a_photo_that_is_dropped_or_pasted_anywhere_is_searched_with() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let bytes = jpeg(&drawn_shirt([60, 60, 120]))?;
    let native = shipped.recommend(&bytes, 5)?;
    // On the page's foot, so that "anywhere" is tried.
    let with_file = |then: &str| {
        format!(
            "const given = new DataTransfer();
             given.items.add(new File([new Uint8Array({bytes:?})], 'grün.jpg', {{ type: 'image/jpeg' }}));
             const foot = document.querySelector('.foot');
             {then}"
        )
    };
    let dropped = "
        const over = (type) => foot.dispatchEvent(
            new DragEvent(type, { dataTransfer: given, bubbles: true, cancelable: true }));
        const accepts = !over('dragover');
        await new Promise((resolve) => requestAnimationFrame(resolve));
        const veil = document.querySelector('.drop-veil') !== null;
        over('drop');
        await new Promise((resolve) => requestAnimationFrame(resolve));
        return [accepts, veil, document.querySelector('.drop-veil') === null];";
    let pasted = "foot.dispatchEvent(new ClipboardEvent('paste', { clipboardData: given, bubbles: true })); return [true, true, true];";
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            for (how, then) in [("dropped", dropped), ("pasted", pasted)] {
                page.open()?;
                let done = page.browser().execute(&format!("return (async () => {{ {} }})()", with_file(then)))?;
                ensure!(done == json!([true, true, true]), "{how}: [accepted, veil shown, veil gone] are {done}");
                let view = page.wait(Backend::Cpu.search_limit(), how, |view| view.state == "ranked")?;
                check_five_results(&view, &ids)?;
                let least = Backend::Cpu.agreement();
                check_against_native(&view, &native.embedding.vector, &native.hits, &ids, least)?;
                let alt = "return document.querySelector('[data-testid=query-image]').alt";
                let alt = page.browser().execute(alt)?;
                ensure!(alt.as_str().is_some_and(|alt| alt.contains("grün.jpg")), "{how}: it is called {alt}");
            }
            // What holds no picture is explained.
            let text = "const given = new DataTransfer(); given.setData('text/plain', 'two shirts');
                document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData: given, bubbles: true }))";
            page.browser().execute(text)?;
            page.wait(Backend::Cpu.search_limit(), "an explanation", |view| view.error.contains("clipboard"))?;
            Ok(())
        })
    })
}

/// The way of AVIF and HEIC through the browser's own decoder, which all browsers here have for AVIF. Lying on its side, the file says
/// twice how to turn it: by `irot`, which counts, and by Exif's orientation, which does not.
#[test]
fn what_only_the_browser_reads_is_searched_with() -> Result<()> {
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            for file in ["shirt.avif", "lying.avif"] {
                page.search(&pictures().join(file))?;
                is_the_green_shirt(page)?;
            }
            Ok(())
        })
    })
}

/// No browser that can be had here opens HEIC, but Safari does: there this shows that the photo is read, here that whoever has one is
/// told how to get on.
#[test]
fn a_heic_photo_is_searched_with_or_the_way_to_a_jpeg_is_told() -> Result<()> {
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            heic_is_answered(page)
        })
    })
}

/// Gives the page a HEIC photo, and what its browser can do decides what has to come.
pub(crate) fn heic_is_answered(page: &Page) -> Result<()> {
    let photo = pictures().join("shirt.heic");
    let can = page.browser().execute(&format!(
        "return createImageBitmap(new Blob([new Uint8Array({:?})])).then(() => true, () => false)",
        fs::read(&photo)?
    ))?;
    println!("{:?} opens HEIC: {can}", page.browser().kind());
    if can == true {
        page.search(&photo)?;
        return is_the_green_shirt(page);
    }
    let told = page.complaint_about(&photo)?;
    ensure!(told.contains("HEIC") && told.contains("JPEG") && told.contains("Most Compatible"), "{told}");
    ensure!(page.look()?.cards.is_empty(), "there are results of another photo");
    // And a way on.
    page.search(&pictures().join("shirt.avif"))?;
    is_the_green_shirt(page)
}

/// Photos of `drawn_shirt([40, 110, 80])`, written by Pillow 13 and `pillow_heif` 1.8 with quality 80.
pub(crate) fn pictures() -> PathBuf {
    repository().join("tests/pictures")
}

/// What the page shows is a photo of that shirt, upright, with results.
pub(crate) fn is_the_green_shirt(page: &Page) -> Result<()> {
    let native = Shipped::open()?.recommend(&jpeg(&drawn_shirt([40, 110, 80]))?, 5)?;
    let view = page.look()?;
    let query = view.query.context("the photo is not shown")?;
    let cosine = cosine(&query.embedding, &native.embedding.vector);
    println!("cosine with the same picture as JPEG: {cosine}");
    // What another codec leaves of the picture is 0.976 or more like it; on its side it is 0.76, on its head 0.13.
    ensure!(cosine > 0.96 && view.cards.len() == 5, "something else was searched with: cosine {cosine}");
    ensure!(query.height > query.width && view.error.is_empty(), "it lies on its side, or `{}`", view.error);
    Ok(())
}

#[test]
fn fifty_megapixels_do_not_sink_the_page() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let shirt = drawn_shirt([40, 110, 80]);
    let photo = large(folder.path(), &shirt)?;
    let native = shipped.recommend(&fs::read(&photo)?, 5)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            idle(page)?;
            let before = of_renderers()?;
            let peak = Peak::watch()?;
            let view = page.search(&photo)?;
            let most = peak.megabytes();
            println!("before the photo {before} MB, at most {most} MB");
            let query = view.query.context("the photo is not shown")?;
            let cosine = cosine(&query.embedding, &native.embedding.vector);
            println!("cosine with the same file, read natively: {cosine}");
            ensure!(cosine > 0.99, "something else was searched with: cosine {cosine}");
            is_the_green_shirt(page)?;
            ensure!(most >= before && most - before <= MOST_MB, "{before} MB became {most} MB");
            Ok(())
        })
    })
}

#[test]
fn the_page_can_be_installed() -> Result<()> {
    let plan = Plan { keeps_site: true, ..Plan::on(Backend::Cpu) };
    plan.run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            let told = page.browser().devtools("Page.getInstallabilityErrors", &json!({}))?;
            // A profile that is thrown away installs nothing; that is not the page's fault.
            let faults: Vec<&str> = told["installabilityErrors"]
                .as_array()
                .context("the browser does not say")?
                .iter()
                .filter_map(|fault| fault["errorId"].as_str())
                .filter(|fault| *fault != "in-incognito")
                .collect();
            ensure!(faults.is_empty(), "it cannot be installed: {faults:?}");
            let manifest = page.browser().devtools("Page.getAppManifest", &json!({}))?;
            ensure!(manifest["errors"] == json!([]), "{}", manifest["errors"]);
            ensure!(
                manifest["data"].as_str().is_some_and(|text| text.contains("share_target")),
                "{manifest}"
            );
            Ok(())
        })
    })
}

/// 6132 x 8176 pixels.
fn large(folder: &Path, shirt: &image::RgbImage) -> Result<std::path::PathBuf> {
    let large = imageops::resize(shirt, 6132, 8176, FilterType::Triangle);
    save(folder, "large.jpg", &jpeg(&large)?)
}

/// Waits until loading has given back what it needed for a moment.
fn idle(page: &Page) -> Result<()> {
    page.wait_until(
        Duration::from_secs(20),
        "the page to be idle",
        "return new Promise((resolve) => requestIdleCallback(() => setTimeout(() => resolve(true), 500)))",
    )
}
