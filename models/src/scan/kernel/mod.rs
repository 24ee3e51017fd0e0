//! The pass through time by hand: forward, and backward with the gradients of everything that went in.
//!
//! Trials are independent through time, so each thread takes some of them through all steps. Within a thread a block of
//! trials advances together, one [`product`] of their rates with the packed weights a step; recurrent weights and
//! readout share it. The backward pass does the same in reverse with the weights the other way round, some trials after
//! others ([`tree`]), and finds for every step the gradient with respect to its total current; after each window of
//! steps a [`weight_gradient`] sums the outer products with the rates. Of all this, only the rates need to be kept from
//! forward to backward, and where they do not determine the slope of the activation, a second array of that size; or
//! one step in many, from which each thread computes the others again, segment by segment ([`segments`]). The
//! vanishing-gradient regulariser, which looks at the gradients on their way, is found along with them ([`omega`]).
//!
//! Everything here is safe Rust: `pulp` finds the vectors of the processor at run time (AVX-512, AVX2, NEON, or none).

mod activation;
mod awake;
mod backward;
mod buffer;
mod dims;
mod element;
mod equation;
mod forward;
mod gradients;
mod noise_rows;
mod omega;
mod packed;
mod pass;
mod product;
mod retreat;
mod rows;
mod segments;
mod tree;
mod weight_gradient;

pub(super) use self::{
    activation::spans,
    backward::backward,
    buffer::{Buffer, Pool},
    dims::Dims,
    element::Element,
    equation::{Equation, Parameters},
    forward::{Kept, forward},
    gradients::{Arriving, Extra, Gradients, Remembered, Wanted},
    omega::Omega,
    pass::PackedForward,
    rows::padded,
    segments::Segments,
};
pub(crate) use self::{buffer::Memory, segments::remat_rows};
