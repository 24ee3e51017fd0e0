//! What an analysis gives: lines or JSON on the terminal, and files in a directory if one is named.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use ndarray::{Array2, ArrayRef, ArrayView2, Dimension};
use ndarray_npy::WritableElement;
use nn4n_analysis::linear::Complex;
use nn4n_tasks::{Labels, NpzBuilder};
use serde::Serialize;

use super::listed::Listed;
use crate::{
    cli::{choice::choice, output, over_study::OverStudyArgs},
    echo::in_json,
    files::{ArrayFile, ArrayFormat, Meaning, unwritten, write_atomically},
    plot::PlotError,
};

/// Where results go.
#[derive(Debug, Args)]
pub struct AnswerArgs {
    /// Write KIND.json, KIND.npz and the figures into this directory; `arrays` in KIND.json says what the axes of the
    /// arrays are
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The format of the arrays
    #[arg(long, value_name = "FORMAT", default_value = "npz",
        value_parser = choice(&ArrayFormat::ALL, ArrayFormat::name, ArrayFormat::description))]
    arrays: ArrayFormat,
    /// Replace files of an analysis of the same kind that are there
    #[arg(long)]
    force: bool,
    /// Report in JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    study: OverStudyArgs,
}

/// The files of one analysis.
pub struct Answer<'a> {
    args: &'a AnswerArgs,
    kind: &'static str,
    /// Names of all figures and pages of this kind.
    figures: Vec<String>,
    /// Those that were written.
    written: RefCell<Vec<String>>,
    /// The arrays that were written: names, shapes and what they mean.
    listed: RefCell<Vec<(String, Vec<usize>, Meaning)>>,
    /// The first that could not be drawn or written: its name, and why. All else is written and said before.
    failed: RefCell<Option<(String, anyhow::Error)>>,
}

impl AnswerArgs {
    /// Refuses to begin where files of this kind are in the way: `figures`, of which each is drawn twice, and `pages`,
    /// which are named with their extension.
    pub fn open(&self, kind: &'static str, figures: &[&str], pages: &[&str]) -> Result<Answer<'_>> {
        let drawn = figures.iter().flat_map(|name| files(name));
        let figures = drawn.chain(pages.iter().map(ToString::to_string)).collect();
        let (written, listed, failed) = (RefCell::default(), RefCell::default(), RefCell::default());
        let answer = Answer { args: self, kind, figures, written, listed, failed };
        if self.out.is_none() && self.arrays != ArrayFormat::Npz {
            bail!(
                "--arrays {}: is of the files of the results; name a directory for them with --out DIR",
                self.arrays.name()
            );
        }
        if let Some(out) = &self.out {
            self.arrays.check(out)?;
            if out.exists() && !out.is_dir() {
                bail!("--out {}: is a file, but results go into a directory; name another", out.display());
            }
            for name in answer.names() {
                let path = out.join(&name);
                output::check_free(&path, self.force)?;
                if path.is_dir() {
                    bail!("{}: is a directory, where a file is to be; name another --out", path.display());
                }
            }
            check_writable(out)?;
        }
        Ok(answer)
    }
}

impl Answer<'_> {
    /// Draws a figure under this name, as `.png` and `.svg`, if results go into a directory. Where it fails, the rest of
    /// the results is written all the same, and [`say`](Self::say) ends with the error.
    pub fn figure(&self, name: &str, save: impl Fn(&Path) -> Result<(), PlotError>) -> Result<()> {
        let Some(out) = &self.args.out else { return Ok(()) };
        files(name).iter().for_each(|file| self.write(out, file, &save));
        Ok(())
    }

    /// Writes a file under this name, if results go into a directory; where it fails, as a figure.
    pub fn file(&self, name: &str, save: impl FnOnce(&Path) -> Result<(), PlotError>) -> Result<()> {
        let Some(out) = &self.args.out else { return Ok(()) };
        self.write(out, name, save);
        Ok(())
    }

    /// What a figure is drawn from, if results go into a directory; where that fails, as where the figure does.
    pub fn attempt<T>(&self, name: &str, draw: impl FnOnce() -> Result<T>) -> Option<T> {
        self.args.out.as_ref()?;
        draw().map_err(|error| self.fail(name, error)).ok()
    }

    fn write(&self, out: &Path, name: &str, save: impl FnOnce(&Path) -> Result<(), PlotError>) {
        match save(&out.join(name)) {
            Ok(()) => self.written.borrow_mut().push(name.to_owned()),
            Err(error) => self.fail(name, error.into()),
        }
    }

    fn fail(&self, name: &str, error: anyhow::Error) {
        self.failed.borrow_mut().get_or_insert_with(|| (name.to_owned(), error));
    }

    /// Where the report goes, if results go into a directory.
    pub fn report(&self) -> Option<PathBuf> {
        Some(self.args.out.as_ref()?.join(format!("{}.json", self.kind)))
    }

    /// All files of this kind.
    fn names(&self) -> Vec<String> {
        let arrays = ArrayFormat::ALL.into_iter().map(|format| self.file_of_arrays(format));
        [format!("{}.json", self.kind)].into_iter().chain(arrays).chain(self.figures.iter().cloned()).collect()
    }

