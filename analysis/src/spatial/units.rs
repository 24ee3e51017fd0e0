//! The rate map of every unit, with what it says of the place, beside shuffles.
//!
//! ```text
//! shuffle     rates of all trials, end to end, moved along the places by a random time, around the end; at least
//!             min_shift away from where they were
//! corrected   I - mean of I over shuffles
//! p           (1 + shuffles that reach the value) / (1 + shuffles)
//! ```
//!
//! A shuffle keeps how a unit changes over time and where the animal was, but not which went with which: its
//! information is what few visits alone give. A score that is not defined for a shuffle does not reach the value.

use std::{
    collections::BTreeMap,
    ops::{ControlFlow, RangeInclusive},
};

use ndarray::{Array2, Array3, Axis};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use serde::Serialize;

use super::{
    Arena, Bins, Field, GridScore, Undefined,
    arena::Visits,
    autocorrelogram, border_score, fields,
    information::{information, mean, sparsity},
    rate_map::{Kernel, rates},
};
use crate::{Activity, AnalysisError, MedianInterval};

/// Below this p a unit passes.
const LEVEL: f64 = 0.05;
/// Fewest shuffles of which p can be below that.
const FEWEST_SHUFFLES: usize = 20;
/// The least shift unless one is given, ms, and as a fraction of the time where that is shorter.
const LEAST_SHIFT: (f64, f64) = (20_000.0, 0.1);
/// Fewest bins of a field of a plane and of a track.
const FIELD_BINS: [usize; 2] = [9, 3];
/// Units between two calls of the watcher.
const WATCHED: usize = 16;

/// How maps are made and what is asked of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Size of the bins.
    pub bins: Bins,
    /// Ends of each axis, x first; the range of the places unless given.
    pub arena: Option<Vec<(f64, f64)>>,
    /// Standard deviation of the Gaussian that smooths, bins; 0 for none.
    pub smooth: f64,
    /// Shuffles of each unit; 0 for none.
    pub shuffles: usize,
    /// The least shift, ms; 20 s, or a tenth of the time where that is shorter, unless given.
    pub min_shift: Option<f64>,
    /// Fraction of the highest rate above which bins are in a field.
    pub field_threshold: f64,
    /// Fewest bins of a field; 9 of a plane and 3 of a track, unless given.
    pub field_bins: Option<usize>,
    /// The highest rate of a map that a unit must be above to be among those that [`Active`] is of.
    pub least: f64,
    /// Whether rates are counted from the lowest of each map, as of units that are negative, too.
    pub from_lowest: bool,
    /// Seed of the shuffles.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            bins: Bins::Count(30),
            arena: None,
            smooth: 1.5,
            shuffles: 100,
            min_shift: None,
            field_threshold: 0.3,
            field_bins: None,
            least: 0.0,
            from_lowest: false,
            seed: 0,
        }
    }
}

/// The maps of all units.
#[derive(Clone, Debug, Serialize)]
pub struct RateMaps {
    /// The bins.
    pub arena: Arena,
    /// Bins that were visited.
    pub visited_bins: usize,
    /// Steps whose place is known and within the arena.
    pub steps: usize,
    /// Steps whose place lies outside of it.
    pub steps_outside: usize,
    /// Steps whose place is not known.
    pub steps_without_place: usize,
    /// Standard deviation of the Gaussian, bins.
    pub smooth: f64,
    /// Fraction of the highest rate above which bins are in a field.
    pub field_threshold: f64,
    /// Fewest bins of a field.
    pub field_bins: usize,
    /// Shuffles of each unit.
    pub shuffles: usize,
    /// The least shift, ms.
    pub min_shift_ms: f64,
    /// Units that pass their shuffles.
    pub passed: Passed,
    /// What units that are active have in common.
    pub active: Active,
    /// One for each unit.
    pub units: Vec<UnitMap>,
    /// Time spent in each bin (y, x), s.
    #[serde(skip)]
    pub occupancy: Array2<f64>,
    /// (units, y, x); NaN in bins that were not visited.
    #[serde(skip)]
    pub maps: Array3<f64>,
    /// (units, 2 y - 1, 2 x - 1); `None` of a track.
    #[serde(skip)]
    pub autocorrelograms: Option<Array3<f64>>,
    /// Information of shuffles (units, shuffles), bits per spike; NaN where it is not defined.
    #[serde(skip)]
    pub null_information: Array2<f64>,
}

