//! The folder of a data set as people unpack it: annotation files at different depths, pictures in folders whose names
//! are written otherwise in the annotations (`Img` for `img`, `MEN` for `men`).

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use walkdir::WalkDir;

use super::Sample;

/// How deep below the data set's folder annotation files are looked for.
const DEPTH: usize = 3;

/// A data set's folder.
#[derive(Debug)]
pub(super) struct Root {
    folder: PathBuf,
    /// Annotation files by depth and name.
    files: Vec<PathBuf>,
    /// Where a folder of the annotations lies on disk, by its name in lower case.
    folders: HashMap<String, Option<PathBuf>>,
    /// The last folder that had to be searched without regard to case: its files by their names in lower case.
    listing: Option<(PathBuf, HashMap<String, PathBuf>)>,
}

impl Root {
    /// Looks for annotation files. Fails when `folder` is none or cannot be listed.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        ensure!(folder.is_dir(), "{} is not a folder", folder.display());
        let mut files = Vec::new();
        let holds_no_pictures = |entry: &walkdir::DirEntry| {
            let name = entry.file_name().to_string_lossy().to_lowercase();
            entry.depth() == 0 || !["img", "image", "annos", "."].iter().any(|start| name.starts_with(start))
        };
        let walk = WalkDir::new(folder).max_depth(DEPTH).sort_by_file_name();
        for entry in walk.into_iter().filter_entry(holds_no_pictures) {
            let entry = entry.with_context(|| format!("{} cannot be listed", folder.display()))?;
            if entry.path().extension().is_some_and(|extension| extension.eq_ignore_ascii_case("txt")) {
                files.push((entry.depth(), entry.into_path()));
            }
        }
        files.sort();
        let files = files.into_iter().map(|(_, path)| path).collect();
        Ok(Self { folder: folder.to_owned(), files, folders: HashMap::new(), listing: None })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The annotation file of this name whose folder's name, in lower case, pleases `accept`; the least deep one.
    pub(super) fn find_in(&self, name: &str, accept: impl Fn(&str) -> bool) -> Option<PathBuf> {
        let found = self.files.iter().find(|path| {
            let parent = path.parent().and_then(Path::file_name).unwrap_or_default();
            path.file_name().is_some_and(|file| file.eq_ignore_ascii_case(name))
                && accept(&parent.to_string_lossy().to_lowercase())
        });
        found.cloned()
    }

    /// The annotation file of this name, not one of a fine set.
    pub(super) fn find(&self, name: &str) -> Option<PathBuf> {
        self.find_in(name, |folder| !folder.contains("fine"))
    }

    /// As [`Self::find`]. Fails, naming the file and the folder, when there is none.
    pub(super) fn require(&self, name: &str) -> Result<PathBuf> {
        self.find(name).with_context(|| format!("There is no {name} in {}", self.folder.display()))
    }

    /// Where the picture lies that the annotations call `name`.
    ///
    /// One that is not there keeps the name it should have, so that it is reported by whoever opens it. Fails when the
    /// name leads out of the data set's folder.
    pub(super) fn picture(&mut self, name: &str) -> Result<PathBuf> {
        let parts = inside(name)?;
        let Some((file, folders)) = parts.split_last() else { return Ok(self.folder.clone()) };
        let key = folders.join("/").to_lowercase();
        let folder = if let Some(known) = self.folders.get(&key) {
            known.clone()
        } else {
            let found = self.locate(folders);
            self.folders.insert(key, found.clone());
            found
        };
        Ok(match folder {
            Some(folder) => self.file_in(&folder, file),
            None => parts.iter().fold(self.folder.clone(), |path, part| path.join(part)),
        })
    }

    fn locate(&self, folders: &[&str]) -> Option<PathBuf> {
        let without_img = match folders {
            [first, rest @ ..] if first.eq_ignore_ascii_case("img") => Some(rest),
            _ => None,
        };
        let pictures = child(&self.folder, "img");
        let walk = |base: &Path, folders: &[&str]| {
            folders.iter().try_fold(base.to_owned(), |folder, name| child(&folder, name))
        };
        walk(&self.folder, folders)
            .or_else(|| walk(pictures.as_deref()?, folders))
            .or_else(|| walk(pictures.as_deref()?, without_img?))
            .or_else(|| walk(&self.folder, without_img.filter(|rest| !rest.is_empty())?))
    }

    fn file_in(&mut self, folder: &Path, file: &str) -> PathBuf {
        let exact = folder.join(file);
        if exact.exists() {
            return exact;
        }
        if self.listing.as_ref().is_none_or(|(listed, _)| listed != folder) {
            let names = std::fs::read_dir(folder)
                .map(|entries| {
                    entries
                        .filter_map(Result::ok)
                        .map(|entry| (entry.file_name().to_string_lossy().to_lowercase(), entry.path()))
                        .collect()
                })
                .unwrap_or_default();
            self.listing = Some((folder.to_owned(), names));
        }
        self.listing.as_ref().and_then(|(_, names)| names.get(&file.to_lowercase()).cloned()).unwrap_or(exact)
    }
}

