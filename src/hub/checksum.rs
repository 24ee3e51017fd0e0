//! What the hub states of a file's content in its ETag, and whether it holds.
//!
//! ```text
//! large files    sha256(content)                              64 hexadecimal digits
//! other files    sha1("blob " + size + "\0" + content)        40, as git names a file's content
//! ```

use std::{
    fmt::Write,
    io::{self, Read},
    path::Path,
};

use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

use crate::files::open_regular;

/// A checksum in lower-case hexadecimal digits, which are also safe as the name of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksum(String);

impl Checksum {
    /// Reads an ETag, strong or weak; `None` if it is no checksum of the content.
    pub fn of_etag(etag: &str) -> Option<Self> {
        let digits = etag.strip_prefix("W/").unwrap_or(etag).trim_matches('"');
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (matches!(digits.len(), 40 | 64) && digits.bytes().all(is_digit)).then(|| Self(digits.into()))
    }

    /// The hexadecimal digits.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Of which kind it is, in words.
    pub fn kind(&self) -> &'static str {
        if self.is_sha256() { "SHA-256" } else { "git hash" }
    }

    /// The checksum of the same kind that the file has.
    pub fn found_in(&self, path: &Path) -> io::Result<Self> {
        let mut file = open_regular(path).map_err(io::Error::other)?;
        let mut context = if self.is_sha256() {
            Context::new(&SHA256)
        } else {
            let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
            context.update(format!("blob {}\0", file.metadata()?.len()).as_bytes());
            context
        };
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            context.update(buffer.get(..read).unwrap_or_default());
        }
        let mut digits = String::new();
        for byte in context.finish().as_ref() {
            write!(digits, "{byte:02x}").map_err(io::Error::other)?;
        }
        Ok(Self(digits))
    }

    /// Whether the file can be read and has this checksum.
    pub fn holds(&self, path: &Path) -> bool {
        self.found_in(path).is_ok_and(|found| found == *self)
    }

    fn is_sha256(&self) -> bool {
        self.0.len() == 64
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// "abc" of FIPS 180-2, appendix B.1; the empty file and "hello\n" as `git hash-object` prints them.
    #[test]
    fn known_contents_have_their_known_checksums() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for (content, digits) in [
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            ("", "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
            ("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a"),
        ] {
            fs::write(&path, content).unwrap();
            let checksum = Checksum::of_etag(&format!("W/\"{digits}\"")).unwrap();
            assert_eq!(checksum.found_in(&path).unwrap().digits(), digits);
            fs::write(&path, format!("{content}!")).unwrap();
            assert!(!checksum.holds(&path));
        }
    }

    #[test]
    fn an_etag_that_is_no_checksum_is_none() {
        for etag in [
            "",
            "\"\"",
            "5d41402abc4b2a76b9719d911017c592",
            "../../etc/passwd",
            &"g".repeat(64),
            &"A".repeat(40),
            &"a".repeat(63),
        ] {
            assert_eq!(Checksum::of_etag(etag), None, "{etag}");
        }
    }
}
