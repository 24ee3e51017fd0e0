//! The noise-free step of a network, its flow, and their Jacobians.
//!
//! ```text
//! h = W_rec r + W_in u + b_rec                           D = diag f'
//! current   x' = (1 - a) x + a h,       r = f(x)         J = 1 - a + a W_rec D(x)         g = -x + h
//! rate      x' = (1 - a) x + a f(h),    r = x            J = 1 - a + a D(h) W_rec         g = -x + f(h)
//! blend     x' = f(y),  y = (1 - a) x + a h,  r = x      J = D(y) (1 - a + a W_rec)       g = (f(y) - x) / a
//! ```
//!
//! | symbol | meaning |
//! |---|---|
//! | `a = dt / tau` | leak fraction, of each unit |
//! | `W_rec`, `W_in` | effective weights, `w[post, pre]` |
//! | `J`, `g` | `dF/dx` of the step; the flow, in units of the state per time constant |
//!
//! In a stacked network each layer is driven by the rates of the one below at the same step, so that a row of `J`
//! contains what the layer below becomes within the step; the flow has all weights at once.
//!
//! The current and the rate form with the same weights and constant input have the same fixed points (`x_rate* =
//! f(x_current*)`) with the same eigenvalues.

use candle_core::Tensor;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, Axis, s};
use nn4n_models::{Activation, Ctrnn, Form, Readout};

use super::{
    Driven, System,
    activation::{keeps_rates, range, value},
    layer::Layer,
};
use crate::AnalysisError;

/// A network in f64 on the host, without noise.
#[derive(Clone, Debug)]
pub struct Network {
    pub(super) layers: Vec<Layer>,
    /// All weights between units (units, units).
    pub(super) joined: Array2<f64>,
    w_out: Array2<f64>,
    b_out: Array1<f64>,
    readout: Readout,
    dt: f64,
    tau: Array1<f64>,
    /// Where trials start (units).
    x0: Vec<f64>,
}

/// `h_t = before r_{t-1} + within r_t + w_in u_t + b_rec` of all units.
pub(crate) struct Terms {
    /// From the rates before the step (units, units).
    pub before: Array2<f64>,
    /// From the layer below, at the same step (units, units).
    pub within: Array2<f64>,
    /// From the inputs (units, inputs).
    pub w_in: Array2<f64>,
    /// The bias (units).
    pub b_rec: Array1<f64>,
}

impl Network {
    /// The network without its noise.
    ///
    /// # Errors
    /// If the parameters of the network cannot be read, or one of them is not finite.
    pub fn of(network: &Ctrnn) -> Result<Self, AnalysisError> {
        let (effective, dt) = (network.effective()?, network.config().dt);
        let tau = vector(&network.tau()?)?;
        let mut layers = Vec::new();
        let mut start = 0;
        for (layer, parameters) in network.layers().iter().zip(effective.layers()) {
            let (config, units) = (layer.config(), layer.units().len());
            let tau = tau.slice(s![start..start + units]);
            layers.push(Layer {
                form: config.form,
                activations: config.activation.resolve(layer.units(), "activation")?,
                alpha: tau.mapv(|tau| dt / tau),
                w_in: parameters.w_in.as_ref().map_or_else(|| Ok(Array2::zeros((units, 0))), matrix)?,
                w_rec: matrix(&parameters.w_rec)?,
                b_rec: parameters.b_rec.as_ref().map_or_else(|| Ok(Array1::zeros(units)), vector)?,
            });
            start += units;
        }
        let of_last = matrix(&effective.readout.w_out)?;
        let outputs = of_last.nrows();
        let mut w_out = Array2::zeros((outputs, start));
        w_out.slice_mut(s![.., start - of_last.ncols()..]).assign(&of_last);
        Ok(Self {
            joined: joined(&layers),
            layers,
            w_out,
            b_out: effective.readout.b_out.as_ref().map_or_else(|| Ok(Array1::zeros(outputs)), vector)?,
            readout: network.config().nonlinearity(),
            dt,
            tau,
            x0: vector(&network.start(1)?.state.squeeze(0)?)?.to_vec(),
        })
    }

