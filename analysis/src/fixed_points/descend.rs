//! From one start to a zero of the flow, or to where it is slowest: Levenberg-Marquardt.
//!
//! ```text
//! (J^T J + m 1) d = -J^T g,   x <- x + d if |g| falls,   m <- m / 10 after a success, 10 m after a failure
//! d = -J^T (J J^T + m 1)^{-1} g,   which is the same step
//! ```
//!
//! An accepted step is followed by some with the same factors, which cost little, while `|g|` falls to less than a
//! quarter.
//!
//! `J = dg/dx` is never inverted: along a line attractor it is singular, and the step is then the shortest one. Where
//! no step helps because the slope jumps (a kink of a rectifier), the state follows the dynamics for a while, and the
//! descent begins again.
//!
//! Levenberg 1944, doi:10.1090/qam/10666; Marquardt 1963, doi:10.1137/0111030.

use faer::{
    Accum, Mat, MatMut, Par, Side,
    linalg::{
        matmul::triangular::{self, BlockStructure},
        solvers::{Llt, Solve},
    },
};
use ndarray::Array2;

use super::{
    Settings,
    known::{Known, Traveller},
};
use crate::{
    dynamics::Dynamics,
    linear::{self, distance, largest, length, times},
};

/// The first damping, as a part of the largest diagonal element of `J J^T`.
const FIRST_DAMPING: f64 = 1e-3;
/// The least, which keeps a singular matrix positive.
const LEAST_DAMPING: f64 = 1e-15;
/// Failures after which no step of this descent helps.
const MAX_FAILURES: usize = 24;
/// `|J^T g|` at a minimum of `|g|`, as a part of `(1 + |J|) |g|`: in one dimension `J` itself vanishes there.
const AT_MINIMUM: f64 = 1e-7;
/// The same where no step helps any more.
const NEAR_MINIMUM: f64 = 1e-4;
/// Times that a state may relax away from a kink, and how many steps of the dynamics each.
const RELAXATIONS: (usize, usize) = (4, 250);
/// A descent creeps if after so many steps more than this part of `|g|` is left.
const CREEPING: (usize, f64) = (8, 0.5);
/// Steps with factors that are there, and what `|g|` must fall to in each, as a part of what it was.
const REPEATS: usize = 10;
const FALLS_TO: f64 = 0.25;
/// Steps of a point that is found, with their repeats, and `max |g|` at the floor of rounding, as a part of
/// `1 + max |x|`.
const POLISH: usize = 2;
const FLOOR: f64 = 4.0 * f64::EPSILON;

/// Where a start ends.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum End {
    /// `g = 0` to the tolerance.
    Fixed(Vec<f64>),
    /// The same to the floor of rounding.
    Polished(Vec<f64>),
    /// `|g|` has a minimum there that is not zero, or `q` is as small as asked for.
    Slow(Vec<f64>),
    /// At a point that was known.
    Known(usize),
    /// Nowhere: the descent was stuck, diverged or took too long.
    Failed,
}

/// Follows one start, which has been led toward known points as far as they lead.
pub(super) fn descend(system: &dyn Dynamics, start: Traveller, settings: &Settings, known: &Known) -> End {
    if let Some(place) = start.reached {
        return End::Known(place);
    }
    let Some(mut descent) = Descent::new(system, start.state, start.flow, settings.tolerance) else {
        return End::Failed;
    };
    let (mut relaxations, steps) = RELAXATIONS;
    let mut pace = Pace::from(0, descent.norm);
    for iteration in 0..settings.max_iterations {
        if descent.is_fixed() {
            return End::Fixed(descent.state);
        }
        if settings.slow.is_some_and(|q| descent.q() <= q) {
            return End::Slow(descent.state);
        }
        let step = match descent.step() {
            // Between the kinks of many rectifiers a descent may creep; the flow itself leads on.
            Step::Taken if pace.creeps(iteration, descent.norm) => Step::Stuck,
            step => step,
        };
        match step {
            Step::Taken if settings.slow.is_some() => {}
            Step::Taken => {
                if let Some(place) = descent.led(known) {
                    return End::Known(place);
                }
            }
            Step::AtMinimum => return End::Slow(descent.state),
            Step::Stuck if relaxations > 0 => {
                relaxations -= 1;
                descent.relax(steps);
                pace = Pace::from(iteration, descent.norm);
            }
            Step::Stuck => return End::Failed,
        }
        if !descent.norm.is_finite() {
            return End::Failed;
        }
    }
    End::Failed
}

/// How fast `|g|` falls.
struct Pace {
    since: usize,
    norm: f64,
}

impl Pace {
    fn from(since: usize, norm: f64) -> Self {
        Self { since, norm }
    }

    /// Whether it has hardly fallen in the last steps.
    fn creeps(&mut self, iteration: usize, norm: f64) -> bool {
        let (steps, part) = CREEPING;
        if iteration < self.since + steps {
            return false;
        }
        let creeps = norm > part * self.norm;
        *self = Self::from(iteration, norm);
        creeps
    }
}

