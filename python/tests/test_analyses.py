import json
import os
import subprocess

import numpy as np
import pytest

import nn4n_rs as nn


@pytest.fixture(autouse=True)
def figures():
    yield
    try:
        from matplotlib import pyplot
    except ImportError:
        return
    pyplot.close("all")


def drawn(result):
    """A result in matplotlib, as a dictionary, in a notebook, and in the library's own figures."""
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    result.plot().figure.canvas.draw()
    assert isinstance(result.to_dict(), dict) and "<table" in result._repr_html_() and result._kind in repr(result)
    for name in result.figures:
        assert "<svg" in result.figure(name).text
    return result


def gaussian(rng, n, values, axes):
    return (rng.standard_normal((n, len(values))) * np.sqrt(values)) @ axes


def test_components_are_those_of_numpy(rng):
    axes = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    states = gaussian(rng, 4000, np.array([9, 4, 1, 0.5, 0.1, 0.1, 0.1, 0.1]), axes)
    found = nn.pca(states.reshape(40, 100, 8), dt=10)
    values = np.linalg.eigvalsh(np.cov(states.T))[::-1]
    np.testing.assert_allclose(found.explained_variance, values, rtol=1e-9)
    assert found.participation_ratio == pytest.approx(values.sum() ** 2 / (values**2).sum())
    np.testing.assert_allclose(found.axes @ found.axes.T, np.eye(8), atol=1e-9)
    np.testing.assert_allclose(
        found.scores, (states - states.mean(0)) @ found.axes[: found.scores.shape[1]].T, atol=1e-8
    )


def test_components_of_a_network_of_a_recording_and_of_arrays_are_the_same(network, recording):
    whole = drawn(nn.pca(network, trials=6, seed=1))
    assert whole.explained_variance.tolist() == nn.pca(recording).explained_variance.tolist()
    rates = np.where(
        np.arange(recording.rates.shape[1])[None, :, None] < recording.n_steps[:, None, None], recording.rates, np.nan
    )
    assert nn.pca(rates.astype(np.float64), dt=recording.dt).samples == whole.samples
    with pytest.raises(ValueError, match="dt"):
        nn.pca(rates)
    means = drawn(nn.pca(recording, average="coherence", epoch="stimulus", shuffles=3))
    assert means.shuffled is not None and means.samples < whole.samples
    assert nn.pca(recording, units="excitatory").units == 80 and nn.pca(recording, units=slice(0, 10)).units == 10
    assert nn.pca(recording, where={"was_right": True}).samples < whole.samples


def test_fixed_points_of_three_bits_are_eight_stable_ones(flip_flop):
    found = drawn(nn.fixed_points(flip_flop, starts=256))
    assert (found.is_fixed & found.is_stable).sum() == 8
    stable = found.x_star[found.is_fixed & found.is_stable]
    assert stable.shape == (8, 64)
    # The network stands still there, by its own equation.
    network, t = flip_flop, flip_flop.tensors
    again = network.run(np.zeros((8, 50, 3), np.float32), x0=stable.astype(np.float32))
    np.testing.assert_allclose(again.states[:, -1], stable, atol=1e-3)
    assert t["x0"].shape == (64,)
    place = np.flatnonzero(found.is_fixed)[0]
    left, right = found.left[place], found.right[place]
    np.testing.assert_allclose(left @ right, np.eye(64), atol=1e-6)
    values = np.linalg.eigvals(found.jacobian[place])
    np.testing.assert_allclose(np.sort(np.abs(values)), np.sort(np.abs(found.eigenvalues[place])), atol=1e-8)