    /// The same network with a current that these units receive all the time: part of their bias.
    ///
    /// # Errors
    /// If the current is not finite, or a unit is not there.
    pub fn with_current(mut self, current: f64, units: &[usize]) -> Result<Self, AnalysisError> {
        finite("current", [current].iter())?;
        let n = self.units();
        for unit in units {
            if *unit >= n {
                let rule = format!("is no unit; they are 0 to {}", n.saturating_sub(1));
                return Err(AnalysisError::Setting { setting: "units", value: unit.to_string(), rule });
            }
            let mut place = *unit;
            for layer in &mut self.layers {
                match layer.b_rec.get_mut(place) {
                    Some(bias) => {
                        *bias += current;
                        break;
                    }
                    None => place -= layer.units(),
                }
            }
        }
        Ok(self)
    }

    /// The number of recurrent units.
    pub fn units(&self) -> usize {
        self.tau.len()
    }

    /// The number of input channels.
    pub fn inputs(&self) -> usize {
        self.layers.first().map_or(0, |layer| layer.w_in.ncols())
    }

    /// The number of outputs.
    pub fn outputs(&self) -> usize {
        self.b_out.len()
    }

    /// The time step, ms.
    pub fn dt(&self) -> f64 {
        self.dt
    }

    /// Time constant of each unit (units), ms.
    pub fn tau(&self) -> &Array1<f64> {
        &self.tau
    }

    /// The state that trials start in (units).
    pub fn x0(&self) -> &[f64] {
        &self.x0
    }

    /// States (steps, units) after each step from a start (units) under inputs (steps, inputs).
    ///
    /// # Errors
    /// If the shapes do not fit, an input is not finite, or activity grows without bound.
    pub fn run(&self, inputs: ArrayView2<'_, f32>, start: &[f64]) -> Result<Array2<f64>, AnalysisError> {
        System::from(self).run(inputs, start)
    }

    /// `dt / tau` of each unit (units).
    pub fn alpha(&self) -> Array1<f64> {
        self.tau.mapv(|tau| self.dt / tau)
    }

    /// Whether there are several layers, one above the other.
    pub fn is_stacked(&self) -> bool {
        self.layers.len() > 1
    }

    /// The form of the equation, that of the first layer.
    pub fn form(&self) -> Form {
        self.layers[0].form
    }

    /// The least and the largest value of `f` of each unit (units), if all activations are bounded.
    pub fn ranges(&self) -> Option<Vec<(f64, f64)>> {
        self.activations().map(range).collect()
    }

    /// All weights between units (units, units): the recurrent ones, and those from each layer to the next.
    pub fn joined_weights(&self) -> Array2<f64> {
        self.joined.clone()
    }

    /// The matrices of `h` over all units.
    pub(crate) fn terms(&self) -> Terms {
        let (units, inputs) = (self.units(), self.inputs());
        let mut terms = Terms {
            before: Array2::zeros((units, units)),
            within: Array2::zeros((units, units)),
            w_in: Array2::zeros((units, inputs)),
            b_rec: Array1::zeros(units),
        };
        let (mut start, mut below) = (0, 0..0);
        for (place, layer) in self.layers.iter().enumerate() {
            let own = start..start + layer.units();
            terms.before.slice_mut(s![own.clone(), own.clone()]).assign(&layer.w_rec);
            let driven = if place == 0 {
                terms.w_in.slice_mut(s![own.clone(), ..])
            } else {
                terms.within.slice_mut(s![own.clone(), below])
            };
            { driven }.assign(&layer.w_in);
            terms.b_rec.slice_mut(s![own.clone()]).assign(&layer.b_rec);
            (start, below) = (own.end, own);
        }
        terms
    }

    pub(super) fn activations(&self) -> impl Iterator<Item = Activation> {
        self.layers.iter().flat_map(|layer| layer.activations.iter().copied())
    }

