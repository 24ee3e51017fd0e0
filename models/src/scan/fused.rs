//! The pass through time by the [`kernel`](super::kernel): tensors in, tensors out.

use candle_core::{Device, Tensor};

use super::{
    call::{Answered, Call, Scanned},
    kernel::{Buffer, Element, Kept, PackedForward, Pool, Segments, forward},
    operands::Operands,
    record::Record,
    tape::{Memo, Tape},
};
use crate::{dynamics::State, effective::ReadoutParameters, error::Result};

/// A pass that carries gradients if anything that goes in does. Without a readout its logits are of no outputs.
pub(super) fn scan<T: Element>(call: &Call, readout: Option<&ReadoutParameters>) -> Result<Scanned> {
    let (operands, pool) = (Operands::<T>::new(call, readout)?, T::pool(call.memory));
    if operands.is_tracked() {
        return scan_for_gradients(operands, pool);
    }
    let (dims, size) = (operands.dims, operands.dims.trials * operands.dims.steps * operands.dims.units);
    let (mut states, mut rates) = (vec![T::zero(); size], vec![T::zero(); size]);
    let kept = Kept { states: &mut states, rates: &mut rates, ..Kept::default() };
    let done = Outcome::of_pass(pool, &operands, kept)?;
    let shape = (dims.trials, dims.steps, dims.units);
    let tensor = |values| Tensor::from_vec(values, shape, &Device::Cpu);
    let record = Record::Whole { states: tensor(states)?, rates: tensor(rates)?, last: done.last()? };
    Ok(Scanned { logits: done.logits(&operands)?, record })
}

/// The same pass, of which one step in many and the last ones are kept, and the others are computed again on its way
/// back; see [`Segments`].
pub(super) fn scan_remat<T: Element>(call: &Call, readout: Option<&ReadoutParameters>) -> Result<Scanned> {
    let (operands, pool) = (Operands::<T>::new(call, readout)?, T::pool(call.memory));
    let (dims, segments) = (operands.dims, Segments::of(operands.dims));
    let size = |steps: usize| dims.trials * steps * dims.units;
    let (mut states, mut rates) = (pool.take(size(segments.anchors())), pool.take(size(segments.anchors())));
    let (from, steps) = segments.tail();
    let mut tail_rates = pool.take(size(steps));
    let mut tail_drive = pool.take(if operands.needs_drive() { size(steps) } else { 0 });
    let kept = Kept { from, anchor_states: &mut states, anchor_rates: &mut rates, ..Kept::default() };
    let kept = kept.activity(operands.equation.form, &mut tail_rates, &mut tail_drive);
    let done = Outcome::of_pass(pool, &operands, kept)?;
    done.into_tape(operands, pool, Memo::Anchors { states, rates, tail_rates, tail_drive })
}

/// A pass without gradients, whose memory does not grow with the number of steps but for inputs and logits.
pub(super) fn answer<T: Element>(call: &Call, readout: &ReadoutParameters) -> Result<Answered> {
    let operands = Operands::<T>::new(call, Some(readout))?;
    let done = Outcome::of_pass(T::pool(call.memory), &operands, Kept::default())?;
    Ok(Answered { last: done.last()?, logits: done.logits(&operands)? })
}

fn scan_for_gradients<T: Element>(operands: Operands<T>, pool: &Pool<T>) -> Result<Scanned> {
    let size = operands.dims.trials * operands.dims.steps * operands.dims.units;
    let mut rates = pool.take(size);
    // What the slopes need besides the rates.
    let mut drive = pool.take(if operands.needs_drive() { size } else { 0 });
    let kept = Kept::default().activity(operands.equation.form, &mut rates, &mut drive);
    let done = Outcome::of_pass(pool, &operands, kept)?;
    done.into_tape(operands, pool, Memo::Whole { rates, drive })
}

/// What every pass leaves, whatever is kept of its activity.
struct Outcome<T> {
    logits: Vec<T>,
    last_state: Buffer<T>,
    last_rate: Buffer<T>,
    shape: (usize, usize),
}

impl<T: Element> Outcome<T> {
    /// Goes through time once, and keeps the activity for which `kept` has room.
    fn of_pass(pool: &Pool<T>, operands: &Operands<T>, kept: Kept<T>) -> Result<Self> {
        let dims = operands.dims;
        operands.read(|parameters, inputs| {
            let weights = PackedForward::new(pool, dims, parameters);
            let mut logits = vec![T::zero(); dims.trials * dims.steps * dims.outputs];
            let (mut last_state, mut last_rate) =
                (pool.take(dims.trials * dims.units), pool.take(dims.trials * dims.units));
            let kept = Kept { logits: &mut logits, last_state: &mut last_state, last_rate: &mut last_rate, ..kept };
            forward(pool, dims, &operands.equation, &weights, inputs, kept);
            Self { logits, last_state, last_rate, shape: (dims.trials, dims.units) }
        })
    }

    fn last(&self) -> Result<State> {
        let tensor = |values: &[T]| Tensor::from_vec(values.to_vec(), self.shape, &Device::Cpu);
        Ok(State { state: tensor(&self.last_state)?, rate: tensor(&self.last_rate)? })
    }

    fn logits(self, operands: &Operands<T>) -> Result<Tensor> {
        let dims = operands.dims;
        Ok(Tensor::from_vec(self.logits, (dims.trials, dims.steps, dims.outputs), &Device::Cpu)?)
    }

    fn into_tape(self, operands: Operands<T>, pool: &Pool<T>, memo: Memo<T>) -> Result<Scanned> {
        let Self { logits, last_state, last_rate, .. } = self;
        Tape { operands, pool: pool.clone(), memo, last_state, last_rate, pending: Default::default() }.record(logits)
    }
}
