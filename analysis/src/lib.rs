//! Analysis of networks and their behaviour, in f64 on the host: arrays go in, results come out that can be printed,
//! drawn or written as JSON.
//!
//! | module | question |
//! |---|---|
//! | [`activity`] | what did the units of a network, or recorded neurons, do in trials? |
//! | [`behaviour`] | what is chosen, how often and how fast, depending on what? |
//! | [`single_units`] | what do single units respond to, and which of them do alike? |
//! | [`interval`] | how certain is a fraction of trials? |
//! | [`median`] | how certain is a median of a few values? |
//! | [`spectrum`] | what do the recurrent weights do to activity, near silence? |
//! | [`lyapunov`] | how fast do nearby trajectories part or meet? |
//! | [`nonnormality`] | what do modes that are not orthogonal do to small perturbations? |
//! | [`flow_field`] | where does activity go from any state of a plane? |
//! | [`local`] | which modes are slow at each step of a trajectory? |
//! | [`matched`] | which random units is a set of units to be compared with? |
//! | [`currents`] | how much of what a unit receives comes from where? |
//! | [`structure`] | what are the weights, by groups, by unit, as a whole? |
//! | [`fixed_points`] | where does activity stand still, and what happens around there? |
//! | [`held_input`] | which input holds in trials, and which states are visited meanwhile? |
//! | [`similarity`] | how alike are networks, areas, epochs and recordings in what they do? |
//! | [`decision_model`] | what does a model of two populations that can be solved do, beside networks that decide? |
//! | [`components`] | along which directions do states vary the most? |
//! | [`decoding`] | what of a trial's variables can be read from its units, and when? |
//! | [`spatial`] | where in space are units active, and does that change? |
//! | [`geometry`] | how many directions does activity take, which of them carry what, and how do they turn? |
//!
//! What a network is to an analysis stands in [`dynamics`], once. How long work ends before its end stands in
//! [`interruption`].
//!
//! No file is read here and nothing is drawn.

#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod activity;
pub mod behaviour;
pub mod components;
pub mod currents;
pub mod decision_model;
pub mod decoding;
pub mod dynamics;
mod error;
mod f_distribution;
pub mod fixed_points;
pub mod flow_field;
pub mod geometry;
pub mod held_input;
pub mod interruption;
pub mod interval;
pub mod linear;
pub mod local;
pub mod lyapunov;
pub mod matched;
pub mod median;
pub mod nonnormality;
pub mod similarity;
pub mod single_units;
pub mod spatial;
pub mod spectrum;
mod statistics;
pub mod structure;

pub use activity::Activity;
pub use behaviour::chronometric::Chronometric;
pub use behaviour::confusion::Confusion;
pub use behaviour::duration::DurationCurve;
pub use behaviour::kernel::Kernel;
pub use behaviour::psychometric::{ChoiceCount, CumulativeGaussian, PsychometricFunction, TwoVariableFunction};
pub use components::Components;
pub use currents::Currents;
pub use decision_model::DecisionModel;
pub use decoding::Decoding;
pub use dynamics::{ClosedLoop, Driven, Dynamics, Network, NetworkDynamics, System};
pub use error::AnalysisError;
pub use fixed_points::{FixedPoint, FixedPoints};
pub use flow_field::FlowField;
pub use held_input::HeldInput;
pub use interval::{paired_difference_interval, wilson_interval};
pub use local::Local;
pub use lyapunov::Lyapunov;
pub use matched::{matched_by_group, matched_by_rate};
pub use median::MedianInterval;
pub use similarity::Similarity;
pub use single_units::clusters::Clusters;
pub use single_units::mixed_selectivity::MixedSelectivity;
pub use single_units::roc::{ChoiceProbability, Roc};
pub use single_units::selectivity::Selectivity;
pub use single_units::sequence_weights::SequenceWeights;
pub use single_units::sequentiality::{Sequence, Sequentiality};
pub use single_units::task_variance::{FractionalVariance, TaskVariance};
pub use single_units::tuning::Tuning;
pub use spatial::{RateMaps, Remapping, RemappingMatrix};
pub use spectrum::Spectrum;
pub use structure::Structure;
