//! Tasks of Kim, Li & Sejnowski (2019), with the settings of the released code (spikeRNN) as defaults.
//!
//! Reference: Kim R, Li Y, Sejnowski TJ (2019). Simple framework for constructing functional spiking recurrent neural
//! networks. PNAS 116: 22811-22820. <https://doi.org/10.1073/pnas.1905926116>

mod go_nogo;
mod xor;

pub use go_nogo::GoNogo;
pub use xor::Xor;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Kim R, Li Y, Sejnowski TJ",
    year: 2019,
    title: "Simple framework for constructing functional spiking recurrent neural networks",
    doi: "10.1073/pnas.1905926116",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<GoNogo>(), entry::<Xor>()];
