"""Figures in matplotlib, in the colours of the library's own."""

import numpy as np

from ._arrays import after_end, needs

EXCITATORY, INHIBITORY, NEUTRAL, MUTED = "#c0392b", "#2c5f9e", "#222222", "#9a9a9a"


def _axes(ax, **size):
    if ax is not None:
        return ax
    pyplot = needs("matplotlib.pyplot", "plot", "plot")
    return pyplot.subplots(figsize=size.get("figsize", (4.5, 3.2)), layout="constrained")[1]


def _style(ax, x, y, title=""):
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    if title:
        ax.set_title(title, fontsize="medium", loc="left")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def _shades(n):
    needs("matplotlib", "plot", "plot")
    from matplotlib import colormaps

    return [colormaps["viridis"](place) for place in np.linspace(0.05, 0.9, max(n, 1))]


def draw(result, ax=None, **options):
    """The figure of a result."""
    one = _KINDS.get(result._kind)
    if one is None:
        raise ValueError(f"there is no figure of {result._kind}; its arrays are its fields")
    return one(result, ax, **options)


def rates(recording, trials=None, most=100):
    ax = _axes(None, figsize=(5, 3.2))
    which = slice(None) if trials is None else np.atleast_1d(trials)
    part = recording.rates[which]
    after = after_end(recording.n_steps[which], part.shape[1])
    with np.errstate(invalid="ignore"):
        mean = np.nanmean(np.where(after, np.nan, part), axis=0).T[:most]
    image = ax.imshow(mean, aspect="auto", cmap="viridis", extent=(0, recording.time[-1], len(mean) - 0.5, -0.5))
    ax.figure.colorbar(image, ax=ax, label="rate")
    return _style(ax, "time (ms)", "unit")


def _lines(ax, x, rows, names):
    for row, name, color in zip(rows, names, _shades(len(rows))):
        ax.plot(x, row, color=color, label=str(name))
    _legend(ax, len(names))


def _legend(ax, n):
    """Names of so many lines, beside the axes if they would cover much of them."""
    if 1 < n <= 4:
        ax.legend(frameon=False, fontsize="small")
    elif 4 < n <= 12:
        ax.legend(frameon=False, fontsize="x-small", loc="center left", bbox_to_anchor=(1, 0.5))


def _pca(result, ax, kind=None):
    if kind == "scree" or "trajectories" not in result._fields() or result.trajectories.shape[2] < 2:
        ax = _axes(ax)
        cumulative = 100 * np.cumsum(result.explained_variance_ratio)
        ax.plot(np.arange(1, len(cumulative) + 1), cumulative, ".-", color=NEUTRAL)
        return _style(
            ax, "component", "cumulative variance (%)", f"participation ratio {result.participation_ratio:.2f}"
        )
    ax = _axes(ax)
    share = 100 * result.explained_variance_ratio
    for line, name, color in zip(result.trajectories, result.condition_names, _shades(len(result.trajectories))):
        ax.plot(line[:, 0], line[:, 1], color=color, label=name)
        ax.plot(*line[0, :2], "o", color=color, markersize=3)
    _legend(ax, len(result.condition_names))
    return _style(ax, f"PC 1 ({share[0]:.0f} %)", f"PC 2 ({share[1]:.0f} %)")


def _fixed_points(result, ax):
    ax = _axes(ax)
    if not len(result.x_star):
        raise ValueError("no fixed point was found")
    states = result.trajectories.reshape(-1, result.x_star.shape[1]) if result.trajectories.size else result.x_star
    states = states[~np.isnan(states).any(axis=1)]
    origin = states.mean(axis=0)
    directions = np.linalg.svd(states - origin, full_matrices=False)[2][:2]
    if len(directions) < 2:
        raise ValueError("the states of one unit span no plane")
    for trial in result.trajectories[:12]:
        ax.plot(*((trial - origin) @ directions.T).T, color="#dddddd", linewidth=0.8, zorder=0)
    at = (result.x_star - origin) @ directions.T
    kinds = [
        ("stable", result.is_fixed & result.is_stable, EXCITATORY, "o"),
        ("unstable", result.is_fixed & ~result.is_stable, INHIBITORY, "X"),
        ("slow", ~result.is_fixed, MUTED, "."),
    ]
    for name, which, color, marker in kinds:
        if which.any():
            ax.plot(*at[which].T, marker, color=color, label=f"{name} ({which.sum()})")
    ax.legend(frameon=False, fontsize="small")
    return _style(ax, "component 1", "component 2")


