//! What goes into a fused pass, as candle sees it: recurrent weights, inputs, and everything else that may have a
//! gradient joined in one flat tensor, since a custom operation has at most three arguments.

use std::ops::Range;

use candle_core::Tensor;

use super::{
    call::Call,
    kernel::{Dims, Element, Equation, Gradients, Parameters, Wanted, padded, spans},
};
use crate::{
    config::Form,
    dynamics::Coefficient,
    effective::ReadoutParameters,
    error::Result,
    host,
    noise::{Gaussians, NoiseStream},
};

/// The arguments of a pass and the equation they are for.
#[derive(Debug)]
pub(super) struct Operands<T> {
    pub dims: Dims,
    pub equation: Equation<T>,
    /// (units, units)
    pub w_rec: Tensor,
    /// Every part that has a place, end to end.
    pub flat: Tensor,
    /// (trials, steps, inputs)
    pub inputs: Tensor,
    places: Places,
    fixed: Fixed<T>,
}

/// Where the parts are in the flat tensor. Those that are always there may be empty.
#[derive(Debug)]
struct Places {
    w_in: Range<usize>,
    w_out: Range<usize>,
    b_rec: Range<usize>,
    b_out: Range<usize>,
    alpha: Option<Range<usize>>,
    leak: Option<Range<usize>>,
    recurrent_noise: Option<Range<usize>>,
    start: Option<(Range<usize>, Range<usize>)>,
}

/// Values of the parts that have no gradient.
#[derive(Debug)]
struct Fixed<T> {
    alpha: Vec<T>,
    leak: Vec<T>,
    recurrent_noise: Vec<T>,
    start_state: Vec<T>,
    start_rate: Vec<T>,
}

/// Joins tensors and remembers where each went.
#[derive(Default)]
struct Joined {
    parts: Vec<Tensor>,
    len: usize,
}

impl Joined {
    fn put(&mut self, part: &Tensor) -> Result<Range<usize>> {
        let from = self.len;
        self.len += part.elem_count();
        if self.len > from {
            self.parts.push(part.flatten_all()?);
        }
        Ok(from..self.len)
    }

    fn put_optional(&mut self, part: Option<&Tensor>) -> Result<Range<usize>> {
        part.map_or(Ok(0..0), |part| self.put(part))
    }

    /// The parts end to end, or of the data type of `like` if there is none: always a copy, since they may be updated
    /// between the pass and its way back.
    fn into_tensor(self, like: &Tensor) -> Result<Tensor> {
        Ok(match self.parts.as_slice() {
            [] => Tensor::zeros(0, like.dtype(), like.device())?,
            [alone] => alone.copy()?,
            parts => Tensor::cat(parts, 0)?,
        })
    }

    /// Only what has a gradient gets a place.
    fn put_coefficient(&mut self, coefficient: &Coefficient) -> Result<Option<Range<usize>>> {
        match coefficient {
            Coefficient::PerUnit(values) if values.track_op() => self.put(values).map(Some),
            _ => Ok(None),
        }
    }
}

impl<T: Element> Operands<T> {
    /// Without a readout there are no outputs.
    pub fn new(call: &Call, readout: Option<&ReadoutParameters>) -> Result<Self> {
        let (step, start) = (call.parameters, call.start);
        let (trials, steps, inputs) = call.inputs.dims3()?;
        let units = step.w_rec.dim(0)?;
        let (w_out, b_out) =
            (readout.map(|readout| &readout.w_out), readout.and_then(|readout| readout.b_out.as_ref()));
        let outputs = w_out.map_or(Ok(0), |w_out| w_out.dim(0))?;
        let mut joined = Joined::default();
        let places = Places {
            w_in: joined.put_optional(step.w_in.as_ref())?,
            w_out: joined.put_optional(w_out)?,
            b_rec: joined.put_optional(step.b_rec.as_ref())?,
            b_out: joined.put_optional(b_out)?,
            alpha: joined.put_coefficient(&step.alpha)?,
            leak: joined.put_coefficient(&step.leak)?,
            recurrent_noise: joined.put_coefficient(&step.recurrent_noise)?,
            start: if start.state.track_op() || start.rate.track_op() {
                Some((joined.put(&start.state)?, joined.put(&start.rate)?))
            } else {
                None
            },
        };
        let fixed = Fixed {
            alpha: per_unit(&step.alpha, units)?,
            leak: per_unit(&step.leak, units)?,
            recurrent_noise: per_unit(&step.recurrent_noise, units)?,
            start_state: values(&start.state)?,
            start_rate: values(&start.rate)?,
        };
        let dims = Dims { trials, steps, units, inputs, outputs };
        Ok(Self {
            equation: equation(call, dims)?,
            dims,
            // A variable may be updated between the pass and its way back, and what has no gradient may share its
            // numbers.
            w_rec: if step.w_rec.is_variable() || !step.w_rec.track_op() {
                step.w_rec.copy()?
            } else {
                step.w_rec.contiguous()?
            },
            flat: joined.into_tensor(call.inputs)?,
            inputs: if call.inputs.is_variable() { call.inputs.copy()? } else { call.inputs.contiguous()? },
            places,
            fixed,
        })
    }

