//! Context-dependent integration of Mante, Sussillo, Shenoy & Newsome (2013): with short trials as later work trains
//! it, and with the continuous noise of the paper.
//!
//! | task | evidence |
//! |---|---|
//! | `context_integration` | of one strength in a short stimulus |
//! | `context_integration_continuous` | noise around a mean for 750 ms |
//!
//! What the tasks share is in [`Integration`], in `context` (the variables of a trial), and in `signed_choice` (one
//! output, whose sign is the choice), which `raposo2014` has, too.
//!
//! Reference: Mante V, Sussillo D, Shenoy KV, Newsome WT (2013). Context-dependent computation by recurrent dynamics in
//! prefrontal cortex. Nature 503: 78-84. <https://doi.org/10.1038/nature12742>

mod context;
mod context_integration;
mod context_integration_continuous;
mod integration;
pub(crate) mod signed_choice;

pub use context::Variables;
pub use context_integration::{ContextIntegration, ShortTrials};
pub use context_integration_continuous::{ContextIntegrationContinuous, ContinuousNoise};
pub use integration::{Definition, Integration};

use crate::entry::{Entry, entry};
use crate::{About, Citation};

/// The source of all tasks of this family.
pub const CITATION: Citation = Citation {
    authors: "Mante V, Sussillo D, Shenoy KV, Newsome WT",
    year: 2013,
    title: "Context-dependent computation by recurrent dynamics in prefrontal cortex",
    doi: "10.1038/nature12742",
};

/// What is said of every task of this family.
const FAMILY: About<'static> = About {
    citation: CITATION,
    shared: &[include_str!("integration.rs"), include_str!("context.rs"), include_str!("signed_choice.rs")],
    ..About::NEW
};

/// The tasks of this family.
pub(crate) const TASKS: &[Entry] = &[entry::<ContextIntegration>(), entry::<ContextIntegrationContinuous>()];
