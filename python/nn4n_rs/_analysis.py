"""Every analysis of the library, on networks, recordings and plain arrays.

What is called ``source`` is a :class:`Network` (``trials`` fresh trials of each condition of its task are simulated), a
:class:`Recording`, or an array (trials, steps, units) with ``dt`` (ms), ``conditions`` (a DataFrame, or a dictionary of
lists) and ``epochs`` beside it. Of networks ``task``, ``trials``, ``noise``, ``conditions`` and ``lesion`` are arguments,
too. ``where`` keeps the trials that have these values, ``units`` some of the units. All is computed in float64.
"""

import numpy as np

from . import _nn4n
from ._arrays import array, condition, count, number, plain, seed_of, several, truth, whole
from ._arrays import interventions as _interventions
from ._network import Network
from ._recording import Recording
from ._result import Result


def _recording(
    source, *, task=None, trials=None, seed=0, noise=None, dt=None, conditions=None, epochs=None, lesion=None, **others
):
    if others:
        raise TypeError(f"{next(iter(others))}: is no argument of this analysis; its help names those that there are")
    of_networks = {"task": task, "trials": trials, "noise": noise, "lesion": lesion}
    if isinstance(source, Network):
        _refuse({"dt": dt, "epochs": epochs}, "an array", "a network")
        given = {name: value for name, value in of_networks.items() if value is not None}
        return source.record(seed=seed, conditions=conditions, **given)
    if isinstance(source, Recording):
        _refuse(
            {**of_networks, "dt": dt, "conditions": conditions, "epochs": epochs},
            "a network or an array",
            "a recording",
        )
        return source
    _refuse(of_networks, "a network", "an array")
    if dt is None:
        raise ValueError("dt: of an array the length of a step, in ms, must be named")
    return Recording(source, dt, conditions=conditions, epochs=epochs)


def _refuse(options, of, given):
    """What would have no effect."""
    for name, value in options.items():
        if value is not None:
            raise ValueError(f"{name}: is of {of}, but {given} is given; leave it out")


def _activity(source, where=None, units=None, **options):
    recording = _recording(source, **options)
    made = recording._made()
    if where is not None:
        made = made.with_condition(condition(where))
    if units is not None:
        made = made.with_units(_places(recording, units))
    return made, recording


def _places(recording, units):
    if isinstance(units, str):
        for known in (recording.cell_type, recording.area):
            if known is not None and units in known:
                return np.flatnonzero(known == units).tolist()
        raise ValueError(f"units = {units!r}: is neither a cell type nor an area of this recording")
    return [int(unit) for unit in np.atleast_1d(np.arange(recording.units)[units])]


def _names(value):
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _names_or_none(value):
    return None if value is None else _names(value)


_COUNTS = ("shuffles", "repeats", "folds", "bins", "delays", "rank", "components")


def _counted(options):
    """Options whose counts are whole numbers that the memory has room for."""
    for name in _COUNTS:
        if options.get(name) is not None:
            count(name, options[name])
    return {**options, "seed": seed_of(options["seed"])}


def _result(kind, found, **more):
    return Result._of(kind, found.fields, found, **more)


def _window(align=None, epoch=None, start_ms=None, stop_ms=None, bin_ms=None):
    given = {"align": align, "epoch": epoch, "start_ms": start_ms, "stop_ms": stop_ms, "bin_ms": bin_ms}
    return {name: value for name, value in given.items() if value is not None}


# Networks as dynamical systems


def _probe(network, task, input):
    """The extension's network and task, and the input as a number for each channel."""
    if not isinstance(network, Network):
        raise TypeError(f"network: must be a Network, but is {type(network).__name__}")
    task = task if task is not None else network.task
    if isinstance(input, dict):
        named, given = list(network.inputs), [0.0] * network.model["inputs"]
        for name, value in input.items():
            if name not in named:
                raise ValueError(f"input: {name!r} is no input of this network; they are {', '.join(named)}")
            given[named.index(name)] = float(value)
        input = given
    elif input is not None:
        input = array("input", input, 1, np.float64).tolist()
    return network._raw, None if task is None else task._raw, input


