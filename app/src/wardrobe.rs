//! The person's own photos, as the page sees them: what is there, what is being added, what came of it.
//!
//! Photos are handed to the worker one by one, each when the one before is done (to a graphics card a few at once): of a thousand, only
//! those are ever read. Searches come in between.

use std::collections::VecDeque;

use js_sys::Reflect;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, HtmlElement, HtmlInputElement, StorageManager};

use crate::protocol::{
    Answer, Ask, Backend, Chore, FaultKind, Filter, Item, Message, NewPhoto, Scope, Stock,
};
use crate::state::{ObjectUrl, Twill};

/// How many photos are shown at first, and how many more each time.
pub const PAGE: usize = 48;
/// While photos are added, they are shown after so many.
const SHOWN_EVERY: usize = 8;
/// How many photos a graphics card gets at once.
const AT_ONCE: usize = 4;
/// What a saved wardrobe is called.
const FILE_NAME: &str = "wardrobe.twill";
/// Pictures that browsers do not know the type of.
const UNTYPED: [&str; 3] = [".heic", ".heif", ".avif"];

/// Photos that are being added, or looked at again; or, once all are done, what came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Job {
    /// All photos.
    pub total: usize,
    /// Those that have been dealt with.
    pub done: usize,
    /// Those that are new, or have been looked at again.
    pub added: usize,
    /// Those that were there already.
    pub known: usize,
    /// Names of those that cannot be read.
    pub bad: Vec<String>,
    /// Whether it waits for the person.
    pub is_paused: bool,
    /// Whether photos that are there already are looked at again.
    pub renews: bool,
}

impl Job {
    /// Whether there is something left to do.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.done < self.total
    }
}

/// What the page knows of the person's own photos. Copies share it.
#[derive(Clone, Copy)]
pub struct Wardrobe {
    /// Whether its dialog is open.
    pub is_shown: RwSignal<bool>,
    /// What is there.
    pub stock: RwSignal<Stock>,
    /// What is being added.
    pub job: RwSignal<Job>,
    /// The photos that are shown, the newest first.
    pub items: RwSignal<Vec<Item>>,
    /// How many are shown at most.
    pub most: RwSignal<usize>,
    /// What could not be done.
    pub fault: RwSignal<Option<Message>>,
    /// Whether a file is being written or read.
    pub is_busy: RwSignal<bool>,
    /// Whether the browser has promised not to clear it.
    pub is_kept: RwSignal<bool>,
    /// Several photos that were dropped on the page at once.
    pub dropped: RwSignal<Vec<File>, LocalStorage>,
    queue: StoredValue<VecDeque<File>, LocalStorage>,
    /// The request that the job waits for, and its photos; none of those where photos are looked at again.
    pending: StoredValue<Option<(u32, Vec<File>)>, LocalStorage>,
    /// Whether a worker has died over several photos: which of them it was shows when they come one by one.
    is_careful: StoredValue<bool>,
    /// The address of the file that was saved last.
    saved: StoredValue<Option<ObjectUrl>>,
}

impl Wardrobe {
    pub(crate) fn new() -> Self {
        Self {
            is_shown: RwSignal::new(false),
            stock: RwSignal::new(Stock::default()),
            job: RwSignal::new(Job::default()),
            items: RwSignal::new(Vec::new()),
            most: RwSignal::new(PAGE),
            fault: RwSignal::new(None),
            is_busy: RwSignal::new(false),
            is_kept: RwSignal::new(false),
            dropped: RwSignal::new_local(Vec::new()),
            queue: StoredValue::new_local(VecDeque::new()),
            pending: StoredValue::new_local(None),
            is_careful: StoredValue::new(false),
            saved: StoredValue::new(None),
        }
    }

    /// Forgets what came of the last job, which has been read by now.
    pub(crate) fn forget(self) {
        if !self.job.with_untracked(Job::is_running) {
            self.job.set(Job::default());
            self.fault.set(None);
        }
    }

    /// Whether the worker owes something.
    pub(crate) fn waits(self) -> bool {
        self.is_busy.get_untracked() || self.pending.with_value(Option::is_some)
    }

    /// What has been handed over comes again.
    fn put_back(self, files: Vec<File>) {
        self.queue.update_value(|queue| files.into_iter().rev().for_each(|file| queue.push_front(file)));
    }

    /// Asks the browser to keep what is stored (`wish`), or whether it does.
    fn look_after(self, wish: bool) {
        spawn_local(async move {
            let answer = async {
                let storage = Reflect::get(&window().navigator(), &"storage".into()).ok()?;
                let storage: StorageManager = storage.is_object().then(|| storage.unchecked_into())?;
                let promise = if wish { storage.persist() } else { storage.persisted() };
                JsFuture::from(promise.ok()?).await.ok()?.as_bool()
            };
            self.is_kept.set(answer.await.unwrap_or_default());
        });
    }
}

