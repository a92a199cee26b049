//! Networks and hosts that fail for a while: the page tries again, goes on from where it was, and says what it cannot mend.

use anyhow::{Result, bail, ensure};
use e2e::{
    journey::Plan,
    page::Backend,
    photos::{drawn_shirt, jpeg},
    server::{Server, Stand},
    site::Shipped,
};

use crate::{check_five_results, save};

/// What was asked of a file since request number `since`, by the first byte asked for.
fn asked(server: &Server, path: &str, since: usize) -> Vec<usize> {
    let requests = server.requests();
    requests[since..]
        .iter()
        .filter(|request| request.path.ends_with(path))
        .map(|request| request.from)
        .collect()
}

#[test]
fn what_a_network_breaks_off_is_gone_on_with() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([20, 90, 60]))?)?;
    let (weights, features, items) = (shipped.weights_path(), shipped.features_path(), shipped.items_path());
    let first = |times, stand| Stand::First(times, Box::new(stand));
    Plan::on(Backend::Cpu).run(|page, server| {
        page.open()?;
        let expected = page.search(&photo)?.results();
        let again = |stands: Vec<(&str, Stand)>| -> Result<usize> {
            server.restore();
            for (path, stand) in stands {
                server.replace(path, stand);
            }
            page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
            let since = server.requests().len();
            page.open()?;
            let view = page.search(&photo)?;
            check_five_results(&view, &ids)?;
            ensure!(view.results() == expected, "other results than over a good network");
            Ok(since)
        };
        // Cut off twice: the rest is asked for, not all of it.
        let since = again(vec![(&weights, first(2, Stand::Cut(0.5)))])?;
        let from = asked(server, &weights, since);
        ensure!(from.len() == 3 && from[0] == 0 && from[1] > 0 && from[2] >= from[1], "asked from {from:?}");
        // Three files at once, each in its own way.
        again(vec![
            (&weights, first(1, Stand::Status(503))),
            (&features, first(2, Stand::Cut(0.9))),
            (&items, first(1, Stand::Status(429))),
            ("model/model.json", first(1, Stand::Cut(0.3))),
            ("catalogue/catalogue.json", first(2, Stand::Status(502))),
        ])?;
        // Slow, but it comes.
        again(vec![(&weights, Stand::Slow(12))])?;
        // A host that answers with another part than the one asked for is asked for everything.
        server.restore();
        server.replace(&weights, first(1, Stand::Cut(0.5)));
        let since = server.requests().len();
        page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
        page.visit()?;
        page.wait(Backend::Cpu.load_limit(), "the first part", |_| {
            !asked(server, &weights, since).is_empty()
        })?;
        server.replace(&weights, Stand::WrongRange);
        page.wait(Backend::Cpu.load_limit(), "ready", |view| view.state == "ready")?;
        let from = asked(server, &weights, since);
        ensure!(
            from.first() == Some(&0) && from.last() == Some(&0) && from.iter().any(|from| *from > 0),
            "asked from {from:?}"
        );
        ensure!(page.search(&photo)?.results() == expected, "other results than over a good network");
        Ok(())
    })
}

#[test]
fn what_does_not_come_back_is_explained_and_tried_again_with_the_next_photo() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([20, 90, 60]))?)?;
    let weights = shipped.weights_path();
    Plan::on(Backend::Cpu).run_on_each_screen(|page, server| {
        for (what, stand, attempts) in [
            ("a connection that always breaks", Stand::Cut(0.5), 4),
            ("a host that is always busy", Stand::Status(503), 4),
            ("a host that forbids it", Stand::Status(403), 1),
            ("a page in its place", Stand::Page, 1),
            ("nothing in its place", Stand::Missing, 1),
        ] {
            server.replace(&weights, stand);
            page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
            let since = server.requests().len();
            page.visit()?;
            let view = page.wait(Backend::Cpu.load_limit(), what, |view| !view.error.is_empty())?;
            println!("{what}: {}", view.error);
            ensure!(
                view.state == "failed" && view.error.len() > 20,
                "{what}: {} `{}`",
                view.state,
                view.error
            );
            let times = asked(server, &weights, since).len();
            ensure!(times == attempts, "{what}: asked {times} times instead of {attempts}");
            // The host is itself again, and nobody reloads the page.
            server.restore();
            let view = page.search(&photo)?;
            ensure!(view.cards.len() == 5 && view.error.is_empty(), "{what}: {} results", view.cards.len());
        }
        Ok(())
    })
}

#[test]
fn a_photo_is_answered_before_what_proves_the_answer_is_there() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([20, 90, 60]))?)?;
    let features = shipped.features_path();
    let whole = shipped.recommender().catalogue().card().features.bytes as usize;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, server| {
        // All codes, and little more: what comes before vectors at most, since codes along components are shorter.
        server.replace(&features, Stand::Held(0.36));
        page.visit()?;
        page.wait(Backend::Cpu.load_limit(), "the page", |view| view.state == "loading")?;
        page.choose(&photo)?;
        let early = page.wait(Backend::Cpu.load_limit(), "first results", |view| view.cards.len() == 5)?;
        ensure!(early.state == "loading", "the page is {}", early.state);
        check_five_results(&early, &ids)?;
        let parts: Vec<(usize, usize)> = server
            .requests()
            .iter()
            .filter(|request| request.path.ends_with(&features))
            .map(|request| (request.from, request.bytes))
            .collect();
        let [(0, first), rest @ ..] = &parts[..] else { bail!("asked for {parts:?}") };
        ensure!(*first < whole / 2, "{first} of {whole} bytes come before the first results");
        ensure!(rest.iter().all(|part| *part == (*first, whole - first)), "asked for {parts:?}");
        server.restore();
        let last = page.wait(Backend::Cpu.load_limit(), "the answer", |view| view.state == "ranked")?;
        page.open()?;
        ensure!(page.search(&photo)?.results() == last.results(), "other results than over a good network");

        // A host that knows no parts, or gives wrong ones, is asked for everything.
        for stand in [Stand::Whole, Stand::WrongRange] {
            server.replace(&features, stand);
            page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
            page.open()?;
            ensure!(
                page.search(&photo)?.results() == last.results(),
                "other results than over a good network"
            );
        }
        Ok(())
    })
}
