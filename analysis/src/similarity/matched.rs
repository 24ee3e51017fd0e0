//! What several sources do in the same conditions at the same times.
//!
//! Rows are matched by what the trials are, not by their order: means over the trials of each condition, at the times
//! that all have. A condition that one source lacks is an error, since to leave it out would change what is compared;
//! times are those in common, and what each source has beyond them is counted. Where folds of the trials are asked for,
//! times are those that every fold has of every condition.

use ndarray::{Array2, Array3, Axis};
use nn4n_tasks::{Condition, Value};
use serde::Serialize;

use super::noise::Noise;
use crate::{
    Activity, AnalysisError,
    activity::{Aligned, Averages},
};

/// Numbers that differ by less than this part are one value: one may have gone through single precision.
const SAME: f64 = 1e-6;
/// Times that differ by less than this part of a bin are one time.
const SAME_TIME: f64 = 1e-3;

/// Units whose activity is compared: of a network, an area, or in one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it is called.
    pub name: String,
    aligned: Aligned,
    /// Width of a bin, ms.
    width: f64,
}

/// What is taken of each part.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matching {
    /// The variables whose values make the conditions.
    pub by: Vec<String>,
    /// One row for each condition, the mean over the times.
    pub average_times: bool,
    /// Disjoint sets of trials of each condition of which the means are needed, too.
    pub folds: Option<usize>,
    /// Whether the noise of trials about the means is needed.
    pub noise: bool,
}

/// Parts in the same conditions at the same times.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MatchedParts {
    /// What is compared.
    #[serde(skip)]
    pub representations: Vec<Representation>,
    /// The conditions, the same of all.
    pub conditions: Vec<Condition>,
    /// The middle of each bin, ms; that of all of them where times are averaged.
    pub time_ms: Vec<f64>,
    /// What was used of each part.
    pub parts: Vec<Used>,
}

/// What was used of a part.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Used {
    /// As it is called.
    pub name: String,
    /// Its units.
    pub units: usize,
    /// Trials in the means.
    pub trials: usize,
    /// Trials without the epoch, or without a value of a variable.
    pub trials_left_out: usize,
    /// Times that another part, or not every condition, has.
    pub times_left_out: usize,
    /// How much of the correlations of its noise was taken away, where noise is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shrinkage: Option<f64>,
}

/// Activity of units, matched with that of others row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Representation {
    /// What it is called.
    pub name: String,
    /// Mean rates (conditions, times, units).
    pub means: Array3<f64>,
    /// The same over disjoint sets of the trials; empty where they were not asked for.
    pub folds: Vec<Array3<f64>>,
    /// The noise of trials about the means, where it was asked for.
    pub noise: Option<Noise>,
}

impl Representation {
    /// Mean rates alone.
    pub fn new(name: impl Into<String>, means: Array3<f64>) -> Self {
        Self { name: name.into(), means, folds: Vec::new(), noise: None }
    }

    /// One row for each condition and time (rows, units), times within conditions.
    pub fn rows(&self) -> Array2<f64> {
        rows(&self.means)
    }
}

/// (conditions, times, units) as rows.
pub(super) fn rows(means: &Array3<f64>) -> Array2<f64> {
    let (conditions, times, units) = means.dim();
    Array2::from_shape_fn((conditions * times, units), |(row, unit)| means[[row / times, row % times, unit]])
}

impl Part {
    /// Activity from the start of trials, or of an epoch, in bins of some steps.
    ///
    /// # Errors
    /// If no trial has the epoch, or a bin has no step.
    pub fn of(
        name: impl Into<String>,
        activity: &Activity,
        epoch: Option<&str>,
        steps_in_bin: usize,
    ) -> Result<Self, AnalysisError> {
        let aligned = activity.aligned(epoch, steps_in_bin)?;
        Ok(Self { name: name.into(), aligned, width: steps_in_bin as f64 * activity.dt() })
    }

