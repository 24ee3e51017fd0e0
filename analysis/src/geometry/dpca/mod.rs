//! Demixed principal component analysis: components of activity that each depend on one variable of the task, or on
//! one interaction, and on time.
//!
//! ```text
//! X (units, conditions x times)           means over trials, less the mean of each unit over everything
//! X_t = <X>_{all but t},  X_st = <X>_{all but s, t} - X_s - X_t, ..      parts; they are orthogonal and add up to X
//! X_m                                     X_t alone; X_s + X_st; X_d + X_dt; X_sd + X_sdt; ..
//! C_m = X_m X^T (X X^T + L^2 I)^-1,  L = lambda sum X^2                  the ridge regression of X_m on X
//! C_m X = U S V^T                         P_m = U_q (encoder),  D_m = U_q^T C_m (decoder)
//! explained = 1 - |X - P D X|^2 / |X|^2   of one component or of all, and of each part of X in place of X
//! ```
//!
//! The decomposition is of the matrix of units x units, exact and without random numbers. `lambda` is that of the
//! smallest error `sum_m |X_m - P_m D_m Y|^2 / |X|^2` over [`GRID`], where `Y` is one trial of each condition and unit
//! that is left out, and `X` the means of the others, on average over repetitions. A component is significant at times
//! at which it tells the values of its variables apart: the nearest class mean of a trial that is left out gives an
//! accuracy above that of every shuffle of trials over conditions. Units that were not recorded together have
//! pseudo-trials: a trial of each unit and condition of its own.
//!
//! Reference: Kobak et al. (2016), doi:10.7554/eLife.10989.

mod demix;
mod layout;
mod pools;
mod significance;
mod validation;

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, Array3};
use serde::Serialize;

use self::{
    demix::{Demixed, Scatters},
    layout::Layout,
    pools::Pools,
    significance::significance,
    validation::cross_validated,
};
use super::{
    algebra::{first, gram, product, spectrum},
    window::{Means, TrialCounts, Window, combinations},
};
use crate::AnalysisError;

pub use significance::Significance;
pub use validation::{CrossValidation, GRID, grid};

/// Most variables.
const VARIABLES: usize = 3;

/// The strength of the ridge.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ridge {
    /// `lambda` itself.
    Fixed(f64),
    /// The best of [`GRID`] over so many repetitions of cross-validation.
    CrossValidated(usize),
}

/// What is computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Settings {
    /// Most components of each marginalisation.
    pub components: usize,
    /// Its strength.
    pub ridge: Ridge,
    /// Whether interactions with time are joined with what they are of, as in the reference.
    pub join_time: bool,
    /// Shuffles of trials over conditions; without any there is no significance.
    pub shuffles: usize,
    /// Trials of each condition that are left out in turn, for the accuracy.
    pub splits: usize,
    /// Components of each marginalisation that are tested.
    pub tested: usize,
    /// A component is significant for as long at least, ms.
    pub lasting_ms: f64,
    /// Seed of all that is drawn.
    pub seed: u64,
}

/// Demixed components.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dpca {
    /// The variables.
    pub variables: Vec<String>,
    /// The values of each.
    pub levels: Vec<Vec<String>>,
    /// Number of units.
    pub units: usize,
    /// Which trials.
    pub trials: TrialCounts,
    /// The fewest trials of a condition in which a unit was recorded.
    pub fewest_trials: usize,
    /// Whether trials of cross-validation and shuffles are made of units that were not recorded together.
    pub pseudo_trials: bool,
    /// `lambda`.
    pub ridge: f64,
    /// How it was chosen; `null` if it was given.
    pub cross_validation: Option<CrossValidation>,
    /// The parts of the variance before they are joined: they add up to 1.
    pub parts: Vec<Part>,
    /// Names of the marginalisations, and their parts of the variance.
    pub marginalisations: Vec<Part>,
    /// The part of the variance that all components explain together, the first one, two, .. of them.
    pub cumulative: Vec<f64>,
    /// The same of as many principal components.
    pub cumulative_pca: Vec<f64>,
    /// Of all marginalisations, those that explain the most first.
    pub components: Vec<Component>,
    /// Angles between encoders (components, components), degrees, 0 to 90.
    pub angles_deg: Vec<Vec<f64>>,
    /// Correlations of the components over conditions and times (components, components).
    pub correlations: Vec<Vec<f64>>,
    /// The middle of each bin, ms.
    pub time_ms: Vec<f64>,
    /// The conditions, the last variable running fastest.
    pub conditions: Vec<String>,
    /// What was asked for.
    pub settings: Settings,
    /// (components, units), of length 1 each.
    #[serde(skip)]
    pub encoders: Array2<f64>,
    /// (components, units)
    #[serde(skip)]
    pub decoders: Array2<f64>,
    /// `D X` (components, conditions, times).
    #[serde(skip)]
    pub projections: Array3<f64>,
}

