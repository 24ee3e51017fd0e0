//! The memory that a training step takes beyond what outlives it, from the kernel's account of this process. Counting
//! every allocation instead would cost training something, too.
//!
//! ```text
//! activation memory = most resident memory during two steps - resident memory before them
//!                     - moments of the optimiser - what was read in of the program itself meanwhile
//! ```
//!
//! Buffers that are kept from step to step count. It is exact to a few hundred KiB in a process of its own that returns
//! freed blocks to the system: see [`ENVIRONMENT`].

use std::fs;

use super::{case::Case, step::TrainingStep};
use crate::{error::Result, memory::kib};

/// With these variables the C library of Linux returns a freed block of 64 KiB or more to the system, so that resident
/// memory is memory in use.
pub const ENVIRONMENT: [(&str, &str); 2] = [("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "65536")];

/// Bytes that a training step holds at its peak, or `None` where the system keeps no such account (it is Linux that
/// does). Call it once, in a process of its own.
///
/// # Errors
/// If the case is invalid.
pub fn probe(case: &Case) -> Result<Option<u64>> {
    // Starts the threads and allocates what is allocated once.
    TrainingStep::new(&Case {
        units: case.units.min(64),
        batch_size: case.batch_size.min(16),
        steps: 4,
        ..case.clone()
    })?
    .update()?;
    let mut step = TrainingStep::new(case)?;
    let Some((before, program)) = reset_peak().zip(resident("RssFile:")) else { return Ok(None) };
    step.update()?;
    step.update()?;
    let outliving = before + step.trainer.optimizer_bytes();
    let held = |(peak, read): (u64, u64)| peak.saturating_sub(outliving + read.saturating_sub(program));
    Ok(resident("VmHWM:").zip(resident("RssFile:")).map(held))
}

/// Makes the present the peak so far and returns the resident bytes.
fn reset_peak() -> Option<u64> {
    fs::write("/proc/self/clear_refs", "5").ok()?;
    resident("VmRSS:")
}

/// A line of the kernel's account, in bytes.
fn resident(line: &str) -> Option<u64> {
    kib(&fs::read_to_string("/proc/self/status").ok()?, line)
}
