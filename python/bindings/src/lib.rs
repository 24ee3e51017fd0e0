//! What the extension module `nn4n_rs._nn4n` does: arrays and dictionaries in, arrays and dictionaries out. What a user
//! meets is the Python package around it, in `python/nn4n_rs`.
//!
//! ```text
//! task, python_task     trials and scores; tasks whose trials a Python function makes
//! network, figure       networks, what they do in trials; figures as SVG
//! training              runs and single updates
//! analysis              one function a kind, which gives a Found
//! waiting               work on threads of this process while the interpreter is free, until Ctrl-C
//! error, convert        Rust's errors and values in Python's words
//! ```

mod analysis;
mod convert;
mod error;
mod figure;
mod network;
mod python_task;
mod study;
mod task;
mod training;
mod waiting;

use pyo3::prelude::*;

#[pymodule]
fn _nn4n(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<task::Task>()?;
    module.add_class::<task::Trials>()?;
    module.add_class::<network::Network>()?;
    module.add_class::<training::Trainer>()?;
    module.add_class::<analysis::Activity>()?;
    module.add_class::<analysis::Found>()?;
    module.add_function(wrap_pyfunction!(error::listen, module)?)?;
    module.add_function(wrap_pyfunction!(waiting::before_fork, module)?)?;
    module.add_function(wrap_pyfunction!(waiting::after_fork, module)?)?;
    module.add_function(wrap_pyfunction!(task::all_tasks, module)?)?;
    module.add_function(wrap_pyfunction!(network::zoo, module)?)?;
    module.add_function(wrap_pyfunction!(network::schema, module)?)?;
    module.add_function(wrap_pyfunction!(network::check_model, module)?)?;
    module.add_function(wrap_pyfunction!(network::presets, module)?)?;
    module.add_function(wrap_pyfunction!(network::open_preset, module)?)?;
    module.add_function(wrap_pyfunction!(training::run, module)?)?;
    module.add_function(wrap_pyfunction!(study::study, module)?)?;
    analysis::add_to(module)
}
