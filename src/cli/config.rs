//! `nn4n config`

use anyhow::{Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::output;
use crate::experiment::schema;

/// Columns of text.
const WIDTH: usize = 110;
/// How deep lists in lists are spelt out, and the most fields of a table that are named in its type.
const DEPTH: usize = 3;
const NAMED: usize = 8;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  nn4n config                                  every field of a run.toml, a line each
  nn4n config model.tau                        one field: type, default, unit, choices
  nn4n config train.optimizer
  nn4n config --schema > run.schema.json       for editors; at the head of a run.toml: #:schema run.schema.json")]
pub struct ConfigArgs {
    /// A field, such as model.tau or train.regularisers; a table for all of its fields
    field: Option<String>,
    /// Print the JSON schema
    #[arg(long, conflicts_with = "field")]
    schema: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
}

pub fn config(args: &ConfigArgs) -> Result<()> {
    let schema = Schema(schema());
    if args.schema {
        return output::json(&schema.0);
    }
    let path = args.field.as_deref().unwrap_or("");
    let place = schema.find(path)?;
    if args.json {
        return output::json(&schema.described(path, place));
    }
    if !path.is_empty() && !is_table(path) {
        return schema.explain(path, place);
    }
    for (name, field) in schema.fields(place) {
        schema.print_table(&joined(path, name), field)?;
    }
    output::text("next: nn4n config FIELD, such as nn4n config model.tau")
}

/// Whether this is one of the tables of a run.toml, whose fields are listed.
fn is_table(path: &str) -> bool {
    ["model", "train", "task"].contains(&path)
}

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}.{name}") }
}

struct Schema(Value);

impl Schema {
    /// The schema of the field at this path, such as `train.stop.patience`.
    fn find(&self, path: &str) -> Result<&Value> {
        let mut place = &self.0;
        let mut before = String::new();
        for name in path.split('.').filter(|name| !name.is_empty()) {
            let fields = self.fields(place);
            let Some((_, next)) = fields.iter().find(|(known, _)| *known == name) else {
                if before == "task" {
                    bail!("`{name}`: beside its `id`, `task` has the parameters of the task; see `nn4n tasks show ID`");
                }
                let known: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
                let of = if before.is_empty() { "a run.toml".into() } else { format!("`{before}`") };
                bail!("`{name}` is no field of {of}; {}", hint(name, &known));
            };
            place = next;
            before = joined(&before, name);
        }
        Ok(place)
    }

