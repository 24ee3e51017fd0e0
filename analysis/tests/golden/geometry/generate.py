"""Writes golden.json: what geometry.rs must find in small arrays of random numbers.

Components are those of scikit-learn, angles those of SciPy, demixed components those of dPCA 1.0.5; the others are
written from the equations with lstsq, svd and gaussian_filter1d. Nothing is shared with the Rust code.

    python -m venv env && env/bin/pip install numpy scipy scikit-learn dPCA numexpr numba && env/bin/python generate.py
"""

import json
from pathlib import Path

import numpy as np
from dPCA.dPCA import dPCA
from scipy.linalg import subspace_angles
from scipy.ndimage import gaussian_filter1d
from sklearn.decomposition import PCA

rng = np.random.default_rng(17)


def rounded(array):
    """What is written is what is used."""
    return np.round(array, 4)


def normal(*shape):
    return rounded(rng.normal(size=shape))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


# Principal components


def pca():
    cases = []
    for shape in [(40, 6), (10, 15)]:
        rows = rounded(normal(*shape) @ normal(shape[1], shape[1]) + 3)
        found = PCA().fit(rows)
        n = min(shape[1], shape[0] - 1)
        cases.append({
            "rows": rows,
            "variance": found.explained_variance_[:n],
            "ratio": found.explained_variance_ratio_[:n],
            "axes": found.components_[:n],
        })
    return cases


# Subspaces


def angles():
    a, b = normal(3, 8), normal(2, 8)
    tilted = rounded(np.array([[1, 0, 0], [0, 1, 0]])), np.array([[1, 0, 0], [0, np.cos(np.pi / 6), np.sin(np.pi / 6)]])
    pairs = [(a, b), (b, a), tilted, (a, a + 1e-7 * normal(3, 8))]
    return [{"a": a, "b": b, "degrees": np.degrees(subspace_angles(a.T, b.T))} for a, b in pairs]


def alignment():
    a, b = normal(50, 6) * [3, 2, 1, 1, 0.5, 0.2], normal(60, 6) * [0.5, 2, 3, 1, 1, 0.2]
    a, b = rounded(a), rounded(b)
    k, (ca, cb) = 2, (np.cov(a.T), np.cov(b.T))
    ua, ub = (np.linalg.svd(x - x.mean(0))[2][:k] for x in (a, b))
    most = [np.linalg.eigvalsh(c)[-k:].sum() for c in (ca, cb)]
    return {
        "a": a, "b": b, "k": k,
        "first_in_second": np.trace(ub @ ca @ ub.T) / most[0],
        "second_in_first": np.trace(ua @ cb @ ua.T) / most[1],
        "degrees": np.degrees(subspace_angles(ua.T, ub.T)),
    }


# Rotations


