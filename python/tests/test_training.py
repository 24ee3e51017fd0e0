import json

import numpy as np
import pytest

import nn4n_rs as nn

SETTINGS = {"updates": 6, "batch_size": 8, "validation": {"every": 2}, "progress": False}


def test_a_run_leaves_its_files_and_a_history(task, tmp_path):
    run = nn.train(nn.EI(20), task, out=tmp_path / "run", seed=3, **SETTINGS)
    assert run.updates == run.new_updates == 6 and not run.is_interrupted
    assert [one["update"] for one in run.validations] == [2, 4, 6]
    assert {"model.safetensors", "run.toml", "log.jsonl", "finished.json"} <= {
        path.name for path in (tmp_path / "run").iterdir()
    }
    pandas = pytest.importorskip("pandas")
    assert isinstance(run.history, pandas.DataFrame) and {"update", "loss", "performance"} <= set(run.history)
    assert run.network.seed == 3 and "<table" in run._repr_html_() and "<svg" in run.plot().text


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads(task, tmp_path):
    networks = []
    for threads in (1, 2):
        nn.set_threads(threads)
        assert nn.threads() == threads
        networks.append(nn.train(nn.EI(20), task, out=tmp_path / str(threads), **SETTINGS).network)
    nn.set_threads(None)
    assert networks[0] == networks[1]
    with pytest.raises(ValueError, match="at least 1"):
        nn.set_threads(0)


def test_a_run_is_kept_resumed_or_replaced_as_asked(task, tmp_path):
    out = tmp_path / "run"
    whole = nn.train(nn.EI(20), task, out=tmp_path / "whole", **SETTINGS).network
    stops = nn.train(nn.EI(20), task, out=out, callback=lambda found: found["update"] == 2, **SETTINGS)
    assert stops.is_interrupted and stops.updates == 2
    with pytest.raises(FileExistsError, match='exist="resume"'):
        nn.train(nn.EI(20), task, out=out, **SETTINGS)
    rest = nn.train(nn.EI(20), task, out=out, exist="resume", **SETTINGS)
    assert rest.updates == 6 and rest.new_updates == 4
    assert (out / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()
    assert rest.network == whole
    assert nn.train(nn.EI(20), task, out=out, exist="resume", **SETTINGS).new_updates == 0
    assert nn.train(nn.EI(20), task, out=out, exist="replace", **SETTINGS).new_updates == 6


def test_every_validation_is_told_once_and_a_bar_shows_it(task, tmp_path, capsys):
    pytest.importorskip("tqdm")
    told = []
    run = nn.train(nn.EI(20), task, out=tmp_path, callback=told.append, **{**SETTINGS, "progress": True})
    assert told == run.validations and [one["update"] for one in told] == [2, 4, 6]
    shown = capsys.readouterr().err
    assert "6/6" in shown and "loss" in shown and "performance" in shown


def test_an_error_in_a_callback_ends_the_run_and_leaves_it_to_be_resumed(task, tmp_path):
    def callback(found):
        raise ZeroDivisionError("on purpose")

    with pytest.raises(ZeroDivisionError, match="on purpose"):
        nn.train(nn.EI(20), task, out=tmp_path, callback=callback, **SETTINGS)
    assert nn.train(nn.EI(20), task, out=tmp_path, exist="resume", **SETTINGS).updates == 6


def test_without_a_directory_the_network_is_all_that_stays(task):
    run = nn.train(nn.EI(20), task, **SETTINGS)
    directory = run.directory
    network = run.network
    del run
    import gc
    import os

    gc.collect()
    assert not os.path.exists(directory) and network.units == 20


def test_training_goes_on_from_a_network(task, network, tmp_path):
    tuned = nn.train(network, task, out=tmp_path / "tuned", updates=2, progress=False, validation={"every": 2})
    assert tuned.network.units == 100 and tuned.network.provenance["init"] == "song2016-rdm-ei"
    other = network.with_(w_out=network.w_out / 2)
    run = nn.train(
        other, task, out=tmp_path / "other", updates=2, progress=False, learning_rate=1e-9, validation={"every": 2}
    )
    np.testing.assert_allclose(run.network.w_out, other.w_out, atol=1e-6)


def test_a_loop_of_ones_own_does_the_updates_of_a_run(task, tmp_path):
    run = nn.train(nn.EI(20), task, out=tmp_path, log_every=1, **SETTINGS)
    logged = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    losses = [one["loss"] for one in logged if "gradient_norm" in one]
    trainer = nn.Trainer(nn.EI(20), task, batch_size=8)
    mine = [trainer.step(task.sample(8, update=update))["loss"] for update in range(3)]
    mine += [trainer.step()["loss"] for _ in range(3)]
    assert mine == losses and trainer.updates == 6
    assert run.updates == 6 and trainer.network.units == 20
    before = trainer.network
    trainer.step()
    assert before != trainer.network


def test_settings_that_are_not_there_are_refused_with_what_may_be_meant(task, tmp_path):
    with pytest.raises(ValueError, match="learning_rate"):
        nn.train(nn.EI(20), task, out=tmp_path, learning_rat=0.1)
    with pytest.raises(TypeError, match="net: must be"):
        nn.train("ei", task)
    with pytest.raises(ValueError, match="exist = 'yes'"):
        nn.train(nn.EI(20), task, out=tmp_path, exist="yes")
    with pytest.raises(ValueError, match="device"):
        nn.train(nn.EI(20), task, out=tmp_path / "device", device="tpu", updates=1)


def test_presets_and_curricula_are_trained(tmp_path):
    assert len(nn.presets()) > 10
    preset = nn.preset("song2016/rdm_dense")
    run = preset.train(out=tmp_path / "preset", updates=2, progress=False, validation={"every": 2})
    assert run.network.task.id == preset.task.id
    easy, hard = nn.Task("song2016/rdm_varstim", coherences=[0.512]), nn.Task("song2016/rdm_varstim")
    run = nn.train(nn.EI(20), hard, out=tmp_path / "stages", curriculum=[(easy, 0.9)], **SETTINGS)
    assert run.validations[0]["stage"] == 0


def test_a_study_is_read(task, tmp_path):
    for seed in range(2):
        nn.train(nn.EI(20), task, out=tmp_path / "runs" / f"seed{seed}", seed=seed, **SETTINGS)
    study = nn.Study(tmp_path / "runs")
    assert len(study) == 2 and {run["name"] for run in study.runs} == {"seed0", "seed1"}
    assert study.best("loss").units == 20 and study.load("seed1").seed == 1
    pandas = pytest.importorskip("pandas")
    assert isinstance(study.to_dataframe(), pandas.DataFrame)
