//! The threads on which everything is measured.

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// Runs `work` on a pool of `threads` threads of its own.
///
/// # Errors
/// If the threads cannot be started, or `work` fails.
pub fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    pool(threads)?.install(work)
}

pub(super) fn pool(threads: usize) -> Result<ThreadPool> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::system(format!("{threads} threads could not be started ({error}); use fewer")))
}
