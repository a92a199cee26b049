//! What the page knows, and everything a person can make it do.
//!
//! The page walks a trail: a photo, then "more like this", then "more like that". Each step keeps its results, so that going
//! back is instant. Only the last step can be waiting for an answer, and only the answer with its request's id fills it.

use std::sync::Arc;

use leptos::prelude::*;
use send_wrapper::SendWrapper;
use web_sys::{Blob, Url};

use crate::client::{Client, News};
use crate::compare::Comparing;
use crate::protocol::{
    Answer, Ask, Backend, Chore, Facets, Fault, FaultKind, Filter, Found, Item, Mark, Message, Progress,
    Ready, Scope, Setup, Similar,
};
use crate::region::Region;
use crate::sort::Sort;
use crate::texts;
use crate::wardrobe::Wardrobe;
use crate::watch::{Watch, Work};

/// How many results a step shows at first.
pub const FIRST_RESULTS: usize = 5;

/// The part of the program that looks at photos.
#[derive(Clone, PartialEq, Debug)]
pub enum Engine {
    /// Not ready yet.
    Loading(Option<Progress>),
    /// At work.
    Ready(Ready),
    /// It could not be loaded, or it has died. The next photo starts it again.
    Down,
}

impl Engine {
    /// What it loaded, once it has.
    #[must_use]
    pub fn ready(&self) -> Option<&Ready> {
        if let Self::Ready(ready) = self { Some(ready) } else { None }
    }
}

/// The address of a photo for `<img>`, given back to the browser when nobody shows it any more.
#[derive(Debug)]
pub struct ObjectUrl(String);

impl ObjectUrl {
    pub(crate) fn new(blob: &Blob) -> Option<Self> {
        Url::create_object_url_with_blob(blob).ok().map(Self)
    }

    pub(crate) fn address(&self) -> &str {
        &self.0
    }
}

impl Drop for ObjectUrl {
    fn drop(&mut self) {
        // A URL that the browser does not know any more has nothing left to free.
        let _ = Url::revoke_object_url(&self.0);
    }
}

/// A photo that a person gave.
#[derive(Clone)]
pub struct Photo {
    /// The file's name.
    pub name: String,
    blob: SendWrapper<Blob>,
    url: Option<Arc<ObjectUrl>>,
    /// Id of the request that brought it to the worker.
    request: u32,
}

impl Photo {
    /// Address for `<img>`.
    #[must_use]
    pub fn address(&self) -> String {
        self.url.as_ref().map(|url| url.0.clone()).unwrap_or_default()
    }

    /// The file, and the id of the request that brought it to the worker.
    pub(crate) fn handle(&self) -> (Blob, u32) {
        ((*self.blob).clone(), self.request)
    }
}

/// What similar items are wanted for.
#[derive(Clone)]
pub enum Subject {
    /// A photo.
    Photo(Photo),
    /// An item, of the catalogue or the person's own.
    Item(Item),
    /// A catalogue item of which only the id is known yet.
    Id(String),
}

/// One step of the trail.
#[derive(Clone)]
pub struct Step {
    /// What is looked for.
    pub subject: Subject,
    /// The part of the photo that the person chose.
    pub crop: Option<Region>,
    /// What the network said of the photo.
    pub found: Option<Found>,
    /// What was found; none until the first answer.
    pub similar: Option<Similar>,
    /// How many results are shown.
    pub shown: usize,
    /// Whether results are shown that do not look alike.
    pub shows_unlike: bool,
    /// What the results were filtered by.
    pub filter: Filter,
    /// Whether an answer is still to come.
    pub waits: bool,
    request: u32,
}

impl Step {
    fn new(subject: Subject, filter: Filter, request: u32) -> Self {
        Self {
            subject,
            request,
            filter,
            crop: None,
            found: None,
            similar: None,
            shown: FIRST_RESULTS,
            shows_unlike: false,
            waits: true,
        }
    }

    /// The part of the photo that results are for.
    #[must_use]
    pub fn frame(&self) -> Option<Region> {
        self.crop.or_else(|| self.found.as_ref().map(|found| found.garment))
    }