def fixed_points(
    network, *, task=None, input=None, at=None, where=None, open_loop=False, starts=1024, start_noise=0.5, seed=0
):
    """Where activity stands still or nearly so, and what it does around there.

    The input that is held is ``input`` (a number for each channel, or a dictionary), that of the epoch ``at`` in trials
    with the values ``where``, or the one that holds at the most steps of noise-free test trials. ``starts`` is a number,
    or states (starts, units).

    Fields: ``x_star``, ``rates`` (points, units), ``q``, ``is_fixed``, ``is_stable`` (points), ``jacobian`` (points,
    to, from), ``eigenvalues`` (points, modes), ``right``, ``left``, ``time_constants_ms``, ``connections`` ..
    """
    raw, of, held = _probe(network, task, input)
    given = None if isinstance(starts, (int, np.integer)) else array("starts", starts, 2, np.float64)
    n = len(given) if given is not None else count("starts", starts)
    if given is not None and given.shape[1] != network.units and of is None:
        raise ValueError(f"starts: have the shape {given.shape}, but must be (starts, {network.units} units)")
    found = _nn4n.fixed_points(
        raw, of, held, at, condition(where), open_loop, n, float(start_noise), given, seed_of(seed)
    )
    return _result("fixed_points", found)


def bifurcations(
    network, along, *, task=None, input=None, at=None, where=None, open_loop=False, starts=256, step=0.02, seed=0
):
    """Fixed points as inputs change from one value to another, and where they vanish or change.

    ``along`` is ``{"pulse_1": (0, 0.2)}``: channels that change together, and from where to where.
    """
    raw, of, held = _probe(network, task, input)
    named = list(network.inputs)
    unknown = [name for name in along if name not in named]
    if not along or unknown:
        raise ValueError(f"along: must name inputs of the network, which are {', '.join(named)}")
    channels = [named.index(name) for name in along]
    ends = [[float(along[name][end]) for name in along] for end in (0, 1)]
    found = _nn4n.bifurcations(
        raw,
        of,
        held,
        at,
        condition(where),
        open_loop,
        ends,
        channels,
        count("starts", starts),
        float(step),
        seed_of(seed),
    )
    first = next(iter(along))
    result = _result("bifurcations", found, channel=first)
    result.input = along[first][0] + result.s * (along[first][1] - along[first][0])
    return result


def lyapunov(
    network,
    *,
    task=None,
    input=None,
    at=None,
    where=None,
    driven=None,
    exponents=None,
    steps=2000,
    transient=500,
    open_loop=False,
    seed=0,
):
    """How fast nearby trajectories part or meet (1/s), under an input that holds or ``driven`` by inputs (steps, inputs).

    ``exponents`` are the largest ten, or as many as there are units.
    """
    raw, of, held = _probe(network, task, input)
    exponents = min(10, network.units) if exponents is None else whole("exponents", exponents, 1, network.units)
    driven = None if driven is None else array("driven", driven, 2, np.float64)
    found = _nn4n.lyapunov(
        raw,
        of,
        held,
        at,
        condition(where),
        open_loop,
        driven,
        exponents,
        count("steps", steps, 1, 1_000_000),
        count("transient", transient, 0, 1_000_000),
        seed_of(seed),
    )
    return _result("lyapunov", found)


