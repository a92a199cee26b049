//! Where the site may stand, where its catalogue may come from, and where nothing may ever go.

use std::{path::Path, thread, time::Duration};

use anyhow::{Result, ensure};
use e2e::{
    journey::Plan,
    page::Backend,
    photos::{drawn_shirt, jpeg},
    proxy::Proxy,
    server::{Request, Server, Settings},
    site::{Shipped, dist},
};
use serde_json::json;

use crate::{check_five_results, save};

#[test]
fn the_site_works_under_a_sub_path() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    let plan = Plan { prefix: "/shops/down-the-road/", ..Plan::on(Backend::Cpu) };
    plan.run_on_each_screen(|page, server| {
        page.open()?;
        let view = page.search(&photo)?;
        ensure!(view.cards.len() == 5, "{} results", view.cards.len());
        page.wait(Duration::from_secs(10), "pictures", |view| view.cards.iter().all(|card| card.painted))?;
        let is_vain = |request: &Request| !matches!(request.status, 200 | 206);
        let outside: Vec<_> = server.requests().into_iter().filter(is_vain).collect();
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
    plan.run_on_each_screen(|page, server| {
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
    plan.run_on_each_screen(|page, _| {
        page.visit()?;
        let view = page.wait(Backend::Cpu.load_limit(), "an error message", |view| !view.error.is_empty())?;
        println!("{}", view.error);
        ensure!(view.state == "failed", "the page is `{}`", view.state);
        Ok(())
    })
}

/// The promise on the page: the photo stays. Whatever the browser would send anywhere else than to the page's own
/// server passes through a proxy here, which lets nothing through and notes it; that covers workers and beacons, too.
#[test]
fn nothing_ever_leaves_for_anywhere_else() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = shirt(folder.path())?;
    let proxy = Proxy::start()?;
    let flags = vec![proxy.flag()];
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

fn shirt(folder: &Path) -> Result<std::path::PathBuf> {
    save(folder, "shirt.jpg", &jpeg(&drawn_shirt([30, 90, 150]))?)
}
