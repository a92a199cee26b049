//! Constants of the feature file's layout; all numbers are little endian.
//!
//! Header, 128 bytes: 0 magic; 8 major and 10 minor version (u16); 12 number of sections (u32); 16 required and 24 optional
//! feature flags (u64); 32 total length (u64); 40 rows (u64); 48 dimension (u32); 52 zero (u32); 56 SHA-256 of the weights;
//! 88 id of the preprocessing (16 bytes); 104 zero (16 bytes); 120 checksum.
//! Section table, 64 bytes an entry: 0 kind (u32); 4 codec (u32); 8 offset (u64); 16 length (u64); 24 SHA-256; 56 zero (u64).

/// First eight bytes. The last one stops a terminal, as PNG's does.
pub const MAGIC: [u8; 8] = *b"TWILLFF\x1a";
/// A reader refuses another major version.
pub const MAJOR: u16 = 1;
/// A reader accepts any minor version.
pub const MINOR: u16 = 0;
/// Length of the header.
pub const HEADER: usize = 128;
/// Length of an entry of the section table.
pub const ENTRY: usize = 64;
/// Sections start at multiples of this.
pub const ALIGNMENT: usize = 64;
/// Section that holds the vectors, row-major.
pub const KIND_VECTORS: u32 = 1;
/// IEEE 754 half precision.
pub const CODEC_F16: u32 = 1;
/// More sections than this are refused.
pub const MAX_SECTIONS: u32 = 64;
/// Longer vectors than this are refused.
pub const MAX_DIMENSION: u32 = 4096;
/// Offset of the header checksum.
pub const CHECKSUM_AT: usize = 120;
