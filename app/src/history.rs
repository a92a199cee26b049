//! The page's own address: the item that is looked at, the one beside it, and what is filtered by, so that it can be sent to
//! somebody, kept as a bookmark, and gone back from with the browser's own button. A photo is in no address: it stays on the device.
//!
//! Every step of the trail is an entry of the browser's history, which keeps the step's number.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::UrlSearchParams;

use crate::protocol::{Filter, Mark};
use crate::sort::Sort;
use crate::state::{Subject, Twill};

/// The id of the item that is looked at.
const LIKE: &str = "like";
/// The id of the item that lies beside it.
const BESIDE: &str = "beside";
const CATEGORY: &str = "category";
const COLOUR: &str = "colour";
const SORT: &str = "sort";
/// An attribute and its value, with a colon between them; may be repeated.
const HAS: &str = "has";
/// The most attributes that are read from an address.
const MOST_ATTRIBUTES: usize = 16;

/// Opens what the address says, and keeps address and trail in step from now on.
pub fn follow(twill: Twill) {
    let parameters = parameters();
    twill.filter.set(filter(&parameters));
    twill.sort.set(sort(&parameters));
    // How many steps the browser's history knows of.
    let known = StoredValue::new(0);
    if let Some(id) = value(&parameters, LIKE) {
        known.set_value(1);
        twill.recall(id);
        if let Some(id) = value(&parameters, BESIDE) {
            put_beside(twill, id);
        }
    }

    Effect::new(move |_| {
        let (depth, item) = twill.trail.with(|trail| {
            let item = trail.last().and_then(|step| match &step.subject {
                Subject::Photo(_) => None,
                // What is the person's own is in no address either.
                Subject::Item(item) => item.own.is_none().then(|| item.id.clone()),
                Subject::Id(id) => Some(id.clone()),
            });
            (trail.len(), item)
        });
        // Two pictures of which one is the person's are nobody else's affair.
        let beside = item.as_ref().and_then(|_| twill.comparing.shared_id());
        write(
            depth,
            depth > known.get_value(),
            &address(item.as_deref(), beside.as_deref(), &twill.filter.get(), twill.sort.get()),
        );
        known.set_value(depth);
    });

    let on_pop = Closure::<dyn FnMut()>::new(move || {
        let state = window().history().and_then(|history| history.state());
        let depth = state.ok().and_then(|state| state.as_f64()).map_or(0, |depth| depth as usize);
        let parameters = self::parameters();
        known.set_value(depth);
        let scope = twill.filter.with_untracked(|filter| filter.scope);
        twill.filter.set(Filter { scope, ..filter(&parameters) });
        twill.sort.set(sort(&parameters));
        twill.comparing.is_open.set(false);
        let steps = twill.trail.with_untracked(Vec::len);
        if depth <= steps {
            twill.back_to(depth);
        } else if let Some(id) = value(&parameters, LIKE) {
            // Forward again, to a step that is forgotten by now.
            known.set_value(steps + 1);
            twill.recall(id);
        }
    });
    // It listens as long as the page is there.
    let _ = window().add_event_listener_with_callback("popstate", on_pop.as_ref().unchecked_ref());
    on_pop.forget();
}

/// Opens the item beside the one that is looked at, once results are there; one that is not among them stays away.
fn put_beside(twill: Twill, id: String) {
    let is_done = StoredValue::new(false);
    Effect::new(move |_| {
        let found = twill.trail.with(|trail| {
            let step = trail.last().filter(|step| !step.waits)?;
            let mut hits = step.similar.as_ref()?.hits.iter();
            Some(hits.find(|hit| hit.item.id == id && hit.item.own.is_none()).map(|hit| hit.item.clone()))
        });
        if let Some(item) = found.filter(|_| !is_done.get_value()) {
            is_done.set_value(true);
            if let Some(item) = item {
                twill.compare(&item);
            }
        }
    });
}

/// One step back, as with the browser's own button.
pub fn back() {
    if let Ok(history) = window().history() {
        // It fails only in a document that is not shown any more.
        let _ = history.back();
    }
}

fn parameters() -> UrlSearchParams {
    let search = window().location().search().unwrap_or_default();
    // Any text is a list of parameters, if need be an empty one: this does not fail.
    UrlSearchParams::new_with_str(&search).unwrap_throw()
}

fn value(parameters: &UrlSearchParams, name: &str) -> Option<String> {
    parameters.get(name).filter(|value| !value.is_empty())
}

fn sort(parameters: &UrlSearchParams) -> Sort {
    Sort::from_name(&value(parameters, SORT).unwrap_or_default())
}

fn filter(parameters: &UrlSearchParams) -> Filter {
    let mut filter = Filter {
        category: value(parameters, CATEGORY),
        colour: value(parameters, COLOUR),
        ..Filter::default()
    };
    for pair in parameters.get_all(HAS).iter().take(MOST_ATTRIBUTES).filter_map(|pair| pair.as_string()) {
        if let Some((attribute, value)) = pair.split_once(':') {
            let mark = Mark::Attribute(attribute.to_owned(), value.to_owned());
            if !filter.has(&mark) {
                filter.toggle(mark);
            }
        }
    }
    filter
}

/// The page's address with these parameters in place of the old ones; all others stay.
fn address(item: Option<&str>, beside: Option<&str>, filter: &Filter, sort: Sort) -> String {
    let parameters = parameters();
    for name in [LIKE, BESIDE, CATEGORY, COLOUR, HAS, SORT] {
        parameters.delete(name);
    }
    let order = Some(sort.name()).filter(|name| !name.is_empty());
    for (name, value) in [
        (LIKE, item),
        (BESIDE, beside),
        (CATEGORY, filter.category.as_deref()),
        (COLOUR, filter.colour.as_deref()),
        (SORT, order),
    ] {
        if let Some(value) = value {
            parameters.set(name, value);
        }
    }
    for (attribute, value) in &filter.attributes {
        parameters.append(HAS, &format!("{attribute}:{value}"));
    }
    let location = window().location();
    let query = String::from(parameters.to_string());
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{mark}{query}{}", location.pathname().unwrap_or_default(), location.hash().unwrap_or_default())
}

fn write(depth: usize, is_new: bool, address: &str) {
    let Ok(history) = window().history() else { return };
    let state = JsValue::from_f64(depth as f64);
    let location = window().location();
    let now =
        [location.pathname(), location.search(), location.hash()].map(Result::unwrap_or_default).concat();
    if !is_new && now == address && history.state().is_ok_and(|old| old == state) {
        return;
    }
    // Browsers refuse when an address changes hundreds of times in seconds; then it stays behind, which harms nobody.
    let _ = if is_new {
        history.push_state_with_url(&state, "", Some(address))
    } else {
        history.replace_state_with_url(&state, "", Some(address))
    };
}
