//! Path integration, after Cueva & Wei (2018).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
