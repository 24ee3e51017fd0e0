//! Which time of trials an analysis of activity is of, and which variables.

use anyhow::{Result, bail};
use clap::Args;
use ndarray::{Array2, Array3, Axis};
use nn4n_analysis::{
    Activity,
    activity::{Samples, Trials},
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
        let bin = self.bin.unwrap_or(activity.dt());
        let steps_in_bin = steps_in_bin(bin, activity.dt())?;
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
            steps_in_bin,
        };
        Ok((Window::of(activity, &settings)?, bin))
    }

    /// `0 to 750 ms, 75 bins`; with what was asked for where bins do not fill it.
    pub fn said(&self, window: &Window, bin: f64) -> String {
        let (first, last) = (window.time_ms[0] - bin / 2.0, window.time_ms[window.time_ms.len() - 1] + bin / 2.0);
        let is_other = |asked: Option<f64>, own: f64| asked.is_some_and(|asked| (asked - own).abs() > 1e-6 * bin);
        let asked = if is_other(self.from, first) || is_other(self.to, last) {
            let end = |end: Option<f64>, own: f64| end.unwrap_or(own);
            format!(", the whole ones between {} and {} ms", end(self.from, first), end(self.to, last))
        } else {
            String::new()
        };
        format!("{first} to {last} ms, {} bins{asked}", window.time_ms.len())
    }
}

/// Steps of a bin, which must be whole.
pub fn steps_in_bin(bin: f64, dt: f64) -> Result<usize> {
    let steps = (bin / dt).round();
    if !(bin.is_finite() && steps >= 1.0 && (bin / dt - steps).abs() < 1e-6 * steps) {
        let nearest = if steps.is_finite() { dt * steps.max(1.0) } else { dt };
        bail!("--bin {bin}: must be a multiple of the step, {dt} ms; take {nearest}");
    }
    Ok(steps as usize)
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

/// The rows of [`states`] before they were centred, with the trial and step, or the condition and bin, of each.
pub fn scored(activity: &Activity, epoch: Option<&str>, average: &[String]) -> Result<Samples> {
    if average.is_empty() {
        return Ok(activity.samples(epoch)?);
    }
    let means = of_epoch(activity, epoch)?.means(&variables(activity.trials(), average))?;
    let (conditions, bins, _) = means.means.dim();
    let of = (0..conditions * bins).map(|row| (row / bins, row % bins)).collect();
    Ok(Samples { rows: means.rows(), of, missing: 0 })
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
fn lines(means: &Means, states: &Array3<f64>) -> Vec<Trajectory> {
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

#[cfg(test)]
mod tests {
    use nn4n_tasks::Condition;

    use super::*;

    #[test]
    fn a_bin_is_a_whole_number_of_steps() {
        assert_eq!(steps_in_bin(60.0, 20.0).unwrap(), 3);
        let message = steps_in_bin(50.0, 20.0).unwrap_err().to_string();
        assert!(message.contains("--bin 50") && message.contains("take 60"), "{message}");
        assert!(steps_in_bin(-20.0, 20.0).is_err() && steps_in_bin(f64::NAN, 20.0).is_err());
        assert!(steps_in_bin(f64::INFINITY, 20.0).unwrap_err().to_string().contains("take 20"));
    }

    #[test]
    fn what_bins_do_not_fill_of_a_window_is_said_and_what_no_trial_has_is_refused() {
        let trials = Trials::new(vec![10; 2], vec![Condition::new(); 2]);
        let activity = Activity::new(Array3::zeros((2, 10, 1)), 10.0, trials).unwrap();
        let args = |from: f64, to: f64| WindowArgs {
            align: None,
            epoch: None,
            from: Some(from),
            to: Some(to),
            bin: Some(30.0),
        };
        let said = |args: &WindowArgs| {
            let (window, bin) = args.open(&activity, None)?;
            Ok::<_, anyhow::Error>(args.said(&window, bin))
        };
        assert_eq!(said(&args(0.0, 90.0)).unwrap(), "0 to 90 ms, 3 bins");
        assert_eq!(said(&args(10.0, 100.0)).unwrap(), "30 to 90 ms, 2 bins, the whole ones between 10 and 100 ms");
        let refused = said(&args(0.0, 200.0)).unwrap_err().to_string();
        assert!(refused.contains("to = 200: must lie between 10 and 100 ms"), "{refused}");
    }
}
