//! What the page and its worker say to each other.
//!
//! One [`Request`] and one [`Response`], both with the protocol's version and the request's id. The worker's files carry
//! no content hash in their names, so a browser may pair a new page with an old worker from its cache: the version tells.
//! Ids grow; whoever waits for an answer to request 7 drops what still comes for request 6.
//!
//! A photo travels as the browser's own `Blob`: a handle, whose bytes are read in the worker only.

pub mod progress;
pub mod wardrobe;

use js_sys::Array;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use web_sys::Blob;

use crate::region::Region;
pub use progress::{Amount, FileKind, FileProgress, Progress, Stage};
pub use wardrobe::{Chore, NewPhoto, Own, Scope, Stock};

/// Raised whenever a message changes its shape. `app/js/worker-loader.js` and `app/js/embed/line.js` write some of them by hand: keep
/// both in step.
pub const VERSION: u32 = 9;

/// How many results the worker is asked for; the page shows some first and the rest on demand.
pub const MOST_RESULTS: usize = 20;

/// Where the network runs.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum Backend {
    /// On the graphics card, through the browser's WebGPU.
    WebGpu,
    /// On the processor, with 128-bit SIMD.
    Cpu,
}

impl Backend {
    /// The backend's name in the page's address and in `data-backend`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebGpu => "webgpu",
            Self::Cpu => "cpu",
        }
    }

    /// The backend with that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::WebGpu, Self::Cpu].into_iter().find(|backend| backend.name() == name)
    }
}

/// From the page to the worker.
#[derive(Serialize, Deserialize)]
pub struct Request {
    /// [`VERSION`] of the sender.
    pub version: u32,
    /// The answer carries the same.
    pub id: u32,
    /// What is wanted.
    pub ask: Ask,
}

/// What the page may want.
#[derive(Serialize, Deserialize)]
pub enum Ask {
    /// Load everything; always the first request.
    Start(Setup),
    /// Find what looks like the garment in this photo.
    Find {
        /// The photo's file, unread.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        photo: Blob,
        /// The part to look at; without it the network finds the garment.
        crop: Option<Region>,
        /// Which items may be found.
        #[serde(default)]
        filter: Filter,
    },
    /// Search again with another part of the photo that request `photo` brought.
    Refine {
        /// Id of the `Find` request with the photo.
        photo: u32,
        /// The part to look at; without it the network finds the garment.
        crop: Option<Region>,
        /// Which items may be found.
        #[serde(default)]
        filter: Filter,
    },
    /// Find what looks like this catalogue item.
    MoreLike {
        /// The item's row in the catalogue.
        row: usize,
        /// Which items may be found.
        #[serde(default)]
        filter: Filter,
    },
    /// The same for an item of which only the catalogue's own id is known: somebody sent an address.
    Recall {
        /// The catalogue's own id.
        id: String,
        /// Which items may be found.
        #[serde(default)]
        filter: Filter,
    },
    /// Look at this photo and search for nothing. Unlike the questions above it is answered whatever comes after it.
    Embed {
        /// The photo's file, unread.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        photo: Blob,
        /// The part to look at; without it the network finds the garment.
        crop: Option<Region>,
    },
    /// Search the catalogue. It, too, is answered whatever comes after it.
    Search(Search),
    /// Something about the person's own photos.
    Own(Chore),
    /// Compare what was looked for with an item. It, too, is answered whatever comes after it.
    Compare {
        /// What was looked for.
        query: Side,
        /// The item.
        item: Side,
        /// Whether both pictures are to be looked at for what matched.
        heat: bool,
    },
}