    /// Activity within an epoch alone, as long as it lasts in the shortest trial.
    ///
    /// # Errors
    /// As [`Self::of`], and if the epoch is shorter than a bin.
    pub fn within(
        name: impl Into<String>,
        activity: &Activity,
        epoch: &str,
        steps_in_bin: usize,
    ) -> Result<Self, AnalysisError> {
        let mut part = Self::of(name, activity, Some(epoch), steps_in_bin)?;
        let trials = &part.aligned.trials;
        let lengths = (0..trials.len()).map(|trial| trials.steps_of(trial, epoch).len());
        let shortest = lengths.min().unwrap_or(0);
        let end = (shortest / steps_in_bin) as f64 * part.width;
        let bins: Vec<usize> =
            (0..part.aligned.time_ms.len()).filter(|bin| (0.0..end).contains(&part.aligned.time_ms[*bin])).collect();
        if bins.is_empty() {
            return Err(AnalysisError::Trials(format!(
                "the epoch `{epoch}` has {shortest} steps in its shortest trial, but a bin has {steps_in_bin}; take \
                 shorter bins (--bin), or leave short trials out (--where)"
            )));
        }
        part.aligned.rates = part.aligned.rates.select(Axis(1), &bins);
        part.aligned.time_ms = bins.iter().map(|bin| part.aligned.time_ms[*bin]).collect();
        Ok(part)
    }
}

impl MatchedParts {
    /// Means of all parts in the same conditions, at the times in common.
    ///
    /// # Errors
    /// If a part lacks a variable or a condition that another one has, there is no common time, or folds or noise are
    /// asked for and trials are too few or were not recorded together.
    pub fn of(parts: &[Part], matching: &Matching) -> Result<Self, AnalysisError> {
        let averages =
            parts.iter().map(|part| of_part(&part.name, Means::of(part, matching))).collect::<Result<Vec<_>, _>>()?;
        let (Some(first), Some(width)) = (averages.first(), parts.first().map(|part| part.width)) else {
            return Err(AnalysisError::Trials("nothing is named that could be compared; name two".into()));
        };
        check_widths(parts)?;
        let orders = averages
            .iter()
            .zip(parts)
            .map(|(other, part)| order(&matching.by, (&parts[0].name, &first.all), (&part.name, &other.all)))
            .collect::<Result<Vec<_>, _>>()?;
        let in_common = |time: &f64| averages.iter().all(|other| bin_at(&other.times, *time, width).is_some());
        let times: Vec<f64> = first.times.iter().copied().filter(in_common).collect();
        if times.is_empty() {
            return Err(AnalysisError::Trials(format!(
                "there is no time that all have: {}; align them to an epoch that all have (--align, --epochs)",
                spans(parts, &averages)
            )));
        }
        let taken = |((part, means), order): ((&Part, &Means), &Vec<usize>)| {
            of_part(&part.name, taken(part, means, order, &times, matching))
        };
        let (representations, used) =
            parts.iter().zip(&averages).zip(&orders).map(taken).collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        let middle = times.iter().sum::<f64>() / times.len() as f64;
        Ok(Self {
            representations,
            conditions: first.all.conditions.clone(),
            time_ms: if matching.average_times { vec![middle] } else { times },
            parts: used,
        })
    }
}

/// Says of which part an error is.
fn of_part<T>(name: &str, found: Result<T, AnalysisError>) -> Result<T, AnalysisError> {
    found.map_err(|error| AnalysisError::Trials(format!("{name}: {error}")))
}

fn check_widths(parts: &[Part]) -> Result<(), AnalysisError> {
    let Some(first) = parts.first() else { return Ok(()) };
    match parts.iter().find(|part| (part.width - first.width).abs() > SAME * first.width) {
        None => Ok(()),
        Some(other) => Err(AnalysisError::Trials(format!(
            "{} has bins of {} ms and {} of {} ms; take one width for both (--bin)",
            first.name, first.width, other.name, other.width
        ))),
    }
}

