//! Thumbnails for the page: addresses that mean something as long as this worker lives.

use std::collections::HashMap;

use js_sys::{Array, Uint8Array};
use web_sys::{Blob, BlobPropertyBag, Url};

/// Addresses of thumbnails by the photos' ids.
#[derive(Default)]
pub(super) struct Pictures(HashMap<String, String>);

impl Pictures {
    /// The address of a photo's thumbnail, if it has one yet.
    pub(super) fn address(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// Gives a thumbnail an address. It is a JPEG to the browser, whatever its bytes are.
    pub(super) fn put(&mut self, id: &str, file: &Uint8Array) {
        if let Some(blob) = blob(file, "image/jpeg") {
            self.forget(id);
            if let Ok(address) = Url::create_object_url_with_blob(&blob) {
                self.0.insert(id.to_owned(), address);
            }
        }
    }

    /// Takes a thumbnail's address back.
    pub(super) fn forget(&mut self, id: &str) {
        if let Some(address) = self.0.remove(id) {
            revoke(&address);
        }
    }

    /// Takes all of them back.
    pub(super) fn clear(&mut self) {
        self.0.drain().for_each(|(_, address)| revoke(&address));
    }
}

/// A file of this type; none where the browser has no room for it.
pub(super) fn blob(bytes: &Uint8Array, kind: &str) -> Option<Blob> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    Blob::new_with_u8_array_sequence_and_options(&Array::of1(bytes), &options).ok()
}

fn revoke(address: &str) {
    // An address that the browser does not know any more has nothing left to free.
    let _ = Url::revoke_object_url(address);
}