def test_a_linear_network_has_the_fixed_point_of_its_equation(rng):
    model = nn.Vanilla(
        6,
        inputs=2,
        outputs=1,
        dt=10,
        tau=50,
        activation="linear",
        sigma_rec=0,
        w_rec={"init": {"array": (0.1 * rng.standard_normal((6, 6))).tolist()}},
        autapses=True,
    )
    network = model.network(seed=1)
    found = nn.fixed_points(network, input=[1.0, -0.5], starts=20)
    wanted = np.linalg.solve(np.eye(6) - network.w_rec, network.w_in @ [1.0, -0.5] + network.tensors["b_rec"])
    assert len(found.x_star) == 1 and bool(found.is_stable[0])
    np.testing.assert_allclose(found.x_star[0], wanted, atol=1e-5)
    by_name = nn.fixed_points(network, input={"input_0": 1.0, "input_1": -0.5}, starts=20)
    np.testing.assert_allclose(by_name.x_star, found.x_star, atol=1e-9)
    with pytest.raises(ValueError, match="is no input"):
        nn.fixed_points(network, input={"in": 1.0})
    with pytest.raises(ValueError, match="2 inputs"):
        nn.fixed_points(network, input=[1.0])


def test_dynamics_of_a_network(flip_flop):
    exponents = drawn(nn.lyapunov(flip_flop, exponents=2, steps=400, transient=200))
    assert (exponents.exponents_per_second < 0).all()
    field = drawn(nn.flow_field(flip_flop, points=8))
    assert field.speed.shape == (8, 8) and (field.speed > 0).all()
    branches = drawn(nn.bifurcations(flip_flop, {"pulse_1": (0.0, 0.2)}, starts=8, step=0.2))
    assert branches.x.shape[1] == 64 and branches.input[0] == 0 and 0.2 <= branches.input.max() < 0.25
    inputs = flip_flop.task.sample(1).inputs[0]
    modes = drawn(nn.local(flip_flop, inputs, modes=3))
    assert modes.eigenvalues.shape == (len(inputs), 3) and np.iscomplexobj(modes.eigenvalues)
    growth = drawn(nn.nonnormality(np.array([[0.5, 5.0], [0.0, 0.5]]), steps=20, grid=8))
    assert growth.largest_growth > 1 and growth.departure == pytest.approx(5.0)


def test_structure_and_currents(network):
    found = drawn(nn.structure(network))
    np.testing.assert_allclose(
        np.sort(np.abs(found.eigenvalues)), np.sort(np.abs(np.linalg.eigvals(network.w_rec))), atol=1e-4
    )
    assert found.in_degree.tolist() == (network.w_rec != 0).sum(1).tolist()
    flows = drawn(nn.currents(network))
    # (sources, targets, trials, steps) add up to the total.
    np.testing.assert_allclose(flows.by_source.sum(0), flows.total, atol=1e-9)


def test_interventions_stand_beside_controls(network):
    found = drawn(
        nn.interventions(network, [{"lesion": "0-9"}, {"silence": ("inhibitory", "stimulus")}], trials=4, controls=3)
    )
    assert [row.name for row in found.rows][0] == "intact" and len(found.rows) == 3
    assert len(found.rows[1].controls.values) == 3


def test_a_variable_that_is_in_the_units_is_decoded(rng):
    side = np.tile([True, False], 30)
    rates = rng.standard_normal((60, 20, 10))
    rates[:, 10:, 0] += np.where(side, 2.0, -2.0)[:, None]
    source = nn.Recording(rates, 10, conditions={"side": np.where(side, "left", "right")})
    found = drawn(nn.decoding(source, "side", bin_ms=50, shuffles=20, cross_temporal=True))
    assert found.value[:2].max() < 0.75 < 0.9 < found.value[2:].min() and found.matrix.shape == (4, 4)
    assert np.abs(found.weights[-1, 0]).argmax() == 0
    with pytest.raises(ValueError, match="bin_ms = 15"):
        nn.decoding(source, "side", bin_ms=15)
    with pytest.raises(ValueError, match="sid"):
        nn.decoding(source, "sid")


def test_demixing_and_regression_find_the_axis_of_a_variable(rng):
    strength, side = np.tile([-1.0, -0.5, 0.5, 1.0], 20), np.repeat(["a", "b"], 40)
    rates = 0.1 * rng.standard_normal((80, 12, 6))
    rates[:, :, 1] += strength[:, None]
    rates[:, :, 4] += np.where(side == "a", 1.0, -1.0)[:, None]
    source = nn.Recording(rates, 10, conditions={"strength": strength, "side": side})
    demixed = drawn(nn.dpca(source, ["strength", "side"], components=2, ridge=1e-4))
    assert {np.abs(row).argmax() for row in demixed.encoders[:2]} <= {1, 4}
    axes = drawn(nn.tdr(source, ["strength", "side"], method="mante"))
    active = axes.active_units.tolist()
    assert active[np.abs(axes.directions[0]).argmax()] == 1 and active[np.abs(axes.directions[1]).argmax()] == 4


