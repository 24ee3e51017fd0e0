//! Change of the rates: small when the activity at a step predicts the activity a little later.
//!
//! ```text
//! L = mean over units, trials and steps t of (r_{t + lag} - r_t)^2          both steps within the trial
//! ```
//!
//! `r` are the rates (batch, steps, units), `lag` is in steps. The original nn4n has the same equation, but takes the
//! difference of trials that are `lag` apart in the batch; ours is the difference of steps.

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

#[cfg(test)]
mod tests {
    use super::{super::testing::on_two_trials, *};

    #[test]
    fn steps_are_compared_and_not_trials() {
        on_two_trials([[-1.0, 3.0], [3.0, 5.0]], [2.0, 4.0], |r, v| state_prediction(r, v, 1), (16.0 + 4.0) / 2.0);
    }

    #[test]
    fn the_lag_reaches_over_several_steps_and_must_fit_the_trials() -> Result<()> {
        let rates = Tensor::new(&[[[1.0f64], [5.0], [2.0], [9.0]]], &candle_core::Device::Cpu)?;
        let valid = rates.ones_like()?;
        assert_eq!(state_prediction(&rates, &valid, 2)?.to_scalar::<f64>()?, (1.0 + 16.0) / 2.0);
        assert!(state_prediction(&rates, &valid, 4).unwrap_err().to_string().contains("less than the 4 steps"));
        Ok(())
    }
}
