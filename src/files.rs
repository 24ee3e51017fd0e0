//! Files: written whole or not at all, and read only as far as they may reach.

use std::{fs, io::Write, path::Path};

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

/// Reads a whole file, unless it has more than `most` bytes.
pub(crate) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    let unreadable = |error| Error::file(path, format!("could not be read ({error})"));
    let length = fs::metadata(path).map_err(unreadable)?.len();
    if length > most {
        let message = format!("has {length} bytes, more than the {most} that a network can have; name another file");
        return Err(Error::file(path, message));
    }
    fs::read(path).map_err(unreadable)
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
}
