//! Analysis of networks and their behaviour, in f64 on the host.

pub mod psychometric;

pub use psychometric::CumulativeGaussian;
