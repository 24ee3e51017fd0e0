//! What Slurm says of jobs: `squeue` while they wait, run or have just ended, `sacct` of those before, where there is
//! accounting. Neither has to be there, and a controller that does not answer is not waited for.

use std::{
    collections::BTreeMap,
    io::{ErrorKind, Read},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    echo::quoted,
    error::{Error, Result},
};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a submission is waited for: one that is given up may have been taken after all.
pub(super) const PATIENCE_TO_SUBMIT: Duration = Duration::from_secs(300);

/// The states of a job that has not ended.
const ALIVE: [&str; 12] = [
    "PENDING",
    "CONFIGURING",
    "RUNNING",
    "COMPLETING",
    "SUSPENDED",
    "STOPPED",
    "REQUEUED",
    "REQUEUE_HOLD",
    "REQUEUE_FED",
    "RESIZING",
    "SIGNALING",
    "STAGE_OUT",
];

/// The number of a job, and its place in an array.
pub(super) type Task = (u64, Option<u64>);

/// What Slurm says of a job or of a task of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// `PENDING`, `RUNNING`, `OUT_OF_MEMORY`, ...
    pub state: String,
    /// Why it waits or has failed, where it is said.
    pub reason: Option<String>,
}

impl Told {
    /// Whether the job waits, runs or is about to.
    pub fn is_alive(&self) -> bool {
        ALIVE.contains(&self.state.as_str())
    }
}

/// Asks a command of Slurm in this folder.
///
/// # Errors
/// As [`run_within`].
pub(super) fn run(folder: &Path, program: &str, arguments: &[String]) -> Result<String> {
    run_within(PATIENCE, folder, program, arguments)
}

/// Runs a command of Slurm in this folder, and returns what it writes.
///
/// # Errors
/// If it is not there, does not answer in time, or fails: with the first lines of what it says.
pub(super) fn run_within(patience: Duration, folder: &Path, program: &str, arguments: &[String]) -> Result<String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => Error::system(format!(
            "there is no {program} here; give this command on a machine of the cluster, or after `module load slurm`"
        )),
        _ => Error::system(format!("{program} could not be started ({error}); check that it may be executed")),
    })?;
    // Each stream has a reader of its own: a full pipe would be waited for in vain.
    let streams = (child.stdout.take().map(read), child.stderr.take().map(read));
    let is_success = wait(&mut child, patience).ok_or_else(|| {
        let seconds = patience.as_secs_f64();
        Error::system(format!("{program} did not answer within {seconds} s; the controller is busy or away, try later"))
    })?;
    let text = |stream: Option<thread::JoinHandle<String>>| stream.and_then(|s| s.join().ok()).unwrap_or_default();
    let (out, error) = (text(streams.0), text(streams.1));
    if is_success {
        return Ok(out);
    }
    let said = error.lines().filter(|line| !line.trim().is_empty()).take(3).collect::<Vec<_>>().join("; ");
    let said = if said.is_empty() { "without a word".into() } else { quoted(&said) };
    Err(Error::system(format!("{program} failed: {said}; mend what it names and give the command again")))
}