def test_rotations_and_subspaces(rng):
    time = np.arange(40) * 0.01
    phase = np.repeat([0.0, 1.0, 2.0, 3.0], 5)
    basis = np.linalg.qr(rng.standard_normal((10, 2)))[0]
    turning = np.stack(
        [np.cos(2 * np.pi * 2 * time + phase[:, None]), np.sin(2 * np.pi * 2 * time + phase[:, None])], 2
    )
    rates = turning @ basis.T + 0.01 * rng.standard_normal((20, 40, 10))
    source = nn.Recording(rates, 10, conditions={"phase": phase}, epochs=[[("early", 0, 20), ("late", 20, 40)]] * 20)
    found = drawn(nn.jpca(source, "phase", components=2, normalize="none"))
    assert found.planes[0].frequency_hz == pytest.approx(2, rel=0.1)
    both = drawn(nn.subspaces(source, ["early", "late"], dimensions=2, draws=50))
    assert both.principal_angles_deg.max() < 5
    potent = nn.potent_space(source, basis.T, dimensions=2, draws=50)
    assert potent.variance.value > 0.99


def test_single_units(rng):
    angle = np.tile(np.arange(0, 360, 45.0), 10)
    rates = 0.2 * rng.standard_normal((80, 10, 4)) + 5
    rates[:, :, 0] += 3 * np.cos(np.radians(angle - 90))[:, None]
    first = angle < 180
    source = nn.Recording(rates, 10, conditions={"angle": angle, "first": first})
    tuned = drawn(nn.tuning(source, "angle"))
    assert tuned.units[0].cosine.preferred == pytest.approx(90, abs=5) and tuned.means.shape == (4, 8)
    selective = drawn(nn.selectivity(source, "first", shuffles=100))
    assert np.abs(selective.d_prime).argmax() == 0 and selective.auc[0] > 0.9
    mixed = drawn(nn.mixed_selectivity(source, ["first", "angle"]))
    assert mixed.p.shape[1] == 4 or mixed.p.shape[0] == 4


def test_sequences_and_tasks(rng):
    time, peaks = np.arange(50), np.array([40, 10, 30, 20])
    rates = np.exp(-((time[:, None] - peaks) ** 2) / 20)[None] + 0.01 * rng.random((12, 50, 4))
    found = drawn(nn.sequence(nn.Recording(rates, 10)))
    assert found.order.tolist() == [1, 3, 2, 0]
    many = nn.load("yang2019-go-anti")
    variance = drawn(nn.task_variance(many))
    assert variance.variance.shape == (128, len(variance.columns)) and len(variance.cluster_of_unit) == 128


def test_places(rng):
    steps = 3000
    walk = np.cumsum(0.05 * rng.standard_normal((1, steps + 1, 2)), axis=1)
    places = np.abs((walk + 1) % 4 - 2)  # reflected within 0 to 2
    field = np.exp(-((places[:, 1:] - 1) ** 2).sum(2) / 0.1)
    rates = np.stack([field, rng.random((1, steps)), rng.random((1, steps))], 2)
    source = nn.Recording(rates, 20, places=places)
    found = drawn(nn.rate_maps(source, bins=10, shuffles=20))
    assert found.maps.shape[0] == 3 and found.units[0].information > 5 * found.units[1].information
    change = drawn(nn.remapping(source, source, bins=10, shuffles=20))
    assert change.place.between == pytest.approx(1)
    several = drawn(nn.remapping_matrix({"first": source, "again": source, "last": source}, bins=10))
    assert several.names == ["first", "again", "last"] and several.maps.shape == (3, 3, 10, 10)
    assert several.place[0, 1] == pytest.approx(1) and several.place[0, 0] < 1


