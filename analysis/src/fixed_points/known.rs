//! Points that were found, and whether a start leads to one of them: the cheap way, which most starts of a trained
//! network take.
//!
//! ```text
//! y <- y - J(x*)^{-1} g(y)          accepted if every step brings y nearer to x* by a factor of 5, and to it at last
//! ```
//!
//! The factors of `J(x*)` are computed once for a point; a step then takes two products with a vector in place of a new
//! decomposition. A point with a singular Jacobian, as on a line attractor, attracts nothing here.

use super::descend::{distance, length};
use crate::{dynamics::Dynamics, linear::Factors};

/// How much nearer each step must come.
const NEARER: f64 = 0.2;
/// Steps that are enough from within a distance of 1, at that rate, to 1e-9.
const STEPS: usize = 14;
/// How near it must come at last, as a part of `1 + |x*|`.
const THERE: f64 = 1e-9;

/// Points with the factors of their Jacobians.
#[derive(Default)]
pub(super) struct Known {
    points: Vec<(Vec<f64>, Option<Factors>)>,
}

impl Known {
    /// Adds a point; one that is only slow attracts nothing.
    pub fn add(&mut self, system: &dyn Dynamics, point: Vec<f64>, is_fixed: bool) {
        if !is_fixed {
            self.points.push((point, None));
            return;
        }
        let factors = Factors::of(&system.flow_jacobian(&point));
        // Of a matrix that is singular to rounding the inverse makes a unit vector huge.
        let probe: Vec<f64> = (0..point.len()).map(|unit| if unit % 2 == 0 { 1.0 } else { -0.7 }).collect();
        let gain = length(&factors.solve(&probe)) / length(&probe);
        let is_regular = gain < 1e8 && system.kinks(&point, 1e-9).is_empty();
        self.points.push((point, is_regular.then_some(factors)));
    }

    /// The known point that a state is led to by the linearisation there.
    pub fn reached_from(&self, system: &dyn Dynamics, state: &[f64]) -> Option<usize> {
        let away = |place: &usize| distance(&self.points[*place].0, state);
        let nearest = (0..self.points.len()).min_by(|a, b| away(a).total_cmp(&away(b)))?;
        let (point, factors) = &self.points[nearest];
        let factors = factors.as_ref()?;
        let there = THERE * (1.0 + length(point));
        let (mut state, mut before) = (state.to_vec(), distance(point, state));
        for _ in 0..STEPS {
            if before <= there {
                return Some(nearest);
            }
            let step = factors.solve(&system.flow(&state));
            state.iter_mut().zip(step).for_each(|(x, step)| *x -= step);
            let now = distance(point, &state);
            if now.is_nan() || now > NEARER * before {
                return None;
            }
            before = now;
        }
        None
    }
}
