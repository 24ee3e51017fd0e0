//! A fused pass as candle operations, so that `backward()` goes through it like through any other.
//!
//! The operation has one result, the logits. Rates and states are further results of the same pass: each is an
//! operation on the logits that hands out an array of the tape and, on the way back, hands its gradient in to the tape.
//! Candle goes back through an operation only after all that depends on its result, so these gradients are there when
//! the pass itself is reached, and are used up by it. Omega is an operation of this kind, too, which hands in its weight.
//! It looks at the gradient that arrives through the logits: where others arrive with it, or the sums of the recurrent
//! weights are needed without it, it has a way back of its own.

use std::{
    fmt,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, ThreadId},
};

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Device, Layout, Shape, Tensor};

use super::{
    call::Scanned,
    kernel::{
        self, Arriving, Buffer, Element, Extra, Gradients, Kept, PackedForward, Parameters, Pool, Remembered, Wanted,
        backward, forward,
    },
    omega::Omega,
    operands::{Operands, values, with_values},
    record::{Quantity, Record, Recorded},
};
use crate::{config::Form, error::Result, host};

/// What a pass keeps for its way back.
pub(super) struct Tape<T> {
    pub operands: Operands<T>,
    pub pool: Pool<T>,
    pub memo: Memo<T>,
    /// (trials, units)
    pub last_state: Buffer<T>,
    /// (trials, units)
    pub last_rate: Buffer<T>,
    /// Gradients handed in by the operations that follow.
    pub pending: Mutex<Vec<Pending>>,
}

/// The activity that is kept; see [`Remembered`].
pub(super) enum Memo<T> {
    Whole { rates: Buffer<T>, drive: Buffer<T> },
    Anchors { states: Buffer<T>, rates: Buffer<T>, tail_rates: Buffer<T>, tail_drive: Buffer<T> },
}

pub(super) struct Pending {
    of: Handed,
    gradient: Tensor,
    /// The operation that handed it in, and the thread: two threads may go back through the same pass at the same time.
    source: (u64, ThreadId),
}

/// What a gradient is handed in for.
#[derive(Clone)]
enum Handed {
    Activity { quantity: Quantity, last_only: bool },
    Omega { valid: Tensor, found: Arc<OnceLock<f64>> },
}

/// Tells operations apart.
static TAPS: AtomicU64 = AtomicU64::new(0);

impl<T> fmt::Debug for Tape<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tape")
    }
}

impl<T: Element> Tape<T> {
    /// The pass as an operation with these logits (trials, steps, outputs).
    pub fn record(self, logits: Vec<T>) -> Result<Scanned> {
        let tape = Arc::new(self);
        let Operands { w_rec, flat, inputs, .. } = &tape.operands;
        let logits = w_rec.apply_op3(flat, inputs, Whole { tape: tape.clone(), logits: Mutex::new(logits) })?;
        Ok(Scanned { record: Record::Taped { tape, logits: logits.clone() }, logits })
    }

    fn values(&self, quantity: Quantity, last_only: bool) -> Result<Vec<T>> {
        match (quantity, last_only) {
            (Quantity::Rates, true) => Ok(self.last_rate.to_vec()),
            (Quantity::States, true) => Ok(self.last_state.to_vec()),
            (quantity, false) => self.kept(quantity).map_or_else(|| self.again(quantity), |kept| Ok(kept.to_vec())),
        }
    }

    /// The values of every step, if they were kept.
    fn kept(&self, quantity: Quantity) -> Option<&[T]> {
        let Memo::Whole { rates, drive } = &self.memo else { return None };
        let no_post_noise = self.operands.equation.zeta.is_none();
        match (quantity, self.operands.equation.form) {
            (Quantity::Rates, _) => Some(rates),
            (Quantity::States, Form::Rate | Form::Blend) if no_post_noise => Some(rates),
            (Quantity::States, Form::Current | Form::Blend) if self.operands.needs_drive() => Some(drive),
            (Quantity::States, _) => None,
        }
    }

