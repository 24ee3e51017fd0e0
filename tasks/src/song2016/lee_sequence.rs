//! Eye-movement sequences: fixate the centre of a 3 x 3 grid, then make the three movements of the cued sequence.
//!
//! ```text
//! epochs    iti 1000 ms | fixation 1000 ms | move_1 500 ms | move_2 500 ms | move_3 500 ms
//! signals   whole trial: 1 on the cue of the sequence
//!           fixation: 1 on dot 4;  moves: 1 on the dot the eyes leave and on its two options
//! targets   (x, y) of dot 4 in fixation, of the dot to move to in each move; 0 in the iti
//! graded    all but the iti
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | 10 (a fifth of the network's tau of 50) |
//!
//! There is no choice between outputs. A trial is correct if at the end of each movement the outputs are nearest to the
//! right dot. Training stops at a root mean square error of 0.05.
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016), PLoS Comput Biol 12: e1004792,
//! <https://doi.org/10.1371/journal.pcbi.1004792>, Fig 8; after Averbeck & Lee (2007),
//! <https://doi.org/10.1523/JNEUROSCI.3468-06.2007>.
//!
//! Differences from the source: it scores by the error only. Its networks start every trial of the training in the same
//! state, 0.1, which is not trained; they run on from trial to trial only when they are simulated. All their units are
//! read, the inhibitory ones with their sign: half of the positions are negative, and excitatory units alone, without a
//! bias of the outputs, cannot reach them (`readout_from = "all"`).
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, song2016::LeeSequence};
//! let task = LeeSequence::default();
//! let asked = Condition::new().with("sequence", 3.0);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.n_steps(), 350);
//! assert_eq!(trial.targets.row(349).to_vec(), [0.5, -0.5]); // dot 8
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::dots::{N_DOTS, SEQUENCES, nearest_dot, options, position};
use super::{FAMILY, InputNoise};
use crate::error::rules;
use crate::{
    About, Channel, Clock, Condition, Criterion, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng,
    TrialView,
};
use crate::{parameters_of, rms_error};

/// The epochs of the movements.
const MOVES: [&str; 3] = ["move_1", "move_2", "move_3"];

/// Eye-movement sequences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LeeSequence {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// The interval before the fixation dot, ms; not graded.
    pub iti: f64,
    /// Fixation, ms.
    pub fixation: f64,
    /// Each movement, ms.
    pub movement: f64,
    /// The root mean square error at which training stops, in units of the grid (dots are 0.5 apart).
    pub rms_error: f64,
    /// Added to every input.
    pub baseline: f64,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant of the input noise, ms.
    pub tau_in: f64,
}

impl Default for LeeSequence {
    fn default() -> Self {
        let InputNoise { baseline, sigma_in, tau_in, .. } = InputNoise::default();
        Self {
            dt: 10.0,
            rounding: Rounding::Exact,
            iti: 1000.0,
            fixation: 1000.0,
            movement: 500.0,
            rms_error: 0.05,
            baseline,
            sigma_in,
            tau_in,
        }
    }
}

impl LeeSequence {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).rounding(self.rounding)
    }

    fn input(&self) -> InputNoise {
        InputNoise { dt: self.dt, baseline: self.baseline, sigma_in: self.sigma_in, tau_in: self.tau_in }
    }
}

impl Described for LeeSequence {
    const ABOUT: About<'static> = About {
        id: "song2016/lee_sequence",
        summary: "Eye-movement sequences: make the three movements of the cued sequence on a 3 x 3 grid",
        header: include_str!("lee_sequence.rs"),
        shared: &[include_str!("dots.rs"), include_str!("input_noise.rs")],
        ..FAMILY
    };
}

