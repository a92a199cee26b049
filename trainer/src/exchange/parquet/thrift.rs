//! Thrift's compact encoding, in which Parquet describes its data.
//!
//! A structure is a list of fields: a byte with the distance to the number of the field before and the kind of value,
//! the value, and so on until a byte of zero. Whole numbers are written seven bits a byte, the lowest first, with the sign in the lowest bit.

use anyhow::{Context as _, Result, bail, ensure};

/// A value, the fields of a structure by their numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    Byte(i8),
    Short(i16),
    Int(i32),
    Long(i64),
    Double(f64),
    Bytes(Vec<u8>),
    List(Vec<Value>),
    Struct(Vec<(i16, Value)>),
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;
/// Values within values, so deep at most.
const MAX_DEPTH: usize = 24;

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }

    /// A field of a structure.
    pub(super) fn field(&self, id: i16) -> Option<&Self> {
        match self {
            Self::Struct(fields) => fields.iter().find(|(other, _)| *other == id).map(|(_, value)| value),
            _ => None,
        }
    }

    /// A whole number in a structure.
    pub(super) fn number(&self, id: i16) -> Option<i64> {
        match self.field(id)? {
            Self::Byte(number) => Some((*number).into()),
            Self::Short(number) => Some((*number).into()),
            Self::Int(number) => Some((*number).into()),
            Self::Long(number) => Some(*number),
            _ => None,
        }
    }

    /// A length or a position in a structure.
    pub(super) fn length(&self, id: i16) -> Option<usize> {
        usize::try_from(self.number(id)?).ok()
    }

    /// A text in a structure.
    pub(super) fn bytes(&self, id: i16) -> Option<&[u8]> {
        match self.field(id)? {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A list in a structure.
    pub(super) fn list(&self, id: i16) -> Option<&[Self]> {
        match self.field(id)? {
            Self::List(values) => Some(values),
            _ => None,
        }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Bool(true) => TRUE,
            Self::Bool(false) => FALSE,
            Self::Byte(_) => 3,
            Self::Short(_) => 4,
            Self::Int(_) => 5,
            Self::Long(_) => 6,
            Self::Double(_) => 7,
            Self::Bytes(_) => 8,
            Self::List(_) => LIST,
            Self::Struct(_) => STRUCT,
        }
    }

    /// Appends the encoded value; a truth value in a structure has been told by its kind.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Bool(_) => {}
            Self::Byte(number) => bytes.push(number.cast_unsigned()),
            Self::Short(number) => signed(bytes, (*number).into()),
            Self::Int(number) => signed(bytes, (*number).into()),
            Self::Long(number) => signed(bytes, *number),
            Self::Double(number) => bytes.extend(number.to_le_bytes()),
            Self::Bytes(contents) => {
                write_varint(bytes, contents.len() as u64);
                bytes.extend(contents);
            }
            Self::List(values) => {
                let kind = values.first().map_or(STRUCT, Self::kind);
                if values.len() < 15 {
                    bytes.push((values.len() as u8) << 4 | kind);
                } else {
                    bytes.push(0xf0 | kind);
                    write_varint(bytes, values.len() as u64);
                }
                for value in values {
                    value.write(bytes);
                }
            }
            Self::Struct(fields) => {
                let mut before = 0;
                for (id, value) in fields {
                    bytes.push(((id - before) as u8) << 4 | value.kind());
                    value.write(bytes);
                    before = *id;
                }
                bytes.push(0);
            }
        }
    }
}

pub(super) fn write_varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn signed(bytes: &mut Vec<u8>, number: i64) {
    write_varint(bytes, (number << 1 ^ number >> 63).cast_unsigned());
}

/// Reads a structure off the front of `bytes`. Takes no more memory than some dozens of times what it reads.
pub(super) fn read(bytes: &mut &[u8]) -> Result<Value> {
    value(bytes, STRUCT, 0).context("A description in it is damaged")
}

