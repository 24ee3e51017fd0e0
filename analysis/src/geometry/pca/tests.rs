//! Components, their ratios and nulls, of states whose covariances are known.

use ndarray::array;

use super::*;
use crate::geometry::test::{gaussian, unwatched};

fn plain(rows: Array2<f64>) -> Pca {
    Pca::of(States::of(rows, 10.0), &Settings::plain(), &mut unwatched).unwrap()
}

#[test]
fn the_participation_ratio_is_that_worked_by_hand() {
    assert!((participation_ratio(&[4.0, 2.0, 1.0, 1.0]) - 2.909_090_909).abs() < 1e-9);
    assert_eq!(participation_ratio(&[]), 0.0);
    // Variances of 4, 2, 1 and 1 along rotated axes.
    let (c, s) = (0.6, 0.8);
    let points = [[2.0, 0.0, 0.0, 0.0], [0.0, 2f64.sqrt(), 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]];
    let rows = Array2::from_shape_fn((8, 4), |(row, unit)| {
        let [a, b, y, z] = points[row / 2];
        [c * a - s * b, s * a + c * b, y, z][unit] * if row % 2 == 0 { 1.0 } else { -1.0 } + 5.0
    });
    let found = plain(rows);
    assert!((found.participation_ratio - 64.0 / 22.0).abs() < 1e-12);
    assert!((found.explained_variance[0] - 8.0 / 7.0).abs() < 1e-12);
    assert_eq!((found.components_90, found.components_95, found.units, found.samples), (4, 4, 4, 8));
    assert!((found.axes[[0, 1]] - 0.8).abs() < 1e-12 && (found.axes[[0, 0]] - 0.6).abs() < 1e-12);
}

#[test]
fn white_noise_has_the_ratio_of_the_formula() {
    let found = plain(gaussian((100, 100), 3));
    assert!((found.participation_ratio - 49.7).abs() < 1.0, "{}", found.participation_ratio);
    let null = found.independent_noise;
    // The autocorrelation of white noise is 0 to within 1 / sqrt(N T) at each lag.
    assert!((null.correlation_time_ms - 10.0).abs() < 0.1, "{}", null.correlation_time_ms);
    assert!((null.participation_ratio.unwrap() - 49.7).abs() < 0.5);
    let many = plain(gaussian((1000, 100), 3));
    assert!((many.participation_ratio - 90.9).abs() < 1.0, "{}", many.participation_ratio);
}

/// `x' = a x + noise` in every unit, in runs of so many steps.
fn decaying(run: usize, runs: usize, units: usize, a: f64) -> States {
    let mut rows = gaussian((run * runs, units), 5);
    for row in 0..run * runs {
        if row % run > 0 {
            for unit in 0..units {
                rows[[row, unit]] = a * rows[[row - 1, unit]] + (1.0 - a * a).sqrt() * rows[[row, unit]];
            }
        }
    }
    States { rows, runs: (0..runs).map(|place| place * run..(place + 1) * run).collect(), dt: 10.0 }
}

#[test]
fn slow_noise_counts_as_fewer_states() {
    // coth(dt / tau) dt of an exponential decay: 100.3 ms.
    let a = (-0.1f64).exp();
    let settings = Settings { shuffles: 20, ..Settings::plain() };
    let found = Pca::of(decaying(2000, 2, 60, a), &settings, &mut unwatched).unwrap();
    let null = &found.independent_noise;
    assert!((null.correlation_time_ms - 100.3).abs() < 8.0, "{}", null.correlation_time_ms);
    let ratio = null.participation_ratio.unwrap();
    assert!((found.participation_ratio / ratio - 1.0).abs() < 0.03, "{} {ratio}", found.participation_ratio);
    let shuffled = found.shuffled.unwrap();
    assert!((shuffled.participation_ratio / ratio - 1.0).abs() < 0.03, "{}", shuffled.participation_ratio);
    assert!(shuffled.components_above <= 6, "{}", shuffled.components_above);
}