    /// Whether the equation has a limit as the time step goes to 0, so that fixed points do not depend on it and there
    /// are values in continuous time.
    pub fn has_continuous_limit(&self) -> bool {
        let has_limit = |layer: &Layer| layer.form != Form::Blend || layer.activations.iter().copied().all(keeps_rates);
        self.layers.iter().all(has_limit)
    }

    /// Rates (units) of a state (units).
    pub fn rates(&self, state: &[f64]) -> Vec<f64> {
        self.parts(state).flat_map(|(layer, own)| layer.rates(own)).collect()
    }

    /// Outputs of rates (units).
    pub fn outputs_of(&self, rates: &[f64]) -> Vec<f64> {
        let logits = self.w_out.dot(&ArrayView1::from(rates)) + &self.b_out;
        match self.readout {
            Readout::Linear => logits.to_vec(),
            Readout::Sigmoid => logits.iter().map(|logit| value(Activation::Sigmoid, *logit)).collect(),
            Readout::Softmax => softmax(&logits),
        }
    }

    /// `d outputs / d state` (outputs, units).
    pub(super) fn output_jacobian(&self, state: &[f64]) -> Array2<f64> {
        let mut jacobian = self.w_out.clone();
        let slopes = self.parts(state).flat_map(|(layer, own)| layer.rate_slopes(own));
        for (mut column, slope) in jacobian.axis_iter_mut(Axis(1)).zip(slopes) {
            column *= slope;
        }
        let outputs = Array1::from(self.outputs_of(&self.rates(state)));
        match self.readout {
            Readout::Linear => {}
            Readout::Sigmoid => {
                for (mut row, z) in jacobian.outer_iter_mut().zip(&outputs) {
                    row *= z * (1.0 - z);
                }
            }
            Readout::Softmax => {
                let mean = outputs.dot(&jacobian);
                for (mut row, z) in jacobian.outer_iter_mut().zip(&outputs) {
                    row.zip_mut_with(&mean, |value, mean| *value = z * (*value - mean));
                }
            }
        }
        jacobian
    }

    /// The dynamics under a constant input (inputs).
    ///
    /// # Errors
    /// If the input has another length or is not finite.
    pub fn under(&self, input: &[f64]) -> Result<Driven<'_>, AnalysisError> {
        if input.len() != self.inputs() {
            let message = format!("has {} numbers, but the network has {} inputs", input.len(), self.inputs());
            return Err(AnalysisError::Shape { array: "input", message });
        }
        finite("input", input.iter())?;
        Ok(self.driven(input))
    }

    /// [`under`](Self::under) an input that is known to fit.
    pub(crate) fn driven(&self, input: &[f64]) -> Driven<'_> {
        let layer = &self.layers[0];
        Driven { network: self, drive: layer.w_in.dot(&ArrayView1::from(input)) + &layer.b_rec }
    }

    /// Each layer with its part of a vector over all units.
    pub(super) fn parts<'a>(&'a self, of_units: &'a [f64]) -> impl Iterator<Item = (&'a Layer, &'a [f64])> {
        let mut rest = of_units;
        self.layers.iter().map(move |layer| {
            let (own, after) = rest.split_at(layer.alpha.len());
            rest = after;
            (layer, own)
        })
    }
}

/// The recurrent weights of layers, and those from each to the next (units, units).
fn joined(layers: &[Layer]) -> Array2<f64> {
    let units = layers.iter().map(Layer::units).sum();
    let mut weights = Array2::zeros((units, units));
    let (mut start, mut below) = (0, 0..0);
    for (place, layer) in layers.iter().enumerate() {
        let own = start..start + layer.units();
        weights.slice_mut(s![own.clone(), own.clone()]).assign(&layer.w_rec);
        if place > 0 {
            weights.slice_mut(s![own.clone(), below]).assign(&layer.w_in);
        }
        (start, below) = (own.end, own);
    }
    weights
}

fn softmax(logits: &Array1<f64>) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

fn vector(tensor: &Tensor) -> Result<Array1<f64>, AnalysisError> {
    let values = tensor.to_dtype(candle_core::DType::F64)?.to_vec1::<f64>()?;
    finite("parameter", values.iter())?;
    Ok(values.into())
}

