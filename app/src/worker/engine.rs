//! The network and the catalogue, loaded and ready to answer.

use std::cell::{Ref, RefCell};
use std::collections::HashMap;

use ::image::RgbImage;
use futures::future::try_join;
use futures::lock::Mutex;
use model::catalogue::CatalogueCard;
use model::crop::CropBox;
use model::embedder::{Embedder, Embedding, freeze};
use model::feature_file::{FeatureFile, bytes_before_vectors};
use model::frozen::Frozen;
use model::items::Columns;
use model::search::{Filter as Rows, Hit, Request, search};
use model::weights::{FileReference, ModelCard};

use crate::worker::arrival::{Arrival, Queue, Shelf};
use crate::worker::fetch::{Piece, Sink, Wanted, fetch, fetch_into, fetch_piece};
use crate::worker::graphics::Graphics;
use crate::worker::items::Store;
use crate::worker::kept::{Kept, fetch_rest};
use crate::worker::switch::Switch;
use crate::worker::{backend, facets, fault, query, tell};
use twill_app::protocol::{
    Backend, Fault, FaultKind, FileKind, FileProgress, Filter, Found, Item, Like, MOST_RESULTS, Message,
    Progress, Ready, Search, Setup, Similar, Stage,
};
use twill_app::texts;

/// How many garments are offered for a try.
const SAMPLES: usize = 6;

/// Where the engine goes once it is loaded.
#[derive(Default)]
pub(super) struct Slot {
    engine: Option<Engine>,
    /// What the graphics card may be given, until it is known whether there is one.
    spare: Option<Spare>,
    /// Whether loading has been tried before.
    is_retry: bool,
}

/// The network's two files.
struct Spare {
    card: ModelCard,
    card_json: Vec<u8>,
    weights: Vec<u8>,
}

impl Slot {
    /// The engine, and whether it was loaded only now.
    pub(super) async fn load(
        &mut self,
        setup: &Setup,
        tell: &dyn Fn(Progress),
        queue: &Queue,
    ) -> Result<(&Engine, bool), Fault> {
        let is_new = self.engine.is_none();
        if is_new {
            tell(Progress { stage: Stage::Data, files: Vec::new() });
            let is_retry = std::mem::replace(&mut self.is_retry, true);
            self.fetch(setup, is_retry, tell, queue).await?;
        }
        match &self.engine {
            Some(engine) => Ok((engine, is_new)),
            None => Err(Fault::new(FaultKind::Crash, texts::WORKER_DIED)),
        }
    }

    /// Downloads everything and puts it together. What proves an answer, or takes its time, is read last: who waits is answered from what
    /// is there.
    async fn fetch(
        &mut self,
        setup: &Setup,
        is_retry: bool,
        tell: &dyn Fn(Progress),
        queue: &Queue,
    ) -> Result<(), Fault> {
        let download = Download::begin(setup, is_retry, tell).await?;
        let Download { model_card, card, catalogue_card, .. } = &download;
        let mut arrival = Arrival::default();
        let first = try_join(download.get(&card.weights), download.items());
        let wanted = || download.wanted(&catalogue_card.features, true);
        let count = |bytes| download.count(&catalogue_card.features, bytes);
        let mut kept = None;
        let (weights, list) = if catalogue_card.features.bytes >= LARGE {
            kept = Some(Kept::open(&setup.catalogue, is_retry).await);
            first.await?
        } else {
            let codes = wanted().before(download.codes_end());
            try_join(first, fetch_into(codes, &mut arrival, &count)).await?.0
        };
        let is_all = arrival.count() as u64 == catalogue_card.features.bytes;
        if is_all {
            download.report(Stage::WarmUp);
        }

        let items = Store::open(catalogue_card, &setup.catalogue, &card.attributes, list)?;
        let own = freeze(card, &weights).map_err(|error| fault::of(&error))?;
        let spare = Spare { card: card.clone(), card_json: model_card.clone(), weights };
        let is_forced = setup.forced == Some(Backend::WebGpu);
        let switch = Switch::new(own, is_forced);
        if is_forced {
            backend::choose(setup).await?;
            switch.turn_to(spare.start(&switch).await.map_err(backend::fault)?);
        } else {
            self.spare = Some(spare);
        }
        let embedder = Embedder::new(card.clone(), switch.clone());
        if !is_all {
            let shelf = Shelf { embedder: &embedder, card: catalogue_card, items: &items, queue };
            arrival.serve(shelf).await?;
            let rest = match &mut kept {
                Some(kept) => fetch_rest(&wanted, catalogue_card, kept, &mut arrival, &count).await,
                None => fetch_into(wanted(), &mut arrival, &count).await,
            };
            if let (Err(Fault { kind: FaultKind::Catalogue | FaultKind::Model, .. }), Some(kept)) =
                (&rest, &kept)
            {
                // What is wrong may be kept.
                kept.forget().await;
            }
            rest?;
            download.report(Stage::WarmUp);
        }

        let features = arrival.finish(catalogue_card);
        if let Some(kept) = kept {
            if features.is_ok() { kept.settle().await } else { kept.forget().await }
        }
        let features = features?;
        let (rows, weights) = (features.len() as u64, features.weights_sha256());
        catalogue_card
            .check_features(rows, features.dimension(), weights)
            .and_then(|()| embedder.check_made(&features))
            .map_err(|error| fault::of(&error))?;
        self.engine = Some(Engine { embedder, name: catalogue_card.name.clone(), items, features, switch });
        Ok(())
    }

