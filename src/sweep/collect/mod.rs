//! What a whole study reached, as files in its `analysis/`.
//!
//! ```text
//! runs.csv, runs.json      a row a run, as `nn4n compare` prints them
//! curves.svg               the learning curves of all
//! MEASURE-NAME.svg         what was reached against each setting
//! MEASURE-NAME-NAME.svg    against both, where two settings differ
//! optuna.log               a journal that Optuna reads
//! ```

mod optuna;

use std::path::{Path, PathBuf};

use self::optuna::Written;
use super::{
    results::{Measure, Results, RunResult, curves_figure, grouped, results_figure},
    study::Study,
};
use crate::{
    error::{Error, Result},
    files::{read_text, write_atomically},
};

/// Settings of more values have no figure of their own.
const VALUES: usize = 100;

/// The longest table that is looked at, bytes.
const LONGEST: u64 = 1 << 30;

/// What was collected.
#[derive(Clone, Debug)]
pub struct Collected {
    /// The runs.
    pub results: Results,
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// What could not be drawn or was left as it was, and why.
    pub notes: Vec<String>,
}

/// Reads all runs of a study and writes what they reached into its `analysis/`; `told` is told how many are read,
/// and of how many.
///
/// What an earlier call wrote there is replaced, but a journal in which Optuna has written meanwhile.
///
/// # Errors
/// If it is no study, or a file cannot be written.
pub fn collect(directory: &Path, told: &(dyn Fn(u64, u64) + Sync)) -> Result<Collected> {
    let study = Study::open(directory)?;
    let folder = study.analysis();
    let results = Results::read(&[directory.to_path_buf()], told)?;
    let mut collected = Collected { results, files: Vec::new(), notes: Vec::new() };
    let json = serde_json::to_string_pretty(&collected.results.rows).map_err(|error| Error::file(&folder, error))?;
    let csv = collected.results.to_csv();
    check_own(&folder.join("runs.csv"), &csv)?;
    collected.write(folder.join("runs.csv"), &csv)?;
    collected.write(folder.join("runs.json"), &format!("{json}\n"))?;
    collected.draw(&folder)?;
    collected.write_journal(folder.join("optuna.log"), &study)?;
    Ok(collected)
}

impl Collected {
    fn write(&mut self, path: PathBuf, text: &str) -> Result<()> {
        write_atomically(&path, text.as_bytes())?;
        self.files.push(path);
        Ok(())
    }

    fn draw(&mut self, folder: &Path) -> Result<()> {
        let (measure, drawn) = (Measure::of(&self.results), self.drawn()?);
        if self.results.rows.iter().any(|row| row.is_finished()) {
            for by in &drawn {
                let name = by.iter().map(|name| safe(name)).collect::<Vec<_>>().join("-");
                let path = folder.join(format!("{}-{name}.svg", measure.tag()));
                let saved = results_figure(&self.results, by, measure).and_then(|figure| figure.save(&path));
                self.drew(path, saved);
            }
        } else {
            self.notes.push("no run is finished yet, so nothing is drawn against settings".into());
        }
        let path = folder.join("curves.svg");
        let by = drawn.first().cloned().unwrap_or_default();
        let saved = curves_figure(&self.results, &by).and_then(|figure| Ok(figure.save(&path)?));
        self.drew(path, saved);
        Ok(())
    }

    fn drew(&mut self, path: PathBuf, saved: Result<()>) {
        match saved {
            Ok(()) => self.files.push(path),
            Err(error) => self.notes.push(format!("{} is not drawn: {error}", path.display())),
        }
    }

    /// The settings that results are drawn against: each that has several values, and both where two have.
    fn drawn(&self) -> Result<Vec<Vec<String>>> {
        let mut drawn = Vec::new();
        for name in &self.results.names {
            let by = vec![name.clone()];
            if (2..=VALUES).contains(&grouped(&self.results, &by)?.len()) {
                drawn.push(by);
            }
        }
        if let [x, y] = drawn.as_slice() {
            drawn.push([x.clone(), y.clone()].concat());
        }
        Ok(drawn)
    }

    fn write_journal(&mut self, path: PathBuf, study: &Study) -> Result<()> {
        let place = study.directory().canonicalize().unwrap_or_else(|_| study.directory().into());
        let name = place.file_name().map_or_else(|| "nn4n".into(), |name| name.to_string_lossy().into_owned());
        let description = study.description();
        let ranges = match &description {
            Ok(description) => description.ranges(),
            Err(error) => {
                self.notes.push(format!("{}: ranges are those of the values ({error})", path.display()));
                &[]
            }
        };
        match optuna::write(&path, &name, &self.results, ranges)? {
            Written::Anew => self.files.push(path),
            Written::Kept(records) => self.notes.push(format!(
                "{} has {records} records of Optuna itself and is left as it is; move it away to have it written anew",
                path.display()
            )),
        }
        Ok(())
    }
}

/// Refuses to replace a table that has other columns than those of the runs.
fn check_own(path: &Path, csv: &str) -> Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let columns = |text: &str| csv::Reader::from_reader(text.as_bytes()).headers().cloned().unwrap_or_default();
    let (found, wanted) = (columns(&read_text(path, LONGEST)?), columns(csv));
    let is_ours =
        found.len() >= RunResult::NAMES.len() && found.iter().all(|name| wanted.iter().any(|own| own == name));
    match is_ours {
        true => Ok(()),
        false => {
            Err(Error::file(path, "has other columns than those of the runs, and would be replaced; move it away"))
        }
    }
}

/// A name of a setting as part of that of a file.
fn safe(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect()
}