fn value(bytes: &mut &[u8], kind: u8, depth: usize) -> Result<Value> {
    ensure!(depth <= MAX_DEPTH, "It is too deep");
    Ok(match kind {
        TRUE => Value::Bool(true),
        FALSE => Value::Bool(false),
        3 => Value::Byte(take::<1>(bytes)?[0].cast_signed()),
        4 => Value::Short(number(bytes)? as i16),
        5 => Value::Int(number(bytes)? as i32),
        6 => Value::Long(number(bytes)?),
        7 => Value::Double(f64::from_le_bytes(take(bytes)?)),
        8 => {
            let length = read_varint(bytes).and_then(|length| usize::try_from(length).ok());
            let (contents, rest) =
                length.and_then(|length| bytes.split_at_checked(length)).context("It is cut off")?;
            *bytes = rest;
            Value::Bytes(contents.to_vec())
        }
        LIST | SET => {
            let [head] = take(bytes)?;
            let count = match head >> 4 {
                15 => read_varint(bytes).context("It is cut off")?,
                count => count.into(),
            };
            // Every value has a byte at least.
            ensure!(count <= bytes.len() as u64, "It is cut off");
            let kind = head & 15;
            let element = |bytes: &mut &[u8]| match kind {
                TRUE | FALSE => Ok(Value::Bool(take::<1>(bytes)? == [TRUE])),
                kind => value(bytes, kind, depth + 1),
            };
            Value::List((0..count).map(|_| element(bytes)).collect::<Result<_>>()?)
        }
        STRUCT => {
            let mut fields = Vec::new();
            let mut id = 0_i16;
            loop {
                let [head] = take(bytes)?;
                if head == 0 {
                    break Value::Struct(fields);
                }
                id = match head >> 4 {
                    0 => number(bytes)? as i16,
                    distance => id.wrapping_add(distance.into()),
                };
                fields.push((id, value(bytes, head & 15, depth + 1)?));
            }
        }
        kind => bail!("A value of kind {kind} is not known"),
    })
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk().context("It is cut off")?;
    *bytes = rest;
    Ok(*taken)
}

/// `None` where it is cut off or has more than 64 bits.
pub(super) fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (7 * place);
        if *byte < 0x80 {
            return Some(number);
        }
    }
    None
}

fn number(bytes: &mut &[u8]) -> Result<i64> {
    let number = read_varint(bytes).context("It is cut off")?;
    Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let good = Value::Struct(vec![
            (1, Value::Int(-1)),
            (3, Value::Bool(true)),
            (4, Value::Bool(false)),
            (5, Value::List((0..20).map(|n| Value::Long(1 << n)).collect())),
            (6, Value::List(vec![Value::Struct(vec![(2, Value::text("é"))]), Value::Struct(vec![])])),
            (15, Value::Byte(-3)),
            (16, Value::Double(0.5)),
            (20, Value::Short(i16::MIN)),
            (21, Value::Long(i64::MIN)),
        ]);
        let mut bytes = Vec::new();
        good.write(&mut bytes);
        bytes.push(77);
        let mut rest = bytes.as_slice();
        assert_eq!(read(&mut rest).unwrap(), good);
        assert_eq!(rest, [77]);
        for length in 0..bytes.len() - 1 {
            assert!(read(&mut &bytes[..length]).is_err(), "{length} bytes");
        }
        assert_eq!((good.number(1), good.number(20), good.length(1)), (Some(-1), Some(-32768), None));
    }

    #[test]
    fn what_claims_too_much_is_refused() {
        // A list of 2^28 numbers, a text of 2^35 bytes, structures without end.
        for bytes in [&b"\x19\xf5\xff\xff\xff\x7f\x00"[..], b"\x18\xff\xff\xff\xff\x7f", &[0x1c; 5000]] {
            assert!(read(&mut &*bytes).is_err());
        }
    }
}
