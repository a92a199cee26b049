//! gzip as the plainest host could write it: the bytes as they are, in blocks.

/// Bytes of a block at most.
const BLOCK: usize = 0xffff;

/// `bytes` as a gzip file, which is a little longer.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    let blocks = bytes.len().div_ceil(BLOCK);
    for (number, block) in bytes.chunks(BLOCK).enumerate() {
        let length = block.len() as u16;
        file.push(u8::from(number + 1 == blocks));
        file.extend(length.to_le_bytes());
        file.extend((!length).to_le_bytes());
        file.extend(block);
    }
    file.extend(checksum(bytes).to_le_bytes());
    file.extend((bytes.len() as u32).to_le_bytes());
    file
}

/// CRC-32, as gzip has it.
fn checksum(bytes: &[u8]) -> u32 {
    let step = |sum: u32, _| (sum >> 1) ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(u32::MAX, |sum, byte| (0..8).fold(sum ^ u32::from(*byte), step))
}

#[cfg(test)]
mod tests {
    use super::{checksum, gzip};

    #[test]
    fn the_check_value_is_the_known_one_and_blocks_follow_each_other() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        let file = gzip(&vec![7; 70_000]);
        assert_eq!(file.len(), 10 + 2 * 5 + 70_000 + 8);
        assert_eq!(file[10..15], [0, 0xff, 0xff, 0, 0]);
        assert_eq!(file[15 + 65_535..][..3], [1, 0x71, 0x11]);
    }
}
