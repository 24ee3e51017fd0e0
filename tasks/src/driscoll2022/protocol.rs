//! What the 15 tasks share: channels, noise, targets, loss mask, timing and scoring.
//!
//! ```text
//! input      fixation 1 while on | strength sin(angle), strength cos(angle) in each modality, summed over stimuli | 1 for the rule
//!            + sqrt(2 tau_in / dt) sigma_in xi                   xi ~ N(0, 1), for every step and channel
//! target     fixation: 0.8 before the response (to the end if there is none), b after it
//!            response: (sin, cos) of the angle to report + b from the response on, b before                          b = baseline
//! loss mask  0 in the first 100 ms | 1 to the response | 0 for 100 ms of grace | 5 to the end;  twice as much for fixation
//! correct    at the last step: fixation output > 0.5 if fixation is to be kept; else fixation output <= 0.5 and
//!            atan2(sin output, cos output) less than 0.1 pi from the angle to report
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | dt | `dt` | ms | 20 |
//! | sigma_in | `sigma_in` | input units | 0.1 |
//! | tau_in | `tau_in` | ms | 100 |
//! | b | `baseline` | output units | 0 |
//! | | `same_timing_per_batch` | | true |
//!
//! All trials of a batch have one timing and one modality (or pair of modalities), as in the code, unless
//! `same_timing_per_batch` is off. The loss mask stands inside the square (the mean over all entries of (mask (z -
//! target))^2), so errors count 1 and 25, and 4 and 100 for fixation. `fixation_rule = "maintained"` also asks that the
//! fixation output exceed 0.5 at every graded step before the response. The reaction time runs from the start of the
//! response to the first step at which the fixation output is at most 0.5.
//!
//! Durations drawn from a range are cut to whole steps (`int(ms / dt)` in the code), each on its own, unless `rounding`
//! says otherwise.

use std::f64::consts::{PI, SQRT_2};

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::{Modality, Rule};
use crate::error::rules;
use crate::white_noise::WhiteNoise;
pub use crate::yang2019::FixationRule;
use crate::yang2019::loss_mask;
use crate::{
    Clock, Condition, Duration, Epoch, Rounding, Score, Split, TaskError, Timeline, Trial, TrialRng, TrialView,
};
use crate::{reaction_time, ring};

/// The fixation target while fixation is asked for.
const FIXATION: f64 = 0.8;
/// The fixation output above which a network is fixating.
const FIXATING: f64 = 0.5;
/// Fixation, two modalities of two channels, 15 rules.
const N_INPUTS: usize = 5 + Rule::NAMES.len();

/// The settings that every task of the family has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Protocol {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Whether all trials of a batch have one timing and one modality.
    pub same_timing_per_batch: bool,
    /// The strength of the input noise; 0 for none.
    pub sigma_in: f64,
    /// The time constant that the strength refers to, ms.
    pub tau_in: f64,
    /// The target where nothing is asked for.
    pub baseline: f64,
    /// The ungraded time at the start of a trial, ms.
    pub ungraded: f64,
    /// The ungraded time at the start of the response, ms.
    pub grace: f64,
    /// The loss mask before the response.
    pub weight_before: f64,
    /// The loss mask in the response.
    pub weight_response: f64,
    /// How many times more the fixation output counts.
    pub weight_fixation: f64,
    /// The largest error of a correct response, rad.
    pub max_angle: f64,
    /// How fixation enters the score.
    pub fixation_rule: FixationRule,
}

impl Default for Protocol {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            same_timing_per_batch: true,
            sigma_in: 0.1,
            tau_in: 100.0,
            baseline: 0.0,
            ungraded: 100.0,
            grace: 100.0,
            weight_before: 1.0,
            weight_response: 5.0,
            weight_fixation: 2.0,
            max_angle: 0.1 * PI,
            fixation_rule: FixationRule::LastStep,
        }
    }
}

/// A period of a trial: its epoch, and the parameter that holds its duration in training and, fixed, in tests.
#[derive(Clone, Copy, Debug)]
pub struct Phase<'a> {
    /// The name of the epoch.
    pub epoch: &'static str,
    /// The parameter; with `_test` at its end it holds the duration in tests.
    pub field: &'static str,
    /// In training, ms.
    pub train: &'a Duration,
    /// In tests, ms.
    pub test: f64,
}

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

