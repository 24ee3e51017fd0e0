//! Files: written whole or not at all, and read only as far as they may reach.

mod arrays;
mod directory;
#[cfg(feature = "hdf5")]
mod hdf5;
#[cfg(all(test, feature = "hdf5"))]
mod hdf5_read_back;
mod names;
mod npz;
mod unfinished;

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
};

#[cfg(feature = "hdf5")]
pub(crate) use arrays::each as each_array;
pub(crate) use arrays::{ArrayFile, ArrayFormat, Meaning};
pub(crate) use directory::Directory;
#[cfg(feature = "hdf5")]
pub(crate) use hdf5::Hdf5;
pub(crate) use npz::{Npz, Spool};
pub(crate) use unfinished::{Unfinished, folder_of};

use crate::error::{Error, Result};

/// Writes a file that is not there yet, whole or not at all; one that is there stays.
#[cfg(feature = "sweep")]
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = Unfinished::create(path)?;
        file.write_all(bytes)?;
        file.finish_new()
    };
    write().map_err(|error| unwritten(path, &error))
}

/// Removes a file, if it is there.
#[cfg(feature = "sweep")]
pub(crate) fn remove_if_there(path: &Path) -> Result<()> {
    // Where nothing can be written, removing what is not there fails, too.
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(());
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::file(path, format!("could not be removed ({error}); check the permissions")))
        }
        _ => Ok(()),
    }
}

/// Writes a file so that it is there whole or not at all.
pub(crate) fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = Unfinished::create(path)?;
        file.write_all(bytes)?;
        file.finish()
    };
    write().map_err(|error| unwritten(path, &error))
}

/// Bytes that may still be written below a folder, or below what it will be created in, where the system says how many.
#[cfg(feature = "hub")]
pub(crate) fn free_space(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let is_there = |folder: &&Path| folder.is_dir() || folder.as_os_str().is_empty();
        let there = folder.ancestors().find(is_there).filter(|there| !there.as_os_str().is_empty());
        let space = rustix::fs::statvfs(there.unwrap_or(Path::new("."))).ok()?;
        // File systems without an account say that they have no blocks at all.
        (space.f_blocks > 0).then(|| space.f_bavail.saturating_mul(space.f_frsize))
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

pub(crate) fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    Error::file(path, format!("could not be written ({error}); check the free space and the permissions"))
}

/// Opens a regular file to read. Anything else is refused: a pipe would be waited for, and a device has no end.
pub(crate) fn open_regular(path: &Path) -> Result<File> {
    let unreadable = |error: std::io::Error| Error::file(path, format!("could not be read ({error})"));
    // Asked before it is opened, because opening a device can have effects, and after, because it may be another by
    // then.
    refuse_irregular(path, &fs::metadata(path).map_err(unreadable)?)?;
    let file = directory::without_waiting().read(true).open(path).map_err(unreadable)?;
    refuse_irregular(path, &file.metadata().map_err(unreadable)?)?;
    Ok(file)
}

fn refuse_irregular(path: &Path, found: &fs::Metadata) -> Result<()> {
    let what = match found.file_type() {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a directory",
        kind if kind.is_symlink() => "a symbolic link",
        _ => "a pipe, a socket or a device",
    };
    Err(Error::file(path, format!("is {what}, where a regular file is needed; name another, or remove it")))
}

/// Reads a whole regular file, unless it has more than `most` bytes.
pub(crate) fn read_bounded(path: &Path, most: u64) -> Result<Vec<u8>> {
    read_rest(path, open_regular(path)?, most)
}

/// Reads an open file to its end, unless it has more than `most` bytes.
pub(crate) fn read_rest(path: &Path, file: File, most: u64) -> Result<Vec<u8>> {
    let unreadable = |error| Error::file(path, format!("could not be read ({error})"));
    let too_long = |length: &str| {
        Err(Error::file(path, format!("has {length} bytes, more than the {most} that are read; name another file")))
    };
    let length = file.metadata().map_err(unreadable)?.len();
    if length > most {
        return too_long(&length.to_string());
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // It may grow while it is read.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > most { too_long("more") } else { Ok(bytes) }
}

/// Reads a whole text, unless it has more than `most` bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(read_bounded(path, most)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Error::file(path, format!("is no text: its byte {at} is not UTF-8; name another file"))
    })
}

/// Length and checksum of a file, to tell whether it has changed.
pub(crate) fn fingerprint(path: &Path) -> Result<(u64, u32)> {
    let unreadable = |error| Error::file(path, format!("could not be read ({error})"));
    let mut file = open_regular(path)?;
    let (mut buffer, mut length, mut checksum) = (vec![0; 1 << 20], 0, 0);
    loop {
        match file.read(&mut buffer).map_err(unreadable)? {
            0 => return Ok((length, checksum)),
            read => {
                length += read as u64;
                checksum = crc32c::crc32c_append(checksum, &buffer[..read]);
            }
        }
    }
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
    #[cfg(all(unix, feature = "hub"))]
    fn a_folder_that_is_not_there_yet_has_the_space_of_where_it_will_be() {
        let folder = tempfile::tempdir().unwrap();
        assert!(free_space(folder.path()).is_some_and(|bytes| bytes > 0));
        assert!(free_space(&folder.path().join("not/yet")).is_some() && free_space(Path::new("runs-to-be")).is_some());
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_and_not_a_byte_further() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"12345").unwrap();
        assert_eq!(read_bounded(&path, 5)?, b"12345");
        assert!(read_bounded(&path, 4).unwrap_err().to_string().contains("has 5 bytes, more than the 4"));
        assert!(read_bounded(folder.path(), 5).unwrap_err().to_string().contains("a directory"));
        Ok(())
    }

    #[test]
    #[cfg(unix)]
    fn what_has_no_end_or_waits_for_someone_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        for path in [&pipe, Path::new("/dev/zero")] {
            let message = read_bounded(path, 5).unwrap_err().to_string();
            assert!(message.contains("a pipe, a socket or a device"), "{message}");
        }
    }

    #[test]
    fn a_fingerprint_is_that_of_the_whole_file() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        // CRC-32C of 32 zero bytes is 0x8A9136AA (RFC 3720, B.4).
        fs::write(&path, [0; 32]).unwrap();
        assert_eq!(fingerprint(&path)?, (32, 0x8A91_36AA));
        let long = vec![7; (1 << 20) + 5];
        fs::write(&path, &long).unwrap();
        assert_eq!(fingerprint(&path)?, (long.len() as u64, crc32c::crc32c(&long)));
        Ok(())
    }
}
