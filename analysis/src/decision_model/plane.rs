//! The phase plane: nullclines, and the points where they meet.
//!
//! ```text
//! dS_1/dt = 0:  x_1 = H^-1(S_1 / (gamma tau_s (1 - S_1))),  S_2 = (j_same S_1 + input_1 - x_1) / j_other
//! fixed point:  S_1 = n_2(n_1(S_1)),  n_i: from one S to the other along the nullcline of population i
//! ```
//!
//! Flow enters the unit square everywhere, so that the signs of `det(-J)` over all fixed points add up to 1: a sum that
//! is another one tells that a point was missed.

use serde::Serialize;

use super::{DecisionModel, bisect};
use crate::{
    AnalysisError,
    linear::{Complex, eigenvalues},
};

/// Places between 0 and 1 at which it is looked whether nullclines cross.
const PLACES: usize = 20_000;

/// The phase plane under a current from outside.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhasePlane {
    /// The coherence; `null` without a stimulus.
    pub coherence: Option<f64>,
    /// nA
    pub input: [f64; 2],
    /// Fixed points, by `S_1`.
    pub points: Vec<Point>,
    /// How many of them are stable.
    pub stable: usize,
    /// The sum of the signs of `det(-J)`: 1 if none is missed.
    pub index_sum: i64,
}

/// A fixed point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// `S_1` and `S_2`.
    pub s: [f64; 2],
    /// Hz
    pub rates: [f64; 2],
    /// Whether small perturbations decay.
    pub is_stable: bool,
    /// Directions in which they grow.
    pub unstable_dimensions: usize,
    /// Of the flow, 1/s.
    pub eigenvalues: Vec<Complex>,
}

/// Where one of the two does not change.
#[derive(Clone, Debug, PartialEq)]
pub struct Nullclines {
    /// `(S_1, S_2)` where `S_1` does not change.
    pub first: Vec<(f64, f64)>,
    /// The same of `S_2`.
    pub second: Vec<(f64, f64)>,
}

impl DecisionModel {
    /// The other population's `S` where this one's does not change, under this one's current from outside. It may lie
    /// outside of [0, 1], where there is no such state.
    fn nullcline(&self, s: f64, input: f64) -> f64 {
        let rate = 1000.0 * s / (self.gamma * self.tau_s * (1.0 - s));
        (self.j_same * s + input - self.current_of(rate)) / self.j_other
    }

    /// The nullclines within the unit square, at `n` places each.
    ///
    /// # Errors
    /// If the coherence is not from -1 to 1.
    pub fn nullclines(&self, coherence: Option<f64>, n: usize) -> Result<Nullclines, AnalysisError> {
        let input = self.input(coherence)?;
        let along = |own: usize| {
            let at = move |place: usize| {
                let s = place as f64 / (n + 1) as f64;
                let other = self.nullcline(s, input[own]);
                (0.0..=1.0).contains(&other).then_some(if own == 0 { (s, other) } else { (other, s) })
            };
            (1..=n).filter_map(at).collect()
        };
        Ok(Nullclines { first: along(0), second: along(1) })
    }

    /// The fixed points at a coherence, or without a stimulus.
    ///
    /// # Errors
    /// If the coherence is not from -1 to 1, eigenvalues are not found, or a fixed point is missed.
    pub fn phase_plane(&self, coherence: Option<f64>) -> Result<PhasePlane, AnalysisError> {
        let input = self.input(coherence)?;
        let states = self.fixed_states(input);
        let points = states.into_iter().map(|s| self.point(s, input)).collect::<Result<Vec<_>, _>>()?;
        let stable = points.iter().filter(|point| point.is_stable).count();
        let sign = |point: &Point| if point.unstable_dimensions.is_multiple_of(2) { 1 } else { -1 };
        let index_sum = points.iter().map(sign).sum();
        if index_sum != 1 {
            let value = coherence.map_or_else(|| "none".into(), |coherence| coherence.to_string());
            let rule = "a fixed point lies too near to another one; take another coherence".into();
            return Err(AnalysisError::Setting { setting: "coherence", value, rule });
        }
        Ok(PhasePlane { coherence, input, points, stable, index_sum })
    }

