//! Searching among some of the items, and the addresses of what can be sent to somebody.

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page, View},
    photos::{drawn_shirt, jpeg},
    server::Server,
    site::Shipped,
};
use model::{
    catalogue::Item,
    colour::{FAMILIES, family_of_hex},
    search::top_k_where,
};
use serde_json::{Value, json};

use crate::{choice_shown, save};

/// Screens on which everything has to work: width, height, and whether it is a phone's.
const SCREENS: [(u32, u32, bool); 2] = [(390, 844, true), (1440, 900, false)];

fn is_red(item: &Item) -> bool {
    item.colour.as_deref().and_then(family_of_hex).is_some_and(|place| FAMILIES[place] == "red")
}

#[test]
fn filters_find_what_searching_among_those_items_finds() -> Result<()> {
    let shipped = Shipped::open()?;
    let items = shipped.items();
    let features = shipped.recommender().catalogue().features();
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        for (width, height, is_phone) in SCREENS {
            page.resize(width, height, is_phone)?;
            page.open()?;
            let first = page.search(&photo)?;
            ensure!(choice_shown(page)? == items.len(), "{} of {} items", choice_shown(page)?, items.len());
            let query = first.query.as_ref().context("the photo is not shown")?.embedding.clone();
            let expect = |view: &View, keep: &dyn Fn(&Item) -> bool| -> Result<()> {
                let hits = top_k_where(features, &query, 5, |row| keep(&items[row]))?;
                let expected: Vec<&str> = hits.iter().map(|hit| items[hit.row].id.as_str()).collect();
                let found: Vec<&str> = view.cards.iter().map(|card| card.id.as_str()).collect();
                ensure!(found == expected, "{found:?} are shown, {expected:?} are nearest");
                let choice = items.iter().filter(|item| keep(item)).count();
                ensure!(choice_shown(page)? == choice, "{} of {choice} items", choice_shown(page)?);
                ensure!(view.overflow <= 0.0, "{} px stick out", view.overflow);
                Ok(())
            };

            choose_category(page, "Dresses")?;
            let dresses = changed(page, &first)?;
            expect(&dresses, &|item| item.category == "Dresses")?;
            ensure!(address(page)?.contains("category=Dresses"), "the address is {}", address(page)?);

            click(page, r#"[data-testid="colour-filter"][data-colour="red"]"#)?;
            let red = changed(page, &dresses)?;
            expect(&red, &|item| item.category == "Dresses" && is_red(item))?;
            ensure!(pressed(page, "red")?, "the red button is not pressed");

            // The same button again lets other colours in again; then everything.
            click(page, r#"[data-testid="colour-filter"][data-colour="red"]"#)?;
            expect(&changed(page, &red)?, &|item| item.category == "Dresses")?;
            click(page, r#"[data-testid="filter-clear"]"#)?;
            expect(&changed(page, &dresses)?, &|_| true)?;
            ensure!(!address(page)?.contains("category"), "the address is {}", address(page)?);

            // What the network sees is a filter, too.
            click(page, r#"button[data-testid="colour"]"#)?;
            let own = changed(page, &first)?;
            ensure!(
                choice_shown(page)? < items.len() && own.cards.len() == 5,
                "{} items",
                choice_shown(page)?
            );
        }
        Ok(())
    })
}

#[test]
fn what_passes_no_filter_is_said() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([40, 40, 150]))?)?;
    // A category that this catalogue does not have: an address that was meant for another.
    let plan = Plan { query: "&category=Kilts".to_owned(), ..Plan::on(Backend::Cpu) };
    plan.run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            let view = page.search(&photo)?;
            ensure!(view.cards.is_empty() && choice_shown(page)? == 0, "{:?}", view.cards);
            ensure!(is_there(page, "none-left")?, "nothing is said of it");
            click(page, r#"[data-testid="filter-clear"]"#)?;
            let all = page.wait(page_limit(), "results", |view| view.cards.len() == 5)?;
            ensure!(all.state == "ranked", "the page is {}", all.state);
            Ok(())
        })
    })
}

