"""Writes golden.json: what golden.rs must find in small networks and matrices.

Steps are written from the equations, derivatives are taken by a complex step, fixed points are found by Newton's method from
20,000 starts in a box. Nothing is shared with the Rust code.

    python -m venv env && env/bin/pip install numpy && env/bin/python generate.py
"""

import json
from pathlib import Path

import numpy as np

FORMS = ("current", "rate", "blend")

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: np.where(x.real > 0, x, 0),
    "leaky_relu(0.2)": lambda x: np.where(x.real > 0, x, 0.2 * x),
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "retanh": lambda x: np.where(x.real > 0, np.tanh(x), 0),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "power(1.5)": lambda x: np.where(x.real > 0, x, 0) ** 1.5,
}

READOUTS = {
    "linear": lambda z: z,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(),
}


# Networks


def applied(layer, x):
    return np.array([ACTIVATIONS[name](value) for name, value in zip(layer["f"], x)])


def rates_of(layer, form, x):
    return applied(layer, x) if form == "current" else x


def layer_step(layer, form, x, below):
    a = layer["dt"] / layer["tau"]
    h = layer["w_rec"] @ rates_of(layer, form, x) + layer["w_in"] @ below + layer["b_rec"]
    if form == "current":
        return (1 - a) * x + a * h
    if form == "rate":
        return (1 - a) * x + a * applied(layer, h)
    return applied(layer, (1 - a) * x + a * h)


def parts(layers, x):
    return np.split(x, np.cumsum([len(layer["tau"]) for layer in layers])[:-1])


def step(layers, form, x, u):
    """A layer is driven by what the one below has become."""
    new, below = [], u
    for layer, own in zip(layers, parts(layers, x)):
        new.append(layer_step(layer, form, own, below))
        below = rates_of(layer, form, new[-1])
    return np.concatenate(new)


def flow(layers, form, x, u):
    """Change per time constant, where all layers are in the given state."""
    speeds, below = [], u
    for layer, own in zip(layers, parts(layers, x)):
        speeds.append((layer_step(layer, form, own, below) - own) * layer["tau"] / layer["dt"])
        below = rates_of(layer, form, own)
    return np.concatenate(speeds)


def derivative(f, x):
    """df/dx, exact to rounding: the imaginary part of f(x + ih) is h f'(x)."""
    return np.stack([f(x + 1e-30j * direction).imag / 1e-30 for direction in np.eye(len(x))], axis=1)


def expected(layers, form, readout, w_out, b_out, x, u):
    new = step(layers, form, x, u)
    rates = np.concatenate([rates_of(layer, form, own) for layer, own in zip(layers, parts(layers, new))])
    return {
        "form": form, "next": new, "rates": rates, "flow": flow(layers, form, x, u),
        "outputs": READOUTS[readout](w_out @ rates[-w_out.shape[1]:] + b_out),
        "jacobian": derivative(lambda x: step(layers, form, x, u), x),
        "flow_jacobian": derivative(lambda x: flow(layers, form, x, u), x),
        "input_jacobian": derivative(lambda u: step(layers, form, x, u), u),
    }


def random_layer(rng, f, n_in, dt=10.0):
    n = len(f)
    return {
        "dt": dt, "f": f, "tau": rng.choice([10.0, 20.0, 40.0, 80.0, 100.0], n), "w_rec": rng.normal(0, 1 / np.sqrt(n), (n, n)),
        "w_in": rng.normal(0, 0.7, (n, n_in)), "b_rec": rng.normal(0.2, 0.3, n),
    }


def tensors_of(layer, prefix=""):
    own = {name: layer[name] for name in ("tau", "w_rec", "w_in", "b_rec")} | {"x0": np.zeros(len(layer["tau"]))}
    own |= {f"connectivity.{name}": np.ones(layer[name].shape, int) for name in ("w_rec", "w_in")}
    return {prefix + name: values for name, values in own.items()}


def network(rng, layers, readout, forms=FORMS):
    n_in, n_out, trained = layers[0]["w_in"].shape[1], 3, {"trained": 0.0}
    config = {"inputs": n_in, "outputs": n_out, "dt": layers[0]["dt"], "autapses": True, "readout": readout}
    config |= {"b_rec": trained, "b_out": trained, "start": trained, "sigma_rec": 0.0}
    own = [{"units": len(layer["f"]), "tau": {"units": layer["tau"]}, "activation": {"units": layer["f"]}} for layer in layers]
    if len(layers) == 1:
        config, tensors = config | {"kind": "vanilla"} | own[0], tensors_of(layers[0])
    else:
        config |= {"kind": "stacked", "layers": [{"name": f"layer {place}"} | each for place, each in enumerate(own)]}
        tensors = {}
        for place, layer in enumerate(layers):
            tensors |= tensors_of(layer, f"layers.{place}.")
    w_out, b_out = rng.normal(0, 0.7, (n_out, len(layers[-1]["f"]))), rng.normal(0, 0.3, n_out)
    tensors |= {"w_out": w_out, "b_out": b_out, "connectivity.w_out": np.ones(w_out.shape, int)}
    x, u = rng.normal(0, 1, sum(len(layer["f"]) for layer in layers)), rng.normal(0, 1, n_in)
    return {
        "config": config, "tensors": tensors, "input": u, "state": x,
        "forms": [expected(layers, form, readout, w_out, b_out, x, u) for form in forms],
    }


