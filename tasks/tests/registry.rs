//! What every task must do, checked for every task of the registry.

use ndarray::{Array3, Axis};
use nn4n_tasks::{Condition, Objective, Split, Task, TaskError, TrialBatch, TrialRng};
use nn4n_tasks::{balanced, batch, create, list, noise_free, performance, repeated, scores, weighted};
use serde_json::json;

const SPLITS: [Split; 2] = [Split::Train, Split::Test];

/// All tasks that can be made without a file, but for the set of several tasks, whose own rules are in `multitask.rs`.
fn single_tasks() -> Vec<Box<dyn Task>> {
    tasks().into_iter().filter(|task| task.id() != "multitask/set").collect()
}

/// All tasks that can be made without a file.
fn tasks() -> Vec<Box<dyn Task>> {
    let made = list().into_iter().filter(|info| info.n_inputs.is_some()).map(|info| create(info.id, None));
    made.collect::<Result<_, _>>().expect("a listed task can be created with its defaults")
}

fn many(task: &dyn Task, split: Split) -> TrialBatch {
    batch(task, split, 5, 1, 60).expect("a default task makes trials")
}

#[test]
fn epochs_tile_every_trial() {
    for task in tasks() {
        for split in SPLITS {
            let trials = many(task.as_ref(), split);
            for (epochs, &n_steps) in trials.epochs.iter().zip(&trials.n_steps) {
                assert_eq!(epochs[0].start, 0, "{}", task.id());
                assert!(epochs.windows(2).all(|pair| pair[0].end == pair[1].start), "{}", task.id());
                assert!(epochs.iter().all(|epoch| epoch.start < epoch.end), "{}", task.id());
                assert_eq!(epochs[epochs.len() - 1].end, n_steps, "{}", task.id());
            }
        }
    }
}

#[test]
fn channels_are_named_once_and_match_the_arrays() {
    for task in tasks() {
        let trials = many(task.as_ref(), Split::Train);
        for (channels, axis) in [(task.inputs(), trials.inputs.dim().2), (task.outputs(), trials.targets.dim().2)] {
            assert_eq!(channels.len(), axis, "{}", task.id());
            for (i, channel) in channels.iter().enumerate() {
                assert!(channels[i + 1..].iter().all(|other| other != channel), "{} twice in {}", channel, task.id());
            }
        }
    }
}

#[test]
fn something_is_graded_in_every_trial_and_nothing_below_zero() {
    for task in tasks() {
        for split in SPLITS {
            let trials = many(task.as_ref(), split);
            for trial in (0..trials.len()).filter_map(|i| trials.view(i)) {
                assert!(trial.loss_mask.iter().all(|&weight| weight >= 0.0), "{}", task.id());
                assert!(trial.loss_mask.iter().any(|&weight| weight > 0.0), "{} {}", task.id(), trial.condition);
            }
        }
    }
}

#[test]
fn classes_are_ones_and_zeros_with_one_class_at_every_graded_step() {
    for task in tasks().iter().filter(|task| task.objective() == Objective::Classes) {
        let trials = many(task.as_ref(), Split::Train);
        for trial in (0..trials.len()).filter_map(|i| trials.view(i)) {
            for (targets, loss_mask) in trial.targets.outer_iter().zip(trial.loss_mask.outer_iter()) {
                assert!(targets.iter().all(|&z| z == 0.0 || z == 1.0), "{}", task.id());
                assert!(loss_mask.iter().all(|&m| m == loss_mask[0]), "{}", task.id());
                assert!(loss_mask[0] == 0.0 || targets.sum() == 1.0, "{}", task.id());
            }
        }
    }
}

#[test]
fn padding_is_zero_in_all_arrays() {
    for task in tasks() {
        let trials = many(task.as_ref(), Split::Train);
        assert_eq!(trials.n_steps.iter().max(), Some(&trials.max_steps()));
        for array in [&trials.inputs, &trials.targets, &trials.loss_mask] {
            for (trial, &n_steps) in array.outer_iter().zip(&trials.n_steps) {
                assert!(trial.slice(ndarray::s![n_steps.., ..]).iter().all(|&x| x == 0.0), "{}", task.id());
            }
        }
    }
}

