//! Pulse-based decision-making: on which side were more pulses?
//!
//! ```text
//! epochs      fixation 500 ms | 6 x (cue 10 ms | gap 240 ms) | decision 500 ms                               dt 10 ms
//! inputs      stimulus_1, stimulus_2: in every cue 1 with probability p_1, p_2, else 0
//! p           (0.3, 0.7) or (0.7, 0.3), each equally likely
//! classes     k choice k: the side with more pulses in the decision, either if there are as many
//! training    0.9; 7.9 % of the trials have as many pulses on both sides, so counting reaches 0.960
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | p | `p_pulse` | | 0.3, 0.7 |
//! | 6 | `n_bins` | | |
//! | the right choice | variable `more` | | 1, 2 |
//! | the pulses of a side | variables `pulses_1`, `pulses_2` | | 1 or 0 for every cue, such as "011010" |
//!
//! Reference: Scott BB, Constantinople CM, Erlich JC, Tank DW, Brody CD (2015), eLife 4: e11308,
//! <https://doi.org/10.7554/eLife.11308>; as `PulseDecisionMaking` of neurogym.
//!
//! Differences from the source: none but those of all environments.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::PulseDecisionMaking};
//! let task = PulseDecisionMaking::default();
//! let condition = Condition::new().with("pulses_1", "110100").with("pulses_2", "100000");
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(50).to_vec(), [1.0, 1.0, 1.0]);
//! assert_eq!(trial.inputs.row(75).to_vec(), [1.0, 1.0, 0.0]);
//! assert_eq!((trial.n_steps(), trial.correct), (250, Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::asked::{Asked, one_to};
use super::{Definition, Environment, FAMILY, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, TaskError, Trial, TrialRng};

/// The most cues: a mistyped number should be an error instead of an endless trial.
const MAX_BINS: usize = 1000;

/// Pulse-based decision-making.
pub type PulseDecisionMaking = Environment<PulseCount>;

/// The side with more pulses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PulseCount {
    /// When there can be a pulse, ms.
    pub cue: f64,
    /// After each cue, ms.
    pub gap: f64,
    /// The response, ms.
    pub decision: f64,
    /// The number of cues.
    pub n_bins: usize,
    /// The probabilities of a pulse on the two sides, which are swapped in half of the trials.
    pub p_pulse: [f64; 2],
}

impl Default for PulseCount {
    fn default() -> Self {
        Self { cue: 10.0, gap: 240.0, decision: 500.0, n_bins: 6, p_pulse: [0.3, 0.7] }
    }
}

/// The pulses of a side, one for each cue.
type Pulses = Vec<bool>;

/// The side with more pulses, 1 or 2; neither if there are as many.
fn fuller(pulses: &[Pulses; 2]) -> Option<usize> {
    let count = |side: &Pulses| side.iter().filter(|&&pulse| pulse).count();
    match count(&pulses[0]).cmp(&count(&pulses[1])) {
        Ordering::Greater => Some(1),
        Ordering::Less => Some(2),
        Ordering::Equal => None,
    }
}

fn written(pulses: &Pulses) -> String {
    pulses.iter().map(|&pulse| if pulse { '1' } else { '0' }).collect()
}

impl PulseCount {
    /// The pulses that a condition writes out.
    fn read(&self, name: &str, text: &str) -> Result<Pulses, TaskError> {
        if text.len() != self.n_bins || text.bytes().any(|digit| digit != b'0' && digit != b'1') {
            let remedy = format!("give {} digits, 1 for a pulse and 0 for none", self.n_bins);
            return Err(TaskError::condition(name, text, "describes no pulses", remedy));
        }
        Ok(text.bytes().map(|digit| digit == b'1').collect())
    }

    fn drawn(&self, rng: &mut TrialRng) -> [Pulses; 2] {
        let [a, b] = self.p_pulse;
        let sides = if rng.chance(0.5) { [b, a] } else { [a, b] };
        sides.map(|p| (0..self.n_bins).map(|_| rng.chance(p)).collect())
    }

