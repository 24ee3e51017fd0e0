//! Decoding agrees with scikit-learn (`golden/decoding/generate.py`), finds what is known, and no more.

use std::path::Path;

use ndarray::{Array3, ArrayView2, Axis, s};
use nn4n_analysis::{
    Activity, Decoding,
    activity::Trials,
    decoding::{Decoder, Settings, Shrinkage},
};
use nn4n_tasks::{Condition, Epoch};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use serde_json::Value;

const AUTO: Decoder = Decoder::Lda { shrinkage: Shrinkage::Auto };

fn settings(variable: &str, decoder: Decoder) -> Settings {
    Settings {
        variable: variable.into(),
        is_graded: None,
        decoder,
        is_scaled: true,
        components: None,
        folds: 5,
        repeats: 1,
        shuffles: 0,
        within: None,
        align: None,
        steps_in_bin: 1,
        cross_temporal: false,
        generalize: None,
        seed: 3,
    }
}

fn decode(activity: &Activity, settings: &Settings) -> Decoding {
    Decoding::of(activity, settings, &mut |_| {}).unwrap()
}

fn refusal(activity: &Activity, settings: &Settings) -> String {
    Decoding::of(activity, settings, &mut |_| {}).unwrap_err().to_string()
}

fn activity(rates: Array3<f64>, conditions: Vec<Condition>) -> Activity {
    let steps = rates.dim().1;
    Activity::new(rates, 10.0, Trials::new(vec![steps; conditions.len()], conditions)).unwrap()
}

fn noise(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// Trials of noise of deviation 1 with what `mean(trial, step, unit)` adds.
fn noisy(
    (trials, steps, units): (usize, usize, usize),
    seed: u64,
    mean: impl Fn(usize, usize, usize) -> f64,
    condition: impl Fn(usize) -> Condition,
) -> Activity {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rates =
        Array3::from_shape_fn((trials, steps, units), |(trial, step, unit)| mean(trial, step, unit) + noise(&mut rng));
    activity(rates, (0..trials).map(condition).collect())
}

/// -1 and 1 in turn.
fn side(trial: usize) -> f64 {
    if trial.is_multiple_of(2) { -1.0 } else { 1.0 }
}

fn of_side(trial: usize) -> Condition {
    Condition::new().with("side", side(trial))
}

// Golden values

fn numbers(value: &Value) -> Vec<f64> {
    match value.as_array() {
        Some(list) => list.iter().flat_map(numbers).collect(),
        None => vec![value.as_f64().expect("a number")],
    }
}

fn agree(what: &str, found: &[f64], wanted: &[f64], tolerance: f64) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    let size = wanted.iter().fold(1.0, |most: f64, value| most.max(value.abs()));
    for (place, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((found - wanted).abs() <= tolerance * size, "{what} [{place}]: {found}, but {wanted}");
    }
}

fn decoder(name: &str) -> (Decoder, bool, Option<usize>) {
    let decoder = match name.split(' ').collect::<Vec<_>>()[..2] {
        ["lda", "auto"] => AUTO,
        ["lda", s] => Decoder::Lda { shrinkage: Shrinkage::Fixed(s.parse().unwrap()) },
        ["logistic", c] => Decoder::Logistic { c: c.parse().unwrap() },
        ["ridge", alpha] => Decoder::Ridge { alpha: alpha.parse().unwrap() },
        _ => panic!("{name}"),
    };
    (decoder, !name.ends_with("raw"), name.ends_with("components").then_some(4))
}

/// Of several functions only the differences mean something.
fn less_mean(rows: ArrayView2<'_, f64>) -> Vec<f64> {
    let mean = if rows.nrows() > 1 { rows.mean_axis(Axis(0)).unwrap() } else { ndarray::Array1::zeros(rows.ncols()) };
    (&rows - &mean).into_iter().collect()
}

