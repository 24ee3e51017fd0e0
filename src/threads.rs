//! The number of threads, settled once.
//!
//! candle asks for the number of threads at every matrix product, and unless `RAYON_NUM_THREADS` is set it reads the description of the processor
//! from the system each time, which takes longer than a product of small matrices. So a program that trains sets the variable when it starts.
//! Results do not depend on it.

use std::env;

const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Makes sure that `RAYON_NUM_THREADS` is set; call it first in `main`. If it is not, the program is replaced by itself with the variable set to
/// the number that candle takes (the physical cores). On systems without `exec` it does nothing, and a user can set the variable.
pub fn settle() {
    if env::var_os(VARIABLE).is_none() {
        restart(candle_core::utils::get_num_threads());
    }
}

/// The same with this number, whatever the variable was.
pub(crate) fn settle_at(threads: usize) {
    let wanted = threads.to_string();
    if env::var_os(VARIABLE).is_none_or(|found| *found != *wanted) {
        restart(threads);
    }
}

/// The number that was settled.
pub(crate) fn settled() -> usize {
    candle_core::utils::get_num_threads()
}

#[cfg(unix)]
fn restart(threads: usize) {
    use std::{os::unix::process::CommandExt, process::Command};

    let Ok(program) = env::current_exe() else { return };
    let mut command = Command::new(program);
    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    let error = command.args(env::args_os().skip(1)).env(VARIABLE, threads.to_string()).exec();
    crate::progress::say(&format!("{VARIABLE} could not be set ({error}); set it to make training faster"));
}

#[cfg(not(unix))]
fn restart(_threads: usize) {}