    /// The values of every step, which were not kept.
    fn again(&self, quantity: Quantity) -> Result<Vec<T>> {
        let (dims, pool) = (self.operands.dims, &self.pool);
        let mut values = vec![T::zero(); dims.trials * dims.steps * dims.units];
        let mut logits = pool.take(dims.trials * dims.steps * dims.outputs);
        self.operands.read(|parameters, inputs| {
            let weights = PackedForward::new(pool, dims, parameters);
            let kept = match quantity {
                Quantity::Rates => Kept { rates: &mut values, logits: &mut logits, ..Kept::default() },
                Quantity::States => Kept { states: &mut values, logits: &mut logits, ..Kept::default() },
            };
            forward(pool, dims, &self.operands.equation, &weights, inputs, kept);
        })?;
        Ok(values)
    }

    fn remembered(&self) -> Remembered<'_, T> {
        match &self.memo {
            Memo::Whole { rates, drive } => Remembered::Whole { rates, drive },
            Memo::Anchors { states, rates, tail_rates, tail_drive } => {
                Remembered::Anchors { states, rates, tail_rates, tail_drive, needs_drive: self.operands.needs_drive() }
            }
        }
    }

    fn backward(&self, logits_gradient: &Tensor) -> Result<(Tensor, Tensor, Option<Tensor>)> {
        let pending = self.take_pending();
        let extras = |wanted| {
            let own = pending.iter().filter_map(move |pending| match pending.of {
                Handed::Activity { quantity, last_only } if quantity == wanted => Some((&pending.gradient, last_only)),
                _ => None,
            });
            own.map(|(gradient, last_only)| Ok((values(gradient)?, last_only))).collect::<Result<Vec<(Vec<T>, bool)>>>()
        };
        let (rates, states) = (extras(Quantity::Rates)?, extras(Quantity::States)?);
        let omegas = omegas(&pending)?;
        let (operands, wanted) = (&self.operands, self.operands.wanted());
        let gradients = with_values(logits_gradient, |logits| {
            operands.read(|parameters, inputs| {
                let arriving = Arriving {
                    logits,
                    rates: borrowed(&rates),
                    states: borrowed(&states),
                    activity: self.remembered(),
                    inputs,
                };
                self.gradients(parameters, &arriving, wanted, &omegas)
            })
        })??;
        let flat = operands.flat_gradient(&gradients)?;
        let w_rec = Tensor::from_vec(gradients.w_rec, operands.w_rec.shape(), &Device::Cpu)?;
        let inputs = if wanted.inputs {
            Some(Tensor::from_vec(gradients.inputs, operands.inputs.shape(), &Device::Cpu)?)
        } else {
            None
        };
        Ok((w_rec, flat, inputs))
    }

    /// The gradients of the loss, with those of each Omega: of the first along with them, if it can be.
    fn gradients(
        &self,
        parameters: &Parameters<T>,
        arriving: &Arriving<T>,
        wanted: Wanted,
        omegas: &[Weighted<T>],
    ) -> Gradients<T> {
        let go_back = |arriving: &Arriving<T>, wanted, omega: Option<(&Weighted<T>, bool)>| {
            let Operands { dims, equation, .. } = &self.operands;
            let asked =
                omega.map(|(Weighted { valid, weight, .. }, alone)| kernel::Omega { valid, weight: *weight, alone });
            let found = backward(&self.pool, *dims, equation, parameters, arriving, wanted, asked);
            if let Some((weighted, _)) = omega {
                weighted.found.get_or_init(|| found.omega.mean());
            }
            found
        };
        // The gradients of time constants are made of those of the weights.
        let is_joined = arriving.rates.is_empty() && arriving.states.is_empty() && !wanted.tau;
        let (along, apart) = omegas.split_at(omegas.len().min(is_joined.into()));
        let mut gradients = go_back(arriving, wanted, along.first().map(|omega| (omega, false)));
        for omega in apart {
            let Arriving { logits, activity, inputs, .. } = *arriving;
            let through_logits = Arriving { logits, rates: Vec::new(), states: Vec::new(), activity, inputs };
            let own = go_back(&through_logits, Wanted::WEIGHTS, Some((omega, true)));
            gradients.w_rec.iter_mut().zip(own.w_rec).for_each(|(sum, own)| *sum += own);
        }
        gradients
    }

    fn tap(self: Arc<Self>, logits: &Tensor, of: Handed) -> Result<Tensor> {
        Ok(logits.apply_op1(Tap { id: TAPS.fetch_add(1, Ordering::Relaxed), tape: self, of })?)
    }

    fn take_pending(&self) -> Vec<Pending> {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, others) = all.drain(..).partition(|pending| pending.source.1 == thread::current().id());
        *all = others;
        own
    }
}

