//! A trained tensor of a network.

use candle_core::{Tensor, Var};

use crate::config::prefix;

/// A trained tensor and how its updates are to be applied.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// What it is, such as `w_rec`.
    pub name: &'static str,
    /// Its layer in a stacked network, counted from the input; `None` in any other and of the readout.
    pub layer: Option<usize>,
    /// The tensor.
    pub var: Var,
    /// Multiplier of each element's update; `None` is 1.
    pub plastic: Option<Tensor>,
    /// Whether updates are additive on the logarithm of the tensor (time constants) instead of on the tensor.
    pub logarithmic: bool,
}

impl Parameter {
    /// The name under which the tensor is saved, such as `w_rec` or `layers.0.w_rec`.
    pub fn path(&self) -> String {
        format!("{}{}", prefix(self.layer), self.name)
    }
}
