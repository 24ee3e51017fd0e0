//! The runs of a study on this machine: a queue, and processes that take one run of it after the other.
//!
//! A worker reads names of runs from its standard input, trains one at a time with one thread, and says on its standard
//! output how far it is ([`Said`]). It ends in order when its input does, so that it saves its run whether it is asked
//! to stop or the process that started it is gone. A worker that dies takes its own run along and no other.

use std::{
    collections::{BTreeSet, VecDeque},
    fs::{self, File},
    io::{self, BufRead, BufReader, Write},
    ops::ControlFlow,
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

use super::study::{Entry, Failure, Study, end};
use crate::{
    error::{Error, Result},
    files::unwritten,
};

/// How often a run that fails is tried.
pub const ATTEMPTS: u32 = 2;

/// What every worker is started with: one thread, and none that waits for work in a loop.
pub const WORKER_ENVIRONMENT: [(&str, &str); 2] =
    [("RAYON_NUM_THREADS", "1"), ("CANDLE_BARRIER_POOL_SPIN_LIMIT", "100")];

/// Whether a worker can turn its standard error to the log of the next run.
const IS_REUSED: bool = cfg!(unix);

/// How often it is looked whether to stop, and when a run is asked for again that another process trains.
const TICK: Duration = Duration::from_millis(100);
const CANCEL_EVERY: Duration = Duration::from_millis(500);
const IN_USE_EVERY: Duration = Duration::from_secs(1);

/// The exit code of a worker that was interrupted.
const INTERRUPTED: i32 = 75;

/// The part of a log that a message is taken from, bytes.
const END: u64 = 4 << 10;

/// What a worker says of its run, a line of JSON each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "snake_case")]
pub enum Said {
    /// It goes on.
    Update {
        /// Updates done.
        update: u64,
        /// Most updates.
        updates: u64,
    },
    /// Nothing is left to do.
    Finished,
    /// It was told to end, and has saved the run.
    Interrupted,
    /// Another process trains in the directory of the run.
    InUse,
    /// The run failed.
    Failed {
        /// Why, and what to do.
        message: String,
    },
}

/// What happens to a run.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Nothing is left to do.
    Finished(&'a Entry),
    /// An attempt failed.
    Failed {
        /// The run.
        entry: &'a Entry,
        /// Why.
        message: &'a str,
        /// Whether it is tried again.
        again: bool,
    },
    /// Another process trains in its directory; it is waited for.
    InUse(&'a Entry),
}

/// How far all runs are.
#[derive(Clone, Debug, Default)]
pub struct Board<'a> {
    /// Runs in all.
    pub runs: usize,
    /// Those that are finished.
    pub finished: usize,
    /// Those that failed as often as they are tried.
    pub failed: usize,
    /// Those that are being trained, with the part of their updates that is done.
    pub running: Vec<(&'a Entry, f64)>,
}

/// How it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs that were finished.
    pub finished: usize,
    /// The indices of those that failed.
    pub failed: Vec<usize>,
    /// Whether it was ended before all runs were.
    pub is_interrupted: bool,
}

/// The processes of this machine.
pub struct Local<'a> {
    /// The study.
    pub study: &'a Study,
    /// Most processes at a time.
    pub jobs: usize,
    /// Makes the command of a worker.
    pub worker: &'a dyn Fn() -> Command,
}

impl Local<'_> {
    /// Trains the runs of these indices. `tell` is called ten times a second and whenever something happens to a run;
    /// it may end the work, which saves the runs that are under way.
    ///
    /// # Errors
    /// If no process can be started, or the directory of a run cannot be written.
    pub fn train(
        &self,
        runs: &[usize],
        tell: &mut dyn FnMut(&Board<'_>, Option<Event<'_>>) -> ControlFlow<()>,
    ) -> Result<Tally> {
        let logs = self.study.logs();
        fs::create_dir_all(&logs).map_err(|error| unwritten(&logs, &error))?;
        let (sender, receiver) = channel();
        let now = Instant::now();
        let mut queue = Queue {
            local: self,
            runs: runs.len(),
            waiting: runs.iter().map(|run| (*run, now)).collect(),
            in_use: BTreeSet::new(),
            workers: (0..self.jobs.clamp(1, runs.len().max(1))).map(|_| None).collect(),
            sender,
            tell,
            tally: Tally::default(),
            is_stopped: false,
            looked: now,
        };
        let worked = queue.work(&receiver);
        // Whatever happened, the runs under way are saved.
        queue.stop();
        let ended = queue.until(&receiver, |queue| queue.workers.iter().all(Option::is_none));
        worked.and(ended)?;
        let tally = queue.tally;
        Ok(Tally { is_interrupted: tally.finished + tally.failed.len() < runs.len(), ..tally })
    }
}