#[test]
fn decoders_are_those_of_scikit_learn() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/decoding/decoding.json");
    let cases: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut compared = 0;
    for (case, of_case) in cases.as_object().unwrap() {
        let given = &of_case["given"];
        let trials = given["x"].as_array().unwrap().len();
        let x = numbers(&given["x"]);
        let rates = Array3::from_shape_vec((trials, 1, x.len() / trials), x).unwrap();
        let [y, fold, graded] = ["y", "fold", "graded"].map(|name| numbers(&given[name]));
        let condition =
            |trial: usize| Condition::new().with("y", y[trial]).with("fold", fold[trial]).with("graded", graded[trial]);
        let activity = activity(rates, (0..trials).map(condition).collect());
        for (name, wanted) in of_case["found"].as_object().unwrap() {
            let (decoder, is_scaled, components) = decoder(name);
            let is_graded = matches!(decoder, Decoder::Ridge { .. });
            let variable = if is_graded { "graded" } else { "y" };
            let settings = Settings {
                is_graded: Some(is_graded),
                is_scaled,
                components,
                generalize: Some("fold".into()),
                ..settings(variable, decoder)
            };
            let found = decode(&activity, &settings);
            let name = format!("{case}, {name}");
            let tolerance = if name.contains("logistic") { 1e-6 } else { 1e-8 };
            let of = |what: &str, values: &[f64]| {
                agree(&format!("{name}: {what}"), values, &numbers(&wanted[what]), tolerance)
            };
            of("folds", &found.course.each.column(0).to_vec());
            of("weights", &less_mean(found.weights.index_axis(Axis(0), 0)));
            of("pattern", &less_mean(found.patterns.index_axis(Axis(0), 0)));
            of("intercepts", &less_mean(found.intercepts.slice(s![0, ..]).insert_axis(Axis(1))));
            assert_eq!(found.unconverged, 0);
            compared += 1;
        }
    }
    assert_eq!(compared, 34);
}

// Known answers

#[test]
fn two_gaussians_are_told_apart_as_well_as_they_can_be() {
    // Each of three units is 1.5 / sqrt 3 apart: d' = 1.5 together, and Phi(d' / 2) is the best accuracy.
    let half = 0.75 / 3f64.sqrt();
    let found = noisy((8000, 1, 3), 1, |trial, _, _| half * side(trial), of_side);
    for decoder in [AUTO, Decoder::Lda { shrinkage: Shrinkage::Fixed(0.0) }, Decoder::Logistic { c: 1.0 }] {
        let value = decode(&found, &settings("side", decoder)).course.value[0];
        assert!((value - 0.77337).abs() < 0.012, "{decoder:?}: {value}");
    }
    // A graded variable y = w x + noise of variance 1: R2 = 1 - 1 / (1 + |w|^2).
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let rates = Array3::from_shape_fn((6000, 1, 3), |_| noise(&mut rng));
    let graded = |row: ArrayView2<'_, f64>, rng: &mut ChaCha8Rng| row.sum() + noise(rng);
    let conditions =
        rates.outer_iter().map(|row| Condition::new().with("y", graded(row, &mut rng))).collect::<Vec<_>>();
    let found = decode(&activity(rates, conditions), &settings("y", Decoder::Ridge { alpha: 1.0 }));
    assert!((found.course.value[0] - 0.75).abs() < 0.02, "{}", found.course.value[0]);
    // The sign of one of two variables with correlation r is that of the other in 1 - acos(r) / pi.
    let wanted = 1.0 - 0.75f64.sqrt().acos() / std::f64::consts::PI;
    let sign = found.sign.unwrap();
    assert!((sign.value[0] - wanted).abs() < 0.02, "{} {wanted}", sign.value[0]);
    assert_eq!((found.course.measure, sign.measure, sign.guessing), ("r2", "sign_accuracy", 0.5));
}

#[test]
fn labels_that_are_noise_are_at_chance_within_the_shuffles() {
    let of = |trial: usize| Condition::new().with("k", ["a", "b", "c"][(trial * 7 + trial / 5) % 3]);
    let (mut small, mut corrected, mut values) = (0, 0, Vec::new());
    for seed in 0..40 {
        let found = noisy((60, 4, 10), seed, |_, _, _| 0.0, of);
        let found = decode(&found, &Settings { shuffles: 59, seed, ..settings("k", AUTO) });
        small += found.course.p.iter().filter(|p| **p <= 0.05).count();
        corrected += usize::from(found.course.p_corrected.iter().any(|p| *p <= 0.05));
        values.extend(found.course.value.iter().zip(&found.course.chance).map(|(value, chance)| (*value, *chance)));
        assert_eq!((found.course.guessing, found.movable_labels), (1.0 / 3.0, 60));
    }
    // 160 tests of which 5 % are below 0.05, and 40 of which 5 % have one below.
    assert!((2..=16).contains(&small), "{small}");
    assert!(corrected <= 6, "{corrected}");
    let mean = |of: fn(&(f64, f64)) -> f64| values.iter().map(of).sum::<f64>() / values.len() as f64;
    assert!((mean(|pair| pair.0) - 1.0 / 3.0).abs() < 0.02 && (mean(|pair| pair.1) - 1.0 / 3.0).abs() < 0.01);
}

