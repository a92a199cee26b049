//! Files as cards name them: by a name that carries their hash, in one piece or in parts.

use serde::{Deserialize, Serialize};

use crate::hash;

/// A file beside the JSON that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReference {
    /// Name of the file in the same folder.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its contents, hexadecimal.
    pub sha256: String,
    /// Where the file is cut into several, those, in order; there is none of its own name then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<FilePart>,
}

/// A part of a file that is cut into several, as some hosts limit how long one may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePart {
    /// Name of the part's own file, in the same folder.
    pub file: String,
    /// Its length.
    pub bytes: u64,
}

impl FileReference {
    /// Refers to `contents` under a name that carries the start of its hash: `stem-0123456789abcdef.extension`.
    #[must_use]
    pub fn hashed(stem: &str, extension: &str, contents: &[u8]) -> Self {
        let sha256 = hash::sha256_hex(contents);
        let file = format!("{stem}-{}.{extension}", &sha256[..16]);
        Self { file, bytes: contents.len() as u64, sha256, parts: Vec::new() }
    }

    /// The same file in parts of at most `longest` bytes each, numbered from 1 on; as it is where it is no longer than that.
    #[must_use]
    pub fn cut(self, longest: u64) -> Self {
        let longest = longest.max(1);
        if self.bytes <= longest {
            return Self { parts: Vec::new(), ..self };
        }
        let part = |index: u64| FilePart {
            // With its length, so that another cut of the same file has other names.
            file: format!("{}.{}-{}", self.file, index + 1, longest.min(self.bytes - index * longest)),
            bytes: longest.min(self.bytes - index * longest),
        };
        let parts = (0..self.bytes.div_ceil(longest)).map(part).collect();
        Self { parts, ..self }
    }

    /// The names of the files that it is in, and how many bytes are in each.
    pub fn files(&self) -> impl Iterator<Item = (&str, u64)> {
        let whole = self.parts.is_empty().then_some((self.file.as_str(), self.bytes));
        let parts = self.parts.iter().map(|part| (part.file.as_str(), part.bytes));
        whole.into_iter().chain(parts)
    }

    /// Checks contents against length and hash; the error says in words what differs.
    pub fn check(&self, contents: &[u8]) -> std::result::Result<(), String> {
        if contents.len() as u64 != self.bytes {
            // A hash of contents that are too long would take its time for nothing.
            return self.check_hash(contents.len() as u64, [0; 32]);
        }
        self.check_hash(self.bytes, hash::sha256(contents))
    }

    /// [`FileReference::check`] of contents of which only length and hash are known any more.
    pub fn check_hash(&self, bytes: u64, sha256: [u8; 32]) -> std::result::Result<(), String> {
        if bytes != self.bytes {
            return Err(format!("{} has {bytes} bytes instead of {}", self.file, self.bytes));
        }
        if hash::to_hex(&sha256) != self.sha256 {
            return Err(format!("{} is damaged, its checksum differs", self.file));
        }
        Ok(())
    }

    /// Whether every name stays in its folder (letters, digits, `.`, `-` and `_`, not starting with a dot), and parts, where there are
    /// any, make up the file and none is empty.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let sum = self.parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(part.bytes));
        let is_whole = self.parts.is_empty() || sum == Some(self.bytes);
        let has_bytes = self.parts.iter().all(|part| part.bytes > 0);
        is_whole && has_bytes && is_plain(&self.file) && self.parts.iter().all(|part| is_plain(&part.file))
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('.')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_cut_into_parts_that_make_it_up() {
        let file = FileReference::hashed("features", "twill", &[1; 1000]);
        for (longest, count) in [(1, 1000), (300, 4), (500, 2), (999, 2), (1000, 1), (u64::MAX, 1), (0, 1000)]
        {
            let cut = file.clone().cut(longest);
            assert_eq!(cut.files().count(), count, "{longest}");
            assert_eq!(cut.files().map(|(_, bytes)| bytes).sum::<u64>(), 1000);
            assert!(cut.is_sound() && cut.files().all(|(_, bytes)| bytes <= longest.max(1)));
            assert_eq!(cut.cut(u64::MAX), file);
        }
        let part = |file: &str, bytes| FilePart { file: file.to_owned(), bytes };
        for parts in [
            vec![part("a", 999)],
            vec![part("a", 1000), part("b", 0)],
            vec![part("a", 500), part("../b", 500)],
            vec![part("a", u64::MAX), part("b", 1001)],
        ] {
            assert!(!FileReference { parts, ..file.clone() }.is_sound());
        }
    }
}
