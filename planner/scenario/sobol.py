"""A scrambled Sobol sequence of which any dimension and any run of points can be made alone.

Point i of a dimension is the exclusive or of those of its direction numbers whose bit is set in i. Scrambling
multiplies the direction numbers by a random lower triangular matrix over GF(2) and adds a random shift, which keeps
the evenness of the sequence and makes each point uniform (Matousek 1998; Owen 2003). scipy.stats.qmc makes the same
points, but in whole matrices of all dimensions from the start, and takes half a second to import.

`direction_numbers.csv` holds 512 of the 21,201 dimensions of Joe and Kuo, chosen and ordered so that any two lie
evenly together in few points already: `docs/sampling.md` says how.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]

BITS = 32
"""Binary digits of a point; a sequence repeats after 2 to this power."""
CHUNK_DRAWS = 1_024
"""Blocks of draws start at multiples of this, and what varies by month is keyed by it."""

_DIGITS = np.uint32(1 << (BITS - 1)) >> np.arange(BITS, dtype=np.uint32)


@cache
def direction_numbers() -> Words:
    """Return the direction numbers of every dimension, as binary fractions of 32 digits: (dimensions, 32).

    Source: Joe and Kuo (2008), Constructing Sobol sequences with better two-dimensional projections, SIAM J. Sci.
    Comput. 30, equation 2, and their file new-joe-kuo-6.21201.
    """
    text = files("planner.scenario").joinpath("direction_numbers.csv").read_text(encoding="ascii")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    columns = [_columns(int(row["polynomial"]), [int(m) for m in row["start"].split()]) for row in rows]
    return np.array(columns, dtype=np.uint32)


def _columns(polynomial: int, start: list[int]) -> list[int]:
    """Extend the first direction numbers of a dimension to 32 by its primitive polynomial."""
    degree = polynomial.bit_length() - 1
    numbers = list(start) if degree else [1] * BITS
    for k in range(len(numbers), BITS):
        new = numbers[k - degree] ^ (numbers[k - degree] << degree)
        for i in range(1, degree):
            if polynomial >> (degree - i) & 1:
                new ^= numbers[k - i] << i
        numbers.append(new)
    return [number << (BITS - 1 - k) for k, number in enumerate(numbers)]


class Net:
    """One scramble of some dimensions: their points, from anywhere in the sequence."""

    def __init__(self, dimensions: Sequence[int], rows: Words, shifts: Words) -> None:
        """Scramble dimensions by 32 random words each, `rows` of (dimensions, 32), and a shift each."""
        above = ~(2 * _DIGITS.astype(np.uint64) - 1).astype(np.uint32)
        masks = (rows & above) | _DIGITS  # digit p takes itself and a random choice of those above it
        plain = direction_numbers()[list(dimensions)]
        parities = np.bitwise_count(plain[:, :, None] & masks[:, None, :]) & np.uint8(1)
        self.columns: Words = np.bitwise_or.reduce(parities.astype(np.uint32) * _DIGITS, axis=-1)
        self.low: Words = np.empty((len(plain), CHUNK_DRAWS), dtype=np.uint32)
        self.low[:, 0] = shifts
        for k in range(CHUNK_DRAWS.bit_length() - 1):
            width = 1 << k
            np.bitwise_xor(
                self.low[:, :width], self.columns[:, k : k + 1], out=self.low[:, width : 2 * width]
            )

    def fill(self, words: Words, start: int) -> None:
        """Write the points from `start`, a multiple of a chunk, into `words` of (dimensions, points)."""
        for first in range(0, words.shape[1], CHUNK_DRAWS):
            count = min(CHUNK_DRAWS, words.shape[1] - first)
            place = words[:, first : first + count]
            np.bitwise_xor(
                self.low[:, :count], self._high((start + first) // CHUNK_DRAWS)[:, None], out=place
            )

    def _high(self, chunk: int) -> Words:
        """Return what the digits of the number of a chunk add to the points in it."""
        first = CHUNK_DRAWS.bit_length() - 1
        chosen = [first + k for k in range(chunk.bit_length()) if chunk >> k & 1]
        added: Words = np.bitwise_xor.reduce(self.columns[:, chosen], axis=1)
        return added


def fractions(words: Words) -> NDArray[np.float64]:
    """Return the middles of the cells that the words name: strictly inside (0, 1)."""
    values = words.astype(np.float64)
    values += 0.5
    values *= 2.0**-BITS
    return values
