//! The checkerboard task of Kleinman, Chandrasekaran & Kao (2021).

use crate::registry::Entry;

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[];
