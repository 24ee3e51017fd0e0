//! A fused pass as candle operations, so that `backward()` goes through it like through any other.
//!
//! The operation has one result, the logits. Rates and states are further results of the same pass: each is an
//! operation on the logits that hands out an array of the tape and, on the way back, hands its gradient in to the tape.
//! Candle goes back through an operation only after all that depends on its result, so these gradients are there when
//! the pass itself is reached, and are used up by it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, ThreadId},
};

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Device, Layout, Shape, Tensor};

use super::{
    call::Scanned,
    kernel::{Arriving, Buffer, Element, Extra, Kept, PackedForward, Pool, Remembered, backward, forward},
    operands::{Operands, values, with_values},
    record::{Quantity, Record, Recorded},
};
use crate::{config::Form, error::Result};

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
    quantity: Quantity,
    last_only: bool,
    gradient: Tensor,
    /// The operation that handed it in, and the thread: two threads may go back through the same pass at the same time.
    source: (u64, ThreadId),
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
        let extras = |quantity| {
            let own = pending.iter().filter(move |pending| pending.quantity == quantity);
            own.map(|pending| Ok((values(&pending.gradient)?, pending.last_only)))
                .collect::<Result<Vec<(Vec<T>, bool)>>>()
        };
        let (rates, states) = (extras(Quantity::Rates)?, extras(Quantity::States)?);
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
                backward(&self.pool, operands.dims, &operands.equation, parameters, &arriving, wanted)
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

    fn take_pending(&self) -> Vec<Pending> {
        let mut all = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let (own, others) = all.drain(..).partition(|pending| pending.source.1 == thread::current().id());
        *all = others;
        own
    }
}

fn borrowed<T>(extras: &[(Vec<T>, bool)]) -> Vec<Extra<'_, T>> {
    extras.iter().map(|(values, last_only)| Extra { values, last_only: *last_only }).collect()
}

impl<T: Element> Recorded for Tape<T> {
    fn tensor(self: Arc<Self>, logits: &Tensor, quantity: Quantity, last_only: bool) -> Result<Tensor> {
        Ok(logits.apply_op1(Tap { id: TAPS.fetch_add(1, Ordering::Relaxed), tape: self, quantity, last_only })?)
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

/// An array of the tape as a result of its own.
struct Tap<T> {
    id: u64,
    tape: Arc<Tape<T>>,
    quantity: Quantity,
    last_only: bool,
}

impl<T: Element> CustomOp1 for Tap<T> {
    fn name(&self) -> &'static str {
        "ctrnn-activity"
    }

    fn cpu_fwd(&self, _: &CpuStorage, _: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let dims = self.tape.operands.dims;
        let values = self.tape.values(self.quantity, self.last_only).map_err(candle_core::Error::wrap)?;
        let shape = if self.last_only {
            (dims.trials, dims.units).into()
        } else {
            (dims.trials, dims.steps, dims.units).into()
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
        all.push(Pending { quantity: self.quantity, last_only: self.last_only, gradient: gradient.clone(), source });
        Ok(Some(logits.zeros_like()?))
    }
}
