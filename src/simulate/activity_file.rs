//! Activity written as it is simulated, so that a file may be larger than the memory.
//!
//! ```text
//! append     (trials, steps, channels) f32 of some trials, behind those before, each array in a file of its own
//! finish     the three as one .npz: outputs, states, rates, and what is known of the trials; uncompressed
//! ```
//!
//! Until it is finished there is nothing at its path, and of a process that is killed nothing stays.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::{self, BufWriter, Cursor, Seek, Write},
    path::{Path, PathBuf},
};

use ndarray::{Array1, Array3, arr0, s};
use nn4n_tasks::{Labels, NpzBuilder, TrialNotes};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::Recording;
use crate::error::{Error, Result};

/// Numbers that are turned into bytes at a time.
const PIECE: usize = 1 << 14;

/// An `.npz` of activity in the making.
pub struct ActivityFile {
    path: PathBuf,
    directory: PathBuf,
    arrays: [Growing; 3],
    notes: Option<Notes>,
}

/// What is known of the trials.
struct Notes {
    /// Their lengths, steps; what lies behind them becomes NaN.
    n_steps: Vec<usize>,
    /// All of it as an `.npz`.
    file: Vec<u8>,
}

impl ActivityFile {
    /// Begins a file that will be at `path`.
    ///
    /// # Errors
    /// If nothing can be written there.
    pub fn create(path: &Path) -> Result<Self> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let begin = || -> io::Result<_> {
            fs::create_dir_all(&directory)?;
            let grow = |name| Growing::create(name, &directory);
            Ok([grow("outputs")?, grow("states")?, grow("rates")?])
        };
        let arrays = begin().map_err(|error| unwritten(path, &error))?;
        Ok(Self { path: path.into(), directory, arrays, notes: None })
    }

    /// Begins a file that also says what is known of its `trials` trials of at most `steps` steps: the step `dt` in ms,
    /// and their lengths, labels and places.
    ///
    /// # Errors
    /// As [`create`](Self::create), and if the notes are of other trials.
    pub fn of_trials(path: &Path, dt: f64, notes: &TrialNotes, (trials, steps): (usize, usize)) -> Result<Self> {
        let notes = Notes::of(dt, notes, (trials, steps))?;
        Ok(Self { notes: Some(notes), ..Self::create(path)? })
    }

    /// Writes further trials.
    ///
    /// # Errors
    /// If they have other sizes than those before, or cannot be written.
    pub fn append(&mut self, trials: &Recording) -> Result<()> {
        let Self { path, arrays, notes, .. } = self;
        let parts = [&trials.outputs, &trials.states, &trials.rates];
        let append = |(array, part): (&mut Growing, &Array3<f32>)| match notes {
            Some(notes) => array.append(&notes.cut(part, array.shape[0])),
            None => array.append(part),
        };
        arrays.iter_mut().zip(parts).try_for_each(append).map_err(|error| unwritten(path, &error))
    }

    /// Makes the file of what was written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(self) -> Result<()> {
        let Self { path, directory, arrays, notes } = self;
        let finish = || -> io::Result<()> {
            let make = |path: &Path| File::create_new(path);
            let whole = tempfile::Builder::new().prefix(".nn4n-").make_in(&directory, make)?;
            let mut archive = ZipWriter::new(BufWriter::new(whole.as_file()));
            let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored).large_file(true);
            for array in arrays {
                archive.start_file(format!("{}.npy", array.name), options)?;
                array.write_npy(&mut archive)?;
            }
            if let Some(notes) = notes {
                let mut beside = ZipArchive::new(Cursor::new(notes.file))?;
                (0..beside.len()).try_for_each(|i| archive.raw_copy_file(beside.by_index_raw(i)?))?;
            }
            archive.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            whole.persist(&path).map_err(|error| error.error)?;
            Ok(())
        };
        finish().map_err(|error| unwritten(&path, &error))
    }
}

impl Notes {
    fn of(dt: f64, notes: &TrialNotes, (trials, steps): (usize, usize)) -> Result<Self> {
        let n_steps = notes.n_steps.clone().unwrap_or_else(|| vec![steps; trials]);
        let counts = notes.labels.iter().map(|(_, labels)| labels.len());
        let counts = counts.chain(notes.correct.iter().map(Labels::len)).chain([n_steps.len()]);
        if counts.chain(notes.trajectory.iter().map(|places| places.dim().0)).any(|count| count != trials) {
            return Err(Error::shape("notes", format!("are not of the {trials} trials of the recording")));
        }
        let lengths: Array1<i64> = n_steps.iter().map(|&n| n as i64).collect();
        let times: Array1<f64> = (1..=steps).map(|step| step as f64 * dt).collect();
        let file = NpzBuilder::default().array("n_steps", &lengths)?;
        let mut file = file.array("dt", &arr0(dt))?.array("time_ms", &times)?;
        if let Some(Labels::Numbers(correct)) = &notes.correct {
            let correct: Array1<i64> = correct.iter().map(|output| *output as i64).collect();
            file = file.array("correct", &correct)?;
        }
        if let Some(trajectory) = &notes.trajectory {
            file = file.array("trajectory", trajectory)?;
        }
        for (name, labels) in &notes.labels {
            file = file.labels(name, labels)?;
        }
        Ok(Self { n_steps, file: file.finish()? })
    }

