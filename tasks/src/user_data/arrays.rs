//! The rules that the arrays of a file obey.

use ndarray::{Array3, Axis, Ix1, Ix2, Ix3, s};

use super::{TrialNotes, UserData, UserDataSettings, notes::other_way_round};
use crate::epoch::MAX_STEPS;
use crate::{Labels, NpzFile, TaskError};

/// What is read of a file, checked.
pub(super) struct Arrays {
    /// (trials, steps, inputs).
    pub inputs: Array3<f32>,
    pub targets: Targets,
    /// (trials, steps, outputs).
    pub loss_mask: Array3<f32>,
    pub n_steps: Vec<usize>,
    pub correct: Option<Vec<Option<usize>>>,
    pub notes: TrialNotes,
    pub dt: f64,
    /// Who says so.
    pub dt_from: &'static str,
    /// What says where trials end.
    pub padding: &'static str,
    pub has_mask: bool,
}

/// Targets as (trials, steps, outputs): values, or 1 for the right one of so many classes.
pub(super) enum Targets {
    Values(Array3<f32>),
    Classes(Array3<f32>, usize),
}

impl Targets {
    pub fn values(&self) -> &Array3<f32> {
        match self {
            Self::Values(values) | Self::Classes(values, _) => values,
        }
    }

    pub fn into_values(self) -> Array3<f32> {
        match self {
            Self::Values(values) | Self::Classes(values, _) => values,
        }
    }
}

impl Arrays {
    /// Reads and checks the arrays of a file.
    pub fn read(file: &mut NpzFile, settings: &UserDataSettings) -> Result<Self, TaskError> {
        let inputs = settings.layout.trials_first(rank_3(file, "inputs")?);
        let (rows, steps, _) = inputs.dim();
        if steps > MAX_STEPS {
            let problem = format!("has {steps} steps, more than the {MAX_STEPS} a trial may have");
            return Err(file.refusal("inputs", problem, "split the trials".into()));
        }
        let notes = TrialNotes::read(file, (rows, steps), &UserData::ARRAYS)?;
        let (n_steps, padding) = match &notes.n_steps {
            Some(n_steps) => (n_steps.clone(), "n_steps"),
            None => ends(&inputs),
        };
        let targets = read_targets(file, settings, (rows, steps), &n_steps)?;
        let shape = targets.values().dim();
        let mask = loss_mask(file, settings, shape)?;
        let has_mask = mask.is_some();
        let loss_mask = mask.unwrap_or_else(|| Array3::ones(shape));
        for (name, array) in [("inputs", &inputs), ("targets", targets.values()), ("loss_mask", &loss_mask)] {
            all_finite(file, name, array, &n_steps)?;
        }
        something_is_graded(file, &loss_mask, &n_steps)?;
        let correct = correct(file, (rows, steps), shape.2)?;
        let (dt, dt_from) = step(file, settings.dt, notes.dt)?;
        Ok(Self { inputs, targets, loss_mask, n_steps, correct, notes, dt, dt_from, padding, has_mask })
    }
}

/// The step, and who says so.
fn step(file: &NpzFile, given: Option<f64>, stated: Option<f64>) -> Result<(f64, &'static str), TaskError> {
    match (given, stated) {
        (Some(given), Some(stated)) if given != stated => {
            let problem = format!("is {stated} ms, but `dt` = {given} ms is asked for");
            let remedy =
                format!("leave `dt` out, or simulate a trained network at the step of the file (--dt {stated})");
            Err(file.refusal("dt", problem, remedy))
        }
        (Some(given), Some(_)) => Ok((given, "as the file says")),
        (Some(given), None) => Ok((given, "as `dt` says")),
        (None, Some(stated)) => Ok((stated, "as the file says")),
        (None, None) => Ok((UserData::DT, "by default; set `dt` if it is another")),
    }
}

/// Where the trials end, and what to call that.
fn ends(inputs: &Array3<f32>) -> (Vec<usize>, &'static str) {
    match nan_padded_lengths(inputs) {
        Some(ends) => (ends, "NaN at the end of trials"),
        None => (vec![inputs.dim().1; inputs.dim().0], "no n_steps, no trial ends in NaN"),
    }
}

/// The lengths (trials) in steps of trials (trials, steps, inputs) of which some end in a tail of NaN in all inputs;
/// `None` if none does.
pub fn nan_padded_lengths(inputs: &Array3<f32>) -> Option<Vec<usize>> {
    let is_used = |step: ndarray::ArrayView1<'_, f32>| step.is_empty() || step.iter().any(|value| !value.is_nan());
    // A trial that is NaN throughout is not padding but a mistake, which is refused.
    let end = |trial: ndarray::ArrayView2<'_, f32>| {
        trial.outer_iter().rposition(is_used).map_or(trial.nrows(), |last| last + 1)
    };
    let ends: Vec<usize> = inputs.outer_iter().map(end).collect();
    ends.iter().any(|end| *end < inputs.dim().1).then_some(ends)
}

