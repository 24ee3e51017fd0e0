"""Behaviour by independent programs: likelihoods maximised by SciPy and by psignifit, logistic regression by scikit-learn.

    python generate.py          (numpy 2, scipy 1.14 or later, scikit-learn 1.5 or later, psignifit 4.3)

writes golden.json beside this file: what was given, and what was found.
"""

import json
from pathlib import Path

import numpy as np
from psignifit import psignifit as psignifit_fit
from scipy.optimize import minimize
from scipy.special import expit, xlogy
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, confusion_matrix

FAMILIES = {
    "gaussian": norm.cdf,
    "logistic": expit,
    "gumbel": lambda z: -np.expm1(-np.exp(z)),
    "weibull": lambda z: -np.expm1(-np.exp(z)),
}
RATES = {"none": 0, "equal": 1, "two": 2, "guess": 1}


def lapse_rates(lapses, rates):
    return {
        "none": lambda: (0.0, 0.0),
        "equal": lambda: (rates[0], rates[0]),
        "two": lambda: (rates[0], rates[1]),
        "guess": lambda: (0.5, rates[0]),
    }[lapses]()


def minus_log_likelihood(theta, columns, k, n, family, lapses):
    z = theta[0] + columns @ theta[1 : 1 + columns.shape[1]]
    lo, hi = lapse_rates(lapses, theta[1 + columns.shape[1] :])
    p = np.clip(lo + (1 - lo - hi) * FAMILIES[family](z), 1e-300, 1 - 1e-16)
    return -(xlogy(k, p) + xlogy(n - k, 1 - p)).sum()


def fit(columns, k, n, family, lapses):
    columns = np.asarray(columns, float)
    scale = np.abs(columns).max(axis=0)
    scaled = columns / scale
    count = columns.shape[1]
    bounds = [(None, None)] * (1 + count) + [(0, 0.25)] * RATES[lapses]
    best = None
    for slope in (1.0, 4.0, 10.0):
        for rate in (0.005, 0.03, 0.1):
            start = np.array([0.0] + [slope] + [0.1] * (count - 1) + [rate] * RATES[lapses])
            for _ in range(4):
                for method, options in (
                    ("Nelder-Mead", {"xatol": 1e-12, "fatol": 1e-14, "maxiter": 20000, "maxfev": 20000}),
                    ("L-BFGS-B", {"ftol": 1e-15, "gtol": 1e-10}),
                ):
                    found = minimize(
                        minus_log_likelihood, start, (scaled, k, n, family, lapses), method, bounds=bounds,
                        options=options,
                    )
                    start = found.x
                    if best is None or found.fun < best.fun:
                        best = found
    slopes = best.x[1 : 1 + count] / scale
    lo, hi = lapse_rates(lapses, best.x[1 + count :])
    saturated = (xlogy(k, k / n) + xlogy(n - k, 1 - k / n)).sum()
    return {
        "family": family,
        "lapses": lapses,
        "intercept": best.x[0],
        "slopes": slopes.tolist(),
        "lapse_low": lo,
        "lapse_high": hi,
        "log_likelihood": -best.fun,
        "deviance": 2 * (saturated + best.fun),
    }


def psychometric():
    x = np.array([-51.2, -25.6, -12.8, -6.4, -3.2, 0, 3.2, 6.4, 12.8, 25.6, 51.2])
    k, n = np.array([2, 3, 11, 25, 36, 52, 64, 77, 90, 96, 98]), np.full(11, 100)
    signed = [
        fit(x[:, None], k, n, family, lapses)
        for family in ("gaussian", "logistic", "gumbel")
        for lapses in ("none", "equal", "two")
    ]
    strength = np.array([3.2, 6.4, 12.8, 25.6, 51.2, 80.0])
    right, of = np.array([61, 72, 88, 96, 97, 99]), np.full(6, 100)
    # A Weibull function is a line in the logarithm.
    guessed = [fit(np.log(strength)[:, None], right, of, "weibull", "guess")]
    guessed += [fit(strength[:, None], right, of, family, "guess") for family in ("gaussian", "logistic")]
    return {
        "signed": {"x": x.tolist(), "k": k.tolist(), "n": n.tolist(), "fits": signed},
        "strength": {"x": strength.tolist(), "k": right.tolist(), "n": of.tolist(), "fits": guessed},
    }


