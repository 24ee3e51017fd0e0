//! Batches: trials made in parallel, each from its own random numbers, so that nothing depends on the threads or on the
//! batch size.
//!
//! ```text
//! trial i of update u = trial(rng(seed, stream, u, i))
//! stream              "train" or "test"; balanced sets have streams of their own
//! ```
//!
//! ```
//! use nn4n_tasks::{Split, batch, create};
//! let task = create("song2016/rdm_varstim", None)?;
//! let trials = batch(task.as_ref(), Split::Train, 0, 0, 20)?;
//! assert_eq!(trials.inputs.dim().0, 20);
//! assert_eq!(trials.inputs.dim().2, task.inputs().len());
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use ndarray::{Array2, Array3, ArrayD, ArrayViewMut2, s};
use rayon::prelude::*;

use crate::rng::by_weight;
use crate::{Condition, Epoch, Split, Task, TaskError, Trial, TrialBatch, TrialRng};

/// The most numbers one batch may hold in all its arrays (4 GiB), so that a mistyped size is an error instead of an
/// exhausted memory.
const MAX_NUMBERS: usize = 1 << 30;

/// Numbers whose making takes as long as it takes to wake a thread, about 30 us.
const WORTH_A_THREAD: usize = 1 << 14;

/// `batch_size` trials with conditions drawn as in the source. Trial `i` depends on (task, split, seed, update, i)
/// only.
pub fn batch(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    batch_size: usize,
) -> Result<TrialBatch, TaskError> {
    make(task, split, Stream::named(split.name()), seed, update, batch_size, |_| (0, None))
}

/// Trials `range` of [`batch`], each as long as it is: a batch that the memory cannot hold is made in parts.
///
/// # Errors
/// As [`batch`].
pub fn trials(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    range: Range<u64>,
) -> Result<Vec<Trial>, TaskError> {
    task.validate()?;
    let one = |i| task.trial(split, None, &mut TrialRng::new(seed, split.name(), update, i));
    range.into_par_iter().map(one).collect()
}

/// The steps of the longest trial among some that are drawn: of 64, or of as many as have half a million steps
/// together. What a batch takes of memory is judged by it, since all its trials are as long as the longest.
///
/// # Errors
/// As [`batch`].
pub fn longest_of_some(task: &dyn Task, split: Split, seed: u64) -> Result<usize, TaskError> {
    const STEPS: usize = 1 << 19;
    const TRIALS: u64 = 64;
    let (mut longest, mut steps) = (0, 0);
    task.validate()?;
    for place in 0..TRIALS {
        let own = task.trial(split, None, &mut TrialRng::new(seed, split.name(), 0, place))?.n_steps();
        (longest, steps) = (longest.max(own), steps + own);
        if steps > STEPS {
            break;
        }
    }
    Ok(longest)
}

/// The [trajectories](Task::trajectory) of the trials of [`batch`], (trials, steps + 1, axes), NaN after a trial's end;
/// `None` of a task that knows no places.
///
/// # Errors
/// As [`batch`].
pub fn trajectories(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    batch_size: usize,
) -> Result<Option<ArrayD<f32>>, TaskError> {
    let one = |i: usize| task.trajectory(split, None, &mut TrialRng::new(seed, split.name(), update, i as u64));
    Ok(side_by_side((0..batch_size).map(one))?.map(|all| all.mapv(|x| x as f32).into_dyn()))
}

/// The [trajectories](Task::trajectory) of the trials of [`repeated`], (trials, steps + 1, axes), NaN after a trial's
/// end; `None` of a task that knows no places.
///
/// # Errors
/// As [`repeated`].
pub fn repeated_trajectories(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    conditions: &[Condition],
    per_condition: usize,
) -> Result<Option<Array3<f64>>, TaskError> {
    let stream = Stream::named(balanced_name(split));
    let one = |i: usize| {
        let mut rng = stream.rng(seed, update, i).in_group((i % per_condition) as u64);
        task.trajectory(split, conditions.get(i / per_condition), &mut rng)
    };
    side_by_side((0..conditions.len().saturating_mul(per_condition)).map(one))
}