    /// Drops an engine that cannot go on: the next question loads another.
    pub(super) fn clear(&mut self) {
        self.engine = None;
    }
}

/// Fetches and warms up the program for the graphics card, if there is one, while the engine answers on the processor; then the
/// card takes over. Needed once; does nothing when called again.
pub(super) async fn improve(slot: &Mutex<Slot>, setup: &Setup) {
    let (spare, switch) = {
        let mut slot = slot.lock().await;
        let Slot { engine: Some(engine), spare, .. } = &mut *slot else { return };
        let Some(spare) = spare.take() else { return };
        (spare, engine.switch.clone())
    };
    if !matches!(backend::choose(setup).await, Ok(Backend::WebGpu)) {
        return;
    }
    let outcome = spare.start(&switch).await;
    // Between two questions: both looks at a photo are the same network's.
    let _between = slot.lock().await;
    match outcome {
        Ok(graphics) => switch.turn_to(graphics),
        Err(why) => switch.turn_back(why),
    }
    switch.announce();
}

impl Spare {
    async fn start(&self, switch: &Switch) -> Result<Graphics, Message> {
        Graphics::start(&self.card, &self.card_json, &self.weights, switch.own()).await
    }
}

/// A feature file of so many bytes is not waited for: it is searched while it is on its way.
const LARGE: u64 = 8 << 20;

/// All that is downloaded, as its cards name it.
struct Download<'a> {
    setup: &'a Setup,
    is_retry: bool,
    tell: &'a dyn Fn(Progress),
    /// What is counted, each file once.
    files: RefCell<Vec<FileProgress>>,
    /// model.json.
    model_card: Vec<u8>,
    card: ModelCard,
    catalogue_card: CatalogueCard,
}

impl<'a> Download<'a> {
    /// Fetches the cards.
    async fn begin(setup: &'a Setup, is_retry: bool, tell: &'a dyn Fn(Progress)) -> Result<Self, Fault> {
        let (model_card, catalogue_card) = try_join(
            fetch(Wanted::card(&setup.model, FaultKind::Model), &|_| {}),
            fetch(Wanted::card(&setup.catalogue, FaultKind::Catalogue), &|_| {}),
        )
        .await?;
        let card = ModelCard::from_json(&model_card).map_err(|error| fault::of(&error))?;
        let catalogue_card = CatalogueCard::from_json(&catalogue_card).map_err(|error| fault::of(&error))?;
        let files = [
            (FileKind::Weights, &card.weights, card.weights.bytes),
            (FileKind::Items, &catalogue_card.items, catalogue_card.items_bytes_first()),
            (FileKind::Features, &catalogue_card.features, catalogue_card.features.bytes),
        ];
        let files = files.map(|(kind, file, bytes)| {
            let (name, total) = (file.file.clone(), Some(bytes as f64));
            FileProgress { kind, name, received: 0.0, total }
        });
        let files = RefCell::new(files.into());
        Ok(Self { setup, is_retry, tell, files, model_card, card, catalogue_card })
    }

