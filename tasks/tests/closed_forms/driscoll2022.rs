//! Driscoll et al. (2022): steps of 20 ms, angles as sine and cosine, 100 ms without cost at the start and of the
//! response, fixation of 0.8.

use std::f64::consts::{PI, TAU};

use nn4n_tasks::{Condition, Objective, TrialBatch};
use serde_json::json;

use crate::closed_forms::measure::{
    Period, assert_loss, assert_mean, assert_periods, assert_ratio, assert_shown, assert_variable, steps_of, trials,
};

const N: usize = 1500;

const RULES: [&str; 15] = [
    "fdgo",
    "reactgo",
    "delaygo",
    "fdanti",
    "reactanti",
    "delayanti",
    "delaydm1",
    "delaydm2",
    "contextdelaydm1",
    "contextdelaydm2",
    "multidelaydm",
    "dmsgo",
    "dmsnogo",
    "dmcgo",
    "dmcnogo",
];

/// Trials each with a timing of its own.
fn quiet(name: &str, baseline: f64) -> TrialBatch {
    let parameters = json!({ "same_timing_per_batch": false, "sigma_in": 0.0, "baseline": baseline });
    trials(&format!("driscoll2022/{name}"), &parameters, N)
}

fn is_comparison(name: &str) -> bool {
    name.contains("delaydm")
}

fn is_matching(name: &str) -> bool {
    name.starts_with("dms") || name.starts_with("dmc")
}

/// Durations are uniform and cut to whole steps: from a to b ms, they take a / 20 to b / 20 - 1 steps, each equally
/// often.
fn drawn(name: &'static str, from: usize, to: usize) -> Period {
    (name, (from / 20, to / 20 - 1), (from + to) as f64 / 40.0 - 0.5)
}

fn periods(name: &str) -> Vec<Period> {
    let (delay, response) = (drawn("delay", 200, 1600), drawn("response", 300, 700));
    match name {
        "fdgo" | "fdanti" => vec![drawn("fixation", 300, 700), drawn("stimulus", 200, 1500), response],
        "reactgo" | "reactanti" => vec![drawn("fixation", 500, 2500), drawn("response", 300, 1700)],
        "delaygo" | "delayanti" => vec![drawn("fixation", 300, 700), drawn("stimulus", 200, 1600), delay, response],
        _ if is_matching(name) => vec![drawn("fixation", 200, 600), drawn("stimulus_1", 200, 1600), delay, response],
        _ => {
            let second = [drawn("stimulus_2", 200, 1600), drawn("wait", 100, 300), response];
            [drawn("fixation", 200, 600), drawn("stimulus_1", 200, 1600), delay].into_iter().chain(second).collect()
        }
    }
}

/// The mean numbers of steps before the response and in it.
fn before_and_after(name: &str) -> (f64, f64) {
    let means: Vec<f64> = periods(name).iter().map(|(_, _, mean)| *mean).collect();
    (means.iter().rev().skip(1).sum(), means[means.len() - 1])
}

/// The periods in which a stimulus is shown.
fn showing(name: &str) -> &'static [&'static str] {
    match name {
        "fdgo" | "fdanti" => &["stimulus", "response"],
        "reactgo" | "reactanti" => &["response"],
        "delaygo" | "delayanti" => &["stimulus"],
        _ if is_matching(name) => &["stimulus_1", "response"],
        _ => &["stimulus_1", "stimulus_2"],
    }
}

/// The mean and the mean square of the strength that a step of a stimulus shows in each modality.
fn strengths(name: &str) -> [(f64, f64); 2] {
    // g +- c with g ~ U(0.8, 1.2), and c ~ U(0.005, 0.8) of either sign.
    let uniform_square = 0.4025_f64.powi(2) + 0.795_f64.powi(2) / 12.0;
    let drawn = (1.0, 1.0 + 0.16 / 12.0 + uniform_square);
    match name {
        "delaydm1" => [drawn, (0.0, 0.0)],
        "delaydm2" => [(0.0, 0.0), drawn],
        // Times 1 +- d / 2, with d as c.
        "multidelaydm" => [(1.0, drawn.1 * (1.0 + uniform_square / 4.0)); 2],
        _ if is_comparison(name) => [drawn; 2],
        // A strength of 1 in one of the two modalities.
        _ => [(0.5, 0.5); 2],
    }
}

#[test]
fn periods_last_as_long_as_they_are_drawn_to() {
    for name in RULES {
        assert_periods(name, &quiet(name, 0.0), &periods(name));
    }
}

#[test]
fn constant_outputs_cost_what_the_levels_the_mask_and_the_timing_say() {
    for (name, baseline) in RULES.into_iter().flat_map(|name| [(name, 0.0), (name, 0.05)]) {
        let (before, after) = before_and_after(name);
        let responds = if is_matching(name) { 0.5 } else { 1.0 };
        let trials = quiet(name, baseline);
        for z in [0.0, 0.2_f64] {
            let (fixation, silence): (f64, f64) = ((z - 0.8).powi(2), (z - baseline).powi(2));
            // Masks of 1 and 5, and 2 and 10 on fixation, inside the square. Sine and cosine have the mean 0, and
            // squares that sum to 1.
            let held = 100.0 * fixation + 25.0 * 2.0 * silence;
            let answered = 100.0 * silence + 25.0 * (2.0 * silence + 1.0);
            let early = (before - 5.0) * (4.0 * fixation + 2.0 * silence);
            let cost = early + (after - 5.0) * (responds * answered + (1.0 - responds) * held);
            assert_loss(name, &trials, Objective::MeanSquare, z, cost / (3.0 * (before + after)));
        }
    }
}

