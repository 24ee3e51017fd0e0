//! Are the maps of two conditions the same?
//!
//! ```text
//! population vector   correlation over units of the rates in a bin, a against b; mean over the bins of both
//! place               correlation over bins of the maps of a unit, a against b; mean over units
//! rate                min(m_a, m_b) / max(m_a, m_b) of the mean rates of a unit over the bins of both; mean over units
//!
//! ceiling             the same between two halves of one condition; mean of a and b
//! between halves      the same between a half of a and a half of b; mean of all four pairs: as few data as the ceiling
//! floor               the same between a and b with the units of b in random order; mean over shuffles
//! similarity          (between halves - floor) / (ceiling - floor)        1: no change, 0: as units that are unrelated
//! ```
//!
//! | remapping | place | rate |
//! |---|---|---|
//! | none | similarity of 0.5 at least | similarity of 0.5 at least |
//! | rate | 0.5 at least | less |
//! | global | less | |
//!
//! A half is every other trial of a condition; one trial alone is cut in its middle.
//!
//! Reference: Leutgeb S et al. (2005), Science 309: 619-623, <https://doi.org/10.1126/science.1114037>. The boundary of
//! 0.5 is of this library.

use std::ops::Range;

use ndarray::{Array2, Array3, ArrayView3, Axis, s};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::{
    Arena,
    arena::Visits,
    correlation,
    rate_map::{Kernel, rates},
    units::{Settings, check, p_value},
};
use crate::{Activity, AnalysisError, interruption::each};

/// Fewest units that a population vector has.
const FEWEST_UNITS: usize = 3;
/// Similarity below which a measure has changed.
const CHANGED: f64 = 0.5;

/// How maps change from one condition to another.
#[derive(Clone, Debug, Serialize)]
pub struct Remapping {
    /// The bins.
    pub arena: Arena,
    /// Standard deviation of the Gaussian, bins.
    pub smooth: f64,
    /// Trials of a and of b.
    pub trials: [usize; 2],
    /// Bins that were visited in both.
    pub bins_in_both: usize,
    /// Of these, bins in which rates do not vary over units, so that nothing correlates.
    pub bins_without_correlation: usize,
    /// Units that were recorded in both.
    pub units_in_both: usize,
    /// Those that were recorded in one alone, and are left out.
    pub units_left_out: usize,
    /// Of those in both, units whose map does not vary in one of the conditions.
    pub units_without_correlation: usize,
    /// Shuffles of the units.
    pub shuffles: usize,
    /// `none`, `rate` or `global`; `null` where that cannot be said, with the reason.
    pub remapping: Option<&'static str>,
    /// Why it cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undecided: Option<String>,
    /// Correlation of population vectors.
    pub population_vector: Measure,
    /// Correlation of the maps of a unit.
    pub place: Measure,
    /// Overlap of its mean rates; `null` of rates that are negative.
    pub rate: Option<Measure>,
    /// One for each unit in both.
    pub units: Vec<UnitChange>,
    /// Correlation of population vectors in each bin (y, x); NaN where there is none.
    #[serde(skip)]
    pub of_bins: Array2<f64>,
    /// Maps of a (units in both, y, x).
    #[serde(skip)]
    pub maps_a: Array3<f64>,
    /// Maps of b (units in both, y, x).
    #[serde(skip)]
    pub maps_b: Array3<f64>,
}

/// How alike two conditions are by one measure. `null` where nothing correlates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Measure {
    /// Between a and b.
    pub between: Option<f64>,
    /// Between their halves.
    pub between_halves: Option<f64>,
    /// Between the halves of one condition.
    pub ceiling: Option<f64>,
    /// With units in random order, mean over shuffles.
    pub floor: Option<f64>,
    /// Fraction of shuffles that reach `between`.
    pub p: Option<f64>,
    /// Where `between_halves` lies from the floor (0) to the ceiling (1); `null` unless the ceiling is above the floor.
    pub similarity: Option<f64>,
}

/// How a unit changes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitChange {
    /// Its number.
    pub unit: usize,
    /// Mean rate of each condition over the bins of both.
    pub mean_rates: [f64; 2],
    /// Correlation of its maps.
    pub place: Option<f64>,
    /// Overlap of its mean rates.
    pub rate: Option<f64>,
}

/// Trials, or steps of one.
pub(super) type Part = Vec<(usize, Range<usize>)>;

/// One condition.
pub(super) struct Session<'a> {
    activity: &'a Activity,
    visits: Visits,
}

