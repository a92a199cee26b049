//! The facade: an embedder and a catalogue that fit each other.

use ::image::RgbImage;

use crate::{
    Error, Result,
    catalogue::Catalogue,
    crop::CropBox,
    embedder::{Embedder, Embedding},
    search::{self, Filter, Hit, Request},
};

/// What a photo led to.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// What the network saw.
    pub embedding: Embedding,
    /// Similar items, best first.
    pub hits: Vec<Hit>,
}

/// Finds the items of a catalogue that look like a garment in a photo.
#[derive(Debug)]
pub struct Recommender {
    embedder: Embedder,
    catalogue: Catalogue,
}

impl Recommender {
    /// Fails with [`Error::ModelMismatch`] where the catalogue was embedded with other weights or preprocessing.
    pub fn new(embedder: Embedder, catalogue: Catalogue) -> Result<Self> {
        embedder.check_made(catalogue.features())?;
        Ok(Self { embedder, catalogue })
    }

    /// The embedder.
    #[must_use]
    pub fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    /// The catalogue.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Embeds `crop` of the photo (all of it where `None`) and finds the `k` most similar items.
    pub async fn recommend(
        &self,
        photo: &RgbImage,
        crop: Option<CropBox>,
        k: usize,
    ) -> Result<Recommendation> {
        self.recommend_among(photo, crop, k, Filter::All).await
    }

    /// [`Recommender::recommend`] among the items that the filter keeps.
    pub async fn recommend_among(
        &self,
        photo: &RgbImage,
        crop: Option<CropBox>,
        k: usize,
        filter: Filter<'_>,
    ) -> Result<Recommendation> {
        let embedding = self.embedder.embed(photo, crop.unwrap_or(CropBox::WHOLE)).await?;
        let hits = self.nearest(&embedding.vector, k, filter)?;
        Ok(Recommendation { embedding, hits })
    }

    /// The `k` items most similar to item `row`, itself left out. Fails with [`Error::NoSuchItem`].
    pub fn more_like(&self, row: usize, k: usize) -> Result<Vec<Hit>> {
        self.more_like_among(row, k, Filter::All)
    }

    /// [`Recommender::more_like`] among the items that the filter keeps.
    pub fn more_like_among(&self, row: usize, k: usize, filter: Filter<'_>) -> Result<Vec<Hit>> {
        let vector = self.catalogue.features().vector(row).ok_or(Error::NoSuchItem { row })?;
        self.nearest(&vector, k, Filter::Where(&|other| other != row && filter.keeps(other)))
    }

    /// The `k` items most similar to a vector, among those that the filter keeps. Fails where a search does.
    pub fn nearest(&self, query: &[f32], k: usize, filter: Filter<'_>) -> Result<Vec<Hit>> {
        let request = Request { query, k, filter, ..Request::default() };
        let answers = search::search(self.catalogue.features(), &[request])?;
        Ok(answers.into_iter().flat_map(|answer| answer.hits).collect())
    }
}
