//! Whether units are active one after the other.
//!
//! ```text
//! SI = H(peaks) + mean_i [ln mean(r_i in the window) - ln mean(r_i outside)]
//! H  = -sum_b p_b ln p_b,   p_b ~ count of peaks in bin b + 0.1       20 bins from the first to the last peak
//! ```
//!
//! One index for each trial, of the units whose mean rate is above a limit; the window is the four steps from two before
//! the peak to one after it, and ends a step before the trial does. Both are as in the released code of the source, of
//! which the index is then the mean over trials. The largest entropy is ln 20 = 2.996.
//!
//! A sorted picture of activity shows a sequence in any noise: units are sorted by the times of their peaks in half of
//! the trials, and shown in the other half ([`Sequence`]).
//!
//! Orhan & Ma 2019, doi:10.1038/s41593-018-0314-y.

use std::ops::Range;

use ndarray::{Array2, ArrayView2, s};
use serde::Serialize;

use crate::{
    Activity, AnalysisError,
    statistics::{correlation, ranks},
};

/// Bins of the times of peaks.
const BINS: usize = 20;
/// What is added to the count of each.
const PSEUDO_COUNT: f64 = 0.1;
/// Steps before the peak, and from the peak to the end of the window.
const BEFORE: usize = 2;
const AFTER: usize = 2;
/// Steps of the shortest trial that has something outside of every window.
const SHORTEST: usize = 5;

/// The sequentiality index of trials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sequentiality {
    /// Mean over trials.
    pub index: f64,
    /// Standard deviation over trials; `None` of one.
    pub deviation: Option<f64>,
    /// Mean entropy of the times of peaks, nats.
    pub entropy: f64,
    /// Mean logarithm of the ratio of the rates in the window to those outside.
    pub ridge_to_background: f64,
    /// Trials that have an index.
    pub trials: usize,
    /// Those that have none: without the epoch, shorter than five steps, or without a unit that counts.
    pub trials_left_out: usize,
    /// Units that count in a trial, on average.
    pub units: f64,
    /// Pairs of a unit and a trial in which the unit is silent outside of the window: their ratio is infinite, and they
    /// are in no mean.
    pub silent_outside: usize,
    /// The index of each of these trials.
    #[serde(skip)]
    pub of_trials: Vec<f64>,
}

/// Units by the times of their peaks in one half of the trials, and their mean rates in the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sequence {
    /// The units, the one with the earliest peak first.
    pub order: Vec<usize>,
    /// When each of them has its peak in the half that they are sorted by, ms.
    pub peaks_ms: Vec<f64>,
    /// The same in the half that is shown.
    pub peaks_shown_ms: Vec<f64>,
    /// Rank correlation of the two; `None` where all peaks of a half are at one time.
    pub correlation: Option<f64>,
    /// Trials of the half that sorts, and of the one that is shown.
    pub trials: (usize, usize),
    /// Units whose rate is too low or does not vary, which are left out.
    pub left_out: usize,
    /// Steps that fewer than half of the trials have, which are left out.
    pub steps_left_out: usize,
    /// The middle of each step, ms from the start of the trial or epoch.
    pub time_ms: Vec<f64>,
    /// (units in this order, steps): mean rates of the half that is shown.
    #[serde(skip)]
    pub rates: Array2<f64>,
}

impl Sequentiality {
    /// Of all steps of trials, or of one epoch, and of units with a mean rate above `least`.
    ///
    /// # Errors
    /// If a rate is below 0, no trial has the epoch, or no trial has an index.
    pub fn of(activity: &Activity, epoch: Option<&str>, least: f64) -> Result<Self, AnalysisError> {
        if let Some(rate) = activity.rates().iter().find(|rate| **rate < 0.0) {
            return Err(AnalysisError::Trials(format!(
                "a rate is {rate}, but the index has logarithms of rates; it is for rates that are not below 0"
            )));
        }
        let spans = spans(activity, epoch)?;
        let all = spans.iter().enumerate().map(|(trial, steps)| {
            let rates = activity.rates();
            OfTrial::of(rates.slice(s![trial, steps.clone(), ..]), least)
        });
        let all: Vec<OfTrial> = all.collect();
        let with: Vec<&OfTrial> = all.iter().filter(|trial| trial.index().is_some()).collect();
        if with.is_empty() {
            return Err(AnalysisError::Trials(format!(
                "no trial has {SHORTEST} steps and a unit with a mean rate above {least}; take a lower limit"
            )));
        }
        let n = with.len() as f64;
        let mean = |of: &dyn Fn(&OfTrial) -> f64| with.iter().map(|trial| of(trial)).sum::<f64>() / n;
        let of_trials: Vec<f64> = with.iter().filter_map(|trial| trial.index()).collect();
        let index = of_trials.iter().sum::<f64>() / n;
        let squares: f64 = of_trials.iter().map(|value| (value - index).powi(2)).sum();
        Ok(Self {
            index,
            deviation: (with.len() > 1).then(|| (squares / (n - 1.0)).sqrt()),
            entropy: mean(&|trial| trial.entropy),
            ridge_to_background: mean(&|trial| trial.ratio.unwrap_or(0.0)),
            trials: with.len(),
            trials_left_out: all.len() - with.len(),
            units: mean(&|trial| trial.units as f64),
            silent_outside: all.iter().map(|trial| trial.silent_outside).sum(),
            of_trials,
        })
    }
}

