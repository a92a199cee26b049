//! A long item list as one file: its head first, then pages of items, each compressed and with a hash of its own.
//!
//! Layout in `docs/item-file.md`. All of it is checked by hashes: the catalogue's card has that of the head, the head those of the
//! ids and of each page.

use std::collections::VecDeque;
use std::ops::Range;

use miniz_oxide::{deflate::compress_to_vec_zlib, inflate::decompress_to_vec_zlib_with_limit};
use serde::{Deserialize, Serialize};

use super::columns::{Column, Columns};
use crate::{
    Error, Result,
    catalogue::{Item, check_pictures},
    hash::sha256,
    weights::Attribute,
};

/// First eight bytes.
pub const MAGIC: [u8; 8] = *b"TWILLIT\x1a";
/// A reader refuses another major version.
pub const MAJOR: u16 = 1;
/// Length of the header.
pub const HEADER: usize = 64;
/// Items a page, but for the last one: with fewer a page would hardly be smaller compressed, with more a result would cost more bytes.
pub const PAGE_ROWS: usize = 128;
/// Bytes that a page has in the index.
const ENTRY: usize = 24;
/// Bytes that are kept of a hash: 128 bits, as nobody but the catalogue's owner chooses what is hashed.
const HASH: usize = 16;
/// Bytes of an id's hash.
const ID: usize = 4;
/// No page of items comes near this length, unpacked: 32 kB an item.
const MAX_PAGE: usize = 4 << 20;
/// No index comes near this length, unpacked: twenty bytes an item for ten million.
const MAX_INDEX: usize = 256 << 20;
/// How many items a page may have.
const MAX_PAGE_ROWS: usize = 4096;
/// How many pages are held at once; those that were not used for the longest time go.
const MOST_HELD: usize = 256;
/// zlib's level: files are written once.
const LEVEL: u8 = 9;

/// Names of the columns' values, as the index has them.
#[derive(Serialize, Deserialize)]
struct Names {
    categories: Vec<String>,
    colours: Vec<String>,
    attributes: Vec<Attribute>,
}

/// A page's place in the file.
#[derive(Debug, Clone)]
struct Place {
    start: u64,
    bytes: u32,
    unpacked: u32,
    hash: [u8; HASH],
}

/// The pages of a list, those of them that are there, and where to find the others.
#[derive(Debug)]
pub struct Pages {
    rows: usize,
    page_rows: usize,
    /// Where the head ends and the ids begin.
    head: u64,
    places: Vec<Place>,
    ids_hash: [u8; HASH],
    ids: Option<Vec<u8>>,
    /// Those that were used last come last.
    held: VecDeque<(usize, Vec<Item>)>,
}

/// A list of items as a file, and how many bytes of it are its head: what a reader needs before it can ask for pages.
///
/// `attributes` are those that items can be told apart by. Fails with [`Error::InvalidCatalogue`] where a page would be longer
/// than a reader accepts.
pub fn write(items: &[Item], attributes: &[Attribute]) -> Result<(Vec<u8>, usize)> {
    let json = |page: &[Item]| serde_json::to_vec(page).map_err(|error| invalid(error.to_string()));
    let pages = items.chunks(PAGE_ROWS).map(json).collect::<Result<Vec<_>>>()?;
    if let Some(page) = pages.iter().find(|page| page.len() > MAX_PAGE) {
        return Err(invalid(format!("{PAGE_ROWS} of its items have {} bytes", page.len())));
    }
    let ids: Vec<u8> = items.iter().flat_map(|item| hash_of_id(&item.id)).collect();
    let columns = Columns::of(items, attributes);
    let names = Names {
        categories: columns.categories.values.clone(),
        colours: columns.colours.values.clone(),
        attributes: attributes.to_vec(),
    };
    let names = serde_json::to_vec(&names).map_err(|error| invalid(error.to_string()))?;
    let mut told = (names.len() as u32).to_le_bytes().to_vec();
    told.extend(names);
    for column in [&columns.categories, &columns.colours].into_iter().chain(&columns.attributes) {
        told.extend(column.of.iter().map(|place| *place as u8));
        if is_wide(&column.values) {
            told.extend(column.of.iter().map(|place| (place >> 8) as u8));
        }
    }
    if told.len() + ENTRY * pages.len() + HASH > MAX_INDEX {
        return Err(invalid("there are more items than one list can hold"));
    }
    Ok(assemble([PAGE_ROWS as u32, items.len() as u32], &pages, &ids, &told))
}

