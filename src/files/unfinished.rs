//! A file that is there whole or not at all: written beside its place under another name, synced, then renamed.
//!
//! Its lock is held as long as it is written, so that what a killed process left is told from what another is writing:
//! the next file that is written there removes the former.

use std::{
    collections::BTreeSet,
    fs::{self, File, Metadata},
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tempfile::NamedTempFile;

use super::directory::{UNFINISHED as OF_A_RUN, without_waiting};

/// Begins the names of files that are not whole yet.
const PREFIX: &str = ".nn4n-";

/// How many characters the rest of such a name has.
const DRAWN: usize = 8;

/// Where this process has looked for what others left.
static SEEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file that is not whole yet.
#[derive(Debug)]
pub(crate) struct Unfinished {
    file: NamedTempFile<File>,
    path: PathBuf,
}

impl Unfinished {
    /// Begins the file that will be at `path`, in a folder that is created if it is not there.
    pub fn create(path: &Path) -> io::Result<Self> {
        let folder = folder_of(path);
        fs::create_dir_all(folder)?;
        if SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(fs::canonicalize(folder)?) {
            remove_left(folder)?;
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).rand_bytes(DRAWN);
        loop {
            let file = builder.make_in(folder, |path| File::create_new(path))?;
            // A file system without locks has none that anybody could mistake for free, either.
            let _ = file.as_file().try_lock();
            // Who removes what is left may have come between.
            if is_at(file.path(), &file.as_file().metadata()?) {
                return Ok(Self { file, path: path.into() });
            }
        }
    }

    /// Where it is until then, for what writes by name.
    #[cfg(feature = "hdf5")]
    pub fn temporary(&self) -> &Path {
        self.file.path()
    }

    /// Puts it in its place.
    pub fn finish(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }

    /// The same where nothing is yet: what came there meanwhile stays, and is the error.
    #[cfg(any(feature = "sweep", test))]
    pub fn finish_new(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

impl Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Unfinished {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes what killed processes left in a folder. What belongs to a run goes with the lock of its directory.
fn remove_left(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let is_ours = name.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == DRAWN || rest.len() == 6);
        if is_ours && !name.starts_with(OF_A_RUN) && entry.file_type()?.is_file() {
            remove_if_free(&entry.path());
        }
    }
    Ok(())
}

/// Removes a file whose lock nobody holds. One that cannot be opened, locked or removed is somebody else's.
fn remove_if_free(path: &Path) {
    let Ok(file) = without_waiting().read(true).open(path) else { return };
    if file.try_lock().is_ok() {
        let _ = fs::remove_file(path);
    }
}

/// Whether a file is still what its name leads to.
#[cfg(unix)]
fn is_at(path: &Path, file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    fs::symlink_metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == (file.dev(), file.ino()))
}

#[cfg(not(unix))]
fn is_at(path: &Path, _file: &Metadata) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_being_written_stays() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let of_others = [".nn4n-notes.txt", ".nn4n-run-model.safetensors", "model.safetensors"];
        for name in [&of_others[..], &[".nn4n-aB3dE6gH", ".nn4n-aB3dE6"]].concat() {
            fs::write(folder.path().join(name), b"1")?;
        }
        let (used, held) = (folder.path().join(".nn4n-12345678"), File::create(folder.path().join(".nn4n-12345678"))?);
        held.try_lock().unwrap();
        remove_left(folder.path())?;
        assert_eq!(names(folder.path()), [&[".nn4n-12345678"], &of_others[..]].concat());
        drop(held);
        remove_left(folder.path())?;
        assert!(!used.exists());
        Ok(())
    }

    #[test]
    fn a_file_in_the_making_is_locked_and_left_alone() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        fs::write(folder.path().join(".nn4n-aB3dE6gH"), b"1")?;
        let mut file = Unfinished::create(&folder.path().join("deep/../file"))?;
        file.write_all(b"whole")?;
        remove_left(folder.path())?;
        assert!(matches!(&names(folder.path())[..], [unfinished, _deep] if unfinished.starts_with(PREFIX)));
        file.finish()?;
        assert_eq!(fs::read(folder.path().join("file"))?, b"whole");
        assert_eq!(names(folder.path()), ["deep", "file"]);
        let mut file = Unfinished::create(&folder.path().join("file"))?;
        file.write_all(b"another")?;
        assert_eq!(file.finish_new().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(folder.path().join("file"))?, b"whole");
        assert_eq!(names(folder.path()), ["deep", "file"]);
        Ok(())
    }
}
