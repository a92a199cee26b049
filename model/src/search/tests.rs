use super::{query::Coded, *};
use crate::feature_file::{Line, format::LINE};

/// Numbers that look random and come again (Knuth's multiplier), so that a failure can be repeated.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// -1 to 1.
    fn signed(&mut self) -> f32 {
        self.below(2_000_001) as f32 / 1e6 - 1.0
    }

    fn vector(&mut self, dimension: usize) -> Vec<f32> {
        loop {
            let vector: Vec<f32> = (0..dimension).map(|_| self.signed()).collect();
            if vector.iter().any(|value| value.abs() > 0.01) {
                return vector;
            }
        }
    }
}

fn features(rows: &[Vec<f32>]) -> FeatureFile {
    let dimension = rows.first().map_or(1, Vec::len);
    let values: Vec<f32> = rows.iter().flat_map(|row| crate::embedder::unit(row).unwrap()).collect();
    FeatureFile::pack_rows(&values, dimension, [0; 32], [0; 16]).unwrap()
}

/// Around a few centres, as garments are; the smaller `width`, the more alike.
fn clustered(numbers: &mut Numbers, count: usize, dimension: usize, width: f32) -> Vec<Vec<f32>> {
    let centres: Vec<Vec<f32>> = (0..=count / 20).map(|_| numbers.vector(dimension)).collect();
    (0..count)
        .map(|_| {
            let centre = &centres[numbers.below(centres.len() as u64) as usize];
            centre.iter().map(|value| value + width * numbers.signed() + 1e-3).collect()
        })
        .collect()
}

/// Sorts everything: the obvious way.
fn naive(features: &FeatureFile, query: &[f32], k: usize, keep: impl Fn(usize) -> bool) -> Vec<Hit> {
    let mut hits: Vec<Hit> = features
        .rows()
        .enumerate()
        .filter(|(row, _)| keep(*row))
        .map(|(row, vector)| Hit { row, score: dot(query, &vector) })
        .collect();
    hits.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.row.cmp(&b.row)));
    hits.truncate(k);
    hits
}

#[test]
fn every_kernel_gives_the_obvious_sums() {
    let mut numbers = Numbers(1);
    for case in 0..400 {
        let (groups, quads) = (numbers.below(11) as usize, numbers.below(70) as usize + 1);
        // All at their largest at times: nothing may saturate.
        let is_extreme = case % 4 == 0;
        let lines: Vec<Line> = (0..groups * quads)
            .map(|_| {
                Line(std::array::from_fn::<u8, LINE, _>(|_| {
                    if is_extreme { 127 } else { numbers.below(128) as u8 }
                }))
            })
            .collect();
        let sign = if case % 8 == 0 { -1 } else { 1 };
        let weights: Vec<[i8; 4]> = (0..quads)
            .map(|_| {
                std::array::from_fn(|_| {
                    if is_extreme { 127 * sign } else { (numbers.below(255) as i16 - 127) as i8 }
                })
            })
            .collect();
        let mut expected = Vec::new();
        for group in lines.chunks(quads) {
            for row in 0..16 {
                let products = group.iter().zip(&weights).flat_map(|(line, weights)| {
                    (0..4).map(move |i| i32::from(line.0[row * 4 + i]) * i32::from(weights[i]))
                });
                expected.push(products.sum::<i32>());
            }
        }
        let words = lines.iter().flat_map(|line| line.0.as_chunks::<8>().0);
        let read = words.fold(0, |sum: u64, word| sum.wrapping_add(u64::from_le_bytes(*word)));
        for kernel in Kernel::available() {
            let mut sums = vec![-1; groups * 16];
            kernel.sums(&lines, &weights, &mut sums);
            assert_eq!(sums, expected, "{kernel:?}, {groups} groups, {quads} quads");
            assert_eq!(kernel.read(&lines), read, "{kernel:?}");
        }
    }
    assert_eq!(Kernel::available().last().map(Kernel::name), Some("portable"));
}

