//! `<twill-search>` in a shop's page that was not built with Twill: what a visitor does with it, and what the page hears of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use e2e::{
    element::{PATIENCE, choose, find, heard, open, run, search, wait},
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::Stand,
    shop::Shop,
    site::Shipped,
};
use serde_json::json;

use crate::save;

/// A photo's file and its bytes.
pub(crate) fn shirt(folder: &Path) -> Result<(PathBuf, Vec<u8>)> {
    let photo = jpeg(&drawn_shirt([30, 90, 150]))?;
    Ok((save(folder, "shirt.jpg", &photo)?, photo))
}

#[test]
fn a_photo_in_a_shops_page_finds_what_it_sells_on_a_phone() -> Result<()> {
    a_photo_finds_what_the_shop_sells(390, 844, true)
}

#[test]
fn a_photo_in_a_shops_page_finds_what_it_sells_on_a_desktop() -> Result<()> {
    a_photo_finds_what_the_shop_sells(1440, 900, false)
}

fn a_photo_finds_what_the_shop_sells(width: u32, height: u32, is_phone: bool) -> Result<()> {
    let shop = Shop::open()?;
    let shipped = Shipped::open()?;
    let items = shop.items()?;
    let folder = tempfile::tempdir()?;
    let (photo, bytes) = shirt(folder.path())?;
    let native = shipped.recommend(&bytes, 8)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        page.resize(width, height, is_phone)?;
        let empty = open(page, &shop.url("shop.html"))?;
        ensure!(empty.state == "idle" && empty.overflow <= 0.0, "it begins as {empty:?}");
        // A visitor who does not care pays for no network.
        let requests = shop.server().requests();
        let large = |path: &str| {
            let extension = Path::new(path).extension().and_then(|extension| extension.to_str());
            matches!(extension, Some("wasm" | "safetensors" | "twill"))
        };
        ensure!(requests.iter().all(|request| !large(&request.path)), "fetched at once: {requests:?}");

        let shown = search(page, &photo)?;
        ensure!(shown.overflow <= 0.0, "{} px stick out", shown.overflow);
        ensure!(shown.status == "8 similar items found.", "screen readers hear `{}`", shown.status);
        let slack = (2.0 - 2.0 * Backend::Cpu.agreement()).sqrt();
        ensure!(shown.cards.len() == 8, "{} cards", shown.cards.len());
        for (card, hit) in shown.cards.iter().zip(&native.hits) {
            ensure!(
                (card.score - hit.score).abs() < slack,
                "{} scores {}, not {}",
                card.id,
                card.score,
                hit.score
            );
            let item = items.iter().find(|item| item.id == card.id).context("there is no such item")?;
            ensure!(
                Some(&card.name) == item.title.as_ref() && card.price == item.price,
                "{card:?} is {item:?}"
            );
            ensure!(card.link == item.link, "{card:?} leads elsewhere than {:?}", item.link);
        }
        wait(page, PATIENCE, "pictures", |shown| shown.cards.iter().all(|card| card.painted))?;

        // What the page heard, and that its own look counts.
        ensure!(heard(page, "twill-ready")? == [json!({ "backend": "cpu", "count": items.len() })]);
        let (label, _) = native.embedding.category();
        let told = json!({ "count": 8, "category": shipped.embedder().labels()[label] });
        ensure!(heard(page, "twill-results")? == [told], "it told {:?}", heard(page, "twill-results")?);
        let look = "return [getComputedStyle(one('.button.primary')).backgroundColor,
            getComputedStyle(one('.price')).fontWeight, getComputedStyle(one('.frame')).borderTopLeftRadius]";
        ensure!(run(page, look)? == json!(["rgb(122, 31, 61)", "700", "6px"]), "{}", run(page, look)?);

        // A choice is the page's own affair, if it wants; else the link is followed.
        let first = &shown.cards[0];
        page.browser().execute("location.hash = 'stay'")?;
        let here = page.browser().execute("return location.href")?;
        let link = || find(page, ".card a");
        page.browser().click(&link()?)?;
        ensure!(heard(page, "twill-select")? == [json!({ "id": first.id })]);
        ensure!(
            page.browser().execute("return document.querySelector('#basket').textContent")?
                == json!(first.id)
        );
        ensure!(
            page.browser().execute("return location.href")? == here,
            "the link was followed all the same"
        );
        page.browser().execute("location.hash = ''")?;
        page.browser().click(&link()?)?;
        page.wait(PATIENCE, "the item's page", |_| {
            page.browser().execute("return location.href").is_ok_and(|address| json!(first.link) == address)
        })?;
        Ok(())
    })
}

