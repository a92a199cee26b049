//! The journal of a run: every picture that is finished, the moment it is, so that a run that was killed goes on where
//! it stopped. It lies hidden beside the catalogue and is removed at the end.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};

use super::record::{Entry, read_entries};
use crate::files;

/// Its name in the catalogue's folder.
pub(super) const NAME: &str = ".index-journal";

/// A journal that is open, and this process's alone.
pub(super) struct Journal {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Opens the journal in `folder`, a new one where there is none, and says what is in it. What a killed run wrote
    /// half is cut off.
    ///
    /// Fails when it cannot be read or written, or another process is indexing into this folder.
    pub(super) fn open(folder: &Path) -> Result<(Self, Vec<Entry>)> {
        let path = folder.join(NAME);
        let failed = || format!("The journal {} cannot be opened", path.display());
        let mut options = File::options();
        let mut file =
            options.read(true).write(true).create(true).truncate(false).open(&path).with_context(failed)?;
        // Where files cannot be locked at all, nobody is kept out.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("Another run is indexing into {}; wait until it is done", folder.display());
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).with_context(failed)?;
        let (entries, whole) = read_entries(&bytes);
        file.set_len(whole as u64).with_context(failed)?;
        file.seek(SeekFrom::End(0)).with_context(failed)?;
        Ok((Self { path, file: Mutex::new(file) }, entries))
    }

    /// Adds an entry; it is there whatever happens to this process afterwards. Fails when it cannot be written.
    pub(super) fn append(&self, entry: &Entry) -> Result<()> {
        let line = entry.line()?;
        // A thread that panicked has not left half a line that the next reader would not notice.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(line.as_bytes()).map_err(files::explain).with_context(|| self.failed())
    }

    /// Waits until every entry is on the disk. Fails when that is not possible.
    pub(super) fn settle(&self) -> Result<()> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.sync_all().map_err(files::explain).with_context(|| self.failed())
    }

    fn failed(&self) -> String {
        format!("The journal {} cannot be written", self.path.display())
    }

    /// Ends the work that the journal is about. Fails when it cannot be removed.
    pub(super) fn remove(self) -> Result<()> {
        drop(self.file);
        files::remove(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indexing::record::example;

    #[test]
    fn what_was_written_half_is_cut_off_and_the_rest_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let entry = |id| Entry::Picture(example(id));
        let (journal, entries) = Journal::open(folder.path()).unwrap();
        assert_eq!(entries, []);
        journal.append(&entry("a")).unwrap();
        journal.append(&entry("b")).unwrap();
        drop(journal);
        let path = folder.path().join(NAME);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 5]).unwrap();

        let (journal, entries) = Journal::open(folder.path()).unwrap();
        assert_eq!(entries, [entry("a")]);
        journal.append(&entry("c")).unwrap();
        drop(journal);
        let (journal, entries) = Journal::open(folder.path()).unwrap();
        assert_eq!(entries, [entry("a"), entry("c")]);
        journal.remove().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn two_runs_do_not_share_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let (_first, _) = Journal::open(folder.path()).unwrap();
        let message = Journal::open(folder.path()).map(drop).unwrap_err().to_string();
        assert!(message.contains("Another run"), "{message}");
    }
}
