//! `eval`, `analyze` and `report` over all networks of a study.
//!
//! Where a command that takes one network is given a study, this program is called once for each finished run, several
//! calls side by side and one thread each. What a call finds lies beside its run, and one table of all in the study:
//!
//! | command | beside the run | in the study |
//! |---|---|---|
//! | `eval` | `analysis/eval.json` | `analysis/eval.csv` |
//! | `analyze KIND` | `analysis/KIND.json`, `KIND.npz`, figures | `analysis/KIND.csv` |
//! | `report` | `report.html` | |
//!
//! A table that is there is replaced if it is one of this study and has no columns of others; any other file is left as
//! it is, unless it is forced. Of a shard alone there is no table: the others' may write theirs at the same time.
//!
//! Beside a result, `analysis/COMMAND.command` says which call made it, so that a table is of one call.
//!
//! Analyses that compare networks with each other take those of a study all together instead.

mod calls;
mod table;
mod words;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use anyhow::{Result, bail};
use clap::{ArgMatches, Args};

pub use self::calls::{Call, call_all};
use self::table::Table;
use super::output::{self, listed, no_option, shell_path, shell_word};
use crate::{
    files::{read_text, write_atomically},
    report::count_of,
    sweep::{Entry, RunState, Shard, Study},
    terminal::{end_in_order, say},
};

/// Analyses of several networks at once.
const JOINT: [&str; 3] = ["similarity", "decoding", "remapping"];

/// What is said of a study in place of a network.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Over a study (the directory of `nn4n sweep` in place of a checkpoint)")]
pub struct OverStudyArgs {
    /// Networks at a time [default: one for each core]
    #[arg(long, value_name = "J", value_parser = clap::value_parser!(u32).range(1..=4096))]
    jobs: Option<u32>,
    /// Only runs I, I + N, I + 2 N .., so that several machines share the work
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Only networks that have no results of this command yet; the table of all, in analysis/ of the study, is written
    /// anew, unless it is another file or has columns of others, which --force replaces
    #[arg(long, conflicts_with = "force")]
    missing: bool,
}

/// A command over a study.
#[derive(Debug)]
pub struct OverStudy {
    study: PathBuf,
    /// `eval`, `report`, or the kind of an analysis.
    command: String,
    /// What each network's call is given, but for the network and where its results go.
    words: Vec<OsString>,
    /// Where among the words the network stands.
    place: usize,
    jobs: usize,
    shard: Option<Shard>,
    missing: bool,
    force: bool,
    json: bool,
}

impl OverStudy {
    /// The command of these arguments, if a study is named in it where a network would be.
    pub fn of(matches: &ArgMatches, argv: &[OsString]) -> Result<Option<Self>> {
        let (names, deepest) = deepest(matches);
        let (Some(first), Some(last)) = (names.first(), names.last()) else { return Ok(None) };
        if !["eval", "analyze", "report"].contains(first) || JOINT.contains(last) {
            return refuse_options(deepest, "several networks at once").map(|()| None);
        }
        let networks = networks(deepest);
        let Some(study) = networks.iter().find(|path| Study::is_in(path)) else {
            return refuse_options(deepest, "a study").map(|()| None);
        };
        if networks.len() > 1 || given(deepest, "activity") {
            bail!("{}: is a study, whose networks are taken one by one; name nothing beside it", study.display());
        }
        if let Some(out) = value::<PathBuf>(deepest, "out") {
            bail!(
                "--out {}: of a study, results land beside each run and in {}; leave --out out",
                out.display(),
                study.join(ANALYSIS).display()
            );
        }
        let (words, place) = words::of_each(argv, study.as_os_str())?;
        Ok(Some(Self {
            // Paths of runs are arguments of the calls.
            study: no_option(study),
            command: (*last).to_owned(),
            words,
            place,
            jobs: match value::<u32>(deepest, "jobs") {
                Some(jobs) => jobs as usize,
                None => std::thread::available_parallelism().map_or(1, usize::from),
            },
            shard: value(deepest, "shard"),
            missing: flag(deepest, "missing"),
            force: flag(deepest, "force"),
            json: flag(deepest, "json"),
        }))
    }

    /// Calls the command for each network, and tells what was found.
    pub fn run(&self) -> Result<()> {
        end_in_order();
        let study = Study::open(&self.study)?;
        let (finished, others) = finished(&study)?;
        let ours: Vec<&Entry> =
            finished.iter().filter(|entry| self.shard.is_none_or(|shard| shard.holds(entry.index))).collect();
        tell_left_out(&others);
        if ours.is_empty() {
            bail!("{}: {}", self.study.display(), nothing_finished(&finished));
        }
        let todo = self.without_results(&study, &ours)?;
        self.check_table(&study)?;
        let calls: Vec<Call> = todo.iter().map(|entry| self.call(&study, entry)).collect();
        let failed = call_all(&calls, self.jobs)?;
        // Where nothing was found there is nothing to replace a table with.
        if calls.is_empty() || failed.len() < calls.len() {
            self.tell(&study, &finished, &ours)?;
        }
        match failed.as_slice() {
            [] => Ok(()),
            failed => {
                failed.iter().for_each(|(name, why)| say(&format!("{name}: {why}")));
                bail!("{} of {} failed; --missing tries them again", failed.len(), count_of(calls.len(), "network"))
            }
        }
    }

