//! The worker's program.

#[path = "../worker/mod.rs"]
mod worker;

fn main() {
    worker::run();
}