/// A part of the variance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Of what, such as `coherence x time`.
    pub name: String,
    /// Its part of the whole.
    pub variance: f64,
}

/// A demixed component.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Component {
    /// Its marginalisation, by its place.
    pub marginalisation: usize,
    /// Its place among those of the marginalisation, from 1 on.
    pub number: usize,
    /// The part of the variance that it explains.
    pub explained: f64,
    /// The same of each marginalisation, of all variance: they add up to `explained`.
    pub explained_by_marginalisation: Vec<f64>,
    /// `null` where it was not tested.
    pub significance: Option<Significance>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            components: 5,
            ridge: Ridge::CrossValidated(5),
            join_time: true,
            shuffles: 100,
            splits: 20,
            tested: 3,
            lasting_ms: 100.0,
            seed: 0,
        }
    }
}

impl Dpca {
    /// Of the trials of a window with bins of `bin_ms`, by these variables. `watch` is told how much is done of
    /// [`Dpca::work`], and may end it.
    ///
    /// # Errors
    /// If a combination of values is missing, there are too few trials for what is to be cross-validated, trials are
    /// copies, nothing varies, or the work was ended.
    pub fn of(
        window: &Window,
        bin_ms: f64,
        variables: &[String],
        settings: &Settings,
        watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
    ) -> Result<Self, AnalysisError> {
        check(variables, settings)?;
        let means = window.means(variables)?;
        means.check_all("demixing")?;
        check_values(&means)?;
        let (fewest, condition) = means.fewest(window);
        let draws = settings.shuffles > 0 || matches!(settings.ridge, Ridge::CrossValidated(_));
        let pools = Pools::of(window, &means);
        if draws {
            if fewest < 2 {
                return Err(AnalysisError::Trials(format!(
                    "a unit has {fewest} trial with {}, but cross-validation and shuffles leave one out and need two \
                     at least; give more trials, or a ridge and no shuffles",
                    means.name(condition)
                )));
            }
            pools.check_copies(window)?;
        }
        let layout = Layout::of(&means, settings.join_time);
        let x = layout.centred(&means.means);
        let scatters = Scatters::of(&layout, &x)?;
        let mut done = 0;
        // The stages count on.
        let mut watch = move |_: usize| {
            done += 1;
            watch(done)
        };
        let (ridge, cross_validation) = match settings.ridge {
            Ridge::Fixed(ridge) => (ridge, None),
            Ridge::CrossValidated(repetitions) => {
                let found = cross_validated(&pools, window, &layout, (settings, repetitions), &mut watch)?;
                let best = smallest(&found.errors);
                (
                    found.ridges[best],
                    Some(CrossValidation { is_at_border: best == 0 || best + 1 == found.ridges.len(), ..found }),
                )
            }
        };
        let demixed = Demixed::of(&scatters, ridge, settings.components)?;
        let mut found = Self::described(&layout, &means, &scatters, &x, demixed)?;
        if found.components.is_empty() {
            let rule = "leaves no component; take a smaller one, in parts of the sum of squares of the means".into();
            return Err(AnalysisError::Setting { setting: "ridge", value: ridge.to_string(), rule });
        }
        found.trials = window.counts(&means);
        (found.fewest_trials, found.pseudo_trials) = (fewest, pools.0.len() > 1);
        (found.ridge, found.cross_validation) = (ridge, cross_validation);
        (found.time_ms, found.settings) = (window.time_ms.clone(), settings.clone());
        if settings.shuffles > 0 {
            let lasting = (settings.lasting_ms / bin_ms - 1e-9).ceil().max(1.0) as usize;
            significance(&mut found, (&pools, window, &layout), (settings, ridge, lasting), &mut watch)?;
        }
        Ok(found)
    }

    /// How many steps the cross-validation and the shuffles have together.
    pub fn work(settings: &Settings) -> usize {
        let repetitions = match settings.ridge {
            Ridge::Fixed(_) => 0,
            Ridge::CrossValidated(repetitions) => repetitions,
        };
        repetitions + if settings.shuffles > 0 { settings.shuffles + 1 } else { 0 }
    }

