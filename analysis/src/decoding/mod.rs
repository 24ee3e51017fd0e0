//! Time-resolved decoding: what of a trial's variables can be read from its units, and when.
//!
//! ```text
//! value(t)        mean over folds of the score of a decoder fitted to the other folds, at the same time t
//! score           classes: mean over classes of the fraction recognised      graded: 1 - sum (y - p)^2 / sum (y - m)^2
//! chance(t)       mean over shuffles of the labels; p = (1 + #(shuffle >= value)) / (1 + shuffles)
//! low, high       value -+ t_(0.975, J - 1) sqrt(v (1 / J + n_test / n_train))        v: variance over the J folds;
//!                 an end beyond what the score can be, below 0 or above 1 for accuracies, above 1 for R2, is that
//! matrix(t, t')   fitted at t, tested at t' on the folds that were left out at t
//! stability       mean over t != t' of (matrix - guessing) / mean over t of the same    of times from 0 on;
//!                 guessing: 1 / classes, or 0 of R2
//! pattern(t)      Cov(x) w                                                              (Haufe)
//! ```
//!
//! A row is a trial at one time, the mean of its rates in a bin. Folds are of trials, the same at all times,
//! stratified; all that is fitted (means, deviations, components, shrinkage, weights) is of the training trials alone.
//! Labels are shuffled within the folds, and within the values of another variable where that is asked for, so that
//! every shuffle is stratified as the labels are: were it not, a class that is rare in training would be frequent in
//! the test, and shuffles would be below chance. The same shuffles serve all times: `p_corrected` compares a value with
//! the largest of each shuffle over all times. With repeats values are means over all folds of all of them; shuffles
//! are of the first one, which vary more than their mean would: p is on the safe side.
//!
//! `generalize` tests, in place of folds, on all trials of one value of another variable in turn, after training on
//! those of its other values. Its null keeps what can be decoded within each condition and takes away how conditions
//! lie to each other: in each condition (class and value of the other variable) the units, z-scored over all trials,
//! are permuted, in all of its trials alike.
//!
//! References: Stokes MG et al. (2013), Neuron 78: 364-375, <https://doi.org/10.1016/j.neuron.2013.01.039>; Bernardi S
//! et al. (2020), Cell 183: 954-967, <https://doi.org/10.1016/j.cell.2020.09.031>; Haufe S et al. (2014), NeuroImage
//! 87: 96-110, <https://doi.org/10.1016/j.neuroimage.2013.10.067>; Nadeau C, Bengio Y (2003), Mach Learn 52: 239-281,
//! <https://doi.org/10.1023/A:1024068626366>.

mod across;
mod cross_temporal;
mod features;
mod fit;
mod folds;
mod lda;
mod logistic;
mod plan;
mod ridge;
mod score;

use std::sync::{Mutex, PoisonError};

use ndarray::{Array1, Array2, Array3, Axis};
use serde::Serialize;

use self::{
    features::Linear,
    fit::{Failure, Labels, Scores},
    folds::{Shuffles, orders},
    plan::Plan,
    score::{half_interval, mean},
};
use crate::{Activity, AnalysisError, interruption::each, statistics::quantile};

pub use cross_temporal::CrossTemporal;
pub use lda::Shrinkage;

/// Folds unless others are asked for.
pub const FOLDS: usize = 5;
/// The measure of graded variables; others are accuracies.
const R2: &str = "r2";

/// What decodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decoder {
    /// Linear discriminant analysis, of classes.
    Lda {
        /// Of its covariance.
        shrinkage: Shrinkage,
    },
    /// Logistic regression, of classes.
    Logistic {
        /// The weight of the loss against `|w|^2 / 2`; above 0.
        c: f64,
    },
    /// Ridge regression, of graded variables.
    Ridge {
        /// The weight of `|w|^2` against the sum of squares; not negative.
        alpha: f64,
    },
}

