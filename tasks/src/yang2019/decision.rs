//! What the ten decision tasks share: two directions, their strengths in one or both modalities, and the response to
//! the stronger one.
//!
//! ```text
//! angles     angle_1 uniform on the circle, angle_2 = angle_1 +- U(pi/2, 3 pi/2)
//! strengths  g + c at angle_1 and g - c at angle_2      g ~ U(0.8, 1.2), |c| one of `coherences`, either sign
//! response   the angle of the stronger: angle_1 if c > 0, else angle_2
//! ```
//!
//! Context tasks show the two angles in both modalities, each with its own g and c; only one modality counts. In
//! multi-sensory tasks g and c are those of the mean over modalities, and the strength s of each stimulus is split
//! between them:
//!
//! ```text
//! modality 1: s + D/2      modality 2: s - D/2      D = +-s U(0.2, 0.8), for each stimulus of its own
//! ```

use std::f64::consts::{PI, TAU};
use std::ops::Range;

use crate::song2016::coherence::signed;
use crate::{Condition, TaskError, ring};

use super::{Draw, Evidence, Plan, Stimulus};

/// The variables of a trial in which one modality is shown.
pub const ONE_MODALITY: &[&str] = &["coherence", "strength", "angle_1", "angle_2"];

/// The variables of a trial in which both modalities are shown and one counts.
pub const CONTEXT: &[&str] = &[
    "modality_1_coherence",
    "modality_1_strength",
    "modality_2_coherence",
    "modality_2_strength",
    "angle_1",
    "angle_2",
];

/// The variables of a trial in which both modalities count.
pub const BOTH_MODALITIES: &[&str] = &[
    "coherence",
    "modality_1_coherence",
    "modality_1_strength",
    "modality_2_coherence",
    "modality_2_strength",
    "angle_1",
    "angle_2",
];

/// The names of mean strength and coherence in either modality.
const NAMES: [[&str; 2]; 2] =
    [["modality_1_strength", "modality_1_coherence"], ["modality_2_strength", "modality_2_coherence"]];

/// The names where only one modality is shown.
const NAME: [&str; 2] = ["strength", "coherence"];

/// The range of |D| / s, the part of a stimulus by which the modalities differ.
const SPLIT: [f64; 2] = [0.2, 0.8];

/// Two modalities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// The first.
    First,
    /// The second.
    Second,
}

/// The classes of trials: the signed coherence of this name.
pub fn classes(name: &'static str, coherences: &[f64]) -> Vec<Condition> {
    signed(coherences).into_iter().map(|coherence| Condition::new().with(name, coherence)).collect()
}

/// 20 angles, opposite to each other, in 5 strengths g + c = 1 - 5/2 step .. 1 + 3/2 step.
pub fn one_modality_conditions(step: f64) -> Vec<Condition> {
    let conditions = angles().flat_map(|condition| {
        evidence(step).map(move |c| condition.clone().with("strength", 1.0).with("coherence", c))
    });
    conditions.collect()
}

/// 20 angles, opposite to each other, in 5 strengths in either modality.
pub fn two_modality_conditions() -> Vec<Condition> {
    let [[strength_1, coherence_1], [strength_2, coherence_2]] = NAMES;
    let first = angles().flat_map(|condition| {
        evidence(0.08).map(move |c| condition.clone().with(strength_1, 1.0).with(coherence_1, c))
    });
    first
        .flat_map(|condition| evidence(0.08).map(move |c| condition.clone().with(strength_2, 1.0).with(coherence_2, c)))
        .collect()
}

fn angles() -> impl Iterator<Item = Condition> {
    (0..20)
        .map(|k| TAU * f64::from(k) / 20.0)
        .map(|angle| Condition::new().with("angle_1", angle).with("angle_2", ring::wrapped(angle + PI)))
}

/// The coherences of the source's test strengths 1 - 5/2 step + k step, k = 0 .. 4.
fn evidence(step: f64) -> [f64; 5] {
    [-2.5, -1.5, -0.5, 0.5, 1.5].map(|steps| steps * step)
}

/// Two stimuli in one modality, each shown at its own steps.
pub fn one_modality(
    draw: &mut Draw<'_>,
    coherences: &[f64],
    modality: Modality,
    steps: [Range<usize>; 2],
) -> Result<Plan, TaskError> {
    let evidence = draw.evidence(NAME, coherences)?;
    draw.record_evidence(NAME, evidence);
    let angles = draw.two_angles()?;
    let shown = match modality {
        Modality::First => [Some(evidence), None],
        Modality::Second => [None, Some(evidence)],
    };
    Ok(plan(shown, angles, steps, evidence.coherence))
}

/// Two stimuli in both modalities, of which one counts.
pub fn context(
    draw: &mut Draw<'_>,
    coherences: &[f64],
    relevant: Modality,
    steps: [Range<usize>; 2],
) -> Result<Plan, TaskError> {
    let shown = [draw.evidence(NAMES[0], coherences)?, draw.evidence(NAMES[1], coherences)?];
    record(draw, shown);
    let angles = draw.two_angles()?;
    let counts = match relevant {
        Modality::First => shown[0],
        Modality::Second => shown[1],
    };
    Ok(plan(shown.map(Some), angles, steps, counts.coherence))
}