    /// Whether the results are from a part of a catalogue, the rest of which is still on its way.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.similar.as_ref().is_some_and(|similar| similar.is_partial)
    }
}

/// The page's state. Copies share it.
#[derive(Clone, Copy)]
pub struct Twill {
    /// The part that looks at photos.
    pub engine: RwSignal<Engine>,
    /// From the photo to what is shown now.
    pub trail: RwSignal<Vec<Step>>,
    /// Which items may be found.
    pub filter: RwSignal<Filter>,
    /// The order of what was found.
    pub sort: RwSignal<Sort>,
    /// What is looked at side by side.
    pub comparing: Comparing,
    /// What went wrong last, until something goes right.
    pub fault: RwSignal<Option<Fault>>,
    /// What the last frame of the live camera gave; it is on no trail.
    pub glimpse: RwSignal<Option<Found>>,
    /// Whether the answer to a frame is still to come.
    pub glances: RwSignal<bool>,
    /// The person's own photos.
    pub wardrobe: Wardrobe,
    client: StoredValue<Client, LocalStorage>,
    /// Id of the request with the last frame.
    glance: StoredValue<u32>,
    /// How often the worker has died since its last answer.
    deaths: StoredValue<u32>,
    watch: StoredValue<Watch, LocalStorage>,
}

impl Twill {
    /// Sets the page up and starts loading.
    #[must_use]
    pub fn start(setup: Setup) -> Self {
        let listener = StoredValue::new_local(None::<Self>);
        let client = Client::new(setup, move |news| {
            if let Some(twill) = listener.get_value() {
                twill.hear(news);
            }
        });
        let twill = Self {
            engine: RwSignal::new(Engine::Loading(None)),
            trail: RwSignal::new(Vec::new()),
            filter: RwSignal::new(Filter::default()),
            sort: RwSignal::new(Sort::default()),
            comparing: Comparing::new(),
            fault: RwSignal::new(None),
            glimpse: RwSignal::new(None),
            glances: RwSignal::new(false),
            wardrobe: Wardrobe::new(),
            glance: StoredValue::new(0),
            deaths: StoredValue::new(0),
            watch: StoredValue::new_local(Watch::default()),
            client: StoredValue::new_local(client),
        };
        listener.set_value(Some(twill));
        twill.client.update_value(Client::start);
        twill.watch.with_value(|watch| {
            watch.start(move || twill.work(), move || twill.mourn(texts::WORKER_DIED.into()));
        });
        twill
    }

    /// What the worker owes an answer to.
    fn work(self) -> Work {
        let waits = self.wardrobe.waits()
            || self.glances.get_untracked()
            || self.trail.with_untracked(|trail| trail.last().is_some_and(|step| step.waits));
        match self.engine.with_untracked(Clone::clone) {
            Engine::Loading(_) => Work::Loading,
            Engine::Ready(_) if waits => Work::Searching,
            Engine::Ready(_) | Engine::Down => Work::None,
        }
    }

