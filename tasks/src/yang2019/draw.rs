//! The variables of one trial: those that the condition fixes, and the others drawn; all of them recorded.

use std::f64::consts::{FRAC_PI_2, TAU};

use crate::error::rules;
use crate::{Condition, Split, TaskError, TrialRng, Value, ring};

use super::Yang2019;

/// The range of the mean strength of two stimuli that are compared.
pub const STRENGTHS: [f64; 2] = [0.8, 1.2];

/// A trial in the making.
#[derive(Debug)]
pub struct Draw<'a> {
    /// The settings of the task.
    pub settings: &'a Yang2019,
    /// Which trials are made.
    pub split: Split,
    /// Whether the condition chose the timing.
    pub is_psychometric: bool,
    /// The random numbers.
    pub rng: &'a mut TrialRng,
    /// What was asked for.
    condition: &'a Condition,
    /// What the trial is.
    variables: Condition,
}

/// The strengths of two stimuli: the stronger one is the first if the coherence is positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The mean strength g of the two.
    pub strength: f64,
    /// Half their difference, c, positive if the first is the stronger.
    pub coherence: f64,
}

impl Evidence {
    /// g + c and g - c.
    pub fn strengths(&self) -> [f64; 2] {
        [self.strength + self.coherence, self.strength - self.coherence]
    }

    /// The evidence of stimuli of these strengths.
    pub fn of([first, second]: [f64; 2]) -> Self {
        Self { strength: (first + second) / 2.0, coherence: (first - second) / 2.0 }
    }
}

impl<'a> Draw<'a> {
    /// A trial of which nothing is drawn yet.
    pub fn new(
        settings: &'a Yang2019,
        split: Split,
        condition: &'a Condition,
        is_psychometric: bool,
        rng: &'a mut TrialRng,
    ) -> Self {
        Self { settings, split, is_psychometric, rng, condition, variables: Condition::new() }
    }