fn read_targets(
    file: &mut NpzFile,
    settings: &UserDataSettings,
    (rows, steps): (usize, usize),
    n_steps: &[usize],
) -> Result<Targets, TaskError> {
    let header = file.header("targets")?;
    let whole = header.as_ref().is_some_and(|header| matches!(header.descriptor.as_bytes().get(1), Some(b'i' | b'u')));
    match header.map(|header| header.shape) {
        Some(shape) if whole && shape.len() < 3 => classes(file, settings, (rows, steps), n_steps),
        Some(shape) if shape.len() < 3 => {
            let problem = format!("has shape {shape:?} and is not of integers, so it is neither values nor classes");
            let remedy = "give values (trials, steps, outputs), with an axis of length 1 for a single output; or \
                classes as integers, one for each trial or step";
            Err(file.refusal("targets", problem, remedy.into()))
        }
        _ => {
            let values = settings.layout.trials_first(rank_3(file, "targets")?);
            let (target_rows, target_steps, _) = values.dim();
            if (rows, steps) == (target_rows, target_steps) {
                return Ok(Targets::Values(values));
            }
            let problem =
                format!("has {target_rows} trials of {target_steps} steps, but `inputs` has {rows} of {steps}");
            Err(file.refusal("targets", problem, "both need the same trials and steps".into()))
        }
    }
}

/// Classes of trials (K) or of steps, as one output each.
fn classes(
    file: &mut NpzFile,
    settings: &UserDataSettings,
    (rows, steps): (usize, usize),
    n_steps: &[usize],
) -> Result<Targets, TaskError> {
    let labels = file.require("targets")?;
    let shape = labels.shape().to_vec();
    let per_step = match shape.len() {
        1 if shape == [rows] => labels.insert_axis(Axis(1)).broadcast((rows, steps)).map(|labels| labels.to_owned()),
        2 => {
            let labels = labels.insert_axis(Axis(2)).into_dimensionality::<Ix3>().ok();
            labels
                .map(|labels| settings.layout.trials_first(labels))
                .filter(|labels| labels.dim() == (rows, steps, 1))
                .map(|labels| labels.remove_axis(Axis(2)))
        }
        _ => None,
    };
    let Some(per_step) = per_step else {
        let problem = format!("has shape {shape:?} of classes, but `inputs` has {rows} trials of {steps} steps");
        let hint = other_way_round(&shape, (rows, steps));
        return Err(file.refusal("targets", problem, format!("give [{rows}] or [{rows}, {steps}] classes{hint}")));
    };
    let used = |(row, step): (usize, usize)| step < n_steps[row];
    if let Some(((row, step), class)) = per_step.indexed_iter().find(|(at, class)| used(*at) && **class < 0.0) {
        let problem = format!("is the class {class} at [{row}, {step}], but classes are counted from 0");
        return Err(file.refusal("targets", problem, "weigh what has no class 0 in `loss_mask`".into()));
    }
    let of_used = per_step.indexed_iter().filter(|(at, _)| used(*at)).map(|(_, class)| *class as usize);
    let n_classes = of_used.max().unwrap_or(0) + 1;
    if n_classes > MOST_CLASSES {
        let problem = format!("names the class {}, more than {MOST_CLASSES}", n_classes - 1);
        return Err(file.refusal("targets", problem, "number the classes from 0; values need a third axis".into()));
    }
    let one_hot = |(row, step, class): (usize, usize, usize)| {
        f32::from(u8::from(used((row, step)) && per_step[[row, step]] as usize == class))
    };
    Ok(Targets::Classes(Array3::from_shape_fn((rows, steps, n_classes.max(2)), one_hot), n_classes.max(2)))
}

/// The most classes that integers are taken for.
const MOST_CLASSES: usize = 4096;

fn rank_3(file: &mut NpzFile, name: &str) -> Result<Array3<f32>, TaskError> {
    let array = file.require(name)?;
    let shape = array.shape().to_vec();
    // A task may have no inputs, but not no trials, no steps or no outputs.
    let needed = if name == "inputs" { 2 } else { 3 };
    if shape.iter().take(needed).any(|length| *length == 0) {
        let problem = format!("has shape {shape:?}, and so no elements");
        return Err(file.refusal(name, problem, "give at least one trial of one step".into()));
    }
    array.into_dimensionality::<Ix3>().map_err(|_| {
        let problem = format!("has shape {shape:?}, but must have 3 axes (trials, steps, {name})");
        file.refusal(name, problem, "add an axis of length 1 where there is one trial or one channel".into())
    })
}

