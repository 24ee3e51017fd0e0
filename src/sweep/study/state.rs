//! How far a run of a study is, from the files of its own directory.
//!
//! ```text
//! finished.json                     finished
//! a held lock                       running
//! failed.json                       failed
//! optimizer.safetensors             interrupted
//! nothing but run.toml              pending
//! ```

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    files::{open_regular, read_text, remove_if_there, write_atomically},
    run_directory::{FINISHED, LOG, STATE, is_in_use},
};

/// The file that says why a run failed.
pub(in crate::sweep) const FAILED: &str = "failed.json";

/// The longest such file that is read, and the end of a log that is looked through, bytes.
const LONGEST: u64 = 1 << 20;
const END: u64 = 64 << 10;

/// Most characters of a message that are kept.
const LONGEST_MESSAGE: usize = 2000;

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Not begun.
    #[default]
    Pending,
    /// A process trains in its directory.
    Running,
    /// Begun, and to be gone on with.
    Interrupted,
    /// Its last attempt failed.
    Failed,
    /// Nothing is left to do.
    Finished,
}

impl RunState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Pending, Self::Running, Self::Interrupted, Self::Failed, Self::Finished];

    /// Its name, as a manifest has it.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }

    /// The state of the run in this directory.
    ///
    /// # Errors
    /// If its lock cannot be asked for.
    pub fn of(directory: &Path) -> Result<Self> {
        let holds = |name: &str| directory.join(name).exists();
        if holds(FINISHED) {
            return Ok(Self::Finished);
        }
        if is_in_use(directory)? {
            return Ok(Self::Running);
        }
        // It may have been finished just before its lock was asked for.
        Ok(match () {
            () if holds(FINISHED) => Self::Finished,
            () if holds(FAILED) => Self::Failed,
            () if holds(STATE) => Self::Interrupted,
            () => Self::Pending,
        })
    }
}

/// Why a run failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Attempts that failed.
    pub attempts: u32,
    /// What the last one said.
    pub message: String,
}

impl Failure {
    /// The failure of the run in this directory, if it failed.
    ///
    /// # Errors
    /// If its file cannot be read.
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(FAILED);
        if !path.exists() {
            return Ok(None);
        }
        let damaged = |error| Error::file(&path, format!("says no failure ({error}); remove it to try the run again"));
        serde_json::from_str(&read_text(&path, LONGEST)?).map(Some).map_err(damaged)
    }

    /// The same, where a file that cannot be read is a failure of no known attempts that says so.
    pub fn told(directory: &Path) -> Option<Self> {
        Self::read(directory).unwrap_or_else(|error| Some(Self { attempts: 0, message: error.to_string() }))
    }

    /// Writes it into the directory of its run.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, directory: &Path) -> Result<()> {
        let short = Self { message: self.message.chars().take(LONGEST_MESSAGE).collect(), ..self.clone() };
        let json = serde_json::json!(short);
        write_atomically(&directory.join(FAILED), format!("{json}\n").as_bytes())
    }

    /// Forgets the failure of the run in this directory, if there is one.
    ///
    /// # Errors
    /// If the file is there and cannot be removed.
    pub fn forget(directory: &Path) -> Result<()> {
        remove_if_there(&directory.join(FAILED))
    }
}

/// Where a run has got to, by its log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Reached {
    /// The last update that is logged.
    pub update: u64,
    /// The performance of the last validation, a fraction in [0, 1].
    pub performance: Option<f64>,
}

impl Reached {
    /// What the log in this directory says at its end; nothing where there is none yet.
    ///
    /// # Errors
    /// If the log is there and cannot be read.
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(LOG);
        if !path.exists() {
            return Ok(None);
        }
        let unreadable = |error| Error::file(&path, format!("could not be read ({error})"));
        let text = end(open_regular(&path)?, END).map_err(unreadable)?;
        Ok(Self::in_lines(&String::from_utf8_lossy(&text)))
    }

    fn in_lines(text: &str) -> Option<Self> {
        // Lines that are cut, at the beginning of the part that is read or while they are written, are no JSON.
        let records = text.lines().rev().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let mut found = None;
        for record in records {
            let update = record["update"].as_u64().unwrap_or(0);
            let reached = found.get_or_insert(Self { update, performance: None });
            if let Some(validation) = record.get("validation") {
                reached.performance = validation["performance"].as_f64();
                break;
            }
        }
        found
    }
}

/// The last bytes of a file.
pub(in crate::sweep) fn end(mut file: File, most: u64) -> std::io::Result<Vec<u8>> {
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::run_directory::{Existing, RunDirectory};

    #[test]
    fn the_state_is_that_of_the_files() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let write = |name: &str| fs::write(path.join(name), "{}").unwrap();
        write("run.toml");
        assert_eq!(RunState::of(path)?, RunState::Pending);
        write(STATE);
        assert_eq!(RunState::of(path)?, RunState::Interrupted);
        Failure { attempts: 1, message: "no".into() }.write(path)?;
        assert_eq!(RunState::of(path)?, RunState::Failed);
        let run = RunDirectory::open(path, Existing::Resume)?;
        let locked = run.lock()?;
        assert_eq!(RunState::of(path)?, RunState::Running);
        drop(locked);
        assert_eq!(RunState::of(path)?, RunState::Failed);
        write(FINISHED);
        assert_eq!(RunState::of(path)?, RunState::Finished);
        Ok(())
    }

    #[test]
    fn a_failure_is_read_as_it_was_written_and_forgotten() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Failure::read(folder.path())?, None);
        let failure = Failure { attempts: 2, message: "the loss is NaN\nat update 7".into() };
        failure.write(folder.path())?;
        assert_eq!(Failure::read(folder.path())?, Some(failure));
        Failure::forget(folder.path())?;
        Failure::forget(folder.path())?;
        assert_eq!(Failure::read(folder.path())?, None);
        fs::write(folder.path().join(FAILED), "[]").unwrap();
        assert!(Failure::read(folder.path()).unwrap_err().to_string().contains("says no failure"));
        let told = Failure::told(folder.path()).expect("a failure");
        assert!(told.attempts == 0 && told.message.contains("remove it to try the run again"), "{}", told.message);
        Ok(())
    }

    #[test]
    fn the_end_of_a_log_says_how_far_a_run_is() {
        let lines =
            "cut\": 1}\n{\"update\":10,\"validation\":{\"performance\":0.5}}\n{\"update\":20,\"loss\":1.0}\n{\"up";
        assert_eq!(Reached::in_lines(lines), Some(Reached { update: 20, performance: Some(0.5) }));
        assert_eq!(Reached::in_lines("{\"update\":3,\"loss\":1.0}\n"), Some(Reached { update: 3, performance: None }));
        assert_eq!(Reached::in_lines(""), None);
    }
}
