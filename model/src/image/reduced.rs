//! Large JPEGs at a half, a quarter or an eighth of their size, for a fraction of the time and of the memory.
//!
//! A camera's photo has a hundred times the pixels that the network looks at. Here each 8x8 block becomes at once the means of its
//! parts, without ever being pixels: a mean is as much a sum over the block's frequencies as a pixel is. Colours, which cameras store at a
//! half of the size, come out at the same size as the light.
//!
//! Only what cameras write is read: sequential, eight bits, all of it in one scan. Everything else, and everything that is wrong, is
//! None: the full decoder knows more, and says what is wrong.

mod join;
mod plane;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;

use ::image::RgbImage;

use self::join::Join;
use self::plane::Plane;
use super::bits::Bits;
use super::huffman::{Code, Kind};

/// The shorter side that is left at least, pixels: enough to look at a small part of the photo.
const SHORTER_SIDE: u32 = 640;

/// By what the sides of a picture may be divided: 8, 4 or 2; 1 where it is small enough as it is.
pub(super) fn reduction(width: u32, height: u32) -> usize {
    let shorter = width.min(height);
    [8, 4, 2].into_iter().find(|divisor| shorter / divisor >= SHORTER_SIDE).unwrap_or(1) as usize
}

/// The picture, which has this `size`, with its sides divided by `reduction`, 1, 2, 4 or 8, and rounded up.
pub(super) fn decode(bytes: &[u8], size: [u32; 2], reduction: usize) -> Option<RgbImage> {
    let mut tables = Tables::default();
    let mut at = 2;
    loop {
        let &[0xff, marker] = bytes.get(at..)?.first_chunk()? else { return None };
        if marker == 0xff {
            at += 1;
            continue;
        }
        let length = bytes.get(at + 2..)?.first_chunk()?;
        let end = at + 2 + usize::from(u16::from_be_bytes(*length));
        let segment = bytes.get(at + 4..end)?;
        match marker {
            0xc0 | 0xc1 => tables.frame = Some(Frame::read(segment, size, reduction)?),
            0xc4 => tables.read_codes(segment)?,
            0xda => return tables.scan(segment, bytes.get(end..)?),
            0xdb => tables.read_steps(segment)?,
            0xdd => tables.restart_interval = usize::from(u16::from_be_bytes(*segment.first_chunk()?)),
            // Adobe's: whether the colours are what everybody else's are.
            0xee if segment.starts_with(b"Adobe") && segment.get(11) != Some(&1) => return None,
            0xe0..=0xef | 0xfe => {}
            // Other ways of coding, above all.
            _ => return None,
        }
        at = end;
    }
}

/// One of light, blueness and redness.
struct Component {
    id: u8,
    /// Blocks of it in a unit, across and down.
    blocks: [usize; 2],
    /// Pixels that one of its blocks becomes, across and down: 1, 2, 4 or 8.
    pixels: [usize; 2],
    steps: usize,
}

struct Frame {
    /// Of the reduced picture.
    width: usize,
    height: usize,
    /// Units across and down.
    units: [usize; 2],
    /// Rows of pixels that a row of units becomes.
    unit_height: usize,
    components: Vec<Component>,
}

impl Frame {
    fn read(segment: &[u8], size: [u32; 2], reduction: usize) -> Option<Self> {
        let [8, h1, h2, w1, w2, count, rest @ ..] = segment else { return None };
        let height = usize::from(u16::from_be_bytes([*h1, *h2]));
        let width = usize::from(u16::from_be_bytes([*w1, *w2]));
        let rows = rest.as_chunks::<3>().0;
        // Whoever asks has seen to it that a picture of this size may be opened.
        let is_as_said = size.map(|side| side as usize) == [width, height];
        if !is_as_said
            || width == 0
            || height == 0
            || !matches!(count, 1 | 3)
            || rows.len() != usize::from(*count)
        {
            return None;
        }
        // A picture in grey has units of one block, whatever it says.
        let sampling = |row: &[u8; 3]| {
            if *count == 1 { [1, 1] } else { [usize::from(row[1] >> 4), usize::from(row[1] & 15)] }
        };
        let most = rows.iter().map(sampling).reduce(|a, b| [a[0].max(b[0]), a[1].max(b[1])])?;
        let components = rows.iter().map(|row| {
            let blocks = sampling(row);
            let mut pixels = [0, 0];
            for axis in 0..2 {
                let (block, most) = (blocks[axis], most[axis]);
                if !matches!((block, most), (1, 1) | (1 | 2, 2)) || (8 * most) % (block * reduction) > 0 {
                    return None;
                }
                pixels[axis] = 8 * most / (block * reduction);
            }
            let fits = pixels.iter().all(|pixels| matches!(pixels, 1 | 2 | 4 | 8)) && row[2] < 4;
            fits.then_some(Component { id: row[0], blocks, pixels, steps: usize::from(row[2]) })
        });
        let components: Vec<Component> = components.collect::<Option<_>>()?;
        // Named so where the colours are red, green and blue.
        if components.first()?.id == b'R' {
            return None;
        }
        Some(Self {
            width: width.div_ceil(reduction),
            height: height.div_ceil(reduction),
            units: [width.div_ceil(8 * most[0]), height.div_ceil(8 * most[1])],
            unit_height: 8 * most[1] / reduction,
            components,
        })
    }
}

