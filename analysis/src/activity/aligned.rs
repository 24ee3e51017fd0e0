//! Trials side by side in time, and their means over conditions.

use ndarray::{Array1, Array2, Array3, Axis, s};
use nn4n_tasks::Condition;

use super::{Activity, Trials};
use crate::AnalysisError;

/// Trials moved so that the same happens at the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Aligned {
    /// (trials, bins, units): the mean of the steps of a bin; NaN where a trial has not all of them.
    pub rates: Array3<f64>,
    /// The middle of each bin, ms from the start of the epoch, or of the trial.
    pub time_ms: Vec<f64>,
    /// The epoch that begins at the time 0; `None` for the start of the trial.
    pub epoch: Option<String>,
    /// The trials, without those that do not have the epoch.
    pub trials: Trials,
    /// How many do not have it.
    pub without: usize,
}

/// Means over trials of the same values of some variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Averages {
    /// The variables.
    pub by: Vec<String>,
    /// Their values, one after the other; only those that trials have.
    pub conditions: Vec<Condition>,
    /// (conditions, bins, units); NaN where no trial has the bin.
    pub means: Array3<f64>,
    /// The trials that each mean is of (conditions, bins, units).
    pub counts: Array3<usize>,
    /// The middle of each bin, ms.
    pub time_ms: Vec<f64>,
}

impl Aligned {
    pub(super) fn of(activity: &Activity, epoch: Option<&str>, steps_in_bin: usize) -> Result<Self, AnalysisError> {
        if steps_in_bin == 0 {
            let rule = "must have one step at least".into();
            return Err(AnalysisError::Setting { setting: "bin", value: "0".into(), rule });
        }
        let all = activity.trials();
        epoch.map_or(Ok(()), |name| all.check_epoch(name))?;
        // The steps of each trial before the time 0.
        let before = |trial: usize| match epoch {
            Some(name) => Some(all.epoch(trial, name)?.start),
            None => Some(0),
        };
        let kept: Vec<(usize, usize)> = (0..all.len()).filter_map(|trial| Some((trial, before(trial)?))).collect();
        let bins_before = kept.iter().map(|(_, start)| start / steps_in_bin).max().unwrap_or(0);
        let bins_after =
            kept.iter().map(|(trial, start)| (all.n_steps[*trial] - start) / steps_in_bin).max().unwrap_or(0);
        let bins = bins_before + bins_after;
        let mut rates = Array3::from_elem((kept.len(), bins, activity.units()), f64::NAN);
        for (mut place, (trial, start)) in rates.outer_iter_mut().zip(&kept) {
            let of_trial = activity.rates();
            let of_trial = of_trial.slice(s![*trial, ..all.n_steps[*trial], ..]);
            for bin in 0..bins {
                let Some(first) = (start + bin * steps_in_bin).checked_sub(bins_before * steps_in_bin) else {
                    continue;
                };
                if first + steps_in_bin <= of_trial.nrows() {
                    let steps = of_trial.slice(s![first..first + steps_in_bin, ..]);
                    place.row_mut(bin).assign(&mean(&steps.to_owned()));
                }
            }
        }
        let width = steps_in_bin as f64 * activity.dt();
        let trials: Vec<usize> = kept.iter().map(|(trial, _)| *trial).collect();
        Ok(Self {
            rates,
            time_ms: (0..bins).map(|bin| (bin as f64 - bins_before as f64 + 0.5) * width).collect(),
            epoch: epoch.map(str::to_owned),
            without: all.len() - trials.len(),
            trials: all.select(&trials),
        })
    }

    /// Means over the trials of each combination of values that trials have, bin by bin and unit by unit. Trials without
    /// a value of one of the variables are in none; without variables there is one mean over all trials.
    ///
    /// # Errors
    /// If no trial has a variable.
    pub fn averages(&self, by: &[String]) -> Result<Averages, AnalysisError> {
        let variables = by.iter().map(|name| self.trials.variable(name)).collect::<Result<Vec<_>, _>>()?;
        let classes: Vec<_> = variables.iter().map(super::Variable::classes).collect();
        let mut keys: Vec<(Vec<usize>, usize)> = (0..self.trials.len())
            .filter_map(|trial| Some((classes.iter().map(|of| of.of[trial]).collect::<Option<_>>()?, trial)))
            .collect();
        keys.sort();
        let groups: Vec<Vec<usize>> =
            keys.chunk_by(|a, b| a.0 == b.0).map(|group| group.iter().map(|(_, trial)| *trial).collect()).collect();
        let (_, bins, units) = self.rates.dim();
        let mut means = Array3::from_elem((groups.len(), bins, units), f64::NAN);
        let mut counts = Array3::zeros((groups.len(), bins, units));
        for (group, trials) in groups.iter().enumerate() {
            let mut sums = Array2::<f64>::zeros((bins, units));
            let mut count = counts.index_axis_mut(Axis(0), group);
            for trial in trials {
                for ((place, rate), count) in
                    sums.iter_mut().zip(self.rates.index_axis(Axis(0), *trial)).zip(count.iter_mut())
                {
                    if !rate.is_nan() {
                        *place += rate;
                        *count += 1;
                    }
                }
            }
            let of = sums.iter().zip(count.iter());
            let of = of.map(|(sum, n)| if *n == 0 { f64::NAN } else { sum / *n as f64 });
            means.index_axis_mut(Axis(0), group).iter_mut().zip(of).for_each(|(place, mean)| *place = mean);
        }
        let condition = |trials: &Vec<usize>| {
            let of_trial = &self.trials.conditions[trials[0]];
            by.iter().fold(Condition::new(), |condition, name| match of_trial.get(name) {
                Some(value) => condition.with(name.clone(), value.clone()),
                None => condition,
            })
        };
        Ok(Averages {
            by: by.to_vec(),
            conditions: groups.iter().map(condition).collect(),
            means,
            counts,
            time_ms: self.time_ms.clone(),
        })
    }

