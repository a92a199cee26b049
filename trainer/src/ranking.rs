//! Pictures in the order of their likeness to another.

/// The places of these vectors by their dot product with `own`, the largest first; among equals the earlier one. All are of one
/// length.
pub(crate) fn nearest_first<'a>(own: &[f32], others: impl Iterator<Item = (usize, &'a [f32])>) -> Vec<usize> {
    let likeness = |other: &[f32]| -> f32 { own.iter().zip(other).map(|(a, b)| a * b).sum() };
    let mut ranking: Vec<(f32, usize)> = others.map(|(place, other)| (likeness(other), place)).collect();
    // A stable sort.
    ranking.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranking.into_iter().map(|(_, place)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_come_first_and_equals_in_their_order() {
        let others = [[0.0f32, 1.0], [0.5, 0.0], [1.0, 0.0], [0.5, 9.0]];
        let ranking = nearest_first(&[1.0, 0.0], others.iter().map(<[f32; 2]>::as_slice).enumerate());
        assert_eq!(ranking, [2, 1, 3, 0]);
    }
}