/// The steps of each trial; none where it does not have the epoch.
fn spans(activity: &Activity, epoch: Option<&str>) -> Result<Vec<Range<usize>>, AnalysisError> {
    let trials = activity.trials();
    epoch.map_or(Ok(()), |name| trials.check_epoch(name))?;
    let span = |trial: usize| match epoch {
        Some(name) => trials.steps_of(trial, name),
        None => 0..trials.n_steps[trial],
    };
    Ok((0..trials.len()).map(span).collect())
}

/// What the index of one trial is made of.
struct OfTrial {
    entropy: f64,
    /// `None` without a unit whose ratio is finite.
    ratio: Option<f64>,
    units: usize,
    silent_outside: usize,
}

impl OfTrial {
    /// Of rates (steps, units).
    fn of(rates: ArrayView2<'_, f64>, least: f64) -> Self {
        let steps = rates.nrows();
        let mut of = Self { entropy: 0.0, ratio: None, units: 0, silent_outside: 0 };
        if steps < SHORTEST {
            return of;
        }
        let (mut peaks, mut ratios) = (Vec::new(), Vec::new());
        // A unit that was not recorded at a step has a mean of NaN, which is above nothing.
        for course in rates.columns().into_iter().filter(|course| course.sum() / steps as f64 > least) {
            let peak = peak(course.iter().copied());
            let window = peak.saturating_sub(BEFORE)..(peak + AFTER).min(steps - 1);
            let inside: f64 = course.slice(s![window.clone()]).sum();
            let outside = course.slice(s![..window.start]).sum() + course.slice(s![window.end..]).sum();
            peaks.push(peak);
            if outside > 0.0 {
                let background = outside / (steps - window.len()) as f64;
                ratios.push((inside / window.len() as f64).ln() - background.ln());
            } else {
                of.silent_outside += 1;
            }
        }
        of.units = peaks.len();
        of.entropy = entropy(&peaks);
        of.ratio = (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64);
        of
    }

    fn index(&self) -> Option<f64> {
        self.ratio.map(|ratio| self.entropy + ratio)
    }
}

/// The first step with the largest rate.
fn peak(course: impl Iterator<Item = f64>) -> usize {
    course.enumerate().fold((0, f64::NEG_INFINITY), |best, (i, rate)| if rate > best.1 { (i, rate) } else { best }).0
}

/// The entropy of the times of peaks, nats.
fn entropy(peaks: &[usize]) -> f64 {
    let (Some(first), Some(last)) = (peaks.iter().min(), peaks.iter().max()) else { return 0.0 };
    let mut counts = [PSEUDO_COUNT; BINS];
    for peak in peaks {
        // All peaks at one time are in the middle of a range that is widened about it.
        let bin = if first == last { BINS / 2 } else { (peak - first) * BINS / (last - first) };
        counts[bin.min(BINS - 1)] += 1.0;
    }
    let sum: f64 = counts.iter().sum();
    -counts.iter().map(|count| count / sum * (count / sum).ln()).sum::<f64>()
}