/// A file of these parts, with lengths and hashes as they should be, and the length of its head: items a page and in all, pages before
/// compression, hashes of ids, and the end of the index, from the length of its names on. What is in them is not looked at.
#[must_use]
pub fn assemble([page_rows, rows]: [u32; 2], pages: &[Vec<u8>], ids: &[u8], told: &[u8]) -> (Vec<u8>, usize) {
    let (mut index, mut packed_pages) = (Vec::new(), Vec::new());
    for page in pages {
        let packed = compress_to_vec_zlib(page, LEVEL);
        index.extend((packed.len() as u32).to_le_bytes());
        index.extend((page.len() as u32).to_le_bytes());
        index.extend(short_hash(&packed));
        packed_pages.extend(packed);
    }
    index.extend(short_hash(ids));
    index.extend(told);
    let packed = compress_to_vec_zlib(&index, LEVEL);
    let head = HEADER + packed.len();
    let total = head + ids.len() + packed_pages.len();

    let mut file = Vec::with_capacity(total);
    file.extend(MAGIC);
    file.extend(MAJOR.to_le_bytes());
    file.extend([0; 2]);
    file.extend(page_rows.to_le_bytes());
    file.extend(u64::from(rows).to_le_bytes());
    file.extend((total as u64).to_le_bytes());
    file.extend((packed.len() as u32).to_le_bytes());
    file.extend((index.len() as u32).to_le_bytes());
    file.resize(HEADER, 0);
    file.extend(packed);
    file.extend(ids);
    file.extend(packed_pages);
    (file, head)
}

/// All items of a whole file, of whose bytes the first `head` are its head.
///
/// Fails with [`Error::InvalidCatalogue`].
pub fn read_all(file: &[u8], head: usize) -> Result<Vec<Item>> {
    let head = file.get(..head).ok_or_else(|| invalid(CUT_OFF))?;
    let (mut pages, _) = Pages::read(head, None)?;
    if pages.end() != file.len() as u64 {
        return Err(invalid(CUT_OFF));
    }
    let part = |place: Range<u64>| -> Result<&[u8]> {
        let (start, end) = usize::try_from(place.start)
            .ok()
            .zip(usize::try_from(place.end).ok())
            .ok_or_else(|| invalid(CUT_OFF))?;
        file.get(start..end).ok_or_else(|| invalid(CUT_OFF))
    };
    pages.put_ids(part(pages.ids())?)?;
    let mut items = Vec::new();
    for page in 0..pages.places.len() {
        items.extend(pages.unpack(page, part(pages.place(page))?)?);
    }
    let ids = pages.ids.iter().flat_map(|ids| ids.as_chunks::<ID>().0);
    if !items.iter().map(|item| hash_of_id(&item.id)).eq(ids.copied()) {
        return Err(invalid("the hashes of its ids are not those of its items"));
    }
    Ok(items)
}

