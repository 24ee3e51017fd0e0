//! The tasks of Yang et al. (2019) against numbers worked by hand.

use std::f64::consts::{PI, TAU};

use ndarray::{Array2, s};
use nn4n_tasks::yang2019::layout::RULES;
use nn4n_tasks::yang2019::{
    ContextDm2, DelayDm1, Dm1, Dm2, DmcGo, DmsGo, DmsNoGo, FdAnti, FdGo, FixationRule, MultiDm, ReactGo, Yang2019,
};
use nn4n_tasks::{Condition, Objective, Rounding, Split, Task, TaskError, Trial, TrialBatch, TrialRng};
use nn4n_tasks::{balanced, batch, create, repeated, ring};
use serde_json::json;

/// The sum of a bump of height 0.8 over the ring: 0.8 times 32 / 2 pi channels per rad times the area pi/8 sqrt(2 pi).
const BUMP_SUM: f64 = 0.8 * 2.0 * 2.5066282746310002;

fn silent() -> Yang2019 {
    Yang2019 { sigma_x: 0.0, ..Yang2019::default() }
}

fn quiet(name: &str) -> Result<Box<dyn Task>, TaskError> {
    create(&format!("yang2019/{name}"), Some(&json!({ "sigma_x": 0.0, "same_timing_per_batch": false })))
}

fn trial(task: &dyn Task, split: Split, condition: &Condition) -> Result<Trial, TaskError> {
    task.trial(split, Some(condition), &mut TrialRng::new(0, "test", 0, 0))
}

fn drawn(task: &dyn Task, split: Split, index: u64) -> Result<Trial, TaskError> {
    task.trial(split, None, &mut TrialRng::new(3, "test", 0, index))
}

fn spans(trial: &Trial) -> Vec<(&str, usize)> {
    trial.epochs.iter().map(|epoch| (epoch.name.as_ref(), epoch.start)).chain([("end", trial.n_steps())]).collect()
}

fn sum(values: impl IntoIterator<Item = f32>) -> f64 {
    values.into_iter().map(f64::from).sum()
}

/// Where each period of the tests starts, in steps of 20 ms.
fn test_timing(name: &str) -> Vec<(&'static str, usize)> {
    match name {
        "fdgo" | "fdanti" | "contextdm1" | "contextdm2" | "multidm" => {
            vec![("fix1", 0), ("stim1", 25), ("go1", 75), ("end", 100)]
        }
        "reactgo" | "reactanti" => vec![("fix1", 0), ("go1", 100), ("end", 125)],
        "delaygo" | "delayanti" => vec![("fix1", 0), ("stim1", 25), ("delay1", 50), ("go1", 100), ("end", 125)],
        "dm1" | "dm2" => vec![("fix1", 0), ("stim1", 25), ("go1", 100), ("end", 125)],
        "delaydm1" | "delaydm2" => {
            vec![
                ("fix1", 0),
                ("stim1", 25),
                ("delay1", 50),
                ("stim2", 100),
                ("delay2", 125),
                ("go1", 135),
                ("end", 150),
            ]
        }
        "contextdelaydm1" | "contextdelaydm2" | "multidelaydm" => {
            vec![
                ("fix1", 0),
                ("stim1", 25),
                ("delay1", 50),
                ("stim2", 100),
                ("delay2", 125),
                ("go1", 150),
                ("end", 175),
            ]
        }
        _ => vec![("fix1", 0), ("stim1", 25), ("delay1", 50), ("go1", 110), ("end", 135)],
    }
}

