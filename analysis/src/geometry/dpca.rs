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

use std::ops::ControlFlow;

use ndarray::{Array1, Array2, Array3, Axis, s};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use super::{
    algebra::{self, Spectrum, first, gram, product, spectrum},
    each,
    window::{Means, TrialCounts, Window, combinations},
};
use crate::AnalysisError;

/// Most variables.
const VARIABLES: usize = 3;
/// The ridges that are tried: `FIRST FACTOR^k`, for `k` below `COUNT`.
pub const GRID: (f64, f64, usize) = (1e-7, 1.5, 36);
/// Eigenvalues below this part of the largest are none.
const NO_VARIANCE: f64 = 1e-13;
/// Components below this part of the variance of all hold nothing.
const NOTHING: f64 = 1e-12;

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

/// Where a component tells values apart.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Significance {
    /// Classes: combinations of values of the variables.
    pub classes: usize,
    /// Accuracy at each time, over splits.
    pub accuracy: Vec<f64>,
    /// The largest of all shuffles at each time.
    pub largest_of_shuffles: Vec<f64>,
    /// Where the one is above the other, for long enough.
    pub is_significant: Vec<bool>,
}

/// Errors of the ridges that were tried.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CrossValidation {
    /// As they were tried.
    pub ridges: Vec<f64>,
    /// The mean error of each, of the variance.
    pub errors: Vec<f64>,
    /// Trials left out of each condition and unit.
    pub repetitions: usize,
    /// Whether the smallest error is at an end of the grid, so that the best ridge may lie beyond.
    pub is_at_border: bool,
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

/// The ridges of [`GRID`].
pub fn grid() -> Vec<f64> {
    let (first, factor, count) = GRID;
    (0..count).map(|k| first * factor.powi(k as i32)).collect()
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

/// Which dimensions of the grid a marginalisation is of: bits of the variables, and one above for time.
struct Group {
    name: String,
    /// The parts that are joined.
    masks: Vec<usize>,
    /// The variables of it, without time.
    variables: usize,
}

/// The grid of conditions.
struct Layout {
    sizes: Vec<usize>,
    names: Vec<String>,
    groups: Vec<Group>,
}

impl Layout {
    fn of(means: &Means, join_time: bool) -> Self {
        let names: Vec<String> = means.variables.iter().cloned().chain(["time".into()]).collect();
        let sizes: Vec<usize> = means.levels.iter().map(Vec::len).collect();
        let mut layout = Self { sizes, names, groups: Vec::new() };
        let time = 1 << layout.sizes.len();
        let mut masks: Vec<usize> = (1..time).collect();
        masks.sort_by_key(|mask| (mask.count_ones(), *mask));
        let alone = |mask: usize| Group { name: layout.name(mask), masks: vec![mask], variables: mask % time };
        let mut groups = vec![alone(time)];
        for mask in masks {
            if join_time {
                groups.push(Group { masks: vec![mask, mask | time], ..alone(mask) });
            } else {
                groups.extend([alone(mask), alone(mask | time)]);
            }
        }
        layout.groups = groups;
        layout
    }

    fn name(&self, mask: usize) -> String {
        let of = self.names.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1);
        of.map(|(_, name)| name.as_str()).collect::<Vec<_>>().join(" x ")
    }

    /// Less the mean of each unit over everything.
    fn centred(&self, means: &Array3<f64>) -> Array3<f64> {
        let mut rows = flat(means);
        algebra::centre(&mut rows);
        folded(rows, means.dim().0)
    }

    /// The level of a variable of a condition.
    fn level(&self, condition: usize, variable: usize) -> usize {
        condition / self.sizes[variable + 1..].iter().product::<usize>() % self.sizes[variable]
    }

    /// The class of a condition by some variables.
    fn class(&self, condition: usize, variables: usize) -> usize {
        let chosen = (0..self.sizes.len()).filter(|variable| variables >> variable & 1 == 1);
        chosen.fold(0, |class, variable| class * self.sizes[variable] + self.level(condition, variable))
    }

    fn classes(&self, variables: usize) -> usize {
        let chosen = (0..self.sizes.len()).filter(|variable| variables >> variable & 1 == 1);
        chosen.map(|variable| self.sizes[variable]).product()
    }

    /// The part of centred means that depends on these dimensions together.
    fn part(&self, x: &Array3<f64>, mask: usize) -> Array3<f64> {
        // Of the other parts inside of it with alternating signs: means over more and more of its dimensions.
        let mut found = Array3::zeros(x.dim());
        let mut inside = mask;
        loop {
            let is_even = (mask.count_ones() - inside.count_ones()).is_multiple_of(2);
            let sign = if is_even { 1.0 } else { -1.0 };
            found.scaled_add(sign, &self.mean_over_others(x, inside));
            if inside == 0 {
                return found;
            }
            inside = (inside - 1) & mask;
        }
    }

    /// The mean over all dimensions but these, at each place.
    fn mean_over_others(&self, x: &Array3<f64>, mask: usize) -> Array3<f64> {
        let (conditions, bins, units) = x.dim();
        let (variables, has_time) = (mask & ((1 << self.sizes.len()) - 1), mask >> self.sizes.len() & 1 == 1);
        let classes = self.classes(variables);
        let times = if has_time { bins } else { 1 };
        let mut sums = Array3::<f64>::zeros((classes, times, units));
        for condition in 0..conditions {
            let mut of = sums.index_axis_mut(Axis(0), self.class(condition, variables));
            let own = x.index_axis(Axis(0), condition);
            if has_time {
                of += &own;
            } else {
                let mut row = of.row_mut(0);
                row += &own.sum_axis(Axis(0));
            }
        }
        sums /= (conditions * bins / (classes * times)) as f64;
        let mut out = Array3::zeros(x.dim());
        for condition in 0..conditions {
            let of = sums.index_axis(Axis(0), self.class(condition, variables));
            out.index_axis_mut(Axis(0), condition).assign(&of.broadcast((bins, units)).unwrap_or(of.view()));
        }
        out
    }

    fn group(&self, x: &Array3<f64>, group: &Group) -> Array3<f64> {
        group.masks.iter().fold(Array3::zeros(x.dim()), |sum, mask| sum + self.part(x, *mask))
    }

    /// Parts of the variance before they are joined.
    fn parts(&self, x: &Array3<f64>) -> Vec<Part> {
        let total = algebra::squares(x.iter());
        let mut masks: Vec<usize> = (1..1 << self.names.len()).collect();
        masks.sort_by_key(|mask| (mask.count_ones(), *mask));
        let of = |mask: usize| algebra::squares(self.part(x, mask).iter()) / total;
        masks.into_iter().map(|mask| Part { name: self.name(mask), variance: of(mask) }).collect()
    }
}

