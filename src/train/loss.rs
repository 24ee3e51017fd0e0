//! The loss of the task: how far the outputs are from their targets, where the trial grades them.
//!
//! ```text
//! masked_mse                  L = sum m (z - y)^2 / sum m
//! mean_square                 L = sum v (m (z - y))^2 / (O sum v)
//! cross_entropy, softmax      L = - sum m y log softmax(l) / sum (mean over the outputs of m)
//! cross_entropy, sigmoid      L = - sum m (y log s(l) + (1 - y) log(1 - s(l))) / sum m           s(l) = 1 / (1 + exp(-l))
//! ```
//!
//! | symbol | name | shape |
//! |---|---|---|
//! | `z` | outputs | (batch, steps, outputs) |
//! | `l` | logits, the outputs before their nonlinearity | (batch, steps, outputs) |
//! | `y` | targets | (batch, steps, outputs) |
//! | `m` | loss mask, the weight of each target, 0 after a trial's end | (batch, steps, outputs) |
//! | `v` | 1 within a trial, 0 after its end | (batch, steps, 1) |
//! | `O` | number of outputs | |
//!
//! Sums run over trials, steps and outputs of the whole batch, so a trial with more graded steps counts more. A batch that grades nothing (all
//! of `m` is 0) has the loss 0 and teaches nothing.
//!
//! Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792 (`masked_mse`, and `cross_entropy` chosen by the readout); Yang et al. 2019,
//! doi:10.1038/s41593-018-0310-2 (`mean_square`; theirs counts the padding, too).

use candle_core::{D, DType, Tensor};
use candle_nn::ops::log_softmax;
use nn4n_models::Readout;
use serde::{Deserialize, Serialize};

use crate::{
    batch::TensorBatch,
    error::{Error, Result},
};

/// The loss of the task; the equations are in the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Squared error, weighted by the loss mask and divided by its sum.
    #[default]
    MaskedMse,
    /// Squared error times the squared loss mask, averaged over every output of every step within a trial.
    MeanSquare,
    /// Cross-entropy of the targets, in [0, 1]: between the outputs of a softmax readout, or of each output of a sigmoid readout on its own.
    CrossEntropy,
}

impl Loss {
    /// Checks that the loss has a meaning for this readout.
    ///
    /// # Errors
    /// If it is a cross-entropy and the readout is linear.
    pub fn validate(self, readout: Readout) -> Result<()> {
        if self == Self::CrossEntropy && readout == Readout::Linear {
            return Err(Error::setting(
                "train.loss",
                "= \"cross_entropy\" needs outputs that are probabilities, but `model.readout` is linear; set it to \"softmax\" or \"sigmoid\", or \
                 use the loss \"masked_mse\"",
            ));
        }
        Ok(())
    }

    /// The loss of `logits` and `outputs` (batch, steps, outputs) of a network with this readout: a scalar.
    ///
    /// # Errors
    /// If the loss does not fit the readout, or the targets of a cross-entropy leave [0, 1].
    pub fn value(self, readout: Readout, logits: &Tensor, outputs: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
        self.validate(readout)?;
        match self {
            Self::MaskedMse => masked_mse(outputs, batch),
            Self::MeanSquare => mean_square(outputs, batch),
            Self::CrossEntropy => {
                check_probabilities(&batch.targets)?;
                if readout == Readout::Softmax { categorical(logits, batch) } else { binary(logits, batch) }
            }
        }
    }
}

fn masked_mse(outputs: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    let errors = (outputs - &batch.targets)?.sqr()?;
    ratio(&(errors * &batch.loss_mask)?.sum_all()?, &batch.loss_mask.sum_all()?)
}

fn mean_square(outputs: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    let weighted = ((outputs - &batch.targets)? * &batch.loss_mask)?.sqr()?;
    let count = (batch.valid.sum_all()? * outputs.dim(2)? as f64)?;
    ratio(&weighted.broadcast_mul(&batch.valid)?.sum_all()?, &count)
}

fn categorical(logits: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    let weighted_targets = (&batch.targets * &batch.loss_mask)?;
    let sum = (weighted_targets * log_softmax(logits, D::Minus1)?)?.sum_all()?.neg()?;
    ratio(&sum, &batch.loss_mask.mean(D::Minus1)?.sum_all()?)
}

/// `-log s(l) = log(1 + exp(-l))` and `log(1 - s(l)) = log s(l) - l`, written so that no exponential overflows.
fn binary(logits: &Tensor, batch: &TensorBatch) -> Result<Tensor> {
    let log_partition = (logits.relu()? + (logits.abs()?.neg()?.exp()? + 1.0)?.log()?)?;
    let entropies = (log_partition - (logits * &batch.targets)?)?;
    ratio(&(entropies * &batch.loss_mask)?.sum_all()?, &batch.loss_mask.sum_all()?)
}

/// `sum / weight` of two scalars, where a `weight` of 0 comes with a `sum` of 0: then 0, with a gradient of 0.
pub(super) fn ratio(sum: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let empty = weight.eq(0.0)?.to_dtype(weight.dtype())?;
    Ok((sum / (weight + empty)?)?)
}

fn check_probabilities(targets: &Tensor) -> Result<()> {
    let flat = targets.flatten_all()?;
    for extreme in [flat.min(0)?, flat.max(0)?] {
        let value = extreme.to_dtype(DType::F64)?.to_scalar::<f64>()?;
        if !(0.0..=1.0).contains(&value) {
            return Err(Error::setting(
                "train.loss",
                format!(
                    "= \"cross_entropy\" needs targets in [0, 1], but the task has a target of {value}; use \"masked_mse\" or other targets"
                ),
            ));
        }
    }
    Ok(())
}
