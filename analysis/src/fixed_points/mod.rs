//! Fixed and slow points: where the dynamics stand still, or nearly so, and what they do around there.
//!
//! ```text
//! g(x*) = 0                        fixed;  slow where |g| has a minimum that is not zero (the ghost of a fold),
//!                                  or where q is as small as asked for
//! q = |F(x*) - x*|^2 / 2           as the field states it; speed = |g|, per time constant
//! J r = lambda r,  l J = lambda l, l . r = 1,  J = dF/dx at x*
//! tau_k = -dt / ln |lambda|        f_k = arg(lambda) / (2 pi dt)
//! index sum = sum over fixed points of sign det(-dg/dx) = 1 for bounded activations, if none is singular or missing
//! ```
//!
//! | symbol | field | unit |
//! |---|---|---|
//! | `x*`, `r*`, `z*` | `x_star`, `rates`, `outputs` | state, rate, output |
//! | `q`, `abs g` | `q`, `speed` | state^2; state per time constant |
//! | `lambda` | `eigenvalues` | of the step, (real, imaginary), of largest modulus first |
//! | `mu` | `continuous_eigenvalues` | 1/s: eigenvalues of `diag(1/tau) dg/dx` |
//! | `tau_k`, `f_k` | `time_constants_ms`, `frequencies_hz` | ms, Hz |
//!
//! Starts are followed by Levenberg-Marquardt with exact Jacobians, in f64. Most lead to the same few points, which are
//! recognised early. A mode is unstable where `|lambda| > 1 + 1e-6`, marginal within 1e-6 of 1; of a slow point, modes
//! that are slower than its drift say nothing.
//!
//! A network that drives an arm has them in the loop, where the arm rests and the network holds it there, or alone: what
//! is asked of either stands in [`NetworkDynamics`]. The loop is a map: its flow is per step, and there are no values in
//! continuous time.
//!
//! A point on a kink (a rectifier whose argument is 0 there) has no Jacobian: it is marked, and its stability is that of
//! perturbations that are followed.
//!
//! Sussillo & Barak 2013, doi:10.1162/NECO_a_00409; Golub & Sussillo 2018, doi:10.21105/joss.01003.

pub mod beside;
pub mod connections;
pub mod continuation;
mod descend;
mod kink;
mod known;
pub mod manifold;
mod search;
pub mod starts;

use std::{f64::consts::TAU, ops::ControlFlow};

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    AnalysisError,
    dynamics::{Dynamics, NetworkDynamics},
    linear::{self, Complex, Eigen, length, modulus, time_constant},
};
pub use beside::Beside;
pub use connections::Connection;
pub use manifold::Manifold;
pub use search::Found;
use search::{Root, Search};

/// Within this of modulus 1 a mode is marginal.
const MARGINAL: f64 = 1e-6;
/// Within this of 0 the argument of a rectifier lies on its kink.
const ON_KINK: f64 = 1e-9;
/// Below this an eigenvalue of the flow is zero, and the point has no index.
const SINGULAR: f64 = 1e-8;

/// How fixed points are searched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(default)]
pub struct Settings {
    /// `max |g|` of a fixed point, as a part of `1 + max |x|`.
    pub tolerance: f64,
    /// Steps after which a start has failed.
    pub max_iterations: usize,
    /// Points nearer than this are one, as a part of the median distance of the starts.
    pub same_point: f64,
    /// Points farther than this from the centre of the starts are left out, in mean distances of the starts from it.
    pub outlier_distance: f64,
    /// Seed of the starts between points.
    pub seed: u64,
    /// Where `q` is at most this, a start has ended, at a slow point: many of them sample a slow manifold. `None`
    /// follows every start to where the flow is 0, or slowest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slow: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { tolerance: 1e-10, max_iterations: 200, same_point: 1e-4, outlier_distance: 10.0, seed: 0, slow: None }
    }
}

/// Whether the dynamics stand still at a point, or are slowest there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// `g = 0`
    Fixed,
    /// `|g|` has a minimum that is not zero, or `q` is as small as asked for.
    Slow,
}

