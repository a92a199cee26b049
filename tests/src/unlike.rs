//! A catalogue that holds nothing of the kind.

use anyhow::Result;
use model::{catalogue::CatalogueCard, feature_file::FeatureFile, weights::FileReference};

use crate::{
    server::{Server, Stand},
    site::Shipped,
};

/// Serves the shipped items with vectors that have nothing of these photos': each stands at a right angle to all of them.
pub fn serve_unlike(shipped: &Shipped, server: &Server, photos: &[&[u8]]) -> Result<()> {
    let mut axes = Vec::new();
    for photo in photos {
        let axis = without(shipped.recommend(photo, 1)?.embedding.vector, &axes);
        axes.push(axis);
    }
    let features = shipped.recommender().catalogue().features();
    let rows: Vec<f32> = features.rows().flat_map(|row| without(row, &axes)).collect();
    let unlike = FeatureFile::pack_rows(
        &rows,
        features.dimension(),
        features.weights_sha256(),
        features.preprocess_id(),
    )?;
    let unlike = unlike.write();
    let mut card = CatalogueCard::from_json(&shipped.bytes("catalogue/catalogue.json")?)?;
    card.features = FileReference::hashed("features", "twill", &unlike);
    server.replace(&format!("catalogue/{}", card.features.file), Stand::Bytes(unlike));
    server.replace("catalogue/catalogue.json", Stand::Bytes(serde_json::to_vec(&card)?));
    Ok(())
}

/// What is left of a vector without its shares of these unit vectors, which stand at right angles, stretched to length 1.
fn without(mut vector: Vec<f32>, axes: &[Vec<f32>]) -> Vec<f32> {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(x, y)| x * y).sum() };
    for axis in axes {
        let share = dot(&vector, axis);
        vector.iter_mut().zip(axis).for_each(|(value, along)| *value -= share * along);
    }
    let length = dot(&vector, &vector).sqrt();
    vector.iter().map(|value| value / length).collect()
}
