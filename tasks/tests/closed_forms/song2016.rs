//! Song et al. (2016). Steps are of 20 ms, of 10 ms in the sequences of eye movements.

use nn4n_tasks::Objective::MaskedMse;
use nn4n_tasks::{TaskError, create};
use serde_json::{Value, json};

use super::measure::{assert_ends, assert_input, assert_lengths, assert_loss, assert_mean, trials};

/// A task with two choices, in steps.
struct TwoChoice {
    id: &'static str,
    parameters: Value,
    p_catch: f64,
    catch: usize,
    /// Other trials: the shortest, the longest, and their mean.
    bounds: (usize, usize),
    mean: f64,
    decision: f64,
    hi: f64,
    channels: f64,
    /// What the signals of such a trial add up to, over channels and steps.
    signal: f64,
}

impl TwoChoice {
    /// Fixation for 5 steps, a stimulus of 40, a decision of 15; one trial in 11 is a catch trial of 100.
    fn new(id: &'static str) -> Self {
        Self {
            id,
            parameters: json!({}),
            p_catch: 1.0 / 11.0,
            catch: 100,
            bounds: (60, 60),
            mean: 60.0,
            decision: 15.0,
            hi: 1.0,
            channels: 2.0,
            signal: 40.0,
        }
    }

    /// The mean over catch trials and others.
    fn mix(&self, catch: f64, others: f64) -> f64 {
        self.p_catch * catch + (1.0 - self.p_catch) * others
    }
}

/// The mean number of whole steps of 20 ms in an exponential of mean 330 ms that is truncated to [80, 1500) ms: the sum
/// of the probabilities that there are at least 1, 2, .. steps.
fn varstim_steps() -> f64 {
    let beyond = |ms: f64| (-(ms - 80.0) / 330.0).exp();
    (1..75)
        .map(|k| 20.0 * f64::from(k))
        .map(|ms| if ms <= 80.0 { 1.0 } else { (beyond(ms) - beyond(1500.0)) / (1.0 - beyond(1500.0)) })
        .sum()
}

fn two_choice_tasks() -> Vec<TwoChoice> {
    let (stimulus, floor) = (varstim_steps(), json!({ "rounding": "floor" }));
    // Evidence for both sides adds up to 1, and so does a cue; tuned to a rate, two channels add up to 1.6.
    let mante = |id| TwoChoice { p_catch: 1.0 / 73.0, channels: 6.0, signal: 3.0 * 40.0, ..TwoChoice::new(id) };
    vec![
        TwoChoice::new("song2016/rdm_fixed"),
        TwoChoice {
            parameters: floor.clone(),
            bounds: (5 + 4 + 15, 5 + 74 + 15),
            mean: 5.0 + stimulus + 15.0,
            channels: 3.0,
            signal: 2.0 * stimulus,
            ..TwoChoice::new("song2016/rdm_varstim")
        },
        TwoChoice {
            p_catch: 5.0 / 11.0,
            bounds: (45, 45),
            mean: 45.0,
            decision: 25.0,
            hi: 1.2,
            channels: 3.0,
            signal: 2.0 * 40.0,
            ..TwoChoice::new("song2016/rdm_rt")
        },
        mante("song2016/mante"),
        mante("song2016/mante_areas"),
        TwoChoice {
            p_catch: 0.2,
            catch: 125,
            bounds: (70, 70),
            mean: 70.0,
            channels: 5.0,
            // Two modalities in a third of the trials, else one; the cue stays on in the decision.
            signal: 50.0 * 1.6 * 4.0 / 3.0 + 65.0,
            ..TwoChoice::new("song2016/multisensory")
        },
        TwoChoice {
            parameters: floor,
            catch: 125,
            // The delay has 125 to 174 whole steps, each as likely as the others.
            bounds: (5 + 25 + 125 + 25 + 15, 5 + 25 + 174 + 25 + 15),
            mean: 70.0 + 149.5,
            signal: 50.0 * 1.6,
            ..TwoChoice::new("song2016/romo")
        },
    ]
}