    /// What a reference stands for.
    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let target = schema["$ref"].as_str().and_then(|name| self.0.pointer(name.trim_start_matches('#')));
        target.map_or(schema, |target| self.resolved(target))
    }

    /// The forms that a value may have, without that of nothing.
    fn forms<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.resolved(schema);
        let lists = ["anyOf", "oneOf"].into_iter().filter_map(|kind| schema[kind].as_array());
        let forms: Vec<&Value> = lists.flatten().filter(|form| form["type"] != "null").collect();
        if forms.is_empty() {
            return vec![schema];
        }
        forms.into_iter().flat_map(|form| self.forms(form)).collect()
    }

    /// Names and schemas of the fields of a table, of what a list holds, and of all forms of a value.
    fn fields<'a>(&'a self, schema: &'a Value) -> Vec<(&'a str, &'a Value)> {
        let mut found: Vec<(&str, &Value)> = Vec::new();
        let in_list = |form: &'a Value| if form["type"] == "array" { self.forms(&form["items"]) } else { vec![form] };
        // What all forms share stands beside them.
        for form in
            self.forms(schema).into_iter().flat_map(in_list).chain([self.resolved(schema)]).chain(self.item(schema))
        {
            for (name, field) in form["properties"].as_object().into_iter().flatten() {
                if found.iter().all(|(known, _)| known != name) {
                    found.push((name, field));
                }
            }
        }
        found
    }

    /// What a list holds, as it is.
    fn item<'a>(&'a self, schema: &'a Value) -> Option<&'a Value> {
        let schema = self.resolved(schema);
        (schema["type"] == "array").then(|| self.resolved(&schema["items"]))
    }

    /// A field in one line, or the fields of a table.
    fn print_table(&self, path: &str, field: &Value) -> Result<()> {
        if is_table(path) {
            output::text(&format!("\n[{path}]  {}", first_sentence(&words(field))))?;
            for (name, field) in self.fields(field) {
                self.print_line(&joined(path, name), field)?;
            }
            return Ok(());
        }
        self.print_line(path, field)
    }

    fn print_line(&self, path: &str, field: &Value) -> Result<()> {
        print_wrapped(&format!("  {path:<28} "), &format!("{}{}", first_sentence(&words(field)), bracketed(field)))
    }

    /// Everything that is said of a field.
    fn explain(&self, path: &str, field: &Value) -> Result<()> {
        output::text(path)?;
        print_wrapped("", &words(field))?;
        let of_type = words(self.resolved(field));
        if of_type != words(field) && !of_type.is_empty() {
            print_wrapped("", &of_type)?;
        }
        print_wrapped("type     ", &self.type_in_words(field, 0))?;
        if let Some(default) = default(field) {
            print_wrapped("default  ", &default)?;
        }
        if let Some(unit) = self.unit(field) {
            print_wrapped("unit     ", unit)?;
        }
        let choices = self.choices(field);
        if !choices.is_empty() {
            output::text("choices")?;
        }
        for (name, meaning) in choices {
            print_wrapped(&format!("  {name:<24} "), &meaning)?;
        }
        let fields = self.fields(field);
        if !fields.is_empty() {
            output::text("fields")?;
        }
        for (name, field) in fields {
            print_wrapped(
                &format!("  {name:<24} "),
                &format!("{}{}", first_sentence(&words(field)), bracketed(field)),
            )?;
        }
        Ok(())
    }

    fn unit<'a>(&'a self, field: &'a Value) -> Option<&'a str> {
        field["unit"].as_str().or_else(|| self.resolved(field)["unit"].as_str())
    }

    /// Values of which one must be taken, with what they mean.
    fn choices(&self, field: &Value) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let in_list = |form| self.item(form).map_or_else(|| vec![form], |item| self.forms(item));
        for form in self.forms(field).into_iter().flat_map(in_list) {
            if let Some(names) = form["choices"].as_str() {
                found.extend(names.split(", ").map(|name| (format!("\"{name}\""), String::new())));
            }
            let fields = form["properties"].as_object();
            if let Some(value) = form.get("const") {
                found.push((in_toml(value), words(form)));
            } else if let Some(kind) = form["properties"]["kind"].get("const") {
                found.push((format!("kind = {}", in_toml(kind)), words(form)));
            } else if let Some((name, value)) =
                fields.filter(|fields| is_variant(fields, form)).and_then(|f| f.iter().next())
            {
                found.push((format!("{{ {name} = {} }}", self.type_in_words(value, DEPTH)), words(form)));
            }
            for value in form["enum"].as_array().into_iter().flatten() {
                found.push((in_toml(value), words(form)));
            }
        }
        found
    }

    /// The type of a value in words.
    fn type_in_words(&self, schema: &Value, depth: usize) -> String {
        let mut found: Vec<String> = Vec::new();
        for form in self.forms(schema) {
            let word = self.form_in_words(form, depth);
            if !found.contains(&word) {
                found.push(word);
            }
        }
        found.join(", or ")
    }

    fn form_in_words(&self, form: &Value, depth: usize) -> String {
        if form.get("const").is_some() || form.get("enum").is_some() || form.get("choices").is_some() {
            return "one of the choices".into();
        }
        match type_of(form) {
            "integer" if form["minimum"] == 0 => "whole number >= 0".into(),
            "integer" => "whole number".into(),
            "number" => "number".into(),
            "boolean" => "true or false".into(),
            "string" => "text".into(),
            "array" if depth < DEPTH && form["items"].is_object() => {
                format!("list of ({})", self.type_in_words(&form["items"], depth + 1))
            }
            "array" => "list".into(),
            "object" => match form["properties"].as_object() {
                Some(fields) if fields.len() <= NAMED => {
                    format!("{{ {} }}", fields.keys().map(|name| format!("{name} = ..")).collect::<Vec<_>>().join(", "))
                }
                _ => "table".into(),
            },
            _ => "any value".into(),
        }
    }

    /// A field for other programs.
    fn described(&self, path: &str, field: &Value) -> Value {
        let choices: Map<String, Value> =
            self.choices(field).into_iter().map(|(name, meaning)| (name, meaning.into())).collect();
        let fields: Map<String, Value> =
            self.fields(field).into_iter().map(|(name, field)| (name.into(), words(field).into())).collect();
        json!({
            "field": path,
            "description": words(field),
            "type": self.type_in_words(field, 0),
            "default": field.get("default"),
            "unit": self.unit(field),
            "choices": choices,
            "fields": fields,
        })
    }
}

