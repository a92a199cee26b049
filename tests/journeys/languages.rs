//! The page in every language that it speaks, and the files that translators write.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::Stand,
    site::{Shipped, repository},
};
use serde_json::{Value, json};

use crate::{check_five_results, save};

/// Every language with the plural forms that its numbers take, as Unicode's CLDR lists them; those of millions left out
/// where the general form is the same.
const LANGUAGES: [(&str, &[&str]); 6] = [
    ("ar", &["few", "many", "one", "other", "two", "zero"]),
    ("de", &["one", "other"]),
    ("en", &["one", "other"]),
    ("es", &["one", "other"]),
    ("fr", &["one", "other"]),
    ("zh", &["other"]),
];
/// Longest that the page may take to change over.
const PATIENCE: Duration = Duration::from_secs(10);
/// The category under which the files keep translated names of the catalogue's.
const NAMES: &str = "names";

type Words = serde_json::Map<String, Value>;

#[test]
fn every_language_says_everything_and_nothing_else() -> Result<()> {
    let english = words("en")?;
    let folder = fs::read_dir(texts())?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let files: BTreeSet<String> = folder.collect::<Result<_>>()?;
    let expected: BTreeSet<String> = LANGUAGES.iter().map(|(code, _)| format!("{code}.json")).collect();
    ensure!(files == expected, "there are {files:?} where {expected:?} are expected");
    for (code, forms) in LANGUAGES {
        let words = words(code)?;
        let missing: Vec<_> = english.keys().filter(|key| !words.contains_key(*key)).collect();
        let unknown: Vec<_> = words.keys().filter(|key| !english.contains_key(*key)).collect();
        ensure!(
            missing.is_empty() && unknown.is_empty(),
            "{code} lacks {missing:?} and has {unknown:?} too many"
        );
        for (key, entry) in words.iter().filter(|(key, _)| *key != NAMES) {
            let model = &english[key];
            ensure!(
                entry.is_object() == model.is_object(),
                "{code}: {key} has plural forms in one language only"
            );
            if let Some(entry) = entry.as_object() {
                let found: Vec<_> = entry.keys().map(String::as_str).collect();
                let found = BTreeSet::from_iter(found);
                ensure!(found == forms.iter().copied().collect(), "{code}: {key} has the forms {found:?}");
            }
            for text in texts_of(entry) {
                ensure!(!text.trim().is_empty(), "{code}: {key} is empty");
                let places = places(text);
                for other in texts_of(model) {
                    ensure!(places == self::places(other), "{code}: {key} has the places {places:?}: {text}");
                }
            }
        }
    }
    Ok(())
}

#[test]
fn every_category_and_attribute_has_a_name_in_every_language() -> Result<()> {
    let shipped = Shipped::open()?;
    let labels = shipped.embedder().labels().iter().cloned();
    let categories = shipped.items().iter().map(|item| item.category.clone());
    let attributes = shipped.embedder().card().attributes.iter().flat_map(|attribute| {
        let said = attribute.values.iter().filter(|value| !["none", "regular"].contains(&value.as_str()));
        said.map(|value| format!("{}: {value}", attribute.name))
    });
    let named = shipped.embedder().card().attributes.iter().map(|attribute| attribute.name.as_str());
    let compared = named.chain(["category", "colour"]).map(|name| format!("attribute: {name}"));
    let wanted: BTreeSet<String> = labels.chain(categories).chain(attributes).chain(compared).collect();
    for (code, _) in LANGUAGES {
        let words = words(code)?;
        let names = words[NAMES].as_object().context("the names are no object")?;
        let missing: Vec<_> = wanted.iter().filter(|name| !names.contains_key(*name)).collect();
        ensure!(missing.is_empty(), "{code} has no name for {missing:?}");
    }
    Ok(())
}