/// Where each condition of the first is among those of the other.
fn order(
    by: &[String],
    (first, of_first): (&str, &Averages),
    (other, of_other): (&str, &Averages),
) -> Result<Vec<usize>, AnalysisError> {
    let lacks = |has: &str, lacks: &str, condition: &Condition| {
        AnalysisError::Trials(format!(
            "{lacks} has no trial of {condition}, which {has} has; choose conditions that both have (--where), or \
             compare by other variables (--by)"
        ))
    };
    let find = |among: &Averages, condition: &Condition| {
        among.conditions.iter().position(|known| by.iter().all(|name| is_same(known.get(name), condition.get(name))))
    };
    if let Some(condition) = of_other.conditions.iter().find(|condition| find(of_first, condition).is_none()) {
        return Err(lacks(other, first, condition));
    }
    let place = |condition| find(of_other, condition).ok_or_else(|| lacks(first, other, condition));
    of_first.conditions.iter().map(place).collect()
}

fn is_same(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => (a - b).abs() <= SAME * a.abs().max(b.abs()),
        _ => a == b,
    }
}

fn bin_at(times: &[f64], time: f64, width: f64) -> Option<usize> {
    times.iter().position(|known| (known - time).abs() < SAME_TIME * width)
}

fn spans(parts: &[Part], averages: &[Means]) -> String {
    let span = |(part, means): (&Part, &Means)| {
        let (first, last) = (means.times.first(), means.times.last());
        format!("{} {} to {} ms", part.name, first.unwrap_or(&0.0), last.unwrap_or(&0.0))
    };
    parts.iter().zip(averages).map(span).collect::<Vec<_>>().join(", ")
}

/// The means of a part at all its times.
struct Means {
    all: Averages,
    folds: Vec<Averages>,
    /// Trials of each condition.
    trials_of: Vec<Vec<usize>>,
    /// What all conditions have, in every fold.
    times: Vec<f64>,
}

impl Means {
    fn of(part: &Part, matching: &Matching) -> Result<Self, AnalysisError> {
        let all = part.aligned.averages(&matching.by)?;
        if all.conditions.is_empty() {
            let by = matching.by.join(", ");
            let message = format!("no trial has values of all of {by}; take fewer of them (--by)");
            return Err(AnalysisError::Trials(message));
        }
        let trials_of = all
            .conditions
            .iter()
            .map(|condition| part.aligned.trials.of_condition(condition))
            .collect::<Result<Vec<_>, _>>()?;
        let folds = match matching.folds {
            Some(n) => folds(part, &all.conditions, &trials_of, n, &matching.by)?,
            None => Vec::new(),
        };
        let common = all.common()?.time_ms;
        let has = |fold: &Averages, time: f64| {
            let bin = bin_at(&fold.time_ms, time, part.width);
            bin.is_some_and(|bin| !fold.means.index_axis(Axis(1), bin).iter().any(|mean| mean.is_nan()))
        };
        let times: Vec<f64> = common.into_iter().filter(|time| folds.iter().all(|fold| has(fold, *time))).collect();
        if times.is_empty() {
            let message = "no time is had by all conditions and units in every fold of the trials; take fewer folds \
                           (--folds), more trials (--trials), or fewer units (--units)";
            return Err(AnalysisError::Trials(message.into()));
        }
        Ok(Self { all, folds, trials_of, times })
    }
}