#[test]
fn every_step_has_an_address_and_the_browser_goes_back() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([30, 110, 60]))?)?;
    Plan::on(Backend::Cpu).run(|page, server| {
        page.on_each_screen(|| {
            page.open()?;
            let first = page.search(&photo)?;
            let chosen = &first.cards[1].id;
            let second = page.more_like(chosen)?;
            let sent = address(page)?;
            ensure!(sent.contains(&format!("like={chosen}")), "the address is {sent}");
            let third = page.more_like(&second.cards[2].id)?;
            page.browser().execute("history.back()")?;
            ensure!(changed(page, &third)?.cards == second.cards, "another step than the one before");
            // The page's own button goes the same way.
            click(page, r#"[data-testid="back"]"#)?;
            ensure!(changed(page, &second)?.cards == first.cards, "another step than the photo's");
            ensure!(!address(page)?.contains("like="), "the address is {}", address(page)?);
            page.browser().execute("history.back()")?;
            page.wait(page_limit(), "the beginning", |view| view.state == "ready" && view.cards.is_empty())?;

            // Somebody else opens the address that was sent: no photo is in it.
            opens_with(page, server, &sent, &second)?;
            page.browser().goto(&format!("{}?backend=cpu&like=no-such-item", server.url()))?;
            let lost = page.wait(page_limit(), "a message", |view| !view.error.is_empty())?;
            ensure!(lost.error.contains("no-such-item"), "it says {}", lost.error);
            // And goes on as if nothing had been.
            page.search(&photo)?;
            Ok(())
        })
    })
}

fn opens_with(page: &Page, server: &Server, sent: &str, expected: &View) -> Result<()> {
    ensure!(sent.starts_with(&server.url()), "{sent} is not of this page");
    page.browser().goto("about:blank")?;
    page.browser().goto(sent)?;
    let view = page.wait(page_limit(), "results", |view| view.state == "ranked")?;
    ensure!(view.cards.len() == expected.cards.len(), "{} results", view.cards.len());
    let ids = |view: &View| view.cards.iter().map(|card| card.id.clone()).collect::<Vec<_>>();
    ensure!(ids(&view) == ids(expected), "{:?} instead of {:?}", ids(&view), ids(expected));
    Ok(())
}

fn page_limit() -> std::time::Duration {
    Backend::Cpu.load_limit()
}

/// Waits until other results are shown than `before`, pictures and all.
fn changed(page: &Page, before: &View) -> Result<View> {
    let shown = |view: &View| view.cards.iter().map(|card| card.id.clone()).collect::<Vec<_>>();
    page.wait(page_limit(), "other results", |view| {
        view.state == "ranked"
            && !view.cards.is_empty()
            && shown(view) != shown(before)
            && view.cards.iter().all(|card| card.painted)
    })
}

/// How many items the page says that there were to choose from.
fn choose_category(page: &Page, category: &str) -> Result<()> {
    page.browser()
        .execute(&format!(
            r#"const select = document.querySelector('[data-testid="category-filter"]');
            select.value = {};
            select.dispatchEvent(new Event("change", {{ bubbles: true }}));"#,
            json!(category)
        ))
        .map(drop)
}

fn click(page: &Page, selector: &str) -> Result<()> {
    page.browser().click(&page.browser().find(selector)?)
}

fn pressed(page: &Page, colour: &str) -> Result<bool> {
    let script = format!(
        r#"return document.querySelector('[data-testid="colour-filter"][data-colour="{colour}"]').ariaPressed === "true""#
    );
    Ok(page.browser().execute(&script)? == Value::Bool(true))
}

fn is_there(page: &Page, test_id: &str) -> Result<bool> {
    let script = format!(r#"return document.querySelector('[data-testid="{test_id}"]') !== null"#);
    Ok(page.browser().execute(&script)? == Value::Bool(true))
}

fn address(page: &Page) -> Result<String> {
    let address = page.browser().execute("return location.href")?;
    Ok(address.as_str().unwrap_or_default().to_owned())
}
