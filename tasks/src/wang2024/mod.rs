//! Place cells from sensory experience: the sensory-autoencoding task of Wang, Di Tullio, Rooke & Balasubramanian
//! (2024), Time Makes Space.
//!
//! How an animal walks is in [`RandomWalk`]; what it senses at a place is made by the task itself, once for each room.
//!
//! Reference: Wang Z, Di Tullio RW, Rooke S, Balasubramanian V (2024). Time makes space: emergence of place fields in
//! networks encoding temporally continuous sensory experiences. Advances in Neural Information Processing Systems 37.
//! <https://doi.org/10.48550/arXiv.2408.05798>

mod place_cells;
mod random_walk;
mod sensory_map;

pub use place_cells::{Masking, PlaceCells};
pub use random_walk::{Preset, RandomWalk, Walk};
pub use sensory_map::MapCache;

use crate::entry::{Entry, entry};

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<PlaceCells>()];
