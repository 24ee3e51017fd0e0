//! The memory of a step, measured by the program itself in a process of its own.

use std::{
    env,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use super::args::flags;
use crate::{
    bench::{Case, ENVIRONMENT},
    terminal::say,
};

/// Bytes that a step holds, or `None`, with a line on standard error, if they are not measured.
pub fn of_step(case: &Case, threads: usize) -> Result<Option<u64>> {
    let program = env::current_exe().context("the program does not know its own path")?;
    let mut command = Command::new(program);
    command.arg("bench").args(flags(case)).args(["--threads", &threads.to_string(), "--probe-memory"]);
    let output = command.envs(ENVIRONMENT).stdin(Stdio::null()).output().context("the memory could not be measured")?;
    if !output.status.success() {
        bail!(
            "{}: the memory could not be measured ({}); {}",
            case.case,
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    let bytes: Option<u64> = serde_json::from_slice(&output.stdout).context("the memory could not be measured")?;
    if bytes.is_none() {
        say(&format!("{}: memory is not measured; it takes Linux with a writable /proc/self/clear_refs", case.case));
    }
    Ok(bytes)
}
