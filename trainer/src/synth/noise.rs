//! Tileable noise from tables made once, so that a pixel costs a look-up instead of octaves.

use std::sync::OnceLock;

use super::rng::Rng;

const SIZE: usize = 512;
/// Table cells per noise unit.
const DENSITY: f32 = 32.0;
/// A whole number of table widths.
const OFFSET: f32 = 65_536.0;

struct Tables {
    cloud: Vec<f32>,
    crumple: Vec<f32>,
    grain: Vec<f32>,
}

fn lattice(values: &[f32], period: usize, x: f32, y: f32) -> f32 {
    let (xf, yf) = (x.floor(), y.floor());
    let (tx, ty) = (x - xf, y - yf);
    let (tx, ty) = (tx * tx * (3.0 - 2.0 * tx), ty * ty * (3.0 - 2.0 * ty));
    let wrap = |v: f32| (v as i64).rem_euclid(period as i64) as usize;
    let (x0, y0, x1, y1) = (wrap(xf), wrap(yf), wrap(xf + 1.0), wrap(yf + 1.0));
    let at = |x: usize, y: usize| values[y * period + x];
    let top = at(x0, y0) + (at(x1, y0) - at(x0, y0)) * tx;
    let bottom = at(x0, y1) + (at(x1, y1) - at(x0, y1)) * tx;
    top + (bottom - top) * ty
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let mut rng = Rng::new(&[0x006e_6f69_7365]);
        let mut cloud = vec![0.0; SIZE * SIZE];
        let (mut period, mut weight) = (16_usize, 0.6);
        for _ in 0..4 {
            let values: Vec<f32> = (0..period * period).map(|_| rng.range(-1.0, 1.0)).collect();
            let step = period as f32 / SIZE as f32;
            for y in 0..SIZE {
                for x in 0..SIZE {
                    cloud[y * SIZE + x] +=
                        weight * lattice(&values, period, x as f32 * step, y as f32 * step);
                }
            }
            period *= 2;
            weight *= 0.5;
        }
        let mut crumple = vec![0.0; SIZE * SIZE];
        for y in 0..SIZE {
            for x in 0..SIZE {
                let at = |x: usize, y: usize| cloud[(y % SIZE) * SIZE + x % SIZE];
                let crease = |n: f32| (1.0 - n.abs() * 2.4).max(0.0).powi(2);
                let broad = at(x * 2 + 31, y + 257);
                let bent = ((at(x, y + 90) + 1.0) * 14.0) as usize;
                let sharp = crease(at(x + bent + 200, y + 60)) * (0.5 + 0.5 * broad).clamp(0.1, 1.0);
                let fine = crease(at(2 * x + 77, 2 * y + bent));
                crumple[y * SIZE + x] = 0.9 * at(x, y) + 0.5 * sharp + 0.16 * fine + 0.1 * broad;
            }
        }
        let grain = (0..SIZE * SIZE).map(|_| rng.normal()).collect();
        Tables { cloud, crumple, grain }
    })
}

/// Bilinear look-up in a table that repeats.
fn sample(table: &[f32], x: f32, y: f32) -> f32 {
    let (x, y) = (x * DENSITY + OFFSET, y * DENSITY + OFFSET);
    // The offset keeps coordinates positive, where truncation is the floor and needs no call.
    let (xi, yi) = (x as i32, y as i32);
    let (tx, ty) = (x - xi as f32, y - yi as f32);
    let (x0, y0) = ((xi as usize) & (SIZE - 1), (yi as usize) & (SIZE - 1));
    let (x1, y1) = ((x0 + 1) & (SIZE - 1), (y0 + 1) & (SIZE - 1));
    let (upper, lower) = (y0 * SIZE, y1 * SIZE);
    let top = table[upper + x0] + (table[upper + x1] - table[upper + x0]) * tx;
    let bottom = table[lower + x0] + (table[lower + x1] - table[lower + x0]) * tx;
    top + (bottom - top) * ty
}

/// Soft fractal noise, about -1..1, features of size one.
pub(crate) fn cloud(x: f32, y: f32) -> f32 {
    sample(&tables().cloud, x, y)
}

/// Relief of cloth that was dropped: soft waves with a few sharp creases, about -1..1.5.
pub(crate) fn crumple(x: f32, y: f32) -> f32 {
    sample(&tables().crumple, x, y)
}

/// White, normally distributed noise for the pixel or thread with these numbers.
pub(crate) fn grain(x: i32, y: i32) -> f32 {
    let table = &tables().grain;
    // Rows are sheared so that the table's repeat does not show as a grid.
    let shift = (y >> 9).wrapping_mul(197);
    table[((y as usize) & (SIZE - 1)) * SIZE + ((x.wrapping_add(shift) as usize) & (SIZE - 1))]
}

/// A number in 0..1 for a cell of a grid.
pub(crate) fn cell(x: i32, y: i32, salt: u32) -> f32 {
    let mut h = (x as u32).wrapping_mul(0x8da6_b343)
        ^ (y as u32).wrapping_mul(0xd816_3841)
        ^ salt.wrapping_mul(0xcb1a_b31f);
    h ^= h >> 15;
    h = h.wrapping_mul(0x2c1b_3c6d);
    h ^= h >> 12;
    h = h.wrapping_mul(0x297a_2d39);
    h ^= h >> 15;
    (h >> 8) as f32 / 16_777_216.0
}

/// 0 below `low`, 1 above `high`, smooth between.
pub(crate) fn smooth(low: f32, high: f32, x: f32) -> f32 {
    let t = ((x - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
