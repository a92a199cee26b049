//! The language that the page speaks: words by their key, plural forms, numbers.
//!
//! `app/js/language.js` chooses the language and fetches its words before this program starts. English is built in, and stands
//! in for whatever a language lacks. Plural forms and the ways of writing numbers are the browser's own.

use std::cell::RefCell;

use js_sys::{Array, Function, Intl, JSON, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::protocol::{Message, Value};

/// The built-in words; translators find those of all languages in `app/texts`.
const ENGLISH: &str = include_str!("../texts/en.json");
/// The value that decides on the plural form.
const COUNT: &str = "count";
/// The plural form that every language has.
const OTHER: &str = "other";

thread_local! {
    static SPEECH: RefCell<Speech> = RefCell::new(Speech::of_page());
}

/// What it takes to speak a language.
struct Speech {
    words: JsValue,
    english: JsValue,
    plurals: Intl::PluralRules,
    numbers: Intl::NumberFormat,
    per_cent: Intl::NumberFormat,
}

impl Speech {
    /// Of the language that `language.js` has chosen; English without it.
    fn of_page() -> Self {
        let page = page_language().unwrap_or_default();
        let locale = get(&page, "locale").unwrap_or_else(|| "en".into());
        let locales = Array::of1(&locale);
        let style = Object::new();
        set(&style, "style", &"percent".into());
        let digits = Object::new();
        set(&digits, "maximumFractionDigits", &1.into());
        Self {
            words: get(&page, "words").unwrap_or_default(),
            // The file is part of this program, and a test reads it.
            english: JSON::parse(ENGLISH).unwrap_or_default(),
            plurals: Intl::PluralRules::new(&locales, &Object::new()),
            numbers: Intl::NumberFormat::new(&locales, &digits),
            per_cent: Intl::NumberFormat::new(&locales, &style),
        }
    }

    /// The words with this key; the key itself where nobody has written any.
    fn words(&self, key: &str, values: &[(&str, String)], count: Option<f64>) -> String {
        let find = |words: &JsValue| {
            let entry = get(words, key)?;
            if let Some(text) = entry.as_string() {
                return Some(text);
            }
            let form = count.and_then(|count| self.plurals.select(count).as_string());
            form.and_then(|form| get(&entry, &form)).or_else(|| get(&entry, OTHER))?.as_string()
        };
        let text = find(&self.words).or_else(|| find(&self.english)).unwrap_or_else(|| key.to_owned());
        fill(&text, values)
    }

    fn number(&self, number: f64) -> String {
        format(&self.numbers, number)
    }
}

/// The words with this key.
#[must_use]
pub fn say(key: &str) -> String {
    SPEECH.with_borrow(|speech| speech.words(key, &[], None))
}

/// The words with this key, with texts in their `{places}`.
#[must_use]
pub fn say_with(key: &str, values: &[(&str, String)]) -> String {
    SPEECH.with_borrow(|speech| speech.words(key, values, None))
}

/// The words with this key in the form that `count` wants, which is one of the values.
#[must_use]
pub fn say_count(key: &str, count: usize, values: &[(&str, String)]) -> String {
    let count = count as f64;
    SPEECH.with_borrow(|speech| {
        let mut all = vec![(COUNT, speech.number(count))];
        all.extend_from_slice(values);
        speech.words(key, &all, Some(count))
    })
}

/// What the worker has to say, in the page's language.
#[must_use]
pub fn read(message: &Message) -> String {
    let values: Vec<(&str, String)> = message
        .values
        .iter()
        .map(|(name, value)| {
            let value = match value {
                Value::Text(text) => text.clone(),
                Value::Number(value) => number(*value),
            };
            (name.as_str(), value)
        })
        .collect();
    say_with(&message.key, &values)
}

/// A name of the catalogue's, such as a category's, where somebody has translated it; else as it is.
#[must_use]
pub fn name(name: &str) -> String {
    let find = |words: &JsValue| get(&get(words, "names")?, name)?.as_string();
    SPEECH
        .with_borrow(|speech| find(&speech.words).or_else(|| find(&speech.english)))
        .unwrap_or_else(|| name.to_owned())
}

/// A number, with at most one decimal.
#[must_use]
pub fn number(number: f64) -> String {
    SPEECH.with_borrow(|speech| speech.number(number))
}

/// A part of one in per cent, rounded down: only the whole gets 100.
#[must_use]
pub fn per_cent(part: f32) -> String {
    let whole = f64::from((part.clamp(0.0, 1.0) * 100.0).floor());
    SPEECH.with_borrow(|speech| format(&speech.per_cent, whole / 100.0))
}

/// The code of the page's language, such as `de`.
#[must_use]
pub fn current() -> String {
    page_language().and_then(|page| get(&page, "code")?.as_string()).unwrap_or_else(|| "en".to_owned())
}

/// Codes of all languages, each with its name in its own words.
#[must_use]
pub fn all() -> Vec<(String, String)> {
    let names = page_language().and_then(|page| get(&page, "names")?.dyn_into::<Array>().ok());
    let pairs = names.unwrap_or_default();
    pairs
        .iter()
        .filter_map(|pair| {
            let pair: Array = pair.dyn_into().ok()?;
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .collect()
}

/// Changes over to another language. Says whether its words could be had; if not, everything stays as it is.
pub async fn choose(code: &str) -> bool {
    let answer = async {
        let page = page_language()?;
        let choose: Function = get(&page, "choose")?.dyn_into().ok()?;
        let promise: Promise = choose.call1(&page, &code.into()).ok()?.dyn_into().ok()?;
        JsFuture::from(promise).await.ok()
    };
    let has_changed = answer.await.is_some_and(|answer| answer.is_truthy());
    if has_changed {
        SPEECH.set(Speech::of_page());
    }
    has_changed
}

/// Puts values into the `{places}` of a text. What is put in is not looked at again.
fn fill(text: &str, values: &[(&str, String)]) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let place = after.split_once('}').and_then(|(name, after)| {
            values.iter().find(|(other, _)| *other == name).map(|(_, value)| (value, after))
        });
        rest = if let Some((value, after)) = place {
            filled.push_str(value);
            after
        } else {
            filled.push('{');
            after
        };
    }
    filled.push_str(rest);
    filled
}

fn format(format: &Intl::NumberFormat, number: f64) -> String {
    let text = format.format().call1(&JsValue::NULL, &number.into());
    text.ok().and_then(|text| text.as_string()).unwrap_or_else(|| number.to_string())
}

/// What `language.js` has left for this program.
fn page_language() -> Option<JsValue> {
    get(&js_sys::global(), "twillLanguage")
}

fn get(object: &JsValue, name: &str) -> Option<JsValue> {
    // Asking something that is no object is an exception; a property that is not there is undefined.
    Reflect::get(object, &name.into()).ok().filter(|value| !value.is_undefined() && !value.is_null())
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a property of an object that was made here cannot fail.
    let _ = Reflect::set(object, &name.into(), value);
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::fill;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn places_are_filled_once() {
        let values = [("name", "{count} {name}".to_owned()), ("count", "3".to_owned())];
        assert_eq!(fill("{count} of {name}", &values), "3 of {count} {name}");
        assert_eq!(fill("{nobody} { {count", &values), "{nobody} { {count");
        assert_eq!(fill("", &values), "");
    }
}