#[test]
fn what_a_catalogue_says_stays_text() -> Result<()> {
    let shop = Shop::open()?;
    let title =
        "<img src=x onerror=\"window.intruder = 1\"><script>window.intruder = 1</script>\u{202e}&amp;";
    let links =
        ["javascript:window.intruder=1", "data:text/html,<script>1</script>", "//nowhere", "vbscript:x", ""];
    shop.stock(|item| {
        let link = links[item.id.bytes().map(usize::from).sum::<usize>() % links.len()];
        item.title = Some(title.to_owned());
        item.price = Some("<b onclick=\"window.intruder = 1\">9</b>".to_owned());
        item.link = Some(link.to_owned());
    })?;
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        open(page, &shop.url("shop.html"))?;
        run(page, "element.setAttribute('count', '40'); element.setAttribute('least', '-1')")?;
        let shown = search(page, &photo)?;
        ensure!(shown.cards.len() == 40, "{} cards", shown.cards.len());
        for card in &shown.cards {
            ensure!(card.name == title && card.link.is_none(), "{card:?}");
            ensure!(card.price.as_deref() == Some("<b onclick=\"window.intruder = 1\">9</b>"), "{card:?}");
        }
        let strangers = "return [root.querySelectorAll('script, b, a, [onclick], [onerror]').length,
            [...root.querySelectorAll('.card img')].filter((picture) => !picture.src.includes('/images/')).length,
            element.items.filter((item) => item.link !== undefined).length, window.intruder ?? null]";
        ensure!(run(page, strangers)? == json!([0, 0, 0, null]), "there are {}", run(page, strangers)?);
        // Without a link there is nothing to press, unless the page wants to hear of it.
        ensure!(run(page, "return root.querySelectorAll('.card button').length")? == 0);
        run(page, "element.toggleAttribute('selectable')")?;
        page.browser().click(&find(page, ".card button")?)?;
        ensure!(heard(page, "twill-select")?.len() == 1 && run(page, strangers)? == json!([0, 0, 0, null]));
        Ok(())
    })
}

#[test]
fn what_goes_wrong_is_explained_and_can_be_mended() -> Result<()> {
    let shop = Shop::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    let broken = save(folder.path(), "broken.jpg", b"no photo at all")?;
    let failed =
        |page: &Page| wait(page, Backend::Cpu.load_limit(), "a failure", |shown| shown.state == "failed");
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        shop.server().replace("shop/catalogue/catalogue.json", Stand::Missing);
        open(page, &shop.url("shop.html"))?;
        choose(page, &photo)?;
        let shown = failed(page)?;
        ensure!(
            shown.trouble.contains("catalogue.json is missing on the server"),
            "it says {}",
            shown.trouble
        );
        ensure!(heard(page, "twill-error")?[0]["kind"] == "catalogue", "{:?}", heard(page, "twill-error")?);
        // The same photo, once the shop has mended it.
        shop.server().restore();
        page.browser().click(&find(page, "[part~=retry]")?)?;
        let shown = wait(page, Backend::Cpu.load_limit(), "results", |shown| shown.state == "results")?;
        ensure!(shown.cards.len() == 8 && shown.trouble.is_empty(), "{shown:?}");
        ensure!(
            run(page, "return root.activeElement === one('.button.primary')")? == true,
            "the focus is lost"
        );

        choose(page, &broken)?;
        let shown = failed(page)?;
        ensure!(
            shown.trouble.contains("not a picture") && !shown.trouble.contains("Try again"),
            "{}",
            shown.trouble
        );
        ensure!(
            run(page, "return one('.cards').getClientRects().length")? == 0,
            "old results are still shown"
        );
        ensure!(search(page, &photo)?.trouble.is_empty(), "the complaint stays");

        // Only what is similar is shown.
        run(page, "element.setAttribute('least', '0.9999')")?;
        let shown = wait(page, PATIENCE, "nothing similar", |shown| shown.state == "nothing")?;
        ensure!(
            shown.nothing.starts_with("There is nothing really similar here."),
            "it says {}",
            shown.nothing
        );
        ensure!(
            shown.cards.is_empty() && shown.status == "There is nothing really similar here.",
            "{shown:?}"
        );
        let told = heard(page, "twill-results")?;
        ensure!(told.last().is_some_and(|detail| detail["count"] == 0), "it told {told:?}");
        // What the page itself got wrong.
        run(page, "element.setAttribute('backend', 'abacus'); element.setAttribute('preload', '')")?;
        let shown = failed(page)?;
        ensure!(shown.trouble.contains("abacus"), "it says {}", shown.trouble);
        Ok(())
    })
}

