//! The two stimuli are shown together (`dm1`, `dm2`, `contextdm1`, `contextdm2`, `multidm`).
//!
//! ```text
//! epochs     fix1 F | stim1 S | go1 R                      one modality: tests 500 | 1500 | 500 ms
//!                                                          both: tests 500 | 1000 | 500 ms
//! inputs     fixation 1 until go1 | both stimuli in stim1, their bumps added up
//! grid       strengths g + c = 0.8 + 0.08 k, k = 0 .. 4
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | F | `fixation` | ms | U(100, 400) |
//! | S | `stimulus` | ms | 400, 800 or 1600 |
//! | R | `response` | ms | 500 |
//! | \|c\| | `coherences` | strength | 0.01, 0.02, 0.04 or 0.08, either sign (10 times that in the code's easy tasks) |
//!
//! A test condition that names `stimulus_duration` (ms) has the timing of the psychometric trials: 300,
//! `stimulus_duration`, 400 ms where one modality is shown, and 500, `stimulus_duration`, 500 ms where both are.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{Dm1, Dm2, Yang2019}};
//! let settings = Yang2019 { sigma_x: 0.0, ..Yang2019::default() };
//! let (dm1, dm2) = (Dm1 { settings: settings.clone(), ..Dm1::default() }, Dm2 { settings, ..Dm2::default() });
//! let asked = Condition::new().with("angle_1", 0.0).with("angle_2", PI);
//! let asked = asked.with("strength", 1.0).with("coherence", -0.25);
//! for (task, [first, second]) in [(&dm1 as &dyn Task, [1, 17]), (&dm2, [33, 49])] {
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!((trial.n_steps(), trial.inputs[[24, first]]), (125, 0.0));
//!     assert_eq!((trial.inputs[[25, first]], trial.inputs[[99, second]]), (0.6, 1.0)); // 0.8 times 0.75 and 1.25
//!     assert_eq!(trial.targets[[124, 17]], 0.85);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{DECISION, Intervals, LAYOUT, Period, SCHEDULE, SCORING, SETTINGS, SOURCE};
use crate::Duration;

/// Two stimuli side by side, and the go signal at their end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OneInterval {
    /// Before the stimuli, ms.
    pub fixation: Duration,
    /// The stimuli, ms.
    pub stimulus: Duration,
    /// After the go signal, ms.
    pub response: Duration,
}

impl Default for OneInterval {
    fn default() -> Self {
        Self {
            fixation: Duration::uniform(100.0, 400.0),
            stimulus: Duration::one_of([400.0, 800.0, 1600.0]),
            response: 500.0.into(),
        }
    }
}

impl Intervals for OneInterval {
    const SHARED: &'static [&'static str] =
        &[include_str!("one_interval.rs"), DECISION, LAYOUT, SETTINGS, SCORING, SCHEDULE, SOURCE];
    const IS_DELAYED: bool = false;
    const SHOWN: [&'static str; 2] = ["stim1", "stim1"];
    const COHERENCES: &'static [f64] = &[0.01, 0.02, 0.04, 0.08];
    const GRID_STEPS: [f64; 2] = [0.08, 0.08];

    fn periods(&self, n_modalities: usize) -> Vec<Period<'_>> {
        let (test, psychometric) = match n_modalities {
            1 => ([500.0, 1500.0, 500.0], [300.0, 800.0, 400.0]),
            _ => ([500.0, 1000.0, 500.0], [500.0, 800.0, 500.0]),
        };
        vec![
            Period::new("fix1", "fixation", &self.fixation, test[0], psychometric[0]),
            Period::new("stim1", "stimulus", &self.stimulus, test[1], psychometric[1]).named("stimulus_duration"),
            Period::new("go1", "response", &self.response, test[2], psychometric[2]),
        ]
    }
}
