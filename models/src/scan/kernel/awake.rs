//! Keeps the threads of a pool awake between the passes of a training step.
//!
//! A thread of rayon that finds nothing to do goes to sleep after some microseconds, and waking it takes tens of them: as long as a good part of a small
//! pass, twice a step. So after each pass the other threads look for work for a moment longer.

use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use rayon::Yield;

/// Longer than what lies between two passes of the training steps that are short enough for this to matter.
const MOMENT: Duration = Duration::from_micros(200);

/// Requests that no thread has taken up yet.
static PENDING: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// Until when this thread looks for work, if it does.
    static UNTIL: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Asks the other threads of the current pool to look for work for a moment; does nothing outside of a pool, whose threads would be in the way of the
/// calling one.
pub(super) fn keep_awake() {
    let Some(own) = rayon::current_thread_index() else { return };
    let others = rayon::current_num_threads() - 1;
    let requests = others.saturating_sub(PENDING.load(Ordering::Relaxed));
    PENDING.fetch_add(requests, Ordering::Relaxed);
    for _ in 0..requests {
        rayon::spawn(move || {
            PENDING.fetch_sub(1, Ordering::Relaxed);
            if rayon::current_thread_index() != Some(own) {
                look_for_work();
            }
        });
    }
}

/// A request that arrives while the thread does so already only makes it last longer.
fn look_for_work() {
    let mut until = Instant::now() + MOMENT;
    if UNTIL.replace(Some(until)).is_some() {
        return;
    }
    while Instant::now() < until {
        if rayon::yield_now() != Some(Yield::Executed) {
            thread::yield_now(); // to other programs
        }
        until = UNTIL.get().unwrap_or(until);
    }
    UNTIL.set(None);
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::*;

    #[test]
    fn requests_do_not_pile_up_on_any_thread() {
        // With a frame for each request, this stack would be used up.
        let pool = ThreadPoolBuilder::new().num_threads(3).stack_size(1 << 16).build().unwrap();
        let joined = pool.install(|| {
            (0..5_000).fold(0, |sum, index| {
                keep_awake();
                let (a, b) = rayon::join(|| index % 2, || 1 - index % 2);
                sum + a + b
            })
        });
        assert_eq!(joined, 5_000);
        assert!(PENDING.load(Ordering::Relaxed) <= 2 * rayon::current_num_threads().max(3));
        keep_awake();
    }
}
