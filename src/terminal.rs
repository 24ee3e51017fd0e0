//! Work in a terminal: live progress bars on standard error, and Ctrl-C, which ends a training after the update in
//! hand, to be resumed later.

use std::{
    io::{self, Write},
    ops::ControlFlow,
    process,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use crate::{
    progress::{Listener, Transfer, listen, printable},
    train::Progress,
};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HANDLER: Once = Once::new();

/// A line on standard error. That nobody reads it any more (as under `2>&1 | head`) is no reason to end a run, let
/// alone to panic as `eprintln!` does.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(line));
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
/// line per validation. Pass it to [`fit`](crate::train::fit); from then on Ctrl-C ends the training in order.
pub fn progress_bar() -> impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send {
    show_progress();
    install_interrupt();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(style("{bar:24} {pos}/{len}  {msg}  {speed}  ETA at most {eta}").with_key("speed", speed));
    let mut performance = String::from("-");
    move |progress: &Progress<'_>| {
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
            if bar.is_hidden() {
                say(&format!("update {:>6}  loss {:.4}  {performance}", progress.update, progress.loss));
            }
        }
        bar.set_position(progress.update);
        bar.set_message(format!("loss {:.4}  {performance}", progress.loss));
        let interrupted = INTERRUPTED.load(Ordering::Relaxed);
        if progress.update == progress.updates || interrupted {
            bar.abandon();
        }
        if interrupted { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn speed(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    // A formatter has nowhere to report to.
    let _ = write!(out, "{:.0} updates/s", state.per_sec());
}

/// The first Ctrl-C asks for an orderly end, a second one ends at once; the files are whole in both cases.
fn install_interrupt() {
    HANDLER.call_once(|| {
        let handler = ctrlc::set_handler(|| {
            if INTERRUPTED.swap(true, Ordering::Relaxed) {
                process::exit(130);
            }
            say("\ninterrupted: saving after this update (again to quit at once)");
        });
        if let Err(error) = handler {
            say(&format!("Ctrl-C will end the run at once instead of saving it ({error})"));
        }
    });
}
