//! The files of one's own trials that a run reads: they may not change while it is interrupted.

#[cfg(feature = "cli")]
use std::path::Path;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    error::{Error, Result},
    experiment::Experiment,
    files::fingerprint,
};

/// A file and what was in it when the run was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataFile {
    path: PathBuf,
    bytes: u64,
    crc32c: u32,
}

impl DataFile {
    fn of(path: PathBuf) -> Result<Self> {
        let (bytes, crc32c) = fingerprint(&path)?;
        Ok(Self { path, bytes, crc32c })
    }

    /// Whether the file at this path has the same content.
    #[cfg(feature = "cli")]
    pub(super) fn is_in(&self, path: &Path) -> bool {
        fingerprint(path).is_ok_and(|found| found == (self.bytes, self.crc32c))
    }

    /// Refuses the file if it has changed.
    pub(super) fn check(&self) -> Result<()> {
        let found = Self::of(self.path.clone())?;
        if found == *self {
            return Ok(());
        }
        let message = format!(
            "has changed since the run was started (its {} bytes with checksum {:08x} have become {} with {:08x}); \
            restore it, or start another run",
            self.bytes, self.crc32c, found.bytes, found.crc32c
        );
        Err(Error::file(&self.path, message))
    }
}

/// The files that the tasks of an experiment were read from and are read from again when it is resumed.
pub(super) fn data_files(experiment: &Experiment) -> Result<Vec<DataFile>> {
    let tasks = experiment.curriculum.iter().map(|stage| &stage.task).chain([&experiment.task]);
    let mut paths = Vec::new();
    tasks.for_each(|task| collect(&task.parameters(), &mut paths));
    paths.sort();
    paths.dedup();
    paths.into_iter().map(DataFile::of).collect()
}

/// The paths in the parameters of a task, those of the tasks of a set included. A task in words has its text there,
/// too, and is not read again.
fn collect(parameters: &Value, paths: &mut Vec<PathBuf>) {
    match parameters {
        Value::Object(named) => {
            let has_text = named.get("text").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
            let path = named.get("path").and_then(Value::as_str).filter(|_| !has_text);
            paths.extend(path.map(PathBuf::from));
            named.values().for_each(|value| collect(value, paths));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, paths)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn files_are_found_wherever_a_task_stands_but_not_where_their_text_is_known() {
        let mut paths = Vec::new();
        let set = json!({ "tasks": [
            { "id": "data/npz", "path": "a.npz" },
            { "id": "data/toml", "path": "b.toml", "text": "dt = 20" },
            { "id": "song2016/rdm_rt", "dt": 20 },
        ] });
        collect(&set, &mut paths);
        collect(&json!({ "path": "c.npz", "dt": 20 }), &mut paths);
        assert_eq!(paths, [PathBuf::from("a.npz"), PathBuf::from("c.npz")]);
    }

    #[test]
    fn a_file_that_has_changed_is_named() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.npz");
        std::fs::write(&path, b"12").unwrap();
        let file = DataFile::of(path.clone())?;
        file.check()?;
        std::fs::write(&path, b"13").unwrap();
        let message = file.check().unwrap_err().to_string();
        assert!(message.contains("trials.npz: has changed since the run was started"), "{message}");
        Ok(())
    }
}
