//! The site without a network, and what happens when a new version of it comes.

use std::{fs, path::Path, process::Command, time::Duration};

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    large::{Form, Large},
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    server::Stand,
    site::{Shipped, dist, repository},
};
use serde_json::{Value, json};

use crate::{check_against_native, check_five_results, save};

/// Longest that the whole site may take to be kept, from this machine to this machine.
const KEEPING: Duration = Duration::from_mins(2);
/// Longest that the page may take to react.
const PATIENCE: Duration = Duration::from_secs(20);

/// The site under a sub-path, kept.
fn kept() -> Plan {
    Plan { keeps_site: true, prefix: "/shops/down-the-road/", ..Plan::on(Backend::Cpu) }
}

#[test]
fn without_a_network_the_page_searches_and_speaks_other_languages() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let first = save(folder.path(), "first.jpg", &jpeg(&drawn_shirt([30, 90, 150]))?)?;
    let bytes = jpeg(&drawn_shirt([190, 60, 40]))?;
    let second = save(folder.path(), "second.jpg", &bytes)?;
    let native = shipped.recommend(&bytes, 5)?;
    kept().run(|page, server| {
        page.open()?;
        page.search(&first)?;
        wait_for(page, "the site and all pictures to be kept", KEEPING, IS_COMPLETE)?;
        // The network goes, and with it what the browser's own cache has.
        page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
        server.stop();
        let before = server.requests().len();
        page.on_each_screen(|| {
            page.open()?;
            let view = page.search(&second)?;
            check_five_results(&view, &ids)?;
            check_against_native(
                &view,
                &native.embedding.vector,
                &native.hits,
                &ids,
                Backend::Cpu.agreement(),
            )?;
            // Pictures that nobody has seen before are there, too.
            page.wait(PATIENCE, "pictures", |view| view.cards.iter().all(|card| card.painted))?;
            let option = page.browser().find(r#"[data-testid="language"] option[value="ar"]"#)?;
            page.browser().click(&option)?;
            wait_for(
                page,
                "Arabic",
                PATIENCE,
                "return document.documentElement.dir === 'rtl' && document.documentElement.lang === 'ar'",
            )?;
            let view = page.more_like(&view.cards[1].id)?;
            check_five_results(&view, &ids)?;
            page.wait(PATIENCE, "pictures", |view| view.cards.iter().all(|card| card.painted))?;
            Ok(())
        })?;
        ensure!(server.requests().len() == before, "the server was not away");
        Ok(())
    })
}

#[test]
fn an_update_is_used_whole_or_not_at_all() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([30, 90, 150]))?)?;
    let update = folder.path().join("update");
    new_version(&shipped, &update)?;
    kept().run(|page, server| {
        let open = |name: &str| -> Result<()> {
            page.open()?;
            let foot = page.browser().execute("return document.querySelector('.foot').textContent")?;
            let foot = foot.as_str().unwrap_or_default();
            ensure!(foot.contains(name), "the page searches something else than {name}: {foot}");
            let words = text_of_page(page, "texts/en.json")?;
            ensure!(
                words.contains(&format!("\"{name}\": \"{name}\"")),
                "words and catalogue are of two versions"
            );
            check_five_results(&page.search(&photo)?, &ids)
        };
        open(OLD)?;
        wait_for(page, "the site to be kept", KEEPING, IS_READY)?;
        // The new version is half there: sw.js is, and the catalogue's card is still the old one.
        server.move_to(&update);
        let card = "catalogue/catalogue.json";
        server.replace(card, Stand::Bytes(shipped.bytes(card)?));
        let before = server.requests().len();
        // A page that is controlled has what it needs: only whoever fetches the new version asks the server for this.
        let asked =
            || server.requests()[before..].iter().filter(|request| request.path.ends_with(card)).count() >= 2;
        for visit in 0.. {
            open(OLD)?;
            ensure!(visit < 5, "nobody asked for the new version");
            if page.wait(PATIENCE, "the new version to be asked for", |_| asked()).is_ok() {
                break;
            }
        }
        ensure!(page.browser().execute(IS_WAITING)? == false, "half a version waits to be used");
        open(OLD)?;
        // Now it is there as a whole. A page that shows the old one keeps to it.
        server.restore();
        open(OLD)?;
        wait_for(page, "the new version to come in", KEEPING, IS_WAITING)?;
        ensure!(
            text_of_page(page, "catalogue/catalogue.json")?.contains(OLD),
            "the page got a file of the new version"
        );
        check_five_results(&page.search(&photo)?, &ids)?;
        // The next visit is all new, and nothing of the old version is left.
        open(NEW)?;
        let left = page.browser().execute("return caches.keys().then((names) => names.length)")?;
        ensure!(left == 1, "{left} stores are left");
        server.stop();
        open(NEW)
    })
}

