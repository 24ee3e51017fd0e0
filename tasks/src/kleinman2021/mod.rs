//! The checkerboard task of Kleinman, Chandrasekaran & Kao (2021), with the settings of the released code as defaults.
//!
//! Reference: Kleinman M, Chandrasekaran C, Kao JC (2021). A mechanistic multi-area recurrent network model of
//! decision-making. Advances in Neural Information Processing Systems 34, which gives no DOI; its networks return in
//! Kleinman et al., eLife RP89369, <https://doi.org/10.7554/eLife.89369>.

mod checkerboard;

pub use checkerboard::Checkerboard;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Kleinman M, Chandrasekaran C, Kao JC",
    year: 2021,
    title: "A mechanistic multi-area recurrent network model of decision-making",
    doi: "",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<Checkerboard>()];