#[test]
fn two_choice_trials_have_the_lengths_the_loss_and_the_inputs_of_their_definitions() -> Result<(), TaskError> {
    for task in two_choice_tasks() {
        let p_catch = create(task.id, None)?.parameters()["p_catch"].as_f64();
        assert!(p_catch.is_some_and(|p| (p - task.p_catch).abs() < 1e-12), "{}: {p_catch:?}", task.id);
        check(&task);
        // Without catch trials most of these numbers are the same in all trials, so that nothing is left to chance.
        let mut parameters = task.parameters.clone();
        parameters["p_catch"] = json!(0.0);
        check(&TwoChoice { p_catch: 0.0, parameters, catch: task.bounds.0, ..task });
    }
    Ok(())
}

fn check(task: &TwoChoice) {
    let (trials, catch) = (trials(task.id, &task.parameters, 3000), task.catch as f64);
    let bounds = (task.bounds.0.min(task.catch), task.bounds.1.max(task.catch));
    let steps = task.mix(catch, task.mean);
    assert_lengths(task.id, &trials, bounds, steps);
    // The target of both outputs is 0.2, but for the right one in the decision. Fixation and decision are graded.
    let (lo, hi) = (0.2 * 0.2, task.hi * task.hi);
    let error = task.mix(2.0 * catch * lo, 2.0 * 5.0 * lo + task.decision * (lo + hi));
    let graded = task.mix(2.0 * catch, 2.0 * (5.0 + task.decision));
    assert_loss(task.id, &trials, MaskedMse, 0.0, error / graded);
    // The baseline is six standard deviations of the noise, so that nothing is rectified.
    let sum = 0.2 * task.channels + task.mix(0.0, task.signal) / steps;
    assert_input(task.id, &trials, |inputs| inputs.iter().map(|u| f64::from(*u)).sum(), sum);
}

#[test]
fn drawn_durations_lose_what_exceeds_a_whole_step() {
    // 4 steps of a stimulus are 80 to 100 ms; 125 of a delay are 2500 to 2520 ms. To the nearest step, half as many
    // trials had them.
    let shortest =
        1.0 - ((-20.0_f64 / 330.0).exp() - (-1420.0_f64 / 330.0).exp()) / (1.0 - (-1420.0_f64 / 330.0).exp());
    for (id, steps, share) in [("song2016/rdm_varstim", 5 + 4 + 15, shortest), ("song2016/romo", 70 + 125, 1.0 / 50.0)]
    {
        let trials = trials(id, &json!({ "rounding": "floor", "p_catch": 0.0 }), 4000);
        let is_shortest: Vec<f64> = trials.n_steps.iter().map(|n| if *n == steps { 1.0 } else { 0.0 }).collect();
        assert_mean(&format!("{id}, share of the shortest trials"), &is_shortest, share);
    }
}

#[test]
fn the_delays_of_romo_are_2500_to_3480_ms() {
    assert_ends(
        "romo",
        &trials("song2016/romo", &json!({ "rounding": "floor", "p_catch": 0.0 }), 3000),
        70 + 125,
        70 + 174,
    );
}

#[test]
fn eye_movements_lead_half_a_unit_away_and_at_last_to_a_corner() {
    let trials = trials("song2016/lee_sequence", &json!({}), 500);
    assert_lengths("lee_sequence", &trials, (350, 350), 350.0);
    // 100 steps in the centre and 50 on each of three dots, whose squared distances from it are 1/4, 1/4 and 1/2.
    assert_loss("lee_sequence", &trials, MaskedMse, 0.0, 50.0 * (0.25 + 0.25 + 0.5) / (2.0 * 250.0));
    // A cue throughout, the fixated dot, then three dots in each movement.
    let shown = 0.2 * 17.0 + (350.0 + 100.0 + 3.0 * 150.0) / 350.0;
    assert_input("lee_sequence", &trials, |inputs| inputs.iter().map(|u| f64::from(*u)).sum(), shown);
}
