//! Context-dependent integration, after Mante, Sussillo, Shenoy & Newsome (2013).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
