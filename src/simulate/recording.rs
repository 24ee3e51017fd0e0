//! Activity of a network on the host: the input of scoring, analysis and figures.
//!
//! A recording is three arrays; as a file it is an `.npz` that NumPy reads and writes under the same names.
//!
//! ```text
//! states (trials, steps, units) f32   rates (trials, steps, units) f32   outputs (trials, steps, outputs) f32
//! ```
//!
//! With what is known of its trials the file also has
//!
//! ```text
//! n_steps (trials) i64     their lengths; the three arrays are NaN after a trial's end
//! dt f64, time_ms (steps)  the step, and the time at its end from the start of the trial, ms
//! any other (trials)       labels, such as `coherence`; `correct`, the output that should win, -1 for none
//! trajectory (trials, steps + 1, axes)   where the animal or the hand was
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

use std::path::Path;

use ndarray::{Array3, ArrayViewMut3, Ix3};
use nn4n_tasks::{NpzBuilder, NpzFile, TrialNotes};

use super::ActivityFile;
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

/// Where a [`Recording`] is to be written.
#[derive(Debug)]
pub struct RecordingMut<'a> {
    /// (trials, steps, units)
    pub states: ArrayViewMut3<'a, f32>,
    /// (trials, steps, units)
    pub rates: ArrayViewMut3<'a, f32>,
    /// (trials, steps, outputs)
    pub outputs: ArrayViewMut3<'a, f32>,
}

impl RecordingMut<'_> {
    /// Of states, rates and outputs.
    pub(super) fn shapes(&self) -> [(usize, usize, usize); 3] {
        [&self.states, &self.rates, &self.outputs].map(|array| array.dim())
    }
}

impl Recording {
    /// The arrays, to be written over.
    pub fn view_mut(&mut self) -> RecordingMut<'_> {
        RecordingMut { states: self.states.view_mut(), rates: self.rates.view_mut(), outputs: self.outputs.view_mut() }
    }

    /// Writes the arrays as an `.npz`, whole or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_atomically(path.as_ref(), &self.arrays()?.finish()?)
    }

    /// The same with what is known of the trials: the step `dt` in ms, and their lengths, labels and places.
    ///
    /// # Errors
    /// As [`save`](Self::save), and if the notes are not of these trials.
    pub fn save_trials(&self, path: impl AsRef<Path>, dt: f64, notes: &TrialNotes) -> Result<()> {
        let (trials, steps, _) = self.states.dim();
        let mut file = ActivityFile::of_trials(path.as_ref(), dt, notes, (trials, steps))?;
        file.append(self)?;
        file.finish()
    }

    fn arrays(&self) -> Result<NpzBuilder> {
        let arrays = [("outputs", &self.outputs), ("states", &self.states), ("rates", &self.rates)];
        Ok(arrays.into_iter().try_fold(NpzBuilder::default(), |file, (name, array)| file.array(name, array))?)
    }

    /// Reads an `.npz`, a `.mat` of MATLAB 7.3 or an `.h5` with `states`, `rates` and `outputs`.
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
    use ndarray::s;
    use ndarray_npy::NpzWriter;
    use nn4n_tasks::Labels;

    use super::*;

    #[test]
    fn what_is_known_of_the_trials_goes_with_them_and_nothing_follows_their_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("activity.npz");
        let recording = Recording {
            states: Array3::ones((2, 4, 3)),
            rates: Array3::ones((2, 4, 3)),
            outputs: Array3::ones((2, 4, 1)),
        };
        let notes = TrialNotes {
            n_steps: Some(vec![4, 2]),
            labels: vec![("context".into(), Labels::Words(vec!["motion".into(), "colour".into()]))],
            correct: Some(Labels::Numbers(vec![1.0, -1.0])),
            trajectory: Some(Array3::zeros((2, 5, 2))),
            dt: None,
        };
        recording.save_trials(&path, 2.5, &notes).unwrap();
        let loaded = Recording::load(&path).unwrap();
        assert!(loaded.rates.slice(s![0, .., ..]).iter().all(|rate| *rate == 1.0));
        assert!(loaded.states.slice(s![1, 2.., ..]).iter().all(|state| state.is_nan()));
        assert_eq!(loaded.outputs[[1, 1, 0]], 1.0);
        let mut file = NpzFile::open(&path).unwrap();
        assert_eq!(file.require("time_ms").unwrap().as_slice(), Some(&[2.5, 5.0, 7.5, 10.0][..]));
        let read = TrialNotes::read(&mut file, (2, 4), &["outputs", "states", "rates", "correct"]).unwrap();
        assert_eq!(read, TrialNotes { dt: Some(2.5), correct: None, ..notes.clone() });
        let other = TrialNotes { n_steps: Some(vec![1]), ..notes };
        assert!(recording.save_trials(&path, 2.5, &other).unwrap_err().to_string().contains("2 trials"));
    }

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
