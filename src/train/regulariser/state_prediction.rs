//! Change of the rates: small when the activity at a step predicts the activity a little later.
//!
//! ```text
//! L = mean over units, trials and steps t of (r_{t + lag} - r_t)^2          both steps within the trial
//! ```
//!
//! `r` are the rates (batch, steps, units), `lag` is in steps. The original nn4n has the same equation, but takes the difference of trials that
//! are `lag` apart in the batch; ours is the difference of steps.

use candle_core::Tensor;

use super::average::mean;
use crate::error::{Error, Result};

/// Mean squared change of the rates over `lag` steps: a scalar.
///
/// # Errors
/// If no trial is longer than `lag`.
pub fn state_prediction(rates: &Tensor, valid: &Tensor, lag: usize) -> Result<Tensor> {
    let steps = rates.dim(1)?;
    if lag == 0 || lag >= steps {
        return Err(Error::setting(
            "train.regularisers.state_prediction.lag",
            format!("must be at least 1 and less than the {steps} steps of a batch's longest trial, but is {lag}"),
        ));
    }
    let pairs = steps - lag;
    let change = (rates.narrow(1, lag, pairs)? - rates.narrow(1, 0, pairs)?)?;
    // A trial that has not ended at the later step had not at the earlier one.
    mean(&change.sqr()?, &valid.narrow(1, lag, pairs)?)
}
