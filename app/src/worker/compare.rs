//! What was looked for beside an item: what is known of both, how alike they are in what, and where.

use std::rc::Rc;

use ::image::RgbImage;
use js_sys::{Array, Uint8Array};
use model::Error;
use model::attribution::attribute;
use model::catalogue::Item as Known;
use model::colour::{FAMILIES, family_of_hex};
use model::crop::CropBox;
use model::weights::ModelCard;
use web_sys::Blob;

use crate::worker::engine::Engine;
use crate::worker::fetch::{Wanted, fetch};
use crate::worker::{Desk, crop_box, fault, heat, photo, tell};
use twill_app::protocol::{Comparison, Fault, FaultKind, Side};
use twill_app::texts;

/// Compares `query` with the catalogue's item in row `row`; where `heat` is wanted, by their pictures, too.
pub(super) async fn compare(
    desk: &Desk,
    query: Side,
    row: usize,
    wants_heat: bool,
) -> Result<Comparison, Fault> {
    let (mut comparison, addresses) = {
        let mut slot = desk.engine.lock().await;
        let engine = desk.loaded(&mut slot).await?;
        let address = |row| Ok(engine.item(row).ok_or_else(|| no_such(row))?.image);
        let other = match &query {
            Side::Item(row) => Some(address(*row)?),
            Side::Photo { .. } => None,
        };
        (by_what_is_known(engine, &query, row)?, (other, address(row)?))
    };
    if !wants_heat {
        return Ok(comparison);
    }
    // Nobody else has to wait while pictures are on their way.
    let (one, crop) = match (query, addresses.0) {
        (Side::Photo { photo, request, crop, .. }, _) => {
            let crop = crop.map(crop_box).transpose()?.unwrap_or(CropBox::WHOLE);
            let held = desk.photo.borrow().clone().filter(|(id, _)| *id == request);
            let picture = match held {
                Some((_, picture)) => picture,
                None => Rc::new(photo::read(&photo).await?),
            };
            (picture, crop)
        }
        (Side::Item(_), Some(address)) => (Rc::new(picture(&address).await?), CropBox::WHOLE),
        (Side::Item(row), None) => return Err(no_such(row)),
    };
    let other = picture(&addresses.1).await?;
    let mut slot = desk.engine.lock().await;
    let engine = desk.loaded(&mut slot).await?;
    let card = engine.recommender().embedder().card();
    let pictures = [(&*one, crop), (&other, CropBox::WHOLE)];
    let found = attribute(card, engine.own(), pictures).map_err(|error| fault::of(&error))?;
    let paint = |at: usize, picture: &RgbImage| {
        heat::paint(&found.pictures[at], picture.dimensions()).map_err(|_| fault::of(&Error::NoPixels))
    };
    comparison.heat = Array::of2(&paint(0, &one)?.into(), &paint(1, &other)?.into());
    Ok(comparison)
}

/// An item's picture, decoded like any photo.
async fn picture(address: &str) -> Result<RgbImage, Fault> {
    let bytes = fetch(Wanted::picture(address), &|_| {}).await?;
    let parts = Array::of1(&Uint8Array::from(&bytes[..]));
    let file = Blob::new_with_u8_array_sequence(&parts);
    photo::read(&file.map_err(|_| Fault::new(FaultKind::Photo, texts::FILE_UNREADABLE))?).await
}

fn no_such(row: usize) -> Fault {
    fault::of(&Error::NoSuchItem { row })
}

/// Without looking at any picture.
fn by_what_is_known(engine: &Engine, query: &Side, row: usize) -> Result<Comparison, Fault> {
    let catalogue = engine.recommender().catalogue();
    let card = engine.recommender().embedder().card();
    let vector = |row: usize| catalogue.features().vector(row).ok_or_else(|| no_such(row));
    let known = |row: usize| {
        let item = catalogue.items().get(row).ok_or_else(|| no_such(row))?;
        Ok(traits_of_item(card, item))
    };
    let (mine, (traits, hue)) = match query {
        Side::Photo { embedding, traits, hue, .. } => (embedding.clone(), (traits.clone(), hue.clone())),
        Side::Item(row) => (vector(*row)?, known(*row)?),
    };
    let theirs = vector(row)?;
    let (others, other_hue) = known(row)?;
    let (query, item) = in_both(traits, &others);
    // The colours follow the network's feature, each scaled by the root of its share.
    let length = card.network.feature_length().min(mine.len()).min(theirs.len());
    let share = card.colour_share;
    let dot = |from: usize| -> f32 {
        mine[from..].iter().zip(&theirs[from..]).map(|(one, other)| one * other).sum()
    };
    let (whole, colours) = (dot(0), dot(length));
    Ok(Comparison {
        query,
        item,
        hues: (hue, other_hue),
        features: (whole - colours) / (1.0 - share),
        colours: if share > 0.0 { colours / share } else { 0.0 },
        share,
        heat: Array::new(),
    })
}

/// Respects in which garments can be compared, with what each is.
type Traits = Vec<(String, String)>;

/// What is known of an item, and its colour as it looks.
fn traits_of_item(card: &ModelCard, item: &Known) -> (Traits, String) {
    let mut traits = Vec::new();
    if !item.category.is_empty() {
        traits.push(("category".to_owned(), item.category.clone()));
    }
    let hue = item.colour.clone().unwrap_or_default();
    if let Some(family) = family_of_hex(&hue) {
        traits.push(("colour".to_owned(), FAMILIES[family].to_owned()));
    }
    traits.extend(card.attributes.iter().filter_map(|attribute| {
        let value = item.extra.get(&attribute.name)?.as_str()?;
        let is_known = tell::is_said(value) && attribute.values.iter().any(|known| known == value);
        is_known.then(|| (attribute.name.clone(), value.to_owned()))
    }));
    (traits, hue)
}

/// What is known of both, in the same order.
fn in_both(mine: Traits, theirs: &Traits) -> (Traits, Traits) {
    let pair = |own: (String, String)| {
        let other = theirs.iter().find(|(name, _)| *name == own.0)?;
        Some((own, other.clone()))
    };
    mine.into_iter().filter_map(pair).unzip()
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::in_both;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn only_what_is_known_of_both_is_told() {
        let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mine = vec![own("category", "hat"), own("colour", "red")];
        let theirs = vec![own("colour", "blue"), own("sleeve", "long")];
        assert_eq!(in_both(mine, &theirs), (vec![own("colour", "red")], vec![own("colour", "blue")]));
    }
}
