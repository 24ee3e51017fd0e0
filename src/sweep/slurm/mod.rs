//! A study on Slurm: its runs packed into the tasks of one array job, and a job after it that collects.
//!
//! ```text
//! DIR/slurm/array.sbatch     the script of the array, to be read and edited
//! DIR/slurm/collect.sbatch   the script of the job that collects
//! DIR/slurm/jobs.json        what was submitted
//! DIR/slurm/logs/A_T.log     what task T of array A said; collect_J.log what the job that collects did
//! ```
//!
//! How far a run is, is in its own directory, whatever Slurm says; this is about its jobs.

mod options;
mod packing;
mod queue;
mod script;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use options::MEMORY;
pub use options::Options;
pub use packing::{Estimate, Load, Packing};

use self::{
    queue::{Task, Told},
    script::Script,
};
use super::study::end;
use crate::{
    error::{Error, Result},
    files::{open_regular, read_text, write_atomically},
};

const FOLDER: &str = "slurm";
const ARRAY: &str = "array.sbatch";
const COLLECT: &str = "collect.sbatch";
const JOBS: &str = "jobs.json";
const LOGS: &str = "logs";

/// The longest script and list of jobs that are read, and the end of a log that is looked through, bytes.
const LONGEST: u64 = 16 << 20;
const END: u64 = 16 << 10;

/// The jobs of a study.
#[derive(Clone, Debug)]
pub struct Slurm {
    /// `DIR/slurm`, by its absolute path.
    folder: PathBuf,
}

/// What was submitted at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The job number of the array.
    pub array: u64,
    /// The places of its tasks, as in `0-3,7`, which are those of its shards.
    pub tasks: String,
    /// The job that collects, unless it could not be submitted.
    pub collect: Option<u64>,
    /// When, in seconds since 1970.
    pub submitted: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Jobs {
    submissions: Vec<Submission>,
}

/// What is known of the newest job of a shard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// The number of its shard, from 0.
    pub shard: u64,
    /// Its job, as in `12_3`.
    pub job: String,
    /// What Slurm says: `PENDING`, `RUNNING`, `COMPLETED`, `OUT_OF_MEMORY`, ...; null where it has forgotten the job or
    /// cannot be asked.
    pub state: Option<String>,
    /// Why it waits or has failed, as far as Slurm says.
    pub reason: Option<String>,
    /// How often it was started, by its log.
    pub starts: u32,
    /// What ended its last start, by its log: `out of memory`, `time limit`, `node failure`, `preempted`, `requeued` or
    /// `cancelled`.
    pub ended: Option<&'static str>,
    /// Its log.
    pub log: PathBuf,
    /// Whether it waits, runs or is about to.
    pub is_alive: bool,
    /// Runs of the shard that are not finished.
    pub unfinished: usize,
}

/// A job that collects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Collecting {
    /// Its number.
    pub job: u64,
    /// What Slurm says of it, as of a shard.
    pub state: Option<String>,
}

/// What is known of the jobs of a study.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Its shards, each by its newest job.
    pub shards: Vec<Job>,
    /// The newest job that collects.
    pub collect: Option<Collecting>,
    /// What could not be asked.
    pub notes: Vec<String>,
}

/// Whether there are scripts for the study in this directory.
pub fn is_prepared(study: &Path) -> bool {
    study.join(FOLDER).join(ARRAY).exists()
}

/// Whether the study in this directory was ever prepared for Slurm.
pub fn is_begun(study: &Path) -> bool {
    study.join(FOLDER).is_dir()
}

/// The version of Slurm, as it says it.
///
/// # Errors
/// If there is none.
pub fn version() -> Result<String> {
    queue::run(Path::new("."), "sbatch", &["--version".into()]).map(|text| text.trim().into())
}

/// Most tasks that an array may have; where Slurm cannot be asked, what is usual.
pub fn most_tasks() -> usize {
    let text = queue::run(Path::new("."), "scontrol", &["show".into(), "config".into()]);
    text.ok().and_then(|text| array_size(&text)).unwrap_or(packing::USUAL_MOST)
}

