//! Targeted dimensionality reduction: one axis for each variable of the task, by regression of activity on all of them.
//!
//! ```text
//! z_it = b_i0 + sum_v b_iv(t) x_v + products        unit i at the time t, over trials; by QR, never normal equations
//! b_v(t) <- D b_v(t)                                D: onto 12 principal components of smoothed means over conditions
//! t_v = arg max_t |b_v(t)|                          over units
//! (b_1(t_1), b_2(t_2), ..) = Q R                    axes: columns of Q times the sign of the diagonal of R
//! ```
//!
//! Numbers are divided by their largest modulus, other variables have two values, -1 and +1. The order of the variables
//! is that of QR: it changes all axes but the first. Two ways are known, which differ so:
//!
//! | | [`Method::pycog`] | [`Method::mante`] |
//! |---|---|---|
//! | regressors | variables and their products in pairs | variables |
//! | units | those that vary over time by more than 0.1 in the mean over trials | all that vary |
//! | signs | graded variables and the choice are those of the preferred choice of each unit | as they are |
//! | times | every 50 ms; deviations are over all of the window | all |
//! | means for the components | of all trials, in deviations of their own | of right ones, in those of trials |
//! | their smoothing | 50 ms | 40 ms |
//!
//! Everything is of the window: pycog divides by the deviation over the times that it takes, and has active units and
//! means for the components of whole trials, so that its numbers differ a little where a window is a part of the trial.
//! Means that are projected are of right trials, where trials are known to be right or wrong. The time of the maximum
//! of a curve that is flat is noise, and so is an axis whose regressor others nearly make up: look at the norm and at
//! the condition number.
//!
//! References: Mante et al. (2013), doi:10.1038/nature12742; Song et al. (2016), doi:10.1371/journal.pcbi.1004792
//! (pycog).

mod means;
mod regression;

use std::collections::BTreeMap;

use ndarray::{Array2, Array3, ArrayView1, ArrayView2, Axis, s};
use serde::Serialize;

use self::{
    means::{Conditions, at_bins, components, right_trials, rows, smoothed, tensor},
    regression::{check_design, design, names, preferred, regression, regressors},
};
use super::{
    algebra::{self, orthonormal, product},
    window::{TrialCounts, Window},
};
use crate::AnalysisError;

/// A regressor that is more dependent than this, relative to its length, is a combination of others.
const DEPENDENT: f64 = 1e-9;

/// How axes are found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Method {
    /// As it is called.
    pub name: &'static str,
    /// Whether products of pairs of variables are regressors, too.
    pub products: bool,
    /// Whether the first variable and graded ones count from the preferred value of the first, unit by unit.
    pub preferred: bool,
    /// The least standard deviation over time of the mean over trials; `None` for all that vary.
    pub least_deviation: Option<f64>,
    /// From time to time, ms; `None` for every bin.
    pub every_ms: Option<f64>,
    /// Standard deviation of the kernel that smooths means, ms.
    pub smoothing_ms: f64,
    /// Whether that is a whole number of bins.
    pub whole_bins: bool,
    /// Components that regression vectors are projected on; `None` for none.
    pub components: Option<usize>,
    /// Whether means for the components are of wrong trials, too, and have standard deviations of their own.
    pub wrong_trials: bool,
    /// Whether units are divided by their standard deviation over trials and times.
    pub z_score: bool,
}

/// Axes of the variables of a task.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tdr {
    /// How they were found.
    pub method: Method,
    /// Number of units.
    pub units: usize,
    /// Those that are part of it.
    pub active_units: Vec<usize>,
    /// Which trials.
    pub trials: TrialCounts,
    /// Trials that were wrong, which means are not of; `null` where that is not known.
    pub wrong_trials: Option<usize>,
    /// Condition number of the regressors; large if they are nearly combinations of each other.
    pub condition_number: f64,
    /// Components that are used, and the part of the variance of means that they hold; `null` without.
    pub components: Option<(usize, f64)>,
    /// Conditions whose mirror image no trial has, which the components are without.
    pub without_mirror: usize,
    /// In the order of QR.
    pub axes: Vec<TaskAxis>,
    /// Angles between the vectors before QR (variables, variables), degrees.
    pub angles_before_deg: Vec<Vec<f64>>,
    /// Middle of each bin, ms.
    pub time_ms: Vec<f64>,
    /// The conditions of the projections.
    pub conditions: Vec<String>,
    /// (variables, times, active units), after the components.
    #[serde(skip)]
    pub regression: Array3<f64>,
    /// Orthonormal (variables, active units).
    #[serde(skip)]
    pub directions: Array2<f64>,
    /// (conditions, times, variables), less the mean over conditions at each time.
    #[serde(skip)]
    pub projections: Array3<f64>,
    /// The places of the levels of each condition.
    #[serde(skip)]
    pub places: Vec<Vec<usize>>,
    /// Names of the levels of each variable.
    #[serde(skip)]
    pub levels: Vec<Vec<String>>,
}