/// How many units have p below 0.05: of each measure, one in twenty does so by chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Passed {
    /// By spatial information.
    pub information: usize,
    /// By the grid score; `null` of a track.
    pub grid: Option<usize>,
    /// By the border score; `null` of a track.
    pub border: Option<usize>,
}

/// Units whose highest rate is above a limit. `null` where there are none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Active {
    /// The limit.
    pub least: f64,
    /// How many there are.
    pub units: usize,
    /// Median of their information, bits per spike, of those for which it is defined.
    pub median_information: Option<f64>,
    /// The part of them that have one or two fields, each less than a quarter of the visited bins.
    pub compact: Option<f64>,
    /// Median of the part of the visited bins that the largest field takes, of those that have one.
    pub median_field: Option<f64>,
    /// The part of them with a border score above 0.5, of those for which it is defined.
    pub border: Option<f64>,
    /// The part of them with a grid score above 0.37, of those for which it is defined.
    pub grid: Option<f64>,
}

/// Fields of a compact unit, and what each of them is less than, as a part of the visited bins.
const COMPACT: (RangeInclusive<usize>, f64) = (1..=2, 0.25);
/// Scores above which units are told as border and as grid cells.
const BORDER: f64 = 0.5;
const GRID: f64 = 0.37;

impl Active {
    fn of(units: &[&UnitMap], least: f64, visited_bins: usize) -> Self {
        let active: Vec<&UnitMap> = units.iter().copied().filter(|unit| unit.peak_rate > least).collect();
        let size = |field: &Field| field.bins as f64 / visited_bins as f64;
        let is_compact = |unit: &&UnitMap| {
            COMPACT.0.contains(&unit.fields.len()) && unit.fields.iter().all(|field| size(field) < COMPACT.1)
        };
        let all =
            |of: &dyn Fn(&UnitMap) -> Option<f64>| active.iter().filter_map(|unit| of(unit)).collect::<Vec<f64>>();
        let above = |scores: Vec<f64>, limit: f64| part(scores.iter().map(|score| *score > limit));
        Self {
            least,
            units: active.len(),
            median_information: median(all(&|unit| unit.information)),
            compact: part(active.iter().map(is_compact)),
            median_field: median(all(&|unit| unit.fields.first().map(size))),
            border: above(all(&|unit| unit.border_score), BORDER),
            grid: above(all(&|unit| unit.grid_score), GRID),
        }
    }
}

/// The part of them that are; `None` of nothing.
fn part(are: impl Iterator<Item = bool>) -> Option<f64> {
    let are: Vec<bool> = are.collect();
    (!are.is_empty()).then(|| are.iter().filter(|is| **is).count() as f64 / are.len() as f64)
}

fn median(values: Vec<f64>) -> Option<f64> {
    MedianInterval::of(&values).map(|found| found.median)
}

/// What the map of a unit says. `null` where a number is not defined, with the reason in `undefined`.
#[derive(Clone, Debug, Serialize)]
pub struct UnitMap {
    /// Its number.
    pub unit: usize,
    /// Steps at which it was recorded.
    pub steps: usize,
    /// Mean over the map, weighted by time.
    pub mean_rate: f64,
    /// Highest rate of the map.
    pub peak_rate: f64,
    /// Middle of its bin.
    pub peak_at: Vec<f64>,
    /// Bits per spike.
    pub information: Option<f64>,
    /// Its mean over shuffles.
    pub information_of_shuffles: Option<f64>,
    /// The difference of both.
    pub information_corrected: Option<f64>,
    /// Its p value.
    pub information_p: Option<f64>,
    /// Bits per second where rates are in Hz: information times mean rate.
    pub information_rate: Option<f64>,
    /// In (0, 1]; 1 where the rate is the same everywhere.
    pub sparsity: Option<f64>,
    /// The largest first.
    pub fields: Vec<Field>,
    /// In [-2, 2].
    pub grid_score: Option<f64>,
    /// Distance of neighbouring fields, in units of the places.
    pub grid_spacing: Option<f64>,
    /// Its p value.
    pub grid_p: Option<f64>,
    /// In [-1, 1].
    pub border_score: Option<f64>,
    /// Its p value.
    pub border_p: Option<f64>,
    /// Why a number is not defined.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub undefined: BTreeMap<&'static str, String>,
}

