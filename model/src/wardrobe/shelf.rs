//! All of a wardrobe in memory, but for the pictures.

use super::Garment;
use crate::{
    look::are_near_duplicates,
    search::{Hit, brute_force_among, dot},
};

/// A photo and its vector.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What is known of it.
    pub garment: Garment,
    /// Of length 1, as the network that made it gives it.
    pub vector: Vec<f32>,
}

/// Photos in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    made_by: String,
    dimension: usize,
    kept: Vec<Kept>,
}

impl Shelf {
    /// An empty one for vectors of `dimension` values that the network of this name ([`super::made_by`]) makes.
    #[must_use]
    pub fn new(made_by: String, dimension: usize) -> Self {
        Self { made_by, dimension, kept: Vec::new() }
    }

    /// All photos, in order. A hit's row is the place in here.
    #[must_use]
    pub fn kept(&self) -> &[Kept] {
        &self.kept
    }

    /// Whether a photo can be searched: another network's vectors cannot be compared.
    #[must_use]
    pub fn is_current(&self, kept: &Kept) -> bool {
        kept.garment.made_by == self.made_by && kept.vector.len() == self.dimension
    }

    /// The photo with this checksum.
    #[must_use]
    pub fn find(&self, sha256: &str) -> Option<&Kept> {
        self.kept.iter().find(|kept| kept.garment.sha256 == sha256)
    }

    /// Adds a photo, or puts it in the place of the same one.
    pub fn put(&mut self, kept: Kept) {
        self.kept.retain(|other| other.garment.sha256 != kept.garment.sha256);
        let key = |kept: &Kept| (kept.garment.added, kept.garment.sha256.clone());
        let own = key(&kept);
        let place = self.kept.partition_point(|other| key(other) < own);
        self.kept.insert(place, kept);
    }

    /// Takes photos out.
    pub fn retain(&mut self, keep: impl Fn(&Garment) -> bool) {
        self.kept.retain(|kept| keep(&kept.garment));
        self.settle();
    }

    /// The `k` photos most similar to a vector, best first, among equals the earlier one; only those whose place `keep` lets
    /// through. None where the vector is not of the shelf's kind.
    #[must_use]
    pub fn nearest(&self, query: &[f32], k: usize, keep: impl Fn(usize) -> bool) -> Vec<Hit> {
        if query.len() != self.dimension {
            return Vec::new();
        }
        let rows = self.kept.iter().enumerate().filter(|(row, kept)| self.is_current(kept) && keep(*row));
        brute_force_among(rows.map(|(row, kept)| (row, kept.vector.as_slice())), query, k)
    }

    /// The first photo that hardly differs from one with this vector and [`crate::look::look`].
    #[must_use]
    pub fn twin_of(&self, vector: &[f32], look: &[u8]) -> Option<&str> {
        self.twin_among(&self.kept, vector, look)
    }

    /// Whether a photo hardly differs from an earlier one that is still there.
    #[must_use]
    pub fn is_twin(&self, garment: &Garment) -> bool {
        garment.twin_of.as_deref().is_some_and(|first| self.find(first).is_some())
    }

    /// Once the first of several near-duplicates is gone, the next of them is the first.
    pub fn settle(&mut self) {
        for place in 0..self.kept.len() {
            let Kept { garment, vector } = &self.kept[place];
            if garment.twin_of.is_some() && !self.is_twin(garment) {
                let first = self.twin_among(&self.kept[..place], vector, &garment.look).map(str::to_owned);
                self.kept[place].garment.twin_of = first;
            }
        }
    }

    fn twin_among<'a>(&'a self, earlier: &'a [Kept], vector: &[f32], look: &[u8]) -> Option<&'a str> {
        let is_first = |kept: &&Kept| {
            kept.garment.twin_of.is_none()
                && vector.len() == self.dimension
                && self.is_current(kept)
                && are_near_duplicates(dot(&kept.vector, vector), &kept.garment.look, look)
        };
        earlier.iter().find(is_first).map(|kept| kept.garment.sha256.as_str())
    }
}

/// Where a hit of two searches lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the catalogue, in this row.
    Catalogue(usize),
    /// In the wardrobe, in this row.
    Wardrobe(usize),
}

