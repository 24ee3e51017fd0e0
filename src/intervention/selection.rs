//! Sets of units by what they are.
//!
//! ```text
//! 0,5,10-20          these units; the last of a range is one of them
//! inhibitory         all units of a cell type
//! PMd                all units of an area, or of a layer
//! PMd:excitatory     those of an area that are of a cell type
//! all                all units
//! @FILE              a list of units, as text or as JSON
//! @FILE#NAME         one of several lists in JSON, { "NAME": [..], .. } or [{ "name": "NAME", "units": [..] }, ..];
//!                    one within another as NAME.NAME
//! ```
//!
//! Several of these, separated by commas, are all of their units.

use std::{fmt, ops::Range, path::Path, str::FromStr};

use nn4n_analysis::structure::Group;
use nn4n_models::{CellType, ModelConfig, Units};
use serde_json::Value;

use crate::{
    echo::echo,
    error::{Error, Result},
    files::read_text,
};

/// The largest file of units that is read, bytes.
const LARGEST: u64 = 16 << 20;

/// Units by number, cell type, area or from a file. What it means is known only with the units of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitSelection(String);

impl UnitSelection {
    /// These units.
    pub fn units(units: impl IntoIterator<Item = usize>) -> Self {
        Self(listed(&units.into_iter().collect::<Vec<_>>()))
    }

    /// Each group of units of a file that an analysis has written, or of any other in JSON, by itself.
    ///
    /// # Errors
    /// If the file cannot be read, or has no groups.
    pub fn groups_of(path: &Path) -> Result<Vec<Self>> {
        let text = read_text(path, LARGEST)?;
        let json: Value = serde_json::from_str(&text).map_err(|error| Error::file(path, error))?;
        let names = names(&json);
        if names.is_empty() {
            return Err(Error::file(path, "has no groups of units; name a file of an analysis that finds some"));
        }
        names.iter().map(|name| format!("@{}#{name}", path.display()).parse()).collect()
    }

    /// Its units, in order, each once.
    ///
    /// # Errors
    /// If a part names nothing that the network has, its file cannot be read, or there is no unit.
    pub fn resolve(&self, units: &Units) -> Result<Vec<usize>> {
        let mut found = match units.area(self.0.trim()) {
            Some(area) => area.range().collect(), // a name may have a comma
            None => {
                let parts = self.0.split(',').map(|part| of_part(part.trim(), units).map_err(|why| self.refusal(&why)));
                parts.collect::<Result<Vec<_>>>()?.concat()
            }
        };
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            return Err(self.refusal(&format!("is no unit; {}", known(units))));
        }
        Ok(found)
    }

    /// The same of `n` units that are recorded, which may have groups of any name.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn among(&self, groups: &[Group], n: usize) -> Result<Vec<usize>> {
        let units = ModelConfig::vanilla(1, n, 1).layout();
        let of_part = |part: &str| match groups.iter().find(|group| group.name == part) {
            Some(group) => Ok(group.units.clone()),
            None => of_part(part, &units).map_err(|why| match groups {
                [] => self.refusal(&why),
                named => {
                    let names: Vec<&str> = named.iter().map(|group| group.name.as_str()).collect();
                    self.refusal(&format!("{why}; groups of the recording are {}", names.join(", ")))
                }
            }),
        };
        let mut found = self.0.split(',').map(|part| of_part(part.trim())).collect::<Result<Vec<_>>>()?.concat();
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn refusal(&self, why: &str) -> Error {
        Error::setting(format!("units `{}`", echo(&self.0)), why)
    }
}

impl FromStr for UnitSelection {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.trim().is_empty() {
            return Err(Error::setting(
                "units",
                "are not named; give numbers (0,5,10-20), a cell type, an area or @FILE",
            ));
        }
        Ok(Self(text.trim().into()))
    }
}

