//! The page's program: takes over from the static shell in `index.html`.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, Url, UrlSearchParams};

use crate::components::Page;
use crate::history;
use crate::intake;
use crate::protocol::{Backend, Setup};
use crate::state::Twill;

/// Where the page finds its network, relative to itself.
const MODEL: &str = "model/model.json";
/// Where the page finds its catalogue, relative to itself.
const CATALOGUE: &str = "catalogue/catalogue.json";
/// A catalogue's file, where only its folder is named.
const CATALOGUE_FILE: &str = "catalogue.json";

/// Mounts the page into the element `twill`.
pub fn run() {
    console_error_panic_hook::set_once();
    let Some(root) =
        document().get_element_by_id("twill").and_then(|root| root.dyn_into::<HtmlElement>().ok())
    else {
        leptos::logging::error!("The page has no element with the id `twill` to be drawn into.");
        return;
    };
    let early_input: Option<HtmlInputElement> =
        document().get_element_by_id("early-photo").and_then(|input| input.dyn_into().ok());
    root.set_inner_html("");

    let element: Element = root.clone().into();
    mount_to(root, move || {
        let twill = Twill::start(setup());
        publish_state(twill, element);
        history::follow(twill);
        // Somebody was faster than this program.
        if let Some(input) = early_input {
            intake::take_from_input(twill, &input);
        }
        view! { <Page twill/> }
    })
    .forget();
}

/// Shows the state on the root element, for styles and for tests.
fn publish_state(twill: Twill, root: Element) {
    let root = send_wrapper::SendWrapper::new(root);
    Effect::new(move |_| {
        // Writing to an attribute of an element that exists cannot fail for these names.
        let _ = root.set_attribute("data-state", twill.name());
        let _ = match twill.backend() {
            Some(backend) => root.set_attribute("data-backend", backend.name()),
            None => root.remove_attribute("data-backend"),
        };
    });
}

/// Reads the page's own address.
fn setup() -> Setup {
    let search = window().location().search().unwrap_or_default();
    let query = UrlSearchParams::new_with_str(&search).ok();
    let parameter =
        |name: &str| query.as_ref().and_then(|query| query.get(name)).filter(|value| !value.is_empty());
    let catalogue = parameter("catalogue").unwrap_or_else(|| CATALOGUE.to_owned());
    Setup {
        forced: parameter("backend").and_then(|name| Backend::from_name(&name)),
        avoid_webgpu: false,
        model: absolute(MODEL),
        catalogue: absolute(&catalogue_file(&catalogue)),
    }
}

/// A catalogue may be named by its file or by its folder.
fn catalogue_file(address: &str) -> String {
    match address {
        // The trainer's own spelling: a folder may well be called SHOP.JSON.
        file if file.strip_suffix(".json").is_some() => file.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{CATALOGUE_FILE}"),
        folder => format!("{folder}/{CATALOGUE_FILE}"),
    }
}

/// An address relative to the page, in full. One that is none stays as it is and fails when it is fetched.
fn absolute(address: &str) -> String {
    let base = document().base_uri().ok().flatten().unwrap_or_default();
    Url::new_with_base(address, &base).map_or_else(|_| address.to_owned(), |url| url.href())
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::catalogue_file;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn a_catalogue_is_named_by_file_or_folder() {
        assert_eq!(catalogue_file("shop/catalogue.json"), "shop/catalogue.json");
        assert_eq!(catalogue_file("shop/"), "shop/catalogue.json");
        assert_eq!(catalogue_file("https://shop.example/items"), "https://shop.example/items/catalogue.json");
    }
}
