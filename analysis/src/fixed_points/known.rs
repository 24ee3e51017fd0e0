//! Points that were found, and the cheap way to them, which most starts of a trained network take.
//!
//! ```text
//! x <- x - J(x*)^{-1} g(x)          x* the nearest known point; as long as |g| falls to less than a half
//! ```
//!
//! The inverse of `J(x*)` is computed once for a point; a step then takes two products with a vector in place of a new
//! decomposition, and near `x*` it is Newton's. A point with a singular Jacobian, as on a line attractor, has no inverse:
//! nothing is led to it here.

use ndarray::Array2;

use super::descend::{distance, length};
use crate::{
    dynamics::Dynamics,
    linear::{Factors, times},
};

/// What `|g|` must fall to in each step, as a part of what it was.
const FALLS_TO: f64 = 0.5;
/// Steps that are enough from far away, at that rate.
const STEPS: usize = 40;
/// Of a matrix that is singular to rounding the inverse makes a unit vector longer than this.
const SINGULAR: f64 = 1e8;

/// Points with the inverses of their Jacobians.
pub(super) struct Known {
    /// Points nearer than this are one.
    distance: f64,
    points: Vec<(Vec<f64>, Option<Array2<f64>>)>,
}

impl Known {
    /// None yet; points that are nearer than `distance` are one.
    pub fn new(distance: f64) -> Self {
        Self { distance, points: Vec::new() }
    }

    /// Adds a point; nothing is led to one that is only slow.
    pub fn add(&mut self, system: &dyn Dynamics, point: Vec<f64>, is_fixed: bool) {
        let inverse = is_fixed.then(|| Factors::of(&system.flow_jacobian(&point)).inverse());
        let probe: Vec<f64> = (0..point.len()).map(|unit| if unit % 2 == 0 { 1.0 } else { -0.7 }).collect();
        let gain = |inverse: &Array2<f64>| length(&times(&inverse.view(), &probe).to_vec()) / length(&probe);
        let is_regular = |inverse: &Array2<f64>| gain(inverse) < SINGULAR && system.kinks(&point, 1e-9).is_empty();
        let inverse = inverse.filter(is_regular);
        self.points.push((point, inverse));
    }

    /// Leads a state with its flow toward known points as long as that is cheap, and says which it reached.
    pub fn lead(&self, system: &dyn Dynamics, state: &mut Vec<f64>, flow: &mut Vec<f64>) -> Option<usize> {
        for step in 0..STEPS {
            let (nearest, away) = self.nearest(state)?;
            let inverse = self.points[nearest].1.as_ref()?;
            if away <= self.distance && step > 0 {
                return Some(nearest);
            }
            let change = times(&inverse.view(), flow);
            let next: Vec<f64> = state.iter().zip(&change).map(|(x, change)| x - change).collect();
            let there = system.flow(&next);
            if length(&there).is_nan() || length(&there) > FALLS_TO * length(flow) {
                return None;
            }
            (*state, *flow) = (next, there);
        }
        None
    }

    fn nearest(&self, state: &[f64]) -> Option<(usize, f64)> {
        let away = self.points.iter().map(|(point, _)| distance(point, state)).enumerate();
        away.min_by(|a, b| a.1.total_cmp(&b.1))
    }
}
