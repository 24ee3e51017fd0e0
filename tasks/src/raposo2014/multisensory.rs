//! Multisensory integration: give the sign of evidence that is seen, heard, or both.
//!
//! ```text
//! epochs    fixation 100 ms | stimulus 800 ms | delay 100 ms | decision 500 ms
//! signals   stimulus: v on the visual channel, a on the auditory channel; 0 on that of a modality that is not shown
//! cues      none, unless `cue` gives their level: then two more channels tell which modalities are shown, from the
//!           start of the epoch `context`, which lies between fixation and stimulus if it has a duration, to the end
//!           of the stimulus
//! noise     on the channels of the modalities, at all times, of sd sigma_in sqrt(20 ms / dt)
//! targets   decision: the sign of the evidence, +1 or -1;  0 before
//! graded    the decision
//! choice    the sign of the mean output in the decision: positive is choice 0, negative is choice 1
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|v\|, \|a\| | `coherences` | input units | 0.1, 0.2, 0.4, 0.8 (the code has 1, 2, 4, 8 times 0.1) |
//! | sigma_in | `sigma_in` | input units | 0.5 in each step of 20 ms |
//! | | `cue`, `context` | input units, ms | 0, 0: no cues (0.1, 350 in the form with cues) |
//!
//! The modality is `visual`, `auditory` or `both`, equally likely, and so is the sign. If both are shown, they have the
//! same sign and strengths drawn independently. The test conditions show every signed strength in each modality, the
//! same in both. Evidence of opposite signs can be asked for: then the sign of the sum is right, and at a sum of 0 the
//! right one is drawn.
//!
//! Time rule of the source: durations are floored to whole steps; at `dt` = 20 ms all are whole.
//!
//! Reference: Raposo D, Kaufman MT, Churchland AK (2014), <https://doi.org/10.1038/nn.3865>, in the form of the
//! released code of Valente, Pillow & Ostojic (2022), NeurIPS 35 (lowrank_inference). The form with event rates is
//! `song2016/multisensory`.
//!
//! Differences from the source: at another `dt` the noise keeps its strength over time, where the code's has the same
//! sd in each step. The code of Dubreuil et al. (2022), <https://doi.org/10.1038/s41593-022-01088-4>, does not multiply
//! the coherences by 0.1. Both codes have the cues commented out. A later library, NeuralRNN, has them, and the timing
//! of `mante2013/context_integration`: give `cue` = 0.1, `context` = 350, `decision` = 20, `coherences` = 0.1, 0.2 and
//! 0.4, `sigma_in` = 0.1, and `rounding` = floor.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, raposo2014::Multisensory};
//! let task = Multisensory { sigma_in: 0.0, ..Multisensory::default() };
//! let coherences = Condition::new().with("visual_coherence", -0.4).with("auditory_coherence", -0.1);
//! let condition = coherences.with("modality", "both");
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [-0.4, -0.1]);
//! assert_eq!((trial.n_steps(), trial.targets[[50, 0]], trial.correct), (75, -1.0, Some(1)));
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};

use super::FAMILY;
use crate::error::rules;
use crate::mante2013::signed_choice::{self, Durations};
use crate::song2016::coherence;
use crate::white_noise::WhiteNoise;
use crate::{
    About, Channel, Clock, Condition, Described, Rounding, Score, Split, Task, TaskError, Trial, TrialRng, TrialView,
    parameters_of,
};

/// The words for the modalities, and which of the two channels each shows.
const MODALITIES: [(&str, [bool; 2]); 3] =
    [("visual", [true, false]), ("auditory", [false, true]), ("both", [true, true])];

/// The variables that hold the evidence of the two channels.
const COHERENCES: [&str; 2] = ["visual_coherence", "auditory_coherence"];

/// Multisensory integration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Multisensory {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of a duration between two steps.
    pub rounding: Rounding,
    /// Fixation, ms.
    pub fixation: f64,
    /// The cues alone, ms.
    pub context: f64,
    /// The stimulus, ms.
    pub stimulus: f64,
    /// The delay, ms.
    pub delay: f64,
    /// The decision, ms.
    pub decision: f64,
    /// The strengths of the evidence, each in [0, 1]; the sign is drawn.
    pub coherences: Vec<f64>,
    /// The level of the cues that tell which modalities are shown; 0 for no such channels.
    pub cue: f64,
    /// The standard deviation of the noise in a step of 20 ms.
    pub sigma_in: f64,
}

impl Default for Multisensory {
    fn default() -> Self {
        Self {
            dt: 20.0,
            rounding: Rounding::Exact,
            fixation: 100.0,
            context: 0.0,
            stimulus: 800.0,
            delay: 100.0,
            decision: 500.0,
            coherences: vec![0.1, 0.2, 0.4, 0.8],
            cue: 0.0,
            sigma_in: 0.5,
        }
    }
}

/// What a trial shows.
struct Shown {
    modality: &'static str,
    /// The evidence of each channel; `None` where it is not shown.
    coherences: [Option<f64>; 2],
    correct: usize,
}

impl Multisensory {
    fn clock(&self) -> Clock {
        Clock::new(self.dt).rounding(self.rounding)
    }

    /// Whether there are channels that tell which modalities are shown.
    fn is_cued(&self) -> bool {
        self.cue != 0.0
    }

    fn durations(&self) -> Durations {
        let Self { fixation, context, stimulus, delay, decision, .. } = *self;
        Durations { fixation, context, stimulus, delay, decision }
    }

