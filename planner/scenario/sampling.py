"""Draws of the uncertain inputs of a plan, block by block, the same for a name whatever else is uncertain."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.scenario.correlation import Group
from planner.scenario.dimensions import NUM_OWN_DIMENSIONS, dimensions, dimensions_by_scramble
from planner.scenario.distributions import Distribution
from planner.scenario.normal import normal_quantile
from planner.scenario.sobol import BITS, CHUNK_DRAWS, Net

Array = NDArray[np.float64]
Method = Literal["sobol", "latin_hypercube", "plain"]

MOST_SCRAMBLES, MOST_FROM_DRAWS = 8, 8_192
FEW_SCRAMBLES, FEW_FROM_DRAWS = 4, 1_024
"""Draws are divided into 8 scrambles, fewer into 4, still fewer into none: they would be too short to be even."""
MOST_NETS = 2 * MOST_SCRAMBLES
"""Scrambles that random words are kept for: less than twice as many as wanted fit whole, and one in part."""
PLAIN_DIGITS = 6
"""First digits of a shared dimension that scrambling flips but does not mix, since a random mixture of them may equal
a digit of another one: what two shared dimensions have in common is known when they are chosen."""
JITTER_STEPS = 2.0**20
"""Places within a stratum of a Latin hypercube, few enough that no sum with the stratum rounds up to 1."""
SMALLEST = 2.0**-54


def scrambles_of(draws: int) -> tuple[slice, ...]:
    """Return the rows of each whole scramble: equal powers of two, from whose spread errors are estimated.

    Draws that are no power of two leave a remainder behind the last slice, which is in no scramble; 8,192 draws and
    more have 8 to 15 scrambles, 1,024 and more 4 to 7, fewer have one, which says nothing of the error.
    """
    size = _scramble_draws(draws)
    return tuple(slice(start, start + size) for start in range(0, draws - size + 1, size)) or (
        slice(0, draws),
    )


def _scramble_draws(draws: int) -> int:
    few = FEW_SCRAMBLES if draws >= FEW_FROM_DRAWS else 1
    count = MOST_SCRAMBLES if draws >= MOST_FROM_DRAWS else few
    return 1 << ((draws - 1).bit_length() if count == 1 else (draws // count).bit_length() - 1)


@dataclass(frozen=True)
class Sampler:
    """The draws of some uncertain inputs, of which any block of whole chunks of 1,024 can be made alone.

    What a name draws depends on the seed, the number of draws, the method and its own distribution; on other names
    only within its group of dependent ones. Sobol dimensions come from the registry; a name that is not in it draws
    from a Latin hypercube column of its own, keyed by the seed and the name.

    Sources: Owen (1998), Scrambling Sobol' and Niederreiter-Xing points; McKay, Beckman and Conover (1979) for the
    Latin hypercube; L'Ecuyer and Lemieux (2002) for the error from independent scrambles.
    """

    distributions: Mapping[str, Distribution]
    draws: int
    seed: int
    method: Method = "sobol"
    groups: Sequence[Group] = ()

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise ValueError(f"at least one draw is needed (was {self.draws})")

    @cached_property
    def scrambles(self) -> tuple[slice, ...]:
        """The rows of each whole scramble, as `scrambles_of` says."""
        return scrambles_of(self.draws)

    def block(self, start: int, stop: int) -> dict[str, Array]:
        """Return the values of draws `start` to `stop` by name; `start` is a multiple of 1,024.

        The values of two blocks that meet are those of one block over both.
        """
        if start % CHUNK_DRAWS or not 0 <= start < stop <= self.draws:
            raise ValueError(f"a block starts at a multiple of {CHUNK_DRAWS} (was {start} to {stop})")
        scores, uniforms = self._drawn(start, stop)
        for group in self.groups:
            scores |= group.mix(scores)
        return {
            name: distribution.at_scores(scores[name])
            if name in scores
            else distribution.quantile(uniforms[name])
            for name, distribution in self.distributions.items()
        }

    def all(self) -> dict[str, Array]:
        """Return the values of every draw by name."""
        return self.block(0, self.draws)

    def _drawn(self, start: int, stop: int) -> tuple[dict[str, Array], dict[str, Array]]:
        """Return independent normal scores of the inputs that need them, and uniform values of the others."""
        scores, uniforms = ({name: np.empty(0) for name in names} for names in self._in_nets)
        for net, found, fill in zip(self._nets, (scores, uniforms), (Net.scores, Net.uniforms), strict=True):
            rows = np.empty((len(found), stop - start))
            for scramble, place, first in self._parts(start, stop) if found else ():
                fill(net, scramble, first, rows[:, place])
            found |= zip(found, rows, strict=True)
        as_scores = self._as_scores
        for name in dict.fromkeys((*as_scores, *self.distributions)):
            if name not in scores and name not in uniforms:
                uniforms[name] = self._column(name, start, stop)
        alone = [name for name in as_scores if name not in scores]
        scores |= {name: normal_quantile(uniforms.pop(name)) for name in alone}
        return scores, uniforms

    def _column(self, name: str, start: int, stop: int) -> Array:
        """Return uniform values from a stream of the name's own, strictly inside (0, 1)."""
        plain = self.method == "plain"
        random = _stream(self.seed, "plain" if plain else "jitter", name, start).random(stop - start)
        if plain:
            return np.maximum(random, SMALLEST)
        values = (np.floor(random * JITTER_STEPS) + 0.5) / JITTER_STEPS
        for scramble, place, first in self._parts(start, stop):
            keyed = _key(self.seed, "latin", name, scramble)
            values[place] += _shuffled(first, place.stop - place.start, self._size, keyed)
        values /= self._size
        return values

    def _parts(self, start: int, stop: int) -> list[tuple[int, slice, int]]:
        """Divide a block at the ends of scrambles: their numbers, columns in the block, first points."""
        starts = [start, *range(start - start % self._size + self._size, stop, self._size)]
        ends = [*starts[1:], stop]
        return [
            (first // self._size, slice(first - start, end - start), first % self._size)
            for first, end in zip(starts, ends, strict=True)
        ]

    @cached_property
    def _as_scores(self) -> tuple[str, ...]:
        """The names that are drawn as normal scores: what depends on others, and what is normal inside."""
        dependent = (name for group in self.groups for name in group.names)
        inside = (name for name, one in self.distributions.items() if one.is_normal_inside)
        return tuple(dict.fromkeys((*dependent, *inside)))

    @cached_property
    def _in_nets(self) -> tuple[list[str], list[str]]:
        """The names that have Sobol dimensions, those of scores and those of uniform values."""
        names = dict.fromkeys((*self._as_scores, *self.distributions)) if self.method == "sobol" else ()
        inside = [name for name in names if name in dimensions()]
        as_scores = set(self._as_scores)
        return [n for n in inside if n in as_scores], [n for n in inside if n not in as_scores]

    @cached_property
    def _nets(self) -> tuple[Net, Net]:
        registered = [[dimensions()[name] for name in names] for names in self._in_nets]
        count = max(itertools.chain(*registered), default=0) + 1
        raw = np.random.PCG64(_key(self.seed, "sobol")).random_raw(count * MOST_NETS * (BITS + 1))
        random = (raw >> np.uint64(32)).astype(np.uint32).reshape(count, MOST_NETS, BITS + 1)
        random = random[:, : -(-self.draws // self._size)].swapaxes(0, 1)
        random[:, NUM_OWN_DIMENSIONS:, :PLAIN_DIGITS] = 0
        first, second = (
            Net(dimensions_by_scramble(numbers, len(random), self._size), self._size, random[:, numbers])
            for numbers in registered
        )
        return first, second

    @cached_property
    def _size(self) -> int:
        return _scramble_draws(self.draws)


def shocks(name: str, months: int, start: int, stop: int, seed: int) -> Array:
    """Return uniform values strictly inside (0, 1) for each month and draw: (months, draws).

    They are keyed by the seed, the name and the chunk of 1,024 draws, so that any block of whole chunks can be made
    alone, and the first months are the same however many follow. `start` is a multiple of 1,024.
    """
    if start % CHUNK_DRAWS or not 0 <= start < stop:
        raise ValueError(f"a block of shocks starts at a multiple of {CHUNK_DRAWS} (was {start} to {stop})")
    values = np.empty((months, stop - start))
    for first in range(start, stop, CHUNK_DRAWS):
        chunk = np.random.Generator(np.random.PCG64(_key(seed, "shock", name, first // CHUNK_DRAWS)))
        end = min(first + CHUNK_DRAWS, stop)
        values[:, first - start : end - start] = chunk.random((months, CHUNK_DRAWS))[:, : end - first]
    return np.maximum(values, SMALLEST, out=values)


def _key(*what: object) -> int:
    """Return 128 bits that stand for a seed and what it is used for."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, what)).encode()).digest()[:16], "little")


def _stream(seed: int, use: str, name: str, position: int) -> np.random.Generator:
    """Return a generator of a name's own, at a position in it: one step for each value."""
    bits = np.random.PCG64(_key(seed, use, name))
    bits.advance(position)
    return np.random.Generator(bits)


def _shuffled(first: int, count: int, size: int, keyed: int) -> Array:
    """Return a part of a random permutation of 0 to `size` - 1, a power of two, without making the whole.

    Rounds of multiplication by odd numbers, addition and shifts, each of which is one to one modulo a power of two.
    """
    mask = np.uint64(size - 1)
    shift = np.uint64(max((size.bit_length() - 1) // 2, 1))
    numbers = np.arange(first, first + count, dtype=np.uint64)
    for factor, offset in np.random.PCG64(keyed).random_raw(12).reshape(-1, 2):
        numbers = (numbers * (factor | np.uint64(1)) + offset) & mask
        numbers = numbers ^ (numbers >> shift)
    return numbers.astype(np.float64)
