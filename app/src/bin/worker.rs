//! The worker's program.

fn main() {
    twill_app::worker::run();
}
