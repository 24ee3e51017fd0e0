import pickle

import numpy as np
import pytest

import nn4n_rs as nn


def test_trials_are_float32_arrays_with_their_variables_in_a_table(task):
    pandas = pytest.importorskip("pandas")
    trials = task.sample(10, seed=3)
    assert trials.inputs.dtype == np.float32 and trials.inputs.shape[0] == 10
    assert trials.inputs.shape[2] == len(task.inputs) and trials.targets.shape[2] == len(task.outputs)
    assert isinstance(trials.conditions, pandas.DataFrame) and len(trials.conditions) == 10
    assert (trials.loss_mask[np.arange(trials.inputs.shape[1]) >= trials.n_steps[:, None]] == 0).all()
    assert np.array_equal(trials.inputs, task.sample(10, seed=3).inputs)
    assert not np.array_equal(trials.inputs, task.sample(10, seed=4).inputs[:, : trials.inputs.shape[1]])


def test_parameters_are_those_that_were_named_and_what_is_misspelt_is_refused():
    task = nn.Task("song2016/rdm_varstim", coherences=np.array([0.032, 0.512]))
    assert task.parameters["coherences"] == [0.032, 0.512]
    with pytest.raises(ValueError, match="coherences"):
        nn.Task("song2016/rdm_varstim", coherence=[1])
    with pytest.raises(ValueError, match="did you mean"):
        nn.Task("rdm_varstim")


def test_a_task_of_which_the_targets_are_the_answers_is_done_perfectly(task):
    trials = task.sample(2, draw="balanced", split="test")
    right = [one["was_right"] for one in task.scores(trials, trials.targets)]
    assert all(one in (True, None) for one in right) and True in right
    assert not all(one["was_right"] for one in task.scores(trials, 1 - trials.targets) if one["was_right"] is not None)
    with pytest.raises(ValueError, match="outputs"):
        task.scores(trials, trials.targets[:, :-1])


def test_all_tasks_are_listed_and_shown(task):
    assert len(nn.tasks()) > 90 and {one["id"] for one in nn.tasks("song2016")} >= {task.id}
    assert "<svg" in task.plot().text and "<table" in task._repr_html_() and "<table" in task.sample(2)._repr_html_()
    assert pickle.loads(pickle.dumps(task)).parameters == task.parameters


def made(rng, trials, condition):
    first = rng.random(trials) < 0.5 if condition is None else np.full(trials, condition["side"] == "left")
    inputs = np.zeros((trials, 12, 2))
    inputs[:, 4:8, 0] = np.where(first, 1.0, -1.0)[:, None] + 0.1 * rng.standard_normal((trials, 4))
    inputs[:, :8, 1] = 1
    targets = np.zeros((trials, 12, 2))
    targets[np.arange(trials), 8:, np.where(first, 0, 1)] = 1
    return {
        "inputs": inputs,
        "targets": targets,
        "correct": np.where(first, 0, 1),
        "conditions": {"side": np.where(first, "left", "right")},
    }


def python_task():
    return nn.PythonTask(
        made, inputs=["evidence", "fixation"], outputs=2, dt=20, conditions=[{"side": "left"}, {"side": "right"}]
    )


def test_a_python_function_makes_a_task_that_is_trained_on_like_any(tmp_path):
    task = python_task()
    trials = task.sample(70, seed=1)
    assert trials.inputs.shape == (70, 12, 2) and set(trials.correct) == {0, 1}
    # A trial depends on its place, and not on how many are made beside it.
    assert np.array_equal(trials.inputs[:40], task.sample(40, seed=1).inputs)
    assert [one["side"] for one in task.sample(2, draw="balanced").variables] == ["left", "left", "right", "right"]
    run = nn.train(nn.Vanilla(20), task, out=tmp_path / "run", updates=150, progress=False, validation={"every": 50})
    assert run.network.evaluate(task, trials=20).performance > 0.9
    assert run.network.task is task


def test_a_function_that_is_not_deterministic_or_has_other_shapes_is_refused():
    def wild(rng, trials):
        inputs = np.random.default_rng().random((trials, 5, 1))
        return {"inputs": inputs, "targets": inputs}

    with pytest.raises(ValueError, match="same generator"):
        nn.PythonTask(wild, inputs=1, outputs=1, dt=10)

    def narrow(rng, trials):
        return {"inputs": np.zeros((trials, 5, 1)), "targets": np.zeros((trials, 5, 1))}

    with pytest.raises(ValueError, match=r"inputs: have the shape \(4, 5, 1\)"):
        nn.PythonTask(narrow, inputs=2, outputs=1, dt=10)

    def failing(rng, trials):
        if rng.random() != np.random.default_rng([0, 0, 0, 0]).random():
            raise ZeroDivisionError("on purpose")
        return narrow(rng, trials)

    with pytest.raises(ValueError, match="on purpose"):
        nn.PythonTask(failing, inputs=1, outputs=1, dt=10).sample(3)


def test_trials_are_chosen_kept_and_labelled(task, tmp_path):
    trials = task.sample(8, seed=3)
    chosen = trials[trials.conditions.coherence > 0]
    places = [place for place, one in enumerate(trials.variables) if one.get("coherence", 0) > 0]
    assert 0 < len(places) < 8 and np.array_equal(chosen.inputs, trials.inputs[places])
    assert chosen.variables == [trials.variables[place] for place in places]
    assert chosen.correct.tolist() == trials.correct[places].tolist() and chosen.task == task
    assert [len(one) for one in trials] == [1] * 8 and np.array_equal(trials[-1].targets, trials.targets[-1:])
    with pytest.raises(IndexError):
        trials[8]
    labelled = trials.to_xarray()
    assert list(labelled.input.values) == list(task.inputs) and labelled.inputs.dims == ("trial", "time", "input")
    after = np.isnan(labelled.targets.values).all(axis=2).sum(axis=1)
    assert after.tolist() == (trials.inputs.shape[1] - trials.n_steps).tolist()
    trials.save(tmp_path / "trials.npz")
    again = nn.Trials.load(tmp_path / "trials.npz", task=task)
    assert np.array_equal(again.inputs, trials.inputs) and again.n_steps.tolist() == trials.n_steps.tolist()
    assert again.variables == trials.variables and again.correct.tolist() == trials.correct.tolist()


def test_true_and_false_with_gaps_stay_what_they_are(network):
    column = network.record(trials=3).conditions["was_right"]
    assert column.dtype in ("bool", "boolean")


def test_tasks_are_equal_if_they_make_the_same_trials(task):
    assert task == nn.Task("song2016/rdm_varstim") != nn.Task("song2016/rdm_varstim", dt=10)
    assert len({task, nn.Task("song2016/rdm_varstim")}) == 1
