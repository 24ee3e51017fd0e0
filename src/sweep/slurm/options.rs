//! What a study asks of Slurm: options of `sbatch`, passed through as `#SBATCH` lines after a look at those that the
//! launcher depends on.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    echo::echo,
    error::{Error, Result},
};

/// What stands before the time limit when Slurm tells that it is near, where nothing else is said.
const WARNING: u64 = 120;

/// Slurm looks at the time once a minute, so that its warning comes up to this many seconds early.
const COARSENESS: u64 = 60;

/// Options that are not passed through, with the reason.
const TAKEN: [(&str, &str); 10] = [
    ("output", "the log of a shard is where `nn4n sweep status` looks for it"),
    ("error", "the log of a shard is where `nn4n sweep status` looks for it"),
    ("chdir", "the script starts in the study"),
    ("open-mode", "the log of a shard that starts again is continued"),
    ("requeue", "it is always set, as every run goes on from its state"),
    ("no-requeue", "a shard goes on after an interruption"),
    ("wrap", "the script says what runs"),
    ("parsable", "the number of the job is read from what sbatch prints"),
    ("wait", "the command returns at once"),
    ("clusters", "squeue and scancel need it, too: set SLURM_CLUSTERS for all of them"),
];

/// Options that ask for memory, of which sbatch takes one.
pub(super) const MEMORY: [&str; 3] = ["mem-per-cpu", "mem", "mem-per-gpu"];

/// Options that also hold for the job that collects: to whom it is charged and where it may run.
const SHARED: [&str; 10] =
    ["account", "constraint", "export", "mail-type", "mail-user", "nice", "partition", "qos", "reservation", "wckey"];

/// Long options of `sbatch` without their dashes, and their values; a value that is `true` is an option alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options(BTreeMap<String, Value>);

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    Flag(bool),
    Number(i64),
    Text(String),
}

impl Options {
    /// The table `[slurm]` of a SWEEP.toml.
    ///
    /// # Errors
    /// If a value is no text, whole number or boolean, or as [`check`](Self::check).
    pub fn read(table: &toml::Table) -> Result<Self> {
        let mut options = Self::default();
        for (key, value) in table {
            let value = match value {
                toml::Value::Boolean(flag) => Value::Flag(*flag),
                toml::Value::Integer(number) => Value::Number(*number),
                toml::Value::String(text) => Value::Text(text.clone()),
                other => {
                    let message = format!(
                        "must be a text, a whole number or true, but is {}; write it in quotes, as on the command line \
                        of sbatch",
                        echo(&other.to_string())
                    );
                    return Err(Error::setting(format!("slurm.{}", echo(key)), message));
                }
            };
            options.0.insert(key.clone(), value);
        }
        options.check()?;
        Ok(options)
    }

    /// Adds options given as `KEY=VALUE`, or `KEY` for one without a value; each replaces what stands in a file.
    ///
    /// # Errors
    /// If one of them has no key.
    pub fn with(mut self, given: &[String]) -> Result<Self> {
        let key_of = |option: &str| option.split('=').next().unwrap_or_default().trim_start_matches("--").to_string();
        let is_given = |key: &str| given.iter().any(|option| key_of(option) == key);
        for option in given {
            let (key, value) = match option.split_once('=') {
                Some((key, value)) => (key, Value::Text(value.into())),
                None => (option.as_str(), Value::Flag(true)),
            };
            if key.is_empty() {
                let message = format!("{:?} has no key; write KEY=VALUE, as in --sbatch partition=short", echo(option));
                return Err(Error::setting("--sbatch", message));
            }
            let key = key.trim_start_matches("--");
            if MEMORY.contains(&key) {
                self.0.retain(|other, _| !MEMORY.contains(&other.as_str()) || is_given(other));
            }
            self.0.insert(key.into(), value);
        }
        self.check()?;
        Ok(self)
    }

