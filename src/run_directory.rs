//! The files of one training run, and the rule that none is overwritten unasked.

use std::{
    fs::{File, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::Duration,
};

use crate::{
    checkpoint::Checkpoint,
    error::{Error, Result},
    files::Directory,
};

pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const STATE: &str = "optimizer.safetensors";
pub(crate) const CONFIG: &str = "run.toml";
pub(crate) const LOG: &str = "log.jsonl";
pub(crate) const FINISHED: &str = "finished.json";
pub(crate) const TIME: &str = "time.json";
const LOCK: &str = ".lock";

/// Who only asks whether a directory is in use holds its lock for a moment, for which training waits.
const MOMENT: Duration = Duration::from_millis(20);
const MOMENTS: u32 = 5;

/// `DIR/{model.safetensors, optimizer.safetensors, run.toml, log.jsonl}`, `time.json` while it can go on,
/// `finished.json` once there is nothing left to do, and `model-UPDATE.safetensors` where networks of all validations
/// are kept.
///
/// The directory is held open: a run that goes on while its directory is moved, removed or replaced notices and stops.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    directory: Arc<Directory>,
    existing: Existing,
    /// Whether there is a state to go on from.
    is_resumed: bool,
}

/// What to do with a directory that already holds a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse it.
    #[default]
    Keep,
    /// Replace it when the new run starts; a new run that is refused leaves it as it is.
    Overwrite,
    /// Continue the run; start it where there is none.
    Resume,
}

impl RunDirectory {
    /// Opens `path` for a run, creating it if it is not there.
    ///
    /// # Errors
    /// If it holds a run and `existing` is `Keep`, or files of a run that cannot be continued and `existing` is
    /// `Resume`.
    pub fn open(path: impl AsRef<Path>, existing: Existing) -> Result<Self> {
        let directory = Arc::new(Directory::create(path.as_ref())?);
        let run = Self { directory, existing, is_resumed: false };
        match existing {
            Existing::Keep => run.refuse_a_run()?,
            Existing::Resume => run.refuse_half_a_run()?,
            Existing::Overwrite => {}
        }
        Ok(Self { is_resumed: run.is_to_be_resumed(), ..run })
    }

    /// Whether it was opened to continue a run and holds one.
    pub fn is_resumed(&self) -> bool {
        self.is_resumed
    }

    fn is_to_be_resumed(&self) -> bool {
        self.existing == Existing::Resume && self.optimizer().exists()
    }

    /// Takes the directory in use: other processes are kept from training in it until this is dropped.
    pub(crate) fn lock(&self) -> Result<Locked<'_>> {
        let path = self.path().join(LOCK);
        let file = self.directory.open_or_create(LOCK)?;
        match patiently(|| file.try_lock()) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = "is in use by another training process; wait for it, or use another --out";
                return Err(Error::file(self.path(), message));
            }
            Err(TryLockError::Error(error)) => {
                let message = format!("could not be locked ({error}); use another --out, on a file system with locks");
                return Err(Error::file(&path, message));
            }
        }
        let locked = Locked { run: self, file };
        locked.check_in_place()?;
        if self.is_to_be_resumed() != self.is_resumed {
            let message = "was trained in by another process just now; give the command again";
            return Err(Error::file(self.path(), message));
        }
        self.directory.remove_unfinished()?;
        Ok(locked)
    }

    fn refuse_a_run(&self) -> Result<()> {
        let Some(name) = [MODEL, STATE, CONFIG, LOG].into_iter().find(|name| self.path().join(name).exists()) else {
            return Ok(());
        };
        let message = format!(
            "already holds a run ({name}); use --resume to continue it, --force to replace it, or another --out"
        );
        Err(Error::file(self.path(), message))
    }

    /// Refuses files without which a run cannot go on, and those of a run whose state is gone. One that was killed
    /// before its state was written has done nothing yet, and may start again.
    fn refuse_half_a_run(&self) -> Result<()> {
        let missing = match (self.optimizer().exists(), self.config().exists()) {
            (true, true) => return Ok(()),
            (true, false) => CONFIG,
            (false, true) if !self.log().exists() && self.holds_nothing_trained() => return Ok(()),
            (false, false) if !self.log().exists() && !self.model().exists() => return Ok(()),
            (false, _) => STATE,
        };
        let message = format!(
            "holds a run that cannot be continued ({missing} is missing); restore that file, start anew with --force, \
            or use another --out"
        );
        Err(Error::file(self.path(), message))
    }

    fn holds_nothing_trained(&self) -> bool {
        !self.model().exists() || Checkpoint::load(self.model()).is_ok_and(|found| found.header.train.updates == 0)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The best network so far.
    pub fn model(&self) -> PathBuf {
        self.path().join(MODEL)
    }

    /// The last parameters and the optimiser's state, to resume from.
    pub fn optimizer(&self) -> PathBuf {
        self.path().join(STATE)
    }

    /// The experiment.
    pub fn config(&self) -> PathBuf {
        self.path().join(CONFIG)
    }

    /// One JSON record per logged update.
    pub fn log(&self) -> PathBuf {
        self.path().join(LOG)
    }

    /// Says why the run is finished; there only if it is.
    pub fn finished(&self) -> PathBuf {
        self.path().join(FINISHED)
    }

    /// How long the run has trained; there only while it can go on.
    pub fn time(&self) -> PathBuf {
        self.path().join(TIME)
    }

    /// The network of the validation after so many updates, where `train.validation.keep` asks for it.
    pub fn kept(&self, update: u64) -> PathBuf {
        self.path().join(kept(update))
    }

    /// Files that a new run may not replace one by one: TensorBoard's, which would show the curves of both, and kept
    /// networks.
    fn files_of_their_own(&self) -> Result<Vec<String>> {
        let is_event_file = |name: &str| name.starts_with("events.out.tfevents.") && name.ends_with(".nn4n");
        let is_kept = |name: &str| {
            let update = name.strip_prefix("model-").and_then(|rest| rest.strip_suffix(".safetensors"));
            update.and_then(|update| update.parse::<u64>().ok()).is_some_and(|update| kept(update) == name)
        };
        Ok(self.directory.names()?.into_iter().filter(|name| is_event_file(name) || is_kept(name)).collect())
    }
}