/// The proof rests on this, so the queries are the worst there are: along what a row has lost, and all of whose weights are rounded
/// to the same side.
#[test]
fn no_score_is_off_by_more_than_its_error() {
    let mut worst = 0.0_f64;
    for case in 0..40 {
        let mut numbers = Numbers(case);
        let dimension = 1 + numbers.below(50) as usize;
        let rows: Vec<Vec<f32>> = (0..60).map(|_| numbers.vector(dimension)).collect();
        let file = features(&rows);
        let block = &file.codes().blocks()[0];
        let codes: Vec<Vec<u8>> = (0..60)
            .map(|row| {
                let mut codes = vec![0; dimension.next_multiple_of(4)];
                file.codes().copy_row(row, &mut codes);
                codes
            })
            .collect();
        let vectors: Vec<Vec<f32>> = file.rows().collect();
        let lost = |row: usize| -> Vec<f32> {
            let meant = |i: usize| block.offsets[i] + block.steps[i] * f32::from(codes[row][i]);
            vectors[row].iter().enumerate().map(|(i, value)| value - meant(i)).collect()
        };
        let mut queries: Vec<Vec<f32>> = (0..60).map(lost).collect();
        queries.push(numbers.vector(dimension));
        for rest in [0.49, -0.49] {
            let weight = |i: usize| if i == 0 { 127.0 } else { numbers.below(20) as f32 + rest };
            let weights: Vec<f32> = (0..dimension).map(weight).collect();
            queries.push(weights.iter().zip(&block.steps).map(|(w, step)| w / step.max(1e-6)).collect());
        }
        for query in queries {
            let length = query.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
            let coded = Coded::new(&query, length, block);
            for (codes, vector) in codes.iter().zip(&vectors) {
                let products = codes.iter().zip(coded.weights.as_flattened());
                let sum = products.map(|(code, weight)| i32::from(*code) * i32::from(*weight)).sum();
                let exact: f64 = query.iter().zip(vector).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                let off = (coded.score(sum) - exact).abs();
                assert!(off <= coded.error, "case {case}: {off} is over {}", coded.error);
                worst = worst.max(off / coded.error);
            }
        }
    }
    // The bound is no larger than it has to be.
    assert!(worst > 0.9, "{worst}");
}

/// The same of codes along axes: of what a kernel sees, and of what finer bits say.
#[test]
fn no_score_along_axes_is_off_by_more_than_its_error() {
    let file = crate::feature_file::tests::along_components(200);
    let codes = file.codes();
    let vectors: Vec<Vec<f32>> = file.rows().collect();
    let mut numbers = Numbers(3);
    let mut queries: Vec<Vec<f32>> = vectors.iter().step_by(7).cloned().collect();
    queries.extend((0..30).map(|_| numbers.vector(10)));
    let mut worst = 0.0_f64;
    for query in queries {
        let length = query.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        for block in codes.blocks() {
            let (coded, exact) = (Coded::new(&query, length, block), Exact::new(&query, block));
            for (row, vector) in vectors.iter().enumerate().skip(block.start).take(block.rows) {
                let products = query.iter().zip(vector).map(|(a, b)| f64::from(*a) * f64::from(*b));
                let score: f64 = products.sum();
                let mut own = [0; 4];
                codes.copy_row(row, &mut own);
                let sum = own.iter().zip(coded.weights.as_flattened());
                let sum = sum.map(|(code, weight)| i32::from(*code) * i32::from(*weight)).sum();
                let off = (coded.score(sum) - score).abs();
                assert!(off <= coded.error, "row {row}: {off} is over {}", coded.error);
                let meant = exact.score(block, &own, codes.finer(row));
                assert!((coded.score(sum) - meant).abs() <= coded.weights_error, "row {row}");
                let off = (meant - score).abs() / (block.residual * length);
                assert!(off <= 1.0 + 1e-9, "row {row}: {off}");
                worst = worst.max(off);
            }
        }
    }
    assert!(worst > 0.5, "{worst}");
}

/// What is near a plane gets fewer codes than values, and is found as ever.
#[test]
fn near_a_plane_codes_are_fewer_and_answers_the_same() {
    for case in 0..12 {
        let mut numbers = Numbers(case);
        let (dimension, rank) = (48 + numbers.below(40) as usize, 4 + numbers.below(8) as usize);
        let plane: Vec<Vec<f32>> = (0..rank).map(|_| numbers.vector(dimension)).collect();
        let rows: Vec<Vec<f32>> = (0..2500)
            .map(|_| {
                let places = numbers.vector(rank);
                let noise = numbers.vector(dimension);
                let on =
                    |i: usize| places.iter().zip(&plane).map(|(place, axis)| place * axis[i]).sum::<f32>();
                (0..dimension).map(|i| on(i) + noise[i] * 1e-3).collect()
            })
            .collect();
        let file = features(&rows);
        let components = file.codes().shape().components.unwrap();
        assert!((rank..=rank + 8).contains(&components), "{rank}: {components}");
        let bytes = file.write();
        assert_eq!(FeatureFile::read(&bytes).unwrap(), file);
        assert!(bytes.len() < 2500 * (3 * dimension - 8), "{} bytes", bytes.len());
        let own: Vec<f32> = file.vector(17).unwrap().iter().map(|value| value * 3.0).collect();
        let mut found = 0;
        for query in [own, numbers.vector(dimension)] {
            let expected = naive(&file, &query, 10, |_| true);
            for kernel in Kernel::available() {
                let request = Request { query: &query, k: 10, ..Request::default() };
                let coarse = Request { accuracy: Accuracy::Codes, ..request };
                let answers = search_with(&kernel, &file, &[request, coarse]).unwrap();
                assert_eq!(answers[0].hits, expected, "case {case}, {kernel:?}");
                assert!(!answers[0].compared_all, "case {case}");
                let is_found = |hit: &&Hit| expected.iter().any(|other| other.row == hit.row);
                found += answers[1].hits.iter().filter(is_found).count();
            }
        }
        assert!(found >= 18 * Kernel::available().len(), "case {case}: {found}");
    }
    // Rows in all directions have a code a value.
    let mut numbers = Numbers(1);
    let rows: Vec<Vec<f32>> = (0..2500).map(|_| numbers.vector(60)).collect();
    assert_eq!(features(&rows).codes().shape().components, None);
}

