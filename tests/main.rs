//! Tests of the whole product: the library, its files and the program, in one binary. `cargo test --test main zoo` runs
//! those of one file. Damaged files are read in `fuzz/`, a program of its own.

// What tests share.
mod client;
mod pieces;
mod program;
mod python;
mod saved;
mod served;
mod small;
mod trained;

mod analyze;
mod architecture;
mod behaviour;
mod bench;
mod checkpoint;
mod command_line;
mod compare;
mod constant_outputs;
mod constraints;
mod decoding;
mod export;
mod figures;
mod geometry;
mod hub;
mod import;
#[cfg(unix)]
mod interruptions;
mod interventions;
mod learning;
mod long_trials;
#[cfg(feature = "hdf5")]
mod matlab;
mod operations;
mod options;
mod over_study;
mod own_data;
mod pickle;
mod places;
mod plant;
mod preset;
mod reach;
mod readme;
mod refusals;
mod regimes;
mod remat;
mod report;
mod reproduce;
mod reproducibility;
mod similarity;
#[cfg(unix)]
mod slurm;
mod stacked;
mod sweep;
mod zoo;
