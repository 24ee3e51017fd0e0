"""What would go wrong without a word, or end the interpreter, is refused or done as it was meant."""

import copy
import pickle

import numpy as np
import pytest

import nn4n_rs as nn

SHORT = {"progress": False, "updates": 4, "batch_size": 4, "validation": {"every": 2}}


@pytest.fixture
def recording(rng):
    epochs = [[("cue", 0, 4), ("delay", 4, 10)]] * 7 + [[("cue", 2, 4)]]
    return nn.Recording(rng.random((8, 10, 6)), 5, conditions={"side": [0, 1] * 4}, epochs=epochs)


def test_units_are_numbers_masks_or_names(network, task):
    mask = np.zeros(100, bool)
    mask[5] = True
    assert network.altered(lesion=mask) == network.altered(lesion=[5]) != network.altered(lesion=[0, 1])
    for wrong in (0.9, [0.9], True, []):
        with pytest.raises(ValueError):
            network.altered(lesion=wrong)


def test_counts_that_no_memory_holds_are_refused(network, recording):
    for call in (
        lambda: nn.fixed_points(network, starts=10**13),
        lambda: nn.lyapunov(network, steps=10**9),
        lambda: nn.flow_field(network, points=10**5),
        lambda: nn.decoding(recording, "side", folds=2, shuffles=10**12),
        lambda: nn.psychometric(values=[1, 2] * 4, chose_first=[0, 1] * 4, refits=10**10),
        lambda: nn.potent_space(recording, np.ones((3, 6)), draws=10**10),
        lambda: nn.rate_maps(recording, shuffles=10**11),
        lambda: nn.interventions(network, {"lesion": "0-9"}, controls=10**9),
        lambda: nn.nonnormality(np.eye(3) / 2, grid=10**6),
    ):
        with pytest.raises(ValueError, match="must be a whole number from"):
            call()


@pytest.mark.parametrize("wrong", [-1, 2**64, 1.5, "3", True, None])
def test_seeds_are_whole_numbers(task, network, wrong):
    for call in (lambda: task.sample(2, wrong), lambda: network.record(trials=1, seed=wrong)):
        with pytest.raises(ValueError, match="seed = "):
            call()


def test_what_is_missing_is_no_answer_and_columns_are_of_one_length():
    answers = [0, 0, 1, np.nan] * 10
    found = nn.psychometric(values=[1.0, 2, 3, 4] * 10, chose_first=answers)
    assert found.trials.tolist() == [10, 10, 10]
    with pytest.raises(ValueError, match="values has 4, chose_first has 3"):
        nn.psychometric(values=[1, 2, 3, 4], chose_first=[0, 0, 1])
    with pytest.raises(ValueError, match="chose_first holds 'no'"):
        nn.psychometric(values=[1, 2], chose_first=["no", "yes"])
    with pytest.raises(ValueError, match="there is no values"):
        nn.chronometric()


def test_a_variable_that_no_trial_has_is_named(network, task):
    with pytest.raises(ValueError, match="no trial has 'coherance', there are"):
        nn.psychometric(network, "coherance", trials=1)
    with pytest.raises(ValueError, match="no trial has 'chose_first'.*answers are of Network.record"):
        nn.psychometric(network.run(task.sample(3)), "coherence")
    with pytest.raises(TypeError, match="n_components: is no argument"):
        nn.pca(network, n_components=3)


def test_options_without_effect_are_refused(recording, network):
    for name, value in {"lesion": "0-3", "trials": 9, "noise": False, "dt": 4, "conditions": []}.items():
        with pytest.raises(ValueError, match=f"{name}: is of"):
            nn.pca(recording, **{name: value})
    with pytest.raises(ValueError, match="dt: is of an array"):
        nn.pca(network, dt=5)


def test_a_recording_is_of_its_own_numbers_and_is_kept_whole(recording, tmp_path, rng):
    rates = rng.random((8, 10, 6))
    made = nn.Recording(rates, 1)
    rates[:] = 0
    assert made.rates.min() > 0
    recording.save(tmp_path / "kept")
    again = nn.Recording.load(tmp_path / "kept")
    assert again.epochs == recording.epochs and again.variables == recording.variables
    with pytest.raises(ValueError, match="'inputs' is called as an array"):
        nn.Recording(rates, 1, conditions={"inputs": range(8)}).save(tmp_path / "other")
    for wrong in (0, -1, np.nan, np.inf):
        with pytest.raises(ValueError, match="dt = "):
            nn.Recording(rates, wrong)


def test_everything_can_be_copied_and_sent(network, task, recording):
    for one in (task.sample(3), network.record(trials=1), recording, nn.pca(recording)):
        again = pickle.loads(pickle.dumps(one))
        assert type(again) is type(one) and type(copy.deepcopy(one)) is type(one)
    trials = task.sample(3)
    again = pickle.loads(pickle.dumps(trials))
    assert np.array_equal(again.targets, trials.targets) and again.correct.tolist() == trials.correct.tolist()
    assert again.variables == trials.variables and again.task.id == task.id


