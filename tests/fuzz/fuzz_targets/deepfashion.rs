#![no_main]

fuzz::target!("deepfashion");
