//! The 20 tasks of Yang, Joglekar, Song, Newsome & Wang (2019), as the released code defines them.
//!
//! | tasks | the network responds |
//! |---|---|
//! | `fdgo`, `reactgo`, `delaygo` | to a stimulus: after the go signal, at once, or from memory |
//! | `fdanti`, `reactanti`, `delayanti` | away from it |
//! | `dm1`, `dm2` | to the stronger of two stimuli in modality 1 or 2 |
//! | `contextdm1`, `contextdm2` | to the stronger in one modality, whatever is shown in the other |
//! | `multidm` | to the stronger in both modalities together |
//! | `delaydm1`, `delaydm2`, `contextdelaydm1`, `contextdelaydm2`, `multidelaydm` | the same, with the stimuli one after the other |
//! | `dmsgo`, `dmsnogo` | to a second stimulus if it matches the first (or: if it does not) |
//! | `dmcgo`, `dmcnogo` | the same, for stimuli that match in category |
//!
//! All have the same 85 inputs and 33 outputs ([`layout`]) and an input for each rule, so one network can learn them
//! all. What they share is in [`Yang2019`] (noise, targets, loss mask), [`scoring`], [`Schedule`] (timing in training,
//! tests and psychometric trials) and [`timing`] (the durations). A task's own file states its periods, its stimuli and
//! its response ([`Rule`]).
//!
//! The loss is that of the code: the mask inside the square ([`Objective::MeanSquare`](crate::Objective)). Test trials
//! have the timing of the code's mode `test`, and [`grid`](crate::Task::grid) its conditions; a test condition that
//! names a duration (`stimulus_duration`, `delay`, `stimulus_onset`; ms) has the timing of its mode `psychometric`.
//! Input noise is off at `sigma_x = 0`. The coherences of the code's `easy_task` are 10 times those published
//! (`coherences = [0.1, 0.2, 0.4, 0.8]`), and twice in tasks with a delay (`[0.16, 0.32, 0.64]`).
//!
//! The code trains for a fixed number of trials: its stop rule, a performance above 1, never holds. The criterion here,
//! a performance above 0.95 in the last validation, is ours.
//!
//! Reference: Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J (2019). Task representations in neural networks
//! trained to perform many cognitive tasks. Nature Neuroscience 22: 297-306.
//! <https://doi.org/10.1038/s41593-018-0310-2>

mod contextdelaydm1;
mod contextdelaydm2;
mod contextdm1;
mod contextdm2;
mod decision;
mod delayanti;
mod delaydm1;
mod delaydm2;
mod delaygo;
mod dm1;
mod dm2;
mod dmc;
mod dmcgo;
mod dmcnogo;
mod dms;
mod dmsgo;
mod dmsnogo;
mod draw;
mod fdanti;
mod fdgo;
mod go;
pub mod layout;
mod matching;
mod multidelaydm;
mod multidm;
mod plan;
mod reactanti;
mod reactgo;
mod rule;
mod schedule;
pub mod scoring;
mod settings;
pub mod timing;

pub use contextdelaydm1::ContextDelayDm1;
pub use contextdelaydm2::ContextDelayDm2;
pub use contextdm1::ContextDm1;
pub use contextdm2::ContextDm2;
pub use delayanti::DelayAnti;
pub use delaydm1::DelayDm1;
pub use delaydm2::DelayDm2;
pub use delaygo::DelayGo;
pub use dm1::Dm1;
pub use dm2::Dm2;
pub use dmcgo::DmcGo;
pub use dmcnogo::DmcNoGo;
pub(crate) use dms::{NON_MATCH, validate_non_match};
pub use dmsgo::DmsGo;
pub use dmsnogo::DmsNoGo;
pub use draw::{Draw, Evidence};
pub use fdanti::FdAnti;
pub use fdgo::FdGo;
pub use multidelaydm::MultiDelayDm;
pub use multidm::MultiDm;
pub(crate) use plan::loss_mask;
pub use plan::{BASELINE, Plan, Stimulus};
pub use reactanti::ReactAnti;
pub use reactgo::ReactGo;
pub use rule::Rule;
pub use schedule::{Period, Schedule};
pub use settings::{FixationRule, Yang2019};

use crate::entry::{Entry, entry};
use crate::{About, Citation, Criterion};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Yang GR, Joglekar MR, Song HF, Newsome WT, Wang X-J",
    year: 2019,
    title: "Task representations in neural networks trained to perform many cognitive tasks",
    doi: "10.1038/s41593-018-0310-2",
};

/// When a network has learned one of the tasks.
pub const CRITERION: Criterion = Criterion::MeanPerformance { threshold: 0.95, window: 1 };

/// What is said of every task of this family.
const FAMILY: About<'static> = About {
    citation: CITATION,
    shared: &[
        include_str!("layout.rs"),
        include_str!("settings.rs"),
        include_str!("scoring.rs"),
        include_str!("schedule.rs"),
    ],
    ..About::NEW
};

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
