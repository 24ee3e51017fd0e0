//! How long the hub and other processes are waited for, and that a user learns of it.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use crate::progress::note;

/// How long is waited for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Before it is said what is waited for.
    pub notice: Duration,
    /// For a whole answer without its content (`HF_HUB_ETAG_TIMEOUT`).
    pub answer: Duration,
    /// For the next byte (`HF_HUB_DOWNLOAD_TIMEOUT`).
    pub silence: Duration,
    /// For another process that downloads the same and gets no further.
    pub standstill: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { notice: seconds(5), answer: seconds(30), silence: seconds(30), standstill: seconds(60) }
    }
}

impl Patience {
    /// What went wrong on the way, with the time that was waited where it is that.
    pub(super) fn explain(&self, error: &ureq::Error) -> String {
        use ureq::Timeout;
        match error {
            ureq::Error::Timeout(Timeout::PerRead) => format!("nothing came for {} s", self.silence.as_secs_f64()),
            ureq::Error::Timeout(Timeout::RecvResponse) => {
                format!("no whole answer came within {} s", self.answer.as_secs_f64())
            }
            error => error.to_string(),
        }
    }
}

/// Tells what is waited for, once for each time that nothing happens for so long. It ends when this is dropped.
pub(super) struct Watch {
    last: Arc<Mutex<Instant>>,
    _end: Sender<()>,
}

impl Watch {
    pub fn start(notice: Duration, message: String) -> Self {
        let last = Arc::new(Mutex::new(Instant::now()));
        let (end, ended) = channel();
        let shared = last.clone();
        let watch = move || {
            let mut told = None;
            loop {
                let seen = *shared.lock().unwrap_or_else(PoisonError::into_inner);
                let left = notice.saturating_sub(seen.elapsed());
                if left.is_zero() && told != Some(seen) {
                    note(&message);
                    told = Some(seen);
                }
                let next = if left.is_zero() { notice } else { left };
                if ended.recv_timeout(next) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        };
        // Without the thread nothing is told, and the work goes on.
        let _ = thread::Builder::new().name("waiting".into()).spawn(watch);
        Self { last, _end: end }
    }

    /// Something has happened.
    pub fn sign(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}
