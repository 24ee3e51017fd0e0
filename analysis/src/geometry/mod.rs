//! The geometry of activity: how many directions it takes, which of them carry what, and how they turn.
//!
//! | module | question |
//! |---|---|
//! | [`window`] | which trials, over which time? |
//! | [`pca`] | how many directions does activity take? |
//! | [`dpca`] | which directions carry which variable of the task? |
//! | [`tdr`] | along which directions does a regression on the variables lie? |
//! | [`jpca`] | which rotations do conditions have in common? |
//! | [`surrogates`] | what would activity of these covariances be that is random otherwise? |
//! | [`subspaces`] | how are the directions of two parts of activity related, and what do weights let through? |

mod algebra;
pub mod dpca;
pub mod jpca;
pub mod pca;
pub mod subspaces;
pub mod surrogates;
pub mod tdr;
pub mod window;

use std::{
    ops::ControlFlow,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{AnalysisError, interruption};

pub use dpca::Dpca;
pub use jpca::Jpca;
pub use pca::Pca;
pub use subspaces::{Comparison, PotentSpace, principal_angles};
pub use tdr::Tdr;
pub use window::{Means, TrialCounts, Window, WindowSettings};

/// `work` for each number below `n`, on all cores, results in their order. `watch` is told how many are done.
pub(crate) fn each<T: Send>(
    n: usize,
    watch: &mut (dyn FnMut(usize) -> ControlFlow<()> + Send),
    work: impl Fn(usize) -> Result<T, AnalysisError> + Sync,
) -> Result<Vec<T>, AnalysisError> {
    let (watched, is_ended) = (Mutex::new((watch, 0)), AtomicBool::new(false));
    let ended = || AnalysisError::Interrupted;
    interruption::each(n, |place| {
        if is_ended.load(Ordering::Relaxed) {
            return Err(ended());
        }
        let found = work(place)?;
        // A thread that panicked ends the work anyway.
        let mut watched = watched.lock().map_err(|_| ended())?;
        watched.1 += 1;
        let done = watched.1;
        if (watched.0)(done).is_break() {
            is_ended.store(true, Ordering::Relaxed);
            return Err(ended());
        }
        Ok(found)
    })
}

#[cfg(test)]
mod test {
    use std::ops::ControlFlow;

    use ndarray::Array2;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    /// Independent numbers of variance 1.
    pub fn gaussian(shape: (usize, usize), seed: u64) -> Array2<f64> {
        super::algebra::gaussian(&mut ChaCha8Rng::seed_from_u64(seed), shape)
    }

    pub fn unwatched(_: usize) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}