    /// So many bytes more of a file have arrived.
    fn count(&self, file: &FileReference, bytes: usize) {
        let is_meant = |known: &&mut FileProgress| {
            known.name == file.file && known.total.is_none_or(|total| known.received < total)
        };
        if let Some(known) = self.files.borrow_mut().iter_mut().find(is_meant) {
            known.received += bytes as f64;
            // All of a list came where its head was asked for.
            known.total =
                known.total.map(|total| if known.received > total { file.bytes as f64 } else { total });
        }
        self.report(Stage::Data);
    }

    /// Says how far everything is.
    fn report(&self, stage: Stage) {
        (self.tell)(Progress { stage, files: self.files.borrow().clone() });
    }

    /// A file that one of the cards names.
    fn wanted(&self, file: &FileReference, is_of_catalogue: bool) -> Wanted {
        let (card, kind) = if is_of_catalogue {
            (&self.setup.catalogue, FaultKind::Catalogue)
        } else {
            (&self.setup.model, FaultKind::Model)
        };
        Wanted::beside(card, file, kind, self.is_retry)
    }

    /// Where the feature file's codes end at the latest: with those, everything can be searched. None where all is to come at once.
    fn codes_end(&self) -> Option<u64> {
        let CatalogueCard { count, dimension, .. } = self.catalogue_card;
        bytes_before_vectors(count, dimension).filter(|_| !self.is_retry)
    }

    /// A file that the model's card names.
    async fn get(&self, file: &FileReference) -> Result<Vec<u8>, Fault> {
        fetch(self.wanted(file, false), &|bytes| self.count(file, bytes)).await
    }

    /// What has to be there of the item list first, or all of it.
    async fn items(&self) -> Result<Vec<u8>, Fault> {
        let list = &self.catalogue_card.items;
        let first = 0..self.catalogue_card.items_bytes_first();
        match fetch_piece(self.wanted(list, true), first, &|bytes| self.count(list, bytes)).await? {
            Piece::Part(bytes) | Piece::Whole(bytes) => Ok(bytes),
        }
    }
}

/// Answers questions.
pub(super) struct Engine {
    embedder: Embedder,
    /// What people call the catalogue.
    name: String,
    items: Store,
    features: FeatureFile,
    switch: Switch,
}

impl Engine {
    /// What has been loaded.
    pub(super) async fn ready(&self) -> Ready {
        let (samples, facets) = {
            let columns = self.items.columns();
            let categories: Vec<&str> =
                (0..columns.rows()).map(|row| columns.category(row).unwrap_or_default()).collect();
            (pick_samples(&categories), facets::offer(&[&columns]))
        };
        // Without samples everything else can be done.
        drop(self.items.bring(&samples).await);
        Ready {
            backend: self.switch.backend(),
            trouble: self.switch.trouble(),
            catalogue: self.name.clone(),
            count: self.items.len(),
            samples: samples.into_iter().filter_map(|row| self.items.show(row)).collect(),
            facets,
        }
    }

    /// What the network sees in (a part of) a photo; nothing has been searched yet.
    pub(super) async fn see(&self, photo: &RgbImage, crop: Option<CropBox>) -> Result<Found, Fault> {
        let embedding = self.embedder.embed(photo, crop.unwrap_or(CropBox::WHOLE)).await;
        let embedding = embedding.map_err(|error| self.blame(&error))?;
        Ok(self.tell(photo, embedding))
    }

    /// What was seen in a photo, in the words of the protocol.
    pub(super) fn tell(&self, photo: &RgbImage, embedding: Embedding) -> Found {
        tell::found(self.embedder.card(), photo, embedding, Similar::default())
    }

    /// What the network sees in each of several photos, which a graphics card looks at together.
    pub(super) async fn see_all(&self, photos: &[&RgbImage]) -> Result<Vec<Found>, Fault> {
        let inputs: Vec<_> = photos.iter().map(|photo| (*photo, CropBox::WHOLE)).collect();
        let embeddings = self.embedder.embed_batch(&inputs).await.map_err(|error| self.blame(&error))?;
        Ok(photos.iter().zip(embeddings).map(|(photo, embedding)| self.tell(photo, embedding)).collect())
    }

    /// What to say of an error: where only the graphics card will do, that it failed.
    fn blame(&self, error: &model::Error) -> Fault {
        match (error, self.switch.trouble()) {
            (model::Error::Inference { .. }, Some(trouble)) => backend::fault(trouble),
            _ => fault::of(error),
        }
    }

