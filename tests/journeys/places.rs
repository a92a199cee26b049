//! Where the site may stand, where its catalogue may come from, and where nothing may ever go.

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, TcpListener},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Result, ensure};
use e2e::{
    journey::Plan,
    page::Backend,
    photos::{drawn_shirt, jpeg},
    server::{Server, Settings},
    site::{Shipped, dist},
};
use serde_json::json;

use crate::{check_five_results, save};

#[test]
fn the_site_works_under_a_sub_path() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    let plan = Plan { prefix: "/shops/down-the-road/", ..Plan::on(Backend::Cpu) };
    plan.run(|page, server| {
        page.open()?;
        let view = page.search(&photo)?;
        ensure!(view.cards.len() == 5, "{} results", view.cards.len());
        page.wait(Duration::from_secs(10), "pictures", |view| view.cards.iter().all(|card| card.painted))?;
        let outside: Vec<_> = server.requests().into_iter().filter(|request| request.status != 200).collect();
        // A browser asks for the icon at the top of the server by itself.
        ensure!(
            outside.iter().all(|request| request.path == "/favicon.ico"),
            "asked in vain for {outside:?}"
        );
        Ok(())
    })
}

#[test]
fn a_catalogue_of_another_origin_is_searched_instead() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    let other = Server::start(Settings {
        root: dist()?.join("catalogue"),
        prefix: "/elsewhere/".to_owned(),
        allow_other_origins: true,
    })?;
    let plan = Plan { query: format!("&catalogue={}catalogue.json", other.url()), ..Plan::on(Backend::Cpu) };
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    plan.run(|page, server| {
        page.open()?;
        check_five_results(&page.search(&photo)?, &ids)?;
        let view = page
            .wait(Duration::from_secs(10), "pictures", |view| view.cards.iter().all(|card| card.painted))?;
        ensure!(view.cards.len() == 5, "{} results", view.cards.len());
        let here = server.requests();
        ensure!(
            !here.iter().any(|request| request.path.contains("/catalogue/")),
            "the shipped catalogue was fetched"
        );
        ensure!(other.requests().iter().any(|request| request.path.contains("/elsewhere/images/")));
        Ok(())
    })
}

#[test]
fn a_catalogue_that_is_not_there_is_explained() -> Result<()> {
    let plan = Plan { query: "&catalogue=nowhere/catalogue.json".to_owned(), ..Plan::on(Backend::Cpu) };
    plan.run(|page, _| {
        page.visit()?;
        let view = page.wait(Backend::Cpu.load_limit(), "an error message", |view| !view.error.is_empty())?;
        println!("{}", view.error);
        ensure!(view.state == "failed", "the page is `{}`", view.state);
        Ok(())
    })
}

/// Where Chromium itself calls for the time, its updates and its start page, whatever page is shown, and though it is told
/// not to.
const THE_BROWSERS_OWN: [&str; 4] = ["google.com", "googleapis.com", "gvt1.com", "duckduckgo.com"];

/// Whether the browser asks for itself, by the first line of a request to the proxy.
fn is_the_browsers_own(line: &str) -> bool {
    let target = line.split(' ').nth(1).unwrap_or("");
    let target = target.strip_prefix("http://").unwrap_or(target);
    let host = target.split([':', '/']).next().unwrap_or("");
    THE_BROWSERS_OWN
        .iter()
        .any(|own| host.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// The promise on the page: the photo stays. Whatever the browser would send anywhere else than to the page's own
/// server passes through a proxy here, which lets nothing through and notes it; that covers workers and beacons, too.
#[test]
fn nothing_ever_leaves_for_anywhere_else() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    let proxy = Proxy::start()?;
    // The page's own server is on the loopback interface, which Chromium reaches without a proxy.
    let flags = vec![format!("--proxy-server=http://127.0.0.1:{}", proxy.port)];
    Plan { flags, ..Plan::on(Backend::Cpu) }.run(|page, server| {
        page.open()?;
        let view = page.search(&photo)?;
        page.more_like(&view.cards[0].id)?;
        thread::sleep(Duration::from_secs(2));
        let sent = proxy.seen_of_pages();
        ensure!(sent.is_empty(), "the browser wanted to reach {sent:?}");
        let loaded = page.loaded()?;
        ensure!(!loaded.is_empty(), "the page says that it has loaded nothing");
        let strangers: Vec<_> = loaded
            .iter()
            .filter(|address| !address.starts_with(&server.origin()) && !address.starts_with("blob:"))
            .collect();
        ensure!(strangers.is_empty(), "the page loaded {strangers:?}");
        // And its own server is asked for files, and given nothing.
        for request in server.requests() {
            ensure!(
                request.method == "GET" && request.body_bytes == 0,
                "the page sent something: {request:?}"
            );
        }
        // The trap itself works: what does leave is caught.
        page.browser().execute("fetch('http://garments.example/').catch(() => {}); return null")?;
        for _ in 0..50 {
            if !proxy.seen_of_pages().is_empty() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(100));
        }
        ensure!(false, "the proxy catches nothing: this journey proves nothing");
        Ok(())
    })
}