    fn described(
        layout: &Layout,
        means: &Means,
        scatters: &Scatters,
        x: &Array3<f64>,
        demixed: Demixed,
    ) -> Result<Self, AnalysisError> {
        let mut order: Vec<Ranked> = Vec::new();
        for (marginalisation, of) in demixed.0.into_iter().enumerate() {
            for (place, (p, d)) in of.encoders.outer_iter().zip(of.decoders.outer_iter()).enumerate() {
                order.push(Ranked {
                    marginalisation,
                    number: place + 1,
                    explained: explained(&scatters.all, p, d) / scatters.total,
                    encoder: p.to_owned(),
                    decoder: d.to_owned(),
                });
            }
        }
        let key = |one: &Ranked| (one.marginalisation, one.number);
        order.sort_by(|a, b| b.explained.total_cmp(&a.explained).then(key(a).cmp(&key(b))));
        let units = x.dim().2;
        let encoders = Array2::from_shape_fn((order.len(), units), |(place, unit)| order[place].encoder[unit]);
        let decoders = Array2::from_shape_fn((order.len(), units), |(place, unit)| order[place].decoder[unit]);
        let component = |one: &Ranked| {
            let by = scatters.of_groups.iter();
            let by = by.map(|of| explained(of, one.encoder.view(), one.decoder.view()) / scatters.total);
            Component {
                marginalisation: one.marginalisation,
                number: one.number,
                explained: one.explained,
                explained_by_marginalisation: by.collect(),
                significance: None,
            }
        };
        let conditions = combinations(&means.levels);
        let rows = flat(x);
        let projected = product(rows.view(), decoders.t());
        let bins = x.dim().1;
        let own = spectrum("the scatter of means", scatters.all.view())?.values;
        let held = |k: usize| own.iter().take(k).sum::<f64>() / scatters.total;
        Ok(Self {
            variables: means.variables.clone(),
            levels: means.levels.clone(),
            units,
            trials: TrialCounts { trials: 0, without_epoch: 0, incomplete: 0, without_variable: 0 },
            fewest_trials: 0,
            pseudo_trials: false,
            ridge: 0.0,
            cross_validation: None,
            parts: layout.parts(x),
            marginalisations: layout
                .groups
                .iter()
                .zip(&scatters.of_groups)
                .map(|(group, of)| Part { name: group.name.clone(), variance: of.diag().sum() / scatters.total })
                .collect(),
            cumulative: (1..=order.len())
                .map(|k| together(&scatters.all, &encoders, &decoders, k) / scatters.total)
                .collect(),
            cumulative_pca: (1..=order.len()).map(held).collect(),
            components: order.iter().map(component).collect(),
            angles_deg: matrix(&product(encoders.view(), encoders.t()), |dot| dot.abs().min(1.0).acos().to_degrees()),
            correlations: correlations(&projected),
            time_ms: Vec::new(),
            conditions: conditions.iter().map(|condition| means.name(condition)).collect(),
            settings: Settings::default(),
            projections: Array3::from_shape_fn((order.len(), conditions.len(), bins), |(component, condition, bin)| {
                projected[[condition * bins + bin, component]]
            }),
            encoders,
            decoders,
        })
    }
}

/// A component, to be put in order by what it explains.
struct Ranked {
    marginalisation: usize,
    number: usize,
    explained: f64,
    encoder: Array1<f64>,
    decoder: Array1<f64>,
}

fn check(variables: &[String], settings: &Settings) -> Result<(), AnalysisError> {
    let refuse = |setting, value: String, rule: &str| Err(AnalysisError::Setting { setting, value, rule: rule.into() });
    if variables.is_empty() || variables.len() > VARIABLES {
        return refuse("variables", variables.join(","), "must be one, two or three variables of the trials");
    }
    if let Some(name) = (1..variables.len()).find(|place| variables[..*place].contains(&variables[*place])) {
        return refuse("variables", variables[name].clone(), "is there twice; name it once");
    }
    if settings.components == 0 {
        return refuse("components", "0".into(), "must be 1 at least");
    }
    match settings.ridge {
        Ridge::Fixed(ridge) if !(ridge.is_finite() && ridge >= 0.0) => {
            refuse("ridge", ridge.to_string(), "must be finite and at least 0")
        }
        Ridge::CrossValidated(0) => refuse("repetitions", "0".into(), "must be 1 at least; or give a ridge"),
        _ if settings.shuffles > 0 && settings.splits == 0 => refuse("splits", "0".into(), "must be 1 at least"),
        _ if !(settings.lasting_ms.is_finite() && settings.lasting_ms >= 0.0) => {
            refuse("lasting", settings.lasting_ms.to_string(), "must be finite and at least 0 ms")
        }
        _ => Ok(()),
    }
}