/// Products of centred means, units x units.
struct Scatters {
    all: Array2<f64>,
    of_groups: Vec<Array2<f64>>,
    total: f64,
}

impl Scatters {
    fn of(layout: &Layout, x: &Array3<f64>) -> Result<Self, AnalysisError> {
        let all = gram(flat(x).view());
        let total = all.diag().sum();
        if total <= 0.0 {
            let message = "no mean over trials varies, over conditions or over time; look at the rates";
            return Err(AnalysisError::Trials(message.into()));
        }
        let of_groups = layout.groups.iter().map(|group| gram(flat(&layout.group(x, group)).view())).collect();
        Ok(Self { all, of_groups, total })
    }
}

/// Encoders and decoders of one marginalisation (components, units).
struct Axes {
    encoders: Array2<f64>,
    decoders: Array2<f64>,
}

/// Those of all of them.
struct Demixed(Vec<Axes>);

/// What does not depend on the ridge: eigenvalues and vectors of `X X^T`, and `X_m X^T` in these vectors.
struct Prepared<'a> {
    scatters: &'a Scatters,
    spectrum: Spectrum,
    /// `X_m X^T V` of each marginalisation, which is that of `X_m X_m^T`, since parts are orthogonal.
    crossed: Vec<Array2<f64>>,
}

impl<'a> Prepared<'a> {
    fn of(scatters: &'a Scatters) -> Result<Self, AnalysisError> {
        let spectrum = spectrum("the scatter of means", scatters.all.view())?;
        let crossed = scatters.of_groups.iter().map(|of| product(of.view(), spectrum.vectors.t())).collect();
        Ok(Self { scatters, spectrum, crossed })
    }

