//! What was looked for beside an item: what is known of both, how alike they are in what, and where.

use std::rc::Rc;

use ::image::RgbImage;
use js_sys::{Array, Uint8Array};
use model::Error;
use model::attribution::attribute;
use model::catalogue::Item;
use model::colour::{FAMILIES, PALETTE_LENGTH, family_of_hex};
use model::crop::CropBox;
use model::weights::ModelCard;
use web_sys::Blob;

use crate::worker::engine::Engine;
use crate::worker::fetch::{Wanted, fetch};
use crate::worker::{Desk, crop_box, fault, heat, photo, tell};
use twill_app::protocol::{Comparison, Fault, FaultKind, Side};
use twill_app::texts;

/// Compares `query` with `item`; where `wants_heat`, by their pictures, too.
pub(super) async fn compare(
    desk: &Desk,
    query: Side,
    item: Side,
    wants_heat: bool,
) -> Result<Comparison, Fault> {
    let mut comparison = {
        let mut slot = desk.engine.lock().await;
        let engine = desk.loaded(&mut slot).await?;
        let pair = (known(desk, engine, &query).await?, known(desk, engine, &item).await?);
        by_what_is_known(engine.embedder().card(), pair.0, pair.1)
    };
    if !wants_heat {
        return Ok(comparison);
    }
    // Nobody else has to wait while pictures are on their way.
    let (one, crop) = seen(desk, query).await?;
    let (other, place) = seen(desk, item).await?;
    let mut slot = desk.engine.lock().await;
    let engine = desk.loaded(&mut slot).await?;
    let card = engine.embedder().card();
    let pictures = [(&*one, crop), (&*other, place)];
    let found = attribute(card, engine.own(), pictures).map_err(|error| fault::of(&error))?;
    let paint = |at: usize, picture: &RgbImage| {
        heat::paint(&found.pictures[at], picture.dimensions()).map_err(|_| fault::of(&Error::NoPixels))
    };
    comparison.heat = Array::of2(&paint(0, &one)?.into(), &paint(1, &other)?.into());
    Ok(comparison)
}

/// The picture of one side, and the part of it that counts.
async fn seen(desk: &Desk, side: Side) -> Result<(Rc<RgbImage>, CropBox), Fault> {
    let picture = match side {
        Side::Photo { photo, request, crop, .. } => {
            let crop = crop.map(crop_box).transpose()?.unwrap_or(CropBox::WHOLE);
            let held = desk.photo.borrow().clone().filter(|(id, _)| *id == request);
            let picture = match held {
                Some((_, picture)) => picture,
                None => Rc::new(photo::read(&photo).await?),
            };
            return Ok((picture, crop));
        }
        Side::Item(row) => {
            let address = {
                let mut slot = desk.engine.lock().await;
                let items = desk.loaded(&mut slot).await?.items();
                items.bring(&[row]).await?;
                items.show(row).ok_or_else(|| no_such(row))?.image
            };
            picture(&Uint8Array::from(&fetch(Wanted::picture(&address), &|_| {}).await?[..])).await?
        }
        Side::Own(id) => {
            let file = desk.wardrobe.lock().await.file(&id).await;
            picture(&file.ok_or_else(gone)?).await?
        }
    };
    Ok((Rc::new(picture), CropBox::WHOLE))
}

/// An item's picture, decoded like any photo.
async fn picture(file: &Uint8Array) -> Result<RgbImage, Fault> {
    let file = Blob::new_with_u8_array_sequence(&Array::of1(file));
    photo::read(&file.map_err(|_| Fault::new(FaultKind::Photo, texts::FILE_UNREADABLE))?).await
}

fn no_such(row: usize) -> Fault {
    fault::of(&Error::NoSuchItem { row })
}

fn gone() -> Fault {
    Fault::new(FaultKind::Photo, texts::WARDROBE_GONE)
}

/// What can be compared without looking at any picture.
struct Known {
    vector: Vec<f32>,
    traits: Traits,
    /// Its colour, `#rrggbb`.
    hue: String,
}

/// What is known of one side.
async fn known(desk: &Desk, engine: &Engine, side: &Side) -> Result<Known, Fault> {
    let card = engine.embedder().card();
    let (vector, (traits, hue)) = match side {
        Side::Photo { embedding, traits, hue, .. } => (embedding.clone(), (traits.clone(), hue.clone())),
        Side::Item(row) => {
            engine.items().bring(&[*row]).await?;
            let traits = engine.items().with(*row, |item| traits_of_item(card, item));
            (engine.vector(*row)?, traits.ok_or_else(|| no_such(*row))?)
        }
        Side::Own(id) => {
            let mut wardrobe = desk.wardrobe.lock().await;
            let vector = wardrobe.vector(engine, id).await?;
            (vector, traits_of_item(card, wardrobe.item(id).ok_or_else(gone)?))
        }
    };
    Ok(Known { vector, traits, hue })
}

fn by_what_is_known(card: &ModelCard, mine: Known, theirs: Known) -> Comparison {
    let (query, item) = in_both(mine.traits, &theirs.traits);
    let (mine_vector, theirs_vector) = (&mine.vector, &theirs.vector);
    // The colours stand behind the network's feature and before the instance feature, each scaled by the root of its share.
    let share = card.colour_share;
    let products = || mine_vector.iter().zip(theirs_vector).map(|(one, other)| one * other);
    let palette = if share > 0.0 { PALETTE_LENGTH } else { 0 };
    let features: f32 = products().take(card.network.feature_length()).sum();
    let colours: f32 = products().skip(card.network.feature_length()).take(palette).sum();
    let details: f32 = products().skip(card.network.feature_length() + palette).sum();
    let part = |product: f32, share: f32| if share > 0.0 { product / share } else { 0.0 };
    Comparison {
        query,
        item,
        hues: (mine.hue, theirs.hue),
        features: part(features, 1.0 - share - card.instance_share),
        colours: part(colours, share),
        details: part(details, card.instance_share),
        shares: (share, card.instance_share),
        heat: Array::new(),
    }
}

/// Respects in which garments can be compared, with what each is.
type Traits = Vec<(String, String)>;

/// What is known of an item, and its colour as it looks.
fn traits_of_item(card: &ModelCard, item: &Item) -> (Traits, String) {
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
