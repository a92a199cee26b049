//! A screen: its size, its theme, and where its pictures go.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::Result;
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    server::Server,
};
use serde_json::json;

/// Name, width and height in CSS pixels, and whether it is a phone.
const SHAPES: [(&str, u32, u32, bool); 2] = [("phone", 390, 844, true), ("desktop", 1440, 900, false)];

/// One screen.
pub(crate) struct Screen {
    shape: (&'static str, u32, u32, bool),
    theme: &'static str,
    folder: PathBuf,
}

impl Screen {
    /// Every size in every theme.
    pub(crate) fn all(folder: &Path) -> Vec<Self> {
        let themes = |shape| ["light", "dark"].map(|theme| Self { shape, theme, folder: folder.to_owned() });
        SHAPES.into_iter().flat_map(themes).collect()
    }

    /// Opens a browser of this size and theme, without motion, so that nothing is caught half faded in.
    pub(crate) fn run(&self, plan: &Plan, steps: impl FnOnce(&Page, &Server) -> Result<()>) -> Result<()> {
        plan.run(|page, server| {
            let (_, width, height, is_phone) = self.shape;
            let media = json!({ "features": [
                { "name": "prefers-color-scheme", "value": self.theme },
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ] });
            page.browser().devtools("Emulation.setEmulatedMedia", &media)?;
            let touch = json!({ "enabled": is_phone });
            page.browser().devtools("Emulation.setTouchEmulationEnabled", &touch)?;
            page.browser().devtools("Emulation.setScrollbarsHidden", &json!({ "hidden": true }))?;
            page.resize(width, height, is_phone)?;
            steps(page, server)
        })
    }

    /// Keeps what is shown under the state's name, as soon as its pictures are there.
    pub(crate) fn take(&self, page: &Page, state: &str) -> Result<()> {
        page.wait_until(
            Backend::Cpu.search_limit(),
            "pictures",
            "return document.getAnimations().length === 0 && [...document.images].every((image) =>
               image.complete || image.loading === 'lazy' || image.getClientRects().length === 0)",
        )?;
        let name = format!("{state}-{}-{}.png", self.shape.0, self.theme);
        page.browser().screenshot(&self.folder.join(name))
    }
}

impl fmt::Display for Screen {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.shape.0, self.theme)
    }
}
