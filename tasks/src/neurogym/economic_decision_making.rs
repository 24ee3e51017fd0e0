//! Economic decision-making: choose between amounts of two juices, one of which is worth more.
//!
//! ```text
//! epochs      fixation 1500 ms | offer_on uniform on [1000, 2000) ms | decision 750 ms                      dt 100 ms
//! inputs      in offer_on: a1 or b1: 1, the juice of choice 1;  a2 or b2: 1, that of choice 2;
//!             n1, n2: their amounts / 5
//! value       of n units of a: n;  of n units of b: r n
//! classes     k choice k: that of the greater value in the decision
//! training    0.95
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | r | `b_to_a` | | 1/2.2 |
//! | amounts of (b, a) | `offers` | | (0, 1) (1, 3) (1, 2) (1, 1) (2, 1) (3, 1) (4, 1) (6, 1) (2, 0) |
//! | those of a trial | variables `n_b`, `n_a` | | each offer equally likely |
//! | the juice of choice 1 | variable `juice_1` | | a, b, each equally likely |
//!
//! Reference: Padoa-Schioppa C, Assad JA (2006), Nature 441: 223, <https://doi.org/10.1038/nature04676>;
//! as `EconomicDecisionMaking` of neurogym.
//!
//! Differences from the source: neurogym's environment is for reward only, and its label is to fixate throughout; here
//! it is the choice that is rewarded most, which is also what neurogym calls right. 750 ms are no whole number of steps
//! of 100 ms: the nearest is taken, 800 ms, and for the offer too.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, neurogym::EconomicDecisionMaking};
//! let task = EconomicDecisionMaking::default();
//! let condition = Condition::new().with("juice_1", "b").with("n_b", 3.0).with("n_a", 1.0);
//! let trial = task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(15).to_vec(), [1.0, 0.0, 1.0, 1.0, 0.0, 0.6, 0.2]);
//! assert_eq!(trial.correct, Some(1)); // 3 / 2.2 > 1
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use serde::{Deserialize, Serialize};

use super::{Asked, Definition, Environment, FAMILY, Period, Timing, answer, environment::fixation_and};
use crate::error::rules;
use crate::{About, Channel, Citation, Condition, Duration, Rounding, TaskError, Trial, TrialRng};

/// The amount that an input of 1 stands for.
const AMOUNT: f64 = 5.0;

/// Economic decision-making.
pub type EconomicDecisionMaking = Environment<JuiceChoice>;

/// The more valuable of two amounts of juice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JuiceChoice {
    /// The offer, ms.
    pub offer_on: Duration,
    /// The response, ms.
    pub decision: f64,
    /// The value of juice b in units of juice a.
    pub b_to_a: f64,
    /// The amounts of juices b and a.
    pub offers: Vec<(f64, f64)>,
}

impl Default for JuiceChoice {
    fn default() -> Self {
        Self {
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

impl JuiceChoice {
    fn periods(&self) -> [Period<'_>; 2] {
        [Period::shown("offer_on", &self.offer_on), Period::fixed("decision", self.decision)]
    }

    /// Whether the offer of b is worth more; none if both are worth the same.
    fn b_is_better(&self, (n_b, n_a): (f64, f64)) -> Option<bool> {
        let (b, a) = (self.b_to_a * n_b, n_a);
        ((b - a).abs() > 1e-9 * (a + b)).then_some(b > a)
    }

    /// The amounts of b and a that are asked for, or one of the offers, and whether b is worth more.
    fn offer(&self, asked: Asked<'_>, rng: &mut TrialRng) -> Result<((f64, f64), bool), TaskError> {
        let wrong = |name: &str, value: f64| {
            let remedy = "give amounts n_b and n_a of at least 0 that differ in value, or neither";
            TaskError::condition(name, value, "makes no offer", remedy)
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

impl Definition for JuiceChoice {
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
        ..FAMILY
    };
    const ROUNDING: Rounding = Rounding::Nearest;
    const FIXATION: f64 = 1500.0;

    fn validate(&self, timing: Timing<'_>) -> Result<(), TaskError> {
        timing.validate(&self.periods())?;
        rules::positive("b_to_a", self.b_to_a)?;
        if self.offers.is_empty() {
            return Err(TaskError::parameter("offers", "[]", "must not be empty", "give at least one offer"));
        }
        self.offers.iter().try_for_each(|&(n_b, n_a)| {
            rules::not_negative("offers", n_b)?;
            rules::not_negative("offers", n_a)?;
            let equal = || {
                let remedy = "give amounts that differ in value";
                TaskError::parameter("offers", format!("({n_b}, {n_a})"), "has no better choice", remedy)
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

    fn trial(&self, timing: Timing<'_>, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Trial, TaskError> {
        let asked = Asked::new(condition, &["juice_1", "n_b", "n_a"])?;
        let a_first = Self::a_first(asked, rng)?;
        let ((n_b, n_a), b_is_better) = self.offer(asked, rng)?;
        let (schedule, [offer, decision]) = timing.draw(self.periods(), rng)?;

        let mut stage = schedule.stage(7, 3, decision.start);
        let (juices, amounts) = if a_first { ([1, 4], [n_a, n_b]) } else { ([2, 3], [n_b, n_a]) };
        for (choice, (juice, amount)) in juices.into_iter().zip(amounts).enumerate() {
            stage.show(offer.clone(), juice, 1.0);
            stage.show(offer.clone(), 5 + choice, amount / AMOUNT);
        }
        let correct = if a_first == b_is_better { 2 } else { 1 };
        let condition =
            Condition::new().with("juice_1", if a_first { "a" } else { "b" }).with("n_b", n_b).with("n_a", n_a);
        Ok(stage.finish(decision, correct, condition))
    }

    fn chance(&self, timing: Timing<'_>) -> f64 {
        answer::chance_of_action(3, timing.steps("decision", self.decision))
    }
}