def networks(rng):
    readouts = list(READOUTS)
    made = [network(rng, [random_layer(rng, [f] * 4, 2)], readouts[place % 3]) for place, f in enumerate(ACTIVATIONS)]
    made.append(network(rng, [random_layer(rng, list(ACTIVATIONS), 2)], "softmax"))
    stack = [random_layer(rng, ["tanh", "relu", "softplus", "sigmoid"], 2), random_layer(rng, ["retanh", "power(1.5)", "tanh"], 4)]
    made.append(network(rng, stack, "sigmoid"))
    return made


# Fixed points


def newton(layer, drive, starts):
    """All zeros of -x + W tanh(x) + drive that the starts lead to, each once."""
    x, w, bound = starts, layer["w_rec"], np.abs(layer["w_rec"]).sum(1) + np.abs(drive)
    for _ in range(200):
        slopes = 1 / np.cosh(x) ** 2
        g = np.tanh(x) @ w.T + drive - x
        x = np.clip(x - np.linalg.solve(w * slopes[:, None] - np.eye(len(w)), g[..., None])[..., 0], -bound, bound)
    x = x[np.abs(np.tanh(x) @ w.T + drive - x).max(1) < 1e-13]
    kept = []
    for point in x[np.argsort(x[:, 0])]:
        if all(np.abs(point - other).max() > 1e-6 for other in kept):
            kept.append(point)
    return np.array(kept)


def sorted_modes(matrix):
    """Eigenvalues of largest modulus first, right vectors with the first part real and positive, left vectors from the inverse."""
    values, vectors = np.linalg.eig(matrix)
    order = sorted(range(len(values)), key=lambda mode: (-np.hypot(values[mode].real, values[mode].imag), -values[mode].imag))
    values, vectors = values[order], vectors[:, order]
    vectors = vectors * (np.conj(vectors[0]) / np.abs(vectors[0])) / np.linalg.norm(vectors, axis=0)
    return values, vectors, np.linalg.inv(vectors), np.linalg.cond(vectors)


def pairs(values):
    values = np.asarray(values, complex)
    return np.stack([values.real, values.imag], -1)


def fixed_points(rng):
    layer = random_layer(rng, ["tanh"] * 6, 2)
    layer["w_rec"] *= 2.4
    layer["tau"] = np.array([40.0, 50.0, 60.0, 80.0, 100.0, 120.0])
    net = network(rng, [layer], "linear", forms=())
    u = 0.5 * net["input"]
    drive = layer["w_in"] @ u + layer["b_rec"]
    bound = np.abs(layer["w_rec"]).sum(1) + np.abs(drive)
    points = []
    for x in newton(layer, drive, rng.uniform(-1, 1, (20_000, 6)) * bound):
        jacobian = derivative(lambda x: step([layer], "current", x, u), x)
        values, right, left, condition = sorted_modes(jacobian)
        per_second = np.linalg.eigvals(derivative(lambda x: flow([layer], "current", x, u), x) * 1000 / layer["tau"][:, None])
        points.append({
            "x_star": x, "rates": np.tanh(x), "outputs": net["tensors"]["w_out"] @ np.tanh(x) + net["tensors"]["b_out"],
            "unstable": int((np.abs(values) > 1).sum()), "eigenvalues": pairs(values),
            "time_constants": -layer["dt"] / np.log(np.abs(values)),
            "frequencies": 1000 * np.angle(values) / (2 * np.pi * layer["dt"]), "right": pairs(right), "left": pairs(left),
            "condition": condition, "per_second": pairs(sorted(per_second, key=lambda value: (-value.real, -value.imag))),
        })
    # The sum of sign det(-dg/dx) over all zeros of a bounded network is 1.
    index = sum(np.sign(np.linalg.det(np.eye(6) - layer["w_rec"] / np.cosh(point["x_star"]) ** 2)) for point in points)
    gaps = np.diff([point["x_star"][0] for point in points])
    assert index == 1 and len(points) > 4 and gaps.min() > 1e-3, (index, len(points), gaps)
    return {"config": net["config"], "tensors": net["tensors"], "input": u, "points": points}


# Lyapunov exponents


