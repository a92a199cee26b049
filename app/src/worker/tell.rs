//! What `model` knows, in the words of the protocol.

use ::image::RgbImage;
use model::catalogue::Item as Known;
use model::colour;
use model::crop::CropBox;
use model::embedder::Embedding;
use model::weights::ModelCard;
use web_sys::Url;

use crate::worker::fetch::resolve;
use crate::worker::items::Store;
use twill_app::protocol::{Found, Hit, Item, Similar};
use twill_app::region::Region;

/// From this probability on an attribute is shown; on real photos, necklines below it are often wrong.
const SURE: f32 = 0.8;
/// Values that say nothing to a person.
const UNSAID: [&str; 2] = ["none", "regular"];

/// Whether a value of an attribute says something: that a hat has no sleeves goes without saying.
pub(super) fn is_said(value: &str) -> bool {
    !UNSAID.contains(&value)
}

/// What a photo gave.
pub(super) fn found(card: &ModelCard, photo: &RgbImage, embedding: Embedding, similar: Similar) -> Found {
    let colours = colour::dominants(photo, embedding.garment).into_iter();
    let CropBox { x1, y1, x2, y2 } = embedding.garment;
    let (label, probability) = embedding.category();
    Found {
        width: photo.width(),
        height: photo.height(),
        garment: Region { x1, y1, x2, y2 },
        attributes: sure_attributes(card, &embedding),
        guess: card.labels.get(label).map(|label| (label.clone(), probability)),
        colours: colours.map(named).collect(),
        embedding: embedding.vector,
        similar,
    }
}

/// `#rrggbb`, and the name of the family.
fn named(colour: [u8; 3]) -> (String, String) {
    let [r, g, b] = colour;
    (format!("#{r:02x}{g:02x}{b:02x}"), colour::FAMILIES[colour::family(colour)].to_owned())
}

/// The attributes that the network is sure of and that say something.
fn sure_attributes(card: &ModelCard, embedding: &Embedding) -> Vec<(String, String)> {
    let found = card.attributes.iter().zip(embedding.attribute_values());
    found
        .filter(|(_, (_, probability))| *probability >= SURE)
        .filter_map(|(attribute, (value, _))| {
            Some((attribute.name.clone(), attribute.values.get(value)?.clone()))
        })
        .filter(|(_, value)| is_said(value))
        .collect()
}

/// What was found in a catalogue, or among the first items of it where only they have arrived (`part`); `choice` is how many there
/// were to choose from.
pub(super) fn similar(items: &Store, hits: Vec<Hit>, choice: usize, part: Option<usize>) -> Similar {
    let all = items.len();
    Similar { hits, choice, read: part.unwrap_or(all), all, is_partial: part.is_some() }
}

/// An item, which is in this row of the catalogue at this address.
pub(super) fn item(item: &Known, row: usize, catalogue: &str) -> Item {
    Item {
        row,
        id: item.id.clone(),
        image: resolve(&item.image, catalogue),
        width: item.width,
        height: item.height,
        category: item.category.clone(),
        title: item.title.clone(),
        price: item.price.clone(),
        link: item.link.clone().filter(|link| is_web_address(link)),
        own: None,
    }
}

/// Catalogues come from anywhere: a link must not be able to run anything.
fn is_web_address(link: &str) -> bool {
    Url::new(link).is_ok_and(|url| matches!(url.protocol().as_str(), "http:" | "https:"))
}
