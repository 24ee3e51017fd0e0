"""The step in JAX: one compiled function around `lax.scan`, with optax's Adam and donated weights and moments.

Of the ways to write it, these were the fastest on a CPU: carry the state alone, do not unroll, keep the default random generator (rbg takes
twice the time of a small step), and draw large noise within the scan.
"""

import jax
import jax.numpy as jnp
import optax

from problem import ALPHA, LEARNING_RATE, Array, Problem

Weights = dict[str, jax.Array]

NOISE_AT_ONCE = 32_768
"""Trials x units up to which drawing the noise of all time steps before the scan is faster than drawing it in each."""


class Step:
    """Forward, backward and Adam, compiled on the first call."""

    def __init__(self, problem: Problem) -> None:
        """Trace nothing yet, but put the data and weights where JAX keeps them."""
        case = problem.case
        activation = {"relu": jax.nn.relu, "softplus": jax.nn.softplus}[case.activation]
        signs = jnp.asarray(case.signs)
        optimizer = optax.adam(LEARNING_RATE)
        noisy = problem.sigma_rec > 0
        noise_within_scan = case.batch * case.units > NOISE_AT_ONCE

        def loss(weights: Weights, key: jax.Array, inputs: jax.Array, targets: jax.Array, mask: jax.Array) -> jax.Array:
            w_rec = weights["w_rec"]
            if case.dale:
                w_rec = jax.nn.relu(w_rec * signs) * signs
            w_rec = ALPHA * w_rec.T
            drive = ALPHA * (inputs @ weights["w_in"].T + weights["b_rec"])

            def noise(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
                return problem.noise_std * jax.random.normal(key, shape)

            if noisy and not noise_within_scan:
                drive += noise(key, drive.shape)

            def time_step(state: jax.Array, current: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
                drive, key = current
                state = (1 - ALPHA) * state + activation(state) @ w_rec + drive
                if noisy and noise_within_scan:
                    state += noise(key, state.shape)
                return state, state

            _, states = jax.lax.scan(time_step, jnp.zeros(drive.shape[1:]), (drive, jax.random.split(key, case.steps)))
            outputs = activation(states) @ weights["w_out"].T + weights["b_out"]
            return jnp.sum(mask * (outputs - targets) ** 2) / jnp.sum(mask)

        def step(weights: Weights, moments: optax.OptState, key: jax.Array, *data: jax.Array) -> tuple[Weights, optax.OptState, jax.Array]:
            key, noise_key = jax.random.split(key)
            gradients = jax.grad(loss)(weights, noise_key, *data)
            updates, moments = optimizer.update(gradients, moments)
            return optax.apply_updates(weights, updates), moments, key

        self.value_and_grad = jax.jit(jax.value_and_grad(loss))
        self.step = jax.jit(step, donate_argnums=(0, 1, 2))
        self.data = [jnp.asarray(array) for array in (problem.inputs, problem.targets, problem.mask)]
        self.weights = {name: jnp.array(weight) for name, weight in problem.weights.items()}
        self.moments = optimizer.init(self.weights)
        self.key = jax.random.key(1)

    def run(self) -> None:
        """One training step."""
        self.weights, self.moments, self.key = self.step(self.weights, self.moments, self.key, *self.data)
        jax.block_until_ready(self.weights)

    def loss_and_gradients(self) -> tuple[float, dict[str, Array]]:
        """Loss and gradients at the present weights."""
        value, gradients = self.value_and_grad(self.weights, self.key, *self.data)
        return float(value), {name: jax.device_get(gradient) for name, gradient in gradients.items()}
