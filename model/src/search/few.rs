//! A search that may be wrong: a first pass by two or four bits a value, after which the best so many rows are compared.
//!
//! It reads a quarter or half of what a search by seven bits does. The rows that it keeps are the best by what their codes stand for, whatever
//! codes lose, so a true hit that is not among them is missed: [`left_by_few_bits`] says how many rows a proof would have to compare.

use super::{
    Accuracy, Answer, FewKernel, Request, by_codes, check, compare, compare_all, query::Coded,
    scan::Candidate,
};
use crate::{
    Result,
    embedder::unit,
    feature_file::{
        Block, FewBits,
        format::{GROUP_ROWS, QUAD},
    },
};

/// Groups that are added up before their rows are looked at: what they give stays in the nearest cache.
const CHUNK_GROUPS: usize = 64;

/// The best of the `depth` rows (at least `k`) that codes of few bits put first: compared by their vectors, or by their codes of seven bits
/// where the request asks for no more than [`Accuracy::Codes`]. Nothing is proven.
///
/// Fails as [`super::top_k`] does.
pub fn by_few_bits(few: &FewBits<'_>, request: &Request<'_>, depth: usize) -> Result<Answer> {
    by_few_bits_with(FewKernel::best(), few, request, depth)
}

/// [`by_few_bits`] with a kernel of choice; all of them give the same answer.
///
/// Fails as [`super::top_k`] does.
pub fn by_few_bits_with(
    kernel: FewKernel,
    few: &FewBits<'_>,
    request: &Request<'_>,
    depth: usize,
) -> Result<Answer> {
    let features = few.features();
    check(features.dimension(), request.query)?;
    if request.k == 0 {
        return Ok(Answer::default());
    }
    // A query that is too short or too long for weights has the direction of one that is not; one without a direction has none of its own.
    let Ok(query) = unit(request.query) else { return Ok(compare_all(features, request)) };
    let mut pass = Pass::new(depth.max(request.k).min(features.len()));
    for block in few.blocks() {
        pass.look_at(kernel, few, block, &query, request);
    }
    let candidates = pass.into_candidates();
    Ok(match request.accuracy {
        Accuracy::Proven => compare(features, request, &candidates),
        Accuracy::Codes => by_codes(features.codes(), request, &candidates),
    })
}

/// How many rows codes of few bits cannot rule out for hits of a score of at least `least`: given how far each row is from what its codes
/// stand for ([`FewBits::residuals`]), or only how far the furthest one of its block is.
///
/// Fails as [`super::top_k`] does.
pub fn left_by_few_bits(
    few: &FewBits<'_>,
    query: &[f32],
    least: f64,
    residuals: Option<&[f64]>,
) -> Result<usize> {
    let length = check(few.features().dimension(), query)?;
    let mut left = 0;
    for block in few.blocks() {
        let (coded, weights) = terms(few, query, length, block);
        let groups = block.rows.div_ceil(GROUP_ROWS);
        let (mut sums, mut above) = (vec![0; groups * GROUP_ROWS], vec![0; groups]);
        FewKernel::best().sums(few.bits(), few.lines_of(block), &weights, 0, &mut sums, &mut above);
        for (row, sum) in (block.start..block.start + block.rows).zip(sums) {
            let error = match residuals.and_then(|residuals| residuals.get(row)) {
                Some(residual) => coded.weights_error + length * residual,
                None => coded.error,
            };
            left += usize::from(coded.score(sum) + error >= least);
        }
    }
    Ok(left)
}

/// A query in a block's terms, and its weights for whole lines, the missing ones 0.
fn terms(few: &FewBits<'_>, query: &[f32], length: f64, block: &Block) -> (Coded, Vec<[i8; QUAD]>) {
    let middle = f64::from(few.bits().max_code()) / 2.0;
    let coded = Coded::around(middle, query, length, block);
    let mut weights = coded.weights.clone();
    weights.resize(few.width() * few.bits().parts(), [0; QUAD]);
    (coded, weights)
}

/// A row and the score that its codes stand for.
type Scored = (f64, usize);

/// The best rows so far.
struct Pass {
    wanted: usize,
    /// All that may still be among the best: fewer than twice as many as are wanted.
    kept: Vec<Scored>,
    /// The least score of the wanted ones when there were last too many.
    threshold: f64,
    sums: Vec<i32>,
    above: Vec<u16>,
}

