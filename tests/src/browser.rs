//! One headless browser, driven with the W3C `WebDriver` protocol through its own driver ([`kind`]).
//!
//! The protocol is JSON over HTTP, and a journey needs a dozen of its commands. The client crates bring an async runtime
//! and turn on features of `serde_json` and `futures` that the network's crates share, for which all of these would
//! be compiled a second time; hence this small blocking client.

mod driver;
pub mod kind;

use std::{fs, path::Path};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use driver::Driver;
pub use kind::Kind;

/// Longest that one command of the protocol may take, seconds.
const TIMEOUT_S: u64 = 120;

/// How a browser is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Which browser.
    pub kind: Kind,
    /// Offer the software WebGPU adapter, which only Chromium has.
    pub software_gpu: bool,
    /// Further command-line flags.
    pub flags: Vec<String>,
}

/// A running browser with an empty profile; it ends when dropped.
#[derive(Debug)]
pub struct Browser {
    session_url: String,
    kind: Kind,
    /// Ends before its folder goes.
    _driver: Driver,
    _profile: TempDir,
}

/// An element found in the page.
#[derive(Clone, Debug)]
pub struct Element(String);

impl Browser {
    /// Starts the browser's driver on a free port, and the browser through it.
    pub fn start(launch: &Launch) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        // From here on the driver is stopped on every way out.
        let driver = Driver::start(launch.kind, profile.path())?;
        let base = format!("http://127.0.0.1:{}", driver.port());
        let wish =
            json!({ "capabilities": { "alwaysMatch": launch.kind.capabilities(launch, profile.path())? } });
        let session = send("POST", &format!("{base}/session"), &wish)?;
        let id = session["sessionId"].as_str().context("the driver gave the session no id")?;
        let session_url = format!("{base}/session/{id}");
        Ok(Self { session_url, kind: launch.kind, _driver: driver, _profile: profile })
    }

    /// Which browser it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Loads a page and waits for its `load` event.
    pub fn goto(&self, url: &str) -> Result<()> {
        self.post("url", &json!({ "url": url })).map(drop)
    }

    /// Runs the body of a function in the page and returns what it returns.
    pub fn execute(&self, script: &str) -> Result<Value> {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// The first element that a CSS selector finds.
    pub fn find(&self, selector: &str) -> Result<Element> {
        let found = self.post("element", &json!({ "using": "css selector", "value": selector }))?;
        let id = found.as_object().and_then(|element| element.values().next()).and_then(Value::as_str);
        Ok(Element(id.with_context(|| format!("nothing in the page matches {selector}"))?.to_owned()))
    }

    /// The element that the body of a function returns, which may lie in a shadow tree, where selectors do not reach.
    pub fn element(&self, script: &str) -> Result<Element> {
        let found = self.execute(script)?;
        let id = found.as_object().and_then(|element| element.values().next()).and_then(Value::as_str);
        Ok(Element(id.with_context(|| format!("there is no element in {found}"))?.to_owned()))
    }

    /// Clicks where the element is seen; fails where something else covers it.
    pub fn click(&self, element: &Element) -> Result<()> {
        self.post(&format!("element/{}/click", element.0), &json!({})).map(drop)
    }

    /// Types, or chooses a file in a file input.
    pub fn type_into(&self, element: &Element, text: &str) -> Result<()> {
        self.post(&format!("element/{}/value", element.0), &json!({ "text": text })).map(drop)
    }

    /// Presses keys, one after the other, wherever the focus is.
    pub fn press(&self, keys: &[Key]) -> Result<()> {
        let strokes: Vec<Value> = keys.iter().flat_map(|key| key.strokes()).collect();
        self.act(&json!({ "type": "key", "id": "keyboard", "actions": strokes }))
    }

    fn act(&self, action: &Value) -> Result<()> {
        self.post("actions", &json!({ "actions": [action] })).map(drop)
    }

    /// Gives the window a size, CSS pixels. Windows have a least width; where a phone's matters, see
    /// [`crate::page::Page::resize`].
    pub fn set_window(&self, width: u32, height: u32) -> Result<()> {
        self.post("window/rect", &json!({ "width": width, "height": height })).map(drop)
    }

    /// A command of the Chrome `DevTools` protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        ensure!(self.kind == Kind::Chromium, "{} has no `{command}`", self.kind.name());
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// What the page wrote to its console since the last call.
    pub fn console(&self) -> Result<Vec<String>> {
        ensure!(self.kind == Kind::Chromium, "the driver of {} does not tell", self.kind.name());
        let entries = self.post("se/log", &json!({ "type": "browser" }))?;
        let text = |entry: &Value| {
            format!("{}: {}", entry["level"].as_str().unwrap_or(""), entry["message"].as_str().unwrap_or(""))
        };
        Ok(entries.as_array().into_iter().flatten().map(text).collect())
    }

    /// Writes a picture of the visible page.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let answer = send("GET", &format!("{}/screenshot", self.session_url), &Value::Null)?;
        let encoded = answer.as_str().context("the driver gave no picture")?;
        fs::write(file, from_base64(encoded))?;
        Ok(())
    }

    fn post(&self, command: &str, body: &Value) -> Result<Value> {
        send("POST", &format!("{}/{command}", self.session_url), body)
    }
}