#[test]
fn the_targets_themselves_are_the_right_answer() -> Result<(), TaskError> {
    for task in tasks() {
        for split in SPLITS {
            let trials = balanced(task.as_ref(), split, 3, 0, 4)?;
            let perfect = performance(task.as_ref(), &trials, trials.targets.view())?;
            assert_eq!(perfect.overall, Some(1.0), "{}", task.id());
            assert_eq!(perfect.minimum, Some(1.0), "{}", task.id());
            assert_eq!(perfect.rms_error, Some(0.0), "{}", task.id());
            if let Some(criterion) = task.criterion() {
                assert!(criterion.is_met(std::slice::from_ref(&perfect)), "{}", task.id());
            }
        }
    }
    Ok(())
}

#[test]
fn a_random_answer_is_at_chance_and_stops_no_training() -> Result<(), TaskError> {
    for task in tasks() {
        let trials = balanced(task.as_ref(), Split::Train, 3, 0, 1 + 2000 / task.conditions().len())?;
        let mut rng = TrialRng::new(8, "answers", 0, 0);
        let answers = Array3::from_shape_simple_fn(trials.targets.dim(), || rng.uniform() as f32);
        let random = performance(task.as_ref(), &trials, answers.view())?;
        let overall = random.overall.unwrap();
        let (p, n) = (task.chance(), random.trials as f64);
        let expected = 0.005 + 4.5 * (p * (1.0 - p) / n).sqrt();
        assert!((overall - p).abs() < expected, "{}: {overall}, but chance is {p}", task.id());
        assert!(!task.criterion().is_some_and(|criterion| criterion.is_met(&[random])), "{}", task.id());
    }
    Ok(())
}

#[test]
fn answers_that_are_no_numbers_are_wrong() -> Result<(), TaskError> {
    for task in tasks() {
        let trials = balanced(task.as_ref(), Split::Train, 3, 0, 1)?;
        let nan = Array3::from_elem(trials.targets.dim(), f32::NAN);
        let score = performance(task.as_ref(), &trials, nan.view())?;
        assert_eq!(score.overall, Some(0.0), "{}", task.id());
        assert!(!task.criterion().is_some_and(|criterion| criterion.is_met(&[score])), "{}", task.id());
    }
    Ok(())
}

#[test]
fn outputs_of_another_shape_are_refused_with_both_shapes() -> Result<(), TaskError> {
    let task = create("song2016/rdm_fixed", None)?;
    let trials = batch(task.as_ref(), Split::Train, 0, 0, 2)?;
    let (b, t, o) = trials.targets.dim();
    let message = performance(task.as_ref(), &trials, Array3::zeros((b, t, o + 1)).view()).unwrap_err().to_string();
    assert!(message.contains(&format!("[{b}, {t}, 3]")) && message.contains(&format!("[{b}, {t}, 2]")), "{message}");
    Ok(())
}

#[test]
fn a_batch_of_b_is_b_trials_made_alone_bit_for_bit() -> Result<(), TaskError> {
    for task in tasks() {
        for split in SPLITS {
            // More trials than one thread would make alone.
            let trials = batch(task.as_ref(), split, 11, 4, 40)?;
            for i in 0..40 {
                let alone = task.trial(split, None, &mut TrialRng::new(11, split.name(), 4, i as u64))?;
                let inside = trials.view(i).unwrap();
                assert_eq!(alone.inputs, inside.inputs, "{}", task.id());
                assert_eq!(alone.targets, inside.targets, "{}", task.id());
                assert_eq!(alone.loss_mask, inside.loss_mask, "{}", task.id());
                assert_eq!((&alone.condition, alone.correct), (inside.condition, inside.correct));
            }
        }
    }
    Ok(())
}

#[test]
fn one_thread_and_two_make_the_same_bits() -> Result<(), TaskError> {
    for task in tasks() {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| batch(task.as_ref(), Split::Train, 2, 9, 150))
        };
        assert_eq!(with(1)?, with(2)?, "{}", task.id());
    }
    Ok(())
}