fn check_values(means: &Means) -> Result<(), AnalysisError> {
    let one = means.levels.iter().zip(&means.variables).find(|(levels, _)| levels.len() < 2);
    match one {
        Some((levels, name)) => Err(AnalysisError::Trials(format!(
            "`{name}` is {} in all trials, so that nothing depends on it; leave it out, or add trials of other values",
            levels.first().map_or("nothing", String::as_str)
        ))),
        None => Ok(()),
    }
}

/// `|X|^2 - |X - p d X|^2` of the scatter of `X`, for `|p| = 1`.
fn explained(scatter: &Array2<f64>, p: ndarray::ArrayView1<'_, f64>, d: ndarray::ArrayView1<'_, f64>) -> f64 {
    let image = scatter.dot(&d);
    2.0 * p.dot(&image) - p.dot(&p) * d.dot(&image)
}

/// The same of the first `k` components together.
fn together(scatter: &Array2<f64>, encoders: &Array2<f64>, decoders: &Array2<f64>, k: usize) -> f64 {
    let (p, d) = (first(encoders, k), first(decoders, k));
    let image = product(d, scatter.view());
    let lengths = product(image.view(), d.t());
    2.0 * (&image * &p).sum() - (&product(p, p.t()) * &lengths).sum()
}

fn correlations(projected: &Array2<f64>) -> Vec<Vec<f64>> {
    let products = gram(projected.view());
    let lengths: Vec<f64> = products.diag().iter().map(|value| value.sqrt()).collect();
    let n = lengths.len();
    (0..n).map(|a| (0..n).map(|b| products[[a, b]] / (lengths[a] * lengths[b])).collect()).collect()
}

fn matrix(values: &Array2<f64>, of: impl Fn(f64) -> f64) -> Vec<Vec<f64>> {
    values.outer_iter().map(|row| row.iter().map(|value| of(*value)).collect()).collect()
}

fn smallest(errors: &[f64]) -> usize {
    (0..errors.len()).fold(0, |best, place| if errors[place] < errors[best] { place } else { best })
}

/// (conditions x bins, units)
fn flat(tensor: &Array3<f64>) -> Array2<f64> {
    let (conditions, bins, units) = tensor.dim();
    Array2::from_shape_vec((conditions * bins, units), tensor.iter().copied().collect()).unwrap_or_default()
}

