//! From what a trial shows and asks for to its arrays: the same for all 15 tasks.

use ndarray::{Array2, s};

use super::Protocol;
use super::layout::{INPUTS, Modality, OUTPUTS, rule_input};
use crate::yang2019::loss_mask;
use crate::{Condition, Epoch, TaskError, Timeline, Trial, TrialRng};

/// The fixation target while fixation is asked for.
const FIXATION: f64 = 0.8;

/// A stimulus of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stimulus {
    /// The epoch at whose start it comes on.
    pub epoch: &'static str,
    /// Whether it stays on to the end of the trial instead of the end of its epoch.
    pub to_the_end: bool,
    /// Where it is shown.
    pub modality: Modality,
    /// Its angle, rad.
    pub angle: f64,
    /// Its strength.
    pub strength: f64,
}

/// What a trial shows and asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The trial variables.
    pub condition: Condition,
    /// What is shown.
    pub stimuli: Vec<Stimulus>,
    /// The angle to report, rad; `None` to keep fixating.
    pub response: Option<f64>,
    /// Whether the fixation input goes off at the response.
    pub fixation_goes_off: bool,
    /// The right one of two alternatives, if the task has two.
    pub correct: Option<usize>,
}

impl Plan {
    /// The trial of the task `id`.
    pub fn trial(
        self,
        protocol: &Protocol,
        id: &str,
        timeline: Timeline,
        rng: &mut TrialRng,
    ) -> Result<Trial, TaskError> {
        let (n_steps, epochs) = (timeline.n_steps(), timeline.into_epochs());
        let go = epochs.iter().find(|epoch| epoch.name == "response").map_or(n_steps, |epoch| epoch.start);
        let mut inputs = self.signals(id, &epochs, n_steps, go);
        protocol.noise().add(&mut inputs, rng);
        Ok(Trial {
            inputs,
            targets: self.targets(protocol, n_steps, go),
            loss_mask: graded(protocol, n_steps, go)?,
            condition: self.condition,
            epochs,
            correct: self.correct,
        })
    }

    /// The inputs without noise.
    fn signals(&self, id: &str, epochs: &[Epoch], n_steps: usize, go: usize) -> Array2<f32> {
        let mut inputs = Array2::zeros((n_steps, INPUTS));
        let fixation_off = if self.fixation_goes_off { go } else { n_steps };
        inputs.slice_mut(s![..fixation_off, 0]).fill(1.0);
        if let Some(rule) = rule_input(id) {
            inputs.column_mut(rule).fill(1.0);
        }
        for stimulus in &self.stimuli {
            let Some(epoch) = epochs.iter().find(|epoch| epoch.name == stimulus.epoch) else { continue };
            let end = if stimulus.to_the_end { n_steps } else { epoch.end };
            let (sin, cos) = stimulus.angle.sin_cos();
            for (channel, part) in [(stimulus.modality.channel(), sin), (stimulus.modality.channel() + 1, cos)] {
                let level = (stimulus.strength * part) as f32;
                inputs.slice_mut(s![epoch.start..end, channel]).mapv_inplace(|u| u + level);
            }
        }
        inputs
    }

    fn targets(&self, protocol: &Protocol, n_steps: usize, go: usize) -> Array2<f32> {
        let baseline = protocol.baseline;
        let mut targets = Array2::from_elem((n_steps, OUTPUTS), baseline as f32);
        targets.slice_mut(s![..self.response.map_or(n_steps, |_| go), 0]).fill(FIXATION as f32);
        if let Some(angle) = self.response {
            targets.slice_mut(s![go.., 1]).fill((baseline + angle.sin()) as f32);
            targets.slice_mut(s![go.., 2]).fill((baseline + angle.cos()) as f32);
        }
        targets
    }
}

fn graded(protocol: &Protocol, n_steps: usize, go: usize) -> Result<Array2<f32>, TaskError> {
    let clock = protocol.clock();
    let (ungraded, grace) = (clock.steps("ungraded", protocol.ungraded)?, clock.steps("grace", protocol.grace)?);
    let weights = [protocol.weight_before as f32, protocol.weight_response as f32];
    Ok(loss_mask((n_steps, OUTPUTS), go, [ungraded, grace], weights, protocol.weight_fixation as f32))
}