/// The page's policy lets it do all that it does, and nothing else.
#[test]
fn the_policy_lets_the_page_work_and_no_other_script_run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    let plan = Plan { keeps_site: true, ..Plan::on(Backend::Cpu) };
    plan.run(|page, server| {
        page.browser().devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            &json!({ "source": "window.twillViolations = [];
                document.addEventListener('securitypolicyviolation',
                    (event) => twillViolations.push(`${event.effectiveDirective}: ${event.blockedURI}`));" }),
        )?;
        let violations = || page.browser().execute("return window.twillViolations");
        let policy = "return document.querySelector('meta[http-equiv=\"Content-Security-Policy\"]').content";
        page.open()?;
        let policy = page.browser().execute(policy)?;
        for part in ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "style-src 'self'"] {
            ensure!(
                policy.as_str().is_some_and(|policy| policy.split("; ").any(|own| own == part)),
                "{policy}"
            );
        }
        let view = page.search(&photo)?;
        page.more_like(&view.cards[0].id)?;
        page.wait(Duration::from_secs(10), "pictures", |view| view.cards.iter().all(|card| card.painted))?;
        let option = page.browser().find(r#"[data-testid="language"] option[value="de"]"#)?;
        page.browser().click(&option)?;
        page.wait(Duration::from_secs(10), "German", |_| {
            page.browser().execute("return document.documentElement.lang").is_ok_and(|lang| lang == "de")
        })?;
        let kept = "return document.documentElement.dataset.offline !== undefined";
        page.wait(Duration::from_mins(1), "the site to be kept", |_| {
            page.browser().execute(kept).is_ok_and(|is_kept| is_kept == true)
        })?;
        ensure!(violations()? == json!([]), "the policy forbids what the page does: {}", violations()?);
        for line in page.browser().console()? {
            ensure!(!line.contains("Content Security Policy"), "{line}");
        }
        // And it forbids what others would do: a script in the page, one from elsewhere, text that becomes a program.
        let other = server.origin().replace("127.0.0.1", "localhost");
        page.browser().execute(&format!(
            "const inline = document.createElement('script');
             inline.textContent = 'window.twillIntruder = true';
             const foreign = document.createElement('script');
             foreign.src = '{other}/start.js';
             document.body.append(inline, foreign);
             const handler = document.createElement('button');
             handler.setAttribute('onclick', 'window.twillIntruder = true');
             handler.click();
             setTimeout('window.twillIntruder = true');"
        ))?;
        let blocked = page.wait(Duration::from_secs(10), "four violations", |_| {
            violations().is_ok_and(|list| list.as_array().is_some_and(|list| list.len() >= 4))
        });
        ensure!(blocked.is_ok(), "only these were stopped: {}", violations()?);
        ensure!(page.browser().execute("return window.twillIntruder === undefined")? == true, "a script ran");
        Ok(())
    })
}

#[test]
fn the_browsers_own_calls_are_told_from_a_pages() {
    for own in [
        "CONNECT accounts.google.com:443 HTTP/1.1",
        "GET http://clients2.google.com/time/1/current HTTP/1.1",
        "CONNECT duckduckgo.com:443 HTTP/1.1",
    ] {
        assert!(is_the_browsers_own(own), "{own}");
    }
    for other in [
        "GET http://garments.example/?google.com HTTP/1.1",
        "CONNECT notgoogle.com:443 HTTP/1.1",
        "CONNECT google-analytics.com:443 HTTP/1.1",
        "",
    ] {
        assert!(!is_the_browsers_own(other), "{other}");
    }
}

/// Notes the first line of every request, and hangs up.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut start = [0; 512];
                let count = stream.read(&mut start).unwrap_or(0);
                let text = String::from_utf8_lossy(&start[..count]).into_owned();
                if let Some(line) = text.lines().next() {
                    kept.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
                }
                drop(stream.write_all(
                    b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                ));
            }
        });
        Ok(Self { port, lines })
    }

    /// What pages asked for, without what the browser asks for itself.
    pub(crate) fn seen_of_pages(&self) -> Vec<String> {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().filter(|line| !is_the_browsers_own(line)).cloned().collect()
    }
}

fn shirt(folder: &Path) -> Result<std::path::PathBuf> {
    save(folder, "shirt.jpg", &jpeg(&drawn_shirt([30, 90, 150]))?)
}