/// Paths padded with NaN to the longest; `None` if there is none, or one trial has none.
fn side_by_side(
    paths: impl Iterator<Item = Result<Option<Array2<f64>>, TaskError>>,
) -> Result<Option<Array3<f64>>, TaskError> {
    let paths = paths.collect::<Result<Option<Vec<_>>, _>>()?;
    let Some(paths) = paths.filter(|paths| !paths.is_empty()) else { return Ok(None) };
    let longest = paths.iter().map(Array2::nrows).max().unwrap_or(0);
    let mut all = Array3::from_elem((paths.len(), longest, paths[0].ncols()), f64::NAN);
    for (mut place, path) in all.outer_iter_mut().zip(&paths) {
        place.slice_mut(s![..path.nrows(), ..]).assign(path);
    }
    Ok(Some(all))
}

/// `batch_size` trials whose conditions are drawn with these probabilities, in proportion to the weights: for training
/// that dwells on what is not mastered yet. With equal weights the conditions are as frequent as each other, catch
/// trials included. The tasks of a set take their [turns](crate::Schedule::turn) all the same, and the weights count
/// among the conditions of each.
pub fn weighted(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    batch_size: usize,
    conditions: &[Condition],
    weights: &[f64],
) -> Result<TrialBatch, TaskError> {
    let usable =
        weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0) && weights.iter().any(|weight| *weight > 0.0);
    if conditions.len() != weights.len() || !usable {
        let value = format!("{weights:?}");
        let remedy = format!("give {} numbers, one for each condition, and not 0 for all", conditions.len());
        return Err(TaskError::Batch { field: "weights", value, rule: "must be finite and at least 0", remedy });
    }
    let pick = |i: usize| {
        let mut rng = TrialRng::new(seed, "turn", update, i as u64);
        let turn = task.schedule().map_or_else(Condition::new, |schedule| schedule.turn(split, &mut rng));
        let part = TrialRng::new(seed, "conditions", update, i as u64).uniform();
        let in_turn = conditions
            .iter()
            .zip(weights)
            .map(|(condition, weight)| if condition.belongs_to(&turn) { *weight } else { 0.0 });
        (0, by_weight(in_turn, part).and_then(|place| conditions.get(place)))
    };
    make(task, split, Stream::named(split.name()), seed, update, batch_size, pick)
}

/// `per_condition` trials of every condition of the task, condition by condition: for validation and psychometric
/// curves.
pub fn balanced(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    per_condition: usize,
) -> Result<TrialBatch, TaskError> {
    repeated(task, split, seed, update, &task.conditions(), per_condition)
}

/// `per_condition` trials of each given condition, which need not be among the task's own (a coherence of 0, say).
/// Variables that a condition leaves out are drawn trial by trial.
pub fn repeated(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    conditions: &[Condition],
    per_condition: usize,
) -> Result<TrialBatch, TaskError> {
    let stream = Stream::named(balanced_name(split));
    make_repeated(task, split, stream, seed, update, conditions, per_condition)
}

/// The trials of [`repeated`] without the noise of their inputs: for analyses of what a network does under an input
/// that holds. Trials of a file are as they were recorded.
///
/// # Errors
/// As [`repeated`].
pub fn noise_free(
    task: &dyn Task,
    split: Split,
    seed: u64,
    update: u64,
    conditions: &[Condition],
    per_condition: usize,
) -> Result<TrialBatch, TaskError> {
    let stream = Stream { is_quiet: true, ..Stream::named(balanced_name(split)) };
    make_repeated(task, split, stream, seed, update, conditions, per_condition)
}

fn balanced_name(split: Split) -> &'static str {
    match split {
        Split::Train => "balanced train",
        Split::Test => "balanced test",
    }
}

