//! `<twill-search>` as a guest: it speaks the page's language, keeps to its policy, and asks nobody else for anything.

use std::{thread, time::Duration};

use anyhow::{Result, ensure};
use e2e::{
    element::{PATIENCE, choose, heard, open, run, search, wait},
    journey::Plan,
    page::Backend,
    proxy::Proxy,
    server::{Server, Settings, Stand},
    shop::Shop,
    site::dist,
};

use crate::element::shirt;

#[test]
fn the_element_speaks_the_pages_language() -> Result<()> {
    let shop = Shop::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    let begins = [("ar", "rtl"), ("de", "ltr"), ("es", "ltr"), ("fr", "ltr"), ("zh", "ltr")];
    Plan::on(Backend::Cpu).run(|page, _| {
        page.resize(320, 640, true)?;
        let german = shop.page("shop.html")?.replace("<html lang=\"en\">", "<html lang=\"de-CH\">");
        shop.put("german.html", german.into_bytes());
        open(page, &shop.url("german.html"))?;
        let title = "return shown(one('.title'))";
        ensure!(run(page, title)? == "Mit einem Foto finden", "it says {}", run(page, title)?);
        for (code, direction) in begins {
            run(page, &format!("element.lang = '{code}'; element.clear()"))?;
            let is_said =
                format!("return one('.frame').lang === '{code}' && one('.frame').dir === '{direction}'");
            page.wait(PATIENCE, "another language", |_| {
                run(page, &is_said).is_ok_and(|is_said| is_said == true)
            })?;
            let empty = wait(page, PATIENCE, "the element", |shown| shown.cards.is_empty())?;
            ensure!(empty.overflow <= 0.0, "{code}: {} px stick out", empty.overflow);
            let shown = search(page, &photo)?;
            ensure!(shown.overflow <= 0.0, "{code}, with results: {} px stick out", shown.overflow);
            ensure!(shown.cards.len() == 8 && !shown.status.is_empty(), "{code}: {shown:?}");
        }
        // No words at all are explained as well.
        shop.server().replace("twill/texts/de.json", Stand::Missing);
        shop.server().replace("twill/texts/en.json", Stand::Missing);
        page.browser().goto(&shop.url("german.html"))?;
        page.wait(PATIENCE, "an excuse", |_| {
            run(page, "return shown(one('[role=alert]'))")
                .is_ok_and(|text| text.as_str().is_some_and(|text| text.contains("could not be loaded")))
        })?;
        Ok(())
    })
}

#[test]
fn nothing_is_asked_of_anybody_else() -> Result<()> {
    let shop = Shop::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    let proxy = Proxy::start()?;
    let flags = vec![proxy.flag()];
    Plan { flags, ..Plan::on(Backend::Cpu) }.run(|page, own| {
        open(page, &shop.url("shop.html"))?;
        search(page, &photo)?;
        wait(page, PATIENCE, "pictures", |shown| shown.cards.iter().all(|card| card.painted))?;
        page.browser().goto(&shop.url("module.html"))?;
        page.wait(Backend::Cpu.load_limit(), "the module", |_| {
            page.browser()
                .execute("return globalThis.twill !== undefined")
                .is_ok_and(|is_there| is_there == true)
        })?;
        thread::sleep(Duration::from_secs(1));
        let sent = proxy.seen_of_pages();
        ensure!(sent.is_empty(), "the browser wanted to reach {sent:?}");
        ensure!(
            own.requests().is_empty(),
            "another server on this machine was asked for {:?}",
            own.requests()
        );
        for request in shop.server().requests() {
            ensure!(
                request.method == "GET" && request.body_bytes == 0,
                "the page sent something: {request:?}"
            );
            ensure!(
                matches!(request.status, 200 | 206) || request.path == "/favicon.ico",
                "asked in vain: {request:?}"
            );
        }
        // The trap itself works.
        page.browser().execute("fetch('http://garments.example/').catch(() => {}); return null")?;
        page.wait(PATIENCE, "the proxy to catch something", |_| !proxy.seen_of_pages().is_empty())?;
        Ok(())
    })
}

#[test]
fn twills_files_may_lie_on_another_origin() -> Result<()> {
    let shop = Shop::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    let files = Server::start(Settings {
        root: dist()?,
        prefix: "/files/twill/".to_owned(),
        allow_other_origins: true,
    })?;
    let page_with = |worker: &str| -> Result<Vec<u8>> {
        let origin = files.origin();
        let policy = format!(
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; worker-src {worker}; \
             script-src {origin} 'wasm-unsafe-eval'; connect-src 'self' {origin}; img-src 'self' blob:\" />"
        );
        Ok(format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\" />{policy}<title>A strict shop</title>
             <script type=\"module\" src=\"{}twill-search.js\"></script>
             <twill-search catalogue=\"catalogue/\" count=\"4\" preload></twill-search></html>",
            files.url()
        )
        .into_bytes())
    };
    shop.put("strict.html", page_with("blob:")?);
    shop.put("stricter.html", page_with("'self'")?);
    Plan::on(Backend::Cpu).run(|page, _| {
        let begun = open(page, &shop.url("strict.html"))?;
        ensure!(begun.state != "idle", "nothing was loaded beforehand");
        let shown = search(page, &photo)?;
        ensure!(shown.cards.len() == 4, "{shown:?}");
        wait(page, PATIENCE, "pictures", |shown| shown.cards.iter().all(|card| card.painted))?;
        for line in page.browser().console()? {
            ensure!(!line.contains("Content Security Policy"), "{line}");
        }
        // Where the policy is in the way, the visitor is told, and whoever wrote the page is told more.
        open(page, &shop.url("stricter.html"))?;
        let shown = wait(page, PATIENCE, "a failure", |shown| shown.state == "failed")?;
        ensure!(
            !shown.trouble.is_empty() && !shown.trouble.contains("worker-src"),
            "it says {}",
            shown.trouble
        );
        choose(page, &photo)?;
        page.wait(PATIENCE, "an error", |_| {
            heard(page, "twill-error").is_ok_and(|errors| !errors.is_empty())
        })?;
        let error = heard(page, "twill-error")?;
        ensure!(
            error[0]["hint"].as_str().is_some_and(|hint| hint.contains("worker-src must allow blob:")),
            "{error:?}"
        );
        Ok(())
    })
}
