//! A network as it is analysed: alone, or in the loop with the arm that it drives.
//!
//! ```text
//! alone         x_k = F(x_{k-1}, u_k)                                      state = x
//! in the loop   (x, arm)_k = F((x, arm)_{k-1}, u_k + what is felt)         state = (x, arm, feedbacks on their way)
//! ```
//!
//! The equations of the loop stand in [`closed_loop`](super::closed_loop).

use ndarray::{Array2, ArrayView1, ArrayView2};
use nn4n_tasks::motor::Plant;
use serde::Serialize;

use super::{ClosedLoop, Network, NetworkDynamics};
use crate::AnalysisError;

/// A network with or without what it drives, under no input yet.
#[derive(Clone, Copy, Debug)]
pub struct System<'a> {
    network: &'a Network,
    plant: Option<Plant>,
}

/// Some numbers of a state, in the order of the state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatePart {
    /// What they are.
    pub name: &'static str,
    /// Their unit; `None` where they have none of their own.
    pub unit: Option<&'static str>,
    /// How many they are.
    pub size: usize,
}

impl<'a> From<&'a Network> for System<'a> {
    fn from(network: &'a Network) -> Self {
        Self { network, plant: None }
    }
}

impl<'a> System<'a> {
    /// The network in the loop with this plant.
    ///
    /// # Errors
    /// If the network does not fit the arm.
    pub fn in_loop(network: &'a Network, plant: Plant) -> Result<Self, AnalysisError> {
        ClosedLoop::new(network, plant, &vec![0.0; network.inputs()])?;
        Ok(Self { network, plant: Some(plant) })
    }

    /// The network.
    pub fn network(&self) -> &'a Network {
        self.network
    }

    /// Whether the network drives an arm that is part of the system.
    pub fn is_in_loop(&self) -> bool {
        self.plant.is_some()
    }

    /// How many numbers a state has.
    pub fn dim(&self) -> usize {
        self.parts().iter().map(|part| part.size).sum()
    }

    /// What the numbers of a state are.
    pub fn parts(&self) -> Vec<StatePart> {
        let part = |name, unit, size| StatePart { name, unit, size };
        let mut parts = vec![part("states of the units", None, self.network.units())];
        if let Some(plant) = &self.plant {
            parts.push(part("angles of the arm: shoulder, elbow", Some("rad"), 2));
            parts.push(part("angular velocities of the arm: shoulder, elbow", Some("rad/s"), 2));
            if plant.delay > 0 {
                parts.push(part("feedbacks on their way, oldest first", None, 4 * plant.delay));
            }
        }
        parts
    }

    /// What the flow and its length are per: those of the loop, a map, are per step.
    pub fn flow_unit(&self) -> &'static str {
        if self.is_in_loop() { "per step" } else { "per time constant" }
    }

    /// The state (dim) that trials start in.
    pub fn start(&self) -> Vec<f64> {
        self.at(&vec![0.0; self.network.inputs()]).at_rest(self.network.x0())
    }

    /// The dynamics under a constant input (inputs); in the loop the feedback is added to it.
    ///
    /// # Errors
    /// If the input has another length or is not finite.
    pub fn under(&self, input: &[f64]) -> Result<Box<dyn NetworkDynamics + 'a>, AnalysisError> {
        self.network.under(input)?;
        Ok(self.at(input))
    }

    /// [`under`](Self::under) an input that is known to fit.
    pub(crate) fn at(&self, input: &[f64]) -> Box<dyn NetworkDynamics + 'a> {
        match self.plant {
            Some(plant) => Box::new(ClosedLoop::known_to_fit(self.network, plant, input)),
            None => Box::new(self.network.driven(input)),
        }
    }

    /// States (steps, dim) after each step from a start (dim) under inputs (steps, inputs).
    ///
    /// # Errors
    /// If the shapes do not fit, an input is not finite, or activity grows without bound.
    pub fn run(&self, inputs: ArrayView2<'_, f32>, start: &[f64]) -> Result<Array2<f64>, AnalysisError> {
        self.check_start(start)?;
        let mut states = Array2::zeros((inputs.nrows(), start.len()));
        let mut state = start.to_vec();
        for (step, (mut place, input)) in states.outer_iter_mut().zip(inputs.outer_iter()).enumerate() {
            state = self.under(&input.iter().copied().map(f64::from).collect::<Vec<_>>())?.step(&state);
            AnalysisError::check_bounded(&state, step + 1)?;
            place.assign(&ArrayView1::from(&state));
        }
        Ok(states)
    }

    pub(crate) fn check_start(&self, start: &[f64]) -> Result<(), AnalysisError> {
        if start.len() == self.dim() {
            return Ok(());
        }
        let message = format!("has {} numbers, but a state has {}", start.len(), self.dim());
        Err(AnalysisError::Shape { array: "start", message })
    }
}