#[test]
fn seed_and_update_change_the_trials_and_validation_trials_are_not_training_trials() -> Result<(), TaskError> {
    let task = create("song2016/rdm_fixed", None)?;
    let of = |seed, update| batch(task.as_ref(), Split::Train, seed, update, 3);
    assert_ne!(of(0, 0)?, of(1, 0)?);
    assert_ne!(of(0, 0)?, of(0, 1)?);
    let catch = [Condition::catch()];
    let balanced = repeated(task.as_ref(), Split::Train, 0, 0, &catch, 1)?;
    let drawn = task.trial(Split::Train, Some(&catch[0]), &mut TrialRng::new(0, "train", 0, 0))?;
    assert_ne!(balanced.view(0).unwrap().inputs, drawn.inputs.view());
    Ok(())
}

#[test]
fn conditions_are_listed_once_presented_as_listed_and_cover_what_is_drawn() -> Result<(), TaskError> {
    for task in tasks() {
        let conditions = task.conditions();
        for (i, condition) in conditions.iter().enumerate() {
            assert!(!conditions[i + 1..].contains(condition), "{condition} twice in {}", task.id());
        }
        let presented = balanced(task.as_ref(), Split::Train, 0, 0, 2)?;
        for (condition, presented) in conditions.iter().zip(presented.conditions.chunks(2)) {
            assert!(presented.iter().all(|presented| presented.belongs_to(condition)), "{condition} in {}", task.id());
        }
        for drawn in batch(task.as_ref(), Split::Train, 0, 0, 200)?.conditions {
            let classes = conditions.iter().filter(|condition| drawn.belongs_to(condition)).count();
            assert_eq!(classes, 1, "{drawn} in {}", task.id());
        }
    }
    Ok(())
}

#[test]
fn what_was_drawn_can_be_asked_for_again() -> Result<(), TaskError> {
    for task in tasks() {
        for drawn in batch(task.as_ref(), Split::Train, 0, 0, 20)?.conditions {
            let again = task.trial(Split::Train, Some(&drawn), &mut TrialRng::new(0, "again", 0, 0))?;
            assert_eq!(again.condition, drawn, "{}", task.id());
        }
    }
    Ok(())
}

#[test]
fn the_grid_presents_every_class_in_test_trials() -> Result<(), TaskError> {
    for task in tasks() {
        let (grid, classes) = (task.grid(), task.conditions());
        for (i, condition) in grid.iter().enumerate() {
            assert!(!grid[i + 1..].contains(condition), "{condition} twice in the grid of {}", task.id());
            let trial = task.trial(Split::Test, Some(condition), &mut TrialRng::new(0, "grid", 0, 0))?;
            assert!(trial.condition.belongs_to(condition), "{} for {condition} in {}", trial.condition, task.id());
        }
        assert!(grid.len() >= classes.len(), "{}", task.id());
    }
    Ok(())
}

#[test]
fn conditions_are_drawn_uniformly_and_catch_trials_at_their_rate() -> Result<(), TaskError> {
    for task in single_tasks() {
        let conditions = task.conditions();
        if conditions.len() == 1 {
            continue;
        }
        // One trial from each of many updates, since the trials of one batch may have their timing in common.
        let draws = 200 * conditions.len();
        let draw =
            |update| Ok(task.trial(Split::Train, None, &mut TrialRng::new(0, "train", update as u64, 0))?.condition);
        let drawn = (0..draws).map(draw).collect::<Result<Vec<_>, TaskError>>()?;
        let p_catch = task.parameters()["p_catch"].as_f64().unwrap_or(0.0);
        let others = conditions.iter().filter(|condition| !condition.is_catch()).count();
        for condition in &conditions {
            let p = if condition.is_catch() { p_catch } else { (1.0 - p_catch) / others as f64 };
            let expected = p * draws as f64;
            let count = drawn.iter().filter(|drawn| drawn.belongs_to(condition)).count() as f64;
            assert!(
                (count - expected).abs() < 4.5 * (expected * (1.0 - p)).sqrt(),
                "{} {condition}: {count} of {expected}",
                task.id()
            );
        }
    }
    Ok(())
}

