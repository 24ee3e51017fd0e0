//! Files that the hub's programs share, opened as they are.

use std::{fs::File, io, path::Path};

/// Opens a file to be written where it is, with what it holds, and makes it if it is not there. It is not followed to
/// another place, and what is no file is refused and not waited for.
pub(super) fn open_in_place(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits() as i32);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("something that is no file is there")) }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_opened_in_place_keeps_its_content_and_is_not_led_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let (kept, link) = (folder.path().join("kept"), folder.path().join("link"));
        fs::write(&kept, b"precious").unwrap();
        std::os::unix::fs::symlink(&kept, &link).unwrap();
        assert!(open_in_place(&link).is_err());
        assert!(open_in_place(&kept).is_ok() && open_in_place(&folder.path().join("new")).is_ok());
        assert_eq!(fs::read(&kept).unwrap(), b"precious");
    }
}
