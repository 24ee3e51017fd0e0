//! Continuous-time recurrent networks for computational neuroscience: define a network by its biology, train it on a
//! cognitive task, save it, take it apart.
//!
//! ```text
//! Experiment = Task + ModelConfig + TrainConfig + seed     experiment
//!   -> train::fit -> RunDirectory                          train, run_directory
//!   -> Checkpoint -> Ctrnn -> Simulation -> Recording      checkpoint, simulate
//!   -> evaluate, analysis -> plot -> report                evaluate, analysis, plot, report
//! intervention: lesions, silence, currents
//! preset: the experiments of papers                      zoo: pretrained networks, and packing one's own
//! sweep: studies, an experiment in many variants         reproduce: papers
//! import, export: networks in the formats of others      hub: the Hugging Face hub
//! ```
//!
//! Networks and their mathematics are in [`models`] (crate `nn4n-models`), tasks in [`tasks`] (crate `nn4n-tasks`),
//! what takes activity and weights apart in [`analysis`] (crate `nn4n-analysis`).
//!
//! The crates whose types these take and give are here as [`ndarray`], [`candle_core`] and [`serde_json`], so that a
//! program needs no versions of its own that match.
//!
//! # Features
//!
//! On by default are `cli`, the program and its terminal, `hub`, the Hugging Face hub and the networks that come with
//! the program, `hdf5`, arrays for MATLAB and as HDF5, `plot`, figures, and `sweep`, studies. Off are `cuda` and
//! `metal`, which compute on GPUs.

// Not `forbid`: the slicing macro of ndarray allows it for its own expansion.
#![deny(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod bench;
pub mod checkpoint;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod device;
mod echo;
mod error;
pub mod evaluate;
pub mod experiment;
pub mod export;
mod files;
#[cfg(feature = "hub")]
pub mod hub;
pub mod import;
pub mod intervention;
mod kind;
pub mod loss;
mod memory;
pub mod optimizer;
pub mod penalty;
#[cfg(feature = "plot")]
pub mod plot;
pub mod progress;
#[cfg(feature = "plot")]
pub mod report;
#[cfg(feature = "sweep")]
pub mod reproduce;
pub mod run_directory;
pub mod simulate;
#[cfg(feature = "sweep")]
pub mod sweep;
#[cfg(feature = "cli")]
pub mod terminal;
pub mod threads;
pub mod train;
#[cfg(feature = "hub")]
pub mod zoo;

// What the public functions take and give, in the versions that they have it from.
pub use candle_core;
pub use ndarray;
pub use serde_json;

pub use checkpoint::Checkpoint;
pub use device::{DeviceChoice, Work};
pub use error::{Error, Result};
pub use experiment::{Experiment, TrainConfig, preset};
pub use nn4n_analysis as analysis;
pub use nn4n_models as models;
pub use nn4n_tasks as tasks;
pub use run_directory::{Existing, RunDirectory};
pub use simulate::{Recording, Simulation, TensorBatch};
pub use train::Trainer;

/// The README's snippets are tests.
#[cfg(all(doctest, feature = "cli"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
