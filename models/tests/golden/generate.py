"""Writes the reference networks of golden.rs: `networks.json` (their descriptions) and one NAME.npz each (tensors, inputs, noise, trajectories).

The simulation is written from the equations alone, one number at a time, and shares nothing with the Rust code.

    python -m venv env && env/bin/pip install numpy && env/bin/python generate.py
"""

import json
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
BATCH, STEPS = 2, 7

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": lambda x: x if x > 0 else 0.0,
    "leaky_relu(0.1)": lambda x: x if x > 0 else 0.1 * x,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "retanh": lambda x: math.tanh(x) if x > 0 else 0.0,
    "softplus": lambda x: math.log1p(math.exp(x)),
    "power(2)": lambda x: x**2 if x > 0 else 0.0,
}


def readout(kind, logits):
    if kind == "sigmoid":
        return [1 / (1 + math.exp(-z)) for z in logits]
    if kind == "softmax":
        total = sum(math.exp(z) for z in logits)
        return [math.exp(z) / total for z in logits]
    return list(logits)


def simulate(net, inputs, xi, zeta):
    """States, rates and outputs (batch, steps, ..) under the noise xi, zeta (steps, batch, units)."""
    t = net["tensors"]
    n, n_in, n_out = len(t["tau"]), t["w_in"].shape[1], len(t["b_out"])
    states, rates = np.zeros((BATCH, STEPS, n)), np.zeros((BATCH, STEPS, n))
    outputs = np.zeros((BATCH, STEPS, n_out))
    for trial in range(BATCH):
        x = [float(v) for v in t["x0"]]
        r = [net["f"][i](x[i]) for i in range(n)] if net["form"] == "current" else list(x)
        for step in range(STEPS):
            new_x, new_r = [], []
            for i in range(n):
                alpha = net["dt"] / t["tau"][i]
                current = t["b_rec"][i]
                for j in range(n):
                    current += t["w_rec"][i, j] * r[j]
                for k in range(n_in):
                    current += t["w_in"][i, k] * inputs[trial, step, k]
                noise = net["sigma_rec"][i] * xi[step, trial, i]
                if net["form"] == "current":
                    if net["noise"] == "continuous":
                        noise *= math.sqrt(2 * alpha)
                    new_x.append((1 - alpha) * x[i] + alpha * current + noise)
                    rate = net["f"][i](new_x[i])
                elif net["form"] == "blend":
                    if net["noise"] == "continuous":
                        noise *= math.sqrt(2 * alpha)
                    new_x.append(net["f"][i]((1 - alpha) * x[i] + alpha * current + noise))
                    rate = new_x[i]
                else:
                    if net["noise"] == "continuous":
                        noise *= math.sqrt(2 / alpha)
                    new_x.append((1 - alpha) * x[i] + alpha * net["f"][i](current + noise))
                    rate = new_x[i]
                new_r.append(rate + net["sigma_post"][i] * zeta[step, trial, i])
            x, r = new_x, new_r
            logits = [t["b_out"][o] + sum(t["w_out"][o, i] * r[i] for i in range(n)) for o in range(n_out)]
            states[trial, step], rates[trial, step], outputs[trial, step] = x, r, readout(net["readout"], logits)
    return states, rates, outputs


def network(rng, config, cell_types, tau, f, sigma_rec=0.0, sigma_post=0.0, sparse=False, fixed=()):
    """Random tensors that obey `config`; cell_types is a string of E, I and . (no type)."""
    n, n_in, n_out = len(cell_types), config["inputs"], config["outputs"]
    sign = np.array([{"E": 1.0, "I": -1.0, ".": 0.0}[c] for c in cell_types])
    typed = bool(np.any(sign))

    def matrix(posts, pres, signs, mask):
        weights = rng.normal(0, 0.5 / math.sqrt(pres), (posts, pres))
        weights = np.where(signs == 0, weights, np.abs(weights) * signs)
        return weights * mask, mask

    mask = np.ones((n, n)) - np.eye(n)
    if sparse:
        mask *= rng.random((n, n)) < 0.6
    for post, pre, _ in fixed:
        mask[post, pre] = 1
    reads = np.ones((n_out, n)) * (sign >= 0)
    w_in, c_in = matrix(n, n_in, np.full(n_in, 1.0 if typed else 0.0), np.ones((n, n_in)))
    w_rec, c_rec = matrix(n, n, sign, mask)
    w_out, c_out = matrix(n_out, n, sign, reads)
    tensors = {"w_in": w_in, "w_rec": w_rec, "w_out": w_out, "tau": np.array(tau, float)}
    tensors |= {"connectivity.w_in": c_in, "connectivity.w_rec": c_rec, "connectivity.w_out": c_out}
    if fixed:
        tensors["fixed.w_rec"] = np.zeros((n, n))
        for post, pre, weight in fixed:
            tensors["fixed.w_rec"][post, pre] = w_rec[post, pre] = weight
        config["w_rec"] = {"fixed": [{"post": a, "pre": b, "weight": w} for a, b, w in fixed]}
    trained = {"trained": 0.0}
    config |= {"b_rec": trained, "b_out": trained, "start": trained}
    tensors |= {"b_rec": rng.normal(0.3, 0.3, n), "b_out": rng.normal(0, 0.3, n_out), "x0": rng.normal(0, 0.5, n)}
    each = lambda value: np.broadcast_to(np.asarray(value, float), (n,))
    return {
        "config": config, "tensors": tensors, "f": [ACTIVATIONS[name] for name in f], "form": config.get("form", "current"),
        "dt": config["dt"], "noise": config.get("noise_scaling", "continuous"), "readout": config.get("readout", "linear"),
        "sigma_rec": each(sigma_rec), "sigma_post": each(sigma_post),
    }