/// The axis of a variable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TaskAxis {
    /// Its name.
    pub variable: String,
    /// The number of each of its values.
    pub coding: BTreeMap<String, f64>,
    /// When the regression vector is longest, ms.
    pub time_of_max_ms: f64,
    /// How long it is then.
    pub norm: f64,
    /// The cosine of the angle between the vector and the axis, which QR makes smaller than 1.
    pub cosine: f64,
    /// The part of the variance of means over conditions along the axis.
    pub variance: f64,
}

impl Method {
    /// As pycog does for the network of the task of Mante et al.
    pub fn pycog() -> Self {
        Self {
            name: "pycog",
            products: true,
            preferred: true,
            least_deviation: Some(0.1),
            every_ms: Some(50.0),
            smoothing_ms: 50.0,
            whole_bins: true,
            components: Some(12),
            wrong_trials: true,
            z_score: true,
        }
    }

    /// As Mante et al. (2013) do for recorded neurons.
    pub fn mante() -> Self {
        Self {
            name: "mante",
            products: false,
            preferred: false,
            least_deviation: None,
            every_ms: None,
            smoothing_ms: 40.0,
            whole_bins: false,
            components: Some(12),
            wrong_trials: false,
            z_score: true,
        }
    }
}

impl Tdr {
    /// Of the trials of a window with bins of `bin_ms`, on these variables, the one that counts as the choice first.
    ///
    /// # Errors
    /// If a variable has other values than two words or some numbers, regressors are combinations of each other, there
    /// are too few trials, or no unit is active.
    pub fn of(window: &Window, bin_ms: f64, variables: &[String], method: &Method) -> Result<Self, AnalysisError> {
        let regressors = regressors(window, variables)?;
        let has_all = |trial: usize| regressors.iter().all(|one| one.values[trial].is_finite());
        let used: Vec<usize> = (0..window.trials.len()).filter(|trial| has_all(*trial)).collect();
        let active = active_units(window, &used, method)?;
        let scaled = scaled(window, &used, &active, method.z_score);
        let preferred =
            if method.preferred { preferred(&scaled, &regressors[0], &used)? } else { vec![1.0; active.len()] };
        let design = design(&regressors, &used, method.products);
        let names = names(&regressors, method.products);
        let condition_number = check_design(&design, &names)?;
        let bins = sampled(window.time_ms.len(), bin_ms, method);
        let mut betas = regression(&scaled, &used, &design, &bins, (&regressors, &preferred), &names)?;

        let right = right_trials(window)?;
        let of_all = Conditions { window, variables, regressors: &regressors, preferred: &preferred };
        let for_axes = of_all.means(&scaled, &active, right.as_deref(), method.wrong_trials)?;
        let smoothing = smoothing_bins(bin_ms, method);
        let (components, without_mirror) = match method.components {
            Some(k) => {
                let found = components(&for_axes.tensor, (smoothing, &bins), method.wrong_trials, k)?;
                for mut of_variable in betas.outer_iter_mut() {
                    let in_components = product(of_variable.view(), found.0.t());
                    of_variable.assign(&product(in_components.view(), found.0.view()));
                }
                (Some((found.0.nrows(), found.1)), for_axes.without_mirror)
            }
            None => (None, 0),
        };
        let (longest, norms) = longest(&betas);
        let vectors = Array2::from_shape_fn((betas.dim().0, active.len()), |(v, unit)| betas[[v, longest[v], unit]]);
        let directions = axes(&vectors, variables)?;
        let shown = of_all.means(&scaled, &active, right.as_deref(), false)?;
        let mut means = at_bins(&smoothed(&shown.tensor, smoothing), &bins);
        let common = means.sum_axis(Axis(0)) / means.dim().0 as f64;
        means -= &common;
        let rows = rows(&means);
        let projections = product(rows.view(), directions.t());
        let total = algebra::squares(rows.iter());
        let cosine = |v: usize| vectors.row(v).dot(&directions.row(v)) / norms[v];
        let axes = regressors.into_iter().enumerate().map(|(v, regressor)| TaskAxis {
            variable: regressor.name,
            coding: regressor.coding,
            time_of_max_ms: window.time_ms[bins[longest[v]]],
            norm: norms[v],
            cosine: cosine(v),
            variance: if total > 0.0 { algebra::squares(projections.column(v)) / total } else { 0.0 },
        });
        Ok(Self {
            method: method.clone(),
            units: window.rates.dim().2,
            axes: axes.collect(),
            trials: TrialCounts {
                trials: used.len(),
                without_epoch: window.without_epoch,
                incomplete: window.incomplete,
                without_variable: window.trials.len() - used.len(),
            },
            wrong_trials: right.map(|right| used.iter().filter(|trial| !right[**trial]).count()),
            condition_number,
            components,
            without_mirror,
            angles_before_deg: angles(&vectors),
            time_ms: bins.iter().map(|bin| window.time_ms[*bin]).collect(),
            conditions: shown.names,
            projections: tensor(&projections, means.dim().0),
            places: shown.places,
            levels: shown.levels,
            regression: betas,
            directions,
            active_units: active,
        })
    }
}

