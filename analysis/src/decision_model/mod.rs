//! The reduced model of a decision: two populations that excite themselves and inhibit each other.
//!
//! ```text
//! dS_i/dt = -S_i / tau_s + gamma (1 - S_i) H(x_i)                                  i = 1, 2
//! x_1 = j_same S_1 - j_other S_2 + i_0 + j_ext mu_0 (1 + c) + I_1                  of x_2 with S_1, S_2 exchanged and -c
//! H(x) = y / (1 - exp(-d y)),  y = a x - b
//! tau_ampa dI_i/dt = -I_i + sqrt(tau_ampa) sigma xi                                xi: white noise
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `S` | mean open fraction of NMDA receptors that a population drives, in [0, 1]; slow, and so the state |
//! | `H` | rate of a population, Hz |
//! | `x` | its synaptic current, nA; `I` the part that is noise |
//! | `c` | coherence, -1 to 1: a positive one speaks for population 1 |
//! | `mu_0` | rate of the stimulus, Hz; 0 without one |
//!
//! All there is to know of it can be computed: on a nullcline one `S` gives the other in closed form up to the inverse of
//! `H`, fixed points are where the two nullclines meet, and their stability follows from the Jacobian. It is what networks
//! that were trained to decide are compared with.
//!
//! Wong K-F, Wang X-J (2006), J Neurosci 26: 1314-1328, <https://doi.org/10.1523/JNEUROSCI.3733-05.2006>, appendix;
//! values, threshold and timing as in the code that the authors gave out.

mod plane;
mod trials;

use ndarray::{Array2, array};
use serde::Serialize;

pub use plane::{Nullclines, PhasePlane, Point};
pub use trials::{Answer, Choices, Protocol};

use crate::{AnalysisError, dynamics::Dynamics};

/// Nearer to 0 than this, `H` and its slope are those of their series: 0 / 0 otherwise.
const NEAR_ZERO: f64 = 1e-5;

/// Parameters of the model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DecisionModel {
    /// Slope of the rate in the current, Hz/nA.
    pub a: f64,
    /// Its offset, Hz.
    pub b: f64,
    /// How sharply it bends, s.
    pub d: f64,
    /// How far a spike opens receptors.
    pub gamma: f64,
    /// Time constant of NMDA receptors, ms.
    pub tau_s: f64,
    /// Coupling of a population to itself, nA.
    pub j_same: f64,
    /// Coupling to the other one, which it lowers, nA.
    pub j_other: f64,
    /// Coupling to the stimulus, nA/Hz.
    pub j_ext: f64,
    /// Current that is always there, nA.
    pub i_0: f64,
    /// Rate of the stimulus, Hz.
    pub mu_0: f64,
    /// Size of the noise, nA.
    pub sigma: f64,
    /// Its time constant, that of AMPA receptors, ms.
    pub tau_ampa: f64,
}

impl Default for DecisionModel {
    fn default() -> Self {
        Self {
            a: 270.0,
            b: 108.0,
            d: 0.154,
            gamma: 0.641,
            tau_s: 100.0,
            j_same: 0.2609,
            j_other: 0.0497,
            j_ext: 5.2e-4,
            i_0: 0.3255,
            mu_0: 30.0,
            sigma: 0.02,
            tau_ampa: 2.0,
        }
    }
}

impl DecisionModel {
    /// Currents from outside, nA: at a coherence, or without a stimulus.
    ///
    /// # Errors
    /// If the coherence is not from -1 to 1.
    pub fn input(&self, coherence: Option<f64>) -> Result<[f64; 2], AnalysisError> {
        let Some(c) = coherence else { return Ok([self.i_0; 2]) };
        if !(-1.0..=1.0).contains(&c) {
            let rule = "must be from -1 to 1; 0.512 is 51.2 %".into();
            return Err(AnalysisError::Setting { setting: "coherence", value: c.to_string(), rule });
        }
        Ok([1.0, -1.0].map(|sign| self.i_0 + self.j_ext * self.mu_0 * (1.0 + sign * c)))
    }

    /// Synaptic currents under a current from outside, nA.
    fn currents(&self, s: [f64; 2], input: [f64; 2]) -> [f64; 2] {
        let [s_1, s_2] = s;
        [self.j_same * s_1 - self.j_other * s_2 + input[0], self.j_same * s_2 - self.j_other * s_1 + input[1]]
    }

    /// Rates in a state under a current from outside, Hz.
    pub fn rates(&self, s: [f64; 2], input: [f64; 2]) -> [f64; 2] {
        self.currents(s, input).map(|x| self.rate(x))
    }

    /// `H(x)`, Hz.
    fn rate(&self, x: f64) -> f64 {
        let y = self.a * x - self.b;
        let z = self.d * y;
        if z.abs() < NEAR_ZERO { (1.0 + z / 2.0) / self.d } else { -y / libm::expm1(-z) }
    }

