//! What many trials have on average, and how far chance may lead astray.

use std::ops::Range;

use ndarray::{ArrayView1, s};
use nn4n_tasks::{Condition, Objective, Split, TrialBatch, batch, create};
use serde_json::Value;

/// Standard errors that a mean may lie from what is expected: chance exceeds it once in 150,000 times.
const ERRORS: f64 = 4.5;

/// `count` training trials of a task, with parameters that differ from the published ones.
pub fn trials(id: &str, parameters: &Value, count: usize) -> TrialBatch {
    let task = create(id, Some(parameters)).expect(id);
    batch(task.as_ref(), Split::Train, 5, 0, count).expect(id)
}

/// The mean of the values must be `expected`, as far as chance allows.
pub fn assert_mean(what: &str, values: &[f64], expected: f64) {
    assert_ratio(what, &values.iter().map(|value| (*value, 1.0)).collect::<Vec<_>>(), expected);
}

/// The sum of the first over the sum of the second of independent pairs must be `expected`, as far as chance allows.
pub fn assert_ratio(what: &str, pairs: &[(f64, f64)], expected: f64) {
    let n = pairs.len() as f64;
    let (above, below) = pairs.iter().fold((0.0, 0.0), |(a, b), pair| (a + pair.0, b + pair.1));
    let ratio = above / below;
    let variance = pairs.iter().map(|(a, b)| (a - ratio * b).powi(2)).sum::<f64>() / n;
    let tolerance = ERRORS * (variance / n).sqrt() / (below / n).abs() + 1e-6 * expected.abs().max(1e-3);
    assert!(
        (ratio - expected).abs() <= tolerance,
        "{what}: {ratio} +- {tolerance}, but the definition gives {expected}"
    );
}

/// Lengths in steps: none is shorter or longer than may occur, and they have this mean.
pub fn assert_within(what: &str, trials: &TrialBatch, (shortest, longest): (usize, usize), mean: f64) {
    let outside = trials.n_steps.iter().find(|steps| !(shortest..=longest).contains(*steps));
    assert_eq!(outside, None, "{what}: lengths must lie within {shortest} and {longest}");
    let lengths: Vec<f64> = trials.n_steps.iter().map(|steps| *steps as f64).collect();
    assert_mean(&format!("length of {what}"), &lengths, mean);
}

/// The same, and both ends are reached but for a quarter of the way between them.
pub fn assert_lengths(what: &str, trials: &TrialBatch, (shortest, longest): (usize, usize), mean: f64) {
    assert_within(what, trials, (shortest, longest), mean);
    let quarter = (longest - shortest) / 4;
    assert!(
        trials.n_steps.iter().any(|steps| *steps <= shortest + quarter),
        "{what}: no trial is nearly as short as {shortest}"
    );
    assert!(
        trials.n_steps.iter().any(|steps| *steps >= longest - quarter),
        "{what}: no trial is nearly as long as {longest}"
    );
}

/// Where every length is about as likely as the others, both ends occur.
pub fn assert_ends(what: &str, trials: &TrialBatch, shortest: usize, longest: usize) {
    let ends = (trials.n_steps.iter().min(), trials.n_steps.iter().max());
    assert_eq!(ends, (Some(&shortest), Some(&longest)), "{what}: the shortest and the longest trial");
}

/// What outputs that are always `constant` cost, without weights of classes.
pub fn assert_loss(what: &str, trials: &TrialBatch, objective: Objective, constant: f64, expected: f64) {
    let outputs = trials.targets.dim().2;
    let of_trial = |trial: usize| {
        let view = trials.view(trial).expect("a trial");
        let squares =
            view.targets.iter().zip(view.loss_mask).map(|(y, m)| ((constant - f64::from(*y)).powi(2), f64::from(*m)));
        match objective {
            Objective::MaskedMse => {
                squares.fold((0.0, 0.0), |(error, weight), (square, m)| (error + m * square, weight + m))
            }
            Objective::MeanSquare => {
                (squares.map(|(square, m)| m * m * square).sum(), (view.n_steps() * outputs) as f64)
            }
            Objective::Classes => panic!("{what}: constant outputs cost the logarithm of the number of classes"),
        }
    };
    assert_ratio(&format!("loss of {what}"), &(0..trials.len()).map(of_trial).collect::<Vec<_>>(), expected);
}