#[test]
fn a_time_course_that_all_trials_have_is_none_of_shuffled_units() {
    // Two courses in 40 units, in 60 trials of 50 steps.
    let weights = gaussian((2, 40), 6);
    let noise = gaussian((60 * 50, 40), 7);
    let rows = Array2::from_shape_fn((60 * 50, 40), |(row, unit)| {
        let (sin, cos) = (0.1 * (row % 50) as f64).sin_cos();
        sin * weights[[0, unit]] + cos * weights[[1, unit]] + 0.05 * noise[[row, unit]]
    });
    let runs = (0..60).map(|run| run * 50..(run + 1) * 50).collect();
    let settings = Settings { shuffles: 5, ..Settings::plain() };
    let found = Pca::of(States { rows, runs, dt: 10.0 }, &settings, &mut unwatched).unwrap();
    let shuffled = found.shuffled.unwrap();
    assert!(found.participation_ratio < 2.1, "{}", found.participation_ratio);
    assert!(shuffled.participation_ratio > 12.0, "{}", shuffled.participation_ratio);
    assert_eq!(shuffled.components_above, 2);
}

#[test]
fn a_direction_that_units_share_stands_out_of_the_shuffles() {
    let mut states = decaying(500, 4, 30, 0.8);
    let shared = gaussian((2000, 1), 9);
    states.rows += &(&shared * 0.7);
    let settings = Settings { shuffles: 10, seed: 1, ..Settings::plain() };
    let found = Pca::of(states.clone(), &settings, &mut unwatched).unwrap();
    assert_eq!(found.shuffled.as_ref().unwrap().components_above, 1);
    assert_eq!(Pca::of(states, &settings, &mut unwatched).unwrap(), found);
}

#[test]
fn more_units_than_states_give_the_same_components() {
    let rows = gaussian((12, 30), 2);
    let wide = plain(rows.clone());
    assert_eq!(wide.axes.dim(), (11, 30));
    let square = gram((&rows - &rows.mean_axis(Axis(0)).unwrap()).view());
    let Spectrum { values, vectors } = algebra::spectrum("c", square.view()).unwrap();
    for (place, value) in values.iter().take(11).enumerate() {
        assert!((wide.explained_variance[place] - value / 11.0).abs() < 1e-10);
        assert!((wide.axes.row(place).dot(&vectors.row(place)) - 1.0).abs() < 1e-9);
    }
}

#[test]
fn silent_units_are_counted_and_stay_nothing() {
    let mut rows = gaussian((50, 3), 1);
    rows.column_mut(1).fill(0.7);
    rows.column_mut(2).mapv_inplace(|value| 100.0 * value);
    for normalization in [Normalization::None, Normalization::Zscore, Normalization::Soft] {
        let settings = Settings { normalization, ..Settings::plain() };
        let found = Pca::of(States::of(rows.clone(), 1.0), &settings, &mut unwatched).unwrap();
        assert_eq!(found.silent_units, 1);
        assert!(found.axes[[0, 1]].abs() < 1e-12 && found.explained_variance[2] < 1e-20);
        let is_even = found.explained_variance_ratio[0] < 0.7;
        assert_eq!(is_even, normalization == Normalization::Zscore, "{:?}", found.explained_variance_ratio);
        let coordinates = found.coordinates(rows.view(), 2);
        assert!(coordinates.column(0).mean().unwrap().abs() < 1e-10);
    }
    let message = |rows| Pca::of(States::of(rows, 1.0), &Settings::plain(), &mut unwatched).unwrap_err().to_string();
    assert!(message(Array2::ones((4, 2))).contains("none of the 2 units varies"));
    assert!(message(Array2::ones((1, 2))).contains("two at least"));
    assert!(message(array![[1.0], [f64::NAN]]).contains("holds NaN"));
}

#[test]
fn runs_end_where_trials_end_or_steps_are_missing() {
    let of = vec![(0, 0), (0, 1), (1, 0), (1, 1), (1, 3)];
    let states = States::of_samples(Samples { rows: Array2::zeros((5, 1)), of, missing: 1 }, 1.0);
    assert_eq!(states.runs, [0..2, 2..4, 4..5]);
}

#[test]
fn the_work_ends_when_it_is_asked_to() {
    let settings = Settings { shuffles: 50, ..Settings::plain() };
    let ended = Pca::of(States::of(gaussian((50, 5), 0), 1.0), &settings, &mut |_| ControlFlow::Break(()));
    assert!(ended.unwrap_err().to_string().contains("ended"));
}