#[test]
fn without_information_stratified_folds_give_chance_where_leaving_one_out_gives_nothing() {
    let silent = |trials: usize| {
        activity(
            Array3::ones((trials, 1, 4)),
            (0..trials).map(|trial| of_side(trial).with("trial", trial as f64)).collect(),
        )
    };
    let many = silent(40);
    // Trials of constant units are copies: what tells them apart is a unit of its own.
    assert!(many.copies().is_none(), "each has a variable of its own");
    for decoder in [AUTO, Decoder::Logistic { c: 1.0 }] {
        let found = decode(&many, &settings("side", decoder));
        assert_eq!((found.course.value[0], found.constant_units[0]), (0.5, 4));
    }
    let one_out = Settings { generalize: Some("trial".into()), ..settings("side", AUTO) };
    let message = refusal(&many, &one_out);
    assert!(message.contains("has no trial of"), "{message}");
}

#[test]
fn selecting_units_outside_of_the_folds_finds_what_is_not_there() {
    let (trials, units) = (60, 2000);
    let all = noisy((trials, 1, units), 5, |_, _, _| 0.0, of_side);
    let difference = |unit: usize| {
        let rates = all.rates();
        (0..trials).map(|trial| side(trial) * rates[[trial, 0, unit]]).sum::<f64>().abs()
    };
    let mut best: Vec<usize> = (0..units).collect();
    best.sort_by(|a, b| difference(*b).total_cmp(&difference(*a)));
    let outside = decode(&all.with_units(&best[..20]).unwrap(), &settings("side", AUTO)).course.value[0];
    assert!(outside > 0.85, "{outside}");
    // All units, more than there are trials, and what is selected within: chance.
    let inside = decode(&all, &Settings { repeats: 3, ..settings("side", AUTO) }).course.value[0];
    assert!((0.3..0.7).contains(&inside), "{inside}");
}

#[test]
fn folds_of_steps_leak_what_folds_of_trials_do_not() {
    // Each trial has an offset of its own, whatever its label.
    let (trials, steps, units) = (20, 50, 30);
    let (mut by_trial, mut by_step) = (Vec::new(), Vec::new());
    for seed in 0..12 {
        let mut rng = ChaCha8Rng::seed_from_u64(100 + seed);
        let offsets: Vec<f64> = (0..trials * units).map(|_| 4.0 * noise(&mut rng)).collect();
        let whole = noisy((trials, steps, units), seed, |trial, _, unit| offsets[trial * units + unit], of_side);
        let of_trials = decode(&whole, &Settings { steps_in_bin: steps, repeats: 3, ..settings("side", AUTO) });
        by_trial.push(of_trials.course.value[0]);
        let rates = whole.rates().to_owned().into_shape_with_order((trials * steps, 1, units)).unwrap();
        let apart = activity(rates, (0..trials * steps).map(|row| of_side(row / steps)).collect());
        by_step.push(decode(&apart, &settings("side", AUTO)).course.value[0]);
    }
    let mean = by_trial.iter().sum::<f64>() / by_trial.len() as f64;
    assert!((mean - 0.5).abs() < 0.15, "{by_trial:?}");
    assert!(by_step.iter().all(|value| *value > 0.95), "{by_step:?}");
}

#[test]
fn shuffles_within_a_variable_know_what_follows_from_it() {
    // Units tell the block alone, and the label is mostly that of its block.
    let block = |trial: usize| side(trial / 2);
    let label = |trial: usize| if trial % 8 < 2 { -block(trial) } else { block(trial) };
    let of = |trial: usize| Condition::new().with("block", block(trial)).with("label", label(trial));
    let found = noisy((160, 1, 5), 4, |trial, _, _| block(trial), of);
    let free = decode(&found, &Settings { shuffles: 99, ..settings("label", AUTO) });
    assert!(free.course.value[0] > 0.6 && free.course.p[0] <= 0.02, "{:?}", free.course.p);
    let within = Settings { shuffles: 99, within: Some("block".into()), ..settings("label", AUTO) };
    let bound = decode(&found, &within);
    assert!(bound.course.p[0] > 0.05 && bound.course.chance[0] > 0.62, "{:?}", bound.course);
    let message = refusal(
        &noisy((80, 1, 3), 1, |_, _, _| 0.0, |trial| of_side(trial).with("same", side(trial) > 0.0)),
        &Settings { shuffles: 9, within: Some("same".into()), ..settings("side", AUTO) },
    );
    assert!(message.contains("moves no label"), "{message}");
}

