//! Puts together what several list files say of the same pictures, by the pictures' names.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};

use super::boxes;
use super::entry::{Entry, Landmark, Part, PixelBox, Reading};
use super::table::{Row, Table};

/// Landmarks that a garment has at most.
pub(super) const MAX_LANDMARKS: usize = 8;

/// A column of a file of boxes that says more about the picture.
pub(super) struct Column {
    /// Its name in the file.
    pub(super) name: &'static str,
    /// Its name in [`Sample::extra`](super::Sample::extra).
    pub(super) key: &'static str,
    /// What a field means.
    pub(super) meaning: fn(&str) -> Result<&'static str>,
}

/// The pictures of a data set, growing file by file.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    entries: Vec<(Option<Part>, Entry)>,
    /// Places in `entries` by the pictures' names in lower case, which is how far the files agree.
    places: HashMap<String, usize>,
    pub(super) notes: Vec<String>,
}

impl Gathering {
    /// Adds a picture. Fails when it is there already, naming the other line.
    pub(super) fn add(&mut self, name: &str, part: Option<Part>, entry: Entry) -> Result<()> {
        let place = self.entries.len();
        if let Some(&first) = self.places.get(&name.to_lowercase()) {
            let at = self.entries.get(first).map(|(_, entry)| entry.at()).unwrap_or_default();
            anyhow::bail!("The picture {name} is listed twice, first in {at}");
        }
        self.places.insert(name.to_lowercase(), place);
        self.entries.push((part, entry));
        Ok(())
    }

    pub(super) fn get(&mut self, name: &str) -> Option<&mut (Option<Part>, Entry)> {
        self.entries.get_mut(*self.places.get(&name.to_lowercase())?)
    }

    /// What stands for the category of each picture, to be replaced.
    pub(super) fn categories(&mut self) -> impl Iterator<Item = &mut String> {
        self.entries.iter_mut().map(|(_, entry)| &mut entry.sample.category)
    }

    /// Runs `take` for every row whose first field names a picture that is here, and notes how many others there are.
    ///
    /// Fails, naming file and line, where `take` does or a picture comes twice.
    pub(super) fn join(
        &mut self,
        table: &mut Table,
        mut take: impl FnMut(&Row, &mut Option<Part>, &mut Entry) -> Result<()>,
    ) -> Result<()> {
        let mut lines = vec![0usize; self.entries.len()];
        let mut strays = 0usize;
        while let Some(row) = table.next_row()? {
            let name = row.text.split_whitespace().next().unwrap_or_default();
            let Some(&place) = self.places.get(&name.to_lowercase()) else {
                strays += 1;
                continue;
            };
            let first = std::mem::replace(&mut lines[place], row.line);
            ensure!(first == 0, "{}: {name} is listed twice, first on line {first}", table.at(row.line));
            let (part, entry) = &mut self.entries[place];
            take(&row, part, entry).with_context(|| table.at(row.line))?;
        }
        if strays > 0 {
            self.notes.push(format!(
                "{strays} rows of {} are about pictures that are not listed elsewhere.",
                table.path().display()
            ));
        }
        Ok(())
    }

    /// Reads the boxes of `path`, whose columns are found by name, and one more column if asked to.
    pub(super) fn boxes(&mut self, path: &Path, more: Option<&Column>) -> Result<()> {
        let mut table = Table::named(path)?;
        let first = table.column("x_1")?;
        let more =
            more.map(|column| Ok::<_, anyhow::Error>((table.column(column.name)?, column))).transpose()?;
        let file = table.path();
        self.join(&mut table, |row, _, entry| {
            let fields = row.fields();
            let corners = corners(fields.get(first..).unwrap_or_default())?;
            entry.pixels = Some(PixelBox { corners, file: Arc::clone(&file), line: row.line });
            if let Some((place, column)) = more {
                let meaning = (column.meaning)(fields.get(place).copied().unwrap_or_default())?;
                entry.sample.extra.insert(column.key.to_owned(), meaning.to_owned());
            }
            Ok(())
        })
    }

    /// Reads the landmarks of `path`: three numbers each, of which a row has as many as the garment has landmarks.
    pub(super) fn landmarks(&mut self, path: &Path) -> Result<()> {
        let mut table = Table::named(path)?;
        let first = table.column("landmark_visibility_1")?;
        self.join(&mut table, |row, _, entry| {
            let fields = row.fields();
            let fields = fields.get(first..).unwrap_or_default();
            ensure!(
                fields.len().is_multiple_of(3) && fields.len() <= 3 * MAX_LANDMARKS,
                "The row has {} numbers of landmarks; they come in threes, at most {MAX_LANDMARKS} times",
                fields.len()
            );
            entry.landmarks = fields
                .chunks_exact(3)
                .map(|three| {
                    let visibility = three[0].parse().ok().filter(|&visibility: &u8| visibility <= 2);
                    ensure!(
                        visibility.is_some(),
                        "A landmark's visibility is {:?}; it must be 0, 1 or 2",
                        three[0]
                    );
                    let x = boxes::coordinate(three[1], "A landmark's x")?;
                    let y = boxes::coordinate(three[2], "A landmark's y")?;
                    Ok(Landmark { visibility, x, y })
                })
                .collect::<Result<_>>()?;
            Ok(())
        })
    }

    /// The pictures by their parts. Without any part the data set is undivided; otherwise those in no part are left
    /// out, with a note.
    pub(super) fn finish(self) -> Reading {
        let is_divided = self.entries.iter().any(|(part, _)| part.is_some());
        let mut reading = Reading { is_divided, notes: self.notes, ..Reading::default() };
        let mut without_part = 0usize;
        for (part, entry) in self.entries {
            match part {
                Some(part) => reading.parts.entry(part).or_default().push(entry),
                None if is_divided => without_part += 1,
                None => reading.parts.entry(Part::Train).or_default().push(entry),
            }
        }
        if without_part > 0 {
            reading
                .notes
                .push(format!("{without_part} pictures belong to no part of the data set and are left out."));
        }
        reading
    }
}

/// Four corners in pixels.
pub(super) fn corners(fields: &[&str]) -> Result<[f32; 4]> {
    let found = fields.len();
    let fields: [&str; 4] =
        fields.try_into().ok().with_context(|| format!("The box has {found} numbers instead of 4"))?;
    let mut corners = [0.0; 4];
    for ((corner, field), name) in corners.iter_mut().zip(fields).zip(["x_1", "y_1", "x_2", "y_2"]) {
        *corner = boxes::coordinate(field, name)?;
    }
    Ok(corners)
}
