//! Continuous-time recurrent networks for computational neuroscience: define a network by its biology, train it on a
//! cognitive task, save it, analyse it.
//!
//! ```text
//! Experiment = Task + ModelConfig + TrainConfig + seed     experiment
//!   -> train::fit -> RunDirectory                          train, run_directory
//!   -> Checkpoint -> Ctrnn -> Recording                    checkpoint, record
//!   -> evaluate, analysis -> plot                          evaluate, analysis, plot
//! preset: the experiments of papers                      zoo: pretrained networks, and packing one's own
//! import, export: networks in the formats of others      hub: the Hugging Face hub
//! ```
//!
//! Networks and their mathematics are in [`models`] (crate `nn4n-models`), tasks in [`tasks`] (crate `nn4n-tasks`).

// Not `forbid`: the slicing macro of ndarray allows it for its own expansion.
#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod analysis;
pub mod batch;
pub mod bench;
pub mod checkpoint;
pub mod cli;
pub mod device;
mod error;
pub mod evaluate;
pub mod experiment;
pub mod export;
pub mod hub;
pub mod import;
pub mod plant;
pub mod plot;
pub mod preset;
pub mod progress;
pub mod record;
pub mod run_directory;
pub mod train;
pub mod zoo;

pub use checkpoint::Checkpoint;
pub use device::DeviceChoice;
pub use error::{Error, Result};
pub use experiment::Experiment;
pub use nn4n_models as models;
pub use nn4n_tasks as tasks;
pub use record::Recording;
pub use run_directory::{Existing, RunDirectory};
pub use train::TrainConfig;

/// The README's snippets are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