/// The strengths of the noise among the parameters of a task, and what its file says of the standard deviation per step
/// at each.
fn stated_noise(task: &dyn Task) -> Vec<(&'static str, f64)> {
    let parameters = task.parameters();
    let number = |name: &str| parameters[name].as_f64();
    let family = task.id().split('/').next().unwrap_or_default();
    let white = |tau: f64| (2.0 * tau / task.dt()).sqrt();
    let scales = [
        ("sigma_x", number("tau").map(white)),
        ("sigma_feedback", Some(1.0)),
        ("sigma", (family == "neurogym").then(|| 1.0 / task.dt().sqrt())),
        (
            "sigma_in",
            match family {
                "motor" => Some(1.0),
                // Stated for a step of 10, 20 or 1 ms.
                "orhan2019" => Some((10.0 / task.dt()).sqrt()),
                "raposo2014" => Some((20.0 / task.dt()).sqrt()),
                "mante2013" => {
                    Some((if task.id().ends_with("continuous") { 1.0 / task.dt() } else { 20.0 / task.dt() }).sqrt())
                }
                _ => number("tau_in").map(white),
            },
        ),
    ];
    scales.into_iter().filter_map(|(name, scale)| Some((name, scale? * number(name)?))).collect()
}

/// Inputs without noise by definition: the tasks (by the start of their id), the strength, and the channels (by the
/// start of their name).
const NOISELESS: [(&str, &str, &[&str]); 5] = [
    ("neurogym/", "sigma", &["fixation", "cue_", "sure"]),
    ("kleinman2021/", "sigma_in", &["left_target", "right_target"]),
    ("mante2013/", "sigma_in", &["context_"]),
    ("motor/arm_reach", "sigma_in", &["hand_"]),
    ("motor/arm_reach", "sigma_feedback", &["target_", "go_cue"]),
];

#[test]
fn the_noise_is_as_strong_as_stated_and_twice_as_strong_at_twice_the_strength() -> Result<(), TaskError> {
    let mut noisy_tasks = 0;
    for task in single_tasks() {
        let parameters = task.parameters();
        let noise = stated_noise(task.as_ref());
        let named = parameters.as_object().expect("parameters").keys().filter(|name| name.starts_with("sigma")).count();
        assert!(
            noise.len() == named || task.id() == "wang2024/place_cells",
            "{} has {named} strengths of noise",
            task.id()
        );
        noisy_tasks += usize::from(!noise.is_empty());
        for (name, _) in noise {
            let at = |strength: f64| create(task.id(), Some(&json!({ name: strength })));
            // Where the published noise is off.
            let strength = parameters[name].as_f64().filter(|strength| *strength > 0.0).unwrap_or(0.1);
            let of = |strength: f64| batch(at(strength)?.as_ref(), Split::Train, 6, 0, 100);
            let (clean, once, twice) = (of(0.0)?, of(strength)?, of(2.0 * strength)?);
            let stated = stated_noise(at(strength)?.as_ref())
                .into_iter()
                .find(|(other, _)| *other == name)
                .map_or(0.0, |(_, std)| std);
            assert_eq!((&clean.conditions, &clean.n_steps), (&once.conditions, &once.n_steps), "{}", task.id());
            let (mut n, mut sum) = (0.0, 0.0);
            for ((u, once), twice) in clean.inputs.iter().zip(&once.inputs).zip(&twice.inputs) {
                let (one, two) = (f64::from(once - u), f64::from(twice - u));
                // Inputs may be rectified, which cuts off what is negative only: the upper half of a Gaussian has the
                // mean square of the whole.
                if one > 0.0 {
                    (n, sum) = (n + 1.0, sum + one * one);
                }
                let is_double = (two - 2.0 * one).abs() < 1e-5 * f64::from(u.abs()).max(1.0);
                assert!(is_double || *twice == 0.0, "{} {name}: {one} {two}", task.id());
            }
            assert!(n > 150.0, "{} {name}: {n} noisy inputs", task.id());
            for (i, channel) in task.inputs().iter().enumerate() {
                let starts = |names: &[&str]| names.iter().any(|start| channel.name.starts_with(start));
                let noiseless =
                    NOISELESS.iter().any(|(id, of, names)| task.id().starts_with(id) && *of == name && starts(names));
                let is_clean = clean.inputs.index_axis(Axis(2), i) == once.inputs.index_axis(Axis(2), i);
                assert_eq!(is_clean, noiseless, "{} {name}: whether {channel} has no noise", task.id());
            }
            let std = (sum / n).sqrt();
            assert!(
                (std / stated - 1.0).abs() < 4.5 / (2.0 * n).sqrt() + 0.002,
                "{} {name}: {std}, but {stated} is stated",
                task.id()
            );
        }
    }
    assert!(noisy_tasks > 70, "{noisy_tasks}");
    Ok(())
}

