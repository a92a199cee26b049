//! Where the address of a picture is typed.

use std::time::Duration;

use leptos::ev::SubmitEvent;
use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::AbortController;

use crate::address::{self, Refusal};
use crate::components::Pickers;
use crate::components::icons::Cross;
use crate::components::modal::{Modal, close};
use crate::state::Twill;
use crate::texts;

/// How long a picture may take to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

/// What the dialog knows. Copies share it.
#[derive(Clone, Copy)]
struct Session {
    text: RwSignal<String>,
    refusal: RwSignal<Option<Refusal>>,
    /// What ends the download that is under way.
    download: RwSignal<Option<AbortController>, LocalStorage>,
}

impl Session {
    /// Fetches what the field names; an earlier download ends.
    fn fetch(self, twill: Twill) {
        self.stop();
        let Some(address) = address::read(&self.text.get_untracked()) else {
            self.refusal.set(Some(Refusal::NoAddress));
            return;
        };
        let Ok(download) = AbortController::new() else {
            self.refusal.set(Some(Refusal::Unreachable));
            return;
        };
        self.refusal.set(None);
        self.download.set(Some(download.clone()));
        let patience = download.clone();
        set_timeout(move || patience.abort(), PATIENCE);
        spawn_local(async move {
            let picture = address::fetch(&address, &download.signal()).await;
            let is_current = self.download.try_with_untracked(|current| current.as_ref() == Some(&download));
            if is_current != Some(true) {
                return;
            }
            self.download.set(None);
            match picture {
                Ok(picture) => twill.find(picture, texts::picture_name(&address::name(&address))),
                Err(refusal) => self.refusal.set(Some(refusal)),
            }
        });
    }

    fn stop(self) {
        if let Some(download) = self.download.try_update(Option::take).flatten() {
            download.abort();
        }
    }
}

#[component]
pub(super) fn AddressView(twill: Twill, pickers: Pickers) -> impl IntoView {
    let session = Session {
        text: RwSignal::new(String::new()),
        refusal: RwSignal::new(None),
        download: RwSignal::new_local(None),
    };
    on_cleanup(move || session.stop());
    let node = NodeRef::<Dialog>::new();
    let field = NodeRef::<Input>::new();
    // An address that was pasted somewhere on the page has been given already.
    Effect::new(move |_| {
        let address = pickers.address.get();
        if !address.is_empty() {
            pickers.address.set(String::new());
            session.text.set(address);
            session.fetch(twill);
        }
    });
    let is_busy = move || session.download.with(Option::is_some);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        session.fetch(twill);
        if let Some(field) = field.get_untracked().filter(|_| session.refusal.get_untracked().is_some()) {
            let _ = field.focus();
        }
    };
    view! {
        <Modal twill open=pickers.address_view node class="sheet" name="address-view" label=texts::address() opener="address-open">
            <form on:submit=submit>
                <div class="sheet-head">
                    <h2>{texts::address()}</h2>
                    <button
                        type="button" class="button quiet icon-only" data-testid="address-close" aria-label=texts::close()
                        on:click=move |_| close(node)
                    >
                        <Cross/>
                    </button>
                </div>
                <input
                    class="field" type="text" inputmode="url" enterkeyhint="go" autocomplete="off" autocapitalize="off"
                    spellcheck="false" placeholder="https://" data-testid="address-input" aria-label=texts::address()
                    aria-describedby="address-note" aria-invalid=move || session.refusal.get().is_some().to_string()
                    autofocus=true node_ref=field bind:value=session.text
                />
                <p class="sheet-note" id="address-note">{texts::address_note()}</p>
                {move || session.refusal.get().map(|refusal| view! {
                    <p class="sheet-refusal" role="alert" data-testid="error">{texts::address_refusal(refusal)}</p>
                })}
                <button type="submit" class="button primary" data-testid="address-fetch" aria-busy=move || is_busy().to_string()>
                    {move || if is_busy() { texts::address_fetching() } else { texts::address_fetch() }}
                </button>
            </form>
        </Modal>
    }
}
