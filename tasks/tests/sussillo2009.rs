//! The sine generator against numbers worked by hand.

use std::f64::consts::TAU;

use nn4n_tasks::sussillo2009::SineGenerator;
use nn4n_tasks::{Condition, Split, Task, TaskError, TrialRng, create};
use serde_json::json;

#[test]
fn fifty_one_levels_ask_for_evenly_spaced_frequencies() -> Result<(), TaskError> {
    let task = SineGenerator::default();
    let conditions = task.conditions();
    assert_eq!(conditions.len(), 51);
    for (j, condition) in (1..).zip(&conditions) {
        let frequency = condition.number("frequency").unwrap();
        assert!((frequency - (0.1 + 0.01 * f64::from(j - 1))).abs() < 1e-12);
        let trial = task.trial(Split::Test, Some(condition), &mut TrialRng::new(0, "test", 0, 0))?;
        let level = f64::from(j) / 51.0 + 0.25;
        assert!(trial.inputs.iter().all(|&u| (f64::from(u) - level).abs() < 1e-6), "{j}");
    }
    Ok(())
}

#[test]
fn the_wave_is_the_sine_of_its_frequency_to_the_last_step() -> Result<(), TaskError> {
    let task = SineGenerator::default();
    for condition in task.conditions() {
        let omega = condition.number("frequency").unwrap();
        let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "test", 0, 0))?;
        assert_eq!(trial.n_steps(), 400);
        for (step, &target) in trial.targets.iter().enumerate() {
            let expected = (omega * (step + 1) as f64 * 20.0 / 100.0).sin();
            assert!((f64::from(target) - expected).abs() < 1e-6, "{omega} {step}");
        }
    }
    Ok(())
}

#[test]
fn silence_has_the_error_of_a_sine_over_whole_periods() -> Result<(), TaskError> {
    // Over whole periods the mean of sin^2 is 1/2. The period of 0.5 rad per tau at tau = 100 ms is
    // 400 pi ms, so ten of them fill 4000 pi ms.
    let task = SineGenerator { dt: TAU, duration: 4000.0 * TAU / 2.0, ..SineGenerator::default() };
    let trial =
        task.trial(Split::Train, Some(&Condition::new().with("frequency", 0.5)), &mut TrialRng::new(0, "test", 0, 0))?;
    let score = task.score(trial.view(), (0.0 * &trial.targets).view());
    assert!((score.error.unwrap() - 0.5_f64.sqrt()).abs() < 1e-5, "{:?}", score.error);
    assert_eq!(score.correct, Some(false));
    Ok(())
}

#[test]
fn frequencies_in_between_have_levels_in_between_and_others_are_refused() -> Result<(), TaskError> {
    let task = SineGenerator::default();
    let ask = |frequency: f64| {
        task.trial(
            Split::Test,
            Some(&Condition::new().with("frequency", frequency)),
            &mut TrialRng::new(0, "test", 0, 0),
        )
    };
    assert!((f64::from(ask(0.105)?.inputs[[0, 0]]) - (1.5 / 51.0 + 0.25)).abs() < 1e-6);
    for frequency in [0.05, 0.7, -0.1] {
        let message = ask(frequency).unwrap_err().to_string();
        assert!(message.contains("frequency") && message.contains("0.1 to 0.6"), "{message}");
    }
    Ok(())
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    for (field, value) in [
        ("duration", json!(8010.0)),
        ("duration", json!(0.0)),
        ("tau", json!(0.0)),
        ("n_frequencies", json!(1)),
        ("frequency_min", json!(-0.1)),
        ("frequency_max", json!(0.1)),
        ("rms_error", json!(0.0)),
    ] {
        let message = create("sussillo2009/sine_generator", Some(&json!({ field: value }))).unwrap_err().to_string();
        assert!(message.contains(field), "{message}");
    }
    let rounded = json!({ "duration": 8010.0, "rounding": "floor" });
    assert!(create("sussillo2009/sine_generator", Some(&rounded)).is_ok());
}
