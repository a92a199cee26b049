//! What stands between the page and its workers in a journey about their death.

use anyhow::Result;
use serde_json::json;

use crate::page::Page;

/// What becomes of the next photos that the page hands to its worker.
const BETWEEN: &str = "
window.twillWorkers = [];
window.twillFate = [];
const Plain = window.Worker;
window.Worker = class extends Plain {
  constructor(...parameters) {
    super(...parameters);
    window.twillWorkers.push(this);
  }
  postMessage(message, ...more) {
    const isPhoto = message?.ask?.Find !== undefined || message?.ask?.Own?.Add !== undefined;
    const fate = isPhoto ? window.twillFate.shift() : undefined;
    if (fate === 'late') {
      setTimeout(() => super.postMessage(message, ...more), 700);
    } else if (fate === 'die' || fate === 'hang') {
      this.terminate();
      if (fate === 'die') setTimeout(() => this.dispatchEvent(new ErrorEvent('error', { message: 'memory access out of bounds' })));
    } else {
      super.postMessage(message, ...more);
    }
  }
};";
/// The page's clock, by which it tells that a worker hangs, ten times as fast.
const HURRY: &str = "
const plain = window.setInterval;
window.setInterval = (callback, milliseconds, ...more) => plain(callback, milliseconds / 10, ...more);";

/// Steps between the page and its workers; from the next loading of the page on.
pub fn step_in(page: &Page) -> Result<()> {
    run_first(page, BETWEEN)
}

/// Lets the page's clock run ten times as fast; from the next loading of the page on.
pub fn hurry(page: &Page) -> Result<()> {
    run_first(page, HURRY)
}

fn run_first(page: &Page, script: &str) -> Result<()> {
    page.browser().devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": script })).map(drop)
}

/// Says what becomes of the next photos: `die` or `hang` for the worker that gets one, `late` for a photo that reaches it after
/// 0.7 s. Those after them arrive.
pub fn fate(page: &Page, fates: &[&str]) -> Result<()> {
    page.browser().execute(&format!("window.twillFate = {}", json!(fates))).map(drop)
}

/// How many workers there have been.
pub fn workers(page: &Page) -> Result<u64> {
    let count = page.browser().execute("return window.twillWorkers.length")?;
    Ok(count.as_u64().unwrap_or(0))
}