/// An Omega and its part in the loss.
struct Weighted<T> {
    /// (trials, steps)
    valid: Vec<T>,
    weight: f64,
    found: Arc<OnceLock<f64>>,
}

fn omegas<T: Element>(pending: &[Pending]) -> Result<Vec<Weighted<T>>> {
    let own = pending.iter().filter_map(|pending| match &pending.of {
        Handed::Omega { valid, found } => Some((valid, found, &pending.gradient)),
        Handed::Activity { .. } => None,
    });
    own.map(|(valid, found, weight)| {
        Ok(Weighted { valid: values(valid)?, weight: host::value(weight)?, found: found.clone() })
    })
    .collect()
}

fn borrowed<T>(extras: &[(Vec<T>, bool)]) -> Vec<Extra<'_, T>> {
    extras.iter().map(|(values, last_only)| Extra { values, last_only: *last_only }).collect()
}

impl<T: Element> Recorded for Tape<T> {
    fn tensor(self: Arc<Self>, logits: &Tensor, quantity: Quantity, last_only: bool) -> Result<Tensor> {
        self.tap(logits, Handed::Activity { quantity, last_only })
    }

    fn omega(self: Arc<Self>, logits: &Tensor, valid: &Tensor) -> Result<Option<Omega>> {
        if self.operands.equation.form != Form::Current {
            return Ok(None);
        }
        let found = Arc::new(OnceLock::new());
        let term = self.tap(logits, Handed::Omega { valid: valid.detach(), found: found.clone() })?;
        Ok(Some(Omega { term, found }))
    }
}

/// The pass: recurrent weights, flat parameters and inputs to logits.
struct Whole<T> {
    tape: Arc<Tape<T>>,
    /// Handed over once.
    logits: Mutex<Vec<T>>,
}

impl<T: Element> CustomOp3 for Whole<T> {
    fn name(&self) -> &'static str {
        "ctrnn-scan"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let dims = self.tape.operands.dims;
        let logits = std::mem::take(&mut *self.logits.lock().unwrap_or_else(PoisonError::into_inner));
        Ok((T::to_cpu_storage_owned(logits), (dims.trials, dims.steps, dims.outputs).into()))
    }

    fn bwd(
        &self,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        _: &Tensor,
        logits_gradient: &Tensor,
    ) -> candle_core::Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (w_rec, flat, inputs) = self.tape.backward(logits_gradient).map_err(candle_core::Error::wrap)?;
        Ok((Some(w_rec), Some(flat), inputs))
    }
}

/// An array of the tape as a result of its own, or the zero that stands for Omega.
struct Tap<T> {
    id: u64,
    tape: Arc<Tape<T>>,
    of: Handed,
}

impl<T: Element> CustomOp1 for Tap<T> {
    fn name(&self) -> &'static str {
        "ctrnn-activity"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let dims = self.tape.operands.dims;
        let (values, shape) = match self.of {
            Handed::Omega { .. } => (vec![T::zero()], Shape::from(())),
            Handed::Activity { quantity, last_only } => {
                let values = self.tape.values(quantity, last_only).map_err(candle_core::Error::wrap)?;
                let shape: Shape = if last_only {
                    (dims.trials, dims.units).into()
                } else {
                    (dims.trials, dims.steps, dims.units).into()
                };
                (values, shape)
            }
        };
        Ok((T::to_cpu_storage_owned(values), shape))
    }

    /// Hands the gradient in to the tape; the one with respect to the logits is zero, but makes candle go on to the
    /// pass.
    fn bwd(&self, logits: &Tensor, _: &Tensor, gradient: &Tensor) -> candle_core::Result<Option<Tensor>> {
        let source = (self.id, thread::current().id());
        let mut all = self.tape.pending.lock().unwrap_or_else(PoisonError::into_inner);
        // It is reached once on every way back, so an earlier gradient is of one that has failed since.
        all.retain(|pending| pending.source != source);
        all.push(Pending { of: self.of.clone(), gradient: gradient.clone(), source });
        Ok(Some(logits.zeros_like()?))
    }
}
