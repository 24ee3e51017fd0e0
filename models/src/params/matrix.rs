//! The weight matrices of a description.

use crate::config::{MatrixConfig, ModelConfig};

/// A weight matrix: name, settings and shape.
pub(crate) type Matrix<'a> = (&'static str, &'a MatrixConfig, (usize, usize));

/// The input weights of a network that is not stacked; `None` without inputs.
pub(crate) fn w_in(config: &ModelConfig) -> Option<Matrix<'_>> {
    (config.inputs > 0).then(|| ("w_in", &config.w_in, (config.n_units(), config.inputs)))
}

/// The recurrent weights.
pub(crate) fn w_rec(config: &ModelConfig) -> Matrix<'_> {
    ("w_rec", &config.w_rec, (config.n_units(), config.n_units()))
}

/// The weights of the readout.
pub(crate) fn w_out(config: &ModelConfig) -> Matrix<'_> {
    ("w_out", &config.w_out, (config.outputs, config.n_units()))
}