impl Pass {
    fn new(wanted: usize) -> Self {
        Self {
            wanted,
            kept: Vec::with_capacity(2 * wanted),
            threshold: f64::NEG_INFINITY,
            sums: vec![0; CHUNK_GROUPS * GROUP_ROWS],
            above: vec![0; CHUNK_GROUPS],
        }
    }

    fn look_at(
        &mut self,
        kernel: FewKernel,
        few: &FewBits<'_>,
        block: &Block,
        query: &[f32],
        request: &Request<'_>,
    ) {
        const CHUNK_ROWS: usize = CHUNK_GROUPS * GROUP_ROWS;
        let (coded, weights) = terms(few, query, 1.0, block);
        let end = block.start + block.rows;
        let mut cut = coded.cut(self.threshold);
        let chunks = few.lines_of(block).chunks(CHUNK_GROUPS * few.width());
        for (start, lines) in (block.start..end).step_by(CHUNK_ROWS).zip(chunks) {
            let rows = CHUNK_ROWS.min(end - start);
            if !request.filter.may_keep_any(start..start + rows) {
                continue;
            }
            let groups = rows.div_ceil(GROUP_ROWS);
            kernel.sums(
                few.bits(),
                lines,
                &weights,
                cut,
                &mut self.sums[..groups * GROUP_ROWS],
                &mut self.above[..groups],
            );
            for group in 0..groups {
                let mut above = self.above[group];
                while above != 0 {
                    let at = group * GROUP_ROWS + above.trailing_zeros() as usize;
                    above &= above - 1;
                    let sum = self.sums[at];
                    // The cut may have risen since, and the last group may have fewer rows.
                    if sum >= cut && at < rows && request.filter.keeps(start + at) {
                        self.kept.push((coded.score(sum), start + at));
                        if self.kept.len() == 2 * self.wanted {
                            self.weed();
                            cut = coded.cut(self.threshold);
                        }
                    }
                }
            }
        }
    }

