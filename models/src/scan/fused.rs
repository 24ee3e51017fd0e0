//! The pass through time by the [`kernel`](super::kernel): tensors in, tensors out.

use candle_core::{Device, Tensor};

use super::{
    Answered, Call, Record, Scanned,
    kernel::{Buffer, Element, Kept, PackedForward, Pool, forward},
    operands::Operands,
    tape::Tape,
};
use crate::{config::Form, dynamics::State, error::Result};

/// Runs a pass; the result carries gradients if anything that goes in does.
pub(super) fn scan<T: Element>(call: &Call) -> Result<Scanned> {
    let (operands, pool) = (Operands::<T>::new(call)?, T::pool(call.memory));
    if operands.is_tracked() {
        return scan_for_gradients(operands, pool);
    }
    let (dims, size) = (operands.dims, operands.dims.trials * operands.dims.steps * operands.dims.units);
    let (mut states, mut rates) = (vec![T::zero(); size], vec![T::zero(); size]);
    let pass = Pass::run(pool, &operands, &mut states, &mut rates, &mut [])?;
    let shape = (dims.trials, dims.steps, dims.units);
    let tensor = |values| Tensor::from_vec(values, shape, &Device::Cpu);
    let record = Record::Whole { states: tensor(states)?, rates: tensor(rates)?, last: pass.last()? };
    Ok(Scanned { logits: pass.logits(&operands)?, record })
}

/// Runs a pass without gradients, whose memory does not grow with the number of steps but for inputs and logits.
pub(super) fn answer<T: Element>(call: &Call) -> Result<Answered> {
    let operands = Operands::<T>::new(call)?;
    let pass = Pass::run(T::pool(call.memory), &operands, &mut [], &mut [], &mut [])?;
    Ok(Answered { last: pass.last()?, logits: pass.logits(&operands)? })
}

fn scan_for_gradients<T: Element>(operands: Operands<T>, pool: &Pool<T>) -> Result<Scanned> {
    let size = operands.dims.trials * operands.dims.steps * operands.dims.units;
    let mut rates = pool.take(size);
    // What the slopes need besides the rates.
    let mut drive = pool.take(if operands.needs_drive() { size } else { 0 });
    let (states, driven): (&mut [T], &mut [T]) = match operands.equation.form {
        Form::Current => (&mut drive, &mut []),
        Form::Rate => (&mut [], &mut drive),
    };
    let pass = Pass::run(pool, &operands, states, &mut rates, driven)?;
    let Pass { logits, last_state, .. } = pass;
    Tape { operands, pool: pool.clone(), rates, drive, last_state, pending: Default::default() }.record(logits)
}

/// The parts of a pass that are always there.
struct Pass<T> {
    logits: Vec<T>,
    last_state: Buffer<T>,
    last_rate: Buffer<T>,
    shape: (usize, usize),
}

impl<T: Element> Pass<T> {
    fn run(
        pool: &Pool<T>,
        operands: &Operands<T>,
        states: &mut [T],
        rates: &mut [T],
        driven: &mut [T],
    ) -> Result<Self> {
        let dims = operands.dims;
        operands.read(|parameters, inputs| {
            let weights = PackedForward::new(pool, dims, parameters);
            let mut logits = vec![T::zero(); dims.trials * dims.steps * dims.outputs];
            let (mut last_state, mut last_rate) =
                (pool.take(dims.trials * dims.units), pool.take(dims.trials * dims.units));
            let kept = Kept {
                rates,
                states,
                driven,
                logits: &mut logits,
                last_state: &mut last_state,
                last_rate: &mut last_rate,
            };
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
}
