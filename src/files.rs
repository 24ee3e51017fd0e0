//! Files: written whole or not at all, and read only as far as they may reach.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
};

use crate::error::{Error, Result};

/// Writes a file so that it is there whole or not at all: to a temporary file beside it, synced, then renamed.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(directory)?;
        let mut file =
            tempfile::Builder::new().prefix(".nn4n-").make_in(directory, |path| fs::File::create_new(path))?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    write().map_err(|error| {
        Error::file(path, format!("could not be written ({error}); check the free space and the permissions"))
    })
}

/// Opens a regular file to read. Anything else is refused: a pipe would be waited for, and a device has no end.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    let unreadable = |error: io::Error| Error::file(path, format!("could not be read ({error})"));
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = options.read(true).open(path).map_err(unreadable)?;
    let kind = file.metadata().map_err(unreadable)?.file_type();
    if kind.is_file() {
        return Ok(file);
    }
    let what = if kind.is_dir() { "a directory" } else { "a pipe, a socket or a device" };
    Err(Error::file(path, format!("is {what}, where a regular file is needed; name another, or remove it")))
}

/// Reads a whole file, unless it has more than `most` bytes.
pub(crate) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    let unreadable = |error| Error::file(path, format!("could not be read ({error})"));
    let file = open_regular(path)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut bytes = Vec::new();
    if length <= most {
        // It may be growing, and what the system makes up (as below /proc) says that it is empty.
        file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    let length = length.max(bytes.len() as u64);
    if length > most {
        let message = format!("has {length} bytes or more, but may have at most {most}; name another file");
        return Err(Error::file(path, message));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_file_is_read_up_to_its_limit() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"four").unwrap();
        assert_eq!(read_bounded(&path, 4)?, b"four");
        let message = read_bounded(&path, 3).unwrap_err().to_string();
        assert!(message.contains("has 4 bytes or more, but may have at most 3"), "{message}");
        Ok(())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_has_no_end_or_waits_for_somebody_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for (path, kind) in [(&*pipe, "a pipe"), (Path::new("/dev/zero"), "a device"), (folder.path(), "a directory")] {
            let message = read_bounded(path, 1 << 20).unwrap_err().to_string();
            assert!(message.contains(kind), "{message}");
        }
        assert!(!read_bounded(Path::new("/proc/self/status"), 1 << 20).unwrap().is_empty());
        assert!(read_bounded(Path::new("/proc/self/status"), 10).is_err(), "its size is stated as 0");
    }
}
