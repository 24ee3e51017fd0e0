//! Generating patterns under the control of static inputs, after Sussillo & Abbott (2009) and Sussillo & Barak (2013).
//!
//! References: Sussillo D, Abbott LF (2009). Generating coherent patterns of activity from chaotic neural networks.
//! Neuron 63: 544-557. <https://doi.org/10.1016/j.neuron.2009.07.018>. Sussillo D, Barak O (2013). Opening the black
//! box: low-dimensional dynamics in high-dimensional recurrent neural networks. Neural Computation 25: 626-649.
//! <https://doi.org/10.1162/NECO_a_00409>

mod sine_generator;

pub use sine_generator::SineGenerator;

use crate::entry::{Entry, entry};

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<SineGenerator>()];
