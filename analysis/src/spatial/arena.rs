//! The bins that a space is cut into.

use serde::Serialize;

use crate::{Activity, AnalysisError};

/// Most bins along a side of a plane, and along a track.
const MOST_BINS: [usize; 2] = [200, 10_000];

/// How large bins are; they are square.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bins {
    /// So many along the longest axis.
    Count(usize),
    /// Of this side, in units of the places.
    Side(f64),
}

/// A track or a rectangle, and its bins.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Arena {
    /// Both ends of each axis, x first.
    pub ends: Vec<(f64, f64)>,
    /// Side of a bin. An axis has as many of them as come closest to its length; the last one takes what is left.
    pub bin: f64,
    /// Bins along y; 1 of a track.
    pub rows: usize,
    /// Bins along x.
    pub columns: usize,
}

/// Where each step of all trials was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Visits {
    /// (trial, step, bin) in order, the bin as row times columns plus column.
    pub of: Vec<(usize, usize, usize)>,
    /// Steps whose place lies outside of the arena.
    pub outside: usize,
    /// Steps whose place is not known.
    pub unknown: usize,
}

impl Arena {
    /// The range of the places of all these, or a given one.
    ///
    /// # Errors
    /// If no place is known, places have not one axis or two, a range is empty, or there would be no or too many bins.
    pub fn of(activities: &[&Activity], bins: Bins, given: Option<&[(f64, f64)]>) -> Result<Self, AnalysisError> {
        let axes = axes(activities)?;
        let ends = match given {
            Some(given) => checked(given, axes)?,
            None => range(activities, axes)?,
        };
        let longest = ends.iter().map(|(low, high)| high - low).fold(0.0, f64::max);
        let bin = match bins {
            Bins::Count(0) => return Err(refused("bins", 0, "must be 1 at least")),
            Bins::Count(n) => longest / n as f64,
            Bins::Side(side) if side.is_finite() && side > 0.0 => side,
            Bins::Side(side) => return Err(refused("bin", side, "must be above 0")),
        };
        let count = |(low, high): (f64, f64)| ((high - low) / bin).round().max(1.0);
        let counts: Vec<f64> = ends.iter().map(|ends| count(*ends)).collect();
        let is_plane = counts.iter().all(|count| *count > 1.0) && axes == 2;
        let most = MOST_BINS[usize::from(!is_plane)];
        if counts.iter().any(|count| *count > most as f64) {
            let rule = format!("makes more than {most} bins along an axis; make them larger");
            return Err(refused("bin", bin, rule));
        }
        let rows = counts.get(1).map_or(1, |count| *count as usize);
        Ok(Self { ends, bin, rows, columns: counts[0] as usize })
    }

    /// Whether it has more than one bin along both axes.
    pub fn is_plane(&self) -> bool {
        self.rows > 1 && self.columns > 1
    }

    /// Number of bins.
    pub fn len(&self) -> usize {
        self.rows * self.columns
    }

    /// Whether there is none, which does not happen.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The middle of a bin, of which row and column need not be whole.
    pub fn middle(&self, row: f64, column: f64) -> Vec<f64> {
        let places = [column, row];
        self.ends.iter().zip(places).map(|((low, _), place)| low + (place + 0.5) * self.bin).collect()
    }

    /// The edges of the bins of an axis, x first.
    pub fn edges(&self, axis: usize) -> Vec<f64> {
        let n = if axis == 0 { self.columns } else { self.rows };
        (0..=n).map(|edge| self.ends[axis].0 + edge as f64 * self.bin).collect()
    }

    /// Where the steps of trials were: that of step k at its end.
    ///
    /// # Errors
    /// If no place is known.
    pub fn visits(&self, activity: &Activity) -> Result<Visits, AnalysisError> {
        let Some(places) = activity.places() else { return Err(no_places()) };
        let mut visits = Visits::default();
        for (trial, &n_steps) in activity.trials().n_steps.iter().enumerate() {
            for step in 0..n_steps {
                let place = places.slice(ndarray::s![trial, step + 1, ..]);
                if place.iter().any(|x| !x.is_finite()) {
                    visits.unknown += 1;
                    continue;
                }
                match self.bin_of(place.iter().copied()) {
                    Some(bin) => visits.of.push((trial, step, bin)),
                    None => visits.outside += 1,
                }
            }
        }
        if visits.of.is_empty() {
            let message = format!(
                "no step has a place within the arena: {} are outside and {} not known; look at `trajectory`",
                visits.outside, visits.unknown
            );
            return Err(AnalysisError::Trials(message));
        }
        Ok(visits)
    }

