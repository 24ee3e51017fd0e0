//! Post-decision wagering: report the direction of noisy evidence, or take a smaller but sure reward when it is
//! offered.
//!
//! ```text
//! epochs      fixation 100 ms | stimulus | delay, in its end sure_target if there is an offer | decision 100 ms
//!                                                                                                           dt 100 ms
//! stimulus    exponential with mean parameter 180 ms, truncated to [100, 900) ms
//! delay       exponential with mean parameter 1350 ms, truncated to [1200, 1800) ms
//! inputs      stimulus_1, stimulus_2: (1 + c)/2, (1 - c)/2 + noise in the stimulus
//!             sure (half of the trials): 1 from a time uniform on [500, 750) ms after the stimulus to the end
//! classes     1, 2 choice: 1 if c > 0 and 2 if c < 0 in the decision; 3 sure: never the label
//! correct     the first action in the decision is the right direction; sure is neither right nor wrong if it is
//!             offered, and wrong if not
//! training    0.75; at these stimuli an ideal observer reaches 0.798
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|c\| | `coherences` | fraction | 0, 0.032, 0.064, 0.128, 0.256, 0.512, either sign |
//! | whether sure is offered | variable `wager` | | half of the trials |
//! | | `pre_sure` | ms | uniform on [500, 750) |
//! | sigma | `sigma` | | 1 |
//!
//! The environment pays 1 for the right direction, 0 for the wrong one and 0.7 for sure, so sure is best where the
//! probability to be right is below 0.7. A label cannot teach that, only reward can; the choice of a trial says what
//! was taken (3 = sure).
//!
//! Reference: Kiani R, Shadlen MN (2009), Science 324: 759, <https://doi.org/10.1126/science.1169405>;
//! as `PostDecisionWager` of neurogym.
//!
//! Differences from the source: neurogym compares the action (1 or 2) with the index of the direction (0 or 1), so that
//! its reward and its performance credit action 1 for direction 2, and no action for direction 1, against its own
//! label; here the label is right. neurogym counts a sure choice as a performance of 0.7; here it is not scored, as in
//! the paper, which compares accuracy on the other trials. It adds the noise of the stimulus to the fixation and sure
//! inputs too (`noise_on_all_inputs = true`).
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::{Environment, Wager}};
//! let task = Wager { sigma: 0.0, pre_sure: 600.0.into(), ..Wager::default() };
//! let task = Environment { task, ..Environment::default() };
//! let condition = Condition::new().with("wager", true).with("coherence", -0.5);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(1).to_vec(), [1.0, 0.25, 0.75, 0.0]);
//! assert_eq!(trial.inputs.row(trial.n_steps() - 1).to_vec(), [0.0, 0.0, 0.0, 1.0]);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::evidence::{Evidence, NAMES, validate_strengths};
use super::{Asked, Definition, EVIDENCE, Environment, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, Score, TaskError, Trial, TrialRng, TrialView, Value};

/// The class of the sure choice.
const SURE: usize = 3;

/// Post-decision wagering.
pub type PostDecisionWager = Environment<Wager>;

/// The direction of noisy evidence, or a sure reward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wager {
    /// Noisy evidence, ms.
    pub stimulus: Duration,
    /// Between stimulus and decision, ms.
    pub delay: Duration,
    /// Between stimulus and sure target, ms; no longer than the delay.
    pub pre_sure: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The strengths of the evidence, each in [0, 1].
    pub coherences: Vec<f64>,
    /// The strength of the noise in the stimulus; 0 for none.
    pub sigma: f64,
    /// Whether the fixation and sure inputs are noisy in the stimulus too; `true` as in neurogym.
    pub noise_on_all_inputs: bool,
}

