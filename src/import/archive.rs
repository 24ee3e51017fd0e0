//! Zip archives of arrays (`.pth`, `.npz`): members are read whole, with a limit on what they unpack to.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::Refused;

/// Most bytes that the members of one archive may unpack to (1 GiB), or the size of the archive if that is more.
const MOST_UNPACKED: u64 = 1 << 30;

/// An archive in memory.
pub(super) struct Archive<'a> {
    members: ZipArchive<Cursor<&'a [u8]>>,
    /// Bytes that may still be unpacked.
    budget: u64,
}

impl<'a> Archive<'a> {
    pub fn open(bytes: &'a [u8]) -> Result<Self, Refused> {
        let members = ZipArchive::new(Cursor::new(bytes))
            .map_err(|error| Refused::new(format!("is not a whole zip archive ({error}); copy or download it again")))?;
        Ok(Self { members, budget: MOST_UNPACKED.max(bytes.len() as u64) })
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.file_names()
    }

    pub fn contains(&self, name: &str) -> bool {
        self.members.index_for_name(name).is_some()
    }

    /// The bytes of a member, at most `limit` of them.
    pub fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, Refused> {
        let failed =
            |reason: String| Refused::new(format!("the member `{name}` cannot be read ({reason}); copy or download the file again"));
        let member = self.members.by_name(name).map_err(|error| failed(error.to_string()))?;
        let limit = limit.min(self.budget);
        if member.size() > limit {
            return Err(Refused::new(format!(
                "the member `{name}` unpacks to {} bytes, more than the {limit} that it may have",
                member.size()
            )));
        }
        let mut bytes = Vec::new();
        // A member can be longer than it says.
        member.take(limit + 1).read_to_end(&mut bytes).map_err(|error| failed(error.to_string()))?;
        if bytes.len() as u64 > limit {
            return Err(Refused::new(format!("the member `{name}` unpacks to more than the {limit} bytes that it may have")));
        }
        self.budget -= bytes.len() as u64;
        Ok(bytes)
    }
}
