//! Several tasks for one network: whose turn it is, where their channels are, and that each stays what it is alone.

use std::collections::BTreeMap;

use ndarray::{Axis, s};
use nn4n_tasks::{Condition, Criterion, Split, Task, TaskError, TrialRng, balanced, batch, create, performance};
use serde_json::{Value, json};

const FIXED: &str = "song2016/rdm_fixed";
const VARSTIM: &str = "song2016/rdm_varstim";

fn set(parameters: Value) -> Result<Box<dyn Task>, TaskError> {
    create("multitask/set", Some(&parameters))
}

fn refusal(parameters: Value) -> String {
    set(parameters).expect_err("must be refused").to_string()
}

/// How many of the first trials of `updates` updates belong to each task.
fn turns(task: &dyn Task, updates: u64) -> Result<Vec<String>, TaskError> {
    let name = |update| {
        let trial = task.trial(Split::Train, None, &mut TrialRng::new(0, "train", update, 0))?;
        Ok(trial.condition.text("task").expect("every trial names its task").to_string())
    };
    (0..updates).map(name).collect()
}

fn counts(names: &[String]) -> BTreeMap<&str, usize> {
    names.iter().fold(BTreeMap::new(), |mut counts, name| {
        *counts.entry(name.as_str()).or_default() += 1;
        counts
    })
}

#[test]
fn tasks_are_drawn_by_their_weights_one_per_batch() -> Result<(), TaskError> {
    let task = set(json!({ "tasks": [FIXED, { "id": VARSTIM, "weight": 3.0 }] }))?;
    let share = counts(&turns(task.as_ref(), 4000)?)[VARSTIM] as f64 / 4000.0;
    assert!((share - 0.75).abs() < 0.03, "{share}");
    for update in 0..20 {
        let trials = batch(task.as_ref(), Split::Train, 0, update, 6)?;
        let first = trials.conditions[0].text("task");
        assert!(trials.conditions.iter().all(|condition| condition.text("task") == first));
    }
    let mixed = set(json!({ "tasks": [FIXED, VARSTIM], "schedule": "mixed" }))?;
    let trials = batch(mixed.as_ref(), Split::Train, 0, 0, 200)?;
    let fixed = trials.conditions.iter().filter(|condition| condition.text("task") == Some(FIXED)).count();
    assert!((70..130).contains(&fixed), "{fixed}");
    Ok(())
}

#[test]
fn blocks_and_sequences_follow_the_updates() -> Result<(), TaskError> {
    let blocks = set(json!({ "tasks": [FIXED, VARSTIM], "schedule": { "blocks": 3 } }))?;
    let expected: Vec<&str> = [FIXED, VARSTIM, FIXED].into_iter().flat_map(|name| [name; 3]).collect();
    assert_eq!(turns(blocks.as_ref(), 9)?, expected);
    assert!(blocks.switches().is_empty());

    let tasks = json!([{ "id": FIXED, "updates": 2 }, { "id": VARSTIM, "updates": 3 }, "song2016/rdm_rt"]);
    let sequence = set(json!({ "tasks": tasks, "schedule": "sequential" }))?;
    let names = turns(sequence.as_ref(), 8)?;
    assert_eq!(counts(&names), BTreeMap::from([(FIXED, 2), (VARSTIM, 3), ("song2016/rdm_rt", 3)]));
    assert_eq!([&names[1], &names[2], &names[5]], [FIXED, VARSTIM, "song2016/rdm_rt"]);
    assert_eq!(sequence.switches(), [2, 5]);
    Ok(())
}