/// What a network did at the last step of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer {
    /// Whether it was fixating.
    pub fixating: bool,
    /// The angle that its response outputs stand for, rad.
    pub angle: f64,
}

impl Protocol {
    /// Checks the fields, and the durations of a task.
    pub fn validate(&self, phases: &[Phase<'_>]) -> Result<(), TaskError> {
        self.noise().validate()?;
        rules::not_negative("weight_before", self.weight_before)?;
        rules::positive("weight_response", self.weight_response)?;
        rules::positive("weight_fixation", self.weight_fixation)?;
        rules::positive("max_angle", self.max_angle)?;
        if self.max_angle > PI {
            return Err(TaskError::parameter(
                "max_angle",
                self.max_angle,
                "must not exceed pi",
                "the published rule is 0.1 pi",
            ));
        }
        rules::not_negative("baseline", self.baseline)?;
        // Added to both response outputs, it turns the angle they stand for.
        let turn = (SQRT_2 * self.baseline).min(1.0).asin();
        if turn >= self.max_angle || self.baseline >= FIXATING {
            let remedy = "the code has 0 in `stepnet` and 0.05 in `transfer_learn`";
            return Err(TaskError::parameter(
                "baseline",
                self.baseline,
                "would make the targets themselves a wrong answer",
                remedy,
            ));
        }
        let clock = self.clock();
        clock.steps("ungraded", self.ungraded)?;
        clock.steps("grace", self.grace)?;
        phases.iter().try_for_each(|phase| self.validate_phase(phase))
    }

    fn validate_phase(&self, phase: &Phase<'_>) -> Result<(), TaskError> {
        let (clock, field_test) = (self.clock(), format!("{}_test", phase.field));
        phase.train.validate(phase.field, clock)?;
        clock.steps(&field_test, phase.test)?;
        let shortest = match phase.field {
            "stimulus" => self.dt,
            "response" => self.grace + self.dt,
            _ => return Ok(()),
        };
        for (field, ms) in [(phase.field, phase.train.bounds().0), (&field_test, phase.test)] {
            if ms < shortest {
                let rule = "is too short: a stimulus needs one step, and a response one more than `grace`";
                return Err(TaskError::parameter(field, ms, rule, format!("give at least {shortest} ms")));
            }
        }
        Ok(())
    }

    fn noise(&self) -> WhiteNoise {
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: self.tau_in }
    }

    fn clock(&self) -> Clock {
        Clock::new(self.dt).drawn(Rounding::Floor).rounding(self.rounding)
    }

