#![no_main]

fuzz::target!("metadata");
