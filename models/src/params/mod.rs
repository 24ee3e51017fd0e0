//! The named tensors of a network: which there are, how a fresh set is drawn, and which of them are trained.
//!
//! | tensor | shape | |
//! |---|---|---|
//! | `w_in`, `w_rec`, `w_out` | (units, inputs), (units, units), (outputs, units) | `w[post, pre]`, effective weights |
//! | `b_rec`, `b_out` | (units), (outputs) | zero if switched off |
//! | `x0` | (units) | start state; in the rate and the blend form the start rate |
//! | `tau` | (units) | ms |
//! | `connectivity.*` | as the matrix, u8 | 1 where a synapse exists |
//! | `fixed.*` | as the matrix | weight of fixed synapses, 0 elsewhere; only if there are any |
//! | `plastic.*` | as the matrix | multiplier of the update; only if it is not 1 everywhere |
//!
//! In a stacked network each layer has the tensors of a network without readout, counted from the input:
//! `layers.0.w_in`, `layers.0.connectivity.w_in`, `layers.1.tau`. Its `w_in` is (units, units of the layer below) above
//! the first layer; `w_out` and `b_out` are those of the last.

mod draw;
mod matrix;
mod placed;
mod prescribed;
mod specs;
mod values;

pub use self::specs::{TensorSpec, Tensors};
pub(crate) use self::{
    matrix::{Matrix, w_in, w_out, w_rec},
    placed::var_builder,
    prescribed::check_prescribed,
};