def _bifurcations(result, ax, unit=0):
    ax = _axes(ax)
    for branch in np.unique(result.branch):
        on = result.branch == branch
        stable = result.unstable_dimensions[on] == 0
        x, y = result.input[on], result.x[on, unit]
        ax.plot(x, np.where(stable, y, np.nan), color=NEUTRAL)
        ax.plot(x, np.where(stable, np.nan, y), "--", color=MUTED)
    ax.locator_params(axis="x", nbins=5)
    return _style(ax, result.channel, f"state of unit {unit}")


def _lyapunov(result, ax):
    ax = _axes(ax)
    places = np.arange(1, len(result.exponents_per_second) + 1)
    ax.errorbar(places, result.exponents_per_second, result.standard_errors, fmt="o", color=NEUTRAL)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    return _style(ax, "exponent", "Lyapunov exponent (1/s)")


def _flow_field(result, ax):
    ax = _axes(ax)
    image = ax.pcolormesh(
        result.a, result.b, np.log10(np.maximum(result.speed, 1e-12)), cmap="viridis", shading="nearest"
    )
    ax.figure.colorbar(image, ax=ax, label="log10 speed")
    ax.streamplot(
        result.a, result.b, result.along_a, result.along_b, color="white", density=0.9, linewidth=0.7, arrowsize=0.7
    )
    ax.plot(*result.places.T, "o", color=EXCITATORY, markersize=4)
    return _style(ax, "along the first direction", "along the second")


def _local(result, ax):
    ax = _axes(ax)
    time = result.dt * np.arange(1, len(result.time_constants_ms) + 1)
    with np.errstate(divide="ignore"):
        _lines(
            ax,
            time,
            (-1000 / result.time_constants_ms).T,
            [f"mode {n + 1}" for n in range(result.time_constants_ms.shape[1])],
        )
    return _style(ax, "time (ms)", "growth rate (1/s)")


def _nonnormality(result, ax):
    ax = _axes(ax)
    ax.plot(result.dt * np.arange(len(result.growth)), result.growth, color=NEUTRAL)
    return _style(ax, "time (ms)", "largest growth")


def _eigenvalues(result, ax):
    ax = _axes(ax, figsize=(3.4, 3.4))
    values = result.eigenvalues
    ax.plot(values.real, values.imag, ".", color=NEUTRAL)
    angle = np.linspace(0, 2 * np.pi, 200)
    ax.plot(
        result.predicted_radius * np.cos(angle), result.predicted_radius * np.sin(angle), color=MUTED, linewidth=0.8
    )
    ax.set_aspect("equal")
    return _style(ax, "real part", "imaginary part")


def _currents(result, ax, target=0):
    ax = _axes(ax)
    mean = result.by_source[:, target].mean(axis=1)
    order = np.argsort(-np.abs(mean).max(axis=1))[:8]
    _lines(ax, result.dt * np.arange(1, mean.shape[1] + 1), mean[order], [result.sources[place] for place in order])
    return _style(ax, "time (ms)", f"current into {result.targets[target]}")


def _interventions(result, ax):
    ax = _axes(ax)
    value = lambda row: np.nan if row.performance is None else 100 * row.performance
    for place, row in enumerate(result.rows):
        ax.plot(value(row), place, "o", color=NEUTRAL)
        if isinstance(row.interval, np.ndarray):
            ax.plot(100 * row.interval, [place, place], color=NEUTRAL)
        if row.controls is not None:
            ax.plot(
                100 * np.asarray(row.controls.values), np.full(len(row.controls.values), place + 0.2), "|", color=MUTED
            )
    ax.set_yticks(range(len(result.rows)), [row.name for row in result.rows])
    ax.invert_yaxis()
    return _style(ax, "performance (%)", "")


def _dpca(result, ax, component=0):
    ax = _axes(ax)
    _lines(ax, result.time_ms, result.projections[component], result.conditions)
    of = result.components[component]
    name = result.marginalisations[of.marginalisation].name
    return _style(ax, "time (ms)", "component", f"{name} {of.number + 1}: {100 * of.explained:.1f} %")