impl Remapping {
    /// From `a` to `b`, which have the same units; `settings` as for rate maps, without those about fields.
    ///
    /// # Errors
    /// If places are not known in both, the units are not as many, too few were recorded in both, no bin was visited in
    /// both, or a setting breaks its rule.
    pub fn of(a: &Activity, b: &Activity, settings: &Settings) -> Result<Self, AnalysisError> {
        check(settings)?;
        if a.units() != b.units() {
            let message =
                format!("have {} units in one and {} in the other; give the same units", a.units(), b.units());
            return Err(AnalysisError::Shape { array: "rates", message });
        }
        let arena = Arena::of(&[a, b], settings.bins, settings.arena.as_deref())?;
        let sessions = [Session::of(a, &arena)?, Session::of(b, &arena)?];
        let kernel = Kernel::new(settings.smooth);
        let units = common_units(&sessions)?;
        let maps = |session: &Session<'_>, part: &Part| session.maps(part, &arena, &units, &kernel);
        let [maps_a, maps_b] = [0, 1].map(|which| maps(&sessions[which], &sessions[which].whole()));
        let halves = [0, 1].map(|which| sessions[which].halves().map(|half| maps(&sessions[which], &half)));
        let of_bins = by_bin(maps_a.view(), maps_b.view());
        let in_both = in_both(maps_a.view(), maps_b.view());
        let bins_in_both = in_both.iter().filter(|is_in| **is_in).count();
        if bins_in_both == 0 {
            let message = "no bin was visited in both conditions by all units; make bins larger, or give more trials";
            return Err(AnalysisError::Trials(message.into()));
        }
        let orders = orders(units.len(), settings);
        let is_negative = maps_a.iter().chain(&maps_b).any(|rate| *rate < 0.0);
        let measure = |of: fn(ArrayView3<'_, f64>, ArrayView3<'_, f64>) -> Vec<Option<f64>>| {
            Measure::of(of, (&maps_a, &maps_b), &halves, &orders)
        };
        let changes = changes(&units, (maps_a.view(), maps_b.view()), is_negative);
        let found = Self {
            smooth: settings.smooth,
            trials: [a.trials().len(), b.trials().len()],
            bins_in_both,
            bins_without_correlation: in_both.iter().zip(&of_bins).filter(|(is_in, r)| **is_in && r.is_nan()).count(),
            units_in_both: units.len(),
            units_left_out: a.units() - units.len(),
            units_without_correlation: changes.iter().filter(|unit| unit.place.is_none()).count(),
            shuffles: settings.shuffles,
            remapping: None,
            undecided: None,
            population_vector: measure(vectors)?,
            place: measure(places)?,
            rate: (!is_negative).then(|| measure(overlaps)).transpose()?,
            units: changes,
            of_bins,
            maps_a,
            maps_b,
            arena,
        };
        Ok(found.decided())
    }

    fn decided(self) -> Self {
        let similarity = |measure: &Measure| measure.similarity;
        let (remapping, undecided) = match (similarity(&self.place), self.rate.as_ref().map(similarity)) {
            _ if self.shuffles == 0 => (None, Some("without shuffles there is no floor")),
            (None, _) => (None, Some("maps of the halves of a condition are no more alike than those of other units")),
            (Some(place), _) if place < CHANGED => (Some("global"), None),
            (_, None) => (None, Some("places are kept, but overlap is of rates that are not negative")),
            (_, Some(None)) => (None, Some("places are kept, but all units have nearly the same mean rates")),
            (_, Some(Some(rate))) => (Some(if rate < CHANGED { "rate" } else { "none" }), None),
        };
        Self { remapping, undecided: undecided.map(str::to_owned), ..self }
    }
}

impl<'a> Session<'a> {
    pub(super) fn of(activity: &'a Activity, arena: &Arena) -> Result<Self, AnalysisError> {
        Ok(Self { activity, visits: arena.visits(activity)? })
    }

    pub(super) fn whole(&self) -> Part {
        self.activity.trials().n_steps.iter().map(|n| 0..*n).enumerate().collect()
    }

    pub(super) fn halves(&self) -> [Part; 2] {
        let n_steps = &self.activity.trials().n_steps;
        if let [n] = n_steps[..] {
            return [vec![(0, 0..n / 2)], vec![(0, n / 2..n)]];
        }
        [0, 1].map(|first| (first..n_steps.len()).step_by(2).map(|trial| (trial, 0..n_steps[trial])).collect())
    }

    fn is_recorded(&self, unit: usize) -> bool {
        (0..self.activity.trials().len()).any(|trial| self.activity.is_recorded(trial, unit))
    }