    /// At most `k` components of one marginalisation.
    fn axes(&self, group: usize, ridge: f64, k: usize) -> Result<Axes, AnalysisError> {
        let added = (ridge * self.scatters.total).powi(2);
        let least = NO_VARIANCE * self.spectrum.values[0];
        let weight = |value: &f64| if *value > least { 1.0 / (value + added) } else { 0.0 };
        let weights: Array1<f64> = self.spectrum.values.iter().map(weight).collect();
        let roots: Array1<f64> = self.spectrum.values.iter().map(|value| value.max(0.0).sqrt()).collect();
        // C_m V = X_m X^T V (diag l + L^2)^-1, and C_m X has the left vectors of C_m V diag(sqrt l).
        let inverted = &self.crossed[group] * &weights;
        let image = &inverted * &roots;
        let found = spectrum("the regression on a marginalisation", gram(image.t()).view())?;
        let kept = found.values.iter().take(k).take_while(|value| **value > NOTHING * self.scatters.total).count();
        let encoders = first(&found.vectors, kept).to_owned();
        let decoders = product(product(encoders.view(), inverted.view()).view(), self.spectrum.vectors.view());
        Ok(Axes { encoders, decoders })
    }
}

impl Demixed {
    fn of(scatters: &Scatters, ridge: f64, k: usize) -> Result<Self, AnalysisError> {
        let prepared = Prepared::of(scatters)?;
        (0..scatters.of_groups.len()).map(|group| prepared.axes(group, ridge, k)).collect::<Result<_, _>>().map(Self)
    }
}

/// Trials of each condition: of all units, or of each unit its own.
struct Pools(Vec<Vec<Vec<usize>>>);

impl Pools {
    fn of(window: &Window, means: &Means) -> Self {
        if window.is_simultaneous() {
            return Self(vec![means.trials.clone()]);
        }
        let of_unit = |unit: usize| {
            let recorded = |trials: &Vec<usize>| {
                trials.iter().copied().filter(|trial| !window.rates[[*trial, 0, unit]].is_nan()).collect()
            };
            means.trials.iter().map(recorded).collect()
        };
        Self((0..window.rates.dim().2).map(of_unit).collect())
    }

    /// Refuses trials that are the same, as those without noise are.
    fn check_copies(&self, window: &Window) -> Result<(), AnalysisError> {
        for trials in self.0[0].iter().filter(|trials| trials.len() > 1) {
            let [a, b] = [trials[0], trials[1]].map(|trial| window.rates.index_axis(Axis(0), trial));
            if a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan())) {
                return Err(AnalysisError::Trials(format!(
                    "trials {} and {} are copies, so that nothing can be cross-validated; turn the noise on, or give a \
                     ridge and no shuffles",
                    trials[0], trials[1]
                )));
            }
        }
        Ok(())
    }

    /// The same with trials drawn anew for the conditions, as many for each.
    fn shuffled(&self, rng: &mut ChaCha8Rng) -> Self {
        let of = |conditions: &Vec<Vec<usize>>| {
            let mut all: Vec<usize> = conditions.iter().flatten().copied().collect();
            all.shuffle(rng);
            let mut all = all.into_iter();
            conditions.iter().map(|trials| all.by_ref().take(trials.len()).collect()).collect()
        };
        Self(self.0.iter().map(of).collect())
    }

    /// Sums over trials (conditions, bins, units), and their number (conditions, units).
    fn sums(&self, rates: &Array3<f64>) -> (Array3<f64>, Array2<f64>) {
        let (_, bins, units) = rates.dim();
        let conditions = self.0[0].len();
        let (mut sums, mut counts) = (Array3::zeros((conditions, bins, units)), Array2::zeros((conditions, units)));
        for (place, pool) in self.0.iter().enumerate() {
            let own = self.units(place, units);
            for (condition, trials) in pool.iter().enumerate() {
                for trial in trials {
                    let mut to = sums.slice_mut(s![condition, .., own.clone()]);
                    to += &rates.slice(s![*trial, .., own.clone()]);
                }
                counts.slice_mut(s![condition, own.clone()]).fill(trials.len() as f64);
            }
        }
        (sums, counts)
    }

    /// One trial of each condition, and the means of the others.
    fn split(
        &self,
        rates: &Array3<f64>,
        (sums, counts): &(Array3<f64>, Array2<f64>),
        rng: &mut ChaCha8Rng,
    ) -> (Array3<f64>, Array3<f64>) {
        let units = rates.dim().2;
        let mut left_out = Array3::zeros(sums.dim());
        for (place, pool) in self.0.iter().enumerate() {
            let own = self.units(place, units);
            for (condition, trials) in pool.iter().enumerate() {
                let trial = trials[rng.random_range(0..trials.len())];
                left_out.slice_mut(s![condition, .., own.clone()]).assign(&rates.slice(s![trial, .., own.clone()]));
            }
        }
        let mut means = sums - &left_out;
        for (mut of, counts) in means.outer_iter_mut().zip(counts.outer_iter()) {
            of /= &(&counts - 1.0);
        }
        (means, left_out)
    }

    /// The units of a pool.
    fn units(&self, pool: usize, units: usize) -> std::ops::Range<usize> {
        if self.0.len() == 1 { 0..units } else { pool..pool + 1 }
    }
}

