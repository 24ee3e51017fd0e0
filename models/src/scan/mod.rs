//! The pass through time. [`reference`] is the definition, step by step in candle's own operations on any device;
//! [`fused`] does the same with a kernel of its own on the CPU. Both take a [`Call`] and the readout, if there is one;
//! [`scan`], [`drive`] and [`answer`] alone choose between them.

mod call;
mod fused;
mod kernel;
mod operands;
mod record;
pub(crate) mod reference;
mod tape;

use candle_core::DType;

pub(crate) use self::{
    call::{Answered, Call, Scanned},
    kernel::Memory,
    record::{Quantity, Record},
    reference::{PassNoise, rows},
};
use crate::{effective::ReadoutParameters, error::Result};

/// A pass through a network, whose rates are read out.
pub(crate) fn scan(call: &Call, readout: &ReadoutParameters) -> Result<Scanned> {
    match (call.inputs.device().is_cpu(), call.inputs.dtype()) {
        (true, DType::F32) => fused::scan::<f32>(call, Some(readout)),
        (true, DType::F64) => fused::scan::<f64>(call, Some(readout)),
        _ => reference::scan(call, readout),
    }
}

/// A pass through a layer that drives the one above, and is not read out.
pub(crate) fn drive(call: &Call) -> Result<Record> {
    match (call.inputs.device().is_cpu(), call.inputs.dtype()) {
        (true, DType::F32) => Ok(fused::scan::<f32>(call, None)?.record),
        (true, DType::F64) => Ok(fused::scan::<f64>(call, None)?.record),
        _ => reference::drive(call),
    }
}

/// A pass without gradients, none of whose activity is kept.
pub(crate) fn answer(call: &Call, readout: &ReadoutParameters) -> Result<Answered> {
    match (call.inputs.device().is_cpu(), call.inputs.dtype()) {
        (true, DType::F32) => fused::answer::<f32>(call, readout),
        (true, DType::F64) => fused::answer::<f64>(call, readout),
        _ => reference::answer(call, readout),
    }
}
