//! One rate of each unit in each trial.

use ndarray::{Array2, s};

use super::Activity;
use crate::AnalysisError;

impl Activity {
    /// Mean rates (trials, units) over the steps of each trial, or of one of its epochs; NaN where a trial does not have
    /// the epoch or the unit was not recorded in it. Steps that are missing are in no mean.
    ///
    /// # Errors
    /// If no trial has the epoch.
    pub fn mean_rates(&self, epoch: Option<&str>) -> Result<Array2<f64>, AnalysisError> {
        epoch.map_or(Ok(()), |name| self.trials.check_epoch(name))?;
        let mut means = Array2::from_elem((self.trials.len(), self.units()), f64::NAN);
        for (trial, mut row) in means.outer_iter_mut().enumerate() {
            let steps = match epoch {
                Some(name) => self.trials.steps_of(trial, name),
                None => 0..self.trials.n_steps[trial],
            };
            let of_trial = self.rates.slice(s![trial, steps, ..]);
            for (place, course) in row.iter_mut().zip(of_trial.columns()) {
                let there = || course.iter().filter(|rate| !rate.is_nan());
                let count = there().count();
                if count > 0 {
                    *place = there().sum::<f64>() / count as f64;
                }
            }
        }
        Ok(means)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use nn4n_tasks::{Condition, Epoch};

    use crate::{Activity, activity::Trials};

    #[test]
    fn means_are_of_the_steps_of_a_trial_or_of_its_epoch_that_were_recorded() {
        let rates = array![[[1.0, 4.0], [2.0, f64::NAN], [6.0, 8.0]], [[f64::NAN, 1.0], [f64::NAN, 3.0], [9.0, 9.0]]];
        let delay = |start, end| vec![Epoch { name: "delay".into(), start, end }];
        let trials = Trials {
            n_steps: vec![3, 2],
            conditions: vec![Condition::new(); 2],
            epochs: vec![delay(1, 3), Vec::new()],
        };
        let activity = Activity::new(rates, 10.0, trials).unwrap();
        let text = |epoch| activity.mean_rates(epoch).unwrap().iter().map(f64::to_string).collect::<Vec<_>>();
        assert_eq!(text(None), ["3", "6", "NaN", "2"]);
        assert_eq!(text(Some("delay")), ["4", "8", "NaN", "NaN"]);
        assert!(activity.mean_rates(Some("cue")).unwrap_err().to_string().contains("there are delay"));
    }
}