def kaplan_yorke(exponents):
    sums = np.cumsum(exponents)
    held = np.flatnonzero(sums >= 0)
    if len(held) == 0:
        return 0.0
    j = held[-1]
    return len(exponents) if j == len(exponents) - 1 else j + 1 + sums[j] / abs(exponents[j + 1])


def logarithms(w, x, q, steps):
    """ln |R_kk| of each step of x' = W tanh(x)."""
    rows = []
    for _ in range(steps):
        q, r = np.linalg.qr((w / np.cosh(x) ** 2) @ q)
        x = w @ np.tanh(x)
        rows.append(np.log(np.abs(np.diag(r))))
    return np.array(rows)


def falling(values):
    return np.sort(values)[::-1]


def chaos(rng):
    w, x = rng.normal(0, 3 / np.sqrt(8), (8, 8)), rng.normal(0, 1, 8)
    q = np.linalg.qr(rng.normal(0, 1, (8, 8)))[0]
    all_steps = logarithms(w, x, q, 2200)
    long = all_steps[200:]
    errors = long.reshape(20, 100, 8).mean(1).std(0, ddof=1) / np.sqrt(20)
    order = np.argsort(-long.mean(0))
    means = long.mean(0)[order]
    assert means[0] > 0.05, means
    first = [falling(all_steps[:n].mean(0)) for n in range(2, 31)]
    first_errors = all_steps[:30].reshape(5, 6, 8).mean(1).std(0, ddof=1) / np.sqrt(5)
    return {
        "w_rec": w, "start": x, "directions": q, "first": first, "first_dimensions": [kaplan_yorke(means) for means in first],
        "first_errors": first_errors[np.argsort(-all_steps[:30].mean(0))],
        "exponents": means, "standard_errors": errors[order], "dimension": kaplan_yorke(means),
    }


# Matrices


def nonnormality(rng):
    j = np.triu(rng.normal(0, 2, (6, 6)), 1) + 0.25 * rng.normal(0, 1, (6, 6))
    j *= 0.9 / np.abs(np.linalg.eigvals(j)).max()
    values = np.linalg.eigvals(j)
    low, high, up = values.real.min(), values.real.max(), np.abs(values.imag).max()
    half = max((high - low) / 2, up) + 0.25
    real, imaginary = np.linspace(-half, half, 5) + (high + low) / 2, np.linspace(-half, half, 5)
    smallest = [[np.linalg.svd((re + 1j * im) * np.eye(6) - j, compute_uv=False)[-1] for re in real] for im in imaginary]
    squares = (j**2).sum()
    departure = np.sqrt(squares - (np.abs(values) ** 2).sum())
    growth = [np.linalg.norm(np.linalg.matrix_power(j, t), 2) for t in range(21)]
    assert max(growth[1:]) > 2
    return {
        "jacobian": j, "departure": departure, "relative_departure": departure / np.sqrt(squares), "growth": growth,
        "real": real, "imaginary": imaginary, "smallest": smallest,
    }


def components(rng):
    rows = rng.normal(0, 1, (30, 5)) @ rng.normal(0, 1, (5, 5)) + rng.normal(0, 3, 5)
    mean = rows.mean(0)
    axes, values = np.linalg.svd(rows - mean)[2], np.linalg.svd(rows - mean, compute_uv=False) ** 2
    axes *= np.sign(axes[np.arange(5), np.abs(axes).argmax(1)])[:, None]
    return {"rows": rows, "mean": mean, "axes": axes[:3], "variance": (values / values.sum())[:3], "first": axes[:3] @ (rows[0] - mean)}


def structure(rng):
    n = 10
    groups = {"excitatory": list(range(7)), "inhibitory": [7, 8, 9], "some": [1, 8]}
    w = np.abs(rng.normal(0.3, 0.3, (n, n))) * np.where(np.arange(n) < 7, 1, -1.5) * (rng.random((n, n)) < 0.6)
    np.fill_diagonal(w, 0)
    there = w != 0
    blocks = []
    for to in groups.values():
        for source in groups.values():
            block = w[np.ix_(to, source)]
            weights, own = block[block != 0], len(set(to) & set(source))
            blocks.append([len(weights), len(weights) / (block.size - own), weights.mean(), weights.std(), block.sum(1).mean()])
    e, i = np.where(w > 0, w, 0).sum(1), np.where(w < 0, w, 0).sum(1)
    values, singular = np.linalg.eigvals(w), np.linalg.svd(w, compute_uv=False)
    radius, edge = np.sqrt(w.var(0).sum()), 2 * w.std() * np.sqrt(n)
    rank = int((singular > edge).sum())
    assert rank > 0
    return {
        "w_rec": w, "groups": groups, "blocks": blocks, "in_degree": there.sum(1), "out_degree": there.sum(0),
        "excitation": e, "inhibition": i,
        "balance": (e + i) / (e - i), "moduli": falling(np.abs(values)), "predicted_radius": radius,
        "outliers": int((np.abs(values) > 1.1 * radius).sum()), "singular_values": singular, "noise_edge": edge, "rank": rank,
        "low_rank_share": (singular[:rank] ** 2).sum() / (singular**2).sum(),
    }