/// The shortest, longest and mean length of training trials, in steps of 20 ms. Whole a and b: floor(U(a, b)) has the
/// mean (a + b - 1) / 2.
fn training_length(name: &str) -> (usize, usize, f64) {
    match name {
        "fdgo" | "fdanti" => (15 + 25 + 25, 34 + 74 + 25, 24.5 + 49.5 + 25.0),
        "reactgo" | "reactanti" => (25 + 25, 124 + 25, 74.5 + 25.0),
        "delaygo" | "delayanti" => (15 + 10 + 10 + 25, 35 + 30 + 80 + 25, 25.0 + 20.0 + 37.5 + 25.0),
        "dm1" | "dm2" | "contextdm1" | "contextdm2" | "multidm" => {
            (5 + 20 + 25, 19 + 80 + 25, 12.0 + 140.0 / 3.0 + 25.0)
        }
        "dmsgo" | "dmsnogo" => (10 + 10 + 10 + 25, 30 + 30 + 80 + 25, 20.0 + 20.0 + 37.5 + 25.0),
        "dmcgo" | "dmcnogo" => (10 + 10 + 10 + 10, 30 + 30 + 80 + 30, 20.0 + 20.0 + 37.5 + 20.0),
        _ => (10 + 10 + 10 + 10 + 5 + 25, 30 + 30 + 80 + 30 + 14 + 25, 20.0 + 20.0 + 37.5 + 20.0 + 9.5 + 25.0),
    }
}

/// The angle that a trial of these variables asks for, or none.
fn asked_for(name: &str, condition: &Condition) -> Option<f64> {
    let number = |name: &str| condition.number(name).unwrap();
    let stronger = |coherence: f64| Some(if coherence > 0.0 { number("angle_1") } else { number("angle_2") });
    let is_match = condition.get("match") == Some(&true.into());
    match name {
        "fdgo" | "reactgo" | "delaygo" => Some(number("angle")),
        "fdanti" | "reactanti" | "delayanti" => Some((number("angle") + PI).rem_euclid(TAU)),
        "contextdm1" | "contextdelaydm1" => stronger(number("modality_1_coherence")),
        "contextdm2" | "contextdelaydm2" => stronger(number("modality_2_coherence")),
        "dmsgo" | "dmcgo" => is_match.then(|| number("angle_2")),
        "dmsnogo" | "dmcnogo" => (!is_match).then(|| number("angle_2")),
        _ => stronger(number("coherence")),
    }
}

#[test]
fn test_trials_have_the_timing_of_the_source() -> Result<(), TaskError> {
    for name in RULES {
        for index in 0..3 {
            assert_eq!(spans(&drawn(quiet(name)?.as_ref(), Split::Test, index)?), test_timing(name), "{name}");
        }
    }
    Ok(())
}

#[test]
fn training_trials_have_the_lengths_of_the_source() -> Result<(), TaskError> {
    for name in RULES {
        let (task, n) = (quiet(name)?, 1500);
        let lengths = (0..n)
            .map(|index| Ok(drawn(task.as_ref(), Split::Train, index)?.n_steps()))
            .collect::<Result<Vec<_>, TaskError>>()?;
        let (shortest, longest, mean) = training_length(name);
        assert!(lengths.iter().all(|length| (shortest..=longest).contains(length)), "{name}");
        let drawn = lengths.iter().sum::<usize>() as f64 / n as f64;
        // The standard deviation of a length is at most 32 steps, that of the mean 0.8.
        assert!((drawn - mean).abs() < 3.5, "{name}: {drawn} for {mean}");
    }
    Ok(())
}

