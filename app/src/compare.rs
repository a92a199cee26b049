//! What is looked at side by side: what was looked for, an item, and what the worker says of the two.

use leptos::prelude::*;

use crate::protocol::{Answer, Comparison, Fault, FaultKind, Hit, Item, Message, Side};
use crate::state::{Step, Subject};

/// What is looked at side by side. Copies share it.
#[derive(Clone, Copy)]
pub struct Comparing {
    /// Whether it is.
    pub is_open: RwSignal<bool>,
    /// What the worker has said so far.
    pub comparison: RwSignal<Option<Comparison>, LocalStorage>,
    /// Why it cannot say more.
    pub trouble: RwSignal<Option<Fault>>,
    /// Whether what matched is shown.
    pub is_hot: RwSignal<bool>,
    /// The item's id, and whether it is one of the person's own photos.
    item: StoredValue<(String, bool)>,
    /// Id of the question that waits; 0 for none.
    request: StoredValue<u32>,
}

impl Comparing {
    /// Nothing.
    pub(crate) fn new() -> Self {
        Self {
            is_open: RwSignal::new(false),
            comparison: RwSignal::new_local(None),
            trouble: RwSignal::new(None),
            is_hot: RwSignal::new(false),
            item: StoredValue::new((String::new(), false)),
            request: StoredValue::new(0),
        }
    }

    pub(crate) fn show(self, item: &Item) {
        self.item.set_value((item.id.clone(), item.own.is_some()));
        self.comparison.set(None);
        self.trouble.set(None);
        self.is_hot.set(false);
        self.is_open.set(true);
    }

    /// Id of the item while it is shown, unless it is one of the person's own photos.
    #[must_use]
    pub fn shared_id(self) -> Option<String> {
        if self.is_open.get() {
            self.item.with_value(|(id, is_own)| (!is_own).then(|| id.clone()))
        } else {
            None
        }
    }

    /// The item, as what this step found.
    #[must_use]
    pub fn hit(self, step: &Step) -> Option<Hit> {
        let is_it = |hit: &&Hit| {
            self.item.with_value(|(id, is_own)| *id == hit.item.id && *is_own == hit.item.own.is_some())
        };
        step.similar.as_ref()?.hits.iter().find(is_it).cloned()
    }

    /// For the worker: what this step looked for, and the item.
    pub(crate) fn pair(self, step: &Step) -> Option<(Side, Side)> {
        let item = side(&self.hit(step)?.item);
        let query = match &step.subject {
            Subject::Photo(photo) => {
                let found = step.found.as_ref()?;
                let (hue, family) = found.colours.first()?.clone();
                let mut traits = Vec::new();
                traits.extend(found.guess.iter().map(|(label, _)| ("category".to_owned(), label.clone())));
                traits.push(("colour".to_owned(), family));
                traits.extend_from_slice(&found.attributes);
                let (photo, request) = photo.handle();
                Side::Photo {
                    photo,
                    request,
                    crop: step.crop,
                    embedding: found.embedding.clone(),
                    traits,
                    hue,
                }
            }
            Subject::Item(item) => side(item),
            Subject::Id(_) => return None,
        };
        Some((query, item))
    }

    pub(crate) fn expect(self, request: u32) {
        self.trouble.set(None);
        self.request.set_value(request);
    }

    pub(crate) fn waits_for(self, id: u32) -> bool {
        id != 0 && self.request.get_value() == id
    }

    pub(crate) fn hear(self, answer: Answer) {
        self.request.set_value(0);
        match answer {
            Answer::Compared(comparison) => self.comparison.set(Some(comparison)),
            Answer::Failed(fault) => self.trouble.set(Some(fault)),
            _ => {}
        }
    }

    /// The worker is gone.
    pub(crate) fn give_up(self, why: &Message) {
        if self.request.get_value() != 0 {
            self.request.set_value(0);
            self.trouble.set(Some(Fault::new(FaultKind::Crash, why.clone())));
        }
    }
}

fn side(item: &Item) -> Side {
    if item.own.is_some() { Side::Own(item.id.clone()) } else { Side::Item(item.row) }
}
