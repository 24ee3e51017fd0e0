//! Economic decision-making: choose between amounts of two juices, one of which is worth more.
//!
//! ```text
//! epochs    fixation 1500 ms | offer_on uniform on [1000, 2000) ms | decision 750 ms                                   dt 100 ms
//! inputs    fixation: 1 until the decision
//!           in offer_on: a1 or b1: 1, the juice of choice 1;  a2 or b2: 1, that of choice 2;  n1, n2: their amounts / 5
//! value     of n units of a: n;  of n units of b: r n
//! classes   0 fixate, k the choice of the greater value in the decision; 0 before
//! graded    every step
//! correct   the first action in the decision is k
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | r | `b_to_a` | | 1/2.2 |
//! | amounts of (b, a) | `offers`, variables `n_b`, `n_a` | | (0, 1) (1, 3) (1, 2) (1, 1) (2, 1) (3, 1) (4, 1) (6, 1) (2, 0) |
//! | the juice of choice 1 | variable `juice_1` | | a, b, each equally likely |
//!
//! Reference: Padoa-Schioppa C, Assad JA (2006), Nature 441: 223, <https://doi.org/10.1038/nature04676>;
//! as `EconomicDecisionMaking` of neurogym 2.2, Molano-Mazon et al. (2022), <https://doi.org/10.31234/osf.io/aqc9n>.
//!
//! Differences from the source: neurogym's environment is for reward only, and its label is to fixate throughout; here
//! it is the choice that is rewarded most, which is also what neurogym calls right. 750 ms are no whole number of steps
//! of 100 ms: the nearest is taken, 800 ms, and for the offer too, where neurogym takes the step below
//! (`rounding = "floor"`). The training rule, a performance above 0.95, is ours.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::EconomicDecisionMaking};
//! let condition = Condition::new().with("juice_1", "b").with("n_b", 3.0).with("n_a", 1.0);
//! let trial = EconomicDecisionMaking::default().trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(15).to_vec(), [1.0, 0.0, 1.0, 1.0, 0.0, 0.6, 0.2]);
//! assert_eq!(trial.correct, Some(1)); // 3 / 2.2 > 1
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

use super::FAMILY;
use super::answer::{chance_of_action, score};
use super::asked::Asked;
use super::environment::environment;
use super::evidence::fixation_and;
use super::stage::{Schedule, clock, validate};
use crate::error::rules;
use crate::{
    About, Channel, Citation, Clock, Condition, Described, Duration, Rounding, Score, Split, Task, TaskError, Trial,
    TrialRng, TrialView,
};

/// The amount that an input of 1 stands for.
const AMOUNT: f64 = 5.0;

/// Economic decision-making.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EconomicDecisionMaking {
    /// The time step, ms.
    pub dt: f64,
    /// What becomes of durations between two steps.
    pub rounding: Rounding,
    /// Before the offer, ms.
    pub fixation: Duration,
    /// The offer, ms.
    pub offer_on: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The value of juice b in units of juice a.
    pub b_to_a: f64,
    /// The amounts of juices b and a.
    pub offers: Vec<(f64, f64)>,
}

impl Default for EconomicDecisionMaking {
    fn default() -> Self {
        Self {
            dt: 100.0,
            rounding: Rounding::Nearest,
            fixation: 1500.0.into(),
            offer_on: Duration::uniform(1000.0, 2000.0),
            decision: 750.0,
            b_to_a: 1.0 / 2.2,
            offers: vec![
                (0.0, 1.0),
                (1.0, 3.0),
                (1.0, 2.0),
                (1.0, 1.0),
                (2.0, 1.0),
                (3.0, 1.0),
                (4.0, 1.0),
                (6.0, 1.0),
                (2.0, 0.0),
            ],
        }
    }
}

impl EconomicDecisionMaking {
    fn clock(&self) -> Clock {
        clock(self.dt, self.rounding)
    }

    /// Whether the offer of b is worth more; none if both are worth the same.
    fn b_is_better(&self, (n_b, n_a): (f64, f64)) -> Option<bool> {
        let (b, a) = (self.b_to_a * n_b, n_a);
        ((b - a).abs() > 1e-9 * (a + b)).then_some(b > a)
    }

