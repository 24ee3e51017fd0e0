//! How far the runs of a study are, on one bar; without a terminal as a line every half minute. What fails is said as
//! it happens.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget};

use crate::{
    report::count_of,
    sweep::{Board, Event, Study},
    terminal::{say, style},
};

/// Steps of the bar for each run.
const STEPS: u64 = 1000;
/// How long nothing is said where there is no bar.
const SILENCE: Duration = Duration::from_secs(30);
/// Most runs that are named beside the bar.
const NAMED: usize = 3;

pub struct Progress<'a> {
    study: &'a Study,
    bar: ProgressBar,
    spoke: Instant,
}

impl<'a> Progress<'a> {
    pub fn new(study: &'a Study, runs: usize) -> Self {
        let length = STEPS * runs as u64;
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(5));
        bar.set_style(style("{bar:24} {msg}  ETA {eta}"));
        Self { study, bar, spoke: Instant::now() }
    }

    pub fn show(&mut self, board: &Board<'_>, event: Option<Event<'_>>) {
        match event {
            Some(Event::Failed { entry, message, again }) => {
                let fate = if again { "it is tried again".into() } else { self.study.log(entry).display().to_string() };
                self.say(&format!("{}: failed: {message} ({fate})", entry.name));
            }
            Some(Event::InUse(entry)) => {
                self.say(&format!("{}: another process trains it; it is waited for", entry.name));
            }
            Some(Event::Finished(_)) | None => {}
        }
        let under_way: f64 = board.running.iter().map(|(_, done)| done).sum();
        let ended = (board.finished + board.failed) as f64;
        self.bar.set_position(((ended + under_way) * STEPS as f64) as u64);
        self.bar.set_message(words(board));
        if self.bar.is_hidden() && self.spoke.elapsed() >= SILENCE {
            self.spoke = Instant::now();
            say(&words(board));
        }
    }

    fn say(&self, line: &str) {
        self.bar.suspend(|| say(line));
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.bar.abandon();
    }
}

fn words(board: &Board<'_>) -> String {
    let failed = if board.failed > 0 { format!(", {} failed", board.failed) } else { String::new() };
    let number = |name: &str| name.split('-').next().unwrap_or_default().to_string();
    let running: Vec<String> = board
        .running
        .iter()
        .take(NAMED)
        .map(|(entry, done)| format!("{} {:.0} %", number(&entry.name), 100.0 * done))
        .collect();
    let more = if board.running.len() > NAMED { format!(", {} more", board.running.len() - NAMED) } else { "".into() };
    let running = if running.is_empty() { String::new() } else { format!("  running {}{more}", running.join(", ")) };
    format!("{}/{}{failed}{running}", board.finished, count_of(board.runs, "run"))
}