/// The steps of a unit, and what is common to all shuffles of them.
struct Binned<'a> {
    kernel: &'a Kernel,
    from_lowest: bool,
    shape: (usize, usize),
    bins: Vec<usize>,
    rates: Vec<f64>,
    visits: Array2<f64>,
    smooth_visits: Array2<f64>,
}

/// What is asked of a map.
struct Asked {
    threshold: f64,
    bins: usize,
    is_plane: bool,
}

/// What a unit gives.
struct Found {
    unit: UnitMap,
    map: Array2<f64>,
    autocorrelogram: Option<Array2<f64>>,
    null_information: Vec<f64>,
}

impl RateMaps {
    /// Of all units; `watch` is told how many units are done and stops the work by `Break`.
    ///
    /// # Errors
    /// If no place is known, a setting breaks its rule, a unit was never recorded, there is no time to shift by, or the
    /// watcher stopped the work.
    pub fn of(
        activity: &Activity,
        settings: &Settings,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Self, AnalysisError> {
        check(settings)?;
        let arena = Arena::of(&[activity], settings.bins, settings.arena.as_deref())?;
        let visits = arena.visits(activity)?;
        let kernel = Kernel::new(settings.smooth);
        let time = visits.of.len() as f64 * activity.dt();
        let min_shift_ms = settings.min_shift.unwrap_or(LEAST_SHIFT.0.min(LEAST_SHIFT.1 * time));
        let min_shift = (min_shift_ms / activity.dt()).ceil() as usize;
        let asked = Asked {
            threshold: settings.field_threshold,
            bins: settings.field_bins.unwrap_or(FIELD_BINS[usize::from(!arena.is_plane())]),
            is_plane: arena.is_plane(),
        };
        let of_unit = |unit: usize| -> Result<Found, AnalysisError> {
            let how = (&kernel, settings.from_lowest);
            let binned = Binned::of(activity, &arena, &visits, unit, how)?;
            let shifts = shifts(&binned, unit, settings, min_shift, activity.dt())?;
            Ok(found(&binned, unit, &arena, &asked, &shifts))
        };
        let mut all = Vec::with_capacity(activity.units());
        let units: Vec<usize> = (0..activity.units()).collect();
        for some in units.chunks(WATCHED) {
            all.extend(some.par_iter().map(|unit| of_unit(*unit)).collect::<Result<Vec<_>, _>>()?);
            if watch(all.len()).is_break() {
                let message = format!("stopped after {} of {} units", all.len(), units.len());
                return Err(AnalysisError::Trials(message));
            }
        }
        let mut occupancy = Array2::<f64>::zeros((arena.rows, arena.columns));
        visits.of.iter().for_each(|(_, _, bin)| occupancy[[bin / arena.columns, bin % arena.columns]] += 1.0);
        occupancy *= activity.dt() / 1000.0;
        let reaches = |p: fn(&UnitMap) -> Option<f64>| {
            all.iter().filter(|found| p(&found.unit).is_some_and(|p| p < LEVEL)).count()
        };
        let visited_bins = occupancy.iter().filter(|time| **time > 0.0).count();
        let units: Vec<&UnitMap> = all.iter().map(|found| &found.unit).collect();
        Ok(Self {
            active: Active::of(&units, settings.least, visited_bins),
            passed: Passed {
                information: reaches(|unit| unit.information_p),
                grid: arena.is_plane().then(|| reaches(|unit| unit.grid_p)),
                border: arena.is_plane().then(|| reaches(|unit| unit.border_p)),
            },
            visited_bins,
            steps: visits.of.len(),
            steps_outside: visits.outside,
            steps_without_place: visits.unknown,
            smooth: settings.smooth,
            field_threshold: asked.threshold,
            field_bins: asked.bins,
            shuffles: settings.shuffles,
            min_shift_ms,
            maps: stacked(all.iter().map(|found| &found.map), (arena.rows, arena.columns)),
            autocorrelograms: arena.is_plane().then(|| {
                let shape = (2 * arena.rows - 1, 2 * arena.columns - 1);
                stacked(all.iter().filter_map(|found| found.autocorrelogram.as_ref()), shape)
            }),
            null_information: Array2::from_shape_fn((all.len(), settings.shuffles), |(unit, shuffle)| {
                all[unit].null_information[shuffle]
            }),
            units: all.into_iter().map(|found| found.unit).collect(),
            occupancy,
            arena,
        })
    }
}

fn stacked<'a>(maps: impl Iterator<Item = &'a Array2<f64>>, (rows, columns): (usize, usize)) -> Array3<f64> {
    let maps: Vec<_> = maps.collect();
    let mut all = Array3::zeros((maps.len(), rows, columns));
    all.axis_iter_mut(Axis(0)).zip(maps).for_each(|(mut place, map)| place.assign(map));
    all
}

