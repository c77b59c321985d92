"""Goal seek: the value of one input at which a requirement on a figure is met with a given probability."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from planner.analysis.conditions import condition
from planner.errors import InputError
from planner.planning import plan
from planner.sampling_error import share_error
from planner.units import is_share

GRID_POINTS = 17
GRID_FACTOR = 32.0
"""An input is sought between its value divided by this and multiplied by it."""
SHARE_ENDS = (0.001, 0.999)
RELATIVE_PRECISION = 1e-3
NORMAL_95 = 1.959963984540054
"""97.5th percentile of the standard normal distribution: the half-width of a 95 % interval in standard errors."""


@dataclass(frozen=True)
class Attempt:
    """The probability with which the requirement is met at one value of the input, and its standard error."""

    value: float
    probability: float
    error: float


@dataclass(frozen=True)
class Solution:
    """The value that was sought, or that there is none and which is the best."""

    is_found: bool
    value: float
    probability: float
    low: float | None
    """Lower end of the 95 % interval of the value; None where the sampling error leaves it open."""
    high: float | None
    is_monotone: bool
    """The probability rises or falls throughout the range that was searched."""
    crossings: int
    attempts: tuple[Attempt, ...]
    """The grid that was searched, in order."""


def solve(
    name: str, start: float, wanted: float, evaluate: Callable[[float], tuple[float, float]]
) -> Solution:
    """Find the value nearest to `start` at which `evaluate`, a probability with its error, reaches `wanted`.

    The range is searched on a grid first, which shows whether the probability is monotone; the crossing nearest to
    the start is then halved down. `evaluate` must use the same draws each time, so that it is a function.

    Raises:
        InputError: the wanted probability is not between 0 and 1, or the input starts at zero.
    """
    if not 0 < wanted < 1:
        raise InputError(f"--probability {wanted:g}: give a number between 0 and 1, both excluded")

    @cache
    def attempt(position: float) -> Attempt:
        value = _value(name, position)
        return Attempt(value, *evaluate(value))

    positions = _grid(name, start)
    attempts = [attempt(position) for position in positions]
    crossed = _crossings([a.probability for a in attempts], wanted)
    rises = np.diff([a.probability for a in attempts])
    is_monotone = bool(np.all(rises >= 0) or np.all(rises <= 0))
    if not crossed:
        best = max(attempts, key=lambda a: (a.probability, -abs(math.log(max(a.value, 1e-300) / start))))
        met = best.probability >= wanted
        return Solution(met, best.value, best.probability, None, None, is_monotone, 0, tuple(attempts))
    here = _position(name, start)
    index = min(crossed, key=lambda i: abs((positions[i] + positions[i + 1]) / 2 - here))
    found = _halve(attempt, positions[index], positions[index + 1], wanted)
    margin = NORMAL_95 * found.error
    ends = [
        _edge(attempt, positions, level, found.value, name) for level in (wanted - margin, wanted + margin)
    ]
    known = sorted(end for end in ends if end is not None)
    low = known[0] if known and known[0] <= found.value else None
    high = known[-1] if known and known[-1] >= found.value else None
    return Solution(
        True, found.value, found.probability, low, high, is_monotone, len(crossed), tuple(attempts)
    )


def _grid(name: str, start: float) -> list[float]:
    if is_share(name):
        ends = [_position(name, end) for end in SHARE_ENDS]
    elif start > 0:
        ends = [_position(name, start / GRID_FACTOR), _position(name, start * GRID_FACTOR)]
    else:
        raise InputError(
            f"{name} is {start:g}, which gives no range to search; set it to a positive number first"
        )
    # An odd number of points, so that the value that stands in the scenario is one of them.
    return [float(position) for position in np.linspace(ends[0], ends[1], GRID_POINTS)]


def _position(name: str, value: float) -> float:
    """Return where a value stands on the scale on which it is sought: log-odds for shares, logarithm otherwise."""
    if is_share(name):
        inside = min(max(value, SHARE_ENDS[0]), SHARE_ENDS[1])
        return math.log(inside / (1 - inside))
    return math.log(value)


def _value(name: str, position: float) -> float:
    return 1 / (1 + math.exp(-position)) if is_share(name) else math.exp(position)


def _crossings(probabilities: list[float], wanted: float) -> list[int]:
    above = [probability >= wanted for probability in probabilities]
    return [i for i in range(len(above) - 1) if above[i] != above[i + 1]]


def _halve(attempt: Callable[[float], Attempt], left: float, right: float, wanted: float) -> Attempt:
    """Return the attempt on the side that meets the requirement, when the bracket is narrow enough."""
    left_meets = attempt(left).probability >= wanted
    while abs(right - left) > RELATIVE_PRECISION:
        middle = (left + right) / 2
        if (attempt(middle).probability >= wanted) == left_meets:
            left = middle
        else:
            right = middle
    return attempt(left) if left_meets else attempt(right)


def _edge(
    attempt: Callable[[float], Attempt], positions: list[float], level: float, value: float, name: str
) -> float | None:
    crossed = _crossings([attempt(position).probability for position in positions], level)
    if not crossed:
        return None
    here = _position(name, value)
    index = min(crossed, key=lambda i: abs((positions[i] + positions[i + 1]) / 2 - here))
    return _halve(attempt, positions[index], positions[index + 1], level).value


def solve_plan(
    path: str | Path,
    key: str,
    target: str,
    wanted: float,
    *,
    sets: Sequence[str] = (),
    measurements: str = "auto",
    draws: int = 2048,
    seed: int = 0,
) -> Solution:
    """Find the value of a key at which a requirement on a figure is met in a share of the draws.

    Every attempt plans the whole scenario anew with the key set, on the same draws.

    Raises:
        InputError: the key is no single quantity or figure, or the target is no requirement.
    """
    requirement = condition(target)
    if requirement.quantile is not None:
        raise InputError(f"--target '{target}': leave out the quantile and say --probability instead")

    def evaluate(value: float) -> tuple[float, float]:
        result = plan(
            path,
            sets=[*sets, f"{key}={value!r}"],
            measurements=measurements,
            draws=draws,
            seed=seed,
            figures=[requirement.figure],
        )
        met = requirement.is_met(result)
        return float(met.mean()), share_error(met, result.scrambles)

    return solve(key.rpartition(".")[2], _start(path, key, sets, measurements), wanted, evaluate)


def _start(path: str | Path, key: str, sets: Sequence[str], measurements: str) -> float:
    """Return the value that the key, or the figure, has in the scenario; for a figure of each month its last."""
    result = plan(path, sets=sets, measurements=measurements)
    name = key.rpartition(".")[2]
    leaf = result.leaves.get(name) or result.leaves.get(key)
    if leaf is not None:
        if leaf.is_list:
            raise InputError(
                f"--vary {key}: is a list; name one of its items, as in people.roles.0.role_people"
            )
        return float(leaf.central())
    if re.fullmatch(r"[a-z_.]+\.\d+\.[a-z_]+", key):
        raise InputError(f"--vary {key}: items of lists cannot be varied yet; override a figure instead")
    return float(np.ravel(result[key].central)[-1])