#[test]
fn every_trial_asks_for_what_its_variables_say() -> Result<(), TaskError> {
    for name in RULES {
        let task = quiet(name)?;
        for (split, index) in (0..60).map(|index| (if index < 40 { Split::Train } else { Split::Test }, index)) {
            let trial = drawn(task.as_ref(), split, index)?;
            let (go, end) = (trial.epochs.last().unwrap().start, trial.n_steps());
            let (fixation, responses) = (trial.targets.column(0), trial.targets.slice(s![.., 1..]));
            assert!(
                fixation.iter().take(go).all(|&z| z == 0.8) && responses.slice(s![..go, ..]).iter().all(|&z| z == 0.05),
                "{name}"
            );
            match asked_for(name, &trial.condition) {
                Some(angle) => {
                    assert!(fixation.iter().skip(go).all(|&z| z == 0.05), "{name}");
                    let after = responses.row(end - 1);
                    assert!(
                        ring::distance(ring::population_vector(after).unwrap(), angle) < 1e-4,
                        "{name} {}",
                        trial.condition
                    );
                    assert!((sum(after.iter().copied()) - BUMP_SUM - 32.0 * 0.05).abs() < 1e-4, "{name}");
                    let preferred = trial.correct.unwrap() as f64 - 1.0;
                    assert!(ring::distance(TAU * preferred / 32.0, angle) <= PI / 32.0 + 1e-9, "{name}");
                }
                None => {
                    assert!(fixation.iter().all(|&z| z == 0.8) && responses.iter().all(|&z| z == 0.05), "{name}");
                    assert_eq!(trial.correct, Some(0));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn inputs_are_the_cue_the_stimuli_and_the_rule_of_the_task() -> Result<(), TaskError> {
    for (place, name) in RULES.into_iter().enumerate() {
        let trial = drawn(quiet(name)?.as_ref(), Split::Train, 1)?;
        let (go, stays) = (
            trial.epochs.last().unwrap().start,
            name.starts_with("react") || name.starts_with("dms") || name.starts_with("dmc"),
        );
        for (step, row) in trial.inputs.outer_iter().enumerate() {
            assert_eq!(row[0], if step < go || stays { 1.0 } else { 0.0 }, "{name} {step}");
            assert!(
                row.iter().skip(65).enumerate().all(|(rule, &u)| u == if rule == place { 1.0 } else { 0.0 }),
                "{name}"
            );
        }
        let shown = |epoch: &str, modality: usize| {
            let Some(epoch) = trial.epochs.iter().find(|e| e.name == epoch) else { return 0.0 };
            let first = 1 + 32 * (modality - 1);
            let at = |step: usize| sum(trial.inputs.slice(s![step, first..first + 32]).iter().copied()) / BUMP_SUM;
            assert!((at(epoch.start) - at(epoch.end - 1)).abs() < 1e-6, "{name}");
            at(epoch.start)
        };
        let strength = |name: &str| trial.condition.number(name);
        let chosen =
            |variable: &str, modality: usize| if strength(variable) == Some(modality as f64) { 1.0 } else { 0.0 };
        for m in [1, 2] {
            // (fix1, stim1, delay1, stim2, delay2, go1)
            let (c, g) = match name {
                "dm1" | "delaydm1" if m == 1 => (strength("coherence"), strength("strength")),
                "dm2" | "delaydm2" if m == 2 => (strength("coherence"), strength("strength")),
                _ => (strength(&format!("modality_{m}_coherence")), strength(&format!("modality_{m}_strength"))),
            };
            let (c, g) = (c.unwrap_or(0.0), g.unwrap_or(0.0));
            let expected = match name {
                "fdgo" | "fdanti" => [0.0, chosen("modality", m), 0.0, 0.0, 0.0, chosen("modality", m)],
                "reactgo" | "reactanti" => [0.0, 0.0, 0.0, 0.0, 0.0, chosen("modality", m)],
                "delaygo" | "delayanti" => [0.0, chosen("modality", m), 0.0, 0.0, 0.0, 0.0],
                _ if stays => [0.0, chosen("modality_1", m), 0.0, 0.0, 0.0, chosen("modality_2", m)],
                _ if name.contains("delaydm") => [0.0, g + c, 0.0, g - c, 0.0, 0.0],
                _ => [0.0, 2.0 * g, 0.0, 0.0, 0.0, 0.0],
            };
            for (epoch, expected) in ["fix1", "stim1", "delay1", "stim2", "delay2", "go1"].into_iter().zip(expected) {
                assert!(
                    (shown(epoch, m) - expected).abs() < 1e-5,
                    "{name} {epoch} {m}: {} for {expected}",
                    shown(epoch, m)
                );
            }
        }
    }
    Ok(())
}

#[test]
fn stimuli_are_as_strong_and_as_far_apart_as_the_source_draws_them() -> Result<(), TaskError> {
    let (mut strengths, mut distances, n) = (Vec::new(), Vec::new(), 2000);
    for index in 0..n {
        let condition = drawn(quiet("contextdm1")?.as_ref(), Split::Train, index)?.condition;
        strengths.extend(["modality_1_strength", "modality_2_strength"].map(|name| condition.number(name).unwrap()));
        distances.push(ring::distance(condition.number("angle_1").unwrap(), condition.number("angle_2").unwrap()));
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(
        strengths.iter().all(|g| (0.8..1.2).contains(g))
            && distances.iter().all(|d| (PI / 2.0 - 1e-9..=PI).contains(d))
    );
    // Uniform on an interval of length w: the mean of n has a standard deviation of w / sqrt(12 n).
    assert!((mean(&strengths) - 1.0).abs() < 4.5 * 0.4 / (12.0 * 2.0 * n as f64).sqrt());
    assert!((mean(&distances) - 0.75 * PI).abs() < 4.5 * (PI / 2.0) / (12.0 * n as f64).sqrt());
    let non_match = Condition::new().with("match", false);
    for index in 0..500 {
        let trial =
            quiet("dmsgo")?.trial(Split::Train, Some(&non_match), &mut TrialRng::new(0, "test", 0, index))?.condition;
        let apart = ring::distance(trial.number("angle_1").unwrap(), trial.number("angle_2").unwrap());
        assert!(apart >= PI / 9.0 - 1e-9, "{apart}");
    }
    Ok(())
}

#[test]
fn half_of_the_matching_trials_ask_for_a_response_in_training_and_all_in_tests() -> Result<(), TaskError> {
    for name in ["dmsgo", "dmsnogo", "dmcgo", "dmcnogo"] {
        let (task, n) = (quiet(name)?, 2000);
        let asking = |split| {
            (0..n).filter(|&index| drawn(task.as_ref(), split, index as u64).unwrap().correct != Some(0)).count()
        };
        assert!(asking(Split::Train).abs_diff(n / 2) < n / 20, "{name}");
        assert_eq!(asking(Split::Test), n, "{name}");
        assert!(
            task.grid()
                .iter()
                .all(|condition| trial(task.as_ref(), Split::Test, condition).unwrap().correct != Some(0)),
            "{name}"
        );
    }
    Ok(())
}

#[test]
fn categories_are_the_halves_of_the_circle() -> Result<(), TaskError> {
    let (task, n) = (quiet("dmcgo")?, 1000);
    for index in 0..n {
        let condition = drawn(task.as_ref(), Split::Train, index)?.condition;
        let angles = ["angle_1", "angle_2"].map(|name| condition.number(name).unwrap());
        assert_eq!(condition.get("match"), Some(&((angles[0] < PI) == (angles[1] < PI)).into()));
        for angle in angles {
            let tenths = 10.0 * angle / PI;
            assert!((tenths - tenths.round()).abs() < 1e-9 && tenths.round() as i64 % 2 == 1, "{angle}");
        }
    }
    Ok(())
}

#[test]
fn a_batch_has_one_timing_and_one_modality_unless_each_trial_is_to_have_its_own() -> Result<(), TaskError> {
    for name in RULES {
        let id = format!("yang2019/{name}");
        let (alike, free) = (create(&id, None)?, create(&id, Some(&json!({ "same_timing_per_batch": false })))?);
        let is_alike = |trials: &TrialBatch| {
            let modalities =
                |condition: &Condition| ["modality", "modality_1", "modality_2"].map(|name| condition.number(name));
            (
                trials.epochs.windows(2).all(|pair| pair[0] == pair[1]),
                trials.conditions.windows(2).all(|pair| modalities(&pair[0]) == modalities(&pair[1])),
            )
        };
        let has_modality = name.ends_with("go") || name.ends_with("anti");
        let together = batch(alike.as_ref(), Split::Train, 0, 0, 20)?;
        assert_eq!(is_alike(&together), (true, true), "{name}");
        assert_ne!(
            together.epochs[0],
            batch(alike.as_ref(), Split::Train, 0, 1, 1)?.epochs[0],
            "{name}: batches differ"
        );
        assert_eq!(is_alike(&batch(free.as_ref(), Split::Train, 0, 0, 20)?), (false, !has_modality), "{name}");
    }
    // A validation set is made of groups: the n-th trials of all conditions.
    let validation = balanced(&Dm1::default(), Split::Train, 0, 0, 3)?;
    assert!(
        (0..3).all(|i| validation.n_steps[i] == validation.n_steps[i + 3])
            && validation.n_steps[0] != validation.n_steps[1]
    );
    Ok(())
}

#[test]
fn psychometric_conditions_have_the_timing_of_the_source() -> Result<(), TaskError> {
    let ms = |list: &[(&'static str, f64)]| {
        list.iter().fold(Condition::new(), |condition, (name, value)| condition.with(*name, *value))
    };
    let go_starts = |name: &str, condition: Condition| -> Result<Vec<usize>, TaskError> {
        let trial = trial(quiet(name)?.as_ref(), Split::Test, &condition)?;
        assert!(trial.condition.belongs_to(&condition), "{name}");
        assert!(trial.condition.number("modality").is_none_or(|modality| modality == 1.0), "{name}");
        Ok(spans(&trial).into_iter().skip(1).map(|(_, start)| start * 20).collect())
    };
    let cases = [
        ("fdgo", ms(&[("stimulus_duration", 400.0)]), vec![300, 700, 1100]),
        ("reactanti", ms(&[("stimulus_onset", 1000.0)]), vec![1000, 1400]),
        (
            "delaygo",
            ms(&[("stimulus_onset", 200.0), ("stimulus_duration", 100.0), ("delay", 3200.0)]),
            vec![200, 300, 3500, 3900],
        ),
        ("dm2", ms(&[("stimulus_duration", 200.0)]), vec![300, 500, 900]),
        ("contextdm1", ms(&[("stimulus_duration", 800.0)]), vec![500, 1300, 1800]),
        ("multidm", ms(&[("stimulus_duration", 400.0)]), vec![500, 900, 1400]),
        ("delaydm1", ms(&[("delay", 3200.0)]), vec![200, 400, 3600, 3800, 4000, 4300]),
        ("delaydm2", ms(&[("delay", 100.0), ("stimulus_duration", 300.0)]), vec![200, 500, 600, 900, 1100, 1400]),
        ("contextdelaydm2", ms(&[("delay", 800.0)]), vec![300, 600, 1400, 1700, 1900, 2200]),
        ("multidelaydm", ms(&[("delay", 200.0)]), vec![300, 600, 800, 1100, 1300, 1600]),
        ("dmsgo", ms(&[("delay", 1200.0)]), vec![500, 800, 2000, 2500]),
        ("dmcnogo", ms(&[("stimulus_duration", 500.0)]), vec![500, 1000, 2200, 2700]),
    ];
    for (name, condition, starts) in cases {
        assert_eq!(go_starts(name, condition)?, starts, "{name}");
    }
    let training = trial(&Dm1::default(), Split::Train, &ms(&[("stimulus_duration", 400.0)]));
    assert!(training.unwrap_err().to_string().contains("`stimulus_duration` = 400 has no meaning in training trials"));
    assert!(trial(&Dm1::default(), Split::Test, &ms(&[("delay", 400.0)])).unwrap_err().to_string().contains("`delay`"));
    Ok(())
}

#[test]
fn the_grid_is_that_of_the_sources_test_mode() -> Result<(), TaskError> {
    for name in RULES {
        let task = quiet(name)?;
        let grid = task.grid();
        let expected = match name {
            "dm1" | "dm2" | "delaydm1" | "delaydm2" => 20 * 5,
            _ if name.contains("dm") && !name.starts_with("dms") && !name.starts_with("dmc") => 20 * 5 * 5,
            _ if name.starts_with("dm") => 20 * 2 * 2,
            _ => 20 * 2,
        };
        assert_eq!(grid.len(), expected, "{name}");
        for condition in &grid {
            assert_eq!(
                trial(task.as_ref(), Split::Test, condition)?.inputs,
                trial(task.as_ref(), Split::Test, condition)?.inputs,
                "{name}: nothing is left to draw"
            );
        }
    }
    let strengths = |name: &str, k: usize| -> Result<f64, TaskError> {
        let condition = quiet(name)?.grid().swap_remove(k);
        Ok(condition.number("strength").unwrap() + condition.number("coherence").unwrap())
    };
    for (k, dm, delaydm) in [(0, 0.8, 0.5), (1, 0.88, 0.7), (4, 1.12, 1.3)] {
        assert!(
            (strengths("dm1", k)? - dm).abs() < 1e-12 && (strengths("delaydm2", k)? - delaydm).abs() < 1e-12,
            "{k}"
        );
    }
    let samples = DmcGo::default().grid();
    for (k, angle) in [(0, 0.1), (4, 0.18), (39, 0.82), (40, 1.1), (79, 1.82)] {
        assert!((samples[k].number("angle_1").unwrap() - angle * PI).abs() < 1e-12, "{k}");
    }
    assert_eq!(
        DmsNoGo::default().grid()[0].to_string(),
        format!("match=false angle_1=0 angle_2={PI} modality_1=1 modality_2=1")
    );
    Ok(())
}

#[test]
fn where_the_modalities_cancel_the_response_goes_to_the_second_stimulus() -> Result<(), TaskError> {
    let task = MultiDm { settings: silent(), ..MultiDm::default() };
    let number = |condition: &Condition, m: usize| condition.number(&format!("modality_{m}_coherence")).unwrap();
    let tied: Vec<Condition> =
        task.grid().into_iter().filter(|condition| number(condition, 1) + number(condition, 2) == 0.0).collect();
    assert_eq!(tied.len(), 20 * 4);
    for condition in &tied {
        let trial = trial(&task, Split::Test, condition)?;
        let angle = ring::population_vector(trial.targets.slice(s![99, 1..])).unwrap();
        assert!(ring::distance(angle, condition.number("angle_2").unwrap()) < 1e-4);
        assert_eq!(trial.condition.number("coherence"), Some(0.0));
    }
    Ok(())
}

#[test]
fn the_loss_of_constant_outputs_has_its_closed_form() -> Result<(), TaskError> {
    let task = FdGo { settings: silent(), ..FdGo::default() };
    assert_eq!(task.objective(), Objective::MeanSquare);
    for angle in [0.0, 1.0, 6.0] {
        let trial = trial(&task, Split::Test, &Condition::new().with("angle", angle))?;
        let errors = &trial.loss_mask * &(&trial.targets - 0.05);
        let loss = sum(errors.iter().map(|error| error * error)) / (100.0 * 33.0);
        // Fixation is off by 0.75 at 70 graded steps, weighed by 2; the ring by its bump at 20 steps, weighed by 5. The
        // squares of a bump of height 1 sum to 16 / pi channels per rad times the area pi/8 sqrt(pi), 2 sqrt(pi).
        let expected = (70.0 * (2.0 * 0.75_f64).powi(2) + 20.0 * 25.0 * 0.64 * 2.0 * PI.sqrt()) / 3300.0;
        assert!((loss - expected).abs() < 1e-5, "{loss} for {expected}");
    }
    Ok(())
}

#[test]
fn the_loss_mask_counts_from_100_ms_on_and_leaves_out_100_ms_after_the_go_signal() -> Result<(), TaskError> {
    for name in RULES {
        let trial = drawn(quiet(name)?.as_ref(), Split::Train, 0)?;
        let go = trial.epochs.last().unwrap().start;
        for (step, row) in trial.loss_mask.outer_iter().enumerate() {
            let weight = if step < 5 || (go..go + 5).contains(&step) {
                0.0
            } else if step < go {
                1.0
            } else {
                5.0
            };
            assert!(row[0] == 2.0 * weight && row.iter().skip(1).all(|&m| m == weight), "{name} {step}");
        }
    }
    Ok(())
}

#[test]
fn every_input_has_noise_of_its_published_strength() -> Result<(), TaskError> {
    let condition = [Condition::new().with("angle", 1.0).with("modality", 1.0)];
    let noisy = repeated(&FdGo::default(), Split::Test, 0, 0, &condition, 100)?;
    let clean = trial(&FdGo { settings: silent(), ..FdGo::default() }, Split::Test, &condition[0])?;
    let noise = &noisy.inputs - &clean.inputs;
    let variance = sum(noise.iter().map(|x| x * x)) / noise.len() as f64;
    assert!((variance / 0.001 - 1.0).abs() < 0.01, "{variance}");
    for channel in [0, 7, 50, 65, 84] {
        let own = sum(noise.slice(s![.., .., channel]).iter().map(|x| x * x)) / 10_000.0;
        assert!((own / 0.001 - 1.0).abs() < 0.07, "{channel}: {own}");
    }
    Ok(())
}

/// Outputs that fixate until `release` and then show a bump at `angle`.
fn answer(trial: &Trial, release: usize, angle: f64) -> Array2<f32> {
    let mut outputs = Array2::from_elem(trial.targets.dim(), 0.05);
    outputs.slice_mut(s![..release, 0]).fill(0.9);
    let bump = nn4n_tasks::yang2019::layout::bump(angle);
    for step in release..trial.n_steps() {
        outputs.slice_mut(s![step, 1..]).assign(&ndarray::aview1(&bump));
    }
    outputs
}

#[test]
fn a_response_is_right_within_36_degrees_and_once_fixation_is_off() -> Result<(), TaskError> {
    let task = FdAnti::default();
    let trial = trial(&task, Split::Test, &Condition::new().with("angle", 1.0))?;
    let correct = |release, angle| task.score(trial.view(), answer(&trial, release, angle).view());
    let right = 1.0 + PI;
    for (away, is_right) in [(0.0, true), (0.62, true), (-0.62, true), (0.64, false), (-0.64, false), (PI, false)] {
        assert_eq!(correct(78, right + away).correct, Some(is_right), "{away}");
    }
    let score = correct(78, right);
    assert_eq!((score.choice, score.reaction_time), (trial.correct, Some(80.0)));
    let holding = correct(100, right);
    assert_eq!((holding.choice, holding.correct, holding.reaction_time), (Some(0), Some(false), None));
    Ok(())
}

#[test]
fn fixation_is_kept_at_the_last_step_or_from_100_ms_to_the_go_signal_as_the_rule_says() -> Result<(), TaskError> {
    let code = DmsGo::default();
    let paper = DmsGo {
        settings: Yang2019 { fixation_rule: FixationRule::Maintained, ..Yang2019::default() },
        ..DmsGo::default()
    };
    let correct = |condition: &Condition, change: &dyn Fn(&mut Array2<f32>)| -> Result<_, TaskError> {
        let trial = trial(&code, Split::Test, condition)?;
        let mut outputs = trial.targets.clone();
        change(&mut outputs);
        Ok((code.score(trial.view(), outputs.view()).correct, paper.score(trial.view(), outputs.view()).correct))
    };
    for is_match in [true, false] {
        let condition = Condition::new().with("match", is_match);
        assert_eq!(correct(&condition, &|_| {})?, (Some(true), Some(true)));
        assert_eq!(correct(&condition, &|z| z[[60, 0]] = 0.4)?, (Some(true), Some(false)));
        // Not graded: the first 100 ms.
        assert_eq!(correct(&condition, &|z| z[[4, 0]] = 0.4)?, (Some(true), Some(true)));
        assert_eq!(
            correct(&condition, &|z| z[[134, 0]] = 0.5 + if is_match { 0.1 } else { 0.0 })?,
            (Some(false), Some(false))
        );
    }
    assert_eq!((code.chance(), paper.chance(), Dm2::default().chance()), (0.3, 0.0, 0.1));
    Ok(())
}

#[test]
fn what_the_paper_does_otherwise_is_a_parameter() -> Result<(), TaskError> {
    let paper = create(
        "yang2019/delaydm1",
        Some(&json!({ "stimulus": 300.0, "fixation_target": 0.85, "coherences": [0.16, 0.32, 0.64] })),
    )?;
    for update in 0..20 {
        let trial = paper.trial(Split::Train, None, &mut TrialRng::new(0, "test", update, 0))?;
        for name in ["stim1", "stim2"] {
            assert_eq!(trial.view().epoch(name).unwrap().steps().len(), 15);
        }
        assert!(trial.targets[[0, 0]] == 0.85 && trial.condition.number("coherence").unwrap().abs() >= 0.16);
    }
    assert_eq!(paper.conditions().len(), 6);
    Ok(())
}

#[test]
fn another_step_is_refused_or_floors_each_duration_on_its_own() -> Result<(), TaskError> {
    let dm = |parameters| create("yang2019/dm1", Some(&parameters));
    let message = dm(json!({ "dt": 30.0 })).unwrap_err().to_string();
    assert!(message.contains("dt") && message.contains("rounding"), "{message}");
    let floored = dm(json!({ "dt": 30.0, "rounding": Rounding::Floor }))?;
    // 500 / 30 = 16.7, 1500 / 30 = 50, 500 / 30 = 16.7.
    assert_eq!(
        spans(&drawn(floored.as_ref(), Split::Test, 0)?),
        [("fix1", 0), ("stim1", 16), ("go1", 66), ("end", 82)]
    );
    assert!(dm(json!({ "dt": 5.0 })).is_ok() && dm(json!({ "dt": 1000.0, "rounding": "floor" })).is_err());
    Ok(())
}

#[test]
fn parameters_and_variables_without_meaning_are_refused_by_name() {
    let cases = [
        ("fdgo", json!({ "sigma_x": -1.0 })),
        ("fdgo", json!({ "fixation_target": 0.4 })),
        ("reactgo", json!({ "fixation": { "min": 2500.0, "max": 500.0 } })),
        ("delaygo", json!({ "delay": { "one_of": [] } })),
        ("delaygo", json!({ "response": 100.0 })),
        ("dm1", json!({ "coherences": [0.0] })),
        ("multidelaydm", json!({ "coherences": [] })),
        ("dmcgo", json!({ "angles": [0.1, 0.3] })),
        ("dmsgo", json!({ "grace": -20.0 })),
        ("dmsnogo", json!({ "non_match": 5.0 })),
        ("dmsgo", json!({ "fixation_rule": "never" })),
    ];
    for (name, parameters) in cases {
        let field = parameters.as_object().unwrap().keys().next().unwrap();
        let Err(error) = create(&format!("yang2019/{name}"), Some(&parameters)) else {
            panic!("{name} accepts {parameters}")
        };
        assert!(error.to_string().contains(field.as_str()), "{name} {parameters}: {error}");
    }
    let dms = Condition::new().with("match", true).with("angle_1", 1.0);
    let refused: [(&dyn Task, Condition, &str); 5] = [
        (&FdGo::default(), Condition::new().with("modality", 3.0), "`modality` = 3"),
        (&ReactGo::default(), Condition::new().with("angle", 7.0), "`angle` = 7"),
        (&DmsGo::default(), dms.with("angle_2", 2.0), "`match`"),
        (&DmsGo::default(), Condition::new().with("match", 1.0), "`match` = 1"),
        (&ContextDm2::default(), Condition::new().with("coherence", 0.1), "`coherence`"),
    ];
    for (task, condition, part) in refused {
        let message = trial(task, Split::Test, &condition).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    assert!(
        trial(&DelayDm1::default(), Split::Test, &Condition::new().with("delay", 310.0))
            .unwrap_err()
            .to_string()
            .contains("delay = 300 or 320")
    );
}
