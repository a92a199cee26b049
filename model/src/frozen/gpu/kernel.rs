//! The one kernel: a 3x3 convolution, the shortcut added, and the next batch norm and ReLU.
//!
//! A unit computes four neighbouring pixels of four channels, so that each vector that is read takes part in four products. It
//! waits for no other unit and shares no memory with any, which suits small cards and adapters in software alike. Maps and weights may be
//! kept in half precision; sums are in single precision always.

// The macro writes functions of its own beside each.
#![allow(
    missing_docs,
    clippy::too_many_arguments,
    clippy::pedantic,
    clippy::explicit_counter_loop,
    reason = "the macro repeats what it is given, and knows no iterators"
)]

use cubecl::prelude::*;

/// Channels of a vector.
pub(super) const LANES: usize = 4;
/// Pixels of a row that a unit computes.
pub(super) const COLUMNS: usize = 4;

type Four = Vector<f32, Const<4>>;
/// Four values as they are kept.
type Kept<S> = Vector<S, Const<4>>;

/// What a launch computes.
#[derive(CubeLaunch, CubeType)]
pub(super) struct Plan {
    /// How many units have something to do.
    units: u32,
    /// Width and height of the output.
    size: u32,
    /// Of the convolution.
    stride: u32,
    /// Vectors of a pixel of the input.
    inputs: u32,
    /// Vectors of a pixel of the output.
    outputs: u32,
    /// Of the shortcut, which averages that many pixels either way; 0 where there is none.
    side_stride: u32,
    /// Vectors of a pixel of what the shortcut reads; as many are missing on either side.
    side: u32,
}

/// `raw = convolution(input) + shortcut(side)` where there is a shortcut, and `active = max(scale * raw + shift, 0)`.
///
/// # Shapes, in vectors of four channels
///
/// - `input`: `[batch, size * stride, size * stride, inputs]`
/// - `weight`: `[3, 3, 4 * inputs, outputs]`
/// - `scale`, `shift`: `[outputs]`
/// - `shortcut`: `[batch, size * side_stride, size * side_stride, side]`
/// - `raw`, `active`: `[batch, size, size, outputs]`
#[cube(launch)]
pub(super) fn convolve<S: Float>(
    input: &[Kept<S>],
    weight: &[Kept<S>],
    scale: &[Four],
    shift: &[Four],
    shortcut: &[Kept<S>],
    raw: &mut [Kept<S>],
    active: &mut [Kept<S>],
    plan: Plan,
) {
    let unit = ABSOLUTE_POS;
    if unit >= plan.units as usize {
        terminate!();
    }
    let size = plan.size as usize;
    let stride = plan.stride as usize;
    let inputs = plan.inputs as usize;
    let outputs = plan.outputs as usize;
    let from_size = size * stride;

    let output = unit % outputs;
    let place = unit / outputs;
    let across = size / 4;
    let x = place % across * 4;
    let row = place / across;
    let y = row % size;
    let picture = row / size;

    let mut a = Four::new(0.0);
    let mut b = Four::new(0.0);
    let mut c = Four::new(0.0);
    let mut d = Four::new(0.0);
    for ky in 0..3usize {
        // One more than the row: row 0 is the border.
        let from_y = y * stride + ky;
        if from_y >= 1 && from_y <= from_size {
            let line = (picture * from_size + from_y - 1) * from_size;
            for kx in 0..3usize {
                let from_x = x * stride + kx;
                let last_x = from_x + 3 * stride;
                // Only the first and the last pixel can lie in the border.
                let first = select(from_x >= 1, 1.0f32, 0.0f32);
                let last = select(last_x <= from_size, 1.0f32, 0.0f32);
                let mut at_a = (line + max(from_x, 1) - 1) * inputs;
                let mut at_b = (line + from_x + stride - 1) * inputs;
                let mut at_c = (line + from_x + 2 * stride - 1) * inputs;
                let mut at_d = (line + min(last_x, from_size) - 1) * inputs;
                let mut at = (ky * 3 + kx) * 4 * inputs * outputs + output;
                for _ in 0..inputs {
                    let va = Four::cast_from(input[at_a]) * Four::new(first);
                    let vb = Four::cast_from(input[at_b]);
                    let vc = Four::cast_from(input[at_c]);
                    let vd = Four::cast_from(input[at_d]) * Four::new(last);
                    #[unroll]
                    for lane in 0..4usize {
                        let factor = Four::cast_from(weight[at + lane * outputs]);
                        a += Four::new(va.extract(lane)) * factor;
                        b += Four::new(vb.extract(lane)) * factor;
                        c += Four::new(vc.extract(lane)) * factor;
                        d += Four::new(vd.extract(lane)) * factor;
                    }
                    at_a += 1;
                    at_b += 1;
                    at_c += 1;
                    at_d += 1;
                    at += 4 * outputs;
                }
            }
        }
    }

    let to = ((picture * size + y) * size + x) * outputs + output;
    let side_stride = plan.side_stride as usize;
    if side_stride > 0 {
        let side = plan.side as usize;
        let missing = (outputs - side) / 2;
        if output >= missing && output < missing + side {
            let weight = Four::new(1.0 / f32::cast_from(side_stride * side_stride));
            let side_size = size * side_stride;
            for dy in 0..side_stride {
                let line = ((picture * size + y) * side_stride + dy) * side_size;
                for dx in 0..side_stride {
                    let at = (line + x * side_stride + dx) * side + output - missing;
                    let step = side_stride * side;
                    a += Four::cast_from(shortcut[at]) * weight;
                    b += Four::cast_from(shortcut[at + step]) * weight;
                    c += Four::cast_from(shortcut[at + 2 * step]) * weight;
                    d += Four::cast_from(shortcut[at + 3 * step]) * weight;
                }
            }
        }
        raw[to] = Kept::<S>::cast_from(a);
        raw[to + outputs] = Kept::<S>::cast_from(b);
        raw[to + 2 * outputs] = Kept::<S>::cast_from(c);
        raw[to + 3 * outputs] = Kept::<S>::cast_from(d);
    }
    let factor = scale[output];
    let summand = shift[output];
    let zero = Four::new(0.0);
    active[to] = Kept::<S>::cast_from(max(a * factor + summand, zero));
    active[to + outputs] = Kept::<S>::cast_from(max(b * factor + summand, zero));
    active[to + 2 * outputs] = Kept::<S>::cast_from(max(c * factor + summand, zero));
    active[to + 3 * outputs] = Kept::<S>::cast_from(max(d * factor + summand, zero));
}
