//! The pass through time. [`fused`] is a kernel of its own on the CPU; [`operations`] does the same in candle's
//! operations on any device, and `reference`, step by step, is the definition that tests compare both with. All take a
//! [`Call`] and the readout, if there is one; [`scan`], [`drive`] and [`answer`] alone choose between them.

mod call;
mod fused;
mod kernel;
mod omega;
mod operands;
pub(crate) mod operations;
mod record;
mod recursion;
#[cfg(test)]
pub(crate) mod reference;
mod tape;

use candle_core::DType;

pub use self::omega::Omega;
pub(crate) use self::{
    call::{Answered, Call, Scanned},
    kernel::{Memory, remat_rows},
    operations::{PassNoise, rows},
    record::{Quantity, Record},
};
use crate::{
    effective::ReadoutParameters,
    error::{ModelError, Result},
    host::has_passes,
};

/// A pass through a network, whose rates are read out.
pub(crate) fn scan(call: &Call, readout: &ReadoutParameters) -> Result<Scanned> {
    match (has_passes(call.inputs.device()), call.inputs.dtype()) {
        (true, DType::F32) => fused::scan::<f32>(call, Some(readout)),
        (true, DType::F64) => fused::scan::<f64>(call, Some(readout)),
        _ => operations::scan(call, readout),
    }
}

/// A pass through a layer that drives the one above, and is not read out.
pub(crate) fn drive(call: &Call) -> Result<Record> {
    match (has_passes(call.inputs.device()), call.inputs.dtype()) {
        (true, DType::F32) => Ok(fused::scan::<f32>(call, None)?.record),
        (true, DType::F64) => Ok(fused::scan::<f64>(call, None)?.record),
        _ => operations::drive(call),
    }
}

/// [`scan`] with the same bits, of which one step in sqrt(steps) is kept and the others are computed again on the way
/// back.
///
/// # Errors
/// If the network is not on the CPU.
pub(crate) fn scan_remat(call: &Call, readout: &ReadoutParameters) -> Result<Scanned> {
    remat(call, Some(readout))
}

/// [`drive`] in the same way.
///
/// # Errors
/// If the network is not on the CPU.
pub(crate) fn drive_remat(call: &Call) -> Result<Record> {
    Ok(remat(call, None)?.record)
}

fn remat(call: &Call, readout: Option<&ReadoutParameters>) -> Result<Scanned> {
    match (has_passes(call.inputs.device()), call.inputs.dtype()) {
        (true, DType::F32) => fused::scan_remat::<f32>(call, readout),
        (true, DType::F64) => fused::scan_remat::<f64>(call, readout),
        _ => Err(ModelError::CpuOnly("a pass that is computed again on its way back")),
    }
}

/// A pass without gradients, none of whose activity is kept.
pub(crate) fn answer(call: &Call, readout: &ReadoutParameters) -> Result<Answered> {
    match (has_passes(call.inputs.device()), call.inputs.dtype()) {
        (true, DType::F32) => fused::answer::<f32>(call, readout),
        (true, DType::F64) => fused::answer::<f64>(call, readout),
        _ => operations::answer(call, readout),
    }
}
