//! Tests of the crate by what it makes public. One program for all files, each of which is a module:
//! `cargo test -p nn4n-models gradients` takes those of one.

mod constraints;
mod golden;
mod gradients;
mod interventions;
mod known_truths;
mod long_simulation;
mod long_trials;
mod messages;
mod npz;
mod original;
mod stacked;
mod structure;
