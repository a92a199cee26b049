//! The kernels for wasm's 128-bit vectors.
//!
//! Relaxed SIMD has one instruction for what takes six here, but a module that holds it is refused as a whole by browsers that
//! do not know it. So that kernel is a module of its own ([`RELAXED_MODULE`], `model/relaxed`), of less than a kilobyte. Where the browser
//! accepts it, the program's host gives it the program's memory and puts its function into the program's table, at
//! [`relaxed_slot`]; from there it is called like any other function.
#![expect(unsafe_code, reason = "loads and stores through pointers")]

use core::{
    arch::wasm32::{i16x8, i32x4_add, i32x4_dot_i16x8, i32x4_splat, u16x8_shr, v128, v128_load, v128_store},
    hint::black_box,
    sync::atomic::{AtomicBool, Ordering},
};

use super::kernel::{self, Kernel};
use crate::feature_file::{
    Line,
    format::{GROUP_ROWS, QUAD},
};

/// Vectors in a line.
const VECTORS: usize = 4;

/// The module of the kernel for relaxed SIMD. It imports a memory, `env.memory`, and exports one function, `sums`.
pub const RELAXED_MODULE: &[u8] = include_bytes!("../../relaxed/kernel.wasm");

/// Whether the relaxed kernel is in its place and has given the right sums.
static HAS_RELAXED: AtomicBool = AtomicBool::new(false);

/// The function of [`RELAXED_MODULE`]: sums of so many groups, each with so many lines.
type Relaxed = unsafe extern "C" fn(
    lines: *const Line,
    groups: usize,
    weights: *const [i8; QUAD],
    quads: usize,
    sums: *mut i32,
);

/// Keeps a place in the program's table. Until the host puts the relaxed kernel there, it has no sums for anybody.
///
/// Never inlined, since each crate that it was inlined into would have a place of its own.
#[inline(never)]
unsafe extern "C" fn no_kernel(_: *const Line, _: usize, _: *const [i8; QUAD], _: usize, _: *mut i32) {}

/// Where in the program's table the host may put the function of [`RELAXED_MODULE`].
#[must_use]
pub fn relaxed_slot() -> u32 {
    // On wasm a pointer to a function is its place in the table.
    no_kernel as *const () as usize as u32
}

/// Uses the relaxed kernel from now on, if what is at [`relaxed_slot`] gives the right sums; says whether it does.
pub fn use_relaxed() -> bool {
    const QUADS: usize = 3;
    const GROUPS: usize = 3;
    // The largest sums there are, of either sign, and others.
    let lines: Vec<Line> = (0..GROUPS * QUADS)
        .map(|line| {
            Line(core::array::from_fn(
                |byte| if line < QUADS { 127 } else { ((line * 37 + byte * 11) % 128) as u8 },
            ))
        })
        .collect();
    let is_right = [127, -127].into_iter().all(|extreme| {
        let weights = [[extreme; QUAD], [extreme, 5, -90, 1], [0, -3, 127, -127]];
        let (mut found, mut expected) = ([-1; GROUPS * GROUP_ROWS], [0; GROUPS * GROUP_ROWS]);
        relaxed(&lines, &weights, &mut found);
        kernel::portable(&lines, &weights, &mut expected);
        found == expected
    });
    HAS_RELAXED.store(is_right, Ordering::Relaxed);
    is_right
}

pub(super) fn add_to(kernels: &mut Vec<Kernel>) {
    if HAS_RELAXED.load(Ordering::Relaxed) {
        kernels.push(Kernel { name: "wasm relaxed SIMD", sums: relaxed, read: kernel::read });
    }
    kernels.push(Kernel { name: "wasm SIMD128", sums, read: kernel::read });
}

fn relaxed(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    let groups = (sums.len() / GROUP_ROWS).min(lines.len() / weights.len());
    // So that the compiler does not call `no_kernel` itself.
    let function: Relaxed = black_box(no_kernel);
    // SAFETY: there are at least so many lines and sums, and a weight for each line of a group.
    unsafe { function(lines.as_ptr(), groups, weights.as_ptr(), weights.len(), sums.as_mut_ptr()) };
}

fn sums(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    const TOGETHER: usize = 2;
    let quads = weights.len();
    let (all, rest) = sums.as_chunks_mut::<{ TOGETHER * GROUP_ROWS }>();
    let many = all.len() * TOGETHER * quads;
    for (sums, lines) in all.iter_mut().zip(lines.chunks_exact(TOGETHER * quads)) {
        groups::<TOGETHER>(lines, weights, sums);
    }
    for (sums, lines) in rest.chunks_exact_mut(GROUP_ROWS).zip(lines[many..].chunks_exact(quads)) {
        groups::<1>(lines, weights, sums);
    }
}

/// `lines` has `N` groups, `sums` has `N * 16` numbers.
#[inline]
fn groups<const N: usize>(lines: &[Line], weights: &[[i8; QUAD]], sums: &mut [i32]) {
    let quads = weights.len();
    let mut groups = [lines; N];
    for (index, group) in groups.iter_mut().enumerate() {
        *group = &lines[index * quads..][..quads];
    }
    let mut totals = [[i32x4_splat(0); VECTORS]; N];
    for (place, [a, b, c, d]) in weights.iter().enumerate() {
        // A row's codes are two sixteen-bit lanes, `even + 256 * odd` each, so its sum is one 32-bit lane of products. The even
        // codes need no mask: what their weights make of the odd ones above them is taken off the odd ones' weights. Where
        // a long sum of these overflows it wraps, and wraps back.
        let [a, b, c, d] = [a, b, c, d].map(|weight| i16::from(*weight));
        let (whole, high) = (pairs(a, c), pairs(b - 256 * a, d - 256 * c));
        for (total, group) in totals.iter_mut().zip(&groups) {
            for (vector, total) in total.iter_mut().enumerate() {
                // SAFETY: a line has four times sixteen bytes, and the pointer is one to all of them; the load needs no alignment.
                let codes = unsafe { v128_load(group[place].0.as_ptr().add(vector * 16).cast()) };
                let both = i32x4_dot_i16x8(codes, whole);
                let odd = i32x4_dot_i16x8(u16x8_shr(codes, 8), high);
                *total = i32x4_add(*total, i32x4_add(both, odd));
            }
        }
    }
    for (total, sums) in totals.as_flattened().iter().zip(sums.chunks_exact_mut(4)) {
        // SAFETY: `chunks_exact_mut` gives four numbers of four bytes; the store needs no alignment.
        unsafe { v128_store(sums.as_mut_ptr().cast(), *total) };
    }
}

fn pairs(a: i16, b: i16) -> v128 {
    i16x8(a, b, a, b, a, b, a, b)
}
