//! What hands do with the page: they click, and they press keys.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;
use serde_json::json;

use super::Page;
use crate::browser::Key;

/// Stops at which a person has lost patience.
const STOPS: usize = 120;
/// Longest that what has the focus may take to come into the window.
const SCROLLING: Duration = Duration::from_secs(1);

/// What has the focus, and whether a person sees that.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Focus {
    /// Element, classes and `data-testid`, for messages.
    pub name: String,
    /// `data-testid`, empty where it has none.
    pub test_id: String,
    /// Whether it has a ring around it of at least two CSS pixels, lies in the window, and is not covered.
    pub is_seen: bool,
}

/// What points at things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// A mouse.
    Mouse,
    /// A finger on the screen.
    Finger,
}

/// Something that is held, in Chromium.
#[derive(Debug)]
pub struct Held<'a> {
    page: &'a Page,
    pointer: Pointer,
    /// Where the pointer is, CSS pixels of the window.
    at: [f64; 2],
}

impl Held<'_> {
    /// Moves it to the right and downwards, CSS pixels.
    pub fn pull(&mut self, right: f64, down: f64) -> Result<()> {
        self.at = [self.at[0] + right, self.at[1] + down];
        self.send("mouseMoved", "touchMove")
    }

    /// Lets go of it.
    pub fn let_go(self) -> Result<()> {
        self.send("mouseReleased", "touchEnd")
    }

    fn send(&self, mouse: &str, finger: &str) -> Result<()> {
        let [x, y] = self.at;
        let browser = &self.page.browser;
        match self.pointer {
            Pointer::Mouse => {
                let buttons = u8::from(mouse != "mouseReleased");
                let event = json!({
                    "type": mouse, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1,
                });
                browser.devtools("Input.dispatchMouseEvent", &event).map(drop)
            }
            Pointer::Finger => {
                let points = if finger == "touchEnd" { json!([]) } else { json!([{ "x": x, "y": y }]) };
                let event = json!({ "type": finger, "touchPoints": points });
                browser.devtools("Input.dispatchTouchEvent", &event).map(drop)
            }
        }
    }
}

const FOCUS: &str = "
const active = document.activeElement;
// A hidden input is seen by its label.
const element = (active.matches('input.visually-hidden') && active.closest('label')) || active;
const style = getComputedStyle(element);
const place = element.getBoundingClientRect();
const left = Math.max(place.left, 0), right = Math.min(place.right, innerWidth);
const top = Math.max(place.top, 0), bottom = Math.min(place.bottom, innerHeight);
const parts = [0.15, 0.5, 0.85];
const isBare = parts.some((x) => parts.some((y) => {
  const at = document.elementFromPoint(left + (right - left) * x, top + (bottom - top) * y);
  return element.contains(at);
}));
return {
  name: [active.localName, ...active.classList, active.dataset.testid ?? ''].join('.'),
  test_id: active.dataset.testid ?? '',
  is_seen: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && right > left && bottom > top
    && isBare,
}";

impl Page {
    /// Clicks the first element that a CSS selector finds, where it is seen.
    pub fn click(&self, selector: &str) -> Result<()> {
        self.browser.click(&self.browser.find(selector)?)
    }

    /// Takes hold of the middle of the first element that a CSS selector finds.
    pub fn hold(&self, pointer: Pointer, selector: &str) -> Result<Held<'_>> {
        let middle = self.browser.execute(&format!(
            "const element = document.querySelector({});
             element.scrollIntoView({{ block: 'nearest' }});
             const {{ left, top, width, height }} = element.getBoundingClientRect();
             return [left + width / 2, top + height / 2]",
            json!(selector)
        ))?;
        let held = Held { page: self, pointer, at: serde_json::from_value(middle)? };
        held.send("mousePressed", "touchStart")?;
        Ok(held)
    }

    /// Waits until the body of a function returns true.
    pub fn wait_until(&self, limit: Duration, what: &str, condition: &str) -> Result<()> {
        let deadline = Instant::now() + limit;
        while self.browser.execute(condition)? != true {
            if Instant::now() > deadline {
                bail!("waited {} s in vain for {what}", limit.as_secs());
            }
            thread::sleep(Duration::from_millis(30));
        }
        Ok(())
    }

    /// What has the focus.
    pub fn focus(&self) -> Result<Focus> {
        serde_json::from_value(self.browser.execute(FOCUS)?).context("there is no focus to be told")
    }

    /// Presses the tab key until what `selector` finds has the focus; fails at the first stop that is not seen, and where the way
    /// does not lead there.
    pub fn tab_to(&self, selector: &str) -> Result<()> {
        self.walk(Key::Tab, selector)
    }

    /// The same backwards.
    pub fn tab_back_to(&self, selector: &str) -> Result<()> {
        self.walk(Key::BackTab, selector)
    }

    fn walk(&self, key: Key, selector: &str) -> Result<()> {
        let is_there = format!("return document.activeElement.matches({})", json!(selector));
        let mut stops = Vec::new();
        for _ in 0..STOPS {
            self.browser.press(&[key])?;
            let focus = self.seen_focus()?;
            if self.browser.execute(&is_there)? == true {
                return Ok(());
            }
            stops.push(focus.name);
        }
        bail!("the tab key does not lead to {selector}, but to {}", stops[..stops.len().min(30)].join(", "))
    }
    /// What has the focus, once it is seen; between the last element and the first, the browser's own bars have it.
    pub fn seen_focus(&self) -> Result<Focus> {
        let deadline = Instant::now() + SCROLLING;
        loop {
            let focus = self.focus()?;
            if focus.is_seen || focus.name.starts_with("body") {
                return Ok(focus);
            }
            ensure!(Instant::now() < deadline, "nobody sees that {} has the focus", focus.name);
            thread::sleep(Duration::from_millis(20));
        }
    }
}
