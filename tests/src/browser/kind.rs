//! Which browsers journeys run in, and how each is started.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use anyhow::Result;
use serde_json::{Value, json};

use super::Launch;
use crate::tools::program;

/// What Chromium is started without: everything that talks to its maker, and everything that waits for a person.
const QUIET: [&str; 14] = [
    "--headless=new",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    "--disable-sync",
    "--disable-quic",
    "--metrics-recording-only",
    // Containers often give /dev/shm less than a large picture needs.
    "--disable-dev-shm-usage",
];

/// WebGPU without a graphics card: Chromium's own software adapter.
const SOFTWARE_GPU: [&str; 4] = [
    "--enable-unsafe-webgpu",
    "--enable-features=Vulkan",
    "--use-webgpu-adapter=swiftshader",
    "--enable-unsafe-swiftshader",
];

/// Firefox's settings, for the same reasons.
fn quiet_firefox() -> Value {
    json!({
        "app.normandy.enabled": false,
        "app.update.disabledForTesting": true,
        "browser.newtabpage.enabled": false,
        "browser.safebrowsing.malware.enabled": false,
        "browser.safebrowsing.phishing.enabled": false,
        "browser.startup.page": 0,
        "datareporting.policy.dataSubmissionEnabled": false,
        "extensions.update.enabled": false,
        "intl.accept_languages": "en",
        "network.captive-portal-service.enabled": false,
        "network.connectivity-service.enabled": false,
        "services.settings.server": "data:,",
        "toolkit.telemetry.server": "data:,",
    })
}

/// A browser that journeys run in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// Chromium or Google Chrome: every journey.
    #[default]
    Chromium,
    /// Firefox, or its release with extended support: the main journeys.
    Firefox,
    /// `WebKitGTK`'s small browser, which has Safari's engine: the main journeys.
    WebKit,
}

impl Kind {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKitGTK",
        }
    }

    /// Whether it is installed with its driver; says what is missing where it is not.
    #[must_use]
    pub fn is_here(self) -> bool {
        let missing = match self {
            Self::Chromium => chromium().and(self.driver()),
            Self::Firefox => firefox().and(self.driver()),
            Self::WebKit => mini_browser().and(xvfb()).and(self.driver()),
        };
        if let Err(error) = &missing {
            println!("skipped: there is no {} here: {error}", self.name());
        }
        missing.is_ok()
    }

    /// The program that speaks `WebDriver` for it.
    pub(super) fn driver(self) -> Result<PathBuf> {
        match self {
            Self::Chromium => program("CHROMEDRIVER", &["chromedriver"]),
            Self::Firefox => program("GECKODRIVER", &["geckodriver"]),
            Self::WebKit => program("WEBKIT_DRIVER", &["WebKitWebDriver"]),
        }
    }

    /// What the driver is asked for.
    pub(super) fn capabilities(self, launch: &Launch, scratch: &Path) -> Result<Value> {
        match self {
            Self::Chromium => for_chromium(launch, scratch),
            Self::Firefox => for_firefox(launch),
            Self::WebKit => for_webkit(launch),
        }
    }
}

fn for_chromium(launch: &Launch, scratch: &Path) -> Result<Value> {
    let mut flags: Vec<String> = QUIET.iter().map(ToString::to_string).collect();
    flags.push(format!("--user-data-dir={}", scratch.join("profile").display()));
    if launch.software_gpu {
        flags.extend(SOFTWARE_GPU.iter().map(ToString::to_string));
    }
    // Chromium's sandbox cannot be set up by root, as which containers usually run.
    if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
        flags.push("--no-sandbox".to_owned());
    }
    flags.extend(launch.flags.iter().cloned());
    Ok(json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": chromium()?, "args": flags },
        "goog:loggingPrefs": { "browser": "ALL" },
    }))
}

fn for_firefox(launch: &Launch) -> Result<Value> {
    let flags: Vec<&str> = ["-headless"].into_iter().chain(launch.flags.iter().map(String::as_str)).collect();
    Ok(json!({
        "browserName": "firefox",
        "moz:firefoxOptions": { "binary": firefox()?, "args": flags, "prefs": quiet_firefox() },
    }))
}

fn for_webkit(launch: &Launch) -> Result<Value> {
    let flags: Vec<&str> =
        ["--automation"].into_iter().chain(launch.flags.iter().map(String::as_str)).collect();
    Ok(json!({ "webkitgtk:browserOptions": { "binary": mini_browser()?, "args": flags } }))
}

fn chromium() -> Result<PathBuf> {
    program("TWILL_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"])
}

fn firefox() -> Result<PathBuf> {
    program("TWILL_FIREFOX", &["firefox-esr", "firefox"])
}

/// Debian keeps it beside the library, in a folder by architecture and version.
fn mini_browser() -> Result<PathBuf> {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    let libraries = folders.flat_map(|folder| {
        ["webkitgtk-6.0", "webkit2gtk-4.1", "webkit2gtk-4.0"]
            .map(|version| folder.join(version).join("MiniBrowser"))
    });
    let found = libraries.filter(|file| file.is_file()).max();
    found.map_or_else(|| program("TWILL_MINIBROWSER", &["MiniBrowser"]), Ok)
}

/// A screen that nobody sees: it has no mode without one.
pub(super) fn xvfb() -> Result<PathBuf> {
    program("XVFB", &["Xvfb"])
}
