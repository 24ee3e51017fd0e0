//! Distributions of the trial variables, and observers whose performance has a closed form.

use std::f64::consts::PI;

use ndarray::{Array3, s};
use nn4n_tasks::neurogym::{
    Context, ContextDecision, ContextDecisionMaking, DelayComparison, DelayMatchCategory, Environment,
    IntervalComparison, IntervalDiscrimination, MatchToCategory, MultisensoryIntegration, PerceptualDecision,
    PerceptualDecisionMaking, PerceptualDecisionMakingDelayResponse, PostDecisionWager, ProbabilisticReasoning,
    PulseDecisionMaking, ReadySetGo,
};
use nn4n_tasks::{
    Condition, Criterion, Rounding, Split, Task, TaskError, TrialBatch, TrialView, balanced, batch, create,
    performance, repeated,
};
use serde_json::json;

use super::{answers, trial};

/// The performance of an observer who answers at the first step of `epoch` what it decides from the inputs.
fn observed(task: &dyn Task, trials: &TrialBatch, epoch: &str, decide: impl Fn(TrialView<'_>) -> usize) -> f64 {
    let mut outputs = Array3::zeros(trials.targets.dim());
    for i in 0..trials.len() {
        let trial = trials.view(i).unwrap();
        let at = trial.epoch(epoch).unwrap().start;
        outputs.slice_mut(s![i, ..trial.n_steps(), ..]).assign(&answers(trial, &[(at, decide(trial))]));
    }
    performance(task, trials, outputs.view()).unwrap().overall.unwrap()
}

/// Checks an observer against its closed form, and that it satisfies the training rule.
fn observer_reaches(task: &dyn Task, epoch: &str, expected: f64, decide: impl Fn(TrialView<'_>) -> usize) {
    let n = 6000;
    let trials = balanced(task, Split::Train, 1, 0, n / task.conditions().len()).unwrap();
    let reached = observed(task, &trials, epoch, decide);
    assert!(
        (reached - expected).abs() < 4.0 * (expected * (1.0 - expected) / n as f64).sqrt() + 1e-3,
        "{}: {reached} for {expected}",
        task.id()
    );
    let Some(Criterion::MeanPerformance { threshold, window: 1 }) = task.criterion() else { panic!("{}", task.id()) };
    assert!(expected > threshold + 0.01, "{}: {expected} for {threshold}", task.id());
}

fn mean(trial: TrialView<'_>, epoch: &str, channel: usize) -> f32 {
    trial.inputs.slice(s![trial.epoch(epoch).unwrap().steps(), channel]).mean().unwrap()
}

/// 1 if the first of two channels is the larger in a period, else 2.
fn larger(trial: TrialView<'_>, epoch: &str, first: usize, second: usize) -> usize {
    if mean(trial, epoch, first) > mean(trial, epoch, second) { 1 } else { 2 }
}

#[test]
fn noise_has_the_stated_variance_on_the_stimulus_only_unless_asked_for() -> Result<(), TaskError> {
    for (dt, sigma) in [(100.0, 1.0), (50.0, 0.5)] {
        let task = PerceptualDecision { sigma, ..Default::default() };
        let task = Environment { dt, task, ..Environment::default() };
        let trials = repeated(&task, Split::Train, 0, 0, &[Condition::new().with("coherence", 0.0)], 200)?;
        let (steps, before) = ((2000.0 / dt) as usize, (100.0 / dt) as usize);
        let shown = trials.inputs.slice(s![.., before..before + steps, 1..]);
        let n = shown.len() as f64;
        let variance = shown.iter().map(|&u| (f64::from(u) - 0.5).powi(2)).sum::<f64>() / n;
        let expected = sigma * sigma / dt;
        assert!((variance / expected - 1.0).abs() < 4.5 * (2.0 / n).sqrt(), "{variance} for {expected}");
        assert!(trials.inputs.slice(s![.., .., 0]).iter().all(|&u| u == 0.0 || u == 1.0));
    }
    for (name, noisy) in [
        ("multisensory_integration", 0),
        ("delay_comparison", 0),
        ("post_decision_wager", 3),
        ("dual_delay_match_sample", 5),
    ] {
        for on_all in [false, true] {
            let task = create(&format!("neurogym/{name}"), Some(&json!({ "noise_on_all_inputs": on_all })))?;
            let trial = trial(task.as_ref(), &Condition::new())?;
            let is_noisy = trial.inputs.column(noisy).iter().any(|&u| u != 0.0 && u != 1.0);
            assert_eq!(is_noisy, on_all, "{name}");
        }
    }
    Ok(())
}

#[test]
fn observers_of_noisy_evidence_reach_their_closed_forms() {
    // Phi(c sqrt(n) / (0.1 sqrt(2))) for n steps, averaged over the coherences.
    let stimulus = |trial: TrialView<'_>| larger(trial, "stimulus", 1, 2);
    observer_reaches(&PerceptualDecisionMaking::default(), "decision", 0.8957, stimulus);
    observer_reaches(&PerceptualDecisionMakingDelayResponse::default(), "decision", 0.8881, stimulus);
    observer_reaches(&ContextDecisionMaking::default(), "decision", 0.9467, stimulus);
    let second = ContextDecision { context: Context::Modality2, ..Default::default() };
    let second = Environment { task: second, ..Environment::default() };
    observer_reaches(&second, "decision", 0.9467, |trial| larger(trial, "stimulus", 3, 4));
    // The same, averaged over the durations of the stimulus.
    observer_reaches(&PostDecisionWager::default(), "decision", 0.7983, stimulus);
    // Summed modalities: Phi(c sqrt(8) / 0.2).
    observer_reaches(&MultisensoryIntegration::default(), "decision", 0.9145, |trial| {
        let evidence = |channel| mean(trial, "stimulus", channel) + mean(trial, "stimulus", channel + 2);
        if evidence(1) > evidence(2) { 1 } else { 2 }
    });
    // Phi((1/6) sqrt(5) / (0.1 sqrt(2))).
    observer_reaches(&DelayComparison::default(), "decision", 0.9958, |trial| {
        if mean(trial, "stimulus1", 1) > mean(trial, "stimulus2", 1) { 1 } else { 2 }
    });
}

#[test]
fn observers_of_pulses_and_shapes_reach_their_closed_forms() {
    // Wrong on half of the 7.9 % of trials with equally many.
    observer_reaches(&PulseDecisionMaking::default(), "decision", 0.9604, |trial| {
        if trial.inputs.column(1).sum() > trial.inputs.column(2).sum() { 1 } else { 2 }
    });
    // The mean of max(p, 1 - p) over all 10^4 sequences.
    let task = ProbabilisticReasoning::default();
    observer_reaches(&task, "decision", 0.9155, |trial| {
        let step = trial.epoch("stimulus4").unwrap().start;
        let weight = |(i, &shown): (usize, &f32)| f64::from(shown) * task.task.shape_weights[i % 10];
        let log_odds: f64 = trial.inputs.slice(s![step, 1..]).iter().enumerate().map(weight).sum();
        if log_odds > 0.0 { 2 } else { 1 }
    });
}

#[test]
fn categories_can_be_told_apart_on_32_channels_but_not_on_the_two_of_neurogym() -> Result<(), TaskError> {
    let category = |trial: TrialView<'_>, epoch: &str| {
        // The sine component: positive on the first half of the circle.
        let sine = (0..32).map(|i| (2.0 * PI * f64::from(i) / 32.0).sin() as f32 * mean(trial, epoch, 1 + i as usize));
        sine.sum::<f32>() > 0.0
    };
    observer_reaches(&DelayMatchCategory::default(), "test", 0.990, |trial| {
        if category(trial, "sample") == category(trial, "test") { 1 } else { 2 }
    });
    let two = MatchToCategory { dim_ring: 2, sigma: 0.0, ..Default::default() };
    let two = Environment { task: two, ..Environment::default() };
    let shown = |angle: f64| -> Result<_, TaskError> {
        let trial = trial(&two, &Condition::new().with("sample", angle))?;
        Ok((trial.inputs.row(5).to_vec(), trial.condition.number("category")))
    };
    for angle in [0.1, 1.0, 3.0] {
        let ((one, first), (other, second)) = (shown(angle)?, shown(2.0 * PI - angle)?);
        assert!(one.iter().zip(&other).all(|(a, b)| (a - b).abs() < 1e-6));
        assert_ne!(first, second);
    }
    Ok(())
}

#[test]
fn intervals_are_uniform_over_the_steps_of_their_range() -> Result<(), TaskError> {
    let trials = batch(&ReadySetGo::default(), Split::Train, 0, 0, 4000)?;
    let intervals: Vec<f64> = trials.conditions.iter().filter_map(|condition| condition.number("interval")).collect();
    assert!(intervals.iter().all(|interval| (800.0..=1520.0).contains(interval)));
    let mean = intervals.iter().sum::<f64>() / 4000.0;
    assert!((mean - 1150.0).abs() < 4.5 * 700.0 / (12.0 * 4000.0_f64).sqrt() + 2.0, "{mean}");
    Ok(())
}

#[test]
fn equal_durations_are_not_shown_but_for_neurogym_they_favour_the_second() -> Result<(), TaskError> {
    let n = 3000.0;
    let shares = |task: &IntervalDiscrimination| -> Result<(f64, f64), TaskError> {
        let trials = batch(task, Split::Train, 0, 0, n as usize)?;
        let equal = trials
            .conditions
            .iter()
            .filter(|condition| condition.get("duration_1") == condition.get("duration_2"))
            .count();
        let second = trials.correct.iter().filter(|correct| **correct == Some(2)).count();
        Ok((equal as f64 / n, second as f64 / n))
    };
    let (equal, second) = shares(&IntervalDiscrimination::default())?;
    assert!(equal == 0.0 && (second - 0.5).abs() < 0.04, "{equal} {second}");
    // Floored, the durations are 3 to 7 steps with probabilities 1/15, 4/15, 4/15, 4/15, 2/15.
    let ties = IntervalComparison { ties: true, ..Default::default() };
    let (equal, second) = shares(&Environment { rounding: Rounding::Floor, task: ties, ..Environment::default() })?;
    assert!((equal - 53.0 / 225.0).abs() < 0.04 && (second - 139.0 / 225.0).abs() < 0.04, "{equal} {second}");
    let tie = Condition::new().with("duration_1", 400.0).with("duration_2", 400.0);
    assert!(trial(&IntervalDiscrimination::default(), &tie).is_err());
    Ok(())
}

#[test]
fn pulses_come_with_their_probabilities() -> Result<(), TaskError> {
    let trials = batch(&PulseDecisionMaking::default(), Split::Train, 0, 0, 3000)?;
    let count = |condition: &Condition, name: &str| condition.text(name).unwrap().matches('1').count();
    let (mut all, mut equal) = (0, 0);
    for (i, condition) in trials.conditions.iter().enumerate() {
        let (first, second) = (count(condition, "pulses_1"), count(condition, "pulses_2"));
        assert_eq!(trials.inputs.slice(s![i, .., 1]).sum() as usize, first);
        (all, equal) = (all + first + second, equal + usize::from(first == second));
    }
    // Six cues with 0.3 + 0.7 pulses on average; equally many in 7.92 % of the trials.
    assert!((all as f64 / 3000.0 - 6.0).abs() < 4.5 * (12.0 * 0.21 / 3000.0_f64).sqrt(), "{all}");
    assert!((equal as f64 / 3000.0 - 0.0792).abs() < 0.023, "{equal}");
    Ok(())
}

#[test]
fn rewards_follow_the_odds_of_the_shapes() -> Result<(), TaskError> {
    let task = ProbabilisticReasoning::default();
    // 0.3 + 0.3 - 0.5 + 0.3 = 0.4: odds of 2.5, or 0.7153.
    let shapes = [6.0, 6.0, 4.0, 6.0].into_iter().zip(1..);
    let condition = shapes.fold(Condition::new(), |condition, (shape, i)| condition.with(format!("shape_{i}"), shape));
    let trials = repeated(&task, Split::Train, 0, 0, &[condition], 3000)?;
    let second = trials.correct.iter().filter(|correct| **correct == Some(2)).count() as f64 / 3000.0;
    assert!((second - 1.0 / (1.0 + 10.0_f64.powf(-0.4))).abs() < 0.037, "{second}");
    let places = |condition: &Condition| {
        (1..=4).map(|i| condition.number(&format!("location_{i}")).unwrap()).collect::<Vec<_>>()
    };
    let first_at = |place: f64| trials.conditions.iter().filter(|condition| places(condition)[0] == place).count();
    for place in [1.0, 2.0, 3.0, 4.0] {
        assert!((650..850).contains(&first_at(place)), "{}", first_at(place));
    }
    assert!(trials.conditions.iter().all(|condition| places(condition).iter().sum::<f64>() == 10.0));
    Ok(())
}