def networks(rng):
    base = {"inputs": 2, "outputs": 2, "dt": 10.0, "sigma_rec": 0.0}
    vanilla = base | {"kind": "vanilla", "units": 5}
    ei = base | {"kind": "ei", "units": 6, "excitatory_fraction": 0.67}
    areas = [{"name": "one", "units": 3, "excitatory_fraction": 0.67}, {"name": "two", "units": 4}]
    full = {"feedforward": 1.0, "feedback": 1.0}
    by_type = lambda e, i: {"excitatory": e, "inhibitory": i}
    by_area = lambda one, two: {"areas": {"one": one, "two": two}}
    taus = [20.0, 35.0, 50.0, 80.0, 10.0]
    yield "vanilla_relu", network(rng, vanilla | {"tau": 40.0}, ".....", [40] * 5, ["relu"] * 5)
    yield "vanilla_rate_softmax", network(
        rng, vanilla | {"outputs": 3, "tau": 40.0, "form": "rate", "activation": "softplus", "readout": "softmax", "sigma_rec": 0.3},
        ".....", [40] * 5, ["softplus"] * 5, sigma_rec=0.3)
    yield "tau_per_unit", network(
        rng, vanilla | {"tau": {"units": taus}, "activation": "tanh", "sigma_rec": 0.2}, ".....", taus, ["tanh"] * 5, sigma_rec=0.2)
    yield "ei_rectified_per_step", network(
        rng, ei | {"tau": 50.0, "activation": "retanh", "sigma_rec": 0.1, "noise_scaling": "per_step"},
        "EEEEII", [50] * 6, ["retanh"] * 6, sigma_rec=0.1, sparse=True)
    yield "ei_clamped_rate_sigmoid", network(
        rng, ei | {"dale": "clamped", "form": "rate", "tau": by_type(60.0, 30.0), "activation": "leaky_relu(0.1)", "readout": "sigmoid",
                   "sigma_rec": by_type(0.1, 0.4)},
        "EEEEII", [60] * 4 + [30] * 2, ["leaky_relu(0.1)"] * 6, sigma_rec=[0.1] * 4 + [0.4] * 2, sparse=True)
    yield "multi_area_mixed", network(
        rng, base | full | {"kind": "multi_area", "areas": areas, "tau": by_area(20.0, 70.0), "activation": by_area("power(2)", "sigmoid"),
                            "sigma_post": by_area(0.05, 0.2)},
        "EEI....", [20] * 3 + [70] * 4, ["power(2)"] * 3 + ["sigmoid"] * 4, sigma_post=[0.05] * 3 + [0.2] * 4)
    yield "ei_fixed_synapses", network(
        rng, ei | {"tau": 10.0, "activation": by_type("power(2)", "softplus")}, "EEEEII", [10] * 6, ["power(2)"] * 4 + ["softplus"] * 2,
        fixed=[(0, 1, 0.75), (2, 5, -0.5)], sparse=True)
    yield "linear_without_noise_scaling", network(
        rng, vanilla | {"tau": 25.0, "activation": "linear", "form": "rate", "sigma_rec": 0.3, "noise_scaling": "per_step", "sigma_post": 0.1},
        ".....", [25] * 5, ["linear"] * 5, sigma_rec=0.3, sigma_post=0.1, sparse=True)
    yield "blend_relu", network(
        rng, vanilla | {"tau": 40.0, "form": "blend", "sigma_rec": 0.3}, ".....", [40] * 5, ["relu"] * 5, sigma_rec=0.3)
    yield "blend_ei_by_type", network(
        rng, ei | {"form": "blend", "tau": by_type(60.0, 30.0), "activation": by_type("softplus", "tanh"), "readout": "sigmoid",
                   "sigma_rec": by_type(0.1, 0.4), "sigma_post": by_type(0.05, 0.0)},
        "EEEEII", [60] * 4 + [30] * 2, ["softplus"] * 4 + ["tanh"] * 2, sigma_rec=[0.1] * 4 + [0.4] * 2,
        sigma_post=[0.05] * 4 + [0.0] * 2, sparse=True)
    yield "blend_per_step", network(
        rng, vanilla | {"tau": {"units": taus}, "form": "blend", "activation": "leaky_relu(0.1)", "sigma_rec": 0.2,
                        "noise_scaling": "per_step"},
        ".....", taus, ["leaky_relu(0.1)"] * 5, sigma_rec=0.2)


def main():
    rng = np.random.default_rng(2016)
    configs = {}
    for name, net in networks(rng):
        n = len(net["tensors"]["tau"])
        inputs = rng.normal(0, 1, (BATCH, STEPS, net["config"]["inputs"]))
        xi, zeta = rng.normal(0, 1, (STEPS, BATCH, n)), rng.normal(0, 1, (STEPS, BATCH, n))
        arrays = {"inputs": inputs, "xi": xi, "zeta": zeta} | {f"tensor.{key}": value for key, value in net["tensors"].items()}
        for label, noise in [("quiet", 0), ("noisy", 1)]:
            for what, values in zip(["states", "rates", "outputs"], simulate(net, inputs, noise * xi, noise * zeta)):
                arrays[f"{label}.{what}"] = values
        np.savez_compressed(HERE / f"{name}.npz", **arrays)
        configs[name] = net["config"]
    (HERE / "networks.json").write_text(json.dumps(configs, indent=1) + "\n")


if __name__ == "__main__":
    main()
