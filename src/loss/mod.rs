//! The loss of the task: how far the outputs are from their targets, where the trial grades them.
//!
//! ```text
//! masked_mse                  L = sum m (z - y)^2 / sum m
//! mean_square                 L = sum v (m (z - y))^2 / (O sum v)
//! cross_entropy, softmax      L = - sum m y log softmax(l) / sum (mean over the outputs of m)
//! cross_entropy, sigmoid      L = - sum m (y log s(l) + (1 - y) log(1 - s(l))) / sum m
//!                             s(l) = 1 / (1 + exp(-l))
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
//! Sums run over trials, steps and outputs of the whole batch, so a trial with more graded steps counts more. A batch
//! that grades nothing (all of `m` is 0) has the loss 0 and teaches nothing.
//!
//! Song, Yang & Wang 2016, doi:10.1371/journal.pcbi.1004792 (`masked_mse`, and `cross_entropy` chosen by the readout);
//! Yang et al. 2019, doi:10.1038/s41593-018-0310-2 (`mean_square`; theirs counts the padding, too).

mod fused;
mod scalar;

use candle_core::{D, Tensor};
use candle_nn::ops::log_softmax;
use nn4n_models::{
    Readout,
    host::{self, has_passes},
};
use nn4n_tasks::Objective;
use serde::{Deserialize, Serialize};

pub(crate) use scalar::known;

use crate::{
    error::{Error, Result},
    simulate::TensorBatch,
};

/// The loss of the task; the equations are in the [module](self).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Squared error, weighted by the loss mask and divided by its sum.
    #[default]
    MaskedMse,
    /// Squared error times the squared loss mask, averaged over every output of every step within a trial.
    MeanSquare,
    /// Cross-entropy of the targets, in [0, 1]: between the outputs of a softmax readout, or of each output of a
    /// sigmoid readout on its own.
    CrossEntropy,
}

impl From<Objective> for Loss {
    fn from(objective: Objective) -> Self {
        match objective {
            Objective::MaskedMse => Self::MaskedMse,
            Objective::MeanSquare => Self::MeanSquare,
            Objective::Classes => Self::CrossEntropy,
        }
    }
}

