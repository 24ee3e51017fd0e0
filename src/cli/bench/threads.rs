//! The number of threads of candle's matrix products, with which a step is compared.
//!
//! candle takes it from `RAYON_NUM_THREADS` at every product, and without the variable reads the description of the processor from the system each time,
//! which takes longer than a small product. So the program sets the variable before it measures.

use std::env;

use crate::progress::say;

const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Makes sure that the variable is `threads`: if it is not, the program is replaced by itself with the variable set. On systems without `exec` it says so.
pub fn settle(threads: usize) {
    let wanted = threads.to_string();
    if env::var_os(VARIABLE).is_none_or(|found| *found != *wanted) {
        say(&format!("{VARIABLE} could not be set ({}); set it to {wanted} to compare with the fastest matrix product", restart(&wanted)));
    }
}

#[cfg(unix)]
fn restart(threads: &str) -> String {
    use std::{os::unix::process::CommandExt, process::Command};

    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return error.to_string(),
    };
    let mut command = Command::new(program);
    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    command.args(env::args_os().skip(1)).env(VARIABLE, threads).exec().to_string()
}

#[cfg(not(unix))]
fn restart(_threads: &str) -> String {
    "this system cannot replace a program".into()
}
