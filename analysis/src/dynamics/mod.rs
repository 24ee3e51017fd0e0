//! What an analysis looks at: noise-free dynamics in f64, from one step to the next, under a constant input.
//!
//! ```text
//! step      x' = F(x)                     J = dF/dx
//! flow      g(x) = (F(x) - x) / alpha     J_g = dg/dx          dimensionless: change per time constant
//! ```
//!
//! An analysis is written against [`Dynamics`] and knows no equation. The equations of networks are in [`network`], in
//! the three forms of [`nn4n_models::Form`], with every activation, a time constant for each unit, and layers; a network
//! and the arm that it drives are one system in [`closed_loop`]. What fixed points are asked of the network besides, such
//! as its rates, stands in [`NetworkDynamics`], for both.
//!
//! Fixed points are the zeros of the flow. For the current and the rate form they do not depend on the time step, since
//! the step and the differential equation share them; whether they are stable can depend on it. The blend form applies
//! `f` once a step, however short, so that its fixed points depend on `dt` unless `f` leaves rates as they are (linear,
//! relu).

pub mod activation;
mod arm;
pub mod closed_loop;
mod driven;
mod layer;
pub mod network;
mod system;

use ndarray::Array2;

use crate::{AnalysisError, linear::Complex};
pub use closed_loop::ClosedLoop;
pub use driven::Driven;
pub use network::Network;
pub(crate) use network::Terms;
pub use system::{StatePart, System};

/// States beyond this are those of activity that grows without bound. What networks at work have is far below.
pub const RUNAWAY: f64 = 1e9;

/// Noise-free dynamics under a constant input.
pub trait Dynamics: Sync {
    /// How many numbers a state has.
    fn dim(&self) -> usize;

    /// `F(x)` of a state (dim).
    fn step(&self, state: &[f64]) -> Vec<f64>;

    /// `dF/dx` (dim, dim), `[to, from]`.
    fn jacobian(&self, state: &[f64]) -> Array2<f64>;

    /// `J V` of directions (dim, n): what a step makes of small differences.
    fn tangent(&self, state: &[f64], directions: &Array2<f64>) -> Array2<f64> {
        self.jacobian(state).dot(directions)
    }

    /// `g(x)`, zero where and only where `F(x) = x`. That of a map is `F(x) - x`.
    fn flow(&self, state: &[f64]) -> Vec<f64> {
        self.step(state).iter().zip(state).map(|(next, now)| next - now).collect()
    }

    /// `g(x)` of several states, cheaper at once than one by one.
    fn flows(&self, states: &[Vec<f64>]) -> Vec<Vec<f64>> {
        states.iter().map(|state| self.flow(state)).collect()
    }

    /// `dg/dx` (dim, dim).
    fn flow_jacobian(&self, state: &[f64]) -> Array2<f64> {
        let mut jacobian = self.jacobian(state);
        jacobian.diag_mut().map_inplace(|value| *value -= 1.0);
        jacobian
    }

    /// The state that stands for this one and all that cannot be told from it, such as those of an arm that has turned
    /// once more: whatever they do is the same.
    fn representative(&self, state: Vec<f64>) -> Vec<f64> {
        state
    }

    /// The units whose activation has a kink within `tolerance` of where it is applied: there derivatives are one-sided.
    fn kinks(&self, _state: &[f64], _tolerance: f64) -> Vec<usize> {
        Vec::new()
    }
}

/// Dynamics that a network is part of, alone ([`Driven`]) or with what it drives ([`ClosedLoop`]). A state begins with
/// those of the units.
pub trait NetworkDynamics: Dynamics {
    /// The network.
    fn network(&self) -> &Network;

    /// `dF/du` (dim, inputs): what a change of the input does within a step.
    fn input_jacobian(&self, state: &[f64]) -> Array2<f64>;

    /// The state (dim) in which the units are in `x` (units) and what they drive is at rest.
    fn at_rest(&self, x: &[f64]) -> Vec<f64>;

    /// The least and the largest value of each number of the state at any fixed point; `None` where nothing bounds them.
    fn box_of_fixed_points(&self) -> Option<Vec<(f64, f64)>>;

    /// Why there are no values in continuous time; `None` where there are.
    fn no_continuous_time(&self) -> Option<&'static str>;

    /// Eigenvalues of the flow, 1/s, where those of the step are known: `(lambda - 1) / dt` of a step that is one of
    /// Euler.
    ///
    /// # Errors
    /// If eigenvalues are not found.
    fn per_second(&self, _state: &[f64], of_step: &[Complex]) -> Result<Vec<Complex>, AnalysisError> {
        Ok(of_euler_step(of_step, self.network().dt()))
    }

    /// Rates (units) in a state (dim).
    fn rates(&self, state: &[f64]) -> Vec<f64> {
        self.network().rates(&state[..self.network().units()])
    }
}

/// `(lambda - 1) / dt`, 1/s.
fn of_euler_step(eigenvalues: &[Complex], dt: f64) -> Vec<Complex> {
    let per_step = 1000.0 / dt;
    eigenvalues.iter().map(|(re, im)| ((re - 1.0) * per_step, im * per_step)).collect()
}