/// The best `k` of two lists, each of which is sorted, with their scores; among equals the catalogue's come first.
#[must_use]
pub fn merge(catalogue: &[Hit], wardrobe: &[Hit], k: usize) -> Vec<(Place, f32)> {
    let (mut shop, mut own) = (catalogue.iter().peekable(), wardrobe.iter().peekable());
    let mut merged = Vec::with_capacity(k.min(catalogue.len() + wardrobe.len()));
    while merged.len() < k {
        let own_is_next = match (shop.peek(), own.peek()) {
            (Some(shop), Some(own)) => own.score.total_cmp(&shop.score).is_gt(),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        let next = if own_is_next {
            own.next().map(|hit| (Place::Wardrobe(hit.row), hit.score))
        } else {
            shop.next().map(|hit| (Place::Catalogue(hit.row), hit.score))
        };
        let Some(next) = next else { break };
        merged.push(next);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wardrobe::{garment::example, made_by};

    fn shelf(vectors: &[[f32; 2]]) -> Shelf {
        let mut shelf = Shelf::new(made_by([7; 32], [9; 16]), 2);
        // The last one first: the order is that of adding.
        for (number, vector) in vectors.iter().enumerate().rev() {
            shelf.put(Kept { garment: example(number as u8), vector: vector.to_vec() });
        }
        shelf
    }

    fn hits(rows: &[(usize, f32)]) -> Vec<Hit> {
        rows.iter().map(|(row, score)| Hit { row: *row, score: *score }).collect()
    }

    #[test]
    fn the_nearest_are_found_among_those_that_may_be() {
        let mut shelf = shelf(&[[1.0, 0.0], [0.6, 0.8], [0.6, 0.8], [0.0, 1.0]]);
        let all = shelf.nearest(&[0.6, 0.8], 3, |_| true);
        assert_eq!(all, hits(&[(1, 1.0), (2, 1.0), (3, 0.8)]));
        assert_eq!(shelf.nearest(&[0.6, 0.8], 3, |row| row != 1), hits(&[(2, 1.0), (3, 0.8), (0, 0.6)]));
        assert!(shelf.nearest(&[0.6, 0.8, 0.0], 3, |_| true).is_empty());
        // Another network's vectors are not compared, whatever their length.
        let foreign = Garment { made_by: made_by([8; 32], [9; 16]), ..example(1) };
        shelf.put(Kept { garment: foreign, vector: vec![0.6, 0.8] });
        shelf.put(Kept { garment: example(2), vector: vec![1.0] });
        assert_eq!(shelf.kept().len(), 4);
        assert_eq!(shelf.nearest(&[0.6, 0.8], 3, |_| true), hits(&[(3, 0.8), (0, 0.6)]));
        assert_eq!(shelf.kept().iter().filter(|kept| !shelf.is_current(kept)).count(), 2);
    }

    #[test]
    fn near_duplicates_name_the_first_of_them() {
        let mut shelf = shelf(&[[1.0, 0.0], [0.0, 1.0]]);
        let first = example(0);
        assert_eq!(shelf.twin_of(&[0.99, 0.14], &first.look), Some(first.sha256.as_str()));
        assert_eq!(shelf.twin_of(&[0.9, 0.43], &first.look), None);
        assert_eq!(shelf.twin_of(&[0.99, 0.14], &[0, 255].repeat(32)), None);
        for number in [5, 6] {
            let look = first.look.clone();
            let garment = Garment { look, twin_of: Some(first.sha256.clone()), ..example(number) };
            shelf.put(Kept { garment, vector: vec![1.0, 0.0] });
        }
        let twins = |shelf: &Shelf| -> Vec<bool> {
            shelf.kept().iter().map(|kept| shelf.is_twin(&kept.garment)).collect()
        };
        assert_eq!(twins(&shelf), [false, false, true, true]);
        shelf.retain(|garment| garment.sha256 != first.sha256);
        assert_eq!(twins(&shelf), [false, false, true]);
        assert_eq!(shelf.kept()[2].garment.twin_of, Some(example(5).sha256));
    }

    #[test]
    fn merged_hits_are_sorted_and_the_catalogue_s_come_first() {
        use Place::{Catalogue as C, Wardrobe as W};
        let shop = hits(&[(7, 0.9), (3, 0.5), (4, 0.5)]);
        let own = hits(&[(0, 0.95), (2, 0.5), (1, 0.1)]);
        let all = [(W(0), 0.95), (C(7), 0.9), (C(3), 0.5), (C(4), 0.5), (W(2), 0.5), (W(1), 0.1)];
        assert_eq!(merge(&shop, &own, 9), all);
        assert_eq!(merge(&shop, &own, 4), all[..4]);
        assert_eq!(merge(&[], &own, 2), [(W(0), 0.95), (W(2), 0.5)]);
        assert_eq!(merge(&shop, &[], 1), [(C(7), 0.9)]);
        assert_eq!(merge(&[], &[], 5), []);
    }
}
