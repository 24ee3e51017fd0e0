"""How many threads are used."""

import os


def set_threads(n):
    """Use ``n`` threads from now on; ``None`` for as many as the machine has. Results do not depend on it."""
    if n is None:
        os.environ.pop("RAYON_NUM_THREADS", None)
        return
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError(f"n = {n!r}: must be a whole number of at least 1, or None")
    os.environ["RAYON_NUM_THREADS"] = str(n)


def threads():
    """How many threads are used."""
    given = os.environ.get("RAYON_NUM_THREADS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