impl Task for LeeSequence {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.input().validate()?;
        self.clock().steps("iti", self.iti)?;
        self.clock().at_least_one_step("fixation", self.fixation)?;
        self.clock().at_least_one_step("movement", self.movement)?;
        rules::positive("rms_error", self.rms_error)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        let mut channels: Vec<Channel> = (0..N_DOTS).map(|dot| Channel { name: format!("dot_{dot}") }).collect();
        channels.extend(Channel::numbered("sequence", SEQUENCES.len()));
        channels
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["x", "y"])
    }

    fn conditions(&self) -> Vec<Condition> {
        (0..SEQUENCES.len()).map(named).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let sequence = draw_sequence(condition, rng)?;
        let dots = SEQUENCES[sequence];
        let mut timeline = self.clock().timeline()?;
        timeline.push("iti", ("iti", self.iti))?;
        let fixation = timeline.push("fixation", ("fixation", self.fixation))?;
        let mut moves = Vec::new();
        for name in MOVES {
            moves.push(timeline.push(name, ("movement", self.movement))?);
        }

        let n_steps = timeline.n_steps();
        let mut inputs = Array2::zeros((n_steps, N_DOTS + SEQUENCES.len()));
        let mut targets = Array2::zeros((n_steps, 2));
        let mut loss_mask = Array2::ones((n_steps, 2));
        loss_mask.slice_mut(s![..fixation.start, ..]).fill(0.0);
        inputs.column_mut(N_DOTS + sequence).fill(1.0);
        inputs.slice_mut(s![fixation.clone(), dots[0]]).fill(1.0);
        let mut look = |steps: std::ops::Range<usize>, dot: usize| {
            for (axis, place) in position(dot).into_iter().enumerate() {
                targets.slice_mut(s![steps.clone(), axis]).fill(place);
            }
        };
        look(fixation, dots[0]);
        for (steps, from_to) in moves.into_iter().zip(dots.windows(2)) {
            for dot in [from_to[0]].into_iter().chain(options(from_to[0])) {
                inputs.slice_mut(s![steps.clone(), dot]).fill(1.0);
            }
            look(steps, from_to[1]);
        }
        self.input().apply(&mut inputs, rng);
        Ok(Trial {
            inputs,
            targets,
            loss_mask,
            condition: named(sequence),
            epochs: timeline.into_epochs(),
            correct: None,
        })
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        // The outputs at the end of a movement, and the target there, must belong to the same dot.
        let arrived = |name: &&str| {
            let step = trial.epoch(name)?.end.checked_sub(1)?;
            Some(nearest_dot(outputs, step)? == nearest_dot(trial.targets, step)?)
        };
        let correct = MOVES.iter().all(|name| arrived(name) == Some(true));
        Score { correct: Some(correct), error: rms_error(trial, outputs), ..Score::default() }
    }

    fn sigma_rec(&self) -> Option<f64> {
        // The root of `var_rec` of the code.
        Some(0.01)
    }

    fn criterion(&self) -> Option<Criterion> {
        Some(Criterion::RmsError { threshold: self.rms_error })
    }
}

/// Sequences are counted from 1 where a user sees them, as in the source.
fn named(sequence: usize) -> Condition {
    Condition::new().with("sequence", (sequence + 1) as f64)
}

fn draw_sequence(condition: Option<&Condition>, rng: &mut TrialRng) -> Result<usize, TaskError> {
    let Some(condition) = condition else { return Ok(any(rng)) };
    condition.allow(&["sequence"])?;
    match condition.finite_number("sequence")? {
        None => Ok(any(rng)),
        Some(given) => match (0..SEQUENCES.len()).find(|&sequence| (sequence + 1) as f64 == given) {
            Some(sequence) => Ok(sequence),
            None => Err(TaskError::condition(
                "sequence",
                given,
                "is no sequence of this task",
                "give a whole number from 1 to 8",
            )),
        },
    }
}

fn any(rng: &mut TrialRng) -> usize {
    rng.pick(&[0, 1, 2, 3, 4, 5, 6, 7]).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_one_shows_the_dots_worked_by_hand() -> Result<(), TaskError> {
        let task = LeeSequence { sigma_in: 0.0, baseline: 0.0, ..LeeSequence::default() };
        let trial = task.trial(Split::Train, Some(&named(0)), &mut TrialRng::new(0, "test", 0, 0))?;
        let shown = |step: usize| -> Vec<usize> { (0..17).filter(|&i| trial.inputs[[step, i]] == 1.0).collect() };
        assert_eq!(shown(0), [9]);
        assert_eq!(shown(99), [9]);
        assert_eq!(shown(100), [4, 9]);
        assert_eq!(shown(200), [3, 4, 5, 9]);
        assert_eq!(shown(250), [1, 5, 7, 9]);
        assert_eq!(shown(349), [0, 1, 2, 9]);
        Ok(())
    }

    #[test]
    fn one_wrong_movement_makes_the_trial_wrong() -> Result<(), TaskError> {
        let task = LeeSequence::default();
        let trial = task.trial(Split::Train, Some(&named(0)), &mut TrialRng::new(0, "test", 0, 0))?;
        let mut outputs = trial.targets.clone();
        assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(true));
        outputs[[249, 0]] = -0.4;
        assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(false));
        outputs[[249, 0]] = f32::NAN;
        assert_eq!(task.score(trial.view(), outputs.view()).correct, Some(false));
        Ok(())
    }
}
