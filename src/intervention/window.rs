//! When something is done in a trial.
//!
//! ```text
//! stimulus      while the trial is in its epoch of this name, which may differ from trial to trial; trials without it
//!               are left as they are
//! 200..600      from 200 to 600 ms after the beginning of the trial; 200.. to its end, ..600 from its beginning
//! ```
//!
//! Step `k`, counted from 0, is the one from `k dt` to `(k + 1) dt`: what is recorded at its end is of the window.

use std::{collections::BTreeSet, fmt, ops::Range, str::FromStr};

use nn4n_models::Windows;
use nn4n_tasks::{Epoch, TrialBatch};

use crate::{
    echo::echo,
    error::{Error, Result},
};

/// A part of a trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Window {
    /// All of it.
    Trial,
    /// An epoch of the task.
    Epoch(String),
    /// Times from the beginning of the trial, ms; the end of the trial where there is no end.
    Time {
        /// From here.
        start: f64,
        /// Up to here.
        end: Option<f64>,
    },
}

/// What is known of the course of trials.
#[derive(Clone, Copy, Debug)]
pub struct TrialTimes<'a> {
    /// The step, ms.
    pub dt: f64,
    /// The length of each trial, steps.
    pub n_steps: &'a [usize],
    /// The epochs of each trial; `None` where they are not known.
    pub epochs: Option<&'a [Vec<Epoch>]>,
}

impl<'a> TrialTimes<'a> {
    /// Of trials of a task with this step, ms.
    pub fn of(trials: &'a TrialBatch, dt: f64) -> Self {
        Self { dt, n_steps: &trials.n_steps, epochs: Some(&trials.epochs) }
    }

    /// The number of steps of the longest trial.
    fn longest(&self) -> usize {
        self.n_steps.iter().copied().max().unwrap_or(0)
    }
}

impl Window {
    /// Its steps in trials.
    ///
    /// # Errors
    /// If no trial has the epoch, or the times are not those of steps within the longest trial.
    pub fn steps(&self, trials: &TrialTimes<'_>) -> Result<Windows> {
        match self {
            Self::Trial => Ok(Windows::Same(0..trials.longest())),
            Self::Epoch(name) => self.epoch(name, trials),
            Self::Time { start, end } => self.time(*start, *end, trials).map(Windows::Same),
        }
    }

