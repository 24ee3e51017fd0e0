//! Activity written as it is simulated, so that a file may be larger than the memory.
//!
//! ```text
//! append     (trials, steps, channels) f32 of some trials, behind those before, each array in a file of its own
//! finish     the three as one .npz, .mat or .h5: outputs, states, rates, and what is known of the trials; uncompressed
//! ```
//!
//! Until it is finished there is nothing at its path, and of a process that is killed nothing stays.

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use ndarray::{Array1, Array3, arr0, s};
use nn4n_tasks::{Labels, NpyHeader, NpzBuilder, TrialNotes};

use super::Recording;
use crate::{
    error::{Error, Result},
    files::{ArrayFile, ArrayFormat, Meaning, Spool, folder_of, unwritten},
};

/// A file of activity in the making: an `.npz`, or where its name ends so, a `.mat` of MATLAB 7.3 or an `.h5`.
pub struct ActivityFile {
    path: PathBuf,
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
    /// If nothing can be written there, or not in this format.
    pub fn create(path: &Path) -> Result<Self> {
        ArrayFormat::of(path)?;
        let folder = folder_of(path);
        let begin = || -> io::Result<_> {
            fs::create_dir_all(folder)?;
            let grow = |name| Growing::create(name, folder);
            Ok([grow("outputs")?, grow("states")?, grow("rates")?])
        };
        let arrays = begin().map_err(|error| unwritten(path, &error))?;
        Ok(Self { path: path.into(), arrays, notes: None })
    }

    /// Begins a file that also says what is known of its `trials` trials of at most `steps` steps: the step `dt` in ms,
    /// and their lengths, labels and places.
    ///
    /// # Errors
    /// As [`create`](Self::create), and if the notes are of other trials, or a label cannot be called so in the file.
    pub fn of_trials(path: &Path, dt: f64, notes: &TrialNotes, (trials, steps): (usize, usize)) -> Result<Self> {
        let labels = notes.labels.iter().map(|(name, _)| name.as_str());
        ArrayFormat::of(path)?.check_names(path, NpzBuilder::RESERVED.into_iter().chain(labels))?;
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
        let Self { path, arrays, notes } = self;
        let finish = || -> io::Result<()> {
            let mut file = ArrayFile::create(&path)?;
            for Growing { name, shape, mut spool } in arrays {
                let (mut numbers, meaning) = (spool.read()?, Meaning::of_trials(name));
                file.array(name, &NpyHeader::new("<f4", &shape), &meaning, |out| {
                    io::copy(&mut numbers, out).map(drop)
                })?;
            }
            notes.map_or(Ok(()), |notes| file.add(&notes.file, Meaning::of_trials))?;
            file.finish()
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

/// An array that gets longer along its first axis.
struct Growing {
    name: &'static str,
    shape: [usize; 3],
    spool: Spool,
}

impl Growing {
    fn create(name: &'static str, folder: &Path) -> io::Result<Self> {
        Ok(Self { name, shape: [0; 3], spool: Spool::create(folder)? })
    }

    fn append(&mut self, part: &Array3<f32>) -> io::Result<()> {
        let (trials, steps, channels) = part.dim();
        if self.shape[0] > 0 && self.shape[1..] != [steps, channels] {
            return Err(io::Error::other(format!("{} of {steps} steps and {channels} channels", self.name)));
        }
        self.shape = [self.shape[0] + trials, steps, channels];
        self.spool.append(part)
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
