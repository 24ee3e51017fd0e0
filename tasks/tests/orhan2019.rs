//! The tasks of Orhan & Ma (2019), against numbers worked by hand.

use std::f64::consts::PI;
use std::ops::Range;

use ndarray::{Array2, Array3, s};
use nn4n_tasks::orhan2019::{
    ChangeDetection, Comparison, DelayedEstimation1, DelayedEstimation2, Estimation, GatedDelayedEstimation, Recall,
    SineGeneration, Spikes, Target, Timing, TwoAfc,
};
use nn4n_tasks::{
    Condition, Duration, Objective, Split, Task, TaskError, Trial, TrialRng, batch, create, performance, repeated,
};
use serde_json::json;

fn trial(task: &dyn Task, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(Split::Train, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

/// The mean number of spikes of each channel in these steps.
fn counts(task: &dyn Task, condition: &Condition, n: usize, steps: Range<usize>) -> Result<Vec<f64>, TaskError> {
    let trials = repeated(task, Split::Train, 0, 0, std::slice::from_ref(condition), n)?;
    let shown = trials.inputs.slice(s![.., steps, ..]);
    Ok((0..shown.dim().2)
        .map(|k| shown.slice(s![.., .., k]).iter().map(|&u| f64::from(u)).sum::<f64>() / n as f64)
        .collect())
}

/// Five standard deviations of the mean of `n` Poisson numbers of mean `mean`.
fn near(found: f64, mean: f64, n: usize) -> bool {
    (found - mean).abs() < 5.0 * (mean / n as f64).sqrt()
}

#[test]
fn all_tasks_have_25_100_and_25_steps_and_grade_the_response() -> Result<(), TaskError> {
    for info in nn4n_tasks::list().into_iter().filter(|info| info.id.starts_with("orhan2019/")) {
        let trial = trial(create(info.id, None)?.as_ref(), &Condition::new())?;
        let ends: Vec<_> = trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.end)).collect();
        assert_eq!(ends, [("stimulus", 25), ("delay", 125), ("response", 150)], "{}", info.id);
        assert!(trial.loss_mask.slice(s![..125, ..]).iter().all(|&m| m == 0.0), "{}", info.id);
        assert!(trial.loss_mask.slice(s![125.., ..]).iter().all(|&m| m == 1.0), "{}", info.id);
        let classes = ["change_detection", "two_afc", "comparison"].iter().any(|name| info.id.ends_with(name));
        assert_eq!(info.objective == Objective::Classes, classes, "{}", info.id);
    }
    Ok(())
}

#[test]
fn channels_fire_for_their_orientation_and_a_tenth_of_a_spike_without_one() -> Result<(), TaskError> {
    let (task, condition, n) = (DelayedEstimation1::default(), Condition::new().with("orientation_1", 0.5), 2000);
    let shown = counts(&task, &condition, n, 0..25)?;
    for (k, &found) in shown.iter().enumerate() {
        let expected = (2.0 * ((2.0 * (0.5 - PI * k as f64 / 49.0)).cos() - 1.0)).exp();
        assert!(near(found, expected, n), "channel {k}: {found} for {expected}");
    }
    for steps in [25..125, 125..150] {
        let rest = counts(&task, &condition, n, steps)?;
        assert!(rest.iter().all(|&found| near(found, 0.1, n)), "{rest:?}");
    }
    Ok(())
}

#[test]
fn a_cue_makes_its_location_fire_five_times_as_much() -> Result<(), TaskError> {
    let n = 1000;
    for (cue, times) in [("first", [5.0, 1.0]), ("second", [1.0, 5.0])] {
        let response = counts(&GatedDelayedEstimation::default(), &Condition::new().with("cue", cue), n, 125..150)?;
        for (location, times) in response.chunks(50).zip(times) {
            let mean = location.iter().sum::<f64>() / 50.0;
            assert!(near(mean, 0.1 * times, 50 * n), "{cue}: {mean} for {}", 0.1 * times);
        }
        let both = Condition::new().with("cue", cue).with("orientation_1", 0.3).with("orientation_2", 3.0);
        let asked = trial(&GatedDelayedEstimation::default(), &both)?.targets[[149, 0]];
        assert_eq!(asked, if cue == "first" { 0.3 } else { 3.0 });
    }
    Ok(())
}

