//! Where the wardrobe lies: the browser's own database, one a site.
//!
//! A photo is two records under its SHA-256: what is searched, and its thumbnail, which is read only when it is shown. Every change
//! is one transaction, so that a tab that dies leaves whole photos only. Each leaves a new stamp as well, by which other tabs
//! notice that what they have in memory is old.

use js_sys::{Array, Math, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbTransactionMode, Url,
};

use crate::worker::scope;

/// Raised when records change their shape.
const VERSION: u32 = 1;
/// Descriptions and vectors.
const PHOTOS: &str = "photos";
/// Thumbnails.
const PICTURES: &str = "pictures";
/// The stamp of the last change.
const MARKS: &str = "marks";
const STAMP: &str = "stamp";
/// A database that does not open within so many milliseconds is not waited for: there are browsers that never answer.
const PATIENCE_MS: i32 = 8000;

/// Why something was not stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    /// It is there already.
    Known,
    /// There is no room left.
    Full,
    /// The browser has no storage for this page, or it does not answer.
    Denied,
}

impl From<JsValue> for Refusal {
    /// Of what the browser throws.
    fn from(error: JsValue) -> Self {
        let name = js_sys::Reflect::get(&error, &"name".into()).unwrap_or_default();
        match name.as_string().as_deref() {
            Some("ConstraintError") => Self::Known,
            Some("QuotaExceededError") => Self::Full,
            _ => Self::Denied,
        }
    }
}

/// A photo as it is stored.
pub(super) struct Record {
    pub(super) sha256: String,
    /// Its description as JSON.
    pub(super) garment: String,
    /// Its vector in half precision.
    pub(super) vector: Vec<u8>,
    /// Its thumbnail as a file; none where the one that is there stays.
    pub(super) picture: Option<Uint8Array>,
}

/// The stamps before and after a change.
pub(super) struct Stamps {
    pub(super) before: Option<f64>,
    pub(super) after: f64,
}

/// The open database.
pub(super) struct Store(IdbDatabase);

impl Store {
    /// Opens the database of this site, which is made where there is none.
    pub(super) async fn open() -> Result<Self, Refusal> {
        let factory = scope().indexed_db()?.ok_or(Refusal::Denied)?;
        // One origin may hold several sites.
        let folder = Url::new_with_base("./", &scope().location().href()).map(|url| url.pathname())?;
        let request = factory.open_with_u32(&format!("twill wardrobe {folder}"), VERSION)?;
        let making = request.clone();
        let make = Closure::<dyn FnMut()>::new(move || {
            if let Ok(database) = making.result() {
                let database: IdbDatabase = database.unchecked_into();
                for name in [PHOTOS, PICTURES, MARKS] {
                    // Where one cannot be made, nothing can be stored, and that is told.
                    let _ = database.create_object_store(name);
                }
            }
        });
        request.set_onupgradeneeded(Some(make.as_ref().unchecked_ref()));
        let outcome = opened(&request).await;
        // It is called no more: what it would call is gone.
        request.set_onupgradeneeded(None);
        outcome?;
        let database: IdbDatabase = request.result()?.unchecked_into();
        // Another tab has a newer version of this program, or the person deletes what is stored: nobody has to wait for this one.
        let leaving = database.clone();
        let leave = Closure::<dyn FnMut()>::new(move || leaving.close());
        database.set_onversionchange(Some(leave.into_js_value().unchecked_ref()));
        Ok(Self(database))
    }

    /// The stamp of the last change; none where there has been none.
    pub(super) async fn stamp(&self) -> Result<Option<f64>, Refusal> {
        let marks = self.0.transaction_with_str(MARKS)?.object_store(MARKS)?;
        Ok(answer(marks.get(&STAMP.into())?).await?.as_f64())
    }

    /// All descriptions and vectors, and the stamp that belongs to them.
    pub(super) async fn load(&self) -> Result<(Vec<(String, Vec<u8>)>, Option<f64>), Refusal> {
        let transaction = self.transaction(IdbTransactionMode::Readonly)?;
        let stamp = transaction.object_store(MARKS)?.get(&STAMP.into())?;
        let all = transaction.object_store(PHOTOS)?.get_all()?;
        let (stamp, all) = (answer(stamp), answer(all));
        let (stamp, records) = (stamp.await?.as_f64(), Array::from(&all.await?));
        let read = |record: JsValue| {
            let parts: Array = record.dyn_into().ok()?;
            let vector: Uint8Array = parts.get(1).dyn_into().ok()?;
            Some((parts.get(0).as_string()?, vector.to_vec()))
        };
        Ok((records.iter().filter_map(read).collect(), stamp))
    }

