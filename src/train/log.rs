//! What a run writes while it goes: one JSON record per line in `log.jsonl`, and TensorBoard event files on request.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{tensorboard::EventFile, trainer::Update};
use crate::{
    checkpoint::ValidationRecord,
    error::{Error, Result},
    files::open_regular,
    progress::note,
    run_directory::{Locked, RunDirectory},
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

/// The longest line of a log, bytes; what is longer was not written by this program.
const LONGEST_LINE: u64 = 1 << 20;

/// The logs of a run.
pub(super) struct Log<'a> {
    path: PathBuf,
    file: File,
    files: &'a Locked<'a>,
    events: Option<EventFile>,
}

impl<'a> Log<'a> {
    /// Opens the logs of a run that has done `updates`; records of later updates (after an interruption) are removed,
    /// and what is damaged.
    pub(super) fn open(run: &RunDirectory, files: &'a Locked<'a>, updates: u64, tensorboard: bool) -> Result<Self> {
        let path = run.log();
        let unreadable = |error| Error::file(&path, format!("could not be read ({error})"));
        let mut file = files.open_log()?;
        let found = Found::in_log(BufReader::new(&file), updates).map_err(unreadable)?;
        if !found.is_whole() {
            files.replace_log(|into| {
                file.rewind()?;
                copy_lines(BufReader::new(&file), into, updates)
            })?;
            file = files.open_log()?;
        }
        if found.last < updates {
            note(&format!(
                "note: {}: ends at update {}; what was logged from there to update {updates} is lost",
                path.display(),
                found.last
            ));
        }
        if found.damaged > 0 {
            note(&format!("note: {}: {} damaged lines were left out", path.display(), found.damaged));
        }
        file.seek(SeekFrom::End(0)).map_err(unreadable)?;
        Ok(Self { file, files, events: if tensorboard { Some(EventFile::create(run.path())?) } else { None }, path })
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
        self.files.check_log(&self.file)?;
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
        // In one piece, so that a crash cuts at most the last line.
        self.file.write_all(format!("{line}\n").as_bytes()).map_err(|error| unwritten(&error))
    }
}

/// What a log says of a run, in the order of its lines; those that are damaged are left out.
#[derive(Clone, Debug, Default)]
pub struct Logged {
    /// The loss of the batch of each update that was logged.
    pub losses: Vec<(u64, f64)>,
    /// The validations, each of a later update than the one before.
    pub validations: Vec<ValidationRecord>,
}

/// A line of a log as it is read.
#[derive(Deserialize)]
struct Said {
    update: u64,
    loss: Option<f64>,
    validation: Option<ValidationRecord>,
}

impl Logged {
    /// Reads a `log.jsonl`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(path: &Path) -> Result<Self> {
        Self::of_lines(path, |_| true)
    }

    /// The validations alone, for which the updates need not be parsed.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn validations(path: &Path) -> Result<Vec<ValidationRecord>> {
        let is_validation = |line: &[u8]| line.windows(12).any(|part| part == b"\"validation\"");
        Ok(Self::of_lines(path, is_validation)?.validations)
    }

    fn of_lines(path: &Path, is_wanted: impl Fn(&[u8]) -> bool) -> Result<Self> {
        let unreadable = |error| Error::file(path, format!("could not be read ({error})"));
        let mut reader = BufReader::new(open_regular(path)?);
        let (mut found, mut line) = (Self::default(), Vec::new());
        loop {
            line.clear();
            // Of a longer line the rest is read as lines of their own, which are damaged, too.
            if reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                return Ok(found);
            }
            if is_wanted(&line) {
                found.add(&line);
            }
        }
    }

    /// The last line may be cut while it is written.
    fn add(&mut self, line: &[u8]) {
        let last = self.validations.last().map(|last| last.update);
        match serde_json::from_slice(line) {
            Ok(Said { validation: Some(record), .. }) if Some(record.update) > last => self.validations.push(record),
            Ok(Said { update, loss: Some(loss), validation: None }) => self.losses.push((update, loss)),
            _ => {}
        }
    }
}

/// What is in a log.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// The last update that is recorded, of those that were done.
    last: u64,
    /// Records of later updates.
    later: u64,
    /// Lines that are no record.
    damaged: u64,
    /// A last line without its end, as a crash leaves it.
    cut: bool,
}

