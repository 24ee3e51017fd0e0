//! What a network did on a batch of trials, layer by layer.

use std::sync::OnceLock;

use candle_core::Tensor;

use super::joined::{join, join_states};
use crate::{
    dynamics::State,
    error::{ModelError, Result},
    scan::{Omega, Quantity, Record},
};

/// What a network did at every step.
#[derive(Clone, Debug)]
pub struct Trajectory {
    /// `W_out r + b_out` (batch, steps, outputs), before the readout's nonlinearity.
    pub logits: Tensor,
    /// `z` (batch, steps, outputs).
    pub outputs: Tensor,
    /// Of each layer, from the input on.
    layers: Vec<LayerActivity>,
    states: OnceLock<Tensor>,
    rates: OnceLock<Tensor>,
}

impl Trajectory {
    /// A trajectory that is already there: states and rates (batch, steps, units), logits and outputs (batch, steps,
    /// outputs).
    pub fn new(states: Tensor, rates: Tensor, logits: Tensor, outputs: Tensor) -> Result<Self> {
        let step = states.dim(1)?.saturating_sub(1);
        let last = State { state: states.narrow(1, step, 1)?.squeeze(1)?, rate: rates.narrow(1, step, 1)?.squeeze(1)? };
        Ok(Self::of(vec![LayerActivity::new(Record::Whole { states, rates, last })], logits, outputs))
    }

    pub(crate) fn of(layers: Vec<LayerActivity>, logits: Tensor, outputs: Tensor) -> Self {
        Self { logits, outputs, layers, states: OnceLock::new(), rates: OnceLock::new() }
    }

    /// `x` (batch, steps, units); in the rate and the blend form the noise-free rates. Gradients flow through it.
    ///
    /// A pass with gradients does not keep what it does not need; then this goes forward through time once more.
    pub fn states(&self) -> Result<Tensor> {
        self.joined(&self.states, LayerActivity::states)
    }

    /// `r` (batch, steps, units). Gradients flow through it: one way back at a time within a pool of threads, since its
    /// jobs may take each other's place.
    pub fn rates(&self) -> Result<Tensor> {
        self.joined(&self.rates, LayerActivity::rates)
    }

    /// The last step (batch, units), to carry over to another call. Gradients flow through it.
    pub fn last(&self) -> Result<State> {
        join_states(&self.layers.iter().map(LayerActivity::last).collect::<Result<Vec<_>>>()?)
    }

    /// The vanishing-gradient regulariser, over the steps where `valid` (batch, steps, 1) is positive; `None` unless this
    /// is a pass with gradients through a network of one layer, in the current form, on the CPU.
    ///
    /// # Errors
    /// If `valid` is not of this batch.
    pub fn omega(&self, valid: &Tensor) -> Result<Option<Omega>> {
        let [layer] = self.layers.as_slice() else { return Ok(None) };
        let Record::Taped { tape, logits } = &layer.record else { return Ok(None) };
        let (batch, steps, _) = logits.dims3()?;
        if valid.dims() != [batch, steps, 1] {
            let rule = format!("the trajectory is of ({batch} trials, {steps} steps)");
            return Err(ModelError::shape("valid", valid.dims(), rule));
        }
        tape.clone().omega(logits, &valid.to_dtype(logits.dtype())?)
    }

    fn joined(&self, cell: &OnceLock<Tensor>, of: impl Fn(&LayerActivity) -> Result<Tensor>) -> Result<Tensor> {
        if let [alone] = self.layers.as_slice() {
            return of(alone);
        }
        kept(cell, || join(&self.layers.iter().map(of).collect::<Result<Vec<_>>>()?))
    }
}

/// What one layer did.
#[derive(Clone, Debug)]
pub(crate) struct LayerActivity {
    record: Record,
    states: OnceLock<Tensor>,
    rates: OnceLock<Tensor>,
}

impl LayerActivity {
    pub(crate) fn new(record: Record) -> Self {
        Self { record, states: OnceLock::new(), rates: OnceLock::new() }
    }

    fn states(&self) -> Result<Tensor> {
        match &self.record {
            // Laid out anew only here, for those who ask.
            Record::Whole { states, .. } => Ok(states.contiguous()?),
            Record::Taped { tape, logits } => {
                kept(&self.states, || tape.clone().tensor(logits, Quantity::States, false))
            }
        }
    }

    /// The rates of every step, which drive the layer above.
    pub(super) fn rates(&self) -> Result<Tensor> {
        match &self.record {
            Record::Whole { rates, .. } => Ok(rates.clone()),
            Record::Taped { tape, logits } => kept(&self.rates, || tape.clone().tensor(logits, Quantity::Rates, false)),
        }
    }

    fn last(&self) -> Result<State> {
        match &self.record {
            Record::Whole { last, .. } => Ok(last.clone()),
            Record::Taped { tape, logits } => {
                let tensor = |quantity| tape.clone().tensor(logits, quantity, true);
                Ok(State { state: tensor(Quantity::States)?, rate: tensor(Quantity::Rates)? })
            }
        }
    }
}

/// What `cell` holds, or else `make` makes.
fn kept(cell: &OnceLock<Tensor>, make: impl FnOnce() -> Result<Tensor>) -> Result<Tensor> {
    if let Some(tensor) = cell.get() {
        return Ok(tensor.clone());
    }
    let tensor = make()?;
    Ok(cell.get_or_init(|| tensor).clone())
}

/// What a network answered, without its activity.
#[derive(Clone, Debug)]
pub struct Answer {
    /// `W_out r + b_out` (batch, steps, outputs), before the readout's nonlinearity.
    pub logits: Tensor,
    /// `z` (batch, steps, outputs).
    pub outputs: Tensor,
    /// The last step, to carry over to another call.
    pub last: State,
}