/// Places of the units that are part of it.
fn active_units(window: &Window, used: &[usize], method: &Method) -> Result<Vec<usize>, AnalysisError> {
    let mean = super::window::mean_of(&window.rates, used)
        .map_err(|unit| AnalysisError::Trials(format!("unit {unit} was recorded in no trial; leave it out")))?;
    let varies = |unit: usize| {
        let rates = used.iter().flat_map(|trial| window.rates.slice(s![*trial, .., unit]).to_vec());
        let (low, high) = rates
            .filter(|rate| !rate.is_nan())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), rate| (low.min(rate), high.max(rate)));
        high - low > 1e-12 * high.abs().max(low.abs())
    };
    let is_active = |unit: usize| match method.least_deviation {
        Some(least) => mean.column(unit).std(0.0) > least,
        None => varies(unit),
    };
    let active: Vec<usize> = (0..window.rates.dim().2).filter(|unit| is_active(*unit)).collect();
    if active.is_empty() {
        let rule = match method.least_deviation {
            Some(least) => {
                format!("varies over time by more than {least} in the mean over trials; take another method")
            }
            None => "varies; look at the rates".into(),
        };
        return Err(AnalysisError::Trials(format!("no unit {rule}")));
    }
    Ok(active)
}

/// Rates (trials, bins, active units) less their mean over trials and bins, in standard deviations if so asked.
fn scaled(window: &Window, used: &[usize], active: &[usize], z_score: bool) -> Array3<f64> {
    let mut rates = window.rates.select(Axis(2), active);
    for mut unit in rates.axis_iter_mut(Axis(2)) {
        let of_trials: Vec<f64> =
            used.iter().flat_map(|trial| unit.row(*trial).to_vec()).filter(|x| !x.is_nan()).collect();
        let n = of_trials.len() as f64;
        let mean = of_trials.iter().sum::<f64>() / n;
        let deviation = (of_trials.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / n).sqrt();
        let scale = if z_score && deviation > 0.0 { deviation } else { 1.0 };
        unit.mapv_inplace(|rate| (rate - mean) / scale);
    }
    rates
}

/// Bins that the regression is at.
fn sampled(bins: usize, bin_ms: f64, method: &Method) -> Vec<usize> {
    let step = method.every_ms.map_or(1, |every| ((every / bin_ms + 1e-9) as usize).max(1));
    (0..bins).step_by(step).collect()
}

fn smoothing_bins(bin_ms: f64, method: &Method) -> f64 {
    let bins = method.smoothing_ms / bin_ms;
    if method.whole_bins { (bins + 1e-9).floor() } else { bins }
}

/// The bin of the longest vector of each variable, and how long it is.
fn longest(betas: &Array3<f64>) -> (Vec<usize>, Vec<f64>) {
    let norms = |of: ArrayView2<'_, f64>| of.outer_iter().map(|one| algebra::squares(one).sqrt()).collect::<Vec<_>>();
    let most = |norms: Vec<f64>| {
        norms.into_iter().enumerate().fold((0, -1.0), |best, one| if one.1 > best.1 { one } else { best })
    };
    betas.outer_iter().map(|of| most(norms(of))).unzip()
}

