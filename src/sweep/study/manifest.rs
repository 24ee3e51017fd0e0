//! `manifest.csv`: the runs of a study, one a row.
//!
//! ```text
//! index,name,settings,seed,state
//! 0,0000-units_50-seed_0,"{""model.units"":50}",0,finished
//! ```

use std::{collections::BTreeSet, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{names, state::RunState};
use crate::{
    echo::quoted,
    error::{Error, Result},
    files::{read_bounded, write_atomically},
    sweep::description::Variant,
};

/// The longest manifest that is read, bytes.
const LONGEST: u64 = 1 << 30;

/// A run of a study.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place, from 0.
    pub index: usize,
    /// Its name, and that of its directory.
    pub name: String,
    /// Dotted names of the run.toml and the values that it has there.
    pub settings: Map<String, Value>,
    /// Its seed.
    pub seed: u64,
    /// How far it was when the manifest was written; its own directory says how far it is.
    pub state: RunState,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    index: usize,
    name: String,
    settings: String,
    seed: u64,
    state: RunState,
}

impl Entry {
    /// The run at this place of its study, not begun.
    ///
    /// # Errors
    /// If a value has no form in JSON.
    pub fn new(index: usize, variant: &Variant) -> Result<Self> {
        let settings = variant.in_json()?;
        let name = names::name(index, &settings, variant.seed);
        Ok(Self { index, name, settings, seed: variant.seed, state: RunState::Pending })
    }

    /// Whether it has the name that its settings and its seed give it.
    pub(super) fn is_named_right(&self) -> bool {
        self.name == names::name(self.index, &self.settings, self.seed)
    }

    fn of(row: Row, place: usize) -> Result<Self, String> {
        let Row { index, name, settings, seed, state } = row;
        if index != place {
            return Err(format!("has index {index}, but must have {place}"));
        }
        if !names::is_name(&name) {
            return Err(format!("has a name that no run has, `{name}`"));
        }
        let settings = serde_json::from_str(&settings).map_err(|error| format!("has settings in no JSON ({error})"))?;
        Ok(Self { index, name, settings, seed, state })
    }

    fn row(&self) -> Row {
        let Self { index, name, settings, seed, state } = self.clone();
        Row { index, name, settings: Value::Object(settings).to_string(), seed, state }
    }
}

/// Reads a manifest.
///
/// # Errors
/// If it cannot be read or is none.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>> {
    let bytes = read_bounded(path, LONGEST)?;
    let damaged = |place: usize, why: &str| {
        let message = format!("its run {place} {why}; restore the file, or make the study anew in another --out");
        Error::file(path, quoted(&message))
    };
    let mut entries = Vec::new();
    let mut names = BTreeSet::new();
    for (place, row) in csv::Reader::from_reader(bytes.as_slice()).into_deserialize::<Row>().enumerate() {
        let row = row.map_err(|error| damaged(place, &format!("cannot be read ({error})")))?;
        let entry = Entry::of(row, place).map_err(|why| damaged(place, &why))?;
        if !names.insert(entry.name.to_lowercase()) {
            return Err(damaged(place, &format!("has the name of another, `{}`", entry.name)));
        }
        entries.push(entry);
    }
    if entries.is_empty() {
        let message = "lists no runs; remove it, and `nn4n sweep SWEEP.toml --out DIR --resume` writes it anew";
        return Err(Error::file(path, message));
    }
    Ok(entries)
}

/// Writes a manifest, whole or not at all.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(path: &Path, entries: &[Entry]) -> Result<()> {
    let unwritable = |error: csv::Error| Error::file(path, format!("could not be written ({error})"));
    let mut writer = csv::Writer::from_writer(Vec::new());
    entries.iter().try_for_each(|entry| writer.serialize(entry.row())).map_err(unwritable)?;
    let bytes = writer.into_inner().map_err(|error| Error::file(path, format!("could not be written ({error})")))?;
    write_atomically(path, &bytes)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(index: usize, settings: Value) -> Entry {
        let settings = settings.as_object().unwrap().clone();
        Entry { index, name: names::name(index, &settings, 3), settings, seed: 3, state: RunState::Interrupted }
    }

    #[test]
    fn a_manifest_is_read_as_it_was_written() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.csv");
        let entries = vec![
            entry(0, json!({ "model.units": 50, "a": "b, \"c\"\nd", "train.learning_rate": 0.1 + 0.2 })),
            entry(1, json!({ "train.optimizer": { "kind": "sgd" }, "task.rates": [1, 2.0] })),
        ];
        write(&path, &entries)?;
        assert_eq!(read(&path)?, entries);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("index,name,settings,seed,state\n0,0000-"), "{text}");
        Ok(())
    }

    #[test]
    fn a_manifest_that_is_none_is_refused_by_its_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest.csv");
        let refusal = |rows: &str| {
            std::fs::write(&path, format!("index,name,settings,seed,state\n{rows}\n")).unwrap();
            read(&path).unwrap_err().to_string()
        };
        assert!(refusal("1,a,{},0,pending").contains("its run 0 has index 1, but must have 0"));
        assert!(refusal("0,../a,{},0,pending").contains("has a name that no run has, `../a`"));
        assert!(refusal("0,a,{,0,pending").contains("its run 0 has settings in no JSON"));
        assert!(refusal("0,a,{},0,lost").contains("its run 0 cannot be read"));
        assert!(refusal("0,a,{},0,pending\n1,A,{},1,pending").contains("its run 1 has the name of another"));
    }
}
