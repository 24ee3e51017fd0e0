//! The tasks of Song, Yang & Wang (2016), <https://doi.org/10.1371/journal.pcbi.1004792>, with the settings of the
//! released code as defaults.
//!
//! | id | task |
//! |---|---|
//! | `rdm_fixed` | which of two noisy inputs is the stronger: [`RdmFixed`] |
//! | `rdm_varstim` | the same after a stimulus of varying duration: [`RdmVarstim`] |
//! | `rdm_rt` | the same as soon as possible: [`RdmRt`] |
//! | `mante`, `mante_areas` | evidence of two kinds, one of which counts: [`Mante`], [`ManteAreas`] |
//! | `multisensory` | a rate that is seen, heard, or both: [`Multisensory`] |
//! | `romo` | two frequencies, separated by a delay: [`Romo`] |
//! | `lee_sequence` | sequences of eye movements: [`LeeSequence`] |
//! | `sinewave` | an oscillation without input: [`Sinewave`] |
//!
//! All but the last two are a [`TwoChoice`] between alternatives (settings, targets, loss mask, catch trials and the
//! choice) with a [`Definition`] of its own (epochs and signals). The evidence for two sides is in [`coherence`],
//! inputs that follow a rate are in [`RateTuning`], and [`InputNoise`] says how a signal becomes an input.

pub mod coherence;
mod dots;
mod input_noise;
mod lee_sequence;
mod mante;
mod multisensory;
mod plan;
mod range;
mod rate_tuning;
mod rdm_fixed;
mod rdm_rt;
mod rdm_varstim;
mod romo;
mod sinewave;
mod two_choice;

pub use input_noise::InputNoise;
pub use lee_sequence::LeeSequence;
pub use mante::{ContextIntegration, Mante, ManteAreas, TwoEvidences};
pub use multisensory::{EventRate, Multisensory};
pub use plan::{Epochs, Plan};
pub use rate_tuning::RateTuning;
pub use rdm_fixed::{FixedDuration, RdmFixed};
pub use rdm_rt::{RdmRt, ReactionTime};
pub use rdm_varstim::{RdmVarstim, VariableDuration};
pub use romo::{FrequencyComparison, Romo};
pub use sinewave::Sinewave;
pub use two_choice::{Definition, TwoChoice};

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Song HF, Yang GR, Wang X-J",
    year: 2016,
    title: "Training excitatory-inhibitory recurrent neural networks for cognitive tasks: a simple and flexible \
        framework",
    doi: "10.1371/journal.pcbi.1004792",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

/// What is said of the tasks with evidence for two sides.
const EVIDENCE: About<'static> = About {
    shared: &[include_str!("coherence.rs"), include_str!("two_choice.rs"), include_str!("input_noise.rs")],
    ..FAMILY
};

/// What is said of the tasks whose inputs follow a rate.
const RATES: About<'static> = About {
    shared: &[include_str!("rate_tuning.rs"), include_str!("two_choice.rs"), include_str!("input_noise.rs")],
    ..FAMILY
};

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[
    entry::<RdmFixed>(),
    entry::<RdmVarstim>(),
    entry::<RdmRt>(),
    entry::<Mante>(),
    entry::<ManteAreas>(),
    entry::<Multisensory>(),
    entry::<Romo>(),
    entry::<LeeSequence>(),
    entry::<Sinewave>(),
];
