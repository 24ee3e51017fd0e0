//! RT Go and RT Anti: respond in its direction (`reactgo`) or away from it (`reactanti`) as soon as a stimulus appears.
//!
//! ```text
//! epochs     fix1 F | go1 R                                tests 2000 | 500 ms
//! inputs     fixation 1 for the whole trial: the stimulus, in go1, is the go signal
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | U(500, 2500) |
//! | R | `response` | ms | 500 |
//!
//! A test condition that names `stimulus_onset` (ms, 1000 in the code) has the timing of the psychometric trials:
//! `stimulus_onset`, 400 ms.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{ReactAnti, ReactGo, Yang2019}};
//! let quiet = Yang2019 { sigma_x: 0.0, ..Yang2019::default() };
//! let go = ReactGo { settings: quiet.clone(), ..ReactGo::default() };
//! let anti = ReactAnti { settings: quiet, ..ReactAnti::default() };
//! let right = Condition::new().with("angle", 0.0).with("modality", 2.0);
//! // The output that prefers 0, and the one on the other side, at pi.
//! for (task, output) in [(&go as &dyn Task, 1), (&anti, 17)] {
//!     let trial = task.trial(Split::Test, Some(&right), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!((trial.n_steps(), trial.inputs[[99, 33]], trial.inputs[[100, 33]]), (125, 0.0, 0.8));
//!     assert_eq!((trial.targets[[99, 0]], trial.targets[[100, 0]]), (0.8, 0.05));
//!     assert_eq!(trial.targets[[124, output]], 0.85);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Period, Schedule, Timing};
use crate::Duration;

/// A stimulus that is the go signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reaction {
    /// Before the stimulus, ms.
    pub fixation: Duration,
    /// From the stimulus on, ms.
    pub response: Duration,
}

impl Default for Reaction {
    fn default() -> Self {
        Self { fixation: Duration::uniform(500.0, 2500.0), response: 500.0.into() }
    }
}

impl Timing for Reaction {
    const NAMES: [(&'static str, &'static str); 2] = [
        (
            "yang2019/reactgo",
            "Reaction time: respond to a stimulus as soon as it appears, while the fixation cue stays on",
        ),
        (
            "yang2019/reactanti",
            "Reaction time: respond away from a stimulus as soon as it appears, while the fixation cue stays on",
        ),
    ];
    const HEADER: &'static str = include_str!("reaction.rs");
    const FIXATION_STAYS: bool = true;

    fn periods(&self) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 2000.0, 1000.0).named("stimulus_onset"),
            Period::new("go1", "response", &self.response, 500.0, 400.0),
        ]
    }

    fn shown(schedule: &Schedule) -> Range<usize> {
        schedule.from("go1")
    }
}