fn read(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error is what there is to show.
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether the process succeeded; none if it had to be ended.
fn wait(child: &mut Child, patience: Duration) -> Option<bool> {
    let begin = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if begin.elapsed() < patience => thread::sleep(Duration::from_millis(10)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}

/// What Slurm knows of these jobs, and what could not be asked. Accounting answers for what the queue has forgotten.
pub(super) fn ask(folder: &Path, jobs: &[u64]) -> (BTreeMap<Task, Told>, Vec<String>) {
    let mut notes = Vec::new();
    let mut told = BTreeMap::new();
    if jobs.is_empty() {
        return (told, notes);
    }
    match accounting(folder, jobs) {
        Ok(found) => told.extend(found),
        // Most small clusters have no accounting.
        Err(error) if error.to_string().contains("disabled") || error.to_string().contains("there is no sacct") => {}
        Err(error) => notes.push(error.to_string()),
    }
    match queue(folder, jobs) {
        Ok(found) => told.extend(found),
        Err(error) => notes.push(error.to_string()),
    }
    (told, notes)
}

/// The jobs of these that the queue knows.
///
/// # Errors
/// If it cannot be asked.
pub(super) fn queue(folder: &Path, jobs: &[u64]) -> Result<BTreeMap<Task, Told>> {
    let arguments = ["--noheader", "--array", "--states=all", "--format=%i|%T|%r"].map(String::from);
    let arguments = [arguments.as_slice(), &[format!("--jobs={}", comma_separated(jobs))]].concat();
    match run(folder, "squeue", &arguments) {
        Ok(text) => Ok(parse_queue(&text)),
        // What it says of the last job when it has forgotten it.
        Err(error) if error.to_string().contains("Invalid job id") => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

fn accounting(folder: &Path, jobs: &[u64]) -> Result<BTreeMap<Task, Told>> {
    let arguments = ["--noheader", "--parsable2", "--allocations", "--format=JobID,State,ExitCode"].map(String::from);
    let arguments = [arguments.as_slice(), &[format!("--jobs={}", comma_separated(jobs))]].concat();
    run(folder, "sacct", &arguments).map(|text| parse_accounting(&text))
}

fn comma_separated(jobs: &[u64]) -> String {
    jobs.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// Lines of job, state and reason.
fn parse_queue(text: &str) -> BTreeMap<Task, Told> {
    let line = |line: &str| {
        let mut parts = line.trim().splitn(3, '|');
        let (job, state, reason) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
        let reason = (!reason.is_empty() && reason != "None").then(|| reason.to_string());
        let told = Told { state: state.into(), reason };
        Some(tasks(job)?.into_iter().map(move |task| (task, told.clone())))
    };
    text.lines().filter_map(line).flatten().collect()
}

/// Lines of job, state and exit code; the state may say who cancelled it.
fn parse_accounting(text: &str) -> BTreeMap<Task, Told> {
    let line = |line: &str| {
        let mut parts = line.trim().split('|');
        let (job, state, code) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
        let (state, by) = state.split_once(' ').map_or((state, None), |(state, by)| (state, Some(by.to_string())));
        let failed = (state == "FAILED" && !code.is_empty()).then(|| format!("exit code {code}"));
        let told = Told { state: state.into(), reason: by.or(failed) };
        Some(tasks(job)?.into_iter().map(move |task| (task, told.clone())))
    };
    text.lines().filter_map(line).flatten().collect()
}

/// The tasks of `12`, `12_3` or `12_[0-3,7%2]`.
fn tasks(job: &str) -> Option<Vec<Task>> {
    let Some((job, places)) = job.split_once('_') else { return Some(vec![(job.parse().ok()?, None)]) };
    let job = job.parse().ok()?;
    let places = places.trim_matches(['[', ']']);
    let places = places.split_once('%').map_or(places, |(places, _)| places);
    Some(parse_places(places)?.into_iter().map(|place| (job, Some(place))).collect())
}

/// Most places of an array that are written out: more than Slurm allows.
const MOST_PLACES: usize = 4_000_001;

/// The numbers of `0-3,7`.
pub(super) fn parse_places(text: &str) -> Option<Vec<u64>> {
    let mut places = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
        if last < first || last - first >= (MOST_PLACES - places.len()) as u64 {
            return None;
        }
        places.extend(first..=last);
    }
    Some(places)
}

/// Increasing numbers as sbatch reads them: `0-3,7`.
pub(super) fn write_places(places: &[u64]) -> String {
    let mut parts: Vec<(u64, u64)> = Vec::new();
    for &place in places {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == place => *last = place,
            _ => parts.push((place, place)),
        }
    }
    let part = |(first, last): &(u64, u64)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    parts.iter().map(part).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(state: &str, reason: Option<&str>) -> Told {
        Told { state: state.into(), reason: reason.map(String::from) }
    }

    #[test]
    fn the_queue_is_read() {
        let text = "12_0|RUNNING|None\n12_3|PENDING|Nodes required for job are DOWN, DRAINED\n13|PENDING|Dependency\n\
            12_[5-6,9%2]|PENDING|Resources\n\nnonsense\nx_1|RUNNING|None\n";
        let found = parse_queue(text);
        assert_eq!(found.len(), 6);
        assert_eq!(found[&(12, Some(0))], told("RUNNING", None));
        assert_eq!(found[&(12, Some(3))].reason.as_deref(), Some("Nodes required for job are DOWN, DRAINED"));
        assert_eq!(found[&(12, Some(9))], told("PENDING", Some("Resources")));
        assert_eq!(found[&(13, None)], told("PENDING", Some("Dependency")));
        assert!(found[&(13, None)].is_alive() && !told("OUT_OF_MEMORY", None).is_alive());
    }

    #[test]
    fn accounting_is_read() {
        let text = "12_0|CANCELLED by 1000|0:15\n12_1|OUT_OF_MEMORY|0:125\n12_2|FAILED|75:0\n12_[4-5]|PENDING|0:0\n";
        let found = parse_accounting(text);
        assert_eq!(found[&(12, Some(0))], told("CANCELLED", Some("by 1000")));
        assert_eq!(found[&(12, Some(1))], told("OUT_OF_MEMORY", None));
        assert_eq!(found[&(12, Some(2))], told("FAILED", Some("exit code 75:0")));
        assert_eq!(found[&(12, Some(5))], told("PENDING", None));
    }

    #[test]
    fn places_are_written_as_they_are_read() {
        for text in ["0", "0-3,7", "1,3,5-6", "0-1000"] {
            assert_eq!(write_places(&parse_places(text).expect("places")), text);
        }
        for text in ["", "a", "3-1", "0-99999999999", "1,,2"] {
            assert_eq!(parse_places(text), None, "{text}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_command_that_hangs_is_ended_and_one_that_fails_is_quoted() {
        let arguments = |line: &str| ["-c".into(), line.into()];
        let begin = Instant::now();
        let patience = Duration::from_millis(200);
        let error = run_within(patience, Path::new("/"), "sh", &arguments("exec sleep 30")).expect_err("no answer");
        assert!(error.to_string().contains("did not answer"), "{error}");
        assert!(begin.elapsed() < Duration::from_secs(20));
        let error = run(Path::new("/"), "sh", &arguments("echo no >&2; exit 1")).expect_err("a failure");
        assert!(error.to_string().contains("sh failed: no"), "{error}");
        let error = run(Path::new("/"), "no-such-squeue", &[]).expect_err("it is not there");
        assert!(error.to_string().contains("there is no no-such-squeue"), "{error}");
        let long = run(Path::new("/"), "sh", &arguments("head -c 1000000 /dev/zero")).expect("a long answer");
        assert_eq!(long.len(), 1_000_000);
    }
}