    fn bin_of(&self, place: impl Iterator<Item = f64>) -> Option<usize> {
        let counts = [self.columns, self.rows];
        let mut at = [0, 0];
        for (axis, x) in place.enumerate() {
            let (low, high) = self.ends[axis];
            if !(low..=high).contains(&x) {
                return None;
            }
            // What lies beyond the last edge belongs to the last bin.
            at[axis] = (((x - low) / self.bin) as usize).min(counts[axis] - 1);
        }
        Some(at[1] * self.columns + at[0])
    }
}

fn refused(setting: &'static str, value: impl ToString, rule: impl Into<String>) -> AnalysisError {
    AnalysisError::Setting { setting, value: value.to_string(), rule: rule.into() }
}

fn no_places() -> AnalysisError {
    AnalysisError::Trials(
        "where the animal was is not known; choose a task about places, or add `trajectory` (trials, steps + 1, axes) \
         to the recording"
            .into(),
    )
}

/// How many axes places have.
fn axes(activities: &[&Activity]) -> Result<usize, AnalysisError> {
    let mut axes = activities.iter().map(|activity| activity.places().map(|places| places.dim().2));
    let first = axes.next().flatten().ok_or_else(no_places)?;
    for other in axes {
        let other = other.ok_or_else(no_places)?;
        if other != first {
            let message = format!("has {first} axes in one and {other} in the other; give places of the same space");
            return Err(AnalysisError::Shape { array: "trajectory", message });
        }
    }
    if !(1..=2).contains(&first) {
        let message = format!("has {first} axes, but must have one (a track) or two (a plane); leave the others out");
        return Err(AnalysisError::Shape { array: "trajectory", message });
    }
    Ok(first)
}

fn checked(given: &[(f64, f64)], axes: usize) -> Result<Vec<(f64, f64)>, AnalysisError> {
    let words = || given.iter().map(|(low, high)| format!("{low},{high}")).collect::<Vec<_>>().join(",");
    if given.len() != axes {
        let rule = format!("must be LOW,HIGH for each of the {axes} axes of the places, x first");
        return Err(refused("arena", words(), rule));
    }
    if given.iter().any(|(low, high)| !(low.is_finite() && high.is_finite() && low < high)) {
        return Err(refused("arena", words(), "must have a lower and a higher end of each axis"));
    }
    Ok(given.to_vec())
}

/// The least and the largest place of steps along each axis.
fn range(activities: &[&Activity], axes: usize) -> Result<Vec<(f64, f64)>, AnalysisError> {
    let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); axes];
    for activity in activities {
        let Some(places) = activity.places() else { return Err(no_places()) };
        for (of_trial, &n_steps) in places.outer_iter().zip(&activity.trials().n_steps) {
            let steps = of_trial.slice(ndarray::s![1..=n_steps, ..]);
            for (place, end) in steps.outer_iter().flat_map(|place| place.to_vec().into_iter().zip(0..)) {
                if place.is_finite() {
                    let (low, high): (f64, f64) = ends[end];
                    ends[end] = (low.min(place), high.max(place));
                }
            }
        }
    }
    if ends.iter().all(|(low, high)| low >= high) {
        let message = "the animal was never at two places; give the places where it was at each step".into();
        return Err(AnalysisError::Trials(message));
    }
    if let Some(axis) = ends.iter().position(|(low, high)| low > high) {
        let message = format!("axis {axis} of the places has no finite number; look at `trajectory`");
        return Err(AnalysisError::Trials(message));
    }
    Ok(ends)
}

#[cfg(test)]
pub(super) mod tests {
    use ndarray::{Array2, Array3, array};
    use nn4n_tasks::Condition;

    use super::*;
    use crate::activity::Trials;