    /// Refuses what cannot stand in a line of a script, and what the launcher depends on.
    ///
    /// # Errors
    /// That name the option, the rule and the value.
    pub fn check(&self) -> Result<()> {
        for (key, value) in &self.0 {
            let refuse = |message: String| Err(Error::setting(format!("slurm.{}", echo(key)), message));
            let is_name = key.starts_with(|c: char| c.is_ascii_lowercase())
                && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !is_name {
                return refuse(
                    "is no long option of sbatch; give one without its dashes, such as partition or mem-per-cpu".into(),
                );
            }
            if let Some((_, why)) = TAKEN.iter().find(|(taken, _)| taken == key) {
                return refuse(format!("is not passed through, because {why}; leave it out, or edit the script"));
            }
            if *value == Value::Flag(false) {
                return refuse("is false, which sbatch has no word for; leave it out".into());
            }
            if let Value::Text(text) = value
                && let Some(bad) = text.chars().find(|c| c.is_control())
            {
                return refuse(format!("must be one line of plain text, but holds {bad:?}; leave that out"));
            }
        }
        let memory: Vec<&str> = MEMORY.into_iter().filter(|key| self.has(key)).collect();
        if let [one, other, ..] = memory[..] {
            let message = format!("is given with {one}, and sbatch takes one of them; leave one out");
            return Err(Error::setting(format!("slurm.{other}"), message));
        }
        self.most_at_once()?;
        if self.cpus()? == Some(0) {
            return Err(Error::setting(
                "slurm.cpus-per-task",
                "must be at least 1, but is 0; give more, or leave it out",
            ));
        }
        let (limit, warning) = (self.time_limit()?, self.warning()?);
        let least = warning + COARSENESS + 60;
        match limit {
            Some(limit) if limit.as_secs() < least => Err(Error::setting(
                "slurm.time",
                format!(
                    "must be at least {} minutes, but is {} s: the warning comes {warning} s before the end, and up to \
                    {COARSENESS} s earlier; give more, or a shorter one as in signal=B:TERM@30",
                    least.div_ceil(60),
                    limit.as_secs()
                ),
            )),
            _ => Ok(()),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.0.get(key)? {
            Value::Flag(_) => Some(String::new()),
            Value::Number(number) => Some(number.to_string()),
            Value::Text(text) => Some(text.clone()),
        }
    }

    /// Whether time and memory are given, so that no estimate is needed of them.
    pub fn has_limits(&self) -> bool {
        self.has("time") && self.has_memory()
    }

    pub(super) fn has_memory(&self) -> bool {
        MEMORY.into_iter().any(|key| self.has(key))
    }

    /// Whether this option is given.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Processors of a shard, which trains as many runs at a time.
    ///
    /// # Errors
    /// If they are no whole number.
    pub fn cpus(&self) -> Result<Option<usize>> {
        let number = |text: String| {
            text.parse().map_err(|_| {
                let message = format!("must be a whole number, but is {:?}", echo(&text));
                Error::setting("slurm.cpus-per-task", message)
            })
        };
        self.text("cpus-per-task").map(number).transpose()
    }

    /// How many shards may run at the same time: `array = "%4"`, as sbatch writes it.
    ///
    /// # Errors
    /// If `array` says anything else, since which shards there are follows from the study.
    pub fn most_at_once(&self) -> Result<Option<usize>> {
        let Some(text) = self.text("array") else { return Ok(None) };
        match text.strip_prefix('%').and_then(|number| number.parse().ok()) {
            Some(number) if number > 0 => Ok(Some(number)),
            _ => {
                let message = format!(
                    "must be how many shards may run at the same time, as in %4, but is {:?}; the shards themselves \
                    follow from the study, or from --shards",
                    echo(&text)
                );
                Err(Error::setting("slurm.array", message))
            }
        }
    }

    /// The time limit of a shard.
    ///
    /// # Errors
    /// If it is in none of the forms that sbatch reads.
    pub fn time_limit(&self) -> Result<Option<Duration>> {
        let Some(text) = self.text("time") else { return Ok(None) };
        match seconds(&text) {
            Some(0) => Ok(None), // no limit, as sbatch has it
            Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
            None if ["unlimited", "infinite"].contains(&text.to_ascii_lowercase().as_str()) => Ok(None),
            None => {
                let message = format!(
                    "must be minutes, [hours:]minutes:seconds or days-hours[:minutes[:seconds]], as in 4:00:00, but is \
                    {:?}",
                    echo(&text)
                );
                Err(Error::setting("slurm.time", message))
            }
        }
    }

    /// How many seconds before the time limit a shard is told that it is near.
    fn warning(&self) -> Result<u64> {
        let Some(text) = self.text("signal") else { return Ok(WARNING) };
        text.strip_prefix("B:TERM@").and_then(|seconds| seconds.parse().ok()).ok_or_else(|| {
            let message = format!(
                "must be B:TERM@SECONDS, which the script waits for, but is {:?}; edit the script for another",
                echo(&text)
            );
            Error::setting("slurm.signal", message)
        })
    }

    /// The signal that tells a shard that its time limit is near.
    pub(super) fn signal(&self) -> String {
        self.text("signal").unwrap_or_else(|| format!("B:TERM@{WARNING}"))
    }

    /// The `#SBATCH` lines of a shard, but those that have a place of their own.
    pub(super) fn lines(&self) -> Vec<String> {
        let has_place = |key: &str| ["array", "signal", "job-name"].contains(&key);
        self.0.keys().filter(|key| !has_place(key)).map(|key| self.line(key)).collect()
    }

    /// The `#SBATCH` lines that also hold for the job that collects.
    pub(super) fn shared_lines(&self) -> Vec<String> {
        self.0.keys().filter(|key| SHARED.contains(&key.as_str())).map(|key| self.line(key)).collect()
    }

    /// The options as arguments of sbatch, which replace the lines of a script; `array` has a place of its own.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.0.keys().filter(|key| *key != "array").map(|key| self.argument(key)).collect()
    }