    /// Leaves the wanted ones; among equals the earlier rows, so that every kernel leaves the same.
    fn weed(&mut self) {
        if self.kept.len() > self.wanted {
            let (_, least, _) = self
                .kept
                .select_nth_unstable_by(self.wanted - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            self.threshold = least.0;
            self.kept.truncate(self.wanted);
        }
    }

    fn into_candidates(mut self) -> Vec<Candidate> {
        self.weed();
        // Nothing is known of how much better a row can be.
        self.kept.iter().map(|(_, row)| Candidate { row: *row, upper: f64::INFINITY }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        feature_file::{Bits, FeatureFile},
        search::{AllowList, Filter, Hit, brute_force},
    };

    /// Unit vectors around centres, twenty each, that come again.
    fn rows(count: usize, dimension: usize) -> Vec<f32> {
        let mut state = 3_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        let centres: Vec<f32> = (0..(count / 20 + 1) * dimension).map(|_| next() + 1e-3).collect();
        (0..count)
            .flat_map(|row| {
                let centre = &centres[row / 20 * dimension..][..dimension];
                let vector: Vec<f32> = centre.iter().map(|value| value + 0.4 * next()).collect();
                unit(&vector).unwrap()
            })
            .collect()
    }

    fn packed(rows: &[f32], dimension: usize) -> FeatureFile {
        FeatureFile::pack_rows(rows, dimension, [0; 32], [0; 16]).unwrap()
    }

    #[test]
    fn every_kernel_gives_the_same_and_deep_answers_are_right() {
        let count = if cfg!(miri) { 150 } else { 3000 };
        for (dimension, bits) in
            [(1, Bits::Four), (7, Bits::Two), (16, Bits::Four), (65, Bits::Two), (65, Bits::Four)]
        {
            let features = packed(&rows(count, dimension), dimension);
            let few = FewBits::new(&features, bits);
            let matrix: Vec<f32> = features.rows().flatten().collect();
            for query in matrix.chunks(dimension).step_by(count / 5) {
                let request = Request { query, k: 10, ..Request::default() };
                for depth in [0, 10, 57, count, usize::MAX] {
                    let answers: Vec<Answer> = FewKernel::available()
                        .into_iter()
                        .map(|kernel| by_few_bits_with(kernel, &few, &request, depth).unwrap())
                        .collect();
                    assert!(answers.iter().all(|answer| *answer == answers[0]), "{dimension}, {depth} deep");
                    assert_eq!(answers[0].compared, depth.clamp(10, count));
                    if depth >= count {
                        assert_eq!(answers[0].hits, brute_force(&matrix, query, 10), "{dimension}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_best_are_nearly_always_among_the_first_hundred() {
        let features = packed(&rows(3000, 32), 32);
        let few = FewBits::new(&features, Bits::Four);
        let matrix: Vec<f32> = features.rows().flatten().collect();
        let (mut found, mut by_codes, mut wanted) = (0, 0, 0);
        for query in matrix.chunks(32).step_by(100) {
            let truth = brute_force(&matrix, query, 10);
            let request = Request { query, k: 10, ..Request::default() };
            let count = |answer: Answer| {
                answer.hits.iter().filter(|hit| truth.iter().any(|best| best.row == hit.row)).count()
            };
            found += count(by_few_bits(&few, &request, 100).unwrap());
            let request = Request { accuracy: Accuracy::Codes, ..request };
            by_codes += count(by_few_bits(&few, &request, 100).unwrap());
            wanted += truth.len();
        }
        assert!(found * 1000 >= wanted * 998, "{found} of {wanted}");
        assert!(by_codes * 100 >= wanted * 90, "{by_codes} of {wanted}");
    }

    #[test]
    fn filters_few_rows_and_queries_without_direction() {
        let features = packed(&rows(100, 9), 9);
        let few = FewBits::new(&features, Bits::Four);
        let query = features.vector(33).unwrap();
        let list: AllowList = [2, 33, 40, 99].into_iter().collect();
        let ask = |query: &[f32], k: usize, filter: Filter<'_>| -> Vec<usize> {
            let request = Request { query, k, filter, ..Request::default() };
            by_few_bits(&few, &request, 8).unwrap().hits.iter().map(|hit: &Hit| hit.row).collect()
        };
        let mut found = ask(&query, 7, Filter::Allow(&list));
        assert_eq!(found[0], 33);
        found.sort_unstable();
        assert_eq!(found, [2, 33, 40, 99]);
        let even = |row: usize| row.is_multiple_of(2);
        assert!(ask(&query, 5, Filter::Where(&even)).iter().all(|row| row.is_multiple_of(2)));
        assert!(ask(&query, 0, Filter::All).is_empty());
        assert_eq!(ask(&query, 500, Filter::All).len(), 100);
        assert_eq!(ask(&[0.0; 9], 3, Filter::All), [0, 1, 2]);
        let mut short: Vec<f32> = query.iter().map(|value| value * 1e-36).collect();
        assert_eq!(ask(&short, 1, Filter::All).len(), 1);
        short[0] = f32::NAN;
        assert!(by_few_bits(&few, &Request { query: &short, k: 1, ..Request::default() }, 8).is_err());
        assert!(by_few_bits(&few, &Request { query: &[1.0], k: 1, ..Request::default() }, 8).is_err());
        let empty = packed(&[], 9);
        let request = Request { query: &query, k: 1, ..Request::default() };
        assert_eq!(by_few_bits(&FewBits::new(&empty, Bits::Two), &request, 8).unwrap(), Answer::default());
    }

    /// The bound never rules out a row that is good enough, and per row it rules out more.
    #[test]
    fn what_is_left_has_every_row_that_is_good_enough() {
        let features = packed(&rows(500, 24), 24);
        let few = FewBits::new(&features, Bits::Four);
        let residuals = few.residuals();
        let matrix: Vec<f32> = features.rows().flatten().collect();
        for query in matrix.chunks(24).step_by(37) {
            let truth = brute_force(&matrix, query, 500);
            for at in [0, 9, 99, 499] {
                let least = f64::from(truth[at].score);
                let by_row = left_by_few_bits(&few, query, least, Some(&residuals)).unwrap();
                let by_block = left_by_few_bits(&few, query, least, None).unwrap();
                assert!(at < by_row && by_row <= by_block && by_block <= 500, "{at} {by_row} {by_block}");
            }
            assert!(left_by_few_bits(&few, query, 1.5, None).unwrap() == 0);
        }
        assert!(left_by_few_bits(&few, &[1.0], 0.5, None).is_err());
    }
}
