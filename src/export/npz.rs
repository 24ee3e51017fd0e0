//! Arrays for NumPy.
//!
//! ```text
//! w_in (units, inputs)    w_rec (units, units)    w_out (outputs, units)
//! b_rec, tau, alpha, x0 (units)    b_out (outputs)    dt ()
//! connectivity.*  fixed.*  plastic.*    as in the checkpoint; of a stacked network layers.0.w_rec and so on
//! cell_types (units) i8                  1 excitatory, -1 inhibitory, 0 none
//! areas (units) i64                      index into the names in area_names
//! area_names, header (bytes) u8          JSON: json.loads(file["header"].tobytes())
//! checksum () i64                        of the tensors, by which `nn4n import` sees whether they were changed
//! ```

use std::io::Cursor;

use candle_core::{DType, Device, Tensor};
use ndarray::{Array1, arr0};
use ndarray_npy::{NpzWriter, WriteNpzError};
use nn4n_models::CellType;

use super::header_json;
use crate::{
    checkpoint::Checkpoint,
    error::{Error, Result},
    import::checksum,
    simulate::host,
};

/// The file.
pub(super) fn npz(checkpoint: &Checkpoint) -> Result<Vec<u8>> {
    let unwritable = |error: WriteNpzError| Error::system(format!("the arrays could not be put together ({error})"));
    let mut file = NpzWriter::new(Cursor::new(Vec::new()));
    let network = checkpoint.network(&Device::Cpu)?.frozen();
    // What a network saves are its effective weights.
    let tensors = network.tensors()?;
    for (name, tensor) in &tensors {
        add(&mut file, name, tensor)?;
    }
    let config = network.config();
    add(&mut file, "alpha", &(network.tau()?.recip()? * config.dt)?)?;
    let units = network.units();
    let sign = |cell_type: &Option<CellType>| cell_type.map_or(0, |cell_type| cell_type.sign() as i8);
    let cell_types: Array1<i8> = units.cell_types.iter().map(sign).collect();
    let areas: Array1<i64> = (0..units.len()).map(|unit| units.area_of(unit) as i64).collect();
    let area_names: Vec<&str> = units.areas.iter().map(|area| area.name.as_str()).collect();
    file.add_array("dt", &arr0(config.dt)).map_err(unwritable)?;
    file.add_array("cell_types", &cell_types).map_err(unwritable)?;
    file.add_array("areas", &areas).map_err(unwritable)?;
    file.add_array("area_names", &json(&area_names)?).map_err(unwritable)?;
    let header: Array1<u8> = header_json(&checkpoint.header)?.into_bytes().into();
    file.add_array("header", &header).map_err(unwritable)?;
    file.add_array("checksum", &arr0(i64::from(checksum(&tensors)?))).map_err(unwritable)?;
    Ok(file.finish().map_err(unwritable)?.into_inner())
}

fn add(file: &mut NpzWriter<Cursor<Vec<u8>>>, name: &str, tensor: &Tensor) -> Result<()> {
    let written = match tensor.dtype() {
        DType::U8 => file.add_array(name, &host::<u8>(tensor)?.view()),
        DType::F64 => file.add_array(name, &host::<f64>(tensor)?.view()),
        _ => file.add_array(name, &host::<f32>(tensor)?.view()),
    };
    written.map_err(|error| Error::shape(name, format!("could not be written ({error})")))
}

fn json(value: &[&str]) -> Result<Array1<u8>> {
    let bytes =
        serde_json::to_vec(value).map_err(|error| Error::system(format!("the header cannot be written ({error})")))?;
    Ok(bytes.into())
}
