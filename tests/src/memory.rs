//! How much memory the browsers hold that this process has started.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, process,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Result, ensure};

/// How often a [`Peak`] looks.
const BETWEEN: Duration = Duration::from_millis(10);

/// Private memory of the browsers' renderers, which hold pages and workers, megabytes.
pub fn of_renderers() -> Result<u64> {
    let kib: u64 = renderers()?.into_iter().map(private_kib).sum();
    ensure!(kib > 0, "the browser's memory cannot be measured here");
    Ok(kib / 1024)
}

/// Looks at the renderers' memory again and again, and keeps the highest that it saw.
#[derive(Debug)]
pub struct Peak {
    highest: Arc<AtomicU64>,
    ends: Arc<AtomicBool>,
    watcher: Option<JoinHandle<()>>,
}

impl Peak {
    /// Begins to watch the renderers that there are now.
    pub fn watch() -> Result<Self> {
        let ids = renderers()?;
        ensure!(!ids.is_empty(), "no browser runs whose memory could be watched");
        let (highest, ends) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (kept, asked) = (Arc::clone(&highest), Arc::clone(&ends));
        let watcher = thread::spawn(move || {
            while !asked.load(Ordering::Relaxed) {
                kept.fetch_max(ids.iter().copied().map(private_kib).sum(), Ordering::Relaxed);
                thread::sleep(BETWEEN);
            }
        });
        Ok(Self { highest, ends, watcher: Some(watcher) })
    }

    /// The highest so far, megabytes.
    #[must_use]
    pub fn megabytes(&self) -> u64 {
        self.highest.load(Ordering::Relaxed) / 1024
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(watcher) = self.watcher.take() {
            // It holds nothing that a panic could have spoilt.
            drop(watcher.join());
        }
    }
}

/// Of the processes that descend from this one, those that render pages.
fn renderers() -> Result<Vec<u32>> {
    let mut parents = BTreeMap::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may have ended meanwhile.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let parent =
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse::<u32>().ok());
        parents.insert(id, parent.unwrap_or(0));
    }
    let mut ours = BTreeSet::from([process::id()]);
    while let Some(id) =
        parents.iter().find(|(id, parent)| ours.contains(parent) && !ours.contains(id)).map(|(id, _)| *id)
    {
        ours.insert(id);
    }
    let renders = |id: &u32| {
        fs::read(format!("/proc/{id}/cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains("--type=renderer"))
    };
    Ok(ours.into_iter().filter(renders).collect())
}

/// Memory that a process has written to and shares with none, KiB; 0 for one that has ended.
fn private_kib(id: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let private = rollup.lines().filter_map(|line| {
        line.strip_prefix("Private_Dirty:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
    });
    private.sum()
}