#[test]
fn the_correct_choice_wins_the_target_and_catch_trials_have_none() {
    for task in
        tasks().iter().filter(|task| task.id().starts_with("song2016/") && task.outputs()[0].name.starts_with("choice"))
    {
        let trials = many(task.as_ref(), Split::Train);
        for i in 0..trials.len() {
            let trial = trials.view(i).unwrap();
            let last = trial.targets.row(trial.n_steps() - 1);
            match trial.correct {
                Some(correct) => {
                    assert!(last[correct] > last[1 - correct] && last[1 - correct] == 0.2, "{}", task.id())
                }
                None => assert!(trial.condition.is_catch() && trial.targets.iter().all(|&z| z == 0.2), "{}", task.id()),
            }
        }
    }
}

#[test]
fn parameters_rebuild_the_task() -> Result<(), TaskError> {
    for task in tasks() {
        let again = create(task.id(), Some(&task.parameters()))?;
        assert_eq!(again.parameters(), task.parameters());
        let trials = |task: &dyn Task| batch(task, Split::Train, 0, 0, 3);
        assert_eq!(trials(again.as_ref())?, trials(task.as_ref())?, "{}", task.id());
    }
    Ok(())
}

#[test]
fn unknown_parameters_and_variables_are_refused_by_name() {
    for task in tasks() {
        let message = create(task.id(), Some(&json!({ "cohreences": [0.1] }))).unwrap_err().to_string();
        assert!(message.contains(task.id()) && message.contains("cohreences"), "{message}");
        let condition = Condition::new().with("cohreence", 0.1);
        let message =
            task.trial(Split::Train, Some(&condition), &mut TrialRng::new(0, "t", 0, 0)).unwrap_err().to_string();
        assert!(message.contains("cohreence"), "{message}");
    }
    let message = create("data/npz", Some(&json!({ "pth": "a.npz" }))).unwrap_err().to_string();
    assert!(message.contains("pth"), "{message}");
}

#[test]
fn parameters_without_meaning_are_refused_by_name() {
    let two_choice = json!({
        "dt": 0.0, "fixation": -20.0, "decision": 310.0, "p_catch": 1.5, "catch_duration": 0.0, "hi": 0.1,
        "sigma_in": -0.01, "tau_in": 0.0,
    });
    let rdm = json!({ "coherences": [3.2] });
    let cases = [
        (
            "song2016/rdm_fixed",
            vec![two_choice.clone(), rdm.clone(), json!({ "stimulus": 0.0 }), json!({ "dt": 1e-9 })],
        ),
        (
            "song2016/rdm_varstim",
            vec![two_choice, rdm, json!({ "stimulus_min": 10.0 }), json!({ "stimulus_max": 60.0 })],
        ),
        (
            "song2016/rdm_rt",
            vec![json!({ "ungraded": 810.0 }), json!({ "stimulus": 300.0 }), json!({ "threshold": 1.3 })],
        ),
        ("song2016/mante", vec![json!({ "coherences": [] })]),
        ("song2016/multisensory", vec![json!({ "rates": [9.0] }), json!({ "boundary": null })]),
        (
            "song2016/romo",
            vec![json!({ "pairs": [[10.0, 10.0]] }), json!({ "delay_max": 100.0 }), json!({ "pairs": [] })],
        ),
        ("song2016/lee_sequence", vec![json!({ "movement": 505.0 }), json!({ "rms_error": 0.0 })]),
        ("song2016/sinewave", vec![json!({ "period": 810.0 }), json!({ "n_periods": 0 })]),
        (
            "golub2018/flip_flop",
            vec![
                json!({ "bits": 0 }),
                json!({ "bits": 65 }),
                json!({ "n_steps": 99999999 }),
                json!({ "p_pulse": -0.1 }),
            ],
        ),
    ];
    for (id, parameters) in cases {
        for parameters in parameters {
            for (field, value) in parameters.as_object().unwrap() {
                let one = json!({ field.as_str(): value });
                let Err(error) = create(id, Some(&one)) else { panic!("{id} accepts {one}") };
                // A step that is too small shows in the first duration it makes too long.
                assert!(error.to_string().contains(field.as_str()), "{id} {one}: {error}");
            }
        }
    }
}

