//! Generating patterns, after Sussillo & Abbott (2009).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
