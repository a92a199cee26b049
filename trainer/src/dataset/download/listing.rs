//! The list of a data set's files as GitHub gives it for a commit, with the hash by which git knows each file.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use anyhow::{Result, ensure};
use serde::Deserialize;
use sha1::{Digest as _, Sha1};

/// No file of a data set of pictures is longer, bytes.
const MAX_FILE: u64 = 64 << 20;

/// GitHub's answer, as far as it matters.
#[derive(Deserialize)]
struct Tree {
    tree: Vec<Entry>,
    /// Whether there was more than one answer holds.
    #[serde(default)]
    truncated: bool,
}

#[derive(Deserialize)]
struct Entry {
    path: String,
    /// `blob` for a file.
    r#type: String,
    sha: String,
    #[serde(default)]
    size: u64,
}

/// A file by its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    /// Relative, with slashes, below the data set's folder.
    pub(super) path: String,
    pub(super) size: u64,
    /// SHA-1 as git computes it, forty hexadecimal digits.
    sha: String,
}

impl Listed {
    /// Whether these bytes are the file.
    pub(super) fn is_content(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.size && git_hash(bytes) == self.sha
    }

    /// Whether the file is in this folder, whole and unchanged.
    pub(super) fn is_in(&self, folder: &Path) -> bool {
        let path = folder.join(&self.path);
        let has_size = std::fs::metadata(&path).is_ok_and(|found| found.len() == self.size);
        has_size && std::fs::read(&path).is_ok_and(|bytes| self.is_content(&bytes))
    }
}

/// All files by their paths.
#[derive(Debug)]
pub(super) struct Listing(BTreeMap<String, Listed>);

impl Listing {
    /// Fails where this is not a whole list, or names a file that no data set should have.
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let tree: Tree = serde_json::from_slice(json)?;
        ensure!(!tree.truncated, "The list of files is not whole");
        let mut files = BTreeMap::new();
        for Entry { path, sha, size, .. } in tree.tree.into_iter().filter(|entry| entry.r#type == "blob") {
            ensure!(is_plain(&path), "The list names the file {path:?}, which cannot be stored");
            ensure!(size <= MAX_FILE, "The list gives {path} a size of {size} bytes");
            let is_hash =
                sha.len() == 40 && sha.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
            ensure!(is_hash, "The list has no hash for {path}");
            files.insert(path.clone(), Listed { path, size, sha });
        }
        Ok(Self(files))
    }

    pub(super) fn find(&self, path: &str) -> Option<&Listed> {
        self.0.get(path)
    }
}

/// Whether a path stays where it is meant to on every system, and can stand in an address as it is.
fn is_plain(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    !path.is_empty()
        && path.len() <= 200
        && path.bytes().all(is_plain)
        && !path.contains("//")
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

/// What git calls a file of these bytes.
fn git_hash(bytes: &[u8]) -> String {
    let mut hash = Sha1::new();
    hash.update(format!("blob {}\0", bytes.len()));
    hash.update(bytes);
    model::hash::to_hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'hello\n' | git hash-object --stdin`
    const HELLO: &str = "ce013625030ba8dba906f756967f9e9ca394464a";

    fn list(path: &str, sha: &str, size: u64) -> Result<Listing> {
        let entry =
            serde_json::json!({"path": path, "mode": "100644", "type": "blob", "sha": sha, "size": size});
        let folder = serde_json::json!({"path": "a", "mode": "040000", "type": "tree", "sha": sha});
        let json = serde_json::json!({"sha": sha, "tree": [folder, entry], "truncated": false});
        Listing::parse(json.to_string().as_bytes())
    }

    #[test]
    fn files_are_known_by_gits_hash() {
        let listing = list("a/b.txt", HELLO, 6).unwrap();
        let file = listing.find("a/b.txt").unwrap();
        assert!(file.is_content(b"hello\n") && !file.is_content(b"hullo\n") && !file.is_content(b"hello"));
        assert!(listing.find("a").is_none());
        let folder = tempfile::tempdir().unwrap();
        assert!(!file.is_in(folder.path()));
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/b.txt"), "hello\n").unwrap();
        assert!(file.is_in(folder.path()));
    }

    #[test]
    fn lists_that_cannot_be_trusted() {
        for path in ["", "/a", "../a", "a/../b", "a//b", "a b", "a\\b", "a?b", "C:a", "./a"] {
            assert!(list(path, HELLO, 6).is_err(), "{path}");
        }
        assert!(list("a", "ce01", 6).is_err());
        assert!(list("a", HELLO, MAX_FILE + 1).is_err());
        assert!(Listing::parse(br#"{"tree": [], "truncated": true}"#).is_err());
        assert!(Listing::parse(b"[]").is_err());
    }
}
