//! What the journeys stand on: a static server ([`server`]), a browser ([`browser`]), the page as a person sees it
//! ([`page`]), photos good and bad ([`photos`]), the shipped site with the same network run natively ([`site`]), and pages of other people
//! that have Twill in them ([`shop`], [`element`]). [`networks`] draws others, [`large`] makes large catalogues; [`packed`] compresses; [`camera`] films, [`proxy`] lets nothing out, [`unlike`] has nothing of the kind; [`axe`] judges what is shown, [`memory`] measures what it takes.
//!
//! Everything is per journey: its own port, its own browser with an empty profile, its own copy of what it breaks.

pub mod axe;
pub mod bad_photos;
pub mod between;
pub mod browser;
pub mod camera;
pub mod element;
pub mod fuzz;
pub mod journey;
pub mod large;
pub mod memory;
pub mod networks;
pub mod packed;
pub mod page;
pub mod photos;
pub mod proxy;
pub mod server;
pub mod shop;
pub mod site;
pub mod tools;
pub mod unlike;
