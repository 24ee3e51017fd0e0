//! Several tasks for one network: whose turn it is, where their channels are, and that each stays what it is alone.

use std::collections::BTreeMap;

use ndarray::{Axis, s};
use nn4n_tasks::{
    Condition, Criterion, Objective, Split, Task, TaskError, TrialRng, balanced, batch, create, performance, weighted,
};
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
            Ok(sequence
                .trial(Split::Test, None, &mut TrialRng::new(0, "test", update, 0))?
                .condition
                .text("task")
                .unwrap()
                .into())
        })
        .collect::<Result<_, TaskError>>()?;
    assert_eq!(counts(&tested).len(), 5);
    let again = create("multitask/set", Some(&sequence.parameters()))?;
    assert_eq!((again.parameters(), again.switches()), (sequence.parameters(), sequence.switches()));
    assert_eq!(turns(again.as_ref(), 50)?, names[..50]);

    let blocks = set(json!({ "tasks": [{ "tasks": ["masse2019/*"] }, FIXED], "schedule": { "blocks": 2 } }));
    assert!(
        blocks.unwrap_err().to_string().contains("differs within the set"),
        "families are spelt out in groups, too"
    );
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

fn rules(parameters: Value) -> Result<Vec<String>, TaskError> {
    let inputs = set(parameters)?.inputs().into_iter().map(|channel| channel.name);
    Ok(inputs.filter(|name| name.starts_with("rule_")).collect())
}

#[test]
fn every_task_has_a_rule_input_unless_each_brings_its_own_along() -> Result<(), TaskError> {
    assert_eq!(rules(json!({ "tasks": ["yang2019/*"] }))?.len(), 20);
    assert_eq!(rules(json!({ "tasks": ["driscoll2022/*"] }))?.len(), 15);
    // Six cues of two tasks, which say what is asked within them, and one input for each of the nine.
    assert_eq!(rules(json!({ "tasks": ["masse2019/*"] }))?.len(), 6 + 9);
    let twice = rules(json!({ "tasks": ["yang2019/dm1", { "id": "yang2019/dm1", "name": "again" }] }))?;
    assert_eq!(twice[20..], ["rule_yang2019/dm1", "rule_again"], "one rule input cannot name two tasks");
    assert_eq!(rules(json!({ "tasks": ["masse2019/*"], "rule_inputs": "never" }))?.len(), 6);
    Ok(())
}

#[test]
fn a_composed_rule_stands_in_the_place_of_the_task_s_own() -> Result<(), TaskError> {
    let composed = json!({ "fdanti": 1.0, "delaygo": 1.0, "fdgo": -0.5 });
    let member = |rules: Value| json!({ "id": "yang2019/delayanti", "rules": rules, "parameters": { "sigma_x": 0.0 } });
    let own = set(json!({ "tasks": [member(json!({}))] }))?;
    let other = set(json!({ "tasks": [member(composed)] }))?;
    let channels = own.inputs();
    let own = batch(own.as_ref(), Split::Test, 3, 0, 4)?;
    let other = batch(other.as_ref(), Split::Test, 3, 0, 4)?;
    for (place, channel) in channels.iter().enumerate() {
        let change = match &*channel.name {
            "rule_delayanti" => -1.0,
            "rule_fdanti" | "rule_delaygo" => 1.0,
            "rule_fdgo" => -0.5,
            _ => 0.0,
        };
        let [own, other] = [&own, &other].map(|trials| trials.inputs.index_axis(Axis(2), place).to_owned());
        assert!((other - own).iter().all(|found| *found == change), "{channel}");
    }
    assert_eq!((&own.targets, &own.loss_mask), (&other.targets, &other.loss_mask));
    // Rules that the set itself adds are composed alike.
    let tasks = json!([{ "id": FIXED, "rules": { VARSTIM: 1.0 } }, VARSTIM]);
    let swapped = set(json!({ "tasks": tasks }))?;
    let trial =
        swapped.trial(Split::Test, Some(&Condition::new().with("task", FIXED)), &mut TrialRng::new(0, "t", 0, 0))?;
    let n = swapped.inputs().len();
    assert!(trial.inputs.slice(s![.., n - 2..]).outer_iter().all(|rules| rules.to_vec() == [0.0, 1.0]));
    Ok(())
}

