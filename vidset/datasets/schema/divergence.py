"""Measures how far two distributions are apart: 0 if equal, 1 if nothing is in common.

Both are defined as TensorFlow Data Validation does (anomalies/metrics.cc), so that its thresholds
mean the same here.
"""

from collections.abc import Mapping, Sequence

import numpy as np


def l_infinity(a: Mapping[str, float], b: Mapping[str, float]) -> tuple[float, str]:
    """The largest difference between a value's share of `a` and of `b`, and that value.

    Of equal differences the first value by name.

    Raises:
        ValueError: nothing was counted in one of them.
    """
    total_a, total_b = sum(a.values()), sum(b.values())
    if not total_a or not total_b:
        raise ValueError(f"L-infinity distance: wanted counts in both, got {total_a} and {total_b}")
    names = sorted({*a, *b})
    differences = [abs(a.get(name, 0) / total_a - b.get(name, 0) / total_b) for name in names]
    most = max(differences)
    return most, names[differences.index(most)]


def jensen_shannon(a: Sequence[int], b: Sequence[int]) -> float:
    """The Jensen-Shannon divergence, in bits, of two histograms with the same bins.

    (D(P||M) + D(Q||M)) / 2 with M = (P + Q) / 2 and Kullback and Leibler's D (J. Lin, "Divergence
    measures based on the Shannon entropy", IEEE Trans. Information Theory 37(1), 1991).

    Raises:
        ValueError: the histograms have not the same number of bins, or one counts nothing.
    """
    p, q = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if p.shape != q.shape or not p.sum() or not q.sum():
        raise ValueError(
            f"Jensen-Shannon divergence: wanted counts in the same bins, got {p.sum():g} in "
            f"{p.shape} and {q.sum():g} in {q.shape}"
        )
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    return min((_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2, 1.0)


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    there = p > 0
    return float((p[there] * np.log2(p[there] / q[there])).sum())