/// How many codes have each length from 1 to 16, and what they stand for.
type Symbols = ([u8; 16], Vec<u8>);

/// What segments before the scan say.
#[derive(Default)]
struct Tables {
    frame: Option<Frame>,
    /// What the frequencies are multiplied with, in the order in which they are stored.
    steps: [Option<[u16; 64]>; 4],
    /// Of a block's mean, and of its other frequencies.
    codes: [[Option<Symbols>; 4]; 2],
    /// Units between two restarts; 0 where there are none.
    restart_interval: usize,
}

impl Tables {
    fn read_steps(&mut self, mut segment: &[u8]) -> Option<()> {
        while let [kind, rest @ ..] = segment {
            let steps = self.steps.get_mut(usize::from(kind & 15))?.insert([0; 64]);
            let width = match kind >> 4 {
                0 => 1,
                1 => 2,
                _ => return None,
            };
            for (step, bytes) in steps.iter_mut().zip(rest.get(..64 * width)?.chunks_exact(width)) {
                *step = bytes.iter().fold(0, |number, byte| number << 8 | u16::from(*byte));
            }
            segment = &rest[64 * width..];
        }
        Some(())
    }

    fn read_codes(&mut self, mut segment: &[u8]) -> Option<()> {
        while let [kind, rest @ ..] = segment {
            let counts = rest.first_chunk::<16>()?;
            let length = counts.iter().map(|count| usize::from(*count)).sum::<usize>();
            let symbols = rest.get(16..16 + length)?;
            let kinds = self.codes.get_mut(usize::from(kind >> 4))?;
            *kinds.get_mut(usize::from(kind & 15))? = Some((*counts, symbols.to_vec()));
            segment = &rest[16 + length..];
        }
        Some(())
    }

    /// The picture from its one scan, whose header is `segment`.
    fn scan(&self, segment: &[u8], coded: &[u8]) -> Option<RgbImage> {
        let frame = self.frame.as_ref()?;
        let count = frame.components.len();
        let [said, rest @ ..] = segment else { return None };
        let rows = rest.get(..2 * count)?.as_chunks::<2>().0;
        if usize::from(*said) != count || rest.get(2 * count..)? != [0, 63, 0] {
            return None;
        }
        let code = |kind: Kind, at: u8| {
            let (counts, symbols) = self.codes[kind as usize].get(usize::from(at))?.as_ref()?;
            Code::new(kind, counts, symbols)
        };
        // Only now: a file may define any number of codes.
        let codes =
            rows.iter().map(|[_, at]| Some([code(Kind::Means, at >> 4)?, code(Kind::Others, at & 15)?]));
        let codes: Vec<[Code; 2]> = codes.collect::<Option<_>>()?;
        let planes = frame.components.iter().zip(rows).zip(&codes).map(|((component, [id, _]), codes)| {
            let steps = self.steps[component.steps].as_ref()?;
            (*id == component.id).then(|| Plane::new(frame, component, steps, codes))
        });
        let mut planes: Vec<Plane<'_>> = planes.collect::<Option<_>>()?;
        let mut picture = RgbImage::new(frame.width as u32, frame.height as u32);
        let mut rows = picture.chunks_exact_mut(3 * frame.width);
        let mut join = Join::new(planes.first()?.row(0).len());
        let mut bits = Bits::new(coded);
        let [across, down] = frame.units;
        for unit in 0..across * down {
            if self.restart_interval > 0 && unit > 0 && unit % self.restart_interval == 0 {
                bits.restart()?;
                planes.iter_mut().for_each(Plane::restart);
            }
            bits.fetch();
            for plane in &mut planes {
                plane.unit(&mut bits, unit % across)?;
            }
            // Not after each bit: what is made up is thrown away as a whole.
            if bits.has_run_out() {
                return None;
            }
            if (unit + 1) % across == 0 {
                // What fills up the last row of units is left out.
                (0..frame.unit_height).zip(&mut rows).for_each(|(y, row)| paint(row, y, &planes, &mut join));
            }
        }
        Some(picture)
    }
}

/// A row of pixels, the `y`th of a row of units.
fn paint(row: &mut [u8], y: usize, planes: &[Plane<'_>], join: &mut Join) {
    let pixels = row.as_chunks_mut::<3>().0;
    match planes {
        [light, blueness, redness] => join.colours(pixels, light.row(y), blueness.row(y), redness.row(y)),
        [light, ..] => join::greys(pixels, light.row(y)),
        [] => {}
    }
}
