//! A long simulation of which only the outputs or a summary are wanted needs no memory for its activity. The test reads
//! the peak memory of its process, so it starts one in which it is alone.

#![cfg(target_os = "linux")]

use std::{env, process::Command};

use candle_core::{DType, Device, Tensor};
use nn4n_models::{Ctrnn, ModelConfig, NoiseKey, Result};

const STEPS: usize = 1_000_000;
const UNITS: usize = 100;

/// Set in the process in which the test is alone.
const ALONE: &str = "NN4N_TEST_IS_ALONE";

/// Most resident memory of this process so far, bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("the kernel's account of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    1024 * line.trim().strip_suffix(" kB").expect("kB").trim().parse::<usize>().expect("a number")
}

/// Runs one test of this program in a process of its own.
fn run_alone(test: &str) {
    let program = env::current_exe().expect("the path of this program");
    let output = Command::new(program).args(["--exact", test]).env(ALONE, "yes").output().expect("a process");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_million_steps_take_memory_for_inputs_and_outputs_alone() -> Result<()> {
    if env::var_os(ALONE).is_none() {
        run_alone("long_simulation::a_million_steps_take_memory_for_inputs_and_outputs_alone");
        return Ok(());
    }
    let network = Ctrnn::init(&ModelConfig::ei(1, UNITS, 1).sigma_rec(0.05), 0, DType::F32, &Device::Cpu)?;
    let inputs = Tensor::ones((1, STEPS, 1), DType::F32, &Device::Cpu)?;
    let key = Some(NoiseKey::new(1, 2));
    network.answer(&inputs.narrow(1, 0, 100)?, None, key)?;
    let before = peak();

    let answer = network.answer(&inputs, None, key)?;
    let (mut sum, mut pieces) = (0.0, 0);
    let last = network.visit(&inputs, None, key, 1000, |_, piece| -> Result<()> {
        sum += f64::from(piece.rates()?.sum_all()?.to_scalar::<f32>()?);
        pieces += 1;
        Ok(())
    })?;

    // The activity would be 400 MB, twice that with the states.
    let grown = peak() - before;
    assert!(grown < 4 * STEPS * UNITS / 8, "the peak grew by {grown} bytes");
    assert!(pieces == 1000 && sum > 0.0, "{pieces} pieces with a sum of {sum}");
    assert_eq!(last.rate.to_vec2::<f32>()?, answer.last.rate.to_vec2::<f32>()?);
    Ok(())
}
