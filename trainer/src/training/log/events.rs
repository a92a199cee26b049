//! Figures over steps as TensorBoard reads them: files `events.out.tfevents.*` in the run folder.
//!
//! A file is a row of records: the length of the data (8 bytes), a checksum of the length (4), the data, and a checksum of
//! the data (4), all little-endian. The data is one message `Event` of TensorBoard's `event.proto` in the encoding of
//! protocol buffers, of which the few fields that scalars need are written here by hand.
//!
//! Each start of a run writes a file of its own, since TensorBoard reads on in the newest. Before, what earlier files
//! hold of steps after the checkpoint is cut off, so that no reader meets a step twice; and the new file opens with the
//! event by which a TensorBoard that is watching forgets those steps, too.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail};

use crate::files;

const PREFIX: &str = "events.out.tfevents.";
/// Tells the files of this module from those that others may have put there.
const SUFFIX: &str = ".twill";

/// Appends to one event file.
pub(super) struct Events {
    path: PathBuf,
    file: File,
}

impl Events {
    /// Opens a new file in `folder` for a run that has done `step` steps, and cuts later steps off older files.
    ///
    /// Fails, naming the file, where one cannot be read or written.
    pub(super) fn open(folder: &Path, step: usize) -> Result<Self> {
        for path in earlier(folder)? {
            cut(&path, step)?;
        }
        let (path, file) = create(folder)?;
        let mut events = Self { path, file };
        events.write(&event(0, &field(3, Payload::Bytes(b"brain.Event:2"))))?;
        if step > 0 {
            // SessionLog { status = 1: START }
            let start = field(1, Payload::Number(1));
            events.write(&event(step + 1, &field(7, Payload::Bytes(&start))))?;
        }
        Ok(events)
    }

    /// Notes figures after `step` steps by their names. Fails, naming the file, where it cannot be written.
    pub(super) fn scalars<'a>(
        &mut self,
        step: usize,
        values: impl IntoIterator<Item = (&'a str, f32)>,
    ) -> Result<()> {
        let summary: Vec<u8> = values
            .into_iter()
            .flat_map(|(tag, value)| {
                let tag = field(1, Payload::Bytes(tag.as_bytes()));
                field(1, Payload::Bytes(&[tag, field(2, Payload::Single(value))].concat()))
            })
            .collect();
        if summary.is_empty() {
            return Ok(());
        }
        self.write(&event(step, &field(5, Payload::Bytes(&summary))))
    }

    fn write(&mut self, data: &[u8]) -> Result<()> {
        // In one piece, so that a killed run leaves whole records but for the last.
        let context = || format!("The event file {} cannot be written", self.path.display());
        self.file.write_all(&record(data)).with_context(context)
    }
}

/// The event files that earlier starts of the run left.
fn earlier(folder: &Path) -> Result<Vec<PathBuf>> {
    let context = || format!("The run folder {} cannot be listed", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        let entry = entry.with_context(context)?;
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        if is_ours && entry.file_type().with_context(context)?.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Keeps of an event file what belongs to the first `step` steps; a file without any such is removed.
fn cut(path: &Path, step: usize) -> Result<()> {
    let bytes = files::read(path)?;
    let (mut kept, mut is_worth_keeping) = (0, false);
    while let Some((data, length)) = next_record(&bytes[kept..]) {
        match step_of(data) {
            Some(found) if found <= step as u64 => is_worth_keeping |= found > 0,
            _ => break,
        }
        kept += length;
    }
    if !is_worth_keeping {
        return files::remove(path);
    }
    if kept < bytes.len() {
        let context = || format!("The event file {} cannot be shortened", path.display());
        let file = OpenOptions::new().write(true).open(path).with_context(context)?;
        file.set_len(kept as u64).with_context(context)?;
    }
    Ok(())
}

/// A new file, named after the time as TensorBoard expects: the latest comes last in the alphabet.
fn create(folder: &Path) -> Result<(PathBuf, File)> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    for number in 0..100 {
        let path = folder.join(format!("{PREFIX}{seconds:010}.{number:02}{SUFFIX}"));
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            file => {
                let context = || format!("The event file {} cannot be written", path.display());
                return Ok((path.clone(), file.with_context(context)?));
            }
        }
    }
    bail!("{} has too many event files of the same second", folder.display())
}

/// What a field of a message holds.
#[derive(Clone, Copy)]
enum Payload<'a> {
    Number(u64),
    Double(f64),
    Single(f32),
    Bytes(&'a [u8]),
}

/// One field of a message: its number and how it is encoded, then the value.
fn field(number: u64, payload: Payload) -> Vec<u8> {
    let mut out = Vec::new();
    let key = |encoding| number << 3 | encoding;
    match payload {
        Payload::Number(value) => {
            varint(key(0), &mut out);
            varint(value, &mut out);
        }
        Payload::Double(value) => {
            varint(key(1), &mut out);
            out.extend(value.to_le_bytes());
        }
        Payload::Bytes(bytes) => {
            varint(key(2), &mut out);
            varint(bytes.len() as u64, &mut out);
            out.extend(bytes);
        }
        Payload::Single(value) => {
            varint(key(5), &mut out);
            out.extend(value.to_le_bytes());
        }
    }
    out
}

/// Seven bits a byte, the lowest first; the highest bit says that more follow.
fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// An `Event` of now.
fn event(step: usize, what: &[u8]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    [field(1, Payload::Double(now)), field(2, Payload::Number(step as u64)), what.to_vec()].concat()
}

fn record(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &checksum(&length), data, &checksum(data)].concat()
}

/// The data of the first record and the record's length; nothing where it is torn or damaged.
fn next_record(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let (length_checksum, rest) = rest.split_first_chunk::<4>()?;
    let (data, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let data_checksum = rest.first_chunk::<4>()?;
    let is_whole = checksum(length) == *length_checksum && checksum(data) == *data_checksum;
    is_whole.then_some((data, 16 + data.len()))
}

/// The step of an `Event` as [`event`] writes it: behind the nine bytes of the time.
fn step_of(data: &[u8]) -> Option<u64> {
    let (&key, rest) = data.get(9..)?.split_first()?;
    if key != 2 << 3 {
        return None;
    }
    let mut step = 0;
    for (place, byte) in rest.iter().take(9).enumerate() {
        step |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(step);
        }
    }
    None
}

/// CRC-32C, turned and shifted so that a checksum of data that holds checksums stays a good one.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    (crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)).to_le_bytes()
}

/// Castagnoli's cyclic redundancy check, bit by bit: a few hundred bytes every fifty steps ask for no table.
fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0x82f6_3b78 } else { sum >> 1 },
        )
    })
}

#[cfg(test)]
mod tests;
