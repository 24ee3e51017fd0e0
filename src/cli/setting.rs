//! `--set NAME=VALUE`: parameters of a task on the command line.

use anyhow::Result;
use nn4n_tasks::Task;
use serde_json::{Map, Value};

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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
