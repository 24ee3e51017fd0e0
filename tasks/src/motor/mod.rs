//! Reaching: the hand as the output, and an arm that the network drives.

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
