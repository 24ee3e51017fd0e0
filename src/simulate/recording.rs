//! Activity of a network on the host: the input of scoring, analysis and figures.
//!
//! A recording is three arrays; as a file it is an `.npz` that NumPy reads and writes under the same names.
//!
//! ```text
//! states (trials, steps, units) f32   rates (trials, steps, units) f32   outputs (trials, steps, outputs) f32
//! ```
//!
//! ```
//! use candle_core::{DType, Device};
//! use nn4n::{Recording, Simulation, models::{Ctrnn, ModelConfig}};
//! let network = Ctrnn::init(&ModelConfig::vanilla(2, 10, 1), 0, DType::F32, &Device::Cpu)?;
//! let recording = Simulation::new(&network).record(&ndarray::Array3::ones((4, 30, 2)))?;
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("activity.npz");
//! recording.save(&path)?; // in Python: numpy.load("activity.npz")["rates"]
//! assert_eq!(Recording::load(&path)?, recording);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{io::Cursor, path::Path};

use ndarray::{Array3, Ix3};
use ndarray_npy::{NpzWriter, WriteNpzError};
use nn4n_tasks::NpzFile;

use crate::{
    error::{Error, Result},
    files::write_atomically,
};

/// Activity of a network on a batch of trials; steps after a trial's end are padding.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// (trials, steps, units)
    pub states: Array3<f32>,
    /// (trials, steps, units)
    pub rates: Array3<f32>,
    /// (trials, steps, outputs)
    pub outputs: Array3<f32>,
}

impl Recording {
    /// Writes the arrays as an `.npz`, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let bytes = self.npz().map_err(|error| Error::file(&path, format!("could not be written ({error})")))?;
        write_atomically(path.as_ref(), &bytes)
    }

    fn npz(&self) -> Result<Vec<u8>, WriteNpzError> {
        let mut writer = NpzWriter::new(Cursor::new(Vec::new()));
        writer.add_array("outputs", &self.outputs)?;
        writer.add_array("states", &self.states)?;
        writer.add_array("rates", &self.rates)?;
        Ok(writer.finish()?.into_inner())
    }

    /// Reads an `.npz` with `states`, `rates` and `outputs`, of this program or of NumPy.
    ///
    /// # Errors
    /// If an array is missing, has another rank than three, or does not fit the others.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let mut file = NpzFile::open(path)?;
        let mut read = |name: &str| {
            let array = file.require(name)?;
            let shape = array.shape().to_vec();
            let misshapen =
                |_| Error::file(path, format!("`{name}` has shape {shape:?}, but must be (trials, steps, channels)"));
            array.into_dimensionality::<Ix3>().map_err(misshapen)
        };
        let recording = Self { states: read("states")?, rates: read("rates")?, outputs: read("outputs")? };
        let (trials, steps, _) = recording.states.dim();
        if recording.rates.dim() != recording.states.dim() || recording.outputs.shape()[..2] != [trials, steps] {
            let message = format!(
                "`states` {:?}, `rates` {:?} and `outputs` {:?} are not of the same trials; record them in one run",
                recording.states.dim(),
                recording.rates.dim(),
                recording.outputs.dim()
            );
            return Err(Error::file(path, message));
        }
        Ok(recording)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Why a file with these shapes of states, rates and outputs is refused.
    fn refusal(shapes: [(usize, usize, usize); 3]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.npz");
        let [states, rates, outputs] = shapes.map(Array3::zeros);
        Recording { states, rates, outputs }.save(&path).unwrap();
        Recording::load(&path).unwrap_err().to_string()
    }

    #[test]
    fn arrays_of_different_trials_are_refused() {
        for shapes in
            [[(2, 3, 4), (2, 3, 5), (2, 3, 1)], [(2, 3, 4), (2, 3, 4), (2, 4, 1)], [(2, 3, 4), (2, 3, 4), (1, 3, 1)]]
        {
            let message = refusal(shapes);
            assert!(message.contains("activity.npz") && message.contains("not of the same trials"), "{message}");
        }
    }

    #[test]
    fn missing_and_misshapen_arrays_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.npz");
        let write = |name: &str, shape: &[usize]| {
            let mut file = NpzWriter::new(std::fs::File::create(&path).unwrap());
            file.add_array(name, &ndarray::ArrayD::<f32>::zeros(shape)).unwrap();
            file.finish().unwrap();
            Recording::load(&path).unwrap_err().to_string()
        };
        assert!(write("rates", &[1, 2, 3]).contains("states"));
        assert!(write("states", &[2, 3]).contains("`states` has shape [2, 3], but must be (trials, steps, channels)"));
    }
}
