//! A continuous-time recurrent network: parameters, constraints and dynamics of any kind of network.
//!
//! [`VanillaCtrnn`](crate::VanillaCtrnn), [`EiCtrnn`](crate::EiCtrnn), [`MultiAreaCtrnn`](crate::MultiAreaCtrnn) and
//! [`StackedCtrnn`](crate::StackedCtrnn) are this network seen as their kind. It is one [`Layer`], or several on top of
//! each other, and a readout. The equation is in [`dynamics`](crate::dynamics), the pass through time in
//! [`scan`](crate::scan), the constraints in [`synapses`](crate::synapses).

mod altered;
mod amplitudes;
mod closed_loop;
mod effective;
mod joined;
mod layer;
mod lesion;
mod network;
mod of_kind;
mod parameter;
mod parts;
mod perturbation;
#[cfg(test)]
mod scan_agreement;
mod step;
mod trajectory;
mod unroll;

pub use self::{
    layer::Layer,
    network::Ctrnn,
    of_kind::{CtrnnOf, KindMarker},
    parameter::Parameter,
    perturbation::{Effect, Perturbation, Windows},
    trajectory::{Answer, Trajectory},
};