/// One of two that are compared.
#[derive(Serialize, Deserialize)]
pub enum Side {
    /// A photo.
    Photo {
        /// The photo's file, unread.
        #[serde(with = "serde_wasm_bindgen::preserve")]
        photo: Blob,
        /// Id of the request that brought it.
        request: u32,
        /// The part of it that the person chose.
        crop: Option<Region>,
        /// The embedding that was searched with.
        embedding: Vec<f32>,
        /// What is known of it: `category`, `colour` and attributes, with their values.
        traits: Vec<(String, String)>,
        /// Its colour, `#rrggbb`.
        hue: String,
    },
    /// The catalogue's item in this row.
    Item(usize),
    /// One of the person's own photos, by its id.
    Own(String),
}

/// What to search the catalogue for.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Search {
    /// What results are to be like.
    pub like: Like,
    /// At most so many results.
    pub count: usize,
    /// Only items of these categories, as the catalogue names them; all where there are none.
    pub categories: Vec<String>,
}

/// What a [`Search`] starts from.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub enum Like {
    /// An embedding.
    Vector(Vec<f32>),
    /// The catalogue's item with this id, which is not among the results itself.
    Item(String),
}

/// Which items may be found: those that have all of this.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug, Default)]
#[serde(default)]
pub struct Filter {
    /// Where they are.
    pub scope: Scope,
    /// A category of the catalogue.
    pub category: Option<String>,
    /// The name of a colour family.
    pub colour: Option<String>,
    /// Attributes and their values.
    pub attributes: Vec<(String, String)>,
}

impl Filter {
    /// Whether every item there may be found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == self.cleared()
    }

    /// The one that lets through every item there.
    #[must_use]
    pub fn cleared(&self) -> Self {
        Self { scope: self.scope, ..Self::default() }
    }

    /// Whether items have to have this mark.
    #[must_use]
    pub fn has(&self, mark: &Mark) -> bool {
        match mark {
            Mark::Category(name) => self.category.as_ref() == Some(name),
            Mark::Colour(family) => self.colour.as_ref() == Some(family),
            Mark::Attribute(attribute, value) => {
                self.attributes.iter().any(|(name, wanted)| name == attribute && wanted == value)
            }
        }
    }

    /// Asks for this mark, or does so no more. There is one category, one colour and one value of an attribute at a time.
    pub fn toggle(&mut self, mark: Mark) {
        let had = self.has(&mark);
        match mark {
            Mark::Category(name) => self.category = (!had).then_some(name),
            Mark::Colour(family) => self.colour = (!had).then_some(family),
            Mark::Attribute(attribute, value) => {
                self.attributes.retain(|(name, _)| *name != attribute);
                if !had {
                    self.attributes.push((attribute, value));
                    self.attributes.sort();
                }
            }
        }
    }
}

/// Something that an item may have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// A category of the catalogue.
    Category(String),
    /// A colour of this family.
    Colour(String),
    /// An attribute and its value.
    Attribute(String, String),
}

/// Where things are, and what the person insists on. All addresses are absolute.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Setup {
    /// Only this backend will do.
    pub forced: Option<Backend>,
    /// Leave WebGPU alone: it has failed on this page before.
    pub avoid_webgpu: bool,
    /// Address of `model.json`.
    pub model: String,
    /// Address of `catalogue.json`.
    pub catalogue: String,
}

/// From the worker to the page.
#[derive(Serialize, Deserialize)]
pub struct Response {
    /// [`VERSION`] of the sender.
    pub version: u32,
    /// The request that this answers; 0 before any request.
    pub id: u32,
    /// The answer.
    pub answer: Answer,
}