def jpca():
    c, t, n, k = 5, 12, 7, 4
    means = rounded(np.cumsum(normal(c, t, n), axis=1) + 10)
    spans = np.ptp(means, axis=(0, 1))
    x = means / (spans + 0.05 * spans.max())
    x = x - x.mean(0)
    v = np.linalg.svd(x.reshape(-1, n))[2][:k]
    x = x @ v.T
    before, change = x[:, :-1].reshape(-1, k), np.diff(x, axis=1).reshape(-1, k)
    pairs = [(i, j) for i in range(k) for j in range(i)]
    basis = np.zeros((len(pairs), k, k))
    for place, (i, j) in enumerate(pairs):
        basis[place, i, j], basis[place, j, i] = 1, -1
    design = np.stack([(before @ one.T).ravel() for one in basis], axis=1)
    skew = np.tensordot(np.linalg.lstsq(design, change.ravel(), rcond=None)[0], basis, 1)
    full = np.linalg.lstsq(before, change, rcond=None)[0].T
    r2 = lambda m: 1 - np.sum((change - before @ m.T) ** 2) / np.sum(change ** 2)
    return {
        "means": means, "components": k, "r2_skew": r2(skew), "r2_full": r2(full),
        "radians": np.sort(np.linalg.eigvals(skew).imag)[::-1][: k // 2],
    }


# Demixing


def demixing():
    n, s, d, t = 8, 3, 2, 6
    x = normal(n, s, d, t) + 2 * normal(n, s, 1, 1) + normal(n, 1, d, 1) + normal(n, 1, 1, t) + 5
    x = rounded(x)
    join = {"s": ["s", "st"], "d": ["d", "dt"], "sd": ["sd", "sdt"]}
    centred = x - x.mean((1, 2, 3), keepdims=True)
    flat = centred.reshape(n, -1)
    cases = []
    for ridge in [0, 1e-3, 0.02]:
        # Twice as many vectors as there are units are all of them: the randomised decomposition is exact.
        model = dPCA(labels="sdt", join=join, n_components=n, regularizer=ridge)
        model.protect = None
        model.fit(centred.copy())
        groups = {}
        for key in ["t", "s", "d", "sd"]:
            p, q = model.P[key], model.D[key].T
            explained = [1 - np.sum((flat - np.outer(p[:, i], q[i]) @ flat) ** 2) / np.sum(flat ** 2) for i in range(2)]
            groups[key] = {"map": p @ q, "encoder": p[:, 0], "decoder": q[0], "explained": np.array(explained)}
        cases.append({"ridge": ridge, "groups": groups})
    parts = model._marginalize(centred, save_memory=False)
    total = np.sum(centred ** 2)
    share = {key: float(np.sum(part**2) * centred.size / part.size / total) for key, part in parts.items()}
    return {"x": x, "cases": cases, "share": share}


# Regression


def tdr():
    trials, bins, n, dt = 48, 10, 6, 25.0
    choice = np.tile([-1.0, 1.0], trials // 2)
    motion = np.tile(np.repeat([-0.5, -0.1, 0.1, 0.5], 2), trials // 8)
    context = np.repeat([-1.0, 1.0], trials // 2)
    gains = normal(3, n)
    course = np.sin(np.linspace(0.3, 2.5, bins))
    drive = np.stack([choice, motion / 0.5, context], 1) @ gains
    rates = rounded(4 + drive[:, None, :] * course[None, :, None] + 0.7 * normal(trials, bins, n))
    z = (rates - rates.mean((0, 1))) / rates.std((0, 1))
    conditions = sorted({one for one in zip(choice, motion, context)})
    of = {one: [i for i in range(trials) if (choice[i], motion[i], context[i]) == one] for one in conditions}

    def axes(z, by_condition, f, step, sigma, own, signs):
        b = np.linalg.lstsq(f, z[:, ::step].reshape(trials, -1), rcond=None)[0].reshape(f.shape[1], -1, n)[:3]
        b = b * np.stack([signs, signs, np.ones(n)])[:, None, :]
        m = gaussian_filter1d(by_condition, sigma, axis=1)
        if own:
            m = (m - m.mean((0, 1))) / m.std((0, 1))
        m = m[:, ::step].reshape(-1, n)
        v = np.linalg.svd(m - m.mean(0))[2][:3]
        b = b @ v.T @ v
        best = np.argmax(np.linalg.norm(b, axis=2), axis=1)
        q, r = np.linalg.qr(np.stack([b[i, best[i]] for i in range(3)], 1))
        norms = [float(np.linalg.norm(b[i, best[i]])) for i in range(3)]
        return {"axes": (q * np.sign(np.diag(r))).T, "best": best, "norm": norms}

    first = np.stack([choice, motion / 0.5, context], 1)
    constant = np.ones((trials, 1))
    products = np.stack([first[:, i] * first[:, j] for i in range(3) for j in range(i + 1, 3)], 1)
    means = np.stack([z[of[one]].mean(0) for one in conditions])
    sums = z.sum(1)
    signs = np.where(sums[choice > 0].mean(0) >= sums[choice < 0].mean(0), 1.0, -1.0)
    mirror = [conditions.index((-c, -m, x)) for c, m, x in conditions]
    preferred = np.where(signs > 0, means, means[mirror])
    mante, pycog = np.hstack([first, constant]), np.hstack([first, products, constant])
    return {
        "rates": rates, "choice": choice, "motion": motion, "context": context, "dt": dt, "components": 3,
        "mante": {**axes(z, means, mante, 1, 40 / dt, False, np.ones(n)), "condition": float(np.linalg.cond(mante))},
        "pycog": {**axes(z, preferred, pycog, 2, int(50 / dt), True, signs), "condition": float(np.linalg.cond(pycog))},
    }


found = {
    "pca": pca(), "angles": angles(), "alignment": alignment(), "jpca": jpca(), "demixing": demixing(), "tdr": tdr(),
}


def listed(value):
    if isinstance(value, dict):
        return {key: listed(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [listed(part) for part in value]
    value = plain(value) if isinstance(value, np.ndarray) else value
    if isinstance(value, list):
        return listed(value)
    return float(f"{value:.13g}") if isinstance(value, (float, np.floating)) else value


path = Path(__file__).with_name("golden.json")
path.write_text(json.dumps(listed(found), separators=(",", ":")) + "\n")
