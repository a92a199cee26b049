//! Photos are looked at and kept.
//!
//! A graphics card is as quick with a few pictures as with one, so it is given those of several photos at once. The processor
//! gains nothing by that, and gets them one by one.

use ::image::RgbImage;
use js_sys::{Date, Uint8Array};
use model::hash;
use model::image::DecodeLimits;
use model::wardrobe::{plain_name, thumbnail};

use super::Wardrobe;
use super::chores::Identity;
use crate::worker::engine::Engine;
use crate::worker::{fault, photo};
use twill_app::protocol::{Answer, Fault, FaultKind, NewPhoto};

/// Pixels of the photos that are looked at together: more than one of a camera's, decoded at a fraction of its size, but not several that
/// could not be.
const MOST_PIXELS: usize = 4_000_000;

/// A photo that is about to be looked at.
struct Opened {
    picture: RgbImage,
    identity: Identity,
}

impl Wardrobe {
    /// Adds photos; which of them cannot be read is a part of the answer. Where it fails, those before are kept.
    pub(super) async fn add(&mut self, engine: &Engine, photos: &[NewPhoto]) -> Result<Answer, Fault> {
        let (mut added, mut bad) = (0, Vec::new());
        let (mut opened, mut pixels) = (Vec::new(), 0);
        for (place, photo) in photos.iter().enumerate() {
            match self.open_photo(photo, &opened).await {
                Ok(None) => {}
                Ok(Some(new)) => {
                    pixels += new.picture.as_raw().len() / 3;
                    opened.push(new);
                }
                Err(fault) if fault.kind == FaultKind::Photo => bad.push(place),
                Err(fault) => return Err(fault),
            }
            if pixels >= MOST_PIXELS {
                added += self.look_at(engine, std::mem::take(&mut opened)).await?;
                pixels = 0;
            }
        }
        added += self.look_at(engine, opened).await?;
        Ok(Answer::Added { added, known: photos.len() - added - bad.len(), bad })
    }

    /// A photo's pixels; none where it is there already, or among those that are looked at together with it.
    async fn open_photo(&self, new: &NewPhoto, others: &[Opened]) -> Result<Option<Opened>, Fault> {
        let NewPhoto { photo: file, name, date } = new;
        let bytes = photo::contents(file, DecodeLimits::default().max_bytes).await?;
        let sha256 = hash::sha256_hex(&bytes);
        if self.shelf.find(&sha256).is_some() || others.iter().any(|other| other.identity.sha256 == sha256) {
            return Ok(None);
        }
        self.check_room(others.len() + 1)?;
        let picture = photo::pixels(file, &bytes).await?;
        let (name, date, added) = (plain_name(name), date.max(0.0) as u64, Date::now() as u64);
        Ok(Some(Opened { picture, identity: Identity { sha256, name, date, added } }))
    }

    /// Looks at photos and keeps them. Says how many are new; another tab may have been quicker.
    async fn look_at(&mut self, engine: &Engine, opened: Vec<Opened>) -> Result<usize, Fault> {
        let mut added = 0;
        let pictures: Vec<&RgbImage> = opened.iter().map(|opened| &opened.picture).collect();
        let seen = engine.see_all(&pictures).await?;
        for (Opened { picture, identity }, seen) in opened.into_iter().zip(seen) {
            let small = thumbnail(&picture).map_err(|error| fault::of(&error))?;
            drop(picture);
            // One after the other: the next may be nearly the same.
            let kept = self.describe(engine, &seen, &small.picture, identity);
            added += self.keep(engine, vec![(kept, Uint8Array::from(small.file.as_slice()))]).await;
        }
        Ok(added)
    }
}
