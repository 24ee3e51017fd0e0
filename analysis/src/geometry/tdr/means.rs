//! Means over conditions, and the components of them that vectors are denoised by.

use ndarray::{Array2, Array3, Axis};
use nn4n_tasks::Value;

use super::{
    super::{
        algebra, pca,
        window::{Means, Window},
    },
    regression::Regressor,
};
use crate::AnalysisError;

/// Standard deviations of the kernel that smooths.
const KERNEL: f64 = 4.0;
/// Whether the answer of a trial was right.
const RIGHT: &str = "was_right";

/// Which trials were right; `None` where that is not known.
pub(super) fn right_trials(window: &Window) -> Result<Option<Vec<bool>>, AnalysisError> {
    let Ok(variable) = window.trials.variable(RIGHT) else { return Ok(None) };
    let right: Vec<bool> = variable.values.iter().map(|value| *value == Some(Value::Bool(true))).collect();
    if right.iter().any(|right| *right) {
        return Ok(Some(right));
    }
    Err(AnalysisError::Trials("no trial was right, but means are of right trials; train the network longer".into()))
}

/// Means over conditions, in which a unit may count from what it prefers.
pub(super) struct Conditions<'a> {
    pub window: &'a Window,
    pub variables: &'a [String],
    pub regressors: &'a [Regressor],
    pub preferred: &'a [f64],
}

pub(super) struct ConditionMeans {
    /// (conditions, bins, active units)
    pub tensor: Array3<f64>,
    pub names: Vec<String>,
    pub places: Vec<Vec<usize>>,
    pub levels: Vec<Vec<String>>,
    /// Conditions left out since no trial has their mirror image.
    pub without_mirror: usize,
}

impl Conditions<'_> {
    /// Of right trials alone, or also by whether they were right.
    pub fn means(
        &self,
        rates: &Array3<f64>,
        active: &[usize],
        right: Option<&[bool]>,
        with_wrong: bool,
    ) -> Result<ConditionMeans, AnalysisError> {
        let mut by = self.variables.to_vec();
        let n = self.window.trials.len();
        let is_used = match right {
            Some(right) if !with_wrong => right.to_vec(),
            _ => vec![true; n],
        };
        if with_wrong && right.is_some() {
            by.push(RIGHT.into());
        }
        let own = Window { rates: rates.clone(), ..self.window.clone() };
        let means = own.means_of(&by, &is_used).map_err(|error| of_unit(&error, active))?;
        let mirrors: Vec<Option<usize>> = means.conditions.iter().map(|one| self.mirror(&means, one)).collect();
        let is_turned = self.preferred.iter().any(|sign| *sign < 0.0);
        let kept: Vec<usize> = (0..mirrors.len()).filter(|place| !is_turned || mirrors[*place].is_some()).collect();
        if kept.is_empty() {
            return Err(AnalysisError::Trials(format!(
                "no condition of {} has its mirror image among the trials, but units count from what they prefer; add \
                 trials with the other sign, or take another method",
                self.variables.join(", ")
            )));
        }
        let tensor = Array3::from_shape_fn((kept.len(), means.means.dim().1, active.len()), |(place, bin, unit)| {
            let condition =
                if self.preferred[unit] < 0.0 { mirrors[kept[place]].unwrap_or(kept[place]) } else { kept[place] };
            means.means[[condition, bin, unit]]
        });
        Ok(ConditionMeans {
            tensor,
            names: kept.iter().map(|place| means.name(&means.conditions[*place])).collect(),
            places: kept.iter().map(|place| means.conditions[*place].clone()).collect(),
            without_mirror: mirrors.len() - kept.len(),
            levels: means.levels,
        })
    }

    /// The condition with the other sign of all variables that have one.
    fn mirror(&self, means: &Means, condition: &[usize]) -> Option<usize> {
        let turned = |(variable, level): (usize, &usize)| {
            let Some(regressor) = self.regressors.get(variable).filter(|one| one.is_signed) else {
                return Some(*level);
            };
            let number = |level: &String| regressor.coding.get(level).copied();
            let own = number(&means.levels[variable][*level])?;
            means.levels[variable]
                .iter()
                .position(|other| number(other).is_some_and(|other| (own + other).abs() < 1e-12))
        };
        let mirror: Option<Vec<usize>> = condition.iter().enumerate().map(turned).collect();
        let mirror = mirror?;
        means.conditions.iter().position(|other| *other == mirror)
    }
}

/// A message about an active unit, of the units of the activity.
fn of_unit(error: &AnalysisError, active: &[usize]) -> AnalysisError {
    AnalysisError::Trials(format!("{error} (of the {} active units, counted from 0)", active.len()))
}

/// Principal components (components, units) of smoothed means, and the part of the variance that they hold.
pub(super) fn components(
    tensor: &Array3<f64>,
    (smoothing, bins): (f64, &[usize]),
    own_deviations: bool,
    k: usize,
) -> Result<(Array2<f64>, f64), AnalysisError> {
    let mut rows = rows(&smoothed(tensor, smoothing));
    algebra::centre(&mut rows);
    if own_deviations {
        let scale = pca::scale(&rows, pca::Normalization::Zscore);
        rows /= &scale;
    }
    let mut rows = self::rows(&at_bins(&self::tensor(&rows, tensor.dim().0), bins));
    algebra::centre(&mut rows);
    if rows.nrows() < 2 {
        return Err(AnalysisError::Trials("means have one state alone; choose a longer window".into()));
    }
    let found = pca::components(&rows)?;
    let total: f64 = found.values.iter().sum();
    let k = k.min(found.values.len());
    Ok((algebra::first(&found.vectors, k).to_owned(), found.values[..k].iter().sum::<f64>() / total))
}

/// Along the bins, by a Gaussian kernel of this standard deviation; ends are mirrored.
pub(super) fn smoothed(tensor: &Array3<f64>, sigma: f64) -> Array3<f64> {
    if sigma <= 0.0 {
        return tensor.clone();
    }
    let reach = (KERNEL * sigma + 0.5) as i64;
    let weights: Vec<f64> = (-reach..=reach).map(|lag| (-0.5 * (lag as f64 / sigma).powi(2)).exp()).collect();
    let sum: f64 = weights.iter().sum();
    let bins = tensor.dim().1 as i64;
    let mirrored = |bin: i64| {
        let place = bin.rem_euclid(2 * bins);
        (if place < bins { place } else { 2 * bins - 1 - place }) as usize
    };
    let mut out = Array3::zeros(tensor.dim());
    for (bin, mut to) in out.axis_iter_mut(Axis(1)).enumerate() {
        for (weight, lag) in weights.iter().zip(-reach..=reach) {
            to.scaled_add(weight / sum, &tensor.index_axis(Axis(1), mirrored(bin as i64 + lag)));
        }
    }
    out
}

pub(super) fn at_bins(tensor: &Array3<f64>, bins: &[usize]) -> Array3<f64> {
    tensor.select(Axis(1), bins)
}

pub(super) fn rows(tensor: &Array3<f64>) -> Array2<f64> {
    let (conditions, bins, units) = tensor.dim();
    Array2::from_shape_fn((conditions * bins, units), |(row, unit)| tensor[[row / bins, row % bins, unit]])
}

pub(super) fn tensor(rows: &Array2<f64>, conditions: usize) -> Array3<f64> {
    let bins = rows.nrows() / conditions;
    Array3::from_shape_fn((conditions, bins, rows.ncols()), |(c, bin, unit)| rows[[c * bins + bin, unit]])
}