/// The readout that a network for this objective has unless a run says otherwise.
pub fn readout_for(objective: Objective) -> Readout {
    match objective {
        Objective::MaskedMse | Objective::MeanSquare => Readout::Linear,
        Objective::Classes => Readout::Softmax,
    }
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
                "= \"cross_entropy\" needs outputs that are probabilities, but `model.readout` is linear; set it to \
                \"softmax\" or \"sigmoid\", or use the loss \"masked_mse\"",
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
            Self::MaskedMse if has_passes(outputs.device()) => fused::masked_mse(outputs, batch),
            Self::MeanSquare if has_passes(outputs.device()) => fused::mean_square(outputs, batch),
            Self::MaskedMse => masked_mse(outputs, batch),
            Self::MeanSquare => mean_square(outputs, batch),
            Self::CrossEntropy => {
                check_probabilities(&batch.targets)?;
                match (readout == Readout::Softmax, has_passes(logits.device())) {
                    (true, true) => fused::categorical(logits, batch),
                    (true, false) => categorical(logits, batch),
                    (false, true) => fused::binary(logits, batch),
                    (false, false) => binary(logits, batch),
                }
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
pub(crate) fn ratio(sum: &Tensor, weight: &Tensor) -> Result<Tensor> {
    let empty = weight.eq(0.0)?.to_dtype(weight.dtype())?;
    Ok((sum / (weight + empty)?)?)
}

fn check_probabilities(targets: &Tensor) -> Result<()> {
    if has_passes(targets.device()) && fused::are_probabilities(targets)? {
        return Ok(());
    }
    let flat = targets.flatten_all()?;
    for extreme in [flat.min(0)?, flat.max(0)?] {
        let value = host::value(&extreme)?;
        if !(0.0..=1.0).contains(&value) {
            return Err(Error::setting(
                "train.loss",
                format!(
                    "= \"cross_entropy\" needs targets in [0, 1], but the task has a target of {value}; use \
                    \"masked_mse\" or other targets"
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};

    use super::*;

    /// One trial of two steps and one of a single step, padded; two outputs.
    fn batch(targets: [[[f64; 2]; 2]; 2], loss_mask: [[[f64; 2]; 2]; 2]) -> Result<TensorBatch> {
        Ok(TensorBatch {
            inputs: Tensor::zeros((2, 2, 1), DType::F64, &Device::Cpu)?,
            targets: Tensor::new(&targets, &Device::Cpu)?,
            loss_mask: Tensor::new(&loss_mask, &Device::Cpu)?,
            valid: Tensor::new(&[[[1.0], [1.0]], [[1.0], [0.0f64]]], &Device::Cpu)?,
            n_steps: vec![2, 1],
        })
    }

    fn value(loss: Loss, readout: Readout, answers: [[[f64; 2]; 2]; 2], batch: &TensorBatch) -> Result<f64> {
        let answers = Tensor::new(&answers, &Device::Cpu)?;
        Ok(loss.value(readout, &answers, &answers, batch)?.to_scalar()?)
    }

    const TARGETS: [[[f64; 2]; 2]; 2] = [[[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]]];
    const MASK: [[[f64; 2]; 2]; 2] = [[[1.0, 1.0], [2.0, 2.0]], [[0.0, 0.0], [0.0, 0.0]]];

    #[test]
    fn squared_errors_match_hand_worked_numbers_and_ignore_padding() -> Result<()> {
        let batch = batch(TARGETS, MASK)?;
        // Errors 2, -1; 3, 0; 5, 0 (not graded); padding.
        let outputs = [[[3.0, -1.0], [3.0, 1.0]], [[6.0, 0.0], [50.0, -50.0]]];
        assert_eq!(value(Loss::MaskedMse, Readout::Linear, outputs, &batch)?, (4.0 + 1.0 + 2.0 * 9.0) / 6.0);
        assert_eq!(value(Loss::MeanSquare, Readout::Linear, outputs, &batch)?, (4.0 + 1.0 + 36.0) / 6.0);
        Ok(())
    }

    #[test]
    fn cross_entropies_match_hand_worked_numbers() -> Result<()> {
        let batch = batch(TARGETS, MASK)?;
        let three = 3f64.ln();
        // A softmax of (3/4, 1/4) at both steps, and a sigmoid of 3/4 and 1/2.
        let logits = [[[three, 0.0]; 2]; 2];
        let close = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found} is not {wanted}");
        let (likely, unlikely) = ((4f64 / 3.0).ln(), 4f64.ln());
        close(value(Loss::CrossEntropy, Readout::Softmax, logits, &batch)?, (likely + 2.0 * unlikely) / 3.0);
        let wanted = (likely + 2f64.ln() + 2.0 * (unlikely + 2f64.ln())) / 6.0;
        close(value(Loss::CrossEntropy, Readout::Sigmoid, logits, &batch)?, wanted);
        Ok(())
    }

    #[test]
    fn one_pass_and_separate_operations_agree() -> Result<()> {
        let random = |low: f64, high: f64| Tensor::rand(low, high, (3, 97, 5), &Device::Cpu);
        let valid = Tensor::ones((3, 97, 1), DType::F64, &Device::Cpu)?;
        let (targets, loss_mask) = (random(0.0, 1.0)?, random(0.0, 2.0)?);
        let batch = TensorBatch { inputs: valid.clone(), targets, loss_mask, valid, n_steps: vec![97; 3] };
        let outputs = Var::from_tensor(&random(-1.0, 1.0)?)?;
        let pairs = [
            (fused::masked_mse(&outputs, &batch)?, masked_mse(&outputs, &batch)?),
            (fused::mean_square(&outputs, &batch)?, mean_square(&outputs, &batch)?),
            (fused::categorical(&outputs, &batch)?, categorical(&outputs, &batch)?),
            (fused::binary(&outputs, &batch)?, binary(&outputs, &batch)?),
        ];
        for (found, wanted) in pairs {
            let read = |loss: &Tensor| -> Result<(f64, Vec<f64>)> {
                let gradient = (loss * 3.0)?.backward()?.get(&outputs).unwrap().flatten_all()?.to_vec1()?;
                Ok((loss.to_scalar()?, gradient))
            };
            let (found, wanted) = (read(&found)?, read(&wanted)?);
            assert!((found.0 - wanted.0).abs() < 1e-12, "{} is not {}", found.0, wanted.0);
            assert!(found.1.iter().zip(&wanted.1).all(|(a, b)| (a - b).abs() < 1e-15));
            assert!(wanted.1.iter().any(|gradient| gradient.abs() > 1e-3));
        }
        Ok(())
    }

    #[test]
    fn outputs_of_another_shape_than_the_targets_are_refused() -> Result<()> {
        let batch = batch(TARGETS, MASK)?;
        let outputs = Tensor::zeros((2, 3, 2), DType::F64, &Device::Cpu)?;
        let message = Loss::MaskedMse.value(Readout::Linear, &outputs, &outputs, &batch).unwrap_err().to_string();
        assert!(message.contains("[2, 2, 2] does not fit"), "{message}");
        Ok(())
    }

    #[test]
    fn extreme_logits_stay_finite() -> Result<()> {
        let batch = batch(TARGETS, MASK)?;
        let logits = [[[-1000.0, 1000.0], [-1000.0, 1000.0]]; 2];
        // Wrong by 1000 (2000 between the two) at the first step, right at the second.
        assert_eq!(value(Loss::CrossEntropy, Readout::Sigmoid, logits, &batch)?, 2000.0 / 6.0);
        assert_eq!(value(Loss::CrossEntropy, Readout::Softmax, logits, &batch)?, 2000.0 / 3.0);
        Ok(())
    }

    #[test]
    fn gradients_match_finite_differences() -> Result<()> {
        let batch = batch(TARGETS, MASK)?;
        let start = [0.3, -0.7, 0.0, 1.2, 0.5, 0.1, -0.4, 2.0];
        for (loss, readout) in [
            (Loss::MaskedMse, Readout::Linear),
            (Loss::MeanSquare, Readout::Linear),
            (Loss::CrossEntropy, Readout::Softmax),
            (Loss::CrossEntropy, Readout::Sigmoid),
        ] {
            let at = |values: [f64; 8]| -> Result<(Var, Tensor)> {
                let answers = Var::from_vec(values.to_vec(), (2, 2, 2), &Device::Cpu)?;
                let value = loss.value(readout, &answers, &answers, &batch)?;
                Ok((answers, value))
            };
            let (answers, loss_value) = at(start)?;
            let gradient: Vec<f64> = loss_value.backward()?.get(&answers).unwrap().flatten_all()?.to_vec1()?;
            for (index, gradient) in gradient.into_iter().enumerate() {
                let moved = |change: f64| {
                    let mut values = start;
                    values[index] += change;
                    at(values).unwrap().1.to_scalar::<f64>().unwrap()
                };
                let difference = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!(
                    (gradient - difference).abs() < 1e-8,
                    "{loss:?} {readout:?} at {index}: {gradient} vs {difference}"
                );
            }
        }
        Ok(())
    }

    #[test]
    fn a_batch_that_grades_nothing_has_no_loss_and_no_gradient() -> Result<()> {
        let batch = batch(TARGETS, [[[0.0; 2]; 2]; 2])?;
        for (loss, readout) in [
            (Loss::MaskedMse, Readout::Linear),
            (Loss::CrossEntropy, Readout::Softmax),
            (Loss::CrossEntropy, Readout::Sigmoid),
        ] {
            let answers = Var::ones((2, 2, 2), DType::F64, &Device::Cpu)?;
            let value = loss.value(readout, &answers, &answers, &batch)?;
            assert_eq!(value.to_scalar::<f64>()?, 0.0);
            let gradient: Vec<f64> = value.backward()?.get(&answers).unwrap().flatten_all()?.to_vec1()?;
            assert!(gradient.iter().all(|gradient| *gradient == 0.0), "{loss:?} {readout:?}");
        }
        Ok(())
    }

    #[test]
    fn a_cross_entropy_needs_probabilities_on_both_sides() -> Result<()> {
        let fine = batch(TARGETS, MASK)?;
        let message = |readout, batch| value(Loss::CrossEntropy, readout, TARGETS, batch).unwrap_err().to_string();
        assert!(message(Readout::Linear, &fine).contains("`model.readout` is linear"));
        let high = batch([[[1.2, 0.0]; 2]; 2], MASK)?;
        assert!(message(Readout::Sigmoid, &high).contains("a target of 1.2"));
        Ok(())
    }

    #[test]
    fn names_are_those_of_a_run_file() {
        let names = serde_json::to_string(&[Loss::default(), Loss::MeanSquare, Loss::CrossEntropy]).unwrap();
        assert_eq!(names, r#"["masked_mse","mean_square","cross_entropy"]"#);
        assert!(serde_json::from_str::<Loss>("\"mse\"").unwrap_err().to_string().contains("masked_mse"));
    }
}
