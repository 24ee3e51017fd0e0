"""Writes similarity.json: what similarity.rs must find in small arrays.

RDMs, their comparisons and the covariance of noise are rsatoolbox's; canonical correlations, kernels, Procrustes distances
and classical scaling are written from their definitions in NumPy and SciPy. Nothing is shared with the Rust code.

    python -m venv env && env/bin/pip install numpy scipy rsatoolbox==0.3.2 && env/bin/python generate.py
"""

import json
from pathlib import Path

import numpy as np
import scipy.linalg
import scipy.optimize
from rsatoolbox.data import Dataset
from rsatoolbox.data.noise import cov_from_residuals
from rsatoolbox.inference import boot_noise_ceiling
from rsatoolbox.rdm import calc_rdm, compare, concat
from scipy.spatial import procrustes as standardised

rng = np.random.default_rng(20)
PATTERNS, UNITS, FOLDS = 6, 4, 3


def rounded(value):
    return np.asarray(value).tolist()


def rdm(data, method, **more):
    return calc_rdm(data, method=method, **more).dissimilarities[0]


# Patterns of two sets of units, trials in folds, and the noise about their means.
means = 2 + rng.gamma(2, 1, (PATTERNS, UNITS))
mixing = rng.normal(size=(UNITS, UNITS))
trials = means + 0.5 * rng.normal(size=(FOLDS, PATTERNS, UNITS)) @ mixing
averaged = trials.mean(0)
residuals = 0.5 * rng.normal(size=(40, UNITS)) @ mixing
residuals -= residuals.reshape(4, 10, UNITS).mean(1).repeat(10, 0)
covariance = cov_from_residuals(residuals, dof=36, method="shrinkage_diag")
precision = np.linalg.inv(covariance)

patterns = Dataset(averaged)
all_trials = Dataset(
    trials.reshape(-1, UNITS),
    obs_descriptors={"pattern": np.tile(np.arange(PATTERNS), FOLDS), "fold": np.repeat(np.arange(FOLDS), PATTERNS)},
)
distances = {
    "euclidean": rdm(patterns, "euclidean"),
    "correlation": rdm(patterns, "correlation"),
    "mahalanobis": rdm(patterns, "mahalanobis", noise=precision),
    "crossnobis": rdm(all_trials, "crossnobis", descriptor="pattern", cv_descriptor="fold", noise=precision),
    "poisson": rdm(Dataset(np.abs(averaged)), "poisson"),
}

# Comparisons, with ties in one RDM.
other = np.round(averaged @ rng.normal(size=(UNITS, 3)) + rng.normal(size=(PATTERNS, 3)))
rdms = calc_rdm(Dataset(averaged)), calc_rdm(Dataset(other))
METHODS = ["cosine", "corr", "spearman", "rho-a", "tau-a", "tau-b", "cosine_cov", "corr_cov", "bures"]

# The same samples of two sets of units.
shared = rng.normal(size=(30, 3))
x = shared @ rng.normal(size=(3, 5)) + 0.7 * rng.normal(size=(30, 5)) + 1.5
y = shared @ rng.normal(size=(3, 4)) + 0.7 * rng.normal(size=(30, 4)) - 0.5
centre = np.eye(30) - 1 / 30
xc, yc = centre @ x, centre @ y


def root(matrix):
    return scipy.linalg.inv(scipy.linalg.sqrtm(matrix))


def canonical(xc, yc, ridge=0.0):
    sxx, syy, sxy = xc.T @ xc, yc.T @ yc, xc.T @ yc
    sxx = sxx + ridge * np.trace(sxx) / len(sxx) * np.eye(len(sxx))
    syy = syy + ridge * np.trace(syy) / len(syy) * np.eye(len(syy))
    return np.linalg.svd(root(sxx) @ sxy @ root(syy), compute_uv=False)


def leading(rows, variance):
    values, vectors = np.linalg.eigh(rows.T @ rows)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = np.searchsorted(np.cumsum(values) / values.sum(), variance) + 1
    return rows @ vectors[:, :kept]


def unbiased(k, l):
    k, l, n = k - np.diag(np.diag(k)), l - np.diag(np.diag(l)), len(k)
    return np.trace(k @ l) + k.sum() * l.sum() / ((n - 1) * (n - 2)) - 2 / (n - 2) * (k @ l).sum()


