//! Evidence for one of the directions that the channels of a ring prefer.
//!
//! ```text
//! direction k at coherence c      0.5 + |c|/2 cos(theta_i - theta_k) on channel i
//!                                 that is (1 + |c|)/2 and (1 - |c|)/2 on two channels
//! ```
//!
//! With two directions the coherence has a sign, positive for direction 1, and its absolute value otherwise. Each
//! direction and each strength is equally likely; at a coherence of 0 the direction that counts as right is drawn too,
//! so it is a variable of its own.

use super::ring::{angle, cosine};
use super::{Asked, environment::fixation_and};
use crate::song2016::coherence;
use crate::{Channel, Condition, TaskError, TrialRng};

/// Checks the strengths of the evidence: at least one, each in [0, 1].
pub fn validate_strengths(strengths: &[f64]) -> Result<(), TaskError> {
    coherence::validate("coherences", strengths)
}

/// The channels of fixation and of two rings of `n`, one for each modality.
pub fn two_modalities(n: usize) -> Vec<Channel> {
    let mut channels = fixation_and("modality_1_stimulus", n);
    channels.extend(Channel::numbered("modality_2_stimulus", n));
    channels
}

/// Evidence for one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The direction, from 1.
    pub direction: usize,
    /// In [-1, 1]; below 0 only for direction 2 of two.
    pub coherence: f64,
}

/// What the variables of an [`Evidence`] are called in conditions.
pub type Names = (&'static str, &'static str);

/// Their names where there is only one.
pub const NAMES: Names = ("direction", "coherence");

impl Evidence {
    /// The strength `strength` for `direction` of `n`.
    fn new(direction: usize, strength: f64, n: usize) -> Self {
        // A strength of 0 has no sign: -0 and 0 are one condition.
        let coherence = if n == 2 && direction == 2 && strength != 0.0 { -strength } else { strength };
        Self { direction, coherence }
    }

    /// What is asked for; what is not is drawn, each direction of `n` and each strength equally likely.
    pub fn draw(
        asked: Asked<'_>,
        names: Names,
        strengths: &[f64],
        n: usize,
        rng: &mut TrialRng,
    ) -> Result<Self, TaskError> {
        let coherence = asked.between(names.1, if n == 2 { -1.0 } else { 0.0 }, 1.0)?;
        let implied = coherence.filter(|&c| n == 2 && c != 0.0).map(|c| if c > 0.0 { 1 } else { 2 });
        let direction = match (asked.whole(names.0, n)?, implied) {
            (Some(asked), Some(implied)) if asked != implied => {
                let remedy = format!(
                    "with two directions, coherences above 0 are for 1 and those below for 2; leave out {}",
                    names.0
                );
                return Err(TaskError::condition(names.0, asked, "contradicts the coherence", remedy));
            }
            (Some(direction), _) | (None, Some(direction)) => direction,
            (None, None) => asked.whole_or_drawn(names.0, n, rng)?,
        };
        let strength = coherence.map(f64::abs).or_else(|| rng.pick(strengths).copied()).unwrap_or(0.0);
        Ok(Self::new(direction, strength, n))
    }

    /// All directions of `n` at all strengths.
    pub fn all(strengths: &[f64], n: usize) -> Vec<Self> {
        let once = strengths.iter().enumerate().filter(|(i, c)| !strengths[..*i].contains(c)).map(|(_, &c)| c);
        once.flat_map(|strength| (1..=n).map(move |direction| Self::new(direction, strength, n))).collect()
    }

    /// The conditions of all directions of `n` at all strengths.
    pub fn conditions(strengths: &[f64], n: usize) -> Vec<Condition> {
        Self::all(strengths, n).into_iter().map(Self::condition).collect()
    }

    /// The condition of evidence that is the only one.
    pub fn condition(self) -> Condition {
        self.within(Condition::new(), NAMES)
    }

    /// The condition with these variables.
    pub fn within(self, condition: Condition, names: Names) -> Condition {
        condition.with(names.0, self.direction as f64).with(names.1, self.coherence)
    }

    /// The levels of the channels when `share` of the coherence is shown.
    pub fn levels(self, share: f64, n: usize) -> impl Iterator<Item = f32> {
        cosine(n, angle(self.direction, n), share * self.coherence.abs() / 2.0, 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(condition: Condition, n: usize) -> Result<Evidence, TaskError> {
        let asked = Asked::new(Some(&condition), &[NAMES.0, NAMES.1])?;
        Evidence::draw(asked, NAMES, &[0.5], n, &mut TrialRng::new(0, "test", 0, 0))
    }

    #[test]
    fn the_sign_of_one_of_two_directions_is_that_of_the_coherence() -> Result<(), TaskError> {
        let evidence = draw(Condition::new().with("coherence", -0.2), 2)?;
        assert_eq!(evidence, Evidence { direction: 2, coherence: -0.2 });
        assert_eq!(evidence.levels(1.0, 2).collect::<Vec<_>>(), [0.4, 0.6]);
        assert_eq!(evidence.levels(0.5, 2).collect::<Vec<_>>(), [0.45, 0.55]);
        assert_eq!(draw(Condition::new().with("direction", 2.0), 2)?.coherence, -0.5);
        assert_eq!(draw(Condition::new().with("direction", 2.0).with("coherence", 0.0), 2)?.direction, 2);
        assert!(draw(Condition::new().with("direction", 1.0).with("coherence", -0.2), 2).is_err());
        Ok(())
    }

    #[test]
    fn one_of_many_directions_has_a_strength_without_a_sign() -> Result<(), TaskError> {
        let evidence = draw(Condition::new().with("direction", 3.0).with("coherence", 0.2), 4)?;
        for (level, expected) in evidence.levels(1.0, 4).zip([0.4, 0.5, 0.6, 0.5]) {
            assert!((level - expected).abs() < 1e-6, "{level} {expected}");
        }
        assert!(draw(Condition::new().with("coherence", -0.2), 4).is_err());
        Ok(())
    }

    #[test]
    fn every_direction_and_strength_is_listed_once() {
        let all = Evidence::all(&[0.0, 0.1, 0.0], 2);
        assert_eq!(
            all.iter().map(|evidence| (evidence.direction, evidence.coherence)).collect::<Vec<_>>(),
            [(1, 0.0), (2, 0.0), (1, 0.1), (2, -0.1)]
        );
    }
}