#[test]
fn groups_take_their_turn_and_their_tasks_are_drawn_by_weight_within_it() -> Result<(), TaskError> {
    let rt = "song2016/rdm_rt";
    let group = json!({ "tasks": [FIXED, { "id": VARSTIM, "weight": 3.0 }], "updates": 2000 });
    let tasks = json!([{ "id": "song2016/romo", "updates": 3 }, group, { "tasks": [rt, "song2016/mante"] }]);
    let sequence = set(json!({ "tasks": tasks, "schedule": "sequential" }))?;
    assert_eq!(sequence.switches(), [3, 2003]);
    let names = turns(sequence.as_ref(), 2303)?;
    assert_eq!(names[..3], ["song2016/romo"; 3]);
    let (second, last) = (counts(&names[3..2003]), counts(&names[2003..]));
    assert_eq!(second.keys().collect::<Vec<_>>(), [&FIXED, &VARSTIM]);
    assert!((second[VARSTIM] as f64 / 2000.0 - 0.75).abs() < 0.04, "{second:?}");
    assert_eq!(last.keys().collect::<Vec<_>>(), [&"song2016/mante", &rt]);
    // One task per batch, and all of them in tests.
    for update in 10..20 {
        let trials = batch(sequence.as_ref(), Split::Train, 0, update, 6)?;
        assert!(trials.conditions.iter().all(|condition| condition.get("task") == trials.conditions[0].get("task")));
    }
    let tested: Vec<String> = (0..100)
        .map(|update| {
            Ok(sequence.trial(Split::Test, None, &mut TrialRng::new(0, "test", update, 0))?.condition.text("task").unwrap().into())
        })
        .collect::<Result<_, TaskError>>()?;
    assert_eq!(counts(&tested).len(), 5);
    let again = create("multitask/set", Some(&sequence.parameters()))?;
    assert_eq!((again.parameters(), again.switches()), (sequence.parameters(), sequence.switches()));
    assert_eq!(turns(again.as_ref(), 50)?, names[..50]);

    let blocks = set(json!({ "tasks": [{ "tasks": ["masse2019/*"] }, FIXED], "schedule": { "blocks": 2 } }));
    assert!(blocks.unwrap_err().to_string().contains("differs within the set"), "families are spelt out in groups, too");
    let blocks = set(json!({ "tasks": [{ "tasks": [FIXED, VARSTIM] }, rt], "schedule": { "blocks": 2 } }))?;
    let names = turns(blocks.as_ref(), 8)?;
    assert!([2, 3, 6, 7].iter().all(|i| names[*i] == rt) && [0, 1, 4, 5].iter().all(|i| names[*i] != rt), "{names:?}");
    Ok(())
}

#[test]
fn a_trial_is_the_trial_of_its_task_on_the_channels_of_the_set() -> Result<(), TaskError> {
    let set = set(json!({ "tasks": [VARSTIM, "song2016/mante", "song2016/sinewave"], "schedule": { "blocks": 1 } }))?;
    let names: Vec<String> = set.inputs().into_iter().map(|channel| channel.name).collect();
    assert_eq!(names[..4], ["evidence_1", "evidence_2", "start_cue", "context_motion"]);
    assert_eq!(names[9..], ["rule_song2016/rdm_varstim", "rule_song2016/mante", "rule_song2016/sinewave"]);
    for (update, id) in [VARSTIM, "song2016/mante", "song2016/sinewave"].into_iter().enumerate() {
        let alone = create(id, None)?;
        let rng = || TrialRng::new(4, "train", update as u64, 2);
        let (own, placed) = (alone.trial(Split::Train, None, &mut rng())?, set.trial(Split::Train, None, &mut rng())?);
        let place = |name: &str| names.iter().position(|known| known == name).expect("a channel of the set");
        for (i, channel) in alone.inputs().iter().enumerate() {
            assert_eq!(own.inputs.column(i), placed.inputs.column(place(&channel.name)), "{id} {channel}");
        }
        let used: f32 = own.inputs.sum() + own.n_steps() as f32;
        assert!((placed.inputs.sum() - used).abs() < 1e-2, "{id}: its channels and its rule, nothing else");
        assert_eq!(placed.loss_mask.sum(), own.loss_mask.sum(), "{id}");
        assert_eq!(placed.condition.without("task"), own.condition);
        assert_eq!(placed.epochs, own.epochs);
    }
    Ok(())
}

#[test]
fn every_task_is_scored_by_its_own_rule_and_counts_once() -> Result<(), TaskError> {
    let set = set(json!({ "tasks": [FIXED, "song2016/sinewave"], "criterion": { "mean_of_tasks": { "threshold": 0.6 } } }))?;
    let trials = balanced(set.as_ref(), Split::Train, 0, 0, 5)?;
    let perfect = performance(set.as_ref(), &trials, trials.targets.view())?;
    assert_eq!(perfect.per_task, BTreeMap::from([(FIXED.to_string(), 1.0), ("song2016/sinewave".to_string(), 1.0)]));
    // The choices of one task are turned over; the outputs of the other are no outputs of this one.
    let mut outputs = trials.targets.clone();
    for (mut trial, condition) in outputs.outer_iter_mut().zip(&trials.conditions) {
        if condition.text("task") == Some(FIXED) {
            let swapped = trial.select(Axis(1), &[1, 0]);
            trial.slice_mut(s![.., ..2]).assign(&swapped);
            trial.slice_mut(s![.., 2..]).fill(9.0);
        }
    }
    let wrong = performance(set.as_ref(), &trials, outputs.view())?;
    assert_eq!(wrong.per_task, BTreeMap::from([(FIXED.to_string(), 0.0), ("song2016/sinewave".to_string(), 1.0)]));
    assert_eq!((wrong.mean_of_tasks(), wrong.min_of_tasks()), (Some(0.5), Some(0.0)));
    let criterion = set.criterion().expect("a set has a rule");
    assert_eq!(criterion, Criterion::MeanOfTasks { threshold: 0.6 });
    assert!(criterion.is_met(&[perfect]) && !criterion.is_met(&[wrong]));
    Ok(())
}