    /// One trial with these places after its start, and rates (steps, units).
    pub fn activity(places: &[[f64; 2]], rates: Array2<f64>) -> Activity {
        let (steps, units) = rates.dim();
        let rates = rates.into_shape_with_order((1, steps, units)).unwrap();
        let place = |(_, step, axis): (usize, usize, usize)| if step == 0 { -99.0 } else { places[step - 1][axis] };
        Activity::new(rates, 10.0, Trials::new(vec![steps], vec![Condition::new()]))
            .unwrap()
            .with_places(Array3::from_shape_fn((1, steps + 1, 2), place))
            .unwrap()
    }

    #[test]
    fn the_range_is_that_of_the_steps_and_its_far_end_is_within() {
        let activity = activity(&[[0.0, 0.0], [4.0, 2.0], [3.9, 1.0]], Array2::zeros((3, 1)));
        let arena = Arena::of(&[&activity], Bins::Count(4), None).unwrap();
        assert_eq!((arena.ends.clone(), arena.bin), (vec![(0.0, 4.0), (0.0, 2.0)], 1.0));
        assert_eq!((arena.rows, arena.columns), (2, 4));
        let bins: Vec<usize> = arena.visits(&activity).unwrap().of.iter().map(|visit| visit.2).collect();
        assert_eq!(bins, [0, 7, 7]);
        assert_eq!((arena.edges(0), arena.edges(1)), (vec![0.0, 1.0, 2.0, 3.0, 4.0], vec![0.0, 1.0, 2.0]));
        assert_eq!(arena.middle(1.0, 3.0), [3.5, 1.5]);
    }

    #[test]
    fn places_outside_and_unknown_ones_are_counted() {
        let activity = activity(&[[0.5, 0.5], [4.0, 2.0], [f64::NAN, 1.0]], Array2::zeros((3, 1)));
        let arena = Arena::of(&[&activity], Bins::Side(0.3), Some(&[(0.0, 1.0), (0.0, 1.0)])).unwrap();
        // The third bin takes the last 0.1, too.
        assert_eq!((arena.rows, arena.columns), (3, 3));
        assert_eq!(arena.bin_of([0.95, 0.2].into_iter()), Some(2));
        let visits = arena.visits(&activity).unwrap();
        assert_eq!((visits.of, visits.outside, visits.unknown), (vec![(0, 0, 4)], 1, 1));
        let nowhere = Arena::of(&[&activity], Bins::Count(2), Some(&[(7.0, 8.0), (0.0, 1.0)])).unwrap();
        assert!(nowhere.visits(&activity).unwrap_err().to_string().contains("2 are outside and 1 not known"));
    }

    #[test]
    fn what_is_no_space_is_refused() {
        let plane = activity(&[[0.0, 0.0], [1.0, 0.0]], Array2::zeros((2, 1)));
        let refusal = |bins, given: Option<&[(f64, f64)]>| Arena::of(&[&plane], bins, given).unwrap_err().to_string();
        assert!(refusal(Bins::Count(0), None).contains("bins = 0"));
        assert!(refusal(Bins::Side(-1.0), None).contains("bin = -1"));
        assert!(refusal(Bins::Side(1e-9), None).contains("more than 10000 bins"));
        assert!(refusal(Bins::Count(201), Some(&[(0.0, 1.0), (0.0, 1.0)])).contains("more than 200 bins"));
        assert!(refusal(Bins::Count(2), Some(&[(0.0, 1.0)])).contains("each of the 2 axes"));
        assert!(refusal(Bins::Count(2), Some(&[(0.0, 1.0), (1.0, 1.0)])).contains("arena = 0,1,1,1"));
        // Along one line it is a track.
        assert!(!Arena::of(&[&plane], Bins::Count(300), None).unwrap().is_plane());
        let still = activity(&[[1.0, 1.0], [1.0, 1.0]], Array2::zeros((2, 1)));
        assert!(Arena::of(&[&still], Bins::Count(2), None).unwrap_err().to_string().contains("never at two places"));
        let trials = Trials::new(vec![1], vec![Condition::new()]);
        let nowhere = Activity::new(array![[[1.0]]], 1.0, trials).unwrap();
        assert!(Arena::of(&[&nowhere], Bins::Count(2), None).unwrap_err().to_string().contains("not known"));
        let solid = nowhere.with_places(Array3::zeros((1, 2, 3))).unwrap();
        assert!(Arena::of(&[&solid], Bins::Count(2), None).unwrap_err().to_string().contains("has 3 axes"));
    }
}
