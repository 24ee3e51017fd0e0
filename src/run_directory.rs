//! The files of one training run, and the rule that none is overwritten unasked.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use crate::error::{Error, Result};

/// `DIR/{model.safetensors, optimizer.safetensors, run.toml, log.jsonl}`.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
}

/// What to do with a directory that already holds a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse it.
    #[default]
    Keep,
    /// Remove the run's files and start anew.
    Overwrite,
    /// Continue the run.
    Resume,
}

impl RunDirectory {
    /// Opens `path` for a run, creating it if it is not there.
    ///
    /// # Errors
    /// If it holds a run and `existing` is `Keep`, or holds none and `existing` is `Resume`.
    pub fn open(path: impl Into<PathBuf>, existing: Existing) -> Result<Self> {
        let run = Self { path: path.into() };
        let files = run.files();
        let found = files.iter().find(|file| file.exists());
        match (existing, found) {
            (Existing::Keep, Some(file)) => {
                return Err(Error::file(
                    &run.path,
                    format!(
                        "already holds a run ({}); use --resume to continue it, --force to replace it, or another --out",
                        file.file_name().unwrap_or_default().display()
                    ),
                ));
            }
            (Existing::Resume, _) if !run.optimizer().exists() => {
                return Err(Error::file(
                    &run.path,
                    "holds no run to resume (optimizer.safetensors is missing); leave --resume out to start one",
                ));
            }
            (Existing::Overwrite, _) => {
                for file in files.iter().filter(|file| file.exists()) {
                    fs::remove_file(file).map_err(|error| Error::file(file, format!("could not be replaced ({error})")))?;
                }
            }
            _ => {}
        }
        fs::create_dir_all(&run.path).map_err(|error| Error::file(&run.path, format!("could not be created ({error})")))?;
        Ok(run)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The best network so far.
    pub fn model(&self) -> PathBuf {
        self.path.join("model.safetensors")
    }

    /// The last parameters and the optimiser's state, to resume from.
    pub fn optimizer(&self) -> PathBuf {
        self.path.join("optimizer.safetensors")
    }

    /// The experiment.
    pub fn config(&self) -> PathBuf {
        self.path.join("run.toml")
    }

    /// One JSON record per logged update.
    pub fn log(&self) -> PathBuf {
        self.path.join("log.jsonl")
    }

    fn files(&self) -> [PathBuf; 4] {
        [self.model(), self.optimizer(), self.config(), self.log()]
    }
}

/// Writes a file so that it is there whole or not at all: to a temporary file beside it, synced, then renamed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(directory)?;
        let mut file = tempfile::Builder::new().prefix(".nn4n-").make_in(directory, |path| fs::File::create_new(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| Error::file(path, format!("could not be written ({error}); check the free space and the permissions")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_neither_overwritten_nor_resumed_unasked() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = RunDirectory::open(&path, Existing::Keep)?;
        assert!(RunDirectory::open(&path, Existing::Resume).unwrap_err().to_string().contains("no run to resume"));
        write_atomically(&run.model(), b"precious")?;
        let message = RunDirectory::open(&path, Existing::Keep).unwrap_err().to_string();
        assert!(message.contains("--force") && message.contains("model.safetensors"), "{message}");
        assert_eq!(fs::read(run.model()).unwrap(), b"precious");
        RunDirectory::open(&path, Existing::Overwrite)?;
        assert!(!run.model().exists());
        Ok(())
    }

    #[test]
    fn writing_replaces_the_whole_file_and_leaves_nothing_else() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file");
        write_atomically(&path, b"first, long")?;
        write_atomically(&path, b"second")?;
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        Ok(())
    }
}