    /// Trials from `first` on, NaN after their ends.
    fn cut<'a>(&self, part: &'a Array3<f32>, first: usize) -> Cow<'a, Array3<f32>> {
        let steps = part.dim().1;
        let lengths = self.n_steps.get(first..).unwrap_or_default();
        if lengths.iter().take(part.dim().0).all(|n| *n >= steps) {
            return Cow::Borrowed(part);
        }
        let mut part = part.clone();
        for (mut trial, &n) in part.outer_iter_mut().zip(lengths) {
            trial.slice_mut(s![n.min(steps).., ..]).fill(f32::NAN);
        }
        Cow::Owned(part)
    }
}

fn unwritten(path: &Path, error: &io::Error) -> Error {
    Error::file(path, format!("could not be written ({error}); check the free space and the permissions"))
}

/// An array that gets longer along its first axis, in a file without a name.
struct Growing {
    name: &'static str,
    shape: [usize; 3],
    file: BufWriter<File>,
}

impl Growing {
    fn create(name: &'static str, directory: &Path) -> io::Result<Self> {
        Ok(Self { name, shape: [0; 3], file: BufWriter::new(tempfile::tempfile_in(directory)?) })
    }

    fn append(&mut self, part: &Array3<f32>) -> io::Result<()> {
        let (trials, steps, channels) = part.dim();
        if self.shape[0] > 0 && self.shape[1..] != [steps, channels] {
            return Err(io::Error::other(format!("{} of {steps} steps and {channels} channels", self.name)));
        }
        self.shape = [self.shape[0] + trials, steps, channels];
        let standard = part.as_standard_layout();
        let mut bytes = Vec::with_capacity(4 * PIECE);
        for numbers in standard.as_slice().unwrap_or_default().chunks(PIECE) {
            bytes.clear();
            bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
            self.file.write_all(&bytes)?;
        }
        Ok(())
    }

    /// NumPy's format, version 1.
    fn write_npy(self, out: &mut impl Write) -> io::Result<()> {
        let [trials, steps, channels] = self.shape;
        let about = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({trials}, {steps}, {channels}), }}");
        // Magic number, version and length take 10 bytes; the data begin at a multiple of 64.
        let length = (10 + about.len() + 1).next_multiple_of(64) - 10;
        out.write_all(b"\x93NUMPY\x01\x00")?;
        out.write_all(&(length as u16).to_le_bytes())?;
        out.write_all(format!("{about:<width$}\n", width = length - 1).as_bytes())?;
        let mut file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.rewind()?;
        io::copy(&mut file, out).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Axis, concatenate};

    use super::*;

    fn recording(trials: usize, first: f32) -> Recording {
        let array = |channels| {
            Array3::from_shape_fn((trials, 3, channels), |(trial, step, channel)| {
                first + (100 * trial + 10 * step + channel) as f32
            })
        };
        Recording { states: array(4), rates: array(4) + 0.5, outputs: array(1) }
    }

    #[test]
    fn parts_become_the_file_of_the_whole() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/activity.npz");
        let (first, second) = (recording(2, 0.0), recording(1, 7.0));
        let mut file = ActivityFile::create(&path)?;
        file.append(&first)?;
        file.append(&second)?;
        assert!(!path.exists(), "it is there whole or not at all");
        file.finish()?;
        let both = |a: &Array3<f32>, b: &Array3<f32>| concatenate(Axis(0), &[a.view(), b.view()]).unwrap();
        let whole = Recording {
            states: both(&first.states, &second.states),
            rates: both(&first.rates, &second.rates),
            outputs: both(&first.outputs, &second.outputs),
        };
        assert_eq!(Recording::load(&path)?, whole);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        Ok(())
    }

    #[test]
    fn parts_of_other_sizes_are_refused() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let mut file = ActivityFile::create(&folder.path().join("activity.npz"))?;
        file.append(&recording(1, 0.0))?;
        let other = Recording { rates: Array3::zeros((1, 3, 5)), ..recording(1, 0.0) };
        let message = file.append(&other).unwrap_err().to_string();
        assert!(message.contains("rates of 3 steps and 5 channels"), "{message}");
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        Ok(())
    }
}
