//! `FlatBuffers`, in which Arrow describes its data: tables whose fields are found through a list of offsets.
//!
//! A table starts with the distance back to its list: two lengths and then, a field each, where in the table the field lies, 0 if
//! it is not there. Texts, lists and other tables lie elsewhere, at a distance ahead.

/// What a table's field holds.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Byte(u8),
    Short(i16),
    Int(i32),
    Long(i64),
    Text(&'static str),
    Table(Fields),
    Tables(Vec<Fields>),
    /// So many structures of whole eight-byte words.
    Structures(usize, Vec<u8>),
}

/// A table's fields by their numbers.
pub(super) type Fields = Vec<(usize, Value)>;

impl Value {
    /// Bytes that it takes in its table, to a multiple of which it is aligned.
    fn size(&self) -> usize {
        match self {
            Self::Byte(_) => 1,
            Self::Short(_) => 2,
            Self::Long(_) => 8,
            _ => 4,
        }
    }
}

/// A whole buffer, in eight-byte words.
pub(super) fn write(root: &Fields) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    let at = table(&mut bytes, root);
    point(&mut bytes, 0, at);
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    bytes
}

/// Writes a table and everything that it refers to behind what is there; returns where the table starts.
fn table(bytes: &mut Vec<u8>, fields: &Fields) -> usize {
    let slots = fields.iter().map(|(slot, _)| slot + 1).max().unwrap_or(0);
    let mut list = vec![0_u16; slots];
    let mut length = 4;
    for (slot, value) in fields {
        let at = usize::next_multiple_of(length, value.size());
        list[*slot] = at as u16;
        length = at + value.size();
    }
    let list_length = 4 + 2 * slots;
    bytes.resize((bytes.len() + list_length).next_multiple_of(8) - list_length, 0);
    for number in [list_length as u16, length as u16].into_iter().chain(list.iter().copied()) {
        bytes.extend(number.to_le_bytes());
    }
    let start = bytes.len();
    bytes.extend((list_length as i32).to_le_bytes());
    bytes.resize(start + length, 0);
    for (slot, value) in fields {
        let at = start + usize::from(list[*slot]);
        match value {
            Value::Byte(number) => bytes[at] = *number,
            Value::Short(number) => bytes[at..at + 2].copy_from_slice(&number.to_le_bytes()),
            Value::Int(number) => bytes[at..at + 4].copy_from_slice(&number.to_le_bytes()),
            Value::Long(number) => bytes[at..at + 8].copy_from_slice(&number.to_le_bytes()),
            other => {
                let target = elsewhere(bytes, other);
                point(bytes, at, target);
            }
        }
    }
    start
}

/// Writes what lies outside its table; returns where.
fn elsewhere(bytes: &mut Vec<u8>, value: &Value) -> usize {
    // Structures behind a length of four bytes begin at a whole word.
    let (behind, whole) = if matches!(value, Value::Structures(..)) { (4, 8) } else { (0, 4) };
    if !matches!(value, Value::Table(_)) {
        bytes.resize((bytes.len() + behind).next_multiple_of(whole) - behind, 0);
    }
    let start = bytes.len();
    match value {
        Value::Text(text) => {
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.as_bytes());
            bytes.push(0);
        }
        Value::Structures(count, structures) => {
            bytes.extend((*count as u32).to_le_bytes());
            bytes.extend(structures);
        }
        Value::Tables(tables) => {
            bytes.extend((tables.len() as u32).to_le_bytes());
            bytes.resize(bytes.len() + 4 * tables.len(), 0);
            for (index, fields) in tables.iter().enumerate() {
                let target = table(bytes, fields);
                point(bytes, start + 4 + 4 * index, target);
            }
        }
        Value::Table(fields) => return table(bytes, fields),
        Value::Byte(_) | Value::Short(_) | Value::Int(_) | Value::Long(_) => {}
    }
    start
}

fn point(bytes: &mut [u8], at: usize, target: usize) {
    bytes[at..at + 4].copy_from_slice(&((target - at) as u32).to_le_bytes());
}