#[test]
fn conditions_drawn_by_weight_are_those_of_the_task_whose_turn_it_is() -> Result<(), TaskError> {
    let tasks = json!([{ "id": FIXED, "updates": 2 }, VARSTIM]);
    let sequence = set(json!({ "tasks": tasks, "schedule": "sequential" }))?;
    let conditions = sequence.conditions();
    // All weight on the later task's, but for one condition of the first.
    let first = conditions.iter().position(|condition| condition.text("task") == Some(FIXED)).expect("a condition");
    let weights: Vec<f64> = (0..conditions.len())
        .map(|i| {
            if i == first {
                1e-9
            } else if conditions[i].text("task") == Some(FIXED) {
                0.0
            } else {
                1.0
            }
        })
        .collect();
    let drawn = |update| -> Result<Vec<Condition>, TaskError> {
        Ok(weighted(sequence.as_ref(), Split::Train, 0, update, 40, &conditions, &weights)?.conditions)
    };
    assert!(drawn(1)?.iter().all(|condition| *condition == conditions[first]));
    assert!(drawn(2)?.iter().all(|condition| condition.text("task") == Some(VARSTIM)));
    let interleaved = set(json!({ "tasks": [FIXED, { "id": VARSTIM, "weight": 3.0 }] }))?;
    let conditions = interleaved.conditions();
    let turn = |update| -> Result<String, TaskError> {
        let drawn =
            weighted(interleaved.as_ref(), Split::Train, 0, update, 4, &conditions, &vec![1.0; conditions.len()])?;
        let names: Vec<_> = drawn.conditions.iter().filter_map(|condition| condition.text("task")).collect();
        assert_eq!(names, [names[0]; 4], "one task per batch");
        Ok(names[0].into())
    };
    let turns = (0..400).map(turn).collect::<Result<Vec<_>, _>>()?;
    assert!((counts(&turns)[VARSTIM] as f64 / 400.0 - 0.75).abs() < 0.1, "{:?}", counts(&turns));
    Ok(())
}

#[test]
fn what_is_drawn_of_a_trial_says_nothing_of_the_task_that_was_drawn() -> Result<(), TaskError> {
    let twice = json!([VARSTIM, { "id": VARSTIM, "name": "again" }]);
    let mixed = set(json!({ "tasks": twice, "schedule": "mixed" }))?;
    let conditions = mixed.conditions();
    let trials = weighted(mixed.as_ref(), Split::Train, 0, 0, 4000, &conditions, &vec![1.0; conditions.len()])?;
    for name in [VARSTIM, "again"] {
        let lengths: Vec<f64> = (0..trials.len())
            .filter(|i| trials.conditions[*i].text("task") == Some(name) && !trials.conditions[*i].is_catch())
            .map(|i| trials.epochs[i][1].steps().len() as f64)
            .collect();
        // An exponential of 330 ms, truncated to 80 .. 1500 ms: 19 steps, with a standard deviation of 15 over about
        // 1800 trials.
        let mean = lengths.iter().sum::<f64>() / lengths.len() as f64;
        assert!((mean - 19.0).abs() < 2.0, "{name}: {mean}");
    }
    Ok(())
}

#[test]
fn a_set_of_one_task_scores_as_the_task_alone() -> Result<(), TaskError> {
    let listed =
        nn4n_tasks::list().into_iter().filter(|info| info.n_inputs.is_some() && !info.id.starts_with("multitask/"));
    for info in listed.filter(|info| info.id != "motor/arm_reach") {
        let (alone, within) = (create(info.id, None)?, set(json!({ "tasks": [info.id] }))?);
        let trials = balanced(alone.as_ref(), Split::Test, 0, 0, 1)?;
        let same = balanced(within.as_ref(), Split::Test, 0, 0, 1)?;
        for outputs in [trials.targets.clone(), trials.targets.mapv(|z| -z)] {
            let (own, found) = (
                performance(alone.as_ref(), &trials, outputs.view())?,
                performance(within.as_ref(), &same, outputs.view())?,
            );
            assert_eq!(
                (own.overall, own.trials, own.minimum),
                (found.overall, found.trials, found.minimum),
                "{}",
                info.id
            );
        }
        let scored = nn4n_tasks::scores(within.as_ref(), &same, same.targets.view())?;
        let first = |i: usize| within.chose_first(&same.conditions[i], &scored[i]);
        let own = nn4n_tasks::scores(alone.as_ref(), &trials, trials.targets.view())?;
        assert!((0..same.len()).all(|i| first(i) == alone.chose_first(&trials.conditions[i], &own[i])), "{}", info.id);
    }
    Ok(())
}

