"""Writes golden.json: what units.rs must find in rates of trials.

ROC areas, silhouettes, k-means and Rand indices are those of scikit-learn, tails of F and fits of von Mises curves those of
SciPy; regressions, choice probability and the sequentiality index are written from their definitions. Nothing is shared
with the Rust code.

    python -m venv env && env/bin/pip install numpy scipy scikit-learn && env/bin/python generate.py
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import curve_fit
from scipy.stats import f as f_distribution
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, roc_auc_score, silhouette_score

rng = np.random.default_rng(17)


def rounded(array, decimals=3):
    return np.round(np.asarray(array, float), decimals)


def discrimination():
    kinds = rng.random(30) < 0.4
    rates = rounded(rng.normal(size=(30, 4)) + kinds[:, None] * np.array([0, 0.7, -1.5, 3]), 1)
    first, second = rates[kinds], rates[~kinds]
    spread = np.sqrt((first.var(0) + second.var(0)) / 2)
    return {
        "kinds": kinds.tolist(),
        "rates": rates.tolist(),
        "auc": [roc_auc_score(kinds, unit) for unit in rates.T],
        "d_prime": ((first.mean(0) - second.mean(0)) / spread).tolist(),
    }


def choice_probability():
    stimuli = rng.integers(0, 4, size=80)
    choices = rng.random(80) < np.array([0.02, 0.4, 0.6, 0.8])[stimuli]
    rates = rounded(3 * stimuli[:, None] + rng.normal(size=(80, 2)) + choices[:, None] * np.array([0, 0.8]), 2)
    z, kept = np.zeros_like(rates), np.zeros(80, bool)
    for stimulus in range(4):
        here = stimuli == stimulus
        if min((here & choices).sum(), (here & ~choices).sum()) < 3:
            continue
        a, b = rates[here & choices], rates[here & ~choices]
        middle = (a.mean(0) + b.mean(0)) / 2
        spread = np.sqrt((a.var(0) + b.var(0)) / 2 + (a.mean(0) - b.mean(0)) ** 2 / 4)
        z[here], kept[here] = (rates[here] - middle) / spread, True
    return {
        "stimuli": stimuli.tolist(),
        "choices": choices.tolist(),
        "rates": rates.tolist(),
        "choice_probability": [roc_auc_score(choices[kept], unit[kept]) for unit in z.T],
        "trials": int(kept.sum()),
    }


def groups():
    rows = rounded(np.concatenate([rng.normal(c, 0.6, size=(12, 3)) for c in ([0, 0, 0], [3, 0, 1], [0, 2, 3])]), 2)
    starts = [[0, 1, 2], [0, 12, 24], [5, 20, 21, 30]]
    found = []
    for start in starts:
        means = KMeans(len(start), init=rows[start], n_init=1, algorithm="lloyd", tol=0, max_iter=1000).fit(rows)
        found.append({
            "start": start,
            "inertia": means.inertia_,
            "labels": means.labels_.tolist(),
            "silhouette": silhouette_score(rows, means.labels_),
        })
    rand = [[adjusted_rand_score(a["labels"], b["labels"]) for b in found] for a in found]
    return {"rows": rows.tolist(), "found": found, "adjusted_rand": rand}


def rest(columns, y):
    design = np.column_stack([np.ones(len(y))] + columns)
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return residual @ residual, np.linalg.matrix_rank(design)


def partial(with_, without, y):
    (full, rank), (reduced, smaller) = rest(with_, y), rest(without, y)
    extra, left = rank - smaller, len(y) - rank
    value = (reduced - full) / extra / (full / left)
    return value, f_distribution.sf(value, extra, left), (reduced - full) / reduced


def regression():
    n = 60
    graded, words = rounded(rng.uniform(-1, 1, n), 2), rng.integers(0, 3, n)
    coded = [(words == level).astype(float) for level in range(2)]
    effects = np.column_stack([graded, words == 1, graded * (words == 2), np.zeros(n)])
    rates = rounded(2 + effects @ rng.normal(0.8, 0.3, size=(4, 4)) * [1, 0.5, 2, 0] + rng.normal(size=(n, 4)), 2)
    products = [graded * column for column in coded]
    units = []
    for y in rates.T:
        terms = [
            partial([graded, *coded], coded, y),
            partial([graded, *coded], [graded], y),
            partial([graded, *coded, *products], [graded, *coded], y),
        ]
        total = ((y - y.mean()) ** 2).sum()
        units.append({
            "f": [term[0] for term in terms],
            "p": [term[1] for term in terms],
            "partial_r2": [term[2] for term in terms],
            "r2": [1 - rest([graded, *coded], y)[0] / total, 1 - rest([graded, *coded, *products], y)[0] / total],
        })
    return {"graded": graded.tolist(), "words": words.tolist(), "rates": rates.tolist(), "units": units}


def von_mises(direction, offset, amplitude, concentration, preferred):
    return offset + amplitude * np.exp(concentration * (np.cos(direction - preferred) - 1))


def tuning():
    directions = np.repeat(np.arange(12) * 30.0, 3)
    angles = np.deg2rad(directions)
    made = [(1.0, 4.0, 2.0, 1.2), (0.2, 2.0, 6.0, 5.0), (3.0, 1.5, 1.0, 3.0)]
    rates = rounded(np.column_stack([von_mises(angles, *unit) for unit in made]) + 0.3 * rng.normal(size=(36, 3)), 2)
    units = []
    for y, start in zip(rates.T, made):
        offset, amplitude, concentration, preferred = curve_fit(von_mises, angles, y, p0=start, xtol=1e-14, ftol=1e-14)[0]
        fit = von_mises(angles, offset, amplitude, concentration, preferred)
        design = np.column_stack([np.ones(36), np.cos(angles), np.sin(angles)])
        b = np.linalg.lstsq(design, y, rcond=None)[0]
        residual = y - design @ b
        pev = 1 - residual.var() / y.var()
        units.append({
            "von_mises": [offset, amplitude, np.rad2deg(preferred % (2 * np.pi)), concentration],
            "r2": 1 - ((y - fit) ** 2).sum() / ((y - y.mean()) ** 2).sum(),
            "cosine": [b[0], np.hypot(b[1], b[2]), np.rad2deg(np.arctan2(b[2], b[1]) % (2 * np.pi)), pev],
            "p": f_distribution.sf(pev / 2 / ((1 - pev) / 33), 2, 33),
        })
    return {"directions": directions.tolist(), "rates": rates.tolist(), "units": units}


def sequence_index(rates, least):
    steps = len(rates)
    rates = rates[:, rates.mean(0) > least]
    peaks = rates.argmax(0)
    counts = np.histogram(peaks, 20)[0] + 0.1
    part = counts / counts.sum()
    ratios = []
    for peak, course in zip(peaks, rates.T):
        inside = np.zeros(steps, bool)
        inside[max(0, peak - 2) : min(steps - 1, peak + 2)] = True
        ratios.append(np.log(course[inside].mean()) - np.log(course[~inside].mean()))
    return -(part * np.log(part)).sum() + np.mean(ratios)


def sequentiality():
    rates = rounded(rng.gamma(0.6, 0.5, size=(3, 24, 10)), 2)
    return {"rates": rates.tolist(), "index": [sequence_index(trial, 0.3) for trial in rates]}


golden = {
    "discrimination": discrimination(),
    "choice_probability": choice_probability(),
    "groups": groups(),
    "regression": regression(),
    "tuning": tuning(),
    "sequentiality": sequentiality(),
}
Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
