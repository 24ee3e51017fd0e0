//! Random units to compare a set of units with: what a lesion of any so many units does is no finding about these.
//!
//! ```text
//! by group    each unit is replaced by one drawn from those of its group (area, cell type) that are not in the set
//! by rate     each unit, in random order, is replaced by one drawn from the five that are nearest in mean rate, of those
//!             that are not in the set and not drawn yet
//! ```
//!
//! Draws are without replacement, so that the replacements of a set are as many units. The sets of one call may overlap
//! each other.

use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::AnalysisError;

/// Units of nearest rate of which one is drawn.
const NEAREST: usize = 5;

/// `sets` random sets of the same number of units from the same groups, the replacement of each of `units` in its place.
/// `groups` says of every unit which group it is of. `None` where a group has too few other units.
///
/// # Errors
/// If there is no such unit.
pub fn matched_by_group(
    groups: &[usize],
    units: &[usize],
    sets: usize,
    seed: u64,
) -> Result<Option<Vec<Vec<usize>>>, AnalysisError> {
    let others = others(groups.len(), units)?;
    let pool = |group: usize| others.iter().copied().filter(move |unit| groups[*unit] == group);
    let wanted = |group: usize| units.iter().filter(|unit| groups[**unit] == group).count();
    if units.iter().any(|unit| pool(groups[*unit]).count() < wanted(groups[*unit])) {
        return Ok(None);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |_| {
        let mut shuffled = others.clone();
        shuffled.shuffle(&mut rng);
        let mut set = Vec::with_capacity(units.len());
        for unit in units {
            // There are enough, as was counted.
            if let Some(place) = shuffled.iter().position(|other| groups[*other] == groups[*unit]) {
                set.push(shuffled.remove(place));
            }
        }
        set
    };
    Ok(Some((0..sets).map(draw).collect()))
}

/// The same of units with nearly the same mean `rates` (units); `None` where there are fewer others than units.
///
/// # Errors
/// If there is no such unit, or a rate is not finite.
pub fn matched_by_rate(
    rates: &[f64],
    units: &[usize],
    sets: usize,
    seed: u64,
) -> Result<Option<Vec<Vec<usize>>>, AnalysisError> {
    if let Some(value) = rates.iter().find(|rate| !rate.is_finite()) {
        return Err(AnalysisError::NotFinite { array: "rates", value: *value });
    }
    let others = others(rates.len(), units)?;
    if others.len() < units.len() {
        return Ok(None);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |_| {
        let (mut left, mut order) = (others.clone(), (0..units.len()).collect::<Vec<_>>());
        order.shuffle(&mut rng);
        let mut set = units.to_vec();
        for place in order {
            let distance = |unit: &usize| (rates[*unit] - rates[units[place]]).abs();
            left.sort_by(|a, b| distance(a).total_cmp(&distance(b)).then(a.cmp(b)));
            set[place] = left.remove(rng.random_range(0..NEAREST.min(left.len())));
        }
        set
    };
    Ok(Some((0..sets).map(draw).collect()))
}

/// All units of so many that are not of the set.
fn others(count: usize, units: &[usize]) -> Result<Vec<usize>, AnalysisError> {
    if let Some(unit) = units.iter().find(|unit| **unit >= count) {
        let rule = format!("is no unit; they are 0 to {}", count.saturating_sub(1));
        return Err(AnalysisError::Setting { setting: "unit", value: unit.to_string(), rule });
    }
    Ok((0..count).filter(|unit| !units.contains(unit)).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn replacements_are_of_the_same_group_outside_of_the_set_and_each_once() {
        let groups: Vec<usize> = (0..30).map(|unit| usize::from(unit >= 20)).collect();
        let units = [0, 5, 7, 21, 25];
        let sets = matched_by_group(&groups, &units, 40, 1).unwrap().unwrap();
        assert_eq!(sets.len(), 40);
        for set in &sets {
            assert_eq!(set.iter().collect::<BTreeSet<_>>().len(), units.len());
            assert!(set.iter().zip(&units).all(|(other, unit)| groups[*other] == groups[*unit]));
            assert!(set.iter().all(|other| !units.contains(other)));
        }
        // Every other unit has its turn.
        assert_eq!(sets.iter().flatten().collect::<BTreeSet<_>>().len(), 25);
        assert_eq!(matched_by_group(&groups, &units, 40, 1).unwrap().unwrap(), sets);
        assert_ne!(matched_by_group(&groups, &units, 40, 2).unwrap().unwrap(), sets);
        assert_eq!(matched_by_group(&groups, &(20..26).collect::<Vec<_>>(), 1, 1).unwrap(), None);
        assert!(matched_by_group(&groups, &[30], 1, 1).unwrap_err().to_string().contains("they are 0 to 29"));
    }

    #[test]
    fn replacements_have_nearly_the_same_rate() {
        let rates: Vec<f64> = (0..100).map(|unit| f64::from((unit * 37) % 100)).collect();
        let units = [3, 50, 51];
        for set in matched_by_rate(&rates, &units, 30, 1).unwrap().unwrap() {
            assert_eq!(set.iter().collect::<BTreeSet<_>>().len(), 3);
            // Five nearest of three may be taken or excluded on the way: no more than seven to one side.
            assert!(set.iter().zip(&units).all(|(a, b)| (rates[*a] - rates[*b]).abs() <= 7.0 && !units.contains(a)));
        }
        assert_eq!(matched_by_rate(&rates, &(0..51).collect::<Vec<_>>(), 1, 1).unwrap(), None);
        assert!(matched_by_rate(&[0.0, f64::NAN], &[0], 1, 1).is_err());
    }
}