#[test]
fn tasks_of_different_objectives_need_one_for_all_and_a_family_takes_parameters() -> Result<(), TaskError> {
    let tasks = json!([FIXED, "yang2019/fdgo"]);
    assert!(refusal(json!({ "tasks": tasks })).contains("set `objective` of the set"));
    assert!(refusal(json!({ "tasks": tasks, "objective": "classes" })).contains("differs within the set"));
    let both = set(json!({ "tasks": tasks, "objective": "masked_mse" }))?;
    assert_eq!(both.objective(), Objective::MaskedMse);
    let trials = batch(both.as_ref(), Split::Train, 0, 0, 4)?;
    assert_eq!(performance(both.as_ref(), &trials, trials.targets.view())?.overall, Some(1.0));
    // Classes as plain targets: what a task does not have is not graded.
    let classes = set(json!({
        "tasks": [{ "id": FIXED, "parameters": { "dt": 100.0 } }, "neurogym/go_nogo"],
        "objective": "mean_square",
    }))?;
    assert_eq!(classes.outputs().len(), 4);
    let trial = classes.trial(
        Split::Train,
        Some(&Condition::new().with("task", "neurogym/go_nogo")),
        &mut TrialRng::new(0, "t", 0, 0),
    )?;
    assert_eq!((trial.loss_mask.column(0).sum(), trial.loss_mask.column(2).sum()), (0.0, trial.n_steps() as f32));

    let family = set(json!({ "tasks": [{ "id": "masse2019/*", "parameters": { "dt": 5.0 }, "weight": 2.0 }] }))?;
    assert_eq!((family.dt(), family.inputs().len()), (5.0, set(json!({ "tasks": ["masse2019/*"] }))?.inputs().len()));
    assert!(refusal(json!({ "tasks": [{ "id": "masse2019/*", "name": "all" }] })).contains("every task of a family"));
    assert!(refusal(json!({ "tasks": [{ "id": "yang2019/dm1", "name": "dm2" }, FIXED] })).contains("another `name`"));
    Ok(())
}

#[test]
fn every_task_is_scored_by_its_own_rule_and_counts_once() -> Result<(), TaskError> {
    let set =
        set(json!({ "tasks": [FIXED, "song2016/sinewave"], "criterion": { "mean_of_tasks": { "threshold": 0.6 } } }))?;
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
    let trial =
        set.trial(Split::Train, Some(&only.clone().with("coherence", 0.512)), &mut TrialRng::new(0, "t", 0, 0))?;
    assert_eq!(trial.condition.to_string(), "task=easy coherence=0.512");
    assert_eq!(set.conditions().iter().filter(|condition| condition.belongs_to(&only)).count(), 3);
    let unknown =
        set.trial(Split::Train, Some(&Condition::new().with("task", "hard")), &mut TrialRng::new(0, "t", 0, 0));
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
        (json!({ "tasks": [{ "id": FIXED, "rules": { "nobody": 1.0 } }] }), "the rules are song2016/rdm_fixed"),
        (json!({ "tasks": [{ "id": FIXED, "rules": { "a": 1 } }], "rule_inputs": "never" }), "no rule inputs"),
        (json!({ "tasks": [{ "tasks": [FIXED, VARSTIM] }] }), "groups take turns"),
        (json!({ "tasks": [{ "tasks": [] }], "schedule": "sequential" }), "must not be empty"),
        (json!({ "tasks": [{ "tasks": [FIXED] }, VARSTIM], "schedule": "sequential" }), "tasks[0].updates"),
        (json!({ "tasks": [{ "tasks": [FIXED], "updates": 2 }, FIXED], "schedule": "sequential" }), "is there twice"),
        (
            json!({ "tasks": [{ "tasks": [{ "id": FIXED, "updates": 2 }] }], "schedule": "sequential" }),
            "tasks[0].tasks[0].updates",
        ),
        (json!({ "tasks": [{ "tasks": [{ "tasks": [FIXED] }] }], "schedule": "sequential" }), "is inside a group"),
        (
            json!({ "tasks": [{ "tasks": [{ "id": FIXED, "weight": -1.0 }] }], "schedule": "sequential" }),
            "tasks[0].tasks[0].weight",
        ),
        (json!({ "tasks": [FIXED, "song2016/lee_sequence"] }), "dt of song2016/lee_sequence"),
        (json!({ "task": [FIXED] }), "unknown field `task`"),
        (json!({ "tasks": ["multitask/*"] }), "is a set, and inside of one"),
        (json!({ "tasks": ["song*"] }), "names no family"),
        (json!({ "tasks": ["motor/arm_reach", "motor/centre_out"] }), "train on this task alone"),
    ] {
        let message = refusal(parameters.clone());
        assert!(message.contains(words), "{parameters}: {message}");
    }
}