    /// The thumbnails of these photos, as files.
    pub(super) async fn pictures(&self, ids: &[&str]) -> Result<Vec<Option<Uint8Array>>, Refusal> {
        let pictures = self.0.transaction_with_str(PICTURES)?.object_store(PICTURES)?;
        let get = |id: &&str| pictures.get(&(*id).into()).map(answer);
        let answers = ids.iter().map(get).collect::<Result<Vec<_>, _>>()?;
        let mut files = Vec::with_capacity(ids.len());
        for answer in answers {
            files.push(answer.await?.dyn_into().ok());
        }
        Ok(files)
    }

    /// Stores all of these photos, or none of them: with [`Refusal::Known`] where one is there already.
    pub(super) async fn add(&self, records: &[Record]) -> Result<Stamps, Refusal> {
        self.change(|photos, pictures| {
            for record in records {
                photos.add_with_key(&value(record), &record.sha256.as_str().into())?;
                if let Some(picture) = &record.picture {
                    pictures.put_with_key(picture, &record.sha256.as_str().into())?;
                }
            }
            Ok(())
        })
        .await
    }

    /// Puts another description and vector in the place of a photo's.
    pub(super) async fn replace(&self, record: &Record) -> Result<Stamps, Refusal> {
        self.change(|photos, _| photos.put_with_key(&value(record), &record.sha256.as_str().into()).map(drop))
            .await
    }

    /// Deletes a photo.
    pub(super) async fn remove(&self, id: &str) -> Result<Stamps, Refusal> {
        self.change(|photos, pictures| {
            photos.delete(&id.into())?;
            pictures.delete(&id.into()).map(drop)
        })
        .await
    }

    /// Deletes everything.
    pub(super) async fn clear(&self) -> Result<Stamps, Refusal> {
        self.change(|photos, pictures| {
            photos.clear()?;
            pictures.clear().map(drop)
        })
        .await
    }

    /// One change, whole or not at all. All requests are made at once: a transaction ends when nobody asks any more.
    async fn change(
        &self,
        make: impl FnOnce(&IdbObjectStore, &IdbObjectStore) -> Result<(), JsValue>,
    ) -> Result<Stamps, Refusal> {
        let transaction = self.transaction(IdbTransactionMode::Readwrite)?;
        let marks = transaction.object_store(MARKS)?;
        let before = marks.get(&STAMP.into())?;
        let made = make(&transaction.object_store(PHOTOS)?, &transaction.object_store(PICTURES)?);
        if let Err(error) = made {
            // One that has ended by itself cannot be ended.
            let _ = transaction.abort();
            return Err(error.into());
        }
        let after = Math::random();
        marks.put_with_key(&after.into(), &STAMP.into())?;
        committed(&transaction).await?;
        Ok(Stamps { before: before.result()?.as_f64(), after })
    }

    fn transaction(&self, mode: IdbTransactionMode) -> Result<IdbTransaction, JsValue> {
        let names = [PHOTOS, PICTURES, MARKS].into_iter().map(JsValue::from_str).collect::<Array>();
        self.0.transaction_with_str_sequence_and_mode(&names, mode)
    }
}

/// A record's value: description and vector.
fn value(record: &Record) -> JsValue {
    Array::of2(&record.garment.as_str().into(), &Uint8Array::from(record.vector.as_slice())).into()
}

/// Waits until a database is open.
async fn opened(request: &IdbOpenDbRequest) -> Result<(), Refusal> {
    let promise = Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
        // Without a timer it is waited for as long as it takes.
        let _ = scope().set_timeout_with_callback_and_timeout_and_arguments_0(&reject, PATIENCE_MS);
    });
    JsFuture::from(promise).await.map(drop).map_err(|_| Refusal::Denied)
}

/// What a request gives. It is listened to from now on, not only once somebody waits.
fn answer(request: IdbRequest) -> impl Future<Output = Result<JsValue, Refusal>> {
    let promise = JsFuture::from(Promise::new(&mut |resolve, reject| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    }));
    async move {
        promise.await.map_err(|_| Refusal::Denied)?;
        Ok(request.result()?)
    }
}

/// Waits until a transaction is over.
async fn committed(transaction: &IdbTransaction) -> Result<(), Refusal> {
    let promise = Promise::new(&mut |resolve, reject| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    match JsFuture::from(promise).await {
        Ok(_) => Ok(()),
        Err(_) => Err(transaction.error().map_or(Refusal::Denied, |error| JsValue::from(error).into())),
    }
}
