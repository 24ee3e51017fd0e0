//! Figures of the library, as SVG.

use nn4n::plot::PlotError;
use pyo3::{exceptions::PyValueError, prelude::*};

/// A figure as the text of an SVG file.
pub fn drawn(svg: Result<String, PlotError>) -> PyResult<String> {
    svg.map_err(|error| PyValueError::new_err(error.to_string()))
}
