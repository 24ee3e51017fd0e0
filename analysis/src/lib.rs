//! Analysis of networks and their behaviour, in f64 on the host: arrays go in, results come out that can be printed,
//! drawn or written as JSON.
//!
//! | module | question |
//! |---|---|
//! | [`activity`] | what did the units of a network, or recorded neurons, do in trials? |
//! | [`psychometric`] | how do choices depend on the evidence? |
//! | [`chronometric`] | how long do decisions take? |
//! | [`duration`] | is evidence integrated as long as it is shown? |
//! | [`kernel`] | how much does the evidence at each time weigh in a choice? |
//! | [`confusion`] | what is chosen where something else is right? |
//! | [`interval`] | how certain is a fraction of trials? |
//! | [`spectrum`] | what do the recurrent weights do to activity, near silence? |
//! | [`lyapunov`] | how fast do nearby trajectories part or meet? |
//! | [`nonnormality`] | what do modes that are not orthogonal do to small perturbations? |
//! | [`flow_field`] | where does activity go from any state of a plane? |
//! | [`local`] | which modes are slow at each step of a trajectory? |
//! | [`selectivity`] | which units tell the values of a variable apart? |
//! | [`matched`] | which random units is a set of units to be compared with? |
//! | [`currents`] | how much of what a unit receives comes from where? |
//! | [`roc`] | how well does one unit tell two kinds of trials apart? |
//! | [`mixed_selectivity`] | do units respond to one variable, to several that add up, or to combinations? |
//! | [`tuning`] | which direction does a unit prefer, and how narrowly? |
//! | [`task_variance`] | which tasks and epochs do units take part in? |
//! | [`clusters`] | which rows are alike, in how many groups? |
//! | [`sequentiality`] | are units active one after the other? |
//! | [`structure`] | what are the weights, by groups, by unit, as a whole? |
//! | [`fixed_points`] | where does activity stand still, and what happens around there? |
//! | [`held_input`] | which input holds in trials, and which states are visited meanwhile? |
//! | [`similarity`] | how alike are networks, areas, epochs and recordings in what they do? |
//! | [`components`] | along which directions do states vary the most? |
//! | [`decoding`] | what of a trial's variables can be read from its units, and when? |
//! | [`spatial`] | where in space are units active, and does that change? |
//! | [`geometry`] | how many directions does activity take, which of them carry what, and how do they turn? |
//!
//! What a network is to an analysis stands in [`dynamics`], once.
//!
//! No file is read here and nothing is drawn.

#![deny(unsafe_code)]
#![deny(missing_docs)]

pub mod activity;
pub mod chronometric;
pub mod clusters;
pub mod components;
pub mod confusion;
pub mod currents;
pub mod decoding;
pub mod duration;
pub mod dynamics;
mod error;
mod f_distribution;
pub mod fixed_points;
pub mod flow_field;
pub mod geometry;
pub mod held_input;
pub mod interval;
pub mod kernel;
pub mod linear;
pub mod local;
pub mod lyapunov;
pub mod matched;
pub mod mixed_selectivity;
pub mod nonnormality;
pub mod psychometric;
pub mod roc;
pub mod selectivity;
pub mod sequentiality;
pub mod similarity;
pub mod spatial;
pub mod spectrum;
mod statistics;
pub mod structure;
pub mod task_variance;
pub mod tuning;

pub use activity::Activity;
pub use chronometric::Chronometric;
pub use clusters::Clusters;
pub use components::Components;
pub use confusion::Confusion;
pub use currents::Currents;
pub use decoding::Decoding;
pub use duration::DurationCurve;
pub use dynamics::{ClosedLoop, Driven, Dynamics, Network, NetworkDynamics, System};
pub use error::AnalysisError;
pub use fixed_points::{FixedPoint, FixedPoints};
pub use flow_field::FlowField;
pub use held_input::HeldInput;
pub use interval::{paired_difference_interval, wilson_interval};
pub use kernel::Kernel;
pub use local::Local;
pub use lyapunov::Lyapunov;
pub use matched::{matched_by_group, matched_by_rate};
pub use mixed_selectivity::MixedSelectivity;
pub use psychometric::{ChoiceCount, CumulativeGaussian, PsychometricFunction, TwoVariableFunction};
pub use roc::{ChoiceProbability, Roc};
pub use selectivity::Selectivity;
pub use sequentiality::{Sequence, Sequentiality};
pub use similarity::Similarity;
pub use spatial::{RateMaps, Remapping};
pub use spectrum::Spectrum;
pub use structure::Structure;
pub use task_variance::{FractionalVariance, TaskVariance};
pub use tuning::Tuning;