fn make_repeated(
    task: &dyn Task,
    split: Split,
    stream: Stream,
    seed: u64,
    update: u64,
    conditions: &[Condition],
    per_condition: usize,
) -> Result<TrialBatch, TaskError> {
    let size = conditions.len().saturating_mul(per_condition);
    // Where a batch has one timing, the n-th trials of all conditions have it in common.
    make(task, split, stream, seed, update, size, |i| ((i % per_condition) as u64, conditions.get(i / per_condition)))
}

/// Which random numbers trials are made of.
#[derive(Clone, Copy)]
struct Stream {
    name: &'static str,
    is_quiet: bool,
}

impl Stream {
    fn named(name: &'static str) -> Self {
        Self { name, is_quiet: false }
    }

    fn rng(self, seed: u64, update: u64, trial: usize) -> TrialRng {
        let rng = TrialRng::new(seed, self.name, update, trial as u64);
        if self.is_quiet { rng.without_noise() } else { rng }
    }
}

fn make<'a>(
    task: &dyn Task,
    split: Split,
    stream: Stream,
    seed: u64,
    update: u64,
    batch_size: usize,
    group_and_condition: impl Fn(usize) -> (u64, Option<&'a Condition>) + Sync,
) -> Result<TrialBatch, TaskError> {
    task.validate()?;
    let one = |i: usize| {
        let (group, condition) = group_and_condition(i);
        task.trial(split, condition, &mut stream.rng(seed, update, i).in_group(group))
    };
    if batch_size == 0 {
        let remedy = "ask for at least one trial".into();
        return Err(TaskError::Batch { field: "batch_size", value: "0".into(), rule: "must be at least 1", remedy });
    }
    // One trial tells about how large all of them are, before any memory is taken for the rest.
    let first = one(0)?;
    refuse_if_too_large(batch_size, numbers(&first))?;
    let leaf = WORTH_A_THREAD.div_ceil(numbers(&first).max(64));
    if batch_size <= leaf {
        let mut trials = Vec::with_capacity(batch_size);
        trials.push(first);
        for i in 1..batch_size {
            trials.push(one(i)?);
        }
        return assemble(trials);
    }
    // Where the timing is drawn, two trials are rarely as long as each other; what was placed in vain is made again,
    // and is the same.
    let second = one(1)?;
    if second.n_steps() == first.n_steps()
        && let Some(batch) = place([first, second], batch_size, leaf, &one)?
    {
        return Ok(batch);
    }
    assemble((0..batch_size).into_par_iter().with_min_len(leaf.div_ceil(4)).map(one).collect::<Result<_, _>>()?)
}

/// The batch of trials that are all as long as the first two, each put in its place while it is still in the cache;
/// `None` if one is not.
fn place(
    first: [Trial; 2],
    batch_size: usize,
    leaf: usize,
    one: &(impl Fn(usize) -> Result<Trial, TaskError> + Sync),
) -> Result<Option<TrialBatch>, TaskError> {
    let zeros = |part: &Array2<f32>| Array3::zeros((batch_size, part.nrows(), part.ncols()));
    let [mut inputs, mut targets, mut loss_mask] = first[0].arrays().map(zeros);
    let n_steps = vec![first[0].n_steps(); batch_size];
    let mut places = inputs.outer_iter_mut().zip(targets.outer_iter_mut()).zip(loss_mask.outer_iter_mut());
    let first: Option<Vec<_>> = first.into_iter().zip(&mut places).map(|(trial, place)| put(trial, place)).collect();
    let rest = places.collect::<Vec<_>>().into_par_iter().enumerate().with_min_len(leaf.div_ceil(4));
    let rest = rest.map(|(i, place)| Ok(put(one(2 + i)?, place))).collect::<Result<Option<Vec<_>>, TaskError>>()?;
    let variables = first.zip(rest).map(|(first, rest)| [first, rest].concat());
    Ok(variables.map(|variables| joined([inputs, targets, loss_mask], n_steps, variables)))
}

