#![no_main]

fuzz::target!("parquet");