def flow_field(
    network, plane=None, *, task=None, input=None, at=None, where=None, open_loop=False, extent=None, points=20, seed=0
):
    """Where activity goes from every state of a plane.

    ``plane`` is (origin, first, second), states (units) and directions; or a result of :func:`fixed_points`, whose first
    two components are taken; by default fixed points are searched first. ``extent`` are the ends ``((a, a), (b, b))``.
    """
    raw, of, held = _probe(network, task, input)
    found = plane
    if plane is None:
        found = fixed_points(
            network, task=task, input=input, at=at, where=where, open_loop=open_loop, starts=256, seed=seed
        )
    places = np.zeros((0, 2))
    if isinstance(found, Result):
        states = found.trajectories.reshape(-1, found.x_star.shape[1])
        states = states[~np.isnan(states).any(axis=1)] if found.trajectories.size else found.x_star
        origin = states.mean(axis=0)
        _, _, directions = np.linalg.svd(states - origin, full_matrices=False)
        if len(directions) < 2:
            raise ValueError("plane: the states span no plane; name one")
        plane = (origin, directions[0], directions[1])
        seen = (np.concatenate([states, found.x_star]) - origin) @ directions[:2].T
        places = (found.x_star - origin) @ directions[:2].T
        low, high = seen.min(axis=0), seen.max(axis=0)
        margin = 0.1 * np.maximum(high - low, 1e-3)
        extent = extent or tuple(zip(low - margin, high + margin))
    origin, first, second = (array("plane", one, 1, np.float64).tolist() for one in plane)
    (a0, a1), (b0, b1) = extent or ((-1.0, 1.0), (-1.0, 1.0))
    ends = ((float(a0), float(a1)), (float(b0), float(b1)))
    result = _nn4n.flow_field(
        raw,
        of,
        held,
        at,
        condition(where),
        open_loop,
        [origin, first, second],
        *ends,
        count("points", points, 2, 1000),
        seed_of(seed),
    )
    return _result("flow_field", result, places=places)


def local(network, inputs, *, task=None, modes=None, open_loop=False):
    """The slowest modes at every step of a trial, on ``inputs`` (steps, inputs) without noise; five unless named."""
    raw, of, _ = _probe(network, task, None)
    modes = min(5, network.units) if modes is None else whole("modes", modes, 1, network.units)
    return _result(
        "local", _nn4n.local(raw, of, open_loop, array("inputs", inputs, 2, np.float64), modes), dt=network.dt
    )


def nonnormality(jacobian, *, steps=200, grid=40, dt=1.0):
    """What modes that are not orthogonal do to small perturbations.

    ``jacobian`` (units, units) of a step, or a result of :func:`fixed_points`, of which the first point is taken.
    """
    if isinstance(jacobian, Result):
        if not len(jacobian.jacobian):
            raise ValueError("jacobian: no fixed point was found")
        jacobian = jacobian.jacobian[0]
    found = _nn4n.nonnormality(
        array("jacobian", jacobian, 2, np.float64), count("steps", steps, 1, 1_000_000), count("grid", grid), float(dt)
    )
    return _result("nonnormality", found, dt=dt)


def structure(network):
    """Weights by groups of units, degrees, balance, spectrum, low-rank part."""
    return _result("structure", _nn4n.structure(_probe(network, None, None)[0]))


def currents(network, *, task=None, trials=1, seed=0, lesion=None):
    """What units receive, by where it comes from, in noise-free input: (sources, targets, trials, steps)."""
    task = network._task_or(task)
    found = _nn4n.currents(
        network._raw, task._raw, count("trials", trials, 1), seed_of(seed), _interventions(lesion=lesion)
    )
    return _result("currents", found)


def interventions(network, rows, *, task=None, trials=100, controls=20, seed=0, match="group"):
    """Behaviour intact and with each of ``rows``, beside the same done to random other units.

    ``rows`` are dictionaries as arguments of :meth:`Network.run`: ``[{"lesion": "0-9"}, {"silence": ("inhibitory",
    "stimulus")}]``. Controls are of the same area and cell type (``match="group"``) or of nearly the same mean rate
    (``"rate"``).
    """
    if match not in ("group", "rate"):
        raise ValueError(f"match = {match!r}: must be 'group' or 'rate'")
    task = network._task_or(task)
    done = [_interventions(**row) for row in several(rows)]
    found = _nn4n.interventions(
        network._raw,
        task._raw,
        done,
        count("trials", trials, 1),
        count("controls", controls),
        seed_of(seed),
        match == "rate",
    )
    return _result("interventions", found)


# Directions of activity


