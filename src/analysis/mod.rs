//! Analysis of networks and their behaviour, in f64 on the host.

pub mod interval;
pub mod psychometric;

pub use interval::wilson_interval;
pub use psychometric::CumulativeGaussian;