    fn fixed_states(&self, input: [f64; 2]) -> Vec<[f64; 2]> {
        // How far from S_1 both nullclines lead; nothing where the first leaves the square.
        let miss = |s: f64| {
            let other = self.nullcline(s, input[0]);
            (other > 0.0 && other < 1.0).then(|| self.nullcline(other, input[1]) - s)
        };
        let place = |i: usize| (i as f64 + 0.5) / PLACES as f64;
        let misses: Vec<Option<f64>> = (0..PLACES).map(|i| miss(place(i))).collect();
        let crosses = |i: &usize| matches!((misses[*i], misses[i + 1]), (Some(a), Some(b)) if (a < 0.0) != (b < 0.0));
        let root = |i: usize| {
            let (low, high) = (place(i), place(i + 1));
            let is_below = miss(low).is_some_and(|miss| miss < 0.0);
            let (low, _) = bisect(low, high, |s| miss(s).is_some_and(|miss| (miss < 0.0) == is_below));
            [low, self.nullcline(low, input[0])]
        };
        (0..PLACES - 1).filter(crosses).map(root).collect()
    }

    fn point(&self, s: [f64; 2], input: [f64; 2]) -> Result<Point, AnalysisError> {
        let per_second = 1000.0 * self.change_jacobian(s, input);
        let eigenvalues = eigenvalues("the Jacobian", &per_second)?;
        let unstable_dimensions = eigenvalues.iter().filter(|value| value.0 > 0.0).count();
        let is_stable = eigenvalues.iter().all(|value| value.0 < 0.0);
        Ok(Point { s, rates: self.rates(s, input), is_stable, unstable_dimensions, eigenvalues })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A point, and whether it is stable.
    type Known = ([f64; 2], bool);

    /// Found by Newton's method in NumPy from 144 starts, with the Jacobian by central differences.
    #[test]
    fn fixed_points_are_those_that_newton_finds() {
        let known: [(Option<f64>, &[Known]); 4] = [
            (
                None,
                &[
                    ([0.03189141982, 0.56698718056], true),
                    ([0.05578533052, 0.31384492426], false),
                    ([0.10265124956, 0.10265124956], true),
                    ([0.31384492426, 0.05578533052], false),
                    ([0.56698718056, 0.03189141982], true),
                ],
            ),
            (
                Some(0.0),
                &[
                    ([0.05180719915, 0.65869423352], true),
                    ([0.42445559164, 0.42445559164], false),
                    ([0.65869423352, 0.05180719915], true),
                ],
            ),
            (
                Some(0.512),
                &[
                    ([0.09224045980, 0.60745103437], true),
                    ([0.25759310380, 0.49894362724], false),
                    ([0.68839210209, 0.03406185409], true),
                ],
            ),
            (Some(1.0), &[([0.70928052028, 0.02396366461], true)]),
        ];
        for (coherence, points) in known {
            let found = DecisionModel::default().phase_plane(coherence).unwrap();
            assert_eq!((found.points.len(), found.index_sum), (points.len(), 1), "{coherence:?}");
            for (point, (s, is_stable)) in found.points.iter().zip(points) {
                let apart = |i: usize| (point.s[i] - s[i]).abs();
                assert!(apart(0).max(apart(1)) < 1e-9, "{coherence:?}: {:?}", point.s);
                assert_eq!(point.is_stable, *is_stable);
            }
        }
        let saddle = &DecisionModel::default().phase_plane(Some(0.0)).unwrap().points[1];
        let mut rates: Vec<f64> = saddle.eigenvalues.iter().map(|value| value.0).collect();
        rates.sort_by(f64::total_cmp);
        assert!((rates[0] + 2.604437).abs() < 1e-4 && (rates[1] - 4.347169).abs() < 1e-4, "{rates:?}");
    }

    #[test]
    fn nullclines_are_where_one_of_the_two_does_not_change() {
        let model = DecisionModel::default();
        let input = model.input(Some(0.064)).unwrap();
        let found = model.nullclines(Some(0.064), 200).unwrap();
        assert!(found.first.len() > 20 && found.second.len() > 20);
        for (population, line) in [&found.first, &found.second].into_iter().enumerate() {
            for (s_1, s_2) in line {
                let s = [*s_1, *s_2];
                assert!(model.change(s, model.rates(s, input))[population].abs() < 1e-12);
            }
        }
    }
}
