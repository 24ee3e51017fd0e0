//! Dotted names of a run.toml, such as `train.learning_rate` or `model.areas.0.units`, and the values set to them.
//!
//! ```text
//! [grid]
//! model.tau = [50, 100]                  a name in tables: the value is what is no table
//! "train.optimizer" = [{ kind = "sgd" }] a quoted name with dots: the value is taken whole
//! ```

use std::collections::HashMap;

use serde_json::Value as Json;
use toml::{Table, Value};

use crate::error::{Error, Result};

/// The dotted names in a table and their values; `is_value` tells a table that is a value.
pub(super) fn flat(place: &str, table: &Table, is_value: fn(&Table) -> bool) -> Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    walk(place, "", table, is_value, &mut found)?;
    check_apart(place, found.iter().map(|(name, _)| name.as_str()))?;
    Ok(found)
}

fn walk(
    place: &str,
    before: &str,
    table: &Table,
    is_value: fn(&Table) -> bool,
    found: &mut Vec<(String, Value)>,
) -> Result<()> {
    for (key, value) in table {
        let name = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        match value {
            Value::Table(inner) if !key.contains('.') && !is_value(inner) => {
                walk(place, &name, inner, is_value, found)?;
            }
            value => {
                check_name(place, &name)?;
                found.push((name, value.clone()));
            }
        }
    }
    Ok(())
}

fn check_name(place: &str, name: &str) -> Result<()> {
    if name.split('.').any(|part| part.trim() != part || part.is_empty()) {
        let message = "is no dotted name of a run.toml; write it as in \"train.learning_rate\"";
        return Err(Error::setting(format!("{place}.{name}"), message));
    }
    if name == "seed" {
        let message = "is set by `seeds`, as in seeds = [1, 2]; leave it out here";
        return Err(Error::setting(format!("{place}.seed"), message));
    }
    Ok(())
}

/// Refuses a name that is set twice, or together with a part of it.
pub(super) fn check_apart<'a>(place: &str, names: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut names: Vec<&str> = names.collect();
    // With the dot below every other character, a table stands right before its fields.
    names.sort_by_key(|name| name.replace('.', "\0"));
    match names.windows(2).find(|pair| is_part(pair[1], pair[0])) {
        Some(pair) if pair[0] == pair[1] => {
            Err(Error::setting(place, format!("sets `{}` twice; leave one of them out", pair[0])))
        }
        Some(pair) => {
            Err(Error::setting(place, format!("sets `{}` and `{}`, a part of it; leave one out", pair[0], pair[1])))
        }
        None => Ok(()),
    }
}

/// The places of the first two items that are equal, by their texts.
pub(super) fn repeated<T>(items: &[T], text: impl Fn(&T) -> String) -> Option<(usize, usize)> {
    let mut known = HashMap::new();
    items.iter().enumerate().find_map(|(place, item)| Some((known.insert(text(item), place)?, place)))
}

fn is_part(name: &str, of: &str) -> bool {
    name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Sets a field of a run.toml by its dotted name.
///
/// # Errors
/// If the name leads through what has no fields.
pub(super) fn set(document: &mut Table, name: &str, value: Value) -> Result<()> {
    let mut parts: Vec<&str> = name.split('.').collect();
    let last = parts.pop().unwrap_or_default();
    let mut place = document;
    let mut passed = String::new();
    let mut rest = parts.into_iter().peekable();
    while let Some(part) = rest.next() {
        passed = if passed.is_empty() { part.into() } else { format!("{passed}.{part}") };
        let next = place.entry(part).or_insert_with(|| Value::Table(Table::new()));
        place = match next {
            Value::Table(table) => table,
            Value::Array(items) => {
                let Some(number) = rest.next() else { return in_list(name, &passed, items, last, value) };
                passed = format!("{passed}.{number}");
                match item(name, &passed, items, number)? {
                    Value::Table(table) => table,
                    _ => return Err(no_table(name, &passed)),
                }
            }
            _ => return Err(no_table(name, &passed)),
        };
    }
    place.insert(last.into(), value);
    Ok(())
}

fn in_list(name: &str, passed: &str, items: &mut [Value], number: &str, value: Value) -> Result<()> {
    *item(name, &format!("{passed}.{number}"), items, number)? = value;
    Ok(())
}

fn item<'a>(name: &str, passed: &str, items: &'a mut [Value], number: &str) -> Result<&'a mut Value> {
    let length = items.len();
    let found = number.parse::<usize>().ok().and_then(|number| items.get_mut(number));
    found.ok_or_else(|| {
        let message = format!("`{passed}` is no place in a list of {length} of the run.toml; count from 0");
        Error::setting(name, message)
    })
}