/// Weights for each step and output; of those for each step, or for each step of every trial, as many as needed.
fn loss_mask(
    file: &mut NpzFile,
    settings: &UserDataSettings,
    shape: (usize, usize, usize),
) -> Result<Option<Array3<f32>>, TaskError> {
    let Some(mask) = file.read("loss_mask")? else { return Ok(None) };
    let (rows, steps, _) = shape;
    let found = mask.shape().to_vec();
    let full: Option<Array3<f32>> = match found.len() {
        1 if found == [steps] => {
            let mask = mask.into_dimensionality::<Ix1>().ok();
            mask.and_then(|mask| Some(mask.insert_axis(Axis(0)).insert_axis(Axis(2)).broadcast(shape)?.to_owned()))
        }
        2 => {
            let mask = mask.into_dimensionality::<Ix2>().ok();
            let mask = mask.map(|mask| settings.layout.trials_first(mask.insert_axis(Axis(2))));
            mask.filter(|mask| mask.dim() == (rows, steps, 1)).and_then(|mask| Some(mask.broadcast(shape)?.to_owned()))
        }
        3 => {
            let mask = mask.into_dimensionality::<Ix3>().ok().map(|mask| settings.layout.trials_first(mask));
            mask.filter(|mask| mask.dim() == shape)
        }
        _ => None,
    };
    full.map(Some).ok_or_else(|| {
        let (rows, steps, outputs) = shape;
        let problem = format!("has shape {found:?}, but must have {:?} or {:?}", [rows, steps, outputs], [rows, steps]);
        file.refusal("loss_mask", problem, "give one weight per step and output, or one per step".into())
    })
}

/// The output that should win in each trial.
fn correct(
    file: &mut NpzFile,
    (rows, steps): (usize, usize),
    outputs: usize,
) -> Result<Option<Vec<Option<usize>>>, TaskError> {
    let Some(labels) = file.labels("correct")? else { return Ok(None) };
    let remedy = format!("give one whole number for each of the {rows} trials, -1 where no output should win");
    let Labels::Numbers(numbers) = labels else {
        return Err(file.refusal("correct", "holds no numbers".into(), remedy));
    };
    if numbers.len() != rows {
        let hint = other_way_round(&[numbers.len()], (rows, steps));
        return Err(file.refusal("correct", format!("has {} values", numbers.len()), format!("{remedy}{hint}")));
    }
    let one = |(row, &number): (usize, &f64)| match number {
        -1.0 => Ok(None),
        n if n >= 0.0 && n.fract() == 0.0 && n < outputs as f64 => Ok(Some(n as usize)),
        n => {
            let problem = format!("is {n} in trial {row}, but the outputs are 0 to {}", outputs - 1);
            Err(file.refusal("correct", problem, remedy.clone()))
        }
    };
    numbers.iter().enumerate().map(one).collect::<Result<_, _>>().map(Some)
}

/// No NaN or infinity in the steps that are used; no negative weight.
fn all_finite(file: &NpzFile, name: &str, array: &Array3<f32>, n_steps: &[usize]) -> Result<(), TaskError> {
    for (row, (trial, &n)) in array.outer_iter().zip(n_steps).enumerate() {
        for ((step, channel), &value) in trial.slice(s![..n, ..]).indexed_iter() {
            if !value.is_finite() {
                let problem = format!("is {value} at [{row}, {step}, {channel}], but must be finite");
                let remedy = "replace it (and weigh it 0 in `loss_mask`), or end the trial before it with `n_steps`";
                return Err(file.refusal(name, problem, remedy.into()));
            }
            if name == "loss_mask" && value < 0.0 {
                let problem = format!("is {value} at [{row}, {step}, {channel}], but must not be negative");
                return Err(file.refusal(name, problem, "give 0 for what is not graded".into()));
            }
        }
    }
    Ok(())
}

fn something_is_graded(file: &NpzFile, mask: &Array3<f32>, n_steps: &[usize]) -> Result<(), TaskError> {
    let graded =
        mask.outer_iter().zip(n_steps).any(|(trial, &n)| trial.slice(s![..n, ..]).iter().any(|&weight| weight > 0.0));
    if graded {
        return Ok(());
    }
    let problem = "is 0 everywhere, so that nothing is graded".into();
    Err(file.refusal("loss_mask", problem, "give positive weights to what is graded".into()))
}

/// Targets in words: classes with how often they come, or the range of the values.
pub(super) fn in_words(targets: &Array3<f32>, n_classes: Option<usize>, n_steps: &[usize]) -> String {
    let used = || targets.outer_iter().zip(n_steps).map(|(trial, &n)| trial.slice_move(s![..n, ..]));
    let Some(n_classes) = n_classes else {
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        used().for_each(|trial| trial.iter().for_each(|value| (low, high) = (low.min(*value), high.max(*value))));
        return format!("values from {low} to {high}");
    };
    let counts: Vec<f32> =
        (0..n_classes).map(|class| used().map(|trial| trial.column(class).sum()).sum::<f32>()).collect();
    let all = counts.iter().sum::<f32>().max(1.0);
    let shares: Vec<String> = counts.iter().take(12).map(|count| format!("{:.0} %", 100.0 * count / all)).collect();
    let more = if n_classes > 12 { ", .." } else { "" };
    format!("{n_classes} classes ({}{more} of the steps), trained by cross-entropy", shares.join(", "))
}
