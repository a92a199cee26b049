//! How far loading has come, file by file.

use serde::{Deserialize, Serialize};

/// How far loading has come.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// What is fetched for it: each file once, always in the same order. While warming up, what has been.
    pub files: Vec<FileProgress>,
}

/// The steps of loading, in order.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Stage {
    /// The worker's own program.
    Program,
    /// Weights and catalogue.
    Data,
    /// Compiling and checking the network.
    WarmUp,
}

/// A file on its way.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct FileProgress {
    /// What is in it.
    pub kind: FileKind,
    /// Its name, without a folder.
    pub name: String,
    /// Bytes that have arrived; those that come a second time do not count.
    pub received: f64,
    /// Bytes in all, where that is known.
    pub total: Option<f64>,
}

/// What is in a file.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    /// The worker's program.
    Program,
    /// The network's weights.
    Weights,
    /// What is known of the catalogue's items.
    Items,
    /// The catalogue's vectors.
    Features,
}

impl FileKind {
    /// Every kind, in the order in which they are shown.
    pub const ALL: [Self; 4] = [Self::Program, Self::Weights, Self::Items, Self::Features];

    /// The kind's name in `data-file`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Weights => "weights",
            Self::Items => "items",
            Self::Features => "features",
        }
    }
}

/// How much of something has arrived.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Amount {
    /// Bytes that have arrived.
    pub received: f64,
    /// Bytes in all, where that is known.
    pub total: Option<f64>,
}

impl Progress {
    /// How much of the files of this kind has arrived, or of all of them. None where there is no such file.
    #[must_use]
    pub fn amount(&self, kind: Option<FileKind>) -> Option<Amount> {
        let mut sum = None;
        for file in self.files.iter().filter(|file| kind.is_none_or(|kind| kind == file.kind)) {
            let Amount { received, total } = sum.unwrap_or(Amount { received: 0.0, total: Some(0.0) });
            let total = total.zip(file.total).map(|(sum, total)| sum + total);
            sum = Some(Amount { received: received + file.received, total });
        }
        sum
    }
}

#[cfg(feature = "browser-tests")]
mod tests {
    use super::{Amount, FileKind, FileProgress, Progress, Stage};
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test]
    fn files_of_a_kind_add_up_and_one_of_unknown_length_makes_the_sum_unknown() {
        let file = |kind, received, total| FileProgress { kind, name: "a file".to_owned(), received, total };
        let files = vec![
            file(FileKind::Items, 3.0, Some(10.0)),
            file(FileKind::Features, 1.0, None),
            file(FileKind::Items, 4.0, Some(4.0)),
        ];
        let progress = Progress { stage: Stage::Data, files };
        let sum = |received, total| Some(Amount { received, total });
        assert_eq!(progress.amount(Some(FileKind::Items)), sum(7.0, Some(14.0)));
        assert_eq!(progress.amount(Some(FileKind::Features)), sum(1.0, None));
        assert_eq!(progress.amount(None), sum(8.0, None));
        assert_eq!(progress.amount(Some(FileKind::Weights)), None);
    }
}