impl Default for Wager {
    fn default() -> Self {
        Self {
            stimulus: Duration::truncated_exponential(180.0, 100.0, 900.0),
            delay: Duration::truncated_exponential(1350.0, 1200.0, 1800.0),
            pre_sure: Duration::uniform(500.0, 750.0),
            decision: 100.0,
            coherences: vec![0.0, 0.032, 0.064, 0.128, 0.256, 0.512],
            sigma: 1.0,
            noise_on_all_inputs: false,
        }
    }
}

impl Definition for Wager {
    const ABOUT: About<'static> = About {
        id: "neurogym/post_decision_wager",
        summary: "Post-decision wagering: report the direction of noisy evidence, or take a smaller but sure reward \
            when it is offered",
        citation: Citation {
            authors: "Kiani R, Shadlen MN",
            year: 2009,
            title: "Representation of confidence associated with a decision by neurons in the parietal cortex",
            doi: "10.1126/science.1169405",
        },
        header: include_str!("post_decision_wager.rs"),
        ..EVIDENCE
    };
    const FIXATION: f64 = 100.0;
    const THRESHOLD: f64 = 0.75;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&[
            Period::shown("stimulus", &self.stimulus),
            Period::pause("delay", &self.delay),
            Period::pause("pre_sure", &self.pre_sure),
            Period::fixed("decision", self.decision),
        ])?;
        rules::not_negative("sigma", self.sigma)?;
        let (latest, shortest) = (self.pre_sure.bounds().1, self.delay.bounds().0);
        if latest > shortest {
            let remedy = format!("give at most the shortest delay, {shortest} ms");
            return Err(TaskError::parameter("pre_sure", latest, "must not exceed `delay`", remedy));
        }
        validate_strengths(&self.coherences)
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "stimulus_1", "stimulus_2", "sure"])
    }

    fn outputs(&self) -> Vec<Channel> {
        let mut channels = fixation_and("choice", 2);
        channels.extend(Channel::list(&["sure"]));
        channels
    }

    fn conditions(&self) -> Vec<Condition> {
        let all = Evidence::all(&self.coherences, 2);
        let class =
            |wager: bool| all.iter().map(move |evidence| evidence.within(Condition::new().with("wager", wager), NAMES));
        class(true).chain(class(false)).collect()
    }

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let asked = Asked::new(condition, &["wager", NAMES.0, NAMES.1])?;
        let wager = asked.flag_or_drawn("wager", rng)?;
        let evidence = Evidence::draw(asked, NAMES, &self.coherences, 2, rng)?;
        let (mut schedule, [stimulus]) = timing.draw([Period::shown("stimulus", &self.stimulus)], rng)?;
        let delay = self.delay.draw("delay", timing.clock, rng)?;
        let before_sure = if wager { self.pre_sure.draw("pre_sure", timing.clock, rng)? } else { delay };
        let waiting = schedule.steps("delay", before_sure)?;
        schedule.steps("sure_target", delay.saturating_sub(before_sure))?;
        let decision = schedule.period(&Period::fixed("decision", self.decision), rng)?;

        let mut stage = schedule.stage(4, 4, decision.start);
        stage.pattern(stimulus.clone(), 1, evidence.levels(1.0, 2));
        if wager {
            stage.show(waiting.end..decision.end, SURE, 1.0);
        }
        let noisy = if self.noise_on_all_inputs { 0..4 } else { 1..3 };
        stage.noise(stimulus, noisy, self.sigma, rng);
        let condition = evidence.within(Condition::new().with("wager", wager), NAMES);
        Ok(stage.finish(decision, evidence.direction, condition))
    }

    fn score(&self, timing: Timing<'_>, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        let score = answer::score(trial, outputs, Self::ANSWER, timing.clock.dt);
        let offered = trial.condition.get("wager") == Some(&Value::Bool(true));
        if offered && score.choice == Some(SURE) { Score { correct: None, ..score } } else { score }
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        // Of two trials, one with an offer, all are scored but the share of sure choices in the latter.
        let p = answer::chance_of_action(4, timing.steps("decision", self.decision));
        2.0 * p / (2.0 - p)
    }
}