def pca(
    source,
    *,
    epoch=None,
    average=None,
    normalize="none",
    shuffles=0,
    components=None,
    seed=0,
    where=None,
    units=None,
    **options,
):
    """How many directions activity takes: principal components, participation ratio, and their nulls.

    ``average`` takes means over trials of the same values of these variables (``"condition"``: of all) in place of
    trials. Fields: ``axes`` (components, units), ``explained_variance_ratio`` (components), ``participation_ratio``,
    ``scores`` (states, components), ``trajectories`` (conditions, times, components) ..
    """
    made, _ = _activity(source, where, units, seed=seed, **options)
    by = None if average is None else [] if average == "condition" else _names(average)
    found = _nn4n.pca(made, epoch, by, normalize, count("shuffles", shuffles), components, seed_of(seed))
    return _result("pca", found)


def dpca(
    source,
    variables,
    *,
    align=None,
    epoch=None,
    start_ms=None,
    stop_ms=None,
    bin_ms=None,
    components=3,
    ridge=None,
    repetitions=None,
    join_time=True,
    shuffles=0,
    splits=100,
    seed=0,
    where=None,
    units=None,
    **options,
):
    """Directions that each carry one variable of the task: demixed principal components."""
    made, _ = _activity(source, where, units, seed=seed, **options)
    window = _window(align, epoch, start_ms, stop_ms, bin_ms)
    names = [] if variables == "condition" else _names(variables)
    found = _nn4n.dpca(
        made,
        names,
        window,
        count("components", components),
        ridge,
        repetitions,
        join_time,
        count("shuffles", shuffles),
        count("splits", splits),
        seed_of(seed),
    )
    return _result("dpca", found)


def tdr(
    source,
    variables,
    *,
    align=None,
    epoch=None,
    start_ms=None,
    stop_ms=None,
    bin_ms=None,
    method="pycog",
    components=None,
    where=None,
    units=None,
    **options,
):
    """One axis for each variable of the task, by regression: targeted dimensionality reduction."""
    made, _ = _activity(source, where, units, **options)
    window = _window(align, epoch, start_ms, stop_ms, bin_ms)
    return _result("tdr", _nn4n.tdr(made, _names(variables), window, method, components))


def jpca(
    source,
    by,
    *,
    align=None,
    epoch=None,
    start_ms=None,
    stop_ms=None,
    bin_ms=None,
    components=6,
    normalize="soft",
    surrogates=0,
    seed=0,
    where=None,
    units=None,
    **options,
):
    """Rotations that conditions have in common, beside surrogates."""
    made, _ = _activity(source, where, units, seed=seed, **options)
    window = _window(align, epoch, start_ms, stop_ms, bin_ms)
    names = [] if by == "condition" else _names(by)
    return _result(
        "jpca",
        _nn4n.jpca(
            made,
            names,
            window,
            count("components", components),
            normalize,
            count("surrogates", surrogates),
            seed_of(seed),
        ),
    )


def subspaces(source, epochs, *, average=None, dimensions=None, draws=1000, seed=0, where=None, units=None, **options):
    """Angles and alignment between the subspaces of two epochs, beside random ones."""
    made, _ = _activity(source, where, units, seed=seed, **options)
    by = None if average is None else [] if average == "condition" else _names(average)
    return _result(
        "subspaces", _nn4n.subspaces(made, list(epochs), by, dimensions, count("draws", draws), seed_of(seed))
    )


def potent_space(
    source, weights, *, epoch=None, dimensions=None, draws=1000, seed=0, where=None, units=None, **options
):
    """What of the activity of source units ``weights`` (targets, sources) let through."""
    made, _ = _activity(source, where, units, seed=seed, **options)
    weights = array("weights", weights, 2, np.float64)
    return _result(
        "potent_space", _nn4n.potent_space(made, weights, epoch, dimensions, count("draws", draws), seed_of(seed))
    )


