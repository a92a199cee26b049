//! `<twill-search>` in a shop's page.

use anyhow::Result;
use e2e::{
    element::{PATIENCE, open, run, search, wait},
    journey::Plan,
    page::Backend,
    shop::Shop,
};

use crate::{Given, screen::Screen};

/// Before a photo, with results, and where nothing is similar.
pub(crate) fn element(screen: &Screen, given: &Given) -> Result<()> {
    let shop = Shop::open()?;
    screen.run(&Plan::on(Backend::Cpu), |page, _| {
        open(page, &shop.url("shop.html"))?;
        screen.take(page, "element")?;
        search(page, &given.photo)?;
        wait(page, PATIENCE, "pictures", |shown| shown.cards.iter().all(|card| card.painted))?;
        screen.take(page, "element-results")?;
        run(page, "element.setAttribute('least', '0.9999')")?;
        wait(page, PATIENCE, "nothing similar", |shown| shown.state == "nothing")?;
        screen.take(page, "element-nothing")
    })
}
