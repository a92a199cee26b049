//! A worker that dies or hangs: another one takes its place, the question is asked again, once, and no answer is ever another
//! question's.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::{
    between::{fate, hurry, step_in, workers},
    journey::Plan,
    page::Backend,
    photos::{drawn_shirt, jpeg},
    site::Shipped,
};

use crate::{check_against_native, check_five_results, save};

#[test]
fn a_worker_that_dies_is_replaced_and_asked_again_once() -> Result<()> {
    let shipped = Shipped::open()?;
    let ids: Vec<&str> = shipped.items().iter().map(|item| item.id.as_str()).collect();
    let bytes = jpeg(&drawn_shirt([120, 40, 140]))?;
    let native = shipped.recommend(&bytes, 5)?;
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &bytes)?;
    let limit = Backend::Cpu.load_limit();
    Plan::on(Backend::Cpu).run(|page, _| {
        step_in(page)?;
        page.open()?;
        let expected = page.search(&photo)?.results();
        for round in 1..=5 {
            fate(page, &["die"])?;
            page.choose(&photo)?;
            let view = page.wait(limit, "results", |view| view.state == "ranked" && view.cards.len() == 5)?;
            ensure!(view.results() == expected && view.error.is_empty(), "round {round}: `{}`", view.error);
            check_against_native(
                &view,
                &native.embedding.vector,
                &native.hits,
                &ids,
                Backend::Cpu.agreement(),
            )?;
            ensure!(workers(page)? == round + 1, "{} workers after {round} deaths", workers(page)?);
        }
        // A photo that kills whoever looks at it is not asked about for ever.
        fate(page, &["die", "die", "die", "die"])?;
        page.choose(&photo)?;
        let view = page.wait(limit, "a message", |view| !view.error.is_empty())?;
        ensure!(view.state == "failed" && view.cards.is_empty(), "the page is {}", view.state);
        ensure!(workers(page)? == 7, "{} workers: the question was asked more than twice", workers(page)?);
        fate(page, &[])?;
        page.choose(&photo)?;
        let view = page.wait(limit, "results", |view| view.state == "ranked")?;
        check_five_results(&view, &ids)?;
        ensure!(view.results() == expected && view.error.is_empty(), "after a failure: `{}`", view.error);
        Ok(())
    })
}

#[test]
fn a_worker_that_hangs_is_replaced_and_the_page_stays_alive() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let photo = save(folder.path(), "shirt.jpg", &jpeg(&drawn_shirt([120, 40, 140]))?)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        step_in(page)?;
        hurry(page)?;
        page.open()?;
        let expected = page.search(&photo)?.results();
        fate(page, &["hang"])?;
        page.choose(&photo)?;
        page.wait(Duration::from_secs(2), "searching", |view| view.state == "searching")?;
        // While it hangs, the page does what it can.
        ensure!(page.browser().execute("document.body.click(); return true")? == true);
        let view = page.wait(Backend::Cpu.load_limit(), "results", |view| {
            view.state == "ranked" && !view.cards.is_empty()
        })?;
        ensure!(view.results() == expected && workers(page)? == 2, "{} workers", workers(page)?);
        // Twice in a row: it is said.
        fate(page, &["hang", "hang"])?;
        page.choose(&photo)?;
        let view = page.wait(Backend::Cpu.load_limit(), "a message", |view| !view.error.is_empty())?;
        ensure!(view.state == "failed", "the page is {}", view.state);
        ensure!(page.search(&photo)?.results() == expected, "the next photo finds something else");
        Ok(())
    })
}

#[test]
fn an_answer_that_comes_late_is_no_answer_to_another_photo() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let [first, second] = [[200, 30, 30], [20, 20, 120]].map(drawn_shirt);
    let first = save(folder.path(), "first.jpg", &jpeg(&first)?)?;
    let second = save(folder.path(), "second.jpg", &jpeg(&second)?)?;
    Plan::on(Backend::Cpu).run(|page, _| {
        step_in(page)?;
        page.open()?;
        let of_first = page.search(&first)?.results();
        let expected = page.search(&second)?;
        ensure!(of_first != expected.results(), "two photos find the same, which shows nothing");
        for _ in 0..3 {
            fate(page, &["late"])?;
            page.choose(&first)?;
            let view = page.search(&second)?;
            ensure!(view.results() == expected.results(), "results of another photo");
            // By now the worker has answered the first question, too.
            page.browser().execute("return new Promise((resolve) => setTimeout(resolve, 1200))")?;
            let view = page.look()?;
            ensure!(view.results() == expected.results(), "a late answer has replaced the results");
            ensure!(view.query == expected.query, "a late answer has replaced the photo's vector");
        }
        Ok(())
    })
}
