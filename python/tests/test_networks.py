import pickle

import numpy as np
import pytest

import nn4n_rs as nn


def test_a_network_on_inputs_gives_arrays_of_states_rates_and_outputs(network, task):
    trials = task.sample(5, seed=2)
    quiet = network.run(trials)
    assert quiet.rates.shape == (5, trials.inputs.shape[1], 100) and quiet.rates.dtype == np.float32
    assert np.array_equal(quiet.rates, np.maximum(quiet.states, 0))
    assert np.array_equal(quiet.rates, network.run(trials.inputs).rates)
    noisy = network.run(trials, noise=7)
    assert not np.array_equal(noisy.rates, quiet.rates) and np.array_equal(
        noisy.rates, network.run(trials, noise=7).rates
    )


def test_the_equation_in_numpy_gives_the_same_activity(network, task):
    trials = task.sample(2, seed=2)
    t = network.tensors
    alpha = np.float32(network.dt) / t["tau"]
    x = np.repeat(t["x0"][None], 2, axis=0)
    r, rates = np.maximum(x, 0), []
    for u in np.swapaxes(trials.inputs, 0, 1):
        x = (1 - alpha) * x + alpha * (r @ network.w_rec.T + u @ network.w_in.T + t["b_rec"])
        r = np.maximum(x, 0)
        rates.append(r)
    np.testing.assert_allclose(network.run(trials).rates, np.stack(rates, 1), rtol=2e-4, atol=2e-5)


def test_weights_are_read_only_and_keep_dales_law(network):
    assert network.w_rec.shape == (100, 100) and network.w_in.shape == (100, 3) and network.w_out.shape == (2, 100)
    excitatory = network.cell_type == "excitatory"
    assert excitatory.sum() == 80
    assert (network.w_rec[:, excitatory] >= 0).all() and (network.w_rec[:, ~excitatory] <= 0).all()
    for array in (network.w_rec, *network.tensors.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_other_weights_make_another_network_and_those_against_its_rules_are_refused(network):
    weaker = network.with_(w_rec=network.w_rec / 2)
    assert np.array_equal(weaker.w_rec, network.w_rec / 2) and weaker != network
    assert weaker.provenance["altered"] == ["other numbers in w_rec"] and not weaker.metrics
    with pytest.raises(ValueError, match="w_rec"):
        network.with_(w_rec=-network.w_rec)
    with pytest.raises(ValueError, match="is no tensor"):
        network.with_(w=network.w_rec)
    with pytest.raises(ValueError, match="w_rec"):
        network.with_(w_rec=network.w_rec[:-1])


def test_lesions_and_windows_act_in_trials(network, task):
    trials = task.sample(3, seed=1, split="test")
    silent = network.run(trials, silence=([0, 1, 2], (200, 400)))
    assert (silent.rates[:, 10:20, :3] == 0).all() and (silent.rates[:, :10, :3] > 0).any()
    assert (network.run(trials, silence=("inhibitory", "stimulus")).rates >= 0).all()
    pushed = network.run(trials, inject=(0.5, "0-9"))
    assert pushed.rates[:, :, :10].mean() > network.run(trials).rates[:, :, :10].mean()
    lesioned = network.altered(lesion="inhibitory")
    assert (lesioned.w_rec[:, network.cell_type == "inhibitory"] == 0).all()
    assert np.array_equal(lesioned.run(trials).rates, network.run(trials, lesion="inhibitory").rates)


def test_evaluation_finds_what_the_card_says(network):
    found = network.evaluate(trials=100)
    assert 0.8 < found.performance < 0.9 and len(found.conditions) > 5
    pandas = pytest.importorskip("pandas")
    assert isinstance(found.to_dataframe(), pandas.DataFrame)
    assert network.evaluate(trials=20, lesion="inhibitory").performance < found.performance


def test_networks_are_saved_pickled_and_shown(network, tmp_path):
    network.save(tmp_path / "net.safetensors")
    assert nn.load(tmp_path / "net.safetensors") == network == pickle.loads(pickle.dumps(network))
    assert "EI" in repr(nn.EI(10)) and "<table" in network._repr_html_() and "<table" in nn.EI(10)._repr_html_()
    for kind in ("network", "weights", "histograms", "learning"):
        assert "<svg" in network.plot(kind).text
    assert network.export("numpy").startswith(b'"""')
    with pytest.raises(ValueError, match="to = 'onnx'"):
        network.export("onnx")


def test_every_kind_is_drawn_from_a_description(task):
    areas = [nn.Area("sensory", 20, excitatory_fraction=0.8), nn.Area("motor", 10, excitatory_fraction=0.8)]
    layers = [nn.Layer("first", 12, tau=50), nn.Layer("second", 8)]
    models = [
        nn.Vanilla(20),
        nn.EI(20, tau={"excitatory": 100, "inhibitory": 50}),
        nn.MultiArea(areas, feedforward={"e_to_e": 0.5, "e_to_i": 0.5}),
        nn.Stacked(layers),
    ]
    for model in models:
        network = model.network(task, seed=1)
        assert network.kind == model.kind and network.run(task.sample(2)).rates.shape[2] == network.units
        assert network == model.network(task, seed=1) != model.network(task, seed=2)
    alone = nn.EI(10, inputs=2, outputs=1, dt=10).network()
    assert alone.task is None and alone.run(np.ones((1, 5, 2), np.float32)).outputs.shape == (1, 5, 1)
    with pytest.raises(ValueError, match="excitatory_fraction"):
        nn.EI(20, excitatory_fraction=1.5).network(task)
    with pytest.raises(ValueError, match="did you mean `sigma_rec`"):
        nn.EI(20, sigma_reg=0.1).network(task)


def test_float64_and_lists_are_converted_and_said_so_once(network, task):
    import nn4n_rs._arrays as arrays

    inputs = task.sample(2).inputs
    arrays._said.clear()
    with pytest.warns(nn.ConversionWarning, match="inputs: float64"):
        converted = network.run(inputs.astype(np.float64))
    # Warnings are errors in these tests, so that a second one would end this.
    assert np.array_equal(converted.rates, network.run(inputs.tolist()).rates)
    assert np.array_equal(converted.rates, network.run(inputs).rates)
    arrays._said.clear()
    with pytest.warns(nn.ConversionWarning, match="inputs: float64"):
        network.run(inputs.tolist())
    with pytest.raises(ValueError, match="inputs: holds numbers beyond the range of float32"):
        network.run(np.full((1, 5, 3), 1e300))


def test_arrays_are_there_once(network, task):
    import tracemalloc

    inputs = np.zeros((100, 200, 3), np.float32)
    task.sample(2)
    tracemalloc.start()
    try:
        recording = network.run(inputs)
        trials = task.sample(2000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # NumPy's own memory is traced, into which a run writes; that of the library is not, which trials come with.
    recorded = recording.states.nbytes + recording.rates.nbytes + recording.outputs.nbytes
    assert recorded > 16e6 and trials.inputs.nbytes > 2e6 and peak < recorded + 2e6
    assert trials.inputs is trials.inputs and recording.rates.flags.writeable


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((5, 3)), "3 axes"),
        (np.zeros((1, 5, 4), np.float32), "4 channels"),
        (np.full((1, 5, 3), np.nan, np.float32), "finite"),
        ([["a"]], "numbers"),
        (np.zeros((0, 5, 3), np.float32), "no trial"),
    ],
)
def test_inputs_that_do_not_fit_are_refused_by_name(network, inputs, message):
    with pytest.raises(ValueError, match=f"inputs.*{message}"):
        network.run(inputs)


