//! A large catalogue on the page's own host: what is fetched of it, what is kept, and in how many files it lies.

use std::{env, fs, os::unix::fs::symlink, path::Path, time::Duration};

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    large::{Form, Large},
    page::{Backend, Page, View},
    photos::{drawn_shirt, jpeg},
    server::{Request, Server, Stand},
    site::{Shipped, dist},
};
use model::catalogue::ItemList;
use model::search::{top_k, top_k_where};
use serde_json::json;

use crate::{choice_shown, save};

/// Four blocks of codes, and of vectors.
const ITEMS: usize = 200_000;
/// Longest that the page may take for what is on its way.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much of the feature file comes at first: enough for one of four blocks of codes.
const HELD: f64 = 0.09;
/// Where the catalogue stands on the page's host.
const FOLDER: &str = "large/";

/// The page with the catalogue beside it.
fn plan() -> Plan {
    Plan { query: format!("&catalogue={FOLDER}"), ..Plan::on(Backend::Cpu) }
}

/// A folder with the site, a catalogue beside it, and a photo.
struct Beside {
    folder: tempfile::TempDir,
    photo: std::path::PathBuf,
}

impl Beside {
    fn of(large: &Large) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for entry in fs::read_dir(dist()?.canonicalize()?)? {
            let entry = entry?;
            symlink(entry.path(), folder.path().join(entry.file_name()))?;
        }
        large.write(&folder.path().join(FOLDER))?;
        let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([150, 40, 40]))?)?;
        Ok(Self { folder, photo })
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// What was asked for of the files whose name has this in it, since there were `before` requests.
fn asked(server: &Server, before: usize, name: &str) -> Vec<Request> {
    let requests = server.requests();
    requests[before..].iter().filter(|request| request.path.contains(name)).cloned().collect()
}

fn bytes(requests: &[Request]) -> usize {
    requests.iter().map(|request| request.bytes).sum()
}

/// The page as a visitor gets it whose browser has kept no answer of the host's.
fn visit_anew(page: &Page) -> Result<()> {
    page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
    page.visit()
}

/// The answer to a photo, once all of the catalogue is there.
fn answer(page: &Page, photo: &Path) -> Result<View> {
    page.choose(photo)?;
    page.wait(PATIENCE, "the answer", |view| view.state == "ranked" && view.cards.len() == 5)
}