/// How a variable is decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The variable.
    pub variable: String,
    /// As a graded one, or as classes; `None` as its values say.
    pub is_graded: Option<bool>,
    /// The decoder; its kind says what it takes.
    pub decoder: Decoder,
    /// Whether units are divided by their standard deviation over the training trials.
    pub is_scaled: bool,
    /// Only so many principal components of the training trials.
    pub components: Option<usize>,
    /// Folds of the trials.
    pub folds: usize,
    /// How often folds are drawn anew.
    pub repeats: usize,
    /// Shuffles of the labels, or draws of the null of generalisation.
    pub shuffles: usize,
    /// Labels are shuffled within the values of this variable.
    pub within: Option<String>,
    /// The epoch that begins at the time 0; `None` for the start of trials.
    pub align: Option<String>,
    /// Steps of a bin.
    pub steps_in_bin: usize,
    /// Whether decoders are tested at all other times, too.
    pub cross_temporal: bool,
    /// Train on all values of this variable but one, test on that one.
    pub generalize: Option<String>,
    /// Of folds and shuffles.
    pub seed: u64,
}

/// What was decoded, time by time. A number is NaN where there is none; `reasons` says why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decoding {
    /// The variable.
    pub variable: String,
    /// Its classes with the numbers of their trials; `None` of a graded variable.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classes: Option<Vec<ClassCount>>,
    /// Balanced accuracy of classes, R2 of a graded variable.
    #[serde(flatten)]
    pub course: Course,
    /// The accuracy of the sign of a graded variable with values on both sides of 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign: Option<Course>,
    /// The middle of each bin, ms from the start of the epoch, or of the trial.
    pub time_ms: Vec<f64>,
    /// The epoch that begins at the time 0; `None` for the start of trials.
    pub align: Option<String>,
    /// Trials that have each bin.
    pub trials: Vec<usize>,
    /// What the intervals are over: `folds`, `values` of the variable that is generalised over, or `networks`.
    pub interval_over: &'static str,
    /// Trials that take no part.
    pub left_out: LeftOut,
    /// Labels that shuffles can change: of trials in a fold (and value of the other variable) with more than one label.
    pub movable_labels: usize,
    /// Units that are constant in the training trials of a fold, the most of all folds, in each bin.
    pub constant_units: Vec<usize>,
    /// Searches of logistic regression that did not converge.
    pub unconverged: usize,
    /// Why bins have no number.
    pub reasons: Vec<NoNumber>,
    /// Training time against test time, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cross_temporal: Option<CrossTemporal>,
    /// Values of the variable that is generalised over, in the order of the folds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_out: Option<Vec<String>>,
    /// Weights of the decoder of all trials (bins, functions, units): one function, towards the second of two classes
    /// or larger values, or one of each class. None over networks.
    #[serde(skip)]
    pub weights: Array3<f64>,
    /// (bins, functions)
    #[serde(skip)]
    pub intercepts: Array2<f64>,
    /// What units do when a function is larger (bins, functions, units); functions of more than two classes less their
    /// mean.
    #[serde(skip)]
    pub patterns: Array3<f64>,
}

/// One score over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Course {
    /// `balanced_accuracy`, `r2` or `sign_accuracy`.
    pub measure: &'static str,
    /// The mean over folds, or networks.
    pub value: Vec<f64>,
    /// 95 % interval; NaN of fewer than three folds, values or networks.
    pub low: Vec<f64>,
    /// 95 % interval.
    pub high: Vec<f64>,
    /// The mean of the shuffles.
    pub chance: Vec<f64>,
    /// Their 2.5 % quantile.
    pub chance_low: Vec<f64>,
    /// Their 97.5 % quantile.
    pub chance_high: Vec<f64>,
    /// What guessing reaches: 1 / classes, 0 of R2, 1/2 of a sign.
    pub guessing: f64,
    /// `(1 + #(shuffle >= value)) / (1 + shuffles)`.
    pub p: Vec<f64>,
    /// The same with the largest of each shuffle over all bins.
    pub p_corrected: Vec<f64>,
    /// (folds or networks, bins)
    #[serde(skip)]
    pub each: Array2<f64>,
    /// (shuffles, bins)
    #[serde(skip)]
    pub null: Array2<f64>,
}

/// A class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// Its value.
    pub name: String,
    /// Its trials.
    pub trials: usize,
}

