//! The network and the catalogue, loaded and ready to answer.

use std::cell::Cell;

use ::image::RgbImage;
use futures::future::try_join;
use futures::lock::Mutex;
use model::catalogue::{Catalogue, CatalogueCard};
use model::colour;
use model::crop::CropBox;
use model::embedder::{Embedder, Embedding, freeze};
use model::recommender::Recommender;
use model::search::Filter as Rows;
use model::weights::ModelCard;
use web_sys::Url;

use crate::worker::facets::Facets;
use crate::worker::fetch::{Wanted, fetch, fetch_three, resolve};
use crate::worker::graphics::Graphics;
use crate::worker::switch::Switch;
use crate::worker::{backend, fault, query};
use twill_app::protocol::{
    Backend, Fault, FaultKind, Filter, Found, Hit, Item, MOST_RESULTS, Message, Progress, Ready, Search,
    Setup, Similar, Stage,
};
use twill_app::region::Region;
use twill_app::texts;

/// How many garments are offered for a try.
const SAMPLES: usize = 6;
/// From this probability on an attribute is shown; on real photos, necklines below it are often wrong.
const SURE: f32 = 0.8;
/// Values that say nothing to a person.
const UNSAID: [&str; 2] = ["none", "regular"];

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
    ) -> Result<(&Engine, bool), Fault> {
        let is_new = self.engine.is_none();
        if is_new {
            tell(Progress { stage: Stage::Data, received: 0.0, total: None });
            let files = Files::download(setup, self.is_retry, tell).await;
            self.is_retry = true;
            let files = files?;
            tell(Progress { stage: Stage::WarmUp, received: 0.0, total: None });
            self.assemble(setup, files).await?;
        }
        match &self.engine {
            Some(engine) => Ok((engine, is_new)),
            None => Err(Fault::new(FaultKind::Crash, texts::WORKER_DIED)),
        }
    }

    async fn assemble(&mut self, setup: &Setup, files: Files) -> Result<(), Fault> {
        let catalogue = Catalogue::open(&files.catalogue_card, &files.items, &files.features)
            .map_err(|error| fault::of(&error))?;
        let card = ModelCard::from_json(&files.model_card).map_err(|error| fault::of(&error))?;
        let own = freeze(&card, &files.weights).map_err(|error| fault::of(&error))?;
        let spare = Spare { card: card.clone(), card_json: files.model_card, weights: files.weights };
        let is_forced = setup.forced == Some(Backend::WebGpu);
        let switch = Switch::new(own, is_forced);
        if is_forced {
            backend::choose(setup).await?;
            switch.turn_to(spare.start(&switch).await.map_err(backend::fault)?);
        } else {
            self.spare = Some(spare);
        }
        let embedder = Embedder::new(card, switch.clone());
        let recommender = Recommender::new(embedder, catalogue).map_err(|error| fault::of(&error))?;
        let facets = Facets::of(recommender.catalogue().items(), &recommender.embedder().card().attributes);
        self.engine = Some(Engine { recommender, facets, switch, catalogue: setup.catalogue.clone() });
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

/// All that is downloaded.
struct Files {
    model_card: Vec<u8>,
    weights: Vec<u8>,
    catalogue_card: Vec<u8>,
    items: Vec<u8>,
    features: Vec<u8>,
}

impl Files {
    async fn download(setup: &Setup, is_retry: bool, tell: &dyn Fn(Progress)) -> Result<Self, Fault> {
        let (model_card, catalogue_card) = try_join(
            fetch(Wanted::card(&setup.model, FaultKind::Model), &|_| {}),
            fetch(Wanted::card(&setup.catalogue, FaultKind::Catalogue), &|_| {}),
        )
        .await?;
        let weights = ModelCard::from_json(&model_card).map_err(|error| fault::of(&error))?.weights;
        let CatalogueCard { items, features, .. } =
            CatalogueCard::from_json(&catalogue_card).map_err(|error| fault::of(&error))?;

        let total = Some((weights.bytes + items.bytes + features.bytes) as f64);
        let received = Cell::new(0.0);
        let count = |bytes: usize| {
            received.set(received.get() + bytes as f64);
            tell(Progress { stage: Stage::Data, received: received.get(), total });
        };
        let beside = |card: &str, file: &model::weights::FileReference, kind| {
            Wanted::beside(card, &file.file, file.bytes, kind, is_retry)
        };
        let wanted = [
            beside(&setup.model, &weights, FaultKind::Model),
            beside(&setup.catalogue, &items, FaultKind::Catalogue),
            beside(&setup.catalogue, &features, FaultKind::Catalogue),
        ];
        let (weights, items, features) = fetch_three(wanted, &count).await?;
        Ok(Self { model_card, weights, catalogue_card, items, features })
    }
}

/// Answers questions.
pub(super) struct Engine {
    recommender: Recommender,
    facets: Facets,
    switch: Switch,
    /// Address of catalogue.json, which pictures lie beside.
    catalogue: String,
}

impl Engine {
    /// What has been loaded.
    pub(super) fn ready(&self) -> Ready {
        let catalogue = self.recommender.catalogue();
        let categories: Vec<&str> = catalogue.items().iter().map(|item| item.category.as_str()).collect();
        Ready {
            backend: self.switch.backend(),
            trouble: self.switch.trouble(),
            catalogue: catalogue.card().name.clone(),
            count: catalogue.items().len(),
            samples: pick_samples(&categories).into_iter().filter_map(|row| self.item(row)).collect(),
            facets: Facets::offer(&[&self.facets]),
        }
    }

    /// What the network sees in (a part of) a photo; nothing has been searched yet.
    pub(super) async fn see(&self, photo: &RgbImage, crop: Option<CropBox>) -> Result<Found, Fault> {
        let embedding = self.recommender.embedder().embed(photo, crop.unwrap_or(CropBox::WHOLE)).await;
        let embedding = embedding.map_err(|error| self.blame(&error))?;
        let main = colour::dominant(photo, embedding.garment);
        let [r, g, b] = main;
        let CropBox { x1, y1, x2, y2 } = embedding.garment;
        let (label, probability) = embedding.category();
        let label = self.recommender.embedder().labels().get(label);
        Ok(Found {
            width: photo.width(),
            height: photo.height(),
            garment: Region { x1, y1, x2, y2 },
            attributes: self.sure_attributes(&embedding),
            guess: label.map(|label| (label.clone(), probability)),
            colour: (format!("#{r:02x}{g:02x}{b:02x}"), colour::FAMILIES[colour::family(main)].to_owned()),
            embedding: embedding.vector,
            similar: Similar::default(),
        })
    }

    /// What to say of an error: where only the graphics card will do, that it failed.
    fn blame(&self, error: &model::Error) -> Fault {
        match (error, self.switch.trouble()) {
            (model::Error::Inference { .. }, Some(trouble)) => backend::fault(trouble),
            _ => fault::of(error),
        }
    }

    /// The attributes that the network is sure of and that say something: that a hat has no sleeves goes without saying.
    fn sure_attributes(&self, embedding: &Embedding) -> Vec<(String, String)> {
        let attributes = &self.recommender.embedder().card().attributes;
        let found = attributes.iter().zip(embedding.attribute_values());
        found
            .filter(|(_, (_, probability))| *probability >= SURE)
            .filter_map(|(attribute, (value, _))| {
                Some((attribute.name.clone(), attribute.values.get(value)?.clone()))
            })
            .filter(|(_, value)| !UNSAID.contains(&value.as_str()))
            .collect()
    }

    /// Network and catalogue.
    pub(super) fn recommender(&self) -> &Recommender {
        &self.recommender
    }

    /// What the catalogue's items can be told apart by.
    pub(super) fn facets(&self) -> &Facets {
        &self.facets
    }

    /// The vector of the catalogue's item `row`.
    pub(super) fn vector(&self, row: usize) -> Result<Vec<f32>, Fault> {
        let vector = self.recommender.catalogue().features().vector(row);
        vector.ok_or_else(|| fault::of(&model::Error::NoSuchItem { row }))
    }

    /// The catalogue's items nearest to a vector, without item `but`, and how many there were to choose from.
    pub(super) fn nearest(
        &self,
        query: &[f32],
        but: Option<usize>,
        filter: &Filter,
    ) -> Result<(Vec<model::search::Hit>, usize), Fault> {
        let items = self.recommender.catalogue().items();
        let allowed = self.facets.allowed(items, filter);
        let passes = |row| allowed.as_ref().is_none_or(|(list, _)| list.contains(row));
        let others = |row| Some(row) != but && passes(row);
        let rows = match (&allowed, but) {
            (_, Some(_)) => Rows::Where(&others),
            (Some((list, _)), None) => Rows::Allow(list),
            (None, None) => Rows::All,
        };
        let hits = self.recommender.nearest(query, MOST_RESULTS, rows).map_err(|error| fault::of(&error))?;
        Ok((hits, allowed.map_or(items.len(), |(_, count)| count)))
    }

    /// What a search that the page has put together finds.
    pub(super) fn search(&self, search: &Search) -> Result<Similar, Fault> {
        let (hits, choice) = query::search(self.recommender.catalogue(), search)?;
        let hit = |hit: &model::search::Hit| Some(Hit { item: self.item(hit.row)?, score: hit.score });
        Ok(Similar { hits: hits.iter().filter_map(hit).collect(), choice })
    }

    /// The item with this id.
    pub(super) fn recall(&self, id: &str) -> Result<Item, Fault> {
        let row = self.recommender.catalogue().row_of(id);
        let item = row.and_then(|row| self.item(row));
        item.ok_or_else(|| Fault::new(FaultKind::Item, texts::item_unknown(id)))
    }

    /// What the page shows of the catalogue's item `row`.
    pub(super) fn item(&self, row: usize) -> Option<Item> {
        let item = self.recommender.catalogue().items().get(row)?;
        Some(Item {
            row,
            id: item.id.clone(),
            image: resolve(&item.image, &self.catalogue),
            width: item.width,
            height: item.height,
            category: item.category.clone(),
            title: item.title.clone(),
            price: item.price.clone(),
            link: item.link.clone().filter(|link| is_web_address(link)),
            own: None,
        })
    }
}

/// Catalogues come from anywhere: a link must not be able to run anything.
fn is_web_address(link: &str) -> bool {
    Url::new(link).is_ok_and(|url| matches!(url.protocol().as_str(), "http:" | "https:"))
}

/// Rows of a few items, of as many different categories as there are.
fn pick_samples(categories: &[&str]) -> Vec<usize> {
    let mut groups: Vec<(&str, Vec<usize>)> = Vec::new();
    for (row, category) in categories.iter().enumerate() {
        match groups.iter_mut().find(|(name, _)| name == category) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((category, vec![row])),
        }
    }
    let mut picked = Vec::new();
    for place in 0..SAMPLES.min(categories.len()) {
        let group =
            if groups.len() >= SAMPLES { place * groups.len() / SAMPLES } else { place % groups.len() };
        // Not the first one of each: neighbours in a catalogue tend to look alike.
        let rows = &groups[group].1;
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
