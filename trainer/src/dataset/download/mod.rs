//! Fetches a public data set, so that it is there whole or can be continued: every file is written in one step after its
//! hash was checked, and one that is there with the right hash is not fetched again.

mod clothing;
mod listing;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::ValueEnum;
use rustls::ClientConfig;

use crate::files;
use crate::http::{self, Client, Failure};
use crate::progress::Progress;
use listing::{Listed, Listing};

/// The list of files, in the data set's folder as well as beside a copy of it.
const LISTING: &str = "tree.json";
/// No list of files is longer, bytes.
const MAX_LISTING: u64 = 64 << 20;
/// How many files are fetched at once: more would be impolite.
const CONNECTIONS: usize = 6;
/// How often a file is asked for.
const ATTEMPTS: u32 = 5;
/// The first pause between two attempts; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// A data set that can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Name {
    /// Photos of garments that people sent in, CC0
    Clothing,
}

/// Where a data set's files and the list of them are.
struct Place {
    /// Ends in a slash.
    files: String,
    listing: String,
}

impl Place {
    /// A folder that holds the files and their list.
    fn copy(url: &str) -> Self {
        let files = format!("{}/", url.trim_end_matches('/'));
        Self { listing: format!("{files}{LISTING}"), files }
    }
}

/// Fetches what is missing of this data set into `out`.
///
/// Fails, saying how far it came, when the server cannot be reached, has not what the list names, or `out` cannot be
/// written to.
pub fn run(name: Name, out: &Path, from: Option<&str>) -> Result<()> {
    let place = match (from, name) {
        (Some(url), _) => Place::copy(url),
        (None, Name::Clothing) => clothing::place(),
    };
    let tls = http::system_tls()?;
    files::make_folder(out)?;
    files::remove_unfinished(out)?;
    let listing = listing(&place, out, &tls)?;
    match name {
        Name::Clothing => clothing::fetch(&place, &listing, out, &tls),
    }
}

/// The list that is there already, or else the server's.
fn listing(place: &Place, out: &Path, tls: &Arc<ClientConfig>) -> Result<Listing> {
    let path = out.join(LISTING);
    if let Some(listing) = std::fs::read(&path).ok().and_then(|bytes| Listing::parse(&bytes).ok()) {
        return Ok(listing);
    }
    let mut client = Client::new(Arc::clone(tls));
    let bytes = patiently(&mut client, &place.listing, MAX_LISTING, |_| true)
        .map_err(|failure| anyhow!("The list of files could not be fetched: {}", failure.reason))?;
    let listing = Listing::parse(&bytes).with_context(|| format!("{} is no list of files", place.listing))?;
    files::write(&path, &bytes)?;
    Ok(listing)
}

/// Fetches those of these files that are not in `out` with the right hash, several at once.
///
/// Fails at the first that cannot be had; what came until then stays.
fn fetch_missing(place: &Place, wanted: &[&Listed], out: &Path, tls: &Arc<ClientConfig>) -> Result<()> {
    let missing: Vec<&Listed> = wanted.iter().copied().filter(|file| !file.is_in(out)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if missing.len() < wanted.len() {
        eprintln!("{} of {} files are there already.", wanted.len() - missing.len(), wanted.len());
    }
    let progress = Progress::new("files fetched", missing.len());
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let trouble: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS.min(missing.len()) {
            scope.spawn(|| {
                let mut client = Client::new(Arc::clone(tls));
                while !stop.load(Ordering::Relaxed) {
                    let Some(file) = missing.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                    if let Err(error) = fetch(&mut client, place, file, out) {
                        stop.store(true, Ordering::Relaxed);
                        trouble.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                    } else {
                        progress.increment();
                    }
                }
            });
        }
    });
    progress.finish();
    if let Some(error) = trouble.into_inner().unwrap_or_else(PoisonError::into_inner) {
        let there = wanted.iter().filter(|file| file.is_in(out)).count();
        let message = format!(
            "The download stopped with {there} of {} files; run it again to go on from there",
            wanted.len()
        );
        return Err(error.context(message));
    }
    Ok(())
}

fn fetch(client: &mut Client, place: &Place, file: &Listed, out: &Path) -> Result<()> {
    let url = format!("{}{}", place.files, file.path);
    let bytes = patiently(client, &url, file.size, |bytes| file.is_content(bytes))
        .map_err(|failure| anyhow!("{} could not be fetched: {}", file.path, failure.reason))?;
    files::write(&out.join(&file.path), &bytes)
}

/// Asks until the answer is right, with longer and longer pauses. Fails as the last attempt does, or at once where no
/// other can do better.
fn patiently(
    client: &mut Client,
    url: &str,
    max_bytes: u64,
    is_right: impl Fn(&[u8]) -> bool,
) -> Result<Vec<u8>, Failure> {
    let mut pause = PAUSE;
    let mut attempt = 1;
    loop {
        let failure = match client.get(url, max_bytes) {
            Ok(bytes) if is_right(&bytes) => return Ok(bytes),
            Ok(_) => Failure {
                reason: "what was sent is not the file whose hash is listed".to_owned(),
                may_pass: true,
                wait: None,
            },
            Err(failure) => failure,
        };
        if attempt == ATTEMPTS || !failure.may_pass {
            return Err(failure);
        }
        thread::sleep(failure.wait.unwrap_or(pause));
        pause *= 2;
        attempt += 1;
    }
}

/// The file of this path. Fails, naming it, where the list has none.
fn require<'a>(listing: &'a Listing, path: &str) -> Result<&'a Listed> {
    match listing.find(path) {
        Some(file) => Ok(file),
        None => {
            bail!("The data set's list of files does not name {path}; perhaps it is the list of another one")
        }
    }
}