def _projections(result, ax):
    ax = _axes(ax)
    names = getattr(result, "condition_names", None) or getattr(result, "conditions", [])
    for line, name, color in zip(result.projections, names, _shades(len(result.projections))):
        ax.plot(line[:, 0], line[:, 1], color=color, label=name)
        ax.plot(*line[0, :2], "o", color=color, markersize=3)
    _legend(ax, len(names))
    return _style(ax, "first axis", "second axis")


def _subspaces(result, ax):
    ax = _axes(ax)
    for place, of in enumerate((result.first_in_second, result.second_in_first)):
        ax.plot([place, place], [of.random_low, of.random_high], color=MUTED, linewidth=6, solid_capstyle="butt")
        ax.plot(place, of.value, "o", color=EXCITATORY)
    ax.set_xticks([0, 1], ["first in second", "second in first"])
    return _style(ax, "", "alignment index")


def _decoding(result, ax):
    ax = _axes(ax)
    ax.fill_between(result.time_ms, result.chance_low, result.chance_high, color="#dddddd", label="shuffles")
    ax.fill_between(result.time_ms, result.low, result.high, color=EXCITATORY, alpha=0.25, linewidth=0)
    ax.plot(result.time_ms, result.value, color=EXCITATORY, label=result.variable)
    ax.legend(frameon=False, fontsize="small")
    return _style(ax, "time (ms)", str(result.measure).replace("_", " "))


def _ranked(name, label):
    def one(result, ax):
        ax = _axes(ax)
        ax.plot(np.sort(getattr(result, name))[::-1], ".", color=NEUTRAL)
        return _style(ax, "unit, sorted", label)

    return one


def _mixed_selectivity(result, ax):
    ax = _axes(ax)
    counts = result.counts._fields()
    ax.bar(range(len(counts)), list(counts.values()), color=NEUTRAL)
    ax.set_xticks(range(len(counts)), [name.replace("_", "\n") for name in counts], fontsize="small")
    return _style(ax, "", "units")


def _tuning(result, ax, units=None):
    ax = _axes(ax)
    some = range(min(6, result.means.shape[0])) if units is None else units
    _lines(ax, result.directions, [result.means[unit] for unit in some], [f"unit {unit}" for unit in some])
    return _style(ax, f"{result.variable} ({result.unit})", "rate")


def _task_variance(result, ax):
    ax = _axes(ax, figsize=(5, 3.2))
    values = result.normalised if hasattr(result, "normalised") else result.variance
    if hasattr(result, "clusters"):
        values = values[np.argsort(result.clusters.labels, kind="stable")]
    image = ax.imshow(values.T, aspect="auto", cmap="viridis")
    ax.figure.colorbar(image, ax=ax, label="task variance")
    ax.set_yticks(range(len(result.columns)), [column.name for column in result.columns], fontsize="small")
    return _style(ax, "unit, by cluster", "")


def _sequence(result, ax):
    ax = _axes(ax)
    ends = (result.time_ms[0], result.time_ms[-1], len(result.rates) - 0.5, -0.5)
    image = ax.imshow(result.rates, aspect="auto", cmap="viridis", extent=ends)
    ax.figure.colorbar(image, ax=ax, label="rate")
    return _style(ax, "time (ms)", "unit, by its peak")


def _rate_maps(result, ax, unit=0):
    ax = _axes(ax, figsize=(3.4, 3.2))
    image = ax.imshow(result.maps[unit], origin="lower", cmap="viridis")
    ax.figure.colorbar(image, ax=ax, label="rate")
    return _style(ax, "x (bins)", "y (bins)", f"unit {result.units[unit].unit}")


def _remapping(result, ax):
    ax = _axes(ax, figsize=(3.4, 3.2))
    image = ax.imshow(result.of_bins, origin="lower", cmap="RdBu_r", vmin=-1, vmax=1)
    ax.figure.colorbar(image, ax=ax, label="population vector correlation")
    return _style(ax, "x (bins)", "y (bins)")


def _remapping_matrix(result, ax):
    ax = _axes(ax, figsize=(3.8, 3.2))
    image = ax.imshow(result.population_vector, cmap="RdBu_r", vmin=-1, vmax=1)
    ax.figure.colorbar(image, ax=ax, label="population vector correlation")
    return _named_axes(ax, result.names)


