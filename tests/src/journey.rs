//! One journey: a server, a browser, the page, and what is kept when it fails.

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::PathBuf,
};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::{
    browser::{Browser, Kind, Launch},
    page::{Backend, Page, SCREENS},
    proxy::{FLAG, Proxy},
    server::{Server, Settings, Stand},
    site,
};

/// How a journey starts.
#[derive(Clone, Debug)]
pub struct Plan {
    /// In which browser.
    pub kind: Kind,
    /// Where the page computes.
    pub backend: Backend,
    /// Whether the page's address says so. If not, the browser still has a software adapter for [`Backend::WebGpu`], and the page
    /// decides.
    pub forced: bool,
    /// Path that the site stands under, with slashes at both ends.
    pub prefix: &'static str,
    /// Added to the page's address, as `&name=value`.
    pub query: String,
    /// Further flags of the browser.
    pub flags: Vec<String>,
    /// Whether the site is kept for use without a network. Journeys that break files on the server must get them from there.
    pub keeps_site: bool,
}

impl Plan {
    /// The site at the top of its server, computing on `backend`.
    #[must_use]
    pub fn on(backend: Backend) -> Self {
        let query = String::new();
        let kind = Kind::Chromium;
        Self { kind, backend, forced: true, prefix: "/", query, flags: Vec::new(), keeps_site: false }
    }

    /// Serves the built site, opens a browser (not yet the page) and goes through `steps`.
    ///
    /// Where they fail or panic, the console is printed and a picture of the page is kept. In Chromium, they fail, too, where
    /// anything would have gone to another machine; a journey that wants that has a proxy of its own.
    pub fn run(&self, steps: impl FnOnce(&Page, &Server) -> Result<()>) -> Result<()> {
        let server =
            Server::start(Settings { prefix: self.prefix.to_owned(), ..Settings::at_top(&site::dist()?) })?;
        let software_gpu = self.backend == Backend::WebGpu;
        let mut launch = Launch { kind: self.kind, software_gpu, flags: self.flags.clone() };
        let has_proxy = self.kind != Kind::Chromium || self.flags.iter().any(|flag| flag.starts_with(FLAG));
        let proxy = if has_proxy { None } else { Some(Proxy::start()?) };
        launch.flags.extend(proxy.as_ref().map(Proxy::flag));
        let wish = if self.forced { self.backend.name() } else { "" };
        let url = format!("{}?backend={wish}{}", server.url(), self.query);
        let browser = Browser::start(&launch)?;
        match self.kind {
            _ if self.keeps_site => {}
            Kind::Chromium => {
                let script = json!({ "source": "delete Navigator.prototype.serviceWorker" });
                browser.devtools("Page.addScriptToEvaluateOnNewDocument", &script)?;
            }
            // Their drivers have no such command.
            Kind::Firefox | Kind::WebKit => server.replace("sw.js", Stand::Missing),
        }
        let page = Page::new(browser, url, self.backend);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            steps(&page, &server)?;
            let sent = proxy.iter().flat_map(Proxy::seen_of_pages).collect::<Vec<_>>();
            ensure!(sent.is_empty(), "the browser wanted to reach {sent:?}");
            Ok(())
        }));
        if !matches!(outcome, Ok(Ok(()))) {
            keep_evidence(&page, &server);
        }
        outcome.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// The same on a phone and on a desk, each with a server and a browser of its own: for what these keep.
    pub fn run_on_each_screen(&self, steps: impl Fn(&Page, &Server) -> Result<()>) -> Result<()> {
        for (width, height, is_phone) in SCREENS {
            self.run(|page, server| {
                page.resize(width, height, is_phone)?;
                steps(page, server)
            })
            .with_context(|| format!("at {width} x {height}"))?;
        }
        Ok(())
    }
}

/// Best effort: the browser itself may be what failed.
fn keep_evidence(page: &Page, server: &Server) {
    match page.browser().console() {
        Ok(lines) => lines.iter().for_each(|line| println!("console: {line}")),
        Err(error) => println!("the console cannot be read: {error:#}"),
    }
    for request in server.requests().iter().filter(|request| !matches!(request.status, 200 | 206)) {
        println!("server: {} {} -> {}", request.method, request.path, request.status);
    }
    let folder =
        env::var_os("CARGO_TARGET_DIR").map_or_else(env::temp_dir, PathBuf::from).join("e2e-failures");
    let name = std::thread::current().name().unwrap_or("journey").replace("::", "-");
    let file = folder.join(format!("{name}.png"));
    match fs::create_dir_all(&folder).map_err(Into::into).and_then(|()| page.browser().screenshot(&file)) {
        Ok(()) => println!("the page when it failed: {}", file.display()),
        Err(error) => println!("no picture could be taken of the page: {error:#}"),
    }
}
