//! A network under a constant input: the step, the flow and their Jacobians, layer by layer.
//!
//! In a step a layer has the rates that the one below comes to within it; the flow has the weights of all layers at once.
//! The equations stand in [`network`](super::network).

use ndarray::{Array1, Array2, ArrayView1, ArrayView2, s};
use nn4n_models::{Activation, Form};

use super::{
    Dynamics, Network, NetworkDynamics,
    activation::has_kink,
    layer::{Layer, scale_columns, scale_rows},
    of_euler_step,
};
use crate::{
    AnalysisError,
    linear::{self, Complex},
};

/// Why networks of the blend form have values of the step alone.
const NO_LIMIT: &str = "the blend form applies the activation once a step, however short, so that its fixed points depend \
    on dt and there is no limit, unless the activation is linear or relu";

/// A network under a constant input.
#[derive(Clone, Debug)]
pub struct Driven<'a> {
    pub(super) network: &'a Network,
    /// `W_in u + b_rec` of the first layer.
    pub(super) drive: Array1<f64>,
}

impl Driven<'_> {
    /// `W_in u + b_rec` of the first layer, `b_rec` of the others (units).
    pub fn drive(&self) -> Vec<f64> {
        let above = self.network.layers.iter().skip(1).flat_map(|layer| layer.b_rec.iter().copied());
        self.drive.iter().copied().chain(above).collect()
    }

    /// `h` of each layer, where all layers have the rates of this state.
    fn totals(&self, state: &[f64]) -> Vec<Array1<f64>> {
        let parts: Vec<_> = self.network.parts(state).collect();
        let total = |(place, (layer, own)): (usize, &(&Layer, &[f64]))| match place {
            0 => layer.total(own, &self.drive),
            _ => {
                let (below, its) = parts[place - 1];
                layer.total(own, &(layer.w_in.dot(&Array1::from(below.rates(its))) + &layer.b_rec))
            }
        };
        parts.iter().enumerate().map(total).collect()
    }

    /// The state after a step, and what each layer's `h` was in it.
    fn advance(&self, state: &[f64]) -> (Vec<f64>, Vec<Array1<f64>>) {
        let (mut next, mut totals) = (Vec::with_capacity(state.len()), Vec::new());
        let mut drive = self.drive.clone();
        for (place, (layer, own)) in self.network.parts(state).enumerate() {
            let total = layer.total(own, &drive);
            let stepped = layer.step(own, &total);
            if let Some(above) = self.network.layers.get(place + 1) {
                drive = above.w_in.dot(&Array1::from(layer.rates(&stepped))) + &above.b_rec;
            }
            next.extend(stepped);
            totals.push(total);
        }
        (next, totals)
    }

    /// The state after a step, and how it depends on the state before and on what drives the first layer by these
    /// columns (units of the first layer, n): (units, units + n).
    pub(super) fn derivatives(&self, state: &[f64], columns: ArrayView2<'_, f64>) -> (Vec<f64>, Array2<f64>) {
        let (next, totals) = self.advance(state);
        let mut derivatives = Array2::zeros((state.len(), state.len() + columns.ncols()));
        // The same of the rates of the layer below.
        let mut below: Option<Array2<f64>> = None;
        let mut start = 0;
        for ((layer, own), total) in self.network.parts(state).zip(&totals) {
            let rows = start..start + layer.units();
            let mut block = match below {
                Some(below) => layer.w_in.dot(&below),
                None => {
                    let mut block = Array2::zeros((layer.units(), derivatives.ncols()));
                    block.slice_mut(s![.., state.len()..]).assign(&columns);
                    block
                }
            };
            let mut own_block = block.slice_mut(s![.., rows.clone()]);
            own_block += &layer.recurrent(own);
            scale_rows(&mut block, &layer.gains(own, total));
            for (unit, kept) in layer.kept(own, total).into_iter().enumerate() {
                block[[unit, start + unit]] += kept;
            }
            derivatives.slice_mut(s![rows.clone(), ..]).assign(&block);
            scale_rows(&mut block, &layer.rate_slopes(&next[rows.clone()]));
            below = Some(block);
            start = rows.end;
        }
        (next, derivatives)
    }
}

