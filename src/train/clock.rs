//! How long a run has trained, validations and saving included, over all parts of it.
//!
//! ```text
//! time.json       {"updates": n, "seconds": s}                   beside a state from which the run can go on
//! finished.json   {"reason": ..., "updates": n, "seconds": s}    once there is nothing left to do
//! ```
//!
//! Neither is part of what a run is: networks, states and logs are the same bits however long they took. Work that a
//! crash undid is not counted.

use std::{path::Path, time::Instant};

use crate::{
    error::Result,
    files::read_text,
    run_directory::{Locked, RunDirectory},
};

/// A longer file is not one of these.
const LONGEST: u64 = 1 << 16;

/// The time of a run, from the moment on in which it begins or goes on.
pub(super) struct Clock {
    /// Seconds of the parts before; `None` where they are not known, as of a run of an earlier version.
    before: Option<f64>,
    since: Instant,
}

impl Clock {
    /// Of a run that has done so many updates.
    pub(super) fn of(run: &RunDirectory, updates: u64) -> Self {
        let known = || seconds_in(&run.finished()).or_else(|| seconds_in(&run.time()));
        Self { before: if updates == 0 { Some(0.0) } else { known() }, since: Instant::now() }
    }

    /// Seconds so far, whole milliseconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        let all = self.before? + self.since.elapsed().as_secs_f64();
        Some((all * 1e3).round() / 1e3)
    }

    /// Keeps the time for a run that goes on later.
    pub(super) fn save(&self, files: &Locked<'_>, updates: u64) -> Result<()> {
        match self.seconds() {
            Some(seconds) => {
                files.write_time(&format!("{}\n", serde_json::json!({ "updates": updates, "seconds": seconds })))
            }
            None => Ok(()),
        }
    }
}

/// What one of the two files says.
fn seconds_in(path: &Path) -> Option<f64> {
    let text = read_text(path, LONGEST).ok()?;
    let said: serde_json::Value = serde_json::from_str(&text).ok()?;
    said.get("seconds")?.as_f64().filter(|seconds| *seconds >= 0.0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::run_directory::Existing;

    #[test]
    fn the_time_goes_on_from_what_the_parts_before_said_and_is_unknown_where_they_did_not() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let run = RunDirectory::open(folder.path(), Existing::Keep)?;
        let seconds = |updates| Clock::of(&run, updates).seconds();
        assert!(seconds(0).is_some_and(|seconds| seconds < 60.0), "nothing went before");
        assert_eq!(seconds(10), None);
        Clock { before: Some(100.0), since: Instant::now() }.save(&run.lock()?, 10)?;
        assert!(seconds(10).is_some_and(|seconds| (100.0..160.0).contains(&seconds)));
        run.lock()?.finish(r#"{"reason": "last_update", "updates": 20, "seconds": 200.5}"#)?;
        assert!(!run.time().exists());
        assert!(seconds(20).is_some_and(|seconds| (200.5..260.0).contains(&seconds)));
        fs::write(run.finished(), r#"{"seconds": -1}"#).unwrap();
        assert_eq!(seconds(20), None);
        Ok(())
    }
}
