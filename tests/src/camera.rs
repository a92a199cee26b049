//! A camera that films what a journey gives it. Chromium has one for tests, which films a file of JPEG pictures in a row.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use image::{
    RgbImage,
    imageops::{self, FilterType},
};
use serde_json::json;

use crate::{
    journey::Plan,
    page::{Backend, Page},
    photos::jpeg,
    server::Server,
};

/// Longest that a picture of the camera may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pixels of what is filmed; even numbers, which the camera's colour planes want.
const FILM_SIZE: (u32, u32) = (480, 640);

/// A browser whose camera films `film`, and that does not ask whether it may.
#[must_use]
pub fn filming(film: &Path) -> Plan {
    let mut plan = with_cameras(1);
    plan.flags.push(format!("--use-file-for-fake-video-capture={}", film.display()));
    plan
}

/// A browser with so many cameras, which show a test card, and that does not ask whether it may.
#[must_use]
pub fn with_cameras(count: u32) -> Plan {
    let flags = vec![
        "--use-fake-ui-for-media-stream".to_owned(),
        format!("--use-fake-device-for-media-stream=device-count={count}"),
    ];
    Plan { flags, ..Plan::on(Backend::Cpu) }
}

/// The middle of a picture in the film's proportions and size: stretched to them, a garment would be another one.
#[must_use]
pub fn framed(picture: &RgbImage) -> RgbImage {
    let width = picture.width().min(picture.height() * 3 / 4);
    let height = width * 4 / 3;
    let (left, top) = ((picture.width() - width) / 2, (picture.height() - height) / 2);
    let picture = imageops::crop_imm(picture, left, top, width, height).to_image();
    imageops::resize(&picture, FILM_SIZE.0, FILM_SIZE.1, FilterType::Triangle)
}

/// A few seconds of `garment` standing still, as Motion JPEG: pictures one behind the other. Written into `folder`.
pub fn film(folder: &Path, garment: &RgbImage) -> Result<PathBuf> {
    let frame = imageops::resize(garment, FILM_SIZE.0, FILM_SIZE.1, FilterType::Triangle);
    let file = folder.join("garment.mjpeg");
    fs::write(&file, jpeg(&frame)?.repeat(30))?;
    Ok(file)
}

/// What the person has decided about the camera: `granted`, `denied` or `prompt`.
pub fn allow_camera(page: &Page, server: &Server, setting: &str) -> Result<()> {
    let permission = json!({
        "permission": { "name": "camera" }, "setting": setting, "origin": server.origin(),
    });
    page.browser().devtools("Browser.setPermission", &permission).map(drop)
}

/// Waits until the camera's view shows what it films.
pub fn wait_for_picture(page: &Page) -> Result<()> {
    page.wait_until(
        PATIENCE,
        "the camera's picture",
        "const video = document.querySelector('video');
         const shutter = document.querySelector('[data-testid=camera-shutter]');
         return !!video && video.videoWidth > 0 && !video.paused && shutter.ariaDisabled === 'false'",
    )
}