/// What the worker may answer.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub enum Answer {
    /// Still loading.
    Progress(Progress),
    /// Loaded: photos will be answered from now on.
    Ready(Ready),
    /// Answers `Find`, `Refine`, and without hits `Embed`. While a catalogue is on its way, answers from a part of it come first
    /// ([`Similar::is_partial`]).
    Found(Found),
    /// Answers `MoreLike`, `Like` and `Search`.
    Similar(Similar),
    /// Answers `Recall`: the item, and what looks like it.
    Recalled(Item, Similar),
    /// Answers `Compare`.
    Compared(Comparison),
    /// From now on the network runs elsewhere. What has been found stays as it is.
    Moved {
        /// Where it runs.
        backend: Backend,
        /// Why the graphics card is not used, where there is one.
        trouble: Option<Message>,
    },
    /// Answers some chores, and tells when another page has changed it.
    Stock(Stock),
    /// Answers `Add` and `Import`.
    Added {
        /// Photos that are new.
        added: usize,
        /// Photos that were there already.
        known: usize,
        /// Those that cannot be read, by their place among the photos that were to be added.
        bad: Vec<usize>,
    },
    /// Answers `List`.
    Shelf(Vec<Item>),
    /// Answers `Export`.
    File(#[serde(with = "serde_wasm_bindgen::preserve")] Blob),
    /// The request failed; the worker is well.
    Failed(Fault),
    /// The worker is about to die, with these last words.
    Crashed(Message),
}

/// What has been loaded.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Ready {
    /// Where the network runs.
    pub backend: Backend,
    /// Why the graphics card is not used, where there is one.
    pub trouble: Option<Message>,
    /// The catalogue's name.
    pub catalogue: String,
    /// Number of items to search.
    pub count: usize,
    /// A few items of different categories, for people who have no photo at hand.
    pub samples: Vec<Item>,
    /// What items can be told apart by.
    pub facets: Facets,
}

/// What the items of a catalogue can be filtered by. Whatever all of them have, or none, is not in it.
#[derive(Serialize, Deserialize, Clone, PartialEq, Eq, Debug, Default)]
pub struct Facets {
    /// Categories and how many items they have, in alphabetical order.
    pub categories: Vec<(String, usize)>,
    /// Colour families and how many items they have, black first.
    pub colours: Vec<(String, usize)>,
    /// Attributes and values that occur.
    pub attributes: Vec<(String, String)>,
}

impl Facets {
    /// Whether some items have this mark and others do not.
    #[must_use]
    pub fn tell(&self, mark: &Mark) -> bool {
        match mark {
            Mark::Category(name) => self.categories.iter().any(|(other, _)| other == name),
            Mark::Colour(family) => self.colours.iter().any(|(other, _)| other == family),
            Mark::Attribute(attribute, value) => {
                self.attributes.iter().any(|(name, other)| name == attribute && other == value)
            }
        }
    }
}

/// What a photo gave.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Found {
    /// Width of the upright photo in pixels.
    pub width: u32,
    /// Height of the upright photo in pixels.
    pub height: u32,
    /// The garment as the network sees it, in fractions of the upright photo.
    pub garment: Region,
    /// The likeliest category and its probability (0 to 1).
    pub guess: Option<(String, f32)>,
    /// Attributes and their values, as the model names them, of which the network is sure.
    pub attributes: Vec<(String, String)>,
    /// The garment's colours, the main one first: `#rrggbb`, and its family's name.
    pub colours: Vec<(String, String)>,
    /// The embedding that was searched with, unit length.
    pub embedding: Vec<f32>,
    /// What was found.
    pub similar: Similar,
}

/// What was found.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug, Default)]
pub struct Similar {
    /// Best first.
    pub hits: Vec<Hit>,
    /// How many items the filter let through.
    pub choice: usize,
    /// How many items have been searched.
    pub read: usize,
    /// How many items there are, or will be.
    pub all: usize,
    /// Whether the rest of the catalogue is still on its way, and another answer with it. Even where all items have been searched,
    /// the file they are from has to be right to its end.
    pub is_partial: bool,
}

/// A catalogue item with its likeness to the query.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Hit {
    /// The item.
    pub item: Item,
    /// Cosine similarity, at most 1.
    pub score: f32,
}