#[test]
fn the_test_of_change_detection_is_the_sample_unless_there_is_a_change() -> Result<(), TaskError> {
    let n = 1500;
    for (condition, test) in [
        (Condition::new().with("change", false).with("sample", 1.0), 1.0),
        (Condition::new().with("change", true).with("sample", 1.0).with("test", 2.5), 2.5),
    ] {
        let response = counts(&ChangeDetection::default(), &condition, n, 125..150)?;
        for (k, &found) in response.iter().enumerate() {
            let expected = (2.0 * ((2.0 * (test - PI * k as f64 / 49.0)).cos() - 1.0)).exp();
            assert!(near(found, expected, n), "{condition}, channel {k}: {found} for {expected}");
        }
    }
    let drawn = batch(&ChangeDetection::default(), Split::Train, 0, 0, 500)?.conditions;
    let tests: Vec<f64> = drawn.iter().filter_map(|condition| condition.number("test")).collect();
    assert!((190..310).contains(&tests.len()));
    assert!((tests.iter().sum::<f64>() / tests.len() as f64 - PI / 2.0).abs() < 0.3);
    Ok(())
}

#[test]
fn places_on_a_line_have_gaussian_tuning() -> Result<(), TaskError> {
    let n = 1500;
    let gaussian = |s: f64, range: f64, width: f64, k: usize| {
        (-0.5 * ((s + range - 2.0 * range * k as f64 / 49.0) / width).powi(2)).exp()
    };
    let left = counts(&TwoAfc::default(), &Condition::new().with("side", "left"), n, 0..25)?;
    let condition = Condition::new().with("stimulus_1", -20.0).with("stimulus_2", 35.0);
    let (first, second) = (
        counts(&Comparison::default(), &condition, n, 0..25)?,
        counts(&Comparison::default(), &condition, n, 125..150)?,
    );
    for k in 0..50 {
        assert!(near(left[k], gaussian(-15.0, 40.0, 15.0, k), n), "channel {k}: {}", left[k]);
        assert!((first[k] - gaussian(-20.0, 50.0, 10.0, k)).abs() < 0.14, "channel {k}: {}", first[k]);
        assert!((second[k] - gaussian(35.0, 50.0, 10.0, k)).abs() < 0.14, "channel {k}: {}", second[k]);
    }
    Ok(())
}

#[test]
fn comparison_asks_for_the_larger_one_however_the_stimuli_are_given() -> Result<(), TaskError> {
    let task = Comparison::default();
    for (larger, correct) in [("first", 0), ("second", 1)] {
        for fixed in
            [Condition::new(), Condition::new().with("stimulus_1", 12.0), Condition::new().with("stimulus_2", -39.0)]
        {
            for i in 0..20 {
                let asked = fixed.clone().with("larger", larger);
                let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "test", 0, i))?;
                let [first, second] = ["stimulus_1", "stimulus_2"].map(|name| trial.condition.number(name).unwrap());
                assert_eq!((first > second, trial.correct), (correct == 0, Some(correct)), "{}", trial.condition);
                assert!(trial.condition.belongs_to(&asked) && first.abs() <= 40.0 && second.abs() <= 40.0);
            }
        }
    }
    let wrong = Condition::new().with("larger", "first").with("stimulus_1", 1.0).with("stimulus_2", 2.0);
    assert!(trial(&task, &wrong).unwrap_err().to_string().contains("larger"));
    assert!(trial(&task, &Condition::new().with("stimulus_1", 41.0)).is_err());
    assert_eq!(task.grid().len(), 12);
    Ok(())
}

#[test]
fn answers_are_read_at_the_fifth_step_from_the_end() -> Result<(), TaskError> {
    let tasks: [(Box<dyn Task>, Condition); 2] = [
        (Box::new(DelayedEstimation1::default()), Condition::new().with("orientation_1", 0.05)),
        (Box::new(TwoAfc::default()), Condition::new().with("side", "right")),
    ];
    for (task, condition) in tasks {
        let trial = trial(task.as_ref(), &condition)?;
        for step in 0..150 {
            let mut outputs = trial.targets.clone();
            outputs.row_mut(step).mapv_inplace(|z| 1.0 - z);
            assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(step != 145), "{} {step}", task.id());
        }
    }
    Ok(())
}

