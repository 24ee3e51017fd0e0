//! Tasks of the package trainRNNbrain, which was released with Tolmachev & Engel (2025), with its configurations as
//! defaults.
//!
//! Its networks have a time constant of 10 ms and steps of 1 ms, and add white noise to their inputs; here the task
//! adds it ([`NoisyInputs`]). What the tasks on two bits share is in `logic`.
//!
//! | task | what the network must do |
//! |---|---|
//! | `xor`, `half_adder` | compare or add two bits |
//! | `memory_anti_angle` | remember an angle and give the opposite one |
//!
//! Reference: Tolmachev P, Engel TA (2025). Single-unit activations confer inductive biases for emergent circuit
//! solutions to cognitive tasks. Nature Machine Intelligence 7: 1742-1754. <https://doi.org/10.1038/s42256-025-01127-2>

mod half_adder;
mod logic;
mod memory_anti_angle;
mod noisy_inputs;
mod xor;

pub use half_adder::{Addition, HalfAdder};
pub use memory_anti_angle::{MemoryAntiAngle, OppositeAngle};
pub use noisy_inputs::{Definition, NoisyInputs};
pub use xor::{Equality, Xor};

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
const FAMILY: About<'static> = About { citation: CITATION, shared: &[include_str!("noisy_inputs.rs")], ..About::NEW };

/// The same of the tasks on two bits.
const BITS: About<'static> = About { shared: &[include_str!("logic.rs"), include_str!("noisy_inputs.rs")], ..FAMILY };

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<Xor>(), entry::<HalfAdder>(), entry::<MemoryAntiAngle>()];