impl Twill {
    /// Opens the dialog.
    pub fn show_wardrobe(self) {
        let wardrobe = self.wardrobe;
        wardrobe.most.set(PAGE);
        wardrobe.forget();
        wardrobe.is_shown.set(true);
        wardrobe.look_after(false);
        self.list_wardrobe();
    }

    /// Shows more photos.
    pub fn show_more_of_wardrobe(self) {
        self.wardrobe.most.update(|most| *most += PAGE);
        self.list_wardrobe();
    }

    fn list_wardrobe(self) {
        let count = self.wardrobe.most.get_untracked();
        self.order(Chore::List { count });
    }

    /// Adds photos, after those that are being added already.
    pub fn add_to_wardrobe(self, files: Vec<File>) {
        let wardrobe = self.wardrobe;
        if files.is_empty() {
            return;
        }
        wardrobe.fault.set(None);
        wardrobe.job.update(|job| {
            if !job.is_running() || job.renews {
                *job = Job::default();
                wardrobe.is_careful.set_value(false);
            }
            job.total += files.len();
            job.is_paused = false;
        });
        wardrobe.queue.update_value(|queue| queue.extend(files));
        wardrobe.look_after(true);
        self.go_on_adding();
    }

    /// Looks again at what an earlier network has looked at.
    pub fn renew_wardrobe(self) {
        let wardrobe = self.wardrobe;
        let total = wardrobe.stock.with_untracked(|stock| stock.stale);
        wardrobe.job.set(Job { total, renews: true, ..Job::default() });
        self.go_on_adding();
    }

    /// Holds adding up, or goes on.
    pub fn pause_adding(self) {
        self.wardrobe.fault.set(None);
        self.wardrobe.job.update(|job| job.is_paused = !job.is_paused);
        if self.wardrobe.is_shown.get_untracked() {
            self.list_wardrobe();
        }
        self.go_on_adding();
    }

    /// Ends adding; what has been added stays.
    pub fn cancel_adding(self) {
        let wardrobe = self.wardrobe;
        wardrobe.queue.update_value(VecDeque::clear);
        let under_way = |(_, files): &(u32, Vec<File>)| files.len().max(1);
        let under_way = wardrobe.pending.with_value(|pending| pending.as_ref().map_or(0, under_way));
        wardrobe.job.update(|job| {
            job.total = job.done + under_way;
            job.is_paused = false;
        });
        if under_way == 0 {
            self.end_adding();
        }
    }

    /// Sends what comes next, if what came before is done.
    fn go_on_adding(self) {
        let wardrobe = self.wardrobe;
        let (is_running, is_paused, renews) =
            wardrobe.job.with_untracked(|job| (job.is_running(), job.is_paused, job.renews));
        if !is_running || is_paused || wardrobe.pending.with_value(Option::is_some) {
            return;
        }
        let is_quick = self
            .engine
            .with_untracked(|engine| engine.ready().is_some_and(|ready| ready.backend == Backend::WebGpu));
        let most = if is_quick && !wardrobe.is_careful.get_value() { AT_ONCE } else { 1 };
        let next = wardrobe.queue.try_update_value(|queue| queue.drain(..most.min(queue.len())).collect());
        let files: Vec<File> = next.unwrap_or_default();
        let chore = if renews && files.is_empty() {
            Chore::Renew
        } else if files.is_empty() {
            return;
        } else {
            let photo = |file: &File| NewPhoto {
                photo: Blob::from(file.clone()),
                name: file.name(),
                date: file.last_modified(),
            };
            Chore::Add { photos: files.iter().map(photo).collect() }
        };
        let id = self.order(chore);
        wardrobe.pending.set_value(Some((id, files)));
    }

    /// Everything is done.
    fn end_adding(self) {
        self.list_wardrobe();
        self.refresh_results();
    }

    /// Results that may hold photos of the wardrobe are found anew.
    fn refresh_results(self) {
        let filter = self.filter.get_untracked();
        if filter.scope != Scope::Shop && !self.wardrobe.job.with_untracked(Job::is_running) {
            self.narrow(filter);
        }
    }

    /// Deletes a photo.
    pub fn remove_from_wardrobe(self, id: String) {
        self.order(Chore::Remove { id });
    }

    /// Deletes everything.
    pub fn clear_wardrobe(self) {
        self.cancel_adding();
        self.wardrobe.job.set(Job::default());
        self.order(Chore::Clear);
    }

    /// Writes everything into a file, which the browser then saves.
    pub fn save_wardrobe(self) {
        self.wardrobe.is_busy.set(true);
        self.order(Chore::Export);
    }

    /// Takes in a file that was saved.
    pub fn open_saved(self, file: File) {
        self.wardrobe.is_busy.set(true);
        self.wardrobe.fault.set(None);
        self.wardrobe.look_after(true);
        self.order(Chore::Import { file: file.into() });
    }

    fn order(self, chore: Chore) -> u32 {
        self.wake();
        self.ask(|client| client.order(Ask::Own(chore)))
    }

    /// Where to search.
    pub fn search_in(self, scope: Scope) {
        self.narrow(Filter { scope, ..self.filter.get_untracked() });
    }

