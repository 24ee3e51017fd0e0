//! The short-term memory tasks of Orhan & Ma (2019), <https://doi.org/10.1038/s41593-018-0314-y>, with the settings of
//! the released code as defaults.
//!
//! | id | task |
//! |---|---|
//! | `delayed_estimation_1`, `delayed_estimation_2` | give back one or two orientations: [`Recall`] |
//! | `gated_delayed_estimation` | give back the one of two that a cue asks for: [`GatedRecall`] |
//! | `change_detection` | is the test another orientation than the sample: [`Change`] |
//! | `two_afc` | on which side was the stimulus: [`Side`] |
//! | `comparison` | which of two stimuli is the larger: [`Larger`] |
//! | `sine_generation` | a piece of a sine wave after a delay of noise: [`SineGeneration`] |
//!
//! All have [`Timing`] (stimulus, delay and response). All but the last are a [`ShortTermMemory`] with [`Spikes`] as
//! inputs and a [`Definition`] of their own: what the channels respond to ([`Tuning`]), and whether the outputs are two
//! classes or orientations ([`Estimation`], as a [`Target`] says).

mod change_detection;
mod comparison;
mod estimation;
mod gated_recall;
mod plan;
mod recall;
mod short_term_memory;
mod sine_generation;
mod spikes;
mod target;
mod timing;
mod two_afc;
mod two_choice;
mod word;

pub use change_detection::{Change, ChangeDetection};
pub use comparison::{Comparison, Larger};
pub use estimation::Estimation;
pub use gated_recall::{GatedDelayedEstimation, GatedRecall};
pub use plan::{Plan, Response};
pub use recall::{DelayedEstimation1, DelayedEstimation2, Recall};
pub use short_term_memory::{Answer, Definition, ShortTermMemory};
pub use sine_generation::SineGeneration;
pub use spikes::{Spikes, Tuning};
pub use target::Target;
pub use timing::Timing;
pub use two_afc::{Side, TwoAfc};

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
const FAMILY: About<'static> = About { citation: CITATION, shared: &[include_str!("timing.rs")], ..About::NEW };

/// What is said of the tasks that ask for a class.
const CLASSES: About<'static> =
    About { shared: &[include_str!("two_choice.rs"), include_str!("spikes.rs"), include_str!("timing.rs")], ..FAMILY };

/// What is said of the tasks that ask for orientations.
const ESTIMATION: About<'static> = About {
    shared: &[
        include_str!("estimation.rs"),
        include_str!("target.rs"),
        include_str!("spikes.rs"),
        include_str!("timing.rs"),
    ],
    ..FAMILY
};

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
