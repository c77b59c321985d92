"""Which dimension of the sequence each input has, for good: a registry, so that new inputs move no old one.

`dimensions.csv` gives every name its dimension. A name keeps it for as long as the file lives, wherever it stands in
the schema; a new one takes the lowest that is free. Items of lists are registered by number (`role_people.0`), common
factors as `factor.NAME`. What is not registered (more items, overridden figures, other factors) is drawn from a stream
of its own.

The lowest dimensions are those of one name. The others are shared: each name behind takes another of them in each
scramble, no two the same one, so that names which meet in an uneven pair of dimensions do so in one scramble of many.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

NUM_OWN_DIMENSIONS = 112
"""Dimensions below this one are the same in every scramble of `EVEN_DRAWS` or more; one less than a prime."""
EVEN_DRAWS = 2_048
"""Draws of a scramble from which on no two of a name's own dimensions lie on stripes."""
NUM_SHARED_DIMENSIONS = 372
"""Dimensions that follow, one less than a prime, so that multiplication modulo the prime permutes them."""
_OWN_PRIME, _OWN_ROOT = NUM_OWN_DIMENSIONS + 1, 3
_PRIME, _ROOT = NUM_SHARED_DIMENSIONS + 1, 2
"""The roots are primitive: their powers pass through all dimensions before one returns."""


@cache
def dimensions() -> Mapping[str, int]:
    """Return the dimension of every registered name."""
    text = files("planner.scenario").joinpath("dimensions.csv").read_text(encoding="ascii")
    return MappingProxyType({row["name"]: int(row["dimension"]) for row in csv.DictReader(text.splitlines())})


def dimensions_by_scramble(registered: Sequence[int], scrambles: int, size: int) -> NDArray[np.intp]:
    """Return the dimensions that names with registered ones take in each scramble of a size: (scrambles, names).

    They depend on nothing else. With the shared dimensions numbered from 1, a name that has number n takes number
    n times 2 to the power of the scramble, modulo 373; the own ones of short scrambles n times 3 to it, modulo 113.
    """
    numbers = np.asarray(registered, dtype=np.intp)
    shared = _turned(numbers - NUM_OWN_DIMENSIONS, scrambles, _ROOT, _PRIME) + NUM_OWN_DIMENSIONS
    own = _turned(numbers, scrambles, _OWN_ROOT, _OWN_PRIME) if size < EVEN_DRAWS else numbers
    return np.where(numbers < NUM_OWN_DIMENSIONS, own, shared)


def _turned(numbers: NDArray[np.intp], scrambles: int, root: int, prime: int) -> NDArray[np.intp]:
    powers = np.array([pow(root, scramble, prime) for scramble in range(scrambles)], dtype=np.intp)
    return (numbers + 1) * powers[:, None] % prime - 1
