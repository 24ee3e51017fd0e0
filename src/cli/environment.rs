//! Settings that candle takes from the environment alone. What a command needs is set before it begins, by replacing
//! the program with itself.
//!
//! - `RAYON_NUM_THREADS`: candle reads it at every matrix product, and without it the description of the processor from
//!   the system, which takes longer than a small product. Only `bench` has such products.
//! - `CANDLE_BARRIER_POOL_SPIN_LIMIT`: after every operation on 65,536 numbers or more (the weights of 256 units),
//!   candle's own threads spin for about a millisecond before they sleep, on the cores that the next pass through time
//!   needs.

use std::{env, ffi::OsString};

use crate::terminal::say;

/// A variable and its value.
pub type Setting = (&'static str, String);

/// Lets candle's threads sleep when they have nothing to do, unless the user has decided.
pub fn no_spinning() -> Option<Setting> {
    const VARIABLE: &str = "CANDLE_BARRIER_POOL_SPIN_LIMIT";
    env::var_os(VARIABLE).is_none().then(|| (VARIABLE, "100".into()))
}

/// The number of threads of candle's matrix products, if it is another one so far.
pub fn product_threads(threads: usize) -> Option<Setting> {
    const VARIABLE: &str = "RAYON_NUM_THREADS";
    let wanted = threads.to_string();
    (env::var_os(VARIABLE) != Some(OsString::from(&wanted))).then_some((VARIABLE, wanted))
}

/// Starts the program anew with these settings, if there are any. Says so where that is not possible.
pub fn settle(settings: impl IntoIterator<Item = Setting>) {
    let settings: Vec<Setting> = settings.into_iter().collect();
    if !settings.is_empty() {
        let reason = restart(&settings);
        let wanted: Vec<String> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
        say(&format!("could not set the environment ({reason}); for full speed set {}", wanted.join(" ")));
    }
}

#[cfg(unix)]
fn restart(settings: &[Setting]) -> String {
    use std::{os::unix::process::CommandExt, process::Command};

    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => return error.to_string(),
    };
    let mut command = Command::new(program);
    if let Some(name) = env::args_os().next() {
        command.arg0(name);
    }
    command.args(env::args_os().skip(1)).envs(settings.iter().map(|(name, value)| (name, value))).exec().to_string()
}

#[cfg(not(unix))]
fn restart(_settings: &[Setting]) -> String {
    "this system cannot replace a program".into()
}
