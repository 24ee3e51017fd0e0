//! How the runs of a study are packed into shards, the tasks of an array: enough work in each that waiting in the queue
//! is worth it, little enough that an interruption costs little.
//!
//! ```text
//! runs of a shard   as many as half the time limit takes, or an hour where there is none
//! time limit        twice what they are estimated to take, and ten minutes
//! memory            one and a half times what a run was seen to take, and at least 1 GiB for each processor
//! ```

use std::time::Duration;

use crate::error::{Error, Result};

/// What a shard is to take where no time limit is given, seconds.
const HOUR: f64 = 3600.0;

/// A time limit is a multiple of this, and at least this, seconds.
const TEN_MINUTES: f64 = 600.0;

/// The arrays that Slurm takes where nothing else is set up.
pub(super) const USUAL_MOST: usize = 1001;

/// Memory of a processor: at least this, and a multiple of that, MiB.
const LEAST_MEMORY: u64 = 1024;
const STEP_OF_MEMORY: u64 = 256;

/// What runs are estimated to take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// One of them, on average, seconds.
    pub mean: f64,
    /// The longest, seconds.
    pub longest: f64,
    /// The largest, bytes of memory.
    pub memory: Option<u64>,
}

/// What is known before runs are packed.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Runs of the study.
    pub runs: usize,
    /// Runs that a shard trains at the same time.
    pub jobs: usize,
    /// What they are estimated to take.
    pub estimate: Option<Estimate>,
    /// The time limit of a shard.
    pub limit: Option<Duration>,
    /// Most tasks of an array.
    pub most: usize,
}

/// Runs packed into shards.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packing {
    /// Shards.
    pub shards: usize,
    /// Runs of the largest of them.
    pub runs: usize,
    /// What that one is estimated to take, seconds.
    pub seconds: Option<f64>,
    /// What a run is estimated to take, bytes of memory.
    pub memory: Option<u64>,
}

impl Load {
    /// Packs the runs, into as many shards as are asked for.
    ///
    /// # Errors
    /// If they are more than there are runs, or than an array has tasks.
    pub fn pack(&self, asked: Option<usize>) -> Result<Packing> {
        let refuse = |message: String| Err(Error::setting("--shards", message));
        let most = self.most.min(self.runs).max(1);
        let shards = match asked {
            Some(0) => return refuse("must be at least 1, but is 0; give more, or leave it out".into()),
            Some(asked) if asked > self.runs => {
                return refuse(format!(
                    "must be at most the {} runs of the study, but is {asked}; give fewer",
                    self.runs
                ));
            }
            Some(asked) if asked > self.most => {
                let most = self.most;
                return refuse(format!("must be at most {most} (MaxArraySize of Slurm), but is {asked}"));
            }
            Some(asked) => asked,
            None => self.runs.div_ceil(self.runs_in_time()).clamp(1, most),
        };
        let runs = self.runs.div_ceil(shards);
        let rounds = runs.div_ceil(self.jobs.max(1)) as f64;
        let seconds = self.estimate.map(|estimate| estimate.longest.max(rounds * estimate.mean));
        Ok(Packing { shards, runs, seconds, memory: self.estimate.and_then(|estimate| estimate.memory) })
    }

    /// Runs that are done in the time that a shard is to take; one where that is not known.
    fn runs_in_time(&self) -> usize {
        let target = self.limit.map_or(HOUR, |limit| limit.as_secs_f64() / 2.0);
        let Some(seconds) = self.estimate.map(|found| found.mean).filter(|mean| *mean > 0.0) else { return 1 };
        // A number above all runs means all of them; the conversion saturates.
        let rounds = ((target / seconds).floor() as usize).max(1);
        rounds.saturating_mul(self.jobs.max(1)).clamp(1, self.runs.max(1))
    }
}

impl Packing {
    /// The time limit that is asked for where none is given.
    pub fn time(&self) -> Option<Duration> {
        let seconds = 2.0 * self.seconds? + TEN_MINUTES;
        let seconds = (seconds / TEN_MINUTES).ceil() * TEN_MINUTES;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// The memory of a processor that is asked for where none is given, MiB.
    pub fn memory_of_cpu(&self) -> Option<u64> {
        let needed = self.memory?.div_ceil(2 << 20).saturating_mul(3);
        Some(needed.max(LEAST_MEMORY).next_multiple_of(STEP_OF_MEMORY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Estimate = Estimate { mean: 60.0, longest: 90.0, memory: Some(100 << 20) };
    const LOAD: Load = Load { runs: 1000, jobs: 4, estimate: Some(MINUTE), limit: None, most: USUAL_MOST };

    #[test]
    fn short_runs_share_a_shard_of_about_an_hour() {
        let packing = LOAD.pack(None).expect("a packing");
        assert_eq!(
            (packing.shards, packing.runs, packing.seconds),
            (5, 200, Some(3000.0)),
            "60 rounds of 4 fit, 240 runs"
        );
        assert_eq!(packing.time(), Some(Duration::from_secs(6600)));
        assert_eq!(packing.memory_of_cpu(), Some(1024));
        assert_eq!(Packing { memory: Some(800 << 20), ..packing }.memory_of_cpu(), Some(1280));
        let uneven = Some(Estimate { longest: 5000.0, ..MINUTE });
        assert_eq!(Load { estimate: uneven, ..LOAD }.pack(None).expect("a packing").seconds, Some(5000.0));
    }

    #[test]
    fn a_limit_halves_and_an_array_bounds() {
        let limit = Some(Duration::from_secs(1200));
        let packing = Load { limit, ..LOAD }.pack(None).expect("a packing");
        assert_eq!((packing.shards, packing.runs), (25, 40));
        let long = Load { estimate: Some(Estimate { mean: 1e6, longest: 1e6, memory: None }), ..LOAD };
        assert_eq!(long.pack(None).expect("a packing").shards, 250, "four at a time");
        assert_eq!(Load { jobs: 1, ..long }.pack(None).expect("a packing").shards, 1000);
        let packing = Load { jobs: 1, most: 100, ..long }.pack(None).expect("a packing");
        assert_eq!((packing.shards, packing.runs), (100, 10));
        let packing = Load { estimate: None, ..LOAD }.pack(None).expect("a packing");
        assert_eq!((packing.shards, packing.seconds, packing.time()), (1000, None, None));
    }

    #[test]
    fn a_number_that_is_asked_for_is_taken_or_refused() {
        assert_eq!(LOAD.pack(Some(12)).expect("a packing").runs, 84);
        for (asked, words) in [(0, "at least 1"), (1001, "1000 runs")] {
            let refusal = LOAD.pack(Some(asked)).expect_err("a refusal").to_string();
            assert!(refusal.contains(words), "{refusal}");
        }
        let refusal = Load { most: 100, ..LOAD }.pack(Some(200)).expect_err("a refusal").to_string();
        assert!(refusal.contains("MaxArraySize"), "{refusal}");
    }
}