/// A table in a buffer from outside. Whatever lies outside the buffer is as if it were not there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Table<'a> {
    /// The table that a buffer starts with.
    pub(super) fn root(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { bytes, at: ahead(bytes, 0)? })
    }

    fn field(&self, slot: usize) -> Option<usize> {
        let back = i64::from(i32::from_le_bytes(array(self.bytes, self.at)?));
        let list = usize::try_from(self.at as i64 - back).ok()?;
        let length = usize::from(u16::from_le_bytes(array(self.bytes, list)?));
        let entry = 4 + 2 * slot;
        if entry + 2 > length {
            return None;
        }
        let offset = usize::from(u16::from_le_bytes(array(self.bytes, list.checked_add(entry)?)?));
        if offset == 0 { None } else { self.at.checked_add(offset) }
    }

    pub(super) fn byte(&self, slot: usize) -> Option<u8> {
        Some(u8::from_le_bytes(array(self.bytes, self.field(slot)?)?))
    }

    pub(super) fn short(&self, slot: usize) -> Option<i16> {
        Some(i16::from_le_bytes(array(self.bytes, self.field(slot)?)?))
    }

    pub(super) fn int(&self, slot: usize) -> Option<i32> {
        Some(i32::from_le_bytes(array(self.bytes, self.field(slot)?)?))
    }

    pub(super) fn long(&self, slot: usize) -> Option<i64> {
        Some(i64::from_le_bytes(array(self.bytes, self.field(slot)?)?))
    }

    pub(super) fn text(&self, slot: usize) -> Option<&'a str> {
        std::str::from_utf8(self.words(slot, 1)?).ok()
    }

    pub(super) fn table(&self, slot: usize) -> Option<Self> {
        Some(Self { bytes: self.bytes, at: ahead(self.bytes, self.field(slot)?)? })
    }

    pub(super) fn tables(&self, slot: usize) -> Option<Vec<Self>> {
        let list = ahead(self.bytes, self.field(slot)?)?;
        let pointers = self.words(slot, 4)?.len() / 4;
        let table = |index| Some(Self { bytes: self.bytes, at: ahead(self.bytes, list + 4 + 4 * index)? });
        (0..pointers).map(table).collect()
    }

    /// A list's contents, elements of `size` bytes.
    pub(super) fn words(&self, slot: usize, size: usize) -> Option<&'a [u8]> {
        let list = ahead(self.bytes, self.field(slot)?)?;
        let count = u32::from_le_bytes(array(self.bytes, list)?) as usize;
        self.bytes.get(list + 4..)?.get(..count.checked_mul(size)?)
    }
}

/// Where the distance at `at` leads.
fn ahead(bytes: &[u8], at: usize) -> Option<usize> {
    at.checked_add(u32::from_le_bytes(array(bytes, at)?) as usize)
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer() -> Vec<u8> {
        write(&vec![
            (0, Value::Byte(7)),
            (2, Value::Long(-5)),
            (3, Value::Text("garment")),
            (4, Value::Table(vec![(1, Value::Short(-2))])),
            (5, Value::Tables(vec![vec![(0, Value::Int(1))], vec![]])),
            (6, Value::Structures(2, vec![1; 16])),
        ])
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = buffer();
        let root = Table::root(&bytes).unwrap();
        assert_eq!((root.byte(0), root.byte(1), root.long(2)), (Some(7), None, Some(-5)));
        assert_eq!(root.text(3), Some("garment"));
        assert_eq!(root.table(4).unwrap().short(1), Some(-2));
        let tables = root.tables(5).unwrap();
        assert_eq!((tables.len(), tables[0].int(0), tables[1].int(0)), (2, Some(1), None));
        assert_eq!(root.words(6, 8), Some(&[1; 16][..]));
        assert_eq!(root.byte(100), None);
    }

    /// Nothing that a damaged buffer says leads outside it.
    #[test]
    fn damage_does_no_harm() {
        let good = buffer();
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = value;
                for cut in [bytes.len(), at] {
                    let Some(root) = Table::root(&bytes[..cut]) else { continue };
                    for slot in 0..8 {
                        let _ = (root.byte(slot), root.short(slot), root.int(slot), root.long(slot));
                        let _ = (root.text(slot), root.words(slot, 16), root.table(slot).map(|t| t.long(0)));
                        for table in root.tables(slot).unwrap_or_default() {
                            let _ = table.int(0);
                        }
                    }
                }
            }
        }
    }
}
