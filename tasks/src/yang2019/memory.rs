//! Dly Go and Dly Anti: remember a stimulus; when the fixation cue goes off, respond in its direction (`delaygo`) or
//! away from it (`delayanti`).
//!
//! ```text
//! epochs     fix1 F | stim1 S | delay1 D | go1 R           tests 500 | 500 | 1000 | 500 ms
//! inputs     fixation 1 until go1 | the stimulus in stim1
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | 300, 500 or 700 |
//! | S | `stimulus` | ms | 200, 400 or 600 |
//! | D | `delay` | ms | 200, 400, 800 or 1600 |
//! | R | `response` | ms | 500 |
//!
//! A test condition that names `stimulus_onset`, `stimulus_duration` or `delay` (ms) has the timing of the psychometric
//! trials: those that it names, the others as in tests, and 400 ms for the response.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{DelayAnti, DelayGo, Yang2019}};
//! let quiet = Yang2019 { sigma_x: 0.0, ..Yang2019::default() };
//! let go = DelayGo { settings: quiet.clone(), ..DelayGo::default() };
//! let anti = DelayAnti { settings: quiet, ..DelayAnti::default() };
//! let right = Condition::new().with("angle", 0.0).with("modality", 2.0);
//! // The output that prefers 0, and the one on the other side, at pi.
//! for (task, output) in [(&go as &dyn Task, 1), (&anti, 17)] {
//!     let trial = task.trial(Split::Test, Some(&right), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!((trial.n_steps(), trial.inputs[[24, 33]], trial.inputs[[25, 33]]), (125, 0.0, 0.8));
//!     assert_eq!((trial.targets[[99, 0]], trial.targets[[100, 0]]), (0.8, 0.05));
//!     assert_eq!(trial.targets[[124, output]], 0.85);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Period, Schedule, Timing};
use crate::Duration;

/// A stimulus to be remembered until the go signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Before the stimulus, ms.
    pub fixation: Duration,
    /// The stimulus, ms.
    pub stimulus: Duration,
    /// From the end of the stimulus to the go signal, ms.
    pub delay: Duration,
    /// After the go signal, ms.
    pub response: Duration,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            fixation: Duration::one_of([300.0, 500.0, 700.0]),
            stimulus: Duration::one_of([200.0, 400.0, 600.0]),
            delay: Duration::one_of([200.0, 400.0, 800.0, 1600.0]),
            response: 500.0.into(),
        }
    }
}

impl Timing for Memory {
    const NAMES: [(&'static str, &'static str); 2] = [
        ("yang2019/delaygo", "Memory: respond to a stimulus shown before a delay, once the fixation cue goes off"),
        (
            "yang2019/delayanti",
            "Memory: respond away from a stimulus shown before a delay, once the fixation cue goes off",
        ),
    ];
    const HEADER: &'static str = include_str!("memory.rs");

    fn periods(&self) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 500.0, 500.0).named("stimulus_onset"),
            Period::new("stim1", "stimulus", &self.stimulus, 500.0, 500.0).named("stimulus_duration"),
            Period::new("delay1", "delay", &self.delay, 1000.0, 1000.0).named("delay"),
            Period::new("go1", "response", &self.response, 500.0, 400.0),
        ]
    }

    fn shown(schedule: &Schedule) -> Range<usize> {
        schedule.span("stim1")
    }
}
