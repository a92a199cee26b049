//! Which rows a search may find.

use std::{fmt, ops::Range};

/// Which rows a search may find.
#[derive(Clone, Copy, Default)]
pub enum Filter<'a> {
    /// All of them.
    #[default]
    All,
    /// Those for which this is true. It is asked only about rows that would be found otherwise.
    Where(&'a dyn Fn(usize) -> bool),
    /// Those on a list.
    Allow(&'a AllowList),
}

impl fmt::Debug for Filter<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => formatter.write_str("All"),
            Self::Where(_) => formatter.write_str("Where(..)"),
            Self::Allow(list) => formatter.debug_tuple("Allow").field(list).finish(),
        }
    }
}

impl Filter<'_> {
    /// Whether this row may be found.
    #[must_use]
    pub fn keeps(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::Where(keep) => keep(row),
            Self::Allow(list) => list.contains(row),
        }
    }

    /// Whether some of these rows may be found, as far as that can be told without asking about each.
    pub(super) fn may_keep_any(&self, rows: Range<usize>) -> bool {
        match self {
            Self::All | Self::Where(_) => true,
            Self::Allow(list) => list.has_any(rows),
        }
    }
}

/// A set of rows, a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    words: Vec<u64>,
}

impl AllowList {
    /// Whether a row is on the list.
    #[must_use]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Whether any of a stretch of rows, or of the few rows around it in the same words, is on the list.
    fn has_any(&self, rows: Range<usize>) -> bool {
        let end = rows.end.div_ceil(64).min(self.words.len());
        self.words.get(rows.start / 64..end).is_some_and(|words| words.iter().any(|word| *word != 0))
    }
}

impl FromIterator<usize> for AllowList {
    fn from_iter<I: IntoIterator<Item = usize>>(rows: I) -> Self {
        let mut words = Vec::new();
        for row in rows {
            if words.len() <= row / 64 {
                words.resize(row / 64 + 1, 0);
            }
            words[row / 64] |= 1 << (row % 64);
        }
        Self { words }
    }
}