/// The mean over all steps of all trials of what `of` makes of the inputs of a step.
pub fn assert_input(what: &str, trials: &TrialBatch, of: impl Fn(ArrayView1<'_, f32>) -> f64, expected: f64) {
    let of_trial = |trial: usize| {
        let view = trials.view(trial).expect("a trial");
        (view.inputs.outer_iter().map(&of).sum(), view.n_steps() as f64)
    };
    assert_ratio(&format!("input of {what}"), &(0..trials.len()).map(of_trial).collect::<Vec<_>>(), expected);
}

/// The square of one input, for [`assert_input`].
pub fn square(channel: usize) -> impl Fn(ArrayView1<'_, f32>) -> f64 {
    move |inputs| f64::from(inputs[channel]).powi(2)
}

/// A period of a task: its name, the fewest and the most steps that it may last, and their mean.
pub type Period = (&'static str, (usize, usize), f64);

/// The number of steps of a period of one trial: none if the trial lacks it.
pub fn steps_of(trials: &TrialBatch, trial: usize, period: &str) -> f64 {
    trials.epochs[trial].iter().find(|epoch| epoch.name == period).map_or(0.0, |epoch| epoch.steps().len() as f64)
}

/// The shortest and the longest of a period, both of which must be reached, and its mean.
pub fn assert_period(what: &str, trials: &TrialBatch, (name, (shortest, longest), mean): Period) {
    let steps: Vec<f64> = (0..trials.len()).map(|trial| steps_of(trials, trial, name)).collect();
    let reached = (steps.iter().copied().fold(f64::INFINITY, f64::min), steps.iter().copied().fold(0.0, f64::max));
    assert_eq!(reached, (shortest as f64, longest as f64), "{what}: shortest and longest {name}");
    assert_mean(&format!("{name} of {what}"), &steps, mean);
}

/// The same for all periods of a task, which together make the trial.
pub fn assert_periods(what: &str, trials: &TrialBatch, periods: &[Period]) {
    for period in periods {
        assert_period(what, trials, *period);
    }
    let bounds = periods.iter().fold((0, 0), |sum, (_, bounds, _)| (sum.0 + bounds.0, sum.1 + bounds.1));
    assert_within(what, trials, bounds, periods.iter().map(|(_, _, mean)| mean).sum());
}

/// What the given inputs show in a trial, summed over its steps, must have this mean.
pub fn assert_shown(what: &str, trials: &TrialBatch, channels: Range<usize>, expected: f64) {
    let of_trial = |trial: usize| {
        let inputs = trials.view(trial).expect("a trial").inputs;
        inputs.slice(s![.., channels.clone()]).iter().map(|u| f64::from(*u)).sum()
    };
    assert_mean(
        &format!("inputs {channels:?} of {what}"),
        &(0..trials.len()).map(of_trial).collect::<Vec<_>>(),
        expected,
    );
}

/// A number of every trial's variables must have this mean; trials for which there is none do not count.
pub fn assert_variable(what: &str, trials: &TrialBatch, number: impl Fn(&Condition) -> Option<f64>, expected: f64) {
    assert_mean(what, &trials.conditions.iter().filter_map(number).collect::<Vec<_>>(), expected);
}

/// What the loss mask grades in a trial, summed over its steps: the mean for each class, and, since it varies less,
/// that of all together.
pub fn assert_classes(what: &str, trials: &TrialBatch, expected: &[f64]) {
    assert_eq!(trials.targets.dim().2, expected.len(), "{what}: number of classes");
    let graded = |trial: usize, class: usize| -> f64 {
        let view = trials.view(trial).expect("a trial");
        view.targets
            .column(class)
            .iter()
            .zip(view.loss_mask.column(class))
            .map(|(target, mask)| f64::from(target * mask))
            .sum()
    };
    for (class, mean) in expected.iter().enumerate() {
        let of_trials: Vec<f64> = (0..trials.len()).map(|trial| graded(trial, class)).collect();
        assert_mean(&format!("class {class} of {what}"), &of_trials, *mean);
    }
    let all: Vec<f64> =
        (0..trials.len()).map(|trial| (0..expected.len()).map(|class| graded(trial, class)).sum()).collect();
    assert_mean(&format!("all classes of {what}"), &all, expected.iter().sum());
}

/// The mean of a number that is uniform on a range and cut to a whole one.
pub fn mean_floor(min: f64, max: f64) -> f64 {
    // The integral of the floor from 0 on.
    let integral = |x: f64| x.floor() * (x.floor() - 1.0) / 2.0 + x.floor() * x.fract();
    (integral(max) - integral(min)) / (max - min)
}

/// The same for an exponential of this mean, from `min` on, that is truncated to `max`: the sum of the probabilities to
/// reach 1, 2, ..
pub fn mean_floor_exponential(mean: f64, min: f64, max: f64) -> f64 {
    let above = |x: f64| (-(x - min).max(0.0) / mean).exp();
    (1..=max as usize).map(|k| (above(k as f64) - above(max)) / (1.0 - above(max))).sum()
}