/// The name of the network that is kept after so many updates.
pub(crate) fn kept(update: impl std::fmt::Display) -> String {
    format!("model-{update}.safetensors")
}

/// Whether a process trains in a directory.
///
/// # Errors
/// If its lock cannot be asked for.
#[cfg(feature = "sweep")]
pub(crate) fn is_in_use(directory: &Path) -> Result<bool> {
    let path = directory.join(LOCK);
    if !path.exists() {
        return Ok(false);
    }
    // Shared, so that those who ask do not take each other for training; it is free again when the file is closed.
    match crate::files::open_regular(&path)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => {
            Err(Error::file(path, format!("could not be asked for ({error}); use a file system with locks")))
        }
    }
}

/// Tries again for a moment.
fn patiently(lock: impl Fn() -> std::result::Result<(), TryLockError>) -> std::result::Result<(), TryLockError> {
    for _ in 0..MOMENTS {
        match lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(MOMENT),
            other => return other,
        }
    }
    lock()
}

/// A directory in use. Its lock file stays when the run has ended: another process may have opened it by then, and
/// would hold the lock of a file that is no longer there.
pub(crate) struct Locked<'a> {
    run: &'a RunDirectory,
    file: File,
}

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // Closing the file is not enough while a child that is just being started still has it, too. If this fails,
        // that moment has to pass.
        let _ = self.file.unlock();
    }
}

