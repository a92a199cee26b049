//! The page's program.

fn main() {
    twill_app::page::run();
}
