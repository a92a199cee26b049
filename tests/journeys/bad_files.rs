//! Files that are no good: each is answered in words of its own, and the next good photo works.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg, png, png_bomb},
    server::{Server, Stand},
    site::Shipped,
};

use crate::save;

#[test]
fn each_unusable_photo_is_explained_and_the_next_one_works() -> Result<()> {
    let shirt = drawn_shirt([200, 120, 40]);
    let whole = jpeg(&shirt)?;
    let cut_png = png(&shirt)?;
    let files: [(&str, &[u8]); 5] = [
        ("shopping-list.jpg", b"Two shirts, one pair of trousers.\n"),
        ("empty.jpg", b""),
        ("cut-off.jpg", &whole[..whole.len() / 2]),
        ("cut-off.png", &cut_png[..cut_png.len() / 2]),
        ("huge.png", &png_bomb()),
    ];
    let folder = tempfile::tempdir()?;
    let good = save(folder.path(), "shirt.jpg", &whole)?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, _| {
        page.open()?;
        let mut messages = HashMap::new();
        for (name, bytes) in files {
            let message = page.complaint_about(&save(folder.path(), name, bytes)?)?;
            println!("{name}: {message}");
            check_for_a_person(&message)?;
            if let Some(other) = messages.insert(message, name) {
                ensure!(false, "{name} and {other} are told apart by nothing");
            }
            let view = page.search(&good)?;
            ensure!(view.cards.len() == 5, "{} results after {name}", view.cards.len());
            ensure!(view.error.is_empty(), "the message about {name} stays: {}", view.error);
        }
        Ok(())
    })
}

#[test]
fn each_missing_or_damaged_artefact_is_explained_and_mended_by_a_reload() -> Result<()> {
    let shipped = Shipped::open()?;
    let damaged = |path: &str| -> Result<Stand> {
        let mut bytes = shipped.bytes(path)?;
        let middle = bytes.len() / 2;
        let byte = bytes.get_mut(middle).with_context(|| format!("{path} is empty"))?;
        *byte ^= 0x55;
        Ok(Stand::Bytes(bytes))
    };
    let cut = |path: &str| -> Result<Stand> {
        let bytes = shipped.bytes(path)?;
        Ok(Stand::Bytes(bytes[..bytes.len() / 2].to_vec()))
    };
    let (weights, features, items) = (shipped.weights_path(), shipped.features_path(), shipped.items_path());
    let card = "model/model.json";
    let catalogue = "catalogue/catalogue.json";
    let cases = [
        ("missing weights", &*weights, Stand::Missing),
        ("damaged weights", &*weights, damaged(&weights)?),
        ("cut-off weights", &*weights, cut(&weights)?),
        ("missing features", &*features, Stand::Missing),
        ("damaged features", &*features, damaged(&features)?),
        ("cut-off features", &*features, cut(&features)?),
        ("missing items", &*items, Stand::Missing),
        ("missing model card", card, Stand::Missing),
        ("model card in prose", card, Stand::Bytes(b"It is a good model.".to_vec())),
        ("missing catalogue card", catalogue, Stand::Missing),
        // What many hosts answer for a file that is not there, with status 200.
        ("a page for a catalogue", catalogue, Stand::Bytes(b"<!doctype html><title>Hello</title>".to_vec())),
    ];
    let folder = tempfile::tempdir()?;
    let good = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([70, 70, 70]))?)?;
    Plan::on(Backend::Cpu).run(|page, server| {
        let mut messages = HashMap::new();
        for (name, path, stand) in cases {
            let message = message_with(page, server, path, stand)?;
            println!("{name}: {message}");
            check_for_a_person(&message)?;
            if let Some(other) = messages.insert(message, name) {
                ensure!(false, "{name} and {other} are told apart by nothing");
            }
            server.restore();
            page.open()?;
        }
        // The page has seen every failure by now, and works.
        ensure!(page.search(&good)?.cards.len() == 5);
        Ok(())
    })
}

/// What the page says when `path` is served as `stand`.
fn message_with(page: &Page, server: &Server, path: &str, stand: Stand) -> Result<String> {
    server.replace(path, stand);
    page.browser().devtools("Network.clearBrowserCache", &serde_json::json!({}))?;
    page.visit()?;
    let view = page.wait(Backend::Cpu.load_limit(), "an error message", |view| !view.error.is_empty())?;
    ensure!(view.state == "failed", "the page says `{}` and is `{}`", view.error, view.state);
    // Still a page: a photo can be chosen.
    page.browser().find(r#"input[data-testid="photo-input"]"#)?;
    Ok(view.error)
}

/// A sentence, and nothing of how the program sees it.
pub(crate) fn check_for_a_person(message: &str) -> Result<()> {
    ensure!(message.len() > 20 && message.contains(' '), "`{message}` is no sentence");
    for inside in ["Err(", "Error {", "unwrap", "panicked", "JsValue", "undefined", "RuntimeError", "::"] {
        ensure!(!message.contains(inside), "`{message}` speaks of the program's insides");
    }
    Ok(())
}