impl Pages {
    /// Reads the head of a file: where pages are, and the columns. `expected` is how many items there should be, where that is known:
    /// nothing is unpacked for another number.
    pub(super) fn read(head: &[u8], expected: Option<u64>) -> Result<(Self, Columns)> {
        let (header, packed) = head.split_at_checked(HEADER).ok_or_else(|| invalid(CUT_OFF))?;
        if header[..8] != MAGIC {
            return Err(invalid("its item list is no list in pages"));
        }
        let major = u16::from_le_bytes([header[8], header[9]]);
        if major != MAJOR {
            return Err(invalid(format!("version {major} of its item list cannot be read by this program")));
        }
        let (page_rows, rows, total) = (u32_at(header, 12), u64_at(header, 16), u64_at(header, 24));
        if let Some(expected) = expected.filter(|expected| *expected != rows) {
            return Err(invalid(format!("it lists {rows} items instead of {expected}")));
        }
        let (length, unpacked) = (u32_at(header, 32), u32_at(header, 36) as usize);
        if length as usize != packed.len() {
            return Err(invalid("the head of its item list has another length than it states"));
        }
        let page_rows = page_rows as usize;
        if !(1..=MAX_PAGE_ROWS).contains(&page_rows) {
            return Err(invalid(format!("pages of {page_rows} items are out of range")));
        }
        // A row has two bytes and more in the index.
        let rows = usize::try_from(rows).ok().filter(|rows| *rows <= unpacked / 2);
        let rows = rows.filter(|_| unpacked <= MAX_INDEX).ok_or_else(|| invalid(OUT_OF_RANGE))?;
        let index = unpack(packed, unpacked)?;
        let mut rest = Rest(&index);

        let count = rows.div_ceil(page_rows);
        let table = rest.take(count * ENTRY)?;
        let ids_hash: [u8; HASH] = *rest.take(HASH)?.first_chunk().ok_or_else(|| invalid(OUT_OF_RANGE))?;
        let mut start = (head.len() + rows * ID) as u64;
        let places: Vec<Place> =
            table.as_chunks::<ENTRY>().0.iter().map(|entry| place(entry, &mut start)).collect();
        if start != total {
            return Err(invalid("the pages of its item list do not fill its file"));
        }
        let columns = columns(&mut rest, rows)?;
        if !rest.0.is_empty() {
            return Err(invalid(OUT_OF_RANGE));
        }
        let pages = Self {
            rows,
            page_rows,
            head: head.len() as u64,
            places,
            ids_hash,
            ids: None,
            held: VecDeque::new(),
        };
        Ok((pages, columns))
    }

    pub(super) fn get(&self, row: usize) -> Option<&Item> {
        let page = row / self.page_rows;
        let (_, items) = self.held.iter().find(|(held, _)| *held == page)?;
        items.get(row % self.page_rows)
    }

    pub(super) fn missing(&self, rows: &[usize]) -> Vec<usize> {
        let mut pages: Vec<usize> =
            rows.iter().filter(|row| **row < self.rows).map(|row| row / self.page_rows).collect();
        pages.sort_unstable();
        pages.dedup();
        pages.retain(|page| self.held.iter().all(|(held, _)| held != page));
        pages
    }

    /// Where a page lies in the file, in bytes. Nowhere, where there is no such page.
    #[must_use]
    pub fn place(&self, page: usize) -> Range<u64> {
        self.places.get(page).map_or(0..0, |place| place.start..place.start + u64::from(place.bytes))
    }

    /// Length of the file, in bytes.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.places.last().map_or(self.ids().end, |place| place.start + u64::from(place.bytes))
    }

    /// Keeps the pages of these rows, as far as they are there, longer than others.
    pub fn use_again(&mut self, rows: &[usize]) {
        let is_used = |page: usize| rows.iter().any(|row| row / self.page_rows == page);
        let (used, mut others): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.held).into_iter().partition(|(page, _)| is_used(*page));
        others.extend(used);
        self.held = others;
    }

    /// Where the ids lie in the file, in bytes.
    #[must_use]
    pub fn ids(&self) -> Range<u64> {
        self.head..self.head + (self.rows * ID) as u64
    }

    /// Takes a page, once its hash has been found right. Fails with [`Error::InvalidCatalogue`].
    pub fn put(&mut self, page: usize, packed: &[u8]) -> Result<()> {
        let items = self.unpack(page, packed)?;
        self.held.retain(|(held, _)| *held != page);
        if self.held.len() >= MOST_HELD {
            self.held.pop_front();
        }
        self.held.push_back((page, items));
        Ok(())
    }

    /// Takes the ids, once their hash has been found right. Fails with [`Error::InvalidCatalogue`].
    pub fn put_ids(&mut self, ids: &[u8]) -> Result<()> {
        if ids.len() != self.rows * ID || short_hash(ids) != self.ids_hash {
            return Err(invalid("the ids of its item list are damaged, their checksum differs"));
        }
        self.ids = Some(ids.to_vec());
        Ok(())
    }

    pub(super) fn candidates(&self, id: &str) -> Option<Vec<usize>> {
        let wanted = hash_of_id(id);
        let (ids, _) = self.ids.as_ref()?.as_chunks::<ID>();
        Some(ids.iter().enumerate().filter(|(_, hash)| **hash == wanted).map(|(row, _)| row).collect())
    }

    fn unpack(&self, page: usize, packed: &[u8]) -> Result<Vec<Item>> {
        let damaged = || invalid(format!("page {page} of its item list is damaged, the checksum differs"));
        let place = self.places.get(page).ok_or_else(damaged)?;
        if packed.len() != place.bytes as usize || short_hash(packed) != place.hash {
            return Err(damaged());
        }
        if place.unpacked as usize > MAX_PAGE {
            return Err(invalid(OUT_OF_RANGE));
        }
        let json = unpack(packed, place.unpacked as usize)?;
        let items: Vec<Item> = serde_json::from_slice(&json).map_err(|error| invalid(error.to_string()))?;
        let rows = self.page_rows.min(self.rows - page * self.page_rows);
        if items.len() != rows {
            return Err(invalid(format!(
                "page {page} of its item list has {} items instead of {rows}",
                items.len()
            )));
        }
        check_pictures(&items)?;
        Ok(items)
    }
}