#[test]
fn fixation_and_rule_are_on_for_as_long_as_the_periods_say() {
    for (rule, name) in RULES.into_iter().enumerate() {
        let trials = trials(&format!("driscoll2022/{name}"), &json!({ "same_timing_per_batch": false }), N);
        let (before, after) = before_and_after(name);
        let stays = name.starts_with("react") || is_matching(name);
        assert_shown(name, &trials, 0..1, if stays { before + after } else { before });
        assert_shown(name, &trials, 5 + rule..6 + rule, before + after);
        assert_shown(name, &trials, 5..20, before + after);
    }
}

#[test]
fn every_step_shows_the_strength_of_its_period_or_nothing() {
    for name in RULES {
        let trials = quiet(name, 0.0);
        // Sine and cosine together are as long as the strength.
        let sum_over = |is_shown: bool, trial: usize, first: usize, power: i32| {
            let view = trials.view(trial).expect("a trial");
            let steps = view.epochs.iter().filter(|epoch| showing(name).contains(&epoch.name.as_ref()) == is_shown);
            let strength =
                |step: usize| f64::from(view.inputs[[step, first]]).hypot(view.inputs[[step, first + 1]].into());
            steps
                .flat_map(|epoch| epoch.steps())
                .fold((0.0, 0.0), |(sum, n), step| (sum + strength(step).powi(power), n + 1.0))
        };
        for (first, (mean, square)) in [1, 3].into_iter().zip(strengths(name)) {
            for (power, expected) in [(1, mean), (2, square)] {
                let shown: Vec<_> = (0..N).map(|trial| sum_over(true, trial, first, power)).collect();
                assert_ratio(&format!("strength to the power of {power} of {name}"), &shown, expected);
            }
            assert!(
                (0..N).all(|trial| sum_over(false, trial, first, 1).0 == 0.0),
                "{name} shows something out of turn"
            );
        }
        // All directions are equally frequent.
        assert_shown(name, &trials, 1..2, 0.0);
        assert_shown(name, &trials, 4..5, 0.0);
    }
}

#[test]
fn modalities_of_a_multisensory_trial_differ_by_a_share_of_either_sign() {
    let trials = quiet("multidelaydm", 0.0);
    for stimulus in ["stimulus_1", "stimulus_2"] {
        // s (1 + d / 2) and s (1 - d / 2) have the ratio d / 2 of difference to sum, with |d| from 0.005 to 0.8.
        let share = |trial: usize| {
            let view = trials.view(trial).expect("a trial");
            let step = view.epoch(stimulus).expect(stimulus).start;
            let strength =
                |first: usize| f64::from(view.inputs[[step, first]]).hypot(view.inputs[[step, first + 1]].into());
            (strength(1) - strength(3)) / (strength(1) + strength(3))
        };
        let shares: Vec<f64> = (0..N).map(share).collect();
        assert_mean(&format!("split of {stimulus}"), &shares, 0.0);
        assert_mean(
            &format!("size of the split of {stimulus}"),
            &shares.iter().map(|share| share.abs()).collect::<Vec<_>>(),
            0.4025 / 2.0,
        );
    }
}

#[test]
fn both_stimuli_of_a_comparison_have_a_duration_of_their_own() {
    for name in RULES.into_iter().filter(|name| is_comparison(name)) {
        let trials = quiet(name, 0.0);
        let product = |trial| steps_of(&trials, trial, "stimulus_1") * steps_of(&trials, trial, "stimulus_2");
        assert_mean(name, &(0..N).map(product).collect::<Vec<_>>(), 44.5 * 44.5);
    }
}

#[test]
fn the_turn_from_the_first_angle_to_the_second_is_uniform_on_its_range() {
    for name in RULES.into_iter().filter(|name| is_comparison(name) || is_matching(name)) {
        // Within half a turn for comparisons, all but 40 degrees for samples that do not match. For categories it is
        // the sum of a triangle around 0 and one around pi, which is a constant.
        let (width, only) = match name {
            "dmsgo" | "dmsnogo" => (16.0 * PI / 9.0, Some(false)),
            "dmcgo" | "dmcnogo" => (TAU, None),
            _ => (PI, None),
        };
        let trials = quiet(name, 0.0);
        let turn = |condition: &Condition| {
            let counts = only.is_none_or(|is_match| condition.get("match") == Some(&is_match.into()));
            counts.then_some((condition.number("angle_2")? - condition.number("angle_1")?).rem_euclid(TAU))
        };
        assert_variable(&format!("turn of {name}"), &trials, turn, PI);
        assert_variable(
            &format!("spread of {name}"),
            &trials,
            |condition| Some((turn(condition)? - PI).powi(2)),
            width.powi(2) / 12.0,
        );
    }
}

#[test]
fn half_of_the_trials_ask_for_the_first_stimulus_or_for_no_response() {
    for name in RULES.into_iter().filter(|name| is_comparison(name) || is_matching(name)) {
        let trials = quiet(name, 0.0);
        let first: Vec<f64> = trials.correct.iter().map(|correct| f64::from(u8::from(*correct == Some(0)))).collect();
        assert_mean(&format!("first choices of {name}"), &first, 0.5);
        if is_matching(name) {
            let held = |trial: usize| {
                let view = trials.view(trial).expect("a trial");
                f64::from(view.targets[[view.n_steps() - 1, 0]]) / 0.8
            };
            assert_mean(&format!("fixation to the end of {name}"), &(0..N).map(held).collect::<Vec<_>>(), 0.5);
        }
    }
}
