//! What is said of a task before its first trial: its id, its source, and its definition in words.
//!
//! A task of this crate states it once, as [`Described::ABOUT`]. What the tasks of a family have in common stands in
//! constants and files of the family, so that a task's own file has its own lines only; [`About::description`] joins
//! them again.
//!
//! ```
//! use nn4n_tasks::About;
//! let about = About { id: "mine/report", summary: "Report which cue was shown", ..About::NEW };
//! assert_eq!((about.version, about.description().as_str()), (1, "Report which cue was shown"));
//!
//! let file = "//! A cue is shown for 200 ms.\n\nuse ndarray::Array2;";
//! let about = About { header: file, shared: &["//! Noise has a standard deviation of 0.1."], ..about };
//! assert_eq!(about.description(), "A cue is shown for 200 ms.\n\nNoise has a standard deviation of 0.1.");
//! ```

use std::fmt;

use serde::Serialize;
use serde_json::Value;

/// What is said of a task before its first trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About<'a> {
    /// `family/name`, the family naming the source, e.g. `"song2016/rdm_varstim"`.
    pub id: &'a str,
    /// Counts the changes of the definition: the same id, version, parameters and seed give the same trials.
    pub version: u32,
    /// One sentence.
    pub summary: &'a str,
    /// The source.
    pub citation: Citation,
    /// The definition in words and equations: a source file, whose `//!` lines are it, or a text without such lines;
    /// empty if the summary says it all.
    pub header: &'a str,
    /// The same of what several tasks share, each printed after the task's own.
    pub shared: &'a [&'a str],
    /// Older versions whose trials this one still makes, if all parameters are given.
    pub former: &'a [Former],
}

/// An older version of a task, as a setting of the newest one: what changed since are defaults, and parameters that it
/// did not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Former {
    /// Its number.
    pub version: u32,
    /// The switches that it did not have, as they stood.
    pub switches: &'static [(&'static str, bool)],
}

impl About<'static> {
    /// What a new task starts from: the first version, not published, nothing said yet.
    pub const NEW: Self =
        Self { id: "", version: 1, summary: "", citation: Citation::UNPUBLISHED, header: "", shared: &[], former: &[] };
}

impl About<'_> {
    /// The definition in words and equations: the task's own, then what it shares with others.
    pub fn description(&self) -> String {
        let own = if self.header.is_empty() { self.summary.into() } else { words_of(self.header) };
        let parts: Vec<_> = [own].into_iter().chain(self.shared.iter().map(|text| words_of(text))).collect();
        parts.join("\n\n")
    }

    /// The parameters with which this version makes the trials of an older one, from all the `parameters` that the
    /// older one had; `None` if it no longer makes them.
    ///
    /// ```
    /// use nn4n_tasks::{Described, kleinman2021::Checkerboard};
    /// use serde_json::json;
    /// let now = Checkerboard::ABOUT.of_version(1, &json!({ "ungraded": 200.0 }));
    /// assert_eq!(now, Some(json!({ "ungraded": 200.0, "grade_onset": false })));
    /// assert_eq!(Checkerboard::ABOUT.of_version(7, &json!({})), None);
    /// ```
    pub fn of_version(&self, version: u32, parameters: &Value) -> Option<Value> {
        if version == self.version {
            return Some(parameters.clone());
        }
        let former = self.former.iter().find(|former| former.version == version)?;
        let mut parameters = parameters.as_object()?.clone();
        for (name, stood) in former.switches {
            parameters.entry(*name).or_insert(Value::Bool(*stood));
        }
        Some(Value::Object(parameters))
    }
}

/// A task of which everything is known beforehand, the same for all its parameters.
pub trait Described {
    /// What is said of it.
    const ABOUT: About<'static>;
}

/// Where a task is published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Citation {
    /// The authors.
    pub authors: &'static str,
    /// The year; 0 for what is not published.
    pub year: u16,
    /// The title.
    pub title: &'static str,
    /// The DOI, without a resolver in front of it; empty where there is none.
    pub doi: &'static str,
}

impl Citation {
    /// What has no source.
    pub const UNPUBLISHED: Self = Self { authors: "Unpublished", year: 0, title: "", doi: "" };

    /// Whether there is a paper to cite.
    pub fn is_published(&self) -> bool {
        self.year > 0
    }

    /// Whether a reference is to this source: in this form, or in another that ends with its DOI.
    pub fn is_meant_by(&self, reference: &str) -> bool {
        reference == self.to_string() || (!self.doi.is_empty() && reference.ends_with(self.doi))
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.authors)?;
        if self.year > 0 {
            write!(f, " ({})", self.year)?;
        }
        write!(f, ". {}.", self.title)?;
        if self.doi.is_empty() { Ok(()) } else { write!(f, " https://doi.org/{}", self.doi) }
    }
}

/// The header of a source file; a text that has none is itself the words.
fn words_of(text: &str) -> String {
    if text.starts_with("//!") { header_of(text) } else { text.into() }
}

/// The text at the head of a task's source file: its `//!` lines without fences, up to the first example in Rust.
fn header_of(source: &str) -> String {
    let (mut text, mut in_block) = (Vec::<String>::new(), false);
    for line in source.lines().map_while(|line| line.strip_prefix("//!")) {
        let line = line.strip_prefix(' ').unwrap_or(line);
        match line.strip_prefix("```") {
            Some("text") => in_block = true,
            Some("") if in_block => in_block = false,
            Some(_) => break,
            None => text.push(if in_block { line.into() } else { plain(line) }),
        }
    }
    text.join("\n").trim_end().into()
}

/// A line of documentation without what only rustdoc reads: links from names to the code, and bars that are escaped in
/// tables.
pub fn plain(line: &str) -> String {
    let (mut text, mut rest) = (String::new(), line);
    while let Some((before, linked)) = rest.split_once("[`") {
        let Some((name, after)) = linked.split_once("`]") else { break };
        text.push_str(&format!("{before}`{}`", name.rsplit("::").next().unwrap_or(name)));
        rest = match after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            Some((_, after)) => after,
            None => after,
        };
    }
    (text + rest).replace("\\|", "|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_the_code_are_not_for_those_who_read_a_description() {
        let source =
            "//! See [`a::Go`] and [`grid`](crate::Task::grid), <https://doi.org/1>.\n//!\n//! | \\|c\\| | `c` |";
        assert_eq!(header_of(source), "See `Go` and `grid`, <https://doi.org/1>.\n\n| |c| | `c` |");
    }

    #[test]
    fn a_header_is_read_up_to_its_example() {
        let source = "//! A task.\n//!\n//! ```text\n//! u = 1\n//! ```\n//!\n//! Reference.\n//!\n//! ```\n//! let x \
            = 1;\n//! ```\n\nuse std;";
        assert_eq!(header_of(source), "A task.\n\nu = 1\n\nReference.");
    }

    #[test]
    fn a_description_is_the_own_words_then_the_shared_ones() {
        let about = About { summary: "A sum.", shared: &["//! Noise.", "//! Scores.\nfn f() {}"], ..About::NEW };
        assert_eq!(about.description(), "A sum.\n\nNoise.\n\nScores.");
        let about = About { header: "# No comment\nof a source file", shared: &[], ..about };
        assert_eq!(about.description(), "# No comment\nof a source file");
    }
}