impl fmt::Display for UnitSelection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The units in a few words: `0,5,10-20`.
pub(super) fn listed(units: &[usize]) -> String {
    let runs = units.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [first, _, .., last] => format!("{first}-{last}"),
        run => run.iter().map(usize::to_string).collect::<Vec<_>>().join(","),
    });
    runs.collect::<Vec<_>>().join(",")
}

/// What can be named.
fn known(units: &Units) -> String {
    let areas = units.areas.iter().map(|area| format!("`{}`", area.name)).collect::<Vec<_>>().join(", ");
    let types = if units.have_cell_types() { "excitatory, inhibitory, " } else { "no cell types, " };
    format!("there are units 0 to {}, {types}and areas {areas}", units.len().saturating_sub(1))
}

fn of_part(part: &str, units: &Units) -> Result<Vec<usize>, String> {
    if let Some(file) = part.strip_prefix('@') {
        return of_file(file, units);
    }
    if let Some(area) = units.area(part) {
        return Ok(area.range().collect());
    }
    if part == "all" {
        return Ok((0..units.len()).collect());
    }
    if let Some(cell_type) = cell_type(part) {
        return of_type(cell_type, 0..units.len(), units);
    }
    if let Some((area, cell_type)) = part.rsplit_once(':').and_then(|(area, name)| Some((area, self::cell_type(name)?)))
    {
        let area = units.area(area).ok_or_else(|| format!("there is no area `{}`; {}", echo(area), known(units)))?;
        return of_type(cell_type, area.range(), units);
    }
    if part.starts_with(|c: char| c.is_ascii_digit()) {
        return numbers(part, units);
    }
    Err(format!("`{}` names nothing that this network has; {}", echo(part), known(units)))
}

fn cell_type(name: &str) -> Option<CellType> {
    match name {
        "excitatory" => Some(CellType::Excitatory),
        "inhibitory" => Some(CellType::Inhibitory),
        _ => None,
    }
}

fn of_type(cell_type: CellType, within: Range<usize>, units: &Units) -> Result<Vec<usize>, String> {
    let found: Vec<usize> = within.filter(|unit| units.cell_types[*unit] == Some(cell_type)).collect();
    if found.is_empty() { Err(format!("no unit there is of this cell type; {}", known(units))) } else { Ok(found) }
}

/// `5` or `10-20`.
fn numbers(part: &str, units: &Units) -> Result<Vec<usize>, String> {
    let number = |text: &str| {
        let number = text.trim().parse::<usize>().ok();
        number
            .filter(|unit| *unit < units.len())
            .ok_or_else(|| format!("there is no unit `{}`; {}", echo(text), known(units)))
    };
    match part.split_once('-') {
        None => Ok(vec![number(part)?]),
        Some((first, last)) => {
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(format!("`{part}` ends before it begins; give the smaller number first"));
            }
            Ok((first..=last).collect())
        }
    }
}

/// `FILE` or `FILE#NAME`.
fn of_file(file: &str, units: &Units) -> Result<Vec<usize>, String> {
    let (path, name) = match file.rsplit_once('#').filter(|_| !Path::new(file).is_file()) {
        Some((path, name)) => (path, Some(name)),
        None => (file, None),
    };
    let text = read_text(Path::new(path), LARGEST).map_err(|error| error.to_string())?;
    let is_json = text.trim_start().starts_with(['[', '{']);
    if !is_json {
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let parts = lines.flat_map(|line| line.split([',', ' ', '\t'])).map(str::trim).filter(|part| !part.is_empty());
        let found = parts.map(|part| numbers(part, units)).collect::<Result<Vec<_>, _>>();
        return match name {
            None => found.map(|found| found.concat()).map_err(|why| format!("{path}: {why}")),
            Some(name) => Err(format!("{path}: has no group `{}`, as it is a list; leave the name out", echo(name))),
        };
    }
    let json: Value = serde_json::from_str(&text).map_err(|error| format!("{path}: is no JSON ({error})"))?;
    let list = match name {
        None => &json,
        Some(name) => {
            group(&json, name).ok_or_else(|| format!("{path}: has no group `{}`; {}", echo(name), groups(&json)))?
        }
    };
    let Some(list) = list.as_array().filter(|list| !list.iter().any(Value::is_object)) else {
        return Err(format!("{path}: is no list of units; {}, as in @{path}#NAME", groups(&json)));
    };
    let unit = |value: &Value| {
        let unit = value.as_u64().and_then(|unit| usize::try_from(unit).ok()).filter(|unit| *unit < units.len());
        unit.ok_or_else(|| format!("{path}: there is no unit `{}`; {}", echo(&value.to_string()), known(units)))
    };
    list.iter().map(unit).collect()
}

