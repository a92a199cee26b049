//! Names of items and of their thumbnails.

use std::collections::BTreeSet;

use super::Source;

/// Characters that an id keeps of the name that it is made of.
const MAX_LENGTH: usize = 80;

/// Hands out ids: unique, and safe as a file name on any system and in any URL.
#[derive(Default)]
pub(super) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// The metadata's `id`, or else the file's name, with a number after it where another item has it already.
    ///
    /// Ids that differ only in case count as the same, as they are one file on some systems.
    pub(super) fn take(&mut self, source: &Source) -> String {
        let wanted = match &source.id {
            Some(id) => id.clone(),
            None => {
                source.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
            }
        };
        let safe: String =
            wanted.chars().map(|c| if is_plain(c) { c } else { '-' }).take(MAX_LENGTH).collect();
        let safe = if safe.is_empty() { "item".to_owned() } else { safe };
        let mut id = safe.clone();
        let mut number = 2;
        while !self.taken.insert(id.to_lowercase()) {
            id = format!("{safe}-{number}");
            number += 1;
        }
        id
    }
}

/// Characters that mean nothing to any system or in any URL.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Whether [`Names::take`] can have given this id.
pub(super) fn is_safe(id: &str) -> bool {
    // A number may stand behind it.
    !id.is_empty() && id.len() <= MAX_LENGTH + 21 && id.chars().all(is_plain)
}

/// Where the thumbnail of an item lies in the catalogue's folder.
pub(super) fn thumbnail(id: &str) -> String {
    format!("images/{id}.webp")
}

/// The id whose thumbnail this is; none for a path that no run of ours gave to a picture.
pub(super) fn id_of(image: &str) -> Option<&str> {
    image.strip_prefix("images/")?.strip_suffix(".webp").filter(|id| is_safe(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, id: Option<&str>) -> Source {
        Source { path: path.into(), id: id.map(str::to_owned), ..Source::default() }
    }

    #[test]
    fn ids_are_safe_and_unique() {
        let mut names = Names::default();
        let mut take = |path, id| names.take(&source(path, id));
        assert_eq!(take("a/red dress.jpg", None), "red-dress");
        assert_eq!(take("b/Red?dress.png", None), "Red-dress-2");
        assert_eq!(take("c/1.jpg", Some("SKU/7")), "SKU-7");
        assert_eq!(take("d/größe.jpg", None), "gr--e");
        assert_eq!(take("..", None), "item");
    }

    #[test]
    fn only_our_own_thumbnails_have_an_id() {
        assert_eq!(id_of(&thumbnail("red-dress_2")), Some("red-dress_2"));
        for other in ["images/.webp", "images/../a.webp", "images/a/b.webp", "photos/a.webp", "images/a.jpg"]
        {
            assert_eq!(id_of(other), None, "{other}");
        }
    }
}