# Trials


def selectivity(rng):
    """Rates have eleven binary digits, so that f32 holds them."""
    coherence, n_steps = np.array([0.5, -0.5, 0.2, 0.0, -0.2, 0.1, -0.1, 0.3, -0.3]), [4, 2, 3, 4, 4, 1, 3, 2, 4]
    rates = np.round(rng.uniform(0, 2, (9, 4, 3)) * 1024) / 1024
    rates[..., 1] += np.where(coherence > 0, 0.75, 0)[:, None]
    means = np.array([rates[trial, :n].mean(0) for trial, n in enumerate(n_steps)])
    one, other = means[coherence > 0], means[coherence < 0]
    return {
        "coherence": coherence, "n_steps": n_steps, "rates": rates,
        "d_prime": (one.mean(0) - other.mean(0)) / np.sqrt((one.var(0) + other.var(0)) / 2),
    }


def currents(rng):
    """Of a network of four excitatory and two inhibitory units in the current form, by source and target."""
    n, dt, sign = 6, 10.0, np.array([1, 1, 1, 1, -1, -1.0])
    populations, trained = [[0, 1, 2, 3], [4, 5]], {"trained": 0.0}
    there = 1 - np.eye(n, dtype=int)
    w_rec, w_in = np.abs(rng.normal(0, 0.6, (n, n))) * sign * there, np.abs(rng.normal(0, 0.7, (n, 2)))
    b_rec, x0, tau = rng.normal(0.2, 0.3, n), rng.normal(0, 0.5, n), np.array([60.0] * 4 + [30.0] * 2)
    reads = (sign > 0).astype(int)[None]
    config = {
        "kind": "ei", "inputs": 2, "units": n, "outputs": 1, "excitatory_fraction": 0.67, "dt": dt, "activation": "softplus",
        "tau": {"excitatory": 60.0, "inhibitory": 30.0}, "b_rec": trained, "b_out": trained, "start": trained, "sigma_rec": 0.0,
    }
    tensors = {
        "w_rec": w_rec, "w_in": w_in, "w_out": 0.5 * reads, "b_rec": b_rec, "b_out": np.zeros(1), "x0": x0, "tau": tau,
        "connectivity.w_rec": there, "connectivity.w_in": np.ones((n, 2), int), "connectivity.w_out": reads,
    }
    inputs, n_steps = np.round(rng.normal(0, 1, (2, 5, 2)) * 1024) / 1024, [5, 3]
    f = ACTIVATIONS["softplus"]
    states, by_source = np.zeros((2, 5, n)), np.full((5, 2, 2, 5), np.nan)
    for trial, length in enumerate(n_steps):
        x = x0
        for t in range(length):
            received = [w_rec[:, group] @ f(x)[group] for group in populations]
            received += [w_in[:, channel] * inputs[trial, t, channel] for channel in range(2)] + [b_rec]
            x = x + dt / tau * (sum(received) - x)
            states[trial, t] = x
            by_source[:, :, trial, t] = [[current[group].mean() for group in populations] for current in received]
    shares = []
    for target in range(2):
        everything = by_source.sum(0)[target]
        whole = everything[~np.isnan(everything)]
        for source in range(5):
            own = by_source[source, target][~np.isnan(everything)]
            norm = np.sqrt((own**2).mean())
            of_variance = np.array([own.var(), ((own - own.mean()) * (whole - whole.mean())).mean()]) / whole.var()
            shares.append([own.mean(), norm, norm / np.sqrt((whole**2).mean()), *of_variance])
    return {
        "config": config, "tensors": tensors, "inputs": inputs, "n_steps": n_steps, "populations": populations,
        "states": states, "start": f(x0), "rates": f(states),
        "by_source": np.nan_to_num(by_source), "total": np.nan_to_num(by_source.sum(0)), "shares": shares,
    }


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value


def main():
    # Seeds with several fixed points and with chaos; each case has its own, so that a change of one leaves the others.
    seeds = {networks: 1, fixed_points: 30, chaos: 4, nonnormality: 1, components: 1, structure: 1, selectivity: 1, currents: 1}
    golden = {case.__name__: case(np.random.default_rng(seed)) for case, seed in seeds.items()}
    lines = [f'"{name}": {json.dumps(plain(values), allow_nan=False)}' for name, values in golden.items()]
    Path(__file__).with_name("golden.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
