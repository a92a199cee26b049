//! Twill as a module in a page that is not its own: `embed` and `search` give what the native network and search give, and mistakes are
//! told by their type.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    shop::Shop,
    site::{Shipped, repository},
};
use model::{
    crop::CropBox,
    image::{DecodeLimits, decode},
    search::Hit,
};
use serde_json::{Value, json};

use crate::{cosine, save};

/// Opens the example page with a photo beside it, and waits until its module has loaded.
fn open(page: &Page, shop: &Shop, photo: &[u8]) -> Result<()> {
    shop.put("photo.jpg", photo.to_vec());
    page.browser().goto(&shop.url("module.html"))?;
    page.wait(Backend::Cpu.load_limit(), "the module", |_| {
        page.browser().execute("return globalThis.twill !== undefined").is_ok_and(|is_there| is_there == true)
    })?;
    let begin = "globalThis.photo = await (await fetch('photo.jpg')).blob(); return photo.size";
    ensure!(run(page, begin)? == json!(photo.len()), "the page has another photo");
    Ok(())
}

/// What the body of an asynchronous function in the page returns; what it throws comes as `{ name, kind, message, hint }`.
fn run(page: &Page, body: &str) -> Result<Value> {
    page.browser().execute(&format!(
        "return (async () => {{ {body} }})()
            .catch(({{ name, kind, message, hint }}) => ({{ name, kind, message, hint }}))"
    ))
}

/// Ids and scores of the items that a search in the page finds.
fn found(page: &Page, search: &str) -> Result<Vec<(String, f32)>> {
    let body = format!("return (await twill.search({search})).map(({{ id, score }}) => [id, score])");
    let found = run(page, &body)?;
    serde_json::from_value(found.clone()).with_context(|| format!("twill.search({search}) gives {found}"))
}

/// The same items in the same order as native search, with scores that far apart at most.
fn check(found: &[(String, f32)], hits: &[Hit], shipped: &Shipped, slack: f32) -> Result<()> {
    ensure!(found.len() == hits.len(), "{} items instead of {}", found.len(), hits.len());
    for ((id, score), hit) in found.iter().zip(hits) {
        let native = &shipped.items()[hit.row].id;
        ensure!((score - hit.score).abs() <= slack, "{id} scores {score}, natively {native} {}", hit.score);
        // Items that are equally alike may change places.
        ensure!(
            id == native || hits.iter().any(|other| shipped.items()[other.row].id == *id),
            "{id} is not among the native results"
        );
    }
    Ok(())
}

