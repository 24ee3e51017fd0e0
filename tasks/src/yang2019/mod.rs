//! The 20 tasks of Yang, Joglekar, Song, Newsome & Wang (2019).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
