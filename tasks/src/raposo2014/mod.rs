//! Multisensory decisions, after Raposo, Kaufman & Churchland (2014).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