    /// What the condition asks of a variable.
    pub fn given(&self, name: &str) -> Option<&'a Value> {
        self.condition.get(name)
    }

    /// The number that the condition asks for.
    pub fn number(&self, name: &str) -> Result<Option<f64>, TaskError> {
        self.condition.finite_number(name)
    }

    /// Writes down a variable of the trial.
    pub fn record(&mut self, name: &'static str, value: impl Into<Value>) {
        self.variables = std::mem::take(&mut self.variables).with(name, value);
    }

    /// The variables, and the durations that the condition chose.
    pub fn into_condition(self, durations: impl IntoIterator<Item = &'static str>) -> Condition {
        durations.into_iter().fold(self.variables, |variables, name| match self.condition.get(name) {
            Some(value) => variables.with(name, value.clone()),
            None => variables,
        })
    }

    /// The angle that the condition asks for, in [0, 2 pi).
    pub fn given_angle(&self, name: &str) -> Result<Option<f64>, TaskError> {
        match self.number(name)? {
            Some(angle) if !(0.0..TAU).contains(&angle) => {
                Err(TaskError::condition(name, angle, "must lie in [0, 2 pi)", "give the angle in radians"))
            }
            angle => Ok(angle),
        }
    }

    /// Any angle.
    pub fn any_angle(&mut self) -> f64 {
        self.rng.between(0.0, TAU)
    }

    /// An angle at least `least` away from another one, on either side.
    pub fn angle_apart(&mut self, from: f64, least: f64) -> f64 {
        let (apart, side) = (self.rng.between(least, TAU - least), self.side());
        ring::wrapped(from + side * apart)
    }

    /// `angle_1` and `angle_2`, at least a quarter turn apart unless the condition fixes both.
    pub fn two_angles(&mut self) -> Result<[f64; 2], TaskError> {
        let angles = match [self.given_angle("angle_1")?, self.given_angle("angle_2")?] {
            [Some(first), Some(second)] => [first, second],
            [None, Some(second)] => [self.angle_apart(second, FRAC_PI_2), second],
            [first, None] => {
                let first = first.unwrap_or_else(|| self.any_angle());
                [first, self.angle_apart(first, FRAC_PI_2)]
            }
        };
        self.record("angle_1", angles[0]);
        self.record("angle_2", angles[1]);
        Ok(angles)
    }

    /// The modalities (0 or 1) of these variables (1 or 2), which the trials of a batch have in common. Psychometric
    /// trials show the first unless their condition names the other.
    pub fn modalities<const N: usize>(&mut self, names: [&'static str; N]) -> Result<[usize; N], TaskError> {
        let mut modalities =
            self.settings.common(self.rng, "modality", |rng| std::array::from_fn(|_| usize::from(rng.chance(0.5))));
        for (modality, name) in modalities.iter_mut().zip(names) {
            match self.given(name) {
                Some(Value::Number(1.0)) => *modality = 0,
                Some(Value::Number(2.0)) => *modality = 1,
                Some(other) => {
                    return Err(TaskError::condition(name, other, "must be 1 or 2", "the tasks have two modalities"));
                }
                None if self.is_psychometric => *modality = 0,
                None => {}
            }
            self.record(name, (*modality + 1) as f64);
        }
        Ok(modalities)
    }

    /// The strengths of two stimuli, under the names of their mean strength and coherence.
    pub fn evidence(
        &mut self,
        [strength, coherence]: [&'static str; 2],
        coherences: &[f64],
    ) -> Result<Evidence, TaskError> {
        let (given_strength, given_coherence) = (self.number(strength)?, self.number(coherence)?);
        if let Some(given) = given_strength.filter(|given| *given < 0.0) {
            return Err(TaskError::condition(
                strength,
                given,
                "must be at least 0",
                "the published strengths are 0.8 to 1.2",
            ));
        }
        let evidence = Evidence {
            strength: given_strength.unwrap_or_else(|| self.rng.between(STRENGTHS[0], STRENGTHS[1])),
            coherence: given_coherence
                .unwrap_or_else(|| self.side() * self.rng.pick(coherences).copied().unwrap_or(0.0)),
        };
        let limit = given_strength.unwrap_or(STRENGTHS[0]);
        // What was drawn may come back with its last digits rounded.
        if evidence.coherence.abs() > limit + 1e-9 {
            let remedy = format!("with a mean strength of {limit}, give {} to {limit}", -limit);
            return Err(TaskError::condition(coherence, evidence.coherence, "makes a stimulus negative", remedy));
        }
        Ok(evidence)
    }

    /// Writes down the strengths of two stimuli.
    pub fn record_evidence(&mut self, [strength, coherence]: [&'static str; 2], evidence: Evidence) {
        self.record(strength, evidence.strength);
        self.record(coherence, evidence.coherence);
    }

    /// 1 or -1.
    pub fn side(&mut self) -> f64 {
        if self.rng.chance(0.5) { 1.0 } else { -1.0 }
    }
}

/// Checks a list of coherences: at least one, each above 0 and none that makes the weaker of two stimuli negative.
pub fn validate_coherences(coherences: &[f64]) -> Result<(), TaskError> {
    if coherences.is_empty() {
        return Err(TaskError::parameter("coherences", "[]", "must not be empty", "give at least one"));
    }
    let Some(wrong) = coherences.iter().find(|c| !(**c > 0.0 && **c <= STRENGTHS[0])) else { return Ok(()) };
    rules::finite("coherences", *wrong)?;
    let remedy = "leave out the sign, which is drawn; the weakest mean strength is 0.8";
    Err(TaskError::parameter("coherences", wrong, "must lie in (0, 0.8]", remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(condition: &Condition, draw: impl Fn(&mut Draw<'_>) -> T) -> T {
        let settings = Yang2019::default();
        draw(&mut Draw::new(&settings, Split::Train, condition, false, &mut TrialRng::new(0, "test", 0, 0)))
    }

    #[test]
    fn two_angles_are_a_quarter_turn_or_more_apart_whichever_is_given() -> Result<(), TaskError> {
        for condition in
            [Condition::new(), Condition::new().with("angle_1", 1.0), Condition::new().with("angle_2", 6.0)]
        {
            with(&condition, |draw| {
                for _ in 0..1000 {
                    let [first, second] = draw.two_angles()?;
                    assert!(ring::distance(first, second) >= FRAC_PI_2 - 1e-12 && (0.0..TAU).contains(&second));
                    assert!(condition.number("angle_1").is_none_or(|angle| angle == first));
                    assert!(condition.number("angle_2").is_none_or(|angle| angle == second));
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    #[test]
    fn variables_without_meaning_are_refused_by_name() {
        const NAMES: [&str; 2] = ["strength", "coherence"];
        let evidence =
            |condition: Condition| with(&condition, |draw| draw.evidence(NAMES, &[0.01])).unwrap_err().to_string();
        assert!(evidence(Condition::new().with("strength", -1.0)).contains("`strength`"));
        assert!(evidence(Condition::new().with("coherence", 0.9)).contains("0.8"));
        assert!(evidence(Condition::new().with("coherence", "high")).contains("`coherence`"));
        assert!(evidence(Condition::new().with("strength", 0.5).with("coherence", -0.6)).contains("-0.6"));
        for condition in [
            Condition::new().with("angle", 7.0),
            Condition::new().with("angle", -0.1),
            Condition::new().with("angle", f64::NAN),
        ] {
            assert!(with(&condition, |draw| draw.given_angle("angle")).is_err(), "{condition}");
        }
        for modality in [0.0, 1.5, 3.0, f64::NAN] {
            let condition = Condition::new().with("modality", modality);
            assert!(with(&condition, |draw| draw.modalities(["modality"])).is_err(), "{condition}");
        }
    }

    #[test]
    fn coherences_that_make_no_evidence_are_refused() {
        for coherences in [vec![], vec![0.0], vec![-0.1], vec![0.9], vec![f64::NAN]] {
            assert!(validate_coherences(&coherences).is_err(), "{coherences:?}");
        }
        assert!(validate_coherences(&[0.1, 0.8]).is_ok());
    }
}
