//! Tasks for finding fixed points, after Golub & Sussillo (2018) and Sussillo & Barak (2013).
//!
//! References: Golub MD, Sussillo D (2018). FixedPointFinder: a Tensorflow toolbox for identifying and characterizing
//! fixed points in recurrent neural networks. Journal of Open Source Software 3(31): 1003.
//! <https://doi.org/10.21105/joss.01003>. Sussillo D, Barak O (2013). Opening the black box: low-dimensional dynamics
//! in high-dimensional recurrent neural networks. Neural Computation 25: 626-649.
//! <https://doi.org/10.1162/NECO_a_00409>

mod flip_flop;

pub use flip_flop::FlipFlop;

use crate::entry::{Entry, entry};

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<FlipFlop>()];
