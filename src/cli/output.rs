//! Results on standard output, messages on standard error.

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use candle_core::Device;
use serde::Serialize;

use crate::{
    device::{DeviceChoice, Work},
    echo::{harmless, in_json},
    progress::printable,
    sweep::Study,
    terminal::say,
};

pub(crate) use crate::evaluate::percent;

/// Prints a value as one JSON document.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(&in_json(&serde_json::to_string_pretty(value)?))
}

/// Prints a value as one line of JSON.
pub fn json_line(value: &impl Serialize) -> Result<()> {
    line(&in_json(&serde_json::to_string(value)?))
}

/// Prints comma-separated values, whole however long they are.
pub fn csv(text: &str) -> Result<()> {
    line(harmless(text).trim_end_matches('\n'))
}

/// Prints a line. A closed pipe (as under `head`) is not an error.
pub fn text(text: &str) -> Result<()> {
    line(&printable(text))
}

fn line(line: &str) -> Result<()> {
    match writeln!(io::stdout().lock(), "{line}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("could not write to standard output"),
    }
}

/// Opens the device for this work and says on standard error which one it is.
pub fn open_device(choice: DeviceChoice, work: Work) -> Result<Device> {
    let (device, words) = choice.open_for(work)?;
    say(&format!("device: {words}"));
    Ok(device)
}

/// Refuses the directory of a study for a run: its files and those of the study would be taken for each other's.
pub fn refuse_a_study(out: &Path) -> Result<()> {
    if Study::is_in(out) {
        bail!("{}: holds a study, whose runs are in its runs/; use another --out", out.display());
    }
    Ok(())
}

/// Refuses an `--out` that exists, unless it may be replaced.
pub fn check_free(path: &Path, force: bool) -> Result<()> {
    check_free_for("--out", path, force)
}

/// The same of what this option names.
pub fn check_free_for(option: &str, path: &Path, force: bool) -> Result<()> {
    let is_replaceable = path.metadata().map_or(true, |found| found.is_file() || found.is_dir());
    if !is_replaceable {
        bail!("{} is a device or a pipe, which a file cannot replace; name another {option}", path.display());
    }
    if path.exists() && !force {
        bail!("{} exists; use --force to replace it, or another {option}", path.display());
    }
    Ok(())
}

/// A name that no file here has, for a command that writes one: `weights.png`, or else `weights-2.png`.
pub fn free(name: &str) -> String {
    let (stem, extension) = name.rsplit_once('.').map_or((name, String::new()), |(stem, of)| (stem, format!(".{of}")));
    let others = (2..).map(|n| format!("{stem}-{n}{extension}"));
    std::iter::once(name.to_owned()).chain(others).find(|name| !Path::new(name).exists()).unwrap_or_default()
}

/// An error and its causes. Errors of the tensor library carry a backtrace after their first line when one is asked
/// for; it is left out.
pub fn message(error: &anyhow::Error) -> String {
    let text = format!("{error:#}");
    let is_backtrace = |line: &&str| line.trim_start().starts_with("0: ");
    text.lines().take_while(|line| !is_backtrace(line)).collect::<Vec<_>>().join("\n")
}

/// A word as a shell takes it.
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A path as a word that a shell takes, and no program for an option.
pub fn shell_path(path: &Path) -> String {
    shell_word(&no_option(path).to_string_lossy())
}

/// A path as no program takes it for an option.
pub fn no_option(path: &Path) -> PathBuf {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") { Path::new(".").join(path) } else { path.into() }
}

/// The first of some names, and how many there are besides.
pub fn listed(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most { format!("{shown} and {} more", names.len() - most) } else { shown }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{shell_path, shell_word};

    #[test]
    fn what_a_shell_would_divide_is_quoted() {
        assert_eq!(shell_word("runs/a-1.npz"), "runs/a-1.npz");
        assert_eq!(shell_word("a b's.npz"), r"'a b'\''s.npz'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_path(Path::new("-runs/a")), "./-runs/a");
        assert_eq!(shell_path(Path::new("--a b")), "'./--a b'");
        assert_eq!(shell_path(Path::new("runs/-a")), "runs/-a");
    }
}