impl Locked<'_> {
    /// Begins the run: removes the files of the one it replaces, if it was opened to replace one, and writes its
    /// run.toml.
    pub(crate) fn begin(&self, config: &str) -> Result<()> {
        self.check_in_place()?;
        let directory = &self.run.directory;
        if self.run.existing == Existing::Overwrite {
            let others = self.run.files_of_their_own()?;
            let files = [MODEL, STATE, CONFIG, LOG].map(String::from);
            files.iter().chain(&others).try_for_each(|name| directory.remove(name))?;
        }
        match self.run.existing {
            Existing::Resume => self.run.refuse_half_a_run()?,
            Existing::Keep | Existing::Overwrite => self.run.refuse_a_run()?,
        }
        directory.remove(FINISHED)?;
        if !self.run.is_resumed {
            directory.remove(TIME)?;
        }
        self.write(CONFIG, config.as_bytes())
    }

    pub(crate) fn write_model(&self, bytes: &[u8]) -> Result<()> {
        self.write(MODEL, bytes)
    }

    /// Keeps the network of a validation.
    pub(crate) fn write_kept(&self, update: u64, bytes: &[u8]) -> Result<()> {
        self.write(&kept(update), bytes)
    }

    pub(crate) fn write_state(&self, bytes: &[u8]) -> Result<()> {
        self.write(STATE, bytes)
    }

    /// Says in a file how long the run has trained.
    pub(crate) fn write_time(&self, time: &str) -> Result<()> {
        self.write(TIME, time.as_bytes())
    }

    /// Says in a file that there is nothing left to do, and how long it took.
    pub(crate) fn finish(&self, why: &str) -> Result<()> {
        self.write(FINISHED, why.as_bytes())?;
        self.run.directory.remove(TIME)
    }

    /// Writes the log anew, with what `write` puts into it.
    pub(crate) fn replace_log(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        self.check_in_place()?;
        self.run.directory.replace(LOG, write)
    }

    /// The log, to be read and written.
    pub(crate) fn open_log(&self) -> Result<File> {
        self.check_in_place()?;
        self.run.directory.open_or_create(LOG)
    }

    /// Refuses to go on where the log is no longer this file.
    pub(crate) fn check_log(&self, log: &File) -> Result<()> {
        self.check_in_place()?;
        if self.run.directory.holds(LOG, log) { Ok(()) } else { Err(self.out_of_place()) }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        self.check_in_place()?;
        self.run.directory.replace(name, |file| file.write_all(bytes))
    }

    /// The directory that the path leads to must be the one that was opened, and its lock file the one that is locked:
    /// otherwise another process may be training there.
    fn check_in_place(&self) -> Result<()> {
        let directory = &self.run.directory;
        if directory.is_in_place() && directory.holds(LOCK, &self.file) { Ok(()) } else { Err(self.out_of_place()) }
    }

    fn out_of_place(&self) -> Error {
        let message = "was moved, removed or replaced while the run trained in it, and the run stopped; where its \
            files are now, continue it with --resume";
        Error::file(self.run.path(), message)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_run_is_neither_overwritten_nor_resumed_unasked() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = RunDirectory::open(&path, Existing::Keep)?;
        assert!(!RunDirectory::open(&path, Existing::Resume)?.is_resumed(), "there is none to continue");
        fs::write(run.model(), b"precious").unwrap();
        let message = RunDirectory::open(&path, Existing::Keep).unwrap_err().to_string();
        assert!(message.contains("--force") && message.contains("model.safetensors"), "{message}");
        let message = RunDirectory::open(&path, Existing::Resume).unwrap_err().to_string();
        assert!(message.contains("optimizer.safetensors is missing"), "{message}");
        assert_eq!(fs::read(run.model()).unwrap(), b"precious");
        let replacing = RunDirectory::open(&path, Existing::Overwrite)?;
        assert!(run.model().exists(), "nothing is removed before the new run starts");
        replacing.lock()?.begin("seed = 0")?;
        assert!(!run.model().exists() && run.config().exists());
        Ok(())
    }

    #[test]
    fn one_process_at_a_time_trains_in_a_directory() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let open = || RunDirectory::open(folder.path(), Existing::Keep);
        let (one, other) = (open()?, open()?);
        let locked = one.lock()?;
        assert!(other.lock().err().unwrap().to_string().contains("in use by another training process"));
        drop(locked);
        other.lock()?;
        assert!(folder.path().join(LOCK).exists(), "the lock file stays");
        Ok(())
    }

    /// What could be meant to hold the lock, but is another's.
    #[test]
    #[cfg(unix)]
    fn a_lock_file_that_is_none_is_refused_and_what_it_leads_to_is_left_alone() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let (run, precious) = (folder.path().join("run"), folder.path().join("precious"));
        let opened = RunDirectory::open(&run, Existing::Keep)?;
        fs::write(&precious, b"1").unwrap();
        std::os::unix::fs::symlink(&precious, run.join(LOCK)).unwrap();
        let refusal = |what: &str| {
            let message = opened.lock().err().unwrap().to_string();
            assert!(message.contains(".lock: is ") && message.contains(what), "{message}");
        };
        refusal("a symbolic link");
        assert_eq!(fs::read(&precious).unwrap(), b"1");
        fs::remove_file(run.join(LOCK)).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(run.join(LOCK)).status().unwrap().success());
        refusal("a pipe");
        Ok(())
    }

    #[test]
    #[cfg(unix)]
    fn a_directory_or_a_lock_that_another_took_the_place_of_is_noticed() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let run = RunDirectory::open(&path, Existing::Keep)?;
        let stopped = |locked: &Locked<'_>| {
            let message = locked.write_model(b"late").unwrap_err().to_string();
            assert!(message.contains("moved, removed or replaced"), "{message}");
        };
        let locked = run.lock()?;
        locked.write_model(b"early")?;
        fs::remove_file(path.join(LOCK)).unwrap();
        stopped(&locked);
        fs::write(path.join(LOCK), b"").unwrap();
        stopped(&locked);
        drop(locked);
        let locked = run.lock()?;
        fs::rename(&path, folder.path().join("moved")).unwrap();
        stopped(&locked);
        fs::create_dir(&path).unwrap();
        stopped(&locked);
        assert_eq!(fs::read(folder.path().join("moved/model.safetensors")).unwrap(), b"early");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
        Ok(())
    }
}
