"""A recurrent network, written by nn4n: {{KIND}}, {{N_UNITS}} units, {{N_INPUTS}} inputs, {{N_OUTPUTS}} outputs. It needs Python 3 and NumPy.

{{EQUATION}}
    z_t = {{READOUT_EQUATION}}

    u  inputs    x  states    r  rates    z  outputs    alpha = dt / tau    weights are w[post, pre]
    xi, zeta  unit Gaussians, which are left out unless the noise has a seed

In Python:       outputs, states, rates = run(inputs)      # inputs (trials, steps, {{N_INPUTS}})
In a shell:      python net.py IN.npz OUT.npz              # IN.npz holds `inputs`, and `x0` for other starts
"""

import argparse
import base64

import numpy as np

TASK = {{TASK}}
INPUTS = {{INPUTS}}
OUTPUTS = {{OUTPUTS}}


def run(inputs, x0=None, noise_seed=None):
    """Runs inputs (trials, steps, {{N_INPUTS}}) through the network, from states x0 (trials or 1, {{N_UNITS}}) if given.

    Returns outputs (trials, steps, {{N_OUTPUTS}}), states and rates (trials, steps, {{N_UNITS}}). The noise is off without a seed.
    """
    inputs = np.asarray(inputs, float)
    if inputs.ndim != 3 or inputs.shape[2] != {{N_INPUTS}}:
        raise ValueError(f"inputs have shape {inputs.shape}, but must be (trials, steps, {{N_INPUTS}})")
    trials, steps, _ = inputs.shape
    x = np.broadcast_to(X0 if x0 is None else np.asarray(x0, float), (trials, {{N_UNITS}})).copy()
    r = {{START}}
    noise = None if noise_seed is None else np.random.default_rng(noise_seed)
    states, rates = np.empty((2, trials, steps, {{N_UNITS}}))
    for t in range(steps):
{{STEP}}
        states[:, t], rates[:, t] = x, r
    return readout(rates @ W_OUT.T + B_OUT), states, rates


def activation(x):
    """f: the rates of states x (trials, {{N_UNITS}})."""
{{ACTIVATION}}


def readout(z):
    """g"""
{{READOUT}}


def array(base64_text, *shape):
    """An array from its numbers in base64, {{DTYPE}}."""
    return np.frombuffer(base64.b64decode(base64_text), "{{DTYPE}}").astype(float).reshape(shape)


ALPHA = {{DT}} / array({{TAU}}, {{N_UNITS}})  # dt / tau, both in ms
SIGMA_REC = {{SIGMA_REC}}
SIGMA_POST = {{SIGMA_POST}}
S = {{AMPLITUDE}}
W_IN = array({{W_IN}}, {{N_UNITS}}, {{N_INPUTS}})
W_REC = array({{W_REC}}, {{N_UNITS}}, {{N_UNITS}})
W_OUT = array({{W_OUT}}, {{N_OUTPUTS}}, {{N_UNITS}})
B_REC = array({{B_REC}}, {{N_UNITS}})
B_OUT = array({{B_OUT}}, {{N_OUTPUTS}})
X0 = array({{X0}}, {{N_UNITS}})


def main():
    parser = argparse.ArgumentParser(description="Runs inputs through the network.")
    parser.add_argument("inputs", metavar="IN.npz", help="inputs (trials, steps, {{N_INPUTS}}); x0 (trials, {{N_UNITS}}) if you like")
    parser.add_argument("out", metavar="OUT.npz", help="where to write outputs, states and rates")
    parser.add_argument("--noise-seed", type=int, help="switch the noise on")
    arguments = parser.parse_args()
    with np.load(arguments.inputs) as given:
        outputs, states, rates = run(given["inputs"], given["x0"] if "x0" in given else None, arguments.noise_seed)
    np.savez(arguments.out, outputs=outputs, states=states, rates=rates)


if __name__ == "__main__":
    main()
