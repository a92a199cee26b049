//! Twill's page, and the words that it exchanges with its worker.
//!
//! The page ([`page::run`]) draws and listens; the worker, a program of its own in `src/worker`, fetches, decodes, embeds
//! and searches; where there is a graphics card, a third (the package `graphics`) computes the network on it for the worker. Page and
//! worker share [`protocol`] and [`texts`], no more: nothing here names `model`, so that the page's program is small and paints at
//! once.

#![allow(clippy::must_use_candidate, reason = "a component is called by the view that it is part of")]

pub mod address;
pub mod camera;
pub mod client;
pub mod compare;
#[expect(unreachable_pub, reason = "what `#[component]` writes is `pub`")]
pub mod components;
pub mod history;
pub mod intake;
pub mod language;
pub mod page;
pub mod protocol;
pub mod region;
pub mod sort;
pub mod state;
pub mod texts;
pub mod wardrobe;
mod watch;
