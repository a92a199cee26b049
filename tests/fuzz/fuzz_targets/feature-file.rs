#![no_main]

fuzz::target!("feature-file");