    fn file_of_arrays(&self, format: ArrayFormat) -> String {
        format!("{}.{format}", self.kind)
    }

    /// Removes figures, and arrays in other formats, of an earlier analysis that this one, which replaces it, did not draw.
    fn remove_stale(&self, out: &Path) -> Result<()> {
        let written = self.written.borrow();
        let others = ArrayFormat::ALL.into_iter().filter(|format| *format != self.args.arrays);
        let arrays = others.map(|format| self.file_of_arrays(format));
        let figures = self.figures.iter().filter(|name| !written.contains(name)).cloned();
        for path in figures.chain(arrays).map(|name| out.join(name)) {
            if path.is_file() {
                fs::remove_file(&path).with_context(|| format!("{}: could not be removed", path.display()))?;
            }
        }
        Ok(())
    }

    /// Writes the arrays, if results go into a directory.
    pub fn arrays(&self, fill: impl FnOnce(Arrays) -> Result<Arrays>) -> Result<()> {
        let Some(out) = &self.args.out else { return Ok(()) };
        let Arrays { file, listed } = fill(Arrays::default())?;
        for (name, shape, meaning) in &listed {
            if !meaning.axes.is_empty() && meaning.axes.len() != shape.len() {
                bail!("the array `{name}` has {} axes, but {:?} are named", shape.len(), meaning.axes);
            }
        }
        let (npz, path) = (file.finish()?, out.join(self.file_of_arrays(self.args.arrays)));
        match self.args.arrays {
            ArrayFormat::Npz => write_atomically(&path, &npz)?,
            _ => write_arrays(&path, &npz, &listed).map_err(|error| unwritten(&path, &error))?,
        }
        self.listed.replace(listed);
        Ok(())
    }

    /// Writes the report, and says it: in JSON, or by these lines, where everything is, and what to run next.
    ///
    /// # Errors
    /// If something cannot be written; at the very end, if a figure failed.
    pub fn say(&self, report: &impl Serialize, lines: &[String], next: &str) -> Result<()> {
        let listed = self.listed.borrow();
        let arrays = listed.iter().map(|(name, shape, meaning)| (name.as_str(), shape.clone(), meaning));
        let report = &Whole { report, arrays: Listed(arrays.collect()) };
        if let Some(out) = &self.args.out {
            let json = serde_json::to_string_pretty(report)?;
            write_atomically(&out.join(format!("{}.json", self.kind)), in_json(&json).as_bytes())?;
            self.remove_stale(out)?;
        }
        if self.args.json {
            output::json(report)?;
        } else {
            self.tell(lines, next)?;
        }
        match (self.failed.take(), &self.args.out) {
            (Some((name, error)), Some(out)) => {
                let there = out.display();
                Err(error.context(format!("the figure `{name}` was not drawn, but the numbers are there: {there}")))
            }
            _ => Ok(()),
        }
    }

    fn tell(&self, lines: &[String], next: &str) -> Result<()> {
        lines.iter().try_for_each(|line| output::text(line))?;
        if let Some(out) = &self.args.out {
            let figures =
                if self.written.borrow().is_empty() { "numbers and arrays" } else { "numbers, arrays and figures" };
            output::text(&format!("{figures}: {}", out.display()))?;
        }
        output::text(&format!("next: {next}"))
    }
}

/// A report with the arrays beside it.
#[derive(Serialize)]
struct Whole<'a, R> {
    #[serde(flatten)]
    report: &'a R,
    #[serde(skip_serializing_if = "Listed::is_empty")]
    arrays: Listed<'a>,
}

/// Arrays of an analysis in the making, each with what it means.
#[derive(Default)]
pub struct Arrays {
    file: NpzBuilder,
    listed: Vec<(String, Vec<usize>, Meaning)>,
}

impl Arrays {
    /// Adds an array, of which [`axes`](Self::axes) says the axes.
    ///
    /// # Errors
    /// If there is one of this name.
    pub fn array<T: WritableElement, D: Dimension>(mut self, name: &str, array: &ArrayRef<T, D>) -> Result<Self> {
        self.file = self.file.array(name, array)?;
        self.listed.push((name.to_owned(), array.shape().to_vec(), Meaning::default()));
        Ok(self)
    }

    /// Adds a list of numbers, flags or words, as [`array`](Self::array).
    ///
    /// # Errors
    /// If there is one of this name.
    pub fn labels(mut self, name: &str, labels: &Labels) -> Result<Self> {
        self.file = self.file.labels(name, labels)?;
        self.listed.push((name.to_owned(), vec![labels.len()], Meaning::default()));
        Ok(self)
    }

    /// Names the axes of the last array.
    pub fn axes<const N: usize>(self, axes: [&str; N]) -> Self {
        self.meaning(|meaning| Meaning { axes: axes.map(str::to_owned).to_vec(), ..meaning })
    }

