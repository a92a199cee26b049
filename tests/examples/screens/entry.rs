//! Ways of getting a photo in, and what may be in their way.

use std::fs;

use anyhow::Result;
use e2e::{
    camera::{allow_camera, film, filming, framed, wait_for_picture},
    journey::Plan,
    page::{Backend, Page},
    server::Stand,
    site::Shipped,
};
use model::image::{DecodeLimits, decode};

use crate::{Given, screen::Screen};

/// A photo waits while the network's weights arrive.
pub(crate) fn loading(screen: &Screen, given: &Given) -> Result<()> {
    let shipped = Shipped::open()?;
    screen.run(&Plan::on(Backend::Cpu), |page, server| {
        server.replace(&shipped.weights_path(), Stand::Held(0.6));
        page.visit()?;
        let has_begun = "return document.querySelector('[role=progressbar]')?.ariaValueNow > 20";
        page.wait_until(Backend::Cpu.load_limit(), "progress", has_begun)?;
        screen.take(page, "loading")?;
        page.choose(&given.photo)?;
        page.wait_until(
            Backend::Cpu.load_limit(),
            "the photo",
            "return document.querySelector('.photo img')?.naturalWidth > 0",
        )?;
        screen.take(page, "photo-waits")?;
        server.restore();
        Ok(())
    })
}

/// The live view follows a garment.
pub(crate) fn camera(screen: &Screen, given: &Given) -> Result<()> {
    filmed(screen, given, |page| {
        page.click("[data-testid=camera-open]")?;
        wait_for_picture(page)?;
        page.click("[data-testid=camera-live]")?;
        page.wait_until(
            Backend::Cpu.search_limit(),
            "results",
            "const pictures = [...document.querySelectorAll('[data-testid=camera-results] img')];
             return pictures.length === 5 && pictures.every((picture) => picture.naturalWidth > 0)",
        )?;
        // It moves on with every frame.
        page.browser().execute("document.querySelector('[data-testid=camera-live]').blur()")?;
        screen.take(page, "camera")
    })
}

/// The browser does not let the page use the camera.
pub(crate) fn denied_camera(screen: &Screen, given: &Given) -> Result<()> {
    let mut plan = filming(&film(given.scratch.path(), &garment(given)?)?);
    // With it, the browser would not ask.
    plan.flags.retain(|flag| !flag.starts_with("--use-fake-ui"));
    screen.run(&plan, |page, server| {
        allow_camera(page, server, "denied")?;
        page.open()?;
        page.click("[data-testid=camera-open]")?;
        page.wait(Backend::Cpu.search_limit(), "an explanation", |view| !view.error.is_empty())?;
        screen.take(page, "camera-denied")
    })
}

/// An address, and a file that is no photo.
pub(crate) fn refused(screen: &Screen, given: &Given) -> Result<()> {
    let bad = given.scratch.path().join("shopping list.jpg");
    fs::write(&bad, "Two shirts, one pair of trousers.")?;
    screen.run(&Plan::on(Backend::Cpu), |page, _| {
        page.open()?;
        page.click("[data-testid=address-open]")?;
        let field = page.browser().find("[data-testid=address-input]")?;
        page.browser().type_into(&field, "https://garments.example/summer/dress.jpg")?;
        screen.take(page, "address")?;
        page.click("[data-testid=address-close]")?;
        page.complaint_about(&bad)?;
        screen.take(page, "bad-photo")
    })
}

fn filmed(screen: &Screen, given: &Given, steps: impl FnOnce(&Page) -> Result<()>) -> Result<()> {
    let plan = filming(&film(given.scratch.path(), &garment(given)?)?);
    screen.run(&plan, |page, _| {
        page.open()?;
        steps(page)
    })
}

fn garment(given: &Given) -> Result<image::RgbImage> {
    Ok(framed(&decode(&fs::read(&given.photo)?, &DecodeLimits::default())?))
}