/// A fixed or a slow point.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FixedPoint {
    /// Fixed or slow.
    pub kind: PointKind,
    /// State (dim): of the units, and in the loop of the arm ([`StatePart`](crate::dynamics::StatePart)).
    pub x_star: Vec<f64>,
    /// Rates (units).
    pub rates: Vec<f64>,
    /// Outputs (outputs).
    pub outputs: Vec<f64>,
    /// `|F(x) - x|^2 / 2`
    pub q: f64,
    /// `|g|`, state per time constant; in the loop per step.
    pub speed: f64,
    /// Whether every mode decays.
    pub is_stable: bool,
    /// The number of modes that grow: the index of a saddle.
    pub unstable_dimensions: usize,
    /// The number of modes that neither grow nor decay, as along a continuous attractor.
    pub marginal_dimensions: usize,
    /// Units whose rectifier is on its kink there; with any, eigenvalues are those of one side.
    pub on_kink: Vec<usize>,
    /// Of the step, (real, imaginary), of largest modulus first.
    pub eigenvalues: Vec<Complex>,
    /// In continuous time, 1/s, of the largest real part first; `None` where the equation has no such limit.
    pub continuous_eigenvalues: Option<Vec<Complex>>,
    /// ms, in the order of `eigenvalues`: negative where a mode grows, infinite (`null` in JSON) where it is marginal.
    pub time_constants_ms: Vec<f64>,
    /// Hz, in the order of `eigenvalues`; 0 where a mode does not turn.
    pub frequencies_hz: Vec<f64>,
    /// Condition of the eigenbasis: how much `left` and `right` mean. 1 for a normal matrix.
    pub eigenbasis_condition: f64,
    /// Starts that led there.
    pub n_starts: usize,
    /// `dF/dx` (dim, dim).
    #[serde(skip)]
    pub jacobian: Array2<f64>,
    /// Right vectors (dim, modes) as columns.
    #[serde(skip)]
    pub right: Array2<Complex>,
    /// Left vectors (modes, dim) as rows, `l . r = 1`; `None` where there is no eigenbasis.
    #[serde(skip)]
    pub left: Option<Array2<Complex>>,
}

/// The points that starts led to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FixedPoints {
    /// The constant input (inputs).
    pub input: Vec<f64>,
    /// Fixed points with the fewest unstable modes first, then by outputs; then slow points, the slowest first.
    pub points: Vec<FixedPoint>,
    /// Starts that were followed, those between points among them.
    pub n_starts: usize,
    /// Starts that ended at a fixed point.
    pub n_fixed: usize,
    /// Starts that ended where the flow is slowest.
    pub n_slow: usize,
    /// Starts that ended nowhere.
    pub n_failed: usize,
    /// Starts that ended far from where the others began, and are left out.
    pub n_outliers: usize,
    /// Points nearer than this were one.
    pub same_point_distance: f64,
    /// `None` where an activation or the arm is unbounded, or a point singular or on a kink: then the sum is not known.
    pub index_sum: Option<i64>,
    /// Whether all starts were followed.
    pub is_complete: bool,
    /// The continuous attractor that the points lie on, if they do.
    pub manifold: Option<Manifold>,
    /// How it was searched.
    pub settings: Settings,
}