/// Refuses settings that break their rules.
pub(super) fn check(settings: &Settings) -> Result<(), AnalysisError> {
    let refused = |setting: &'static str, value: String, rule: &str| {
        Err(AnalysisError::Setting { setting, value, rule: rule.into() })
    };
    if !(0.0..=50.0).contains(&settings.smooth) {
        return refused("smooth", settings.smooth.to_string(), "must be a number of bins, 0 to 50");
    }
    if (1..FEWEST_SHUFFLES).contains(&settings.shuffles) {
        let rule = format!("must be 0, or {FEWEST_SHUFFLES} at least: with fewer no unit can have p < {LEVEL}");
        return refused("shuffles", settings.shuffles.to_string(), &rule);
    }
    if let Some(shift) = settings.min_shift.filter(|shift| !(shift.is_finite() && *shift >= 0.0)) {
        return refused("min-shift", shift.to_string(), "must be a time in ms, not negative");
    }
    if !(settings.field_threshold > 0.0 && settings.field_threshold < 1.0) {
        let value = settings.field_threshold.to_string();
        return refused("field-threshold", value, "must be a fraction of the highest rate, between 0 and 1");
    }
    if !(settings.least >= 0.0 && settings.least.is_finite()) {
        return refused("least", settings.least.to_string(), "must be a rate, not negative");
    }
    if settings.field_bins == Some(0) {
        return refused("field-bins", "0".into(), "must be 1 at least");
    }
    Ok(())
}

/// By how many steps the rates of a unit are moved, once for each shuffle. Units draw from streams of their own.
fn shifts(
    binned: &Binned<'_>,
    unit: usize,
    settings: &Settings,
    least: usize,
    dt: f64,
) -> Result<Vec<usize>, AnalysisError> {
    let (steps, least) = (binned.bins.len(), least.max(1));
    if settings.shuffles > 0 && steps < 2 * least + 1 {
        return Err(AnalysisError::Setting {
            setting: "min-shift",
            value: (least as f64 * dt).to_string(),
            rule: format!(
                "must be less than half of the {} ms that unit {unit} has; choose a shorter one, more trials, or no \
                 shuffles",
                steps as f64 * dt
            ),
        });
    }
    let mut rng = ChaCha8Rng::seed_from_u64(settings.seed);
    rng.set_stream(unit as u64);
    Ok((0..settings.shuffles).map(|_| rng.random_range(least..=steps - least)).collect())
}