impl Sequence {
    /// Of all steps of trials, or of one epoch, and of units with a mean |rate| above `least`. Trials with the same
    /// variables, but for those named `apart`, such as what was chosen, are divided evenly between the halves.
    ///
    /// # Errors
    /// If no trial has the epoch, there are fewer than two trials of it, or no unit is left.
    pub fn of(activity: &Activity, epoch: Option<&str>, least: f64, apart: &[&str]) -> Result<Self, AnalysisError> {
        let spans = spans(activity, epoch)?;
        let there: Vec<usize> = (0..spans.len()).filter(|trial| !spans[*trial].is_empty()).collect();
        if there.len() < 2 {
            let message = format!("{} trial is there, but one half of them sorts the other; take two", there.len());
            return Err(AnalysisError::Trials(message));
        }
        let halves = halves(activity, &there, apart);
        let longest = there.iter().map(|trial| spans[*trial].len()).max().unwrap_or(0);
        let has = |step: usize| there.iter().filter(|trial| step < spans[**trial].len()).count();
        let steps = (0..longest).take_while(|step| 2 * has(*step) >= there.len()).count();
        let [sorting, shown] = [&halves.0, &halves.1].map(|trials| means(activity, &spans, trials, steps));
        let is_active = |unit: &usize| {
            let (a, b) = (sorting.column(*unit), shown.column(*unit));
            let size = a.iter().chain(&b).map(|rate| rate.abs()).sum::<f64>() / (2 * steps) as f64;
            let varies = |course: ndarray::ArrayView1<'_, f64>| course.iter().any(|rate| *rate != course[0]);
            size > least && varies(a) && varies(b)
        };
        let mut order: Vec<usize> = (0..activity.units()).filter(is_active).collect();
        if order.is_empty() {
            let message =
                format!("no unit varies and has a mean rate above {least} in both halves; take a lower limit");
            return Err(AnalysisError::Trials(message));
        }
        let peak_of = |of: &Array2<f64>, unit: usize| peak(of.column(unit).iter().copied());
        order.sort_by_key(|unit| (peak_of(&sorting, *unit), *unit));
        let time = |step: usize| (step as f64 + 0.5) * activity.dt();
        let peaks = |of: &Array2<f64>| order.iter().map(|unit| time(peak_of(of, *unit))).collect::<Vec<f64>>();
        let (peaks_ms, peaks_shown_ms) = (peaks(&sorting), peaks(&shown));
        Ok(Self {
            correlation: correlation(&ranks(&peaks_ms), &ranks(&peaks_shown_ms)),
            peaks_ms,
            peaks_shown_ms,
            trials: (halves.0.len(), halves.1.len()),
            left_out: activity.units() - order.len(),
            steps_left_out: longest - steps,
            time_ms: (0..steps).map(time).collect(),
            rates: Array2::from_shape_fn((order.len(), steps), |(row, step)| shown[[step, order[row]]]),
            order,
        })
    }
}

/// Every other trial of those with the same variables.
fn halves(activity: &Activity, there: &[usize], apart: &[&str]) -> (Vec<usize>, Vec<usize>) {
    let condition = |trial: &usize| {
        let condition = &activity.trials().conditions[*trial];
        apart.iter().fold(condition.clone(), |condition, name| condition.without(name)).to_string()
    };
    let mut sorted: Vec<(String, usize)> = there.iter().map(|trial| (condition(trial), *trial)).collect();
    sorted.sort();
    let every_other = |first: usize| sorted.iter().skip(first).step_by(2).map(|(_, trial)| *trial).collect();
    (every_other(0), every_other(1))
}

/// Mean rates over trials (steps, units); NaN where none of them has a rate.
fn means(activity: &Activity, spans: &[Range<usize>], trials: &[usize], steps: usize) -> Array2<f64> {
    let rates = activity.rates();
    let (mut sums, mut counts) =
        (Array2::<f64>::zeros((steps, activity.units())), Array2::<f64>::zeros((steps, activity.units())));
    for trial in trials {
        let span = &spans[*trial];
        for step in 0..steps.min(span.len()) {
            for (unit, rate) in rates.slice(s![*trial, span.start + step, ..]).iter().enumerate() {
                if !rate.is_nan() {
                    sums[[step, unit]] += rate;
                    counts[[step, unit]] += 1.0;
                }
            }
        }
    }
    sums / counts
}

#[cfg(test)]
mod tests {
    use ndarray::Array3;
    use nn4n_tasks::{Condition, Epoch};

    use super::*;
    use crate::activity::Trials;

    /// 100 units over 100 steps: bumps of 5 steps about `peak(unit)`, with a floor of 0.1.
    fn bumps(peak: impl Fn(usize) -> f64) -> Activity {
        let bump = |step: usize, unit: usize| (-(step as f64 - peak(unit)).powi(2) / 50.0).exp() + 0.1;
        let rates = Array3::from_shape_fn((1, 100, 100), |(_, step, unit)| bump(step, unit));
        Activity::new(rates, 10.0, Trials::new(vec![100], vec![Condition::new()])).unwrap()
    }