/// One in a single block of codes, and one in two.
#[test]
fn a_large_catalogue_is_there_without_a_network() -> Result<()> {
    large_without_a_network(40_000, true)?;
    large_without_a_network(100_000, false)
}

/// `is_kept_whole` says whether its vectors are kept as any file of the site, or block by block.
fn large_without_a_network(count: usize, is_kept_whole: bool) -> Result<()> {
    let shipped = Shipped::open()?;
    let large = Large::of(&shipped, &Large::vectors(&shipped, count)?, Form { in_pages: true, longest: 0 })?;
    let folder = tempfile::tempdir()?;
    let site = folder.path().join("site");
    copy(&dist()?, &site)?;
    let catalogue = site.join("catalogue");
    for old in [shipped.features_path(), "catalogue/catalogue.json".to_owned()] {
        fs::remove_file(site.join(old))?;
    }
    fs::remove_file(catalogue.join(&shipped.recommender().catalogue().card().items.file))?;
    large.write(&catalogue)?;
    list_files(&site)?;
    let listed = fs::read_to_string(site.join("sw.js"))?;
    ensure!(listed.contains(&large.card.items.file), "the item list is not kept");
    let is_listed = listed.contains(&large.card.features.file);
    ensure!(is_listed == is_kept_whole, "whether {count} vectors are kept whole is {is_listed}");
    let [first, second] = [[30, 90, 150], [190, 60, 40]].map(|colour| jpeg(&drawn_shirt(colour)));
    let first = save(folder.path(), "first.jpg", &first?)?;
    let second = save(folder.path(), "second.jpg", &second?)?;
    kept().run(|page, server| {
        server.move_to(&site);
        page.open()?;
        large.check(&page.search(&first)?)?;
        wait_for(page, "the site to be kept", KEEPING, IS_READY)?;
        page.browser().devtools("Network.clearBrowserCache", &json!({}))?;
        server.stop();
        page.open()?;
        // Its results are in pages of the list that nobody has looked at.
        let view = page.search(&second)?;
        large.check(&view)?;
        ensure!(view.cards.iter().all(|card| card.alt.contains("dress")), "{:?}", view.cards);
        Ok(())
    })
}

