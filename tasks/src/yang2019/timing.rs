//! The durations of the six kinds of trials.
//!
//! ```text
//!               fix1          stim1         delay1            stim2        delay2       go1
//! FixedDelay    U(300, 700)   U(500, 1500)                                              500  fdgo, fdanti
//! Reaction      U(500, 2500)                                                            500  reactgo, reactanti
//! Memory        300 500 700   200 400 600   200 400 800 1600                            500  delaygo, delayanti
//! OneInterval   U(100, 400)   400 800 1600                                              500  dm, contextdm, multidm
//! TwoIntervals  200 400 600   200 400 600   200 400 800 1600  200 400 600  U(100, 300)  500  the same with a delay
//! Matching      200 400 600   200 400 600   200 400 800 1600                                 dmsgo, dmsnogo, dmcgo, dmcnogo
//! ```
//!
//! In ms: U(a, b) uniform, otherwise one of those listed. The durations of test trials, which are no parameters, are
//! those of the source.

use serde::{Deserialize, Serialize};

use crate::Duration;

use super::Period;

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

impl FixedDelay {
    /// fix1 | stim1 | go1
    pub fn periods(&self) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 500.0, 300.0),
            Period::new("stim1", "stimulus", &self.stimulus, 1000.0, 1000.0).named("stimulus_duration"),
            Period::new("go1", "response", &self.response, 500.0, 400.0),
        ]
    }
}

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

impl Reaction {
    /// fix1 | go1
    pub fn periods(&self) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 2000.0, 1000.0).named("stimulus_onset"),
            Period::new("go1", "response", &self.response, 500.0, 400.0),
        ]
    }
}

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

impl Memory {
    /// fix1 | stim1 | delay1 | go1
    pub fn periods(&self) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 500.0, 500.0).named("stimulus_onset"),
            Period::new("stim1", "stimulus", &self.stimulus, 500.0, 500.0).named("stimulus_duration"),
            Period::new("delay1", "delay", &self.delay, 1000.0, 1000.0).named("delay"),
            Period::new("go1", "response", &self.response, 500.0, 400.0),
        ]
    }
}

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

impl OneInterval {
    /// fix1 | stim1 | go1, as timed where one modality is shown.
    pub fn periods_of_one_modality(&self) -> Vec<Period<'_>> {
        self.periods([500.0, 1500.0, 500.0], [300.0, 800.0, 400.0])
    }

    /// fix1 | stim1 | go1, as timed where both modalities are shown.
    pub fn periods_of_two_modalities(&self) -> Vec<Period<'_>> {
        self.periods([500.0, 1000.0, 500.0], [500.0, 800.0, 500.0])
    }

    fn periods(&self, test: [f64; 3], psychometric: [f64; 3]) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, test[0], psychometric[0]),
            Period::new("stim1", "stimulus", &self.stimulus, test[1], psychometric[1]).named("stimulus_duration"),
            Period::new("go1", "response", &self.response, test[2], psychometric[2]),
        ]
    }
}

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

impl TwoIntervals {
    /// fix1 | stim1 | delay1 | stim2 | delay2 | go1, as timed where one modality is shown.
    pub fn periods_of_one_modality(&self) -> Vec<Period<'_>> {
        let mut periods = self.periods([200.0, 300.0], [200.0, 200.0]);
        periods[0] = periods[0].named("stimulus_onset");
        periods
    }

    /// fix1 | stim1 | delay1 | stim2 | delay2 | go1, as timed where both modalities are shown.
    pub fn periods_of_two_modalities(&self) -> Vec<Period<'_>> {
        self.periods([500.0, 500.0], [300.0, 300.0])
    }

    /// The tests' wait and response, and the psychometric trials' fixation and stimuli, differ with the number of
    /// modalities.
    fn periods(&self, [wait, response]: [f64; 2], [fixation, stimulus]: [f64; 2]) -> Vec<Period<'_>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 500.0, fixation),
            Period::new("stim1", "stimulus", &self.stimulus, 500.0, stimulus).named("stimulus_duration"),
            Period::new("delay1", "delay", &self.delay, 1000.0, 800.0).named("delay"),
            Period::new("stim2", "stimulus", &self.stimulus, 500.0, stimulus).named("stimulus_duration"),
            Period::new("delay2", "wait", &self.wait, wait, 200.0),
            Period::new("go1", "response", &self.response, response, 300.0),
        ]
    }
}

/// A sample to be remembered, and a test stimulus that is the go signal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Matching {
    /// Before the sample, ms.
    pub fixation: Duration,
    /// The sample, ms.
    pub stimulus: Duration,
    /// Between sample and test stimulus, ms.
    pub delay: Duration,
}

impl Default for Matching {
    fn default() -> Self {
        Self {
            fixation: Duration::one_of([200.0, 400.0, 600.0]),
            stimulus: Duration::one_of([200.0, 400.0, 600.0]),
            delay: Duration::one_of([200.0, 400.0, 800.0, 1600.0]),
        }
    }
}

impl Matching {
    /// fix1 | stim1 | delay1 | go1
    pub fn periods<'a>(&'a self, response: &'a Duration) -> Vec<Period<'a>> {
        vec![
            Period::new("fix1", "fixation", &self.fixation, 500.0, 500.0),
            Period::new("stim1", "stimulus", &self.stimulus, 500.0, 300.0).named("stimulus_duration"),
            Period::new("delay1", "delay", &self.delay, 1200.0, 1200.0).named("delay"),
            Period::new("go1", "response", response, 500.0, 500.0),
        ]
    }
}