fn send(method: &str, url: &str, body: &Value) -> Result<Value> {
    let request = match method {
        "DELETE" => minreq::delete(url),
        "GET" => minreq::get(url),
        _ => minreq::post(url).with_header("Content-Type", "application/json").with_body(body.to_string()),
    };
    let answer = request.with_timeout(TIMEOUT_S).send().context("the driver did not answer")?;
    let mut json: Value =
        serde_json::from_slice(answer.as_bytes()).context("the driver's answer is no JSON")?;
    let value = json["value"].take();
    if (200..300).contains(&answer.status_code) {
        return Ok(value);
    }
    // Only the first line: the rest is the driver's own stack.
    let message = value["message"].as_str().unwrap_or("no reason given");
    let command = url.rsplit('/').next().unwrap_or(url);
    Err(anyhow!("the browser refused `{command}`: {}", message.lines().next().unwrap_or(message)))
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Err(error) = send("DELETE", &self.session_url, &Value::Null) {
            eprintln!("the browser did not end by itself: {error}");
        }
    }
}

/// A key, by what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// To the next element.
    Tab,
    /// To the element before.
    BackTab,
    /// Enter.
    Enter,
    /// The space bar.
    Space,
    /// Escape.
    Escape,
    /// Arrow to the left.
    Left,
    /// Arrow upwards.
    Up,
    /// Arrow to the right.
    Right,
    /// Arrow downwards.
    Down,
    /// A letter, small.
    Letter(char),
}

impl Key {
    /// Pressed and let go, in the protocol's code points.
    fn strokes(self) -> Vec<Value> {
        const SHIFT: char = '\u{e008}';
        let value = match self {
            Self::Tab | Self::BackTab => '\u{e004}',
            Self::Enter => '\u{e007}',
            Self::Space => ' ',
            Self::Escape => '\u{e00c}',
            Self::Left => '\u{e012}',
            Self::Up => '\u{e013}',
            Self::Right => '\u{e014}',
            Self::Down => '\u{e015}',
            Self::Letter(letter) => letter,
        };
        let stroke = |way: &str, value: char| json!({ "type": way, "value": value.to_string() });
        let mut strokes = vec![stroke("keyDown", value), stroke("keyUp", value)];
        if self == Self::BackTab {
            strokes.insert(0, stroke("keyDown", SHIFT));
            strokes.push(stroke("keyUp", SHIFT));
        }
        strokes
    }
}

fn from_base64(text: &str) -> Vec<u8> {
    let digit = |c: u8| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u32> = text.bytes().filter_map(digit).map(u32::from).collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let word = (0..4).fold(0, |word, index| word << 6 | group.get(index).copied().unwrap_or(0));
        bytes.extend(&word.to_be_bytes()[1..group.len()]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::from_base64;

    #[test]
    fn base64_of_every_length() {
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9vYg==", "foob")]
        {
            assert_eq!(from_base64(text), bytes.as_bytes());
        }
    }
}
