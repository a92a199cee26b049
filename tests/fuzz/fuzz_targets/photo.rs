#![no_main]

fuzz::target!("photo");