/// What a name leads to.
fn group<'a>(json: &'a Value, name: &str) -> Option<&'a Value> {
    // What an analysis writes has its groups in one place, among other lists of numbers.
    let json = analysed(json).unwrap_or(json);
    let name = name.strip_prefix("groups.").unwrap_or(name);
    let named = |name: &str| match json {
        Value::Array(list) => list.iter().find(|one| one["name"] == *name).and_then(|one| one.get("units")),
        other => other.get(name),
    };
    named(name).or_else(|| {
        let (outer, inner) = name.split_once('.')?;
        group(named(outer)?, inner)
    })
}

/// The groups of a document that an analysis has written.
fn analysed(json: &Value) -> Option<&Value> {
    json.get("groups")
        .filter(|groups| groups.as_array().is_some_and(|list| list.iter().any(|one| one["units"].is_array())))
}

/// The names of the lists in a document.
fn names(json: &Value) -> Vec<String> {
    fn gather(json: &Value, before: &str, names: &mut Vec<String>) {
        for one in json.as_array().into_iter().flatten().filter(|one| one["units"].is_array()) {
            names.extend(one["name"].as_str().map(|name| format!("{before}{name}")));
        }
        for (name, value) in json.as_object().into_iter().flatten() {
            match value {
                Value::Array(list) if list.iter().all(Value::is_u64) => names.push(format!("{before}{name}")),
                Value::Array(_) | Value::Object(_) if before.is_empty() => gather(value, &format!("{name}."), names),
                _ => {}
            }
        }
    }
    let mut names = Vec::new();
    gather(analysed(json).unwrap_or(json), "", &mut names);
    names
}

