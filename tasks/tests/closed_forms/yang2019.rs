//! Yang et al. (2019): steps of 20 ms, 100 ms without cost at the start and after the go signal, fixation and bumps of
//! 0.8 over 0.05.

use std::f64::consts::{PI, TAU};

use ndarray::s;
use nn4n_tasks::yang2019::layout::RULES;
use nn4n_tasks::{Condition, Objective, TrialBatch};
use serde_json::json;

use crate::closed_forms::measure::{
    Period, assert_loss, assert_mean, assert_periods, assert_ratio, assert_shown, assert_variable, steps_of, trials,
};

const N: usize = 1200;

/// Channels lie pi/16 apart, half the width of a bump: the area of 0.8 exp(-x^2 / 2) is 0.8 sqrt(2 pi), that of its
/// square 0.64 sqrt(pi).
fn bump() -> (f64, f64) {
    (0.8 * 2.0 * TAU.sqrt(), 0.64 * 2.0 * PI.sqrt())
}

/// Trials each with a timing of its own, without noise where only their plan counts.
fn quiet(name: &str) -> TrialBatch {
    trials(&format!("yang2019/{name}"), &json!({ "same_timing_per_batch": false, "sigma_x": 0.0 }), N)
}

/// The decision tasks with one stimulus after the other.
fn is_sequential(name: &str) -> bool {
    name.contains("delaydm")
}

/// The tasks that ask whether two stimuli match, where the second is the go signal.
fn is_matching(name: &str) -> bool {
    name.starts_with("dms") || name.starts_with("dmc")
}

/// Whole a and b: floor(U(a, b)) takes a to b - 1 and has the mean (a + b - 1) / 2.
fn periods(name: &str) -> Vec<Period> {
    let (thrice, delay, response) = ((10, 30), ("delay1", (10, 80), 37.5), ("go1", (25, 25), 25.0));
    match name {
        "fdgo" | "fdanti" => vec![("fix1", (15, 34), 24.5), ("stim1", (25, 74), 49.5), response],
        "reactgo" | "reactanti" => vec![("fix1", (25, 124), 74.5), response],
        "delaygo" | "delayanti" => vec![("fix1", (15, 35), 25.0), ("stim1", thrice, 20.0), delay, response],
        "dmsgo" | "dmsnogo" => vec![("fix1", thrice, 20.0), ("stim1", thrice, 20.0), delay, response],
        "dmcgo" | "dmcnogo" => vec![("fix1", thrice, 20.0), ("stim1", thrice, 20.0), delay, ("go1", thrice, 20.0)],
        _ if is_sequential(name) => {
            let stimulus = |epoch| (epoch, thrice, 20.0);
            vec![stimulus("fix1"), stimulus("stim1"), delay, stimulus("stim2"), ("delay2", (5, 14), 9.5), response]
        }
        _ => vec![("fix1", (5, 19), 12.0), ("stim1", (20, 80), 140.0 / 3.0), response],
    }
}

/// The mean numbers of steps before the go signal and from it on.
fn before_and_after(name: &str) -> (f64, f64) {
    let means: Vec<f64> = periods(name).iter().map(|(_, _, mean)| *mean).collect();
    (means.iter().rev().skip(1).sum(), means[means.len() - 1])
}

/// The mean strength shown in each modality, summed over steps. A modality is drawn, or both or only one of them are
/// used.
fn shown(name: &str) -> [f64; 2] {
    let (first, second) = (140.0 / 3.0, 20.0 + 20.0);
    match name {
        "fdgo" | "fdanti" => [(49.5 + 25.0) / 2.0; 2],
        "reactgo" | "reactanti" => [25.0 / 2.0; 2],
        "delaygo" | "delayanti" => [20.0 / 2.0; 2],
        "dmsgo" | "dmsnogo" => [20.0 / 2.0 + 25.0 / 2.0; 2],
        "dmcgo" | "dmcnogo" => [20.0 / 2.0 + 20.0 / 2.0; 2],
        "dm1" => [2.0 * first, 0.0],
        "dm2" => [0.0, 2.0 * first],
        "delaydm1" => [second, 0.0],
        "delaydm2" => [0.0, second],
        _ if is_sequential(name) => [second; 2],
        _ => [2.0 * first; 2],
    }
}

#[test]
fn periods_last_as_long_as_they_are_drawn_to() {
    for name in RULES {
        assert_periods(name, &quiet(name), &periods(name));
    }
}