// Over time

/// One unit has the side in the first half of the steps, and `second` in the other half.
fn two_codes(second: impl Fn(usize, usize) -> f64) -> Activity {
    let mean = |trial: usize, step: usize, unit: usize| match (step < 4, unit) {
        (true, 0) => 2.0 * side(trial),
        (true, _) => 0.0,
        (false, unit) => second(trial, unit),
    };
    noisy((200, 8, 3), 9, mean, of_side)
}

#[test]
fn decoders_of_one_time_work_at_others_as_the_code_is_stable() {
    let of = |second: &dyn Fn(usize, usize) -> f64| {
        let settings = Settings { cross_temporal: true, repeats: 2, ..settings("side", AUTO) };
        let found = decode(&two_codes(second), &settings);
        let cross = found.cross_temporal.unwrap();
        for (bin, value) in found.course.value.iter().enumerate() {
            assert!((cross.matrix[[bin, bin]] - value).abs() < 1e-12, "the diagonal is of the same splits");
        }
        cross
    };
    let along =
        |unit: usize, own: usize, trial: usize, sign: f64| if unit == own { 2.0 * sign * side(trial) } else { 0.0 };
    let stable = of(&|trial, unit| along(unit, 0, trial, 1.0));
    assert!((stable.stability - 1.0).abs() < 0.05, "{}", stable.stability);
    let other = of(&|trial, unit| along(unit, 1, trial, 1.0));
    assert!((other.matrix[[0, 6]] - 0.5).abs() < 0.15 && other.matrix[[0, 2]] > 0.9);
    let reversed = of(&|trial, unit| along(unit, 0, trial, -1.0));
    assert!(reversed.matrix[[1, 5]] < 0.1 && reversed.stability < 0.0);
}

#[test]
fn rows_of_the_matrix_are_training_times() {
    // Both units have the side first, only one of them later: what is learned later works earlier, not the other way
    // round, if the other unit is loud later.
    let mean = |trial: usize, step: usize, unit: usize| match (step, unit) {
        (0, _) => 2.0 * side(trial),
        (_, 0) => 2.0 * side(trial),
        _ => {
            if trial % 4 < 2 {
                30.0
            } else {
                -30.0
            }
        }
    };
    let found = noisy((200, 2, 2), 4, mean, of_side);
    let settings = Settings { cross_temporal: true, ..settings("side", AUTO) };
    let matrix = decode(&found, &settings).cross_temporal.unwrap().matrix;
    assert!(matrix[[1, 0]] > 0.9 && matrix[[0, 1]] < 0.7, "{matrix}");
}

#[test]
fn trials_begin_at_the_epoch_and_those_that_end_before_a_time_are_left_out_there() {
    let (trials, steps) = (60, 6);
    let starts = |trial: usize| 1 + trial % 2;
    let ends = |trial: usize| if trial.is_multiple_of(3) { 4 } else { steps };
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let rates = Array3::from_shape_fn((trials, steps, 2), |(trial, step, _)| {
        let signal = if step >= starts(trial) { 3.0 * side(trial / 2) } else { 0.0 };
        signal + noise(&mut rng)
    });
    let of = |trial: usize| {
        let known = Condition::new().with("side", side(trial / 2));
        if trial == 7 { Condition::new() } else { known }
    };
    let epochs = |trial: usize| vec![Epoch { name: "stimulus".into(), start: starts(trial), end: ends(trial) }];
    let mut known = Trials::new((0..trials).map(ends).collect(), (0..trials).map(of).collect());
    known.epochs = (0..trials).map(epochs).collect();
    known.epochs[10].clear();
    let found = Activity::new(rates, 10.0, known).unwrap();
    let settings = Settings { align: Some("stimulus".into()), shuffles: 19, ..settings("side", AUTO) };
    let found = decode(&found, &settings);
    assert_eq!((found.left_out.without_value, found.left_out.without_epoch), (1, 1));
    assert_eq!(found.time_ms, [-15.0, -5.0, 5.0, 15.0, 25.0, 35.0, 45.0]);
    assert_eq!(found.trials[1..5], [58, 58, 58, 48]);
    for (time, value) in found.time_ms.iter().zip(&found.course.value) {
        assert!(value.is_nan() || (*time < 0.0) == (*value < 0.8), "{time}: {value}");
    }
    // Few trials reach the last bin, and none of one class is in some fold there.
    let reasons: Vec<(f64, &str)> = found.reasons.iter().map(|none| (none.time_ms, none.reason.as_str())).collect();
    for (time, value) in found.time_ms.iter().zip(&found.course.value) {
        assert_eq!(value.is_nan(), reasons.iter().any(|(at, _)| at == time));
    }
    let json = serde_json::to_value(&found).unwrap();
    for field in ["variable", "measure", "time_ms", "value", "chance", "low", "high", "trials", "interval_over"] {
        assert!(!json[field].is_null(), "{field}");
    }
}