/// What the page shows of a catalogue item.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Item {
    /// Row in the feature file.
    pub row: usize,
    /// The catalogue's own id.
    pub id: String,
    /// Absolute address of the picture.
    pub image: String,
    /// Width of the picture in pixels.
    pub width: u32,
    /// Height of the picture in pixels.
    pub height: u32,
    /// Category, as the catalogue names it.
    pub category: String,
    /// What the garment is called, where the catalogue says so.
    pub title: Option<String>,
    /// Price, as text for people.
    pub price: Option<String>,
    /// Where to buy it; `http` or `https` only.
    pub link: Option<String>,
    /// What is different about it where it is the person's own; its id is then no catalogue's.
    #[serde(default)]
    pub own: Option<Own>,
}

/// What was looked for beside an item.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct Comparison {
    /// What is known of both, here what was looked for: `category`, `colour` and attributes, with their values.
    pub query: Vec<(String, String)>,
    /// The same of the item, in the same order.
    pub item: Vec<(String, String)>,
    /// Both colours, `#rrggbb`.
    pub hues: (String, String),
    /// Similarity of what the network sees, at most 1.
    pub features: f32,
    /// Similarity of the colours, 0 to 1.
    pub colours: f32,
    /// Similarity of what tells garments of one kind apart, at most 1.
    pub details: f32,
    /// What shares of the whole colours and details have.
    pub shares: (f32, f32),
    /// What matched, as pictures ([`web_sys::ImageData`]) to lay over both; transparent where nothing did. Empty where that was
    /// not asked for.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub heat: Array,
}

/// Something went wrong, in words for a person.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Fault {
    /// What it concerns, which decides on the advice that the page gives.
    pub kind: FaultKind,
    /// One sentence.
    pub message: Message,
}

impl Fault {
    /// A fault that these words tell of: a [`Message`], or the key of one that needs no values.
    pub fn new(kind: FaultKind, message: impl Into<Message>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// Words for a person, before they are in anybody's language: the worker does not know what the page speaks.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Message {
    /// Key of the words in `app/texts`.
    pub key: String,
    /// What goes into their `{places}`, by name.
    pub values: Vec<(String, Value)>,
}

impl Message {
    /// The words with this key.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self { key: key.to_owned(), values: Vec::new() }
    }

    /// With a text in the place `name`.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        self.values.push((name.to_owned(), Value::Text(text.to_owned())));
        self
    }

    /// With a number in the place `name`.
    #[must_use]
    pub fn with_number(mut self, name: &str, number: f64) -> Self {
        self.values.push((name.to_owned(), Value::Number(number)));
        self
    }
}

impl From<&str> for Message {
    fn from(key: &str) -> Self {
        Self::new(key)
    }
}

/// What goes into a place of a [`Message`].
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub enum Value {
    /// Stays as it is.
    Text(String),
    /// Is written as the person's language writes it.
    Number(f64),
}

/// What a [`Fault`] concerns.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// The photo cannot be used: another one may do.
    Photo,
    /// The catalogue has no such item.
    Item,
    /// The network's weights cannot be used.
    Model,
    /// The catalogue cannot be used.
    Catalogue,
    /// Something could not be downloaded.
    Network,
    /// The backend that was asked for is not to be had.
    Backend,
    /// The wardrobe could not do what was asked of it.
    Wardrobe,
    /// The worker has stopped.
    Crash,
}

impl FaultKind {
    /// The kind's name in `data-kind`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Item => "item",
            Self::Model => "model",
            Self::Catalogue => "catalogue",
            Self::Network => "network",
            Self::Backend => "backend",
            Self::Wardrobe => "wardrobe",
            Self::Crash => "crash",
        }
    }
}

/// Turns a message into what `postMessage` takes.
pub fn to_js(message: &impl Serialize) -> Result<JsValue, serde_wasm_bindgen::Error> {
    serde_wasm_bindgen::to_value(message)
}

/// Reads a message that arrived.
pub fn from_js<T: for<'de> Deserialize<'de>>(message: JsValue) -> Result<T, serde_wasm_bindgen::Error> {
    serde_wasm_bindgen::from_value(message)
}
