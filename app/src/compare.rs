//! What is looked at side by side: what was looked for, an item, and what the worker says of the two.

use leptos::prelude::*;

use crate::protocol::{Answer, Comparison, Fault, FaultKind, Hit, Message, Side};
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
    /// The item's row in the catalogue.
    row: StoredValue<u32>,
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
            row: StoredValue::new(0),
            request: StoredValue::new(0),
        }
    }

    pub(crate) fn show(self, row: usize) {
        self.row.set_value(row as u32);
        self.comparison.set(None);
        self.trouble.set(None);
        self.is_hot.set(false);
        self.is_open.set(true);
    }

    /// The item, as what this step found.
    #[must_use]
    pub fn hit(self, step: &Step) -> Option<Hit> {
        let row = self.row.get_value();
        step.similar.as_ref()?.hits.iter().find(|hit| hit.item.row as u32 == row).cloned()
    }

    /// For the worker: what this step looked for, and the item's row.
    pub(crate) fn pair(self, step: &Step) -> Option<(Side, usize)> {
        let side = match &step.subject {
            Subject::Photo(photo) => {
                let found = step.found.as_ref()?;
                let (hue, family) = found.colour.clone();
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
            Subject::Item(item) => Side::Item(item.row),
            Subject::Id(_) => return None,
        };
        Some((side, self.row.get_value() as usize))
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
