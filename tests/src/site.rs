//! The built site, its catalogue as it lies on disk, and the same network run natively beside it.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use image::RgbImage;
use model::{
    catalogue::{Catalogue, CatalogueCard, Item},
    embedder::Embedder,
    image::{DecodeLimits, decode},
    recommender::{Recommendation, Recommender},
    weights::ModelCard,
};

/// The repository's root.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// The static site that `make dist` built, or the folder that `TWILL_DIST` names.
pub fn dist() -> Result<PathBuf> {
    let folder = env::var_os("TWILL_DIST").map_or_else(|| repository().join("dist"), PathBuf::from);
    ensure!(
        folder.join("index.html").is_file(),
        "there is no page in {}: run `make dist` first",
        folder.display()
    );
    Ok(folder)
}

/// Real photos of garments, where they lie on this machine: `TWILL_PHOTOS`, else beside the checkout.
///
/// They are not part of the repository; a journey that wants them says so and passes where they are missing.
#[must_use]
pub fn real_photos() -> Option<PathBuf> {
    let folder = env::var_os("TWILL_PHOTOS")
        .map_or_else(|| repository().join("../shared/data/clothing"), PathBuf::from);
    if folder.join("test.csv").is_file() {
        return Some(folder);
    }
    println!("skipped: there are no real photos in {} (TWILL_PHOTOS names another folder)", folder.display());
    None
}

/// The first `count` photos of the published test split whose category is one of `categories`.
pub fn test_photos(folder: &Path, categories: &[&str], count: usize) -> Result<Vec<PathBuf>> {
    let rows = fs::read_to_string(folder.join("test.csv"))?;
    let photos: Vec<PathBuf> = rows
        .lines()
        .skip(1)
        .filter_map(|row| {
            let mut fields = row.split(',');
            let (path, category) = (fields.next()?, fields.next()?);
            categories.contains(&category).then(|| folder.join(path))
        })
        .take(count)
        .collect();
    ensure!(photos.len() == count, "test.csv has too few photos of {categories:?}");
    Ok(photos)
}

/// What `public/` ships, read from the built site.
#[derive(Debug)]
pub struct Shipped {
    folder: PathBuf,
    recommender: Recommender,
}

impl Shipped {
    /// Reads model and catalogue of the built site.
    pub fn open() -> Result<Self> {
        Self::open_in(&dist()?)
    }

    /// Reads `model/` and `catalogue/` in `folder`.
    pub fn open_in(folder: &Path) -> Result<Self> {
        let model = folder.join("model");
        let card = read(&model.join("model.json"))?;
        let weights = read(&model.join(ModelCard::from_json(&card)?.weights.file))?;
        let embedder = Embedder::load(&card, &weights)?;
        let catalogue = folder.join("catalogue");
        let card_json = read(&catalogue.join("catalogue.json"))?;
        let card = CatalogueCard::from_json(&card_json)?;
        let items = read(&catalogue.join(&card.items.file))?;
        let features = read(&catalogue.join(&card.features.file))?;
        let catalogue = Catalogue::open(&card_json, &items, &features)?;
        Ok(Self { folder: folder.to_owned(), recommender: Recommender::new(embedder, catalogue)? })
    }

    /// The items in the order of their features.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.recommender.catalogue().items()
    }

    /// The network.
    #[must_use]
    pub fn embedder(&self) -> &Embedder {
        self.recommender.embedder()
    }

    /// Network and catalogue together.
    #[must_use]
    pub fn recommender(&self) -> &Recommender {
        &self.recommender
    }

    /// Path of the weights file, relative to the site.
    #[must_use]
    pub fn weights_path(&self) -> String {
        format!("model/{}", self.embedder().card().weights.file)
    }

    /// Path of the feature file, relative to the site.
    #[must_use]
    pub fn features_path(&self) -> String {
        format!("catalogue/{}", self.recommender.catalogue().card().features.file)
    }

    /// Path of the item list, relative to the site.
    #[must_use]
    pub fn items_path(&self) -> String {
        format!("catalogue/{}", self.recommender.catalogue().card().items.file)
    }

    /// File with an item's picture.
    #[must_use]
    pub fn picture(&self, item: &Item) -> PathBuf {
        self.folder.join("catalogue").join(&item.image)
    }

    /// Contents of a file of the site.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>> {
        read(&self.folder.join(path))
    }

    /// What the page should find for a photo, computed natively on the CPU.
    pub fn recommend(&self, photo: &[u8], count: usize) -> Result<Recommendation> {
        self.recommend_picture(&decode(photo, &DecodeLimits::default())?, count)
    }

    /// What the page should find for a decoded photo, computed natively on the CPU.
    pub fn recommend_picture(&self, picture: &RgbImage, count: usize) -> Result<Recommendation> {
        Ok(pollster::block_on(self.recommender.recommend(picture, None, count))?)
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
