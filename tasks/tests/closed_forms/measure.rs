//! What many trials have on average, and how far chance may lead astray.

use ndarray::ArrayView1;
use nn4n_tasks::{Objective, Split, TrialBatch, batch, create};
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
    assert!((ratio - expected).abs() <= tolerance, "{what}: {ratio} +- {tolerance}, but the definition gives {expected}");
}

/// Lengths in steps: the shortest and the longest that may occur, both of which must be reached but for a quarter of the way
/// between them, and the mean.
pub fn assert_lengths(what: &str, trials: &TrialBatch, (shortest, longest): (usize, usize), mean: f64) {
    let lengths: Vec<f64> = trials.n_steps.iter().map(|steps| *steps as f64).collect();
    let reached = |within: &dyn Fn(f64) -> bool| lengths.iter().any(|length| within(*length));
    let (low, high) = (shortest as f64, longest as f64);
    let quarter = (high - low) / 4.0;
    assert!(reached(&|length| length <= low + quarter), "{what}: no trial is nearly as short as {shortest}");
    assert!(reached(&|length| length >= high - quarter), "{what}: no trial is nearly as long as {longest}");
    let outside = trials.n_steps.iter().find(|steps| !(shortest..=longest).contains(*steps));
    assert_eq!(outside, None, "{what}: lengths must lie within {shortest} and {longest}");
    assert_mean(&format!("length of {what}"), &lengths, mean);
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
        let squares = view.targets.iter().zip(view.loss_mask).map(|(y, m)| ((constant - f64::from(*y)).powi(2), f64::from(*m)));
        match objective {
            Objective::MaskedMse => squares.fold((0.0, 0.0), |(error, weight), (square, m)| (error + m * square, weight + m)),
            Objective::MeanSquare => (squares.map(|(square, m)| m * m * square).sum(), (view.n_steps() * outputs) as f64),
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
