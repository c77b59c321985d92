"""Draws of the uncertain inputs of a plan, block by block, the same for a name whatever else is uncertain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from planner.scenario.correlation import Group
from planner.scenario.dimensions import dimensions
from planner.scenario.distributions import Distribution
from planner.scenario.sobol import CHUNK_DRAWS, Net, fractions

Array = NDArray[np.float64]
Method = Literal["sobol", "latin_hypercube", "plain"]

MOST_SCRAMBLES, MOST_FROM_DRAWS = 8, 8_192
FEW_SCRAMBLES, FEW_FROM_DRAWS = 4, 1_024
"""Draws are divided into 8 scrambles, fewer into 4, still fewer into none: they would be too short to be even."""
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
        uniforms = self._independent(start, stop)
        scores = self._dependent_scores(uniforms)
        return {
            name: distribution.at_scores(scores[name])
            if name in scores
            else distribution.quantile(uniforms[name])
            for name, distribution in self.distributions.items()
        }

    def all(self) -> dict[str, Array]:
        """Return the values of every draw by name."""
        return self.block(0, self.draws)

    def _dependent_scores(self, uniforms: Mapping[str, Array]) -> dict[str, Array]:
        if not self.groups:
            return {}
        from scipy.special import ndtri

        found: dict[str, Array] = {}
        for group in self.groups:
            found |= group.mix({name: ndtri(uniforms[name]) for name in group.names})
        return found

    def _independent(self, start: int, stop: int) -> dict[str, Array]:
        """Return independent uniform values, strictly inside (0, 1), of the inputs and of what drives them."""
        if start % CHUNK_DRAWS or not start < stop <= self.draws:
            raise ValueError(f"a block starts at a multiple of {CHUNK_DRAWS} (was {start} to {stop})")
        inside = dict(zip(self._sobol_names, self._sobol(start, stop), strict=True))
        others = {
            name: self._plain(name, start, stop) if self.method == "plain" else self._latin(name, start, stop)
            for name in self._names
            if name not in inside
        }
        return inside | others

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys([*self.distributions, *(name for group in self.groups for name in group.names)])
        )

    @cached_property
    def _sobol_names(self) -> tuple[str, ...]:
        registered = dimensions()
        return tuple(name for name in self._names if name in registered) if self.method == "sobol" else ()

    @cached_property
    def _size(self) -> int:
        return _scramble_draws(self.draws)

    def _sobol(self, start: int, stop: int) -> Array:
        words = np.empty((len(self._sobol_names), stop - start), dtype=np.uint32)
        for scramble, place, first in self._parts(start, stop):
            self._net(scramble).fill(words[:, place], first)
        return fractions(words)

    def _parts(self, start: int, stop: int) -> list[tuple[int, slice, int]]:
        """Divide a block at the scrambles: number, columns in the block, first point in the scramble."""
        ends = [*range(start - start % self._size + self._size, stop, self._size), stop]
        starts = [start, *ends[:-1]]
        return [
            (first // self._size, slice(first - start, end - start), first % self._size)
            for first, end in zip(starts, ends, strict=True)
        ]

    def _net(self, scramble: int) -> Net:
        if scramble not in self._nets:
            self._nets.clear()  # blocks come in order, so that one is enough
            registered = dimensions()
            keys = [key(self.seed, "sobol", registered[name], scramble) for name in self._sobol_names]
            random = np.array([np.random.Philox(key=k).random_raw(33) >> np.uint64(32) for k in keys])
            random = random.reshape(-1, 33).astype(np.uint32)
            self._nets[scramble] = Net(
                [registered[n] for n in self._sobol_names], random[:, :32], random[:, 32]
            )
        return self._nets[scramble]

    @cached_property
    def _nets(self) -> dict[int, Net]:
        return {}

    def _plain(self, name: str, start: int, stop: int) -> Array:
        return np.maximum(stream(self.seed, "plain", name, start).random(stop - start), SMALLEST)

    def _latin(self, name: str, start: int, stop: int) -> Array:
        """Return one value in each of the strata of a scramble, in an order of the name's own."""
        jitter = stream(self.seed, "jitter", name, start).random(stop - start)
        values = (np.floor(jitter * JITTER_STEPS) + 0.5) / JITTER_STEPS
        for scramble, place, first in self._parts(start, stop):
            numbers = np.arange(first, first + place.stop - place.start, dtype=np.uint64)
            values[place] += _shuffled(numbers, self._size, key(self.seed, "latin", name, scramble))
        return values / self._size


def shocks(name: str, months: int, start: int, stop: int, seed: int) -> Array:
    """Return uniform values strictly inside (0, 1) for each month and draw: (months, draws).

    They are keyed by the seed, the name and the chunk of 1,024 draws, so that any block of whole chunks can be made
    alone, and the first months are the same however many follow. `start` is a multiple of 1,024.
    """
    if start % CHUNK_DRAWS or start >= stop:
        raise ValueError(f"a block of shocks starts at a multiple of {CHUNK_DRAWS} (was {start} to {stop})")
    values = np.empty((months, stop - start))
    for first in range(start, stop, CHUNK_DRAWS):
        chunk = np.random.Generator(np.random.Philox(key=key(seed, "shock", name, first // CHUNK_DRAWS)))
        end = min(first + CHUNK_DRAWS, stop)
        values[:, first - start : end - start] = chunk.random((months, CHUNK_DRAWS))[:, : end - first]
    return np.maximum(values, SMALLEST, out=values)


def key(*what: object) -> int:
    """Return 128 bits that stand for a seed and what it is used for."""
    return int.from_bytes(hashlib.sha256("\0".join(map(str, what)).encode()).digest()[:16], "little")


def stream(seed: int, use: str, name: str, position: int) -> np.random.Generator:
    """Return a generator of a name's own, at a position in it: one step for each value."""
    bits = np.random.PCG64(key(seed, use, name))
    bits.advance(position)
    return np.random.Generator(bits)


def _shuffled(numbers: NDArray[np.uint64], size: int, keyed: int) -> Array:
    """Permute 0 to `size` - 1, a power of two, at random, so that any part can be asked alone.

    Rounds of multiplication by odd numbers, addition and shifts, each of which is one to one modulo a power of two.
    """
    bits = size.bit_length() - 1
    mask = np.uint64(size - 1)
    words = np.random.Philox(key=keyed).random_raw(12).reshape(-1, 2)
    for factor, offset in words:
        numbers = (numbers * (factor | np.uint64(1)) + offset) & mask
        numbers = numbers ^ (numbers >> np.uint64(max(bits // 2, 1)))
    return numbers.astype(np.float64)
