//! A PyTorch state dict as safetensors, with the source of the module that it fits under `module` in the metadata.
//!
//! A network with `tau = dt`, one activation, relu or tanh, and a linear readout is a `torch.nn.RNN` and a
//! `torch.nn.Linear`:
//!
//! ```text
//! rnn.weight_ih_l0 (units, inputs)    rnn.weight_hh_l0 (units, units)
//! rnn.bias_ih_l0 (units)              rnn.bias_hh_l0 (units), zero
//! readout.weight (outputs, units)     readout.bias (outputs)             h0 (units), the first rates
//! ```
//!
//! Any other is written for a module of three `torch.nn.Linear`, which unrolls the equation of
//! [`nn4n_models::dynamics`]:
//!
//! ```text
//! input.weight (units, inputs)        recurrent.weight (units, units)    recurrent.bias (units)
//! alpha (units)                       x0 (units)
//! readout.weight (outputs, units)     readout.bias (outputs)
//! ```
//!
//! The noise is left out, since noise is part of training and not of the network's function.

use std::collections::HashMap;

use candle_core::Tensor;
use nn4n_models::{Activation, Form, Readout, Tensors};

use super::{
    plain::{Plain, uniform},
    python::{Library, fill},
};
use crate::error::{Error, Result};

const RNN: &str = include_str!("torch_rnn.py");
const CTRNN: &str = include_str!("torch_ctrnn.py");

const CURRENT_STEP: &str = "            x = (1 - self.alpha) * x + self.alpha * current
            r = self.activation(x)";

const RATE_STEP: &str = "            x = r = (1 - self.alpha) * x + self.alpha * self.activation(current)";

const BLEND_STEP: &str = "            x = r = self.activation((1 - self.alpha) * x + self.alpha * current)";

/// The file.
pub(super) fn state_dict(plain: &Plain) -> Result<Vec<u8>> {
    plain.expect_one_layer()?;
    let config = plain.config();
    let mut tensors = Tensors::new();
    let mut insert = |name: &str, tensor: &Tensor| drop(tensors.insert(name.into(), tensor.clone()));
    insert("readout.weight", &plain.w_out);
    insert("readout.bias", &plain.b_out);
    let sizes = [
        ("N_INPUTS", config.inputs.to_string()),
        ("N_UNITS", plain.tau.len().to_string()),
        ("N_OUTPUTS", config.outputs.to_string()),
    ];
    let source = if let Some(activation) = as_rnn(plain) {
        insert("rnn.weight_ih_l0", &plain.w_in);
        insert("rnn.weight_hh_l0", &plain.w_rec);
        insert("rnn.bias_ih_l0", &plain.b_rec);
        insert("rnn.bias_hh_l0", &plain.b_rec.zeros_like()?);
        let first = match config.form {
            Form::Current => activation.forward(&plain.x0)?,
            Form::Rate | Form::Blend => plain.x0.clone(),
        };
        insert("h0", &first);
        fill(RNN, &[&sizes[..], &[("NONLINEARITY", activation.to_string())]].concat())
    } else {
        insert("input.weight", &plain.w_in);
        insert("recurrent.weight", &plain.w_rec);
        insert("recurrent.bias", &plain.b_rec);
        insert("alpha", &plain.vector(plain.alpha())?);
        insert("x0", &plain.x0);
        let (start, step) = match config.form {
            Form::Current => ("self.activation(x)", CURRENT_STEP),
            Form::Rate => ("x", RATE_STEP),
            Form::Blend => ("x", BLEND_STEP),
        };
        let readout = match config.nonlinearity() {
            Readout::Linear => "self.readout(rates)",
            Readout::Sigmoid => "torch.sigmoid(self.readout(rates))",
            Readout::Softmax => "torch.softmax(self.readout(rates), -1)",
        };
        let activation = Library::Torch.activation(&plain.activations, "        ");
        let texts =
            [("START", start.into()), ("STEP", step.into()), ("ACTIVATION", activation), ("READOUT", readout.into())];
        fill(CTRNN, &[&sizes[..], &texts].concat())
    };
    serialize(tensors, "module", source)
}

/// The activation with which the network is a `torch.nn.RNN`, if it is one.
fn as_rnn(plain: &Plain) -> Option<Activation> {
    let activation =
        uniform(&plain.activations).filter(|activation| matches!(activation, Activation::Relu | Activation::Tanh))?;
    let config = plain.config();
    let is_rnn =
        plain.tau.iter().all(|tau| *tau == config.dt) && config.nonlinearity() == Readout::Linear && config.inputs > 0;
    is_rnn.then_some(activation)
}

/// A safetensors file with one text in its metadata: more would stand there in any order.
pub(super) fn serialize(tensors: Tensors, key: &str, text: String) -> Result<Vec<u8>> {
    let contiguous: Vec<(String, Tensor)> =
        tensors.into_iter().map(|(name, tensor)| Ok((name, tensor.detach().contiguous()?))).collect::<Result<_>>()?;
    safetensors::serialize(
        contiguous.iter().map(|(name, tensor)| (name, tensor)),
        Some(HashMap::from([(key.to_string(), text)])),
    )
    .map_err(|error| Error::system(format!("the tensors could not be put together ({error})")))
}
