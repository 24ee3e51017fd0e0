//! Reads pickles without running them: plain data, tensors of PyTorch, arrays of NumPy, and nothing else.
//!
//! ```text
//! pickle    a program for a stack machine; its REDUCE and BUILD steps call whatever Python function they name
//! here      the program is followed, but the only functions are those of `callable`, which put data together
//! ```
//!
//! A function or class that is not on that list is refused by its name before anything is made of it, or, where a
//! network lies beside what its training script kept, stands for itself: a name, of which nothing is made, and which is
//! refused where a value is read from it. Values are kept in one table, so that neither deep nesting nor values that
//! contain each other many times cost more than the bytes that describe them; both are refused beyond a limit all the
//! same.

mod callable;
mod machine;
mod numpy;
mod reader;
mod value;

pub(super) use numpy::{ElementType, Scalar};
pub use value::Pickle;
pub(super) use value::{NumpyArray, StoredTensor, View};

use super::Refused;

/// Values of one pickle, counted once and counted as often as they are contained.
const MAX_VALUES: usize = 1 << 22;
const MAX_EXPANDED: u64 = 1 << 22;
/// Containers in containers.
const MAX_DEPTH: u32 = 64;

/// Follows a pickle of protocol 0 to 5.
///
/// # Errors
/// If it is damaged, too large or too deep, or holds anything but tensors and plain data, which the message names.
pub fn parse(bytes: &[u8]) -> Result<Pickle, Refused> {
    machine::Machine::new(bytes, false).parse()
}

/// The same, with names in the place of what functions and classes would make that are not on the list.
pub(super) fn parse_beside_strangers(bytes: &[u8]) -> Result<Pickle, Refused> {
    machine::Machine::new(bytes, true).parse()
}