/// Means and trials (conditions, bins, units) less the mean of the means.
fn centred_together(layout: &Layout, means: &Array3<f64>, trials: &Array3<f64>) -> (Array3<f64>, Array3<f64>) {
    let centred = layout.centred(means);
    let moved = trials - &(means - &centred);
    (centred, moved)
}

fn cross_validated(
    pools: &Pools,
    window: &Window,
    layout: &Layout,
    (settings, repetitions): (&Settings, usize),
    watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
) -> Result<CrossValidation, AnalysisError> {
    let (ridges, sums) = (grid(), pools.sums(&window.rates));
    let errors = each(repetitions, watch, |repetition| {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream(repetition as u64);
        let (means, trials) = pools.split(&window.rates, &sums, &mut rng);
        let (x, y) = centred_together(layout, &means, &trials);
        let scatters = Scatters::of(layout, &x)?;
        let prepared = Prepared::of(&scatters)?;
        let y = flat(&y);
        let own = gram(y.view());
        let crossed: Vec<Array2<f64>> =
            layout.groups.iter().map(|group| product(flat(&layout.group(&x, group)).t(), y.view())).collect();
        let error = |ridge: &f64| -> Result<f64, AnalysisError> {
            let mut sum = 0.0;
            for (place, crossed) in crossed.iter().enumerate() {
                let Axes { encoders, decoders } = prepared.axes(place, *ridge, settings.components)?;
                let along = (&product(encoders.view(), crossed.view()) * &decoders).sum();
                let length = (&product(decoders.view(), own.view()) * &decoders).sum();
                sum += scatters.of_groups[place].diag().sum() - 2.0 * along + length;
            }
            Ok(sum / scatters.total)
        };
        ridges.iter().map(error).collect::<Result<Vec<f64>, _>>()
    })?;
    let mean = |place: usize| errors.iter().map(|of| of[place]).sum::<f64>() / repetitions as f64;
    Ok(CrossValidation { errors: (0..ridges.len()).map(mean).collect(), ridges, repetitions, is_at_border: false })
}

/// Adds to each component where it tells values apart.
fn significance(
    found: &mut Dpca,
    (pools, window, layout): (&Pools, &Window, &Layout),
    (settings, ridge, lasting): (&Settings, f64, usize),
    watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
) -> Result<(), AnalysisError> {
    // The first is of the trials as they are.
    let accuracies = each(settings.shuffles + 1, watch, |place| {
        let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
        rng.set_stream((1 << 32) + place as u64);
        let shuffled = if place == 0 { None } else { Some(pools.shuffled(&mut rng)) };
        accuracies(shuffled.as_ref().unwrap_or(pools), window, layout, (settings, ridge), &mut rng)
    })?;
    let bins = window.time_ms.len();
    for component in &mut found.components {
        let group = &layout.groups[component.marginalisation];
        if group.variables == 0 || component.number > settings.tested {
            continue;
        }
        let of = |place: usize| accuracies[place].slice(s![component.marginalisation, component.number - 1, ..]);
        let accuracy = of(0).to_vec();
        let largest: Vec<f64> = (0..bins)
            .map(|bin| (1..accuracies.len()).map(|place| of(place)[bin]).fold(f64::NEG_INFINITY, f64::max))
            .collect();
        let above: Vec<bool> = accuracy.iter().zip(&largest).map(|(own, most)| own > most).collect();
        component.significance = Some(Significance {
            classes: layout.classes(group.variables),
            accuracy,
            largest_of_shuffles: largest,
            is_significant: lasting_runs(&above, lasting),
        });
    }
    Ok(())
}