def _similarity(result, ax):
    ax = _axes(ax, figsize=(3.8, 3.2))
    image = ax.imshow(result.matrix, cmap="viridis_r" if result.is_distance else "viridis")
    ax.figure.colorbar(image, ax=ax, label=result.measure)
    return _named_axes(ax, result.names)


def _named_axes(ax, names):
    ax.set_xticks(range(len(names)), names, rotation=45, ha="right", fontsize="small")
    ax.set_yticks(range(len(names)), names, fontsize="small")
    return ax


def _psychometric(result, ax):
    ax = _axes(ax)
    low, high = result.fraction_interval.T
    ax.vlines(result.values, 100 * low, 100 * high, color=MUTED)
    ax.plot(result.values, 100 * result.fraction, "o", color=NEUTRAL)
    ax.plot(result.curve_x, 100 * result.curve_y, color=EXCITATORY)
    ax.axhline(50, color="#dddddd", linewidth=0.8, zorder=0)
    return _style(ax, result.variable, "first chosen (%)")


def _chronometric(result, ax):
    ax = _axes(ax)
    for name, color in (("right", NEUTRAL), ("wrong", EXCITATORY)):
        some = [(one.strength, getattr(one, name).median) for one in result.points if getattr(one, name) is not None]
        if some:
            ax.plot(*zip(*some), "o-", color=color, label=name)
    ax.legend(frameon=False, fontsize="small")
    return _style(ax, result.variable, "reaction time (ms)")


def _decision_model(result, ax):
    ax = _axes(ax)
    some = [one for one in result.rows if one.performance is not None]
    x = [100 * one.coherence for one in some]
    ends = np.array([np.abs(100 * (one.interval - one.performance)) for one in some]).T
    ax.errorbar(x, [100 * one.performance for one in some], ends, fmt="o-", color=NEUTRAL, capsize=2)
    _style(ax, "coherence (%)", "decisions for the evidence (%)")
    times = ax.twinx()
    times.plot(x, [one.mean_time for one in some], "s--", color=MUTED)
    times.set_ylabel("mean reaction time (ms)", color=MUTED)
    times.spines["top"].set_visible(False)
    return ax


def _duration(result, ax):
    ax = _axes(ax)
    ax.plot([one.duration for one in result.bins], [100 * one.performance for one in result.bins], "o-", color=NEUTRAL)
    return _style(ax, "duration (ms)", "right (%)")


def _confusion(result, ax):
    ax = _axes(ax, figsize=(3.6, 3.2))
    image = ax.imshow(100 * result.fractions, cmap="viridis", vmin=0, vmax=100)
    ax.figure.colorbar(image, ax=ax, label="%")
    ax.set_xticks(range(len(result.columns)), result.columns, rotation=45, ha="right", fontsize="small")
    ax.set_yticks(range(len(result.rows)), result.rows, fontsize="small")
    return _style(ax, "chosen", "right")


def _kernel(result, ax):
    ax = _axes(ax)
    steps = np.arange(len(result.reverse_correlation))
    ax.fill_between(
        steps,
        result.reverse_correlation - result.reverse_half,
        result.reverse_correlation + result.reverse_half,
        color="#dddddd",
    )
    ax.plot(steps, result.reverse_correlation, color=NEUTRAL)
    ax.axhline(0, color=MUTED, linewidth=0.8)
    return _style(ax, "step", "weight of the evidence")


_KINDS = {
    "fixed_points": _fixed_points,
    "bifurcations": _bifurcations,
    "lyapunov": _lyapunov,
    "flow_field": _flow_field,
    "local": _local,
    "nonnormality": _nonnormality,
    "structure": _eigenvalues,
    "currents": _currents,
    "interventions": _interventions,
    "pca": _pca,
    "dpca": _dpca,
    "tdr": _projections,
    "jpca": _projections,
    "subspaces": _subspaces,
    "decoding": _decoding,
    "selectivity": _ranked("d_prime", "d'"),
    "mixed_selectivity": _mixed_selectivity,
    "tuning": _tuning,
    "task_variance": _task_variance,
    "sequence": _sequence,
    "rate_maps": _rate_maps,
    "remapping": _remapping,
    "remapping_matrix": _remapping_matrix,
    "similarity": _similarity,
    "psychometric": _psychometric,
    "chronometric": _chronometric,
    "decision_model": _decision_model,
    "duration": _duration,
    "confusion": _confusion,
    "kernel": _kernel,
}