    /// The state's name in `data-state`.
    #[must_use]
    pub fn name(self) -> &'static str {
        let is_ready = self.engine.with(|engine| engine.ready().is_some());
        let step = self.trail.with(|trail| trail.last().map(|step| step.waits));
        match (self.fault.with(Option::is_some), step, is_ready) {
            (true, ..) => "failed",
            (_, Some(false), _) => "ranked",
            (_, Some(true), true) => "searching",
            (_, None, true) => "ready",
            _ => "loading",
        }
    }

    /// Where the network runs, once that is known.
    #[must_use]
    pub fn backend(self) -> Option<Backend> {
        self.engine.with(|engine| engine.ready().map(|ready| ready.backend))
    }

    /// What items can be told apart by, where they are searched.
    #[must_use]
    pub fn facets(self) -> Facets {
        let scope = self.filter.with(|filter| filter.scope);
        match scope {
            Scope::Shop => self
                .engine
                .with(|engine| engine.ready().map(|ready| ready.facets.clone()).unwrap_or_default()),
            Scope::Wardrobe => self.wardrobe.stock.with(|stock| stock.own.clone()),
            Scope::Both => self.wardrobe.stock.with(|stock| stock.both.clone()),
        }
    }

    /// Looks for what resembles the garment in a photo. Leaves the old trail behind, and what it was filtered by.
    pub fn find(self, blob: Blob, name: String) {
        self.wake();
        self.wardrobe.forget();
        self.wardrobe.dropped.set(Vec::new());
        if !self.trail.with_untracked(Vec::is_empty) {
            self.filter.update(|filter| *filter = filter.cleared());
        }
        let filter = self.filter.get_untracked();
        let request = self.ask(|client| client.find(blob.clone(), None, filter.clone()));
        let url = ObjectUrl::new(&blob).map(Arc::new);
        let photo = Photo { name, blob: SendWrapper::new(blob), url, request };
        self.fault.set(None);
        self.trail.set(vec![Step::new(Subject::Photo(photo), filter, request)]);
    }

    /// Looks at a frame of the live camera: the answer becomes [`Twill::glimpse`], and the trail stays as it is.
    pub fn glance(self, frame: Blob) {
        self.wake();
        self.glance.set_value(self.ask(|client| client.find(frame, None, Filter::default())));
        self.glances.set(true);
    }

    /// Looks away: an answer that is still to come is dropped.
    pub fn look_away(self) {
        let has_glanced = self.glance.get_value() != 0;
        self.glance.set_value(0);
        self.glances.set(false);
        self.glimpse.set(None);
        // A frame overtakes a question that still waits, which the worker then gives up.
        if has_glanced {
            self.ask_again();
        }
    }

    /// Looks again with another part of the photo; with none, the network's own choice.
    pub fn refine(self, crop: Option<Region>) {
        self.trail.update(|trail| {
            if let Some(step) = trail.last_mut() {
                step.crop = crop;
            }
        });
        self.repeat();
    }

    /// Looks again, among other items.
    pub fn narrow(self, filter: Filter) {
        self.filter.set(filter);
        self.repeat();
    }

    /// Looks again among items that have this mark, or not only among them any more.
    pub fn toggle(self, mark: Mark) {
        let mut filter = self.filter.get_untracked();
        filter.toggle(mark);
        self.narrow(filter);
    }

    /// Looks for what resembles an item: one step further.
    pub fn more_like(self, item: Item) {
        let subject = Subject::Item(item.clone());
        self.go_on(subject, move |client, filter| client.more_like(&item, filter));
    }

    /// The same for the item with this id.
    pub fn recall(self, id: String) {
        self.go_on(Subject::Id(id.clone()), |client, filter| client.recall(id, filter));
    }

    fn go_on(self, subject: Subject, ask: impl FnOnce(&mut Client, Filter) -> u32) {
        self.wake();
        // Whoever wanders on does not wait for the last step's answer any more.
        self.forsake();
        let filter = self.filter.get_untracked();
        let request = self.ask(|client| ask(client, filter.clone()));
        self.fault.set(None);
        self.trail.update(|trail| trail.push(Step::new(subject, filter, request)));
    }

    /// Puts this item, one of the last step's, beside what was looked for.
    pub fn compare(self, item: &Item) {
        self.comparing.show(item);
        self.ask_to_compare(false);
    }

    /// Asks what the two that are side by side have in common; with `heat`, where on both pictures.
    pub fn ask_to_compare(self, heat: bool) {
        let pair = self.trail.with_untracked(|trail| trail.last().and_then(|step| self.comparing.pair(step)));
        if let Some((query, item)) = pair {
            self.comparing.expect(self.ask(|client| client.compare(query, item, heat)));
        }
    }

    /// Back to the first `depth` steps; to the very beginning with none.
    pub fn back_to(self, depth: usize) {
        self.fault.set(None);
        self.trail.update(|trail| trail.truncate(depth));
        // What is shown is for the filter that is shown.
        let filter = self.filter.get_untracked();
        let is_outdated = |step: &Step| step.filter != filter || step.is_partial();
        if self.trail.with_untracked(|trail| trail.last().is_some_and(is_outdated)) {
            self.repeat();
        }
    }

    /// Shows more of the results that are there.
    pub fn show_all(self) {
        self.trail.update(|trail| {
            if let Some(step) = trail.last_mut() {
                step.shown = usize::MAX;
            }
        });
    }

    /// Shows what was found although it does not look alike.
    pub fn show_unlike(self) {
        self.trail.update(|trail| {
            if let Some(step) = trail.last_mut() {
                step.shows_unlike = true;
            }
        });
    }

    /// Loads again what could not be loaded.
    pub fn retry(self) {
        self.fault.set(None);
        if self.engine.with_untracked(|engine| engine.ready().is_none()) {
            self.engine.set(Engine::Loading(None));
            self.client.update_value(Client::start);
        }
    }

    /// Says that something went wrong on the page's side; `key` is that of the words for it.
    pub fn complain(self, kind: FaultKind, key: &str) {
        self.fault.set(Some(Fault::new(kind, key)));
    }

    pub(crate) fn ask(self, ask: impl FnOnce(&mut Client) -> u32) -> u32 {
        self.watch.with_value(Watch::hear);
        self.client.try_update_value(ask).unwrap_or_default()
    }

    /// After a failure the worker loads again by itself when it is asked something.
    pub(crate) fn wake(self) {
        if self.engine.with_untracked(|engine| *engine == Engine::Down) {
            self.engine.set(Engine::Loading(None));
        }
    }

    fn hear(self, news: News) {
        self.watch.with_value(Watch::hear);
        if matches!(news, News::Answer(_, Answer::Found(_) | Answer::Similar(_) | Answer::Added { .. })) {
            self.deaths.set_value(0);
        }
        let news = match news {
            News::Answer(id, answer) => match self.hear_of_wardrobe(id, answer) {
                Some(answer) => News::Answer(id, answer),
                None => return,
            },
            died @ News::Died(_) => died,
        };
        match news {
            News::Answer(id, answer) if self.comparing.waits_for(id) => self.comparing.hear(answer),
            News::Answer(_, Answer::Progress(progress)) => self.engine.set(Engine::Loading(Some(progress))),
            News::Answer(_, Answer::Ready(ready)) => {
                self.engine.set(Engine::Ready(ready));
                self.ask(|client| client.order(Ask::Own(Chore::Look)));
            }
            News::Answer(_, Answer::Moved { backend, trouble }) => self.engine.update(|engine| {
                if let Engine::Ready(ready) = engine {
                    (ready.backend, ready.trouble) = (backend, trouble);
                }
            }),
            News::Answer(id, Answer::Found(found)) if self.ends_glance(id) => self.glimpse.set(Some(found)),
            News::Answer(id, Answer::Found(found)) => self.fill(id, |step| {
                step.similar = Some(found.similar.clone());
                step.found = Some(found);
            }),
            News::Answer(id, Answer::Similar(similar)) => self.fill(id, |step| step.similar = Some(similar)),
            News::Answer(id, Answer::Recalled(item, similar)) => self.fill(id, |step| {
                step.subject = Subject::Item(item);
                step.similar = Some(similar);
            }),
            News::Answer(id, Answer::Failed(fault)) => self.fail(id, fault),
            News::Answer(_, Answer::Crashed(why)) | News::Died(why) => self.mourn(why),
            // The wardrobe has heard them, or nobody waits for them any more.
            News::Answer(
                _,
                Answer::Stock(_)
                | Answer::Added { .. }
                | Answer::Shelf(_)
                | Answer::File(_)
                | Answer::Compared(_),
            ) => {}
        }
    }

    /// Fills the last step if the answer is for it; stale answers are dropped.
    fn fill(self, id: u32, fill: impl FnOnce(&mut Step)) {
        if self.waits_for(id) {
            self.fault.set(None);
            self.trail.update(|trail| {
                if let Some(step) = trail.last_mut() {
                    fill(step);
                    step.waits = step.is_partial();
                }
            });
        }
    }

    /// Whether this is the answer to the last frame, which is not waited for any more then.
    fn ends_glance(self, id: u32) -> bool {
        let is_answer = self.glances.get_untracked() && self.glance.get_value() == id;
        if is_answer {
            self.glances.set(false);
        }
        is_answer
    }

    fn fail(self, id: u32, fault: Fault) {
        self.ends_glance(id);
        let concerns_loading =
            !matches!(fault.kind, FaultKind::Photo | FaultKind::Item | FaultKind::Wardrobe);
        if concerns_loading {
            self.engine.update(|engine| {
                if engine.ready().is_none() {
                    *engine = Engine::Down;
                }
            });
        }
        let concerns_step = self.waits_for(id);
        if concerns_step {
            self.forsake();
        }
        if concerns_loading {
            self.withdraw();
        }
        if concerns_step || concerns_loading {
            self.fault.set(Some(fault));
        }
    }

    /// The worker is dead. Another one is started and asked again, once; WebGPU is the usual suspect, so that after a second
    /// death, or one while loading, it goes on without, unless the person insists on it.
    fn mourn(self, why: Message) {
        self.glances.set(false);
        self.comparing.give_up(&why);
        let is_on_cpu = self.backend() == Some(Backend::Cpu);
        let is_loading = self.engine.with_untracked(|engine| engine.ready().is_none());
        let deaths = self.deaths.get_value() + 1;
        let tries_again = self
            .client
            .try_update_value(|client| {
                client.stop();
                let tries_cpu = client.setup.forced.is_none()
                    && !client.setup.avoid_webgpu
                    && !is_on_cpu
                    && (is_loading || deaths > 1);
                client.setup.avoid_webgpu |= tries_cpu;
                tries_cpu || deaths == 1
            })
            .unwrap_or_default();
        if tries_again {
            self.deaths.set_value(deaths);
            self.engine.set(Engine::Loading(None));
            self.client.update_value(Client::start);
            self.ask_again();
        } else {
            self.deaths.set_value(0);
            self.engine.set(Engine::Down);
            self.forsake();
            self.withdraw();
            self.fault.set(Some(Fault { kind: FaultKind::Crash, message: why }));
        }
        self.mourn_in_wardrobe(!tries_again);
    }

    /// Repeats the question that a dead worker leaves open.
    fn ask_again(self) {
        if self.trail.with_untracked(|trail| trail.last().is_some_and(|step| step.waits)) {
            self.repeat();
        }
    }

    /// Asks the last step's question once more, with its crop and with the filter as it now is.
    fn repeat(self) {
        self.wake();
        self.fault.set(None);
        let filter = self.filter.get_untracked();
        self.trail.update(|trail| {
            let Some(step) = trail.last_mut() else { return };
            let crop = step.crop;
            step.request = self.ask(|client| match &mut step.subject {
                Subject::Photo(photo) => {
                    client.refine(photo.request, crop, filter.clone()).unwrap_or_else(|| {
                        photo.request = client.find((*photo.blob).clone(), crop, filter.clone());
                        photo.request
                    })
                }
                Subject::Item(item) => client.more_like(item, filter.clone()),
                Subject::Id(id) => client.recall(id.clone(), filter.clone()),
            });
            step.filter = filter;
            step.waits = true;
        });
    }

    fn waits_for(self, id: u32) -> bool {
        self.trail.with_untracked(|trail| trail.last().is_some_and(|step| step.waits && step.request == id))
    }

    /// Takes back what was found in a catalogue that cannot be read to its end.
    fn withdraw(self) {
        self.trail.update(|trail| trail.retain(|step| !step.is_partial()));
    }

    /// Gives up waiting: a step that shows nothing yet goes.
    fn forsake(self) {
        self.trail.update(|trail| {
            trail.retain(|step| !step.waits || step.similar.is_some());
            if let Some(step) = trail.last_mut() {
                step.waits = false;
            }
        });
    }
}