#[test]
fn one_task_can_be_there_twice_under_two_names_and_conditions_name_them() -> Result<(), TaskError> {
    let easy = json!({ "id": FIXED, "name": "easy", "parameters": { "coherences": [0.512] } });
    let set = set(json!({ "tasks": [easy, FIXED] }))?;
    let only = Condition::new().with("task", "easy");
    let trial = set.trial(Split::Train, Some(&only.clone().with("coherence", 0.512)), &mut TrialRng::new(0, "t", 0, 0))?;
    assert_eq!(trial.condition.to_string(), "task=easy coherence=0.512");
    assert_eq!(set.conditions().iter().filter(|condition| condition.belongs_to(&only)).count(), 3);
    let unknown = set.trial(Split::Train, Some(&Condition::new().with("task", "hard")), &mut TrialRng::new(0, "t", 0, 0));
    assert!(unknown.unwrap_err().to_string().contains("easy, song2016/rdm_fixed"));
    let again = create("multitask/set", Some(&set.parameters()))?;
    assert_eq!(batch(again.as_ref(), Split::Train, 0, 1, 4)?, batch(set.as_ref(), Split::Train, 0, 1, 4)?);
    Ok(())
}

#[test]
fn sets_without_meaning_are_refused_with_a_remedy() {
    for (parameters, words) in [
        (json!({ "tasks": [] }), "must not be empty"),
        (json!({ "tasks": ["nobody2000/*"] }), "names no family"),
        (json!({ "tasks": [FIXED, FIXED] }), "is there twice"),
        (json!({ "tasks": ["song2016/rdm_fixd"] }), "did you mean"),
        (json!({ "tasks": [{ "id": FIXED, "weight": 0.0 }] }), "tasks[0].weight"),
        (json!({ "tasks": [{ "id": FIXED, "parameters": { "sigma": 0.0 } }] }), "sigma"),
        (json!({ "tasks": [{ "id": FIXED, "updates": 4 }] }), "sequential"),
        (json!({ "tasks": [FIXED, VARSTIM], "schedule": "sequential" }), "tasks[0].updates"),
        (json!({ "tasks": [FIXED], "schedule": { "blocks": 0 } }), "must be at least 1"),
        (json!({ "tasks": [{ "tasks": [FIXED, VARSTIM] }] }), "groups take turns"),
        (json!({ "tasks": [{ "tasks": [] }], "schedule": "sequential" }), "must not be empty"),
        (json!({ "tasks": [{ "tasks": [FIXED] }, VARSTIM], "schedule": "sequential" }), "tasks[0].updates"),
        (json!({ "tasks": [{ "tasks": [FIXED], "updates": 2 }, FIXED], "schedule": "sequential" }), "is there twice"),
        (json!({ "tasks": [{ "tasks": [{ "id": FIXED, "updates": 2 }] }], "schedule": "sequential" }), "tasks[0].tasks[0].updates"),
        (json!({ "tasks": [{ "tasks": [{ "tasks": [FIXED] }] }], "schedule": "sequential" }), "is inside a group"),
        (json!({ "tasks": [{ "tasks": [{ "id": FIXED, "weight": -1.0 }] }], "schedule": "sequential" }), "tasks[0].tasks[0].weight"),
        (json!({ "tasks": [FIXED, "song2016/lee_sequence"] }), "dt of song2016/lee_sequence"),
        (json!({ "task": [FIXED] }), "unknown field `task`"),
        (json!({ "tasks": ["motor/arm_reach", "motor/centre_out"] }), "train on this task alone"),
    ] {
        let message = refusal(parameters.clone());
        assert!(message.contains(words), "{parameters}: {message}");
    }
}
