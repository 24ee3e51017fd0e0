"""What a user does in one interpreter, in nn4n_rs and elsewhere: load a network and record its activity in 1,000 trials;
train Song's network (100 units, Dale's law) until it is right in 85 % of the trials of a validation. A recording is made
twice, since the first one may wait for fresh memory.

    python user_jobs.py                      both jobs, three rounds, two threads
    python user_jobs.py --rounds 5 --json times.json

Trials come from nn4n_rs everywhere, and so does the judgement of the answers. The jobs are interleaved, round by round; what
is not installed is named and left out. Wall time in s, median (range).
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time

TRIALS, BATCH, EVERY, MOST, GOAL, LEARNING_RATE = 1000, 20, 50, 3000, 0.85, 0.003
UNITS, ALPHA, SIGMA = 100, 0.2, 0.15


def weights(seed, inputs, outputs):
    """Initial weights with Dale's law, as columns of presynaptic units."""
    import numpy as np

    rng = np.random.default_rng(seed)
    signs = np.where(np.arange(UNITS) < UNITS * 4 // 5, 1.0, -1.0)
    w_rec = rng.gamma(2, 1, (UNITS, UNITS)) * np.where(signs > 0, 1.0, 4.0)
    np.fill_diagonal(w_rec, 0)
    w_rec *= signs
    w_rec *= 1.5 / np.abs(np.linalg.eigvals(w_rec)).max()
    made = {
        "w_in": np.abs(0.1 * rng.standard_normal((UNITS, inputs))),
        "w_rec": w_rec,
        "w_out": np.abs(0.1 * rng.standard_normal((outputs, UNITS))) * (signs > 0),
        "b_rec": np.zeros(UNITS),
        "b_out": np.zeros(outputs),
        "x0": np.full(UNITS, 0.1),
    }
    return {name: array.astype(np.float32) for name, array in made.items()}, signs.astype(np.float32)


def is_good(task, trials, outputs):
    """Whether the criterion is met."""
    right = [one["was_right"] for one in task.scores(trials, outputs) if one["was_right"] is not None]
    return sum(right) / len(right) >= GOAL


class Ours:
    """nn4n_rs."""

    name = "nn4n_rs"

    def __init__(self, nn, task):
        self.nn, self.task = nn, task

    def record(self, path, trials):
        return self.nn.load(path).run(trials, noise=1).rates

    def train(self, seed):
        run = self.nn.train(
            self.nn.EI(UNITS),
            self.task,
            seed=seed,
            progress=False,
            updates=MOST,
            batch_size=BATCH,
            learning_rate=LEARNING_RATE,
            validation={"every": EVERY},
            callback=lambda found: found["performance"] >= GOAL,
        )
        return run.updates


def read(path):
    """Effective weights of the network in a file, and the sign of each unit."""
    import numpy as np

    with np.load(path + ".npz") as file:
        w = {name: file[name] for name in ("w_in", "w_rec", "w_out", "b_rec", "b_out", "x0")}
    return w, np.where((w["w_rec"] < 0).any(0), -1, 1).astype(np.float32)


class Torch:
    """PyTorch: a loop over time, autograd, uncompiled."""

    name = "PyTorch"

    def __init__(self, nn, task):
        import torch

        self.torch, self.nn, self.task = torch, nn, task

    def network(self, start, signs):
        """Parameters, and a function of inputs that gives rates and outputs."""
        torch = self.torch
        w = {name: torch.nn.Parameter(torch.from_numpy(array)) for name, array in start.items()}
        signs = torch.from_numpy(signs)
        return list(w.values()), lambda inputs: self.unroll(w, signs, inputs)

    def unroll(self, w, signs, inputs):
        torch = self.torch
        w_rec = torch.relu(w["w_rec"] * signs) * signs
        noise = SIGMA * (2 * ALPHA) ** 0.5
        x = w["x0"].expand(len(inputs), -1)
        r, rates = torch.relu(x), []
        drive = ALPHA * (inputs @ torch.relu(w["w_in"]).T + w["b_rec"])
        for step in drive.unbind(1):
            x = (1 - ALPHA) * x + step + ALPHA * (r @ w_rec.T) + noise * torch.randn_like(x)
            r = torch.relu(x)
            rates.append(r)
        rates = torch.stack(rates, 1)
        return rates, rates @ torch.relu(w["w_out"]).T + w["b_out"]

    def record(self, path, trials):
        _, run = self.network(*read(path))
        with self.torch.no_grad():
            return run(self.torch.from_numpy(trials.inputs))[0].numpy()

    def train(self, seed):
        torch = self.torch
        torch.manual_seed(seed)
        parameters, run = self.network(*weights(seed, len(self.task.inputs), len(self.task.outputs)))
        optimizer = torch.optim.Adam(parameters, lr=LEARNING_RATE, fused=True)
        held_out = self.task.sample(20, seed, split="test", draw="balanced")
        for update in range(MOST):
            trials = self.task.sample(BATCH, seed, update=update)
            inputs, targets, mask = map(torch.from_numpy, (trials.inputs, trials.targets, trials.loss_mask))
            loss = (mask * (run(inputs)[1] - targets) ** 2).sum() / mask.sum()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            if (update + 1) % EVERY == 0:
                with torch.no_grad():
                    outputs = run(torch.from_numpy(held_out.inputs))[1].numpy()
                if is_good(self.task, held_out, outputs):
                    return update + 1
        return MOST


class NeuralRnn(Torch):
    """NeuralRNN: its continuous-time model, in the mode and with the noise of `neural_rnn.py`, in the loop of PyTorch."""

    name = "NeuralRNN"

    def __init__(self, nn, task):
        super().__init__(nn, task)
        from neuralrnn.models.ctrnn import CTRNNConfig, CTRNNModel

        class RateReadout(CTRNNModel):
            def readout(self, z_t):
                return self.readout_layer(self.act(z_t))

        self.kind, self.config = RateReadout, CTRNNConfig

    def network(self, start, signs):
        torch = self.torch
        config = self.config(
            input_dim=start["w_in"].shape[1],
            latent_dim=UNITS,
            output_dim=start["w_out"].shape[0],
            alpha=ALPHA,
            activation="relu",
            dale_signs=signs.tolist(),
            sigma_rec=SIGMA,
            noise_scaling="sqrt_2_over_alpha",
            nonlinearity_mode="rate",
            trainable_h0=True,
        )
        model = self.kind(config).train()  # its noise is on in training alone
        values = {
            "input2h.weight": start["w_in"],
            "input2h.bias": start["b_rec"],
            "h2h.weight": abs(start["w_rec"]),
            "h2h.bias": 0 * start["b_rec"],
            "readout_layer.weight": start["w_out"],
            "readout_layer.bias": start["b_out"],
            "h0": start["x0"],
        }
        model.load_state_dict({**model.state_dict(), **{name: torch.from_numpy(one) for name, one in values.items()}})
        model.h2h.bias.requires_grad_(False)  # the input layer has one already

        def run(inputs):
            found = model(inputs)
            return torch.relu(found.states), found.outputs

        return [one for one in model.parameters() if one.requires_grad], run


class Jax:
    """JAX: jit around lax.scan, optax's Adam; trials are padded to one length, so that it compiles once."""

    name = "JAX"

    def __init__(self, nn, task):
        import jax
        import optax

        self.jax, self.optax, self.nn, self.task = jax, optax, nn, task

    def unroll(self, w, signs, inputs, key):
        jax, np = self.jax, self.jax.numpy
        w_rec = jax.nn.relu(w["w_rec"] * signs) * signs
        noise = SIGMA * (2 * ALPHA) ** 0.5 * jax.random.normal(key, (inputs.shape[1], len(inputs), UNITS))
        drive = np.swapaxes(ALPHA * (inputs @ jax.nn.relu(w["w_in"]).T + w["b_rec"]), 0, 1) + noise

        def step(state, current):
            x, r = state
            x = (1 - ALPHA) * x + current + ALPHA * (r @ w_rec.T)
            r = jax.nn.relu(x)
            return (x, r), r

        x = np.broadcast_to(w["x0"], (len(inputs), UNITS))
        rates = np.swapaxes(jax.lax.scan(step, (x, jax.nn.relu(x)), drive)[1], 0, 1)
        return rates, rates @ jax.nn.relu(w["w_out"]).T + w["b_out"]

    def record(self, path, trials):
        import numpy as np

        w, signs = read(path)
        return np.asarray(self.jax.jit(self.unroll)(w, signs, trials.inputs, self.jax.random.key(1))[0])

    def train(self, seed):
        import numpy as np

        jax, optax = self.jax, self.optax
        w, signs = weights(seed, len(self.task.inputs), len(self.task.outputs))
        optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(LEARNING_RATE))
        state = optimizer.init(w)
        held_out = self.task.sample(20, seed, split="test", draw="balanced")
        longest = max(self.task.sample(200, seed, update=MOST).inputs.shape[1], held_out.inputs.shape[1]) + 20

        def loss(w, inputs, targets, mask, key):
            return (mask * (self.unroll(w, signs, inputs, key)[1] - targets) ** 2).sum() / mask.sum()

        @jax.jit
        def update(w, state, inputs, targets, mask, key):
            gradients = jax.grad(loss)(w, inputs, targets, mask, key)
            changes, state = optimizer.update(gradients, state)
            return optax.apply_updates(w, changes), state

        answer = jax.jit(lambda w, inputs, key: self.unroll(w, signs, inputs, key)[1])
        padded = lambda array: np.pad(array, ((0, 0), (0, max(0, longest - array.shape[1])), (0, 0)))
        for place in range(MOST):
            trials = self.task.sample(BATCH, seed, update=place)
            arrays = [padded(array) for array in (trials.inputs, trials.targets, trials.loss_mask)]
            w, state = update(w, state, *arrays, jax.random.key(place))
            if (place + 1) % EVERY == 0:
                outputs = np.asarray(answer(w, held_out.inputs, jax.random.key(0)))
                if is_good(self.task, held_out, outputs):
                    return place + 1
        return MOST


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(arguments.threads)
    os.environ["JAX_PLATFORMS"] = "cpu"

    import numpy as np

    import nn4n_rs as nn

    task = nn.Task("song2016/rdm_varstim")
    peers = []
    for kind in (Ours, Torch, Jax, NeuralRnn):
        try:
            peers.append(kind(nn, task))
        except ImportError as error:
            print(f"{kind.name}: left out ({error})", file=sys.stderr)
    times = {job: {peer.name: [] for peer in peers} for job in ("record", "again", "train")}
    updates = {peer.name: [] for peer in peers}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "network.safetensors")
        network = nn.load("song2016-rdm-ei")
        assert np.allclose(network.dt / network.tensors["tau"], ALPHA) and network.model["sigma_rec"] == SIGMA
        network.save(path)
        effective = {name: np.array(getattr(network, name)) for name in ("w_in", "w_rec", "w_out")}
        np.savez(path + ".npz", **effective, **{name: network.tensors[name] for name in ("b_rec", "b_out", "x0")})
        trials = task.sample(TRIALS, seed=1)
        for place in range(arguments.rounds):
            mean = None
            for peer in peers:
                for job in ("record", "again"):
                    begin = time.perf_counter()
                    rates = peer.record(path, trials)
                    times[job][peer.name].append(time.perf_counter() - begin)
                assert rates.shape == (TRIALS, trials.inputs.shape[1], UNITS)
                # Each has other noise, and all have the same mean.
                mean = rates.mean() if mean is None else mean
                assert abs(rates.mean() / mean - 1) < 0.02, f"{peer.name} simulates another network"
                begin = time.perf_counter()
                updates[peer.name].append(peer.train(place))
                times["train"][peer.name].append(time.perf_counter() - begin)
    print(
        f"| | load, record {TRIALS} trials (s) | again (s) | train to {GOAL:.0%} (s) | updates |\n"
        "| --- | ---: | ---: | ---: | ---: |"
    )
    for peer in peers:
        shown = [
            f"{statistics.median(of):.2f} ({min(of):.2f}-{max(of):.2f})"
            for of in (times[job][peer.name] for job in times)
        ]
        print(f"| {peer.name} | {' | '.join(shown)} | {statistics.median(updates[peer.name]):.0f} |")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"seconds": times, "updates": updates}, file, indent=1)


if __name__ == "__main__":
    main()
