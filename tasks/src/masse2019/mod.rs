//! The working-memory tasks of Masse, Yang, Song, Wang & Freedman (2019),
//! <https://doi.org/10.1038/s41593-019-0414-3>, with the settings of the released code as defaults.
//!
//! | id | task |
//! |---|---|
//! | `dms`, `dmrs45`, `dmrs90`, `dmrs180`, `dmc` | does one test match one sample by a rule: [`DelayedMatch`] |
//! | `dms_dmrs` | the same by one of two rules, as a cue says: [`DmsDmrs`] |
//! | `abba`, `abca` | which of three tests match: [`Sequence`] |
//! | `dual_dms` | two samples, and a cue before each of two tests: [`DualDms`] |
//!
//! A task is a [`WorkingMemory`] of settings that all have ([`Protocol`]: channels, noise, classes, loss mask and
//! scoring) and of a [`Definition`]. What those with one test share is in [`Delayed`].

mod delayed;
mod delayed_match;
pub mod direction;
mod dms_dmrs;
mod dual_dms;
mod plan;
mod protocol;
mod sequence;
mod working_memory;

pub use delayed::Delayed;
pub use delayed_match::{Category, DelayedMatch, Dmc, Dmrs45, Dmrs90, Dmrs180, Dms, MatchRule, Rotation};
pub use dms_dmrs::{CueTime, DmsDmrs};
pub use dual_dms::DualDms;
pub use plan::{Plan, Stimulus};
pub use protocol::{Channels, OUTPUTS, Protocol};
pub use sequence::{Abba, Abca, NoRepeats, Repeats, Repetition, Sequence};
pub use working_memory::{Definition, WorkingMemory};

use crate::entry::{Entry, entry};
use crate::{About, Citation, Former};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Masse NY, Yang GR, Song HF, Wang X-J, Freedman DJ",
    year: 2019,
    title: "Circuit mechanisms for the maintenance and manipulation of information in working memory",
    doi: "10.1038/s41593-019-0414-3",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About {
    version: 2,
    citation: CITATION,
    shared: &[include_str!("protocol.rs")],
    // It had another default of `test_weight`.
    former: &[Former { version: 1, switches: &[] }],
    ..About::NEW
};

/// What is said of the tasks with one sample and one test.
const DELAYED: About<'static> = About { shared: &[include_str!("delayed.rs"), include_str!("protocol.rs")], ..FAMILY };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[
    entry::<WorkingMemory<Dms>>(),
    entry::<WorkingMemory<Dmrs45>>(),
    entry::<WorkingMemory<Dmrs90>>(),
    entry::<WorkingMemory<Dmrs180>>(),
    entry::<WorkingMemory<Dmc>>(),
    entry::<WorkingMemory<Abba>>(),
    entry::<WorkingMemory<Abca>>(),
    entry::<WorkingMemory<DmsDmrs>>(),
    entry::<WorkingMemory<DualDms>>(),
];
