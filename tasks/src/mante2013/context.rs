//! The variables of a trial: which evidence counts, and how strong each is.
//!
//! ```text
//! context    motion or colour, equally likely
//! correct    choice 0 if the coherence of the context is positive, choice 1 if it is negative, drawn if it is 0
//! ```

use crate::song2016::coherence::{self, Evidence};
use crate::{Condition, TaskError, TrialRng, Value};

/// The words for the two contexts.
pub const CONTEXTS: [&str; 2] = ["motion", "colour"];

/// The variables of one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Variables {
    /// The index into `CONTEXTS`.
    pub context: usize,
    /// The motion evidence, signed.
    pub motion: Evidence,
    /// The colour evidence, signed.
    pub colour: Evidence,
}

impl Variables {
    /// What the condition asks for; the strengths it leaves out are those that `coherence` gives.
    pub fn draw(
        condition: Option<&Condition>,
        rng: &mut TrialRng,
        coherence: impl Fn(&mut TrialRng) -> f64,
    ) -> Result<Self, TaskError> {
        condition.map_or(Ok(()), |condition| condition.allow(&["context", "motion_coherence", "colour_coherence"]))?;
        let context = match condition.and_then(|condition| condition.get("context")) {
            None => usize::from(rng.chance(0.5)),
            Some(Value::Text(word)) if word == CONTEXTS[0] => 0,
            Some(Value::Text(word)) if word == CONTEXTS[1] => 1,
            Some(other) => {
                return Err(TaskError::condition(
                    "context",
                    other,
                    "is no context of this task",
                    "write motion or colour",
                ));
            }
        };
        let mut evidence = |name| {
            let strength = coherence(rng);
            coherence::draw(condition, name, &[strength], rng)
        };
        Ok(Self { context, motion: evidence("motion_coherence")?, colour: evidence("colour_coherence")? })
    }

    /// The choice that the evidence of the context asks for.
    pub fn correct(&self) -> usize {
        if self.context == 0 { self.motion.favoured } else { self.colour.favoured }
    }

    /// The variables by name.
    pub fn condition(&self) -> Condition {
        named(CONTEXTS[self.context], self.motion.coherence, self.colour.coherence)
    }
}

/// The conditions with both contexts and all pairs of the strengths, with either sign.
pub fn grid(strengths: &[f64]) -> Vec<Condition> {
    let coherences = coherence::signed(strengths);
    let mut conditions = Vec::new();
    for context in CONTEXTS {
        for &motion in &coherences {
            conditions.extend(coherences.iter().map(|&colour| named(context, motion, colour)));
        }
    }
    conditions
}

fn named(context: &'static str, motion: f64, colour: f64) -> Condition {
    Condition::new().with("context", context).with("motion_coherence", motion).with("colour_coherence", colour)
}
