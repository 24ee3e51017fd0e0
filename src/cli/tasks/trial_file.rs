//! The arrays of trials, written as the trials are made: the same arrays as [`trial_file`](nn4n_tasks::trial_file)
//! has of a batch, however large it is.
//!
//! The longest trial and the kinds of the variables are known at the end only, so that everything waits on the disk,
//! and what is in memory does not grow with the number of trials.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use ndarray::{Array2, ArrayRef, Ix2};
use nn4n_tasks::{Condition, NpyHeader, NpzBuilder, Trial, Value, text_element};

use crate::{
    error::{Error, Result},
    files::{ArrayFile, ArrayFormat, Meaning, Spool, folder_of, unwritten},
};

/// A file of trials in the making: an `.npz`, or where its name ends so, a `.mat` or an `.h5`.
pub(super) struct TrialFile {
    path: PathBuf,
    folder: PathBuf,
    trials: u64,
    arrays: [Rows; 3],
    /// `None` once a trial had none.
    trajectory: Option<Rows>,
    correct: Spool,
    variables: Vec<Variable>,
}

impl TrialFile {
    /// Begins a file that will be at `path`.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = folder_of(path).to_path_buf();
        ArrayFormat::of(path)?;
        let create = || -> io::Result<_> {
            fs::create_dir_all(&folder)?;
            let rows = |name, filling| Rows::create(name, filling, &folder);
            let arrays = [rows("inputs", 0.0)?, rows("targets", 0.0)?, rows("loss_mask", 0.0)?];
            Ok((arrays, rows("trajectory", f32::NAN)?, Spool::create(&folder)?))
        };
        let (arrays, trajectory, correct) = create().map_err(|error| unwritten(path, &error))?;
        let path = path.into();
        Ok(Self { path, folder, trials: 0, arrays, trajectory: Some(trajectory), correct, variables: Vec::new() })
    }

    /// Writes one trial more, with its trajectory (n_steps + 1, axes) where its task knows one.
    pub fn append(&mut self, trial: &Trial, trajectory: Option<&Array2<f64>>) -> Result<()> {
        let unwritten = |error: io::Error| unwritten(&self.path, &error);
        for (rows, array) in self.arrays.iter_mut().zip([&trial.inputs, &trial.targets, &trial.loss_mask]) {
            rows.append(array)?.map_err(unwritten)?;
        }
        match (&mut self.trajectory, trajectory) {
            (Some(rows), Some(places)) => rows.append(&places.mapv(|x| x as f32))?.map_err(unwritten)?,
            _ => self.trajectory = None,
        }
        let correct = trial.correct.map_or(-1, |output| output as i64);
        self.correct.write_all(&correct.to_le_bytes()).map_err(unwritten)?;
        for (name, _) in trial.condition.iter() {
            if !self.variables.iter().any(|variable| variable.name == name) {
                NpzBuilder::check_label(name)?;
                let others = self.variables.iter().map(|variable| variable.name.as_str());
                let names = NpzBuilder::RESERVED.into_iter().chain(others).chain([name]);
                ArrayFormat::of(&self.path)?.check_names(&self.path, names)?;
                self.variables.push(Variable::create(name, self.trials, &self.folder).map_err(unwritten)?);
            }
        }
        let append = |variable: &mut Variable| variable.append(&trial.condition);
        self.variables.iter_mut().try_for_each(append).map_err(unwritten)?;
        self.trials += 1;
        Ok(())
    }

    /// The most steps of a trial.
    pub fn longest(&self) -> usize {
        self.arrays[0].longest
    }

    /// Makes the file of what was written, with the step `dt` in ms.
    pub fn finish(mut self, dt: f64) -> Result<()> {
        let path = std::mem::take(&mut self.path);
        self.join(&path, dt).map_err(|error| unwritten(&path, &error))
    }

    fn join(mut self, path: &Path, dt: f64) -> io::Result<()> {
        let trials = self.trials as usize;
        let mut file = ArrayFile::create(path)?;
        self.arrays.iter_mut().try_for_each(|rows| rows.join(&mut file, trials))?;
        for (name, spool) in [("n_steps", &mut self.arrays[0].lengths), ("correct", &mut self.correct)] {
            let mut numbers = spool.read()?;
            let (header, meaning) = (NpyHeader::new("<i8", &[trials]), Meaning::of_trials(name));
            file.array(name, &header, &meaning, |out| io::copy(&mut numbers, out).map(drop))?;
        }
        self.variables.iter_mut().try_for_each(|variable| variable.join(&mut file, trials))?;
        let meaning = Meaning::of_trials("dt");
        file.array("dt", &NpyHeader::new("<f8", &[]), &meaning, |out| out.write_all(&dt.to_le_bytes()))?;
        self.trajectory.iter_mut().try_for_each(|rows| rows.join(&mut file, trials))?;
        file.finish()
    }
}