    /// The amounts of b and a that are asked for, or one of the offers, and whether b is worth more.
    fn offer(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<((f64, f64), bool), TaskError> {
        let wrong = |name: &str, value: f64| {
            TaskError::condition(
                name,
                value,
                "makes no offer",
                "give amounts n_b and n_a of at least 0 that differ in value, or neither",
            )
        };
        let offer = match (asked.number("n_b")?, asked.number("n_a")?) {
            (None, None) => rng.pick(&self.offers).copied().unwrap_or_default(),
            (Some(n_b), Some(n_a)) if n_b >= 0.0 && n_a >= 0.0 => (n_b, n_a),
            (Some(n_b), _) => return Err(wrong("n_b", n_b)),
            (None, Some(n_a)) => return Err(wrong("n_a", n_a)),
        };
        Ok((offer, self.b_is_better(offer).ok_or_else(|| wrong("n_b", offer.0))?))
    }

    /// Whether choice 1 is juice a.
    fn a_first(asked: Asked<'_>, rng: &mut TrialRng) -> Result<bool, TaskError> {
        match asked.text("juice_1")? {
            None => Ok(rng.chance(0.5)),
            Some("a") => Ok(true),
            Some("b") => Ok(false),
            Some(other) => Err(TaskError::condition("juice_1", other, "is no juice", "give a or b")),
        }
    }
}

impl Described for EconomicDecisionMaking {
    const ABOUT: About<'static> = About {
        id: "neurogym/economic_decision_making",
        summary: "Economic decision-making: choose the more valuable of two amounts of different juices",
        citation: Citation {
            authors: "Padoa-Schioppa C, Assad JA",
            year: 2006,
            title: "Neurons in the orbitofrontal cortex encode economic value",
            doi: "10.1038/nature04676",
        },
        header: include_str!("economic_decision_making.rs"),
        shared: &[include_str!("evidence.rs"), include_str!("answer.rs"), include_str!("stage.rs")],
        ..FAMILY
    };
}

impl Task for EconomicDecisionMaking {
    environment! { threshold: 0.95 }

    fn validate(&self) -> Result<(), TaskError> {
        validate(self.clock(), 0.0, &[("offer_on", &self.offer_on)], &[("fixation", &self.fixation)])?;
        self.clock().at_least_one_step("decision", self.decision)?;
        rules::positive("b_to_a", self.b_to_a)?;
        if self.offers.is_empty() {
            return Err(TaskError::parameter("offers", "[]", "must not be empty", "give at least one offer"));
        }
        self.offers.iter().try_for_each(|&(n_b, n_a)| {
            rules::not_negative("offers", n_b)?;
            rules::not_negative("offers", n_a)?;
            let equal = || {
                TaskError::parameter(
                    "offers",
                    format!("({n_b}, {n_a})"),
                    "has no better choice",
                    "give amounts that differ in value",
                )
            };
            self.b_is_better((n_b, n_a)).map(drop).ok_or_else(equal)
        })
    }

    fn inputs(&self) -> Vec<Channel> {
        Channel::list(&["fixation", "a1", "b1", "a2", "b2", "n1", "n2"])
    }

    fn outputs(&self) -> Vec<Channel> {
        fixation_and("choice", 2)
    }

    fn conditions(&self) -> Vec<Condition> {
        let once = self
            .offers
            .iter()
            .enumerate()
            .filter(|(i, offer)| !self.offers[..*i].contains(offer))
            .map(|(_, offer)| offer);
        let both = |&(n_b, n_a): &(f64, f64)| {
            ["a", "b"].map(|juice| Condition::new().with("juice_1", juice).with("n_b", n_b).with("n_a", n_a))
        };
        once.flat_map(both).collect()
    }

    fn trial(&self, _: Split, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        self.validate()?;
        let asked = Asked::new(condition, &["juice_1", "n_b", "n_a"])?;
        let a_first = Self::a_first(asked, rng)?;
        let ((n_b, n_a), b_is_better) = self.offer(asked, rng)?;
        let mut schedule = Schedule::new(self.clock())?;
        schedule.epoch("fixation", &self.fixation, rng)?;
        let offer = schedule.epoch("offer_on", &self.offer_on, rng)?;
        let decision = schedule.fixed("decision", self.decision)?;

        let mut stage = schedule.stage(7, 3);
        stage.show(0..decision.start, 0, 1.0);
        let (juices, amounts) = if a_first { ([1, 4], [n_a, n_b]) } else { ([2, 3], [n_b, n_a]) };
        for (choice, (juice, amount)) in juices.into_iter().zip(amounts).enumerate() {
            stage.show(offer.clone(), juice, 1.0);
            stage.show(offer.clone(), 5 + choice, amount / AMOUNT);
        }
        let correct = if a_first == b_is_better { 2 } else { 1 };
        stage.label(decision, correct);
        let condition =
            Condition::new().with("juice_1", if a_first { "a" } else { "b" }).with("n_b", n_b).with("n_a", n_a);
        Ok(stage.finish(condition, Some(correct)))
    }

    fn score(&self, trial: TrialView<'_>, outputs: ArrayView2<'_, f32>) -> Score {
        score(trial, outputs, "decision", self.dt)
    }

    fn chance(&self) -> f64 {
        chance_of_action(3, self.clock().steps("decision", self.decision).unwrap_or(0))
    }
}
