//! Whether a WebP file is as long as its chunks say: its decoder makes room for what they claim before it reads.

/// Whether the file and each chunk at its top end where they say, but for a last byte of padding.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    let length =
        |at: usize| bytes.get(at..at + 4).map(|b| u64::from(u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
    let there = bytes.len() as u64;
    // "RIFF", the length of what follows, "WEBP", then chunks: a name, a length, that many bytes.
    let Some(end) = length(4).map(|length| length + 8).filter(|end| *end <= there + 1) else { return false };
    let mut at = 12;
    while at + 8 <= end.min(there) {
        let Some(size) = usize::try_from(at + 4).ok().and_then(length) else { return false };
        if at + 8 + size > there {
            return false;
        }
        at += 8 + size + size % 2;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_beyond_the_file_are_noticed() {
        let file = |riff: u32, chunk: u32| {
            [&b"RIFF"[..], &riff.to_le_bytes(), b"WEBPEXIF", &chunk.to_le_bytes(), b"abcd"].concat()
        };
        assert!(is_complete(&file(16, 4)));
        assert!(is_complete(&file(16, 3)));
        for (riff, chunk) in [(16, 5), (16, u32::MAX), (18, 4), (u32::MAX, 4)] {
            assert!(!is_complete(&file(riff, chunk)), "{riff} {chunk}");
        }
        assert!(!is_complete(b"RIFF"));
    }
}