/// A part at these times, with its conditions in this order.
fn taken(
    part: &Part,
    means: &Means,
    order: &[usize],
    times: &[f64],
    matching: &Matching,
) -> Result<(Representation, Used), AnalysisError> {
    let bins: Vec<usize> = times.iter().filter_map(|time| bin_at(&part.aligned.time_ms, *time, part.width)).collect();
    let select = |of: &Averages| {
        let means = of.means.select(Axis(0), order).select(Axis(1), &bins);
        if matching.average_times { averaged(&means) } else { means }
    };
    let at_bins = means.all.means.select(Axis(1), &bins);
    let noise =
        matching.noise.then(|| noise(part, &at_bins, &means.trials_of, &bins, matching.average_times)).transpose()?;
    let trials: usize = means.trials_of.iter().map(Vec::len).sum();
    let had = (0..part.aligned.time_ms.len())
        .filter(|bin| means.all.means.index_axis(Axis(1), *bin).iter().any(|mean| !mean.is_nan()));
    let used = Used {
        name: part.name.clone(),
        units: at_bins.dim().2,
        trials,
        trials_left_out: part.aligned.trials.len() - trials + part.aligned.without,
        times_left_out: had.count() - times.len(),
        shrinkage: noise.as_ref().map(|noise| noise.shrinkage),
    };
    let folds = means.folds.iter().map(select).collect();
    Ok((Representation { name: part.name.clone(), means: select(&means.all), folds, noise }, used))
}

/// The mean over the times, which stay an axis of length 1.
fn averaged(means: &Array3<f64>) -> Array3<f64> {
    let times = means.dim().1 as f64;
    (means.sum_axis(Axis(1)) / times).insert_axis(Axis(1))
}

/// The trials of each condition dealt out in turn, and the means of each set.
fn folds(
    part: &Part,
    conditions: &[Condition],
    trials_of: &[Vec<usize>],
    n: usize,
    by: &[String],
) -> Result<Vec<Averages>, AnalysisError> {
    if n < 2 {
        let rule = "must be 2 at least".into();
        return Err(AnalysisError::Setting { setting: "folds", value: n.to_string(), rule });
    }
    if let Some((condition, trials)) = conditions.iter().zip(trials_of).find(|(_, trials)| trials.len() < n) {
        return Err(AnalysisError::Trials(format!(
            "there are {} trials of {condition}, but {n} folds need as many; take more trials (--trials), or fewer \
             folds (--folds)",
            trials.len()
        )));
    }
    let fold = |fold: usize| {
        let mut trials: Vec<usize> =
            trials_of.iter().flat_map(|trials| trials.iter().copied().skip(fold).step_by(n)).collect();
        trials.sort_unstable();
        let aligned = Aligned {
            rates: part.aligned.rates.select(Axis(0), &trials),
            trials: part.aligned.trials.select(&trials),
            time_ms: part.aligned.time_ms.clone(),
            epoch: part.aligned.epoch.clone(),
            without: 0,
        };
        aligned.averages(by)
    };
    (0..n).map(fold).collect()
}

/// Trials less the mean of their condition, at these bins.
fn noise(
    part: &Part,
    means: &Array3<f64>,
    trials_of: &[Vec<usize>],
    bins: &[usize],
    average_times: bool,
) -> Result<Noise, AnalysisError> {
    let units = means.dim().2;
    let mut residuals: Vec<f64> = Vec::new();
    for (condition, trials) in trials_of.iter().enumerate() {
        for trial in trials {
            let of_trial = part.aligned.rates.index_axis(Axis(0), *trial).select(Axis(0), bins);
            let residual = &of_trial - &means.index_axis(Axis(0), condition);
            let known: Vec<usize> =
                (0..bins.len()).filter(|bin| !residual.row(*bin).iter().all(|x| x.is_nan())).collect();
            let known = residual.select(Axis(0), &known);
            if known.iter().any(|x| x.is_nan()) {
                return Err(AnalysisError::Trials(format!(
                    "units of trial {trial} were not all recorded at the same time, so that the covariance of their \
                     noise is not known; take --rdm euclidean or correlation, or units that were recorded together"
                )));
            }
            match (average_times, known.mean_axis(Axis(0))) {
                (true, Some(mean)) => residuals.extend(mean),
                _ => residuals.extend(known),
            }
        }
    }
    let rows = residuals.len() / units;
    let residuals = Array2::from_shape_vec((rows, units), residuals)
        .map_err(|error| AnalysisError::Shape { array: "residuals", message: error.to_string() })?;
    let subtracted = trials_of.len() * if average_times { 1 } else { bins.len() };
    Noise::of(residuals.view(), subtracted)
}