    /// The epochs of a trial.
    pub fn timeline(&self, split: Split, phases: &[Phase<'_>], rng: &mut TrialRng) -> Result<Timeline, TaskError> {
        let clock = self.clock();
        let mut timeline = clock.timeline()?;
        let mut batch = rng.shared("timing");
        let rng = if self.same_timing_per_batch { &mut batch } else { rng };
        for phase in phases {
            let steps = match split {
                Split::Train => phase.train.draw(phase.field, clock, rng)?,
                Split::Test => clock.steps(format_args!("{}_test", phase.field), phase.test)?,
            };
            timeline.push_steps(phase.epoch, steps)?;
        }
        Ok(timeline)
    }

    /// The trial of this plan.
    pub fn trial(&self, rule: Rule, timeline: Timeline, plan: Plan, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let (n_steps, epochs) = (timeline.n_steps(), timeline.into_epochs());
        let go = epochs.iter().find(|epoch| epoch.name == "response").map_or(n_steps, |epoch| epoch.start);
        Ok(Trial {
            inputs: self.inputs(rule, &epochs, n_steps, go, &plan, rng),
            targets: self.targets(n_steps, go, plan.response),
            loss_mask: self.loss_mask(n_steps, go)?,
            condition: plan.condition,
            epochs,
            correct: plan.correct,
        })
    }

    fn inputs(
        &self,
        rule: Rule,
        epochs: &[Epoch],
        n_steps: usize,
        go: usize,
        plan: &Plan,
        rng: &mut TrialRng,
    ) -> Array2<f32> {
        let mut inputs = Array2::zeros((n_steps, N_INPUTS));
        let fixation_off = if plan.fixation_goes_off { go } else { n_steps };
        inputs.slice_mut(s![..fixation_off, 0]).fill(1.0);
        inputs.column_mut(5 + rule as usize).fill(1.0);
        for stimulus in &plan.stimuli {
            let Some(epoch) = epochs.iter().find(|epoch| epoch.name == stimulus.epoch) else { continue };
            let end = if stimulus.to_the_end { n_steps } else { epoch.end };
            let (sin, cos) = stimulus.angle.sin_cos();
            for (channel, part) in [(stimulus.modality.channel(), sin), (stimulus.modality.channel() + 1, cos)] {
                let level = (stimulus.strength * part) as f32;
                inputs.slice_mut(s![epoch.start..end, channel]).mapv_inplace(|u| u + level);
            }
        }
        self.noise().add(&mut inputs, rng);
        inputs
    }

    fn targets(&self, n_steps: usize, go: usize, response: Option<f64>) -> Array2<f32> {
        let mut targets = Array2::from_elem((n_steps, 3), self.baseline as f32);
        targets.slice_mut(s![..response.map_or(n_steps, |_| go), 0]).fill(FIXATION as f32);
        if let Some(angle) = response {
            targets.slice_mut(s![go.., 1]).fill((self.baseline + angle.sin()) as f32);
            targets.slice_mut(s![go.., 2]).fill((self.baseline + angle.cos()) as f32);
        }
        targets
    }

    fn loss_mask(&self, n_steps: usize, go: usize) -> Result<Array2<f32>, TaskError> {
        let clock = self.clock();
        let (ungraded, grace) = (clock.steps("ungraded", self.ungraded)?, clock.steps("grace", self.grace)?);
        let weights = [self.weight_before as f32, self.weight_response as f32];
        Ok(loss_mask((n_steps, 3), go, [ungraded, grace], weights, self.weight_fixation as f32))
    }

    /// Scores an answer; `choice` says which of two alternatives it takes, if the task has two.
    pub fn score(
        &self,
        trial: TrialView<'_>,
        outputs: ArrayView2<'_, f32>,
        choice: impl Fn(&Condition, &Answer) -> Option<usize>,
    ) -> Score {
        let (Some(answer), Some(asked)) = (Answer::read(outputs, 0.0), Answer::read(trial.targets, self.baseline))
        else {
            return Score { correct: Some(false), ..Score::default() };
        };
        let is_right = if asked.fixating {
            answer.fixating
        } else {
            !answer.fixating && ring::distance(answer.angle, asked.angle) < self.max_angle
        };
        let go = trial.epoch("response").map_or(0, |epoch| epoch.start);
        let fixation = outputs.column(0);
        let left = fixation.iter().enumerate().skip(go).find(|(_, z)| f64::from(**z) <= FIXATING);
        Score {
            choice: choice(trial.condition, &answer),
            correct: Some(is_right && self.kept_fixation(trial, outputs, go)),
            reaction_time: left.map(|(step, _)| reaction_time(step, go, self.dt)),
            error: None,
        }
    }

    /// Whether fixation was kept where the rule asks for it.
    fn kept_fixation(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>, go: usize) -> bool {
        let (fixation, graded) = (outputs.column(0), trial.loss_mask.column(0));
        self.fixation_rule == FixationRule::LastStep
            || fixation.iter().zip(graded).take(go).all(|(&z, &weight)| weight == 0.0 || f64::from(z) > FIXATING)
    }

    /// The performance of random outputs: an angle that has nothing to do with the one asked for, and fixation half of
    /// the time.
    pub fn chance(&self, p_response: f64) -> f64 {
        match self.fixation_rule {
            FixationRule::LastStep => 0.5 * (p_response * self.max_angle / PI + 1.0 - p_response),
            // One half for each of many steps.
            FixationRule::Maintained => 0.0,
        }
    }
}

impl Answer {
    /// The answer at the last step, from response outputs above `baseline`; `None` without one, or if an output is not
    /// finite.
    fn read(outputs: ArrayView2<'_, f32>, baseline: f64) -> Option<Self> {
        let last = outputs.outer_iter().next_back()?;
        let [fixation, sin, cos] = last.iter().map(|z| f64::from(*z)).collect::<Vec<_>>().try_into().ok()?;
        let angle = (sin - baseline).atan2(cos - baseline);
        (f64::is_finite(fixation) && angle.is_finite())
            .then(|| Self { fixating: fixation > FIXATING, angle: ring::wrapped(angle) })
    }
}
