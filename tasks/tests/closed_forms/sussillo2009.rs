//! The sine generator of Sussillo & Barak (2013), in steps of 20 ms, which are 0.2 of its time unit.

use nn4n_tasks::Objective::MaskedMse;
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, square, trials};

/// The mean of sin^2(x k) over k = 1 .. n: 1/2 less half the mean of cos(2 x k), whose sum is sin(n x) cos((n + 1) x) /
/// sin(x).
fn mean_square_of_sine(x: f64, n: f64) -> f64 {
    0.5 - (n * x).sin() * ((n + 1.0) * x).cos() / x.sin() / (2.0 * n)
}

#[test]
fn a_sine_has_the_loss_and_the_level_of_its_definition() {
    let trials = trials("sussillo2009/sine_generator", &json!({}), 4000);
    assert_lengths("sine generator", &trials, (400, 400), 400.0);
    let squares = (0..51).map(|j| mean_square_of_sine((0.1 + 0.01 * f64::from(j)) * 0.2, 400.0)).sum::<f64>() / 51.0;
    assert_loss("sine generator", &trials, MaskedMse, 0.0, squares);
    // Levels 1/51 to 1 are equally likely, and 1/4 is added: the mean is 26/51 + 1/4, the variance (51^2 - 1) / 12 of
    // (1/51)^2.
    let level = 26.0 / 51.0 + 0.25;
    assert_input("sine generator", &trials, |inputs| f64::from(inputs[0]), level);
    assert_input(
        "sine generator, squared",
        &trials,
        square(0),
        level * level + (51.0 * 51.0 - 1.0) / 12.0 / (51.0 * 51.0),
    );
}