impl Slurm {
    /// The jobs of the study in this directory.
    ///
    /// # Errors
    /// If it is not there.
    pub fn of(study: &Path) -> Result<Self> {
        let missing =
            |error| Error::file(study, format!("could not be opened ({error}); check the path and the permissions"));
        Ok(Self { folder: fs::canonicalize(study).map_err(missing)?.join(FOLDER) })
    }

    /// Whether there are scripts.
    pub fn is_prepared(&self) -> bool {
        self.script().exists()
    }

    /// The script of the array.
    pub fn script(&self) -> PathBuf {
        self.folder.join(ARRAY)
    }

    /// The script of the job that collects.
    pub fn collecting_script(&self) -> PathBuf {
        self.folder.join(COLLECT)
    }

    /// Writes the scripts.
    ///
    /// # Errors
    /// If there are some already, which may have been edited, or they cannot be written.
    pub fn write(&self, program: &Path, packing: Packing, device: &str, options: &Options) -> Result<()> {
        if self.is_prepared() {
            let message = "is there already; `nn4n sweep resume` submits it as it is, or remove it to have a new one";
            return Err(Error::file(self.script(), message));
        }
        options.check()?;
        let study = self.folder.parent().unwrap_or(&self.folder);
        let script = Script { program, study, packing, device, options };
        let (array, collect) = (script.array()?, script.collect()?);
        let logs = self.folder.join(LOGS);
        let unmade = |error| Error::file(&logs, format!("could not be created ({error}); check the permissions"));
        // Without this folder Slurm would have nowhere to write, and would say so nowhere.
        fs::create_dir_all(&logs).map_err(unmade)?;
        write_atomically(&self.collecting_script(), collect.as_bytes())?;
        write_atomically(&self.script(), array.as_bytes())
    }

    /// In how many shards the script of the array divides the runs.
    ///
    /// # Errors
    /// If it does not say.
    pub fn shards(&self) -> Result<u64> {
        let path = self.script();
        let text = read_text(&path, LONGEST)?;
        let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
        let shards = text.lines().find_map(|line| line.strip_prefix("shards=")).and_then(digits);
        shards.filter(|shards| *shards > 0).ok_or_else(|| {
            Error::file(&path, "has no line such as shards=12, which says how the runs are divided; put it back")
        })
    }

    /// Submits these tasks of the array, with options that replace those of the script, and a job that collects after
    /// them. What was submitted is noted at once.
    ///
    /// # Errors
    /// If Slurm refuses one of them; the list of jobs then says what it took.
    pub fn submit(&self, tasks: &[u64], options: &Options) -> Result<Submission> {
        let list = queue::write_places(tasks);
        let throttle = match options.most_at_once()? {
            Some(most) => format!("%{most}"),
            None => self.throttle()?,
        };
        let array = [options.arguments(), vec![format!("--array={list}{throttle}")]].concat();
        let array = self.submit_script(ARRAY, &array)?;
        let submitted = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut jobs = self.jobs()?;
        jobs.submissions.push(Submission { array, tasks: list, collect: None, submitted });
        self.note(&jobs)?;
        let after = [options.shared_arguments(), vec![format!("--dependency=afterany:{array}")]].concat();
        let collect = self.submit_script(COLLECT, &after).map_err(|error| {
            let message = format!(
                "array job {array} was submitted, but the job that collects was not: {error}; give `nn4n sweep \
                collect` yourself when the array has ended"
            );
            Error::system(message)
        })?;
        let last = jobs.submissions.len() - 1;
        jobs.submissions[last].collect = Some(collect);
        self.note(&jobs)?;
        Ok(jobs.submissions.swap_remove(last))
    }

    /// Submits a script, and returns the number of its job.
    fn submit_script(&self, script: &str, options: &[String]) -> Result<u64> {
        let arguments = [&["--parsable".into()], options, &[script.into()]].concat();
        let said = queue::run_within(queue::PATIENCE_TO_SUBMIT, &self.folder, "sbatch", &arguments)?;
        job_number(&said).ok_or_else(|| {
            let said = crate::echo::quoted(&said.trim());
            Error::system(format!("sbatch said {said:?}, which is no job number; look with `squeue --me`"))
        })
    }

