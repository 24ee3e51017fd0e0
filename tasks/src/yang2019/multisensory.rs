//! MultSen DM and MultSen Dly DM: two stimuli are shown in both modalities; respond to the one that is stronger over
//! both together.
//!
//! ```text
//! strengths  s_1 = g + c and s_2 = g - c, their means over modalities
//! inputs     s_k + D_k / 2 at angle_k in modality 1, s_k - D_k / 2 in modality 2      D_k = +-s_k U(0.2, 0.8)
//! response   angle_1 if c > 0, else angle_2
//! ```
//!
//! Trial variables: `angle_1`, `angle_2` (rad); `coherence`, c; `modality_m_strength` and `modality_m_coherence`, mean
//! and half the difference of the strengths in modality m = 1, 2. A condition gives the last four together or leaves
//! them out; c is the mean of the two coherences. Where the modalities of the grid cancel, the response goes to angle_2
//! as in the code.
//!
//! Differences from the source: the code draws D_k from a generator of its own, which its seed does not set; here the
//! trial's generator does. The paper calls D_k / 2 = +-U(0.1, 0.4) s_k.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, Task, TrialRng, yang2019::{MultiDelayDm, MultiDm, Yang2019}};
//! let settings = Yang2019 { sigma_x: 0.0, ..Yang2019::default() };
//! let together = MultiDm { settings: settings.clone(), ..MultiDm::default() };
//! let delayed = MultiDelayDm { settings, ..MultiDelayDm::default() };
//! let asked = Condition::new().with("angle_1", 0.0).with("angle_2", PI);
//! let asked = asked.with("modality_1_strength", 1.0).with("modality_1_coherence", 0.25);
//! let asked = asked.with("modality_2_strength", 1.0).with("modality_2_coherence", -0.5);
//! for (task, steps, second) in [(&together as &dyn Task, 100, [25, 74]), (&delayed, 175, [100, 124])] {
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.n_steps(), steps);
//!     assert_eq!((trial.inputs[[25, 1]], trial.inputs[[second[0], 17]]), (1.0, 0.6)); // modality 1
//!     assert_eq!((trial.inputs[[49, 33]], trial.inputs[[second[1], 49]]), (0.4, 1.2)); // modality 2
//!     assert_eq!(trial.targets[[steps - 1, 17]], 0.85);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use super::decision::{BOTH, grid_of_both, record_both};
use super::{Draw, Evidence, Modalities};
use crate::{Condition, TaskError};

/// The range of |D| / s, the part of a stimulus by which the modalities differ.
const SPLIT: [f64; 2] = [0.2, 0.8];

/// Both modalities, of which the mean counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Multisensory;

impl Modalities for Multisensory {
    const NAMES: [(&'static str, &'static str); 2] = [
        (
            "yang2019/multidm",
            "Multi-sensory decision: respond to the stronger of two stimuli, both modalities taken together",
        ),
        (
            "yang2019/multidelaydm",
            "Delayed multi-sensory decision: respond to the stronger of two stimuli, both modalities taken together",
        ),
    ];
    const HEADER: &'static str = include_str!("multisensory.rs");
    const VARIABLES: &'static [&'static str] =
        &["coherence", BOTH[0][1], BOTH[0][0], BOTH[1][1], BOTH[1][0], "angle_1", "angle_2"];
    const COHERENCE: &'static str = "coherence";
    const N_SHOWN: usize = 2;

    fn evidence(draw: &mut Draw<'_>, coherences: &[f64]) -> Result<(f64, [Option<Evidence>; 2]), TaskError> {
        let is_given = BOTH.as_flattened().iter().any(|name| draw.given(name).is_some());
        let (coherence, shown) = if is_given { given(draw)? } else { split(draw, coherences)? };
        draw.record("coherence", coherence);
        record_both(draw, shown);
        Ok((coherence, shown.map(Some)))
    }

    fn grid(condition: Condition, coherences: [f64; 5]) -> Vec<Condition> {
        grid_of_both(condition, coherences)
    }
}

/// Draws the evidence and splits it between the modalities.
fn split(draw: &mut Draw<'_>, coherences: &[f64]) -> Result<(f64, [Evidence; 2]), TaskError> {
    let mean = draw.evidence(["strength", "coherence"], coherences)?;
    let parts = mean.strengths().map(|s| {
        let half = s * draw.rng.between(SPLIT[0], SPLIT[1]) * draw.side() / 2.0;
        [s + half, s - half]
    });
    Ok((mean.coherence, [0, 1].map(|modality| Evidence::of(parts.map(|part| part[modality])))))
}

/// The evidence that the condition fixes in both modalities, and its mean.
fn given(draw: &mut Draw<'_>) -> Result<(f64, [Evidence; 2]), TaskError> {
    if let Some(name) = BOTH.as_flattened().iter().find(|name| draw.given(name).is_none()) {
        let remedy = "give the strength and the coherence of both modalities, or of none";
        return Err(TaskError::condition(name, "nothing", "is missing beside the variables of the modalities", remedy));
    }
    let shown = [draw.evidence(BOTH[0], &[])?, draw.evidence(BOTH[1], &[])?];
    let mean = (shown[0].coherence + shown[1].coherence) / 2.0;
    match draw.number("coherence")? {
        Some(coherence) if (coherence - mean).abs() > 1e-9 => {
            let remedy = format!("leave it out, or give their mean {mean}");
            Err(TaskError::condition("coherence", coherence, "is not the mean of both modalities", remedy))
        }
        coherence => Ok((coherence.unwrap_or(mean), shown)),
    }
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
        let both = |condition: &Condition| with(condition, 0, |draw| Multisensory::evidence(draw, &[0.01]));
        let some = Condition::new().with("modality_1_strength", 1.0).with("modality_1_coherence", 0.2);
        assert!(both(&some).unwrap_err().to_string().contains("`modality_2_strength`"));
        let all = some.with("modality_2_strength", 0.0).with("modality_2_coherence", 0.0);
        let shown = both(&all).unwrap().1;
        let strengths: Vec<f64> = shown.iter().flatten().flat_map(Evidence::strengths).collect();
        assert_eq!(strengths, [1.2, 0.8, 0.0, 0.0]);
        assert!(both(&all.clone().with("coherence", 0.1)).is_ok());
        assert!(both(&all.with("coherence", 0.2)).unwrap_err().to_string().contains("mean 0.1"));
    }
}