def test_similarity_does_not_depend_on_a_rotation(rng, network):
    means = rng.standard_normal((6, 20, 10))
    turned = means @ np.linalg.qr(rng.standard_normal((10, 10)))[0]
    for measure in ("cka", "procrustes", "svcca", "rsa"):
        found = drawn(
            nn.similarity({"a": means, "turned": turned, "other": rng.standard_normal((6, 20, 10))}, measure=measure)
        )
        same, other = found.matrix[0, 1], found.matrix[0, 2]
        assert same < other if found.is_distance else same > other
    found = nn.similarity({"ei": network, "vanilla": nn.load("rdm-vanilla")}, trials=4)
    assert found.matrix.shape == (2, 2) and 0.1 < found.matrix[0, 1] < 1
    assert found.conditions and all(set(one) == {"coherence"} for one in found.conditions)
    with pytest.raises(ValueError, match="no trial has values of all of catch, coherence.*`by`"):
        nn.similarity({"a": network, "b": nn.load("rdm-vanilla")}, trials=4, by=["catch", "coherence"])
    with pytest.raises(ValueError, match="measure = 'ccka'"):
        nn.similarity({"a": means, "b": turned}, measure="ccka")


def test_behaviour(network, rng):
    found = drawn(nn.psychometric(network, "coherence", trials=20, refits=20))
    assert abs(found.threshold) < 20 and found.fraction[-1] > 0.9 > 0.1 > found.fraction[0]
    x = np.repeat(np.linspace(-2, 2, 9), 400)
    first = rng.random(len(x)) < 0.5 * (1 + np.vectorize(__import__("math").erf)((x - 0.5) / (0.7 * np.sqrt(2))))
    curve = nn.psychometric(values=x, chose_first=first, lapses="none", refits=0)
    assert curve.mu == pytest.approx(0.5, abs=0.08) and curve.sigma == pytest.approx(0.7, abs=0.08)
    two = nn.psychometric_of_two(relevant_values=x, irrelevant_values=rng.permutation(x), chose_first=first, refits=0)
    assert abs(two.irrelevant_slope) < 0.2 * two.relevant_slope
    times = drawn(
        nn.chronometric(values=[0.1, 0.1, 0.5, 0.5], was_right=[True] * 4, reaction_time=[500, 520, 300, 310])
    )
    assert [one.right.median for one in times.points] == [510, 305]
    lengths = drawn(nn.duration(network, "stimulus", "coherence", trials=20, bins=3))
    assert len(lengths.bins) == 3
    answers = drawn(nn.confusion(values=["a", "a", "b"], answers=["a", "b", "b"]))
    assert answers.counts.tolist() == [[1, 1], [0, 1]]
    evidence = rng.standard_normal((2000, 8))
    weights = drawn(nn.kernel(evidence, evidence[:, 3] > 0))
    assert np.argmax(weights.reverse_correlation) == 3


@pytest.mark.skipif("NN4N_PROGRAM" not in os.environ, reason="NN4N_PROGRAM names no program")
def test_the_decision_model_is_that_of_the_program():
    found = nn.decision_model(coherences=[0, 0.512], trials=200)
    program = json.loads(
        subprocess.run(
            [
                os.environ["NN4N_PROGRAM"],
                "analyze",
                "decision-model",
                "--coherences",
                "0,0.512",
                "--trials",
                "200",
                "--json",
            ],
            capture_output=True,
            check=True,
        ).stdout
    )
    assert [row.chose_first for row in found.rows] == [row["chose_first"] for row in program["choices"]]
    assert [plane.stable for plane in found.planes] == [plane["stable"] for plane in program["planes"]]
    assert found.reaction_time.shape == (2, 200) and np.nanmean(found.chose_first[1]) == found.rows[1].performance
    assert found.to_dataframe().coherence.tolist() == [0, 0.512]
    assert drawn(found).planes[0].coherence is None
    with pytest.raises(ValueError, match="must be from 0 to 1"):
        nn.decision_model(coherences=[-0.1])
