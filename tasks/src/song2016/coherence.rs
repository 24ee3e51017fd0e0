//! Evidence for two sides, of a signed strength.
//!
//! ```text
//! coherence c in [-1, 1]    channel 1 carries (1 + c) / 2, channel 2 carries (1 - c) / 2    c > 0: choice 1 is correct
//! ```
//!
//! At c = 0 the channels are equal, and which choice counts as correct is drawn at random.
//!
//! Differences from the source: coherence is a signed fraction where the code scales a percentage, by 3.2 in the tasks
//! with one kind of evidence and by 5 in those with a context.

use crate::{Condition, TaskError, TrialRng};

/// The published strengths of the evidence, where there is one kind of it.
pub const PUBLISHED: [f64; 5] = [0.032, 0.064, 0.128, 0.256, 0.512];

/// Evidence of one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The signed strength in [-1, 1].
    pub coherence: f64,
    /// The index of the favoured choice: 0 if the coherence is positive, 1 if it is negative, drawn if it is 0.
    pub favoured: usize,
}

impl Evidence {
    /// The signals of the two channels.
    pub fn signals(&self) -> [f32; 2] {
        [((1.0 + self.coherence) / 2.0) as f32, ((1.0 - self.coherence) / 2.0) as f32]
    }

    /// The trial variable.
    pub fn condition(&self) -> Condition {
        Condition::new().with("coherence", self.coherence)
    }
}

/// The evidence that the variable `name` of the condition asks for, or one of the strengths with either sign, all
/// equally likely.
pub fn draw(
    condition: Option<&Condition>,
    name: &str,
    strengths: &[f64],
    rng: &mut TrialRng,
) -> Result<Evidence, TaskError> {
    let given = condition.map(|condition| condition.finite_number(name)).transpose()?.flatten();
    match given {
        Some(coherence) if coherence.abs() > 1.0 => {
            Err(TaskError::condition(name, coherence, "must lie in [-1, 1]", "give a fraction, not a percentage"))
        }
        Some(coherence) if coherence != 0.0 => Ok(Evidence { coherence, favoured: usize::from(coherence < 0.0) }),
        Some(_) => Ok(Evidence { coherence: 0.0, favoured: usize::from(rng.chance(0.5)) }),
        None => {
            let strength = rng.pick(strengths).copied().unwrap_or(0.0);
            let favoured = usize::from(rng.chance(0.5));
            // A strength of 0 has no sign: -0 and 0 are one condition.
            let coherence = if favoured == 0 || strength == 0.0 { strength } else { -strength };
            Ok(Evidence { coherence, favoured })
        }
    }
}

/// The strengths with both signs, ascending: the values of a psychometric curve. A strength of 0 appears once.
pub fn signed(strengths: &[f64]) -> Vec<f64> {
    let mut both: Vec<f64> = strengths.iter().flat_map(|&c| [-c, c]).map(|c| if c == 0.0 { 0.0 } else { c }).collect();
    both.sort_by(f64::total_cmp);
    both.dedup();
    both
}

/// A condition for each strength with either sign, ascending.
pub fn conditions(strengths: &[f64]) -> Vec<Condition> {
    signed(strengths).into_iter().map(|c| Condition::new().with("coherence", c)).collect()
}

/// Checks a list of strengths: at least one, each in [0, 1].
pub fn validate(field: &str, strengths: &[f64]) -> Result<(), TaskError> {
    if strengths.is_empty() {
        return Err(TaskError::parameter(field, "[]", "must not be empty", "give at least one strength"));
    }
    match strengths.iter().find(|c| !(0.0..=1.0).contains(*c)) {
        None => Ok(()),
        Some(c) => {
            let rule = "must be fractions in [0, 1]";
            Err(TaskError::parameter(field, c, rule, "leave out the sign, which is drawn, and write 3.2 % as 0.032"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rng() -> TrialRng {
        TrialRng::new(0, "test", 0, 0)
    }

    #[test]
    fn the_sign_says_which_side_is_favoured() -> Result<(), TaskError> {
        for (coherence, favoured, signals) in [(0.5, 0, [0.75, 0.25]), (-0.5, 1, [0.25, 0.75]), (1.0, 0, [1.0, 0.0])] {
            let evidence = draw(Some(&Condition::new().with("coherence", coherence)), "coherence", &[], &mut rng())?;
            assert_eq!((evidence.favoured, evidence.signals()), (favoured, signals));
        }
        Ok(())
    }

    #[test]
    fn at_zero_coherence_either_side_is_correct_half_the_time() -> Result<(), TaskError> {
        let (condition, mut rng) = (Condition::new().with("coherence", -0.0), rng());
        let mut favoured = 0;
        for _ in 0..10_000 {
            let evidence = draw(Some(&condition), "coherence", &[0.1], &mut rng)?;
            assert_eq!(evidence.signals(), [0.5, 0.5]);
            assert!(evidence.coherence.is_sign_positive());
            favoured += evidence.favoured;
        }
        assert!((4_800..5_200).contains(&favoured), "{favoured}");
        Ok(())
    }

    #[test]
    fn percentages_and_words_are_refused() {
        for condition in
            [Condition::new().with("c", 3.2), Condition::new().with("c", f64::NAN), Condition::new().with("c", "high")]
        {
            assert!(draw(Some(&condition), "c", &[0.1], &mut rng()).is_err());
        }
        assert!(validate("coherences", &[0.1, 3.2]).is_err());
        assert!(validate("coherences", &[-0.1]).is_err());
        assert!(validate("coherences", &[]).is_err());
    }

    #[test]
    fn both_signs_ascend_and_zero_appears_once() {
        assert_eq!(signed(&[0.1, 0.0, 0.4]), [-0.4, -0.1, 0.0, 0.1, 0.4]);
    }
}
