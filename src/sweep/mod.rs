//! Studies: many runs of one experiment that differ in settings and seeds, as plain files.

mod collect;
mod curves;
mod differing;
mod facts;
mod groups;
mod manifest;
mod names;
mod optuna;
mod query;
mod results;
mod results_cache;
mod state;
mod study_figures;

pub use collect::{Collected, collect};
pub use curves::validations;
pub use groups::{Group, groups, groups_to_csv};
pub use manifest::Entry;
pub use query::{Known, Query, Verdict, Vocabulary};
pub use results::{Results, RunResult, Selection};
pub use state::{Failure, Reached, RunState};
pub use study_figures::{Measure, ResultsFigure, curves_figure, results_figure};
