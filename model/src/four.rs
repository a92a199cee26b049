//! Four numbers at a time.
//!
//! The worker is built for size, and its compiler makes no vectors of loops; so in the browser they are spelt out.

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes {
    use core::arch::wasm32::{
        f32x4, f32x4_add, f32x4_convert_i32x4, f32x4_extract_lane, f32x4_mul, f32x4_splat, i32x4, v128,
    };

    /// Four numbers.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Four(v128);

    impl Four {
        /// Of these.
        #[inline]
        pub(crate) fn new([a, b, c, d]: [f32; 4]) -> Self {
            Self(f32x4(a, b, c, d))
        }

        /// Of these whole numbers.
        #[inline]
        pub(crate) fn of_bytes(bytes: [u8; 4]) -> Self {
            let [a, b, c, d] = bytes.map(i32::from);
            Self(f32x4_convert_i32x4(i32x4(a, b, c, d)))
        }

        /// One by one.
        #[inline]
        pub(crate) fn numbers(self) -> [f32; 4] {
            let Self(v) = self;
            [
                f32x4_extract_lane::<0>(v),
                f32x4_extract_lane::<1>(v),
                f32x4_extract_lane::<2>(v),
                f32x4_extract_lane::<3>(v),
            ]
        }

        /// Adds the others, each times `factor`.
        #[inline]
        pub(crate) fn add_product(&mut self, factor: f32, other: Self) {
            self.0 = f32x4_add(self.0, f32x4_mul(f32x4_splat(factor), other.0));
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod lanes {
    /// Four numbers.
    #[derive(Clone, Copy, Debug)]
    #[repr(align(16))]
    pub(crate) struct Four([f32; 4]);

    impl Four {
        /// Of these.
        #[inline]
        pub(crate) fn new(numbers: [f32; 4]) -> Self {
            Self(numbers)
        }

        /// Of these whole numbers.
        #[inline]
        pub(crate) fn of_bytes(bytes: [u8; 4]) -> Self {
            Self(bytes.map(f32::from))
        }

        /// One by one.
        #[inline]
        pub(crate) fn numbers(self) -> [f32; 4] {
            self.0
        }

        /// Adds the others, each times `factor`.
        #[inline]
        pub(crate) fn add_product(&mut self, factor: f32, other: Self) {
            for (sum, value) in self.0.iter_mut().zip(other.0) {
                *sum += factor * value;
            }
        }
    }
}

pub(crate) use lanes::Four;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_them_is_as_if_it_were_alone() {
        let mut sums = Four::new([0.5, -1.0, 0.0, 1e6]);
        sums.add_product(0.1, Four::of_bytes([0, 1, 128, 255]));
        let expected = [0.5f32, -1.0 + 0.1, 0.1 * 128.0, 1e6 + 0.1 * 255.0];
        assert_eq!(sums.numbers().map(f32::to_bits), expected.map(f32::to_bits));
    }
}
