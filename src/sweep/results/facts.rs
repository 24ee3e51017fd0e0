//! What the files of one run say of it, of networks their head alone.
//!
//! ```text
//! model.safetensors   seed; loss, performance and rms_error of the saved network, the best so far
//! finished.json       updates, seconds
//! log.jsonl           updates of a run that can go on, from its end
//! time.json           seconds of such a run
//! failed.json         why it failed
//! ```

use std::{collections::BTreeMap, fs, path::Path, time::UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::{
    checkpoint::read_document,
    error::{Error, Result},
    files::read_text,
    run_directory::{FINISHED, LOG, MODEL, TIME},
    sweep::study::{FAILED, Failure, Reached},
};

/// The longest text that is read of a run, bytes.
const LONGEST: u64 = 1 << 20;

/// The files that facts are read from.
const FILES: [&str; 5] = [MODEL, FINISHED, LOG, TIME, FAILED];

/// What is known of a run beside its name, its settings and its state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updates: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rms_error: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// A file that is damaged, or why the run failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Length and time of the last change of each file, by which it is noticed that one has changed; `None` where there is
/// none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stamps([Option<(u64, u64)>; FILES.len()]);

/// What is read of the document of a checkpoint.
#[derive(Deserialize)]
struct Document {
    seed: u64,
    metrics: BTreeMap<String, f64>,
    train: Train,
}

#[derive(Deserialize)]
struct Train {
    updates: u64,
}

/// What finished.json and time.json say.
#[derive(Deserialize)]
struct Said {
    updates: u64,
    #[serde(default)]
    seconds: Option<f64>,
}

impl Stamps {
    pub fn of(directory: &Path) -> Self {
        Self(FILES.map(|name| stamp(&directory.join(name))))
    }

    /// The latest change, nanoseconds since 1970.
    pub fn latest(&self) -> u64 {
        self.0.iter().flatten().map(|(_, changed)| *changed).max().unwrap_or(0)
    }

    fn has(&self, name: &str) -> bool {
        FILES.iter().zip(&self.0).any(|(file, stamp)| *file == name && stamp.is_some())
    }
}

fn stamp(path: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(path).ok()?;
    let changed = found.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some((found.len(), u64::try_from(changed.as_nanos()).ok()?))
}

impl Facts {
    /// Of a run with these files.
    pub fn read(directory: &Path, there: &Stamps) -> Self {
        let mut facts = Self::default();
        for part in [Self::of_model, Self::of_progress, Self::of_failure] {
            if let Err(error) = part(&mut facts, directory, there) {
                facts.problem = facts.problem.or(Some(error.to_string()));
            }
        }
        facts
    }

    /// Of a checkpoint that stands for itself.
    pub fn of_document(path: &Path, json: &str) -> Result<Self> {
        let document: Document = serde_json::from_str(json).map_err(|error| {
            Error::file(path, format!("has a damaged nn4n header ({error}); copy or download the file again"))
        })?;
        let metric = |name: &str| document.metrics.get(name).copied();
        Ok(Self {
            seed: Some(document.seed),
            updates: Some(document.train.updates),
            performance: metric("performance"),
            loss: metric("loss"),
            rms_error: metric("rms_error"),
            ..Self::default()
        })
    }

    fn of_model(&mut self, directory: &Path, there: &Stamps) -> Result<()> {
        if there.has(MODEL) {
            let path = directory.join(MODEL);
            *self = Self::of_document(&path, &read_document(&path)?)?;
        }
        Ok(())
    }

    /// The updates that are done, not those of the saved network.
    fn of_progress(&mut self, directory: &Path, there: &Stamps) -> Result<()> {
        self.updates = self.updates.or(Some(0));
        if there.has(FINISHED) {
            let said = said(&directory.join(FINISHED))?;
            (self.updates, self.seconds) = (Some(said.updates), said.seconds);
            return Ok(());
        }
        if there.has(TIME) {
            self.seconds = said(&directory.join(TIME))?.seconds;
        }
        if there.has(LOG)
            && let Some(reached) = Reached::read(directory)?
        {
            self.updates = self.updates.max(Some(reached.update));
        }
        Ok(())
    }

    fn of_failure(&mut self, directory: &Path, there: &Stamps) -> Result<()> {
        if there.has(FAILED) && !there.has(FINISHED) {
            self.problem = Failure::read(directory)?.map(|failure| failure.message);
        }
        Ok(())
    }
}

fn said(path: &Path) -> Result<Said> {
    let text = read_text(path, LONGEST)?;
    serde_json::from_str(&text).map_err(|error| Error::file(path, format!("is damaged ({error}); train the run again")))
}
