//! Twill's page as a person sees and uses it, by the names that its contract gives to states and elements.

mod hands;

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::browser::{Browser, Kind};
pub use hands::{Focus, Held, Pointer};

/// Where the page computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// Burn's CPU backend with SIMD.
    Cpu,
    /// WebGPU; here on Chromium's software adapter.
    WebGpu,
}

impl Backend {
    /// As in the page's address and in `data-backend`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::WebGpu => "webgpu",
        }
    }

    /// How long a person may wait from the choice of a photo to its results.
    #[must_use]
    pub fn search_limit(self) -> Duration {
        match self {
            Self::Cpu => Duration::from_secs(10),
            Self::WebGpu => Duration::from_secs(30),
        }
    }

    /// How long loading and warming up may take; the software adapter compiles shaders on the CPU.
    #[must_use]
    pub fn load_limit(self) -> Duration {
        match self {
            Self::Cpu => Duration::from_mins(1),
            Self::WebGpu => Duration::from_mins(2),
        }
    }

    /// The least cosine between an embedding computed here and the same computed natively.
    #[must_use]
    pub fn agreement(self) -> f32 {
        match self {
            Self::Cpu => 0.9999,
            Self::WebGpu => 0.999,
        }
    }
}

/// A result.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Card {
    /// `data-item-id`.
    pub id: String,
    /// `data-score`.
    pub score: f32,
    /// `data-category`.
    pub category: String,
    /// Alternative text of its picture.
    pub alt: String,
    /// Whether the picture has loaded.
    pub painted: bool,
}

/// The photo that was asked about, as it is shown.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Query {
    /// Width on the screen, CSS pixels.
    pub width: f64,
    /// Height on the screen, CSS pixels.
    pub height: f64,
    /// `data-embedding`.
    pub embedding: Vec<f32>,
}

/// Everything that a journey looks at, read in one go so that it belongs together.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct View {
    /// `data-state`.
    pub state: String,
    /// `data-backend`.
    pub backend: String,
    /// Text of the error, empty where there is none.
    pub error: String,
    /// The results in order.
    pub cards: Vec<Card>,
    /// The photo that was asked about.
    pub query: Option<Query>,
    /// Width by which the page sticks out of the window sideways, CSS pixels.
    pub overflow: f64,
}

impl View {
    /// The results and their scores, without how far their pictures have come.
    #[must_use]
    pub fn results(&self) -> Vec<(String, f32)> {
        self.cards.iter().map(|card| (card.id.clone(), card.score)).collect()
    }
}

/// Screens on which everything has to work: width, height, and whether it is a phone's.
pub const SCREENS: [(u32, u32, bool); 2] = [(390, 844, true), (1440, 900, false)];

const LOOK: &str = r#"
const one = (id, root = document) => root.querySelector(`[data-testid="${id}"]`);
const all = (id) => [...document.querySelectorAll(`[data-testid="${id}"]`)];
const app = one("app");
const error = one("error");
const shown = (element) => element !== null && element.getClientRects().length > 0;
const query = one("query-image");
const box = query?.getBoundingClientRect();
return {
  state: app?.dataset.state ?? "",
  backend: app?.dataset.backend ?? "",
  error: shown(error) ? error.innerText.trim() : "",
  cards: all("result-card").map((card) => {
    const picture = card.querySelector("img");
    return {
      id: card.dataset.itemId ?? "",
      score: Number(card.dataset.score),
      category: card.dataset.category ?? "",
      alt: picture?.alt ?? "",
      painted: !!picture && picture.complete && picture.naturalWidth > 0,
    };
  }),
  query: shown(query)
    ? { width: box.width, height: box.height,
        embedding: (query.dataset.embedding ?? "").split(",").filter((text) => text !== "").map(Number) }
    : null,
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
};
"#;

/// Keeps every state that the page goes through from now on.
const REMEMBER_STATES: &str = r#"
const app = document.querySelector('[data-testid="app"]');
window.twillStates = [];
window.twillObserver?.disconnect();
window.twillObserver = new MutationObserver(() => window.twillStates.push(app.dataset.state));
window.twillObserver.observe(app, { attributes: true, attributeFilter: ["data-state"] });
"#;

/// The page in a browser.
#[derive(Debug)]
pub struct Page {
    browser: Browser,
    url: String,
    backend: Backend,
}

impl Page {
    /// The page at `url` in `browser`, not yet opened.
    #[must_use]
    pub fn new(browser: Browser, url: String, backend: Backend) -> Self {
        Self { browser, url, backend }
    }

    /// The browser.
    #[must_use]
    pub fn browser(&self) -> &Browser {
        &self.browser
    }

    /// Loads the page (again) and does not wait for anything.
    pub fn visit(&self) -> Result<()> {
        self.browser.goto(&self.url)
    }