// Generalisation

/// Two binary variables in units: along axes of their own, or so that `side` has another axis at each `place`.
fn geometry(is_abstract: bool) -> Activity {
    let place = |trial: usize| side(trial / 2);
    let mean = |trial: usize, _: usize, unit: usize| {
        let own = match (is_abstract, place(trial) > 0.0) {
            (true, _) | (false, true) => 0,
            (false, false) => 1,
        };
        let of_place = if unit == 2 { 2.0 * place(trial) } else { 0.0 };
        of_place + if unit == own { 2.0 * side(trial) } else { 0.0 }
    };
    noisy((240, 1, 12), 6, mean, |trial| of_side(trial).with("place", place(trial)))
}

#[test]
fn only_an_abstract_variable_generalises_though_both_can_be_decoded() {
    for is_abstract in [true, false] {
        let trials = geometry(is_abstract);
        let plain = decode(&trials, &settings("side", AUTO)).course.value[0];
        assert!(plain > 0.85, "{plain}");
        let across = Settings { generalize: Some("place".into()), shuffles: 99, ..settings("side", AUTO) };
        let found = decode(&trials, &across);
        assert_eq!(found.held_out, Some(vec!["-1".into(), "1".into()]));
        assert_eq!((found.interval_over, found.course.each.dim()), ("values", (2, 1)));
        assert!(found.course.low[0].is_nan() && found.course.high[0].is_nan(), "two values have no interval");
        let (value, p) = (found.course.value[0], found.course.p[0]);
        if is_abstract {
            assert!(value > 0.9 && p <= 0.02, "{value} {p}");
        } else {
            assert!((0.3..0.7).contains(&value) && p > 0.05, "{value} {p}");
        }
        // The null keeps no arrangement of the conditions: it is at chance on average, and wide.
        let (chance, low, high) = (found.course.chance[0], found.course.chance_low[0], found.course.chance_high[0]);
        assert!((chance - 0.5).abs() < 0.1 && high - low > 0.1, "{chance} {low} {high}");
    }
}

// Several networks, threads

#[test]
fn intervals_over_networks_are_of_one_number_each() {
    let networks: Vec<Decoding> = (0..4)
        .map(|seed| {
            let found = noisy((100, 3, 4), seed, |trial, step, _| 0.4 * step as f64 * side(trial), of_side);
            decode(&found, &Settings { shuffles: 39, cross_temporal: true, seed, ..settings("side", AUTO) })
        })
        .collect();
    let all = Decoding::over_networks(&networks).unwrap();
    assert_eq!((all.interval_over, all.course.each.dim(), all.trials[0]), ("networks", (4, 3), 400));
    let values: Vec<f64> = networks.iter().map(|one| one.course.value[1]).collect();
    let mean = values.iter().sum::<f64>() / 4.0;
    let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 3.0).sqrt();
    assert!((all.course.value[1] - mean).abs() < 1e-12);
    assert!((all.course.high[1] - mean - 3.182446 * deviation / 2.0).abs() < 1e-6);
    assert!(all.course.p[2] <= 0.05 && all.cross_temporal.unwrap().matrix[[2, 2]] > 0.8);
    let mut other = networks[1].clone();
    other.variable = "else".into();
    assert!(Decoding::over_networks(&[networks[0].clone(), other]).is_err());
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let trials = noisy((60, 3, 6), 8, |trial, _, _| 0.3 * side(trial), of_side);
    for decoder in [AUTO, Decoder::Logistic { c: 1.0 }] {
        let settings = Settings { shuffles: 20, cross_temporal: true, ..settings("side", decoder) };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| decode(&trials, &settings))
        };
        assert_eq!(on(1), on(3));
    }
}

