//! The working-memory tasks of Masse, Yang, Song, Wang & Freedman (2019).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