/// Two stimuli in both modalities, of which the mean counts.
pub fn both_modalities(draw: &mut Draw<'_>, coherences: &[f64], steps: [Range<usize>; 2]) -> Result<Plan, TaskError> {
    let given = NAMES.as_flattened().iter().filter(|name| draw.given(name).is_some()).count();
    let (coherence, shown) = if given == 0 { split(draw, coherences)? } else { given_modalities(draw)? };
    draw.record("coherence", coherence);
    record(draw, shown);
    let angles = draw.two_angles()?;
    Ok(plan(shown.map(Some), angles, steps, coherence))
}

fn record(draw: &mut Draw<'_>, shown: [Evidence; 2]) {
    for (names, evidence) in NAMES.into_iter().zip(shown) {
        draw.record_evidence(names, evidence);
    }
}

/// Draws the evidence and splits it between the modalities.
fn split(draw: &mut Draw<'_>, coherences: &[f64]) -> Result<(f64, [Evidence; 2]), TaskError> {
    let mean = draw.evidence(NAME, coherences)?;
    let parts = mean.strengths().map(|s| {
        let half = s * draw.rng.between(SPLIT[0], SPLIT[1]) * draw.side() / 2.0;
        [s + half, s - half]
    });
    Ok((mean.coherence, [0, 1].map(|modality| Evidence::of(parts.map(|part| part[modality])))))
}

/// The evidence that the condition fixes in both modalities, and its mean.
fn given_modalities(draw: &mut Draw<'_>) -> Result<(f64, [Evidence; 2]), TaskError> {
    if let Some(name) = NAMES.as_flattened().iter().find(|name| draw.given(name).is_none()) {
        let remedy = "give the strength and the coherence of both modalities, or of none";
        return Err(TaskError::condition(name, "nothing", "is missing beside the variables of the modalities", remedy));
    }
    let shown = [draw.evidence(NAMES[0], &[])?, draw.evidence(NAMES[1], &[])?];
    let mean = (shown[0].coherence + shown[1].coherence) / 2.0;
    match draw.number("coherence")? {
        Some(coherence) if (coherence - mean).abs() > 1e-9 => {
            let remedy = format!("leave it out, or give their mean {mean}");
            Err(TaskError::condition("coherence", coherence, "is not the mean of both modalities", remedy))
        }
        coherence => Ok((coherence.unwrap_or(mean), shown)),
    }
}

/// Stimulus k at angle k in the modalities that show something; the response goes to the first if the coherence that
/// counts is positive.
fn plan(shown: [Option<Evidence>; 2], angles: [f64; 2], steps: [Range<usize>; 2], coherence: f64) -> Plan {
    let mut stimuli = Vec::with_capacity(4);
    for (modality, evidence) in shown.iter().enumerate() {
        let strengths = evidence.map(|evidence| evidence.strengths()).into_iter().flatten();
        let stimulus = |((strength, angle), steps)| Stimulus { modality, angle, strength, steps };
        stimuli.extend(strengths.zip(angles).zip(steps.clone()).map(stimulus));
    }
    Plan { stimuli, fixation_stays: false, response: Some(if coherence > 0.0 { angles[0] } else { angles[1] }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yang2019::Yang2019;
    use crate::{Split, TrialRng};

    fn with<T>(condition: &Condition, index: u64, draw: impl Fn(&mut Draw<'_>) -> T) -> T {
        let settings = Yang2019::default();
        draw(&mut Draw::new(&settings, Split::Train, condition, false, &mut TrialRng::new(0, "test", 0, index)))
    }

    #[test]
    fn a_split_keeps_the_sum_over_modalities_and_makes_them_differ_by_a_fifth_to_four_fifths() -> Result<(), TaskError>
    {
        let condition = Condition::new().with("coherence", -0.04);
        for index in 0..500 {
            let (coherence, shown) = with(&condition, index, |draw| split(draw, &[]))?;
            let [first, second] = shown.map(|evidence| evidence.strengths());
            let sums = [first[0] + second[0], first[1] + second[1]];
            assert!(coherence == -0.04 && (sums[0] - sums[1] + 0.16).abs() < 1e-12, "{sums:?}");
            for k in 0..2 {
                let relative = (first[k] - second[k]).abs() / (sums[k] / 2.0);
                assert!((0.2..0.8 + 1e-12).contains(&relative), "{relative}");
            }
        }
        Ok(())
    }

    #[test]
    fn both_modalities_are_given_in_full_or_not_at_all_and_agree_with_their_mean() {
        let both = |condition: &Condition| with(condition, 0, |draw| both_modalities(draw, &[0.01], [0..1, 0..1]));
        let some = Condition::new().with("modality_1_strength", 1.0).with("modality_1_coherence", 0.2);
        assert!(both(&some).unwrap_err().to_string().contains("`modality_2_strength`"));
        let all = some.with("modality_2_strength", 0.0).with("modality_2_coherence", 0.0);
        let strengths: Vec<f64> = both(&all).unwrap().stimuli.iter().map(|stimulus| stimulus.strength).collect();
        assert_eq!(strengths, [1.2, 0.8, 0.0, 0.0]);
        assert!(both(&all.clone().with("coherence", 0.1)).is_ok());
        assert!(both(&all.with("coherence", 0.2)).unwrap_err().to_string().contains("mean 0.1"));
    }

    #[test]
    fn a_tie_goes_to_the_second_stimulus_as_in_the_source() {
        let tied = plan([None, None], [1.0, 2.0], [0..1, 0..1], 0.0);
        assert_eq!(tied.response, Some(2.0));
    }
}
