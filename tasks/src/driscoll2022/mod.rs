//! The 15 tasks of Driscoll, Shenoy & Sussillo (2022).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
