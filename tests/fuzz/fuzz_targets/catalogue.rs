#![no_main]

fuzz::target!("catalogue");
