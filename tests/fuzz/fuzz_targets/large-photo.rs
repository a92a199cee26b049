#![no_main]

fuzz::target!("large-photo");
