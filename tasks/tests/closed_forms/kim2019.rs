//! Kim et al. (2019), in steps of 5 ms.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, square, trials};

#[test]
fn go_nogo_has_the_length_the_loss_and_the_input_of_its_definition() {
    let trials = trials("kim2019/go_nogo", &json!({}), 4000);
    assert_lengths("go_nogo", &trials, (200, 200), 200.0);
    // 1 in the last 125 of 200 steps of every other trial; the last step of all is not graded.
    assert_loss("go_nogo", &trials, MaskedMse, 0.0, 124.0 / 199.0 / 2.0);
    assert_loss("go_nogo", &trials, MaskedMse, 1.0, 1.0 - 124.0 / 199.0 / 2.0);
    assert_input("go_nogo", &trials, |inputs| f64::from(inputs[0]), 25.0 / 200.0 / 2.0);
}

#[test]
fn xor_has_the_length_the_loss_and_the_inputs_of_its_definition() {
    let trials = trials("kim2019/xor", &json!({}), 4000);
    assert_lengths("xor", &trials, (300, 300), 300.0);
    // 1 or -1, as often, in 100 of 300 steps, else 0; the last step is not graded.
    assert_loss("xor", &trials, MaskedMse, 0.0, 100.0 / 299.0);
    assert_loss("xor", &trials, MaskedMse, 1.0, (199.0 + 100.0 * (0.0 + 4.0) / 2.0) / 299.0);
    for channel in 0..2 {
        assert_input(&format!("xor, squared channel {channel}"), &trials, square(channel), 50.0 / 300.0);
        assert_input(&format!("xor, channel {channel}"), &trials, |inputs| f64::from(inputs[channel]), 0.0);
    }
}