    fn epoch(&self, name: &str, trials: &TrialTimes<'_>) -> Result<Windows> {
        let Some(epochs) = trials.epochs else {
            return Err(
                self.refusal("nothing is known of the epochs of these trials; give a window in ms, as in 200..600")
            );
        };
        let named = |epochs: &Vec<Epoch>| -> Vec<Range<usize>> {
            epochs.iter().filter(|epoch| epoch.name == name && !epoch.steps().is_empty()).map(Epoch::steps).collect()
        };
        let windows: Vec<_> = epochs.iter().map(named).collect();
        if windows.iter().all(Vec::is_empty) {
            let names: BTreeSet<&str> = epochs.iter().flatten().map(|epoch| epoch.name.as_ref()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            return Err(self.refusal(&format!("no trial has this epoch; the epochs of the task are {names}")));
        }
        Ok(Windows::Each(windows))
    }

    fn time(&self, start: f64, end: Option<f64>, trials: &TrialTimes<'_>) -> Result<Range<usize>> {
        let (dt, longest) = (trials.dt, trials.longest());
        let step = |time: f64| {
            let step = (time / dt).round();
            if (step * dt - time).abs() > 1e-6 * dt {
                return Err(
                    self.refusal(&format!("{time} ms is not the time of a step; give a multiple of dt = {dt} ms"))
                );
            }
            Ok(step as usize)
        };
        let steps = step(start)?..end.map_or(Ok(longest), step)?;
        if steps.start >= steps.end || steps.end > longest {
            let last = longest as f64 * dt;
            return Err(
                self.refusal(&format!("must end after it begins, and lie within the longest trial, 0..{last} ms"))
            );
        }
        Ok(steps)
    }

    fn refusal(&self, why: &str) -> Error {
        Error::setting(format!("window `{}`", echo(&self.to_string())), why)
    }
}

impl FromStr for Window {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let refusal = || {
            let message = "must be an epoch of the task, or times in ms, as in 200..600, 200.. or ..600";
            Error::setting(format!("window `{}`", echo(text)), message)
        };
        let Some((start, end)) = text.split_once("..") else {
            return if text.is_empty() { Err(refusal()) } else { Ok(Self::Epoch(text.into())) };
        };
        let time = |text: &str| match text.trim().parse::<f64>() {
            Ok(time) if time.is_finite() && time >= 0.0 => Ok(time),
            _ => Err(refusal()),
        };
        match (start.trim(), end.trim()) {
            ("", "") => Err(refusal()),
            (start, end) => Ok(Self::Time {
                start: if start.is_empty() { 0.0 } else { time(start)? },
                end: if end.is_empty() { None } else { Some(time(end)?) },
            }),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trial => f.write_str("the whole trial"),
            Self::Epoch(name) => f.write_str(name),
            Self::Time { start, end: Some(end) } => write!(f, "{start}..{end}"),
            Self::Time { start, end: None } => write!(f, "{start}.."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times<'a>(n_steps: &'a [usize], epochs: Option<&'a [Vec<Epoch>]>) -> TrialTimes<'a> {
        TrialTimes { dt: 20.0, n_steps, epochs }
    }

    fn epoch(name: &'static str, steps: Range<usize>) -> Epoch {
        Epoch { name: name.into(), start: steps.start, end: steps.end }
    }

    #[test]
    fn epochs_and_times_are_steps() -> Result<()> {
        let epochs = [vec![epoch("fixation", 0..2), epoch("stimulus", 2..6)], vec![epoch("fixation", 0..8)]];
        let trials = times(&[6, 8], Some(&epochs));
        let steps = |text: &str| text.parse::<Window>()?.steps(&trials);
        assert_eq!(steps("stimulus")?, Windows::Each(vec![vec![2..6], Vec::new()]));
        assert_eq!(steps("40..120")?, Windows::Same(2..6));
        assert_eq!(steps("40..")?, Windows::Same(2..8));
        assert_eq!(steps("..160")?, Windows::Same(0..8));
        assert_eq!(Window::Trial.steps(&trials)?, Windows::Same(0..8));
        let fine = TrialTimes { dt: 0.1, ..trials };
        assert_eq!("0.3..0.7".parse::<Window>()?.steps(&fine)?, Windows::Same(3..7));
        Ok(())
    }

    #[test]
    fn windows_that_are_not_in_the_trials_are_refused() {
        let epochs = [vec![epoch("fixation", 0..2), epoch("delay", 2..2), epoch("stimulus", 2..6)]];
        let trials = times(&[6], Some(&epochs));
        let refusal = |text: &str| text.parse::<Window>().unwrap().steps(&trials).unwrap_err().to_string();
        assert!(refusal("decision").contains("the epochs of the task are delay, fixation, stimulus"));
        assert!(refusal("delay").contains("window `delay`: no trial has this epoch"));
        assert!(refusal("30..60").contains("30 ms is not the time of a step; give a multiple of dt = 20 ms"));
        for outside in ["100..140", "120..", "80..40", "40..40"] {
            assert!(refusal(outside).contains("within the longest trial, 0..120 ms"), "{outside}");
        }
        let unknown = Window::Epoch("stimulus".into()).steps(&times(&[6], None)).unwrap_err().to_string();
        assert!(unknown.contains("give a window in ms"), "{unknown}");
        for text in ["", "..", "a..b", "-20..40", "0..inf", "nan.."] {
            assert!(text.parse::<Window>().unwrap_err().to_string().contains("200..600"), "{text}");
        }
    }
}
