//! A catalogue that holds nothing of the kind: that is said, and what comes closest is shown to whoever asks for it.

use anyhow::{Context, Result, ensure};
use e2e::{
    journey::Plan,
    page::{Backend, Page},
    photos::{drawn_shirt, jpeg},
    site::Shipped,
    unlike::serve_unlike,
};
use serde_json::json;

use crate::save;

const NOTHING: &str = "[data-testid=nothing-similar]";
const SHOW: &str = "[data-testid=show-unlike]";
/// Notes the kind of everything that is shown from now on.
const WATCH: &str = "
window.twillSeen = new Set();
new MutationObserver(() => document.querySelectorAll('[data-testid=result-card]')
  .forEach((card) => window.twillSeen.add(card.dataset.category))).observe(document.body, { subtree: true, childList: true })";

#[test]
fn where_nothing_is_similar_that_is_said_and_the_closest_are_a_press_away() -> Result<()> {
    let shipped = Shipped::open()?;
    let folder = tempfile::tempdir()?;
    let shirts = [jpeg(&drawn_shirt([150, 60, 60]))?, jpeg(&drawn_shirt([40, 70, 150]))?];
    let first = save(folder.path(), "shirt.jpg", &shirts[0])?;
    let second = save(folder.path(), "other.jpg", &shirts[1])?;
    Plan::on(Backend::Cpu).run(|page, server| {
        // The shipped catalogue holds something similar.
        page.open()?;
        ensure!(
            page.search(&first)?.cards.len() == 5 && !is_there(page, NOTHING)?,
            "a shirt is like nothing"
        );
        serve_unlike(&shipped, server, &[&shirts[0], &shirts[1]])?;
        for (width, height, is_phone) in [(390, 844, true), (1440, 900, false)] {
            page.resize(width, height, is_phone)?;
            page.open()?;
            let view = page.search(&first)?;
            ensure!(view.cards.is_empty(), "{} results that are not alike", view.cards.len());
            ensure!(is_there(page, NOTHING)? && view.overflow <= 0.0, "{} px stick out", view.overflow);
            ensure!(!is_there(page, "[data-testid=show-more]")?, "more is offered where there is nothing");
            let said = text(page, "#results [role=status]")?;
            ensure!(
                !said.is_empty() && said == text(page, &format!("{NOTHING} p"))?,
                "a screen reader says `{said}`"
            );
            page.click(SHOW)?;
            let view = page.look()?;
            let best = view.cards.first().context("nothing is shown to whoever asks for it")?;
            ensure!(
                view.cards.len() == 5 && best.score < 0.5,
                "{} results, the best at {}",
                view.cards.len(),
                best.score
            );
            ensure!(!is_there(page, NOTHING)?, "it is said that there is nothing, and something is shown");
            // That was about this photo, not about the next.
            ensure!(page.search(&second)?.cards.is_empty(), "another photo's closest are shown unasked");
            // Who asks for dresses gets dresses, and nothing else in between.
            page.browser().execute(WATCH)?;
            page.click("[data-testid=category-filter] option[value=Dresses]")?;
            let view = page.wait(Backend::Cpu.search_limit(), "dresses", |view| {
                view.state == "ranked" && view.cards.len() == 5
            })?;
            ensure!(view.cards.iter().all(|card| card.category == "Dresses"), "{:?}", view.cards);
            let seen = page.browser().execute("return [...window.twillSeen]")?;
            ensure!(seen == json!(["Dresses"]), "of these kinds something was shown: {seen}");
        }
        Ok(())
    })
}

fn is_there(page: &Page, selector: &str) -> Result<bool> {
    Ok(page.browser().execute(&format!("return document.querySelector({}) !== null", json!(selector)))?
        == true)
}

fn text(page: &Page, selector: &str) -> Result<String> {
    let text = page
        .browser()
        .execute(&format!("return document.querySelector({})?.textContent ?? ''", json!(selector)))?;
    Ok(text.as_str().unwrap_or_default().trim().to_owned())
}