impl Found {
    fn in_log(log: impl BufRead, updates: u64) -> io::Result<Self> {
        let mut found = Self::default();
        let mut lines = Lines { log, line: Vec::new() };
        while let Some(line) = lines.next()? {
            match line {
                Line::Record { update, .. } if update > updates => found.later += 1,
                Line::Record { update, .. } => found.last = found.last.max(update),
                Line::Damaged => found.damaged += 1,
                Line::Cut => found.cut = true,
            }
        }
        Ok(found)
    }

    fn is_whole(&self) -> bool {
        self.later == 0 && self.damaged == 0 && !self.cut
    }
}

/// Copies the records up to `updates`.
fn copy_lines(log: impl BufRead, into: &mut dyn Write, updates: u64) -> io::Result<()> {
    let mut lines = Lines { log, line: Vec::new() };
    while let Some(line) = lines.next()? {
        match line {
            Line::Record { update, text } if update <= updates => into.write_all(text)?,
            _ => {}
        }
    }
    Ok(())
}

/// The lines of a log one by one.
struct Lines<R> {
    log: R,
    line: Vec<u8>,
}

enum Line<'a> {
    Record { update: u64, text: &'a [u8] },
    Damaged,
    Cut,
}

impl<R: BufRead> Lines<R> {
    fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        self.log.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut self.line)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        if self.line.last() != Some(&b'\n') {
            let rest = self.log.skip_until(b'\n')?;
            return Ok(Some(if rest == 0 { Line::Cut } else { Line::Damaged }));
        }
        let record = serde_json::from_slice::<serde_json::Value>(&self.line).ok();
        let update = record.and_then(|record| record.get("update")?.as_u64());
        Ok(Some(match update {
            Some(update) => Line::Record { update, text: &self.line },
            None => Line::Damaged,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(log: &[u8]) -> (Found, String) {
        let mut kept = Vec::new();
        copy_lines(log, &mut kept, 2).unwrap();
        (Found::in_log(log, 2).unwrap(), String::from_utf8(kept).unwrap())
    }

    #[test]
    fn whole_records_up_to_the_update_are_kept() {
        let (one, two) = ("{\"update\":1}\n", "{\"update\":2,\"loss\":0.5}\n");
        let whole = format!("{one}{two}");
        assert_eq!(kept(whole.as_bytes()), (Found { last: 2, ..Found::default() }, whole.clone()));
        let later = format!("{whole}{{\"update\":3}}\n{{\"upda");
        assert_eq!(kept(later.as_bytes()), (Found { last: 2, later: 1, damaged: 0, cut: true }, whole.clone()));
        let mut bytes = [one.as_bytes(), b"{\"update\":1,\xff}\n", b"\n{}\n", two.as_bytes()].concat();
        assert_eq!(kept(&bytes), (Found { last: 2, later: 0, damaged: 3, cut: false }, whole.clone()));
        // A line without an end is not taken into memory.
        bytes = [one.as_bytes(), &vec![b'x'; 3 << 20], b"\n", two.as_bytes()].concat();
        assert_eq!(kept(&bytes), (Found { last: 2, later: 0, damaged: 1, cut: false }, whole));
    }
    #[test]
    fn validations_are_found_among_updates_and_what_is_damaged() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let record = |update: u64| format!("{{\"update\":{update},\"loss\":0.25,\"performance\":0.5}}");
        let lines = (1..=10).map(|update| {
            let validation = format!("{{\"update\":{update},\"validation\":{}}}", record(update));
            format!("{{\"update\":{update},\"loss\":0.5}}\n{validation}\n")
        });
        let cut = "not a record \"validation\"\n{\"update\":11,\"validation\":{\"upd";
        std::fs::write(&path, lines.collect::<String>() + cut).unwrap();
        let found = Logged::read(&path)?;
        assert_eq!((found.losses.len(), found.validations.len()), (10, 10));
        assert_eq!(Logged::validations(&path)?, found.validations);
        Ok(())
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_in_the_place_of_a_log_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        for message in [Logged::read(&path).unwrap_err(), Logged::validations(&path).unwrap_err()] {
            assert!(message.to_string().contains("a pipe, a socket or a device"), "{message}");
        }
    }
}
