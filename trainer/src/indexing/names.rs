//! Names of items and of their thumbnails.

use std::collections::BTreeSet;

use super::Source;

/// Characters that a file's name keeps of the name that it is made of.
const MAX_LENGTH: usize = 80;
/// The longest id that a list may give, in bytes.
const LONGEST_ID: usize = 200;

/// How an item and its thumbnail are called.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// The item's id: what the list calls it, where that is one of its own.
    pub(super) id: String,
    /// The thumbnail's file, without its extension: safe on any system and in any URL.
    pub(super) file: String,
}

/// Hands out names: no two items have the same id, and no two thumbnails the same file.
#[derive(Default)]
pub(super) struct Names {
    ids: BTreeSet<String>,
    files: BTreeSet<String>,
}

impl Names {
    /// The metadata's `id` as it is. Where it has none, or one that an earlier item has, that is too long or holds what cannot be
    /// seen, the name of the file takes its place: made of that id, or else of the picture's name, with a number after it where
    /// another file has it already.
    ///
    /// Files whose names differ only in case count as the same, as they are one on some systems.
    pub(super) fn take(&mut self, source: &Source) -> Name {
        let file = self.file(source);
        let listed = source.id.clone().filter(|id| is_fit(id) && !self.ids.contains(id));
        let id = listed.unwrap_or_else(|| file.clone());
        self.ids.insert(id.clone());
        Name { id, file }
    }

    fn file(&mut self, source: &Source) -> String {
        let wanted = match &source.id {
            Some(id) => id.clone(),
            None => {
                source.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
            }
        };
        let safe: String =
            wanted.chars().map(|c| if is_plain(c) { c } else { '-' }).take(MAX_LENGTH).collect();
        let safe = if safe.is_empty() { "item".to_owned() } else { safe };
        let mut file = safe.clone();
        let mut number = 2;
        while !self.files.insert(file.to_lowercase()) {
            file = format!("{safe}-{number}");
            number += 1;
        }
        file
    }
}

/// Whether an id of a list can be kept as it is.
fn is_fit(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && !id.chars().any(char::is_control)
}

/// Characters that mean nothing to any system or in any URL.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Whether [`Names::take`] can have given this name to a file.
pub(super) fn is_safe(file: &str) -> bool {
    // A number may stand behind it.
    !file.is_empty() && file.len() <= MAX_LENGTH + 21 && file.chars().all(is_plain)
}

/// Where the thumbnail of this name lies in the catalogue's folder.
pub(super) fn thumbnail(file: &str) -> String {
    format!("images/{file}.webp")
}

/// The name of the file that this thumbnail is; none for a path that no run of ours gave to a picture.
pub(super) fn file_of(image: &str) -> Option<&str> {
    image.strip_prefix("images/")?.strip_suffix(".webp").filter(|file| is_safe(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, id: Option<&str>) -> Source {
        Source { path: path.into(), id: id.map(str::to_owned), ..Source::default() }
    }

    #[test]
    fn ids_are_the_list_s_and_files_are_safe_and_all_are_unique() {
        let mut names = Names::default();
        let mut take = |path: &str, id| {
            let Name { id, file } = names.take(&source(path, id));
            (id, file)
        };
        let both = |id: &str, file: &str| (id.to_owned(), file.to_owned());
        assert_eq!(take("a/red dress.jpg", None), both("red-dress", "red-dress"));
        assert_eq!(take("b/Red?dress.png", None), both("Red-dress-2", "Red-dress-2"));
        assert_eq!(take("c/1.jpg", Some("SKU/7")), both("SKU/7", "SKU-7"));
        assert_eq!(take("c/2.jpg", Some("SKU-7")), both("SKU-7", "SKU-7-2"));
        assert_eq!(take("c/3.jpg", Some("SKU-7")), both("SKU-7-3", "SKU-7-3"));
        assert_eq!(take("c/4.jpg", Some("裙子")), both("裙子", "--"));
        assert_eq!(take("c/5.jpg", Some("red-dress")), both("red-dress-3", "red-dress-3"));
        assert_eq!(take("c/6.jpg", Some("a\nb")), both("a-b", "a-b"));
        assert_eq!(take("d/größe.jpg", None), both("gr--e", "gr--e"));
        assert_eq!(take("..", None), both("item", "item"));
        let long = "x".repeat(LONGEST_ID + 1);
        assert_eq!(take("e.jpg", Some(&long)).0, "x".repeat(MAX_LENGTH));
    }

    #[test]
    fn only_our_own_thumbnails_have_a_name() {
        assert_eq!(file_of(&thumbnail("red-dress_2")), Some("red-dress_2"));
        for other in ["images/.webp", "images/../a.webp", "images/a/b.webp", "photos/a.webp", "images/a.jpg"]
        {
            assert_eq!(file_of(other), None, "{other}");
        }
    }
}
