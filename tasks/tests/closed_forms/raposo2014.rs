//! The multisensory task of Raposo et al. (2014), in steps of 20 ms.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, square, trials};

#[test]
fn a_multisensory_trial_has_the_length_the_loss_and_the_inputs_of_its_definition() {
    let trials = trials("raposo2014/multisensory", &json!({}), 4000);
    assert_lengths("multisensory", &trials, (75, 75), 75.0);
    assert_loss("multisensory", &trials, MaskedMse, 0.0, 1.0);
    assert_loss("multisensory", &trials, MaskedMse, 0.5, 1.25);
    // Each modality is shown in two trials of three, both in one; the stimulus is 40 of 75 steps.
    let (mean, of_squares) = ((0.1 + 0.2 + 0.4 + 0.8) / 4.0, (0.01 + 0.04 + 0.16 + 0.64) / 4.0);
    for channel in 0..2 {
        let expected = 0.25 + of_squares * 2.0 / 3.0 * 40.0 / 75.0;
        assert_input(&format!("squared channel {channel}"), &trials, square(channel), expected);
        assert_input(&format!("channel {channel}"), &trials, |inputs| f64::from(inputs[channel]), 0.0);
    }
    // Shown together, they have one sign and strengths of their own.
    assert_input("both channels", &trials, |inputs| f64::from(inputs[0] * inputs[1]), mean * mean / 3.0 * 40.0 / 75.0);
}
