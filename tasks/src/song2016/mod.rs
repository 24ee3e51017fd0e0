//! The tasks of Song, Yang & Wang (2016), with the settings of the released code as defaults.
//!
//! What they share is in [`InputNoise`] (how a signal becomes an input), [`TwoChoice`] (targets, loss mask and choice
//! of the two-alternative tasks), [`coherence`] (evidence for two sides) and [`RateTuning`] (inputs that follow a
//! rate).
//!
//! Reference: Song HF, Yang GR, Wang X-J (2016). Training excitatory-inhibitory recurrent neural networks for cognitive
//! tasks: a simple and flexible framework. PLoS Computational Biology 12(2): e1004792.
//! <https://doi.org/10.1371/journal.pcbi.1004792>

pub mod coherence;
mod input_noise;
mod lee_sequence;
mod mante;
mod mante_areas;
mod multisensory;
mod rate_tuning;
mod rdm_fixed;
mod rdm_rt;
mod rdm_varstim;
mod romo;
mod sinewave;
mod two_choice;

pub use input_noise::InputNoise;
pub use lee_sequence::LeeSequence;
pub use mante::Mante;
pub use mante_areas::ManteAreas;
pub use multisensory::Multisensory;
pub use rate_tuning::RateTuning;
pub use rdm_fixed::RdmFixed;
pub use rdm_rt::RdmRt;
pub use rdm_varstim::RdmVarstim;
pub use romo::Romo;
pub use sinewave::Sinewave;
pub use two_choice::TwoChoice;

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