/// Orthonormal axes of vectors in their order, each along its vector.
fn axes(vectors: &Array2<f64>, variables: &[String]) -> Result<Array2<f64>, AnalysisError> {
    let (axes, factor) = orthonormal(vectors.view());
    let lengths: Vec<f64> = vectors.outer_iter().map(|vector| algebra::squares(vector).sqrt()).collect();
    let lost = (0..vectors.nrows())
        .find(|v| *v >= axes.nrows() || factor[[*v, *v]].abs() <= DEPENDENT * lengths[*v].max(f64::MIN_POSITIVE));
    match lost {
        Some(v) => Err(AnalysisError::Trials(format!(
            "the vector of `{}` is a combination of those before it, so that it has no axis of its own; leave it \
             out, or take more units or components",
            variables[v]
        ))),
        None => Ok(axes),
    }
}

fn angles(vectors: &Array2<f64>) -> Vec<Vec<f64>> {
    let length = |v: ArrayView1<'_, f64>| algebra::squares(v).sqrt();
    let angle = |a: ArrayView1<'_, f64>, b: ArrayView1<'_, f64>| {
        (a.dot(&b) / (length(a) * length(b))).clamp(-1.0, 1.0).acos().to_degrees()
    };
    vectors.outer_iter().map(|a| vectors.outer_iter().map(|b| angle(a, b)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::Condition;

    use super::*;
    use crate::{
        Activity,
        activity::Trials,
        geometry::{WindowSettings, test::gaussian},
    };

    /// `2 c A1 + m A2 + 0.5 x A3` and a constant, of 8 units at 5 steps, for trials of all signs of evidence and
    /// choice.
    fn activity(noise: f64) -> (Activity, Array2<f64>) {
        let axes = orthonormal(gaussian((3, 8), 1).view()).0;
        let mut conditions = Vec::new();
        for choice in [false, true] {
            for motion in [-0.5, -0.1, 0.1, 0.5] {
                for context in ["colour", "motion"] {
                    conditions
                        .push(Condition::new().with("choice", choice).with("motion", motion).with("context", context));
                }
            }
        }
        let random = gaussian((conditions.len() * 5, 8), 2);
        let rates = Array3::from_shape_fn((conditions.len(), 5, 8), |(trial, step, unit)| {
            let sign = |is: bool| if is { 1.0 } else { -1.0 };
            let (c, x) = (sign(trial >= 8), sign(trial % 2 == 1));
            let m = [-1.0, -0.2, 0.2, 1.0][trial / 2 % 4];
            let parts = [2.0 * c, m, 0.5 * x];
            let own: f64 = (0..3).map(|axis| parts[axis] * axes[[axis, unit]]).sum();
            own * [0.1, 0.5, 1.0, 0.7, 0.2][step] + 4.0 + noise * random[[trial * 5 + step, unit]]
        });
        let trials = Trials::new(vec![5; conditions.len()], conditions);
        (Activity::new(rates, 20.0, trials).unwrap(), axes)
    }

    fn window(activity: &Activity) -> Window {
        Window::of(activity, &WindowSettings { steps_in_bin: 1, ..WindowSettings::default() }).unwrap()
    }

    fn variables(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn plain() -> Method {
        Method { z_score: false, components: None, smoothing_ms: 0.0, ..Method::mante() }
    }

    #[test]
    fn axes_of_activity_without_noise_are_those_that_it_was_made_of() {
        let (activity, axes) = activity(0.0);
        let found = Tdr::of(&window(&activity), 20.0, &variables(&["choice", "motion", "context"]), &plain()).unwrap();
        for (place, (axis, norm)) in found.axes.iter().zip([2.0, 1.0, 0.5]).enumerate() {
            assert!((axis.norm - norm).abs() < 1e-12 && (axis.cosine - 1.0).abs() < 1e-12, "{axis:?}");
            assert_eq!(axis.time_of_max_ms, 50.0);
            assert!((&found.directions.row(place) - &axes.row(place)).iter().all(|value| value.abs() < 1e-12));
        }
        assert_eq!(found.axes[1].coding["0.1"], 0.2);
        assert_eq!((found.axes[0].coding["false"], found.axes[2].coding["motion"]), (-1.0, 1.0));
        assert!((found.axes.iter().map(|axis| axis.variance).sum::<f64>() - 1.0).abs() < 1e-12);
        assert!((found.angles_before_deg[0][1] - 90.0).abs() < 1e-9 && found.condition_number < 3.0);
        let also = Method { components: Some(12), products: true, ..plain() };
        let denoised = Tdr::of(&window(&activity), 20.0, &variables(&["choice", "motion", "context"]), &also).unwrap();
        assert_eq!(denoised.components.unwrap().0, 8);
        assert!((denoised.axes[2].norm - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_order_of_variables_is_that_of_the_axes() {
        let (mut activity, _) = activity(0.3);
        activity = activity.with_units(&[0, 1, 2, 3, 4]).unwrap();
        let of = |names: &[&str]| Tdr::of(&window(&activity), 20.0, &variables(names), &Method::mante()).unwrap();
        let (a, b) = (of(&["choice", "motion"]), of(&["motion", "choice"]));
        assert!((a.axes[0].cosine - 1.0).abs() < 1e-12 && a.axes[1].cosine < 1.0);
        assert!((b.axes[0].cosine - 1.0).abs() < 1e-12);
        assert!((a.angles_before_deg[0][1] - b.angles_before_deg[0][1]).abs() < 1e-9);
    }

    #[test]
    fn units_of_pycog_count_from_the_choice_that_they_prefer() {
        let (activity, _) = activity(0.01);
        let method = Method { least_deviation: Some(0.0), ..Method::pycog() };
        let found = Tdr::of(&window(&activity), 20.0, &variables(&["choice", "motion", "context"]), &method).unwrap();
        // Every 50 ms of steps of 20 ms is every second one.
        assert_eq!(found.time_ms, [10.0, 50.0, 90.0]);
        assert!(found.regression.slice(s![0, 1, ..]).iter().all(|value| *value > 0.0), "all prefer their own choice");
        assert_eq!((found.without_mirror, found.conditions.len()), (0, 16));
        let none = Tdr::of(&window(&activity), 20.0, &variables(&["choice"]), &Method::pycog());
        assert!(none.unwrap_err().to_string().contains("no unit varies over time by more than 0.1"));
    }

    #[test]
    fn regressors_that_say_nothing_of_their_own_are_refused() {
        let (activity, _) = activity(0.1);
        let refusal = |activity: &Activity, names: &[&str]| {
            Tdr::of(&window(activity), 20.0, &variables(names), &plain()).unwrap_err().to_string()
        };
        // Choices of the sign of the evidence, of one size.
        let right = |trial: &usize| *trial < 4 && trial / 2 == 0 || *trial >= 8 && trial / 2 % 4 == 3;
        let right: Vec<usize> = (0..16).filter(right).collect();
        let collinear = refusal(&activity.with_trials(&right).unwrap(), &["choice", "motion"]);
        assert!(collinear.contains("the regressor `motion` is a combination of the others"), "{collinear}");
        let one = refusal(&activity.with_trials(&[0, 1, 2, 3]).unwrap(), &["choice"]);
        assert!(one.contains("`choice` is false in all trials"), "{one}");
        let few = refusal(&activity.with_trials(&[0, 11]).unwrap(), &["choice", "motion", "context"]);
        assert!(few.contains("2 trials for 4 regressors"), "{few}");
        assert!(refusal(&activity, &["choice", "choice"]).contains("there twice"));
        assert!(refusal(&activity, &["speed"]).contains("no trial has `speed`"));
    }

    #[test]
    fn a_kernel_keeps_what_is_flat_and_mirrors_the_ends() {
        let flat = Array3::from_elem((1, 7, 1), 2.5);
        assert!(smoothed(&flat, 2.0).iter().all(|value| (value - 2.5).abs() < 1e-12));
        let mut bump = Array3::zeros((1, 9, 1));
        bump[[0, 0, 0]] = 1.0;
        // scipy.ndimage.gaussian_filter1d([1, 0, ..], 1.0)
        let found = smoothed(&bump, 1.0);
        assert!((found[[0, 0, 0]] - 0.640_914_9).abs() < 1e-6, "{}", found[[0, 0, 0]]);
        assert!((found.sum() - 1.0).abs() < 1e-12);
    }
}
