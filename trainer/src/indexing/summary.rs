//! What a run of `index` has done, for people and for programs.

use serde::Serialize;

/// What was done.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Items in the catalogue.
    pub indexed: usize,
    /// Pictures that could not be read and are left out: the length of `problems`.
    pub skipped: usize,
    /// Those pictures, in the order of the input.
    pub problems: Vec<Problem>,
    /// Pictures that the network looked at.
    pub embedded: usize,
    /// Pictures whose vectors were there already: from a run that was interrupted or, in an update, the catalogue.
    pub reused: usize,
    /// Items that the catalogue did not have before.
    pub added: usize,
    /// Items that it had before, with the same picture.
    pub kept: usize,
    /// Items that it had before, with another picture or by another network.
    pub changed: usize,
    /// Items that it had before and has no longer.
    pub removed: usize,
    /// Items that could not have the id that their list gives, in the order of the input.
    pub renamed: Vec<Renamed>,
    /// Pictures that look like an earlier one, in the order of the input.
    pub near_duplicates: Vec<NearDuplicate>,
    /// How many of these are not in the catalogue: all or none.
    pub left_out: usize,
    /// Bytes of thumbnails, item list and feature file together.
    pub bytes: u64,
    /// Pictures gone through a second.
    pub pictures_per_second: f64,
}

/// A picture that is not in the catalogue.
#[derive(Debug, Clone, Serialize)]
pub struct Problem {
    /// Its path.
    pub file: String,
    /// What is wrong with it.
    pub reason: String,
}

/// An item whose id is not the one of its list: an earlier item has that, or it is too long or holds control characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// Path of its picture.
    pub file: String,
    /// What the list calls it.
    pub wanted: String,
    /// What the catalogue does.
    pub id: String,
}

/// A picture and an earlier one that it hardly differs from.
#[derive(Debug, Clone, Serialize)]
pub struct NearDuplicate {
    /// Id of its item; nobody has it where near-duplicates are left out.
    pub id: String,
    /// Its path.
    pub file: String,
    /// Id of the earlier item.
    pub of: String,
    /// The earlier picture's path.
    pub of_file: String,
    /// Cosine of their vectors.
    pub similarity: f32,
}
