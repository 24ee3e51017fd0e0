//! What one pass needs of the parameters, computed once for all its steps: effective weights, leak, noise amplitudes.

use candle_core::Tensor;

use crate::{dynamics::StepParameters, error::Result};

/// Everything one pass needs of the parameters; [`Ctrnn::effective`](crate::Ctrnn::effective) makes it.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Of the layers below the last, from the input on; none unless the network is stacked.
    pub below: Vec<StepParameters>,
    /// Of the steps; in a stacked network those of the last layer.
    pub step: StepParameters,
    /// Of the readout.
    pub readout: ReadoutParameters,
}

impl Effective {
    /// Of the steps of each layer, from the input on.
    pub fn layers(&self) -> impl Iterator<Item = &StepParameters> {
        self.below.iter().chain([&self.step])
    }
}

/// What the readout needs of the parameters.
#[derive(Clone, Debug)]
pub struct ReadoutParameters {
    /// `W_out` (outputs, units of the last layer).
    pub w_out: Tensor,
    /// `b_out` (outputs); `None` without bias.
    pub b_out: Option<Tensor>,
}

impl ReadoutParameters {
    /// `W_out r + b_out` (.., outputs) of `rates` (.., units of the last layer).
    ///
    /// # Errors
    /// If the rates are those of another number of units.
    pub fn logits(&self, rates: &Tensor) -> Result<Tensor> {
        let mut shape = rates.dims().to_vec();
        let units = shape.pop().unwrap_or_default();
        let rows: usize = shape.iter().product();
        shape.push(self.w_out.dim(0)?);
        let logits = rates.reshape((rows, units))?.matmul(&self.w_out.t()?)?;
        let logits = match &self.b_out {
            Some(bias) => logits.broadcast_add(bias)?,
            None => logits,
        };
        Ok(logits.reshape(shape)?)
    }
}