    /// `dH/dx`, Hz/nA.
    fn rate_slope(&self, x: f64) -> f64 {
        let z = self.d * (self.a * x - self.b);
        let part = -libm::expm1(-z);
        let slope = if z.abs() < NEAR_ZERO { 0.5 + z / 6.0 } else { (part - z * (1.0 - part)) / (part * part) };
        self.a * slope
    }

    /// The current at which a population has a rate above 0, nA.
    fn current_of(&self, rate: f64) -> f64 {
        // H(y) is above y and rises with it.
        let (mut low, mut high) = (-1.0, rate);
        let at = |y: f64| self.rate((y + self.b) / self.a);
        while at(low) > rate {
            (low, high) = (2.0 * low, low);
        }
        let (low, high) = bisect(low, high, |y| at(y) <= rate);
        (0.5 * (low + high) + self.b) / self.a
    }

    /// `dS/dt` in a state, 1/ms.
    fn change(&self, s: [f64; 2], rates: [f64; 2]) -> [f64; 2] {
        std::array::from_fn(|i| -s[i] / self.tau_s + self.gamma * (1.0 - s[i]) * rates[i] / 1000.0)
    }

    /// `d(dS/dt)/dS`, 1/ms, `[to, from]`.
    fn change_jacobian(&self, s: [f64; 2], input: [f64; 2]) -> Array2<f64> {
        let x = self.currents(s, input);
        let gain = |i: usize| self.gamma * (1.0 - s[i]) * self.rate_slope(x[i]) / 1000.0;
        let own = |i: usize| -1.0 / self.tau_s - self.gamma * self.rate(x[i]) / 1000.0 + gain(i) * self.j_same;
        array![[own(0), -gain(0) * self.j_other], [-gain(1) * self.j_other, own(1)]]
    }
}

/// Halves an interval as often as that changes something, so that `is_below` holds of its lower end and not of its upper.
fn bisect(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> (f64, f64) {
    while low < 0.5 * (low + high) && 0.5 * (low + high) < high {
        let middle = 0.5 * (low + high);
        if is_below(middle) { low = middle } else { high = middle }
    }
    (low, high)
}

/// The model under a current from outside that is held, without noise; a step is one of Euler, of a hundredth of
/// `tau_s`.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The model.
    pub model: &'a DecisionModel,
    /// nA
    pub input: [f64; 2],
}

impl Held<'_> {
    const STEP: f64 = 0.01;
}

impl Dynamics for Held<'_> {
    fn dim(&self) -> usize {
        2
    }

    fn step(&self, state: &[f64]) -> Vec<f64> {
        state.iter().zip(self.flow(state)).map(|(s, flow)| s + Self::STEP * flow).collect()
    }

    fn jacobian(&self, state: &[f64]) -> Array2<f64> {
        Array2::eye(2) + Self::STEP * self.flow_jacobian(state)
    }

    fn flow(&self, state: &[f64]) -> Vec<f64> {
        let s = [state[0], state[1]];
        self.model.change(s, self.model.rates(s, self.input)).map(|change| change * self.model.tau_s).into()
    }

    fn flow_jacobian(&self, state: &[f64]) -> Array2<f64> {
        self.model.tau_s * self.model.change_jacobian([state[0], state[1]], self.input)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_smooth_where_its_formula_is_none_and_its_inverse_is_one() {
        let model = DecisionModel::default();
        let middle = model.b / model.a;
        assert!((model.rate(middle) - 1.0 / model.d).abs() < 1e-12);
        for x in [middle - 1e-8, middle, middle + 1e-8, 0.3, 0.35, 0.45] {
            let step = 1e-6;
            let slope = (model.rate(x + step) - model.rate(x - step)) / (2.0 * step);
            assert!((model.rate_slope(x) - slope).abs() < 1e-4 * slope, "{x}: {} {slope}", model.rate_slope(x));
            assert!((model.current_of(model.rate(x)) - x).abs() < 1e-12, "{x}");
        }
        let silent = model.current_of(1e-9);
        assert!((model.rate(silent) - 1e-9).abs() < 1e-18, "a population that is nearly silent: {silent}");
    }

    #[test]
    fn the_jacobian_is_that_of_the_flow() {
        let model = DecisionModel::default();
        let held = Held { model: &model, input: model.input(Some(0.128)).unwrap() };
        let (state, step) = ([0.3, 0.2], 1e-6);
        let jacobian = held.flow_jacobian(&state);
        for from in 0..2 {
            let moved = |by: f64| {
                let mut moved = state;
                moved[from] += by;
                held.flow(&moved)
            };
            let (up, down) = (moved(step), moved(-step));
            for to in 0..2 {
                let slope = (up[to] - down[to]) / (2.0 * step);
                assert!((jacobian[[to, from]] - slope).abs() < 1e-7, "{to} from {from}");
            }
        }
        assert!(model.input(Some(51.2)).unwrap_err().to_string().contains("0.512 is 51.2 %"));
    }
}