def kernel_alignment(product, k, l):
    return product(k, l) / np.sqrt(product(k, k) * product(l, l))


kx, ky = xc @ xc.T, yc @ yc.T
turn, nuclear = scipy.linalg.orthogonal_procrustes(np.c_[yc, np.zeros(30)], xc)
# SciPy's disparity is 1 - (nuclear norm)^2 of standardised shapes.
_, _, disparity = standardised(x, np.c_[y, np.zeros(30)])

# Dynamics: maps of 2 dimensions, the angle by a fine grid over rotations and reflections, refined.
maps = [rng.normal(size=(2, 2)) * 0.4 + np.eye(2) * 0.5 for _ in range(2)]


def angle(theta, flip):
    c = np.array([[np.cos(theta), -np.sin(theta)], [np.sin(theta), np.cos(theta)]]) @ np.diag([1, flip])
    trace = np.trace(maps[0].T @ c @ maps[1] @ c.T)
    return np.arccos(trace / np.linalg.norm(maps[0]) / np.linalg.norm(maps[1]))


def least(flip):
    grid = np.linspace(0, 2 * np.pi, 4001)
    best = grid[np.argmin([angle(theta, flip) for theta in grid])]
    found = scipy.optimize.minimize_scalar(
        angle, bracket=(best - 2e-3, best, best + 2e-3), args=(flip,), tol=1e-14
    )
    return found.fun


larger = [rng.normal(size=(5, 5)) for _ in range(2)]
eigenvalues = [np.linalg.eigvals(m) for m in larger]
costs = np.abs(eigenvalues[0][:, None] - eigenvalues[1][None]) ** 2
matched = costs[scipy.optimize.linear_sum_assignment(costs)]

# Classical scaling of distances that are of no plane.
apart = np.linalg.norm(averaged[:, None] - averaged[None], axis=-1) ** 0.7
h = np.eye(PATTERNS) - 1 / PATTERNS
values = np.linalg.eigvalsh(-0.5 * h @ apart**2 @ h)[::-1]

# Subjects with the same patterns but for noise, in other units; one of them with ties.
subjects = [averaged @ rng.normal(size=(UNITS, 5)) + rng.normal(size=(PATTERNS, 5)) for _ in range(4)]
subjects[3] = np.round(subjects[3])
of_subjects = concat([calc_rdm(Dataset(subject)) for subject in subjects])
ceilings = {method: boot_noise_ceiling(of_subjects, method) for method in METHODS if method != "bures"}

json.dump(
    {
        "trials": rounded(trials),
        "residuals": rounded(residuals),
        "covariance": rounded(covariance),
        "rdm": {name: rounded(value) for name, value in distances.items()},
        "other": rounded(other),
        "compare": {method: float(compare(*rdms, method=method)[0, 0]) for method in METHODS},
        "subjects": rounded(subjects),
        "ceilings": {method: rounded(ceiling) for method, ceiling in ceilings.items()},
        "x": rounded(x),
        "y": rounded(y),
        "cka": kernel_alignment(lambda k, l: np.trace(k @ l), kx, ky),
        "cka_debiased": kernel_alignment(unbiased, kx, ky),
        "canonical": rounded(canonical(xc, yc)),
        "canonical_ridge": rounded(canonical(xc, yc, 0.3)),
        "canonical_leading": rounded(canonical(leading(xc, 0.9), leading(yc, 0.9))),
        "procrustes": np.linalg.norm(np.c_[yc, np.zeros(30)] @ turn - xc),
        "angular": np.arccos(nuclear / np.linalg.norm(xc) / np.linalg.norm(yc)),
        "angular_of_disparity": np.arccos(np.sqrt(1 - disparity)),
        "maps": rounded(maps),
        "conjugation": min(least(1), least(-1)),
        "larger_maps": rounded(larger),
        "wasserstein": np.sqrt(matched.mean()),
        "distances": rounded(apart),
        "map_variance": values[:2].sum() / np.abs(values).sum(),
    },
    (Path(__file__).parent / "similarity.json").open("w"),
    separators=(",", ":"),
)
