//! Names of arrays in a file, and what MATLAB calls them.
//!
//! ```text
//! a character that is neither a letter of ASCII, a digit nor `_`    becomes `_`
//! a first character that is no letter, a word of the language       gets an `x` in front
//! more than 63 characters                                           the first 63
//! ```
//!
//! So `layers.0.w_rec` is `layers_0_w_rec` and `end` is `xend`. Two arrays with one name are refused.

use std::collections::BTreeMap;

use super::ArrayFormat;

/// The most characters of a variable in MATLAB (`namelengthmax`).
const LONGEST: usize = 63;

/// The words of the language (`iskeyword`).
const WORDS: [&str; 20] = [
    "break",
    "case",
    "catch",
    "classdef",
    "continue",
    "else",
    "elseif",
    "end",
    "for",
    "function",
    "global",
    "if",
    "otherwise",
    "parfor",
    "persistent",
    "return",
    "spmd",
    "switch",
    "try",
    "while",
];

/// The names that a file has.
pub(crate) struct Names {
    format: ArrayFormat,
    /// What arrays are called in the file, and by this program.
    known: BTreeMap<String, String>,
}

impl Names {
    pub fn new(format: ArrayFormat) -> Self {
        Self { format, known: BTreeMap::new() }
    }

    /// What an array is called in the file.
    ///
    /// # Errors
    /// If another one is called so, or no file can have the name.
    pub fn add(&mut self, name: &str) -> Result<String, String> {
        let called = match self.format {
            ArrayFormat::Npz => name.to_owned(),
            ArrayFormat::Mat => in_matlab(name),
            // Groups are between slashes.
            ArrayFormat::H5 if name.is_empty() || name.contains('/') || name == "." => {
                return Err(format!("an array in HDF5 cannot be called `{name}`; rename it, or write an .npz file"));
            }
            ArrayFormat::H5 => name.to_owned(),
        };
        match self.known.insert(called.clone(), name.to_owned()) {
            None => Ok(called),
            Some(other) => Err(format!(
                "the arrays `{other}` and `{name}` would both be called `{called}`; rename one, or write an .npz file"
            )),
        }
    }
}

fn in_matlab(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let mut called: String = name.chars().map(plain).collect();
    if !called.starts_with(|c: char| c.is_ascii_alphabetic()) || WORDS.contains(&called.as_str()) {
        called.insert(0, 'x');
    }
    called.truncate(LONGEST);
    called
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matlab_calls_arrays_by_the_stated_rule() {
        let long = "a".repeat(80);
        for (name, called) in [
            ("rates", "rates"),
            ("layers.0.w_rec", "layers_0_w_rec"),
            ("motion-coherence", "motion_coherence"),
            ("2afc", "x2afc"),
            ("_private", "x_private"),
            ("end", "xend"),
            ("straße", "stra_e"),
            ("", "x"),
            (&long, &long[..63]),
        ] {
            assert_eq!(Names::new(ArrayFormat::Mat).add(name).as_deref(), Ok(called));
        }
    }

    #[test]
    fn two_arrays_of_one_name_are_refused_where_they_meet() {
        for (format, other, is_refused) in
            [(ArrayFormat::Mat, "a_b", true), (ArrayFormat::H5, "a_b", false), (ArrayFormat::H5, "a.b", true)]
        {
            let mut names = Names::new(format);
            names.add("a.b").unwrap();
            let added = names.add(other);
            assert_eq!(added.is_err(), is_refused, "{format} {other}");
        }
        let message = {
            let mut names = Names::new(ArrayFormat::Mat);
            names.add("a.b").unwrap();
            names.add("a-b").unwrap_err()
        };
        assert!(message.contains("`a.b` and `a-b` would both be called `a_b`"), "{message}");
        assert!(Names::new(ArrayFormat::H5).add("a/b").unwrap_err().contains("`a/b`"));
    }
}