/// Trials that take no part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// They have no value of the variable, or of the one that is generalised over or shuffled within.
    pub without_value: usize,
    /// They do not have the epoch.
    pub without_epoch: usize,
    /// Steps of the others that lie in no whole bin.
    pub steps_without_bin: usize,
}

/// Why a bin has no number.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoNumber {
    /// The middle of the bin, ms.
    pub time_ms: f64,
    /// In words.
    pub reason: String,
}

/// What was found in one bin.
struct Found {
    /// Of the folds of all repeats.
    folds: Vec<Scores>,
    null: Vec<Scores>,
    /// Of the folds of all repeats.
    linear: Vec<Linear>,
    whole: Linear,
    pattern: Array2<f64>,
    unconverged: usize,
}

/// One bin: the trials that have it, and their rates.
struct Bin {
    /// Places among the trials of the plan.
    trials: Vec<usize>,
    /// (trials, units)
    rows: Array2<f64>,
    found: Result<Found, String>,
    constant_units: usize,
}

impl Settings {
    /// Classes, by linear discriminant analysis with shrinkage, in [`FOLDS`] folds, from the start of trials, 200 shuffles.
    pub fn of_classes(variable: &str) -> Self {
        Self {
            variable: variable.into(),
            is_graded: Some(false),
            decoder: Decoder::Lda { shrinkage: Shrinkage::Auto },
            is_scaled: false,
            components: None,
            folds: FOLDS,
            repeats: 1,
            shuffles: 200,
            within: None,
            align: None,
            steps_in_bin: 1,
            cross_temporal: false,
            generalize: None,
            seed: 0,
        }
    }
}

impl Decoder {
    fn decodes_graded(self) -> bool {
        matches!(self, Self::Ridge { .. })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Lda { .. } => "lda",
            Self::Logistic { .. } => "logistic",
            Self::Ridge { .. } => "ridge",
        }
    }

    fn mismatch(self, is_graded: bool) -> AnalysisError {
        let rule = match is_graded {
            true => "decodes classes, but the variable is graded; take ridge, or the values as classes",
            false => "decodes graded variables, but these are classes; take lda or logistic, or the values as graded",
        };
        AnalysisError::Setting { setting: "decoder", value: self.name().into(), rule: rule.into() }
    }

    fn check(self) -> Result<(), AnalysisError> {
        let refused = |setting, value: f64, rule: &str| {
            Err(AnalysisError::Setting { setting, value: value.to_string(), rule: rule.into() })
        };
        match self {
            Self::Lda { shrinkage: Shrinkage::Fixed(value) } if !(0.0..=1.0).contains(&value) => {
                refused("shrinkage", value, "must lie in [0, 1], or be auto")
            }
            Self::Logistic { c } if !(c > 0.0 && c.is_finite()) => {
                refused("c", c, "must be above 0; the smaller, the stronger the penalty")
            }
            Self::Ridge { alpha } if !(alpha >= 0.0 && alpha.is_finite()) => {
                refused("alpha", alpha, "must not be negative; the larger, the stronger the penalty")
            }
            _ => Ok(()),
        }
    }
}

impl Decoding {
    /// The measure over time, and that of the sign where there is one.
    pub fn courses(&self) -> impl Iterator<Item = &Course> {
        std::iter::once(&self.course).chain(&self.sign)
    }

