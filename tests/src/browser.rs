//! One headless Chromium, driven through chromedriver with the W3C `WebDriver` protocol.
//!
//! The protocol is JSON over HTTP, and a journey needs ten of its commands. The client crates bring an async runtime
//! and turn on features of `serde_json` and `futures` that the network's crates share, for which all of these would
//! be compiled a second time; hence this small blocking client.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

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

/// Longest that one command of the protocol may take, seconds.
const TIMEOUT_S: u64 = 120;

/// How a browser is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// Offer the software WebGPU adapter.
    pub software_gpu: bool,
    /// Further command-line flags.
    pub flags: Vec<String>,
}

/// A running browser with an empty profile; it ends when dropped.
#[derive(Debug)]
pub struct Browser {
    session_url: String,
    driver: Child,
    profile: TempDir,
}

/// An element found in the page.
#[derive(Clone, Debug)]
pub struct Element(String);

impl Browser {
    /// Starts chromedriver on a free port, and Chromium through it.
    pub fn start(launch: &Launch) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let (driver, port) = start_driver(profile.path())?;
        // From here on the driver is stopped on every way out.
        let mut browser = Self { session_url: String::new(), driver, profile };
        let base = format!("http://127.0.0.1:{port}");
        let session = send("POST", &format!("{base}/session"), &browser.capabilities(launch)?)?;
        let id = session["sessionId"].as_str().context("chromedriver gave the session no id")?;
        browser.session_url = format!("{base}/session/{id}");
        Ok(browser)
    }

    fn capabilities(&self, launch: &Launch) -> Result<Value> {
        let mut flags: Vec<String> = QUIET.iter().map(ToString::to_string).collect();
        flags.push(format!("--user-data-dir={}", self.profile.path().join("profile").display()));
        if launch.software_gpu {
            flags.extend(SOFTWARE_GPU.iter().map(ToString::to_string));
        }
        // Chromium's sandbox cannot be set up by root, as which containers usually run.
        if fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0) {
            flags.push("--no-sandbox".to_owned());
        }
        flags.extend(launch.flags.iter().cloned());
        let binary = program("TWILL_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"])?;
        Ok(json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": binary, "args": flags },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } }))
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

    /// A command of the Chrome `DevTools` protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }

    /// What the page wrote to its console since the last call.
    pub fn console(&self) -> Result<Vec<String>> {
        let entries = self.post("se/log", &json!({ "type": "browser" }))?;
        let text = |entry: &Value| {
            format!("{}: {}", entry["level"].as_str().unwrap_or(""), entry["message"].as_str().unwrap_or(""))
        };
        Ok(entries.as_array().into_iter().flatten().map(text).collect())
    }

    /// Writes a picture of the visible page.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let answer = self.devtools("Page.captureScreenshot", &json!({ "format": "png" }))?;
        let encoded = answer["data"].as_str().context("chromedriver gave no picture")?;
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
        _ => minreq::post(url).with_header("Content-Type", "application/json").with_body(body.to_string()),
    };
    let answer = request.with_timeout(TIMEOUT_S).send().context("chromedriver did not answer")?;
    let mut json: Value =
        serde_json::from_slice(answer.as_bytes()).context("chromedriver's answer is no JSON")?;
    let value = json["value"].take();
    if (200..300).contains(&answer.status_code) {
        return Ok(value);
    }
    // Only the first line: the rest is chromedriver's own stack.
    let message = value["message"].as_str().unwrap_or("no reason given");
    let command = url.rsplit('/').next().unwrap_or(url);
    Err(anyhow!("the browser refused `{command}`: {}", message.lines().next().unwrap_or(message)))
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session_url.is_empty()
            && let Err(error) = send("DELETE", &self.session_url, &Value::Null)
        {
            eprintln!("the browser did not end by itself: {error}");
        }
        // It ends with its session; a driver that has ended already cannot be killed, and need not be.
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// Starts chromedriver with its own folder for temporary files and returns it with the port that it chose.
fn start_driver(scratch: &Path) -> Result<(Child, u16)> {
    let program = program("CHROMEDRIVER", &["chromedriver"])?;
    let mut driver = Command::new(&program)
        .arg("--port=0")
        .env("TMPDIR", scratch)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("{} could not be started", program.display()))?;
    let output = driver.stdout.take().context("chromedriver has no output")?;
    let mut lines = BufReader::new(output).lines();
    while let Some(Ok(line)) = lines.next() {
        let Some((_, port)) = line.split_once("started successfully on port ") else { continue };
        let port = port.trim_end_matches('.').parse().context("chromedriver named no port")?;
        // Its output is drained so that it never waits for a reader.
        thread::spawn(move || lines.for_each(drop));
        return Ok((driver, port));
    }
    drop(driver.kill());
    drop(driver.wait());
    bail!("chromedriver ended before it listened")
}

/// The program that `variable` names, or the first of `names` on the PATH.
fn program(variable: &str, names: &[&str]) -> Result<PathBuf> {
    if let Some(path) = env::var_os(variable) {
        return Ok(path.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let found = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|p| p.is_file());
    found.ok_or_else(|| anyhow!("{} is not installed: run `make setup` first", names[0]))
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