impl FixedPoints {
    /// The points that these starts (starts, dim) lead to, and those found between them. `watch` is told how many
    /// starts have ended and may break the search off.
    ///
    /// # Errors
    /// If the starts do not fit or are not finite, or eigenvalues are not found.
    pub fn find(
        system: &dyn NetworkDynamics,
        input: &[f64],
        starts: ArrayView2<'_, f64>,
        settings: &Settings,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Self, AnalysisError> {
        Self::describe(system, input, Self::search(system, starts, settings, watch)?, settings)
    }

    /// The first part of [`find`](Self::find): where the points are, told apart and brought to the floor of rounding.
    ///
    /// # Errors
    /// If the starts do not fit or are not finite.
    pub fn search(
        system: &dyn NetworkDynamics,
        starts: ArrayView2<'_, f64>,
        settings: &Settings,
        watch: &mut dyn FnMut(usize) -> ControlFlow<()>,
    ) -> Result<Found, AnalysisError> {
        Ok(Search::new(system, starts, settings)?.run(starts, watch))
    }

    /// The second part of [`find`](Self::find): what the dynamics do around each point. Of a few hundred units most
    /// time goes into the eigenvectors.
    ///
    /// # Errors
    /// If eigenvalues are not found.
    pub fn describe(
        system: &dyn NetworkDynamics,
        input: &[f64],
        found: Found,
        settings: &Settings,
    ) -> Result<Self, AnalysisError> {
        let described =
            found.roots.par_iter().map(|root| described(system, root, settings)).collect::<Result<Vec<_>, _>>()?;
        let index_sum = index_sum(system, &described);
        let mut points: Vec<FixedPoint> = described.into_iter().map(|(point, _)| point).collect();
        points.sort_by(in_order);
        let manifold = Manifold::of(system, &points, settings.slow.is_some())?;
        Ok(Self {
            input: input.to_vec(),
            points,
            n_starts: found.n_starts,
            n_fixed: found.n_fixed,
            n_slow: found.n_slow,
            n_failed: found.n_failed,
            n_outliers: found.n_outliers,
            same_point_distance: found.distance,
            index_sum,
            is_complete: found.is_complete,
            manifold,
            settings: settings.clone(),
        })
    }

    /// The points where `g = 0`.
    pub fn fixed(&self) -> impl Iterator<Item = &FixedPoint> {
        self.points.iter().filter(|point| point.kind == PointKind::Fixed)
    }

    /// The number of stable fixed points.
    pub fn n_stable(&self) -> usize {
        self.fixed().filter(|point| point.is_stable).count()
    }

    /// Where the saddles lead.
    pub fn connections(&self, system: &dyn Dynamics) -> Vec<Connection> {
        connections::connections(system, &self.points, self.same_point_distance)
    }

    /// Whether the index sum proves that fixed points are missing.
    pub fn misses_points(&self) -> bool {
        self.index_sum.is_some_and(|sum| sum != 1)
    }
}

/// A point with the eigenvalues of its flow per time constant of each unit, which have the signs of its index.
fn described(
    system: &dyn NetworkDynamics,
    root: &Root,
    settings: &Settings,
) -> Result<(FixedPoint, Vec<Complex>), AnalysisError> {
    let (network, state) = (system.network(), &root.state);
    let jacobian = system.jacobian(state);
    let Eigen { values, right, left, condition } = linear::eigen("jacobian", &jacobian)?;
    let per_second = system.per_second(state, &values)?;
    let change: Vec<f64> = system.step(state).iter().zip(state).map(|(next, now)| next - now).collect();
    let rates = system.rates(state);
    let kinks = system.kinks(state, ON_KINK);
    let unstable = values.iter().filter(|value| modulus(value) > 1.0 + MARGINAL).count();
    let marginal = values.iter().filter(|value| (modulus(value) - 1.0).abs() <= MARGINAL).count();
    let stability = if kinks.is_empty() {
        Stability { is_stable: unstable + marginal == 0, unstable, marginal }
    } else {
        kink::stability(system, state, settings.seed)
    };
    let (mut continuous, dt) = (per_second.clone(), network.dt());
    continuous.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.total_cmp(&a.1)));
    let point = FixedPoint {
        kind: if root.is_fixed { PointKind::Fixed } else { PointKind::Slow },
        outputs: network.outputs_of(&rates),
        rates,
        q: 0.5 * length(&change).powi(2),
        speed: length(&system.flow(state)),
        is_stable: stability.is_stable,
        unstable_dimensions: stability.unstable,
        marginal_dimensions: stability.marginal,
        on_kink: kinks,
        time_constants_ms: values.iter().map(|value| time_constant(value, dt)).collect(),
        frequencies_hz: values.iter().map(|(re, im)| 1000.0 * im.atan2(*re) / (TAU * dt)).collect(),
        eigenvalues: values,
        continuous_eigenvalues: system.no_continuous_time().is_none().then_some(continuous),
        eigenbasis_condition: condition,
        n_starts: root.n_starts,
        x_star: state.clone(),
        jacobian,
        right,
        left,
    };
    Ok((point, per_second))
}

/// What becomes of small perturbations.
struct Stability {
    is_stable: bool,
    unstable: usize,
    marginal: usize,
}

/// `sum sign det(-J_g)`: each point counts 1 or, with an odd number of real positive eigenvalues, -1.
fn index_sum(system: &dyn NetworkDynamics, points: &[(FixedPoint, Vec<Complex>)]) -> Option<i64> {
    system.box_of_fixed_points()?;
    let longest = system.network().tau().iter().copied().fold(0.0, f64::max);
    let mut sum = 0;
    for (point, eigenvalues) in points.iter().filter(|(point, _)| point.kind == PointKind::Fixed) {
        let is_singular = eigenvalues.iter().any(|value| modulus(value) * longest / 1000.0 < SINGULAR);
        if is_singular || !point.on_kink.is_empty() {
            return None;
        }
        let positive = eigenvalues.iter().filter(|(re, im)| *re > 0.0 && *im == 0.0).count();
        sum += if positive % 2 == 0 { 1 } else { -1 };
    }
    Some(sum)
}

/// Fixed before slow; fewest unstable modes, then outputs, then states, all to six digits; slow points by speed.
fn in_order(a: &FixedPoint, b: &FixedPoint) -> std::cmp::Ordering {
    let digits = |values: &[f64]| values.iter().map(|value| (value * 1e6).round() as i64).collect::<Vec<_>>();
    let is_slow = |point: &FixedPoint| point.kind == PointKind::Slow;
    is_slow(a).cmp(&is_slow(b)).then_with(|| match a.kind {
        PointKind::Fixed => a
            .unstable_dimensions
            .cmp(&b.unstable_dimensions)
            .then_with(|| digits(&a.outputs).cmp(&digits(&b.outputs)))
            .then_with(|| digits(&a.x_star).cmp(&digits(&b.x_star))),
        PointKind::Slow => a.speed.total_cmp(&b.speed),
    })
}
