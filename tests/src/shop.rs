//! Pages that are not Twill's own but have Twill in them: `tests/pages`, as they stand, served beside the built site and with a
//! catalogue of their own.

use std::{fs, os::unix::fs::symlink, path::Path};

use anyhow::Result;
use model::{
    catalogue::{CatalogueCard, Item},
    weights::FileReference,
};
use tempfile::TempDir;

use crate::{
    server::{Server, Settings, Stand},
    site::{Shipped, dist, repository},
};

/// Path that everything here stands under.
const PREFIX: &str = "/corner/";

/// A server with the pages in `shop/` and the built site in `twill/`.
#[derive(Debug)]
pub struct Shop {
    server: Server,
    folder: TempDir,
}

impl Shop {
    /// Opens with the shipped catalogue's pictures and vectors, where each item has a price and a page on this server.
    pub fn open() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let shop = folder.path().join("shop");
        fs::create_dir(&shop)?;
        for page in fs::read_dir(repository().join("tests/pages"))? {
            let page = page?;
            fs::copy(page.path(), shop.join(page.file_name()))?;
        }
        symlink(dist()?.canonicalize()?, folder.path().join("twill"))?;
        let settings = Settings { prefix: PREFIX.to_owned(), ..Settings::at_top(folder.path()) };
        let shop = Self { server: Server::start(settings)?, folder };
        let address = shop.url("item.html");
        shop.stock(|item| {
            item.price = Some(format!("€ {}.90", 10 + item.id.bytes().map(u32::from).sum::<u32>() % 90));
            item.link = Some(format!("{address}?id={}", item.id));
        })?;
        shop.put("item.html", b"<!doctype html><title>An item</title><p>An item.</p>".to_vec());
        Ok(shop)
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Address of a file of the shop's.
    #[must_use]
    pub fn url(&self, file: &str) -> String {
        format!("{}shop/{file}", self.server.url())
    }

    /// Answers requests for a file of the shop's with `bytes`.
    pub fn put(&self, file: &str, bytes: Vec<u8>) {
        self.server.replace(&format!("shop/{file}"), Stand::Bytes(bytes));
    }

    /// A page of the shop's as it stands in the repository.
    pub fn page(&self, file: &str) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("shop").join(file))?)
    }

    /// Writes the catalogue with every item changed; returns the items.
    pub fn stock(&self, change: impl Fn(&mut Item)) -> Result<Vec<Item>> {
        let shipped = Shipped::open()?;
        let mut items = shipped.items().to_vec();
        items.iter_mut().for_each(change);
        let listed = serde_json::to_vec(&items)?;
        let card = shipped.recommender().catalogue().card().clone();
        let card = CatalogueCard { items: FileReference::hashed("items", "json", &listed), ..card };
        let folder = self.folder.path().join("shop/catalogue");
        if !folder.exists() {
            fs::create_dir(&folder)?;
            let own = dist()?.canonicalize()?.join("catalogue");
            for name in ["images", &card.features.file] {
                symlink(own.join(name), folder.join(name))?;
            }
        }
        fs::write(folder.join(&card.items.file), listed)?;
        fs::write(folder.join("catalogue.json"), serde_json::to_vec(&card)?)?;
        Ok(items)
    }

    /// The items as the catalogue lists them now.
    pub fn items(&self) -> Result<Vec<Item>> {
        let folder = self.folder.path().join("shop/catalogue");
        let read = |file: &str| fs::read(Path::new(&folder).join(file));
        let card = CatalogueCard::from_json(&read("catalogue.json")?)?;
        Ok(serde_json::from_slice(&read(&card.items.file)?)?)
    }
}
