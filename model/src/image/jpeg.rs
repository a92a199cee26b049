//! What can be told of a JPEG before it is decoded: whether its end is there, and how much memory its kind takes.

use super::bits::has_marker;

/// A marker that is no part of the coded pixels.
struct Segment<'a> {
    kind: u8,
    /// What follows the length, as far as the file goes.
    data: &'a [u8],
}

/// The segments up to the end marker, which is the last one; without it, up to where the file ends.
///
/// Segments are skipped by their length, since a preview in the metadata has an end of its own; what follows the end, as
/// a phone's moving picture does, is not looked at.
fn segments(bytes: &[u8]) -> impl Iterator<Item = Segment<'_>> {
    let mut at = 2;
    std::iter::from_fn(move || {
        while let Some(&[first, second]) = bytes.get(at..at + 2) {
            match (first, second) {
                (0xff, 0xd9) => {
                    at = bytes.len();
                    return Some(Segment { kind: second, data: &[] });
                }
                // Fill bytes, and coded pixels, in which 0xff is followed by zero or a restart.
                (0xff, 0xff) => at += 1,
                (0xff, 0x00 | 0x01 | 0xd0..=0xd8) => at += 2,
                (0xff, _) => {
                    let &[high, low] = bytes.get(at + 2..at + 4)? else { return None };
                    let start = at + 4;
                    at += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
                    let end = at.clamp(start, bytes.len().max(start));
                    return Some(Segment { kind: second, data: bytes.get(start..end).unwrap_or_default() });
                }
                _ => at += to_marker(&bytes[at..]),
            }
        }
        None
    })
}

/// Bytes before the first 0xff; at least one where `bytes` begins with another.
fn to_marker(bytes: &[u8]) -> usize {
    let (chunks, rest) = bytes.as_chunks::<8>();
    let clear = chunks.iter().take_while(|chunk| !has_marker(**chunk)).count();
    let next = chunks.get(clear).map_or(rest, |chunk| chunk);
    8 * clear + next.iter().take_while(|byte| **byte != 0xff).count()
}

/// Whether the end marker comes where a marker can be.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    segments(bytes).any(|segment| segment.kind == 0xd9)
}

/// Bytes a pixel, rounded up, that the decoder keeps of the coefficients: of a picture that comes in more than one scan it
/// has all of them until the end.
pub(super) fn coefficient_bytes(bytes: &[u8]) -> u64 {
    let mut frame = None;
    for segment in segments(bytes) {
        match (segment.kind, segment.data) {
            // Start of a frame: precision, height, width, number of components, and for each its id, sampling and table.
            (0xc0..=0xcf, data) if !matches!(segment.kind, 0xc4 | 0xc8 | 0xcc) => {
                let Some(components) = data.get(6..) else { continue };
                let areas: Vec<(u64, u64)> = components
                    .chunks_exact(3)
                    .map(|component| (u64::from(component[1] >> 4), u64::from(component[1] & 15)))
                    .collect();
                frame = Some((segment.kind == 0xc2, areas));
            }
            // Start of the first scan: number of its components.
            (0xda, data) => {
                let Some((is_progressive, areas)) = frame else { return 0 };
                let in_scan = usize::from(data.first().copied().unwrap_or(0));
                if !is_progressive && in_scan == areas.len() {
                    return 0;
                }
                let sum: u64 = areas.iter().map(|(width, height)| width * height).sum();
                let widest = areas.iter().map(|area| area.0).max().unwrap_or(1).max(1);
                let highest = areas.iter().map(|area| area.1).max().unwrap_or(1).max(1);
                // A scan of one component is laid out as if each took the whole picture.
                let share = if in_scan > 1 { widest * highest } else { 1 };
                return (2 * sum).div_ceil(share);
            }
            _ => {}
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The head of a JPEG: a frame of this kind and of components with this sampling, then a scan of so many of them.
    fn head(kind: u8, sampling: &[u8], in_scan: u8) -> Vec<u8> {
        let components: Vec<u8> = sampling.iter().flat_map(|area| [1, *area, 0]).collect();
        let count = sampling.len() as u8;
        let frame =
            [&[0xff, 0xd8, 0xff, kind, 0, 8 + 3 * count, 8, 0, 16, 0, 16, count], &components[..]].concat();
        [&frame[..], &[0xff, 0xda, 0, 3, in_scan, 0xff, 0xd9]].concat()
    }

    #[test]
    fn coefficients_are_counted_where_they_are_kept() {
        assert_eq!(coefficient_bytes(&head(0xc0, &[0x22, 0x11, 0x11], 3)), 0);
        assert_eq!(coefficient_bytes(&head(0xc2, &[0x22, 0x11, 0x11], 3)), 3);
        assert_eq!(coefficient_bytes(&head(0xc2, &[0x11, 0x11, 0x11], 3)), 6);
        assert_eq!(coefficient_bytes(&head(0xc0, &[0x44, 0x44, 0x44], 1)), 96);
        assert_eq!(coefficient_bytes(&head(0xc2, &[], 0)), 0);
        assert_eq!(coefficient_bytes(b""), 0);
    }

    #[test]
    fn the_end_is_found_wherever_it_is() {
        for before in 0..70 {
            for after in [0, 1, 15, 16, 40] {
                let coded = [&vec![0x7f; before][..], &[0xff, 0xd0], &vec![0; after]].concat();
                let bytes = [&head(0xc0, &[0x11], 1)[..20], &coded, &[0xff, 0xd9]].concat();
                assert_eq!(to_marker(&coded), before);
                assert!(is_complete(&bytes), "{before} {after}");
                assert!(!is_complete(&bytes[..bytes.len() - 1]), "{before} {after}");
            }
        }
        assert_eq!(to_marker(&[1; 33]), 33);
    }

    #[test]
    fn an_end_inside_a_segment_is_none() {
        assert!(is_complete(&head(0xc0, &[0x11], 1)));
        assert!(!is_complete(b"\xff\xd8\xff\xe1\0\x04\xff\xd9"));
        assert!(!is_complete(b"\xff\xd8\xff\xe1"));
        for cut in 0..20 {
            assert!(!is_complete(&head(0xc0, &[0x11], 1)[..cut]));
        }
    }
}