    /// Of units that were recorded at the same time, in trials that are no copies of each other. `watch` is told how
    /// many bins are done.
    ///
    /// # Errors
    /// If no trial has the variable, it has one value alone, a class has fewer trials than there are folds, trials are
    /// copies, units were not recorded at the same time, or a setting breaks its rule.
    pub fn of(
        activity: &Activity,
        settings: &Settings,
        watch: &mut (dyn FnMut(usize) + Send),
    ) -> Result<Self, AnalysisError> {
        settings.decoder.check()?;
        activity.check_simultaneous("decoding")?;
        check_copies(activity)?;
        check_components(activity, settings.components)?;
        let aligned = activity.aligned(settings.align.as_deref(), settings.steps_in_bin)?;
        let mut plan = Plan::of(&aligned, settings)?;
        plan.left_out.steps_without_bin = aligned.steps_without_bin(settings.steps_in_bin);
        let done = Mutex::new((0, watch));
        let bin = |bin: usize| {
            let found = self::bin(&plan, aligned.rates.index_axis(Axis(1), bin), settings);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            done.0 += 1;
            let so_far = done.0;
            (done.1)(so_far);
            found
        };
        let bins: Vec<Bin> = each(aligned.time_ms.len(), bin)?;
        match bins.iter().find_map(|bin| bin.found.as_ref().err()) {
            Some(reason) if bins.iter().all(|bin| bin.found.is_err()) => {
                Err(AnalysisError::Trials(format!("nothing can be decoded at any time: {reason}")))
            }
            _ => Ok(assemble(plan, &bins, aligned.time_ms, settings)),
        }
    }

    /// The means over networks (or recordings) with intervals over them, at the times that all have.
    ///
    /// # Errors
    /// If there is none, they are of different measures or variables, or have no time in common.
    pub fn over_networks(all: &[Self]) -> Result<Self, AnalysisError> {
        across::over_networks(all)
    }
}

fn check_components(activity: &Activity, components: Option<usize>) -> Result<(), AnalysisError> {
    match components.filter(|n| *n > activity.units()) {
        None => Ok(()),
        Some(n) => Err(AnalysisError::Setting {
            setting: "components",
            value: n.to_string(),
            rule: format!("must be at most the number of units, {}", activity.units()),
        }),
    }
}

fn check_copies(activity: &Activity) -> Result<(), AnalysisError> {
    match activity.copies() {
        None => Ok(()),
        Some((a, b)) => Err(AnalysisError::Trials(format!(
            "trials {a} and {b} are copies of each other, the same variables and the same activity at every step, and \
             a decoder that has seen one knows the other; decode with the network's noise on (without --noise-free; a \
             network without noise has none to decode through), or leave copies out"
        ))),
    }
}

/// Everything of one bin.
fn bin(plan: &Plan, rates: ndarray::ArrayView2<'_, f64>, settings: &Settings) -> Result<Bin, AnalysisError> {
    let has = |trial: &usize| rates.row(plan.places[*trial]).iter().all(|rate| !rate.is_nan());
    let trials: Vec<usize> = (0..plan.len()).filter(has).collect();
    let places: Vec<usize> = trials.iter().map(|trial| plan.places[*trial]).collect();
    let rows = rates.select(Axis(0), &places);
    let folds = plan.folds(&trials);
    let mut bin = Bin { trials, rows, found: Err(String::new()), constant_units: 0 };
    bin.found = match plan.reason(&bin.trials, &folds) {
        Some(reason) => Err(reason),
        None => {
            bin.constant_units = fit::constant_units(&bin.rows, &folds[0]);
            match too_few(&bin, &folds, settings.components) {
                Some(reason) => Err(reason),
                None => match found(plan, &bin, &folds, settings) {
                    Ok(found) => Ok(found),
                    Err(Failure::Reason(reason)) => Err(reason),
                    Err(Failure::Error(error)) => return Err(error),
                },
            }
        }
    };
    Ok(bin)
}

/// Why there are not as many components as are asked for, if so: n centred trials vary along n - 1 directions.
fn too_few(bin: &Bin, folds: &[Vec<Vec<usize>>], components: Option<usize>) -> Option<String> {
    let components = components?;
    let most_tested = folds.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let trained = bin.trials.len() - most_tested;
    let varying = bin.rows.ncols() - bin.constant_units;
    let (n, what) =
        if varying < trained { (varying, "units that vary") } else { (trained - 1, "directions of trials") };
    (components > n).then(|| {
        format!("there are {components} components to take, but {n} {what} in the training trials; take fewer")
    })
}