#[test]
fn orientations_near_zero_and_near_pi_are_close() -> Result<(), TaskError> {
    let task = DelayedEstimation2::default();
    let trial = trial(&task, &Condition::new().with("orientation_1", 0.1).with("orientation_2", 2.0))?;
    let answer = |first: f64, second: f64| {
        let outputs = Array2::from_shape_fn((150, 2), |(_, i)| [first, second][i] as f32);
        task.score(trial.view(), outputs.view())
    };
    assert_eq!(answer(PI - 0.2, 2.3).correct, Some(true), "0.3 off, and pi / 10 is allowed");
    assert_eq!(answer(PI - 0.25, 2.0).correct, Some(false));
    assert_eq!(answer(0.1, 1.65).correct, Some(false), "one of two is not enough");
    assert!((answer(0.4, 2.4).error.unwrap() - 0.125_f64.sqrt()).abs() < 1e-6, "sqrt((0.3^2 + 0.4^2) / 2)");
    Ok(())
}

#[test]
fn double_angles_are_other_targets_of_the_same_trials() -> Result<(), TaskError> {
    for (name, outputs) in [
        ("delayed_estimation_1", vec!["orientation_1_cos", "orientation_1_sin"]),
        (
            "delayed_estimation_2",
            vec!["orientation_1_cos", "orientation_1_sin", "orientation_2_cos", "orientation_2_sin"],
        ),
        ("gated_delayed_estimation", vec!["orientation_cos", "orientation_sin"]),
    ] {
        let id = format!("orhan2019/{name}");
        let (angle, double) = (create(&id, None)?, create(&id, Some(&json!({ "target": "double_angle" })))?);
        assert_eq!(double.outputs().iter().map(AsRef::as_ref).collect::<Vec<_>>(), outputs);
        let (angles, doubles) =
            (batch(angle.as_ref(), Split::Train, 0, 0, 2000)?, batch(double.as_ref(), Split::Train, 0, 0, 2000)?);
        assert_eq!((&angles.inputs, &angles.conditions), (&doubles.inputs, &doubles.conditions));
        assert_eq!(doubles.loss_mask.dim(), doubles.targets.dim());
        for (of_angle, of_double) in angles.targets.iter().zip(doubles.targets.exact_chunks((1, 1, 2))) {
            let twice = 2.0 * of_angle;
            assert!(
                (of_double[[0, 0, 0]] - twice.cos()).abs() < 1e-5 && (of_double[[0, 0, 1]] - twice.sin()).abs() < 1e-5
            );
        }
        assert_eq!(performance(double.as_ref(), &doubles, doubles.targets.view())?.overall, Some(1.0));
        let mut rng = TrialRng::new(8, "answers", 0, 0);
        let answers = Array3::from_shape_simple_fn(doubles.targets.dim(), || rng.uniform() as f32);
        let (random, p) = (performance(double.as_ref(), &doubles, answers.view())?.overall.unwrap(), double.chance());
        assert!((random - p).abs() < 4.5 * (p * (1.0 - p) / 2000.0).sqrt(), "{random} for {p}");
    }
    Ok(())
}

#[test]
fn double_angles_are_scored_by_the_orientation_that_they_stand_for() -> Result<(), TaskError> {
    let double = Recall(Estimation { target: Target::DoubleAngle, ..Estimation::default() });
    let task = DelayedEstimation1 { task: double, ..DelayedEstimation1::default() };
    let trial = trial(&task, &Condition::new().with("orientation_1", 0.1))?;
    let correct = |cos: f64, sin: f64| {
        let outputs = Array2::from_shape_fn((150, 2), |(_, i)| [cos, sin][i] as f32);
        task.score(trial.view(), outputs.view()).correct
    };
    // pi - 0.2 is 0.3 away from 0.1 around the circle, and pi / 10 is allowed; pi - 0.25 is 0.35 away. The length does
    // not matter.
    assert_eq!(correct(0.4_f64.cos(), -0.4_f64.sin()), Some(true));
    assert_eq!(correct(0.1 * 0.4_f64.cos(), -0.1 * 0.4_f64.sin()), Some(true));
    assert_eq!(correct(0.5_f64.cos(), -0.5_f64.sin()), Some(false));
    assert_eq!(correct(0.0, 0.0), Some(false), "points nowhere");
    Ok(())
}

#[test]
fn a_constant_estimate_has_the_error_of_a_uniform_orientation() -> Result<(), TaskError> {
    // The variance of a uniform number in [0, pi) is pi^2 / 12.
    let trials = batch(&DelayedEstimation1::default(), Split::Train, 0, 0, 3000)?;
    let error =
        trials.targets.slice(s![.., 149, 0]).iter().map(|&s| (f64::from(s) - PI / 2.0).powi(2)).sum::<f64>() / 3000.0;
    assert!((error - PI * PI / 12.0).abs() < 0.05, "{error}");
    Ok(())
}

