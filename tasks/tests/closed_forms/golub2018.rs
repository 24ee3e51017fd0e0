//! The flip-flop of Golub & Sussillo (2018), in steps.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, assert_mean, square, trials};

#[test]
fn a_flip_flop_has_the_loss_the_pulses_and_the_memory_of_its_definition() {
    for (bits, p) in [(3, 0.5), (2, 0.1)] {
        let what = format!("{bits} bits, p {p}");
        let trials = trials("golub2018/flip_flop", &json!({ "bits": bits, "p_pulse": p }), 2000);
        assert_lengths(&what, &trials, (64, 64), 64.0);
        assert_loss(&what, &trials, MaskedMse, 0.0, 1.0);
        assert_loss(&what, &trials, MaskedMse, 0.5, 1.25);
        for bit in 0..bits {
            // A pulse at the first step, and at the others with probability p; as often up as down.
            assert_input(&format!("{what}, pulses of {bit}"), &trials, square(bit), (1.0 + 63.0 * p) / 64.0);
            assert_input(&format!("{what}, {bit}"), &trials, |inputs| f64::from(inputs[bit]), 0.0);
            // A pulse in between turns the target around half of the time, so that p of what is remembered is lost in a
            // step.
            for lag in [1, 4] {
                let product = |trial: usize| -> f64 {
                    let z = |step: usize| f64::from(trials.targets[[trial, step, bit]]);
                    (lag..64).map(|step| z(step) * z(step - lag)).sum::<f64>() / (64 - lag) as f64
                };
                let memory = (1.0 - p).powi(lag as i32);
                assert_mean(&format!("{what}, memory over {lag}"), &(0..2000).map(product).collect::<Vec<_>>(), memory);
            }
        }
    }
}
