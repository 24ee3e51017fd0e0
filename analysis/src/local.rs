//! What the dynamics are like at every step of a trajectory: the modes of the Jacobian there.
//!
//! ```text
//! J_t = dF/dx at (x_t, u_t),  tau_k = -dt / ln |lambda_k(J_t)|         speed_t = |g(x_t; u_t)|, state per time constant
//! ```
//!
//! Where the state itself moves, a mode that is slower than the speed says little: it is gone before it shows. A slow
//! mode at a low speed is what holds a memory.

use ndarray::ArrayView2;
use serde::Serialize;

use crate::{
    AnalysisError,
    dynamics::{Dynamics, System},
    linear::{self, Complex},
};

/// Modes and speed at every step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Local {
    /// The largest eigenvalues of the step at each state, of largest modulus first.
    pub eigenvalues: Vec<Vec<Complex>>,
    /// Their time constants, ms: negative where a mode grows.
    pub time_constants_ms: Vec<Vec<f64>>,
    /// `|g|` at each state; in the loop with an arm per step.
    pub speed: Vec<f64>,
}

impl Local {
    /// The `modes` slowest modes at each state (states, dim) under a constant input; `dt` in ms.
    ///
    /// # Errors
    /// If the states do not fit, or eigenvalues are not found.
    pub fn along(
        system: &dyn Dynamics,
        states: ArrayView2<'_, f64>,
        dt: f64,
        modes: usize,
    ) -> Result<Self, AnalysisError> {
        if states.ncols() != system.dim() {
            let message = format!("has shape {:?}, but must be (steps, {})", states.shape(), system.dim());
            return Err(AnalysisError::Shape { array: "states", message });
        }
        let mut found = Self::default();
        states.outer_iter().try_for_each(|state| found.add(system, &state.to_vec(), dt, modes))?;
        Ok(found)
    }

    /// The same along the trajectory that inputs (steps, inputs) drive from a start (dim): at the state after each step,
    /// under its input.
    ///
    /// # Errors
    /// As [`along`](Self::along), and if the inputs do not fit or activity grows without bound.
    pub fn of_trial<'a>(
        system: impl Into<System<'a>>,
        inputs: ArrayView2<'_, f64>,
        start: &[f64],
        modes: usize,
    ) -> Result<Self, AnalysisError> {
        let system = system.into();
        system.check_start(start)?;
        let (mut found, mut state) = (Self::default(), start.to_vec());
        for (step, input) in inputs.outer_iter().enumerate() {
            let under = system.under(&input.to_vec())?;
            state = under.step(&state);
            AnalysisError::check_bounded(&state, step + 1)?;
            found.add(&*under, &state, system.network().dt(), modes)?;
        }
        Ok(found)
    }

    fn add(&mut self, system: &dyn Dynamics, state: &[f64], dt: f64, modes: usize) -> Result<(), AnalysisError> {
        let mut values = linear::eigenvalues("jacobian", &system.jacobian(state))?;
        values.truncate(modes);
        self.time_constants_ms.push(values.iter().map(|value| linear::time_constant(value, dt)).collect());
        self.eigenvalues.push(values);
        self.speed.push(linear::length(&system.flow(state)));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    /// x' = 0.9 x + 0.1 (2, 0).
    struct Toward;

    impl Dynamics for Toward {
        fn dim(&self) -> usize {
            2
        }

        fn step(&self, state: &[f64]) -> Vec<f64> {
            vec![0.9 * state[0] + 0.2, 0.9 * state[1]]
        }

        fn jacobian(&self, _state: &[f64]) -> Array2<f64> {
            0.9 * Array2::eye(2)
        }
    }

    #[test]
    fn modes_along_a_trajectory_are_those_of_each_state() {
        let found = Local::along(&Toward, array![[2.0, 0.0], [0.0, 0.0]].view(), 10.0, 1).unwrap();
        assert!((found.time_constants_ms[1][0] + 10.0 / 0.9f64.ln()).abs() < 1e-9);
        assert!(found.speed[0] < 1e-12 && (found.speed[1] - 0.2).abs() < 1e-12);
        assert_eq!(found.eigenvalues[0].len(), 1);
        assert!(Local::along(&Toward, Array2::zeros((1, 3)).view(), 10.0, 1).is_err());
    }
}
