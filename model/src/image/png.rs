//! Whether the palette of a PNG is one: its decoder takes each chunk of that name at its word.

/// Whether every palette of a PNG with indexed colours is whole: from 1 to 256 colours of three bytes.
pub(super) fn has_sound_palette(bytes: &[u8]) -> bool {
    /// Indexed colours, as the header's tenth byte says.
    const INDEXED: u8 = 3;
    if bytes.get(25) != Some(&INDEXED) {
        return true;
    }
    // After eight bytes of signature come chunks: a length, a name, that many bytes, a checksum.
    let mut at = 8usize;
    while let Some(head) = at.checked_add(8).and_then(|end| bytes.get(at..end)) {
        let Ok(length) = usize::try_from(u32::from_be_bytes([head[0], head[1], head[2], head[3]])) else {
            break;
        };
        if &head[4..] == b"PLTE" && !(length.is_multiple_of(3) && (3..=768).contains(&length)) {
            return false;
        }
        let Some(next) = at.checked_add(12).and_then(|start| start.checked_add(length)) else { break };
        at = next;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_palette_of_broken_colours_is_noticed() {
        let file = |colour: u8, length: u32| {
            let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08".to_vec();
            bytes.extend([colour, 0, 0, 0, 0, 0, 0, 0]);
            bytes.extend(length.to_be_bytes());
            bytes.extend(b"PLTE\x01\x02\x03\x04");
            bytes
        };
        for length in [3, 6, 768] {
            assert!(has_sound_palette(&file(3, length)), "{length}");
        }
        for length in [0, 1, 4, 769, 771, u32::MAX] {
            assert!(!has_sound_palette(&file(3, length)), "{length}");
            assert!(has_sound_palette(&file(2, length)), "{length}");
        }
        assert!(has_sound_palette(b""));
    }
}
