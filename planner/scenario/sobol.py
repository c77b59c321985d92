"""A scrambled Sobol sequence of which any dimension and any run of points can be made alone.

Point i of a dimension is the exclusive or of those of its direction numbers whose bit is set in i. Scrambling
multiplies the direction numbers by a random lower triangular matrix over GF(2) and adds a random shift, which keeps
the evenness of the sequence and makes each point uniform (Matousek 1998; Owen 2003). scipy.stats.qmc makes the same
points, but in whole matrices of all dimensions from the start, and takes half a second to import.

`direction_numbers.csv` holds 484 of the 21,201 dimensions of Joe and Kuo, chosen and ordered so that any two lie
evenly together in few points already: `docs/sampling.md` says how.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from planner.scenario.normal import normal_quantile

Array = NDArray[np.float64]
Words = NDArray[np.uint32]
Places = NDArray[np.intp]

BITS = 32
"""Binary digits of a point; a sequence repeats after 2 to this power."""
CHUNK_BITS = 10
CHUNK_DRAWS = 1 << CHUNK_BITS
"""Blocks of draws start at multiples of this, and what varies by month is keyed by it."""

_DIGITS = np.uint32(1 << (BITS - 1)) >> np.arange(BITS, dtype=np.uint32)
_CELL_BITS = np.uint32(BITS - CHUNK_BITS)
_CELL_WIDTH = 1 << int(_CELL_BITS)
_INSIDE = np.uint32(_CELL_WIDTH - 1)
_CELLS = np.arange(CHUNK_DRAWS)
_DEGREE, _EDGES = 6, np.r_[_CELLS[:16], _CELLS[-16:]]
"""Of the polynomials in the cells, and the cells at either end, which have none: the error stays below 2e-14."""


@cache
def direction_numbers() -> Words:
    """Return the direction numbers of every dimension, as binary fractions of 32 digits: (dimensions, 32).

    Source: Joe and Kuo (2008), Constructing Sobol sequences with better two-dimensional projections, SIAM J. Sci.
    Comput. 30, equation 2, and their file new-joe-kuo-6.21201.
    """
    text = files("planner.scenario").joinpath("direction_numbers.csv").read_text(encoding="ascii")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    polynomials = [int(row["polynomial"]) for row in rows]
    starts = [[int(m) for m in row["start"].split()] for row in rows]
    return _extended(
        polynomials, [start if p > 1 else [1] * BITS for p, start in zip(polynomials, starts, strict=True)]
    )


def _extended(polynomials: Sequence[int], starts: Sequence[Sequence[int]]) -> Words:
    """Extend the first direction numbers of all dimensions to 32 by their primitive polynomials."""
    degrees = np.array([polynomial.bit_length() - 1 for polynomial in polynomials])
    longest = int(degrees.max())
    back = np.arange(longest, 0, -1)
    taps = np.array(polynomials)[:, None] >> np.maximum(degrees[:, None] - back, 0) & (
        back <= degrees[:, None]
    )
    found = np.zeros((len(degrees), longest + BITS), dtype=np.uint32)
    for dimension, start in enumerate(starts):
        for k, number in enumerate(start):
            found[dimension, longest + k] = number << (BITS - 1 - k)
    given = np.array([len(start) for start in starts])
    every = np.arange(len(degrees))
    for k in range(BITS):
        new = np.bitwise_xor.reduce(np.where(taps, found[:, k : k + longest], np.uint32(0)), axis=1)
        new ^= found[every, longest + k - degrees] >> degrees.astype(np.uint32)
        found[:, longest + k] = np.where(k < given, found[:, longest + k], new)
    return found[:, longest:]


class Net:
    """Some scrambles of the first points of some dimensions; any run of whole chunks can be asked alone."""

    def __init__(self, dimensions: Places, size: int, random: Words) -> None:
        """Scramble the first `size` points, a power of two, by 33 random words for each scramble and dimension.

        `dimensions` says which each scramble takes: (scrambles, dimensions). `random` has the shape (scrambles,
        dimensions, 33): the rows of a matrix, and a shift.
        """
        bits = size.bit_length() - 1
        above = ~(2 * _DIGITS.astype(np.uint64) - 1).astype(np.uint32)
        masks = (
            random[..., :BITS] & above
        ) | _DIGITS  # digit p takes itself and a random choice of those above
        plain = direction_numbers()[dimensions, :bits]
        parities = np.bitwise_count(plain[..., None] & masks[..., None, :]) & np.uint8(1)
        self._columns: Words = np.bitwise_or.reduce(parities * _DIGITS, axis=-1, dtype=np.uint32)
        self._shifts: Words = random[..., BITS]
        self._last: tuple[int, _Tables] | None = None
        shape = dimensions.shape[1], CHUNK_DRAWS
        # Kept, because fresh memory costs more than the arithmetic in it.
        self._scratch = np.empty(shape, np.uint32), np.empty(shape, np.intp), np.empty(shape), np.empty(shape)

    def uniforms(self, scramble: int, start: int, out: Array) -> None:
        """Write points from `start`, a multiple of a chunk, into `out` of (dimensions, points), inside (0, 1)."""
        tables = self._tables(scramble)
        for first in range(0, out.shape[1], CHUNK_DRAWS):
            chunk = (start + first) // CHUNK_DRAWS
            place = out[:, first : first + CHUNK_DRAWS]
            place[...] = tables.low[:, : place.shape[1]] ^ tables.high[:, chunk : chunk + 1]
        out += 0.5
        out *= 2.0**-BITS

    def scores(self, scramble: int, start: int, out: Array) -> None:
        """Write the standard normal quantiles of `uniforms` into `out`, in less time than `normal_quantile` takes.

        The points of a chunk lie one in each cell of 1/1,024. In the order of the cells they meet the polynomials of
        all cells in the order of a table, so that nothing is looked up before the values go to their places.
        """
        tables = self._tables(scramble)
        if tables.low.shape[1] < CHUNK_DRAWS:
            self.uniforms(scramble, start, out)
            out[...] = normal_quantile(out)
            return
        by_cell, flips = tables.inside
        words, where, t, z = self._scratch
        row_starts = CHUNK_DRAWS * np.arange(len(words))[:, None]
        for first in range(0, out.shape[1], CHUNK_DRAWS):
            chunk = slice((start + first) // CHUNK_DRAWS, (start + first) // CHUNK_DRAWS + 1)
            t[...] = np.bitwise_xor(by_cell, flips[:, chunk], out=words)
            with _whole_rows():
                _scores_in_cells(t, z)
            np.bitwise_xor(tables.low, tables.high[:, chunk], out=words)
            np.right_shift(words, _CELL_BITS, out=words)
            np.add(words, row_starts, out=where)
            place = out[:, first : first + CHUNK_DRAWS]
            place[...] = z.take(where[:, : place.shape[1]])

    def _tables(self, scramble: int) -> _Tables:
        """Return the tables of a scramble; those of the last one are kept, since draws come in order."""
        if self._last is None or self._last[0] != scramble:
            columns, shifts = self._columns[scramble], self._shifts[scramble]
            self._last = scramble, _Tables(columns, shifts, self._eliminated[scramble])
        return self._last[1]

    @cached_property
    def _eliminated(self) -> Words:
        """The direction numbers and the shifts with the digits of cells eliminated: (scrambles, dimensions, bits + 1).

        The number of a point's cell is its own number times a matrix over GF(2) that has an inverse, as the first
        points of a Sobol dimension fill all cells. Elimination by columns leaves one digit of a cell in each column
        of a chunk and none elsewhere, so that the points can be listed by cell.
        """
        words = np.concatenate([self._columns, self._shifts[..., None]], axis=-1)
        for p in range(min(self._columns.shape[-1], CHUNK_BITS)):
            pivot = words[..., p : p + 1].copy()
            words ^= np.where(words & _DIGITS[p], pivot, np.uint32(0))
            words[..., p : p + 1] = pivot
        return words


class _Tables:
    """The words of one scramble, from its direction numbers and its shifts."""

    def __init__(self, columns: Words, shifts: Words, eliminated: Words) -> None:
        self.low = _combinations(columns[:, :CHUNK_BITS], shifts)
        """The points of the first chunk: (dimensions, points)."""
        self.high = _combinations(columns[:, CHUNK_BITS:], np.zeros_like(shifts))
        """What each chunk flips in them: (dimensions, chunks)."""
        self._eliminated = eliminated

    @cached_property
    def inside(self) -> tuple[Words, Words]:
        """The digits of the points within their cells, in the order of the cells, and what each chunk flips there."""
        columns, shifts = self._eliminated[:, :-1], self._eliminated[:, -1]
        by_cell = columns[:, CHUNK_BITS - 1 :: -1] & _INSIDE
        return _combinations(by_cell, np.zeros_like(shifts)), _combinations(columns[:, CHUNK_BITS:], shifts)


@contextmanager
def _whole_rows() -> Iterator[None]:
    """Let numpy repeat a table for every row as it stands, rather than copy it until a larger buffer is full."""
    before = np.setbufsize(CHUNK_DRAWS)
    try:
        yield
    finally:
        np.setbufsize(before)


def _scores_in_cells(t: Array, z: Array) -> None:
    """Write into `z` the normal quantiles of the cells' points, of which `t` are the digits below the cells'."""
    first, *middle, last = _polynomials_of_scores()
    np.multiply(last, t, out=z)
    for coefficients in reversed(middle):
        z += coefficients
        z *= t
    z += first
    z[:, _EDGES] = normal_quantile((_EDGES + (t[:, _EDGES] + 0.5) / _CELL_WIDTH) / CHUNK_DRAWS)


@cache
def _polynomials_of_scores() -> Array:
    """Return the coefficients, by rising power of the digits below a cell's, of the normal quantile in each cell."""
    # Interpolation in Chebyshev's points, at the middles of the words.
    nodes = 0.5 + 0.5 * np.cos(np.pi * (np.arange(_DEGREE + 1) + 0.5) / (_DEGREE + 1))
    values = normal_quantile((_CELLS + nodes[:, None]) / CHUNK_DRAWS)
    powers = np.vander(nodes - 0.5 / _CELL_WIDTH, increasing=True)
    coefficients = np.linalg.solve(powers, values) / float(_CELL_WIDTH) ** np.arange(_DEGREE + 1)[:, None]
    return np.ascontiguousarray(coefficients, dtype=np.float64)


def _combinations(columns: Words, first: Words) -> Words:
    """Return the first word with every combination of the columns flipped: (dimensions, 2 ** columns)."""
    table = np.empty((len(first), 1 << columns.shape[1]), dtype=np.uint32)
    table[:, 0] = first
    for k in range(columns.shape[1]):
        width = 1 << k
        np.bitwise_xor(table[:, :width], columns[:, k : k + 1], out=table[:, width : 2 * width])
    return table