#[test]
fn batches_of_no_or_of_too_many_trials_are_refused() -> Result<(), TaskError> {
    let task = create("song2016/rdm_fixed", None)?;
    for size in [0, 1 << 40, usize::MAX] {
        let message = batch(task.as_ref(), Split::Train, 0, 0, size).unwrap_err().to_string();
        assert!(message.contains("batch_size"), "{message}");
    }
    assert!(balanced(task.as_ref(), Split::Train, 0, 0, usize::MAX).is_err());
    Ok(())
}

#[test]
fn every_task_runs_at_another_dt_with_the_same_durations() -> Result<(), TaskError> {
    for task in single_tasks().iter().filter(|task| task.id() != "golub2018/flip_flop") {
        let fine = create(task.id(), Some(&json!({ "dt": 0.5 })))?;
        let condition = task.conditions().pop().unwrap();
        let lasting = |task: &dyn Task| -> Result<(f64, usize), TaskError> {
            let trial = task.trial(Split::Test, Some(&condition), &mut TrialRng::new(0, "t", 0, 0))?;
            Ok((trial.n_steps() as f64 * task.dt(), trial.epochs.len()))
        };
        let ((exact, _), (rounded, epochs)) = (lasting(fine.as_ref())?, lasting(task.as_ref())?);
        // A step that is longer than usual rounds each epoch by more.
        let slack = if task.dt() > 20.0 { 0.5 * task.dt() * epochs as f64 } else { 0.0 };
        assert!((exact - rounded).abs() <= 10.5 + slack, "{}", task.id());
    }
    Ok(())
}

#[test]
fn weights_say_how_often_a_condition_is_drawn() -> Result<(), TaskError> {
    let task = create("song2016/rdm_fixed", None)?;
    let conditions: Vec<_> = [0.032, -0.512].map(|c| Condition::new().with("coherence", c)).into();
    let drawn = weighted(task.as_ref(), Split::Train, 0, 0, 2000, &conditions, &[3.0, 1.0])?.conditions;
    let share = drawn.iter().filter(|drawn| **drawn == conditions[0]).count() as f64 / 2000.0;
    assert!((share - 0.75).abs() < 0.04, "{share}");
    for weights in [vec![1.0], vec![0.0, 0.0], vec![f64::NAN, 1.0], vec![-1.0, 2.0]] {
        let message = weighted(task.as_ref(), Split::Train, 0, 0, 4, &conditions, &weights).unwrap_err().to_string();
        assert!(message.contains("weights"), "{message}");
    }
    Ok(())
}

#[test]
fn every_task_describes_itself() {
    for task in tasks() {
        let description = task.about().description();
        assert!(description.len() > 200 && !description.contains("```"), "{}: {description}", task.id());
        let citation = task.about().citation;
        assert!(description.contains(citation.doi) && (1980..2030).contains(&citation.year), "{}", task.id());
    }
}

#[test]
fn positive_evidence_speaks_for_the_first_alternative() -> Result<(), TaskError> {
    let set = json!({ "tasks": ["yang2019/contextdm1", "yang2019/contextdm2"] });
    for (task, rest, variable) in [
        (create("song2016/rdm_fixed", None)?, Condition::new(), "coherence"),
        (create("song2016/mante", None)?, Condition::new().with("context", "colour"), "colour_coherence"),
        (create("neurogym/perceptual_decision_making", None)?, Condition::new(), "coherence"),
        (create("neurogym/context_decision_making", None)?, Condition::new(), "coherence_1"),
        (create("yang2019/dm1", None)?, Condition::new(), "coherence"),
        (create("driscoll2022/delaydm1", None)?, Condition::new(), "coherence"),
        (
            create("multitask/set", Some(&set))?,
            Condition::new().with("task", "yang2019/contextdm2"),
            "modality_2_coherence",
        ),
    ] {
        for value in [-0.16, 0.16] {
            let conditions = [rest.clone().with(variable, value)];
            let trials = repeated(task.as_ref(), Split::Test, 1, 0, &conditions, 20)?;
            for (condition, score) in
                trials.conditions.iter().zip(scores(task.as_ref(), &trials, trials.targets.view())?)
            {
                assert_eq!(task.chose_first(condition, &score), Some(value > 0.0), "{} {condition}", task.id());
            }
        }
    }
    Ok(())
}

