"""Writes decoding.json: what decoding.rs must find, by scikit-learn.

Folds are given trial by trial, so that nothing depends on how a program draws them.

    python -m venv env && env/bin/pip install scikit-learn==1.9.1 && env/bin/python generate.py
"""

import json
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(17)


def data(n, p, classes):
    y = rng.permutation(np.arange(n) % classes if classes == 3 else (np.arange(n) % 5 < 2).astype(int))
    means = rng.normal(size=(classes, p)) * 0.7
    mix = np.eye(p) + 0.4 * rng.normal(size=(p, p)) / np.sqrt(p)
    scale = np.exp(rng.normal(size=p) * 0.5)
    x = np.round((means[y] + rng.normal(size=(n, p)) @ mix) * scale + 1.0, 2)
    # Each fold has trials of every class.
    fold = np.empty(n, int)
    for c in range(classes):
        fold[y == c] = np.arange((y == c).sum()) % 3
    graded = np.round(x @ rng.normal(size=p) / p + rng.normal(size=n), 2)
    return {"x": x, "y": y, "fold": fold, "graded": graded}


def lda(shrinkage):
    return LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage)


def logistic(c):
    return LogisticRegression(C=c, solver="newton-cholesky", tol=1e-13, max_iter=1000)


def scaled(*steps):
    return make_pipeline(StandardScaler(), *steps)


DECODERS = {
    "lda 0.3 raw": lda(0.3),
    "lda 0.3 scaled": scaled(lda(0.3)),
    "lda auto raw": lda("auto"),
    "lda auto scaled": scaled(lda("auto")),
    "lda auto 4 components": scaled(PCA(4, svd_solver="full"), lda("auto")),
    "logistic 1 raw": logistic(1.0),
    "logistic 20 scaled": scaled(logistic(20.0)),
    "ridge 2.5 raw": Ridge(alpha=2.5),
    "ridge 2.5 scaled": scaled(Ridge(alpha=2.5)),
}


def decision(model, x):
    values = model.decision_function(x) if hasattr(model, "decision_function") else model.predict(x)
    return values.reshape(len(x), -1)


def functions(model, p):
    """Weights and intercepts on rates, read off the model at unit vectors."""
    at_zero = decision(model, np.zeros((1, p)))[0]
    weights = (decision(model, np.eye(p)) - at_zero).T
    return weights, at_zero


def answer(name, model, d):
    is_graded = name.startswith("ridge")
    y = d["graded"] if is_graded else d["y"]
    score = r2_score if is_graded else balanced_accuracy_score
    folds = []
    for fold in range(3):
        test = d["fold"] == fold
        model.fit(d["x"][~test], y[~test])
        folds.append(score(y[test], model.predict(d["x"][test])))
    model.fit(d["x"], y)
    weights, intercepts = functions(model, d["x"].shape[1])
    if len(weights) > 1:  # only differences of the functions of classes mean something
        weights, intercepts = weights - weights.mean(0), intercepts - intercepts.mean()
    pattern = weights @ np.cov(d["x"].T)
    return {"folds": folds, "weights": weights, "intercepts": intercepts, "pattern": pattern}


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list):
        return [plain(part) for part in value]
    return float(f"{value:.11g}") if isinstance(value, float) else int(value)


cases = {}
for name, (n, p, classes) in {"two": (40, 6, 2), "three": (45, 5, 3), "wide": (21, 26, 2), "wide three": (24, 27, 3)}.items():
    given = data(n, p, classes)
    found = {key: answer(key, model, given) for key, model in DECODERS.items()}
    if name == "wide three":
        found = {key: value for key, value in found.items() if not key.startswith("ridge")}
    cases[name] = {"given": given, "found": found}
path = Path(__file__).with_name("decoding.json")
path.write_text(json.dumps(plain(cases), separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
