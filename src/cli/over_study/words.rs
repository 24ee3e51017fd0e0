//! The words of a command over a study, for the call of each network.

use std::ffi::{OsStr, OsString};

use anyhow::{Context, Result};

/// Options that are for the study alone, with and without a value.
const WITH_VALUE: [&str; 2] = ["--jobs", "--shard"];
const ALONE: [&str; 3] = ["--missing", "--force", "--json"];

/// The words after the name of the program, without the study and its options, and where the study stood.
pub fn of_each(argv: &[OsString], study: &OsStr) -> Result<(Vec<OsString>, usize)> {
    let mut words: Vec<OsString> = Vec::new();
    let mut given = argv.iter().skip(1);
    while let Some(word) = given.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            // What follows are no options: the study alone, as nothing else is named beside it.
            words.extend(given.cloned());
            break;
        }
        let is_joined =
            WITH_VALUE.iter().any(|option| text.strip_prefix(option).is_some_and(|rest| rest.starts_with('=')));
        if WITH_VALUE.iter().any(|option| text == *option) {
            given.next();
        } else if !is_joined && !ALONE.iter().any(|option| text == *option) {
            words.push(word.clone());
        }
    }
    let place = words.iter().rposition(|word| word == study).context("the study stands nowhere among the arguments")?;
    words.remove(place);
    Ok((words, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_study_and_its_options_are_taken_out() {
        let argv: Vec<OsString> = "nn4n analyze pca --jobs 3 runs/s --json --trials 5 --shard=0/2 --missing"
            .split(' ')
            .map(Into::into)
            .collect();
        let (words, place) = of_each(&argv, OsStr::new("runs/s")).unwrap();
        assert_eq!(words, ["analyze", "pca", "--trials", "5"]);
        assert_eq!(place, 2);
        assert!(of_each(&argv, OsStr::new("runs/other")).is_err());
        let argv: Vec<OsString> = "nn4n eval --trials 5 -- --jobs".split(' ').map(Into::into).collect();
        let (words, place) = of_each(&argv, OsStr::new("--jobs")).unwrap();
        assert_eq!((words, place), (vec!["eval".into(), "--trials".into(), "5".into()], 3));
    }
}
