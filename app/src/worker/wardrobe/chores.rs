//! What changes the wardrobe: keeping, deleting, looking again, the file that carries it elsewhere.

use std::collections::BTreeMap;

use ::image::RgbImage;
use js_sys::Uint8Array;
use model::look::look;
use model::wardrobe::{Garment, Kept, MAX_GARMENTS, check_thumbnail, file, from_halves, made_by, to_halves};
use web_sys::Blob;

use super::Wardrobe;
use super::pictures::blob;
use super::store::{Record, Refusal};
use crate::worker::engine::Engine;
use crate::worker::photo;
use twill_app::protocol::{Answer, Chore, Fault, FaultKind, Found};
use twill_app::texts;

/// Other tabs may add the same photos so often while these are being added.
const ATTEMPTS: usize = 3;

impl Wardrobe {
    /// Does what is asked; without an answer of its own the stock is the answer.
    pub(in crate::worker) async fn perform(
        &mut self,
        engine: &Engine,
        chore: Chore,
    ) -> Result<Option<Answer>, Fault> {
        self.sync(engine).await;
        match chore {
            // The latter is a search, and answered by whoever searches the catalogue as well.
            Chore::Look | Chore::Like { .. } => Ok(None),
            Chore::Add { photos } => self.add(engine, &photos).await.map(Some),
            Chore::List { count } => {
                let newest = self.shelf.kept().iter().rev().take(count);
                let ids: Vec<String> = newest.map(|kept| kept.garment.sha256.clone()).collect();
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                Ok(Some(Answer::Shelf(self.show(&ids).await)))
            }
            Chore::Remove { id } => self.remove(engine, &id).await.map(|()| None),
            Chore::Clear => self.clear(engine).await.map(|()| None),
            Chore::Renew => self.renew(engine).await.map(|()| None),
            Chore::Export => self.export(engine).await.map(Some),
            Chore::Import { file } => self.import(engine, &file).await.map(Some),
        }
    }

    /// What is kept of a photo that the network has looked at.
    pub(super) fn describe(
        &self,
        engine: &Engine,
        seen: &Found,
        small: &RgbImage,
        identity: Identity,
    ) -> Kept {
        let Identity { sha256, name, date, added } = identity;
        let vector = from_halves(&to_halves(&seen.embedding));
        let look = look(small);
        let card = engine.embedder().card();
        let (width, height) = small.dimensions();
        let garment = Garment {
            twin_of: self.shelf.twin_of(&vector, &look).map(str::to_owned),
            sha256,
            name,
            date,
            added,
            made_by: made_by(card.weights_sha256(), card.preprocess_id()),
            category: seen.guess.as_ref().map(|(label, _)| label.clone()).unwrap_or_default(),
            colour: seen.colours.first().map(|colour| colour.0.clone()).unwrap_or_default(),
            attributes: seen.attributes.iter().cloned().collect::<BTreeMap<_, _>>(),
            width,
            height,
            look,
        };
        Kept { garment, vector }
    }

    /// Keeps photos, in the database if that can be: all of them or none. Says how many are new; another tab may have been quicker.
    pub(super) async fn keep(&mut self, engine: &Engine, mut photos: Vec<(Kept, Uint8Array)>) -> usize {
        for _ in 0..ATTEMPTS {
            photos.retain(|(kept, _)| self.shelf.find(&kept.garment.sha256).is_none());
            if photos.is_empty() {
                return 0;
            }
            let count = photos.len();
            if self.try_to_keep(engine, &mut photos).await {
                return count;
            }
        }
        0
    }

    /// Takes the photos, or leaves them where another tab has one of them by now.
    async fn try_to_keep(&mut self, engine: &Engine, photos: &mut Vec<(Kept, Uint8Array)>) -> bool {
        let record = |(Kept { garment, vector }, file): &(Kept, Uint8Array)| Record {
            sha256: garment.sha256.clone(),
            garment: garment.to_json(),
            vector: to_halves(vector),
            picture: Some(file.clone()),
        };
        let records: Vec<Record> = photos.iter().map(record).collect();
        let outcome = match &self.store {
            Some(store) => store.add(&records).await,
            None => Err(Refusal::Denied),
        };
        match outcome {
            Ok(stamps) => {
                photos.drain(..).for_each(|(kept, _)| self.shelf.put(kept));
                self.follow(engine, &stamps).await;
            }
            Err(Refusal::Known) => {
                self.load(engine).await;
                return false;
            }
            Err(refusal) => {
                self.complain(refusal).await;
                for (kept, file) in photos.drain(..) {
                    self.loose.insert(kept.garment.sha256.clone(), file);
                    self.shelf.put(kept);
                }
                self.index(engine);
            }
        }
        true
    }

    async fn remove(&mut self, engine: &Engine, id: &str) -> Result<(), Fault> {
        let stamps = match &self.store {
            Some(store) => Some(store.remove(id).await.map_err(|_| lost())?),
            None => None,
        };
        self.shelf.retain(|garment| garment.sha256 != id);
        self.loose.remove(id);
        self.pictures.forget(id);
        match stamps {
            Some(stamps) => self.follow(engine, &stamps).await,
            None => self.index(engine),
        }
        Ok(())
    }

