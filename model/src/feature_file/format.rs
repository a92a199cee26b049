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
/// A reader accepts any minor version. 0 had no codes.
pub const MINOR: u16 = 1;
/// Of a file with hashes of its vectors' blocks.
pub const MINOR_WITH_VECTOR_BLOCKS: u16 = 2;
/// Of a file with codes along principal components.
pub const MINOR_WITH_COMPONENTS: u16 = 3;
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
/// Section that holds the codes, in blocks of rows.
pub const KIND_CODES: u32 = 2;
/// Seven bits a value in a byte, sixteen rows interleaved.
pub const CODEC_SEVEN_BITS: u32 = 2;
/// Seven bits a principal component, likewise; each block has its axes before its codes and finer bits after them.
pub const CODEC_COMPONENTS: u32 = 3;
/// Section that describes the blocks of the codes: hashes, bounds, offsets and steps.
pub const KIND_BLOCKS: u32 = 3;
/// As [`BLOCK_TABLE_HEAD`] and [`BLOCK_HEAD`] say.
pub const CODEC_BLOCKS: u32 = 1;
/// The same for codes along components.
pub const CODEC_BLOCKS_OF_COMPONENTS: u32 = 2;
/// Section that has the hashes of the vectors of each block of rows.
pub const KIND_VECTOR_BLOCKS: u32 = 4;
/// A SHA-256 a block.
pub const CODEC_SHA256: u32 = 1;
/// Length of a hash.
pub const HASH: usize = 32;
/// Rows whose codes are interleaved.
pub const GROUP_ROWS: usize = 16;
/// Consecutive values of a row that stay together.
pub const QUAD: usize = 4;
/// Bytes of a line: four values of sixteen rows.
pub const LINE: usize = GROUP_ROWS * QUAD;
/// The largest code.
pub const MAX_CODE: u8 = 127;
/// Bytes of a row's finer bits, with codes along components.
pub const FINER: usize = 16;
/// With codes along components, vectors are no longer than this: the work for a row grows with the square of its length.
pub const MAX_DIMENSION_ALONG: usize = 256;
/// No component has more finer bits than this.
pub const FINEST: u8 = 8;
/// Start of the section of blocks: 0 rows a block (u32); 4 components (u32), with codes along them; the rest is zero.
pub const BLOCK_TABLE_HEAD: usize = 64;
/// Start of a block's entry: 0 SHA-256 of its codes; 32 largest residual norm (f32); the rest is zero. An offset and then
/// a step for each value (f32) follow.
pub const BLOCK_HEAD: usize = 64;
/// What a block of codes should at least have, in bytes, so that requests and hashes are few.
pub const BLOCK_BYTES: usize = 2 << 20;
/// More sections than this are refused.
pub const MAX_SECTIONS: u32 = 64;
/// Longer vectors than this are refused.
pub const MAX_DIMENSION: u32 = 4096;
/// Offset of the header checksum.
pub const CHECKSUM_AT: usize = 120;
