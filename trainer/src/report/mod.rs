//! Reports as single HTML files: figures, learning curves, confusion, a map of the embeddings and contact sheets.
//!
//! A page holds everything that it shows, pictures and drawings included, asks nothing of any server and runs no
//! script. Names of categories and files come from outside: [`page::escape`] is on the way of each into the page.
//! The same input gives the same bytes.

mod chart;
mod confusion;
mod contact;
mod curves;
mod data_url;
pub mod evaluation;
mod figures;
mod map;
mod page;
mod projection;
mod recipe;
pub mod training;