def decoding(
    source,
    variable,
    *,
    graded=None,
    decoder=None,
    shrinkage=None,
    c=1.0,
    alpha=1.0,
    scaled=True,
    components=None,
    folds=5,
    repeats=1,
    shuffles=100,
    within=None,
    align=None,
    bin_ms=None,
    cross_temporal=False,
    generalize=None,
    seed=0,
    where=None,
    units=None,
    **options,
):
    """What of a variable can be read from the units, and when.

    ``decoder`` is ``"lda"``, ``"logistic"`` or, of graded variables, ``"ridge"``. ``value`` at each time (``time_ms``)
    stands beside its interval, ``low`` to ``high``, and that of the shuffles, ``chance_low`` to ``chance_high``;
    ``weights``, ``patterns`` and ``matrix`` are arrays.
    """
    made, _ = _activity(source, where, units, seed=seed, **options)
    given = {
        "variable": variable,
        "graded": graded,
        "decoder": decoder,
        "shrinkage": shrinkage,
        "c": c,
        "alpha": alpha,
        "scaled": scaled,
        "components": components,
        "folds": folds,
        "repeats": repeats,
        "shuffles": shuffles,
        "within": within,
        "align": align,
        "bin_ms": bin_ms,
        "cross_temporal": cross_temporal,
        "generalize": generalize,
        "seed": seed,
    }
    return _result("decoding", _nn4n.decoding(made, _counted(given)))


# Single units


def selectivity(source, variable, *, epoch=None, within=None, shuffles=1000, seed=0, where=None, units=None, **options):
    """Which units tell the two kinds of a variable apart: d', area under the ROC curve, choice probability ``within``."""
    made, _ = _activity(source, where, units, seed=seed, **options)
    within = _names_or_none(within)
    return _result(
        "selectivity", _nn4n.selectivity(made, variable, epoch, within, count("shuffles", shuffles), seed_of(seed))
    )


def mixed_selectivity(source, variables, *, epoch=None, alpha=0.05, by_value=False, where=None, units=None, **options):
    """Which units respond to one variable, to several, or to their products."""
    made, _ = _activity(source, where, units, **options)
    return _result("mixed_selectivity", _nn4n.mixed_selectivity(made, _names(variables), epoch, float(alpha), by_value))


def tuning(source, variable, *, unit=None, epoch=None, where=None, units=None, **options):
    """Which direction each unit prefers, and how narrowly; ``unit`` is ``"degrees"`` or ``"radians"``."""
    if isinstance(source, Network) and options.get("conditions") is None:
        # A direction is often no class of trials, but on the grid.
        task = source._task_or(options.get("task"))
        options["conditions"] = task._about["grid"]
    made, _ = _activity(source, where, units, **options)
    return _result("tuning", _nn4n.tuning(made, variable, unit, epoch))


def task_variance(
    source,
    *,
    tasks=None,
    by=None,
    left_out=None,
    per_epoch=False,
    active=1e-3,
    k=None,
    pair=None,
    rotations=100,
    seed=0,
    where=None,
    units=None,
    **options,
):
    """Which tasks and epochs units take part in, and clusters of units that are alike in this.

    ``tasks`` is the variable that says the task, ``by`` are those whose values make the conditions, ``left_out`` the
    epochs that do not count; by default the stimulus makes the conditions, and the first epoch does not count.
    """
    if isinstance(source, Network):
        # Without noise the trials of a condition are copies.
        task = source._task_or(options.get("task"))
        options = {"trials": 1, "noise": False, "conditions": task._about["grid"], **options}
    made, _ = _activity(source, where, units, seed=seed, **options)
    pair = None if pair is None else list(pair)
    found = _nn4n.task_variance(
        made,
        tasks,
        _names_or_none(by),
        _names_or_none(left_out),
        per_epoch,
        float(active),
        k,
        pair,
        count("rotations", rotations),
        seed_of(seed),
    )
    return _result("task_variance", found)


def sequence(source, *, epoch=None, least=0.1, where=None, units=None, **options):
    """Whether units are active one after the other."""
    made, _ = _activity(source, where, units, **options)
    return _result("sequence", _nn4n.sequence(made, epoch, float(least)))


# Space