#[test]
fn variable_delays_fire_at_the_rate_of_the_longest() -> Result<(), TaskError> {
    let timing = Timing { delay: Duration::one_of([100.0, 400.0, 700.0, 1000.0]), ..Timing::default() };
    let spikes = Spikes { spontaneous_spikes: 10.0, ..Spikes::default() };
    let task = DelayedEstimation1 { timing, spikes, ..DelayedEstimation1::default() };
    let trials = batch(&task, Split::Train, 0, 0, 400)?;
    let mut seen = [0; 4];
    for trial in (0..400).filter_map(|i| trials.view(i)) {
        let delay = trial.epoch("delay").unwrap();
        let spikes: f32 = trial.inputs.slice(s![delay.steps(), ..]).sum();
        // 10 spikes per channel in 100 steps: 5 in each step for all 50 channels.
        let expected = 5.0 * delay.steps().len() as f64;
        assert!((f64::from(spikes) - expected).abs() < 5.0 * expected.sqrt(), "{spikes} for {expected}");
        seen[(delay.steps().len() - 10) / 30] += 1;
    }
    assert!(seen.iter().all(|n| (60..140).contains(n)), "{seen:?}");
    Ok(())
}

#[test]
fn the_sine_task_shows_noise_in_the_delay_and_asks_for_an_eighth_of_a_period() -> Result<(), TaskError> {
    let task = SineGeneration::default();
    let trials = batch(&task, Split::Train, 0, 0, 40)?;
    let delay = trials.inputs.slice(s![.., 25..125, ..]);
    let variance = delay.iter().map(|&u| f64::from(u).powi(2)).sum::<f64>() / delay.len() as f64;
    assert!((variance - 0.01).abs() < 0.0003, "{variance}");
    assert!(
        trials.inputs.slice(s![.., ..25, ..]).iter().chain(trials.inputs.slice(s![.., 125.., ..])).all(|&u| u == 0.0)
    );
    let wave = |step: usize| f64::from(trials.targets[[0, step, 0]]);
    assert!((wave(137) - (PI / 8.0).sin()).abs() < 1e-6 && (wave(149) - (PI / 4.0).sin()).abs() < 1e-6);
    let whole = SineGeneration { alpha: 2.0, ..task.clone() };
    assert!((trial(&whole, &Condition::new())?.targets[[131, 0]] - 1.0).abs() < 1e-6, "a quarter of a whole period");
    let trial = trial(&task, &Condition::new())?;
    let score = |offset: f32| task.score(trial.view(), (&trial.targets + offset).view());
    assert_eq!((score(0.099).correct, score(0.101).correct), (Some(true), Some(false)));
    Ok(())
}

#[test]
fn parameters_and_conditions_without_meaning_are_refused_by_name() {
    for (id, parameters) in [
        ("orhan2019/delayed_estimation_1", json!({ "n_channels": 1 })),
        ("orhan2019/delayed_estimation_1", json!({ "tolerance": 2.0 })),
        ("orhan2019/delayed_estimation_1", json!({ "target": "cosine" })),
        ("orhan2019/delayed_estimation_2", json!({ "stimulus": 255.0 })),
        ("orhan2019/delayed_estimation_2", json!({ "response": 0.0 })),
        ("orhan2019/gated_delayed_estimation", json!({ "cue": -1.0 })),
        ("orhan2019/change_detection", json!({ "peak_spikes": 1e6 })),
        ("orhan2019/change_detection", json!({ "delay": { "min": 700.0, "max": 100.0 } })),
        ("orhan2019/two_afc", json!({ "width": 0.0 })),
        ("orhan2019/comparison", json!({ "stimulus_max": 0.0 })),
        ("orhan2019/sine_generation", json!({ "alpha": null })),
        ("orhan2019/sine_generation", json!({ "peak_spikes": 1.0 })),
    ] {
        let field = parameters.as_object().unwrap().keys().next().unwrap().clone();
        let message = create(id, Some(&parameters)).map(drop).unwrap_err().to_string();
        assert!(message.contains(&field), "{id}: {message}");
    }
    for (task, condition) in [
        (&DelayedEstimation1::default() as &dyn Task, Condition::new().with("orientation_1", PI)),
        (&ChangeDetection::default(), Condition::new().with("change", false).with("test", 0.1)),
        (&ChangeDetection::default(), Condition::new().with("change", "yes")),
        (&TwoAfc::default(), Condition::new().with("side", "up")),
        (&GatedDelayedEstimation::default(), Condition::new().with("cue", "third")),
    ] {
        assert!(trial(task, &condition).is_err(), "{condition}");
    }
}