#[test]
fn a_photo_that_another_app_shares_is_searched_with() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let bytes = jpeg(&drawn_shirt([60, 60, 120]))?;
    let native = shipped.recommend(&bytes, 5)?;
    kept().run_on_each_screen(|page, server| {
        page.open()?;
        wait_for(page, "the site to be kept", KEEPING, IS_READY)?;
        page.open()?;
        // What the system does with the manifest's `share_target`.
        let target: Value = serde_json::from_str(&text_of_page(page, "manifest.webmanifest")?)?;
        let target = &target["share_target"];
        let script = format!(
            "const form = document.createElement('form');
             Object.assign(form, {{ method: {}, enctype: {}, action: {} }});
             const input = document.createElement('input');
             Object.assign(input, {{ type: 'file', name: {} }});
             const given = new DataTransfer();
             given.items.add(new File([new Uint8Array({bytes:?})], 'grün.jpg', {{ type: 'image/jpeg' }}));
             input.files = given.files;
             form.append(input);
             document.body.append(form);
             setTimeout(() => form.submit());",
            target["method"], target["enctype"], target["action"], target["params"]["files"][0]["name"],
        );
        page.browser().execute(&script)?;
        let limit = Backend::Cpu.load_limit();
        let view = page.wait(limit, "results", |view| view.state == "ranked")?;
        check_five_results(&view, &ids)?;
        check_against_native(&view, &native.embedding.vector, &native.hits, &ids, Backend::Cpu.agreement())?;
        let alt = page.browser().execute("return document.querySelector('[data-testid=query-image]').alt")?;
        ensure!(alt.as_str().is_some_and(|alt| alt.contains("grün.jpg")), "the photo is called {alt}");
        ensure!(
            server.requests().iter().all(|request| request.method == "GET"),
            "the photo went to the server"
        );
        // Whoever reloads the page does not get it again.
        let address = page.browser().execute("return location.href")?;
        ensure!(!address.as_str().unwrap_or_default().contains("shared"), "the address is {address}");
        Ok(())
    })
}

/// Names of the catalogue in the two versions.
const OLD: &str = "Drawn garments";
const NEW: &str = "Garments of tomorrow";

const IS_READY: &str = "return ['ready', 'complete'].includes(document.documentElement.dataset.offline)";
const IS_COMPLETE: &str = "return document.documentElement.dataset.offline === 'complete'";
const IS_WAITING: &str =
    "return navigator.serviceWorker.getRegistration().then((registration) => registration.waiting !== null)";

/// Another version of the built site in `folder`: its catalogue has another name, its feature file has, too, and the words
/// know the former.
fn new_version(shipped: &Shipped, folder: &Path) -> Result<()> {
    copy(&dist()?, folder)?;
    let old = shipped.features_path();
    let new = "catalogue/features-of-tomorrow.twill";
    fs::rename(folder.join(&old), folder.join(new))?;
    let file_name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    change(&folder.join("catalogue/catalogue.json"), &[(&file_name(&old), &file_name(new)), (OLD, NEW)])?;
    change(
        &folder.join("texts/en.json"),
        &[(&format!("\"{OLD}\": \"{OLD}\""), &format!("\"{NEW}\": \"{NEW}\""))],
    )?;
    list_files(folder)
}

/// Has the files of a site listed anew, as they are kept for use without a network.
fn list_files(folder: &Path) -> Result<()> {
    fs::copy(repository().join("app/js/sw.js"), folder.join("sw.js"))?;
    fs::remove_file(folder.join("pictures.json"))?;
    let status = Command::new("bash")
        .arg(repository().join("app/offline.sh"))
        .env("TRUNK_STAGING_DIR", folder)
        .status()
        .context("bash is not installed")?;
    ensure!(status.success(), "app/offline.sh failed");
    Ok(())
}

fn change(file: &Path, changes: &[(&str, &str)]) -> Result<()> {
    let mut text = fs::read_to_string(file)?;
    for (old, new) in changes {
        ensure!(text.contains(old), "{} does not contain {old}", file.display());
        text = text.replace(old, new);
    }
    fs::write(file, text)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// A file of the site as the page gets it.
fn text_of_page(page: &Page, path: &str) -> Result<String> {
    let script = format!("return fetch({}).then((response) => response.text())", json!(path));
    let text = page.browser().execute(&script)?;
    Ok(text.as_str().with_context(|| format!("the page gets no {path}"))?.to_owned())
}

/// Waits until a script returns true.
fn wait_for(page: &Page, what: &str, limit: Duration, script: &str) -> Result<()> {
    page.wait(limit, what, |_| page.browser().execute(script).is_ok_and(|answer| answer == true)).map(drop)
}
