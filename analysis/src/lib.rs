//! Analysis of networks and their behaviour, in f64 on the host: arrays go in, results come out that can be printed,
//! drawn or written as JSON.
//!
//! | module | question |
//! |---|---|
//! | [`psychometric`] | how do choices depend on the evidence? |
//! | [`interval`] | how certain is a fraction of trials? |
//! | [`spectrum`] | what do the recurrent weights do to activity, near silence? |
//!
//! No file is read here and nothing is drawn.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod error;
pub mod interval;
pub mod psychometric;
pub mod spectrum;

pub use error::AnalysisError;
pub use interval::wilson_interval;
pub use psychometric::{ChoiceCount, CumulativeGaussian};
pub use spectrum::Spectrum;