#[test]
fn constant_outputs_cost_what_the_levels_the_mask_and_the_timing_say() {
    let (area, square) = bump();
    for name in RULES {
        let (before, after) = before_and_after(name);
        let responds = if is_matching(name) { 0.5 } else { 1.0 };
        let trials = quiet(name);
        for z in [0.0, 0.2_f64] {
            let (fixation, silence): (f64, f64) = ((z - 0.8).powi(2), (z - 0.05).powi(2));
            let ring = 32.0 * silence;
            let peaked = ring - 2.0 * (z - 0.05) * area + square;
            // Masks of 1 and 5, and 2 and 10 on fixation, inside the square.
            let held = 100.0 * fixation + 25.0 * ring;
            let answered = 100.0 * silence + 25.0 * peaked;
            let cost = (before - 5.0) * (4.0 * fixation + ring)
                + (after - 5.0) * (responds * answered + (1.0 - responds) * held);
            assert_loss(name, &trials, Objective::MeanSquare, z, cost / (33.0 * (before + after)));
        }
    }
}

#[test]
fn inputs_are_on_for_as_long_and_as_strong_as_the_periods_say() {
    for (rule, name) in RULES.into_iter().enumerate() {
        let trials = trials(&format!("yang2019/{name}"), &json!({ "same_timing_per_batch": false }), N);
        let (before, after) = before_and_after(name);
        let stays = name.starts_with("react") || is_matching(name);
        assert_shown(name, &trials, 0..1, if stays { before + after } else { before });
        for (modality, strength) in shown(name).into_iter().enumerate() {
            assert_shown(name, &trials, 1 + 32 * modality..33 + 32 * modality, strength * bump().0);
        }
        assert_shown(name, &trials, 65 + rule..66 + rule, before + after);
        assert_shown(name, &trials, 65..85, before + after);
    }
}

/// The periods in which something is shown, and its strength in both modalities together, where those of two stimuli
/// sum to 2 on average.
fn while_shown(name: &str) -> (&'static [&'static str], f64) {
    let modalities = if name.starts_with("context") || name.starts_with("multi") { 2.0 } else { 1.0 };
    match name {
        "fdgo" | "fdanti" => (&["stim1", "go1"], 1.0),
        "reactgo" | "reactanti" => (&["go1"], 1.0),
        "delaygo" | "delayanti" => (&["stim1"], 1.0),
        _ if is_matching(name) => (&["stim1", "go1"], 1.0),
        _ if is_sequential(name) => (&["stim1", "stim2"], modalities),
        _ => (&["stim1"], 2.0 * modalities),
    }
}

#[test]
fn every_step_shows_the_mean_strength_of_its_period_or_nothing() {
    for name in RULES {
        let (trials, (shown, strength)) = (quiet(name), while_shown(name));
        let sum_over = |is_shown: bool, trial: usize| {
            let view = trials.view(trial).expect("a trial");
            let steps = view
                .epochs
                .iter()
                .filter(|epoch| shown.contains(&epoch.name.as_ref()) == is_shown)
                .flat_map(|epoch| epoch.steps());
            let of_step = |step: usize| view.inputs.slice(s![step, 1..65]).iter().map(|u| f64::from(*u)).sum::<f64>();
            steps.fold((0.0, 0.0), |(sum, n), step| (sum + of_step(step), n + 1.0))
        };
        assert_ratio(name, &(0..N).map(|trial| sum_over(true, trial)).collect::<Vec<_>>(), strength * bump().0);
        assert!((0..N).all(|trial| sum_over(false, trial).0 == 0.0), "{name} shows something out of turn");
    }
}

#[test]
fn both_stimuli_of_a_sequence_have_a_duration_of_their_own() {
    for name in RULES.into_iter().filter(|name| is_sequential(name)) {
        let trials = quiet(name);
        let product = |trial| steps_of(&trials, trial, "stim1") * steps_of(&trials, trial, "stim2");
        assert_mean(name, &(0..N).map(product).collect::<Vec<_>>(), 20.0 * 20.0);
    }
}

#[test]
fn strengths_and_coherences_have_the_moments_of_their_draws() {
    for name in
        RULES.into_iter().filter(|name| name.contains("dm1") || name.contains("dm2") || name.starts_with("multi"))
    {
        let trials = quiet(name);
        let is_multi = name.starts_with("multi");
        let (size, square) = if is_sequential(name) {
            ((0.08 + 0.16 + 0.32) / 3.0, (0.08_f64.powi(2) + 0.16_f64.powi(2) + 0.32_f64.powi(2)) / 3.0)
        } else {
            ((0.01 + 0.02 + 0.04 + 0.08) / 4.0, (1.0 + 4.0 + 16.0 + 64.0) * 1e-4 / 4.0)
        };
        let prefixes = if name.starts_with("context") { vec!["modality_1_", "modality_2_"] } else { vec![""] };
        for prefix in &prefixes {
            let what = format!("strengths {prefix} of {name}");
            let coherence = |condition: &Condition| condition.number(&format!("{prefix}coherence"));
            assert_variable(&what, &trials, |condition| coherence(condition).map(f64::signum), 0.0);
            assert_variable(&what, &trials, |condition| coherence(condition).map(f64::abs), size);
            assert_variable(&what, &trials, |condition| Some(coherence(condition)?.powi(2)), square);
            if !is_multi {
                let strength = |condition: &Condition| condition.number(&format!("{prefix}strength"));
                assert_variable(&what, &trials, strength, 1.0);
                // U(0.8, 1.2) has the variance 0.4^2 / 12.
                assert_variable(&what, &trials, |condition| Some((strength(condition)? - 1.0).powi(2)), 0.16 / 12.0);
            }
        }
        if prefixes.len() == 2 {
            // The modalities are drawn independently of each other.
            let signs = |condition: &Condition| {
                Some(
                    condition.number("modality_1_coherence")?.signum()
                        * condition.number("modality_2_coherence")?.signum(),
                )
            };
            assert_variable(name, &trials, signs, 0.0);
        }
    }
}

