//! The two stimuli are shown one after the other (`delaydm1`, `delaydm2`, `contextdelaydm1`, `contextdelaydm2`,
//! `multidelaydm`).
//!
//! ```text
//! epochs     fix1 F | stim1 S | delay1 D | stim2 S | delay2 W | go1 R
//!                                                          one modality: tests 500 | 500 | 1000 | 500 | 200 | 300 ms
//!                                                          both: tests 500 | 500 | 1000 | 500 | 500 | 500 ms
//! inputs     fixation 1 until go1 | the stimulus at angle_1 in stim1, the one at angle_2 in stim2
//! grid       strengths g + c = 0.5 + 0.2 k, k = 0 .. 4, in one modality; 0.8 + 0.08 k in both
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | 200, 400 or 600 |
//! | S | `stimulus` | ms | 200, 400 or 600, for each stimulus anew (paper: 300) |
//! | D | `delay` | ms | 200, 400, 800 or 1600 |
//! | W | `wait` | ms | U(100, 300) |
//! | R | `response` | ms | 500 |
//! | \|c\| | `coherences` | strength | 0.08, 0.16 or 0.32, either sign (twice that in the code's easy tasks) |
//!
//! A test condition that names `stimulus_duration` or `delay` (ms) has the timing of the psychometric trials. Where one
//! modality is shown they last `stimulus_onset` (200), `stimulus_duration` (200), `delay` (800), `stimulus_duration`,
//! 200, 300 ms, and `stimulus_onset` can be named, too; where both are, 300, `stimulus_duration` (300), `delay` (800),
//! `stimulus_duration`, 200, 300 ms.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{DelayDm1, DelayDm2, Yang2019}};
//! let quiet = Yang2019 { sigma_x: 0.0, ..Yang2019::default() };
//! let first = DelayDm1 { settings: quiet.clone(), ..DelayDm1::default() };
//! let second = DelayDm2 { settings: quiet, ..DelayDm2::default() };
//! let asked = Condition::new().with("angle_1", 0.0).with("angle_2", PI);
//! let asked = asked.with("strength", 1.0).with("coherence", -0.25);
//! for (task, [at_0, at_pi]) in [(&first as &dyn Task, [1, 17]), (&second, [33, 49])] {
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     // 0.8 times 0.75, in stim1
//!     assert_eq!((trial.n_steps(), trial.inputs[[25, at_0]], trial.inputs[[50, at_0]]), (150, 0.6, 0.0));
//!     assert_eq!((trial.inputs[[99, at_pi]], trial.inputs[[100, at_pi]]), (0.0, 1.0)); // 0.8 times 1.25, in stim2
//!     assert_eq!(trial.targets[[149, 17]], 0.85);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{DECISION, Intervals, LAYOUT, Period, SCHEDULE, SCORING, SETTINGS, SOURCE};
use crate::Duration;

/// Two stimuli one after the other, and the go signal some time after the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TwoIntervals {
    /// Before the first stimulus, ms.
    pub fixation: Duration,
    /// Each of the two stimuli, drawn for each anew, ms; 300 in the paper.
    pub stimulus: Duration,
    /// Between the stimuli, ms.
    pub delay: Duration,
    /// From the end of the second stimulus to the go signal, ms.
    pub wait: Duration,
    /// After the go signal, ms.
    pub response: Duration,
}

impl Default for TwoIntervals {
    fn default() -> Self {
        Self {
            fixation: Duration::one_of([200.0, 400.0, 600.0]),
            stimulus: Duration::one_of([200.0, 400.0, 600.0]),
            delay: Duration::one_of([200.0, 400.0, 800.0, 1600.0]),
            wait: Duration::uniform(100.0, 300.0),
            response: 500.0.into(),
        }
    }
}

impl Intervals for TwoIntervals {
    const SHARED: &'static [&'static str] =
        &[include_str!("two_intervals.rs"), DECISION, LAYOUT, SETTINGS, SCORING, SCHEDULE, SOURCE];
    const IS_DELAYED: bool = true;
    const SHOWN: [&'static str; 2] = ["stim1", "stim2"];
    const COHERENCES: &'static [f64] = &[0.08, 0.16, 0.32];
    const GRID_STEPS: [f64; 2] = [0.2, 0.08];

    fn periods(&self, n_modalities: usize) -> Vec<Period<'_>> {
        // The tests' wait and response, and the psychometric trials' fixation and stimuli.
        let ([wait, response], [fixation, stimulus]) = match n_modalities {
            1 => ([200.0, 300.0], [200.0, 200.0]),
            _ => ([500.0, 500.0], [300.0, 300.0]),
        };
        let first = Period::new("fix1", "fixation", &self.fixation, 500.0, fixation);
        vec![
            if n_modalities == 1 { first.named("stimulus_onset") } else { first },
            Period::new("stim1", "stimulus", &self.stimulus, 500.0, stimulus).named("stimulus_duration"),
            Period::new("delay1", "delay", &self.delay, 1000.0, 800.0).named("delay"),
            Period::new("stim2", "stimulus", &self.stimulus, 500.0, stimulus).named("stimulus_duration"),
            Period::new("delay2", "wait", &self.wait, wait, 200.0),
            Period::new("go1", "response", &self.response, response, 300.0),
        ]
    }
}