#[test]
fn equals_sorting_everything() {
    for case in 0..300 {
        let mut numbers = Numbers(case);
        // Small whole numbers make many equal rows, so ties are common; the first value is never zero.
        let rows: Vec<Vec<f32>> = (0..=numbers.below(60))
            .map(|_| (0..11).map(|i| if i == 0 { 1.0 } else { numbers.below(5) as f32 - 2.0 }).collect())
            .collect();
        let query = numbers.vector(11);
        let k = numbers.below(70) as usize;
        let file = features(&rows);
        assert_eq!(top_k(&file, &query, k).unwrap(), naive(&file, &query, k, |_| true), "case {case}");
        let even = |row: usize| row.is_multiple_of(2);
        assert_eq!(
            top_k_where(&file, &query, k, even).unwrap(),
            naive(&file, &query, k, even),
            "case {case}"
        );
    }
}

#[test]
fn a_proven_answer_is_that_of_brute_force_on_clusters_of_any_shape() {
    for case in 0..120 {
        let mut numbers = Numbers(case);
        let dimension = 1 + numbers.below(100) as usize;
        let count = numbers.below(3000) as usize;
        let width = [0.5, 0.1, 0.01, 0.001][case as usize % 4];
        let rows = clustered(&mut numbers, count, dimension, width);
        let file = features(&rows);
        let matrix: Vec<f32> = file.rows().flatten().collect();
        // A vector of the catalogue is a query, too, and the length of a query does not matter.
        let own = file.vector(count / 2).unwrap_or_else(|| vec![0.5; file.dimension()]);
        let large: Vec<f32> = numbers.vector(file.dimension()).iter().map(|value| value * 1e4).collect();
        for query in [own, numbers.vector(file.dimension()), large] {
            for k in [0, 1, 10, count, count + 5] {
                let expected = naive(&file, &query, k, |_| true);
                assert_eq!(brute_force(&matrix, &query, k), expected, "case {case}, k {k}");
                for kernel in Kernel::available() {
                    let request = Request { query: &query, k, ..Request::default() };
                    let answer = search_with(&kernel, &file, &[request]).unwrap().remove(0);
                    assert_eq!(answer.hits, expected, "case {case}, k {k}, {kernel:?}");
                }
            }
        }
    }
}

#[test]
fn a_filter_is_the_same_as_filtering_first() {
    for case in 0..60 {
        let mut numbers = Numbers(case);
        let count = 1 + numbers.below(3000) as usize;
        let file = features(&clustered(&mut numbers, count, 20, 0.1));
        let query = numbers.vector(20);
        // From one row in two to one in five hundred, and none at all.
        let share = [2, 10, 500, u64::MAX][case as usize % 4];
        let allowed: AllowList = (0..count).filter(|_| numbers.below(share) == 1).collect();
        for k in [1, 10, count + 1] {
            let expected = naive(&file, &query, k, |row| allowed.contains(row));
            let is_allowed = |row: usize| allowed.contains(row);
            for filter in [Filter::Allow(&allowed), Filter::Where(&is_allowed)] {
                let request = Request { query: &query, k, filter, ..Request::default() };
                assert_eq!(search(&file, &[request]).unwrap()[0].hits, expected, "case {case}, k {k}");
            }
        }
    }
}

#[test]
fn an_allow_list_may_name_rows_that_do_not_exist() {
    let allowed: AllowList = [3, 64, 1000].into_iter().collect();
    let on_it: Vec<usize> = (0..2000).filter(|row| allowed.contains(*row)).collect();
    assert_eq!(on_it, [3, 64, 1000]);
    let file = features(&vec![vec![1.0, 0.0]; 70]);
    let request = Request { query: &[1.0, 0.0], k: 5, filter: Filter::Allow(&allowed), ..Request::default() };
    let rows: Vec<usize> = search(&file, &[request]).unwrap()[0].hits.iter().map(|hit| hit.row).collect();
    assert_eq!(rows, [3, 64]);
}

