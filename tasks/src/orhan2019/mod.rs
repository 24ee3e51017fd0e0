//! The short-term memory tasks of Orhan & Ma (2019).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
