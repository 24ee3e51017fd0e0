//! The files of one training run, and the rule that none is overwritten unasked.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    error::{Error, Result},
    files::write_atomically,
};

/// `DIR/{model.safetensors, optimizer.safetensors, run.toml, log.jsonl}`.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
    existing: Existing,
}

/// What to do with a directory that already holds a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse it.
    #[default]
    Keep,
    /// Replace it when the new run starts; a new run that is refused leaves it as it is.
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
        let run = Self { path: path.into(), existing };
        match existing {
            Existing::Keep => run.refuse_a_run()?,
            Existing::Resume => {
                if let Some(missing) = [run.optimizer(), run.model(), run.config()].iter().find(|file| !file.exists()) {
                    let name = missing.file_name().unwrap_or_default().display();
                    let message =
                        format!("holds no run to resume ({name} is missing); leave --resume out to start one");
                    return Err(Error::file(&run.path, message));
                }
            }
            Existing::Overwrite => {}
        }
        fs::create_dir_all(&run.path)
            .map_err(|error| Error::file(&run.path, format!("could not be created ({error})")))?;
        Ok(run)
    }

    /// Whether it was opened to continue a run.
    pub(crate) fn is_resumed(&self) -> bool {
        self.existing == Existing::Resume
    }

    /// Keeps other processes from training in the directory until it is dropped.
    pub(crate) fn lock(&self) -> Result<Lock> {
        let path = self.path.join(".lock");
        let file =
            fs::File::create(&path).map_err(|error| Error::file(&path, format!("could not be created ({error})")))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { path, _file: file }),
            Err(fs::TryLockError::WouldBlock) => {
                Err(Error::file(&self.path, "is in use by another training process; wait for it, or use another --out"))
            }
            Err(fs::TryLockError::Error(error)) => Err(Error::file(&path, format!("could not be locked ({error})"))),
        }
    }

    /// Begins the run: removes the files of the one it replaces, if it was opened to replace one, and writes its
    /// run.toml.
    pub(crate) fn begin(&self, config: &str) -> Result<()> {
        if self.existing == Existing::Overwrite {
            for file in self.files().into_iter().chain(self.event_files()).filter(|file| file.exists()) {
                fs::remove_file(&file)
                    .map_err(|error| Error::file(&file, format!("could not be replaced ({error})")))?;
            }
        }
        if !self.is_resumed() {
            self.refuse_a_run()?;
        }
        write_atomically(&self.config(), config.as_bytes())
    }

    fn refuse_a_run(&self) -> Result<()> {
        let Some(file) = self.files().into_iter().find(|file| file.exists()) else { return Ok(()) };
        let name = file.file_name().unwrap_or_default().display();
        let message = format!(
            "already holds a run ({name}); use --resume to continue it, --force to replace it, or another --out"
        );
        Err(Error::file(&self.path, message))
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

    /// TensorBoard's, which would show the curves of a replaced run with those of the new one.
    fn event_files(&self) -> Vec<PathBuf> {
        let is_ours = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("events.out.tfevents.") && name.ends_with(".nn4n")
        };
        fs::read_dir(&self.path).into_iter().flatten().flatten().map(|entry| entry.path()).filter(is_ours).collect()
    }
}

/// A directory in use.
pub(crate) struct Lock {
    path: PathBuf,
    _file: fs::File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock file that stays is in nobody's way: what counts is who holds it open.
        let _ = fs::remove_file(&self.path);
    }
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
        let replacing = RunDirectory::open(&path, Existing::Overwrite)?;
        assert!(run.model().exists(), "nothing is removed before the new run starts");
        replacing.begin("seed = 0")?;
        assert!(!run.model().exists() && run.config().exists());
        Ok(())
    }
}
