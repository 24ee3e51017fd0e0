//! Keeps the threads of a pool awake between the passes of a training step.
//!
//! A thread of rayon that finds nothing to do goes to sleep after some microseconds, and waking it takes tens of them:
//! as long as a good part of a small pass, twice a step. So after each pass the threads that had a part in it look for
//! work for a moment longer.

use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use rayon::Yield;

/// Longer than what lies between two passes of the training steps that are short enough for this to matter.
const MOMENT: Duration = Duration::from_micros(200);

thread_local! {
    /// Requests of this thread that no thread has taken up yet.
    static PENDING: Arc<AtomicUsize> = Arc::default();
    /// Whether this thread looks for work, and whether it has been asked again meanwhile.
    static LOOKING: Cell<bool> = const { Cell::new(false) };
    static ASKED_AGAIN: Cell<bool> = const { Cell::new(false) };
}

/// Asks as many other threads of the current pool as have had some of `trials` to look for work for a moment. Does
/// nothing outside of a pool, whose threads would be in the way of the calling one.
pub(super) fn keep_awake(trials: usize) {
    let Some(own) = rayon::current_thread_index() else { return };
    let others = rayon::current_num_threads().min(trials).saturating_sub(1);
    let pending = PENDING.with(Arc::clone);
    for _ in pending.load(Ordering::Relaxed)..others {
        let pending = pending.clone();
        pending.fetch_add(1, Ordering::Relaxed);
        rayon::spawn(move || {
            pending.fetch_sub(1, Ordering::Relaxed);
            if rayon::current_thread_index() != Some(own) {
                look_for_work();
            }
        });
    }
}

/// A thread that is asked again begins anew, but returns to rayon first: it may have been waiting for something that
/// has come.
fn look_for_work() {
    if LOOKING.replace(true) {
        return ASKED_AGAIN.set(true);
    }
    let began = Instant::now();
    while began.elapsed() < MOMENT && !ASKED_AGAIN.get() {
        if rayon::yield_now() != Some(Yield::Executed) {
            thread::yield_now(); // to other programs
        }
    }
    LOOKING.set(false);
    if ASKED_AGAIN.replace(false) {
        rayon::spawn(look_for_work);
    }
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::*;

    #[test]
    fn requests_do_not_pile_up_on_any_thread() {
        // With a frame for each request, these stacks would be used up.
        let pool = ThreadPoolBuilder::new().num_threads(3).stack_size(1 << 16).build().unwrap();
        let (joined, pending) = pool.install(|| {
            let joined = (0..5_000).fold(0, |sum, index| {
                keep_awake(8);
                let (a, b) = rayon::join(|| index % 2, || 1 - index % 2);
                sum + a + b
            });
            (joined, PENDING.with(|pending| pending.load(Ordering::Relaxed)))
        });
        assert_eq!(joined, 5_000);
        assert!(pending <= 2, "{pending} requests are pending");
        keep_awake(8); // outside of a pool
    }
}
