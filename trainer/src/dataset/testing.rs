//! Small data sets for the readers' tests, made where the test runs.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder of its own, removed with the test.
pub(crate) struct Tree {
    folder: TempDir,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        self.write_bytes(name, text.as_bytes())
    }

    pub(crate) fn write_bytes(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(&path, bytes).expect("a file");
        path
    }

    /// A picture of this size; black, since readers look at its header alone.
    pub(crate) fn picture(&self, name: &str, width: u32, height: u32) -> PathBuf {
        let path = self.write_bytes(name, b"");
        image::RgbImage::new(width, height).save(&path).expect("a picture");
        path
    }

    /// A list file with its number of rows and names of columns.
    pub(crate) fn list(&self, name: &str, columns: &str, rows: &[&str]) -> PathBuf {
        self.write(name, &format!("{}\n{columns}\n{}\n", rows.len(), rows.join("\n")))
    }
}
