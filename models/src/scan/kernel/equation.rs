//! What is computed: the equation with its constants, and the parameters.

use super::activation::Span;
use crate::{config::Form, noise::Gaussians};

/// The equation and its constants; every per-unit vector is padded with zeros to [`Dims::width`](super::Dims::width).
#[derive(Debug)]
pub(crate) struct Equation<T> {
    pub form: Form,
    pub spans: Vec<Span>,
    /// `sigma_post`
    pub post_noise: Vec<T>,
    pub xi: Option<Gaussians>,
    pub zeta: Option<Gaussians>,
}

impl<T> Equation<T> {
    pub(super) fn is_noisy(&self) -> bool {
        self.xi.is_some() || self.zeta.is_some()
    }
}

/// The parameters of a pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameters<'a, T> {
    /// (units, units)
    pub w_rec: &'a [T],
    /// (units, inputs)
    pub w_in: &'a [T],
    /// (outputs, units)
    pub w_out: &'a [T],
    /// (units), or empty
    pub b_rec: &'a [T],
    /// (outputs), or empty
    pub b_out: &'a [T],
    /// (units)
    pub alpha: &'a [T],
    /// (units)
    pub leak: &'a [T],
    /// (units)
    pub recurrent_noise: &'a [T],
    /// (trials, units), or (1, units) for all
    pub start_state: &'a [T],
    /// (trials, units), or (1, units) for all
    pub start_rate: &'a [T],
}

/// Row `trial` of start states.
pub(super) fn start_row<T>(start: &[T], units: usize, trial: usize) -> &[T] {
    if start.len() == units { start } else { &start[trial * units..(trial + 1) * units] }
}
