//! Timing tasks of Bi & Zhou (2020), with the settings of the released code (IntervalTiming) as defaults.
//!
//! Reference: Bi Z, Zhou C (2020). Understanding the computation of time using neural network models. PNAS 117:
//! 10530-10540. <https://doi.org/10.1073/pnas.1921609117>

mod interval_production;

pub use interval_production::IntervalProduction;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Bi Z, Zhou C",
    year: 2020,
    title: "Understanding the computation of time using neural network models",
    doi: "10.1073/pnas.1921609117",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<IntervalProduction>()];