/// An array (trials, steps, channels) whose trials are as long as they are until all are there.
struct Rows {
    name: &'static str,
    /// What lies behind the end of a trial.
    filling: f32,
    channels: Option<usize>,
    longest: usize,
    /// The length of each trial, steps, as i64.
    lengths: Spool,
    numbers: Spool,
}

impl Rows {
    fn create(name: &'static str, filling: f32, folder: &Path) -> io::Result<Self> {
        let (lengths, numbers) = (Spool::create(folder)?, Spool::create(folder)?);
        Ok(Self { name, filling, channels: None, longest: 0, lengths, numbers })
    }

    /// Fails where the trial has other channels than those before; what is within, where it cannot be written.
    fn append(&mut self, array: &ArrayRef<f32, Ix2>) -> Result<io::Result<()>> {
        let (steps, channels) = array.dim();
        let known = *self.channels.get_or_insert(channels);
        if known != channels {
            let message = format!("has {channels} channels in one trial and {known} in those before; mend the task");
            return Err(Error::shape(self.name, message));
        }
        self.longest = self.longest.max(steps);
        let length = (steps as i64).to_le_bytes();
        Ok(self.lengths.write_all(&length).and_then(|()| self.numbers.append(array)))
    }

    /// Adds it to the file, every trial as long as the longest.
    fn join(&mut self, file: &mut ArrayFile, trials: usize) -> io::Result<()> {
        let (longest, channels) = (self.longest, self.channels.unwrap_or(0));
        let (mut lengths, mut numbers) = (self.lengths.read()?, self.numbers.read()?);
        let step: Vec<u8> = self.filling.to_le_bytes().repeat(channels);
        let (header, meaning) = (NpyHeader::new("<f4", &[trials, longest, channels]), Meaning::of_trials(self.name));
        file.array(self.name, &header, &meaning, |out| {
            for _ in 0..trials {
                let steps = i64::from_le_bytes(bytes(&mut lengths)?) as usize;
                io::copy(&mut (&mut numbers).take((steps * step.len()) as u64), out)?;
                (steps..longest).try_for_each(|_| out.write_all(&step))?;
            }
            Ok(())
        })
    }
}

/// A variable of the trials: numbers or flags where all of its values are, else words, as
/// [`variables_of`](nn4n_tasks::variables_of) has it.
struct Variable {
    name: String,
    /// Whether a value was no number, or no flag.
    has_no_number: bool,
    has_no_flag: bool,
    /// Characters of the longest value as a word.
    longest: usize,
    /// The length of each word, bytes, and the word.
    words: Spool,
}

/// Makes the element of an array of a word, or of none.
type Encode = Box<dyn Fn(Option<String>) -> io::Result<Vec<u8>>>;

/// In place of a length: the trial has no such variable.
const MISSING: u32 = u32::MAX;

impl Variable {
    /// One that none of the trials before had.
    fn create(name: &str, before: u64, folder: &Path) -> io::Result<Self> {
        let mut words = Spool::create(folder)?;
        (0..before).try_for_each(|_| words.write_all(&MISSING.to_le_bytes()))?;
        Ok(Self { name: name.into(), has_no_number: false, has_no_flag: false, longest: 1, words })
    }

    fn append(&mut self, condition: &Condition) -> io::Result<()> {
        let Some(value) = condition.get(&self.name) else { return self.words.write_all(&MISSING.to_le_bytes()) };
        self.has_no_number |= !matches!(value, Value::Number(_));
        self.has_no_flag |= !matches!(value, Value::Bool(_));
        // A number as a word is read as the same number.
        let word = value.to_string();
        self.longest = self.longest.max(word.chars().count());
        self.words.write_all(&(word.len() as u32).to_le_bytes())?;
        self.words.write_all(word.as_bytes())
    }

    fn join(&mut self, file: &mut ArrayFile, trials: usize) -> io::Result<()> {
        let (longest, mut words) = (self.longest, self.words.read()?);
        let (descriptor, encode): (_, Encode) = if !self.has_no_number {
            let number = |word: Option<String>| word.map_or(Ok(f64::NAN), |word| word.parse());
            ("<f8".into(), Box::new(move |word| Ok(number(word).map_err(io::Error::other)?.to_le_bytes().into())))
        } else if !self.has_no_flag {
            ("|b1".into(), Box::new(|word| Ok(vec![u8::from(word.as_deref() == Some("true"))])))
        } else {
            let encode = move |word: Option<String>| Ok(text_element(&word.unwrap_or_default(), longest).collect());
            (format!("<U{longest}"), Box::new(encode))
        };
        let meaning = Meaning::of_trials(&self.name);
        file.array(&self.name, &NpyHeader::new(descriptor, &[trials]), &meaning, |out| {
            (0..trials).try_for_each(|_| out.write_all(&encode(word(&mut words)?)?))
        })
    }
}

