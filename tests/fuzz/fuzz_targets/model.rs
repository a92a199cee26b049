#![no_main]

fuzz::target!("model");
