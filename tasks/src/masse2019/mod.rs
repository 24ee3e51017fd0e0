//! The working-memory tasks of Masse, Yang, Song, Wang & Freedman (2019), with the settings of the released code as
//! defaults.
//!
//! What they share is in [`Protocol`] (channels, noise, classes, loss mask and scoring), [`Delayed`] (one sample, one
//! test) and [`Sequence`] (one sample, three tests).
//!
//! Differences from the source, for all tasks: fixation channels, which the code can have and does not use, are on
//! outside of the tests in every task. The variable delay, which does not run in the last version of the code, is what
//! its comments say: the delay is shorter by up to 300 ms, at the expense of no other epoch but the test, with (delay -
//! shortest) exponential of mean 150 ms; where that exceeds 300 ms (1 trial in 7) the trial is a catch trial. The code
//! trains for a fixed number of updates: the criterion, a mean performance above 0.95 in one validation, is this
//! library's. The loss of the code is the mean over all steps of mask times cross-entropy. Its tests of tuning draw the
//! test's direction freely: so does [`Task::grid`](crate::Task::grid).
//!
//! Reference: Masse NY, Yang GR, Song HF, Wang X-J, Freedman DJ (2019). Circuit mechanisms for the maintenance and
//! manipulation of information in working memory. Nature Neuroscience 22: 1159-1167.
//! <https://doi.org/10.1038/s41593-019-0414-3>; code: `stimulus.py` and `parameters.py` of
//! nmasse/Short-term-plasticity-RNN.

mod abba;
mod abca;
pub mod delayed;
pub mod direction;
mod dmc;
mod dmrs180;
mod dmrs45;
mod dmrs90;
mod dms;
mod dms_dmrs;
mod dual_dms;
mod protocol;
mod sequence;
mod working_memory;

pub use abba::Abba;
pub use abca::Abca;
pub use delayed::Delayed;
pub use dmc::Dmc;
pub use dmrs45::Dmrs45;
pub use dmrs90::Dmrs90;
pub use dmrs180::Dmrs180;
pub use dms::Dms;
pub use dms_dmrs::{CueTime, DmsDmrs};
pub use dual_dms::DualDms;
pub use protocol::{Channels, OUTPUTS, Plan, Protocol, Stimulus};
pub use sequence::Sequence;
pub use working_memory::{Definition, WorkingMemory};

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Masse NY, Yang GR, Song HF, Wang X-J, Freedman DJ",
    year: 2019,
    title: "Circuit mechanisms for the maintenance and manipulation of information in working memory",
    doi: "10.1038/s41593-019-0414-3",
};

/// What is said of every task of this family.
const FAMILY: About<'static> =
    About { citation: CITATION, shared: &[include_str!("protocol.rs"), include_str!("mod.rs")], ..About::NEW };

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
