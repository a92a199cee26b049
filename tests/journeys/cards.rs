//! What stands on a result: what it is, what it costs, where it is sold and how alike it is; and the chips that narrow the search
//! to what the network sees in the photo.

use std::fs;

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::Backend,
    photos::{drawn_shirt, jpeg},
    shop::Shop,
    site::{Shipped, repository},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::save;

/// What a person reads on a result.
#[derive(Debug, Deserialize)]
struct Told {
    id: String,
    name: String,
    price: String,
    link: String,
    likeness: String,
    per_cent: String,
    /// How much of the bar is filled.
    share: f32,
}

const TOLD: &str = "
return [...document.querySelectorAll('[data-testid=result-card]')].map((card) => {
  const text = (selector) => card.querySelector(selector).innerText.trim();
  const width = (selector) => card.querySelector(selector).getBoundingClientRect().width;
  return {
    id: card.dataset.itemId, name: text('h3'), price: text('.price'), link: card.querySelector('a').href,
    likeness: text('.likeness span'), per_cent: text('.per-cent'), share: width('.bar > div') / width('.bar'),
  };
})";

#[test]
fn a_result_says_what_it_is_what_it_costs_and_how_alike_it_is() -> Result<()> {
    let shop = Shop::open()?;
    let items = shop.items()?;
    let words: Value = serde_json::from_str(&fs::read_to_string(repository().join("app/texts/en.json"))?)?;
    let likeness = |score: f32| {
        let steps = [(0.975, "twin"), (0.87, "very"), (0.8, "similar"), (0.68, "somewhat")];
        let name = steps.iter().find(|(least, _)| score >= *least).map_or("distant", |(_, name)| name);
        words[format!("likeness_{name}")].as_str().unwrap_or_default().to_owned()
    };
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([30, 110, 60]))?)?;
    let address = format!("{}twill/index.html?backend=cpu&catalogue=../shop/catalogue/", shop.server().url());
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.browser().goto(&address)?;
            page.wait(Backend::Cpu.load_limit(), "the shop", |view| view.state == "ready")?;
            page.search(&photo)?;
            page.click("[data-testid=show-more]")?;
            let view =
                page.wait(Backend::Cpu.search_limit(), "all results", |view| view.cards.len() == 20)?;
            let told: Vec<Told> = serde_json::from_value(page.browser().execute(TOLD)?)?;
            ensure!(told.len() == 20, "{} results say something", told.len());
            for (told, card) in told.iter().zip(&view.cards) {
                let item = items.iter().find(|item| item.id == told.id).context("no such item")?;
                ensure!(item.title.as_ref() == Some(&told.name), "{told:?} is {item:?}");
                ensure!(item.price.as_ref() == Some(&told.price), "{told:?} is {item:?}");
                ensure!(item.link.as_ref() == Some(&told.link), "{told:?} is {item:?}");
                ensure!(told.likeness == likeness(card.score), "{told:?} has the score {}", card.score);
                let per_cent: f32 = told.per_cent.trim_end_matches('%').parse().context("no number")?;
                ensure!(
                    (per_cent / 100.0 - card.score).abs() < 0.01,
                    "{told:?} has the score {}",
                    card.score
                );
                ensure!((told.share - card.score).abs() < 0.01, "{told:?} has the score {}", card.score);
            }
            Ok(())
        })
    })
}

#[test]
fn chips_narrow_the_search_to_what_the_network_sees() -> Result<()> {
    // A garment of the catalogue, of which the network is sure to see more than kind and colour.
    let shipped = Shipped::open()?;
    let photo = shipped.picture(&shipped.items()[0]);
    Plan::on(Backend::Cpu).run(|page, _| {
        let count = || -> Result<usize> {
            let count = page
                .browser()
                .execute("return document.querySelector('[data-testid=count]')?.dataset.count")?;
            count.as_str().context("no number is shown")?.parse().context("that is no number")
        };
        page.on_each_screen(|| {
            page.open()?;
            page.search(&photo)?;
            let all = count()?;
            let sure = page
                .browser()
                .execute("return document.querySelector('[data-testid=guess] .sure').textContent")?;
            let sure = sure.as_str().and_then(|text| text.strip_suffix('%')?.parse::<u8>().ok());
            ensure!(sure.is_some_and(|sure| (50..=100).contains(&sure)), "it is {sure:?}% sure");
            for chip in ["guess", "colour", "attribute"] {
                let chip = format!("button[data-testid={chip}]");
                let pressed = format!("return document.querySelector({}).ariaPressed", json!(chip));
                ensure!(page.browser().execute(&pressed)? == "false", "{chip} is pressed by itself");
                page.click(&chip)?;
                page.wait(Backend::Cpu.search_limit(), "fewer to choose from", |view| {
                    view.state == "ranked" && count().is_ok_and(|count| count < all)
                })?;
                ensure!(page.browser().execute(&pressed)? == "true", "{chip} does not look pressed");
                ensure!(count()? > 0, "{chip} leaves nothing");
                let address = page.browser().execute("return location.search")?;
                let address = address.as_str().unwrap_or_default();
                ensure!(
                    ["category=", "colour=", "has="].iter().any(|part| address.contains(part)),
                    "{chip} is not in the address {address}"
                );
                page.click(&chip)?;
                page.wait(Backend::Cpu.search_limit(), "all to choose from", |view| {
                    view.state == "ranked" && count().is_ok_and(|count| count == all)
                })?;
            }
            Ok(())
        })
    })
}

#[test]
fn a_garment_of_two_colours_has_a_chip_for_each() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let blue = drawn_shirt([30, 60, 160]);
    let mut shirt = blue.clone();
    for (x, y, pixel) in shirt.enumerate_pixels_mut() {
        // Below the middle, what is blue is red.
        let [r, _, b] = blue.get_pixel(x, y).0.map(u16::from);
        if y > blue.height() / 2 && b > 2 * r {
            *pixel = image::Rgb([190, 30, 40]);
        }
    }
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&shirt)?)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        page.on_each_screen(|| {
            page.open()?;
            page.search(&photo)?;
            let chips = "return [...document.querySelectorAll('.chip[data-testid=colour]')].map((it) => it.textContent.trim())";
            let said = page.browser().execute(chips)?;
            ensure!(
                said == json!(["Blue", "Red"]) || said == json!(["Red", "Blue"]),
                "the colours are {said}"
            );
            // Either is a filter.
            for expected in [["true", "false"], ["false", "true"]] {
                let place = usize::from(expected[1] == "true");
                let buttons = "document.querySelectorAll('button[data-testid=colour]')";
                page.browser().execute(&format!("{buttons}[{place}].click()"))?;
                let pressed = format!("return [...{buttons}].map((it) => it.ariaPressed)");
                page.wait(Backend::Cpu.search_limit(), "the other colour", |view| {
                    view.state == "ranked"
                        && page.browser().execute(&pressed).is_ok_and(|pressed| pressed == json!(expected))
                })?;
            }
            Ok(())
        })
    })
}