/// The folder of this name in another, exactly so or in another case.
fn child(folder: &Path, name: &str) -> Option<PathBuf> {
    let exact = folder.join(name);
    if exact.is_dir() {
        return Some(exact);
    }
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().eq_ignore_ascii_case(name))
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found.into_iter().next()
}

/// The parts of a picture's name below a data set's folder.
///
/// Fails when it is empty, absolute, or goes up.
fn inside(name: &str) -> Result<Vec<&str>> {
    let parts: Vec<&str> = name.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".").collect();
    let is_absolute = name.starts_with(['/', '\\']) || name.chars().nth(1) == Some(':');
    ensure!(
        !is_absolute && !parts.contains(&"..") && !name.contains('\0'),
        "The picture {name:?} leaves the data set's folder"
    );
    ensure!(!parts.is_empty(), "The name of the picture is empty");
    Ok(parts)
}

impl Root {
    /// A picture whose department and category are folders of its name, `img/DEPARTMENT/CATEGORY/ITEM/PICTURE`; `extra` is
    /// what else is known of it. Fails when it is not named so, or as [`Root::picture`] does.
    pub(super) fn classed(&mut self, name: &str, line: usize, extra: &[(&str, &str)]) -> Result<Sample> {
        let (department, category) = class_folders(name)?;
        let department = [("department", department)];
        let extra = department.iter().chain(extra);
        Ok(Sample {
            path: self.picture(name)?,
            category: category.replace('_', " "),
            bbox: None,
            line,
            extra: extra.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        })
    }
}

/// Department and category of a picture that is named `img/DEPARTMENT/CATEGORY/ITEM/PICTURE`. Fails when it is not.
fn class_folders(name: &str) -> Result<(&str, &str)> {
    let mut parts = name.rsplit('/').skip(2);
    match (parts.next(), parts.next()) {
        (Some(category), Some(department)) if !category.is_empty() && !department.is_empty() => {
            Ok((department, category))
        }
        _ => bail!("The picture {name} is not named img/DEPARTMENT/CATEGORY/ITEM/PICTURE"),
    }
}

/// Whether a relative path stays below where it starts.
pub(crate) fn stays(path: &Path) -> bool {
    let mut depth = 0usize;
    path.is_absolute()
        || path.components().all(|component| match component {
            Component::ParentDir => {
                let goes_up = depth > 0;
                depth = depth.saturating_sub(1);
                goes_up
            }
            Component::Normal(_) => {
                depth += 1;
                true
            }
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::testing::Tree;

    #[test]
    fn pictures_are_found_whatever_the_case_and_depth() {
        for stored in [
            "img/MEN/Denim/id_1/a.jpg",
            "Img/img/Men/denim/id_1/A.JPG",
            "Img/MEN/Denim/id_1/a.jpg",
            "MEN/Denim/id_1/a.jpg",
        ] {
            let tree = Tree::new();
            let path = tree.write(stored, "");
            let mut root = Root::open(tree.path()).unwrap();
            assert_eq!(root.picture("img/MEN/Denim/id_1/a.jpg").unwrap(), path, "{stored}");
        }
        let tree = Tree::new();
        let mut root = Root::open(tree.path()).unwrap();
        assert_eq!(root.picture("img/gone.jpg").unwrap(), tree.path().join("img/gone.jpg"));
    }

    #[test]
    fn names_stay_in_the_folder() {
        let tree = Tree::new();
        let mut root = Root::open(tree.path()).unwrap();
        for name in
            ["../a.jpg", "img/../../a.jpg", "/etc/passwd", "C:/a.jpg", "img\\..\\..\\a.jpg", "a\0.jpg"]
        {
            let message = root.picture(name).unwrap_err().to_string();
            assert!(message.contains("leaves the data set's folder"), "{name:?}: {message}");
        }
        assert!(root.picture("./").is_err());
        assert!(stays(Path::new("img/../a.jpg")) && stays(Path::new("/a.jpg")));
        assert!(!stays(Path::new("img/../../a.jpg")) && !stays(Path::new("../img/a.jpg")));
    }

    #[test]
    fn annotations_are_found_but_not_among_pictures() {
        let tree = Tree::new();
        let coarse = tree.write("Anno/list_bbox.txt", "");
        let fine = tree.write("Anno_fine/LIST_BBOX.txt", "");
        tree.write("img/list_item.txt", "");
        let root = Root::open(tree.path()).unwrap();
        assert_eq!(root.find("list_bbox.txt"), Some(coarse));
        assert_eq!(root.find_in("list_bbox.txt", |folder| folder == "anno_fine"), Some(fine));
        assert!(root.require("list_item.txt").unwrap_err().to_string().contains("no list_item.txt in"));
    }
}