const CUT_OFF: &str = "its item list is cut off";
const OUT_OF_RANGE: &str = "the index of its item list is out of range";

fn place(entry: &[u8; ENTRY], start: &mut u64) -> Place {
    let mut hash = [0; HASH];
    hash.copy_from_slice(&entry[8..]);
    let place = Place { start: *start, bytes: u32_at(entry, 0), unpacked: u32_at(entry, 4), hash };
    *start += u64::from(place.bytes);
    place
}

/// The names and columns at the end of the index.
fn columns(rest: &mut Rest, rows: usize) -> Result<Columns> {
    let length = u32_at(rest.take(4)?, 0);
    let names: Names =
        serde_json::from_slice(rest.take(length as usize)?).map_err(|error| invalid(error.to_string()))?;
    let mut column = |name: &str, values: Vec<String>| {
        let mut of: Vec<u16> = rest.take(rows)?.iter().map(|low| u16::from(*low)).collect();
        if is_wide(&values) {
            for (place, high) in of.iter_mut().zip(rest.take(rows)?) {
                *place |= u16::from(*high) << 8;
            }
        }
        if of.iter().any(|place| usize::from(*place) > values.len()) {
            return Err(invalid(format!("its item list has a {name} that it does not name")));
        }
        Ok(Column { name: name.to_owned(), values, of })
    };
    let categories = column("category", names.categories)?;
    let colours = column("colour", names.colours)?;
    let attributes = names.attributes.into_iter().map(|attribute| column(&attribute.name, attribute.values));
    let attributes = attributes.collect::<Result<_>>()?;
    Ok(Columns::from_parts(rows, categories, colours, attributes))
}

/// Whether places among so many values need two bytes.
fn is_wide(values: &[String]) -> bool {
    values.len() > usize::from(u8::MAX)
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| invalid(OUT_OF_RANGE))?;
        self.0 = rest;
        Ok(taken)
    }
}

/// What was compressed, which has to have this length.
fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>> {
    let unpacked = decompress_to_vec_zlib_with_limit(packed, length).ok();
    unpacked
        .filter(|unpacked| unpacked.len() == length)
        .ok_or_else(|| invalid("a part of its item list cannot be unpacked"))
}

fn short_hash(bytes: &[u8]) -> [u8; HASH] {
    let mut short = [0; HASH];
    short.copy_from_slice(&sha256(bytes)[..HASH]);
    short
}

fn hash_of_id(id: &str) -> [u8; ID] {
    let mut short = [0; ID];
    short.copy_from_slice(&sha256(id.as_bytes())[..ID]);
    short
}

/// Callers have checked that four bytes are there.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut four = [0; 4];
    four.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(four)
}

/// Callers have checked that eight bytes are there.
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(eight)
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::InvalidCatalogue { reason: reason.into() }
}
