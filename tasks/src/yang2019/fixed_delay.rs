//! Go and Anti: a stimulus appears; when the fixation cue goes off, respond in its direction (`fdgo`) or away from it
//! (`fdanti`).
//!
//! ```text
//! epochs     fix1 F | stim1 S | go1 R                      tests 500 | 1000 | 500 ms
//! inputs     fixation 1 until go1 | the stimulus from stim1 to the end
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | U(300, 700) |
//! | S | `stimulus` | ms | U(500, 1500): from the stimulus to the go signal |
//! | R | `response` | ms | 500 |
//!
//! A test condition that names `stimulus_duration` (ms) has the timing of the psychometric trials: 300,
//! `stimulus_duration`, 400 ms.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{FdAnti, FdGo, Yang2019}};
//! let settings = Yang2019 { sigma_x: 0.0, ..Yang2019::default() };
//! let (go, anti) = (FdGo { settings: settings.clone(), ..FdGo::default() }, FdAnti { settings, ..FdAnti::default() });
//! let right = Condition::new().with("angle", 0.0).with("modality", 2.0);
//! // The output that prefers 0, and the one on the other side, at pi.
//! for (task, output) in [(&go as &dyn Task, 1), (&anti, 17)] {
//!     let trial = task.trial(Split::Test, Some(&right), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!((trial.n_steps(), trial.inputs[[24, 33]], trial.inputs[[25, 33]]), (100, 0.0, 0.8));
//!     assert_eq!((trial.targets[[74, 0]], trial.targets[[75, 0]]), (0.8, 0.05));
//!     assert_eq!(trial.targets[[99, output]], 0.85);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Period, Schedule, Timing};
use crate::Duration;

/// A stimulus that stays on, and a go signal after a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FixedDelay {
    /// Before the stimulus, ms.
    pub fixation: Duration,
    /// From the stimulus to the go signal, ms.
    pub stimulus: Duration,
    /// After the go signal, ms.
    pub response: Duration,
}

impl Default for FixedDelay {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(300.0, 700.0),
            stimulus: Duration::uniform(500.0, 1500.0),
            response: 500.0.into(),
        }
    }
}

impl Timing for FixedDelay {
    const NAMES: [(&'static str, &'static str); 2] = [
        ("yang2019/fdgo", "Fixed delay: respond to a stimulus that stays on, once the fixation cue goes off"),
        ("yang2019/fdanti", "Fixed delay: respond away from a stimulus that stays on, once the fixation cue goes off"),
    ];
    const HEADER: &'static str = include_str!("fixed_delay.rs");

    fn periods(&self) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 500.0, 300.0),
            Period::new("stim1", "stimulus", &self.stimulus, 1000.0, 1000.0).named("stimulus_duration"),
            Period::new("go1", "response", &self.response, 500.0, 400.0),
        ]
    }

    fn shown(schedule: &Schedule) -> Range<usize> {
        schedule.from("stim1")
    }
}
