//! Holds states of the page against axe-core and against the wish for less motion, on a phone and on a desk, by day and by night.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use e2e::{axe::Axe, journey::Plan, page::Page, server::Server};
use serde_json::json;

/// Screens: their name, width, height, and whether they are a phone's.
const SCREENS: [(&str, u32, u32, bool); 2] = [("phone", 390, 844, true), ("desk", 1440, 900, false)];
/// Longest that the page may take to reach a state.
pub(crate) const LIMIT: Duration = Duration::from_mins(1);

/// What lasts longer than a frame: `[element, milliseconds]` of each animation and transition in the page. The delay of something
/// that then happens at once is none.
const MOTION: &str = "
const ms = (list) => Math.max(...list.split(',').map((time) => parseFloat(time) * (time.trim().endsWith('ms') ? 1 : 1000)));
const found = [];
const within = (root) => [...root.querySelectorAll('*')].flatMap((element) =>
  [element, ...(element.shadowRoot ? within(element.shadowRoot) : [])]);
for (const element of within(document)) {
  for (const part of [null, '::before', '::after', '::backdrop']) {
    const style = getComputedStyle(element, part);
    if (part && part !== '::backdrop' && style.content === 'none') continue;
    const turns = Math.max(...style.animationIterationCount.split(',').map((count) => count.trim() === 'infinite' ? 1e9 : Number(count)));
    const longest = Math.max(style.animationName === 'none' ? 0 : ms(style.animationDuration) * turns, ms(style.transitionDuration));
    if (longest > 16) found.push(`${element.localName}.${element.className}${part ?? ''} ${longest} ms`);
  }
}
return found";

/// Keeps what is wrong with the states that it has seen.
pub(crate) struct Judge {
    axe: Option<Axe>,
    screen: &'static str,
    states: usize,
    /// Where each was found.
    faults: BTreeMap<String, Vec<String>>,
}

impl Judge {
    /// Goes through `states` on each screen, and fails where anything was wrong with any of them.
    pub(crate) fn judge(plan: &Plan, states: impl Fn(&mut Self, &Page, &Server) -> Result<()>) -> Result<()> {
        let mut judge = Self { axe: Axe::find()?, screen: "", states: 0, faults: BTreeMap::new() };
        plan.run(|page, server| {
            for (screen, width, height, is_phone) in SCREENS {
                judge.screen = screen;
                page.resize(width, height, is_phone)?;
                let touch = json!({ "enabled": is_phone });
                page.browser().devtools("Emulation.setTouchEmulationEnabled", &touch)?;
                server.restore();
                states(&mut judge, page, server)?;
            }
            Ok(())
        })?;
        println!("{} states, {} faults", judge.states, judge.faults.len());
        let faults: Vec<String> = judge
            .faults
            .iter()
            .map(|(fault, states)| format!("{fault}\n    {}", states.join("; ")))
            .collect();
        ensure!(faults.is_empty(), "in {} states:\n{}", judge.states, faults.join("\n"));
        Ok(())
    }

    /// Looks at the page as it is now, in both themes.
    pub(crate) fn look(&mut self, page: &Page, state: &str) -> Result<()> {
        self.states += 1;
        for theme in ["light", "dark"] {
            calm(page, theme)?;
            let violations = self.axe.as_ref().map(|axe| axe.violations(page)).transpose();
            for violation in violations.with_context(|| format!("{state}, {theme}"))?.into_iter().flatten() {
                self.note(violation, format!("{state}, {}, {theme}", self.screen));
            }
        }
        for moves in moving(page)? {
            self.note(format!("it moves: {moves}"), format!("{state}, {}", self.screen));
        }
        Ok(())
    }

    fn note(&mut self, fault: String, state: String) {
        self.faults.entry(fault).or_default().push(state);
    }
}

/// A theme, without motion.
pub(crate) fn calm(page: &Page, theme: &str) -> Result<()> {
    let media = json!({ "features": [
        { "name": "prefers-color-scheme", "value": theme },
        { "name": "prefers-reduced-motion", "value": "reduce" },
    ] });
    page.browser().devtools("Emulation.setEmulatedMedia", &media)?;
    // Colours change with the next frame. What passes from one to another does so without motion, but not before a further one.
    page.browser().execute(
        "return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
    )?;
    page.wait_until(LIMIT, "the last colour to change", "return document.getAnimations().length === 0")
}

/// What moves for longer than a frame.
pub(crate) fn moving(page: &Page) -> Result<Vec<String>> {
    Ok(serde_json::from_value(page.browser().execute(MOTION)?)?)
}
