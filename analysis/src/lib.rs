//! Analysis of networks and their behaviour, in f64 on the host: arrays go in, results come out that can be printed,
//! drawn or written as JSON.
//!
//! | module | question |
//! |---|---|
//! | [`activity`] | what did the units of a network, or recorded neurons, do in trials? |
//! | [`psychometric`] | how do choices depend on the evidence? |
//! | [`interval`] | how certain is a fraction of trials? |
//! | [`spectrum`] | what do the recurrent weights do to activity, near silence? |
//! | [`lyapunov`] | how fast do nearby trajectories part or meet? |
//! | [`nonnormality`] | what do modes that are not orthogonal do to small perturbations? |
//! | [`flow_field`] | where does activity go from any state of a plane? |
//! | [`local`] | which modes are slow at each step of a trajectory? |
//! | [`selectivity`] | which units tell the values of a variable apart? |
//! | [`matched`] | which random units is a set of units to be compared with? |
//! | [`currents`] | how much of what a unit receives comes from where? |
//! | [`structure`] | what are the weights, by groups, by unit, as a whole? |
//! | [`fixed_points`] | where does activity stand still, and what happens around there? |
//! | [`held_input`] | which input holds in trials, and which states are visited meanwhile? |
//! | [`components`] | along which directions do states vary the most? |
//! | [`spatial`] | where in space are units active, and does that change? |
//!
//! What a network is to an analysis stands in [`dynamics`], once.
//!
//! No file is read here and nothing is drawn.

#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod activity;
pub mod components;
pub mod currents;
pub mod dynamics;
mod error;
pub mod fixed_points;
pub mod flow_field;
pub mod held_input;
pub mod interval;
pub mod linear;
pub mod local;
pub mod lyapunov;
pub mod matched;
pub mod nonnormality;
pub mod psychometric;
pub mod selectivity;
pub mod spatial;
pub mod spectrum;
pub mod structure;

pub use activity::Activity;
pub use components::Components;
pub use currents::Currents;
pub use dynamics::{ClosedLoop, Driven, Dynamics, Network};
pub use error::AnalysisError;
pub use fixed_points::{FixedPoint, FixedPoints};
pub use flow_field::FlowField;
pub use held_input::HeldInput;
pub use interval::{paired_difference_interval, wilson_interval};
pub use local::Local;
pub use lyapunov::Lyapunov;
pub use matched::{matched_by_group, matched_by_rate};
pub use psychometric::{ChoiceCount, CumulativeGaussian};
pub use selectivity::Selectivity;
pub use spatial::{RateMaps, Remapping};
pub use spectrum::Spectrum;
pub use structure::Structure;