    /// Loads the page (again) and waits until it can search.
    pub fn open(&self) -> Result<View> {
        self.visit()?;
        let view = self.wait(self.backend.load_limit(), "ready", |view| {
            matches!(view.state.as_str(), "ready" | "failed")
        })?;
        if view.state != "ready" {
            bail!("the page could not get ready: {}", view.error);
        }
        if view.backend != self.backend.name() {
            bail!("the page computes on `{}` instead of `{}`", view.backend, self.backend.name());
        }
        Ok(view)
    }

    /// What the page shows now.
    pub fn look(&self) -> Result<View> {
        let view = self.browser.execute(LOOK)?;
        serde_json::from_value(view.clone()).with_context(|| format!("the page shows something odd: {view}"))
    }

    /// Chooses `photo` in the file input and waits for its results; says how long that took.
    pub fn search(&self, photo: &Path) -> Result<View> {
        self.browser.execute(REMEMBER_STATES)?;
        let began = Instant::now();
        self.choose(photo)?;
        let view = self.settled()?;
        if view.state != "ranked" {
            bail!("searching {} led to `{}`: {}", photo.display(), view.state, view.error);
        }
        println!(
            "{}: {} results after {} ms",
            self.backend.name(),
            view.cards.len(),
            began.elapsed().as_millis()
        );
        Ok(view)
    }

    /// Chooses `photo` and waits until the page says that something is wrong with it.
    pub fn complaint_about(&self, photo: &Path) -> Result<String> {
        self.browser.execute(REMEMBER_STATES)?;
        self.choose(photo)?;
        let view =
            self.wait(self.backend.search_limit(), "an error message", |view| !view.error.is_empty())?;
        Ok(view.error)
    }

    /// Chooses `photo` and waits until the page has results or says what is wrong; says which, and how long that took.
    pub fn answer_to(&self, photo: &Path) -> Result<(View, Duration)> {
        self.browser.execute(REMEMBER_STATES)?;
        let began = Instant::now();
        self.choose(photo)?;
        Ok((self.settled()?, began.elapsed()))
    }

    /// Clicks "more like this" on a result and waits for the new results.
    pub fn more_like(&self, id: &str) -> Result<View> {
        self.browser.execute(REMEMBER_STATES)?;
        let before = self.look()?.cards;
        let button =
            format!(r#"[data-testid="result-card"][data-item-id="{id}"] [data-testid="more-like-this"]"#);
        self.browser.click(&self.browser.find(&button)?)?;
        self.wait(self.backend.search_limit(), "other results", |view| {
            view.state == "ranked" && view.cards != before
        })
    }

    /// Waits until `settled` holds of what the page shows; the error says what it showed instead.
    pub fn wait(&self, limit: Duration, what: &str, settled: impl Fn(&View) -> bool) -> Result<View> {
        let deadline = Instant::now() + limit;
        loop {
            let view = self.look()?;
            if settled(&view) {
                return Ok(view);
            }
            if Instant::now() > deadline {
                bail!(
                    "waited {} s for {what}; the page is `{}`, shows {} results and says `{}`",
                    limit.as_secs(),
                    view.state,
                    view.cards.len(),
                    view.error
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Takes on the shape of a screen: CSS pixels, and whether it is a phone's. Only Chromium can be a phone; other browsers'
    /// windows get that size.
    pub fn resize(&self, width: u32, height: u32, phone: bool) -> Result<()> {
        if self.browser.kind() != Kind::Chromium {
            return self.browser.set_window(width, height);
        }
        let screen = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
        self.browser.devtools("Emulation.setDeviceMetricsOverride", &screen).map(drop)
    }

    /// Goes through `steps` on a phone and on a desk.
    pub fn on_each_screen(&self, steps: impl Fn() -> Result<()>) -> Result<()> {
        for (width, height, is_phone) in SCREENS {
            self.resize(width, height, is_phone)?;
            steps().with_context(|| format!("at {width} x {height}"))?;
        }
        Ok(())
    }

    /// Address of everything that the page itself has loaded so far.
    pub fn loaded(&self) -> Result<Vec<String>> {
        let entries = self
            .browser
            .execute("return performance.getEntriesByType('resource').map((entry) => entry.name)")?;
        Ok(entries.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Chooses `photo` in the file input and does not wait for anything.
    pub fn choose(&self, photo: &Path) -> Result<()> {
        let path = photo.canonicalize().with_context(|| format!("there is no {}", photo.display()))?;
        let input = self.browser.find(r#"input[data-testid="photo-input"]"#)?;
        self.browser.type_into(&input, &path.to_string_lossy())
    }

    /// Waits until a search that has just been started is over.
    fn settled(&self) -> Result<View> {
        let deadline = Instant::now() + self.backend.search_limit();
        loop {
            let states = self.browser.execute("return window.twillStates")?;
            let last = states.as_array().and_then(|states| states.last()).and_then(Value::as_str);
            if matches!(last, Some("ranked" | "failed")) {
                return self.look();
            }
            if Instant::now() > deadline {
                let seconds = self.backend.search_limit().as_secs();
                bail!("no results after {seconds} s; the page went through these states: {states}");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