/// What is said in the program and in the page is in the files, and the other way round.
#[test]
fn keys_are_those_that_the_page_uses() -> Result<()> {
    let english = words("en")?;
    let mut sources = fs::read_to_string(repository().join("index.html"))?;
    for folder in
        ["app/src", "app/src/texts", "app/src/components", "app/src/worker", "app/js", "app/js/embed"]
    {
        for entry in fs::read_dir(repository().join(folder))? {
            let path = entry?.path();
            if path.is_file() {
                sources += &fs::read_to_string(path)?;
            }
        }
    }
    let used = |key: &str| {
        [format!("\"{key}\""), format!("    {key},\n"), format!("words.{key}")]
            .iter()
            .any(|use_| sources.contains(use_))
    };
    let idle: Vec<_> = english.keys().filter(|key| !used(key) && *key != NAMES).collect();
    ensure!(idle.is_empty(), "nothing says {idle:?}");
    // Keys by which the program asks: those of the list of functions, and those in quotes.
    let texts = fs::read_to_string(repository().join("app/src/texts.rs"))?
        + &fs::read_to_string(repository().join("app/src/texts/wardrobe.rs"))?;
    let faults = fs::read_to_string(repository().join("app/src/worker/fault.rs"))?;
    let listed = texts.lines().filter_map(|line| line.strip_prefix("    ")?.strip_suffix(','));
    let sources = [&texts, &faults].into_iter();
    let quoted = sources.flat_map(|source| source.split('"').skip(1).step_by(2));
    let quoted = quoted.filter(|text| text.contains('_'));
    let is_key = |text: &&str| text.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let asked: Vec<_> = listed.chain(quoted).filter(is_key).collect();
    let unknown: Vec<_> = asked.iter().filter(|key| !english.contains_key(**key)).collect();
    ensure!(
        asked.len() > 80 && unknown.is_empty(),
        "of {} keys there are no words for {unknown:?}",
        asked.len()
    );
    // Keys in the page itself, with the words that stand there in English.
    let page = fs::read_to_string(repository().join("index.html"))?;
    let mut count = 0;
    for part in page.split("data-text=\"").skip(1) {
        let (key, rest) = part.split_once('"').context("an attribute without an end")?;
        let (_, rest) = rest.split_once('>').context("an element without an end")?;
        let (text, _) = rest.split_once('<').context("an element without an end")?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        ensure!(english.get(key).and_then(Value::as_str) == Some(&text), "the page says `{text}` for {key}");
        count += 1;
    }
    ensure!(count >= 5, "only {count} elements of the page can be translated");
    let title = format!("<title>{}</title>", english["title"].as_str().unwrap_or_default());
    ensure!(page.contains(&title), "the page has another title than {title}");
    Ok(())
}

#[test]
fn the_browsers_language_is_spoken_and_another_one_can_be_chosen() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([40, 90, 60]))?)?;
    Plan::on(Backend::Cpu).run_on_each_screen(|page, server| {
        prefer(page, "ar-EG,ar,en")?;
        page.open()?;
        check_language(page, "ar", "rtl")?;
        ensure!(text(page, "h1")? == word("ar", "headline")?, "the headline is `{}`", text(page, "h1")?);
        let first = page.search(&photo)?;
        check_five_results(&first, &ids)?;
        ensure!(text(page, "#results-title")? == word("ar", "results")?);
        // Another language: the results stay, and so does the focus.
        choose(page, "de")?;
        wait_for(page, "#results-title", &word("de", "results")?)?;
        check_language(page, "de", "ltr")?;
        let view = page.look()?;
        ensure!(
            view.state == "ranked" && view.error.is_empty(),
            "the page is `{}`: {}",
            view.state,
            view.error
        );
        let shown = |cards: &[e2e::page::Card]| cards.iter().map(|card| card.id.clone()).collect::<Vec<_>>();
        ensure!(shown(&view.cards) == shown(&first.cards), "other results than before");
        ensure!(
            view.query.map(|query| query.embedding) == first.query.map(|query| query.embedding),
            "the photo is another one"
        );
        let focus = "return document.activeElement?.dataset.testid === 'language'";
        page.wait(PATIENCE, "the focus", |_| page.browser().execute(focus).is_ok_and(|has| has == true))?;
        // And it goes on from there.
        check_five_results(&page.more_like(&view.cards[0].id)?, &ids)?;
        // The choice is remembered, whatever the browser prefers.
        page.open()?;
        check_language(page, "de", "ltr")?;
        ensure!(text(page, "h1")? == word("de", "headline")?);
        ensure!(page.browser().execute("return document.title")? == json!(word("de", "title")?));
        // The address has the last word.
        page.browser().goto(&format!("{}?backend=cpu&lang=fr", server.url()))?;
        wait_for(page, "h1", &word("fr", "headline")?)?;
        check_language(page, "fr", "ltr")
    })
}

