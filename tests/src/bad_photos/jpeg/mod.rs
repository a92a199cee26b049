//! JPEGs by hand: blocks of one colour each, so that any kind of frame can be written in a few lines.

mod list;

use super::bits::HighFirst;
pub(super) use list::photos;

/// Everything that a file says of itself, right or wrong.
#[derive(Clone)]
struct Jpeg {
    /// Second byte of the marker that starts the frame.
    frame: u8,
    precision: u8,
    width: u16,
    height: u16,
    /// Horizontal and vertical sampling of each component.
    sampling: Vec<(u8, u8)>,
    /// Whether the components come in one scan.
    is_interleaved: bool,
    /// Transform in an Adobe segment.
    adobe: Option<u8>,
    /// MCUs between restarts, as stated and as written.
    restart: Option<(u16, usize)>,
    /// Scans of further coefficients after the first.
    more_scans: usize,
    /// Segments before the frame.
    before: Vec<u8>,
    /// Size that the frame states, where it lies.
    claims: Option<(u16, u16)>,
    /// Whether the coded pixels are there.
    has_pixels: bool,
}

impl Default for Jpeg {
    fn default() -> Self {
        Self {
            frame: 0xc0,
            precision: 8,
            width: 64,
            height: 48,
            sampling: vec![(1, 1); 3],
            is_interleaved: true,
            adobe: None,
            restart: None,
            more_scans: 0,
            before: Vec::new(),
            claims: None,
            has_pixels: true,
        }
    }
}

/// A segment with its length.
fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    [&[0xff, marker][..], &((data.len() + 2) as u16).to_be_bytes(), data].concat()
}

impl Jpeg {
    fn is_progressive(&self) -> bool {
        self.frame == 0xc2
    }

    fn bytes(&self) -> Vec<u8> {
        let mut out = vec![0xff, 0xd8];
        out.extend(&self.before);
        if let Some(transform) = self.adobe {
            out.extend(segment(0xee, &[b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat()));
        }
        out.extend(segment(0xdb, &[&[0][..], &[8; 64]].concat()));
        let (width, height) = self.claims.unwrap_or((self.width, self.height));
        let mut frame = vec![self.precision];
        frame.extend(height.to_be_bytes());
        frame.extend(width.to_be_bytes());
        frame.push(self.sampling.len() as u8);
        for (number, (h, v)) in self.sampling.iter().enumerate() {
            frame.extend([number as u8 + 1, h << 4 | (v & 15), 0]);
        }
        out.extend(segment(self.frame, &frame));
        // Twelve codes of four bits for the first coefficients; two of two bits (end of block, end of 16384 blocks) for others.
        let mut dc = vec![0x00, 0, 0, 0, 12];
        dc.extend([0; 12]);
        dc.extend(0..12);
        out.extend(segment(0xc4, &dc));
        let mut ac = vec![0x10, 0, 2];
        ac.extend([0; 14]);
        ac.extend([0x00, 0xe0]);
        out.extend(segment(0xc4, &ac));
        if let Some((stated, _)) = self.restart {
            out.extend(segment(0xdd, &stated.to_be_bytes()));
        }
        let all: Vec<usize> = (0..self.sampling.len()).collect();
        if self.is_interleaved {
            self.scan(&mut out, &all);
        } else {
            for component in all {
                self.scan(&mut out, &[component]);
            }
        }
        for scan in 0..self.more_scans {
            let component = (scan % self.sampling.len()) as u8 + 1;
            out.extend(segment(0xda, &[1, component, 0, 1, 63, 0]));
            let mut bits = HighFirst::default();
            // Ends of 16384 blocks and fourteen more bits of them, until the picture is through.
            let blocks = usize::from(self.width).div_ceil(8) * usize::from(self.height).div_ceil(8);
            for _ in 0..=blocks / 16384 {
                bits.push(1, 2);
                bits.push(0, 14);
            }
            out.extend(bits.finish());
        }
        out.extend([0xff, 0xd9]);
        out
    }

    /// One scan of first coefficients.
    fn scan(&self, out: &mut Vec<u8>, components: &[usize]) {
        let mut head = vec![components.len() as u8];
        for component in components {
            head.extend([*component as u8 + 1, 0]);
        }
        head.extend(if self.is_progressive() { [0, 0, 0] } else { [0, 63, 0] });
        out.extend(segment(0xda, &head));
        if !self.has_pixels {
            return;
        }
        let widest = self.sampling.iter().map(|area| usize::from(area.0)).max().unwrap_or(1).max(1);
        let highest = self.sampling.iter().map(|area| usize::from(area.1)).max().unwrap_or(1).max(1);
        let alone = components.len() == 1;
        let (across, down) = if alone { (8, 8) } else { (8 * widest, 8 * highest) };
        let across = usize::from(self.width).div_ceil(across);
        let down = usize::from(self.height).div_ceil(down);
        let mut bits = HighFirst::default();
        let mut last = vec![0i32; self.sampling.len()];
        for mcu in 0..across * down {
            if let Some((_, every)) = self.restart.filter(|restart| mcu > 0 && mcu % restart.1 == 0) {
                out.extend(std::mem::take(&mut bits).finish());
                out.extend([0xff, 0xd0 + ((mcu / every - 1) % 8) as u8]);
                last.fill(0);
            }
            for component in components {
                let area = self.sampling[*component];
                let blocks = if alone { 1 } else { usize::from(area.0) * usize::from(area.1) };
                for block in 0..blocks {
                    let level = ((mcu * 7 + block * 3 + component * 40) % 160) as i32 - 80;
                    let difference = level - last[*component];
                    last[*component] = level;
                    let size = 32 - difference.unsigned_abs().leading_zeros();
                    bits.push(size, 4);
                    bits.push((if difference < 0 { difference - 1 } else { difference }) as u32, size);
                    if !self.is_progressive() {
                        bits.push(0, 2);
                    }
                }
            }
        }
        out.extend(bits.finish());
    }
}

/// A plain colour JPEG that opens.
pub(super) fn plain() -> Vec<u8> {
    Jpeg::default().bytes()
}

/// A progressive JPEG that opens.
pub(super) fn progressive() -> Vec<u8> {
    Jpeg { frame: 0xc2, more_scans: 3, ..Jpeg::default() }.bytes()
}
