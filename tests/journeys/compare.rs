//! An item beside what was looked for: what both have, where they differ, what matched; and results in the order of their prices.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::Stand,
    shop::Shop,
    site::Shipped,
};
use model::{
    attribution::attribute,
    colour::{FAMILIES, family_of_hex},
    crop::CropBox,
    embedder::freeze,
    image::{DecodeLimits, decode},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::save;

/// Screens on which everything has to work: width, height, and whether it is a phone's.
const SCREENS: [(u32, u32, bool); 2] = [(390, 844, true), (1440, 900, false)];
/// Longest that the page may take for two pictures.
const PATIENCE: Duration = Duration::from_secs(20);

/// A picture in the dialog.
#[derive(Debug, Deserialize)]
struct Picture {
    /// Left, top, right and bottom edge on the screen, CSS pixels.
    place: [f64; 4],
    /// The same of what lies over it.
    over: [f64; 4],
    painted: bool,
    alt: String,
    /// How opaque what lies over it is at 30 times 40 points, row by row.
    opacity: Vec<f32>,
    /// Whether it can be seen.
    is_shown: bool,
}

/// What the dialog shows.
#[derive(Debug, Deserialize)]
struct Shown {
    pictures: Vec<Picture>,
    words: String,
    note: String,
    is_hot: bool,
    shared: String,
    different: String,
    /// By how much the dialog's contents stick out of it sideways.
    overflow: f64,
}

const LOOK: &str = r#"
const view = document.querySelector('[data-testid="compare-view"]');
if (!view?.open) return null;
const one = (id) => view.querySelector(`[data-testid="${id}"]`);
const place = (element) => { const box = element.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; };
const pictures = [...view.querySelectorAll(".compare-picture")].map((picture) => {
  const [image, canvas] = [picture.querySelector("img"), picture.querySelector("canvas")];
  const { data, width, height } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const at = (index, count, length) => Math.floor((index + 0.5) / count * length);
  const opacity = [];
  for (let y = 0; y < 40; y++)
    for (let x = 0; x < 30; x++) opacity.push(data[4 * (at(y, 40, height) * width + at(x, 30, width)) + 3] ?? 0);
  return {
    place: place(image), over: place(canvas), painted: image.complete && image.naturalWidth > 0, alt: image.alt,
    opacity, is_shown: getComputedStyle(canvas).opacity === "1",
  };
});
return {
  pictures, words: view.innerText, note: one("heat-note").innerText, is_hot: view.querySelector("[data-heat]").dataset.heat === "true",
  shared: one("in-common")?.innerText ?? "", different: one("different")?.innerText ?? "",
  overflow: view.scrollWidth - view.clientWidth,
};
"#;

fn look(page: &Page) -> Result<Option<Shown>> {
    Ok(serde_json::from_value(page.browser().execute(LOOK)?)?)
}

fn wait(page: &Page, what: &str, settled: impl Fn(&Shown) -> bool) -> Result<Shown> {
    page.wait(PATIENCE, what, |_| look(page).is_ok_and(|shown| shown.is_some_and(|shown| settled(&shown))))?;
    look(page)?.context("the dialog is closed")
}

fn click(page: &Page, selector: &str) -> Result<()> {
    page.browser().click(&page.browser().find(selector)?)
}

fn open_card(page: &Page, id: &str) -> Result<Shown> {
    click(page, &format!(r#"[data-item-id="{id}"] [data-testid="compare"]"#))?;
    wait(page, "two pictures", |shown| {
        shown.pictures.len() == 2
            && shown.pictures.iter().all(|picture| picture.painted)
            && !(shown.shared.is_empty() && shown.different.is_empty())
    })
}

/// Pearson's.
fn correlation(one: &[f32], other: &[f32]) -> f32 {
    let centred = |values: &[f32]| {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        values.iter().map(|value| value - mean).collect::<Vec<f32>>()
    };
    crate::cosine(&centred(one), &centred(other))
}

/// Whether the focus is on the button of this card that opens the comparison.
fn is_back_on(page: &Page, id: &str) -> Result<bool> {
    let script = format!(
        r#"return document.querySelector('[data-testid="compare-view"]') === null
            && document.activeElement.dataset.testid === "compare"
            && document.activeElement.closest("[data-item-id]").dataset.itemId === "{id}""#
    );
    Ok(page.browser().execute(&script)? == Value::Bool(true))
}

fn check_places(shown: &Shown, width: f64, height: f64) -> Result<()> {
    for picture in &shown.pictures {
        let [left, top, right, bottom] = picture.place;
        ensure!(
            left >= 0.0 && top >= 0.0 && right <= width && bottom <= height,
            "a picture lies at {:?}",
            picture.place
        );
        ensure!(right - left > 150.0 && bottom - top > 150.0, "a picture is as small as {:?}", picture.place);
        ensure!(!picture.alt.is_empty(), "a picture has no text");
        let apart = picture.place.iter().zip(picture.over).map(|(one, other)| (one - other).abs());
        ensure!(apart.fold(0.0, f64::max) < 0.5, "{:?} lies over {:?}", picture.over, picture.place);
    }
    ensure!(shown.overflow <= 0.0, "{} px stick out", shown.overflow);
    Ok(())
}

#[test]
fn an_item_is_put_beside_the_photo() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    // Of another shape than items' pictures, and not in its middle.
    let file = jpeg(&image::imageops::crop_imm(&drawn_shirt([150, 40, 40]), 40, 60, 260, 240).to_image())?;
    let photo = save(folder.path(), "shirt.jpg", &file)?;
    let card = shipped.embedder().card();
    let network = freeze(card, &shipped.bytes(&shipped.weights_path())?)?;
    let decoded = decode(&file, &DecodeLimits::default())?;
    Plan::on(Backend::Cpu).run(|page, _| {
        for (width, height, is_phone) in SCREENS {
            page.resize(width, height, is_phone)?;
            page.open()?;
            let view = page.search(&photo)?;
            let id = &view.cards[1].id;
            let item = shipped.items().iter().find(|item| item.id == *id).context("it is no item")?;
            let shown = open_card(page, id)?;
            check_places(&shown, width.into(), height.into())?;
            ensure!(!shown.is_hot && shown.note.is_empty() && !shown.pictures[0].is_shown);
            let title = item.title.as_deref().context("it has no title")?;
            ensure!(shown.words.contains(title) && shown.words.contains("Your photo"), "{}", shown.words);
            let per_cent = format!("{}%", (view.cards[1].score * 100.0).floor());
            ensure!(shown.words.contains(&per_cent), "{per_cent} is not in {}", shown.words);
            // The photo's colour is red: what is known of the item says where that belongs.
            let family = item.colour.as_deref().and_then(family_of_hex).map(|place| FAMILIES[place]);
            ensure!(
                family.is_some() && (shown.shared.contains("Red") == (family == Some("red"))),
                "{shown:?}"
            );

            // Escape, and the button, lead back to where it was opened from.
            press(page, "Escape", 27)?;
            page.wait(PATIENCE, "the card again", |_| is_back_on(page, id).is_ok_and(|is_back| is_back))?;
            open_card(page, id)?;
            click(page, r#"[data-testid="compare-close"]"#)?;
            page.wait(PATIENCE, "the card again", |_| is_back_on(page, id).is_ok_and(|is_back| is_back))?;

            // What matched lies where the same network, run natively, says that it does.
            open_card(page, id)?;
            click(page, r#"[data-testid="heat-map"]"#)?;
            let hot = wait(page, "what matched", |shown| {
                shown.is_hot && shown.pictures.iter().all(|one| one.is_shown)
            })?;
            check_places(&hot, width.into(), height.into())?;
            ensure!(hot.note.len() > 20, "it says {}", hot.note);
            let picture = decode(&std::fs::read(shipped.picture(item))?, &DecodeLimits::default())?;
            let inputs = [(&decoded, CropBox::WHOLE), (&picture, CropBox::WHOLE)];
            let expected = attribute(card, &network, inputs)?;
            for (picture, matches) in hot.pictures.iter().zip(&expected.pictures) {
                let density = matches.density(30, 40);
                let seen = correlation(
                    &picture.opacity,
                    &density.iter().map(|value| value.max(0.0)).collect::<Vec<_>>(),
                );
                println!("what is shown correlates with what it should be: {seen}");
                ensure!(seen > 0.9, "it correlates with what it should be by no more than {seen}");
                let (least, most) = picture
                    .opacity
                    .iter()
                    .fold((255.0f32, 0.0f32), |(least, most), value| (least.min(*value), most.max(*value)));
                ensure!(most > 150.0 && least < 20.0, "from {least} to {most}");
            }
            // And off again.
            click(page, r#"[data-testid="heat-map"]"#)?;
            wait(page, "the photos alone", |shown| !shown.is_hot && shown.note.is_empty())?;
        }
        Ok(())
    })
}

#[test]
fn two_items_side_by_side_have_an_address_and_a_photo_has_none() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)?;
    let like = &shipped.items()[0].id;
    Plan::on(Backend::Cpu).run(|page, server| {
        let address = || -> Result<String> {
            Ok(page.browser().execute("return location.search")?.as_str().unwrap_or_default().to_owned())
        };
        page.on_each_screen(|| {
            page.browser().goto("about:blank")?;
            page.browser().goto(&format!("{}?backend=cpu&like={like}", server.url()))?;
            let view = page.wait(Backend::Cpu.load_limit(), "results", |view| view.state == "ranked")?;
            let other = &view.cards[2].id;
            let shown = open_card(page, other)?;
            let sent = address()?;
            ensure!(sent.contains(&format!("&beside={other}")), "the address is {sent}");
            // Somebody else opens it.
            page.browser().goto("about:blank")?;
            page.browser().goto(&format!("{}{sent}", server.url()))?;
            page.wait(Backend::Cpu.load_limit(), "results", |view| view.state == "ranked")?;
            let opened =
                wait(page, "two pictures", |shown| shown.pictures.len() == 2 && !shown.different.is_empty())?;
            ensure!(
                (&opened.words, &opened.shared) == (&shown.words, &shown.shared),
                "it shows {} instead of {}",
                opened.words,
                shown.words
            );
            click(page, "[data-testid=compare-close]")?;
            page.wait_until(PATIENCE, "the address", "return !location.search.includes('beside')")?;
            // One that is not among the results changes nothing.
            page.browser().goto("about:blank")?;
            page.browser().goto(&format!("{}?backend=cpu&like={like}&beside=nothing", server.url()))?;
            page.wait(Backend::Cpu.load_limit(), "results", |view| view.state == "ranked")?;
            ensure!(look(page)?.is_none() && !address()?.contains("beside"), "the address is {}", address()?);
            // A photo is in no address.
            page.open()?;
            let view = page.search(&photo)?;
            open_card(page, &view.cards[1].id)?;
            ensure!(!address()?.contains("beside"), "the address is {}", address()?);
            Ok(())
        })
    })
}

#[test]
fn a_picture_that_cannot_be_had_is_said() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([40, 40, 150]))?)?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, server| {
        page.open()?;
        let view = page.search(&photo)?;
        let (first, second) = (&view.cards[0].id, &view.cards[1].id);
        open_card(page, first)?;
        let item = shipped.items().iter().find(|item| item.id == *first).context("it is no item")?;
        server.replace(&format!("catalogue/{}", item.image), Stand::Missing);
        page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
        click(page, r#"[data-testid="heat-map"]"#)?;
        let lost = wait(page, "a sentence", |shown| shown.note.contains("missing"))?;
        ensure!(!lost.is_hot && !lost.pictures[0].is_shown, "{lost:?}");
        ensure!(page.look()?.state == "ranked", "the page is {}", page.look()?.state);
        // Another item is compared as if nothing had been; and an item with an item, without any photo.
        press(page, "Escape", 27)?;
        page.wait(PATIENCE, "the card again", |_| is_back_on(page, first).is_ok_and(|is_back| is_back))?;
        server.restore();
        let further = page.more_like(second)?;
        let shown = open_card(page, &further.cards[2].id)?;
        ensure!(!shown.words.contains("Your photo"), "{}", shown.words);
        click(page, r#"[data-testid="heat-map"]"#)?;
        wait(page, "what matched", |shown| {
            shown.is_hot && shown.pictures.iter().all(|one| one.opacity.iter().any(|value| *value > 150.0))
        })?;
        Ok(())
    })
}

#[test]
fn prices_put_results_into_another_order() -> Result<()> {
    let shop = Shop::open()?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([30, 110, 60]))?)?;
    let prices = shop.items()?.into_iter().map(|item| (item.id, item.price.unwrap_or_default()));
    let prices: std::collections::HashMap<String, String> = prices.collect();
    let amount = |id: &str| -> f64 {
        prices[id].trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(f64::NAN)
    };
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        // Without prices there is one order.
        page.open()?;
        page.search(&photo)?;
        let has_choice = r#"return document.querySelector('[data-testid="sort"]') !== null"#;
        ensure!(page.browser().execute(has_choice)? == Value::Bool(false), "there is a choice of one order");

        let address =
            format!("{}twill/index.html?backend=cpu&catalogue=../shop/catalogue/", shop.server().url());
        page.browser().goto(&address)?;
        page.wait(PATIENCE, "the shop", |view| view.state == "ready")?;
        page.search(&photo)?;
        click(page, r#"[data-testid="show-more"]"#)?;
        let all = page.wait(PATIENCE, "all results", |view| view.cards.len() == 20)?;
        for (name, sign) in [("price", 1.0), ("-price", -1.0)] {
            choose_order(page, name)?;
            let mut expected = all.cards.clone();
            expected.sort_by(|a, b| (sign * amount(&a.id)).total_cmp(&(sign * amount(&b.id))));
            let expected: Vec<&String> = expected.iter().map(|card| &card.id).collect();
            let found = page.wait(PATIENCE, "another order", |view| {
                view.cards.iter().map(|card| &card.id).eq(expected.iter().copied())
            })?;
            ensure!(found.state == "ranked", "the page is {}", found.state);
            let now = page.browser().execute("return new URLSearchParams(location.search).get('sort')")?;
            ensure!(now == name, "the address says {now}");
        }
        // The address brings the order with it.
        page.more_like(&all.cards[0].id)?;
        let sent = page.browser().execute("return location.href")?;
        page.browser().goto("about:blank")?;
        page.browser().goto(sent.as_str().context("there is no address")?)?;
        let again = page.wait(PATIENCE, "results", |view| view.state == "ranked" && view.cards.len() == 5)?;
        let costs: Vec<f64> = again.cards.iter().map(|card| amount(&card.id)).collect();
        ensure!(costs.windows(2).all(|pair| pair[0] >= pair[1]), "{costs:?}");
        choose_order(page, "")?;
        page.wait(PATIENCE, "the likest first", |view| {
            view.cards.windows(2).all(|pair| pair[0].score >= pair[1].score)
        })?;
        // With a price and a page, both stand beside the picture, too.
        let id = page.look()?.cards[0].id.clone();
        let shown = open_card(page, &id)?;
        ensure!(shown.words.contains(&prices[&id]) && shown.words.contains("To the shop"), "{}", shown.words);
        Ok(())
    })
}

fn choose_order(page: &Page, name: &str) -> Result<()> {
    page.browser()
        .execute(&format!(
            r#"const select = document.querySelector('[data-testid="sort"]');
            select.value = {};
            select.dispatchEvent(new Event("change", {{ bubbles: true }}));"#,
            json!(name)
        ))
        .map(drop)
}

fn press(page: &Page, key: &str, code: u32) -> Result<()> {
    for kind in ["keyDown", "keyUp"] {
        let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
        page.browser().devtools("Input.dispatchKeyEvent", &event)?;
    }
    Ok(())
}
