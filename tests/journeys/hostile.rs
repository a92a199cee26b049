//! Catalogues that mean harm: texts that are programs, links that run, lists that do not belong together.

use anyhow::{Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::{Server, Stand},
    site::Shipped,
};
use model::{catalogue::CatalogueCard, weights::FileReference};
use serde_json::{Value, json};

use crate::{check_five_results, save};

const PROGRAM: &str = "<img src=x onerror=\"document.title='harm'\"><script>document.title='harm'</script>";

/// Serves the shipped catalogue with items that `change` has changed, and a card that names them.
fn serve(server: &Server, shipped: &Shipped, change: impl Fn(usize, &mut Value)) -> Result<()> {
    let mut items: Vec<Value> = serde_json::from_slice(&shipped.bytes(&shipped.items_path())?)?;
    items.iter_mut().enumerate().for_each(|(row, item)| change(row, item));
    let items = serde_json::to_vec(&items)?;
    let mut card = CatalogueCard::from_json(&shipped.bytes("catalogue/catalogue.json")?)?;
    card.items = FileReference::hashed("items", "json", &items);
    server.replace(&format!("catalogue/{}", card.items.file), Stand::Bytes(items));
    server.replace("catalogue/catalogue.json", Stand::Bytes(serde_json::to_vec(&card)?));
    Ok(())
}

/// Nothing of what the catalogue says has run or become a part of the page.
fn check_harmless(page: &Page) -> Result<()> {
    let found = page.browser().execute(
        "return {
           title: document.title,
           bad: document.querySelectorAll('img[src=\"x\"], script:not([src]), a[href^=\"javascript\" i], a[href^=\"data\" i], [onerror], [onclick]').length,
         }",
    )?;
    ensure!(found["bad"] == 0, "{found} elements came out of the catalogue");
    ensure!(!found["title"].as_str().unwrap_or_default().contains("harm"), "a text of the catalogue has run");
    Ok(())
}

#[test]
fn programs_in_titles_are_shown_as_text_and_links_that_run_are_left_out() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([160, 40, 40]))?)?;
    let links = [
        "javascript:document.title='harm'",
        " JavaScript:document.title='harm'",
        "java\tscript:document.title='harm'",
        "data:text/html,<script>document.title='harm'</script>",
        "vbscript:harm",
        "blob:https://shop.example/1",
        "https://shop.example/dress?a=1&b=2#\"><script>",
        "not an address",
    ];
    Plan::on(Backend::Cpu).run(|page, server| {
        serve(server, &shipped, |row, item| {
            item["title"] = json!(PROGRAM);
            item["price"] = json!(PROGRAM);
            item["category"] = json!(PROGRAM);
            item["colour"] = json!(PROGRAM);
            item["link"] = json!(links[row % links.len()]);
            item["__proto__"] = json!({ "polluted": true });
        })?;
        page.open()?;
        let view = page.search(&photo)?;
        check_five_results(&view, &ids)?;
        check_harmless(page)?;
        ensure!(view.cards[0].alt.contains("<img src=x"), "the text is not shown as it is: {}", view.cards[0].alt);
        let words = page.browser().execute("return document.querySelector('[data-testid=result-card] h3').textContent")?;
        ensure!(words == PROGRAM, "the title reads {words}");
        let hrefs = page.browser().execute(
            "return [...document.querySelectorAll('[data-testid=result-card] a')].map((link) => link.protocol)",
        )?;
        let are_plain = hrefs.as_array().is_some_and(|hrefs| hrefs.iter().all(|href| href == "https:"));
        ensure!(are_plain, "links lead to {hrefs}");
        page.more_like(&view.cards[0].id)?;
        check_harmless(page)?;
        ensure!(page.browser().execute("return ({}).polluted === undefined")? == true, "every object was changed");
        Ok(())
    })
}

#[test]
fn pictures_outside_the_catalogue_are_refused() -> Result<()> {
    let shipped = Shipped::open()?;
    Plan::on(Backend::Cpu).run(|page, server| {
        for image in
            ["../../secret.webp", "https://tracker.example/p.gif", "images/%2e%2e/a.webp", "javascript:1", ""]
        {
            serve(server, &shipped, |row, item| {
                if row == 7 {
                    item["image"] = json!(image);
                }
            })?;
            page.visit()?;
            let view = page.wait(Backend::Cpu.load_limit(), "a message", |view| !view.error.is_empty())?;
            ensure!(view.state == "failed", "{image:?} leads to {}", view.state);
            ensure!(view.error.contains("picture of item"), "{image:?}: {}", view.error);
        }
        Ok(())
    })
}

/// An old deployment beside a new one: parts of both never work together, and what is wrong is said.
#[test]
fn a_catalogue_of_another_model_and_a_list_of_another_catalogue_are_refused() -> Result<()> {
    let shipped = Shipped::open()?;
    Plan::on(Backend::Cpu).run(|page, server| {
        let message = |what: &str| -> Result<String> {
            page.visit()?;
            let view = page.wait(Backend::Cpu.load_limit(), what, |view| !view.error.is_empty())?;
            ensure!(view.state == "failed", "{what}: the page is {}", view.state);
            Ok(view.error)
        };
        let mut card = CatalogueCard::from_json(&shipped.bytes("catalogue/catalogue.json")?)?;
        card.weights_sha256 = "00".repeat(32);
        server.replace("catalogue/catalogue.json", Stand::Bytes(serde_json::to_vec(&card)?));
        let other_model = message("another model")?;
        server.restore();

        // The new card is there, its list is still the old one, under the new name.
        let mut items: Vec<Value> = serde_json::from_slice(&shipped.bytes(&shipped.items_path())?)?;
        items.pop();
        let shorter = serde_json::to_vec(&items)?;
        server.replace(&shipped.items_path(), Stand::Bytes(shorter.clone()));
        let other_list = message("another list")?;
        // The list is right by its checksum, but of another catalogue.
        let mut card = CatalogueCard::from_json(&shipped.bytes("catalogue/catalogue.json")?)?;
        card.items = FileReference::hashed("items", "json", &shorter);
        server.replace(&format!("catalogue/{}", card.items.file), Stand::Bytes(shorter));
        server.replace("catalogue/catalogue.json", Stand::Bytes(serde_json::to_vec(&card)?));
        let other_count = message("another number of items")?;
        ensure!(
            other_model != other_list && other_list != other_count,
            "{other_model} / {other_list} / {other_count}"
        );
        server.restore();
        page.open().map(drop)
    })
}