fn no_table(name: &str, passed: &str) -> Error {
    Error::setting(name, format!("`{passed}` is no table in the run.toml, so it has no fields; set it as a whole"))
}

/// A value as it stands in a manifest.
///
/// # Errors
/// If it has no form in JSON: dates, and numbers that are not finite.
pub(super) fn in_json(name: &str, value: &Value) -> Result<Json> {
    let refused = |what: String| Error::setting(name, format!("{what}; write a number, a text, a list or a table"));
    match value {
        Value::String(text) => Ok(text.as_str().into()),
        Value::Integer(number) => Ok((*number).into()),
        Value::Float(number) if number.is_finite() => Ok((*number).into()),
        Value::Float(number) => Err(refused(format!("must be finite, but is {number}"))),
        Value::Boolean(flag) => Ok((*flag).into()),
        Value::Datetime(date) => Err(refused(format!("is a date ({date}), which no setting is"))),
        Value::Array(items) => items.iter().map(|item| in_json(name, item)).collect::<Result<Vec<_>>>().map(Json::from),
        Value::Table(fields) => fields
            .iter()
            .map(|(field, value)| Ok((field.clone(), in_json(name, value)?)))
            .collect::<Result<_>>()
            .map(Json::Object),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    fn names(text: &str) -> Result<Vec<String>> {
        Ok(flat("grid", &table(text), |_| false)?.into_iter().map(|(name, _)| name).collect())
    }

    #[test]
    fn names_are_found_in_tables_and_in_quotes() -> Result<()> {
        assert_eq!(
            names("model.tau = [1]\n\"train.updates\" = [2]\n[model.w_rec]\ndensity = [1]")?,
            ["model.tau", "model.w_rec.density", "train.updates"]
        );
        assert_eq!(names("\"train.optimizer\" = { kind = \"sgd\" }")?, ["train.optimizer"]);
        assert_eq!(names("train.optimizer = { kind = \"sgd\" }")?, ["train.optimizer.kind"]);
        Ok(())
    }

    #[test]
    fn what_is_no_name_or_set_twice_is_refused() {
        let refusal = |text: &str| names(text).unwrap_err().to_string();
        assert!(refusal("\"train..updates\" = 1").contains("grid.train..updates: is no dotted name"));
        assert!(refusal("seed = [1]").contains("is set by `seeds`"));
        assert!(refusal("model.tau = [1]\n\"model.tau\" = [2]").contains("sets `model.tau` twice"));
        let part = refusal("\"model.w_rec\" = [{}]\nmodel.w_rec_scale = 1\n\"model.w_rec.density\" = [1]");
        assert!(part.contains("`model.w_rec` and `model.w_rec.density`, a part of it"), "{part}");
    }

    #[test]
    fn a_field_is_set_in_tables_and_lists_and_nowhere_else() -> Result<()> {
        let mut document = table("[model]\nunits = 5\nareas = [{ units = 2 }, { units = 3 }]\nlist = [1, 2]");
        set(&mut document, "model.areas.1.units", 7.into())?;
        set(&mut document, "model.list.0", 9.into())?;
        set(&mut document, "train.stop.patience", 3.into())?;
        assert_eq!(
            document,
            table(
                "[model]\nunits = 5\nareas = [{ units = 2 }, { units = 7 }]\nlist = [9, 2]\n[train.stop]\npatience = 3"
            )
        );
        let refusal = |name: &str| set(&mut document.clone(), name, 1.into()).unwrap_err().to_string();
        assert!(refusal("model.units.x").contains("`model.units` is no table"));
        assert!(refusal("model.areas.2.units").contains("`model.areas.2` is no place in a list of 2"));
        assert!(refusal("model.list.x").contains("`model.list.x` is no place"));
        Ok(())
    }

    #[test]
    fn what_json_does_not_have_is_refused() {
        let found = |text: &str| in_json("a", &table(text)["a"]).map_err(|error| error.to_string());
        assert_eq!(found("a = { b = [1, 2.5, \"c\", true] }"), Ok(serde_json::json!({ "b": [1, 2.5, "c", true] })));
        assert!(found("a = nan").unwrap_err().contains("must be finite, but is NaN"));
        assert!(found("a = [1979-05-27]").unwrap_err().contains("is a date (1979-05-27)"));
    }
}
