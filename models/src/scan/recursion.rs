//! What a step needs of the one before, forward and backward, in candle's operations.
//!
//! ```text
//! current form   x_t = leak x_{t-1} + W r_{t-1} + d_t
//! blend form     x_t = f(leak x_{t-1} + W r_{t-1} + d_t)
//! rate form      x_t = leak x_{t-1} + alpha f(W r_{t-1} + d_t)
//! ```
//!
//! With `h_t` the gradient that arrives at `x_t` from outside, and `g_t` the one with respect to `d_t`:
//!
//! ```text
//! current form   g_t = h_t + leak g_{t+1} + f'(x_t) W^T g_{t+1}
//! blend form     g_t = f'(a_t) (h_t + leak g_{t+1} + W^T g_{t+1})             a_t the argument of f
//! rate form      e_t = h_t + leak e_{t+1} + W^T g_{t+1},  g_t = alpha f'(c_t) e_t
//!
//! dW = sum g_t r_{t-1}^T      dleak = sum g_t x_{t-1} (rate form: e_t)      dalpha = sum e_t f(c_t)
//! ```
//!
//! Only `g_t` and `e_t` are found step by step; the rest is one operation for all steps. By candle's own way back each
//! operation of a step would have one or two for each of its arguments, a zero and a sum to go with each, whether or
//! not anything asks for them.

use std::sync::{Mutex, PoisonError};

use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, CustomOp3, Layout, MetalStorage, Result as CandleResult, Shape, Storage,
    Tensor, backend::BackendStorage, bail,
};

use crate::{
    activation::UnitActivations,
    config::Form,
    dynamics::{Coefficient, State},
    error::Result,
};

/// The equation of the recursion and its constants.
#[derive(Clone, Debug)]
pub(super) struct Recursion {
    pub form: Form,
    pub activation: UnitActivations,
    /// `alpha` in the rate form; 1 in the other forms, where it is a part of `W` and `d`.
    pub alpha: Coefficient,
    pub leak: Coefficient,
    /// `sigma_post zeta` (steps, batch, units)
    pub post: Option<Tensor>,
}

impl Recursion {
    /// `x` (steps, batch, units) with its gradients, from `W` (units, units), `d` (steps, batch, units) and the start
    /// (batch, units).
    pub fn states(&self, weights: &Tensor, drive: &Tensor, start: &State) -> Result<Tensor> {
        let constants = Self { alpha: detached(&self.alpha), leak: detached(&self.leak), ..self.clone() };
        let states = constants.advance(&weights.detach(), &drive.detach(), &start.detach())?;
        let others = others(self, start)?;
        if ![weights, drive, &others].into_iter().any(Tensor::track_op) {
            return Ok(states);
        }
        let whole = Whole { recursion: constants, states: Ready::new(states) };
        Ok(weights.apply_op3(drive, &others, whole)?)
    }

    /// `r` (.., units) of states (.., units) of all steps.
    pub fn rates(&self, states: &Tensor) -> Result<Tensor> {
        let quiet = self.quiet_rates(states)?;
        let quiet = if self.form.integrates_currents() && states.track_op() {
            states.apply_op1(Rates { activation: self.activation.clone(), rates: Ready::new(quiet) })?
        } else {
            quiet
        };
        noisy(quiet, self.post.clone())
    }

    /// The rates of constants, without the noise that follows the activation.
    fn quiet_rates(&self, states: &Tensor) -> Result<Tensor> {
        if self.form.integrates_currents() { self.activation.values(states) } else { Ok(states.clone()) }
    }

    fn advance(&self, weights: &Tensor, drive: &Tensor, start: &State) -> Result<Tensor> {
        let (weights, steps) = (weights.t()?, drive.dim(0)?);
        let State { mut state, mut rate } = start.clone();
        let mut states = Vec::with_capacity(steps);
        for step in 0..steps {
            let driven = (rate.matmul(&weights)? + drive.get(step)?)?;
            let leaked = self.leak.scale(&state)?;
            state = match self.form {
                Form::Current => (leaked + driven)?,
                Form::Blend => self.activation.values(&(leaked + driven)?)?,
                Form::Rate => (leaked + self.alpha.scale(&self.activation.values(&driven)?)?)?,
            };
            let noise = self.post.as_ref().map(|noise| noise.get(step)).transpose()?;
            rate = noisy(self.quiet_rates(&state)?, noise)?;
            states.push(state.clone());
        }
        Ok(Tensor::stack(&states, 0)?)
    }