/// A process that trains runs.
struct Worker {
    child: Child,
    /// Closed to let it end.
    input: Option<ChildStdin>,
    run: Option<Run>,
}

/// The run that a worker trains.
struct Run {
    index: usize,
    /// The part of its updates that is done.
    done: f64,
}

/// A line of a worker, or its end.
type Line = (usize, Option<Said>);

struct Queue<'a, 'b> {
    local: &'a Local<'a>,
    runs: usize,
    /// Indices of runs, and from when on they may be begun.
    waiting: VecDeque<(usize, Instant)>,
    /// Those that another process was seen to train.
    in_use: BTreeSet<usize>,
    workers: Vec<Option<Worker>>,
    sender: Sender<Line>,
    tell: &'b mut dyn FnMut(&Board<'_>, Option<Event<'_>>) -> ControlFlow<()>,
    tally: Tally,
    is_stopped: bool,
    looked: Instant,
}

impl Queue<'_, '_> {
    fn work(&mut self, receiver: &Receiver<Line>) -> Result<()> {
        self.until(receiver, |queue| {
            queue.workers.iter().flatten().all(|worker| worker.run.is_none())
                && (queue.is_stopped || queue.waiting.is_empty())
        })
    }

    /// Hands out runs and listens until this is so.
    fn until(&mut self, receiver: &Receiver<Line>, is_done: impl Fn(&Self) -> bool) -> Result<()> {
        loop {
            self.hand_out()?;
            if is_done(self) {
                return Ok(());
            }
            match receiver.recv_timeout(TICK) {
                Ok((place, said)) => self.hear(place, said)?,
                // The queue has a sender of its own.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => self.tell(None),
            }
            if !self.is_stopped && self.looked.elapsed() >= CANCEL_EVERY {
                self.looked = Instant::now();
                if self.local.study.is_cancelled() {
                    self.stop();
                }
            }
        }
    }

    /// Gives every worker that has none a run.
    fn hand_out(&mut self) -> Result<()> {
        for place in 0..self.workers.len() {
            let is_free = match &self.workers[place] {
                None => true,
                Some(worker) => worker.run.is_none() && worker.input.is_some(),
            };
            if self.is_stopped || !is_free {
                continue;
            }
            let now = Instant::now();
            let Some(next) = self.waiting.iter().position(|(_, from)| *from <= now) else { return Ok(()) };
            if let Some((index, _)) = self.waiting.remove(next) {
                self.begin(place, index)?;
            }
        }
        Ok(())
    }

    fn begin(&mut self, place: usize, index: usize) -> Result<()> {
        let entry = &self.local.study.entries()[index];
        if self.workers[place].is_none() {
            self.workers[place] = Some(self.start(place, entry)?);
        }
        if let Some(worker) = &mut self.workers[place] {
            worker.run = Some(Run { index, done: 0.0 });
            // Where it fails the worker is gone, and its end is heard of.
            let _ = worker.input.as_mut().map(|input| writeln!(input, "{}", entry.name));
            if !IS_REUSED {
                worker.input = None;
            }
        }
        Ok(())
    }

