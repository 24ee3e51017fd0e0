//! Context-dependent integration: report the motion or the colour evidence, as the context says, and ignore the other.
//!
//! ```text
//! epochs    fixation 100 ms (test 400) | stimulus 800 ms | decision 300 ms
//! signals   stimulus: 1 on the channel of the context; (1 + m)/2, (1 - m)/2 on the motion channels;
//!           (1 + k)/2, (1 - k)/2 on the colour channels
//! correct   the choice favoured by m (motion context) or by k (colour context)
//! catch     1 trial in 73, of 2000 ms
//! training  ends above 90 %
//! ```
//!
//! | symbol | field | unit | published |
//! |---|---|---|---|
//! | \|m\|, \|k\| | `coherences` | fraction | 0.05, 0.15, 0.5, either sign, drawn independently |
//! | | `stimulus`, `decision` | ms | 800, 300 |
//!
//! `song2016/mante_areas` has the trials of `song2016/mante`, number for number at the same seed, under an id of its
//! own. In the source it differs by the network only: half of the units are in a sensory area, which receives all
//! inputs, the others in a motor area, which is read out by both outputs; feedforward projections are dense, feedback
//! is sparse.
//!
//! These are the tasks of Fig 4 and, for two areas, of Fig 5 of the source; after Mante, Sussillo, Shenoy & Newsome
//! (2013), <https://doi.org/10.1038/nature12742>.
//!
//! ```
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, batch, song2016::{Mante, ManteAreas}};
//! let task = Mante { sigma_in: 0.0, ..Mante::default() };
//! let evidence = Condition::new().with("motion_coherence", 0.5).with("colour_coherence", -0.25);
//! let asked = evidence.with("context", "colour");
//! let trial = task.trial(Split::Train, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//! assert_eq!(trial.inputs.row(5).to_vec(), [0.2, 1.2, 0.95, 0.45, 0.575, 0.825]);
//! assert_eq!(trial.correct, Some(1));
//!
//! let (one, two) = (Mante::default(), ManteAreas::default());
//! assert_eq!(batch(&one, Split::Train, 0, 0, 4)?, batch(&two, Split::Train, 0, 0, 4)?);
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Definition, EVIDENCE, Epochs, Plan, TwoChoice, coherence};
use crate::{About, Clock, Condition, Criterion, Split, TaskError, TrialRng, Value};

/// The words for the two contexts.
const CONTEXTS: [&str; 2] = ["motion", "colour"];

/// Context-dependent integration.
pub type Mante = TwoChoice<ContextIntegration<1>>;

/// Context-dependent integration for a sensory and a motor area.
pub type ManteAreas = TwoChoice<ContextIntegration<2>>;

/// Two kinds of evidence, one of which counts, for a network of so many areas.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ContextIntegration<const AREAS: usize>(pub TwoEvidences);

/// Motion and colour evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TwoEvidences {
    /// Stimulus, ms.
    pub stimulus: f64,
    /// Decision, ms.
    pub decision: f64,
    /// The strengths of the motion and of the colour evidence, each in [0, 1]; the signs are drawn.
    pub coherences: Vec<f64>,
}

impl Default for TwoEvidences {
    fn default() -> Self {
        Self { stimulus: 800.0, decision: 300.0, coherences: vec![0.05, 0.15, 0.5] }
    }
}

impl<const AREAS: usize> Definition for ContextIntegration<AREAS> {
    const ABOUT: About<'static> = {
        let (id, summary) = match AREAS {
            1 => (
                "song2016/mante",
                "Context-dependent integration: report the motion or the colour evidence, as the context says",
            ),
            2 => (
                "song2016/mante_areas",
                "Context-dependent integration for a sensory and a motor area: the trials of song2016/mante",
            ),
            _ => panic!("the source has networks of one and of two areas"),
        };
        About { id, summary, header: include_str!("mante.rs"), ..EVIDENCE }
    };
    const INPUTS: &'static [&'static str] =
        &["context_motion", "context_colour", "motion_1", "motion_2", "colour_1", "colour_2"];
    const VARIABLES: &'static [&'static str] = &["context", "motion_coherence", "colour_coherence"];
    const FIXATION_TEST: f64 = 400.0;
    const P_CATCH: f64 = 1.0 / 73.0;
    const CRITERION: Criterion = Criterion::MeanPerformance { threshold: 0.90, window: 5 };

    fn validate(&self, clock: Clock, _: Range<f64>) -> Result<(), TaskError> {
        clock.at_least_one_step("stimulus", self.0.stimulus)?;
        clock.at_least_one_step("decision", self.0.decision)?;
        coherence::validate("coherences", &self.0.coherences)
    }

    fn conditions(&self) -> Vec<Condition> {
        let coherences = coherence::signed(&self.0.coherences);
        let mut conditions = Vec::new();
        for context in CONTEXTS {
            for &motion in &coherences {
                conditions.extend(coherences.iter().map(|&colour| named(context, motion, colour)));
            }
        }
        conditions
    }

    fn plan(&self, condition: Option<&Condition>, rng: &mut TrialRng) -> Result<Plan, TaskError> {
        let context = draw_context(condition, rng)?;
        let motion = coherence::draw(condition, "motion_coherence", &self.0.coherences, rng)?;
        let colour = coherence::draw(condition, "colour_coherence", &self.0.coherences, rng)?;
        let (cues, correct) =
            if context == "motion" { ([1.0, 0.0], motion.favoured) } else { ([0.0, 1.0], colour.favoured) };
        let signals = vec![("stimulus", [cues, motion.signals(), colour.signals()].concat())];
        Ok(Plan { condition: named(context, motion.coherence, colour.coherence), correct, signals })
    }

    fn epochs(&self, _: Split, clock: Clock, _: &mut TrialRng) -> Result<Epochs, TaskError> {
        let stimulus = clock.steps("stimulus", self.0.stimulus)?;
        Ok(vec![("stimulus", stimulus), ("decision", clock.steps("decision", self.0.decision)?)])
    }
}

fn named(context: &'static str, motion: f64, colour: f64) -> Condition {
    Condition::new().with("context", context).with("motion_coherence", motion).with("colour_coherence", colour)
}

fn draw_context(condition: Option<&Condition>, rng: &mut TrialRng) -> Result<&'static str, TaskError> {
    match condition.and_then(|condition| condition.get("context")) {
        None => Ok(if rng.chance(0.5) { CONTEXTS[0] } else { CONTEXTS[1] }),
        Some(Value::Text(word)) if word == CONTEXTS[0] => Ok(CONTEXTS[0]),
        Some(Value::Text(word)) if word == CONTEXTS[1] => Ok(CONTEXTS[1]),
        Some(other) => {
            Err(TaskError::condition("context", other, "is no context of this task", "write motion or colour"))
        }
    }
}