fn found(plan: &Plan, bin: &Bin, folds: &[Vec<Vec<usize>>], settings: &Settings) -> Result<Found, Failure> {
    let labels = plan.labels(&bin.trials);
    let observed = labels.observed();
    let mut found = fit::folds(&bin.rows, &folds[0], &labels, settings)?;
    let shuffled = |shuffle: usize| mean_scores(found.iter().map(|fold| fold.scores[shuffle]));
    let null = match plan.held_out {
        None => (1..=settings.shuffles).map(shuffled).collect(),
        Some(_) => generalisation_null(plan, bin, (&folds[0], &observed), settings)?,
    };
    for more in &folds[1..] {
        found.extend(fit::folds(&bin.rows, more, &observed, settings)?);
    }
    let whole = fit::whole(&bin.rows, &labels, settings)?;
    let pattern = fit::pattern(&bin.rows, without_mean(&whole.weights).view());
    Ok(Found {
        folds: found.iter().map(|fold| fold.scores[0]).collect(),
        unconverged: found.iter().map(|fold| fold.unconverged).sum(),
        linear: found.into_iter().map(|fold| fold.linear).collect(),
        null,
        whole,
        pattern,
    })
}

/// Scores where the units of each condition are permuted.
fn generalisation_null(
    plan: &Plan,
    bin: &Bin,
    (folds, observed): (&[Vec<usize>], &Labels),
    settings: &Settings,
) -> Result<Vec<Scores>, Failure> {
    let features = features::Features::of(bin.rows.view(), true, None)?;
    let scaled = features.map(bin.rows.view());
    let draw = |draw: usize| {
        let orders = orders(plan.conditions, scaled.ncols(), settings.seed, draw);
        let rows = Array2::from_shape_fn(scaled.dim(), |(row, unit)| {
            scaled[[row, orders[plan.condition[bin.trials[row]]][unit]]]
        });
        Ok(mean_scores(fit::folds(&rows, folds, observed, settings)?.iter().map(|fold| fold.scores[0])))
    };
    each(settings.shuffles, draw)
}

/// Signs that a fold cannot say are no part of the mean.
fn mean_scores(folds: impl Iterator<Item = Scores> + Clone) -> Scores {
    let of = |measure: usize| {
        mean(folds.clone().map(move |scores| scores[measure]).filter(|value| measure == 0 || !value.is_nan()))
    };
    [of(0), of(1)]
}

/// One function as it is, several less their mean.
fn without_mean(weights: &Array2<f64>) -> Array2<f64> {
    match weights.nrows() {
        0 | 1 => weights.clone(),
        n => weights - &(weights.sum_axis(Axis(0)) / n as f64),
    }
}

fn assemble(plan: Plan, bins: &[Bin], time_ms: Vec<f64>, settings: &Settings) -> Decoding {
    let course = |measure: usize| course(&plan, bins, (measure, settings));
    let of_bins = |of: &dyn Fn(&Found) -> &Array2<f64>| stacked(bins, of);
    let reasons = bins.iter().zip(&time_ms).filter_map(|(bin, time)| {
        let reason = bin.found.as_ref().err()?.clone();
        Some(NoNumber { time_ms: *time, reason })
    });
    let functions = bins.iter().find_map(|bin| bin.found.as_ref().ok()).map_or(0, |found| found.whole.weights.nrows());
    let mut intercepts = Array2::from_elem((bins.len(), functions), f64::NAN);
    for (mut row, bin) in intercepts.outer_iter_mut().zip(bins) {
        if let Ok(found) = &bin.found {
            row.assign(&Array1::from(found.whole.intercepts.clone()));
        }
    }
    Decoding {
        variable: settings.variable.clone(),
        course: course(0),
        sign: plan.has_signs().then(|| course(1)),
        align: settings.align.clone(),
        trials: bins.iter().map(|bin| bin.trials.len()).collect(),
        interval_over: if plan.held_out.is_some() { "values" } else { "folds" },
        left_out: plan.left_out,
        movable_labels: plan.movable,
        constant_units: bins.iter().map(|bin| bin.constant_units).collect(),
        unconverged: bins.iter().filter_map(|bin| bin.found.as_ref().ok()).map(|found| found.unconverged).sum(),
        reasons: reasons.collect(),
        cross_temporal: settings.cross_temporal.then(|| cross_temporal::of(&plan, bins, &time_ms)),
        weights: of_bins(&|found| &found.whole.weights),
        intercepts,
        patterns: of_bins(&|found| &found.pattern),
        classes: plan.counts(),
        held_out: plan.held_out,
        time_ms,
    }
}