    /// Starts a worker, and a thread that passes on what it says.
    fn start(&self, place: usize, entry: &Entry) -> Result<Worker> {
        let log = self.local.study.open_log(entry)?;
        let mut command = (self.local.worker)();
        command.envs(WORKER_ENVIRONMENT).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(log));
        let unstarted = |error: io::Error| {
            Error::system(format!("a process could not be started ({error}); give fewer --jobs, or raise the limits"))
        };
        let mut child = command.spawn().map_err(unstarted)?;
        let (input, output, sender) = (child.stdin.take(), child.stdout.take(), self.sender.clone());
        let listen = move || {
            for line in output.map(BufReader::new).into_iter().flat_map(BufReader::lines) {
                let Ok(line) = line else { break };
                // What is no line of ours was written by a library.
                if let Ok(said) = serde_json::from_str(&line) {
                    let _ = sender.send((place, Some(said)));
                }
            }
            let _ = sender.send((place, None));
        };
        thread::Builder::new().name("worker".into()).spawn(listen).map_err(unstarted)?;
        Ok(Worker { child, input, run: None })
    }

    fn hear(&mut self, place: usize, said: Option<Said>) -> Result<()> {
        let Some(worker) = &mut self.workers[place] else { return Ok(()) };
        let Some(said) = said else { return self.bury(place) };
        if let Said::Update { update, updates } = said {
            if let Some(run) = &mut worker.run {
                run.done = update as f64 / updates.max(1) as f64;
            }
            return Ok(());
        }
        let Some(run) = worker.run.take() else { return Ok(()) };
        self.ended(run.index, said)
    }

    /// What becomes of a worker that has ended.
    fn bury(&mut self, place: usize) -> Result<()> {
        let Some(mut worker) = self.workers[place].take() else { return Ok(()) };
        drop(worker.input.take());
        let status = worker
            .child
            .wait()
            .map_err(|error| Error::system(format!("a process was lost ({error}); give the command again")))?;
        let Some(run) = worker.run else { return Ok(()) };
        if status.code() == Some(INTERRUPTED) {
            return self.ended(run.index, Said::Interrupted);
        }
        let log = self.local.study.log(&self.local.study.entries()[run.index]);
        self.ended(run.index, Said::Failed { message: last_words(status, &log) })
    }

    /// What becomes of a run whose worker is done with it.
    fn ended(&mut self, index: usize, said: Said) -> Result<()> {
        let study = self.local.study;
        let entry = &study.entries()[index];
        let directory = study.run_directory(entry);
        match said {
            Said::Finished => {
                Failure::forget(&directory)?;
                self.tally.finished += 1;
                self.tell(Some(Event::Finished(entry)));
            }
            Said::Failed { message } => {
                // What cannot be read is replaced.
                let before = Failure::read(&directory).ok().flatten().map_or(0, |failure| failure.attempts);
                let failure = Failure { attempts: before + 1, message };
                failure.write(&directory)?;
                let again = failure.attempts < ATTEMPTS;
                if again {
                    self.waiting.push_back((index, Instant::now()));
                } else {
                    self.tally.failed.push(index);
                }
                self.tell(Some(Event::Failed { entry, message: &failure.message, again }));
            }
            Said::InUse => {
                self.waiting.push_back((index, Instant::now() + IN_USE_EVERY));
                if self.in_use.insert(index) {
                    self.tell(Some(Event::InUse(entry)));
                }
            }
            // By somebody else, unless all are stopped.
            Said::Interrupted | Said::Update { .. } => self.waiting.push_back((index, Instant::now())),
        }
        Ok(())
    }

    fn tell(&mut self, event: Option<Event<'_>>) {
        let entries = self.local.study.entries();
        let running = self.workers.iter().flatten().filter_map(|worker| worker.run.as_ref());
        let board = Board {
            runs: self.runs,
            finished: self.tally.finished,
            failed: self.tally.failed.len(),
            running: running.map(|run| (&entries[run.index], run.done)).collect(),
        };
        if (self.tell)(&board, event).is_break() {
            self.stop();
        }
    }

    /// Lets every worker end in order.
    fn stop(&mut self) {
        self.workers.iter_mut().flatten().for_each(|worker| drop(worker.input.take()));
        self.is_stopped = true;
    }
}

/// Why a worker died, with the last line of its log.
fn last_words(status: ExitStatus, log: &Path) -> String {
    let text = File::open(log).and_then(|file| end(file, END)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or("nothing");
    format!("its process ended unexpectedly ({}); the last line of its log: {line}", words(status))
}

#[cfg(unix)]
fn words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;

    match status.signal() {
        Some(9) => "signal 9, by which the system ends what takes too much memory; give fewer --jobs".into(),
        _ => status.to_string(),
    }
}

#[cfg(not(unix))]
fn words(status: ExitStatus) -> String {
    status.to_string()
}