    fn noise(&self) -> WhiteNoise {
        // sqrt(2 tau_in / dt) is 1 at 20 ms.
        WhiteNoise { dt: self.dt, sigma_in: self.sigma_in, tau_in: 10.0 }
    }

    fn draw(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Shown, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["modality", COHERENCES[0], COHERENCES[1]]))?;
        let given = [asked(condition, COHERENCES[0])?, asked(condition, COHERENCES[1])?];
        let (modality, channels) = draw_modality(condition, given, rng)?;
        let sum: f64 = given.iter().flatten().sum();
        let correct = if sum == 0.0 { usize::from(rng.chance(0.5)) } else { usize::from(sum < 0.0) };
        let mut strength = || {
            let strength = rng.pick(&self.coherences).copied().unwrap_or(0.0);
            if correct == 0 || strength == 0.0 { strength } else { -strength }
        };
        let coherences = [0, 1].map(|channel| channels[channel].then(|| given[channel].unwrap_or_else(&mut strength)));
        Ok(Shown { modality, coherences, correct })
    }
}

impl Described for Multisensory {
    const ABOUT: About<'static> = About {
        id: "raposo2014/multisensory",
        summary: "Multisensory integration: give the sign of evidence that is seen, heard, or both",
        header: include_str!("multisensory.rs"),
        ..FAMILY
    };
}

impl Task for Multisensory {
    fn about(&self) -> About<'_> {
        Self::ABOUT
    }

    fn parameters(&self) -> serde_json::Value {
        parameters_of(self)
    }

    fn validate(&self) -> Result<(), TaskError> {
        self.noise().validate()?;
        self.durations().validate(self.clock())?;
        rules::finite("cue", self.cue)?;
        coherence::validate("coherences", &self.coherences)
    }

    fn dt(&self) -> f64 {
        self.dt
    }

    fn inputs(&self) -> Vec<Channel> {
        let names = ["visual", "auditory", "context_visual", "context_auditory"];
        Channel::list(if self.is_cued() { &names } else { &names[..2] })
    }

    fn outputs(&self) -> Vec<Channel> {
        Channel::list(&["choice"])
    }

    fn conditions(&self) -> Vec<Condition> {
        MODALITIES.map(|(modality, _)| Condition::new().with("modality", modality)).into()
    }

    fn grid(&self) -> Vec<Condition> {
        let coherences = coherence::signed(&self.coherences);
        let shown = |(modality, channels): (&'static str, [bool; 2])| {
            coherences.iter().map(move |&c| named(modality, channels.map(|shown| shown.then_some(c))))
        };
        MODALITIES.into_iter().flat_map(shown).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let shown = self.draw(condition, rng)?;
        let (timeline, [context, stimulus, _]) = self.durations().timeline(self.clock())?;

        let mut inputs = Array2::zeros((timeline.n_steps(), if self.is_cued() { 4 } else { 2 }));
        for (channel, coherence) in shown.coherences.into_iter().enumerate() {
            let Some(coherence) = coherence else { continue };
            inputs.slice_mut(s![stimulus.clone(), channel]).fill(coherence as f32);
            if self.is_cued() {
                inputs.slice_mut(s![context.start..stimulus.end, 2 + channel]).fill(self.cue as f32);
            }
        }
        signed_choice::add_noise(self.noise(), &mut inputs, rng);
        Ok(signed_choice::trial(timeline, inputs, named(shown.modality, shown.coherences), shown.correct))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        signed_choice::score(trial, outputs)
    }

    fn choice_name(&self, choice: usize) -> String {
        signed_choice::name(choice)
    }

    fn chance(&self) -> f64 {
        0.5
    }
}

fn named(modality: &'static str, coherences: [Option<f64>; 2]) -> Condition {
    let shown = COHERENCES.into_iter().zip(coherences).filter_map(|(name, coherence)| Some((name, coherence?)));
    shown.fold(Condition::new().with("modality", modality), |condition, (name, coherence)| {
        condition.with(name, coherence)
    })
}

/// The evidence that a condition asks for.
fn asked(condition: Option<&Condition>, name: &str) -> Result<Option<f64>, TaskError> {
    match condition.map_or(Ok(None), |condition| condition.finite_number(name))? {
        Some(coherence) if coherence.abs() > 1.0 => {
            Err(TaskError::condition(name, coherence, "must lie in [-1, 1]", "give a fraction, not a percentage"))
        }
        // -0 and 0 are one condition.
        given => Ok(given.map(|coherence| coherence + 0.0)),
    }
}

/// The modality that is asked for, or one of those that show what is asked for.
fn draw_modality(
    condition: Option<&Condition>,
    given: [Option<f64>; 2],
    rng: &mut TrialRng,
) -> Result<(&'static str, [bool; 2]), TaskError> {
    let fits = |channels: [bool; 2]| channels.iter().zip(given).all(|(&shown, coherence)| shown || coherence.is_none());
    let Some(word) = condition.and_then(|condition| condition.get("modality")) else {
        let fitting: Vec<_> = MODALITIES.into_iter().filter(|(_, channels)| fits(*channels)).collect();
        return Ok(rng.pick(&fitting).copied().unwrap_or(MODALITIES[2]));
    };
    let known = MODALITIES.into_iter().find(|(modality, _)| *word == (*modality).into());
    match known {
        Some((modality, channels)) if fits(channels) => Ok((modality, channels)),
        Some(_) => Err(TaskError::condition(
            "modality",
            word,
            "does not show all evidence that is given",
            "write both, or leave evidence out",
        )),
        None => {
            Err(TaskError::condition("modality", word, "is no modality of this task", "write visual, auditory or both"))
        }
    }
}
