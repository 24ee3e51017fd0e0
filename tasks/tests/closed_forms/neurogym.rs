//! neurogym: classes at every step, all of them graded, and durations to the nearest step.

use ndarray::s;
use nn4n_tasks::{Condition, Objective, TrialBatch, create};
use serde_json::json;

use crate::closed_forms::measure::{
    Period, assert_classes, assert_lengths, assert_mean, assert_period, assert_periods, assert_ratio, assert_shown,
    assert_variable, mean_floor, mean_floor_exponential, steps_of, trials,
};

const N: usize = 4000;

/// What a task looks like on average.
struct Expected {
    name: &'static str,
    periods: Vec<Period>,
    /// Steps of each class but 0, per trial.
    classes: Vec<f64>,
    /// What each input shows in a trial, summed over its steps.
    inputs: Vec<f64>,
}

impl Expected {
    fn steps(&self) -> f64 {
        self.periods.iter().map(|(_, _, mean)| mean).sum()
    }
}

fn fixed<const K: usize>(list: [(&'static str, usize); K]) -> Vec<Period> {
    list.into_iter().map(|(name, n)| (name, (n, n), n as f64)).collect()
}

/// A period that is uniform on a range of steps and goes to the nearest one.
fn uniform(name: &'static str, min: f64, max: f64) -> Period {
    (name, ((min + 0.5).floor() as usize, (max + 0.5).ceil() as usize - 1), mean_floor(min + 0.5, max + 0.5))
}

/// The same for a truncated exponential.
fn exponential(name: &'static str, mean: f64, min: f64, max: f64) -> Period {
    (name, (min as usize, max as usize), mean_floor_exponential(mean, min + 0.5, max + 0.5))
}

fn all_of<const K: usize>(parts: [&[Period]; K]) -> Vec<Period> {
    parts.concat()
}

/// Evidence and comparisons: half a decision for each of two choices.
fn choices() -> Vec<Expected> {
    // 750 ms are shown for 8 steps, 1150 ms for 12 (halves go up).
    let delay = exponential("delay", 6.0, 3.0, 30.0);
    let response_delay = ("delay", (3, 40), (3.0 + 5.0 + 7.0 + 9.0 + 12.0 + 20.0 + 32.0 + 40.0) / 8.0);
    let offer = uniform("offer_on", 10.0, 20.0);
    // Nine offers, with 20 units of b and 11 of a in all; they are shown as fifths.
    let amount = (20.0 + 11.0) / 9.0 / 2.0 / 5.0;
    let sided = |name, periods: Vec<Period>, decision: f64, inputs| Expected {
        name,
        periods,
        classes: vec![decision / 2.0; 2],
        inputs,
    };
    vec![
        sided(
            "perceptual_decision_making",
            fixed([("fixation", 1), ("stimulus", 20), ("decision", 1)]),
            1.0,
            vec![21.0, 20.0 / 2.0, 20.0 / 2.0],
        ),
        sided(
            "perceptual_decision_making_delay_response",
            all_of([&fixed([("stimulus", 12)]), &[response_delay], &fixed([("decision", 15)])]),
            15.0,
            vec![12.0 + response_delay.2, 12.0 / 2.0, 12.0 / 2.0],
        ),
        sided(
            "context_decision_making",
            all_of([&fixed([("fixation", 3), ("stimulus", 8)]), &[delay], &fixed([("decision", 1)])]),
            1.0,
            [vec![11.0 + delay.2], vec![8.0 / 2.0; 4]].concat(),
        ),
        sided(
            "multisensory_integration",
            fixed([("fixation", 3), ("stimulus", 8), ("decision", 1)]),
            1.0,
            [vec![11.0], vec![8.0 / 2.0; 4]].concat(),
        ),
        // The ten values have the mean 22, half of their range of 10 to 34.
        sided(
            "delay_comparison",
            fixed([("fixation", 5), ("stimulus1", 5), ("delay", 10), ("stimulus2", 5), ("decision", 1)]),
            1.0,
            vec![25.0, 10.0 * (1.0 + 0.5) / 2.0],
        ),
        sided(
            "probabilistic_reasoning",
            // U(4.5, 5.5) always goes to 5.
            fixed([
                ("fixation", 5),
                ("stimulus1", 5),
                ("stimulus2", 5),
                ("stimulus3", 5),
                ("stimulus4", 5),
                ("delay", 5),
                ("decision", 5),
            ]),
            5.0,
            // Shapes are shown for 20, 15, 10 and 5 steps, each one of 10 at one of 4 places.
            [vec![30.0], vec![50.0 / 40.0; 40]].concat(),
        ),
        sided(
            "economic_decision_making",
            all_of([&fixed([("fixation", 15)]), &[offer], &fixed([("decision", 8)])]),
            8.0,
            [vec![15.0 + offer.2], vec![offer.2 / 2.0; 4], vec![offer.2 * amount; 2]].concat(),
        ),
    ]
}

/// Matching, go and no-go, and anti-reach.
fn matches() -> Vec<Expected> {
    vec![
        Expected {
            name: "delay_match_sample",
            periods: fixed([("fixation", 3), ("sample", 5), ("delay", 10), ("test", 5), ("decision", 9)]),
            classes: vec![9.0 / 2.0; 2],
            inputs: vec![23.0, 10.0 / 2.0, 10.0 / 2.0],
        },
        // The cosine of a uniform angle has the mean 0.
        Expected {
            name: "delay_match_sample_distractor_1d",
            periods: fixed([
                ("fixation", 3),
                ("sample", 5),
                ("delay1", 10),
                ("test1", 5),
                ("delay2", 10),
                ("test2", 5),
                ("delay3", 10),
                ("test3", 5),
            ]),
            classes: vec![5.0],
            inputs: [vec![3.0], vec![0.0; 32]].concat(),
        },
        // 650 ms take 7 steps.
        Expected {
            name: "delay_match_category",
            periods: fixed([("fixation", 5), ("sample", 7), ("first_delay", 10), ("test", 7)]),
            classes: vec![7.0 / 2.0; 2],
            inputs: [vec![22.0], vec![14.0 / 2.0; 32]].concat(),
        },
        Expected {
            name: "delay_paired_association",
            periods: fixed([
                ("stim1", 10),
                ("delay_btw_stim", 10),
                ("stim2", 10),
                ("delay_aft_stim", 10),
                ("decision", 5),
            ]),
            classes: vec![5.0 / 2.0],
            inputs: [vec![40.0], vec![10.0 / 2.0; 4]].concat(),
        },
        // Each channel of an object is on in half of the samples and of its tests; each cue is shown once.
        Expected {
            name: "dual_delay_match_sample",
            periods: fixed([
                ("fixation", 5),
                ("sample", 5),
                ("delay1", 5),
                ("cue1", 5),
                ("test1", 5),
                ("delay2", 5),
                ("cue2", 5),
                ("test2", 5),
            ]),
            classes: vec![10.0 / 2.0; 2],
            inputs: [vec![40.0], vec![10.0 / 2.0; 4], vec![5.0; 2]].concat(),
        },
        Expected {
            name: "go_nogo",
            periods: fixed([("stimulus", 5), ("delay", 5), ("decision", 5)]),
            classes: vec![5.0 / 2.0],
            inputs: vec![10.0, 5.0 / 2.0, 5.0 / 2.0],
        },
        Expected {
            name: "anti_reach",
            periods: fixed([("fixation", 5), ("stimulus", 5), ("decision", 5)]),
            classes: vec![5.0 / 32.0; 32],
            inputs: [vec![10.0], vec![0.0; 32]].concat(),
        },
    ]
}

/// Intervals, in steps of 80 ms, and pulses, in steps of 10 ms.
fn times() -> Vec<Expected> {
    let measure = uniform("measure", 10.0, 18.75);
    let cue = uniform("cue", 12.5, 37.5);
    let delay1 = uniform("delay1", 10.0, 18.75);
    let stimulus = interval();
    let pulses: Vec<Period> = PULSES.iter().flat_map(|(cue, gap)| fixed([(*cue, 1), (*gap, 24)])).collect();
    vec![
        // The production is twice the measure.
        Expected {
            name: "ready_set_go",
            periods: all_of([
                &fixed([("fixation", 1), ("ready", 1)]),
                &[measure],
                &fixed([("set", 1)]),
                &[("production", (2 * measure.1.0, 2 * measure.1.1), 2.0 * measure.2)],
            ]),
            classes: vec![1.0],
            inputs: vec![3.0 + measure.2, 1.0, 1.0],
        },
        // 800 and 1500 ms are 10 and 19 steps.
        Expected {
            name: "motor_timing",
            periods: all_of([
                &fixed([("fixation", 6)]),
                &[cue],
                &fixed([("set", 1)]),
                &[("production", (20, 38), 10.0 + 19.0)],
            ]),
            classes: vec![1.0],
            inputs: vec![7.0 + cue.2, (cue.2 + 1.0) / 2.0, (cue.2 + 1.0) / 2.0, 1.0],
        },
        Expected {
            name: "interval_discrimination",
            periods: all_of([
                &fixed([("fixation", 4)]),
                &[("stim1", (4, 7), stimulus), delay1, ("stim2", (4, 7), stimulus)],
                &fixed([("delay2", 6), ("decision", 4)]),
            ]),
            classes: vec![4.0 / 2.0; 2],
            inputs: vec![4.0 + stimulus + delay1.2 + stimulus + 6.0, stimulus, stimulus],
        },
        Expected {
            name: "pulse_decision_making",
            periods: all_of([&fixed([("fixation", 50)]), &pulses, &fixed([("decision", 50)])]),
            classes: vec![50.0 / 2.0; 2],
            inputs: vec![200.0, 6.0 * (0.3 + 0.7) / 2.0, 6.0 * (0.3 + 0.7) / 2.0],
        },
    ]
}

const PULSES: [(&str, &str); 6] = [
    ("cue_1", "gap_1"),
    ("cue_2", "gap_2"),
    ("cue_3", "gap_3"),
    ("cue_4", "gap_4"),
    ("cue_5", "gap_5"),
    ("cue_6", "gap_6"),
];

/// U(3.75, 7.5) goes to 4, 5, 6 and 7 with probabilities of 3 and three times 4 in 15; two of them that differ have
/// each with p (1 - p), in proportion.
fn interval() -> f64 {
    let weights = [3.0, 4.0, 4.0, 4.0].map(|p| p / 15.0 * (1.0 - p / 15.0));
    [4.0, 5.0, 6.0, 7.0].iter().zip(weights).map(|(steps, weight)| steps * weight).sum::<f64>()
        / weights.iter().sum::<f64>()
}

fn tasks() -> Vec<Expected> {
    [choices(), matches(), times()].into_iter().flatten().collect()
}

fn drawn(name: &str) -> TrialBatch {
    trials(&format!("neurogym/{name}"), &json!({}), N)
}

#[test]
fn periods_classes_and_inputs_have_their_means() {
    for task in tasks() {
        let (name, trials) = (task.name, drawn(task.name));
        assert_periods(name, &trials, &task.periods);
        let fixating = task.steps() - task.classes.iter().sum::<f64>();
        assert_classes(name, &trials, &[&[fixating], task.classes.as_slice()].concat());
        assert_eq!(trials.inputs.dim().2, task.inputs.len(), "{name}");
        for (channel, shown) in task.inputs.iter().enumerate() {
            assert_shown(name, &trials, channel..channel + 1, *shown);
        }
        assert_eq!(create(&format!("neurogym/{name}"), None).expect(name).objective(), Objective::Classes);
    }
}

#[test]
fn drawn_periods_go_to_the_step_below_if_that_is_asked_for() {
    let uniform = |name, min: f64, max: f64| (name, (min as usize, max.ceil() as usize - 1), mean_floor(min, max));
    let exponential = |name, mean, min: f64, max: f64| {
        (name, (min as usize, max as usize - 1), mean_floor_exponential(mean, min, max))
    };
    let cases = [
        ("context_decision_making", exponential("delay", 6.0, 3.0, 30.0)),
        ("post_decision_wager", exponential("stimulus", 1.8, 1.0, 9.0)),
        ("economic_decision_making", uniform("offer_on", 10.0, 20.0)),
        ("probabilistic_reasoning", uniform("delay", 4.5, 5.5)),
        ("ready_set_go", uniform("measure", 10.0, 18.75)),
        ("motor_timing", uniform("cue", 12.5, 37.5)),
        ("interval_discrimination", uniform("delay1", 10.0, 18.75)),
    ];
    for (name, period) in cases {
        assert_period(name, &trials(&format!("neurogym/{name}"), &json!({ "rounding": "floor" }), N), period);
    }
}

#[test]
fn a_wager_has_its_means_with_the_offer_of_a_sure_reward_and_without() {
    let trials = drawn("post_decision_wager");
    let stimulus = exponential("stimulus", 1.8, 1.0, 9.0);
    let delay = exponential("delay", 13.5, 12.0, 18.0);
    let wait = uniform("wait", 5.0, 7.5);
    assert_lengths("wager", &trials, (2 + 1 + 12, 2 + 9 + 18), 2.0 + stimulus.2 + delay.2);
    let steps = |names: &[&str]| -> Vec<f64> {
        (0..N).map(|i| names.iter().map(|name| steps_of(&trials, i, name)).sum()).collect()
    };
    assert_mean("stimulus of a wager", &steps(&["stimulus"]), stimulus.2);
    // The offer is made in the delay and cuts it in two.
    assert_mean("delay of a wager", &steps(&["delay", "sure_target"]), delay.2);
    let waits = steps(&["delay"])
        .into_iter()
        .zip(steps(&["sure_target"]))
        .filter(|(_, sure)| *sure > 0.0)
        .map(|(wait, _)| wait);
    assert_mean("wait for the offer", &waits.collect::<Vec<_>>(), wait.2);
    let steps = 2.0 + stimulus.2 + delay.2;
    assert_classes("wager", &trials, &[steps - 1.0, 0.5, 0.5, 0.0]);
    assert_shown("wager", &trials, 0..1, steps - 1.0);
    assert_shown("wager", &trials, 1..2, stimulus.2 / 2.0);
    assert_shown("wager", &trials, 2..3, stimulus.2 / 2.0);
    // Half of the trials have the offer, from `wait` after the stimulus to the end.
    assert_shown("wager", &trials, 3..4, (delay.2 - wait.2 + 1.0) / 2.0);
}

#[test]
fn the_difference_of_two_channels_has_the_square_of_the_coherence_and_of_the_noise() {
    // Noise of 1 / sqrt(100) on each of both.
    let noise = 2.0 * 0.01;
    let square = |coherences: &[f64]| coherences.iter().map(|c| c * c).sum::<f64>() / coherences.len() as f64;
    let many = square(&[0.0, 0.064, 0.128, 0.256, 0.512]);
    let three = square(&[0.05, 0.15, 0.5]);
    let cases = [
        ("perceptual_decision_making", 1, many),
        ("perceptual_decision_making_delay_response", 1, many),
        ("context_decision_making", 1, three),
        ("context_decision_making", 3, three),
        // Times p or 1 - p, uniform on [0, 1).
        ("multisensory_integration", 1, three / 3.0),
        ("multisensory_integration", 3, three / 3.0),
        ("post_decision_wager", 1, square(&[0.0, 0.032, 0.064, 0.128, 0.256, 0.512])),
    ];
    for (name, channel, coherence) in cases {
        let trials = drawn(name);
        let of_trial = |trial: usize| {
            let view = trials.view(trial).expect("a trial");
            let steps = view.epoch("stimulus").expect("a stimulus").steps();
            let n = steps.len() as f64;
            let difference = |step: usize| f64::from(view.inputs[[step, channel]] - view.inputs[[step, channel + 1]]);
            (steps.map(|step| difference(step).powi(2)).sum(), n)
        };
        assert_ratio(&format!("evidence of {name}"), &(0..N).map(of_trial).collect::<Vec<_>>(), coherence + noise);
    }
}

#[test]
fn evidence_points_to_the_choice_as_strongly_as_its_coherence() {
    // (1 + c) / 2 - (1 - c) / 2 towards the right choice; with the modality that counts, the first.
    let mean = |coherences: &[f64]| coherences.iter().sum::<f64>() / coherences.len() as f64;
    let cases = [
        ("perceptual_decision_making", 1, mean(&[0.0, 0.064, 0.128, 0.256, 0.512])),
        ("perceptual_decision_making_delay_response", 1, mean(&[0.0, 0.064, 0.128, 0.256, 0.512])),
        ("context_decision_making", 1, mean(&[0.05, 0.15, 0.5])),
        // The other modality says nothing about the choice.
        ("context_decision_making", 3, 0.0),
        ("multisensory_integration", 1, mean(&[0.05, 0.15, 0.5]) / 2.0),
        ("multisensory_integration", 3, mean(&[0.05, 0.15, 0.5]) / 2.0),
        ("post_decision_wager", 1, mean(&[0.0, 0.032, 0.064, 0.128, 0.256, 0.512])),
    ];
    for (name, channel, expected) in cases {
        let trials = drawn(name);
        let of_trial = |trial: usize| {
            let view = trials.view(trial).expect("a trial");
            let steps = view.epoch("stimulus").expect("a stimulus").steps();
            let sign = if view.correct == Some(1) { 1.0 } else { -1.0 };
            let n = steps.len() as f64;
            (
                steps
                    .map(|step| sign * f64::from(view.inputs[[step, channel]] - view.inputs[[step, channel + 1]]))
                    .sum(),
                n,
            )
        };
        assert_ratio(&format!("evidence of {name}"), &(0..N).map(of_trial).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn choices_and_matches_are_as_frequent_as_their_definition_says() {
    let share = |name: &str, what: &str, expected: f64, is_hit: &dyn Fn(&Condition, usize) -> Option<bool>| {
        let trials = drawn(name);
        let hits = trials
            .conditions
            .iter()
            .zip(&trials.correct)
            .filter_map(|(condition, correct)| is_hit(condition, correct.unwrap_or(0)));
        assert_mean(
            &format!("{what} of {name}"),
            &hits.map(|hit| f64::from(u8::from(hit))).collect::<Vec<_>>(),
            expected,
        );
    };
    let is = |condition: &Condition, name: &str| condition.get(name) == Some(&true.into());
    // a is worth more in five of nine offers: (0, 1), (1, 3), (1, 2), (1, 1) and (2, 1), of 2 / 2.2.
    share("economic_decision_making", "choices of a", 5.0 / 9.0, &|condition, correct| {
        Some((condition.text("juice_1")? == "a") == (correct == 1))
    });
    for name in ["delay_match_sample", "delay_match_category"] {
        share(name, "matches", 0.5, &|condition, _| Some(is(condition, "match")));
    }
    share("delay_match_category", "second categories", 0.5, &|condition, _| Some(condition.number("category")? == 2.0));
    for test in 1..=3 {
        let expected = 1.0 / 3.0;
        share("delay_match_sample_distractor_1d", "matches", expected, &|condition, _| {
            Some(condition.number("match")? == f64::from(test))
        });
    }
    // Both tests of the dual task match in a quarter of the trials, and both samples are alike in half.
    share("dual_delay_match_sample", "pairs of matches", 0.25, &|condition, _| {
        Some(is(condition, "match_1") && is(condition, "match_2"))
    });
    share("dual_delay_match_sample", "equal samples", 0.5, &|condition, _| {
        Some(condition.number("sample_1")? == condition.number("sample_2")?)
    });
    share("dual_delay_match_sample", "first objects", 0.5, &|condition, _| {
        Some(condition.number("tested_first")? == 1.0)
    });
    for (first, second) in [(1.0, 3.0), (1.0, 4.0), (2.0, 3.0), (2.0, 4.0)] {
        let is_pair = |condition: &Condition, _| {
            Some(condition.number("first")? == first && condition.number("second")? == second)
        };
        share("delay_paired_association", "pairs", 0.25, &is_pair);
    }
    share("post_decision_wager", "offers", 0.5, &|condition, _| Some(is(condition, "wager")));
    // Five pairs of values in either order.
    share("delay_comparison", "pairs", 0.1, &|condition, _| {
        Some(condition.number("v1")? == 26.0 && condition.number("v2")? == 34.0)
    });
}

#[test]
fn one_step_is_labelled_in_the_middle_of_the_production() {
    for name in ["ready_set_go", "motor_timing"] {
        let trials = drawn(name);
        for trial in 0..N {
            let view = trials.view(trial).expect("a trial");
            let production = view.epoch("production").expect("a production").steps();
            let labelled = production.start + production.len() / 2;
            assert_eq!(
                view.targets.slice(s![.., 1]).iter().position(|target| *target == 1.0),
                Some(labelled),
                "{name}"
            );
        }
    }
}

#[test]
fn categories_and_shapes_have_the_mean_of_their_draws() {
    use std::f64::consts::PI;
    let trials = drawn("delay_match_category");
    for angle in ["sample", "test"] {
        let number = |condition: &Condition| condition.number(angle);
        assert_variable(angle, &trials, number, PI);
        // Uniform on the circle.
        assert_variable(angle, &trials, |condition| Some((number(condition)? - PI).powi(2)), PI * PI / 3.0);
    }
    let trials = drawn("probabilistic_reasoning");
    // Four weights of +-10, 0.9, 0.7, 0.5 and 0.3, with their squares' mean.
    let square = (100.0 + 0.81 + 0.49 + 0.25 + 0.09) / 5.0;
    let log_odds = |condition: &Condition| condition.number("log_odds");
    assert_variable("log odds", &trials, log_odds, 0.0);
    assert_variable("square of the log odds", &trials, |condition| Some(log_odds(condition)?.powi(2)), 4.0 * square);
}