def by_psignifit(x, k, n, sigmoid, lapses):
    """Its maximum of the posterior. With flat priors and without overdispersion (eta 0) that is the maximum likelihood, where
    no rate is at a bound. Threshold: where the sigmoid without lapses is 1/2; width: from 5 % to 95 % of it."""
    experiment, fixed = {
        "none": ("yes/no", {"gamma": 0.0, "lambda": 0.0}),
        "equal": ("equal asymptote", {}),
        "two": ("yes/no", {}),
        "guess": ("2AFC", {}),
    }[lapses]
    free = ["threshold", "width", "lambda", "eta"] + (["gamma"] if experiment == "yes/no" else [])
    found = psignifit_fit(
        np.column_stack([x, k, n]),
        experiment_type=experiment,
        sigmoid=sigmoid,
        priors={name: np.ones_like for name in free},
        fixed_parameters={"eta": 0.0, **fixed},
    ).parameter_estimate_MAP
    high = found["lambda"]
    low = {"equal": high, "guess": 0.5}.get(lapses, found["gamma"])
    return {"threshold": found["threshold"], "width": found["width"], "lapse_low": low, "lapse_high": high}


def psignifit():
    given = psychometric()
    rows = []
    for part, sigmoids, all_lapses in (
        ("signed", {"gaussian": "norm", "logistic": "logistic", "gumbel": "gumbel"}, ("none", "equal", "two")),
        ("strength", {"weibull": "gumbel", "gaussian": "norm", "logistic": "logistic"}, ("guess",)),
    ):
        x, k, n = (np.array(given[part][name]) for name in "xkn")
        for family, sigmoid in sigmoids.items():
            for lapses in all_lapses:
                # Its Weibull function is one of the logarithm, too, of which it leaves taking to the caller.
                values = np.log(x) if family == "weibull" else x
                rows.append({"data": part, "family": family, "lapses": lapses, **by_psignifit(values, k, n, sigmoid, lapses)})
    return rows


def two_variables(rng):
    values = np.array([-0.5, -0.15, -0.05, 0.05, 0.15, 0.5])
    relevant, irrelevant = (grid.ravel() for grid in np.meshgrid(values, values, indexing="ij"))
    p = 0.04 + 0.92 * norm.cdf(7 * relevant + 1.5 * irrelevant - 0.2)
    n = np.full(p.size, 40)
    k = rng.binomial(n, p)
    columns = np.stack([relevant, irrelevant], 1)
    fits = [fit(columns, k, n, "gaussian", lapses) for lapses in ("none", "equal", "two")]
    return {
        "relevant": relevant.tolist(), "irrelevant": irrelevant.tolist(), "k": k.tolist(), "n": n.tolist(),
        "fits": fits,
    }


def kernel(rng):
    noise = np.round(rng.normal(size=(80, 5)), 3)
    chose = noise @ [0.2, 0.4, 0.6, 0.8, 1.0] + rng.normal(size=80) > 0
    sd = noise.std()
    out = []
    for ridge in (0.5, 4.0):
        model = LogisticRegression(C=1 / ridge, tol=1e-12, max_iter=10000).fit(noise / sd, chose)
        x = np.column_stack([np.ones(80), noise / sd])
        p = model.predict_proba(noise / sd)[:, 1]
        information = x.T @ (x * (p * (1 - p))[:, None])
        inverse = np.linalg.inv(information + ridge * np.diag([0, 1, 1, 1, 1, 1]))
        covariance = inverse @ information @ inverse
        out.append({
            "ridge": ridge,
            "weights": model.coef_[0].tolist(),
            "errors": np.sqrt(np.diag(covariance))[1:].tolist(),
        })
    first, second = noise[chose], noise[~chose]
    errors = np.sqrt(first.var(0, ddof=1) / len(first) + second.var(0, ddof=1) / len(second))
    return {
        "noise": noise.tolist(), "chose_first": chose.tolist(), "sd": sd, "logistic": out,
        "reverse": (first.mean(0) - second.mean(0)).tolist(), "errors": errors.tolist(),
    }


def confusion(rng):
    names = ["a", "b", "c"]
    right = rng.choice(names, 60)
    chosen = np.where(rng.random(60) < 0.6, right, rng.choice(names, 60))
    return {
        "right": right.tolist(), "chosen": chosen.tolist(),
        "counts": confusion_matrix(right, chosen, labels=names).tolist(),
        "balanced_accuracy": balanced_accuracy_score(right, chosen),
    }


def main():
    rng = np.random.default_rng(17)
    found = {
        "psychometric": psychometric(),
        "psignifit": psignifit(),
        "two_variables": two_variables(rng),
        "kernel": kernel(rng),
        "confusion": confusion(rng),
    }
    (Path(__file__).parent / "golden.json").write_text(json.dumps(found, indent=None) + "\n")


if __name__ == "__main__":
    main()
