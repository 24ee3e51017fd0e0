//! Zip archives of arrays (`.pth`, `.npz`): members are read whole, with a limit on what they unpack to.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::Refused;
use crate::echo::echo;

/// Most bytes that the members of one archive may unpack to (256 MiB), or the size of the archive if that is more.
const MOST_UNPACKED: u64 = 256 << 20;

/// Numbers that all arrays of an archive may have beyond one for each of its bytes: what is stored packed or once can
/// be unpacked and repeated.
const MOST_REPEATED: usize = 1 << 22;

/// An archive in memory.
pub(super) struct Archive<'a> {
    members: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may still be unpacked.
    budget: u64,
    /// Numbers that may still be made of them.
    numbers: usize,
}

impl<'a> Archive<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Self, Refused> {
        let members = ZipArchive::new(Cursor::new(bytes)).map_err(|error| {
            Refused::new(format!("is not a whole zip archive ({error}); copy or download it again"))
        })?;
        Ok(Self {
            members,
            budget: MOST_UNPACKED.max(bytes.len() as u64),
            numbers: bytes.len().saturating_add(MOST_REPEATED),
        })
    }

    /// Takes the numbers of one more array into account.
    ///
    /// # Errors
    /// If all together are too many for the size of the archive.
    pub fn charge(&mut self, numbers: usize) -> Result<(), Refused> {
        let left = self.numbers.checked_sub(numbers);
        self.numbers =
            left.ok_or_else(|| Refused::new("brings the arrays to more numbers than a file of this size can hold"))?;
        Ok(())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.file_names()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.members.index_for_name(name).is_some()
    }

    /// The bytes of a member, at most `limit` of them.
    pub fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, Refused> {
        let shown = echo(name);
        let failed = |reason: String| {
            Refused::new(format!("the member `{shown}` cannot be read ({reason}); copy or download the file again"))
        };
        let member = self.members.by_name(name).map_err(|error| failed(error.to_string()))?;
        let limit = limit.min(self.budget);
        if member.size() > limit {
            return Err(Refused::new(format!(
                "the member `{shown}` unpacks to {} bytes, more than the {limit} that it may have",
                member.size()
            )));
        }
        let mut bytes = Vec::new();
        // A member can be longer than it says.
        member.take(limit + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
        if bytes.len() as u64 > limit {
            return Err(Refused::new(format!(
                "the member `{shown}` unpacks to more than the {limit} bytes that it may have"
            )));
        }
        self.budget -= bytes.len() as u64;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    /// An archive of one member of 4000 zeros.
    fn zeros() -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer
            .start_file("zeros", SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored))
            .expect("a member");
        writer.write_all(&[0; 4000]).expect("its bytes");
        writer.finish().expect("an archive").into_inner()
    }

    #[test]
    fn members_are_read_up_to_their_limit_and_all_together_up_to_the_archives() {
        let bytes = zeros();
        let mut archive = Archive::open(&bytes).expect("an archive");
        assert_eq!(archive.read("zeros", 4000).expect("the member"), [0; 4000]);
        assert!(archive.read("zeros", 3999).unwrap_err().to_string().contains("4000 bytes, more than the 3999"));
        assert!(archive.read("ones", 4000).unwrap_err().to_string().contains("`ones`"));
        archive.budget = 5000;
        archive.read("zeros", u64::MAX).expect("the member");
        assert!(archive.read("zeros", u64::MAX).unwrap_err().to_string().contains("more than the 1000"));
    }

    #[test]
    fn arrays_have_hardly_more_numbers_than_the_archive_has_bytes() {
        let bytes = zeros();
        let mut archive = Archive::open(&bytes).expect("an archive");
        archive.charge(bytes.len() + 1000).expect("a few");
        archive.charge(MOST_REPEATED - 1000).expect("the rest");
        assert!(archive.charge(1).unwrap_err().to_string().contains("more numbers"));
    }

    #[test]
    fn a_member_that_is_longer_than_it_says_is_refused() {
        let mut bytes = zeros();
        let announced = 4000_u32.to_le_bytes();
        // In front of the member and in the table of contents, after the size in the archive.
        for place in (0..bytes.len() - 8)
            .filter(|place| bytes[*place..].starts_with(&[announced, announced].concat()))
            .collect::<Vec<_>>()
        {
            bytes[place + 4..place + 8].copy_from_slice(&10_u32.to_le_bytes());
        }
        let mut archive = Archive::open(&bytes).expect("an archive");
        assert!(archive.read("zeros", 100).is_err());
    }
}