#[test]
fn words_that_cannot_be_had_leave_the_page_as_it_is() -> Result<()> {
    let plan = Plan { query: "&lang=de".to_owned(), ..Plan::on(Backend::Cpu) };
    plan.run_on_each_screen(|page, server| {
        server.replace("texts/de.json", Stand::Missing);
        server.replace("texts/es.json", Stand::Bytes(b"No words at all".to_vec()));
        page.open()?;
        check_language(page, "en", "ltr")?;
        ensure!(text(page, "h1")? == word("en", "headline")?);
        choose(page, "es")?;
        let view = page.wait(PATIENCE, "an error message", |view| !view.error.is_empty())?;
        ensure!(view.error.starts_with(&word("en", "language_lost")?), "it says `{}`", view.error);
        check_language(page, "en", "ltr")?;
        let shown = "return document.querySelector('[data-testid=language]').value";
        page.wait(PATIENCE, "English", |_| page.browser().execute(shown).is_ok_and(|code| code == "en"))?;
        Ok(())
    })
}

#[test]
fn no_language_sticks_out_of_a_screen() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 90, 30]))?)?;
    Plan::on(Backend::Cpu).run(|page, server| {
        let screens = [(360, 640, true), (1440, 900, false)];
        for ((width, height, is_phone), (code, _)) in
            screens.into_iter().flat_map(|screen| LANGUAGES.map(|language| (screen, language)))
        {
            page.resize(width, height, is_phone)?;
            page.browser().goto(&format!("{}?backend=cpu&lang={code}", server.url()))?;
            let limit = Backend::Cpu.load_limit();
            let empty = page.wait(limit, "ready", |view| view.state == "ready")?;
            ensure!(empty.overflow <= 0.0, "{code}: {} px stick out", empty.overflow);
            let view = page.search(&photo)?;
            ensure!(view.overflow <= 0.0, "{code}, with results: {} px stick out", view.overflow);
        }
        Ok(())
    })
}

fn texts() -> PathBuf {
    repository().join("app/texts")
}

fn words(code: &str) -> Result<Words> {
    let file = texts().join(format!("{code}.json"));
    let text = fs::read_to_string(&file).with_context(|| format!("{} cannot be read", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON object", file.display()))
}

fn word(code: &str, key: &str) -> Result<String> {
    Ok(words(code)?[key].as_str().with_context(|| format!("{code} has no {key}"))?.to_owned())
}

/// Every text of an entry: one, or one a plural form.
fn texts_of(entry: &Value) -> Vec<&str> {
    match entry {
        Value::Object(forms) => forms.values().filter_map(Value::as_str).collect(),
        text => text.as_str().into_iter().collect(),
    }
}

/// The `{places}` of a text, and how often each comes.
fn places(text: &str) -> BTreeMap<&str, usize> {
    let mut places = BTreeMap::new();
    for part in text.split('{').skip(1) {
        if let Some((name, _)) = part.split_once('}') {
            *places.entry(name).or_default() += 1;
        }
    }
    places
}

/// Has the browser prefer these languages, in this order.
fn prefer(page: &Page, languages: &str) -> Result<()> {
    page.browser().goto("about:blank")?;
    let agent = page.browser().execute("return navigator.userAgent")?;
    let wish = json!({ "userAgent": agent, "acceptLanguage": languages });
    page.browser().devtools("Emulation.setUserAgentOverride", &wish).map(drop)
}

fn choose(page: &Page, code: &str) -> Result<()> {
    let option = format!(r#"[data-testid="language"] option[value="{code}"]"#);
    page.browser().click(&page.browser().find(&option)?)
}

fn text(page: &Page, selector: &str) -> Result<String> {
    let script = format!("return document.querySelector({})?.textContent.trim() ?? ''", json!(selector));
    Ok(page.browser().execute(&script)?.as_str().unwrap_or_default().to_owned())
}

fn wait_for(page: &Page, selector: &str, wanted: &str) -> Result<()> {
    page.wait(PATIENCE, wanted, |_| text(page, selector).is_ok_and(|text| text == wanted)).map(drop)
}

fn check_language(page: &Page, code: &str, direction: &str) -> Result<()> {
    let root =
        page.browser().execute("return [document.documentElement.lang, document.documentElement.dir]")?;
    ensure!(root == json!([code, direction]), "the page is in {root}");
    Ok(())
}
