//! What a run.toml may say, as a JSON schema: names, types, defaults and choices with the words of their documentation.

use std::{collections::BTreeMap, path::PathBuf};

use nn4n_models::ModelConfig;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Deserialize;
use serde_json::Value;

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
    schema
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
