//! Files that others may be reading: each is written whole under a temporary name beside its place, brought to the disk, and
//! then renamed, so that nobody, not even after a crash or a power cut, ever sees half of one.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// How the names of files begin that are not whole yet.
const UNFINISHED: &str = ".writing-";

/// Makes a folder and those above it. Fails, naming it, when that is not possible.
pub fn make_folder(path: &Path) -> Result<()> {
    fs::create_dir_all(path).with_context(|| format!("The folder {} cannot be made", path.display()))
}

/// Reads a whole file. Fails, naming it, when that is not possible.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

/// Writes `bytes` to `path`, replacing what is there in one step, and waits until they are on the disk. Fails, naming the
/// file and leaving what was there, when that is not possible.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, true).with_context(|| failed_to_write(path))
}

/// As [`write`], but without waiting for the disk: quick for many small files. What names them is written only after
/// [`settle`].
pub fn write_soon(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, false).with_context(|| failed_to_write(path))
}

/// Waits until what was written to `path` with [`write_soon`] is on the disk. Fails, naming the file, when that is not
/// possible.
pub fn settle(path: &Path) -> Result<()> {
    File::open(path).and_then(|file| file.sync_all()).with_context(|| failed_to_write(path))
}

fn failed_to_write(path: &Path) -> String {
    format!("{} cannot be written; what was there before is untouched", path.display())
}

fn replace(path: &Path, bytes: &[u8], waits_for_disk: bool) -> Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let attempt = || -> std::io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(UNFINISHED);
        // A temporary file is its owner's alone; this one becomes an ordinary file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder)?;
        file.write_all(bytes)?;
        if waits_for_disk {
            // Else a power cut could leave the new name with nothing behind it.
            file.as_file().sync_all()?;
        }
        file.persist(path).map_err(|error| error.error)?;
        #[cfg(unix)]
        if waits_for_disk {
            // The rename itself. Some file systems cannot be asked for that, and then nobody can.
            let _ = File::open(folder).and_then(|folder| folder.sync_all());
        }
        Ok(())
    };
    attempt().map_err(explain)
}

/// What a person can do about a file that could not be written.
#[must_use]
pub fn explain(error: std::io::Error) -> anyhow::Error {
    let advice = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "The disk is full: free some space and run the same command again"
        }
        ErrorKind::FileTooLarge => {
            "The file is larger than this system or user may write: choose another disk or raise the limit"
        }
        ErrorKind::ReadOnlyFilesystem => "This disk can only be read: choose another folder",
        ErrorKind::PermissionDenied => "This user may not write there: choose another folder",
        _ => return error.into(),
    };
    anyhow::Error::from(error).context(advice)
}

/// Writes a value as readable JSON, in one step like [`write`].
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(value)
        .with_context(|| format!("The content of {} cannot be written as JSON", path.display()))?;
    text.push(b'\n');
    write(path, &text)
}

/// Reads a value from JSON. Fails, naming the file and the place in it, when it is missing or not what is expected.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let bytes = read(path)?;
    // Editors of some systems begin a file with a byte order mark, which is none of JSON's.
    serde_json::from_slice(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes))
        .with_context(|| format!("{} does not hold what is expected of it", path.display()))
}

/// Removes a file; one that is not there is fine. Fails, naming it, when it stays.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", path.display()))
        }
        _ => Ok(()),
    }
}

/// Whether a file is named `prefix`, sixteen hexadecimal digits, `suffix`.
#[must_use]
pub fn is_hashed(name: &str, prefix: &str, suffix: &str) -> bool {
    name.strip_prefix(prefix)
        .and_then(|rest| rest.strip_suffix(suffix))
        .is_some_and(|digits| digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

/// The right to be the only one that writes into a folder, given back when it is dropped, however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the right to write into `folder`, by a hidden file that stays there. Fails where another process has it, or the
    /// file cannot be opened.
    pub fn take(folder: &Path) -> Result<Self> {
        let path = folder.join(".lock");
        let mut options = File::options();
        let file = options.write(true).create(true).truncate(false).open(&path).map_err(explain);
        let file = file.with_context(|| format!("{} cannot be opened", path.display()))?;
        // Where files cannot be locked at all, nobody is kept out.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("Another run is writing to {}; wait until it is done", folder.display());
        }
        Ok(Self { _file: file })
    }
}

/// Removes what a killed process had begun to [`write`] in this folder, where no other is writing now. Fails, naming
/// the file or folder, when that is not possible.
pub fn remove_unfinished(folder: &Path) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("{} cannot be listed", folder.display()))?;
    for entry in entries.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED)) {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write(&path, b"old").unwrap();
        write_json(&path, &[1, 2]).unwrap();
        assert_eq!(read_json::<Vec<u8>>(&path).unwrap(), [1, 2]);
        fs::write(folder.path().join(".writing-x7f"), b"ha").unwrap();
        remove_unfinished(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert!(format!("{:#}", read(&path).unwrap_err()).contains("a.json cannot be read"));
    }
    #[test]
    fn a_file_that_cannot_be_written_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write(&path, b"old").unwrap();
        write_soon(&path, b"new").unwrap();
        settle(&path).unwrap();
        let gone = folder.path().join("missing/a.json");
        let message = format!("{:#}", write(&gone, b"x").unwrap_err());
        assert!(
            message.contains("a.json cannot be written; what was there before is untouched"),
            "{message}"
        );
        assert_eq!(read(&path).unwrap(), b"new");
    }

    #[test]
    fn full_disks_and_their_kin_are_explained() {
        for (kind, words) in [
            (ErrorKind::StorageFull, "disk is full"),
            (ErrorKind::QuotaExceeded, "disk is full"),
            (ErrorKind::FileTooLarge, "larger than this system"),
            (ErrorKind::ReadOnlyFilesystem, "can only be read"),
            (ErrorKind::PermissionDenied, "may not write there"),
        ] {
            let message = format!("{:#}", explain(kind.into()));
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn a_folder_has_one_writer() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lock::take(folder.path()).unwrap();
        let message = Lock::take(folder.path()).unwrap_err().to_string();
        assert!(message.contains("Another run is writing"), "{message}");
        drop(first);
        Lock::take(folder.path()).unwrap();
    }

    #[test]
    fn artefacts_are_told_by_their_name() {
        assert!(is_hashed("features-0123456789abcdef.twill", "features-", ".twill"));
        assert!(!is_hashed("features-mine.twill", "features-", ".twill"));
        assert!(!is_hashed("items-0123456789abcdef.twill", "items-", ".json"));
    }
}