    /// The maps of these units over a part (units, y, x).
    pub(super) fn maps(&self, part: &Part, arena: &Arena, units: &[usize], kernel: &Kernel) -> Array3<f64> {
        let mut steps = vec![0..0; self.activity.trials().len()];
        part.iter().for_each(|(trial, range)| steps[*trial] = range.clone());
        let visits: Vec<_> = self.visits.of.iter().filter(|(trial, step, _)| steps[*trial].contains(step)).collect();
        let all = self.activity.rates();
        let shape = (arena.rows, arena.columns);
        let map = |unit: &usize| {
            let (mut sums, mut counts) = (Array2::<f64>::zeros(shape), Array2::<f64>::zeros(shape));
            for (trial, step, bin) in &visits {
                let (rate, at) = (all[[*trial, *step, *unit]], [bin / arena.columns, bin % arena.columns]);
                if !rate.is_nan() {
                    sums[at] += rate;
                    counts[at] += 1.0;
                }
            }
            rates(&sums, &counts, &kernel.smooth(&counts), kernel)
        };
        let maps: Vec<Array2<f64>> = units.par_iter().map(map).collect();
        let mut stacked = Array3::zeros((units.len(), shape.0, shape.1));
        stacked.axis_iter_mut(Axis(0)).zip(&maps).for_each(|(mut place, map)| place.assign(map));
        stacked
    }
}