    /// How many tasks may run at the same time, `%4`, as the script says it.
    fn throttle(&self) -> Result<String> {
        let text = read_text(&self.script(), LONGEST)?;
        let array = text.lines().find_map(|line| line.strip_prefix("#SBATCH --array="));
        let throttle = array.and_then(|array| array.split_whitespace().next()?.split_once('%'));
        Ok(throttle.map_or_else(String::new, |(_, most)| format!("%{most}")))
    }

    /// The option by which the script of the array asks for memory: Slurm takes only one of them.
    pub fn memory_option(&self) -> Result<&'static str> {
        let text = read_text(&self.script(), LONGEST)?;
        let asks = |name: &&str| text.lines().any(|line| line.starts_with(&format!("#SBATCH --{name}=")));
        Ok(MEMORY.into_iter().find(asks).unwrap_or(MEMORY[0]))
    }

    fn jobs(&self) -> Result<Jobs> {
        let path = self.folder.join(JOBS);
        if !path.exists() {
            return Ok(Jobs::default());
        }
        let damaged = |error| Error::file(&path, format!("is no list of jobs ({error}); move it away"));
        serde_json::from_str(&read_text(&path, LONGEST)?).map_err(damaged)
    }

    fn note(&self, jobs: &Jobs) -> Result<()> {
        let json = serde_json::to_string_pretty(jobs).map_err(|error| Error::system(error.to_string()))?;
        write_atomically(&self.folder.join(JOBS), format!("{json}\n").as_bytes())
    }

    /// All tasks that were submitted, by their array: those noted, and those of whose start a log tells, which were
    /// submitted by hand.
    fn tasks(&self) -> Result<BTreeSet<(u64, u64)>> {
        let mut tasks = BTreeSet::new();
        for submission in self.jobs()?.submissions {
            let places = queue::parse_places(&submission.tasks).ok_or_else(|| {
                let message = format!("has tasks {:?}, which are none; move it away", submission.tasks);
                Error::file(self.folder.join(JOBS), message)
            })?;
            tasks.extend(places.into_iter().map(|place| (submission.array, place)));
        }
        if let Ok(entries) = fs::read_dir(self.folder.join(LOGS)) {
            tasks.extend(entries.filter_map(|entry| log_of(entry.ok()?.file_name().to_str()?)));
        }
        Ok(tasks)
    }

    /// What Slurm and the logs say; `unfinished` are the indices of the runs that are not finished.
    ///
    /// # Errors
    /// If the list of jobs cannot be read. That Slurm cannot be asked is a note.
    pub fn report(&self, unfinished: &[usize]) -> Result<Report> {
        let tasks = self.tasks()?;
        let collect = self.jobs()?.submissions.iter().rev().find_map(|submission| submission.collect);
        let mut numbers: Vec<u64> = tasks.iter().map(|(array, _)| *array).collect();
        numbers.dedup();
        numbers.extend(collect);
        let (told, notes) = queue::ask(&self.folder, &numbers);
        // Numbers increase, so that the last of a place is the newest.
        let newest: BTreeMap<u64, u64> = tasks.into_iter().map(|(array, place)| (place, array)).collect();
        let mut left: BTreeMap<u64, usize> = BTreeMap::new();
        if !newest.is_empty() {
            let shards = self.shards()?;
            unfinished.iter().for_each(|run| *left.entry(*run as u64 % shards).or_default() += 1);
        }
        let job = |(place, array): (u64, u64)| Job {
            unfinished: left.get(&place).copied().unwrap_or(0),
            ..self.job(array, place, &told)
        };
        let shards = newest.into_iter().map(job).collect();
        let state = |job: u64| told.get(&(job, None)).map(|told| told.state.clone());
        let collect = collect.map(|job| Collecting { job, state: state(job) });
        Ok(Report { shards, collect, notes })
    }

    fn job(&self, array: u64, place: u64, told: &BTreeMap<Task, Told>) -> Job {
        let log = self.folder.join(LOGS).join(format!("{array}_{place}.log"));
        // A log that is not there yet, or cannot be read, tells nothing.
        let text = open_regular(&log).ok().and_then(|file| end(file, END).ok()).unwrap_or_default();
        let (starts, ended) = last_start(&String::from_utf8_lossy(&text));
        let told = told.get(&(array, Some(place)));
        Job {
            shard: place,
            job: format!("{array}_{place}"),
            state: told.map(|told| told.state.clone()),
            reason: told.and_then(|told| told.reason.clone()),
            starts,
            ended,
            log,
            is_alive: told.is_some_and(Told::is_alive),
            unfinished: 0,
        }
    }

    /// The jobs that wait or run.
    ///
    /// # Errors
    /// If Slurm cannot be asked.
    fn alive(&self) -> Result<BTreeSet<Task>> {
        let mut numbers: BTreeSet<u64> = self.tasks()?.into_iter().map(|(array, _)| array).collect();
        numbers.extend(self.jobs()?.submissions.iter().filter_map(|submission| submission.collect));
        if numbers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let numbers: Vec<u64> = numbers.into_iter().collect();
        let told = queue::queue(&self.folder, &numbers)?;
        Ok(told.into_iter().filter(|(_, told)| told.is_alive()).map(|(task, _)| task).collect())
    }

    /// The places of tasks that wait or run.
    ///
    /// # Errors
    /// If Slurm cannot be asked: what may still run is not submitted once more.
    pub fn places_in_use(&self) -> Result<BTreeSet<u64>> {
        Ok(self.alive()?.into_iter().filter_map(|(_, place)| place).collect())
    }

    /// Cancels all jobs that wait or run, and returns their numbers. Running ones save their state.
    ///
    /// # Errors
    /// If Slurm cannot be asked, or refuses.
    pub fn cancel(&self) -> Result<Vec<u64>> {
        let alive = self.alive()?;
        // Those that collect first: they would begin when the others end.
        let mut jobs: Vec<u64> = alive.iter().filter(|(_, place)| place.is_none()).map(|(job, _)| *job).collect();
        jobs.extend(alive.iter().filter(|(_, place)| place.is_some()).map(|(job, _)| *job));
        jobs.dedup();
        if !jobs.is_empty() {
            queue::run(&self.folder, "scancel", &jobs.iter().map(u64::to_string).collect::<Vec<_>>())?;
        }
        Ok(jobs)
    }
}