    /// Steps of all these trials that lie in no whole bin, with bins of so many steps.
    pub fn steps_without_bin(&self, steps_in_bin: usize) -> usize {
        let zero = |trial: usize| self.trials.zero(trial, self.epoch.as_deref());
        let of_trial =
            |trial: usize| zero(trial) % steps_in_bin + (self.trials.n_steps[trial] - zero(trial)) % steps_in_bin;
        (0..self.trials.len()).map(of_trial).sum()
    }

    /// How many trials have each bin, whatever its units.
    pub fn trials_at(&self) -> Vec<usize> {
        let has = |bin: usize| {
            move |of_trial: &ndarray::ArrayView2<'_, f64>| of_trial.row(bin).iter().any(|rate| !rate.is_nan())
        };
        (0..self.time_ms.len()).map(|bin| self.rates.outer_iter().filter(has(bin)).count()).collect()
    }
}

impl Averages {
    /// The bins that all conditions and units have, from the first to the last such bin.
    ///
    /// # Errors
    /// If there is none.
    pub fn common(&self) -> Result<Self, AnalysisError> {
        let whole = |bin: usize| self.means.index_axis(Axis(1), bin).iter().all(|mean| !mean.is_nan());
        let bins: Vec<usize> = (0..self.time_ms.len()).filter(|bin| whole(*bin)).collect();
        if bins.is_empty() {
            return Err(AnalysisError::Trials(
                "no time is had by all conditions and units; align the trials to another epoch, or leave conditions out"
                    .into(),
            ));
        }
        Ok(Self {
            means: self.means.select(Axis(1), &bins),
            counts: self.counts.select(Axis(1), &bins),
            time_ms: bins.iter().map(|bin| self.time_ms[*bin]).collect(),
            ..self.clone()
        })
    }
}

/// The mean over the rows (rows, units), NaN where one is.
fn mean(rows: &Array2<f64>) -> Array1<f64> {
    rows.sum_axis(Axis(0)) / rows.nrows() as f64
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use nn4n_tasks::Epoch;

    use super::*;

    /// Two trials: the stimulus begins at step 1 of 4, and at step 2 of 3.
    fn activity() -> Activity {
        let rates = array![[[1.0], [2.0], [3.0], [4.0]], [[5.0], [6.0], [7.0], [0.0]]];
        let epoch = |start, end| vec![Epoch { name: "stimulus".into(), start, end }];
        let trials = Trials {
            n_steps: vec![4, 3],
            conditions: vec![Condition::new().with("side", 1.0), Condition::new().with("side", -1.0)],
            epochs: vec![epoch(1, 3), epoch(2, 3)],
        };
        Activity::new(rates, 10.0, trials).unwrap()
    }

    #[test]
    fn the_epoch_begins_at_the_time_0_of_every_trial() {
        let found = activity().aligned(Some("stimulus"), 1).unwrap();
        assert_eq!(found.time_ms, [-15.0, -5.0, 5.0, 15.0, 25.0]);
        let row = |trial: usize| found.rates.slice(s![trial, .., 0]).iter().map(|x| x.to_string()).collect::<Vec<_>>();
        assert_eq!(row(0), ["NaN", "1", "2", "3", "4"]);
        assert_eq!(row(1), ["5", "6", "7", "NaN", "NaN"]);
        assert_eq!(found.trials_at(), [1, 2, 2, 1, 1]);
        assert!(activity().aligned(Some("delay"), 1).unwrap_err().to_string().contains("there are stimulus"));
    }

    #[test]
    fn bins_are_whole_and_none_crosses_the_time_0() {
        let found = activity().aligned(Some("stimulus"), 2).unwrap();
        assert_eq!(found.time_ms, [-10.0, 10.0]);
        let row = |trial: usize| found.rates.slice(s![trial, .., 0]).iter().map(|x| x.to_string()).collect::<Vec<_>>();
        assert_eq!((row(0), row(1)), (vec!["NaN".into(), "2.5".into()], vec!["5.5".to_string(), "NaN".into()]));
        // The first step and the last of one trial, the last of the other.
        assert_eq!((found.steps_without_bin(2), activity().aligned(None, 1).unwrap().steps_without_bin(1)), (3, 0));
    }

    #[test]
    fn averages_are_of_the_trials_that_have_the_bin() {
        let found = activity().aligned(None, 1).unwrap();
        let all = found.averages(&[]).unwrap();
        assert_eq!(all.means, array![[[3.0], [4.0], [5.0], [4.0]]]);
        assert_eq!(all.counts, array![[[2], [2], [2], [1]]]);
        let by_side = found.averages(&["side".into()]).unwrap();
        let sides: Vec<_> = by_side.conditions.iter().map(|condition| condition.number("side")).collect();
        assert_eq!(sides, [Some(-1.0), Some(1.0)]);
        assert_eq!(by_side.common().unwrap().time_ms, [5.0, 15.0, 25.0]);
    }
}