/// Where the arrays of a trial go: inputs, targets and loss mask.
type Place<'a> = ((ArrayViewMut2<'a, f32>, ArrayViewMut2<'a, f32>), ArrayViewMut2<'a, f32>);

/// Puts the arrays of a trial in their place, and returns the rest of it; `None` if it does not fit.
fn put(trial: Trial, ((inputs, targets), loss_mask): Place<'_>) -> Option<Variables> {
    let places = [inputs, targets, loss_mask];
    let fits = trial.arrays().iter().zip(&places).all(|(array, place)| array.dim() == place.dim());
    fits.then(|| {
        trial.arrays().into_iter().zip(places).for_each(|(array, mut place)| place.assign(array));
        (trial.condition, trial.epochs, trial.correct)
    })
}

/// Joins trials into a batch padded to the longest; all must have the same channels.
pub fn assemble(trials: Vec<Trial>) -> Result<TrialBatch, TaskError> {
    let n_steps: Vec<usize> = trials.iter().map(Trial::n_steps).collect();
    let (longest, n_inputs, n_outputs) = match trials.first() {
        Some(first) => (n_steps.iter().copied().max().unwrap_or(0), first.inputs.ncols(), first.targets.ncols()),
        None => (0, 0, 0),
    };
    for trial in &trials {
        let (inputs, outputs) = ((trial.n_steps(), n_inputs), (trial.n_steps(), n_outputs));
        if trial.inputs.dim() != inputs || trial.targets.dim() != outputs || trial.loss_mask.dim() != outputs {
            return Err(TaskError::Batch {
                field: "trials",
                value: format!("{:?}, {:?}, {:?}", trial.inputs.dim(), trial.targets.dim(), trial.loss_mask.dim()),
                rule: "must have inputs (n_steps, inputs), targets and loss_mask (n_steps, outputs), the same \
                    channels in every trial",
                remedy: format!("this batch has {n_inputs} inputs and {n_outputs} outputs"),
            });
        }
    }
    refuse_if_too_large(trials.len(), longest.saturating_mul(n_inputs + 2 * n_outputs))?;
    let inputs = padded(&trials, longest, n_inputs, |trial| &trial.inputs);
    let targets = padded(&trials, longest, n_outputs, |trial| &trial.targets);
    let loss_mask = padded(&trials, longest, n_outputs, |trial| &trial.loss_mask);
    let variables = trials.into_iter().map(|trial| (trial.condition, trial.epochs, trial.correct)).collect();
    Ok(joined([inputs, targets, loss_mask], n_steps, variables))
}

/// What a trial has besides its arrays.
type Variables = (Condition, Vec<Epoch>, Option<usize>);

fn joined(
    [inputs, targets, loss_mask]: [Array3<f32>; 3],
    n_steps: Vec<usize>,
    variables: Vec<Variables>,
) -> TrialBatch {
    let n = variables.len();
    let (conditions, epochs, correct) = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    let mut batch = TrialBatch { inputs, targets, loss_mask, n_steps, conditions, epochs, correct };
    for (condition, epochs, correct) in variables {
        batch.conditions.push(condition);
        batch.epochs.push(epochs);
        batch.correct.push(correct);
    }
    batch
}

/// The parts of all trials (n_steps, channels) side by side.
fn padded(
    trials: &[Trial],
    longest: usize,
    channels: usize,
    part: impl Fn(&Trial) -> &Array2<f32> + Sync,
) -> Array3<f32> {
    let mut all = Array3::zeros((trials.len(), longest, channels));
    let size = longest * channels;
    let Some(places) = all.as_slice_mut().filter(|_| size > 0) else { return all };
    let copy = |(place, trial): (&mut [f32], &Trial)| match part(trial).as_slice() {
        Some(values) => place[..values.len()].copy_from_slice(values),
        None => place.iter_mut().zip(part(trial)).for_each(|(place, value)| *place = *value),
    };
    if trials.len() * size <= WORTH_A_THREAD {
        places.chunks_mut(size).zip(trials).for_each(copy);
    } else {
        places.par_chunks_mut(size).zip(trials).with_min_len(WORTH_A_THREAD.div_ceil(size)).for_each(copy);
    }
    all
}

