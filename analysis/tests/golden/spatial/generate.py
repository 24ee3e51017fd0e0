"""Writes golden.json: what spatial.rs must find in the maps of a few cells on two walks.

Maps and scores are written from their equations with NumPy and SciPy; the autocorrelogram, the sparsity and the correlation of
population vectors are those of opexebo, whose definitions are the same. Its spatial information is not: it takes no logarithm
below 0. Nothing is shared with the Rust code.

    python -m venv env && env/bin/pip install numpy scipy opexebo==0.7.2 && env/bin/python generate.py
"""

import json
from pathlib import Path

import numpy as np
from opexebo.analysis import population_vector_correlation, rate_map_stats
from opexebo.general import normxcorr2_general
from scipy import ndimage

STEPS, UNITS, BINS, SMOOTH = 360, 4, 8, 1.0
THRESHOLD, LEAST_BINS = 0.3, 4
OVERLAP = 20


def walk(rng):
    """A random walk in a room of 100 x 70 that turns at its walls."""
    place, places = np.array([50.0, 30.0]), []
    for _ in range(STEPS + 1):
        step = rng.uniform(-12, 12, 2)
        place = np.where((place + step < 0) | (place + step > [100, 70]), place - step, place + step)
        places.append(place)
    return np.round(places, 2)


def cells(rng, places, centres, heights):
    distance = np.linalg.norm(places[1:, None] - centres, axis=2)
    return np.round(heights * np.exp(-((distance / 22) ** 2)) + rng.uniform(0, 0.3, (STEPS, UNITS)), 3)


def arena(*walks):
    places = np.concatenate([walk[1:] for walk in walks])
    low, high = places.min(0), places.max(0)
    side = (high - low).max() / BINS
    return low, side, np.maximum(np.rint((high - low) / side), 1).astype(int)