impl Dynamics for Driven<'_> {
    fn dim(&self) -> usize {
        self.network.units()
    }

    fn step(&self, state: &[f64]) -> Vec<f64> {
        self.advance(state).0
    }

    fn jacobian(&self, state: &[f64]) -> Array2<f64> {
        self.derivatives(state, Array2::zeros((self.drive.len(), 0)).view()).1
    }

    /// Without the Jacobian itself, which costs more than its product with a few directions.
    fn tangent(&self, state: &[f64], directions: &Array2<f64>) -> Array2<f64> {
        let (next, totals) = self.advance(state);
        let mut grown = Array2::zeros(directions.dim());
        // What becomes of the rates of the layer below, within the step.
        let mut below: Option<Array2<f64>> = None;
        let mut start = 0;
        for ((layer, own), total) in self.network.parts(state).zip(&totals) {
            let rows = start..start + layer.units();
            let of_states = directions.slice(s![rows.clone(), ..]);
            let mut of_rates = of_states.to_owned();
            scale_rows(&mut of_rates, &layer.rate_slopes(own));
            let mut block = layer.w_rec.dot(&of_rates);
            if let Some(below) = below {
                block += &layer.w_in.dot(&below);
            }
            scale_rows(&mut block, &layer.gains(own, total));
            let mut kept = of_states.to_owned();
            scale_rows(&mut kept, &layer.kept(own, total));
            block += &kept;
            grown.slice_mut(s![rows.clone(), ..]).assign(&block);
            scale_rows(&mut block, &layer.rate_slopes(&next[rows.clone()]));
            below = Some(block);
            start = rows.end;
        }
        grown
    }

    fn flow(&self, state: &[f64]) -> Vec<f64> {
        let totals = self.totals(state);
        self.network.parts(state).zip(&totals).flat_map(|((layer, own), total)| layer.flow(own, total)).collect()
    }

    fn flows(&self, states: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let [layer] = &self.network.layers[..] else { return states.iter().map(|state| self.flow(state)).collect() };
        let rates: Vec<f64> = states.iter().flat_map(|state| layer.rates(state)).collect();
        let recurrent = linear::times_columns(&layer.w_rec.view(), &rates, states.len());
        let of = |(state, own): (&Vec<f64>, &[f64])| layer.flow(state, &(&self.drive + &ArrayView1::from(own)));
        states.iter().zip(recurrent.chunks_exact(layer.units())).map(of).collect()
    }

    fn flow_jacobian(&self, state: &[f64]) -> Array2<f64> {
        let totals = self.totals(state);
        let mut jacobian = self.network.joined.clone();
        if self.network.layers.iter().any(|layer| layer.form == Form::Current) {
            let slopes: Vec<f64> = self.network.parts(state).flat_map(|(layer, own)| layer.rate_slopes(own)).collect();
            scale_columns(&mut jacobian, &slopes);
        }
        let of_rows = self.network.parts(state).zip(&totals).flat_map(|((layer, own), total)| {
            layer.gains(own, total).into_iter().zip(layer.kept(own, total)).zip(layer.alpha.to_vec())
        });
        for (unit, (mut row, ((gain, kept), a))) in jacobian.outer_iter_mut().zip(of_rows).enumerate() {
            row *= gain / a;
            // The derivative of (F(x) - x) / a with h held.
            row[unit] += (kept - 1.0) / a;
        }
        jacobian
    }

    fn kinks(&self, state: &[f64], tolerance: f64) -> Vec<usize> {
        let totals = self.totals(state);
        let arguments =
            self.network.parts(state).zip(&totals).flat_map(|((layer, own), total)| layer.arguments(own, total));
        let near = |(_, (activation, argument)): &(usize, (Activation, f64))| {
            has_kink(*activation) && argument.abs() < tolerance
        };
        self.network.activations().zip(arguments).enumerate().filter(near).map(|(unit, _)| unit).collect()
    }
}

impl NetworkDynamics for Driven<'_> {
    fn network(&self) -> &Network {
        self.network
    }

    fn input_jacobian(&self, state: &[f64]) -> Array2<f64> {
        let inputs = self.network.inputs();
        let (next, totals) = self.advance(state);
        let mut jacobian = Array2::zeros((state.len(), inputs));
        // How the rates of the layer below depend on the input, within the step.
        let mut below = Array2::eye(inputs);
        let mut start = 0;
        for ((layer, own), total) in self.network.parts(state).zip(&totals) {
            let rows = start..start + layer.units();
            let mut of_state = layer.w_in.dot(&below);
            scale_rows(&mut of_state, &layer.gains(own, total));
            jacobian.slice_mut(s![rows.clone(), ..]).assign(&of_state);
            scale_rows(&mut of_state, &layer.rate_slopes(&next[rows.clone()]));
            below = of_state;
            start = rows.end;
        }
        jacobian
    }

    fn at_rest(&self, x: &[f64]) -> Vec<f64> {
        x.to_vec()
    }

    fn box_of_fixed_points(&self) -> Option<Vec<(f64, f64)>> {
        let ranges = self.network.ranges()?;
        if self.network.form() != Form::Current {
            return Some(ranges);
        }
        let reach = |(row, drive): (ArrayView1<'_, f64>, &f64)| {
            let most = row.iter().zip(&ranges).map(|(w, (_, high))| w.abs() * high).sum::<f64>() + drive.abs();
            (-most, most)
        };
        Some(self.network.joined.outer_iter().zip(&self.drive()).map(reach).collect())
    }

    fn no_continuous_time(&self) -> Option<&'static str> {
        (!self.network.has_continuous_limit()).then_some(NO_LIMIT)
    }

    /// Eigenvalues of `diag(1/tau) dg/dx`. Without layers that is `(J - 1) / dt`, and those of the step tell them.
    fn per_second(&self, state: &[f64], of_step: &[Complex]) -> Result<Vec<Complex>, AnalysisError> {
        if !self.network.is_stacked() {
            return Ok(of_euler_step(of_step, self.network.dt()));
        }
        let mut jacobian = self.flow_jacobian(state);
        for (mut row, tau) in jacobian.outer_iter_mut().zip(self.network.tau()) {
            row *= 1000.0 / tau;
        }
        linear::eigenvalues("jacobian", &jacobian)
    }
}