/// The job number that sbatch prints: `12`, or `12;cluster`; sites put lines of their own before it.
fn job_number(said: &str) -> Option<u64> {
    let line = said.lines().map(str::trim).rfind(|line| !line.is_empty())?;
    line.split(';').next()?.trim().parse().ok()
}

/// `MaxArraySize` in what `scontrol show config` prints.
fn array_size(text: &str) -> Option<usize> {
    let line = text.lines().find(|line| line.trim_start().starts_with("MaxArraySize"))?;
    line.split_once('=')?.1.trim().parse().ok()
}

/// The array and the place of the task that a log is of.
fn log_of(name: &str) -> Option<(u64, u64)> {
    let (array, place) = name.strip_suffix(".log")?.split_once('_')?;
    Some((array.parse().ok()?, place.parse().ok()?))
}

/// How often a shard was started by the end of its log, and what ended it the last time.
fn last_start(text: &str) -> (u32, Option<&'static str>) {
    const ENDS: [(&str, &str); 9] = [
        ("exceeded memory limit", "out of memory"),
        ("exceeded job memory limit", "out of memory"),
        ("oom-kill", "out of memory"),
        ("oom_kill", "out of memory"),
        ("due to time limit", "time limit"),
        ("due to node failure", "node failure"),
        ("due to preemption", "preempted"),
        ("due to job requeue", "requeued"),
        ("cancelled at", "cancelled"),
    ];
    let (mut starts, mut ended) = (0, None);
    for line in text.lines() {
        let start = line
            .strip_prefix("shard ")
            .and_then(|_| line.split_once(", start "))
            .and_then(|(_, rest)| rest.split(',').next().and_then(|number| number.parse().ok()));
        if let Some(number) = start {
            (starts, ended) = (number, None);
        } else if line.starts_with("shard ") && line.contains(": out of time") {
            ended = Some("time limit"); // Slurm's own line before it calls the signal a cancellation.
        } else if ended.is_none() && line.contains("slurmstepd") {
            let line = line.to_lowercase();
            ended = ENDS.iter().find(|(words, _)| line.contains(words)).map(|(_, what)| *what);
        }
    }
    (starts, ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKING: Packing = Packing { shards: 12, runs: 1, seconds: Some(5.0), memory: None };

    fn prepared(options: &str) -> (tempfile::TempDir, Slurm) {
        let folder = tempfile::tempdir().unwrap();
        let slurm = Slurm::of(folder.path()).unwrap();
        slurm
            .write(Path::new("/opt/nn4n"), PACKING, "auto", &Options::read(&options.parse().unwrap()).unwrap())
            .unwrap();
        (folder, slurm)
    }

    #[test]
    fn scripts_are_written_once_and_say_how_runs_are_divided() {
        let (_folder, slurm) = prepared("array = '%3'");
        assert_eq!(slurm.shards().unwrap(), 12);
        assert_eq!(slurm.throttle().unwrap(), "%3");
        assert_eq!(slurm.memory_option().unwrap(), "mem-per-cpu");
        assert_eq!(prepared("mem = '1G'").1.memory_option().unwrap(), "mem");
        assert!(slurm.folder.join(LOGS).is_dir());
        let refusal =
            slurm.write(Path::new("/opt/nn4n"), PACKING, "auto", &Options::default()).unwrap_err().to_string();
        assert!(refusal.contains("already") && refusal.contains("resume"), "{refusal}");
        fs::write(slurm.script(), "shards=x\n").unwrap();
        assert!(slurm.shards().unwrap_err().to_string().contains("shards=12"));
    }

    #[test]
    fn jobs_are_those_noted_and_those_that_left_a_log() {
        let (_folder, slurm) = prepared("");
        let submission = Submission { array: 7, tasks: "0-1".into(), collect: Some(9), submitted: 1 };
        slurm.note(&Jobs { submissions: vec![submission] }).unwrap();
        for name in ["11_1.log", "collect_9.log", "x_1.log", "notes.txt"] {
            fs::write(slurm.folder.join(LOGS).join(name), "").unwrap();
        }
        assert_eq!(slurm.tasks().unwrap(), BTreeSet::from([(7, 0), (7, 1), (11, 1)]));
        fs::write(slurm.folder.join(JOBS), "{").unwrap();
        assert!(slurm.tasks().unwrap_err().to_string().contains("move it away"));
    }

    #[test]
    fn what_commands_print_is_read() {
        assert_eq!(job_number("12\n"), Some(12));
        assert_eq!(job_number("welcome to the cluster\n12;north\n\n"), Some(12));
        assert_eq!(job_number("Submitted"), None);
        assert_eq!(array_size("MailProg = x\nMaxArraySize            = 1001\n"), Some(1001));
        assert_eq!(array_size(""), None);
    }

    #[test]
    fn the_end_of_a_log_says_how_a_shard_ended() {
        let start = |number: u32| format!("shard 4/12: job 7_3 on node, start {number}, 2030-01-01 00:00:00\n");
        let killed = "slurmstepd-node: error: StepId=2.batch exceeded memory limit (3 > 1), being killed\n\
            slurmstepd-node: error: *** JOB 2 ON node CANCELLED AT 2030-01-01T00:00:00 ***\n";
        assert_eq!(last_start(&(start(1) + killed)), (1, Some("out of memory")));
        assert_eq!(last_start(&(start(1) + killed + &start(2))), (2, None), "it runs again");
        let oom = "slurmstepd: error: Detected 1 oom-kill event(s) in StepId=2.batch.\n";
        assert_eq!(last_start(&(start(3) + oom)), (3, Some("out of memory")));
        let requeued =
            "slurmstepd-node: error: *** JOB 3 ON node CANCELLED AT 2030-01-01T00:00:00 DUE TO JOB REQUEUE ***\n";
        assert_eq!(last_start(&(start(1) + requeued)), (1, Some("requeued")));
        let cancelled = "slurmstepd-node: error: *** JOB 3 ON node CANCELLED AT 2030-01-01T00:00:00 ***\n";
        assert_eq!(last_start(&(start(1) + cancelled)), (1, Some("cancelled")));
        let later = "shard 4/12: out of time, goes on in a later start\n";
        assert_eq!(last_start(&(start(1) + cancelled + later + requeued)), (1, Some("time limit")));
        assert_eq!(last_start("update 3: cancelled at nothing\n"), (0, None), "what a run says is not what Slurm says");
    }
}
