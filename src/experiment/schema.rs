//! What a run.toml may say, as a JSON schema: names, types, defaults and choices with the words of their documentation.

use std::{collections::BTreeMap, path::PathBuf};

use nn4n_models::ModelConfig;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::TrainConfig;

/// An experiment: a task, a network, the settings of its training and a seed.
#[derive(JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[schemars(title = "run.toml of nn4n")]
#[expect(dead_code, reason = "describes what `Experiment::from_toml` reads")]
struct RunToml {
    /// Everything random is a function of it.
    #[serde(default)]
    seed: u64,
    /// A checkpoint whose network training starts from, its channels matched by name: a file, a run directory, a
    /// network of `nn4n zoo list`, or hf:owner/repo[@revision][/file]. Without `[model]` the network is described as
    /// there.
    init: Option<PathBuf>,
    /// The task and its parameters.
    task: Task,
    /// The network; `inputs`, `outputs` and `dt` are those of the task if they are left out.
    #[serde(default)]
    model: ModelConfig,
    /// The training.
    #[serde(default)]
    train: TrainConfig,
    /// Easier tasks that come before, in order.
    #[serde(default)]
    curriculum: Vec<Stage>,
}

/// A task by its id. Its parameters stand beside the id; `nn4n tasks show ID` lists them with their published values.
#[derive(JsonSchema, Deserialize)]
#[expect(dead_code, reason = "describes what `Experiment::from_toml` reads")]
struct Task {
    /// Such as `song2016/rdm_varstim`; see `nn4n tasks list`. Its parameters stand beside it, see `nn4n tasks show ID`.
    id: String,
    #[serde(flatten)]
    parameters: BTreeMap<String, Value>,
}

/// A stage of a curriculum.
#[derive(JsonSchema, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "describes what `Experiment::from_toml` reads")]
struct Stage {
    /// The stage ends when the performance of a validation is at least this, a fraction in [0, 1].
    threshold: f64,
    /// The parameters of the task that are different in this stage.
    task: BTreeMap<String, Value>,
}

/// The JSON schema of a run.toml (draft 2020-12), for editors and for `nn4n config`.
pub fn schema() -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<RunToml>().to_value();
    // A network of one kind is no default of a file that leaves it out, and what a network shares with its task is the
    // task's.
    let shared = ["inputs", "outputs", "dt"].map(|name| format!("/$defs/ModelConfig/properties/{name}"));
    for place in ["/properties/model", "/properties/train"].into_iter().chain(shared.iter().map(String::as_str)) {
        if let Some(field) = schema.pointer_mut(place).and_then(Value::as_object_mut) {
            field.remove("default");
        }
    }
    for place in MATRICES {
        if let Some(field) = schema.pointer_mut(&format!("/$defs/MatrixConfig/properties/{place}")) {
            or_in_a_file(field);
        }
    }
    let draws = schema.pointer_mut("/$defs/Init/oneOf").and_then(Value::as_array_mut);
    for form in draws.into_iter().flatten() {
        if let Some(field) = form.pointer_mut("/properties/array") {
            or_in_a_file(field);
        }
    }
    in_plain_words(&mut schema);
    schema
}

/// The matrices of `[model.w_rec]` and its like that may lie in a file.
const MATRICES: [&str; 3] = ["connectivity", "fixed", "plastic"];

/// Lets the value of a field lie in a file, too.
fn or_in_a_file(field: &mut Value) {
    let Some(all) = field.as_object_mut() else { return };
    let is_said_of_field = |name: &str| matches!(name, "description" | "default" | "unit");
    let (own, form): (Map<String, Value>, Map<String, Value>) =
        std::mem::take(all).into_iter().partition(|(name, _)| is_said_of_field(name));
    *all = own;
    let of_file = json!({
        "type": "object",
        "description": "A matrix [post][pre] in an .npz file, by the name of its array.",
        "properties": {
            "file": { "type": "string", "description": "The path of the file, from where the program is started." },
            "array": { "type": "string", "description": "The name of the array in it." },
        },
        "required": ["file", "array"],
        "additionalProperties": false,
    });
    all.insert("anyOf".into(), json!([form, of_file]));
}

/// Leaves out of all descriptions what only rustdoc reads: links, and examples in Rust, which are for those who read the
/// documentation of the library.
fn in_plain_words(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "description" => {
                        let lines = text.lines().take_while(|line| !line.starts_with("```"));
                        *text = lines.map(nn4n_tasks::plain).collect::<Vec<_>>().join("\n").trim_end().into();
                    }
                    other => in_plain_words(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(in_plain_words),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_a_run_toml_has_words_and_the_defaults_are_those_of_the_structs() {
        let schema = schema();
        let train = &schema["$defs"]["TrainConfig"]["properties"];
        let model = &schema["$defs"]["ModelConfig"]["properties"];
        for (table, fields) in [("train", train), ("model", model), ("run", &schema["properties"])] {
            let fields = fields.as_object().unwrap_or_else(|| panic!("{table} has no fields"));
            assert!(fields.len() > 5, "{table}");
            for (name, field) in fields {
                let words = field["description"].as_str().unwrap_or_default();
                assert!(words.len() > 10, "{table}.{name} is not explained: {field}");
            }
        }
        assert_eq!(train["learning_rate"]["default"], TrainConfig::default().learning_rate);
        assert_eq!((&model["tau"]["default"], &model["tau"]["unit"]), (&100.0.into(), &"ms".into()));
        assert!(model["dt"].get("default").is_none(), "it is the task's");
    }

    #[test]
    fn matrices_may_lie_in_files_and_words_are_free_of_rust() {
        let schema = schema();
        for name in MATRICES {
            let field = &schema["$defs"]["MatrixConfig"]["properties"][name];
            assert_eq!(field["anyOf"][1]["required"], json!(["file", "array"]), "{name}: {field}");
            assert!(field["description"].is_string() && field["anyOf"][0].get("description").is_none(), "{field}");
        }
        let text = schema.to_string();
        assert_eq!(text.matches("by the name of its array").count(), 4, "with `init = {{ array = .. }}`");
        assert!(!text.contains("```") && !text.contains("use nn4n"));
    }

    #[test]
    fn a_complete_run_toml_has_no_field_that_the_schema_lacks() {
        let experiment = crate::experiment::preset::load("song2016/mante_areas").unwrap();
        let written: toml::Table = experiment.to_toml().unwrap().parse().unwrap();
        let schema = schema();
        for (table, of) in [("model", "ModelConfig"), ("train", "TrainConfig")] {
            let known = &schema["$defs"][of]["properties"];
            for name in written[table].as_table().unwrap().keys() {
                assert!(known.get(name).is_some(), "[{table}] {name}");
            }
        }
    }
}
