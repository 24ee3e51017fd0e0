//! Tasks on the command line: `--set NAME=VALUE` gives their parameters, `--data FILE` one's own trials.

use std::path::{self, Path};

use anyhow::{Context, Result, bail};
use nn4n_tasks::Task;
use serde_json::{Map, Value, json};

/// A parameter and its value: JSON, or a text where it is none.
pub type Setting = (String, Value);

/// Reads `name=value`.
pub fn parse_setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.into()));
            Ok((name.into(), value))
        }
        _ => Err("must be NAME=VALUE, as in sigma_in=0".into()),
    }
}

/// The task of this id with these parameters; of two values of one parameter the last counts.
pub fn task(id: &str, settings: &[Setting]) -> Result<Box<dyn Task>> {
    let parameters: Map<String, Value> = settings.iter().cloned().collect();
    Ok(nn4n_tasks::create(id, Some(&Value::Object(parameters)))?)
}

/// One's own trials: the arrays of an `.npz`, with these `settings`, or a task in TOML, which says all itself.
pub fn own_data(path: &Path, settings: Map<String, Value>) -> Result<Box<dyn Task>> {
    // The path is made absolute, so that the run can be evaluated from anywhere.
    let absolute = path::absolute(path).with_context(|| format!("--data {}", path.display()))?;
    let Some(text) = absolute.to_str() else {
        bail!("--data {}: the path must be valid UTF-8; rename the file", path.display())
    };
    let mut parameters = Map::new();
    let id = match absolute.extension().and_then(|extension| extension.to_str()) {
        Some("npz") => "data/npz",
        Some("toml") => "data/toml",
        _ => bail!(
            "--data {}: must end in .npz (arrays, one trial per row) or .toml (a task in words); rename the file",
            path.display()
        ),
    };
    if let Some(name) = settings.keys().next().filter(|_| id == "data/toml") {
        bail!("--set {name}: a task in TOML says all itself; change {}", path.display())
    }
    if id == "data/npz" {
        parameters.extend(settings);
    }
    parameters.insert("path".into(), json!(text));
    Ok(nn4n_tasks::create(id, Some(&Value::Object(parameters)))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_json_or_a_text() {
        let read = |text: &str| parse_setting(text).map(|(_, value)| value);
        assert_eq!(read("sigma_in=0.5"), Ok(json!(0.5)));
        assert_eq!(read("rates=[9, 16]"), Ok(json!([9, 16])));
        assert_eq!(read("rounding=floor"), Ok(json!("floor")));
        assert_eq!(read("path=a=b.npz"), Ok(json!("a=b.npz")));
        assert!(read("sigma_in").is_err() && read("=1").is_err());
    }
}
