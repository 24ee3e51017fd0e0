//! The 15 tasks of Driscoll, Shenoy & Sussillo (2022, published 2024), with the settings of the released code as
//! defaults.
//!
//! They are variants of tasks of Yang et al. (2019) whose angles are shown and reported as sine and cosine instead of
//! on rings of units, and whose durations vary continuously. What they share is in [`Protocol`] (channels, noise,
//! levels, loss mask and scoring), [`single`] (one stimulus), [`comparison`] (which of two is the stronger) and
//! [`matching`] (respond to matches, or to non-matches).
//!
//! The id has the rule's name in the code; the paper calls them DelayPro, ReactPro, MemoryPro (`fdgo`, `reactgo`,
//! `delaygo`), DelayAnti, ReactAnti, MemoryAnti, IntegrationModality1 and 2, ContextIntModality1 and 2,
//! IntegrationMultimodal, ReactMatch2Sample, ReactNonMatch2Sample, ReactCategoryPro and ReactCategoryAnti.
//!
//! Differences from the source, for all tasks: coherences (and the splits of `multidelaydm`) are drawn from their range
//! directly, where the code draws 100 of them for each batch and then picks among these, with numbers that its seed
//! does not fix; the input noise is that of the code's training script (`sigma_x` 0.1), not of its function's defaults
//! (0.01); single precision; and the code stops only when the performance of every task exceeds 1, that is never: the
//! criterion here, a mean performance above 0.95 in one validation, is this library's.
//!
//! Reference: Driscoll LN, Shenoy K, Sussillo D (2024). Flexible multitask computation in recurrent networks utilizes
//! shared dynamical motifs. Nature Neuroscience 27: 1349-1363. <https://doi.org/10.1038/s41593-024-01668-6>; preprint
//! (2022) <https://doi.org/10.1101/2022.08.15.503870>; code: `stepnet/task.py` of lauradriscoll/flexible_multitask.

pub mod comparison;
mod contextdelaydm1;
mod contextdelaydm2;
mod delayanti;
mod delaydm1;
mod delaydm2;
mod delaygo;
mod dmcgo;
mod dmcnogo;
mod dmsgo;
mod dmsnogo;
mod draw;
mod fdanti;
mod fdgo;
pub mod matching;
mod multidelaydm;
mod multitask;
mod protocol;
mod reactanti;
mod reactgo;
mod rule;
pub mod single;

pub use comparison::Comparison;
pub use contextdelaydm1::ContextDelayDm1;
pub use contextdelaydm2::ContextDelayDm2;
pub use delayanti::DelayAnti;
pub use delaydm1::DelayDm1;
pub use delaydm2::DelayDm2;
pub use delaygo::DelayGo;
pub use dmcgo::DmcGo;
pub use dmcnogo::DmcNogo;
pub use dmsgo::DmsGo;
pub use dmsnogo::DmsNogo;
pub use draw::Draw;
pub use fdanti::FdAnti;
pub use fdgo::FdGo;
pub use matching::Matching;
pub use multidelaydm::MultiDelayDm;
pub use multitask::{Definition, Multitask};
pub use protocol::{Answer, FixationRule, Phase, Plan, Protocol, Stimulus};
pub use reactanti::ReactAnti;
pub use reactgo::ReactGo;
pub use rule::Rule;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Driscoll LN, Shenoy K, Sussillo D",
    year: 2024,
    title: "Flexible multitask computation in recurrent networks utilizes shared dynamical motifs",
    doi: "10.1038/s41593-024-01668-6",
};

/// What is said of every task of this family.
const FAMILY: About<'static> =
    About { citation: CITATION, shared: &[include_str!("protocol.rs"), include_str!("mod.rs")], ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[
    entry::<Multitask<FdGo>>(),
    entry::<Multitask<ReactGo>>(),
    entry::<Multitask<DelayGo>>(),
    entry::<Multitask<FdAnti>>(),
    entry::<Multitask<ReactAnti>>(),
    entry::<Multitask<DelayAnti>>(),
    entry::<Multitask<DelayDm1>>(),
    entry::<Multitask<DelayDm2>>(),
    entry::<Multitask<ContextDelayDm1>>(),
    entry::<Multitask<ContextDelayDm2>>(),
    entry::<Multitask<MultiDelayDm>>(),
    entry::<Multitask<DmsGo>>(),
    entry::<Multitask<DmsNogo>>(),
    entry::<Multitask<DmcGo>>(),
    entry::<Multitask<DmcNogo>>(),
];

/// Where a stimulus is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// The first.
    One,
    /// The second.
    Two,
}

impl Modality {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// 1 or 2, as in conditions.
    pub fn number(self) -> f64 {
        self as u8 as f64 + 1.0
    }

    /// The input channel of its sine; that of its cosine follows.
    pub fn channel(self) -> usize {
        1 + 2 * self as usize
    }
}
