#![no_main]

fuzz::target!("vectors");