    /// Hears what the worker says of the wardrobe; gives back what is for others.
    pub(crate) fn hear_of_wardrobe(self, id: u32, answer: Answer) -> Option<Answer> {
        let wardrobe = self.wardrobe;
        let is_pending = wardrobe.pending.with_value(|pending| pending.as_ref().is_some_and(|it| it.0 == id));
        let files =
            || wardrobe.pending.try_update_value(Option::take).flatten().map_or(Vec::new(), |it| it.1);
        match answer {
            Answer::Stock(stock) => {
                self.take_stock(stock);
                if is_pending {
                    files();
                    self.step(1, |job| job.added += 1);
                } else if wardrobe.is_shown.get_untracked() && !wardrobe.job.with_untracked(Job::is_running) {
                    self.list_wardrobe();
                }
            }
            Answer::Added { added, known, bad } if is_pending => {
                let files = files();
                self.step(files.len(), |job| {
                    job.added += added;
                    job.known += known;
                    job.bad.extend(bad.iter().filter_map(|place| files.get(*place)).map(File::name));
                });
            }
            Answer::Added { added, known, .. } => {
                wardrobe.is_busy.set(false);
                wardrobe.job.set(Job { added, known, ..Job::default() });
                self.end_adding();
            }
            Answer::Shelf(items) => wardrobe.items.set(items),
            Answer::File(file) => {
                wardrobe.is_busy.set(false);
                self.save(&file);
            }
            Answer::Failed(fault) => {
                if is_pending {
                    // It is not the photos' fault: they come again when the person goes on.
                    wardrobe.put_back(files());
                    wardrobe.job.update(|job| job.is_paused = true);
                }
                wardrobe.is_busy.set(false);
                if fault.kind != FaultKind::Wardrobe {
                    return Some(Answer::Failed(fault));
                }
                wardrobe.fault.set(Some(fault.message));
            }
            other => return Some(other),
        }
        None
    }

    fn take_stock(self, stock: Stock) {
        let is_empty = stock.count == 0;
        let has_changed = self.wardrobe.stock.with_untracked(|old| *old != stock);
        self.wardrobe.stock.set(stock);
        let filter = self.filter.get_untracked();
        if is_empty && filter.scope != Scope::Shop {
            self.search_in(Scope::Shop);
        } else if has_changed && self.trail.with_untracked(|trail| trail.last().is_some_and(|it| !it.waits)) {
            self.refresh_results();
        }
    }

    /// So many photos are done.
    fn step(self, photos: usize, count: impl FnOnce(&mut Job)) {
        let job = self.wardrobe.job;
        job.update(|job| {
            count(job);
            job.done += photos;
        });
        let (done, is_running) = job.with_untracked(|job| (job.done, job.is_running()));
        if is_running {
            if self.wardrobe.is_shown.get_untracked() && done % SHOWN_EVERY < photos {
                self.list_wardrobe();
            }
            self.go_on_adding();
        } else {
            self.end_adding();
        }
    }

    /// The worker has died over a photo, perhaps because of it: the next one. `is_hopeless` where no other worker is started by
    /// itself.
    pub(crate) fn mourn_in_wardrobe(self, is_hopeless: bool) {
        let wardrobe = self.wardrobe;
        wardrobe.is_busy.set(false);
        if is_hopeless {
            wardrobe.job.update(|job| job.is_paused = job.is_running());
        }
        let Some((_, files)) = wardrobe.pending.try_update_value(Option::take).flatten() else { return };
        if files.len() > 1 {
            wardrobe.is_careful.set_value(true);
            wardrobe.put_back(files);
            self.go_on_adding();
        } else {
            let name = files.first().map(File::name).unwrap_or_default();
            self.step(1, |job| job.bad.push(name));
        }
    }

    /// Lets the browser save a file.
    fn save(self, file: &Blob) {
        let Some(url) = ObjectUrl::new(file) else { return };
        let link = document().create_element("a").ok().and_then(|link| link.dyn_into::<HtmlElement>().ok());
        if let Some(link) = link {
            // These attributes exist for every element.
            let _ = link.set_attribute("href", url.address());
            let _ = link.set_attribute("download", FILE_NAME);
            link.click();
        }
        // The address has to last until the browser has read the file.
        self.wardrobe.saved.set_value(Some(url));
    }
}

/// The files that an input holds, which is empty afterwards; of a folder only what looks like a picture.
#[must_use]
pub fn take_files(input: &HtmlInputElement, is_folder: bool) -> Vec<File> {
    let files = input.files();
    let all = files.iter().flat_map(|files| (0..files.length()).filter_map(|index| files.get(index)));
    let files = all.filter(|file| !is_folder || is_picture(file)).collect();
    input.set_value("");
    files
}

/// Whether a file looks like a picture.
#[must_use]
pub fn is_picture(file: &File) -> bool {
    let name = file.name().to_ascii_lowercase();
    let is_known = file.type_().starts_with("image/") || UNTYPED.iter().any(|end| name.ends_with(end));
    is_known && !name.starts_with('.')
}