def rate_maps(source, *, where=None, units=None, trials=None, task=None, noise=None, seed=0, **options):
    """Where in space units are active: maps, information, fields, grid and border scores.

    ``bins`` along each axis or ``bin_size``, ``smooth`` (bins), ``shuffles``, ``arena``, ``field_threshold``;
    ``from_lowest`` counts rates from the lowest of each map, ``least`` is the highest rate that active units exceed.
    """
    made, _ = _activity(source, where, units, trials=trials, task=task, noise=noise, seed=seed)
    return _result("rate_maps", _nn4n.rate_maps(made, _counted({**options, "seed": seed})))


def remapping(a, b, *, trials=None, task=None, noise=None, seed=0, **options):
    """Whether maps of places change from ``a`` to ``b``, by population vectors, places and rates."""
    (one, _), (other, _) = (_activity(source, trials=trials, task=task, noise=noise, seed=seed) for source in (a, b))
    return _result("remapping", _nn4n.remapping(one, other, _counted({**options, "seed": seed})))


def remapping_matrix(sources, *, trials=None, task=None, noise=None, seed=0, **options):
    """How alike maps of places are between each two of several sources, a dictionary by names.

    ``population_vector`` and ``place`` are (sources, sources), on the diagonal between halves of one.
    """
    if not isinstance(sources, dict):
        raise TypeError(f"sources: must be a dictionary of names and sources, but is {type(sources).__name__}")
    made = [
        (str(name), _activity(source, trials=trials, task=task, noise=noise, seed=seed)[0])
        for name, source in sources.items()
    ]
    return _result("remapping_matrix", _nn4n.remapping_matrix(made, _counted({**options, "seed": seed})))


# Similarity


def similarity(
    sources,
    *,
    measure="cka",
    by=None,
    align=None,
    epochs=None,
    bin_ms=None,
    average_times=False,
    folds=2,
    regularisation=0.0,
    variance=0.99,
    rdm="euclidean",
    compare="corr",
    delays=None,
    interval=1,
    rank=None,
    score="angular",
    shuffles=0,
    shuffle="conditions",
    seed=0,
    **options,
):
    """How alike networks, recordings and epochs are in what their units do.

    ``sources`` is a dictionary of names and sources, or a list; arrays are means (conditions, times, units) that match
    already. ``measure`` is cka, cka_debiased, cca, svcca, pwcca, procrustes, angular, rsa or dsa; ``by`` the variables
    whose values make the conditions, by default those of the tasks that all have.
    """
    named = sources if isinstance(sources, dict) else {str(place): one for place, one in enumerate(_listed(sources))}
    given = {
        "measure": measure,
        "by": _names_or_none(by),
        "align": align,
        "epochs": _names(epochs),
        "bin_ms": 0.0,
        "average_times": average_times,
        "folds": folds,
        "regularisation": regularisation,
        "variance": variance,
        "rdm": rdm,
        "compare": compare,
        "delays": delays,
        "interval": interval,
        "rank": rank,
        "score": score,
        "shuffles": shuffles,
        "shuffle": shuffle,
        "seed": seed,
    }
    if all(isinstance(one, np.ndarray) for one in named.values()):
        means = [(name, array(name, one, 3, np.float64)) for name, one in named.items()]
        return _result("similarity", _nn4n.similarity_of_means(means, _counted(given)))
    made = {name: _activity(one, seed=seed, **options) for name, one in named.items()}
    given["bin_ms"] = float(bin_ms if bin_ms is not None else max(recording.dt for _, recording in made.values()))
    sources = [(name, one, _task_of(recording)) for name, (one, recording) in made.items()]
    return _result("similarity", _nn4n.similarity(sources, _counted(given)))


def _task_of(recording):
    """The extension's task of which a recording is, if that is known."""
    task = None if recording.trials is None else recording.trials.task
    return None if task is None else task._raw


def _listed(sources):
    return list(sources) if isinstance(sources, (list, tuple)) else [sources]


# Behaviour


_ANSWERS = ("choice", "chose_first", "was_right", "reaction_time")