    /// The pulses of both sides and the right choice.
    fn pulses(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<([Pulses; 2], usize), TaskError> {
        let more = asked.whole("more", 2)?;
        let alone = |name, text: &str, remedy| TaskError::condition(name, text, "is not enough", remedy);
        let given = match (asked.text("pulses_1")?, asked.text("pulses_2")?) {
            (Some(first), Some(second)) => Some([self.read("pulses_1", first)?, self.read("pulses_2", second)?]),
            (None, None) => None,
            (Some(text), None) => return Err(alone("pulses_1", text, "give pulses_2 too, or neither")),
            (None, Some(text)) => return Err(alone("pulses_2", text, "give pulses_1 too, or neither")),
        };
        let mut pulses = given.clone().unwrap_or_else(|| self.drawn(rng));
        let Some(fuller) = fuller(&pulses) else {
            return Ok((pulses, more.unwrap_or_else(|| one_to(2, rng))));
        };
        match more {
            Some(more) if more != fuller && given.is_some() => {
                Err(TaskError::condition("more", more, "contradicts the pulses", "leave it out, or the pulses"))
            }
            // The sides are drawn alike, so a trial for one is a trial for the other with the sides exchanged.
            Some(more) if more != fuller => {
                pulses.swap(0, 1);
                Ok((pulses, more))
            }
            _ => Ok((pulses, fuller)),
        }
    }
}

impl Definition for PulseCount {
    const ABOUT: About<'static> = About {
        id: "neurogym/pulse_decision_making",
        summary: "Pulse-based decision-making: count the pulses on two sides and report the side with more",
        citation: Citation {
            authors: "Scott BB, Constantinople CM, Erlich JC, Tank DW, Brody CD",
            year: 2015,
            title: "Sources of noise during accumulation of evidence in unrestrained and voluntarily head-restrained \
                rats",
            doi: "10.7554/eLife.11308",
        },
        header: include_str!("pulse_decision_making.rs"),
        ..FAMILY
    };
    const DT: f64 = 10.0;
    const FIXATION: f64 = 500.0;
    const THRESHOLD: f64 = 0.9;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&[Period::fixed("cue", self.cue), Period::fixed("decision", self.decision)])?;
        timing.clock.steps("gap", self.gap)?;
        if !(1..=MAX_BINS).contains(&self.n_bins) {
            let remedy = format!("give 1 to {MAX_BINS}");
            return Err(TaskError::parameter("n_bins", self.n_bins, "is no number of cues", remedy));
        }
        self.p_pulse.iter().try_for_each(|&p| rules::probability("p_pulse", p))
    }

    fn inputs(&self) -> Vec<Channel> {
        fixation_and("stimulus", 2)
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", 2)
    }

    fn conditions(&self) -> Vec<Condition> {
        [1.0, 2.0].into_iter().map(|more| Condition::new().with("more", more)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (pulses, more) = self.pulses(Asked::new(condition, &["more", "pulses_1", "pulses_2"])?, rng)?;
        let (cue, gap) = (timing.clock.steps("cue", self.cue)?, timing.clock.steps("gap", self.gap)?);
        let mut schedule = timing.fixate(rng)?;
        let mut cues = Vec::with_capacity(self.n_bins);
        for bin in 1..=self.n_bins {
            cues.push(schedule.steps(format!("cue_{bin}"), cue)?);
            schedule.steps(format!("gap_{bin}"), gap)?;
        }
        let decision = schedule.period(&Period::fixed("decision", self.decision), rng)?;

        let mut stage = schedule.stage(3, 3, decision.start);
        for (side, pulses) in pulses.iter().enumerate() {
            let shown = cues.iter().zip(pulses).filter(|(_, pulse)| **pulse);
            shown.for_each(|(steps, _)| stage.show(steps.clone(), 1 + side, 1.0));
        }
        let condition = Condition::new().with("more", more as f64);
        let condition = condition.with("pulses_1", written(&pulses[0])).with("pulses_2", written(&pulses[1]));
        Ok(stage.finish(decision, more, condition))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("decision", self.decision))
    }
}