    /// Says what is along the last axis of the last array, where its entries are of several kinds.
    pub fn columns<S: ToString>(self, columns: impl IntoIterator<Item = S>) -> Self {
        let columns = columns.into_iter().map(|column| column.to_string()).collect();
        self.meaning(|meaning| Meaning { columns, ..meaning })
    }

    /// Says the unit of the numbers of the last array.
    pub fn unit(self, unit: &'static str) -> Self {
        self.meaning(|meaning| meaning.unit(unit))
    }

    fn meaning(mut self, change: impl FnOnce(Meaning) -> Meaning) -> Self {
        if let Some((_, _, meaning)) = self.listed.last_mut() {
            *meaning = change(std::mem::take(meaning));
        }
        self
    }
}

fn write_arrays(path: &Path, npz: &[u8], listed: &[(String, Vec<usize>, Meaning)]) -> std::io::Result<()> {
    let mut file = ArrayFile::create(path)?;
    let meaning = |name: &str| listed.iter().find(|(listed, ..)| listed == name).map(|(.., meaning)| meaning.clone());
    file.add(npz, |name| meaning(name).unwrap_or_default())?;
    file.finish()
}

/// The files of a figure.
fn files(figure: &str) -> [String; 2] {
    ["png", "svg"].map(|extension| format!("{figure}.{extension}"))
}

/// Says before the work whether its results can be written.
fn check_writable(out: &Path) -> Result<()> {
    let try_it = || fs::create_dir_all(out).and_then(|()| tempfile::tempfile_in(out));
    try_it().map(drop).with_context(|| format!("--out {}: nothing can be written there; name another", out.display()))
}

/// Complex numbers of several points (points, numbers, 2): real and imaginary parts.
pub fn complex(rows: &[&[Complex]]) -> ndarray::Array3<f64> {
    let columns = rows.iter().map(|row| row.len()).max().unwrap_or(0);
    let mut all = ndarray::Array3::from_elem((rows.len(), columns, 2), f64::NAN);
    for (place, row) in rows.iter().enumerate() {
        for (column, (re, im)) in row.iter().enumerate() {
            all[[place, column, 0]] = *re;
            all[[place, column, 1]] = *im;
        }
    }
    all
}

/// Rows of the same length side by side (rows, numbers).
pub fn rows<'a>(rows: impl IntoIterator<Item = &'a [f64]>) -> Array2<f64> {
    let rows: Vec<&[f64]> = rows.into_iter().collect();
    let columns = rows.first().map_or(0, |row| row.len());
    Array2::from_shape_fn((rows.len(), columns), |(row, column)| rows[row].get(column).copied().unwrap_or(f64::NAN))
}

/// Numbers as a row of the terminal.
pub fn numbers(values: &[f64], decimals: usize) -> String {
    values.iter().map(|value| format!("{value:.decimals$}")).collect::<Vec<_>>().join(" ")
}

/// At most `most` of the rows, spread evenly.
pub fn spread(all: usize, most: usize) -> impl Iterator<Item = usize> {
    let most = most.min(all);
    (0..most).map(move |place| place * all / most.max(1))
}

/// A view in single precision, for arrays that figures take so.
pub fn single(matrix: ArrayView2<'_, f64>) -> Array2<f32> {
    matrix.mapv(|value| value as f32)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_figure_that_fails_leaves_numbers_and_other_figures_and_is_told_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let args = AnswerArgs {
            out: Some(folder.path().to_owned()),
            arrays: ArrayFormat::Npz,
            force: true,
            json: true,
            study: OverStudyArgs::default(),
        };
        let path = |name: &str| folder.path().join(name);
        // Of an earlier analysis: gone, as it is not that of the numbers beside it.
        fs::write(path("bad.png"), "old").unwrap();
        let answer = args.open("kind", &["bad", "good"], &[]).unwrap();
        let fails = |_: &Path| Err(PlotError::Empty { field: "points".into() });
        answer.figure("bad", fails).unwrap();
        assert_eq!(answer.attempt("other", || -> Result<()> { bail!("nothing to draw") }), None);
        let draws = |path: &Path| {
            fs::write(path, "new").unwrap();
            Ok(())
        };
        answer.figure("good", draws).unwrap();
        answer.arrays(|file| Ok(file.array("x", &array![1.0])?.axes(["points"]).unit("ms"))).unwrap();
        let report = serde_json::json!({ "found": 1 });
        let error = format!("{:#}", answer.say(&report, &[], "nn4n").unwrap_err());
        let said: serde_json::Value = serde_json::from_slice(&fs::read(path("kind.json")).unwrap()).unwrap();
        let listed = serde_json::json!({ "x": { "shape": [1], "axes": ["points"], "unit": "ms" } });
        assert_eq!(said, serde_json::json!({ "found": 1, "arrays": listed }));
        assert!(error.contains("`bad.png` was not drawn, but the numbers are there"), "{error}");
        assert!(error.contains("`points` is empty"), "{error}");
        for name in ["kind.json", "kind.npz", "good.png", "good.svg"] {
            assert!(path(name).is_file(), "{name}");
        }
        assert!(!path("bad.png").exists());
    }
}
