#![no_main]

fuzz::target!("items");
