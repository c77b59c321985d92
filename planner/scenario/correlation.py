"""Dependence between inputs by a Gaussian copula: rank correlations, common factors, and the repair of a matrix.

Every input keeps its own distribution; only which of its values come together with which of another's is changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

PRECISION = 1e-12
MOST_STEPS = 2_000


def pearson_of(rank_correlation: float) -> float:
    """Return the correlation of two normal scores whose Spearman rank correlation is given.

    Source: Pearson (1907), On further methods of determining correlation: r = 2 sin(pi r_s / 6).
    """
    return 2.0 * math.sin(math.pi * rank_correlation / 6.0)


def rank_correlation_of(pearson: float) -> float:
    """Return the Spearman rank correlation of two normal scores whose correlation is given."""
    return 6.0 / math.pi * math.asin(min(max(pearson / 2.0, -0.5), 0.5))


def nearest_correlation(matrix: Array) -> Array:
    """Return the correlation matrix that lies nearest to a symmetric one, itself when it is one already.

    Source: Higham (2002), Computing the nearest correlation matrix, IMA J. Numer. Anal. 22, algorithm 3.3: alternating
    projections on the positive semi-definite matrices and on those with a unit diagonal, with Dykstra's correction.
    """
    if np.linalg.eigvalsh(matrix)[0] >= -PRECISION:
        return matrix
    found, correction = matrix.copy(), np.zeros_like(matrix)
    for _ in range(MOST_STEPS):
        shifted = found - correction
        semidefinite = _semidefinite(shifted)
        correction = semidefinite - shifted
        before, found = found, semidefinite.copy()
        np.fill_diagonal(found, 1.0)
        if np.abs(found - before).max() < PRECISION:
            break
    # What the last step left negative is taken off, and the diagonal scaled back to one.
    found = _semidefinite(found)
    scale = 1.0 / np.sqrt(np.diag(found))
    found = found * scale * scale[:, None]
    np.fill_diagonal(found, 1.0)
    return found


def triangular_root(matrix: Array) -> Array:
    """Return the lower triangular matrix whose product with its transpose is a correlation matrix, also a singular one.

    The first row is that of a score that is left as it is.
    """
    values, vectors = np.linalg.eigh(matrix)
    upper = np.linalg.qr((vectors * np.sqrt(np.maximum(values, 0.0))).T).R
    lower = (upper * np.where(np.diag(upper) < 0, -1.0, 1.0)[:, None]).T
    # Rows of length one, so that no rounding changes the distribution of a score.
    rows: Array = lower / np.sqrt((lower * lower).sum(axis=1))[:, None]
    return rows


def _semidefinite(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh(matrix)
    nearest: Array = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return (nearest + nearest.T) / 2


@dataclass(frozen=True)
class Group:
    """Inputs and common factors that depend on each other, and on nothing else."""

    names: tuple[str, ...]
    root: tuple[tuple[float, ...], ...]
    """The lower triangular matrix that turns independent scores of the names into dependent ones."""

    def mix(self, scores: Mapping[str, Array]) -> dict[str, Array]:
        """Return dependent normal scores from independent ones, by name.

        The sum runs in one order, element by element, so that the block's size does not change a digit.
        """
        mixed = {}
        for row, name in enumerate(self.names):
            weights = self.root[row]
            total = weights[0] * scores[self.names[0]]
            for column in range(1, row + 1):
                total = total + weights[column] * scores[self.names[column]]
            mixed[name] = total
        return mixed
