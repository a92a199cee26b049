#![no_main]

fuzz::target!("wardrobe");
