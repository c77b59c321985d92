"""Uniform draws for the uncertain inputs of a scenario, the same for a name whatever else is uncertain."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DIMENSION_STEP = 256
"""The sequence has the next multiple of this many dimensions, so that a longer order rarely changes it."""
BLOCK_DRAWS = 8_192
RESOLUTION = 2.0**-30
"""The points of scipy's Sobol sequence are multiples of this."""


def uniforms(names: Sequence[str], draws: int, seed: int, order: Sequence[str]) -> dict[str, Array]:
    """Return `draws` values strictly inside (0, 1) for each name, from a randomised low-discrepancy sample.

    A name in `order`, the schema's list of inputs, has the dimension of one scrambled Sobol sequence at
    which it stands there. Any other name (an item of a list, an overridden figure) has a Latin hypercube
    column, shuffled by a generator that is keyed by the seed and the name. So what a name draws depends on
    the seed, the number of draws and the order alone: another uncertain input disturbs no other.

    The sequence is balanced over powers of two only. For any other number of draws the next power of two is
    taken and its first `draws` points are kept.

    Source: Owen (1998), Scrambling Sobol' and Niederreiter-Xing points, by scipy.stats.qmc; McKay, Beckman
    and Conover (1979) for the Latin hypercube.
    """
    if draws < 1:
        raise ValueError(f"at least one draw is needed (was {draws})")
    size = 1 << (draws - 1).bit_length()
    dimensions = {name: dimension for dimension, name in enumerate(order)}
    inside = [name for name in names if name in dimensions]
    columns = _sobol([dimensions[name] for name in inside], len(order), draws, seed)
    result = dict(zip(inside, columns, strict=True))
    return {name: result[name] if name in result else _latin(name, size, seed)[:draws] for name in names}


def _sobol(wanted: Sequence[int], num_dimensions: int, draws: int, seed: int) -> list[Array]:
    """Return the wanted dimensions of one sequence, made block by block so that no whole matrix is held."""
    if not wanted:
        return []
    from scipy.stats import qmc

    width = -(-num_dimensions // DIMENSION_STEP) * DIMENSION_STEP
    sequence = qmc.Sobol(width, scramble=True, rng=np.random.default_rng(seed))
    columns = np.empty((len(wanted), draws))
    for start in range(0, draws, BLOCK_DRAWS):
        count = min(BLOCK_DRAWS, draws - start)
        # The whole block is drawn, a power of two, because scipy warns of anything else at the start.
        points = sequence.random(min(BLOCK_DRAWS, 1 << (draws - 1).bit_length()))
        # Half a step to the middle of the cell: an exact zero has no finite quantile.
        columns[:, start : start + count] = points[:count, wanted].T + RESOLUTION / 2
    return list(columns)


def _latin(name: str, size: int, seed: int) -> Array:
    """Return one value in each of `size` equal strata, shuffled, keyed by the seed and the name."""
    digest = hashlib.sha256(name.encode()).digest()
    generator = np.random.default_rng([seed, *np.frombuffer(digest, dtype=np.uint32).tolist()])
    inside = generator.integers(1, 2**20, size) / 2.0**20  # neither 0 nor 1, even after the division by size
    values: Array = (generator.permutation(size) + inside) / size
    return values
