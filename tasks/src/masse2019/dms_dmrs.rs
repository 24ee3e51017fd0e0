//! Delayed match-to-sample or to-rotated-sample, as a cue says: is the direction of the test that of the sample, or
//! that plus 90 degrees?
//!
//! ```text
//! match     rule dms: test = sample;  rule dmrs: test = sample + 90 degrees;  non-match: one of the other 7 directions
//! cue       of the rule, 500 to 750 ms after the sample
//! variables those of a delayed match, and rule (dms or dmrs);  classes and grid are those of each rule
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | | `cue` | | delay |
//! | | `cue_onset`, `cue_offset` (after the sample) | ms | 500, 750 |
//! | | `n_rule` (half of them for each rule) | | 6 |
//!
//! `cue = "early"` shows the cue during fixation instead, `cue = "full"` during the whole trial: the code's variants of
//! this task.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let task = create("masse2019/dms_dmrs", Some(&json!({ "sigma_in": 0.0 })))?;
//! let asked = Condition::new().with("rule", "dmrs").with("sample", 0.0).with("test", 90.0);
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(150).to_vec()[24..], [0.0, 4.0, 0.0, 4.0, 0.0, 4.0]); // the second rule
//! assert_eq!(trial.targets.row(249).to_vec(), [0.0, 0.0, 1.0]); // match
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Channels, DELAYED, Definition, Delayed, Plan, Protocol, direction};
use crate::{About, Condition, TaskError, Timeline, TrialRng};

/// The rules, by name.
const RULES: [&str; 2] = ["dms", "dmrs"];
/// How far the second rule turns the sample, in directions: 90 degrees.
const TURN: usize = direction::N / 4;

/// When the rule is cued.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CueTime {
    /// In the delay.
    #[default]
    Delay,
    /// During fixation.
    Early,
    /// Always, but for the dead time.
    Full,
}

/// The durations of a delayed match, and the cue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DmsDmrs {
    /// Durations and catch trials.
    #[serde(flatten)]
    pub delayed: Delayed,
    /// When the rule is cued.
    pub cue: CueTime,
    /// The start of a cue in the delay, after the sample, ms.
    pub cue_onset: f64,
    /// Its end, ms.
    pub cue_offset: f64,
    /// The number of rule channels.
    pub n_rule: usize,
}

impl Default for DmsDmrs {
    fn default() -> Self {
        Self { delayed: Delayed::default(), cue: CueTime::Delay, cue_onset: 500.0, cue_offset: 750.0, n_rule: 6 }
    }
}

impl DmsDmrs {
    /// The steps at which the rule is cued.
    fn cued(&self, protocol: &Protocol, timeline: &Timeline) -> Result<Range<usize>, TaskError> {
        let start =
            |name: &str| timeline.epochs().iter().find(|epoch| epoch.name == name).map_or(0, |epoch| epoch.start);
        let dead = protocol.clock().steps("dead", protocol.dead)?;
        Ok(match self.cue {
            CueTime::Full => dead..timeline.n_steps(),
            CueTime::Early => dead..start("sample"),
            CueTime::Delay => {
                let clock = protocol.clock();
                let delay = start("sample") + clock.steps("sample", self.delayed.sample)?;
                delay + clock.steps("cue_onset", self.cue_onset)?..delay + clock.steps("cue_offset", self.cue_offset)?
            }
        })
    }
}

impl Definition for DmsDmrs {
    const ABOUT: About<'static> = About {
        id: "masse2019/dms_dmrs",
        summary: "Delayed match-to-sample, or to the sample plus 90 degrees, as a cue in the delay says",
        header: include_str!("dms_dmrs.rs"),
        ..DELAYED
    };
    const N_TESTS: i32 = 1;

    fn channels(&self) -> Channels {
        Channels { places: 1, rules: RULES.len(), n_rule: self.n_rule }
    }

    fn validate(&self, protocol: &Protocol) -> Result<(), TaskError> {
        self.delayed.validate(protocol)?;
        let clock = protocol.clock();
        let (onset, offset) = (clock.steps("cue_onset", self.cue_onset)?, clock.steps("cue_offset", self.cue_offset)?);
        let end = clock.steps("delay", self.delayed.delay)? + clock.steps("test", self.delayed.test)?;
        if onset < offset && offset <= end {
            return Ok(());
        }
        let remedy = format!("end it after `cue_onset` = {} ms and within `delay` and `test`", self.cue_onset);
        Err(TaskError::parameter("cue_offset", self.cue_offset, "is no end of a cue", remedy))
    }

    fn conditions(&self) -> Vec<Condition> {
        with_rules(self.delayed.conditions())
    }

    fn grid(&self) -> Vec<Condition> {
        with_rules(Delayed::grid())
    }

    fn plan(
        &self,
        protocol: &Protocol,
        condition: Option<&Condition>,
        rng: &mut TrialRng,
    ) -> Result<(Timeline, Plan), TaskError> {
        let rule = match condition.and_then(|given| given.get("rule")) {
            None => usize::from(rng.chance(0.5)),
            Some(given) => RULES
                .iter()
                .position(|rule| *given == (*rule).into())
                .ok_or_else(|| TaskError::condition("rule", given, "is no rule of this task", "give dms or dmrs"))?,
        };
        let names = ["rule", "sample", "match", "test"];
        let matches = |sample: usize, test: usize| test == (sample + rule * TURN) % direction::N;
        let (timeline, mut plan) = self.delayed.plan(protocol, condition, &names, rng, matches)?;
        plan.cues.push((self.cued(protocol, &timeline)?, rule));
        plan.condition = plan.condition.with("rule", RULES[rule]);
        Ok((timeline, plan))
    }
}

/// Each condition under each rule; a catch trial is one whatever its rule.
fn with_rules(conditions: Vec<Condition>) -> Vec<Condition> {
    let under = |condition: Condition| match condition.is_catch() {
        true => vec![condition],
        false => RULES.map(|rule| condition.clone().with("rule", rule)).into(),
    };
    conditions.into_iter().flat_map(under).collect()
}
