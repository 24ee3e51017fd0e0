//! Recurrent units that are updated together: the equation of a step in its three forms, piece by piece. What the pieces
//! make together stands in [`network`](super::network).

use ndarray::{Array1, Array2, ArrayView1};
use nn4n_models::{Activation, Form};

use super::activation::{slope, value};
use crate::linear;

/// Recurrent units that are updated together.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub form: Form,
    pub activations: Vec<Activation>,
    /// `dt / tau` (units).
    pub alpha: Array1<f64>,
    /// From the inputs or from the layer below (units, inputs).
    pub w_in: Array2<f64>,
    pub w_rec: Array2<f64>,
    pub b_rec: Array1<f64>,
}

impl Layer {
    pub fn units(&self) -> usize {
        self.alpha.len()
    }

    pub fn rates(&self, state: &[f64]) -> Vec<f64> {
        match self.form {
            Form::Current => self.each(state, value),
            Form::Rate | Form::Blend => state.to_vec(),
        }
    }

    /// `dr/dx` of each unit.
    pub fn rate_slopes(&self, state: &[f64]) -> Vec<f64> {
        match self.form {
            Form::Current => self.each(state, slope),
            Form::Rate | Form::Blend => vec![1.0; state.len()],
        }
    }

    fn each(&self, x: &[f64], apply: fn(Activation, f64) -> f64) -> Vec<f64> {
        self.activations.iter().zip(x).map(|(activation, x)| apply(*activation, *x)).collect()
    }

    /// `h`, where `drive` is the part of it that does not come from these units.
    pub fn total(&self, state: &[f64], drive: &Array1<f64>) -> Array1<f64> {
        linear::times(&self.w_rec.view(), &self.rates(state)) + drive
    }

    /// Where `f` is applied in a step.
    pub fn arguments(&self, state: &[f64], total: &Array1<f64>) -> Vec<f64> {
        match self.form {
            Form::Current => state.to_vec(),
            Form::Rate => total.to_vec(),
            Form::Blend => self.leaked(state, total.iter().copied()),
        }
    }

    /// `(1 - a) x + a y`
    pub fn leaked(&self, state: &[f64], toward: impl IntoIterator<Item = f64>) -> Vec<f64> {
        self.alpha.iter().zip(state).zip(toward).map(|((a, x), y)| (1.0 - a) * x + a * y).collect()
    }

    pub fn step(&self, state: &[f64], total: &Array1<f64>) -> Vec<f64> {
        match self.form {
            Form::Current => self.leaked(state, total.iter().copied()),
            Form::Rate => self.leaked(state, self.each(&total.to_vec(), value)),
            Form::Blend => self.each(&self.leaked(state, total.iter().copied()), value),
        }
    }

    pub fn flow(&self, state: &[f64], total: &Array1<f64>) -> Vec<f64> {
        match self.form {
            Form::Current => total.iter().zip(state).map(|(h, x)| h - x).collect(),
            Form::Rate => self.each(&total.to_vec(), value).iter().zip(state).map(|(driven, x)| driven - x).collect(),
            Form::Blend => {
                let next = self.step(state, total);
                next.iter().zip(state).zip(&self.alpha).map(|((next, x), a)| (next - x) / a).collect()
            }
        }
    }

    /// What a row of `d total / d x` is multiplied by, in `J` of the step.
    pub fn gains(&self, state: &[f64], total: &Array1<f64>) -> Vec<f64> {
        match self.form {
            Form::Current => self.alpha.to_vec(),
            Form::Rate | Form::Blend => {
                let slopes = self.each(&self.arguments(state, total), slope);
                self.alpha.iter().zip(slopes).map(|(a, slope)| a * slope).collect()
            }
        }
    }

    /// What is kept of `x` in a step: the diagonal of `J` without what comes through `h`.
    pub fn kept(&self, state: &[f64], total: &Array1<f64>) -> Vec<f64> {
        let kept = self.alpha.iter().map(|a| 1.0 - a);
        match self.form {
            Form::Current | Form::Rate => kept.collect(),
            Form::Blend => {
                kept.zip(self.each(&self.arguments(state, total), slope)).map(|(kept, d)| kept * d).collect()
            }
        }
    }

    /// `W_rec dr/dx` (units, units).
    pub fn recurrent(&self, state: &[f64]) -> Array2<f64> {
        let mut weights = self.w_rec.clone();
        if self.form == Form::Current {
            scale_columns(&mut weights, &self.rate_slopes(state));
        }
        weights
    }
}

/// Multiplies each row by its factor.
pub(super) fn scale_rows(matrix: &mut Array2<f64>, factors: &[f64]) {
    for (mut row, factor) in matrix.outer_iter_mut().zip(factors) {
        row *= *factor;
    }
}

/// Multiplies each column by its factor.
pub(super) fn scale_columns(matrix: &mut Array2<f64>, factors: &[f64]) {
    let factors = ArrayView1::from(factors);
    for mut row in matrix.outer_iter_mut() {
        row *= &factors;
    }
}