    async fn clear(&mut self, engine: &Engine) -> Result<(), Fault> {
        if let Some(store) = &self.store {
            self.stamp = Some(store.clear().await.map_err(|_| lost())?.after);
            // There is room again.
            self.trouble = None;
        }
        self.loose.clear();
        self.pictures.clear();
        self.shelf.retain(|_| false);
        self.index(engine);
        Ok(())
    }

    /// Looks again at one photo that another network has looked at; does nothing where there is none. One whose thumbnail is lost
    /// is of no use to anybody, and goes.
    async fn renew(&mut self, engine: &Engine) -> Result<(), Fault> {
        let stale = self.shelf.kept().iter().find(|kept| !self.shelf.is_current(kept));
        let Some(old) = stale.map(|kept| kept.garment.clone()) else { return Ok(()) };
        let file = self.files(&[&old.sha256]).await.pop().flatten();
        let picture = file.and_then(|file| check_thumbnail(&file.to_vec(), old.width, old.height).ok());
        let Some(picture) = picture else { return self.remove(engine, &old.sha256).await };
        let seen = engine.see(&picture, None).await?;
        let Garment { sha256, name, date, added, .. } = old;
        let kept = self.describe(engine, &seen, &picture, Identity { sha256, name, date, added });
        let record = Record {
            sha256: kept.garment.sha256.clone(),
            garment: kept.garment.to_json(),
            vector: to_halves(&kept.vector),
            picture: None,
        };
        let is_loose = self.loose.contains_key(&record.sha256);
        match &self.store {
            Some(store) if !is_loose => {
                let stamps = store.replace(&record).await.map_err(|_| lost())?;
                self.shelf.put(kept);
                self.follow(engine, &stamps).await;
            }
            _ => {
                self.shelf.put(kept);
                self.index(engine);
            }
        }
        Ok(())
    }

    async fn export(&self, engine: &Engine) -> Result<Answer, Fault> {
        let kept = self.shelf.kept();
        let ids: Vec<&str> = kept.iter().map(|kept| kept.garment.sha256.as_str()).collect();
        let files = self.files(&ids).await.into_iter().map(|file| file.map(|file| file.to_vec()));
        let files = files.collect::<Option<Vec<_>>>().ok_or_else(lost)?;
        let photos: Vec<_> = kept.iter().zip(files.iter().map(Vec::as_slice)).collect();
        let card = engine.embedder().card();
        let bytes = file::write(&photos, card.weights_sha256(), card.preprocess_id());
        // It is another network's photos that cannot be written.
        let bytes = bytes.map_err(|_| Fault::new(FaultKind::Wardrobe, texts::WARDROBE_RENEW_FIRST))?;
        let file = blob(&Uint8Array::from(bytes.as_slice()), "application/octet-stream");
        file.map(Answer::File).ok_or_else(lost)
    }

    /// Takes in a file that anybody may have written: nothing of it where anything is wrong.
    async fn import(&mut self, engine: &Engine, file: &Blob) -> Result<Answer, Fault> {
        let refused = |key: &str| Fault::new(FaultKind::Wardrobe, key);
        if file.size() > file::MAX_FILE as f64 {
            return Err(refused(texts::WARDROBE_FILE_BAD));
        }
        let bytes =
            photo::contents(file, file::MAX_FILE).await.map_err(|_| refused(texts::FILE_UNREADABLE))?;
        let photos = file::read(&bytes).map_err(|_| refused(texts::WARDROBE_FILE_BAD))?;
        let total = photos.len();
        let is_new = |(kept, _): &(Kept, &[u8])| self.shelf.find(&kept.garment.sha256).is_none();
        let photos: Vec<_> = photos.into_iter().filter(is_new).collect();
        self.check_room(photos.len())?;
        let own = photos.into_iter().map(|(mut kept, file)| {
            if kept.garment.twin_of.is_none() && self.shelf.is_current(&kept) {
                let twin = self.shelf.twin_of(&kept.vector, &kept.garment.look);
                kept.garment.twin_of = twin.map(str::to_owned);
            }
            (kept, Uint8Array::from(file))
        });
        let own: Vec<_> = own.collect();
        let added = self.keep(engine, own).await;
        Ok(Answer::Added { added, known: total - added, bad: Vec::new() })
    }

    /// Fails where so many more photos are too many.
    pub(super) fn check_room(&self, more: usize) -> Result<(), Fault> {
        if self.shelf.kept().len() + more > MAX_GARMENTS {
            return Err(Fault::new(FaultKind::Wardrobe, texts::wardrobe_full(MAX_GARMENTS)));
        }
        Ok(())
    }
}

/// What a photo is called and when it came, whatever the network sees in it.
pub(super) struct Identity {
    pub(super) sha256: String,
    pub(super) name: String,
    pub(super) date: u64,
    pub(super) added: u64,
}

/// The database does not do what it should.
fn lost() -> Fault {
    Fault::new(FaultKind::Wardrobe, texts::WARDROBE_LOST)
}