def test_what_is_not_there_is_not_found_and_the_message_speaks_python():
    with pytest.raises(FileNotFoundError) as found:
        nn.load("runs/none")
    assert "nn4n_rs.zoo()" in str(found.value) and "--" not in str(found.value)
    with pytest.raises(FileNotFoundError, match="did you mean `song2016-rdm-ei`"):
        nn.load("song2016-rdm")


def test_a_recording_becomes_a_dataset_with_named_dimensions(recording):
    xarray = pytest.importorskip("xarray")
    data = recording.to_xarray()
    assert isinstance(data, xarray.Dataset) and data.rates.dims == ("trial", "time", "unit")
    assert float(data.time[0]) == recording.dt and set(data.cell_type.values) == {"excitatory", "inhibitory"}
    assert "coherence" in data.coords and data.attrs["dt_ms"] == recording.dt
    short = int(np.argmin(recording.n_steps))
    after = data.rates.values[short, recording.n_steps[short] :]
    assert np.isnan(after).all()


def test_a_recording_is_saved_and_read_and_its_trials_selected(recording, tmp_path):
    recording.save(tmp_path / "activity.npz")
    again = nn.Recording.load(tmp_path / "activity.npz")
    assert again.dt == recording.dt and (again.n_steps == recording.n_steps).all()
    within = np.arange(recording.rates.shape[1]) < recording.n_steps[:, None]
    assert np.array_equal(again.rates[within], recording.rates[within])
    # A trial without coherence has no coherence in the file, either.
    assert [set(one) for one in again.variables] == [
        {name for name, value in one.items() if value is not None} for one in recording.variables
    ]
    assert [one.get("coherence") for one in again.variables] == [one.get("coherence") for one in recording.variables]
    some = recording.where(was_right=True)
    assert 0 < len(some) < len(recording) and all(one["was_right"] for one in some.variables)


def test_units_have_values_of_their_own(task):
    tau = np.linspace(20, 100, 5)
    assert np.allclose(nn.EI(5, tau=tau).network(task).tensors["tau"], tau)
    there = ~np.eye(5, dtype=bool)
    there[0, 1] = False
    made = nn.Vanilla(5, w_rec={"connectivity": there}).network(task)
    assert np.array_equal(made.w_rec != 0, there)


def test_fields_are_listed_with_their_words_and_defaults():
    of_training = {one["id"]: one for one in nn.fields()}
    assert of_training["updates"]["default"] == 20000 and "learning_rate" in of_training
    assert "kind='l2_rates'" in {one["id"] for one in nn.fields("train.regularisers")}
    assert {one["id"] for one in nn.fields("model.tau")} >= {"excitatory", "inhibitory", "units"}
    assert "Integration step, ms." in repr(nn.fields("model"))
    with pytest.raises(ValueError, match="'taus' is none of"):
        nn.fields("model.taus")