def binned(places, low, side, counts):
    return np.minimum((places[1:] - low) // side, counts - 1).astype(int)


def rate_map(at, rates, counts):
    sums, visits = np.zeros(counts[::-1]), np.zeros(counts[::-1])
    np.add.at(sums, (at[:, 1], at[:, 0]), rates)
    np.add.at(visits, (at[:, 1], at[:, 0]), 1)
    smooth = lambda array: ndimage.gaussian_filter(array, SMOOTH, mode="constant")
    with np.errstate(invalid="ignore"):
        return np.where(visits > 0, smooth(sums) / smooth(visits), np.nan), visits


def information(rates, visits):
    p = visits / visits.sum()
    there = (p > 0) & (rates > 0)
    relative = rates[there] / np.nansum(p * np.nan_to_num(rates))
    return (p[there] * relative * np.log2(relative)).sum()


def fields(rates):
    """Masks of connected bins that share sides."""
    labels, n = ndimage.label(np.nan_to_num(rates) > THRESHOLD * np.nanmax(rates))
    masks = [labels == k + 1 for k in range(n)]
    return [mask for mask in masks if mask.sum() >= LEAST_BINS]


def border(rates, masks):
    visited = ~np.isnan(rates)
    coverages = []
    for side in (np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
        if visited[side].mean() >= 0.5:
            coverages += [mask[side].sum() / visited[side].sum() for mask in masks]
    rows, columns = rates.shape
    y, x = np.mgrid[:rows, :columns] + 0.5
    distance = np.minimum(np.minimum(y, rows - y), np.minimum(x, columns - x)) / (min(rows, columns) / 2)
    within = np.any(masks, axis=0)
    c, d = max(coverages), np.average(distance[within], weights=rates[within])
    return (c - d) / (c + d)


def autocorrelogram(rates):
    rows, columns = rates.shape
    there = ~np.isnan(rates)
    found = np.full((2 * rows - 1, 2 * columns - 1), np.nan)
    for down in range(1 - rows, rows):
        for across in range(1 - columns, columns):
            one = np.s_[max(0, down) : rows + min(0, down), max(0, across) : columns + min(0, across)]
            other = np.s_[max(0, -down) : rows + min(0, -down), max(0, -across) : columns + min(0, -across)]
            both = there[one] & there[other]
            if both.sum() >= OVERLAP:
                found[down + rows - 1, across + columns - 1] = np.corrcoef(rates[one][both], rates[other][both])[0, 1]
    return found


def grid(correlogram):
    """The score with its spacing."""
    rows, columns = correlogram.shape
    y, x = np.mgrid[:rows, :columns] - np.array([(rows - 1) / 2, (columns - 1) / 2])[:, None, None]
    radius, there = np.hypot(y, x), ~np.isnan(correlogram)
    circles = np.rint(radius).astype(int)
    profile = np.array([correlogram[there & (circles == k)].mean() for k in range(min(rows, columns) // 2 + 1)])
    lowest = next(k for k in range(1, len(profile)) if profile[k + 1] > profile[k])
    spacing = next(k for k in range(lowest, len(profile)) if profile[k + 1] <= profile[k])
    annulus = there & (radius >= 0.5 * spacing) & (radius <= 1.5 * spacing)
    c = {}
    for degrees in (30, 60, 90, 120, 150):
        cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        at = np.array([cos * y - sin * x + (rows - 1) / 2, sin * y + cos * x + (columns - 1) / 2])
        at = np.where(np.abs(at - np.rint(at)) < 1e-9, np.rint(at), at)
        turned = ndimage.map_coordinates(np.where(there, correlogram, 0), at, order=1, mode="constant")
        known = ndimage.map_coordinates(there.astype(float), at, order=1, mode="constant") > 1 - 1e-9
        c[degrees] = np.corrcoef(correlogram[annulus & known], turned[annulus & known])[0, 1]
    return min(c[60], c[120]) - max(c[30], c[90], c[150]), spacing


def lattice(rng, side, spacing):
    y, x = np.mgrid[:side, :side]
    k = 4 * np.pi / np.sqrt(3) / spacing
    waves = sum(np.cos(k * (np.cos(a) * x + np.sin(a) * y)) for a in (0.2, 0.2 + np.pi / 3, 0.2 + 2 * np.pi / 3))
    return np.round(np.maximum(waves, 0) + rng.uniform(0, 1, waves.shape), 3)


def with_gaps(array):
    return [[None if np.isnan(value) else value for value in row] for row in array]


def cells_of_a_room(rng):
    walks = [walk(rng), walk(rng)]
    centres = np.array([[20.0, 20.0], [90.0, 40.0], [50.0, 5.0], [60.0, 60.0]])
    rates = [cells(rng, walks[0], centres, [3, 1, 2, 4]), cells(rng, walks[1], centres[[0, 2, 1, 3]], [1, 1, 2, 3])]
    low, side, counts = arena(walks[0])
    at = binned(walks[0], low, side, counts)
    units = []
    for unit in range(UNITS):
        found, visits = rate_map(at, rates[0][:, unit], counts)
        masks = fields(found)
        shuffled = [information(*rate_map(at, np.roll(rates[0][:, unit], shift), counts)) for shift in range(STEPS)]
        units.append(
            {
                "map": with_gaps(found),
                "information": shuffled[0],
                "shuffled": np.round(shuffled, 12).tolist() if unit == 0 else None,
                "sparsity": float(rate_map_stats(np.ma.masked_invalid(found), np.ma.masked_equal(visits, 0))["sparsity"]),
                "fields": sorted((int(mask.sum()) for mask in masks), reverse=True),
                "border": border(found, masks),
            }
        )
    low, side, counts = arena(*walks)
    stacks = [
        np.array([rate_map(binned(places, low, side, counts), of[:, unit], counts)[0] for unit in range(UNITS)])
        for places, of in zip(walks, rates)
    ]
    vectors = population_vector_correlation(*stacks)[1]
    maps = [stack.reshape(UNITS, -1) for stack in stacks]
    both = ~np.isnan(maps[0] + maps[1]).any(0)
    return {
        "places": [places.tolist() for places in walks],
        "rates": [of.tolist() for of in rates],
        "units": units,
        "vectors": with_gaps(np.where(both.reshape(vectors.shape), np.ma.filled(vectors, np.nan), np.nan)),
        "place": [np.corrcoef(a[both], b[both])[0, 1] for a, b in zip(*maps)],
    }


def main():
    rng = np.random.default_rng(5)
    whole = lattice(rng, 24, 9)
    holed = np.where(rng.uniform(size=whole.shape) < 0.1, np.nan, whole)
    small = np.round(rng.uniform(0, 4, (12, 9)), 3)
    golden = {
        "cells": cells_of_a_room(rng),
        "correlogram": {"map": small.tolist(), "opexebo": np.round(normxcorr2_general(small), 12).tolist()},
        "grids": [{"map": with_gaps(of), "score": grid(autocorrelogram(of))} for of in (whole, holed)],
    }
    text = json.dumps(golden, allow_nan=False)
    Path(__file__).with_name("golden.json").write_text(text + "\n")


main()
