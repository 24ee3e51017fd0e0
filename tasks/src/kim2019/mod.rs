//! Tasks of Kim, Li & Sejnowski (2019), with the settings of the released code (spikeRNN) as defaults.
//!
//! | task | what the network must do |
//! |---|---|
//! | `go_nogo` | respond after a pulse, and stay silent without one |
//! | `xor` | say whether two stimuli are the same |
//!
//! What they share is in [`Thresholded`].
//!
//! Reference: Kim R, Li Y, Sejnowski TJ (2019). Simple framework for constructing functional spiking recurrent neural
//! networks. PNAS 116: 22811-22820. <https://doi.org/10.1073/pnas.1905926116>

mod go_nogo;
mod thresholded;
mod xor;

pub use go_nogo::{GoNogo, Pulse};
pub use thresholded::{Definition, Shared, Thresholded};
pub use xor::{StimulusPair, Xor};

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
const FAMILY: About<'static> =
    About { version: 2, citation: CITATION, shared: &[include_str!("thresholded.rs")], ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<GoNogo>(), entry::<Xor>()];
