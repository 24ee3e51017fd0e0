//! Work in a terminal: live progress bars on standard error, and interruptions, which end a training after the update
//! in hand, to be resumed later.
//!
//! ```text
//! interruptions   Ctrl-C (SIGINT), SIGTERM, SIGHUP unless it was ignored when the program started (nohup), SIGUSR1
//! the first       before the first update ends the program at once, later after the update in hand, which is said
//! a second one    ends the program at once; the files are whole in all cases
//! ```

use std::{
    io::{self, Write},
    ops::ControlFlow,
    process,
    sync::{
        Mutex, Once, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::{
    echo::said,
    progress::{Listener, Transfer, Work, listen},
    train::Progress,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static FIRST: Mutex<Option<Instant>> = Mutex::new(None);
static HANDLER: Once = Once::new();
static WORK: Mutex<Work> = Mutex::new(Work::Free);
/// Bars that are shown.
static BARS: AtomicUsize = AtomicUsize::new(0);

/// The exit code of a program that was interrupted and can go on later: what schedulers take for a passing failure
/// (`EX_TEMPFAIL`).
pub const INTERRUPTED_CODE: u8 = 75;

/// Signals within this time are one wish.
const ONE_WISH: Duration = Duration::from_secs(1);

/// How long work takes at least that has a bar of its own unasked.
const WAIT: Duration = Duration::from_millis(500);

/// How long nothing is said of a training where there is no bar.
const SILENCE: Duration = Duration::from_secs(30);

/// A line on standard error. That nobody reads it any more (as under `2>&1 | head`) is no reason to end a run, let
/// alone to panic as `eprintln!` does.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", said(line));
}

/// From now on what long work tells is shown on standard error: notes as lines, transfers as bars in a terminal, else
/// as one line. What another listener has been given stays with it.
pub fn show_progress() {
    listen(Terminal);
}

struct Terminal;

impl Listener for Terminal {
    fn note(&self, text: &str) {
        say(text);
    }

    fn turns_to(&self, work: Work) {
        *WORK.lock().unwrap_or_else(PoisonError::into_inner) = work;
    }

    fn steps(&self, what: &'static str, steps: u64) -> Box<dyn Transfer> {
        Box::new(Waiting { what, steps, since: Instant::now(), bar: None })
    }

    fn transfer(&self, what: &str, done: u64, bytes: u64) -> Box<dyn Transfer> {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(5));
        bar.set_style(style("{bar:24} {bytes}/{total_bytes}  {msg}  {bytes_per_sec}  ETA {eta}"));
        bar.set_message(what.to_string());
        bar.set_position(done);
        bar.reset_eta();
        if bar.is_hidden() {
            let rest = if done > 0 { format!(", {} of them here already", HumanBytes(done)) } else { String::new() };
            say(&format!("downloading {what}: {}{rest}", HumanBytes(bytes)));
        }
        Box::new(Bar(bar))
    }
}

/// A bar that is shown once its work has taken a while, and where no other bar tells of the work that this is a part of.
struct Waiting {
    what: &'static str,
    steps: u64,
    since: Instant,
    bar: Option<Box<dyn FnMut(u64)>>,
}

impl Transfer for Waiting {
    fn reached(&mut self, done: u64) {
        if self.bar.is_none() && done < self.steps && self.since.elapsed() > WAIT && !Shown::any() {
            self.bar = Some(Box::new(steps_bar(self.what, self.steps)));
        }
        if let Some(bar) = &mut self.bar {
            bar(done);
        }
    }
}

/// Counts the bars that are shown.
struct Shown;

impl Shown {
    fn new() -> Self {
        BARS.fetch_add(1, Ordering::Relaxed);
        Self
    }

    fn any() -> bool {
        BARS.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        BARS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Stays where it was when its transfer ends.
struct Bar(ProgressBar);

impl Transfer for Bar {
    fn reached(&mut self, done: u64) {
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

/// Shows update, loss, performance, speed and remaining time on standard error: as a bar in a terminal, else as one
/// line per validation, and every 30 s where there is none. Pass it to [`fit`](crate::train::fit); from then on an
/// interruption ends the training in order.
pub fn progress_bar() -> impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send {
    show_progress();
    end_in_order();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(style("{bar:24} {pos}/{len}  {msg}  {speed}  ETA at most {eta}").with_key("speed", speed));
    let mut performance = String::from("-");
    let mut spoke = Instant::now();
    let shown = Shown::new();
    move |progress: &Progress<'_>| {
        let _ = &shown; // for as long as this closure lives
        if bar.length().is_none() {
            bar.set_length(progress.updates);
            // A resumed run begins in the middle; speed and remaining time are those of its own updates.
            bar.set_position(progress.update - 1);
            bar.reset_eta();
            bar.reset_elapsed();
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        if let Some(validation) = progress.validation {
            let remark = |level: f64| format!(" (at chance: guessing reaches {:.1} %)", 100.0 * level);
            performance = validation.summary() + &progress.guessing.map_or_else(String::new, remark);
        }
        if bar.is_hidden() && (progress.validation.is_some() || spoke.elapsed() >= SILENCE) {
            say(&format!("update {:>6}  batch loss {:.4}  {performance}", progress.update, progress.loss));
            spoke = Instant::now();
        }
        bar.set_position(progress.update);
        bar.set_message(format!("batch loss {:.4}  {performance}", progress.loss));
        let interrupted = INTERRUPTED.load(Ordering::Relaxed);
        if progress.update == progress.updates || interrupted {
            bar.abandon();
        }
        if interrupted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Shows how many of so many steps are done, in a terminal; the bar is gone when it is dropped.
pub(crate) fn steps_bar(what: &'static str, steps: u64) -> impl FnMut(u64) {
    let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(style("{bar:24} {pos}/{len} {msg}  ETA {eta}"));
    bar.set_message(what);
    let passing = Passing { bar, _shown: Shown::new() };
    move |done| passing.bar.set_position(done)
}

/// Is cleared when its work ends.
struct Passing {
    bar: ProgressBar,
    _shown: Shown,
}

impl Drop for Passing {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

pub(crate) fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn speed(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A formatter has nowhere to report to.
    let _ = write!(out, "{:.0} updates/s", state.per_sec());
}

/// From now on an interruption ends a training in order.
pub(crate) fn end_in_order() {
    HANDLER.call_once(|| {
        if let Err(error) = signals::watch(interrupted) {
            say(&format!("interruptions will end the run at once instead of saving it ({error})"));
        }
    });
}

/// Whether the program was told to end.
pub(crate) fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Ends a training in order, as a signal does.
pub(crate) fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// The program was told to end by a signal of this name.
fn interrupted(signal: &str) {
    let first = *FIRST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    let again = INTERRUPTED.swap(true, Ordering::Relaxed);
    // `timeout` and schedulers signal a process and then its group: both are the same wish.
    if again && first.elapsed() < ONE_WISH {
        return;
    }
    let work = *WORK.lock().unwrap_or_else(PoisonError::into_inner);
    say(&format!("\ninterrupted ({signal}): {}", if again { "ends at once".into() } else { awaited(work) }));
    if again || work == Work::Free {
        process::exit(INTERRUPTED_CODE.into());
    }
}

/// What is waited for before the program ends.
fn awaited(work: Work) -> String {
    let what = match work {
        Work::Free => return "ends at once, as there is nothing to save".into(),
        Work::Begin => "saving after the first update, which begins now".into(),
        Work::Update(update) => format!("saving after update {update}, which is being computed"),
        Work::Runs => "saving the runs under way, each after its update in hand".into(),
        Work::Validation(update) => format!("saving after the validation of update {update}, which is being computed"),
    };
    format!("{what} (again to quit at once)")
}

#[cfg(unix)]
mod signals {
    use std::{io, thread};

    use signal_hook::{
        consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1},
        iterator::Signals,
        low_level::signal_name,
    };

    /// Tells of every signal that asks the program to end, on a thread of its own.
    pub fn watch(tell: fn(&str)) -> io::Result<()> {
        let mut watched = vec![SIGINT, SIGTERM, SIGUSR1];
        if !is_ignored(SIGHUP) {
            watched.push(SIGHUP);
        }
        let mut signals = Signals::new(watched)?;
        let listen = move || signals.forever().for_each(|signal| tell(signal_name(signal).unwrap_or("a signal")));
        thread::Builder::new().name("signals".into()).spawn(listen).map(drop)
    }

    /// Whether the process was started with this signal ignored: a bit of a mask that Linux tells.
    #[cfg(target_os = "linux")]
    fn is_ignored(signal: i32) -> bool {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
    }

    /// The same where no file tells it. The question has no safe answer in the libraries, but a child inherits what is
    /// ignored: one that sends itself the signal survives then.
    #[cfg(not(target_os = "linux"))]
    fn is_ignored(signal: i32) -> bool {
        use std::{
            os::unix::process::ExitStatusExt,
            process::{Command, Stdio},
        };

        let mut child = Command::new("/bin/sh");
        child.args(["-c", &format!("kill -{signal} $$")]).stdin(Stdio::null()).stdout(Stdio::null());
        child.stderr(Stdio::null()).status().is_ok_and(|status| status.signal().is_none())
    }
}

#[cfg(not(unix))]
mod signals {
    use std::io;

    /// Tells of Ctrl-C and of what else asks the program to end, on a thread of its own.
    pub fn watch(tell: fn(&str)) -> io::Result<()> {
        ctrlc::set_handler(move || tell("Ctrl-C")).map_err(io::Error::other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_has_a_bar_of_its_own_only_where_no_other_is_shown() {
        let waiting = || Waiting { what: "trials", steps: 2, since: Instant::now() - 2 * WAIT, bar: None };
        let outer = Shown::new();
        let mut hidden = waiting();
        hidden.reached(1);
        assert!(hidden.bar.is_none() && Shown::any());
        drop(outer);
        let mut done = waiting();
        done.reached(2);
        assert!(done.bar.is_none(), "nothing is left to wait for");
        let mut short = Waiting { since: Instant::now(), ..waiting() };
        short.reached(1);
        assert!(short.bar.is_none());
    }

    #[test]
    fn what_is_waited_for_is_said() {
        assert!(awaited(Work::Free).contains("at once"));
        for work in [Work::Begin, Work::Update(7), Work::Validation(7), Work::Runs] {
            let said = awaited(work);
            assert!(said.contains("saving") && said.contains("again to quit"), "{said}");
        }
    }
}
