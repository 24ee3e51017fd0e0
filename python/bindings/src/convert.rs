//! Values between Rust and Python. Arrays that Rust made are moved, not copied.

use nn4n::{
    serde_json::{Map, Value},
    tasks::{Condition, Epoch},
};
use pyo3::{exceptions::PyValueError, prelude::*};
use pythonize::{depythonize, pythonize};
use serde::{Serialize, de::DeserializeOwned};

/// Anything that can be written as JSON, as dictionaries, lists and numbers; NaN stays NaN.
pub fn to_python<'py, T: Serialize + ?Sized>(py: Python<'py>, value: &T) -> PyResult<Bound<'py, PyAny>> {
    Ok(pythonize(py, value)?)
}

/// A value that a user gave as dictionaries, lists and numbers; `name` is what it is called.
pub fn from_python<T: DeserializeOwned>(name: &str, value: &Bound<'_, PyAny>) -> PyResult<T> {
    depythonize(value).map_err(|error| PyValueError::new_err(format!("{name}: {error}")))
}

/// A table of settings, by name.
pub fn settings(name: &str, value: Option<&Bound<'_, PyAny>>) -> PyResult<Map<String, Value>> {
    value.map_or_else(|| Ok(Map::new()), |value| from_python(name, value))
}

/// The variables of trials.
pub fn conditions(value: &Bound<'_, PyAny>) -> PyResult<Vec<Condition>> {
    from_python("conditions", value)
}

/// The periods of trials.
pub fn epochs(value: &Bound<'_, PyAny>) -> PyResult<Vec<Vec<Epoch>>> {
    from_python("epochs", value)
}
