//! Orhan & Ma (2019), in steps of 10 ms. Lengths that are always the same are checked in `tests/orhan2019.rs`.

use std::f64::consts::PI;

use nn4n_tasks::Objective::MaskedMse;
use nn4n_tasks::{TaskError, create};
use serde_json::json;

use super::measure::{assert_input, assert_lengths, assert_loss, assert_mean, trials};

const ALL: [&str; 7] = [
    "delayed_estimation_1",
    "delayed_estimation_2",
    "gated_delayed_estimation",
    "change_detection",
    "two_afc",
    "comparison",
    "sine_generation",
];

fn id(name: &str) -> String {
    format!("orhan2019/{name}")
}

#[test]
fn variable_delays_have_the_lengths_of_their_list() {
    for name in ALL {
        let trials = trials(&id(name), &json!({ "delay": { "one_of": [100.0, 400.0, 700.0, 1000.0] } }), 800);
        assert_lengths(name, &trials, (60, 150), 50.0 + (10.0 + 40.0 + 70.0 + 100.0) / 4.0);
    }
}

#[test]
fn silence_costs_the_mean_square_of_an_orientation_or_of_a_piece_of_a_sine() {
    // Orientations are uniform in [0, pi).
    for name in &ALL[..3] {
        assert_loss(name, &trials(&id(name), &json!({}), 4000), MaskedMse, 0.0, PI * PI / 3.0);
    }
    // sin^2 is half of 1 - cos; the cosines of 0, x, .. 24 x add up to sin(25 x / 2) cos(12 x) / sin(x / 2).
    for alpha in [0.25, 1.5] {
        let x = 2.0 * alpha * PI / 24.0;
        let expected = 0.5 - (12.5 * x).sin() * (12.0 * x).cos() / (0.5 * x).sin() / 50.0;
        let trials = trials(&id("sine_generation"), &json!({ "alpha": alpha }), 20);
        assert_loss("sine_generation", &trials, MaskedMse, 0.0, expected);
    }
}

#[test]
fn either_class_is_right_half_of_the_time() {
    for name in &ALL[3..6] {
        let first: Vec<f64> = trials(&id(name), &json!({}), 4000)
            .targets
            .outer_iter()
            .map(|targets| f64::from(targets[[149, 0]]))
            .collect();
        assert_mean(name, &first, 0.5);
    }
}

/// The modified Bessel function I_0, as its series.
fn bessel(x: f64) -> f64 {
    (1..30).rev().fold(1.0, |sum, k| 1.0 + sum * (x / (2.0 * f64::from(k))).powi(2))
}

/// What the 50 channels of a line fire for a stimulus, all together.
fn on_line(stimulus: f64, range: f64, width: f64) -> f64 {
    (0..50).map(|k| (-0.5 * ((stimulus + range - 2.0 * range * f64::from(k) / 49.0) / width).powi(2)).exp()).sum()
}

#[test]
fn channels_fire_as_many_spikes_in_a_trial_as_their_tuning_says() -> Result<(), TaskError> {
    // Averaged over all orientations, exp(kappa (cos 2 x - 1)) is exp(-kappa) I_0(kappa), with kappa = 2, for each
    // channel.
    let tuned = 50.0 * (-2.0_f64).exp() * bessel(2.0);
    // In a period without a stimulus each channel fires a tenth of a spike; those that are cued five times as many.
    let rest = 50.0 * 0.1;
    // The stimuli of the comparison are uniform between -40 and 40.
    let compared = (0..800).map(|i| on_line(-39.95 + 0.1 * f64::from(i), 50.0, 10.0)).sum::<f64>() / 800.0;
    for (name, spikes) in [
        ("delayed_estimation_1", tuned + 2.0 * rest),
        ("delayed_estimation_2", 2.0 * (tuned + 2.0 * rest)),
        ("gated_delayed_estimation", 2.0 * (tuned + rest) + 6.0 * rest),
        ("change_detection", 2.0 * tuned + rest),
        ("two_afc", on_line(15.0, 40.0, 15.0) + 2.0 * rest),
        ("comparison", 2.0 * compared + rest),
    ] {
        for factor in [1.0, 3.0] {
            let parameters = create(&id(name), None)?.parameters();
            let times = |name: &str| parameters[name].as_f64().map(|spikes| spikes * factor);
            let stronger =
                json!({ "peak_spikes": times("peak_spikes"), "spontaneous_spikes": times("spontaneous_spikes") });
            let trials = trials(&id(name), &stronger, 2000);
            let all = |inputs: ndarray::ArrayView1<'_, f32>| inputs.iter().map(|u| f64::from(*u)).sum();
            assert_input(&format!("{name}, {factor} times as strong"), &trials, all, factor * spikes / 150.0);
        }
    }
    Ok(())
}