    /// What the catalogue's items can be told apart by.
    pub(super) fn columns(&self) -> Ref<'_, Columns> {
        self.items.columns()
    }

    /// The vector of the catalogue's item `row`.
    pub(super) fn vector(&self, row: usize) -> Result<Vec<f32>, Fault> {
        let vector = self.features.vector(row);
        vector.ok_or_else(|| fault::of(&model::Error::NoSuchItem { row }))
    }

    /// The catalogue's items nearest to a vector, without item `but`, and how many there were to choose from.
    pub(super) fn nearest(
        &self,
        query: &[f32],
        but: Option<usize>,
        filter: &Filter,
    ) -> Result<(Vec<Hit>, usize), Fault> {
        let allowed = facets::allowed(&self.items.columns(), filter);
        let passes = |row| allowed.as_ref().is_none_or(|(list, _)| list.contains(row));
        let others = |row| Some(row) != but && passes(row);
        let rows = match (&allowed, but) {
            (_, Some(_)) => Rows::Where(&others),
            (Some((list, _)), None) => Rows::Allow(list),
            (None, None) => Rows::All,
        };
        let request = Request { query, k: MOST_RESULTS, filter: rows, ..Request::default() };
        let answers = search(&self.features, &[request]).map_err(|error| fault::of(&error))?;
        let hits = answers.into_iter().flat_map(|answer| answer.hits).collect();
        Ok((hits, allowed.map_or(self.items.len(), |(_, count)| count)))
    }

    /// What a search that another page has put together finds.
    pub(super) async fn search(&self, asked: &Search) -> Result<Similar, Fault> {
        let (vector, but) = match &asked.like {
            Like::Vector(vector) => (vector.clone(), None),
            Like::Item(id) => {
                let row = self.items.find(id).await?;
                let row = row.ok_or_else(|| Fault::new(FaultKind::Catalogue, texts::item_unknown(id)))?;
                (self.vector(row)?, Some(row))
            }
        };
        let Search { count, categories, .. } = asked;
        let found = query::search(&self.features, &self.items.columns(), &vector, but, *count, categories);
        let (hits, choice) = found?;
        let hits = self.items.show_all(&hits).await?;
        Ok(tell::similar(&self.items, hits, choice, None))
    }

    /// The item with this id.
    pub(super) async fn recall(&self, id: &str) -> Result<Item, Fault> {
        let row = self.items.find(id).await?;
        let item = row.and_then(|row| self.items.show(row));
        item.ok_or_else(|| Fault::new(FaultKind::Item, texts::item_unknown(id)))
    }

    /// The catalogue's items.
    pub(super) fn items(&self) -> &Store {
        &self.items
    }

    /// The network.
    pub(super) fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// The network on the processor, which can say where it saw what.
    pub(super) fn own(&self) -> &Frozen {
        self.switch.own()
    }
}

/// Rows of a few items, of as many different categories as there are.
fn pick_samples(categories: &[&str]) -> Vec<usize> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (row, category) in categories.iter().enumerate() {
        let place = *places.entry(category).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(rows) => rows.push(row),
            None => groups.push(vec![row]),
        }
    }
    let mut picked = Vec::new();
    for place in 0..SAMPLES.min(categories.len()) {
        let group =
            if groups.len() >= SAMPLES { place * groups.len() / SAMPLES } else { place % groups.len() };
        // Not the first one of each: neighbours in a catalogue tend to look alike.
        let rows = &groups[group];
        let free = (0..rows.len())
            .map(|step| rows[(place * 5 + step) % rows.len()])
            .find(|row| !picked.contains(row));
        picked.extend(free);
    }
    picked
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{SAMPLES, pick_samples};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn samples_differ_in_category_as_far_as_possible() {
        assert_eq!(pick_samples(&[]), Vec::<usize>::new());
        assert_eq!(pick_samples(&["a", "a"]), [0, 1]);
        let categories = ["a", "a", "a", "b", "b", "b", "c", "c"];
        let mut picked = pick_samples(&categories);
        picked.sort_unstable();
        picked.dedup();
        assert_eq!(picked.len(), SAMPLES);
        for category in ["a", "b", "c"] {
            assert_eq!(picked.iter().filter(|row| categories[**row] == category).count(), 2);
        }
    }
}
