use std::ops::ControlFlow;

use ndarray::{Array2, Array3, Axis, array};
use nn4n_tasks::{Condition, Epoch};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

use super::*;
use crate::{Activity, activity::Trials};

const EXACT: Canonical = Canonical { variance: 1.0, regularisation: 0.0 };

fn gaussian(rows: usize, units: usize, seed: u64) -> Array2<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Array2::from_shape_simple_fn((rows, units), || rng.sample(StandardNormal))
}

/// An orthogonal matrix, mirrored with every second seed.
fn orthogonal(n: usize, seed: u64) -> Array2<f64> {
    let mut turn = factor::Svd::of("rows", gaussian(n, n, seed).view()).unwrap().u;
    if seed % 2 == 1 {
        turn.column_mut(0).mapv_inplace(|x: f64| -x);
    }
    turn
}

/// Four points on the axes, and the same with the second axis halved.
fn small() -> (Array2<f64>, Array2<f64>) {
    (array![[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], array![[1.0, 0.0], [0.0, 0.5], [-1.0, 0.0], [0.0, -0.5]])
}

fn close(found: f64, wanted: f64, off: f64) {
    assert!((found - wanted).abs() <= off, "{found} is not {wanted}");
}

#[test]
fn measures_of_the_small_case_are_those_worked_by_hand() {
    let (a, b) = small();
    close(cka(a.view(), b.view()).unwrap(), 0.857_493, 1e-6);
    close(cka(a.view(), b.view()).unwrap().acos(), 0.540_420, 1e-6);
    close(angular(a.view(), b.view()).unwrap(), 0.321_751, 1e-6);
    // |A^T B|_* = 3, |A|^2 = 4, |B|^2 = 2.5.
    close(procrustes(a.view(), b.view()).unwrap(), (4.0f64 + 2.5 - 6.0).sqrt(), 1e-12);
    assert!(canonical_correlations(a.view(), b.view(), &EXACT).is_err(), "4 samples of 2 and 2 dimensions");
}

#[test]
fn what_a_measure_does_not_know_changes_nothing() {
    let (x, y) = (gaussian(60, 5, 1), gaussian(60, 7, 2));
    let y = &y + &x.dot(&gaussian(5, 7, 3));
    let (turned, scaled) = (y.dot(&orthogonal(7, 5)), y.mapv(|value| 3.0 * value + 2.0));
    let linear = y.dot(&gaussian(7, 7, 4));
    type Pair = fn(ndarray::ArrayView2<'_, f64>, ndarray::ArrayView2<'_, f64>) -> Result<f64, AnalysisError>;
    let correlation: Pair = |x, y| Ok(canonical_correlations(x, y, &EXACT)?.iter().sum());
    let measures: [(Pair, bool, bool); 5] = [
        (cka, true, false),
        (cka_debiased, true, false),
        (procrustes, false, false),
        (angular, true, false),
        (correlation, true, true),
    ];
    for (place, (measure, knows_no_scale, knows_no_map)) in measures.into_iter().enumerate() {
        let of = |other: &Array2<f64>| measure(x.view(), other.view()).unwrap();
        let value = of(&y);
        close(of(&turned), value, 1e-10);
        close(measure(y.view(), x.view()).unwrap(), value, 1e-10);
        assert_eq!((of(&scaled) - value).abs() < 1e-10, knows_no_scale, "{place}");
        assert_eq!((of(&linear) - value).abs() < 1e-10, knows_no_map, "{place}");
        // Units that do nothing, which is what narrower sets are filled up with.
        let padded = ndarray::concatenate![Axis(1), y, Array2::zeros((60, 3))];
        close(of(&padded), value, 1e-10);
    }
    close(angular(x.view(), x.view()).unwrap(), 0.0, 1e-14);
    close(procrustes(x.view(), x.dot(&orthogonal(5, 7)).view()).unwrap(), 0.0, 1e-12);
}

#[test]
fn independent_gaussians_have_the_similarity_that_chance_gives() {
    let of = |n: usize, measure: &dyn Fn(&Array2<f64>, &Array2<f64>) -> f64| {
        let one = |seed: u64| measure(&gaussian(n, 100, 2 * seed), &gaussian(n, 100, 2 * seed + 1));
        (0..5).map(one).sum::<f64>() / 5.0
    };
    let biased = |x: &Array2<f64>, y: &Array2<f64>| cka(x.view(), y.view()).unwrap();
    let debiased = |x: &Array2<f64>, y: &Array2<f64>| cka_debiased(x.view(), y.view()).unwrap();
    close(of(100, &biased), 0.5, 0.012);
    close(of(1000, &biased), 1.0 / 11.0, 0.002);
    close(of(100, &debiased), 0.0, 0.02);
    close(of(1000, &debiased), 0.0, 0.003);
    // p / (n - 1) of the mean squared canonical correlation.
    let one = |seed: u64| {
        let rho =
            canonical_correlations(gaussian(100, 20, 2 * seed).view(), gaussian(100, 20, 2 * seed + 1).view(), &EXACT);
        rho.unwrap().iter().map(|rho| rho * rho).sum::<f64>() / 20.0
    };
    close((0..20).map(one).sum::<f64>() / 20.0, 20.0 / 99.0, 0.004);
}

#[test]
fn the_debiased_kernel_is_that_of_the_whole_kernel_without_its_diagonal() {
    let (x, y) = (gaussian(9, 3, 1), gaussian(9, 4, 2));
    let kernel = |rows: &Array2<f64>| {
        let mut kernel = rows.dot(&rows.t());
        kernel.diag_mut().fill(0.0);
        kernel
    };
    let product = |k: &Array2<f64>, l: &Array2<f64>| {
        let n = 9.0;
        (k * l).sum() + k.sum() * l.sum() / ((n - 1.0) * (n - 2.0)) - 2.0 / (n - 2.0) * k.dot(l).sum()
    };
    let (k, l) = (kernel(&x), kernel(&y));
    let wanted = product(&k, &l) / (product(&k, &k) * product(&l, &l)).sqrt();
    close(cka_debiased(x.view(), y.view()).unwrap(), wanted, 1e-12);
    close(cka_debiased(x.view(), x.view()).unwrap(), 1.0, 1e-12);
    let few = cka_debiased(small().0.slice(ndarray::s![..3, ..]), small().1.slice(ndarray::s![..3, ..])).unwrap_err();
    assert!(few.to_string().contains("are 3, but the debiased CKA needs 4 at least; take cka"), "{few}");
}

#[test]
fn canonical_correlations_of_too_few_samples_are_refused_unless_regularised() {
    let (x, y) = (gaussian(30, 20, 1), gaussian(30, 20, 2));
    let message = canonical_correlations(x.view(), y.view(), &EXACT).unwrap_err().to_string();
    assert!(
        message.contains("are 30 samples of 20 and 20 dimensions") && message.contains("by necessity"),
        "{message}"
    );
    let regularised = Canonical { regularisation: 0.5, ..EXACT };
    let rho = canonical_correlations(x.view(), y.view(), &regularised).unwrap();
    assert!(rho[0] < 0.95 && rho[19] >= 0.0, "{rho:?}");
    // s^2 / (s^2 + g m) of one unit with itself.
    let one = x.slice(ndarray::s![.., ..1]);
    close(canonical_correlations(one, one, &regularised).unwrap()[0], 1.0 / 1.5, 1e-12);
    // Two large dimensions, of which both share one, and 18 that are noise.
    let shared = gaussian(30, 1, 3);
    let with = |seed: u64| {
        let large = ndarray::concatenate![Axis(1), &shared * 100.0, gaussian(30, 1, seed) * 100.0];
        ndarray::concatenate![Axis(1), large, gaussian(30, 18, seed + 1) * 1e-3]
    };
    let rho = canonical_correlations(with(4).view(), with(6).view(), &Canonical { variance: 0.99, ..EXACT }).unwrap();
    assert_eq!(rho.len(), 2);
    close(rho[0], 1.0, 1e-6);
    for (settings, words) in [
        (Canonical { variance: 0.0, ..EXACT }, "variance = 0: must lie in (0, 1]"),
        (Canonical { regularisation: -1.0, ..EXACT }, "regularisation = -1: must be finite and at least 0"),
    ] {
        let message = canonical_correlations(x.view(), y.view(), &settings).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_weighted_correlation_is_that_of_what_carries_the_activity() {
    // The first units are the same and large, the second ones are unrelated and small.
    let shared = gaussian(200, 1, 1);
    let with = |seed: u64| ndarray::concatenate![Axis(1), &shared * 100.0, gaussian(200, 1, seed)];
    let whiten = |rows: Array2<f64>| EXACT.whiten(rows.view()).unwrap();
    let (x, y) = (whiten(with(2)), whiten(with(3)));
    let (weighted, mean) = (x.weighted(&y, None).unwrap(), x.mean(&y, None).unwrap());
    assert!(weighted > 0.98 && mean < 0.6, "{weighted} {mean}");
}

/// The patterns of the table in the reference, as rows.
fn patterns() -> (Array2<f64>, Array2<f64>) {
    (
        array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]],
        array![[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [1.0, 1.0, 1.0]],
    )
}

#[test]
fn comparators_have_the_values_of_the_table() {
    let (a, b) = patterns();
    let (a, b) = (Rdm::euclidean(a.view()).unwrap(), Rdm::euclidean(b.view()).unwrap());
    close(a.at(0, 3), 1.0 / 3.0, 1e-15);
    close(a.at(3, 0), 1.0 / 3.0, 1e-15);
    for (comparator, wanted) in [
        (Comparator::Cosine, 0.889439),
        (Comparator::Corr, 0.470978),
        (Comparator::Spearman, 0.678935),
        (Comparator::RhoA, 0.628571),
        (Comparator::TauA, 0.466667),
        (Comparator::TauB, 0.544949),
        (Comparator::CosineCov, 0.736306),
        (Comparator::CorrCov, 0.278652),
        (Comparator::Bures, 0.894447),
    ] {
        let found = comparator.compare(&a, &b).unwrap();
        assert!((found - wanted).abs() < 1e-6, "{comparator:?}: {found} is not {wanted}");
        close(comparator.compare(&b, &a).unwrap(), found, 1e-12);
        // The same patterns in another order, on both sides, and on one side alone by the argument.
        let order = [2, 0, 3, 1];
        close(comparator.compare(&a.reordered(&order), &b.reordered(&order)).unwrap(), found, 1e-12);
        let on_one = comparator.prepare(&a).unwrap().with(&comparator.prepare(&b).unwrap(), Some(&order)).unwrap();
        close(on_one, comparator.compare(&a, &b.reordered(&order)).unwrap(), 1e-12);
    }
}

#[test]
fn whitened_cosine_of_squared_distances_is_linear_cka() {
    let (a, b) = patterns();
    close(cka(a.view(), b.view()).unwrap(), 0.736306, 1e-6);
    let (x, y) = (gaussian(12, 4, 1), gaussian(12, 6, 2));
    let rdm = |rows: &Array2<f64>| Rdm::euclidean(rows.view()).unwrap();
    let whitened = Comparator::CosineCov.compare(&rdm(&x), &rdm(&y)).unwrap();
    close(whitened, cka(x.view(), y.view()).unwrap(), 1e-12);
}

#[test]
fn patterns_that_a_distance_or_comparator_cannot_take_are_refused() {
    let refusal = |found: Result<Rdm, AnalysisError>| found.unwrap_err().to_string();
    let flat = array![[1.0, 2.0, 3.0], [0.7, 0.7, 0.7]];
    assert!(refusal(Rdm::correlation(flat.view())).contains("pattern 1 has the same rate in all units"));
    assert!(refusal(Rdm::poisson(array![[1.0], [-0.5]].view())).contains("hold -0.5, but Poisson counts"));
    assert!(refusal(Rdm::euclidean(array![[1.0]].view())).contains("have shape (1, 1)"));
    assert!(
        refusal(Rdm::crossnobis(std::slice::from_ref(&flat), &Array2::eye(3)))
            .contains("are 1, but crossnobis needs two")
    );
    assert!(refusal(Rdm::mahalanobis(flat.view(), &Array2::eye(2))).contains("but there are 3 units"));
    let two = Rdm { patterns: 2, values: vec![1.0] };
    let message = Comparator::Corr.compare(&two, &two).unwrap_err().to_string();
    assert!(message.contains("fewer than three patterns"), "{message}");
    // No triangle has sides of 1, 1 and 3.
    let far = Rdm { patterns: 3, values: vec![1.0, 1.0, 9.0] };
    let message = Comparator::Bures.compare(&far, &far).unwrap_err().to_string();
    assert!(message.contains("distances of no points in a space"), "{message}");
    let zero = Rdm { patterns: 3, values: vec![0.0; 3] };
    assert!(Comparator::Cosine.compare(&zero, &far).is_err());
    assert!(Comparator::Cosine.compare(&far, &two).unwrap_err().to_string().contains("3 and 2 patterns"));
}

fn rotation(angle: f64) -> Array2<f64> {
    array![[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]]
}

#[test]
fn two_rotations_are_as_far_apart_as_their_angles_whatever_their_sense() {
    for (a, b) in [(0.3, 0.8), (0.3, -0.8), (0.3, -0.4), (2.0, 0.5), (1.0, 1.0), (-0.2, 0.2)] {
        let found = conjugation(&rotation(a), &rotation(b), 8, 1).unwrap();
        let wanted = f64::min((a - b).abs(), (a + b).abs());
        assert!((found.angle - wanted).abs() < 1e-9, "{a} {b}: {}", found.angle);
        close(squares_off(&found.turn), 0.0, 1e-12);
    }
    close(angle_to_identity(&rotation(0.3)), 0.3, 1e-12);
    close(wasserstein(&rotation(0.3), &rotation(-0.3)).unwrap(), 0.0, 1e-12);
    // Each eigenvalue moves along a chord.
    close(wasserstein(&rotation(0.3), &rotation(0.8)).unwrap(), 2.0 * 0.25f64.sin(), 1e-12);
}

fn squares_off(turn: &Array2<f64>) -> f64 {
    factor::squares(&(&turn.dot(&turn.t()) - &Array2::<f64>::eye(turn.nrows())))
}

#[test]
fn a_map_in_other_coordinates_is_found_again() {
    for (n, seed) in [(3, 1), (5, 2), (8, 3), (8, 4), (12, 5)] {
        let map = gaussian(n, n, seed) * 0.3 + Array2::<f64>::eye(n) * 0.5;
        let turn = orthogonal(n, seed + 10);
        let found = conjugation(&map, &turn.dot(&map).dot(&turn.t()), 40, 1).unwrap();
        assert!(found.angle < 1e-6, "{n} {seed}: {:?}", found.angles);
        close(squares_off(&found.turn), 0.0, 1e-16);
    }
    let map = gaussian(6, 6, 1);
    assert_eq!(
        conjugation(&map, &gaussian(6, 6, 2), 6, 3).unwrap(),
        conjugation(&map, &gaussian(6, 6, 2), 6, 3).unwrap()
    );
    let refusal = |a: &Array2<f64>, starts| conjugation(a, &map, starts, 1).unwrap_err().to_string();
    assert!(refusal(&Array2::eye(2), 4).contains("of one rank"));
    assert!(refusal(&Array2::zeros((6, 6)), 4).contains("nothing of one step is left"));
    assert!(refusal(&map, 0).contains("starts = 0"));
}

/// Trajectories of a linear map from some states (conditions, times, units), seen by units of their own.
fn trajectories(map: &Array2<f64>, conditions: usize, times: usize, seed: u64) -> Array3<f64> {
    let (n, units) = (map.nrows(), 2 * map.nrows() + 1);
    let (starts, seen) = (gaussian(conditions, n, seed), orthogonal(units, seed + 1));
    let mut all = Array3::zeros((conditions, times, units));
    for condition in 0..conditions {
        let mut state = starts.row(condition).to_owned();
        for time in 0..times {
            all.slice_mut(ndarray::s![condition, time, ..]).assign(&state.dot(&seen.slice(ndarray::s![..n, ..])));
            state = map.dot(&state);
        }
    }
    all
}

fn of(all: &[(&str, Array3<f64>)], measure: &Measure) -> Result<Similarity, AnalysisError> {
    let all: Vec<_> = all.iter().map(|(name, means)| Representation::new(*name, means.clone())).collect();
    let settings = Settings { shuffles: 20, shuffle: Shuffle::Rows, seed: 1 };
    Similarity::of(&all, measure, &settings, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn dynamics_of_networks_are_compared_whatever_their_units() {
    // Means of 0, so that what is centred is the trajectory itself: starts come in pairs of both signs.
    let mirrored = |angle: f64, seed| {
        let half = trajectories(&rotation(angle), 5, 40, seed);
        ndarray::concatenate![Axis(0), half, -&half]
    };
    let all = [("slow", mirrored(0.3, 1)), ("fast", mirrored(0.8, 2)), ("mirrored", mirrored(-0.3, 3))];
    let found = of(&all, &Measure::Dsa(Dsa::default())).unwrap();
    let dynamics = found.dynamics.unwrap();
    assert_eq!((dynamics.delays, dynamics.rank), (1, 2));
    assert!(dynamics.held_out[1].error < 1e-20 && dynamics.held_out[0].error > 0.1, "{:?}", dynamics.held_out);
    close(found.matrix[0][1], 0.5, 2e-2);
    close(found.matrix[0][2], 0.0, 2e-2);
    close(dynamics.to_identity[0], 0.3, 2e-2);
    assert_eq!(found.matrix[1][0], found.matrix[0][1]);
    assert!(dynamics.spread.unwrap()[0][1] > 0.4, "the starts of the other determinant end at 1.1");
    let by_eigenvalues = Measure::Dsa(Dsa { score: DsaScore::Wasserstein, rank: Some(2), ..Dsa::default() });
    let found = of(&all, &by_eigenvalues).unwrap();
    close(found.matrix[0][1], 2.0 * 0.25f64.sin(), 1e-9);
    close(found.matrix[0][2], 0.0, 1e-9);
}

#[test]
fn delays_make_dynamics_of_what_one_unit_shows() {
    let one = |seed| trajectories(&rotation(0.4), 6, 30, seed).slice(ndarray::s![.., .., ..1]).to_owned();
    let dsa = |delays, rank| Dsa { delays: Some(delays), rank, score: DsaScore::Wasserstein, ..Dsa::default() };
    let all = [("a", one(1)), ("b", one(2))];
    let found = of(&all, &Measure::Dsa(dsa(2, Some(2)))).unwrap();
    close(found.matrix[0][1], 0.0, 0.05);
    let (re, im) = found.dynamics.unwrap().eigenvalues[0][0];
    close(im.abs().atan2(re), 0.4, 0.02);
    let message = of(&all, &Measure::Dsa(dsa(1, Some(2)))).unwrap_err().to_string();
    assert!(message.contains("rank = 2: is more than the 1 dimensions"), "{message}");
    let message = of(&all, &Measure::Dsa(dsa(40, None))).unwrap_err().to_string();
    assert!(message.contains("a: dynamics need two states that follow one another"), "{message}");
}

/// Trials of one unit that shows the sum of rotations, and their mirror images, so that all means are 0.
fn shown(angles: &[f64], seed: u64) -> Array3<f64> {
    let of = |angle: &f64| trajectories(&rotation(*angle), 10, 40, seed).slice(ndarray::s![.., .., ..1]).to_owned();
    let sum = angles.iter().map(of).reduce(|sum, of| sum + of).unwrap();
    ndarray::concatenate![Axis(0), sum, -&sum]
}

#[test]
fn delays_and_rank_are_as_many_as_the_dynamics_need() {
    for (angles, needed) in [(vec![0.4], 2), (vec![0.4, 1.1], 4)] {
        let all = [("a", shown(&angles, 1)), ("b", shown(&angles, 2))];
        let score = DsaScore::Wasserstein;
        let found = of(&all, &Measure::Dsa(Dsa { score, ..Dsa::default() })).unwrap();
        let dynamics = found.dynamics.unwrap();
        assert_eq!((dynamics.delays, dynamics.rank), (needed, needed), "{:?}", dynamics.delays_held_out);
        // Two more were tried, and no more.
        let tried: Vec<usize> = dynamics.delays_held_out.iter().map(|of| of.delays).collect();
        assert_eq!(tried, (1..=needed + 2).collect::<Vec<_>>());
        assert!(dynamics.delays_held_out[needed - 2].least.error > 1e-3);
        close(found.matrix[0][1], 0.0, 1e-9);
        let given = of(&all, &Measure::Dsa(Dsa { score, delays: Some(needed), ..Dsa::default() })).unwrap();
        let given = given.dynamics.unwrap();
        assert!(given.rank == needed && given.delays_held_out.is_empty());
    }
}

#[test]
fn delays_of_a_noisy_process_are_its_order() {
    let process = |seed: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut means = Array3::zeros((40, 60, 1));
        for mut condition in means.outer_iter_mut() {
            let (mut before, mut now) = (0.0, 0.0);
            for mut row in condition.outer_iter_mut() {
                let noise: f64 = rng.sample(StandardNormal);
                (before, now) = (now, 1.6 * now - 0.9 * before + noise);
                row[0] = now;
            }
        }
        means
    };
    let found = of(&[("a", process(1)), ("b", process(2))], &Measure::Dsa(Dsa::default())).unwrap();
    let dynamics = found.dynamics.unwrap();
    assert_eq!((dynamics.delays, dynamics.rank), (2, 2), "{:?}", dynamics.delays_held_out);
}

#[test]
fn a_map_of_distances_is_exact_where_there_are_two_dimensions() {
    let places = [[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [3.0, 4.0], [1.0, 1.0]];
    let apart = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let distances = Array2::from_shape_fn((5, 5), |(i, j)| apart(&places[i], &places[j]));
    let map = Map::of(&distances).unwrap();
    close(map.variance, 1.0, 1e-12);
    close(map.stress, 0.0, 1e-7);
    for ((i, j), distance) in distances.indexed_iter() {
        close(apart(&map.places[i], &map.places[j]), *distance, 1e-7);
    }
    // Four things equally far apart need three dimensions.
    let map = Map::of(&Array2::from_shape_fn((4, 4), |(i, j)| f64::from(u8::from(i != j)))).unwrap();
    close(map.variance, 2.0 / 3.0, 1e-12);
    assert!(map.stress > 0.1);
    let two = Map::of(&array![[0.0, 2.0], [2.0, 0.0]]).unwrap();
    assert_eq!((two.places[0][1], two.places[1][1]), (0.0, 0.0));
    close(two.places[0][0] - two.places[1][0], 2.0, 1e-12);
}

#[test]
fn all_are_compared_with_all_and_with_what_chance_gives() {
    let cube = |rows: Array2<f64>| rows.into_shape_with_order((5, 8, 6)).unwrap();
    let x = gaussian(40, 6, 1);
    let all = [("x", cube(x.clone())), ("turned", cube(x.dot(&orthogonal(6, 2)))), ("other", cube(gaussian(40, 6, 4)))];
    for (measure, same, bound) in [
        (Measure::Cka, 1.0, 0.5),
        (Measure::CkaDebiased, 1.0, 0.4),
        (Measure::Cca { regularisation: 0.0 }, 1.0, 0.5),
        (Measure::Svcca { variance: 0.99 }, 1.0, 0.6),
        (Measure::Pwcca { variance: 0.99 }, 1.0, 0.6),
        (Measure::Procrustes, 0.0, 1.0),
        (Measure::Angular, 0.0, 0.5),
        (Measure::Rsa { rdm: RdmDistance::Euclidean, compare: Comparator::Corr }, 1.0, 0.5),
    ] {
        let found = of(&all, &measure).unwrap();
        let name = found.measure;
        close(found.matrix[0][1], same, 1e-9);
        close(found.matrix[0][0], same, 1e-9);
        assert_eq!(found.matrix[0][2], found.matrix[2][0]);
        assert_eq!(found.matrix[0][2] > bound, found.is_distance, "{name}: {}", found.matrix[0][2]);
        let control = found.control.unwrap();
        close(control.p[0][1].unwrap(), 1.0 / 21.0, 1e-12);
        assert!(control.p[0][2].unwrap() > 1.0 / 21.0 && control.p[0][0].is_none(), "{name}: {:?}", control.p);
        close(control.mean[0][2].unwrap(), found.matrix[0][2], 0.3 * if found.is_distance { 5.0 } else { 1.0 });
        let [at, turned, other] = found.map.places[..] else { panic!("three places") };
        let apart = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        assert!(apart(at, turned) < 1e-2 && apart(at, other) > 0.1, "{name}: {:?}", found.map);
    }
    let message = of(&all[..1], &Measure::Cka).unwrap_err().to_string();
    assert!(message.contains("two are compared at least"), "{message}");
    let still = [("x", cube(x)), ("still", Array3::from_elem((5, 8, 2), 0.3))];
    let message = of(&still, &Measure::Cka).unwrap_err().to_string();
    assert!(message.starts_with("still: rows: do not vary"), "{message}");
}

#[test]
fn conditions_are_shuffled_with_all_their_times() {
    let first = Representation::new("a", Array3::zeros((4, 3, 1)));
    let settings = |shuffle| Settings { shuffles: 5, shuffle, seed: 1 };
    let shuffled = Shuffled::of(&first, &settings(Shuffle::Conditions)).unwrap();
    let order = shuffled.order(1);
    assert!(order.chunks(3).all(|rows| rows[0] % 3 == 0 && rows[1] == rows[0] + 1 && rows[2] == rows[0] + 2));
    assert_ne!(shuffled.order(1), shuffled.order(2));
    let two = Representation::new("a", Array3::zeros((2, 3, 1)));
    assert!(Shuffled::of(&two, &settings(Shuffle::Conditions)).is_err());
    assert!(Shuffled::of(&two, &settings(Shuffle::Rows)).is_ok());
}

/// Trials of two sides in turn, the stimulus from step 1 of 4; the rate is the side, plus the step, plus noise.
fn activity(sides: &[f64], dt: f64, noise: u64) -> Activity {
    let n = sides.len();
    let jitter = gaussian(n * 4, 3, noise) * 0.1;
    let rates = Array3::from_shape_fn((n, 4, 3), |(trial, step, unit)| {
        sides[trial] * (unit as f64 + 1.0) + step as f64 + jitter[[4 * trial + step, unit]]
    });
    let epochs =
        vec![Epoch { name: "stimulus".into(), start: 1, end: 4 }, Epoch { name: "late".into(), start: 2, end: 4 }];
    let trials = Trials {
        n_steps: vec![4; n],
        conditions: sides.iter().map(|side| Condition::new().with("side", *side)).collect(),
        epochs: vec![epochs; n],
    };
    Activity::new(rates, dt, trials).unwrap()
}

fn by_side() -> Matching {
    Matching { by: vec!["side".into()], ..Matching::default() }
}

#[test]
fn rows_are_matched_by_condition_and_time_and_not_by_their_order() {
    // The second through single precision, with its trials in another order.
    let part = |name: &str, sides: &[f64], epoch| Part::of(name, &activity(sides, 10.0, 1), epoch, 1).unwrap();
    let (a, b) = (
        part("a", &[-0.1, 0.2, -0.1, 0.2], Some("stimulus")),
        part("b", &[f64::from(0.2f32), f64::from(-0.1f32), f64::from(-0.1f32)], Some("late")),
    );
    let found = MatchedParts::of(&[a.clone(), b], &by_side()).unwrap();
    assert_eq!(found.time_ms, [-5.0, 5.0, 15.0]);
    let sides: Vec<_> = found.conditions.iter().map(|condition| condition.number("side").unwrap()).collect();
    assert_eq!(sides, [-0.1, 0.2]);
    for representation in &found.representations {
        assert_eq!(representation.means.dim(), (2, 3, 3));
        assert!(representation.means[[0, 0, 2]] < representation.means[[1, 0, 2]]);
    }
    let left_out: Vec<_> = found.parts.iter().map(|part| part.times_left_out).collect();
    assert_eq!(left_out, [1, 1]);
    let averaged = MatchedParts::of(&[a.clone(), a.clone()], &Matching { average_times: true, ..by_side() }).unwrap();
    assert_eq!((averaged.time_ms.as_slice(), averaged.representations[0].means.dim()), ([10.0].as_slice(), (2, 1, 3)));
    let other = part("b", &[-0.1, 0.2, 0.3], Some("stimulus"));
    for parts in [[a.clone(), other.clone()], [other, a.clone()]] {
        let message = MatchedParts::of(&parts, &by_side()).unwrap_err().to_string();
        assert!(message.contains("a has no trial of side=0.3, which b has; choose conditions"), "{message}");
    }
    let wide = Part::of("b", &activity(&[-0.1, 0.2], 10.0, 1), Some("stimulus"), 2).unwrap();
    let message = MatchedParts::of(&[a, wide], &by_side()).unwrap_err().to_string();
    assert!(message.contains("a has bins of 10 ms and b of 20 ms"), "{message}");
}

#[test]
fn variables_that_no_trial_has_together_make_no_condition() {
    let sides = activity(&[-0.1, 0.2], 10.0, 1);
    let conditions = vec![Condition::new().with("side", -0.1), Condition::new().with("catch", true)];
    let trials = Trials { conditions, ..sides.trials().clone() };
    let part = Part::of("a", &Activity::new(sides.rates().to_owned(), 10.0, trials).unwrap(), None, 1).unwrap();
    let by = vec!["side".into(), "catch".into()];
    let message = MatchedParts::of(&[part], &Matching { by, ..Matching::default() }).unwrap_err().to_string();
    assert!(message.contains("no trial has values of all of side, catch"), "{message}");
}

#[test]
fn an_epoch_is_as_long_as_in_its_shortest_trial() {
    let activity = activity(&[-1.0, 1.0], 10.0, 1);
    let parts = ["stimulus", "late"].map(|epoch| Part::within(epoch, &activity, epoch, 1).unwrap());
    let found = MatchedParts::of(&parts, &by_side()).unwrap();
    assert_eq!(found.time_ms, [5.0, 15.0]);
    assert_eq!(found.parts.iter().map(|part| part.times_left_out).collect::<Vec<_>>(), [1, 0]);
    let message = Part::within("late", &activity, "late", 3).unwrap_err().to_string();
    assert!(message.contains("has 2 steps in its shortest trial, but a bin has 3"), "{message}");
}

#[test]
fn folds_are_disjoint_and_noise_is_that_about_the_means() {
    let sides: Vec<f64> = (0..40).map(|trial| if trial % 2 == 0 { -1.0 } else { 1.0 }).collect();
    let part = Part::of("a", &activity(&sides, 10.0, 3), None, 1).unwrap();
    let matching = Matching { folds: Some(4), noise: true, ..by_side() };
    let found = MatchedParts::of(&[part.clone(), part.clone()], &matching).unwrap();
    let [representation, _] = &found.representations[..] else { panic!("two") };
    let mean = representation.folds.iter().fold(Array3::zeros((2, 4, 3)), |sum: Array3<f64>, fold| sum + fold) / 4.0;
    assert!((&mean - &representation.means).iter().all(|off| off.abs() < 1e-12), "equal folds have the same mean");
    let noise = representation.noise.as_ref().unwrap();
    assert_eq!(noise.degrees_of_freedom, 40 * 4 - 8);
    noise.covariance.diag().iter().for_each(|variance| close(*variance, 0.01, 0.003));
    let off = noise.whitening.dot(&noise.covariance).dot(&noise.whitening) - Array2::<f64>::eye(3);
    assert!(factor::squares(&off) < 1e-20);
    let message = MatchedParts::of(&[part], &Matching { folds: Some(21), ..by_side() }).unwrap_err().to_string();
    assert!(message.contains("there are 20 trials of side=-1, but 21 folds need as many"), "{message}");
}

#[test]
fn times_that_a_fold_lacks_are_left_out_and_counted() {
    let rates = Array3::from_shape_fn((4, 5, 2), |(trial, step, unit)| (trial * step + unit) as f64);
    let sides = [-1.0, -1.0, 1.0, 1.0].map(|side| Condition::new().with("side", side));
    let activity = Activity::new(rates, 10.0, Trials::new(vec![5, 4, 5, 4], sides.to_vec())).unwrap();
    let part = Part::of("a", &activity, None, 1).unwrap();
    let of = |folds| {
        let found = MatchedParts::of(std::slice::from_ref(&part), &Matching { folds, ..by_side() }).unwrap();
        (found.time_ms.len(), found.parts[0].times_left_out, found.representations[0].folds.len())
    };
    assert_eq!((of(None), of(Some(2))), ((5, 0, 0), (4, 1, 2)));
}

#[test]
fn crossnobis_of_noise_alone_is_0_on_average_and_other_distances_are_not() {
    let folds: Vec<Array2<f64>> = (0..4).map(|seed| gaussian(30, 20, seed)).collect();
    let mean = |rdm: Rdm| rdm.values.iter().sum::<f64>() / rdm.values.len() as f64;
    close(mean(Rdm::crossnobis(&folds, &Array2::eye(20)).unwrap()), 0.0, 0.05);
    let all = folds.iter().fold(Array2::zeros((30, 20)), |sum: Array2<f64>, fold| sum + fold) / 4.0;
    close(mean(Rdm::euclidean(all.view()).unwrap()), 0.5, 0.05);
}
