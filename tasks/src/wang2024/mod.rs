//! Place cells from sensory experience: Wang, Di Tullio, Rooke & Balasubramanian (2024).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