#[test]
fn first_cards_need_a_tenth_of_everything() -> Result<()> {
    let shipped = Shipped::open()?;
    // `TWILL_ITEMS=1000000` takes some minutes.
    let count_of_items = match env::var("TWILL_ITEMS") {
        Ok(number) => number.parse().context("TWILL_ITEMS is no number")?,
        Err(_) => ITEMS,
    };
    let large =
        Large::of(&shipped, &Large::vectors(&shipped, count_of_items)?, Form { in_pages: true, longest: 0 })?;
    let beside = Beside::of(&large)?;
    let (features, list) = (&large.card.features, &large.card.items);
    let head = large.card.items_bytes_first();
    let in_page = |view: &View| view.cards.iter().all(|card| card.alt.contains("dress"));
    plan().run(|page, server| {
        server.move_to(beside.path());
        server.replace(&format!("{FOLDER}{}", features.file), Stand::Held(HELD));
        page.visit()?;
        page.wait(PATIENCE, "the page", |view| view.state == "loading")?;
        page.choose(&beside.photo)?;
        let early = page.wait(PATIENCE, "first results", |view| view.cards.len() == 5)?;
        ensure!(early.state == "loading" && in_page(&early), "{}: {:?}", early.state, early.cards);
        let items = asked(server, 0, &list.file);
        let received = (large.bytes.len() as f64 * HELD) as usize + bytes(&items);
        let all = large.bytes.len() + large.list().len();
        println!(
            "first cards after {received} of {all} bytes; of items {head} at once ({:.2} an item) and {} in {} pages",
            head as f64 / count_of_items as f64,
            bytes(&items) - head as usize,
            items.len() - 1,
        );
        let drawn = ItemList::in_pages(shipped.items(), &shipped.embedder().card().attributes)?;
        let drawn_head = drawn.head.as_ref().map_or(0, |head| head.bytes) as f64;
        let a_drawn_one = |bytes: f64| bytes / shipped.items().len() as f64;
        println!(
            "of the shipped items, {:.1} bytes each come first, and the whole list is {:.1} an item",
            a_drawn_one(drawn_head),
            a_drawn_one(drawn.bytes.len() as f64)
        );
        ensure!(a_drawn_one(drawn_head) <= 16.0, "{drawn_head} bytes of drawn items come first");
        ensure!(received * 10 <= all, "{received} of {all} bytes came before the first cards");
        ensure!(head <= 16 * count_of_items as u64, "{head} bytes of items come first");
        ensure!(items.iter().all(|request| request.status == 206), "{items:?}");

        server.restore();
        let whole = page.wait(PATIENCE, "the answer", |view| view.state == "ranked")?;
        large.check(&whole)?;
        ensure!(in_page(&whole), "{:?}", whole.cards);
        // Of the list no more has come than what is shown of it.
        let items = asked(server, 0, &list.file);
        ensure!(bytes(&items) < large.list().len() / 2, "{} bytes of the list came", bytes(&items));

        // Filters know items that have not come.
        let query = whole.query.as_ref().context("the photo is not shown")?.embedding.clone();
        page.click(r#"[data-testid="colour-filter"][data-colour="blue"]"#)?;
        let blue = page.wait(PATIENCE, "blue ones", |view| {
            view.state == "ranked" && view.cards.len() == 5 && choice_shown(page).is_ok_and(|count| count == count_of_items / 2)
        })?;
        let nearest = top_k_where(&large.features, &query, 5, |row| row % 2 == 1)?;
        let nearest: Vec<String> = nearest.iter().map(|hit| hit.row.to_string()).collect();
        let found: Vec<&str> = blue.cards.iter().map(|card| card.id.as_str()).collect();
        ensure!(found == nearest, "{found:?} instead of {nearest:?}");

        // An item is found by its id, whether its page is there or not.
        let id = "123456";
        page.browser().goto(&format!("{}?backend=cpu&catalogue={FOLDER}&like={id}", server.url()))?;
        let like = page.wait(PATIENCE, "what is like it", |view| view.state == "ranked" && view.cards.len() == 5)?;
        let vector = large.features.vector(123_456).context("no such item")?;
        let others: Vec<String> =
            top_k(&large.features, &vector, 6)?.iter().skip(1).map(|hit| hit.row.to_string()).collect();
        let found: Vec<&str> = like.cards.iter().map(|card| card.id.as_str()).collect();
        ensure!(found == others, "{found:?} instead of {others:?}");
        page.browser().goto(&format!("{}?backend=cpu&catalogue={FOLDER}&like=nobody", server.url()))?;
        page.wait(PATIENCE, "an error", |view| view.error.contains("nobody"))?;
        Ok(())
    })
}

#[test]
fn a_host_without_parts_and_one_with_a_damaged_page() -> Result<()> {
    let shipped = Shipped::open()?;
    let large = Large::of(&shipped, &Large::vectors(&shipped, ITEMS)?, Form { in_pages: true, longest: 0 })?;
    let beside = Beside::of(&large)?;
    let (features, list) = (&large.card.features.file, &large.card.items.file);
    plan().run(|page, server| {
        server.move_to(beside.path());
        for file in [features, list] {
            server.replace(&format!("{FOLDER}{file}"), Stand::Whole);
        }
        page.visit()?;
        let whole = answer(page, &beside.photo)?;
        large.check(&whole)?;
        ensure!(asked(server, 0, list).len() == 1, "{:?}", asked(server, 0, list));

        // A list whose head is right and whose pages are not.
        server.restore();
        let mut damaged = large.list().to_vec();
        let pages = large.card.items_bytes_first() as usize + 4 * ITEMS;
        damaged[pages..].iter_mut().step_by(100).for_each(|byte| *byte ^= 1);
        server.replace(&format!("{FOLDER}{list}"), Stand::Bytes(damaged));
        visit_anew(page)?;
        page.choose(&beside.photo)?;
        let wrong = page.wait(PATIENCE, "an error", |view| !view.error.is_empty())?;
        ensure!(
            wrong.cards.is_empty() && wrong.error.contains("damaged"),
            "{}: {:?}",
            wrong.error,
            wrong.cards
        );
        // The host is itself again, and so is the next answer.
        server.restore();
        large.check(&answer(page, &beside.photo)?)
    })
}

/// Writes something else into every piece that the browser keeps, and says how many there are.
const SPOIL: &str = "
return (async () => {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle('twill');
  let count = 0;
  for await (const folder of all.values()) {
    for await (const file of folder.values()) {
      const writer = await file.createWritable();
      await writer.write(new Uint8Array(1000));
      await writer.close();
      count += 1;
    }
  }
  return count;
})()";
/// How many pieces the browser keeps.
const KEPT: &str = "
return (async () => {
  const root = await navigator.storage.getDirectory();
  const all = await root.getDirectoryHandle('twill');
  let count = 0;
  for await (const folder of all.values()) for await (const _ of folder.keys()) count += 1;
  return count;
})()";

#[test]
fn what_is_kept_of_a_catalogue_is_not_fetched_again() -> Result<()> {
    let shipped = Shipped::open()?;
    let mut vectors = Large::vectors(&shipped, ITEMS)?;
    let form = Form { in_pages: true, longest: 0 };
    let large = Large::of(&shipped, &vectors, form)?;
    let beside = Beside::of(&large)?;
    let pieces = 2 * ITEMS.div_ceil(large.block_rows()) + 1;
    plan().run(|page, server| {
        server.move_to(beside.path());
        page.visit()?;
        large.check(&answer(page, &beside.photo)?)?;
        let first = bytes(&asked(server, 0, "features-"));
        ensure!(first == large.bytes.len(), "{first} of {} bytes were fetched", large.bytes.len());
        page.wait_until(
            PATIENCE,
            "all pieces to be kept",
            &format!("{KEPT}.then((count) => count === {pieces})"),
        )?;

        // The same catalogue: nothing of its vectors is fetched, and it needs no network.
        let before = server.requests().len();
        server.replace(&format!("{FOLDER}{}", large.card.features.file), Stand::Missing);
        visit_anew(page)?;
        large.check(&answer(page, &beside.photo)?)?;
        let again = asked(server, before, "features-");
        ensure!(again.is_empty(), "the vectors were fetched again: {again:?}");

        // A new version, of which the last block is another one.
        server.restore();
        let dimension = shipped.embedder().dimension();
        for value in &mut vectors[(ITEMS - 10) * dimension..] {
            *value = -*value;
        }
        let changed = Large::of(&shipped, &vectors, form)?;
        fs::remove_dir_all(beside.path().join(FOLDER))?;
        changed.write(&beside.path().join(FOLDER))?;
        let before = server.requests().len();
        visit_anew(page)?;
        changed.check(&answer(page, &beside.photo)?)?;
        let new = asked(server, before, "features-");
        let last = ITEMS % large.block_rows();
        println!(
            "{} of {} bytes for a new version, in {} requests",
            bytes(&new),
            changed.bytes.len(),
            new.len()
        );
        // Codes and vectors of the last block, and the head.
        // Vectors of two bytes a value, and codes of a byte each with sixteen more.
        ensure!(bytes(&new) < last * (dimension * 3 + 16) + 100_000, "{new:?}");
        page.wait_until(
            PATIENCE,
            "old pieces to go",
            &format!("{KEPT}.then((count) => count === {pieces})"),
        )?;

        // What is kept is wrong: it is fetched again, and the answer is right.
        let spoilt = page.browser().execute(SPOIL)?;
        ensure!(spoilt == json!(pieces), "{spoilt} pieces were kept");
        let before = server.requests().len();
        visit_anew(page)?;
        changed.check(&answer(page, &beside.photo)?)?;
        let again = bytes(&asked(server, before, "features-"));
        ensure!(again == changed.bytes.len(), "{again} bytes were fetched");
        Ok(())
    })
}

#[test]
fn a_catalogue_in_parts_is_one() -> Result<()> {
    let shipped = Shipped::open()?;
    let vectors = Large::vectors(&shipped, ITEMS)?;
    // No multiple of anything, and most blocks and pages lie in two parts.
    let large = Large::of(&shipped, &vectors, Form { in_pages: true, longest: 3_000_001 })?;
    let beside = Beside::of(&large)?;
    let parts = &large.card.features.parts;
    ensure!(parts.len() == large.bytes.len().div_ceil(3_000_001), "{parts:?}");
    plan().run(|page, server| {
        server.move_to(beside.path());
        // One breaks off, and is gone on with.
        let stand = |index: usize, stand: Stand| server.replace(&format!("{FOLDER}{}", parts[index].file), stand);
        stand(2, Stand::First(1, Box::new(Stand::Cut(0.4))));
        page.visit()?;
        large.check(&answer(page, &beside.photo)?)?;
        let third = asked(server, 0, &parts[2].file);
        ensure!(third.iter().any(|request| request.from > 0), "it was not gone on with: {third:?}");
        ensure!(asked(server, 0, &parts[5].file).len() == 1, "{:?}", asked(server, 0, &parts[5].file));
        // A part that is longer than it should be, and one that is not there.
        page.browser().execute(
            "return navigator.storage.getDirectory().then((root) => root.removeEntry('twill', { recursive: true }))",
        )?;
        let wrong = [(1, Stand::Bytes(vec![0; 3_000_002])), (4, Stand::Missing), (6, Stand::Bytes(Vec::new()))];
        for (index, wrong) in wrong {
            server.restore();
            stand(index, wrong);
            visit_anew(page)?;
            page.choose(&beside.photo)?;
            let failed = page.wait(PATIENCE, "an error", |view| view.state == "failed")?;
            ensure!(failed.cards.is_empty(), "{:?}", failed.cards);
            let says = failed.error.contains("features-") || failed.error.contains("feature file");
            ensure!(says, "{}", failed.error);
        }
        server.restore();
        large.check(&answer(page, &beside.photo)?)?;

        // A host that gives no parts of files gives files in parts all the same.
        page.browser().execute(
            "return navigator.storage.getDirectory().then((root) => root.removeEntry('twill', { recursive: true }))",
        )?;
        for (name, _) in large.card.features.files().chain(large.card.items.files()) {
            server.replace(&format!("{FOLDER}{name}"), Stand::Whole);
        }
        visit_anew(page)?;
        large.check(&answer(page, &beside.photo)?)
    })
}