/// A fixed point at the floor of rounding.
pub(super) fn polished(system: &dyn Dynamics, state: Vec<f64>) -> Vec<f64> {
    let flow = system.flow(&state);
    let Some(mut descent) = Descent::new(system, state.clone(), flow, FLOOR) else { return state };
    for _ in 0..POLISH {
        if descent.is_fixed() {
            break;
        }
        let jacobian = system.flow_jacobian(&descent.state);
        let squared = gram(&jacobian);
        if !descent.moves(&squared, &jacobian, LEAST_DAMPING * largest_diagonal(&squared)) {
            break;
        }
    }
    descent.state
}

enum Step {
    Taken,
    AtMinimum,
    Stuck,
}

struct Descent<'a> {
    system: &'a dyn Dynamics,
    state: Vec<f64>,
    flow: Vec<f64>,
    /// `|g|`
    norm: f64,
    damping: Option<f64>,
    tolerance: f64,
}

impl<'a> Descent<'a> {
    /// `None` where the flow is not finite.
    fn new(system: &'a dyn Dynamics, state: Vec<f64>, flow: Vec<f64>, tolerance: f64) -> Option<Self> {
        let norm = length(&flow);
        norm.is_finite().then_some(Self { system, state, flow, norm, damping: None, tolerance })
    }

    /// The known point that is reached from here by cheap steps; if none is, those that helped are taken.
    fn led(&mut self, known: &Known) -> Option<usize> {
        let (state, flow) = (std::mem::take(&mut self.state), std::mem::take(&mut self.flow));
        let mut one = [Traveller { state, flow, reached: None }];
        known.lead(self.system, &mut one);
        let [Traveller { state, flow, reached }] = one;
        (self.norm, self.state, self.flow) = (length(&flow), state, flow);
        reached
    }

    fn is_fixed(&self) -> bool {
        largest(&self.flow) <= self.tolerance * (1.0 + largest(&self.state))
    }

    /// `|F(x) - x|^2 / 2`
    fn q(&self) -> f64 {
        0.5 * distance(&self.system.step(&self.state), &self.state).powi(2)
    }

    /// One accepted step, if there is one.
    fn step(&mut self) -> Step {
        let jacobian = self.system.flow_jacobian(&self.state);
        let gradient = times(&jacobian.t(), &self.flow);
        let squared = gram(&jacobian);
        // The trace of J J^T is the square of |J|.
        let size = (0..self.state.len()).map(|unit| squared[(unit, unit)]).sum::<f64>().sqrt();
        let slope = gradient.dot(&gradient).sqrt() / ((1.0 + size) * self.norm);
        if slope <= AT_MINIMUM {
            return Step::AtMinimum;
        }
        let diagonal = largest_diagonal(&squared);
        let mut damping = self.damping.unwrap_or(FIRST_DAMPING * diagonal);
        for _ in 0..MAX_FAILURES {
            damping = damping.max(LEAST_DAMPING * diagonal);
            if self.moves(&squared, &jacobian, damping) {
                self.damping = Some(0.1 * damping);
                return Step::Taken;
            }
            damping *= 10.0;
        }
        if slope <= NEAR_MINIMUM { Step::AtMinimum } else { Step::Stuck }
    }

    /// Moves by the step of this damping, if `|g|` falls, and on with the same factors as long as that is cheap.
    fn moves(&mut self, squared: &Mat<f64>, jacobian: &Array2<f64>, damping: f64) -> bool {
        let mut damped = squared.clone();
        for unit in 0..self.state.len() {
            damped[(unit, unit)] += damping;
        }
        let Ok(factors) = damped.llt(Side::Lower) else { return false };
        if !self.moves_by(&factors, jacobian, 1.0) {
            return false;
        }
        let mut repeats = 0;
        while repeats < REPEATS && self.moves_by(&factors, jacobian, FALLS_TO) {
            repeats += 1;
        }
        true
    }

    /// Moves by one step, if `|g|` falls to less than a part of what it was.
    fn moves_by(&mut self, factors: &Llt<f64>, jacobian: &Array2<f64>, part: f64) -> bool {
        let mut solution = self.flow.clone();
        let dim = solution.len();
        factors.solve_in_place(MatMut::from_column_major_slice_mut(&mut solution, dim, 1));
        let step = times(&jacobian.t(), &solution);
        let state: Vec<f64> = self.state.iter().zip(&step).map(|(x, step)| x - step).collect();
        let flow = self.system.flow(&state);
        let norm = length(&flow);
        let falls = norm < part * self.norm;
        if falls {
            (self.state, self.flow, self.norm) = (state, flow, norm);
        }
        falls
    }

    /// Follows the dynamics for some steps, whatever becomes of `|g|`.
    fn relax(&mut self, steps: usize) {
        for _ in 0..steps {
            self.state = self.system.step(&self.state);
        }
        self.flow = self.system.flow(&self.state);
        self.norm = length(&self.flow);
        self.damping = None;
    }
}

fn largest_diagonal(matrix: &Mat<f64>) -> f64 {
    (0..matrix.nrows()).map(|unit| matrix[(unit, unit)]).fold(0.0, f64::max)
}

/// `J J^T`, of which the lower half is filled.
fn gram(jacobian: &Array2<f64>) -> Mat<f64> {
    let view = jacobian.view();
    let jacobian = linear::view(&view);
    let mut squared = Mat::zeros(jacobian.nrows(), jacobian.nrows());
    triangular::matmul(
        &mut squared,
        BlockStructure::TriangularLower,
        Accum::Replace,
        jacobian,
        BlockStructure::Rectangular,
        jacobian.transpose(),
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
    squared
}
