//! Threads to work on.
//!
//! A child that a process makes by `fork` has none of its threads. rayon's own pool belongs to the process that started
//! it, and in the child work would wait for it for ever; so there it goes to another pool.

use std::{
    process,
    sync::{Mutex, OnceLock, PoisonError},
};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::{Error, Result};

/// With a plant, candle's backward pass and the release of its graph recurse through time, so training has threads with
/// deep stacks. Only the part that is used takes memory.
const STACK: usize = 256 << 20;

/// New threads for training, as many as `RAYON_NUM_THREADS` or the machine says.
///
/// # Errors
/// If the system does not give them.
pub fn pool() -> Result<ThreadPool> {
    ThreadPoolBuilder::new().stack_size(STACK).build().map_err(|error| {
        Error::system(format!(
            "training could not start its threads, which need {} MiB of address space each ({error}); raise the limit \
            (ulimit -v)",
            STACK >> 20
        ))
    })
}

/// Does work on rayon's own pool, and in a child of the process that started it on one of the child.
///
/// # Errors
/// If the system does not give the threads.
pub(crate) fn on_own_pool<R: Send>(work: impl FnOnce() -> R + Send) -> Result<R> {
    static FIRST: OnceLock<u32> = OnceLock::new();
    static OF_CHILD: Mutex<Option<(u32, &'static ThreadPool)>> = Mutex::new(None);
    let process = process::id();
    if *FIRST.get_or_init(|| process) == process {
        return Ok(work());
    }
    let mut known = OF_CHILD.lock().unwrap_or_else(PoisonError::into_inner);
    let pool = match *known {
        Some((of, pool)) if of == process => pool,
        // It lives as long as the process; dropping that of a parent would wait for threads that are not there.
        _ => known.insert((process, Box::leak(Box::new(pool()?)))).1,
    };
    drop(known);
    Ok(pool.install(work))
}
