//! Points that were found, and the cheap way to them, which most starts of a trained network take.
//!
//! ```text
//! x <- x - J(x*)^{-1} g(x)          x* the nearest known point; as long as |g| falls by a fifth
//! ```
//!
//! The inverse of `J(x*)` is computed once for a point; a step then takes two products with a vector in place of a new
//! decomposition, and near `x*` it is Newton's. A point with a singular Jacobian, as on a line attractor, has no inverse:
//! nothing is led to it here. Near such a point, and as long as none is known, a step is one along the flow, `x <- x + g`.

use ndarray::Array2;

use crate::{
    dynamics::Dynamics,
    linear::{Factors, distance, length, times, times_columns},
};

/// What `|g|` must fall to in each step, as a part of what it was. A new decomposition costs as much as many such
/// steps, so that even a small gain is taken.
const FALLS_TO: f64 = 0.8;
/// Steps that are enough from far away: close to a point `|g|` falls much faster than it must.
const STEPS: usize = 40;
/// Of a matrix that is singular to rounding the inverse makes a unit vector longer than this.
const SINGULAR: f64 = 1e8;

/// Points with the inverses of their Jacobians.
pub(super) struct Known {
    /// Points nearer than this are one.
    distance: f64,
    points: Vec<(Vec<f64>, Option<Array2<f64>>)>,
}

/// A state on its way.
pub(super) struct Traveller {
    pub state: Vec<f64>,
    /// `g` there.
    pub flow: Vec<f64>,
    /// The known point that it has reached.
    pub reached: Option<usize>,
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

    /// Leads states toward known points as long as that is cheap, and says which of them each reached. States that are
    /// nearest to the same point take a step together, which is cheaper than one by one.
    pub fn lead(&self, system: &dyn Dynamics, travellers: &mut [Traveller]) {
        let mut on_the_way: Vec<usize> = (0..travellers.len()).collect();
        for step in 0..STEPS {
            let mut ways = Vec::new();
            for place in on_the_way.drain(..) {
                let traveller = &mut travellers[place];
                let nearest = self.nearest(&traveller.state);
                match nearest.filter(|(nearest, _)| self.points[*nearest].1.is_some()) {
                    Some((nearest, away)) if away <= self.distance && step > 0 => traveller.reached = Some(nearest),
                    nearest => ways.push((nearest.map(|(nearest, _)| nearest), place)),
                }
            }
            ways.sort_unstable();
            let next: Vec<Vec<f64>> =
                ways.chunk_by(|a, b| a.0 == b.0).flat_map(|together| self.steps(together, travellers)).collect();
            if next.is_empty() {
                return;
            }
            for (((_, place), state), flow) in ways.iter().zip(&next).zip(system.flows(&next)) {
                if length(&flow) <= FALLS_TO * length(&travellers[*place].flow) {
                    travellers[*place] = Traveller { state: state.clone(), flow, reached: None };
                    on_the_way.push(*place);
                }
            }
        }
    }

    /// The next states of travellers whose nearest point is the same.
    fn steps(&self, together: &[(Option<usize>, usize)], travellers: &[Traveller]) -> Vec<Vec<f64>> {
        let flows: Vec<f64> = together.iter().flat_map(|(_, place)| travellers[*place].flow.iter().copied()).collect();
        let inverse = together.first().and_then(|(nearest, _)| self.points[(*nearest)?].1.as_ref());
        let changes = match inverse {
            Some(inverse) => times_columns(&inverse.view(), &flows, together.len()),
            None => flows.iter().map(|g| -g).collect(),
        };
        let dim = changes.len() / together.len();
        let moved = |((_, place), change): (&(Option<usize>, usize), &[f64])| {
            travellers[*place].state.iter().zip(change).map(|(x, change)| x - change).collect()
        };
        together.iter().zip(changes.chunks_exact(dim)).map(moved).collect()
    }

    fn nearest(&self, state: &[f64]) -> Option<(usize, f64)> {
        let away = self.points.iter().map(|(point, _)| distance(point, state)).enumerate();
        away.min_by(|a, b| a.1.total_cmp(&b.1))
    }
}