    /// The table of all; of a shard alone, and of pages, there is none.
    fn table_file(&self, study: &Study) -> Option<PathBuf> {
        let has_table = self.shard.is_none() && self.command != "report";
        has_table.then(|| study.analysis().join(format!("{}.csv", self.command)))
    }

    /// Refuses, before the work, to replace a file that is no table of this study.
    fn check_table(&self, study: &Study) -> Result<()> {
        match self.table_file(study).filter(|path| path.exists() && !self.force) {
            Some(path) => table::check_own(&path, study.entries(), None),
            None => Ok(()),
        }
    }

    /// Those that are to be done. Results that are there are neither replaced nor left as they are without being asked.
    fn without_results<'a>(&self, study: &Study, ours: &[&'a Entry]) -> Result<Vec<&'a Entry>> {
        let (done, missing): (Vec<&Entry>, Vec<&Entry>) =
            ours.iter().copied().partition(|entry| self.result(study, entry).exists());
        if self.force || done.is_empty() {
            return Ok(ours.to_vec());
        }
        if !self.missing {
            let names: Vec<String> = done.iter().map(|entry| entry.name.clone()).collect();
            bail!(
                "{} of {} have results of `{}` already ({}); --missing takes the others alone, --force replaces \
                them",
                done.len(),
                count_of(ours.len(), "network"),
                self.command,
                listed(&names, 2)
            );
        }
        if let Some((entry, other)) = done.iter().find_map(|entry| Some((entry, self.other_command(study, entry)?))) {
            bail!(
                "{} has results of `{other}`; give the same options, or replace the results of all with --force",
                entry.name
            );
        }
        say(&format!("{} of {} have results already", done.len(), count_of(ours.len(), "network")));
        Ok(missing)
    }

    /// What is called for each network, as one types it.
    fn said(&self) -> String {
        let words: Vec<String> = self.words.iter().map(|word| shell_word(&word.to_string_lossy())).collect();
        format!("nn4n {}", words.join(" "))
    }

    /// The call that made the results of a network, if it was with other options than this one.
    fn other_command(&self, study: &Study, entry: &Entry) -> Option<String> {
        let found =
            read_text(&self.command_file(study, entry), LONGEST_COMMAND).unwrap_or_else(|_| "another call".into());
        Some(found.trim_end().to_owned()).filter(|found| *found != self.said())
    }

    /// Beside the results, the call that made them.
    fn command_file(&self, study: &Study, entry: &Entry) -> PathBuf {
        study.run_directory(entry).join(ANALYSIS).join(format!("{}.command", self.command))
    }

    /// The file that says that a network has results.
    fn result(&self, study: &Study, entry: &Entry) -> PathBuf {
        let run = study.run_directory(entry);
        match self.command.as_str() {
            "report" => run.join("report.html"),
            kind => run.join(ANALYSIS).join(format!("{kind}.json")),
        }
    }

    fn call(&self, study: &Study, entry: &Entry) -> Call {
        let (run, result) = (study.run_directory(entry), self.result(study, entry));
        let mut words = self.words.clone();
        words.insert(self.place, run.as_os_str().to_owned());
        let mut add = |option: &str, value: &Path| words.extend([option.into(), value.as_os_str().to_owned()]);
        let mut said = None;
        match self.command.as_str() {
            "eval" => {
                said = Some(result);
                words.push("--json".into());
            }
            "report" => add("--out", &result),
            _ => add("--out", &run.join(ANALYSIS)),
        }
        if self.force && self.command != "eval" {
            words.push("--force".into());
        }
        let command = (self.command_file(study, entry), format!("{}\n", self.said()));
        Call { name: entry.name.clone(), words, said, command }
    }

    fn tell(&self, study: &Study, finished: &[Entry], ours: &[&Entry]) -> Result<()> {
        if self.command == "report" {
            let pages = ours.iter().map(|entry| self.result(study, entry)).filter(|page| page.exists());
            let pages: Vec<String> = pages.map(|page| page.display().to_string()).collect();
            let first = pages.first().map_or("", String::as_str);
            return output::text(&format!("{}, such as {first}", count_of(pages.len(), "page")));
        }
        let all: Vec<&Entry> = match self.shard {
            Some(_) => ours.to_vec(),
            None => finished.iter().collect(),
        };
        let (with_result, without): (Vec<&Entry>, Vec<&Entry>) =
            all.into_iter().partition(|entry| self.result(study, entry).exists());
        let (entries, of_others): (Vec<&Entry>, Vec<&Entry>) =
            with_result.into_iter().partition(|entry| self.other_command(study, entry).is_none());
        for (count, why) in [(without.len(), "no result"), (of_others.len(), "results of other options")] {
            if count > 0 {
                say(&format!("not in the table: {}, with {why}", count_of(count, "network")));
            }
        }
        let table = Table::read(&entries, |entry| self.result(study, entry), |entry| study.run_directory(entry))?;
        let path = self.table_file(study);
        if let Some(path) = &path {
            if path.exists() && !self.force {
                table::check_own(path, study.entries(), Some(&table.columns()))?;
            }
            write_atomically(path, &table.csv()?)?;
        }
        if self.json {
            return output::json(&table.rows());
        }
        table.summary().iter().try_for_each(|line| output::text(line))?;
        if let Some(path) = &path {
            output::text(&format!("table: {}", path.display()))?;
        }
        output::text(&format!("next: nn4n compare {}", shell_path(&self.study)))
    }
}

