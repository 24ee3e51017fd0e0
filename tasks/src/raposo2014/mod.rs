//! Multisensory decisions of Raposo, Kaufman & Churchland (2014), as later work trains networks on them.
//!
//! Reference: Raposo D, Kaufman MT, Churchland AK (2014). A category-free neural population supports evolving demands
//! during decision-making. Nature Neuroscience 17: 1784-1792. <https://doi.org/10.1038/nn.3865>

mod multisensory;

pub use multisensory::Multisensory;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Raposo D, Kaufman MT, Churchland AK",
    year: 2014,
    title: "A category-free neural population supports evolving demands during decision-making",
    doi: "10.1038/nn.3865",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<Multisensory>()];