fn matrix(tensor: &Tensor) -> Result<Array2<f64>, AnalysisError> {
    let (rows, columns) = tensor.dims2()?;
    let values = vector(&tensor.flatten_all()?)?;
    values
        .into_shape_with_order((rows, columns))
        .map_err(|error| AnalysisError::Shape { array: "parameter", message: error.to_string() })
}

fn finite<'a>(array: &'static str, mut values: impl Iterator<Item = &'a f64>) -> Result<(), AnalysisError> {
    match values.find(|value| !value.is_finite()) {
        Some(value) => Err(AnalysisError::NotFinite { array, value: *value }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use nn4n_models::{Bias, LayerConfig, ModelConfig, PerUnit};

    use super::*;
    use crate::dynamics::{ClosedLoop, Dynamics, NetworkDynamics};

    fn config(form: Form, activation: Activation) -> ModelConfig {
        ModelConfig::vanilla(3, 7, 2)
            .form(form)
            .dt(20.0)
            .tau(PerUnit::ByUnit { units: vec![20.0, 40.0, 50.0, 80.0, 100.0, 120.0, 200.0] })
            .activation(activation)
            .b_rec(Bias::Trained(0.3.into()))
    }

    /// Every form, smooth and rectified functions, layers.
    fn networks() -> Vec<Ctrnn> {
        let forms = [Form::Current, Form::Rate, Form::Blend];
        let mut configs: Vec<_> = forms
            .into_iter()
            .flat_map(|form| [Activation::Tanh, Activation::Relu, Activation::Softplus].map(|f| config(form, f)))
            .collect();
        for form in forms {
            configs.push(
                ModelConfig::stacked(
                    3,
                    2,
                    [LayerConfig::new("first", 4), LayerConfig::new("second", 3), LayerConfig::new("third", 5)],
                )
                .form(form)
                .dt(20.0)
                .activation(Activation::Sigmoid)
                .readout(Readout::Softmax),
            );
        }
        configs.iter().map(|config| Ctrnn::init(config, 3, DType::F64, &Device::Cpu).unwrap()).collect()
    }

    fn state(units: usize) -> Vec<f64> {
        (0..units).map(|unit| (1.7 * unit as f64 + 0.4).sin()).collect()
    }

    const INPUT: [f64; 3] = [0.5, -0.2, 0.9];

    fn difference(x: &[f64], f: impl Fn(&[f64]) -> Vec<f64>) -> Array2<f64> {
        let mut columns = Vec::new();
        for place in 0..x.len() {
            let at = |step: f64| {
                let mut moved = x.to_vec();
                moved[place] += step;
                f(&moved)
            };
            let (plus, minus) = (at(1e-6), at(-1e-6));
            columns.push(plus.iter().zip(&minus).map(|(a, b)| (a - b) / 2e-6).collect::<Vec<_>>());
        }
        Array2::from_shape_fn((columns[0].len(), x.len()), |(row, column)| columns[column][row])
    }

    fn largest(difference: Array2<f64>) -> f64 {
        difference.iter().fold(0.0, |most, value| value.abs().max(most))
    }

    #[test]
    fn a_step_is_that_of_the_network() {
        for network in networks() {
            let (found, x) = (Network::of(&network).unwrap(), state(network.units().len()));
            let tensor = |values: &[f64]| Tensor::new(values, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
            let start = network.start_from(&tensor(&x)).unwrap();
            let effective = network.effective().unwrap();
            let wanted = network.step(&effective, &start, &tensor(&INPUT), &Default::default()).unwrap();
            let driven = found.under(&INPUT).unwrap();
            let next = driven.step(&x);
            let outputs = found.outputs_of(&found.rates(&next));
            let (_, z) = network.readout(&effective, &wanted.rate).unwrap();
            let same = |found: &[f64], wanted: &Tensor| {
                let wanted = wanted.flatten_all().unwrap().to_vec1::<f64>().unwrap();
                found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-13)
            };
            assert!(same(&next, &wanted.state) && same(&found.rates(&next), &wanted.rate) && same(&outputs, &z));
        }
    }

    #[test]
    fn jacobians_agree_with_central_differences() {
        for network in networks() {
            let (network, x) = (Network::of(&network).unwrap(), state(network.units().len()));
            let driven = network.under(&INPUT).unwrap();
            assert!(largest(driven.jacobian(&x) - difference(&x, |x| driven.step(x))) < 1e-9);
            let directions = Array2::from_shape_fn((x.len(), 2), |(unit, n)| (0.7 * unit as f64 + n as f64).cos());
            assert!(largest(driven.tangent(&x, &directions) - driven.jacobian(&x).dot(&directions)) < 1e-13);
            assert!(largest(driven.flow_jacobian(&x) - difference(&x, |x| driven.flow(x))) < 2e-9);
            let several = [x.clone(), x.iter().map(|x| 0.3 - x).collect(), vec![0.0; x.len()]];
            for (state, flow) in several.iter().zip(driven.flows(&several)) {
                assert!(driven.flow(state).iter().zip(flow).all(|(one, of_several)| (one - of_several).abs() < 1e-13));
            }
            let of_input = difference(&INPUT, |input| network.under(input).unwrap().step(&x));
            assert!(largest(driven.input_jacobian(&x) - of_input) < 1e-9);
            let outputs = |x: &[f64]| network.outputs_of(&network.rates(x));
            assert!(largest(network.output_jacobian(&x) - difference(&x, outputs)) < 1e-9);
        }
    }

    #[test]
    fn flow_and_step_vanish_together_and_agree_without_layers() {
        for network in networks().into_iter().filter(|network| network.layers().len() == 1) {
            let (network, x) = (Network::of(&network).unwrap(), state(7));
            let driven = network.under(&INPUT).unwrap();
            for (((next, now), g), a) in driven.step(&x).iter().zip(&x).zip(driven.flow(&x)).zip(network.alpha()) {
                assert!(((next - now) / a - g).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_loop_through_an_arm_has_its_derivatives_with_and_without_delay() {
        use nn4n_tasks::motor::{Arm, Feedback, Plant};
        let network =
            Ctrnn::init(&ModelConfig::vanilla(5, 6, 2).activation(Activation::Tanh), 1, DType::F64, &Device::Cpu);
        let network = Network::of(&network.unwrap()).unwrap();
        for (delay, feedback) in [(0, Feedback::Hand), (1, Feedback::Joint), (3, Feedback::Hand)] {
            let plant = Plant {
                arm: Arm::default(),
                dt: 10.0,
                posture: [0.5, 1.5],
                feedback,
                first_channel: 1,
                scale: 2.0,
                delay,
            };
            let closed = ClosedLoop::new(&network, plant, &[0.3, 0.0, 0.1, 0.0, 0.0]).unwrap();
            let mut x = closed.at_rest(&state(6));
            for _ in 0..4 {
                x = closed.step(&x);
            }
            assert_eq!(x.len(), closed.dim());
            assert!(largest(closed.jacobian(&x) - difference(&x, |x| closed.step(x))) < 1e-8, "{delay}");
            let input = [0.3, 0.0, 0.1, 0.0, 0.0];
            let under = |input: &[f64]| ClosedLoop::new(&network, plant, input).unwrap().step(&x);
            assert!(largest(closed.input_jacobian(&x) - difference(&input, under)) < 1e-8, "{delay}");
        }
    }

    #[test]
    fn an_input_that_does_not_fit_is_refused_and_kinks_are_found() {
        let network = Ctrnn::init(&ModelConfig::vanilla(3, 4, 1), 1, DType::F64, &Device::Cpu).unwrap();
        let network = Network::of(&network).unwrap();
        assert!(network.under(&[0.0]).unwrap_err().to_string().contains("has 1 numbers"));
        assert!(network.under(&[0.0, f64::NAN, 0.0]).unwrap_err().to_string().contains("NaN"));
        let driven = network.under(&[0.0; 3]).unwrap();
        assert_eq!(driven.kinks(&[0.0, 1.0, -1e-12, -0.1], 1e-9), [0, 2]);
    }
}