impl<'a> Binned<'a> {
    fn of(
        activity: &Activity,
        arena: &Arena,
        visits: &Visits,
        unit: usize,
        (kernel, from_lowest): (&'a Kernel, bool),
    ) -> Result<Self, AnalysisError> {
        let shape = (arena.rows, arena.columns);
        let all = activity.rates();
        let steps = visits.of.iter().map(|(trial, step, bin)| (*bin, all[[*trial, *step, unit]]));
        let (bins, rates): (Vec<usize>, Vec<f64>) = steps.filter(|(_, rate)| !rate.is_nan()).unzip();
        if bins.is_empty() {
            let message = format!(
                "unit {unit} has no rate at any step whose place is known; leave it out (--units), or look at `rates`"
            );
            return Err(AnalysisError::Trials(message));
        }
        let mut counts = vec![0.0; arena.len()];
        bins.iter().for_each(|bin| counts[*bin] += 1.0);
        let visits = Array2::from_shape_fn(shape, |(row, column)| counts[row * shape.1 + column]);
        Ok(Self { kernel, from_lowest, shape, bins, rates, smooth_visits: kernel.smooth(&visits), visits })
    }

    /// The map, with the rates moved to places of so many steps later.
    fn map(&self, shift: usize) -> Array2<f64> {
        let mut sums = vec![0.0; self.visits.len()];
        let (before, after) = self.bins.split_at(shift);
        for (bin, rate) in after.iter().chain(before).zip(&self.rates) {
            sums[*bin] += rate;
        }
        let sums = Array2::from_shape_fn(self.shape, |(row, column)| sums[row * self.shape.1 + column]);
        let mut map = rates(&sums, &self.visits, &self.smooth_visits, self.kernel);
        if self.from_lowest {
            let lowest = map.iter().copied().filter(|rate| !rate.is_nan()).fold(f64::INFINITY, f64::min);
            map -= lowest;
        }
        map
    }
}

impl Asked {
    fn fields(&self, map: &Array2<f64>) -> Result<Vec<Vec<(usize, usize)>>, Undefined> {
        fields(map, self.threshold, self.bins)
    }

    fn border(&self, map: &Array2<f64>) -> Result<f64, Undefined> {
        if !self.is_plane {
            return Err(Undefined::NotAPlane);
        }
        border_score(map, &self.fields(map)?)
    }