    /// The gradients of `W`, `d` and [the others](others), from that of the states.
    fn go_back(&self, [weights, drive, others, states, arriving]: [&Tensor; 5]) -> Result<[Tensor; 3]> {
        let batch = states.dim(1)?;
        let (first_states, first_rates) = (others.narrow(0, 0, batch)?, others.narrow(0, batch, batch)?);
        let quiet = self.quiet_rates(states)?;
        let rates_before = flat(&before(&noisy(quiet.clone(), self.post.clone())?, &first_rates)?)?;
        let driven = match self.form {
            Form::Rate => {
                let currents = (rates_before.matmul(&weights.t()?)?.reshape(drive.shape())? + drive)?;
                Some(self.activation.values(&currents)?)
            }
            Form::Current | Form::Blend => None,
        };
        let slopes = match &driven {
            Some(driven) => self.alpha.scale(&self.activation.derivative(driven)?)?,
            None => self.activation.derivative(&quiet)?,
        };
        drop(quiet);
        let Gradients { leaking, drive, first } = self.gradients(weights, &slopes, arriving)?;
        let mut of_others = vec![self.leak.scale(&first.leaking)?, first.drive.matmul(weights)?];
        if matches!(self.leak, Coefficient::PerUnit(_)) {
            of_others.push((&leaking * before(states, &first_states)?)?.sum_keepdim((0, 1))?.squeeze(0)?);
        }
        if let (Coefficient::PerUnit(_), Some(driven)) = (&self.alpha, driven) {
            of_others.push((&leaking * driven)?.sum_keepdim((0, 1))?.squeeze(0)?);
        }
        Ok([flat(&drive)?.t()?.matmul(&rates_before)?, drive, Tensor::cat(&of_others, 0)?])
    }

    /// From the last step to the first.
    fn gradients(&self, weights: &Tensor, slopes: &Tensor, arriving: &Tensor) -> Result<Gradients> {
        let steps = arriving.dim(0)?;
        let mut of_steps: Vec<StepGradients> = Vec::with_capacity(steps);
        for step in (0..steps).rev() {
            let (arrived, slope) = (arriving.get(step)?, slopes.get(step)?);
            let (leaked, of_rates) = match of_steps.last() {
                Some(later) => ((arrived + self.leak.scale(&later.leaking)?)?, Some(later.drive.matmul(weights)?)),
                None => (arrived, None),
            };
            of_steps.push(match self.form {
                Form::Current => {
                    let through_rates = of_rates.map(|of_rates| of_rates * slope).transpose()?;
                    StepGradients::alike(add(leaked, through_rates)?)
                }
                Form::Blend => StepGradients::alike((add(leaked, of_rates)? * slope)?),
                Form::Rate => {
                    let leaking = add(leaked, of_rates)?;
                    StepGradients { drive: (&leaking * slope)?, leaking }
                }
            });
        }
        let first = of_steps.last().cloned().unwrap_or(StepGradients::alike(arriving.zeros_like()?));
        of_steps.reverse();
        let stacked =
            |of: fn(&StepGradients) -> &Tensor| Tensor::stack(&of_steps.iter().map(of).collect::<Vec<_>>(), 0);
        let drive = stacked(|step| &step.drive)?;
        let leaking = if self.form == Form::Rate { stacked(|step| &step.leaking)? } else { drive.clone() };
        Ok(Gradients { leaking, drive, first })
    }
}

/// The gradients of a step (batch, units).
#[derive(Clone)]
struct StepGradients {
    /// Of what leaks to the next step: `e` in the rate form, else `g`.
    leaking: Tensor,
    /// `g`
    drive: Tensor,
}

impl StepGradients {
    fn alike(gradient: Tensor) -> Self {
        Self { leaking: gradient.clone(), drive: gradient }
    }
}

/// Those of all steps (steps, batch, units), and of the first.
struct Gradients {
    leaking: Tensor,
    drive: Tensor,
    first: StepGradients,
}

fn noisy(quiet: Tensor, noise: Option<Tensor>) -> Result<Tensor> {
    Ok(add(quiet, noise)?)
}

fn add(x: Tensor, other: Option<Tensor>) -> CandleResult<Tensor> {
    match other {
        Some(other) => x + other,
        None => Ok(x),
    }
}

/// Each step's predecessor: `first` (batch, units), then all steps but the last (steps, batch, units).
fn before(steps: &Tensor, first: &Tensor) -> CandleResult<Tensor> {
    let count = steps.dim(0)?;
    Tensor::cat(&[&first.unsqueeze(0)?, &steps.narrow(0, 0, count - 1)?], 0)
}

/// (steps times batch, units)
fn flat(steps: &Tensor) -> CandleResult<Tensor> {
    steps.flatten(0, 1)
}