#[test]
fn intervals_over_folds_hold_the_truth_as_often_as_they_say() {
    // Labels at random: the truth is 1/2.
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let mut held = 0;
    for seed in 0..60 {
        let mut sides: Vec<f64> = (0..80).map(side).collect();
        sides.shuffle(&mut rng);
        let found = noisy((80, 1, 5), rng.random(), |_, _, _| 0.0, |trial| Condition::new().with("side", sides[trial]));
        let course = decode(&found, &Settings { seed, ..settings("side", AUTO) }).course;
        held += usize::from(course.low[0] <= 0.5 && 0.5 <= course.high[0]);
    }
    assert!(held >= 52, "{held} of 60");
}

// Refusals

#[test]
fn what_cannot_be_decoded_is_refused_with_what_is_missing() {
    let plain = noisy((40, 2, 3), 1, |_, _, _| 0.0, of_side);
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings("side", AUTO);
        change(&mut settings);
        refusal(&plain, &settings)
    };
    for (message, words) in [
        (with(&|s| s.variable = "color".into()), "no trial has `color`; there are side"),
        (with(&|s| s.folds = 1), "folds = 1"),
        (with(&|s| s.folds = 21), "`side`=-1 has 20 trials, but 21 folds need 21"),
        (with(&|s| s.repeats = 0), "repeats = 0"),
        (with(&|s| s.steps_in_bin = 0), "bin = 0"),
        (with(&|s| s.components = Some(0)), "components = 0"),
        (with(&|s| s.within = Some("side".into())), "must be another variable"),
        (with(&|s| s.align = Some("delay".into())), "no epochs are known"),
        (with(&|s| s.decoder = Decoder::Ridge { alpha: 1.0 }), "take lda or logistic"),
        (with(&|s| s.decoder = Decoder::Lda { shrinkage: Shrinkage::Fixed(1.5) }), "must lie in [0, 1]"),
        (with(&|s| s.decoder = Decoder::Logistic { c: 0.0 }), "c = 0"),
        (
            with(&|s| {
                s.decoder = Decoder::Ridge { alpha: -1.0 };
                s.is_graded = Some(true)
            }),
            "alpha = -1",
        ),
    ] {
        assert!(message.contains(words), "{message}");
    }
    let one = noisy((20, 1, 2), 1, |_, _, _| 0.0, |_| Condition::new().with("side", 1.0));
    assert!(refusal(&one, &settings("side", AUTO)).contains("one value alone in these trials, 1"));
    let copies = activity(Array3::ones((20, 1, 2)), (0..20).map(of_side).collect());
    assert!(refusal(&copies, &settings("side", AUTO)).contains("copies of each other"));
    let mut rates = plain.rates().to_owned();
    rates.slice_mut(s![3, .., 1]).fill(f64::NAN);
    let apart = activity(rates, (0..40).map(of_side).collect());
    assert!(refusal(&apart, &settings("side", AUTO)).contains("at the same time"));
    // Two units that are the same have no inverse covariance unless it is shrunk.
    let mut rates = plain.rates().to_owned();
    let first = rates.slice(s![.., .., 0]).to_owned();
    rates.slice_mut(s![.., .., 1]).assign(&first);
    let same = activity(rates, (0..40).map(of_side).collect());
    let message = refusal(&same, &settings("side", Decoder::Lda { shrinkage: Shrinkage::Fixed(0.0) }));
    assert!(message.contains("the covariance has no inverse") && message.contains("--shrinkage auto"), "{message}");
    assert!(decode(&same, &settings("side", AUTO)).course.value[0] > 0.2);
}

#[test]
fn more_components_than_there_are_are_refused_and_not_cut() {
    let trials = noisy((20, 3, 12), 4, |trial, _, _| side(trial), of_side);
    let refusal = |components: usize| {
        let settings = Settings { components: Some(components), shuffles: 0, ..settings("side", AUTO) };
        Decoding::of(&trials, &settings, &mut |_| {}).unwrap_err().to_string()
    };
    assert!(refusal(13).contains("must be at most the number of units, 12"), "{}", refusal(13));
    // Of 20 trials 16 are trained on: a quiet unit takes one of 12 components away.
    let mut rates = noisy((20, 3, 12), 4, |trial, _, _| side(trial), of_side).rates().to_owned();
    rates.slice_mut(s![.., .., 0]).fill(1.0);
    let conditions = trials.trials().clone();
    let quiet = Activity::new(rates, trials.dt(), conditions).unwrap();
    let settings = Settings { components: Some(12), shuffles: 0, ..settings("side", AUTO) };
    let refusal = Decoding::of(&quiet, &settings, &mut |_| {}).unwrap_err().to_string();
    assert!(refusal.contains("there are 12 components to take, but 11 units that vary"), "{refusal}");
}
