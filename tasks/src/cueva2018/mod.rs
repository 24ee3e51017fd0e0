//! Path integration, after Cueva & Wei (2018).
//!
//! Reference: Cueva CJ, Wei X-X (2018). Emergence of grid-like representations by training recurrent neural networks to
//! perform spatial localization. International Conference on Learning Representations.
//! <https://doi.org/10.48550/arXiv.1803.07770>

mod path_integration;

pub use path_integration::{Direction, PathIntegration};

use crate::entry::{Entry, entry};

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<PathIntegration>()];
