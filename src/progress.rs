//! Live progress bars: of training, where Ctrl-C ends a run after the update in hand, to be resumed later, and of a
//! download.

use std::{
    borrow::Cow,
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

use crate::{checkpoint::ValidationRecord, train::Progress};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static HANDLER: Once = Once::new();

/// Shows update, loss, performance, speed and remaining time on standard error: as a bar in a terminal, else as one
/// line per validation. Pass it to [`fit`](crate::train::fit).
pub fn progress_bar() -> impl FnMut(&Progress<'_>) -> ControlFlow<()> + Send {
    install_interrupt();
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(style());
    let mut performance = String::from("-");
    move |progress: &Progress<'_>| {
        if bar.length().is_none() {
            bar.set_length(progress.updates);
            // A resumed run starts in the middle; speed and remaining time are those of its own updates.
            bar.set_position(progress.update - 1);
            bar.reset_eta();
            bar.reset_elapsed();
            bar.enable_steady_tick(Duration::from_millis(500));
        }
        if let Some(validation) = progress.validation {
            performance = words(validation);
            if bar.is_hidden() {
                say(&format!("update {:>6}  loss {:.4}  {performance}", progress.update, progress.loss));
            }
        }
        bar.set_position(progress.update);
        bar.set_message(format!("loss {:.4}  {performance}", progress.loss));
        if progress.update == progress.updates || INTERRUPTED.load(Ordering::Relaxed) {
            bar.abandon();
        }
        if INTERRUPTED.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Bytes of a download of which `done` are there, on standard error: as a bar in a terminal, else as one line.
pub(crate) fn download_bar(what: &str, done: u64, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr_with_hz(5));
    let template = "{bar:24} {bytes}/{total_bytes}  {msg}  {bytes_per_sec}  ETA {eta}";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(what.to_string());
    bar.set_position(done);
    bar.reset_eta();
    if bar.is_hidden() {
        let rest = if done > 0 { format!(", {} of them here already", HumanBytes(done)) } else { String::new() };
        say(&format!("downloading {what}: {}{rest}", HumanBytes(bytes)));
    }
    bar
}

/// A line on standard error. That nobody reads it any more (as under `2>&1 | head`) is no reason to end a run, let
/// alone to panic as `eprintln!` does.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(line));
}

/// The text with control characters spelled out: names in a file from elsewhere are not to command the terminal.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && c != '\n' && c != '\t';
    if !text.contains(commands) {
        return Cow::Borrowed(text);
    }
    let spelled = |c: char| if commands(c) { c.escape_default().to_string() } else { c.into() };
    Cow::Owned(text.chars().map(spelled).collect())
}

/// What a validation found, in the measure of its task, and in which stage of a curriculum.
pub(crate) fn words(validation: &ValidationRecord) -> String {
    let found = match (validation.performance, validation.rms_error) {
        (Some(performance), _) => format!("performance {:.1} %", 100.0 * performance),
        (None, Some(error)) => format!("error {error:.4}"),
        (None, None) => format!("validation loss {:.4}", validation.loss),
    };
    match validation.stage {
        Some(stage) => format!("stage {}: {found}", stage + 1),
        None => found,
    }
}

fn style() -> ProgressStyle {
    let template = "{bar:24} {pos}/{len}  {msg}  {speed}  ETA at most {eta}";
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("speed", |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        // A formatter has nowhere to report to.
        let _ = write!(out, "{:.0} updates/s", state.per_sec());
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_spelled_out() {
        assert_eq!(printable("two lines\nand\ta tab"), "two lines\nand\ta tab");
        assert_eq!(printable("\u{1b}[31mred\r"), "\\u{1b}[31mred\\r");
    }
}
