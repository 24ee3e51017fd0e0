//! Size of the weights.
//!
//! ```text
//! l1_weights   sum |W| / S              l2_weights   sum W^2 / S              frobenius   sqrt(sum W^2)
//! ```
//!
//! `W` are the effective weights of one matrix (`w_in`, `w_rec` or `w_out`), after connectivity and Dale's law, and `S` is the number of its
//! synapses, fixed ones included. The gradient of the Frobenius norm at `W = 0` is taken as 0.
//!
//! `l1_weights` and `l2_weights` are those of Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792, who average over all entries of the free
//! weights instead, so that a sparse matrix is penalised less there. The original nn4n penalises the Frobenius norm, and the sum of absolute
//! weights: `l1_weights` times `S`.

use std::fmt;

use candle_core::Tensor;
use nn4n_models::Ctrnn;
use serde::{Deserialize, Serialize};

use super::average::sqrt_or_zero;
use crate::{
    error::{Error, Result},
    train::loss::ratio,
};

/// A weight matrix of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matrix {
    /// Input weights (units, inputs).
    WIn,
    /// Recurrent weights (units, units).
    WRec,
    /// Output weights (outputs, units).
    WOut,
}

impl fmt::Display for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::WIn => "w_in",
            Self::WRec => "w_rec",
            Self::WOut => "w_out",
        })
    }
}

impl Matrix {
    fn effective(self, model: &Ctrnn) -> Result<Tensor> {
        match self {
            Self::WIn => model.effective_w_in()?.ok_or_else(|| {
                Error::setting("train.regularisers", "penalise the matrix w_in, but the network has no inputs; remove that regulariser")
            }),
            Self::WRec => Ok(model.effective_w_rec()?),
            Self::WOut => Ok(model.effective_w_out()?),
        }
    }

    fn per_synapse(self, model: &Ctrnn, sum: &Tensor) -> Result<Tensor> {
        let name = format!("connectivity.{self}");
        let tensors = model.tensors()?;
        let connectivity = tensors.get(&name).ok_or_else(|| Error::setting("train.regularisers", format!("need the tensor `{name}`")))?;
        ratio(sum, &connectivity.to_dtype(sum.dtype())?.sum_all()?)
    }
}

/// Mean absolute weight of the synapses: a scalar.
pub fn l1_weights(model: &Ctrnn, matrix: Matrix) -> Result<Tensor> {
    matrix.per_synapse(model, &matrix.effective(model)?.abs()?.sum_all()?)
}

/// Mean squared weight of the synapses: a scalar.
pub fn l2_weights(model: &Ctrnn, matrix: Matrix) -> Result<Tensor> {
    matrix.per_synapse(model, &matrix.effective(model)?.sqr()?.sum_all()?)
}

/// Frobenius norm: a scalar.
pub fn frobenius(model: &Ctrnn, matrix: Matrix) -> Result<Tensor> {
    sqrt_or_zero(&matrix.effective(model)?.sqr()?.sum_all()?)
}