fn numbers(trial: &Trial) -> usize {
    trial.arrays().iter().map(|array| array.len()).sum()
}

fn refuse_if_too_large(batch_size: usize, numbers_per_trial: usize) -> Result<(), TaskError> {
    if batch_size.saturating_mul(numbers_per_trial.max(64)) <= MAX_NUMBERS {
        return Ok(());
    }
    let remedy = "ask for fewer trials at a time, or a larger `dt`".into();
    let value = format!("{batch_size} trials of {numbers_per_trial} numbers");
    Err(TaskError::Batch { field: "batch_size", value, rule: "is more than one batch may hold (4 GiB)", remedy })
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayView2;

    use super::*;
    use crate::{About, Channel, Score, TrialView};

    /// Trials of 3 steps, and now and then of 2 or 4.
    #[derive(Debug)]
    struct Uneven {
        even: f64,
    }

    impl Task for Uneven {
        fn about(&self) -> About<'_> {
            About { id: "test/uneven", summary: "Trials of several lengths", ..About::NEW }
        }

        fn dt(&self) -> f64 {
            1.0
        }

        fn inputs(&self) -> Vec<Channel> {
            Channel::list(&["u"])
        }

        fn outputs(&self) -> Vec<Channel> {
            Channel::list(&["z"])
        }

        fn conditions(&self) -> Vec<Condition> {
            vec![Condition::new()]
        }

        fn trial(&self, _: Split, _: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
            let n_steps = if rng.chance(self.even) { 3 } else { rng.pick(&[2, 4]).copied().unwrap_or(3) };
            let inputs = Array2::from_elem((n_steps, 1), rng.uniform() as f32);
            let zeros = Array2::zeros((n_steps, 1));
            let condition = Condition::new().with("n", n_steps as f64);
            Ok(Trial { targets: zeros.clone(), loss_mask: zeros, inputs, condition, epochs: vec![], correct: None })
        }

        fn score(&self, _: TrialView<'_>, _: ArrayView2<'_, f32>) -> Score {
            Score::default()
        }
    }

    #[test]
    fn a_batch_in_parts_is_the_batch() -> Result<(), TaskError> {
        let task = Uneven { even: 0.5 };
        let part = |range| trials(&task, Split::Test, 3, 1, range);
        let parts = [part(0..4)?, part(4..5)?, part(5..9)?].concat();
        assert_eq!(assemble(parts)?.inputs, batch(&task, Split::Test, 3, 1, 9)?.inputs);
        Ok(())
    }

    #[test]
    fn trials_of_equal_and_of_different_lengths_are_those_made_alone() -> Result<(), TaskError> {
        for even in [1.0, 0.98, 0.0] {
            let (task, size) = (Uneven { even }, 2 * WORTH_A_THREAD / 64);
            for update in 0..8 {
                let trials = batch(&task, Split::Train, 0, update, size)?;
                assert_eq!(trials.len(), size);
                for i in 0..size {
                    let alone =
                        task.trial(Split::Train, None, &mut TrialRng::new(0, Split::Train.name(), update, i as u64))?;
                    let inside = trials.view(i).ok_or_else(|| TaskError::condition("trial", i, "is missing", ""))?;
                    assert_eq!(
                        (alone.inputs.view(), &alone.condition),
                        (inside.inputs, inside.condition),
                        "{even} {update} {i}"
                    );
                }
            }
        }
        Ok(())
    }
}