/// The next word; `None` of a trial that has none.
fn word(words: &mut impl Read) -> io::Result<Option<String>> {
    let length = u32::from_le_bytes(bytes(words)?);
    if length == MISSING {
        return Ok(None);
    }
    let mut word = vec![0; length as usize];
    words.read_exact(&mut word)?;
    String::from_utf8(word).map(Some).map_err(io::Error::other)
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use nn4n_tasks::{Split, TrialRng, assemble, batch, create, trajectories, trial_file, trials};

    use super::*;

    fn written(trials: &[Trial], trajectories: &[Option<Array2<f64>>], dt: f64) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trials.npz");
        let mut file = TrialFile::create(&path).unwrap();
        for (trial, trajectory) in trials.iter().zip(trajectories) {
            file.append(trial, trajectory.as_ref()).unwrap();
        }
        file.finish(dt).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::read(path).unwrap()
    }

    /// Names, headers and the bytes of the elements, in their order: NaN counts, too.
    fn arrays(npz: &[u8]) -> Vec<(String, NpyHeader, Vec<u8>)> {
        let mut archive = zip::ZipArchive::new(io::Cursor::new(npz)).unwrap();
        let count = archive.len();
        let array = |i| {
            let mut member = archive.by_index(i).unwrap();
            let (header, mut elements) = (NpyHeader::read(&mut member).unwrap(), Vec::new());
            member.read_to_end(&mut elements).unwrap();
            (member.name().to_owned(), header, elements)
        };
        (0..count).map(array).collect()
    }

    /// Trials of one and of many lengths, with and without places, catch trials (flags), words and numbers.
    #[test]
    fn what_is_written_trial_by_trial_is_the_file_of_the_batch() -> Result<()> {
        for (id, parameters) in [
            ("song2016/rdm_varstim", "{}"),
            ("song2016/mante", "{}"),
            ("multitask/set", r#"{"tasks": ["yang2019/fdgo", "yang2019/dm1"]}"#),
            ("wang2024/place_cells", r#"{"n_cells": 3}"#),
        ] {
            let parameters = serde_json::from_str(parameters).unwrap();
            let task = create(id, Some(&parameters))?;
            let (task, split) = (task.as_ref(), Split::Train);
            let parts = [trials(task, split, 4, 0, 0..3)?, trials(task, split, 4, 0, 3..11)?].concat();
            let places = |i| task.trajectory(split, None, &mut TrialRng::new(4, split.name(), 0, i));
            let places = (0..11).map(places).collect::<Result<Vec<_>, _>>()?;
            let together = trajectories(task, split, 4, 0, 11)?;
            let whole = trial_file(&batch(task, split, 4, 0, 11)?, task.dt(), together.as_ref())?;
            assert!(arrays(&written(&parts, &places, task.dt())) == arrays(&whole), "{id}");
        }
        Ok(())
    }

    #[test]
    fn variables_that_come_late_or_in_several_kinds_are_as_in_a_batch() -> Result<()> {
        let one = create("song2016/rdm_fixed", None)?;
        let mut parts = trials(one.as_ref(), Split::Train, 0, 0, 0..5)?;
        let conditions = [
            Condition::new().with("number", -0.0).with("flag", true),
            Condition::new().with("number", 1e-300).with("mixed", 0.1),
            Condition::new().with("mixed", "straße").with("flag", false),
            Condition::new().with("word", String::new()),
            Condition::new().with("number", f64::INFINITY).with("mixed", true),
        ];
        for (trial, condition) in parts.iter_mut().zip(conditions) {
            trial.condition = condition;
        }
        let whole = trial_file(&assemble(parts.clone())?, one.dt(), None)?;
        assert!(arrays(&written(&parts, &vec![None; 5], one.dt())) == arrays(&whole));
        Ok(())
    }

    #[test]
    fn a_variable_that_is_called_as_an_array_is_refused() -> Result<()> {
        let folder = tempfile::tempdir().unwrap();
        let task = create("song2016/rdm_fixed", None)?;
        let mut trial = trials(task.as_ref(), Split::Train, 0, 0, 0..1)?.remove(0);
        trial.condition = Condition::new().with("inputs", 1.0);
        let mut file = TrialFile::create(&folder.path().join("trials.npz"))?;
        assert!(file.append(&trial, None).unwrap_err().to_string().contains("`inputs` is the name of another array"));
        Ok(())
    }
}
