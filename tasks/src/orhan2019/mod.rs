//! The short-term memory tasks of Orhan & Ma (2019), with the settings of the released code as defaults.
//!
//! What they share is in [`Timing`] (stimulus, delay and response), [`Spikes`] (Poisson inputs), [`Tuning`] (what a
//! channel responds to), [`Estimation`] (orientations to be given back, as a [`Target`] says) and in `two_choice`
//! (answers of two classes).
//!
//! Reference: Orhan AE, Ma WJ (2019). A diverse range of factors affect the nature of neural representations underlying
//! short-term memory. Nature Neuroscience 22: 275-283. <https://doi.org/10.1038/s41593-018-0314-y>

mod change_detection;
mod comparison;
mod delayed_estimation_1;
mod delayed_estimation_2;
mod estimation;
mod gated_delayed_estimation;
mod sine_generation;
mod spikes;
mod target;
mod timing;
mod two_afc;
mod two_choice;

pub use change_detection::ChangeDetection;
pub use comparison::Comparison;
pub use delayed_estimation_1::DelayedEstimation1;
pub use delayed_estimation_2::DelayedEstimation2;
pub use estimation::Estimation;
pub use gated_delayed_estimation::GatedDelayedEstimation;
pub use sine_generation::SineGeneration;
pub use spikes::{Spikes, Tuning};
pub use target::Target;
pub use timing::Timing;
pub use two_afc::TwoAfc;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Orhan AE, Ma WJ",
    year: 2019,
    title: "A diverse range of factors affect the nature of neural representations underlying short-term memory",
    doi: "10.1038/s41593-018-0314-y",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[
    entry::<DelayedEstimation1>(),
    entry::<DelayedEstimation2>(),
    entry::<GatedDelayedEstimation>(),
    entry::<ChangeDetection>(),
    entry::<TwoAfc>(),
    entry::<SineGeneration>(),
    entry::<Comparison>(),
];
