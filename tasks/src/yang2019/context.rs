//! Ctx DM and Ctx Dly DM: two stimuli are shown in both modalities; respond to the one that is stronger in modality 1
//! (`contextdm1`, `contextdelaydm1`) or in modality 2 (`contextdm2`, `contextdelaydm2`).
//!
//! ```text
//! inputs     modality m: strengths g_m + c_m at angle_1, g_m - c_m at angle_2, drawn for each modality m = 1, 2
//! response   angle_1 if c_1 > 0 (`contextdm1`, `contextdelaydm1`) or c_2 > 0 (the others), else angle_2
//! ```
//!
//! Trial variables: `angle_1`, `angle_2` (rad); `modality_m_strength`, g_m, and `modality_m_coherence`, c_m, for m = 1,
//! 2.
//!
//! ```
//! use std::f64::consts::PI;
//! use nn4n_tasks::{Condition, Split, TrialRng, create};
//! use serde_json::json;
//! let asked = Condition::new().with("angle_1", 0.0).with("angle_2", PI);
//! let asked = asked.with("modality_1_strength", 1.0).with("modality_1_coherence", -0.25);
//! let asked = asked.with("modality_2_strength", 1.0).with("modality_2_coherence", 0.5);
//! for (name, steps, second, output) in [
//!     ("contextdm1", 100, [25, 74], 17),
//!     ("contextdm2", 100, [25, 74], 1),
//!     ("contextdelaydm1", 175, [100, 124], 17),
//!     ("contextdelaydm2", 175, [100, 124], 1),
//! ] {
//!     let task = create(&format!("yang2019/{name}"), Some(&json!({ "sigma_x": 0.0 })))?;
//!     let trial = task.trial(Split::Test, Some(&asked), &mut TrialRng::new(0, "doc", 0, 0))?;
//!     assert_eq!(trial.n_steps(), steps);
//!     assert_eq!((trial.inputs[[25, 1]], trial.inputs[[second[0], 17]]), (0.6, 1.0)); // modality 1
//!     assert_eq!((trial.inputs[[49, 33]], trial.inputs[[second[1], 49]]), (1.2, 0.4)); // modality 2
//!     assert_eq!(trial.targets[[steps - 1, output]], 0.85);
//! }
//! # Ok::<(), nn4n_tasks::TaskError>(())
//! ```

use super::decision::{BOTH, grid_of_both, record_both};
use super::{Draw, Evidence, Modalities};
use crate::{Condition, TaskError};

/// Both modalities, of which the first or the second counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context<const M: usize>;

impl<const M: usize> Modalities for Context<M> {
    const NAMES: [(&'static str, &'static str); 2] = match M {
        1 => [
            (
                "yang2019/contextdm1",
                "Context decision: respond to the stronger of two stimuli in modality 1, whatever modality 2 shows",
            ),
            (
                "yang2019/contextdelaydm1",
                "Delayed context decision: respond to the stronger of two stimuli in modality 1, whatever modality 2 \
                shows",
            ),
        ],
        2 => [
            (
                "yang2019/contextdm2",
                "Context decision: respond to the stronger of two stimuli in modality 2, whatever modality 1 shows",
            ),
            (
                "yang2019/contextdelaydm2",
                "Delayed context decision: respond to the stronger of two stimuli in modality 2, whatever modality 1 \
                shows",
            ),
        ],
        _ => panic!("there are two modalities"),
    };
    const HEADER: &'static str = include_str!("context.rs");
    const VARIABLES: &'static [&'static str] = &[BOTH[0][1], BOTH[0][0], BOTH[1][1], BOTH[1][0], "angle_1", "angle_2"];
    const COHERENCE: &'static str = BOTH[M - 1][1];
    const N_SHOWN: usize = 2;

    fn evidence(draw: &mut Draw<'_>, coherences: &[f64]) -> Result<(f64, [Option<Evidence>; 2]), TaskError> {
        let shown = [draw.evidence(BOTH[0], coherences)?, draw.evidence(BOTH[1], coherences)?];
        record_both(draw, shown);
        Ok((shown[M - 1].coherence, shown.map(Some)))
    }

    fn grid(condition: Condition, coherences: [f64; 5]) -> Vec<Condition> {
        grid_of_both(condition, coherences)
    }
}
