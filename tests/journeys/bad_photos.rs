//! Every bad photo in the browser: one clear message each, soon, and the next good photo works.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{
    bad_photos::{self, Outcome},
    journey::Plan,
    page::Backend,
    photos::{drawn_shirt, jpeg},
};

use crate::{bad_files::check_for_a_person, save};

/// How long a page may leave a person with such a photo. Their machine does nothing else at the time; this one may.
const LONGEST: Duration = Duration::from_secs(4);

#[test]
fn bad_photos_are_told_one_by_one_and_good_ones_work_in_between() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let good = save(folder.path(), "good.jpg", &jpeg(&drawn_shirt([70, 70, 70]))?)?;
    let photos = bad_photos::all()?;
    Plan::on(Backend::Cpu).run(|page, server| {
        page.open()?;
        let expected = page.search(&good)?.results();
        let (mut refused, mut slowest) = (0, (Duration::ZERO, ""));
        for (number, photo) in photos.iter().enumerate() {
            let name = &photo.name;
            let (view, took) = page.answer_to(&save(
                folder.path(),
                &format!("{number}-{}", name.replace('/', "-")),
                &photo.bytes,
            )?)?;
            match (view.state.as_str(), photo.outcome) {
                ("ranked", Outcome::Opens | Outcome::Either) => {
                    ensure!(
                        view.cards.len() == 5 && view.error.is_empty(),
                        "{name}: {} results, `{}`",
                        view.cards.len(),
                        view.error
                    );
                }
                ("failed", Outcome::Refused | Outcome::Either) => {
                    refused += 1;
                    check_for_a_person(&view.error).with_context(|| name.clone())?;
                    ensure!(view.cards.is_empty(), "{name}: results of another photo are shown");
                }
                (state, outcome) => {
                    ensure!(false, "{name} should be {outcome:?}; the page is {state}: `{}`", view.error);
                }
            }
            ensure!(took < LONGEST, "{name} took {} ms", took.as_millis());
            if took > slowest.0 {
                slowest = (took, name);
            }
            if number % 10 == 9 {
                ensure!(
                    page.search(&good)?.results() == expected,
                    "after {name} a good photo finds something else"
                );
            }
        }
        ensure!(
            page.search(&good)?.results() == expected,
            "after all of them a good photo finds something else"
        );
        // Nobody had to be started again: no photo kills the worker.
        let starts =
            server.requests().iter().filter(|request| request.path.ends_with("worker-loader.js")).count();
        ensure!(starts == 1, "the worker was started {starts} times");
        println!(
            "{} photos, {refused} of them refused; the slowest was {} with {} ms",
            photos.len(),
            slowest.1,
            slowest.0.as_millis()
        );
        Ok(())
    })
}
