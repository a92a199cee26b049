#![no_main]

fuzz::target!("arrow");