/// Accuracy (marginalisations, components, bins) of the nearest class mean along each component, over splits; 0 where
/// there is no such component.
fn accuracies(
    pools: &Pools,
    window: &Window,
    layout: &Layout,
    (settings, ridge): (&Settings, f64),
    rng: &mut ChaCha8Rng,
) -> Result<Array3<f64>, AnalysisError> {
    let sums = pools.sums(&window.rates);
    let mut found = Array3::zeros((layout.groups.len(), settings.tested, window.time_ms.len()));
    for _ in 0..settings.splits {
        let (means, trials) = pools.split(&window.rates, &sums, rng);
        let (x, y) = centred_together(layout, &means, &trials);
        let scatters = Scatters::of(layout, &x)?;
        let prepared = Prepared::of(&scatters)?;
        let (x, y, conditions) = (flat(&x), flat(&y), x.dim().0);
        for (place, group) in layout.groups.iter().enumerate().filter(|(_, group)| group.variables > 0) {
            let axes = prepared.axes(place, ridge, settings.tested)?;
            let (means, trials) = (product(x.view(), axes.decoders.t()), product(y.view(), axes.decoders.t()));
            for component in 0..axes.decoders.nrows() {
                let column = |rows: &Array2<f64>| {
                    let bins = rows.nrows() / conditions;
                    Array2::from_shape_fn((conditions, bins), |(c, bin)| rows[[c * bins + bin, component]])
                };
                let right = right_of_nearest(layout, group.variables, &column(&means), &column(&trials));
                let mut to = found.slice_mut(s![place, component, ..]);
                to += &(right / settings.splits as f64);
            }
        }
    }
    Ok(found)
}

/// The part of conditions, at each bin, whose trial is nearest to the mean of its own class (conditions, bins).
fn right_of_nearest(layout: &Layout, variables: usize, means: &Array2<f64>, trials: &Array2<f64>) -> Array1<f64> {
    let (conditions, bins) = means.dim();
    let classes = layout.classes(variables);
    let class: Vec<usize> = (0..conditions).map(|condition| layout.class(condition, variables)).collect();
    let mut centres = Array2::<f64>::zeros((classes, bins));
    for (condition, class) in class.iter().enumerate() {
        let mut row = centres.row_mut(*class);
        row += &means.row(condition);
    }
    centres /= (conditions / classes) as f64;
    let is_right = |condition: usize, bin: usize| {
        let distance = |class: usize| (trials[[condition, bin]] - centres[[class, bin]]).abs();
        let nearest = (1..classes).fold(0, |best, other| if distance(other) < distance(best) { other } else { best });
        nearest == class[condition]
    };
    (0..bins)
        .map(|bin| (0..conditions).filter(|condition| is_right(*condition, bin)).count() as f64 / conditions as f64)
        .collect()
}

/// Where something holds for so many bins in a row.
fn lasting_runs(holds: &[bool], least: usize) -> Vec<bool> {
    let runs = holds.chunk_by(|a, b| a == b);
    runs.flat_map(|run| std::iter::repeat_n(run[0] && run.len() >= least, run.len())).collect()
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
    let mut values = tensor.iter().copied();
    Array2::from_shape_simple_fn((conditions * bins, units), || values.next().unwrap_or_default())
}

/// (conditions, bins, units)
fn folded(rows: Array2<f64>, conditions: usize) -> Array3<f64> {
    let (all, units) = rows.dim();
    let mut values = rows.into_iter();
    Array3::from_shape_simple_fn((conditions, all / conditions, units), || values.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::Condition;

    use super::*;
    use crate::{
        Activity,
        activity::Trials,
        geometry::{
            WindowSettings,
            algebra::orthonormal,
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
        let sum: Array3<f64> = groups.iter().fold(Array3::zeros(x.dim()), |sum, group| sum + group);
        assert!((&sum - &x).iter().all(|value| value.abs() < 1e-12));
        let crossed = product(flat(&groups[1]).t(), flat(&groups[3]).view());
        assert!(crossed.iter().all(|value| value.abs() < 1e-12));
        assert!((layout.parts(&x).iter().map(|part| part.variance).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!((layout.level(7, 0), layout.level(7, 1), layout.class(7, 3), layout.classes(2)), (1, 1, 7, 6));
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
        assert_eq!(lasting_runs(&[true, true, false, true], 2), [true, true, false, false]);
    }
}