/// A matrix of each bin, NaN where it has none.
fn stacked(bins: &[Bin], of: &dyn Fn(&Found) -> &Array2<f64>) -> Array3<f64> {
    let first = bins.iter().find_map(|bin| bin.found.as_ref().ok());
    let (rows, columns) = first.map_or((0, 0), |found| of(found).dim());
    let mut all = Array3::from_elem((bins.len(), rows, columns), f64::NAN);
    for (mut place, bin) in all.outer_iter_mut().zip(bins) {
        if let Ok(found) = &bin.found {
            place.assign(of(found));
        }
    }
    all
}

fn course(plan: &Plan, bins: &[Bin], (measure, settings): (usize, &Settings)) -> Course {
    let column = |scores: &[Scores]| -> Vec<f64> { scores.iter().map(|scores| scores[measure]).collect() };
    let folds = plan.number_of_folds() * plan.fold_of.len();
    let mut each = Array2::from_elem((folds, bins.len()), f64::NAN);
    let mut null = Array2::from_elem((settings.shuffles, bins.len()), f64::NAN);
    for (place, bin) in bins.iter().enumerate() {
        if let Ok(found) = &bin.found {
            each.column_mut(place).assign(&Array1::from(column(&found.folds)));
            null.column_mut(place).assign(&Array1::from(column(&found.null)));
        }
    }
    // Of n folds one is tested and n - 1 are trained on.
    let overlap = 1.0 / (plan.number_of_folds() - 1) as f64;
    Course::of(plan.measure(measure), (each, null), overlap)
}

impl Course {
    /// Of the scores of folds or networks (parts, bins), and of shuffles (shuffles, bins).
    fn of((measure, guessing): (&'static str, f64), (each, null): (Array2<f64>, Array2<f64>), overlap: f64) -> Self {
        let there = |values: ndarray::ArrayView1<'_, f64>| -> Vec<f64> {
            let mut values: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let parts: Vec<Vec<f64>> = each.axis_iter(Axis(1)).map(there).collect();
        let shuffles: Vec<Vec<f64>> = null.axis_iter(Axis(1)).map(there).collect();
        let value: Vec<f64> = parts.iter().map(|parts| mean(parts.iter().copied())).collect();
        let half: Vec<f64> = parts.iter().map(|parts| half_interval(parts, overlap)).collect();
        let least = if measure == R2 { f64::NEG_INFINITY } else { 0.0 };
        let ends = |sign: f64| {
            let end = |(value, half): (&f64, &f64)| match half.is_finite() {
                true => (value + sign * half).clamp(least, 1.0),
                false => f64::NAN,
            };
            value.iter().zip(&half).map(end).collect()
        };
        let quantiles = |part: f64| shuffles.iter().map(|sorted| quantile(sorted, part)).collect();
        let largest: Vec<f64> = null.outer_iter().map(|of| of.iter().copied().fold(f64::NAN, f64::max)).collect();
        let p = |value: &f64, null: &mut dyn Iterator<Item = f64>| {
            let (mut n, mut reached) = (0usize, 0usize);
            for shuffled in null {
                n += 1;
                // Means of the same numbers may differ by their rounding.
                reached += usize::from(shuffled >= *value - 1e-12);
            }
            if n == 0 || value.is_nan() { f64::NAN } else { (1 + reached) as f64 / (1 + n) as f64 }
        };
        Self {
            measure,
            guessing,
            low: ends(-1.0),
            high: ends(1.0),
            chance: shuffles.iter().map(|sorted| mean(sorted.iter().copied())).collect(),
            chance_low: quantiles(0.025),
            chance_high: quantiles(0.975),
            p: value.iter().zip(&shuffles).map(|(value, null)| p(value, &mut null.iter().copied())).collect(),
            p_corrected: value.iter().map(|value| p(value, &mut largest.iter().copied())).collect(),
            value,
            each,
            null,
        }
    }
}