/// What the recursion needs beside `W` and `d`, in one tensor (rows, units), since a custom operation has at most three
/// arguments: the first states and rates of all trials, and `leak` and `alpha` where units differ.
fn others(recursion: &Recursion, start: &State) -> CandleResult<Tensor> {
    let mut rows = vec![start.state.clone(), start.rate.clone()];
    for coefficient in [&recursion.leak, &recursion.alpha] {
        if let Coefficient::PerUnit(values) = coefficient {
            rows.push(values.unsqueeze(0)?);
        }
    }
    Tensor::cat(&rows, 0)
}

fn detached(coefficient: &Coefficient) -> Coefficient {
    match coefficient {
        Coefficient::Scalar(value) => Coefficient::Scalar(*value),
        Coefficient::PerUnit(values) => Coefficient::PerUnit(values.detach()),
    }
}

/// What an operation of ours gives: it is computed before candle sees the operation.
struct Ready(Mutex<Option<Tensor>>);

impl Ready {
    fn new(tensor: Tensor) -> Self {
        Self(Mutex::new(Some(tensor)))
    }

    /// A copy of its numbers.
    fn hand_over<S>(&self, copy: impl FnOnce(&Storage, &Layout) -> CandleResult<S>) -> CandleResult<(S, Shape)> {
        let taken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(tensor) = taken else { bail!("the numbers of a pass are handed over once") };
        let (storage, layout) = tensor.storage_and_layout();
        Ok((copy(&storage, layout)?, tensor.shape().clone()))
    }

    fn on_cpu(&self) -> CandleResult<(CpuStorage, Shape)> {
        self.hand_over(|storage, layout| match storage {
            Storage::Cpu(storage) => storage.try_clone(layout),
            _ => bail!("the numbers of this pass are not on the CPU"),
        })
    }

    fn on_cuda(&self) -> CandleResult<(CudaStorage, Shape)> {
        self.hand_over(|storage, layout| match storage {
            Storage::Cuda(storage) => storage.try_clone(layout),
            _ => bail!("the numbers of this pass are not on the GPU"),
        })
    }

    fn on_metal(&self) -> CandleResult<(MetalStorage, Shape)> {
        self.hand_over(|storage, layout| match storage {
            Storage::Metal(storage) => storage.try_clone(layout),
            _ => bail!("the numbers of this pass are not on the GPU"),
        })
    }
}

/// The rates of all states as one operation, whose way back needs nothing but them.
struct Rates {
    activation: UnitActivations,
    rates: Ready,
}

impl CustomOp1 for Rates {
    fn name(&self) -> &'static str {
        "ctrnn-rates"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> CandleResult<(CpuStorage, Shape)> {
        self.rates.on_cpu()
    }

    fn cuda_fwd(&self, _: &CudaStorage, _: &Layout) -> CandleResult<(CudaStorage, Shape)> {
        self.rates.on_cuda()
    }

    fn metal_fwd(&self, _: &MetalStorage, _: &Layout) -> CandleResult<(MetalStorage, Shape)> {
        self.rates.on_metal()
    }

    fn bwd(&self, _: &Tensor, rates: &Tensor, arriving: &Tensor) -> CandleResult<Option<Tensor>> {
        let slopes = self.activation.derivative(&rates.detach()).map_err(candle_core::Error::wrap)?;
        Ok(Some((slopes * arriving)?))
    }
}

/// The recursion as one operation of candle's, with its own way back.
struct Whole {
    recursion: Recursion,
    states: Ready,
}

impl CustomOp3 for Whole {
    fn name(&self) -> &'static str {
        "ctrnn-recursion"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> CandleResult<(CpuStorage, Shape)> {
        self.states.on_cpu()
    }

    fn cuda_fwd(
        &self,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
        _: &CudaStorage,
        _: &Layout,
    ) -> CandleResult<(CudaStorage, Shape)> {
        self.states.on_cuda()
    }

    fn metal_fwd(
        &self,
        _: &MetalStorage,
        _: &Layout,
        _: &MetalStorage,
        _: &Layout,
        _: &MetalStorage,
        _: &Layout,
    ) -> CandleResult<(MetalStorage, Shape)> {
        self.states.on_metal()
    }

    fn bwd(
        &self,
        weights: &Tensor,
        drive: &Tensor,
        others: &Tensor,
        states: &Tensor,
        arriving: &Tensor,
    ) -> CandleResult<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [weights, drive, others, states] = [weights, drive, others, states].map(Tensor::detach);
        let found = self.recursion.go_back([&weights, &drive, &others, &states, &arriving.contiguous()?]);
        let [weights, drive, others] = found.map_err(candle_core::Error::wrap)?;
        Ok((Some(weights), Some(drive), Some(others)))
    }
}