def test_what_a_run_started_from_is_neither_lost_nor_taken_for_another(task, tmp_path):
    one, other = (nn.EI(20).network(task, seed=seed) for seed in (1, 2))
    out = tmp_path / "run"
    nn.train(one, task, out=out, **SHORT)
    kept = (out / "init.safetensors").read_bytes()
    with pytest.raises(ValueError, match="learning_rate"):
        nn.train(other, task, out=out, exist="replace", **{**SHORT, "learning_rate": -1})
    with pytest.raises(ValueError, match="is not the network that the run"):
        nn.train(other, task, out=out, exist="resume", **{**SHORT, "updates": 6})
    assert (out / "init.safetensors").read_bytes() == kept
    for changed in (
        {"batch_size": 8},
        {"validation": {"every": 3}},
        {"regularisers": [{"kind": "l2_rates", "weight": 1.0}]},
    ):
        with pytest.raises(ValueError, match=f"{next(iter(changed))} = .* the run in"):
            nn.train(one, task, out=out, exist="resume", **{**SHORT, **changed, "updates": 6})
    assert nn.train(one, task, out=out, exist="resume", **{**SHORT, "updates": 6}).updates == 6
    nn.train(other, task, out=out, exist="replace", **SHORT)
    assert nn.load(out / "init.safetensors") == other

    plain = tmp_path / "plain"
    nn.train(nn.EI(20), task, out=plain, **SHORT)
    with pytest.raises(FileExistsError):
        nn.train(one, task, out=plain, **SHORT)
    assert not (plain / "init.safetensors").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "init.safetensors").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        nn.train(one, task, out=mine, exist="replace", **SHORT)
    assert (mine / "init.safetensors").read_bytes() == b"mine"


def test_arguments_of_another_kind_are_named(network, task):
    for call in (
        lambda: network.record(5),
        lambda: nn.Trainer(network, 5),
        lambda: nn.Trainer(5, task),
        lambda: task.scores(5, np.zeros((1, 1, 1))),
    ):
        with pytest.raises(TypeError, match="must be"):
            call()
    with pytest.raises(ValueError, match="x0: must be finite"):
        network.run(task.sample(2), x0=np.full((2, 100), np.nan, np.float32))
    with pytest.raises(ValueError, match="coherence is NaN"):
        task.sample(3, conditions=[{"coherence": np.nan}])
    with pytest.raises(ValueError, match="dt = nan"):
        nn.PythonTask(lambda rng, trials: {}, inputs=1, outputs=1, dt=np.nan)


def test_an_environment_is_reset_first_and_takes_its_actions_alone():
    gymnasium = pytest.importorskip("gymnasium")
    environment = nn.Task("mante2013/context_integration").gym()
    assert environment.action_space.n == 3  # the two signs of one output
    with pytest.raises(gymnasium.error.ResetNeeded):
        environment.step(0)
    environment.reset(seed=1)
    with pytest.raises(ValueError, match="action = 7"):
        environment.step(7)


def test_errors_speak_python(network, task, tmp_path):
    short = {"progress": False, "updates": 2, "batch_size": 4}
    np.savez(tmp_path / "w.npz", w_in=np.ones((4, 2)), w_rec=np.ones((4, 4)), w_out=np.ones((1, 4)))
    for call, words in (
        (lambda: network.run(task.sample(2), inject="3"), "(current, units, window)"),
        (lambda: nn.train(nn.EI(5), task, optimizer="sgd", **short), '{"kind": "adam"}'),
        (lambda: nn.EI(5, b_rec=True), '{"trained": 0.0}'),
        (
            lambda: nn.train(nn.EI(5), task, stop={"criterion": "performance"}, **short),
            '{"mean_performance": {"threshold": 0.9, "window": 5}}',
        ),
        (lambda: nn.EI(5, dt=3).network(task), "or leave it out, so that it is the task's"),
        (lambda: nn.train(nn.EI(5), task, device="cuda", **short), "the feature cuda"),
        (lambda: nn.import_network(tmp_path / "w.npz"), 'as in form="current", activation="relu", dt=20, tau=100'),
        (lambda: nn.load(tmp_path / "w.npz"), f'nn4n_rs.import_network("{tmp_path}/w.npz") makes'),
        (lambda: network.with_(w_rec=-network.w_rec), "the tensor does not fit the configuration"),
        (lambda: task.sample(2**31), "n = 2147483648 trials of"),
        (lambda: nn.EI(5, taus=3), "unknown field `taus`; write `tau`"),
    ):
        with pytest.raises((ValueError, OSError, RuntimeError)) as raised:
            call()
        said = str(raised.value)
        assert words in said and "--" not in said and "[model]" not in said, said


def test_a_run_that_is_resumed_has_its_own_seed(task, tmp_path):
    nn.train(nn.EI(5), task, out=tmp_path / "run", seed=1, **SHORT)
    with pytest.raises(ValueError, match="seed = 2: the run in .* has 1;.*exist='replace'"):
        nn.train(nn.EI(5), task, out=tmp_path / "run", seed=2, exist="resume", **SHORT)


def test_another_step_is_said(network, caplog):
    nn.train(network, nn.Task("song2016/rdm_varstim", dt=10), **SHORT)
    assert "its step is 20 ms, that of the task 10 ms" in caplog.text


def test_an_exception_of_a_function_that_makes_trials_is_the_cause():
    calls = []

    def make(rng, trials):
        calls.append(trials)
        x = rng.random((trials, 5, 1))
        return {"inputs": x, "targets": x} if len(calls) < 3 else {}["boom"]

    with pytest.raises(ValueError, match="KeyError") as raised:
        nn.PythonTask(make, inputs=1, outputs=1, dt=10).sample(200)
    assert isinstance(raised.value.__cause__, KeyError)
    assert raised.value.__cause__.__traceback__ is not None
