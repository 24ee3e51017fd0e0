//! A checkpoint to read.

use std::{fs, sync::OnceLock};

use nn4n::{Experiment, models::ModelConfig};

use crate::small::{easy_task, settings, train};

/// The bytes of a checkpoint of eight excitatory and inhibitory units, trained once for all tests.
pub fn network() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let experiment =
            Experiment::new(easy_task(), ModelConfig::ei(2, 8, 2), settings(2, 1), 1).expect("an experiment");
        train(&experiment, folder.path()).expect("a trained network");
        fs::read(folder.path().join("model.safetensors")).expect("a checkpoint")
    })
}