/// Whether a table with these fields is a choice: an enum of serde's is a table with one key, which it must have.
fn is_variant(fields: &Map<String, Value>, form: &Value) -> bool {
    fields.len() == 1 && form["required"].as_array().is_some_and(|required| required.len() == 1)
}

/// The default as it is written in TOML; nothing where a field that is left out has no value.
fn default(field: &Value) -> Option<String> {
    field.get("default").filter(|value| !value.is_null()).map(in_toml)
}

fn bracketed(field: &Value) -> String {
    default(field).map_or_else(String::new, |value| format!(" [{value}]"))
}

/// The type of a form; of an optional one that it has if it is given.
fn type_of(form: &Value) -> &str {
    match &form["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or(""),
        _ => "",
    }
}

/// What the documentation says; what is `None` in Rust is left out in TOML.
fn words(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let text = text.lines().collect::<Vec<_>>().join(" ").replace("`None` (`\"off\"` in TOML)", "`\"off\"`");
    text.replace("`None`", "left out, it").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn first_sentence(text: &str) -> &str {
    let end = text.match_indices(". ").map(|(place, _)| place + 1).next();
    &text[..end.unwrap_or(text.len())]
}

/// A value as it stands in a run.toml.
fn in_toml(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} = {}", in_toml(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(in_toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// What was probably meant, or what there is.
fn hint(name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return "it has no fields".into();
    }
    match known.iter().find(|known| known.starts_with(name) || name.starts_with(**known)) {
        Some(near) => format!("`{near}` is"),
        None => format!("its fields are {}", known.join(", ")),
    }
}

/// A name and its text, which goes on below itself.
fn print_wrapped(name: &str, text: &str) -> Result<()> {
    let indent = " ".repeat(name.chars().count());
    let mut line = String::from(name);
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            output::text(&line)?;
            (line, is_empty) = (indent.clone(), true);
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    output::text(line.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_path_and_explained_from_its_documentation() {
        let schema = Schema(schema());
        let tau = schema.find("model.tau").unwrap();
        assert!(words(tau).starts_with("Time constant, ms"), "{tau}");
        assert_eq!((default(tau), schema.unit(tau)), (Some("100.0".into()), Some("ms")));
        let kind = schema.choices(schema.find("model.kind").unwrap());
        assert!(kind.len() == 4 && kind[1].0 == "\"ei\"" && kind[1].1.contains("Dale's law"), "{kind:?}");
        let optimizer = schema.find("train.optimizer").unwrap();
        assert!(schema.choices(optimizer).iter().any(|(name, _)| name == "kind = \"adam\""), "{optimizer}");
        assert!(schema.fields(optimizer).iter().any(|(name, _)| *name == "beta1"));
        assert_eq!(schema.type_in_words(schema.find("train.stop.patience").unwrap(), 0), "whole number >= 0");
        assert!(schema.find("model.areas.units").is_ok() && schema.find("train.regularisers.weight").is_ok());
        assert!(schema.choices(schema.find("train.clip_norm").unwrap()).iter().any(|(name, _)| name == "\"off\""));
        assert!(schema.choices(schema.find("model.activation").unwrap()).iter().any(|(name, _)| name == "\"relu\""));
    }

    #[test]
    fn an_unknown_field_is_refused_with_what_there_is() {
        let schema = Schema(schema());
        let refusal = |path: &str| schema.find(path).unwrap_err().to_string();
        assert!(refusal("model.tau_ms").contains("`tau_ms` is no field of `model`; `tau` is"));
        assert!(refusal("foo").contains("its fields are"), "{}", refusal("foo"));
    }

    #[test]
    fn every_field_of_model_and_train_says_its_type_in_words() {
        let schema = Schema(schema());
        for table in ["model", "train"] {
            for (name, field) in schema.fields(schema.find(table).unwrap()) {
                let kind = schema.type_in_words(field, 0);
                assert!(!kind.is_empty() && !kind.contains("any value"), "{table}.{name}: {kind} of {field}");
                assert!(!words(field).contains("None"), "{table}.{name}: {}", words(field));
            }
        }
    }
}
