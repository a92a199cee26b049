//! What needs no browser: bad photos and changed inputs through the readers, and whether the documents tell the truth.

mod bad_photos;
mod fuzz;
mod reliability;
