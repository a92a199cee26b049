//! Of the trainer's indexing the list of what is to be indexed.

#[path = "../../../trainer/src/indexing/source.rs"]
mod source;

pub use source::{Source, from_folder, from_metadata};
