//! In which settings runs differ that no manifest tells of.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Map, Value};

use crate::{
    checkpoint::read_document,
    echo::quoted,
    error::{Error, Result},
    files::read_text,
    run_directory::{CONFIG, MODEL},
};

/// The longest run.toml that is read, bytes: one may hold matrices.
const LONGEST: u64 = 1 << 28;

/// Values with more characters are told apart by their checksum.
const LONGEST_VALUE: usize = 120;

/// Dotted names and values.
pub(super) type Settings = BTreeMap<String, Value>;

/// The experiment of a run directory: its run.toml, or what the head of its network says.
///
/// # Errors
/// If neither can be read.
pub(super) fn of_run(directory: &Path) -> Result<Settings> {
    let path = directory.join(CONFIG);
    if !path.exists() {
        let model = directory.join(MODEL);
        return of_document(&model, &read_document(&model)?);
    }
    let unreadable = |error: String| Error::file(&path, format!("is no run.toml ({error}); restore it"));
    let table: toml::Table =
        toml::from_str(&read_text(&path, LONGEST)?).map_err(|error: toml::de::Error| unreadable(quoted(&error)))?;
    let value = serde_json::to_value(table).map_err(|error| unreadable(error.to_string()))?;
    Ok(flat(&value))
}

/// The experiment in the head of a network.
///
/// # Errors
/// If it is damaged.
pub(super) fn of_document(path: &Path, json: &str) -> Result<Settings> {
    let damaged = |error: serde_json::Error| Error::file(path, format!("has a damaged nn4n header ({error})"));
    let mut document: Value = serde_json::from_str(json).map_err(damaged)?;
    let mut task = Map::from_iter([("id".to_string(), document["task"]["id"].take())]);
    if let Value::Object(parameters) = document["task"]["parameters"].take() {
        task.extend(parameters);
    }
    let (model, train) = (document["model"].take(), document["train"]["settings"].take());
    Ok(flat(&serde_json::json!({ "task": task, "model": model, "train": train })))
}

/// A document as dotted names, without its seed, which has a place of its own.
fn flat(document: &Value) -> Settings {
    let mut found = Settings::new();
    walk("", document, &mut found);
    found.remove("seed");
    found
}

fn walk(name: &str, value: &Value, found: &mut Settings) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                walk(&name, value, found);
            }
        }
        // As if it were left out.
        Value::Null => {}
        value => {
            found.insert(name.into(), short(value));
        }
    }
}

/// A value as it is; of a long one the beginning and its checksum.
fn short(value: &Value) -> Value {
    let text = value.to_string();
    match text.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}... (checksum {:08x})", &text[..end], crc32c::crc32c(text.as_bytes())).into(),
        None => value.clone(),
    }
}

/// Of each of several experiments what is not the same in all.
pub(super) fn differing(all: &[Settings]) -> Vec<Map<String, Value>> {
    let names: BTreeSet<&String> = all.iter().flat_map(BTreeMap::keys).collect();
    let differs = |name: &&String| all.windows(2).any(|pair| pair[0].get(*name) != pair[1].get(*name));
    let names: Vec<&String> = names.into_iter().filter(differs).collect();
    let of_one = |settings: &Settings| {
        names.iter().filter_map(|name| Some(((*name).clone(), settings.get(*name)?.clone()))).collect()
    };
    all.iter().map(of_one).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_the_same_in_all_is_no_difference() {
        let settings = |value| flat(&value);
        let found = differing(&[
            settings(json!({ "seed": 1, "model": { "units": 50, "kind": "ei" }, "train": { "updates": 5 } })),
            settings(
                json!({ "seed": 2, "model": { "units": 100, "kind": "ei" }, "init": "a" , "train": { "updates": 5 } }),
            ),
        ]);
        assert_eq!(
            found,
            [
                json!({ "model.units": 50 }).as_object().unwrap().clone(),
                json!({ "model.units": 100, "init": "a" }).as_object().unwrap().clone()
            ]
        );
        assert_eq!(differing(&[settings(json!({ "a": 1 }))]), [Map::new()]);
    }

    #[test]
    fn long_values_are_told_apart() {
        let matrix = |last: f64| json!({ "mask": [vec![0.0; 100], vec![last; 2]] });
        let found = differing(&[flat(&matrix(1.0)), flat(&matrix(2.0))]);
        assert!(found[0]["mask"].as_str().is_some_and(|text| text.contains("checksum")) && found[0] != found[1]);
    }

    #[test]
    fn the_head_of_a_network_has_the_names_of_a_run_toml() -> Result<()> {
        let json = json!({ "seed": 1, "model": { "units": 5 }, "task": { "id": "a/b", "version": 1,
            "parameters": { "dt": 20.0, "none": null } }, "train": { "settings": { "updates": 9 }, "updates": 7 } });
        let found = of_document(Path::new("model.safetensors"), &json.to_string())?;
        let names: Vec<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, ["model.units", "task.dt", "task.id", "train.updates"]);
        assert_eq!(found["train.updates"], json!(9));
        Ok(())
    }
}
