//! A directory that is held open: what is done in it happens there, wherever it is moved and whatever takes its name.
//!
//! Where the system has no such handles (it is no Unix), the path stands for the directory.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use super::{refuse_irregular, unwritten};
use crate::error::{Error, Result};

/// Begins the names of files that are not whole yet. Who holds the lock of the directory may remove them.
pub(super) const UNFINISHED: &str = ".nn4n-run-";

/// A directory held open.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    handle: sys::Handle,
}

impl Directory {
    /// Opens a directory, after creating it if it is not there.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let failed = |error| Error::file(path, format!("could not be created ({error})"));
        fs::create_dir_all(path).map_err(failed)?;
        Ok(Self { path: path.into(), handle: sys::Handle::open(path).map_err(failed)? })
    }

    /// As it was asked for.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether its path still leads to it.
    pub(crate) fn is_in_place(&self) -> bool {
        self.handle.is_at(&self.path)
    }

    /// Whether the file of this name is this one.
    pub(crate) fn holds(&self, name: &str, file: &File) -> bool {
        self.handle.holds(&self.path, name, file)
    }

    /// Opens a regular file to read and write, creating it if it is not there; what is in it stays. A symbolic link is
    /// not followed.
    pub(crate) fn open_or_create(&self, name: &str) -> Result<File> {
        let path = self.path.join(name);
        let file = match self.handle.open_or_create(&self.path, name) {
            Ok(file) => file,
            Err(error) => {
                // Where the system refuses a link or a pipe, it says so in words that nobody understands.
                fs::symlink_metadata(&path).map_or(Ok(()), |found| refuse_irregular(&path, &found))?;
                return Err(Error::file(&path, format!("could not be opened ({error})")));
            }
        };
        let found = file.metadata().map_err(|error| Error::file(&path, format!("could not be read ({error})")))?;
        refuse_irregular(&path, &found)?;
        Ok(file)
    }

    /// Writes a file, whole or not at all, with what `write` puts into it.
    pub(crate) fn replace(&self, name: &str, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        let unfinished = format!("{UNFINISHED}{name}");
        let replace = || {
            self.remove_if_there(&unfinished)?;
            let mut file = BufWriter::new(self.handle.create_new(&self.path, &unfinished)?);
            write(&mut file)?;
            file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            self.handle.rename(&self.path, &unfinished, name)
        };
        replace().map_err(|error| {
            // It stays only where the directory itself is gone.
            let _ = self.remove_if_there(&unfinished);
            unwritten(&self.path.join(name), &error)
        })
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, name: &str) -> Result<()> {
        let unremoved = |error| Error::file(self.path.join(name), format!("could not be removed ({error})"));
        self.remove_if_there(name).map_err(unremoved)
    }

    fn remove_if_there(&self, name: &str) -> io::Result<()> {
        match self.handle.remove(&self.path, name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Removes what killed processes left unfinished.
    pub(crate) fn remove_unfinished(&self) -> Result<()> {
        self.names()?.iter().filter(|name| name.starts_with(UNFINISHED)).try_for_each(|name| self.remove(name))
    }

    /// The names of what is in it.
    pub(crate) fn names(&self) -> Result<Vec<String>> {
        let unreadable = |error| Error::file(&self.path, format!("could not be read ({error})"));
        self.handle.names(&self.path).map_err(unreadable)
    }
}

/// How to open what may turn out to be a pipe, for which the system would wait.
pub(super) fn without_waiting() -> OpenOptions {
    let mut options = OpenOptions::new();
    sys::do_not_wait(&mut options);
    options
}

#[cfg(unix)]
mod sys {
    use std::{
        fs::{self, File, OpenOptions},
        io,
        os::unix::fs::{MetadataExt, OpenOptionsExt},
        path::Path,
    };

    use rustix::fs::{AtFlags, Dir, Mode, OFlags, openat, renameat, unlinkat};

    #[derive(Debug)]
    pub struct Handle(File);

    /// As the process' mask allows.
    const MODE: Mode = Mode::from_raw_mode(0o666);

    pub fn do_not_wait(options: &mut OpenOptions) {
        options.custom_flags(OFlags::NONBLOCK.bits() as i32);
    }

    fn same(held: &File, found: io::Result<fs::Metadata>) -> bool {
        match (held.metadata(), found) {
            (Ok(held), Ok(found)) => (held.dev(), held.ino()) == (found.dev(), found.ino()),
            _ => false,
        }
    }

    impl Handle {
        pub fn open(path: &Path) -> io::Result<Self> {
            Ok(Self(File::open(path)?))
        }

        pub fn is_at(&self, path: &Path) -> bool {
            same(&self.0, fs::metadata(path))
        }

        pub fn holds(&self, _path: &Path, name: &str, file: &File) -> bool {
            let how = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let found = openat(&self.0, name, how, Mode::empty()).map(File::from);
            found.is_ok_and(|found| same(file, found.metadata()))
        }

        pub fn open_or_create(&self, _path: &Path, name: &str) -> io::Result<File> {
            let how = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            Ok(openat(&self.0, name, how, MODE)?.into())
        }

        pub fn create_new(&self, _path: &Path, name: &str) -> io::Result<File> {
            let how = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
            Ok(openat(&self.0, name, how, MODE)?.into())
        }

        pub fn rename(&self, _path: &Path, from: &str, to: &str) -> io::Result<()> {
            Ok(renameat(&self.0, from, &self.0, to)?)
        }

        pub fn remove(&self, _path: &Path, name: &str) -> io::Result<()> {
            Ok(unlinkat(&self.0, name, AtFlags::empty())?)
        }

        /// Names that are no UTF-8 are none of ours.
        pub fn names(&self, _path: &Path) -> io::Result<Vec<String>> {
            let mut names = Vec::new();
            for entry in Dir::read_from(&self.0)? {
                names.extend(entry?.file_name().to_str().ok().map(String::from));
            }
            Ok(names)
        }
    }
}

#[cfg(not(unix))]
mod sys {
    use std::{
        fs::{self, File, OpenOptions},
        io,
        path::Path,
    };

    #[derive(Debug)]
    pub struct Handle;

    pub fn do_not_wait(_options: &mut OpenOptions) {}

    impl Handle {
        pub fn open(_path: &Path) -> io::Result<Self> {
            Ok(Self)
        }

        pub fn is_at(&self, path: &Path) -> bool {
            path.is_dir()
        }

        pub fn holds(&self, path: &Path, name: &str, _file: &File) -> bool {
            path.join(name).is_file()
        }

        pub fn open_or_create(&self, path: &Path, name: &str) -> io::Result<File> {
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path.join(name))
        }

        pub fn create_new(&self, path: &Path, name: &str) -> io::Result<File> {
            File::create_new(path.join(name))
        }

        pub fn rename(&self, path: &Path, from: &str, to: &str) -> io::Result<()> {
            fs::rename(path.join(from), path.join(to))
        }

        pub fn remove(&self, path: &Path, name: &str) -> io::Result<()> {
            fs::remove_file(path.join(name))
        }

        pub fn names(&self, path: &Path) -> io::Result<Vec<String>> {
            let name = |entry: io::Result<fs::DirEntry>| Ok(entry?.file_name().into_string().ok());
            fs::read_dir(path)?.filter_map(|entry| name(entry).transpose()).collect()
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_goes_where_the_directory_is_and_not_into_one_that_took_its_name() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("here"), folder.path().join("there"));
        let directory = Directory::create(&here)?;
        let write = |bytes: &[u8]| directory.replace("file", |file| file.write_all(bytes));
        write(b"first")?;
        assert!(directory.is_in_place());
        fs::rename(&here, &there).unwrap();
        assert!(!directory.is_in_place());
        fs::create_dir(&here).unwrap();
        assert!(!directory.is_in_place());
        write(b"second")?;
        assert_eq!(fs::read(there.join("file")).unwrap(), b"second");
        assert_eq!(fs::read_dir(&here).unwrap().count(), 0);
        fs::remove_dir_all(&there).unwrap();
        assert!(write(b"third").unwrap_err().to_string().contains("could not be written"));
        Ok(())
    }

    #[test]
    fn a_file_is_opened_as_it_is_and_nothing_but_a_file_is_opened() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let directory = Directory::create(folder.path())?;
        let at = |name: &str| folder.path().join(name);
        fs::write(at("precious"), b"1").unwrap();
        let file = directory.open_or_create("precious")?;
        assert!(directory.holds("precious", &file) && fs::read(at("precious")).unwrap() == b"1");
        fs::rename(at("precious"), at("moved")).unwrap();
        assert!(!directory.holds("precious", &file));
        std::os::unix::fs::symlink(at("moved"), at("link")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        fs::create_dir(at("folder")).unwrap();
        for (name, what) in [("link", "a symbolic link"), ("pipe", "a pipe"), ("folder", "a directory")] {
            let message = directory.open_or_create(name).unwrap_err().to_string();
            assert!(message.contains(&format!("is {what}")), "{message}");
        }
        assert_eq!(fs::read(at("moved")).unwrap(), b"1");
        Ok(())
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        for name in [".nn4n-run-model.safetensors", ".nn4n-abc", "model.safetensors"] {
            fs::write(folder.path().join(name), b"1").unwrap();
        }
        Directory::create(folder.path())?.remove_unfinished()?;
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".nn4n-abc", "model.safetensors"]);
        Ok(())
    }
}
