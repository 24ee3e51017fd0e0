//! What was read of the runs of a study, kept beside its manifest so that it is not read again: `results.cache`.
//!
//! ```text
//! {"format":1,"checksum":c}                         of all that follows
//! ["0000-seed_0", [[size, changed], ...], {...}]    a run, its files as they were, and what they said
//! ```
//!
//! It may be deleted at any time. Of a run of which a file has changed, in length or time, nothing of it is used; one
//! that is damaged is not used at all.

use std::{
    collections::HashMap,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::facts::{Facts, Stamps};
use crate::{
    error::Result,
    files::{read_text, write_atomically},
};

/// Beside the manifest.
pub(super) const CACHE: &str = "results.cache";

/// With another, what was kept is not used.
const FORMAT: u32 = 1;

/// The longest that is read, bytes.
const LONGEST: u64 = 1 << 30;

/// A file that changes twice within the steps of a clock has one time: facts of files that are not older than this, ns,
/// are not kept.
const SETTLED: u64 = 2_000_000_000;

#[derive(Serialize, Deserialize, PartialEq)]
struct Head {
    format: u32,
    checksum: u32,
}

/// What was kept of runs, by their names.
#[derive(Default)]
pub(super) struct ResultsCache(HashMap<String, (Stamps, Facts)>);

impl ResultsCache {
    /// Reads what was kept in this study; nothing if there is none that can be used.
    pub fn read(study: &Path) -> Self {
        let known = read_text(&study.join(CACHE), LONGEST).ok().and_then(|text| parsed(&text));
        Self(known.unwrap_or_default())
    }

    /// What was kept of a run whose files are these.
    pub fn get(&self, name: &str, stamps: &Stamps) -> Option<&Facts> {
        self.0.get(name).filter(|(kept, _)| kept == stamps).map(|(_, facts)| facts)
    }
}

fn parsed(text: &str) -> Option<HashMap<String, (Stamps, Facts)>> {
    let (head, rows) = text.split_once('\n')?;
    let head: Head = serde_json::from_str(head).ok()?;
    if head != (Head { format: FORMAT, checksum: crc32c::crc32c(rows.as_bytes()) }) {
        return None;
    }
    let row = |line: &str| {
        let (name, stamps, facts) = serde_json::from_str(line).ok()?;
        Some((name, (stamps, facts)))
    };
    rows.lines().map(row).collect()
}

/// Whether facts of these files may be kept: not of files that may be changing.
pub(super) fn is_settled(stamps: &Stamps) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    u128::from(stamps.latest()) + u128::from(SETTLED) < now
}

/// Keeps what was read of these runs.
///
/// # Errors
/// If it cannot be written, as in a study of others.
pub(super) fn keep<'a>(study: &Path, runs: impl Iterator<Item = (&'a str, &'a Stamps, &'a Facts)>) -> Result<()> {
    let mut rows = String::new();
    for run in runs {
        if let Ok(row) = serde_json::to_string(&run) {
            rows.push_str(&row);
            rows.push('\n');
        }
    }
    let head = serde_json::json!(Head { format: FORMAT, checksum: crc32c::crc32c(rows.as_bytes()) });
    write_atomically(&study.join(CACHE), format!("{head}\n{rows}").as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_kept_is_used_of_unchanged_files_alone_and_not_if_it_is_damaged() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let study = folder.path();
        fs::write(study.join("finished.json"), "{}").unwrap();
        let stamps = Stamps::of(study);
        assert!(!is_settled(&stamps), "it was written just now");
        assert!(is_settled(&Stamps::default()));
        let facts = Facts { performance: Some(0.1 + 0.2), problem: Some("two\nlines".into()), ..Facts::default() };
        keep(study, [("a", &stamps, &facts)].into_iter())?;
        let found = |name: &str, stamps: &Stamps| ResultsCache::read(study).get(name, stamps).cloned();
        assert_eq!(found("a", &stamps), Some(facts));
        assert_eq!((found("b", &stamps), found("a", &Stamps::default())), (None, None));
        let path = study.join(CACHE);
        let text = fs::read_to_string(&path).unwrap();
        for damaged in [
            text.replace("0.3", "0.4"),
            text[..text.len() - 2].into(),
            text.replace("format\":1", "format\":2"),
            "".into(),
        ] {
            assert_ne!(damaged, text);
            fs::write(&path, damaged).unwrap();
            assert_eq!(found("a", &stamps), None);
        }
        Ok(())
    }
}