    fn grid(&self, map: &Array2<f64>) -> Result<GridScore, Undefined> {
        if self.is_plane { GridScore::of_map(map) } else { Err(Undefined::NotAPlane) }
    }
}

fn found(binned: &Binned<'_>, unit: usize, arena: &Arena, asked: &Asked, shifts: &[usize]) -> Found {
    let map = binned.map(0);
    let autocorrelogram = asked.is_plane.then(|| autocorrelogram(&map));
    let grid = autocorrelogram.as_ref().map_or(Err(Undefined::NotAPlane), GridScore::of);
    let (border, fields) = (asked.border(&map), asked.fields(&map));
    let told = information(&map, &binned.visits);
    let [mut null_information, mut null_grid, mut null_border] = [Vec::new(), Vec::new(), Vec::new()];
    for shift in shifts {
        let shuffled = binned.map(*shift);
        let number = |found: Result<f64, Undefined>| found.unwrap_or(f64::NAN);
        null_information.push(number(information(&shuffled, &binned.visits)));
        // What is not defined for the unit needs no null.
        if grid.is_ok() {
            null_grid.push(number(asked.grid(&shuffled).map(|grid| grid.score)));
        }
        if border.is_ok() {
            null_border.push(number(asked.border(&shuffled)));
        }
    }
    let mut undefined = BTreeMap::new();
    let sparse = defined("sparsity", sparsity(&map, &binned.visits), &mut undefined);
    let fields = defined("fields", fields, &mut undefined).unwrap_or_default();
    let told = defined("information", told, &mut undefined);
    let grid = defined("grid_score", grid, &mut undefined);
    let border = defined("border_score", border, &mut undefined);
    let of_shuffles = told.filter(|_| !shifts.is_empty()).map(|_| mean_of(&null_information));
    let (peak, peak_rate) = peak(&map);
    let mean_rate = mean(&map, &binned.visits);
    let unit = UnitMap {
        unit,
        steps: binned.bins.len(),
        mean_rate,
        peak_rate,
        peak_at: arena.middle(peak.0 as f64, peak.1 as f64),
        information: told,
        information_of_shuffles: of_shuffles,
        information_corrected: told.zip(of_shuffles).map(|(told, null)| told - null),
        information_p: told.and_then(|told| p_value(told, &null_information)),
        information_rate: told.map(|told| told * mean_rate),
        sparsity: sparse,
        fields: fields.iter().map(|field| Field::of(&map, field, arena)).collect(),
        grid_score: grid.map(|grid| grid.score),
        grid_spacing: grid.map(|grid| grid.spacing * arena.bin),
        grid_p: grid.and_then(|grid| p_value(grid.score, &null_grid)),
        border_score: border,
        border_p: border.and_then(|border| p_value(border, &null_border)),
        undefined,
    };
    Found { unit, map, autocorrelogram, null_information }
}

fn defined<T>(
    name: &'static str,
    found: Result<T, Undefined>,
    undefined: &mut BTreeMap<&'static str, String>,
) -> Option<T> {
    found.map_err(|reason| undefined.insert(name, reason.to_string())).ok()
}

fn peak(map: &Array2<f64>) -> ((usize, usize), f64) {
    let rates = map.indexed_iter().filter(|(_, rate)| !rate.is_nan());
    rates.fold(((0, 0), f64::NEG_INFINITY), |best, (at, rate)| if *rate > best.1 { (at, *rate) } else { best })
}

fn mean_of(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// `None` without shuffles.
pub(super) fn p_value(value: f64, null: &[f64]) -> Option<f64> {
    let reached = null.iter().filter(|other| **other >= value).count();
    (!null.is_empty()).then(|| (1 + reached) as f64 / (1 + null.len()) as f64)
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::super::arena::tests::activity;
    use super::*;

    /// A random walk over a square that turns at its walls.
    fn walk(steps: usize) -> Vec<[f64; 2]> {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let mut place = [0.5f64, 0.5];
        (0..steps)
            .map(|_| {
                for x in &mut place {
                    let step = rng.random_range(-0.08..0.08);
                    *x = if (0.0..=1.0).contains(&(*x + step)) { *x + step } else { *x - step };
                }
                place
            })
            .collect()
    }

    fn settings() -> Settings {
        Settings { bins: Bins::Count(12), shuffles: 40, min_shift: Some(1000.0), ..Settings::default() }
    }

    fn maps(rates: Array2<f64>, settings: &Settings) -> RateMaps {
        let places = walk(rates.nrows());
        RateMaps::of(&activity(&places, rates), settings, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    /// A place cell, a border cell, a cell of no place, a silent one, one of both signs.
    fn cells(steps: usize) -> Array2<f64> {
        let places = walk(steps);
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        Array2::from_shape_fn((steps, 5), |(step, unit)| {
            let [x, y] = places[step];
            match unit {
                0 => (-((x - 0.3).powi(2) + (y - 0.6).powi(2)) / 0.02).exp(),
                1 => f64::from(x < 0.1),
                2 => rng.random_range(0.0..1.0),
                3 => 0.0,
                _ => x - 0.5,
            }
        })
    }

    #[test]
    fn cells_of_a_place_pass_their_shuffles_and_others_do_not() {
        let found = maps(cells(6000), &settings());
        let [place, border, none, silent, signed] = &found.units[..] else { panic!("five units") };
        assert!(place.information_p == Some(1.0 / 41.0) && place.information_corrected.unwrap() > 0.8, "{place:?}");
        assert_eq!(place.fields.len(), 1);
        let off = (place.fields[0].centre[0] - 0.3).hypot(place.fields[0].centre[1] - 0.6);
        assert!(off < 0.05, "{:?}", place.fields[0]);
        assert!(border.border_score.unwrap() > 0.7 && border.border_p.unwrap() < 0.05, "{border:?}");
        assert!(none.information_p.unwrap() > 0.05 && none.information_corrected.unwrap().abs() < 0.01, "{none:?}");
        assert_eq!((silent.information, silent.undefined["information"].as_str()), (None, "the unit is silent"));
        assert_eq!((signed.information, signed.sparsity, signed.border_score), (None, None, None));
        assert!(signed.undefined["fields"].contains("negative"), "{:?}", signed.undefined);
        assert!(found.passed.information >= 2 && found.passed.border >= Some(1), "{:?}", found.passed);
        assert!((found.occupancy.sum() - 60.0).abs() < 1e-9);
    }

    #[test]
    fn active_units_are_told_of_together() {
        let settings = Settings { smooth: 0.0, ..settings() };
        let found = maps(cells(6000), &settings);
        // The silent unit is none of them; of the other four the place cell and the border cell are compact.
        let active = found.active;
        assert_eq!((active.units, active.compact), (4, Some(0.5)), "{active:?}");
        assert!(active.border.is_some_and(|part| part > 0.3), "{active:?}");
        let mut bits: Vec<f64> = found.units[..3].iter().filter_map(|unit| unit.information).collect();
        bits.sort_by(f64::total_cmp);
        assert_eq!(active.median_information, Some(bits[1]));
        // Only the border cell is always at 1 within a bin.
        assert_eq!(maps(cells(6000), &Settings { least: 0.99, ..settings.clone() }).active.units, 1);
        // Counted from its lowest rate, the unit of both signs has all numbers.
        let signed = &maps(cells(6000), &Settings { from_lowest: true, ..settings }).units[4];
        assert!(signed.information.is_some() && signed.border_score.is_some() && signed.peak_rate > 0.9, "{signed:?}");
    }

    #[test]
    fn shuffles_go_by_the_seed_and_by_no_number_of_threads() {
        let rates = cells(2000);
        let found = |seed, threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| maps(rates.clone(), &Settings { seed, ..settings() }).null_information)
        };
        let same = |a: &Array2<f64>, b: &Array2<f64>| a.iter().zip(b).all(|(a, b)| a.to_bits() == b.to_bits());
        let one = found(0, 1);
        assert!(same(&one, &found(0, 3)) && !same(&one, &found(1, 1)));
    }

    #[test]
    fn a_track_has_maps_and_fields_but_no_lattice() {
        let places: Vec<[f64; 2]> = walk(2000).iter().map(|[x, _]| [*x, 0.0]).collect();
        let rates = Array2::from_shape_fn((2000, 1), |(step, _)| f64::from((0.4..0.6).contains(&places[step][0])));
        let settings = Settings { bins: Bins::Count(20), smooth: 0.0, ..settings() };
        let found = RateMaps::of(&activity(&places, rates), &settings, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((found.arena.rows, found.maps.dim(), found.autocorrelograms), (1, (1, 1, 20), None));
        let unit = &found.units[0];
        assert_eq!((unit.fields.len(), unit.grid_score, unit.border_score), (1, None, None));
        assert_eq!((found.passed.information, found.passed.grid), (1, None));
        assert!(unit.undefined["grid_score"].contains("two axes") && unit.information_p.unwrap() < 0.05);
    }

    #[test]
    fn what_cannot_be_done_is_refused() {
        let rates = cells(50);
        let refusal = |settings: Settings| {
            let activity = activity(&walk(50), rates.clone());
            RateMaps::of(&activity, &settings, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string()
        };
        let message = refusal(settings());
        assert!(message.contains("min-shift = 1000") && message.contains("500 ms that unit 0"), "{message}");
        assert!(refusal(Settings { shuffles: 19, ..settings() }).contains("20 at least"));
        assert!(refusal(Settings { smooth: -1.0, ..settings() }).contains("smooth = -1"));
        assert!(refusal(Settings { field_threshold: 1.0, ..settings() }).contains("field-threshold = 1"));
        assert!(refusal(Settings { field_bins: Some(0), ..settings() }).contains("field-bins = 0"));
        let mut missing = rates.clone();
        missing.column_mut(2).fill(f64::NAN);
        let activity = activity(&walk(50), missing);
        let settings = Settings { shuffles: 0, ..settings() };
        let message = RateMaps::of(&activity, &settings, &mut |_| ControlFlow::Continue(())).unwrap_err().to_string();
        assert!(message.contains("unit 2 has no rate"), "{message}");
    }
}
