#![no_main]

fuzz::target!("weights");