#[test]
fn several_requests_in_one_pass_are_as_each_alone() {
    let mut numbers = Numbers(5);
    let file = features(&clustered(&mut numbers, 2000, 33, 0.1));
    let queries: Vec<Vec<f32>> = (0..5).map(|_| numbers.vector(33)).collect();
    let thirds = |row: usize| row.is_multiple_of(3);
    let zero = vec![0.0; 33];
    let mut requests: Vec<Request> =
        queries.iter().map(|query| Request { query, k: 7, ..Request::default() }).collect();
    requests[1].k = 0;
    requests[2].filter = Filter::Where(&thirds);
    requests[3].accuracy = Accuracy::Codes;
    requests.insert(2, Request { query: &zero, k: 3, ..Request::default() });
    let together = search(&file, &requests).unwrap();
    let alone: Vec<Answer> =
        requests.iter().map(|request| search(&file, &[*request]).unwrap().remove(0)).collect();
    assert_eq!(together, alone);
    assert_eq!(together[1].hits, []);
    assert_eq!(search(&file, &[]).unwrap(), []);
}

#[test]
fn codes_alone_find_nearly_all_and_say_nearly_the_score() {
    let mut numbers = Numbers(8);
    let file = features(&clustered(&mut numbers, 5000, 64, 1.0));
    let mut right = 0;
    for _ in 0..50 {
        let query = crate::embedder::unit(&numbers.vector(64)).unwrap();
        let request = Request { query: &query, k: 10, accuracy: Accuracy::Codes, ..Request::default() };
        let found = search(&file, &[request]).unwrap().remove(0);
        assert_eq!((found.hits.len(), found.compared), (10, 0));
        let exact = naive(&file, &query, 10, |_| true);
        for (hit, best) in found.hits.iter().zip(&exact) {
            assert!((hit.score - best.score).abs() < 0.01, "{hit:?} and {best:?}");
            right += usize::from(exact.iter().any(|other| other.row == hit.row));
        }
    }
    assert!(right > 450, "{right} of 500");
}

#[test]
fn a_proof_looks_at_few_vectors_and_gives_up_where_it_would_look_at_most() {
    let mut numbers = Numbers(9);
    let file = features(&clustered(&mut numbers, 20_000, 64, 1.0));
    let query = file.vector(77).unwrap();
    let answer = search(&file, &[Request { query: &query, k: 10, ..Request::default() }]).unwrap().remove(0);
    assert!(!answer.compared_all && (10..2000).contains(&answer.compared), "{}", answer.compared);

    // All the same: no row can be ruled out, and the earliest win.
    let same = features(&vec![vec![0.6, 0.8]; 20_000]);
    let answer =
        search(&same, &[Request { query: &[0.6, 0.8], k: 3, ..Request::default() }]).unwrap().remove(0);
    assert_eq!((answer.compared, answer.compared_all), (20_000, true));
    assert_eq!(answer.hits.iter().map(|hit| hit.row).collect::<Vec<_>>(), [0, 1, 2]);
    let answer = search(
        &same,
        &[Request { query: &[0.6, 0.8], k: 3, accuracy: Accuracy::Codes, ..Request::default() }],
    )
    .unwrap()
    .remove(0);
    assert_eq!(answer.hits.iter().map(|hit| hit.row).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn queries_of_any_length_are_answered_with_numbers() {
    let mut numbers = Numbers(10);
    let file = features(&clustered(&mut numbers, 500, 12, 0.2));
    let query = crate::embedder::unit(&numbers.vector(12)).unwrap();
    for scale in [0.0, 1e-42, 1e-35, 1e-20, 1e20, 1e33, 9e36] {
        let scaled: Vec<f32> = query.iter().map(|value| value * scale).collect();
        let hits = top_k(&file, &scaled, 6).unwrap();
        assert_eq!(hits, naive(&file, &scaled, 6, |_| true), "scale {scale}");
        assert!(hits.iter().all(|hit| hit.score.is_finite()));
    }
}

#[test]
fn wrong_queries_are_errors() {
    let file = features(&[vec![1.0, 0.0], vec![0.0, 1.0]]);
    assert_eq!(top_k(&file, &[1.0], 1), Err(Error::DimensionMismatch { expected: 2, found: 1 }));
    for value in [f32::NAN, f32::INFINITY, f32::MAX] {
        assert!(matches!(top_k(&file, &[value, 0.0], 1), Err(Error::Inference { .. })), "{value}");
    }
    let hits = top_k(&file, &[0.6, 0.8], 5).unwrap();
    assert_eq!(hits, [Hit { row: 1, score: 0.8 }, Hit { row: 0, score: 0.6 }]);
}
