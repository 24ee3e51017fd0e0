//! Runs that are interrupted, and what must be the same.

use std::{fs, ops::ControlFlow, path::Path};

use crate::small::init;
use candle_core::Device;
use nn4n::{
    Existing, Experiment, Result, RunDirectory,
    train::{StopReason, fit},
};

/// What a run leaves that must not depend on how it went.
pub const FILES: [&str; 4] = ["model.safetensors", "optimizer.safetensors", "run.toml", "log.jsonl"];

/// A file of a run.
pub fn bytes(directory: &Path, file: &str) -> Vec<u8> {
    let path = directory.join(file);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Two runs left the same files.
pub fn assert_same(one: &Path, other: &Path, what: &str) {
    for file in FILES {
        assert!(bytes(one, file) == bytes(other, file), "{what}: {file} differs");
    }
}

/// Trains in pieces that end after these updates, each resumed from the files alone.
pub fn train_in_pieces(experiment: &Experiment, directory: &Path, ends: &[u64]) -> Result<()> {
    for (piece, end) in ends.iter().enumerate() {
        let existing = if piece == 0 { Existing::Keep } else { Existing::Resume };
        let run = RunDirectory::open(directory, existing)?;
        let outcome = fit(experiment, init(experiment)?.as_ref(), &run, &Device::Cpu, |progress| {
            if progress.update >= *end { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        assert_eq!((outcome.reason, outcome.updates), (StopReason::Interrupted, *end));
    }
    let run = RunDirectory::open(directory, Existing::Resume)?;
    fit(experiment, None, &run, &Device::Cpu, |_| ControlFlow::Continue(())).map(drop)
}