    /// The same of those that also hold for the job that collects.
    pub(super) fn shared_arguments(&self) -> Vec<String> {
        self.0.keys().filter(|key| SHARED.contains(&key.as_str())).map(|key| self.argument(key)).collect()
    }

    fn argument(&self, key: &str) -> String {
        match self.0.get(key) {
            Some(Value::Flag(_)) | None => format!("--{key}"),
            Some(_) => format!("--{key}={}", self.text(key).unwrap_or_default()),
        }
    }

    /// The name of the array.
    pub(super) fn name(&self) -> Option<String> {
        self.text("job-name")
    }

    fn line(&self, key: &str) -> String {
        match self.0.get(key) {
            Some(Value::Flag(_)) | None => format!("#SBATCH --{key}"),
            Some(_) => format!("#SBATCH --{key}={}", directive_word(&self.text(key).unwrap_or_default())),
        }
    }
}

/// A word as sbatch takes it in a `#SBATCH` line: it reads quotes, escapes and comments, but no variables.
pub(super) fn directive_word(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into()
    } else {
        format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""))
    }
}

/// The seconds of a time limit in one of the forms that sbatch reads.
fn seconds(text: &str) -> Option<u64> {
    let number = |part: &str| match part.chars().all(|c| c.is_ascii_digit()) {
        true => part.parse::<u32>().ok().map(u64::from),
        false => None,
    };
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, text),
    };
    let parts = rest.split(':').map(number).collect::<Option<Vec<_>>>()?;
    let (hours, minutes, seconds) = match (days, parts.as_slice()) {
        (Some(_), [hours]) => (*hours, 0, 0),
        (Some(_), [hours, minutes]) => (*hours, *minutes, 0),
        (None, [minutes]) => (0, *minutes, 0),
        (None, [minutes, seconds]) => (0, *minutes, *seconds),
        (_, [hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        _ => return None,
    };
    Some(days.unwrap_or(0) * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(toml: &str) -> Result<Options> {
        Options::read(&toml.parse().expect("TOML"))
    }

    fn options(toml: &str) -> Options {
        read(toml).expect("options")
    }

    fn refusal(toml: &str) -> String {
        read(toml).expect_err("a refusal").to_string()
    }

    #[test]
    fn a_table_becomes_lines_and_words_of_the_command_line_replace_it() {
        let given =
            ["partition=long".into(), "comment=a \"b\" c#d\\e".into(), "exclusive".into(), "--gres=gpu:1".into()];
        let options = options("partition = 'short'\ncpus-per-task = 4\narray = '%2'").with(&given).expect("options");
        let lines = [
            r##"#SBATCH --comment="a \"b\" c#d\\e""##,
            "#SBATCH --cpus-per-task=4",
            "#SBATCH --exclusive",
            "#SBATCH --gres=gpu:1",
            "#SBATCH --partition=long",
        ];
        assert_eq!(options.lines(), lines);
        assert_eq!(options.shared_lines(), ["#SBATCH --partition=long"]);
        assert_eq!(options.arguments()[0], r#"--comment=a "b" c#d\e"#, "no shell and no sbatch reads it");
        assert_eq!(options.shared_arguments(), ["--partition=long"]);
        let memory = read("mem = '1G'").and_then(|options| options.with(&["mem-per-cpu=2G".into()]));
        assert_eq!(memory.expect("options").lines(), ["#SBATCH --mem-per-cpu=2G"], "one takes the place of the other");
        assert_eq!((options.cpus().unwrap(), options.most_at_once().unwrap()), (Some(4), Some(2)));
    }

    #[test]
    fn what_the_launcher_depends_on_is_refused_with_a_remedy() {
        for (toml, words) in [
            ("output = 'x'", "slurm.output"),
            ("no-requeue = true", "edit the script"),
            ("clusters = 'north'", "SLURM_CLUSTERS"),
            ("array = '0-3'", "%4"),
            ("array = '%0'", "%4"),
            ("signal = 'USR1@60'", "B:TERM@SECONDS"),
            ("mem_per_cpu = '1G'", "mem-per-cpu"),
            ("partition = \"a\\nrm -rf x\"", "one line"),
            ("mem = 1.5", "in quotes"),
            ("mem = '1G'\nmem-per-cpu = '1G'", "leave one out"),
            ("exclusive = false", "leave it out"),
            ("time = 'soon'", "4:00:00"),
            ("time = 3", "at least 4 minutes"),
            ("cpus-per-task = 0", "at least 1"),
            ("cpus-per-task = 'all'", "whole number"),
        ] {
            let refusal = refusal(toml);
            assert!(refusal.contains(words) && refusal.contains("slurm."), "{toml}: {refusal}");
            assert!(!refusal.contains('\n'), "{refusal}");
        }
        assert!(read("time = 2\nsignal = 'B:TERM@10'").is_err(), "ten seconds before, up to a minute early");
        read("time = 3\nsignal = 'B:TERM@30'").expect("a short warning for a short limit");
        let refusal = Options::default().with(&["=x".into()]).expect_err("a refusal").to_string();
        assert!(refusal.contains("KEY=VALUE"), "{refusal}");
    }

    #[test]
    fn times_are_read_as_sbatch_reads_them() {
        for (text, expected) in [
            ("30", Some(1800)),
            ("1:30", Some(90)),
            ("2:00:01", Some(7201)),
            ("1-2", Some(93_600)),
            ("1-2:03", Some(93_780)),
            ("1-2:03:04", Some(93_784)),
            ("", None),
            ("1:2:3:4", None),
            ("-3", None),
            ("1.5", None),
            ("+5", None),
        ] {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }
}