def _columns(source, names, given, **options):
    """Variables of the trials of a network or a recording; or arrays as they are, each by its name, of one length."""
    if source is not None:
        variables = _performed(source, given, **options).variables
        there = dict.fromkeys(name for one in variables for name in one)
        for name in names:
            if name not in there:
                more = "; answers are of Network.record, not of Network.run" if name in _ANSWERS else ""
                raise ValueError(f"variable: no trial has {name!r}, there are {', '.join(there) or 'none'}{more}")
        return [[one.get(name) for one in variables] for name in names]
    _need(given)
    return _alike(given)


def _performed(source, given, **options):
    """The trials of a source, beside which no arrays are given."""
    if not isinstance(source, (Network, Recording)):
        raise TypeError(f"source: must be a Network or a Recording, but is {type(source).__name__}")
    _refuse(given, "arrays", "a source")
    return _recording(source, **options)


def _need(given):
    missing = [name for name, column in given.items() if column is None]
    if missing:
        raise ValueError(f"source: name a network or recording, or give {', '.join(given)}; there is no {missing[0]}")


def _alike(columns):
    """The columns, of which each has a value for each trial."""
    lists = {name: plain(list(column)) for name, column in columns.items()}
    lengths = {name: len(column) for name, column in lists.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{', '.join(f'{name} has {n}' for name, n in lengths.items())} trials; give as many of each")
    return list(lists.values())


def _fit(family, lapses, max_lapse, guess, refits, seed):
    return {
        "family": family,
        "lapses": lapses,
        "max_lapse": float(max_lapse),
        "guess": float(guess),
        "refits": count("refits", refits),
        "seed": seed_of(seed),
    }


def psychometric(
    source=None,
    variable=None,
    *,
    values=None,
    chose_first=None,
    family="gaussian",
    lapses="equal",
    max_lapse=0.1,
    guess=0.5,
    refits=200,
    seed=0,
    **options,
):
    """How choices depend on the evidence: a psychometric function with its intervals.

    Of a network or recording and the variable of its trials, or of arrays: ``values`` and ``chose_first`` (trials).
    """
    given = {"values": values, "chose_first": chose_first}
    x, y = _columns(source, (variable, "chose_first"), given, seed=seed, **options)
    pairs = [(number(a), truth("chose_first", b)) for a, b in zip(x, y)]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    counts = {}
    for value, first in known:
        n, total = counts.get(value, (0, 0))
        counts[value] = (n + first, total + 1)
    rows = [(value, *counts[value]) for value in sorted(counts)]
    found = _nn4n.psychometric(variable or "values", rows, _fit(family, lapses, max_lapse, guess, refits, seed))
    table = np.array(rows, dtype=float).reshape(-1, 3)
    interval = np.array([_nn4n.interval_of_fraction(int(k), int(n)) for _, k, n in rows]).reshape(-1, 2)
    more = {"values": table[:, 0], "fraction": table[:, 1] / table[:, 2], "trials": table[:, 2].astype(int)}
    return _result("psychometric", found, variable=variable or "values", fraction_interval=interval, **more)


def psychometric_of_two(
    source=None,
    relevant=None,
    irrelevant=None,
    *,
    relevant_values=None,
    irrelevant_values=None,
    chose_first=None,
    family="gaussian",
    lapses="equal",
    max_lapse=0.1,
    guess=0.5,
    refits=200,
    seed=0,
    **options,
):
    """How choices depend on relevant and irrelevant evidence together."""
    given = {"relevant_values": relevant_values, "irrelevant_values": irrelevant_values, "chose_first": chose_first}
    columns = _columns(source, (relevant, irrelevant, "chose_first"), given, seed=seed, **options)
    counts = {}
    for a, b, first in zip(*columns):
        a, b, first = number(a), number(b), truth("chose_first", first)
        if a is None or b is None or first is None:
            continue
        n, total = counts.get((a, b), (0, 0))
        counts[a, b] = (n + first, total + 1)
    rows = [(*values, *counts[values]) for values in sorted(counts)]
    names = [relevant or "relevant", irrelevant or "irrelevant"]
    found = _nn4n.psychometric_of_two(names, rows, _fit(family, lapses, max_lapse, guess, refits, seed))
    return _result("psychometric_of_two", found)


def chronometric(source=None, variable=None, *, values=None, was_right=None, reaction_time=None, **options):
    """How long decisions take (ms) at each strength of the evidence."""
    names = (variable, "was_right", "reaction_time")
    given = {"values": values, "was_right": was_right, "reaction_time": reaction_time}
    columns = _columns(source, names, given, **options)
    rows = [(number(a), truth("was_right", b), number(t)) for a, b, t in zip(*columns)]
    rows = [row for row in rows if row[0] is not None]
    return _result("chronometric", _nn4n.chronometric(rows), variable=variable or "values")


def duration(
    source=None,
    epoch=None,
    variable=None,
    *,
    durations=None,
    strengths=None,
    was_right=None,
    bins=5,
    family="weibull",
    max_lapse=0.1,
    guess=0.5,
    refits=0,
    seed=0,
    **options,
):
    """Performance against the duration (ms) of an epoch, and the threshold of the evidence ``variable`` in each bin."""
    given = {"durations": durations, "was_right": was_right}
    if source is not None:
        recording = _performed(source, {**given, "strengths": strengths}, seed=seed, **options)
        long = lambda epochs: next(
            ((one["end"] - one["start"]) * recording.dt for one in epochs if one["name"] == epoch), None
        )
        durations = [long(epochs) for epochs in recording.epochs]
        strengths = [one.get(variable) for one in recording.variables]
        was_right = [one.get("was_right") for one in recording.variables]
    else:
        _need(given)
    strengths = [None] * len(durations) if strengths is None else strengths
    columns = _alike({"durations": durations, "strengths": strengths, "was_right": was_right})
    rows = [
        (number(time), None if number(one) is None else abs(number(one)), truth("was_right", right))
        for time, one, right in zip(*columns)
    ]
    rows = [row for row in rows if row[0] is not None and row[2] is not None]
    found = _nn4n.duration(rows, count("bins", bins), _fit(family, "guess", max_lapse, guess, refits, seed))
    return _result("duration", found)


def decision_model(*, coherences=(0, 0.032, 0.064, 0.128, 0.256, 0.512), planes=(0, 0.512, 1), trials=1000, seed=0):
    """A decision of two populations that can be solved (Wong & Wang 2006), to compare networks that decide with.

    ``rows``, one a strength of the evidence (0 to 1): ``performance``, its ``interval``, ``mean_time`` (ms),
    ``without_decision``; ``chose_first`` and ``reaction_time`` (coherences, trials), NaN without a decision; fixed points
    and ``nullclines`` of the phase ``planes`` before the stimulus and at coherences (-1 to 1).
    """
    strengths = [float(one) for one in coherences]
    for one in strengths:
        if not 0 <= one <= 1:
            raise ValueError(f"coherences: {one} must be from 0 to 1; 0.512 is 51.2 %")
    shown = [None, *(float(one) for one in planes)]
    found = _nn4n.decision_model(strengths, count("trials", trials, 1, 1_000_000), shown, seed_of(seed))
    return _result("decision_model", found)


def confusion(source=None, variable=None, answer="choice", *, values=None, answers=None, **options):
    """What was chosen where something else was right: ``counts`` and ``fractions`` (values, answers)."""
    x, y = _columns(source, (variable, answer), {"values": values, "answers": answers}, **options)
    names = [variable or "values", answer]
    return _result("confusion", _nn4n.confusion(names, x, y))


def kernel(evidence, chose_first, *, groups=None, ridge=1.0):
    """How much the evidence at each time weighs in choices.

    ``evidence`` (trials, steps), less its mean over the trials of the same group; ``chose_first`` (trials).
    """
    evidence = array("evidence", evidence, 2, np.float64)
    _, of = np.unique(np.zeros(len(evidence)) if groups is None else np.asarray(groups), return_inverse=True)
    first = [truth("chose_first", one) for one in chose_first]
    if None in first:
        raise ValueError("chose_first: has trials without a choice; leave them out, of `evidence`, too")
    return _result("kernel", _nn4n.psychophysical_kernel(evidence, of.tolist(), first, float(ridge)))
