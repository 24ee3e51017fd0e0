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

/// The parameters that `--set` gives, each once: of two values nobody knows which one is meant.
///
/// # Errors
/// If a parameter is given twice, with other values.
pub fn parameters(settings: &[Setting]) -> Result<Map<String, Value>> {
    let mut all = Map::new();
    for (name, value) in settings {
        if let Some(other) = all.insert(name.clone(), value.clone()).filter(|other| other != value) {
            bail!("--set {name}: is given twice, as {other} and as {value}; give it once");
        }
    }
    Ok(all)
}

/// The same beside an option that gives one of them, too.
///
/// # Errors
/// As [`parameters`], and if `--set` and the option contradict each other.
pub fn parameters_beside(settings: &[Setting], name: &str, option: Option<f64>) -> Result<Map<String, Value>> {
    let all = parameters(settings)?;
    if let (Some(set), Some(given)) = (all.get(name), option)
        && set.as_f64() != Some(given)
    {
        bail!("--{name} {given} and --set {name}={set} contradict each other; give one of them");
    }
    Ok(all)
}

/// The task of this id with these parameters.
pub fn task(id: &str, settings: &[Setting]) -> Result<Box<dyn Task>> {
    Ok(nn4n_tasks::create(id, Some(&Value::Object(parameters(settings)?)))?)
}

/// Whether a file is one of arrays, by the end of its name.
pub fn has_arrays(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| ["npz", "mat", "h5", "hdf5"].contains(&extension))
}

/// One's own trials: the arrays of an `.npz`, `.mat` or `.h5`, with these `settings`, or a task in TOML, which says all itself.
pub fn own_data(path: &Path, settings: Map<String, Value>) -> Result<Box<dyn Task>> {
    // The path is made absolute, so that the run can be evaluated from anywhere.
    let absolute = path::absolute(path).with_context(|| format!("--data {}", path.display()))?;
    let Some(text) = absolute.to_str() else {
        bail!("--data {}: the path must be valid UTF-8; rename the file", path.display())
    };
    let mut parameters = Map::new();
    let id = match absolute.extension().and_then(|extension| extension.to_str()) {
        _ if has_arrays(path) => "data/npz",
        Some("toml") => "data/toml",
        _ => bail!(
            "--data {}: must end in .npz, .mat, .h5 (arrays, one trial per row) or .toml (a task in words); rename the file",
            path.display()
        ),
    };
    if let Some(name) = settings.keys().next().filter(|_| id == "data/toml") {
        bail!("--set {name}: a task in TOML says all itself; change {}", path.display())
    }
    if settings.contains_key("path") {
        bail!("--set path: trials are those of --data {}; leave --set path out", path.display())
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
    fn one_parameter_has_one_value() {
        let of = |texts: &[&str]| texts.iter().map(|text| parse_setting(text).unwrap()).collect::<Vec<_>>();
        assert_eq!(parameters(&of(&["dt=5", "sigma_in=0", "dt=5"])).unwrap().len(), 2);
        let refusal = parameters(&of(&["dt=5", "dt=10"])).unwrap_err().to_string();
        assert_eq!(refusal, "--set dt: is given twice, as 5 and as 10; give it once");
        let beside = |texts: &[&str]| parameters_beside(&of(texts), "dt", Some(5.0));
        assert!(beside(&["dt=5.0"]).is_ok() && beside(&["sigma_in=1"]).is_ok());
        let refusal = beside(&["dt=10"]).unwrap_err().to_string();
        assert_eq!(refusal, "--dt 5 and --set dt=10 contradict each other; give one of them");
        assert!(task("song2016/rdm_fixed", &of(&["dt=5", "dt=10"])).is_err());
        let path = own_data(Path::new("mine.npz"), parameters(&of(&["path=other.npz"])).unwrap());
        assert!(path.unwrap_err().to_string().contains("leave --set path out"));
    }

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