/// (conditions, bins, units)
fn folded(rows: Array2<f64>, conditions: usize) -> Array3<f64> {
    let (all, units) = rows.dim();
    Array3::from_shape_vec((conditions, all / conditions, units), rows.into_iter().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use ndarray::s;
    use nn4n_tasks::Condition;

    use super::*;
    use crate::{
        Activity,
        activity::Trials,
        geometry::{
            WindowSettings,
            algebra::{self, orthonormal},
            test::{gaussian, unwatched},
        },
    };

    const UNITS: usize = 20;
    const BINS: usize = 50;

    /// Axes for time, stimulus and their interaction.
    fn axes(is_orthonormal: bool) -> Array2<f64> {
        let drawn = gaussian((3, UNITS), 7);
        if is_orthonormal {
            return orthonormal(drawn.view()).0;
        }
        let mut oblique = drawn;
        // Far from orthogonal: all share a direction.
        let shared = gaussian((1, UNITS), 8);
        oblique += &(&shared * 0.8);
        for mut axis in oblique.outer_iter_mut() {
            let length = algebra::squares(axis.iter()).sqrt();
            axis /= length;
        }
        oblique
    }

    /// `3 A1 f(t) + 2 A2 s + A3 s h(t)` of three stimuli, with so many trials of each and so much noise.
    fn activity(axes: &Array2<f64>, trials: usize, noise: f64) -> Activity {
        let angle = |bin: usize, end: f64| end * bin as f64 / (BINS - 1) as f64;
        let centred = |values: Vec<f64>| {
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            values.into_iter().map(|value| value - mean).collect::<Vec<_>>()
        };
        let pi = std::f64::consts::PI;
        let f = centred((0..BINS).map(|bin| angle(bin, pi).sin()).collect());
        let h = centred((0..BINS).map(|bin| angle(bin, 2.0 * pi).cos()).collect());
        let random = gaussian((3 * trials * BINS, UNITS), 9);
        let rates = Array3::from_shape_fn((3 * trials, BINS, UNITS), |(trial, bin, unit)| {
            let s = (trial % 3) as f64 - 1.0;
            let own = 3.0 * axes[[0, unit]] * f[bin] + 2.0 * axes[[1, unit]] * s + axes[[2, unit]] * s * h[bin];
            own + 1.0 + noise * random[[trial * BINS + bin, unit]]
        });
        let conditions = (0..3 * trials).map(|trial| Condition::new().with("stimulus", (trial % 3) as f64 - 1.0));
        Activity::new(rates, 10.0, Trials::new(vec![BINS; 3 * trials], conditions.collect())).unwrap()
    }

    fn window(activity: &Activity) -> Window {
        Window::of(activity, &WindowSettings { steps_in_bin: 1, ..WindowSettings::default() }).unwrap()
    }

    fn plain() -> Settings {
        Settings { ridge: Ridge::Fixed(0.0), shuffles: 0, ..Settings::default() }
    }

    fn demixed(activity: &Activity, settings: &Settings) -> Dpca {
        Dpca::of(&window(activity), 10.0, &["stimulus".into()], settings, &mut unwatched).unwrap()
    }

    #[test]
    fn parts_of_the_variance_are_those_of_the_recipe() {
        let found = demixed(&activity(&axes(true), 1, 0.0), &plain());
        let parts: Vec<(&str, f64)> = found.parts.iter().map(|part| (part.name.as_str(), part.variance)).collect();
        let expected = [("stimulus", 0.681_023), ("time", 0.232_215), ("stimulus x time", 0.086_762)];
        for ((name, own), (expected, value)) in parts.iter().zip(expected) {
            assert!(*name == expected && (own - value).abs() < 1e-6, "{parts:?}");
        }
        let joined: Vec<f64> = found.marginalisations.iter().map(|part| part.variance).collect();
        assert!((joined[0] - 0.232_215).abs() < 1e-6 && (joined[1] - 0.767_785).abs() < 1e-6, "{joined:?}");
        assert!((found.cumulative[2] - 1.0).abs() < 1e-12 && (found.cumulative_pca[2] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn decoders_are_the_dual_basis_of_oblique_axes() {
        for is_orthonormal in [true, false] {
            let axes = axes(is_orthonormal);
            let settings = Settings { join_time: false, ..plain() };
            let found = demixed(&activity(&axes, 1, 0.0), &settings);
            assert_eq!(found.components.len(), 3);
            // Groups are time, stimulus, stimulus x time, as the axes.
            for (place, component) in found.components.iter().enumerate() {
                let own = component.marginalisation;
                let sign = found.encoders.row(place).dot(&axes.row(own)).signum();
                for other in 0..3 {
                    let dual = sign * found.decoders.row(place).dot(&axes.row(other));
                    let expected = f64::from(u8::from(own == other));
                    assert!((dual - expected).abs() < 1e-12, "{is_orthonormal} {own} {other}: {dual}");
                }
                assert!((&found.encoders.row(place) * sign - axes.row(own)).iter().all(|value| value.abs() < 1e-11));
                let by = &component.explained_by_marginalisation;
                assert!((by.iter().sum::<f64>() - component.explained).abs() < 1e-12);
            }
            assert!((found.cumulative[2] - 1.0).abs() < 1e-12);
        }
    }

    #[test]
    fn parts_are_orthogonal_and_add_up() {
        let rates = gaussian((12 * 5, 4), 3);
        let x = folded(rates, 12);
        let means = Means {
            variables: vec!["a".into(), "b".into()],
            levels: vec![vec!["0".into(), "1".into()], (0..6).map(|level| level.to_string()).collect()],
            conditions: Vec::new(),
            trials: Vec::new(),
            means: x.clone(),
            without: 0,
        };
        let layout = Layout::of(&means, true);
        let names: Vec<&str> = layout.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["time", "a", "b", "a x b"]);
        let x = layout.centred(&x);
        let groups: Vec<Array3<f64>> = layout.groups.iter().map(|group| layout.group(&x, group)).collect();
        for (group, of) in layout.groups.iter().zip(&groups) {
            let (rows, often) = layout.rows(&x, group);
            let difference = gram(rows.view()) * often as f64 - gram(flat(of).view());
            assert!(difference.iter().all(|value| value.abs() < 1e-11), "{}", group.name);
        }
        let sum: Array3<f64> = groups.iter().fold(Array3::zeros(x.dim()), |sum, group| sum + group);
        assert!((&sum - &x).iter().all(|value| value.abs() < 1e-12));
        let crossed = product(flat(&groups[1]).t(), flat(&groups[3]).view());
        assert!(crossed.iter().all(|value| value.abs() < 1e-12));
        assert!((layout.parts(&x).iter().map(|part| part.variance).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!((layout.class(7, 1), layout.class(7, 2), layout.class(7, 3), layout.classes(2)), (1, 1, 7, 6));
    }

    #[test]
    fn a_component_is_significant_where_its_variable_is_in_the_activity() {
        let mut activity = activity(&axes(true), 8, 0.6);
        // Nothing of the stimulus in the first half: there all trials are alike but for noise.
        let mut rates = activity.rates().to_owned();
        let noise = gaussian((24 * 25, UNITS), 4);
        for ((trial, bin, unit), rate) in rates.indexed_iter_mut().filter(|((_, bin, _), _)| *bin < 25) {
            *rate = 0.6 * noise[[trial * 25 + bin, unit]];
        }
        activity = Activity::new(rates, 10.0, activity.trials().clone()).unwrap();
        let settings = Settings { shuffles: 20, splits: 5, lasting_ms: 50.0, ..Settings::default() };
        let found = demixed(&activity, &settings);
        let first = found.components.iter().find(|one| one.marginalisation == 1 && one.number == 1).unwrap();
        let significance = first.significance.as_ref().unwrap();
        assert_eq!(significance.classes, 3);
        assert!(significance.is_significant[27..].iter().all(|is| *is), "{:?}", significance.is_significant);
        assert!(significance.is_significant[..25].iter().filter(|is| **is).count() < 6);
        assert!(found.components.iter().filter(|one| one.marginalisation == 0).all(|one| one.significance.is_none()));
        let validation = found.cross_validation.as_ref().unwrap();
        assert!(!validation.is_at_border && found.ridge > 1e-7, "{validation:?}");
        assert!(!found.pseudo_trials);
        assert_eq!(demixed(&activity, &settings), found);
    }

    #[test]
    fn units_that_were_not_recorded_together_have_pseudo_trials() {
        let whole = activity(&axes(true), 8, 0.3);
        let mut rates = whole.rates().to_owned();
        for trial in 0..24 {
            let units = if trial / 3 % 2 == 0 { 0..10 } else { 10..20 };
            rates.slice_mut(s![trial, .., units]).fill(f64::NAN);
        }
        let apart = Activity::new(rates, 10.0, whole.trials().clone()).unwrap();
        let settings = Settings { shuffles: 5, splits: 2, ..Settings::default() };
        let found = demixed(&apart, &settings);
        assert!(found.pseudo_trials && found.fewest_trials == 4);
        assert!(found.marginalisations[1].variance > 0.2, "{:?}", found.marginalisations);
    }

    #[test]
    fn what_cannot_be_demixed_is_refused() {
        let of = |activity: &Activity, variables: &[&str], settings: &Settings| {
            let variables: Vec<String> = variables.iter().map(ToString::to_string).collect();
            Dpca::of(&window(activity), 10.0, &variables, settings, &mut unwatched).unwrap_err().to_string()
        };
        let one = activity(&axes(true), 1, 0.1);
        let few = of(&one, &["stimulus"], &Settings::default());
        assert!(few.contains("1 trial with stimulus=-1"), "{few}");
        let copies = of(&activity(&axes(true), 2, 0.0), &["stimulus"], &Settings::default());
        assert!(copies.contains("trials 0 and 3 are copies"), "{copies}");
        assert!(of(&one, &[], &plain()).contains("one, two or three"));
        assert!(of(&one, &["stimulus", "stimulus"], &plain()).contains("twice"));
        assert!(of(&one, &["stimulus"], &Settings { ridge: Ridge::Fixed(-1.0), ..plain() }).contains("ridge = -1"));
        let same = one.with_trials(&[0]).unwrap();
        assert!(of(&same, &["stimulus"], &plain()).contains("`stimulus` is -1 in all trials"));
    }
}
