//! Work that its caller no longer wants ends before its end, as at Ctrl-C in a notebook.
//!
//! Loops that take long ask at each step whether they are still wanted; nobody else need know. Work goes on as ever
//! where no interruption was prepared.
//!
//! ```
//! use nn4n_analysis::{AnalysisError, interruption::Interruption};
//! let interruption = Interruption::default();
//! interruption.ask(); // from any thread
//! let found = interruption.over(|| Interruption::here().check());
//! assert_eq!(found, Err(AnalysisError::Interrupted));
//! assert_eq!(Interruption::here().check(), Ok(()));
//! ```

use std::{
    cell::RefCell,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rayon::prelude::*;

use crate::AnalysisError;

/// Whether some work is to end; clones are of the same work.
#[derive(Clone, Debug, Default)]
pub struct Interruption(Arc<AtomicBool>);

thread_local! {
    static HERE: RefCell<Interruption> = RefCell::default();
}

impl Interruption {
    /// Asks the work to end.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the work is to end.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// That of the work which this thread does now.
    pub fn here() -> Self {
        HERE.with_borrow(Self::clone)
    }

    /// Does work on this thread, and what it spreads over others with [`each`], that this can interrupt.
    pub fn over<T>(&self, work: impl FnOnce() -> T) -> T {
        /// Puts back what was there, whatever becomes of the work.
        struct Before(Interruption);
        impl Drop for Before {
            fn drop(&mut self) {
                HERE.set(std::mem::take(&mut self.0));
            }
        }
        let _before = Before(HERE.replace(self.clone()));
        work()
    }

    /// # Errors
    /// If the work is to end.
    pub fn check(&self) -> Result<(), AnalysisError> {
        if self.is_asked() { Err(AnalysisError::Interrupted) } else { Ok(()) }
    }
}

/// `work` for each number below `n`, on all cores, results in their order.
///
/// # Errors
/// Those of `work`, and if it was interrupted.
pub fn each<T: Send, E: From<AnalysisError> + Send>(
    n: usize,
    work: impl Fn(usize) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let interruption = Interruption::here();
    let one = |place| {
        interruption.check()?;
        // A thread that waits may take over steps of another's work.
        interruption.over(|| work(place))
    };
    (0..n).into_par_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn steps_after_the_interruption_are_not_done_on_any_thread() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let (interruption, done) = (Interruption::default(), AtomicUsize::new(0));
        let step = |place| {
            let inner = each(10, |_| {
                done.fetch_add(1, Ordering::Relaxed);
                Ok::<_, AnalysisError>(())
            });
            if place == 0 {
                Interruption::here().ask();
            }
            inner
        };
        let found = pool.install(|| interruption.over(|| each(100_000, step)));
        assert_eq!(found, Err(AnalysisError::Interrupted));
        assert!(done.into_inner() < 1_000_000);
        assert_eq!(pool.install(|| each(4, |place| Ok::<_, AnalysisError>(2 * place))), Ok(vec![0, 2, 4, 6]));
    }
}