#[test]
fn photos_come_in_by_drop_paste_and_program_too() -> Result<()> {
    let shop = Shop::open()?;
    let shipped = Shipped::open()?;
    let photo = jpeg(&drawn_shirt([150, 40, 60]))?;
    shop.put("photo.jpg", photo);
    let results =
        |page: &Page| wait(page, Backend::Cpu.load_limit(), "results", |shown| shown.state == "results");
    let with_file = |act: &str| {
        format!(
            "return (async () => {{
                const blob = await (await fetch('photo.jpg')).blob();
                const given = new DataTransfer();
                given.items.add(new File([blob], 'photo.jpg', {{ type: 'image/jpeg' }}));
                {act}
            }})()"
        )
    };
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        open(page, &shop.url("shop.html"))?;
        // Something else than a file is none of its business.
        let text = "const given = new DataTransfer(); given.setData('text/plain', 'hello');
            const event = new DragEvent('dragenter', { dataTransfer: given, bubbles: true, cancelable: true, composed: true });
            return [one('.frame').dispatchEvent(event), one('.veil').hidden]";
        ensure!(run(page, text)? == json!([true, true]), "a text is taken for a file");
        let drop = "const over = (type, target) => target.dispatchEvent(
                new DragEvent(type, { dataTransfer: given, bubbles: true, cancelable: true, composed: true }));
            over('dragenter', one('.frame')); over('dragenter', one('.intake')); over('dragleave', one('.frame'));
            const isVeiled = !one('.veil').hidden;
            over('dragover', one('.intake')); over('drop', one('.intake'));
            return [isVeiled, one('.veil').hidden]";
        ensure!(run(page, &with_file(drop))? == json!([true, true]), "the veil does not come or go");
        ensure!(results(page)?.cards.len() == 8);

        run(page, "element.clear()")?;
        ensure!(wait(page, PATIENCE, "nothing", |shown| shown.cards.is_empty())?.state == "ready");
        let paste = "document.body.dispatchEvent(
            new ClipboardEvent('paste', { clipboardData: given, bubbles: true, cancelable: true }))";
        run(page, &with_file("const field = document.createElement('textarea'); document.body.append(field);
            field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: given, bubbles: true, composed: true }));
            field.remove();"))?;
        ensure!(run(page, "return element.state")? == "ready", "it takes what was pasted into a field");
        run(page, &with_file(paste))?;
        ensure!(results(page)?.cards.len() == 8);

        // The page asks for what is like one of its items.
        let row = 77;
        let id = &shipped.items()[row].id;
        let script = format!("return element.search({{ item: '{id}' }}).then((items) => items.map(({{ id }}) => id))");
        let found: Vec<String> = serde_json::from_value(run(page, &script)?)?;
        let native = shipped.recommender().more_like(row, 8)?;
        let native: Vec<_> = native.iter().map(|hit| shipped.items()[hit.row].id.clone()).collect();
        ensure!(found == native, "{found:?} where native search finds {native:?}");
        // Of two searches at once the later counts.
        let both = format!(
            "const first = element.search({{ item: '{}' }}).catch(({{ name }}) => name);
             const second = element.search({{ item: '{id}' }});
             return Promise.all([first, second]).then(([first, second]) => [first, second.length, element.items.length])",
            shipped.items()[0].id
        );
        ensure!(run(page, &both)? == json!(["AbortError", 8, 8]), "{}", run(page, &both)?);

        // An element that is moved keeps what it has; one that is gone lets go of it.
        let moved = "document.body.prepend(element);
            return new Promise((resolve) => setTimeout(() => resolve([element.state, element.items.length]), 50))";
        ensure!(run(page, moved)? == json!(["results", 8]), "{}", run(page, moved)?);
        let gone = "element.remove();
            return new Promise((resolve) => setTimeout(() => resolve([element.state, element.items.length]), 50))";
        ensure!(run(page, gone)? == json!(["idle", 0]));
        Ok(())
    })
}

/// Presses and lets go of a key.
fn press(page: &Page, key: &str, code: u32, text: Option<&str>) -> Result<()> {
    let mut event = json!({ "type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": code });
    if let Some(text) = text {
        event["type"] = json!("keyDown");
        event["text"] = json!(text);
    }
    page.browser().devtools("Input.dispatchKeyEvent", &event)?;
    event["type"] = json!("keyUp");
    page.browser().devtools("Input.dispatchKeyEvent", &event)?;
    Ok(())
}

#[test]
fn everything_can_be_done_by_keyboard() -> Result<()> {
    let shop = Shop::open()?;
    let folder = tempfile::tempdir()?;
    let (photo, _) = shirt(folder.path())?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        open(page, &shop.url("shop.html#stay"))?;
        let focused = || run(page, "return root.activeElement?.getAttribute('part') ?? ''");
        press(page, "Tab", 9, None)?;
        ensure!(focused()? == "button choose", "the focus is on {}", focused()?);
        let outline = "return getComputedStyle(root.activeElement).outlineStyle";
        ensure!(run(page, outline)? == "solid", "the focus cannot be seen");
        // The key opens the browser's own dialog: here it is enough that it is asked for.
        run(
            page,
            "one('input').addEventListener('click', (event) => { event.preventDefault(); window.opened = true; })",
        )?;
        press(page, "Enter", 13, Some("\r"))?;
        ensure!(page.browser().execute("return window.opened ?? false")? == true, "Enter opens no dialog");
        let shown = search(page, &photo)?;
        // Results come in without taking the focus away; the way goes on through them.
        ensure!(focused()? == "button choose", "the focus has gone to {}", focused()?);
        press(page, "Tab", 9, None)?;
        ensure!(focused()? == "link", "the focus is on {}", focused()?);
        let ring = "return getComputedStyle(root.activeElement.closest('.card')).outlineStyle";
        ensure!(run(page, ring)? == "solid", "the focus on a card cannot be seen");
        press(page, "Tab", 9, None)?;
        press(page, "Enter", 13, Some("\r"))?;
        let chosen = heard(page, "twill-select")?;
        ensure!(chosen == [json!({ "id": shown.cards[1].id })], "chosen was {chosen:?}");
        Ok(())
    })
}