#[test]
fn descriptions_hold_no_syntax_of_the_code() {
    for info in list() {
        for (number, line) in info.description.lines().enumerate() {
            let leak = ["[`", "`]", "::", "\\|", "```", "//!"].into_iter().find(|code| line.contains(code));
            assert_eq!(leak, None, "{}, line {}: {line}", info.id, number + 1);
        }
    }
}

#[test]
fn a_former_version_is_the_newest_one_with_all_its_parameters_said() {
    let mut found = 0;
    for task in tasks() {
        for former in task.about().former {
            let mut parameters = task.parameters();
            for (name, _) in former.switches {
                let known = parameters.as_object_mut().and_then(|parameters| parameters.remove(*name));
                assert!(known.is_some(), "{} has no `{name}`", task.id());
            }
            assert!(former.version < task.about().version, "{}", task.id());
            let then = task.about().of_version(former.version, &parameters).expect("a former version");
            assert!(create(task.id(), Some(&then)).is_ok(), "{}", task.id());
            found += 1;
        }
        assert_eq!(task.about().of_version(1000, &task.parameters()), None, "{}", task.id());
    }
    assert!(found >= 11, "{found}");
}

#[test]
fn choices_are_called_what_they_are() {
    let names = |id: &str| [0, 1].map(|choice| create(id, None).unwrap().choice_name(choice));
    assert_eq!(names("kleinman2021/checkerboard"), ["choice left", "choice right"]);
    assert_eq!(names("kim2019/xor"), ["same", "different"]);
    assert_eq!(names("kim2019/go_nogo"), ["go", "no-go"]);
    assert_eq!(names("raposo2014/multisensory"), ["positive choice", "negative choice"]);
    assert_eq!(names("driscoll2022/delaydm2"), ["stimulus 1", "stimulus 2"]);
    assert_eq!(names("driscoll2022/dmcgo"), ["response", "fixation"]);
    let set = |tasks: &[&str]| create("multitask/set", Some(&json!({ "tasks": tasks }))).unwrap();
    let decisions = set(&["driscoll2022/delaydm1", "driscoll2022/delaydm2"]);
    assert_eq!(decisions.choice_name(1), "stimulus 2");
    let mixed = set(&["driscoll2022/delaydm1", "driscoll2022/dmsgo"]);
    assert_eq!(mixed.choice_name(1), "choice 2", "a stimulus of the one task, fixation in the other");
}

/// Tasks whose signals themselves change from step to step.
const CHANGING: [&str; 3] = ["golub2018/flip_flop", "wang2024/place_cells", "cueva2018/path_integration"];

#[test]
fn trials_without_noise_have_the_signals_of_those_with_it() {
    for task in single_tasks() {
        let conditions = task.conditions();
        let quiet = noise_free(task.as_ref(), Split::Test, 3, 0, &conditions, 2).unwrap();
        let noisy = repeated(task.as_ref(), Split::Test, 3, 0, &conditions, 2).unwrap();
        assert_eq!((&quiet.n_steps, &quiet.epochs), (&noisy.n_steps, &noisy.epochs), "{}", task.id());
        assert_eq!(quiet.conditions, noisy.conditions, "{}", task.id());
        // Inputs hold for many steps where it is not the signal that changes.
        let changes = |i: usize| {
            let inputs = &quiet.view(i).unwrap().inputs;
            inputs.outer_iter().zip(inputs.outer_iter().skip(1)).filter(|(a, b)| a != b).count()
        };
        let share = (0..quiet.len()).map(changes).sum::<usize>() as f64 / quiet.n_steps.iter().sum::<usize>() as f64;
        assert_eq!(share > 0.2, CHANGING.contains(&task.id()), "{} {share}", task.id());
    }
}
