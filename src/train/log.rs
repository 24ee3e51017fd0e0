//! What a run writes while it goes: one JSON record per line in `log.jsonl`, and TensorBoard event files on request.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{tensorboard::EventFile, trainer::Update};
use crate::{
    checkpoint::ValidationRecord,
    error::{Error, Result},
    files::write_atomically,
    run_directory::RunDirectory,
};

/// One logged update, as a line of the log.
#[derive(Serialize)]
struct UpdateRecord {
    update: u64,
    loss: f64,
    terms: serde_json::Map<String, serde_json::Value>,
    gradient_norm: f64,
    learning_rate: f64,
}

/// The logs of a run.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    events: Option<EventFile>,
}

impl Log {
    /// Opens the logs of a run that has done `updates`; records of later updates (after an interruption) are removed.
    pub(super) fn open(run: &RunDirectory, updates: u64, tensorboard: bool) -> Result<Self> {
        let path = run.log();
        if path.exists() {
            truncate_after(&path, updates)?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| Error::file(&path, format!("could not be opened ({error})")))?;
        Ok(Self { path, file, events: if tensorboard { Some(EventFile::create(run.path())?) } else { None } })
    }

    pub(super) fn update(&mut self, found: &Update) -> Result<()> {
        let Update { update, loss, gradient_norm, learning_rate, .. } = *found;
        let terms = found.terms.iter().map(|(name, value)| (name.clone(), (*value).into())).collect();
        self.write(&UpdateRecord { update, loss, terms, gradient_norm, learning_rate })?;
        if let Some(events) = &mut self.events {
            events.scalar("train/loss", update, loss)?;
            events.scalar("train/gradient_norm", update, gradient_norm)?;
            events.scalar("train/learning_rate", update, learning_rate)?;
            for (name, value) in &found.terms {
                events.scalar(&format!("train/{name}"), update, *value)?;
            }
        }
        Ok(())
    }

    pub(super) fn validation(&mut self, record: &ValidationRecord) -> Result<()> {
        #[derive(Serialize)]
        struct Line<'a> {
            update: u64,
            validation: &'a ValidationRecord,
        }
        self.write(&Line { update: record.update, validation: record })?;
        if let Some(events) = &mut self.events {
            events.scalar("validation/loss", record.update, record.loss)?;
            for (name, value) in
                [("performance", record.performance), ("minimum", record.minimum), ("rms_error", record.rms_error)]
            {
                if let Some(value) = value {
                    events.scalar(&format!("validation/{name}"), record.update, value)?;
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, record: &impl Serialize) -> Result<()> {
        let unwritten =
            |error: &dyn std::fmt::Display| Error::file(&self.path, format!("could not be written ({error})"));
        let line = serde_json::to_string(record).map_err(|error| unwritten(&error))?;
        writeln!(self.file, "{line}").map_err(|error| unwritten(&error))
    }
}

/// Keeps the records up to `updates`; a last line cut short by a crash goes, too.
fn truncate_after(path: &Path, updates: u64) -> Result<()> {
    let file = File::open(path).map_err(|error| Error::file(path, format!("could not be read ({error})")))?;
    let mut kept = String::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|error| Error::file(path, format!("could not be read ({error})")))?;
        let update = serde_json::from_str::<serde_json::Value>(&line).ok().and_then(|record| record["update"].as_u64());
        if update.is_some_and(|update| update <= updates) {
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() == kept.len() as u64) {
        return Ok(());
    }
    write_atomically(path, kept.as_bytes())
}
