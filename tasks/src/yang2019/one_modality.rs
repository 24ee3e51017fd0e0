//! DM and Dly DM: two stimuli are shown in modality 1 (`dm1`, `delaydm1`) or in modality 2 (`dm2`, `delaydm2`); respond
//! to the stronger.
//!
//! ```text
//! inputs     in the modality of the task: strengths g + c at angle_1, g - c at angle_2; the other shows nothing
//! response   angle_1 if c > 0, else angle_2
//! ```
//!
//! Trial variables: `angle_1`, `angle_2` (rad); `strength`, g; `coherence`, c.
//!
//! ```
//! use nn4n_tasks::{Task, yang2019::{Decision, OneInterval, OneModality, Ruled}};
//! let task = Ruled::<Decision<OneInterval, OneModality<2>>>::default();
//! assert_eq!(task.about().id, "yang2019/dm2");
//! assert_eq!(task.grid().len(), 20 * 5);
//! ```

use super::{Draw, Evidence, Modalities};
use crate::{Condition, TaskError};

/// The names of mean strength and coherence.
const NAMES: [&str; 2] = ["strength", "coherence"];

/// One modality alone, the first or the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OneModality<const M: usize>;

impl<const M: usize> Modalities for OneModality<M> {
    const NAMES: [(&'static str, &'static str); 2] = match M {
        1 => [
            ("yang2019/dm1", "Decision: respond to the stronger of two stimuli shown together in modality 1"),
            (
                "yang2019/delaydm1",
                "Delayed decision: respond to the stronger of two stimuli shown one after the other in modality 1",
            ),
        ],
        2 => [
            ("yang2019/dm2", "Decision: respond to the stronger of two stimuli shown together in modality 2"),
            (
                "yang2019/delaydm2",
                "Delayed decision: respond to the stronger of two stimuli shown one after the other in modality 2",
            ),
        ],
        _ => panic!("there are two modalities"),
    };
    const HEADER: &'static str = include_str!("one_modality.rs");
    const VARIABLES: &'static [&'static str] = &["coherence", "strength", "angle_1", "angle_2"];
    const COHERENCE: &'static str = NAMES[1];
    const N_SHOWN: usize = 1;

    fn evidence(draw: &mut Draw<'_>, coherences: &[f64]) -> Result<(f64, [Option<Evidence>; 2]), TaskError> {
        let evidence = draw.evidence(NAMES, coherences)?;
        draw.record_evidence(NAMES, evidence);
        Ok((evidence.coherence, [1, 2].map(|modality| (modality == M).then_some(evidence))))
    }

    fn grid(condition: Condition, coherences: [f64; 5]) -> Vec<Condition> {
        coherences.map(|c| condition.clone().with(NAMES[0], 1.0).with(NAMES[1], c)).into()
    }
}
