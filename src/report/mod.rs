//! A report: everything about a network, or several side by side, on a page of one file that asks nobody for anything.
//!
//! ```text
//! Report                  title, main numbers
//!   Section               Network, Training, Behaviour, ...
//!     Part                of one network or recording
//!       paragraphs, equations, tables
//!       Figure            SVG, a state space that turns, the command that makes it alone, its data
//! ```
//!
//! A page is the same, byte for byte, for the same report. It is read on screens of any width, light and dark, on paper
//! and aloud. Data are links that hold a CSV each, so that they need no server and no script; large ones are compressed
//! (`.csv.gz`), as the library is that turns spaces.

mod csv;
mod html;

use std::{io::Write, path::Path};

use flate2::{Compression, write::GzEncoder};

pub use csv::{Csv, count_of, digits};

use crate::{
    error::{Error, Result},
    files::write_atomically,
    plot::{PlotError, StateSpace, StateSpaceText, Trajectories},
};

/// A page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The heading.
    pub title: String,
    /// Below it.
    pub subtitle: String,
    /// The main numbers: of each network one column.
    pub numbers: Table,
    /// In their order. One of which all parts are left out is named at the end, with the reasons.
    pub sections: Vec<Section>,
    /// The command that makes the page.
    pub command: String,
    /// Whether times stand in the page, so that the same command gives another one.
    pub is_timed: bool,
}

/// A part of the page with a heading.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The heading; no two sections have the same.
    pub title: String,
    /// Of each network, side by side.
    pub parts: Vec<Part>,
}

/// What a section says of one network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// The network, where there are several; empty for none.
    pub name: String,
    /// Text.
    pub paragraphs: Vec<String>,
    /// Equations, a line each.
    pub equations: Vec<String>,
    /// Tables.
    pub tables: Vec<Table>,
    /// Figures.
    pub figures: Vec<Figure>,
    /// What is not here, and why: `psychometric curve: the task has no graded evidence`.
    pub left_out: Vec<String>,
    /// Numbers for the table of main numbers, by what they are.
    pub numbers: Vec<(String, String)>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows; empty for none.
    pub caption: String,
    /// Names of the columns; none for a table of names and values.
    pub head: Vec<String>,
    /// Row by row; the first cell of each is its name.
    pub rows: Vec<Vec<String>>,
    /// Whether it is opened on demand.
    pub folded: bool,
    /// Where it comes from.
    pub source: Option<Source>,
}

/// What makes a figure or a table alone, and its numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Source {
    /// A command line; empty of a table that the report alone makes.
    pub command: String,
    /// All of its data; empty for none.
    pub data: Csv,
}

/// A figure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// What it is, in a few words.
    pub title: String,
    /// What it shows and how it is read.
    pub caption: String,
    /// The picture: an element `<svg>` without ids, as [`plot::Figure`](crate::plot::Figure) gives it.
    pub svg: String,
    /// The same as a space that turns where there is a screen and a script.
    pub space: Option<Space>,
    /// Where it comes from.
    pub source: Source,
}

/// A state space that turns, as JSON for the program of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Space(String);

impl Space {
    /// Of a figure, with what is said of its points.
    ///
    /// # Errors
    /// If a field of the figure breaks a rule that stands with it.
    pub fn of(figure: &StateSpace, text: &StateSpaceText) -> std::result::Result<Self, PlotError> {
        figure.script(text).map(Self)
    }

    /// Of mean trajectories.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub fn of_trajectories(figure: &Trajectories, text: &StateSpaceText) -> std::result::Result<Self, PlotError> {
        figure.script(text).map(Self)
    }
}

impl Part {
    /// A part that is left out.
    pub fn left_out(what: &str, why: &str) -> Self {
        Self { left_out: vec![format!("{what}: {why}")], ..Self::default() }
    }

    /// Whether nothing is in it but what is left out.
    pub fn is_empty(&self) -> bool {
        self.paragraphs.is_empty() && self.equations.is_empty() && self.tables.is_empty() && self.figures.is_empty()
    }
}

impl Section {
    /// Whether nothing is in it but what is left out.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(Part::is_empty)
    }
}

impl Report {
    /// What is left out, with the reasons; of several networks with their names.
    pub fn left_out(&self) -> Vec<String> {
        let parts = self.sections.iter().flat_map(|section| &section.parts);
        let said = |part: &Part, what: &String| match part.name.as_str() {
            "" => what.clone(),
            name => format!("{name}: {what}"),
        };
        parts.flat_map(|part| part.left_out.iter().map(|what| said(part, what)).collect::<Vec<_>>()).collect()
    }

    /// The page.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// Writes the page, and gives its size in bytes.
    ///
    /// # Errors
    /// If the path does not end in `.html`, or the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<usize> {
        let path = path.as_ref();
        if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html")) {
            return Err(Error::file(path, "is to be a page; end its name in .html"));
        }
        let page = self.html();
        write_atomically(path, page.as_bytes())?;
        Ok(page.len())
    }
}

/// The bytes compressed, without a date, so that the same bytes give the same.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(bytes).and_then(|()| encoder.finish());
    written.expect("writing into memory does not fail")
}