#[test]
fn modalities_of_a_multisensory_trial_differ_by_a_share_of_either_sign() {
    for name in ["multidm", "multidelaydm"] {
        let trials = quiet(name);
        // (modality 1 - modality 2) / mean of the two for a stimulus: +-U(0.2, 0.8), with the mean 0.5 and the square
        // 0.5^2 + 0.6^2 / 12.
        let share = |condition: &Condition, sign: f64| {
            let strength = |modality: &str| {
                Some(
                    condition.number(&format!("{modality}_strength"))?
                        + sign * condition.number(&format!("{modality}_coherence"))?,
                )
            };
            let (first, second) = (strength("modality_1")?, strength("modality_2")?);
            Some(2.0 * (first - second) / (first + second))
        };
        for sign in [1.0, -1.0] {
            assert_variable(name, &trials, |condition| share(condition, sign), 0.0);
            assert_variable(name, &trials, |condition| share(condition, sign).map(f64::abs), 0.5);
            assert_variable(name, &trials, |condition| Some(share(condition, sign)?.powi(2)), 0.25 + 0.36 / 12.0);
        }
        let mean = |condition: &Condition| {
            Some((condition.number("modality_1_strength")? + condition.number("modality_2_strength")?) / 2.0)
        };
        assert_variable(name, &trials, mean, 1.0);
        assert_variable(name, &trials, |condition| Some((mean(condition)? - 1.0).powi(2)), 0.16 / 12.0);
    }
}

#[test]
fn the_turn_from_the_first_angle_to_the_second_is_drawn_as_defined() {
    let variance_of_a_range = |width: f64| width.powi(2) / 12.0;
    for name in RULES.into_iter().filter(|name| name.contains("dm")) {
        let (mean, variance, only) = match name {
            // pi/9 to 17 pi/9, on the trials that do not match.
            "dmsgo" | "dmsnogo" => (PI, variance_of_a_range(16.0 * PI / 9.0), Some(false)),
            // A multiple of pi/5, 0 to 9 of them: 99 / 12 squared.
            "dmcgo" | "dmcnogo" => (0.9 * PI, (PI / 5.0).powi(2) * 99.0 / 12.0, None),
            _ => (PI, variance_of_a_range(PI), None),
        };
        let trials = quiet(name);
        let turn = |condition: &Condition| {
            let counts = only.is_none_or(|is_match| condition.get("match") == Some(&is_match.into()));
            // A turn of none must not become a whole one by an error of rounding.
            let turn = (condition.number("angle_2")? - condition.number("angle_1")? + 1e-9).rem_euclid(TAU);
            counts.then_some(turn)
        };
        assert_variable(&format!("turn of {name}"), &trials, turn, mean);
        assert_variable(
            &format!("spread of {name}"),
            &trials,
            |condition| Some((turn(condition)? - mean).powi(2)),
            variance,
        );
    }
}

#[test]
fn every_direction_is_answered_equally_often() {
    for name in RULES {
        let trials = quiet(name);
        let answers: Vec<f64> =
            trials.correct.iter().flatten().filter(|output| **output > 0).map(|output| *output as f64).collect();
        // Outputs 1 to 32; the angles 0.1 pi, 0.3 pi .. are nearest to 3, 6, 9, 12, 15 and those 16 further.
        let mean = if name.starts_with("dmc") { 9.0 + 8.0 } else { 16.5 };
        assert_mean(&format!("answer of {name}"), &answers, mean);
        let responds = if is_matching(name) { 0.5 } else { 1.0 };
        let answered = |output: &Option<usize>| (f64::from(u8::from(output.is_some_and(|output| output > 0))), 1.0);
        assert_ratio(
            &format!("responses of {name}"),
            &trials.correct.iter().map(answered).collect::<Vec<_>>(),
            responds,
        );
    }
}