    /// Whether anything that goes in has a gradient.
    pub fn is_tracked(&self) -> bool {
        [&self.w_rec, &self.flat, &self.inputs].into_iter().any(Tensor::track_op)
    }

    /// Whether the rates alone do not give the slopes, or a gradient asks for more.
    pub fn needs_drive(&self) -> bool {
        match self.equation.form {
            Form::Current => self.equation.zeta.is_some() || self.wanted().tau,
            Form::Rate => true,
            // Without noise that follows the activation, states are rates.
            Form::Blend => self.equation.zeta.is_some(),
        }
    }

    /// The gradients that have somewhere to go.
    pub fn wanted(&self) -> Wanted {
        let Places { alpha, leak, recurrent_noise, start, .. } = &self.places;
        let tau = [alpha, leak, recurrent_noise].into_iter().any(Option::is_some);
        Wanted { inputs: self.inputs.track_op(), start: start.is_some(), tau }
    }

    /// Calls `use_them` with the parameters and the inputs (trials, steps, inputs).
    pub fn read<R>(&self, use_them: impl FnOnce(&Parameters<T>, &[T]) -> R) -> Result<R> {
        let places = &self.places;
        with_values(&self.w_rec, |w_rec| {
            with_values(&self.flat, |flat: &[T]| {
                with_values(&self.inputs, |inputs| {
                    let part = |place: &Range<usize>| &flat[place.clone()];
                    let either = |place: &Option<Range<usize>>, fixed| place.as_ref().map_or(fixed, part);
                    let parameters = Parameters {
                        w_rec,
                        w_in: part(&places.w_in),
                        w_out: part(&places.w_out),
                        b_rec: part(&places.b_rec),
                        b_out: part(&places.b_out),
                        alpha: either(&places.alpha, &self.fixed.alpha),
                        leak: either(&places.leak, &self.fixed.leak),
                        recurrent_noise: either(&places.recurrent_noise, &self.fixed.recurrent_noise),
                        start_state: &self.fixed.start_state,
                        start_rate: &self.fixed.start_rate,
                    };
                    use_them(&parameters, inputs)
                })
            })
        })??
    }

    /// The gradient of the flat tensor.
    pub fn flat_gradient(&self, gradients: &Gradients<T>) -> Result<Tensor> {
        let places = &self.places;
        let mut flat = vec![T::zero(); self.flat.elem_count()];
        let mut put = |place: Range<usize>, values: &[T]| flat[place.clone()].copy_from_slice(&values[..place.len()]);
        put(places.w_in.clone(), &gradients.w_in);
        put(places.w_out.clone(), &gradients.w_out);
        put(places.b_rec.clone(), &gradients.b_rec);
        put(places.b_out.clone(), &gradients.b_out);
        let (state, rate) = places.start.clone().unzip();
        for (place, values) in [
            (places.alpha.clone(), &gradients.alpha),
            (places.leak.clone(), &gradients.leak),
            (places.recurrent_noise.clone(), &gradients.recurrent_noise),
            (state, &gradients.start_state),
            (rate, &gradients.start_rate),
        ] {
            if let Some(place) = place {
                put(place, values);
            }
        }
        Ok(Tensor::from_vec(flat, self.flat.elem_count(), self.flat.device())?)
    }
}

fn equation<T: Element>(call: &Call, dims: Dims) -> Result<Equation<T>> {
    let step = call.parameters;
    let gaussians = |amplitude: &Coefficient, stream| {
        call.noise.filter(|_| !amplitude.is_zero()).map(|key| Gaussians::new(key, stream, dims.units))
    };
    Ok(Equation {
        form: call.dynamics.form(),
        spans: spans(call.dynamics.activations(), dims.width()),
        post_noise: padded(&per_unit(&step.post_noise, dims.units)?, dims.width()),
        xi: gaussians(&step.recurrent_noise, NoiseStream::Recurrent),
        zeta: gaussians(&step.post_noise, NoiseStream::PostActivation),
    })
}

fn per_unit<T: Element>(coefficient: &Coefficient, units: usize) -> Result<Vec<T>> {
    match coefficient {
        Coefficient::Scalar(value) => Ok(vec![T::from_f64(*value); units]),
        Coefficient::PerUnit(tensor) => values(tensor),
    }
}

/// The numbers of a tensor on the CPU.
pub(super) fn values<T: Element>(tensor: &Tensor) -> Result<Vec<T>> {
    with_values(tensor, <[T]>::to_vec)
}

/// Calls `use_them` with the numbers of a tensor on the CPU.
pub(super) fn with_values<T: Element, R>(tensor: &Tensor, use_them: impl FnOnce(&[T]) -> R) -> Result<R> {
    Ok(host::read([tensor], |[values]| use_them(values))?)
}
