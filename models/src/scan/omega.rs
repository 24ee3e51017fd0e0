//! The vanishing-gradient regulariser of a pass as a term of a loss.

use std::sync::{Arc, OnceLock};

use candle_core::Tensor;

/// Omega of a [`Trajectory`](crate::Trajectory): how far the gradient of a loss with respect to the states is from
/// keeping its norm on its way back through time. It is found on this way.
///
/// ```text
/// Omega = mean over trials and steps with |g_{t+1}|^2 >= 1e-20 of ( |h_t|^2 / |g_{t+1}|^2 - 1 )^2
/// h_t   = (1 - alpha) g_{t+1} + f'(x_t) (alpha g_{t+1}) W_rec
/// ```
///
/// `g` is the part of the gradient that arrives through the logits of the trajectory. Pascanu, Mikolov & Bengio 2013,
/// arXiv:1211.5063.
#[derive(Clone, Debug)]
pub struct Omega {
    pub(super) term: Tensor,
    pub(super) found: Arc<OnceLock<f64>>,
}

impl Omega {
    /// A scalar to be added to the loss, times a weight. Its number is 0, but it has the gradient of Omega: the immediate
    /// one, for which `g` and the states are constants, so that it reaches the recurrent weights only.
    pub fn term(&self) -> &Tensor {
        &self.term
    }

    /// Omega, as soon as a loss that [`term`](Self::term) is a part of has been gone back through.
    pub fn value(&self) -> Option<f64> {
        self.found.get().copied()
    }
}
