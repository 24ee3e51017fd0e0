//! The vanishing-gradient regulariser of a pass in the current form, found on its way back.
//!
//! ```text
//! h_t   = leak g_{t+1} + f'(x_t) W_rec^T D(alpha) g_{t+1}
//! q_t   = |h_t|^2 / |g_{t+1}|^2
//! Omega = sum (q_t - 1)^2 / N         over the N steps within the trials with |g_{t+1}|^2 >= 1e-20
//!
//! dOmega/dW_rec = D(alpha) sum g_{t+1} k_t^T,   k_t = 4 (q_t - 1) / (N |g_{t+1}|^2) f'(x_t) h_t       g, x constant
//! ```
//!
//! In the gradient of the loss `r_t` stands where `k_t` does here, so with `r_t + weight k_t` in that place one product
//! gives both. `N` is known only at the end of a pass: it is taken with the `N` of gradients that reach the first step
//! of every trial, and again with the right one if some do not.

use super::{dims::Dims, dims::ROUND, element::Element};

/// Squared norm of a gradient below which it counts as none.
const NO_GRADIENT: f64 = 1e-20;

/// What is asked of a way back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Omega<'a, T> {
    /// 1 within a trial, 0 after its end (trials, steps)
    pub valid: &'a [T],
    /// Factor of Omega in the loss.
    pub weight: f64,
    /// Whether the gradient of the recurrent weights is to be that of Omega without that of the loss.
    pub alone: bool,
}

/// The same with an `N`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a, T> {
    pub valid: &'a [T],
    pub alone: bool,
    /// `4 weight / N`
    factor: T,
}

/// What is found of a trial, or of all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// `sum (q_t - 1)^2`
    sum: f64,
    /// `N`
    pub(super) count: u64,
}

impl<'a, T: Element> Omega<'a, T> {
    /// `N`, if every gradient reaches the first step of its trial. `logits` (trials, steps, outputs) are the gradients
    /// that begin there.
    pub(super) fn expected(&self, dims: Dims, logits: &[T]) -> u64 {
        let Dims { trials, steps, outputs, .. } = dims;
        let of_trial = |trial: usize| {
            let has_gradient = |step: &usize| {
                logits[(trial * steps + step) * outputs..][..outputs].iter().any(|gradient| *gradient != T::zero())
            };
            let last = (1..steps).rev().find(has_gradient).unwrap_or(0);
            let within = &self.valid[trial * steps..][1..=last];
            within.iter().filter(|valid| **valid > T::zero()).count() as u64
        };
        (0..trials).map(of_trial).sum()
    }

    pub(super) fn counted(&self, count: u64) -> Counted<'a, T> {
        let factor = T::from_f64(4.0 * self.weight / count.max(1) as f64);
        Counted { valid: self.valid, alone: self.alone, factor }
    }
}

impl Tally {
    /// Omega; 0 if there is nothing to average.
    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// The tally of all trials.
    pub(super) fn of(trials: &[Self]) -> Self {
        let add = |all: Self, one: &Self| Self { sum: all.sum + one.sum, count: all.count + one.count };
        trials.iter().fold(Self::default(), add)
    }
}

/// What a step of a trial looks like on the way back, each (units).
pub(super) struct Retreated<'a, T> {
    /// `g_{t+1}`
    pub gradient: &'a [T],
    /// `W_rec^T D(alpha) g_{t+1}`
    pub through: &'a [T],
    /// `f'(x_t)`
    pub slope: &'a [T],
    pub leak: &'a [T],
}

impl<T: Element> Counted<'_, T> {
    /// Adds `weight k_t` to `right` and the step to the tally; `h` is room for `h_t`. All have the same length.
    #[inline(always)]
    pub fn add(&self, step: &Retreated<T>, h: &mut [T], right: &mut [T], tally: &mut Tally) {
        let Retreated { gradient, through, slope, leak } = step;
        let leaving = square(gradient);
        // Neither is a gradient that is no number.
        if leaving.partial_cmp(&T::from_f64(NO_GRADIENT)).is_none_or(std::cmp::Ordering::is_lt) {
            return;
        }
        for ((((h, g), through), slope), leak) in h.iter_mut().zip(*gradient).zip(*through).zip(*slope).zip(*leak) {
            *h = *leak * *g + *slope * *through;
        }
        let excess = square(h) / leaving - T::one();
        tally.sum += excess.to_f64() * excess.to_f64();
        tally.count += 1;
        let factor = self.factor * (excess / leaving);
        for ((right, h), slope) in right.iter_mut().zip(h).zip(*slope) {
            *right += factor * (*slope * *h);
        }
    }
}

/// The sum of squares, in an order that no processor changes.
#[inline(always)]
fn square<T: Element>(values: &[T]) -> T {
    let (rounds, rest) = values.as_chunks::<ROUND>();
    let mut sums = [T::zero(); ROUND];
    for round in rounds {
        for (sum, value) in sums.iter_mut().zip(round) {
            *sum += *value * *value;
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += *value * *value;
    }
    sums.iter().fold(T::zero(), |all, sum| all + *sum)
}