#[test]
fn a_module_embeds_and_searches_as_the_native_network_does() -> Result<()> {
    let shipped = Shipped::open()?;
    let shop = Shop::open()?;
    let photo = jpeg(&drawn_shirt([30, 90, 150]))?;
    let native = shipped.recommend(&photo, 7)?;
    let recommender = shipped.recommender();
    Plan::on(Backend::Cpu).run(|page, _| {
        open(page, &shop, &photo)?;
        let seen = run(
            page,
            "const seen = await twill.embed(photo);
             return { ...seen, vector: [...seen.vector], isTyped: seen.vector instanceof Float32Array }",
        )?;
        let vector: Vec<f32> = serde_json::from_value(seen["vector"].clone())?;
        let cosine = cosine(&vector, &native.embedding.vector);
        println!("cosine with the native embedding: {cosine}");
        ensure!(cosine > 0.9999 && vector.len() == native.embedding.vector.len(), "the cosine is {cosine}");
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
        ensure!((length - 1.0).abs() < 1e-5 && seen["isTyped"] == true, "a vector of length {length}");
        let CropBox { x1, y1, x2, y2 } = native.embedding.garment;
        for (side, edge) in [("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)] {
            let own = seen["box"][side].as_f64().context("the box has no such side")? as f32;
            ensure!((own - edge).abs() < 1e-3, "{side} is {own}, natively {edge}");
        }
        let (label, _) = native.embedding.category();
        ensure!(seen["category"]["name"] == json!(shipped.embedder().labels()[label]), "it is {seen}");
        ensure!((seen["width"] == 300, seen["height"] == 400) == (true, true), "it is {seen}");

        // By photo, by vector, by item, among a category, by a part of the photo.
        let slack = (2.0 - 2.0 * Backend::Cpu.agreement()).sqrt();
        check(&found(page, "photo, { k: 7 }")?, &native.hits, &shipped, slack)?;
        let given = json!(native.embedding.vector);
        check(&found(page, &format!("{{ vector: {given} }}, {{ k: 7 }}"))?, &native.hits, &shipped, 1e-6)?;
        let row = 1234;
        let id = &shipped.items()[row].id;
        let like = recommender.more_like(row, 9)?;
        check(&found(page, &format!("{{ item: '{id}' }}, {{ k: 9 }}"))?, &like, &shipped, 1e-6)?;
        let skirts = |row: usize| shipped.items()[row].category == "skirt";
        let features = recommender.catalogue().features();
        let expected = model::search::top_k_where(features, &native.embedding.vector, 5, skirts)?;
        let among = found(page, &format!("{{ vector: {given} }}, {{ categories: ['skirt'] }}"))?;
        ensure!(expected.len() == 5, "the catalogue has too few skirts for this journey");
        check(&among, &expected, &shipped, 1e-6)?;
        let crop = CropBox::new(0.2, 0.1, 0.8, 0.6)?;
        let decoded = decode(&photo, &DecodeLimits::default())?;
        let cropped = pollster::block_on(recommender.recommend(&decoded, Some(crop), 5))?;
        let part = found(page, "photo, { crop: { x1: 0.2, y1: 0.1, x2: 0.8, y2: 0.6 } }")?;
        check(&part, &cropped.hits, &shipped, slack)?;
        ensure!(part != found(page, "photo")?, "a part of the photo gives what the whole gives");

        // Every question is answered, whatever comes after it.
        let both = "const seen = await Promise.all(Array.from({ length: 12 }, () => twill.embed(photo)));
            return seen.every(({ vector }) => vector.every((value, at) => value === seen[0].vector[at]))";
        ensure!(run(page, both)? == true, "of twelve answers some are missing or differ");
        Ok(())
    })
}

#[test]
fn the_example_page_shows_what_it_finds() -> Result<()> {
    let shop = Shop::open()?;
    let photo = jpeg(&drawn_shirt([150, 40, 60]))?;
    let folder = tempfile::tempdir()?;
    let file = save(folder.path(), "shirt.jpg", &photo)?;
    let broken = save(folder.path(), "broken.jpg", b"no photo at all")?;
    Plan::on(Backend::Cpu).run(|page, _| {
        open(page, &shop, &photo)?;
        let input = page.browser().find("input")?;
        page.browser().type_into(&input, &file.to_string_lossy())?;
        let lines = "return document.querySelectorAll('li').length";
        page.wait(Backend::Cpu.search_limit(), "ten lines", |_| {
            page.browser().execute(lines).is_ok_and(|lines| lines == 10)
        })?;
        page.browser().type_into(&input, &broken.to_string_lossy())?;
        let status = "return document.querySelector('[role=status]').textContent";
        page.wait(Backend::Cpu.search_limit(), "a complaint", |_| {
            page.browser().execute(status).is_ok_and(|status| {
                status.as_str().is_some_and(|text| text.starts_with("photo: This file is not"))
            })
        })?;
        Ok(())
    })
}

#[test]
fn mistakes_and_failures_are_told_by_their_type() -> Result<()> {
    let shop = Shop::open()?;
    let photo = jpeg(&drawn_shirt([30, 90, 150]))?;
    Plan::on(Backend::Cpu).run(|page, _| {
        open(page, &shop, &photo)?;
        let failures = [
            ("twill.embed(new Blob(['no photo']))", "photo", "This file is not a picture"),
            ("twill.search({ item: 'nobody' })", "catalogue", "no item “nobody”"),
            ("twill.search({ vector: [1, 0, 0] })", "catalogue", "3 values"),
            ("Twill.load({ catalogue: 'nowhere/' })", "catalogue", "catalogue.json is missing"),
            ("Twill.load({ model: '../twill/catalogue/catalogue.json' })", "model", "model.json"),
            ("Twill.load({ catalogue: 'http://127.0.0.1:9/catalogue.json' })", "network", "catalogue.json"),
            ("Twill.load({ backend: 'webgpu' })", "backend", "WebGPU"),
        ];
        for (call, kind, part) in failures {
            let import = "const { Twill } = await import('../twill/twill.js');";
            let error = run(page, &format!("{import} return await {call}"))?;
            println!("{call}: {error}");
            ensure!(error["name"] == "TwillError" && error["kind"] == kind, "{call} gives {error}");
            ensure!(
                error["message"].as_str().is_some_and(|text| text.contains(part)),
                "{call} gives {error}"
            );
        }
        let mistakes = [
            ("twill.embed('photo.jpg')", "TypeError"),
            ("twill.embed(photo, { crop: { x1: 0.5, y1: 0, x2: 0.5, y2: 1 } })", "RangeError"),
            ("twill.embed(photo, { crop: { x1: 0, y1: 0, x2: NaN, y2: 1 } })", "RangeError"),
            ("twill.search(photo, { k: 0 })", "RangeError"),
            ("twill.search(photo, { categories: 'skirt' })", "TypeError"),
            ("twill.search({ vector: [NaN] })", "TypeError"),
            ("twill.search({ vector: 'abc' })", "TypeError"),
            ("twill.search(null)", "TypeError"),
            ("new twill.constructor()", "TypeError"),
            ("twill.constructor.load({ backend: 'gpu' })", "TypeError"),
            ("twill.constructor.load({ catalogue: 'data:application/json,{}' })", "TypeError"),
            ("twill.embed(photo, { signal: AbortSignal.abort() })", "AbortError"),
            (
                "(() => { const stop = new AbortController(); const seen = twill.embed(photo, stop); \
                 stop.abort(); return seen; })()",
                "AbortError",
            ),
        ];
        for (call, name) in mistakes {
            let error = run(page, &format!("return await {call}"))?;
            ensure!(error["name"] == name, "{call} gives {error}");
        }
        // The language of what is said may be chosen, and none of this has harmed it.
        let german = "const german = await twill.constructor.load({ lang: 'de-AT', backend: 'cpu' });
            const message = await german.embed(new Blob([])).catch((error) => error.message);
            german.close();
            return message";
        ensure!(run(page, german)? == "Diese Datei ist leer.", "it says {}", run(page, german)?);
        let dimension = Shipped::open()?.embedder().dimension();
        ensure!(run(page, "return (await twill.embed(photo)).vector.length")? == dimension);
        let closed = "const waiting = twill.embed(photo).catch(({ name }) => name); twill.close();
            return [await waiting, await twill.search(photo).catch(({ name }) => name)]";
        let names = run(page, closed)?;
        ensure!(names == json!(["InvalidStateError", "InvalidStateError"]), "a closed one says {names}");
        Ok(())
    })
}

/// What a module gives away and what its types say is the same; so are the languages and the files with their words.
#[test]
fn types_and_languages_are_those_that_there_are() -> Result<()> {
    let read = |file: &str| -> Result<String> {
        let file = repository().join("app/js").join(file);
        fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))
    };
    for module in ["twill", "twill-search"] {
        let classes = |text: &str| -> BTreeSet<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix("export class "));
            lines.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
        };
        let (script, types) = (read(&format!("{module}.js"))?, read(&format!("{module}.d.ts"))?);
        let own = classes(&script);
        ensure!(!own.is_empty() && own == classes(&types), "{module}.js has the classes {own:?}");
    }
    let words = read("embed/words.js")?;
    let (_, list) = words.split_once("LANGUAGES = ").context("words.js has no languages")?;
    let list: BTreeSet<String> = serde_json::from_str(list.split(';').next().unwrap_or_default())?;
    let files = fs::read_dir(repository().join("app/texts"))?;
    let codes = files.map(|file| {
        Ok(Path::new(&file?.file_name()).file_stem().unwrap_or_default().to_string_lossy().into())
    });
    ensure!(list == codes.collect::<Result<BTreeSet<String>>>()?, "words.js has the languages {list:?}");
    Ok(())
}