/// What names there are to choose from.
fn groups(json: &Value) -> String {
    match names(json).as_slice() {
        [] => "it has no groups of units".into(),
        names => {
            let names: Vec<String> = names.iter().map(|name| format!("`{}`", echo(name))).collect();
            format!("choose one of its groups {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use nn4n_models::{Area, ModelConfig};

    use super::*;

    fn units() -> Units {
        ModelConfig::multi_area(1, 1, [Area::ei("PFC", 5, 0.8), Area::ei("PMd", 5, 0.6), Area::new("M1", 3)]).layout()
    }

    fn found(text: &str) -> Vec<usize> {
        text.parse::<UnitSelection>().unwrap().resolve(&units()).unwrap()
    }

    fn refusal(text: &str) -> String {
        match text.parse::<UnitSelection>() {
            Ok(selection) => selection.resolve(&units()).unwrap_err().to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn units_are_found_by_number_type_and_area() {
        assert_eq!(found("0,5,10-12"), [0, 5, 10, 11, 12]);
        assert_eq!(found("5, 0,5"), [0, 5]);
        assert_eq!(found("inhibitory"), [4, 8, 9]);
        assert_eq!(found("PMd"), [5, 6, 7, 8, 9]);
        assert_eq!(found("PMd:excitatory,M1,0"), [0, 5, 6, 7, 10, 11, 12]);
        assert_eq!(found("all").len(), 13);
        assert_eq!(UnitSelection::units([1, 2, 3, 7, 9, 10]).to_string(), "1-3,7,9,10");
        assert_eq!(UnitSelection::units([4, 8]).resolve(&units()).unwrap(), [4, 8]);
    }

    #[test]
    fn units_of_files_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            format!("@{}", path.display())
        };
        assert_eq!(found(&write("list.txt", "# two\n3 4,5\n7-8\n")), [3, 4, 5, 7, 8]);
        assert_eq!(found(&write("list.json", "[2, 1]")), [1, 2]);
        let groups = write("groups.json", r#"{"a": [1, 2], "q": 0.5, "clusters": {"b": [3]}, "x.y": [4]}"#);
        assert_eq!(found(&format!("{groups}#a,12")), [1, 2, 12]);
        let each = UnitSelection::groups_of(Path::new(groups.trim_start_matches('@'))).unwrap();
        let each: Vec<Vec<usize>> = each.iter().map(|group| group.resolve(&units()).unwrap()).collect();
        assert_eq!(each, [vec![1, 2], vec![3], vec![4]]);
        assert_eq!(found(&format!("{groups}#clusters.b")), [3]);
        assert_eq!(found(&format!("{groups}#x.y")), [4]);
        // Beside its groups an analysis writes other lists of whole numbers, which are no units.
        let analysed =
            r#"{"in_degree": [3, 4], "groups": [{"name": "one", "units": [5, 6]}, {"name": "two", "units": [7]}]}"#;
        let list = write("of.json", analysed);
        assert_eq!(found(&format!("{list}#one")), [5, 6]);
        assert_eq!(found(&format!("{list}#groups.one")), [5, 6]);
        for name in ["", "#groups", "#in_degree"] {
            let message = refusal(&format!("{list}{name}"));
            assert!(message.contains("choose one of its groups `one`, `two`"), "{name}: {message}");
        }
        assert!(refusal(&groups).contains("choose one of its groups `a`, `clusters.b`, `x.y`, as in @"));
        assert!(refusal(&format!("{groups}#c")).contains("has no group `c`; choose one of its groups"));
        assert!(refusal(&format!("{}#a", write("list.txt", "1"))).contains("leave the name out"));
        assert!(refusal(&write("list.json", "[13]")).contains("there is no unit `13`"));
        assert!(refusal(&write("list.json", "[-1]")).contains("there is no unit `-1`"));
        assert!(refusal(&write("list.json", "[1")).contains("is no JSON"));
        assert!(refusal(&write("list.json", "[]")).contains("is no unit"));
        assert!(refusal(&write("bytes.txt", "one")).contains("there is no unit `one`"));
        assert!(refusal("@nowhere.txt").contains("nowhere.txt: could not be read"));
    }

    #[test]
    fn what_is_not_there_is_named_with_what_is() {
        let unknown = refusal("V1");
        for part in ["units `V1`", "names nothing", "units 0 to 12", "excitatory, inhibitory", "`PFC`, `PMd`, `M1`"] {
            assert!(unknown.contains(part), "{part}: {unknown}");
        }
        assert!(refusal("13").contains("there is no unit `13`"));
        assert!(refusal("3-99").contains("there is no unit `99`"));
        assert!(refusal("1-").contains("there is no unit ``"));
        assert!(refusal("99999999999999999999999").contains("there is no unit"));
        assert!(refusal("5-3").contains("ends before it begins"));
        assert!(refusal("V1:excitatory").contains("there is no area `V1`"));
        assert!(refusal("M1:excitatory").contains("no unit there is of this cell type"));
        assert!(refusal("0,,1").contains("names nothing"));
        assert!(refusal(" ").contains("are not named"));
        let plain = "inhibitory".parse::<UnitSelection>().unwrap().resolve(&ModelConfig::vanilla(1, 3, 1).layout());
        assert!(plain.unwrap_err().to_string().contains("no cell types, and areas `network`"));
    }
}
