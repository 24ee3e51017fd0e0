//! The 20 tasks of Yang, Joglekar, Song, Newsome & Wang (2019), as the released code (gyyang/multitask) defines them.
//!
//! | tasks | the network responds |
//! |---|---|
//! | `fdgo`, `reactgo`, `delaygo` | to a stimulus: after the go signal, at once, or from memory |
//! | `fdanti`, `reactanti`, `delayanti` | away from it |
//! | `dm1`, `dm2` | to the stronger of two stimuli in modality 1 or 2 |
//! | `contextdm1`, `contextdm2` | to the stronger in one modality, whatever is shown in the other |
//! | `multidm` | to the stronger in both modalities together |
//! | `delaydm1`, `delaydm2`, `contextdelaydm1`, `contextdelaydm2`, `multidelaydm` | the same, one after the other |
//! | `dmsgo`, `dmsnogo` | to a second stimulus if it matches the first (or: if it does not) |
//! | `dmcgo`, `dmcnogo` | the same, for stimuli that match in category |
//!
//! The id has the rule's name in the code.
//!
//! The code trains for a fixed number of trials: its stop rule, a performance above 1, never holds. The criterion here,
//! a performance above 0.95 in the last validation, is this library's.
//!
//! Reference: Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J (2019). Task representations in neural networks
//! trained to perform many cognitive tasks. Nature Neuroscience 22: 297-306.
//! <https://doi.org/10.1038/s41593-018-0310-2>

mod category;
mod context;
mod decision;
mod draw;
mod fixed_delay;
mod go;
pub mod layout;
mod matching;
mod memory;
mod multisensory;
mod one_interval;
mod one_modality;
mod plan;
mod reaction;
mod ruled;
mod sample;
mod schedule;
pub mod scoring;
mod settings;
mod two_intervals;

pub use category::Category;
pub use context::Context;
pub use decision::{Decision, Intervals, Modalities};
pub use draw::{Draw, Evidence};
pub use fixed_delay::FixedDelay;
pub use go::{ANTI, Go, PRO, Timing};
pub use matching::{GO, Matching, MatchingTiming, NO_GO, Similarity};
pub use memory::Memory;
pub use multisensory::Multisensory;
pub use one_interval::OneInterval;
pub use one_modality::OneModality;
pub(crate) use plan::loss_mask;
pub use plan::{BASELINE, Plan, Stimulus};
pub use reaction::Reaction;
pub use ruled::{Definition, Ruled};
pub use sample::Sample;
pub(crate) use sample::{NON_MATCH, SAME, validate_non_match};
pub use schedule::{Period, Schedule};
pub use settings::{FixationRule, Yang2019};
pub use two_intervals::TwoIntervals;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J",
    year: 2019,
    title: "Task representations in neural networks trained to perform many cognitive tasks",
    doi: "10.1038/s41593-018-0310-2",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

// What the tasks share in words, printed after their own.
const DECISION: &str = include_str!("decision.rs");
const LAYOUT: &str = include_str!("layout.rs");
const SETTINGS: &str = include_str!("settings.rs");
const SCORING: &str = include_str!("scoring.rs");
const SCHEDULE: &str = include_str!("schedule.rs");
const SOURCE: &str = include_str!("mod.rs");

/// Go.
pub type FdGo = Ruled<Go<FixedDelay, PRO>>;
/// RT Go.
pub type ReactGo = Ruled<Go<Reaction, PRO>>;
/// Dly Go.
pub type DelayGo = Ruled<Go<Memory, PRO>>;
/// Anti.
pub type FdAnti = Ruled<Go<FixedDelay, ANTI>>;
/// RT Anti.
pub type ReactAnti = Ruled<Go<Reaction, ANTI>>;
/// Dly Anti.
pub type DelayAnti = Ruled<Go<Memory, ANTI>>;
/// DM 1.
pub type Dm1 = Ruled<Decision<OneInterval, OneModality<1>>>;
/// DM 2.
pub type Dm2 = Ruled<Decision<OneInterval, OneModality<2>>>;
/// Ctx DM 1.
pub type ContextDm1 = Ruled<Decision<OneInterval, Context<1>>>;
/// Ctx DM 2.
pub type ContextDm2 = Ruled<Decision<OneInterval, Context<2>>>;
/// MultSen DM.
pub type MultiDm = Ruled<Decision<OneInterval, Multisensory>>;
/// Dly DM 1.
pub type DelayDm1 = Ruled<Decision<TwoIntervals, OneModality<1>>>;
/// Dly DM 2.
pub type DelayDm2 = Ruled<Decision<TwoIntervals, OneModality<2>>>;
/// Ctx Dly DM 1.
pub type ContextDelayDm1 = Ruled<Decision<TwoIntervals, Context<1>>>;
/// Ctx Dly DM 2.
pub type ContextDelayDm2 = Ruled<Decision<TwoIntervals, Context<2>>>;
/// MultSen Dly DM.
pub type MultiDelayDm = Ruled<Decision<TwoIntervals, Multisensory>>;
/// DMS.
pub type DmsGo = Ruled<Matching<Sample, GO>>;
/// DNMS.
pub type DmsNoGo = Ruled<Matching<Sample, NO_GO>>;
/// DMC.
pub type DmcGo = Ruled<Matching<Category, GO>>;
/// DNMC.
pub type DmcNoGo = Ruled<Matching<Category, NO_GO>>;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[
    entry::<FdGo>(),
    entry::<ReactGo>(),
    entry::<DelayGo>(),
    entry::<FdAnti>(),
    entry::<ReactAnti>(),
    entry::<DelayAnti>(),
    entry::<Dm1>(),
    entry::<Dm2>(),
    entry::<ContextDm1>(),
    entry::<ContextDm2>(),
    entry::<MultiDm>(),
    entry::<DelayDm1>(),
    entry::<DelayDm2>(),
    entry::<ContextDelayDm1>(),
    entry::<ContextDelayDm2>(),
    entry::<MultiDelayDm>(),
    entry::<DmsGo>(),
    entry::<DmsNoGo>(),
    entry::<DmcGo>(),
    entry::<DmcNoGo>(),
];
