//! Interval production against numbers worked by hand.

use ndarray::{Array2, s};
use nn4n_tasks::bi2020::IntervalProduction;
use nn4n_tasks::{Condition, Split, Task, TaskError, Trial, TrialRng, batch, create};
use serde_json::json;

fn trial(task: &dyn Task, split: Split, interval: f64) -> Result<Trial, TaskError> {
    task.trial(split, Some(&Condition::new().with("interval", interval)), &mut TrialRng::new(0, "test", 0, 0))
}

#[test]
fn pulses_cue_and_movement_are_where_the_source_has_them() -> Result<(), TaskError> {
    let task = IntervalProduction { sigma_in: 0.0, ..IntervalProduction::default() };
    let trial = trial(&task, Split::Test, 900.0)?;
    let on = |channel: usize| -> Vec<usize> {
        (0..trial.n_steps()).filter(|&step| trial.inputs[[step, channel]] == 1.0).collect()
    };
    // 5 steps of fixation, pulses of 3 with 45 in between, a delay of 80, the cue, and 45 steps later a movement of 15.
    assert_eq!(on(0), [5, 6, 7, 53, 54, 55]);
    assert_eq!(on(1), [136, 137, 138]);
    assert_eq!(trial.n_steps(), 199);
    assert!(
        trial.targets.slice(s![..184, 0]).iter().all(|&z| z == 0.0)
            && trial.targets.slice(s![184.., 0]).iter().all(|&z| z == 1.0)
    );
    assert!(
        trial.loss_mask.slice(s![..5, 0]).iter().all(|&m| m == 0.0)
            && trial.loss_mask.slice(s![5.., 0]).iter().all(|&m| m == 1.0)
    );
    Ok(())
}

#[test]
fn training_durations_are_uniform_and_rounded_down() -> Result<(), TaskError> {
    let trials = batch(&IntervalProduction::default(), Split::Train, 0, 0, 3000)?;
    for (name, min, max) in [
        ("fixation", 80.0, 500.0),
        ("interval", 400.0, 1400.0),
        ("delay", 600.0, 1600.0),
        ("production", 400.0, 1400.0),
    ] {
        let durations: Vec<f64> = trials
            .epochs
            .iter()
            .map(|epochs| {
                epochs.iter().find(|epoch| epoch.name == name).map_or(0.0, |epoch| epoch.steps().len() as f64 * 20.0)
            })
            .collect();
        // Rounding down takes half a step off the mean.
        let (mean, expected) = (durations.iter().sum::<f64>() / 3000.0, (min + max) / 2.0 - 10.0);
        let error = (max - min) / 12.0_f64.sqrt() / 3000.0_f64.sqrt();
        assert!(durations.iter().all(|d| (min..max).contains(d)), "{name}");
        assert!((mean - expected).abs() < 4.0 * error + 1.0, "{name}: {mean} for {expected}");
    }
    for (condition, epochs) in trials.conditions.iter().zip(&trials.epochs) {
        let steps = |name: &str| epochs.iter().find(|epoch| epoch.name == name).unwrap().steps().len();
        assert_eq!(steps("interval"), steps("production"));
        assert_eq!(condition.number("interval"), Some(steps("interval") as f64 * 20.0));
    }
    Ok(())
}

#[test]
fn tests_use_the_seven_intervals_of_the_figures() -> Result<(), TaskError> {
    let task = IntervalProduction::default();
    let drawn = batch(&task, Split::Test, 0, 0, 700)?.conditions;
    for condition in task.grid() {
        let count = drawn.iter().filter(|drawn| **drawn == condition).count();
        assert!((60..140).contains(&count), "{condition}: {count}");
    }
    assert_eq!(task.grid().len(), 7);
    Ok(())
}

#[test]
fn a_movement_is_right_within_a_tenth_of_the_interval_and_not_before_the_end_of_the_cue() -> Result<(), TaskError> {
    let task = IntervalProduction::default();
    let trial = trial(&task, Split::Test, 1000.0)?;
    let production = trial.epochs.iter().find(|epoch| epoch.name == "production").unwrap().start;
    let score = |step: usize, early: Option<(usize, f32)>| {
        let mut outputs = Array2::zeros((trial.n_steps(), 1));
        outputs[[step, 0]] = 0.6;
        if let Some((step, level)) = early {
            outputs[[step, 0]] = level;
        }
        let score = task.score(trial.view(), outputs.view());
        (score.reaction_time, score.correct)
    };
    // The interval is 50 steps.
    assert_eq!(score(production + 50, None), (Some(1000.0), Some(true)));
    assert_eq!(score(production + 45, None), (Some(900.0), Some(true)));
    assert_eq!(score(production + 44, None), (Some(880.0), Some(false)));
    assert_eq!(score(production + 56, None), (Some(1120.0), Some(false)));
    assert_eq!(score(production + 50, Some((production - 1, 0.21))), (Some(1000.0), Some(false)));
    assert_eq!(score(production + 50, Some((8, 0.21))).1, Some(false));
    assert_eq!(score(production + 50, Some((7, 0.9))).1, Some(true), "the first pulse is not watched");
    assert_eq!(score(0, None), (None, Some(false)), "no movement");
    Ok(())
}

#[test]
fn input_noise_has_the_stated_variance() -> Result<(), TaskError> {
    let trial = trial(&IntervalProduction { sigma_in: 1.0, ..IntervalProduction::default() }, Split::Train, 20_000.0)?;
    let quiet = trial.epochs.iter().find(|epoch| epoch.name == "interval").unwrap().steps();
    let noise = trial.inputs.slice(s![quiet, ..]);
    let variance = noise.iter().map(|&u| f64::from(u).powi(2)).sum::<f64>() / noise.len() as f64;
    // 2 tau / dt sigma^2 with tau = dt.
    assert!((variance - 2.0).abs() < 0.3, "{variance}");
    Ok(())
}

#[test]
fn conditions_and_parameters_without_meaning_are_refused_by_name() {
    for interval in [0.0, -600.0, 610.0, f64::INFINITY] {
        assert!(trial(&IntervalProduction::default(), Split::Test, interval).is_err(), "{interval}");
    }
    for (field, value) in [
        ("interval", json!({ "min": 0.0, "max": 400.0 })),
        ("intervals_test", json!([])),
        ("intervals_test", json!([610.0])),
        ("pulse", json!(0.0)),
        ("response", json!(310.0)),
        ("threshold", json!(1.0)),
        ("silence", json!(0.0)),
        ("tolerance", json!(0.0)),
        ("delay_test", json!(-20.0)),
    ] {
        let message = create("bi2020/interval_production", Some(&json!({ field: value }))).unwrap_err().to_string();
        assert!(message.contains(field), "{message}");
    }
}
