//! Tasks of the package trainRNNbrain, which was released with Tolmachev & Engel (2025), with its configurations as
//! defaults.
//!
//! Its networks have a time constant of 10 ms and steps of 1 ms, and add white noise to their inputs; here the task
//! adds it. What the tasks on two bits share is in `Logic`.
//!
//! Reference: Tolmachev P, Engel TA (2025). Single-unit activations confer inductive biases for emergent circuit
//! solutions to cognitive tasks. Nature Machine Intelligence 7: 1742-1754. <https://doi.org/10.1038/s42256-025-01127-2>

mod half_adder;
mod logic;
mod memory_anti_angle;
mod xor;

pub use half_adder::HalfAdder;
pub use memory_anti_angle::MemoryAntiAngle;
pub use xor::Xor;

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Tolmachev P, Engel TA",
    year: 2025,
    title: "Single-unit activations confer inductive biases for emergent circuit solutions to cognitive tasks",
    doi: "10.1038/s42256-025-01127-2",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About { citation: CITATION, ..About::NEW };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<Xor>(), entry::<HalfAdder>(), entry::<MemoryAntiAngle>()];