/// Where results lie, in a study and beside each run.
const ANALYSIS: &str = "analysis";

/// The longest command that is read, bytes.
const LONGEST_COMMAND: u64 = 1 << 20;

/// The directories of all finished runs of a study, for an analysis of several networks at once; `None` of anything
/// else.
pub fn networks_of(path: &Path) -> Result<Option<Vec<PathBuf>>> {
    if !Study::is_in(path) {
        return Ok(None);
    }
    let study = Study::open(path)?;
    let (finished, others) = finished(&study)?;
    tell_left_out(&others);
    if finished.is_empty() {
        bail!("{}: {}", path.display(), nothing_finished(&finished));
    }
    Ok(Some(finished.iter().map(|entry| study.run_directory(entry)).collect()))
}

/// The runs that are finished, and the states of the others.
fn finished(study: &Study) -> Result<(Vec<Entry>, Vec<RunState>)> {
    let (mut finished, mut others) = (Vec::new(), Vec::new());
    for (entry, state) in study.entries().iter().zip(study.states()?) {
        match state {
            RunState::Finished => finished.push(entry.clone()),
            other => others.push(other),
        }
    }
    Ok((finished, others))
}

fn tell_left_out(others: &[RunState]) {
    let counts: Vec<String> = RunState::ALL
        .iter()
        .map(|state| (others.iter().filter(|other| *other == state).count(), state.tag()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, tag)| format!("{count} {tag}"))
        .collect();
    if !counts.is_empty() {
        say(&format!("left out, since they are not finished: {}", counts.join(", ")));
    }
}

fn nothing_finished(finished: &[Entry]) -> &'static str {
    match finished {
        [] => "no run is finished; see `nn4n sweep status`",
        _ => "no run of this shard is finished; see `nn4n sweep status`",
    }
}

/// The names of the subcommands, and the arguments of the last.
fn deepest(matches: &ArgMatches) -> (Vec<&str>, &ArgMatches) {
    let (mut names, mut at) = (Vec::new(), matches);
    while let Some((name, inner)) = at.subcommand() {
        names.push(name);
        at = inner;
    }
    (names, at)
}

fn networks(matches: &ArgMatches) -> Vec<PathBuf> {
    let all = |name: &str| matches.try_get_many::<PathBuf>(name).ok().flatten().into_iter().flatten().cloned();
    all("checkpoint").chain(all("checkpoints")).collect()
}

fn value<T: Clone + Send + Sync + 'static>(matches: &ArgMatches, name: &str) -> Option<T> {
    matches.try_get_one::<T>(name).ok().flatten().cloned()
}

fn flag(matches: &ArgMatches, name: &str) -> bool {
    value::<bool>(matches, name).unwrap_or(false)
}

fn given(matches: &ArgMatches, name: &str) -> bool {
    matches.try_get_many::<PathBuf>(name).is_ok_and(|values| values.is_some_and(|values| values.len() > 0))
}

/// Refuses what is said of a study where there is none.
fn refuse_options(matches: &ArgMatches, of: &str) -> Result<()> {
    let options = [
        ("--jobs", value::<u32>(matches, "jobs").is_some()),
        ("--shard", value::<Shard>(matches, "shard").is_some()),
        ("--missing", flag(matches, "missing")),
    ];
    // Other commands have options of these names, and other meanings. A flag that a command has is among its arguments
    // even where it is not given; asking for one that it has not is an error of debug builds alone.
    let is_over = matches.ids().any(|id| id == "missing");
    match options.iter().find(|(_, given)| *given).filter(|_| is_over) {
        Some((name, _)) if of == "a study" => {
            bail!("{name}: is for a study, but the network is none; leave it out, or name the directory of a sweep")
        }
        Some((name, _)) => bail!("{name}: networks are taken together here, not one by one; leave it out"),
        None => Ok(()),
    }
}
