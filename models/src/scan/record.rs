//! The activity of a pass: arrays that are there, or a tape that makes them.

use std::{fmt, sync::Arc};

use candle_core::Tensor;

use super::omega::Omega;
use crate::{dynamics::State, error::Result};

/// An array of a pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    States,
    Rates,
}

/// The activity of a pass.
#[derive(Clone, Debug)]
pub(crate) enum Record {
    /// Arrays that are there.
    Whole {
        /// (batch, steps, units)
        states: Tensor,
        /// (batch, steps, units)
        rates: Tensor,
        /// The last step's.
        last: State,
    },
    /// Kept for the backward pass, and turned into arrays when asked for.
    Taped {
        tape: Arc<dyn Recorded>,
        /// The logits, on which the arrays hang as operations of candle.
        logits: Tensor,
    },
}

/// A pass whose arrays can be had as tensors with gradients.
pub(crate) trait Recorded: fmt::Debug + Send + Sync {
    /// States or rates (batch, steps, units), or of the last step only (batch, units). `logits` are those of this pass.
    fn tensor(self: Arc<Self>, logits: &Tensor, quantity: Quantity, last_only: bool) -> Result<Tensor>;

    /// Omega over the steps where `valid` (batch, steps, 1) is positive; `None` if the pass is not in the current form.
    fn omega(self: Arc<Self>, logits: &Tensor, valid: &Tensor) -> Result<Option<Omega>>;
}