    #[test]
    fn a_sequence_has_a_larger_index_than_units_that_peak_together() {
        let found = Sequentiality::of(&bumps(|unit| unit as f64), None, 0.1).unwrap();
        assert!((found.index - 4.7511).abs() < 5e-5, "{found:?}");
        assert!((found.entropy - 20f64.ln()).abs() < 1e-12 && found.units == 100.0 && found.deviation.is_none());
        let together = Sequentiality::of(&bumps(|_| 50.0), None, 0.1).unwrap();
        assert!((together.index - 1.8762).abs() < 5e-5 && (together.entropy - 0.1475).abs() < 5e-5, "{together:?}");
    }

    #[test]
    fn constant_activity_has_the_entropy_of_one_time() {
        let rates = Array3::ones((2, 30, 100));
        let trials = Trials::new(vec![30, 4], vec![Condition::new(); 2]);
        let found = Sequentiality::of(&Activity::new(rates, 1.0, trials).unwrap(), None, 0.1).unwrap();
        assert!((found.index - 0.1475).abs() < 5e-5, "{found:?}");
        assert_eq!((found.trials, found.trials_left_out), (1, 1));
    }

    #[test]
    fn units_that_are_silent_or_low_or_negative_are_not_passed_over() {
        let mut rates = Array3::zeros((1, 10, 3));
        rates[[0, 4, 0]] = 5.0;
        rates.slice_mut(s![0, .., 1]).fill(1.0);
        rates.slice_mut(s![0, .., 2]).fill(0.05);
        let of = |rates: Array3<f64>| {
            let trials = Trials::new(vec![10], vec![Condition::new()]);
            Sequentiality::of(&Activity::new(rates, 1.0, trials).unwrap(), None, 0.1)
        };
        let found = of(rates.clone()).unwrap();
        assert_eq!((found.units, found.silent_outside, found.ridge_to_background), (2.0, 1, 0.0));
        assert!(of(Array3::zeros((1, 10, 3))).unwrap_err().to_string().contains("above 0.1"));
        rates[[0, 0, 0]] = -0.5;
        assert!(of(rates).unwrap_err().to_string().contains("a rate is -0.5"));
    }

    #[test]
    fn units_are_sorted_in_one_half_and_shown_in_the_other() {
        // Peaks at 3, 1, 2 in all trials; trials of one side have a second peak that is smaller.
        let rate = |trial: usize, step: usize, unit: usize| {
            let peak = [3, 1, 2][unit];
            let noise = 0.01 * ((trial * 7 + step * 3 + unit) % 5) as f64;
            1.0 + if step == peak + 2 { 2.0 } else { 0.0 } + noise
        };
        let rates = Array3::from_shape_fn((6, 8, 3), |(trial, step, unit)| rate(trial, step, unit));
        let conditions =
            (0..6).map(|trial| Condition::new().with("side", (trial % 2) as f64).with("choice", trial as f64));
        let mut trials = Trials::new(vec![8, 8, 8, 8, 7, 8], conditions.collect());
        trials.epochs = vec![vec![Epoch { name: "delay".into(), start: 2, end: 7 }]; 6];
        let activity = Activity::new(rates, 10.0, trials).unwrap();
        let found = Sequence::of(&activity, Some("delay"), 0.1, &["choice"]).unwrap();
        assert_eq!(found.order, [1, 2, 0]);
        assert_eq!((found.peaks_ms.as_slice(), found.correlation), ([15.0, 25.0, 35.0].as_slice(), Some(1.0)));
        assert_eq!((found.trials, found.rates.dim(), found.steps_left_out), ((3, 3), (3, 5), 0));
        assert!((found.rates[[0, 1]] - 3.0).abs() < 0.05);
        // Sides alternate, so that a parity of trials alone would put each into one half.
        let all: Vec<usize> = (0..6).collect();
        assert_eq!(halves(&activity, &all, &["choice"]), (vec![0, 4, 3], vec![2, 1, 5]));
        let whole = Sequence::of(&activity, None, 0.1, &["choice"]).unwrap();
        assert_eq!((whole.time_ms.len(), whole.left_out), (8, 0));
        let one = activity.with_trials(&[0]).unwrap();
        assert!(Sequence::of(&one, None, 0.1, &[]).unwrap_err().to_string().contains("1 trial is there"));
        assert!(Sequence::of(&activity, None, 99.0, &[]).unwrap_err().to_string().contains("above 99"));
    }
}