/// The units that were recorded in all.
pub(super) fn common_units(sessions: &[Session<'_>]) -> Result<Vec<usize>, AnalysisError> {
    let units: Vec<usize> = (0..sessions[0].activity.units())
        .filter(|unit| sessions.iter().all(|session| session.is_recorded(*unit)))
        .collect();
    if units.len() < FEWEST_UNITS {
        let message = format!(
            "{} units were recorded in all conditions, but a population vector has {FEWEST_UNITS} at least; give more",
            units.len()
        );
        return Err(AnalysisError::Trials(message));
    }
    Ok(units)
}

/// Orders of the units of b, one for each shuffle.
fn orders(units: usize, settings: &Settings) -> Vec<Vec<usize>> {
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    let order = |_| {
        let mut order: Vec<usize> = (0..units).collect();
        order.shuffle(&mut rng);
        order
    };
    (0..settings.shuffles).map(order).collect()
}

impl Measure {
    fn of(
        values: fn(ArrayView3<'_, f64>, ArrayView3<'_, f64>) -> Vec<Option<f64>>,
        (a, b): (&Array3<f64>, &Array3<f64>),
        [halves_a, halves_b]: &[[Array3<f64>; 2]; 2],
        orders: &[Vec<usize>],
    ) -> Result<Self, AnalysisError> {
        let alike = |a: &Array3<f64>, b: &Array3<f64>| mean(values(a.view(), b.view()));
        let between = alike(a, b);
        let ceiling = mean([halves_a, halves_b].map(|[one, two]| alike(one, two)));
        let pairs = halves_a.iter().flat_map(|a| halves_b.iter().map(move |b| alike(a, b)));
        let between_halves = mean(pairs.collect::<Vec<_>>());
        let shuffled: Vec<Option<f64>> =
            each(orders.len(), |place| Ok::<_, AnalysisError>(alike(a, &b.select(Axis(0), &orders[place]))))?;
        let floor = mean(shuffled.iter().copied());
        let null: Vec<f64> = shuffled.into_iter().flatten().collect();
        let similarity = match (between_halves, ceiling, floor) {
            (Some(between), Some(ceiling), Some(floor)) if ceiling > floor => {
                Some((between - floor) / (ceiling - floor))
            }
            _ => None,
        };
        let p = between.and_then(|between| p_value(between, &null));
        Ok(Self { between, between_halves, ceiling, floor, p, similarity })
    }
}

/// The mean of those that are defined.
pub(super) fn mean(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, n) = values.into_iter().flatten().fold((0.0, 0usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}

/// The bins of which all units have a rate in both.
fn in_both(a: ArrayView3<'_, f64>, b: ArrayView3<'_, f64>) -> Array2<bool> {
    let (_, rows, columns) = a.dim();
    Array2::from_shape_fn((rows, columns), |(row, column)| {
        let is_whole = |maps: &ArrayView3<'_, f64>| maps.slice(s![.., row, column]).iter().all(|rate| !rate.is_nan());
        is_whole(&a) && is_whole(&b)
    })
}

/// The correlation of population vectors in each bin.
fn by_bin(a: ArrayView3<'_, f64>, b: ArrayView3<'_, f64>) -> Array2<f64> {
    let in_both = in_both(a, b);
    Array2::from_shape_fn(in_both.dim(), |(row, column)| {
        if !in_both[[row, column]] {
            return f64::NAN;
        }
        let (a, b) = (a.slice(s![.., row, column]), b.slice(s![.., row, column]));
        correlation(a.iter().copied().zip(b.iter().copied())).unwrap_or(f64::NAN)
    })
}

/// The same, one after the other.
pub(super) fn vectors(a: ArrayView3<'_, f64>, b: ArrayView3<'_, f64>) -> Vec<Option<f64>> {
    by_bin(a, b).iter().map(|r| (!r.is_nan()).then_some(*r)).collect()
}

/// The correlation of the maps of each unit over the bins that it has in both.
pub(super) fn places(a: ArrayView3<'_, f64>, b: ArrayView3<'_, f64>) -> Vec<Option<f64>> {
    by_unit(a, b, |pairs| correlation(pairs.iter().copied()))
}

/// The overlap of the mean rates of each unit.
fn overlaps(a: ArrayView3<'_, f64>, b: ArrayView3<'_, f64>) -> Vec<Option<f64>> {
    by_unit(a, b, |pairs| overlap(mean_rates(pairs)))
}

fn overlap([a, b]: [f64; 2]) -> Option<f64> {
    (a.max(b) > 0.0).then(|| a.min(b) / a.max(b))
}

fn mean_rates(pairs: &[(f64, f64)]) -> [f64; 2] {
    let n = pairs.len() as f64;
    [pairs.iter().map(|pair| pair.0).sum::<f64>() / n, pairs.iter().map(|pair| pair.1).sum::<f64>() / n]
}

/// What is made of the rates of each unit in the bins that it has in both.
fn by_unit<T>(a: ArrayView3<'_, f64>, b: ArrayView3<'_, f64>, make: impl Fn(&[(f64, f64)]) -> T) -> Vec<T> {
    let of_unit = |(a, b): (ndarray::ArrayView2<'_, f64>, ndarray::ArrayView2<'_, f64>)| {
        let pairs = a.iter().copied().zip(b.iter().copied()).filter(|(a, b)| !a.is_nan() && !b.is_nan());
        make(&pairs.collect::<Vec<_>>())
    };
    a.outer_iter().zip(b.outer_iter()).map(of_unit).collect()
}

fn changes(units: &[usize], (a, b): (ArrayView3<'_, f64>, ArrayView3<'_, f64>), is_negative: bool) -> Vec<UnitChange> {
    let mean_rates = by_unit(a, b, mean_rates);
    let of_unit = |((unit, mean_rates), place): ((&usize, [f64; 2]), Option<f64>)| UnitChange {
        unit: *unit,
        mean_rates,
        place,
        rate: overlap(mean_rates).filter(|_| !is_negative),
    };
    units.iter().zip(mean_rates).zip(places(a, b)).map(of_unit).collect()
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::Condition;
    use rand::Rng;

    use super::*;
    use crate::{
        activity::Trials,
        spatial::{Bins, RemappingMatrix},
    };

    const UNITS: usize = 24;

    /// Trials of a walk over a square, with fields at `centre(unit)` of height `height(unit)` and a little noise.
    fn session(seed: u64, centre: impl Fn(usize) -> [f64; 2], height: impl Fn(usize) -> f64) -> Activity {
        let (trials, steps) = (10, 300);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let places = Array3::from_shape_simple_fn((trials, steps + 1, 2), || rng.random_range(0.0..1.0));
        let rates = Array3::from_shape_fn((trials, steps, UNITS), |(trial, step, unit)| {
            let ([x, y], place) = (centre(unit), places.slice(s![trial, step + 1, ..]));
            let bump = (-((place[0] - x).powi(2) + (place[1] - y).powi(2)) / 0.02).exp();
            height(unit) * (bump + 0.1 + rng.random_range(0.0..0.05))
        });
        let conditions = vec![Condition::new(); trials];
        Activity::new(rates, 20.0, Trials::new(vec![steps; trials], conditions)).unwrap().with_places(places).unwrap()
    }

    fn scattered(seed: u64) -> impl Fn(usize) -> [f64; 2] {
        move |unit| {
            let mut rng = ChaCha8Rng::seed_from_u64(100 * seed + unit as u64);
            [rng.random_range(0.0..1.0), rng.random_range(0.0..1.0)]
        }
    }

    fn heights(seed: u64) -> impl Fn(usize) -> f64 {
        move |unit| ChaCha8Rng::seed_from_u64(7000 * seed + unit as u64).random_range(0.1f64..3.0)
    }

    fn settings() -> Settings {
        Settings { bins: Bins::Count(10), smooth: 1.0, shuffles: 40, ..Settings::default() }
    }

    fn found(b: &Activity) -> Remapping {
        Remapping::of(&session(1, scattered(1), heights(1)), b, &settings()).unwrap()
    }

    #[test]
    fn the_same_places_and_rates_are_no_remapping() {
        let found = found(&session(2, scattered(1), heights(1)));
        assert_eq!((found.remapping, found.bins_in_both, found.units_in_both), (Some("none"), 100, UNITS));
        for measure in [found.population_vector, found.place, found.rate.unwrap()] {
            assert!(measure.between.unwrap() > 0.95 && measure.p == Some(1.0 / 41.0), "{measure:?}");
            assert!((measure.similarity.unwrap() - 1.0).abs() < 0.1, "{measure:?}");
        }
    }

    #[test]
    fn other_rates_at_the_same_places_are_rate_remapping() {
        let found = found(&session(2, scattered(1), heights(2)));
        assert_eq!(found.remapping, Some("rate"));
        assert!(found.place.similarity.unwrap() > 0.9 && found.rate.unwrap().similarity.unwrap().abs() < 0.4);
        assert!(found.population_vector.between.unwrap() < 0.95 * found.population_vector.ceiling.unwrap());
    }

    #[test]
    fn other_places_are_global_remapping() {
        let found = found(&session(2, scattered(2), heights(1)));
        assert_eq!(found.remapping, Some("global"));
        assert!(found.place.similarity.unwrap() < 0.3, "{:?}", found.place);
        assert!(found.units.iter().any(|unit| unit.place.unwrap() < 0.0));
    }

    #[test]
    fn what_cannot_be_said_has_its_reason() {
        let a = session(1, scattered(1), heights(1));
        let signed = session(2, scattered(1), |unit| if unit % 2 == 0 { -1.0 } else { 1.0 });
        let found = Remapping::of(&signed, &signed, &settings()).unwrap();
        assert!(found.rate.is_none() && found.undecided.unwrap().contains("not negative"));
        let found = Remapping::of(&a, &a, &Settings { shuffles: 0, ..settings() }).unwrap();
        assert!(found.remapping.is_none() && found.undecided.unwrap().contains("no floor"));
        let refusal = |a: &Activity, b: &Activity| Remapping::of(a, b, &settings()).unwrap_err().to_string();
        assert!(refusal(&a, &a.with_units(&[0, 1]).unwrap()).contains("24 units in one and 2 in the other"));
        let two = a.with_units(&[0, 1]).unwrap();
        assert!(refusal(&two, &two).contains("2 units were recorded in all"));
    }

    #[test]
    fn a_matrix_has_what_each_two_conditions_have() {
        let sessions = [(1, 1), (2, 1), (3, 2)].map(|(seed, room)| session(seed, scattered(room), heights(1)));
        let all: Vec<&Activity> = sessions.iter().collect();
        let settings = Settings { arena: Some(vec![(0.0, 1.0), (0.0, 1.0)]), ..settings() };
        let found = RemappingMatrix::of(&all, &settings).unwrap();
        assert_eq!((found.units_in_all, found.trials.as_slice()), (UNITS, &[10, 10, 10][..]));
        for (i, j) in [(0, 1), (0, 2), (1, 2)] {
            let pair = Remapping::of(all[i], all[j], &settings).unwrap();
            assert_eq!(found.population_vector[i][j], pair.population_vector.between);
            assert_eq!(found.place[j][i], pair.place.between);
        }
        assert!(found.population_vector[0][1].unwrap() > 0.9 && found.population_vector[0][2].unwrap() < 0.5);
        for condition in 0..3 {
            assert!(found.population_vector[condition][condition].unwrap() > 0.9);
        }
        let kept = |unit: usize| Remapping::of(all[0], all[1], &settings).unwrap().units[unit].place.unwrap();
        assert!(found.units[3].place.unwrap() < kept(3));
        assert!(RemappingMatrix::of(&all[..1], &settings).unwrap_err().to_string().contains("two conditions"));
        let two = sessions[0].with_units(&[0, 1]).unwrap();
        let message = RemappingMatrix::of(&[all[0], all[1], &two], &settings).unwrap_err().to_string();
        assert!(message.contains("24 units in one and 2 in another"), "{message}");
    }

    #[test]
    fn a_single_trial_is_cut_in_its_middle() {
        let a = session(1, scattered(1), heights(1)).with_trials(&[0]).unwrap();
        let session = Session { visits: Visits::default(), activity: &a };
        assert_eq!(session.halves(), [vec![(0, 0..150)], vec![(0, 150..300)]]);
    }
}
