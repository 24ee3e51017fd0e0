//! Which time of trials an analysis of activity is of, and which variables.

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array2, Array3, Axis};
use nn4n_analysis::{
    Activity,
    activity::Trials,
    geometry::{Means, Window, WindowSettings, pca::States, window::given_variables},
};

use crate::{
    evaluate::ADDED,
    plot::{StateAxis, Trajectories, Trajectory},
};

/// Values of a variable that a figure shows at most, unless it is asked for.
const SHOWN: usize = 12;
/// All variables of the trials, as they are named on the command line.
const ALL: &str = "condition";

#[derive(Debug, Args)]
pub struct WindowArgs {
    /// Trials are aligned to the start of this epoch, which is the time 0 [default: the start of the trial]
    #[arg(long, value_name = "EPOCH", conflicts_with = "epoch")]
    align: Option<String>,
    /// Only this epoch, from its start to its end in the trial in which it is shortest
    #[arg(long, value_name = "EPOCH")]
    pub epoch: Option<String>,
    /// Start of the window, ms; trials that do not have it whole are left out [default: what all trials have]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    from: Option<f64>,
    /// End of the window, ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    to: Option<f64>,
    /// Means over bins of so many ms, a multiple of the step [default: every step]
    #[arg(long, value_name = "MS")]
    bin: Option<f64>,
}

impl WindowArgs {
    /// The window, and the width of its bins, ms; of `epoch` unless the arguments say something else.
    pub fn open(&self, activity: &Activity, epoch: Option<&str>) -> Result<(Window, f64)> {
        let (dt, bin) = (activity.dt(), self.bin.unwrap_or(activity.dt()));
        let steps = (bin / dt).round();
        if !(bin.is_finite() && steps >= 1.0 && (steps * dt - bin).abs() < 1e-6 * dt) {
            bail!("--bin {bin}: must be a multiple of the step, {dt} ms");
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            bail!("--from {from} --to {to}: a window must begin before it ends");
        }
        let epoch = self.epoch.as_deref().or(epoch.filter(|_| self.align.is_none()));
        let settings = WindowSettings {
            align: self.align.clone().or_else(|| epoch.map(str::to_owned)),
            only_epoch: epoch.is_some(),
            from_ms: self.from,
            to_ms: self.to,
            steps_in_bin: steps as usize,
        };
        Ok((Window::of(activity, &settings)?, bin))
    }
}

/// `0 to 750 ms, 75 bins`
pub fn times(window: &Window, bin: f64) -> String {
    let (first, last) = (window.time_ms[0], window.time_ms[window.time_ms.len() - 1]);
    format!("{} to {} ms, {} bins", first - bin / 2.0, last + bin / 2.0, window.time_ms.len())
}

/// The variables of a list, in which `condition` stands for all that were given.
pub fn variables(trials: &Trials, names: &[String]) -> Vec<String> {
    match names {
        [one] if one == ALL => given_variables(trials, &ADDED),
        _ => names.to_vec(),
    }
}

/// Refuses to go on without a variable, and names those that there are.
pub fn no_variables<T>(trials: &Trials, flag: &str) -> Result<T> {
    let names = trials.variables();
    if names.is_empty() {
        bail!("{flag}: trials have no variables; name a file with them with --conditions");
    }
    bail!("{flag}: name variables of the trials; there are {}", names.join(", "))
}

/// States as they are, or the steps of means over trials of the same values; and what they are, in words.
pub fn states(activity: &Activity, epoch: Option<&str>, average: &[String]) -> Result<(States, usize, String)> {
    let steps = epoch.map_or_else(|| "all steps".to_owned(), |name| format!("steps of `{name}`"));
    if average.is_empty() {
        let samples = activity.samples(epoch)?;
        let missing = samples.missing;
        let said = format!("{steps} of {} trials as they are", activity.trials().len());
        return Ok((States::of_samples(samples, activity.dt()), missing, said));
    }
    let window = of_epoch(activity, epoch)?;
    let means = window.means(&variables(activity.trials(), average))?;
    let bins = means.means.dim().1;
    let runs = (0..means.conditions.len()).map(|place| place * bins..(place + 1) * bins).collect();
    let said = format!(
        "{steps} of means over {} of {} conditions ({})",
        window.counts(&means).words(),
        means.conditions.len(),
        means.variables.join(", ")
    );
    Ok((States { rows: means.rows(), runs, dt: activity.dt() }, 0, said))
}

/// All trials over the steps that all of them have, or those of an epoch.
pub fn of_epoch(activity: &Activity, epoch: Option<&str>) -> Result<Window> {
    let settings = WindowSettings {
        align: epoch.map(str::to_owned),
        only_epoch: epoch.is_some(),
        steps_in_bin: 1,
        ..WindowSettings::default()
    };
    Ok(Window::of(activity, &settings)?)
}

/// Means for a figure: over trials of the values of a variable, of the first with a few of them unless it is named; of
/// all trials where there is none.
pub fn shown(window: &Window, by: Option<&str>) -> Result<Means> {
    let trials = &window.trials;
    let by = match by {
        Some(name) => vec![name.to_owned()],
        None => {
            let few = |name: &String| {
                trials.variable(name).is_ok_and(|variable| (2..=SHOWN).contains(&variable.classes().names.len()))
            };
            given_variables(trials, &ADDED).into_iter().filter(few).take(1).collect()
        }
    };
    Ok(window.means(&by)?)
}

/// Mean activity of each condition along some axes.
pub fn mean_trajectories(means: &Means, axes: Vec<StateAxis>, along: &Array3<f64>) -> Trajectories {
    let of = means.variables.first().map_or_else(|| "all trials".into(), |name| format!("trials by {name}"));
    Trajectories { axes, lines: lines(means, along), remark: format!("means over {of}") }
}

/// A line for each condition, coloured by the first variable.
pub fn lines(means: &Means, states: &Array3<f64>) -> Vec<Trajectory> {
    let line = |(place, condition): (usize, &Vec<usize>)| Trajectory {
        name: if condition.is_empty() { "all trials".into() } else { means.name(condition) },
        value: condition.first().and_then(|level| means.levels[0][*level].parse().ok()),
        states: states.index_axis(Axis(0), place).to_owned(),
    };
    means.conditions.iter().enumerate().map(line).collect()
}

/// (conditions, bins, columns) of rows, bins of a condition one after the other.
pub fn by_condition(rows: &Array2<f64>, conditions: usize) -> Array3<f64> {
    let bins = rows.nrows() / conditions.max(1);
    Array3::from_shape_fn((conditions, bins, rows.ncols()), |(c, bin, column)| rows[[c * bins + bin, column]])
}
