//! What page and worker say of the person's own photos.

use serde::{Deserialize, Serialize};
use web_sys::Blob;

use super::{Facets, Filter, Message};

/// Where to search.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// The catalogue.
    #[default]
    Shop,
    /// The person's own photos.
    Wardrobe,
    /// Both.
    Both,
}

/// What there is to do.
#[derive(Serialize, Deserialize)]
pub enum Chore {
    /// Tell what is there. Answered by [`Stock`].
    Look,
    /// Look at photos and keep what is needed of them. Answered by `Added`.
    Add {
        /// A few.
        photos: Vec<NewPhoto>,
    },
    /// Show some of the photos, the newest first. Answered by `Shelf`.
    List {
        /// At most so many.
        count: usize,
    },
    /// Find what looks like one of the photos. Answered by `Similar`.
    Like {
        /// Its id.
        id: String,
        /// Which items may be found.
        filter: Filter,
    },
    /// Delete a photo. Answered by [`Stock`].
    Remove {
        /// Its id.
        id: String,
    },
    /// Delete everything. Answered by [`Stock`].
    Clear,
    /// Look again at the thumbnail of one photo that an earlier network has looked at. Answered by [`Stock`].
    Renew,
    /// Write everything into one file. Answered by `File`.
    Export,
    /// Add all photos of a file that [`Chore::Export`] has written. Answered by `Added`.
    Import {
        /// The file, unread.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        file: Blob,
    },
}

/// What there is of the person's own.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Stock {
    /// All photos.
    pub count: usize,
    /// Those that an earlier network has looked at: they cannot be searched.
    pub stale: usize,
    /// What is wrong with the browser's storage, so that photos last only as long as the page.
    pub trouble: Option<Message>,
    /// What the photos can be told apart by.
    pub own: Facets,
    /// What photos and catalogue together can be told apart by.
    pub both: Facets,
}

/// A photo that is to be added.
#[derive(Serialize, Deserialize)]
pub struct NewPhoto {
    /// The photo's file, unread.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub photo: Blob,
    /// The file's name.
    pub name: String,
    /// When the file was changed last, milliseconds since 1970.
    pub date: f64,
}

/// What is different about an item that is the person's own.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct Own {
    /// Name of the photo's file.
    pub name: String,
    /// Whether it hardly differs from another one.
    pub is_twin: bool,
}
