//! Twill's page and its worker.
//!
//! The page ([`page::run`]) draws and listens; the worker ([`worker::run`]) fetches, decodes, embeds and searches. They
//! share [`protocol`] and nothing else. Nothing on the page's side calls into the network, so that the linker leaves
//! Burn out of the page's program.

pub mod client;
pub mod components;
pub mod intake;
pub mod page;
pub mod protocol;
pub mod state;
pub mod texts;
pub mod worker;
