"""How the terms of a step add up to its time on this machine, and how far that misses on what it was not fitted to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.prediction.costs import NAMES, Parts
from bench.prediction.pace import REFERENCE_SHARE
from bench.prediction.refusals import unusable

PRIOR = {
    "matmul_seconds": (1.0, 0.03),
    "stream_seconds": (1.0, 0.05),
    "attention_seconds": (1.0, 0.1),
    "convolution_seconds": (1.0, 0.1),
    "traffic_seconds": (1.0, 0.1),
    "calls": (1.5e-5, 1e-5),
    "views": (2e-6, 2e-6),
    "updates": (3e-4, 3e-4),
}
"""What a unit of each term is expected to add, and the standard deviation of that.

An operation inside a step takes what it takes alone; that is held fast, because the small models that the terms are
fitted to are made of calls more than of arithmetic. A call takes some microseconds in Python and the dispatcher.
"""
OVERHEAD = ("calls", "views", "updates")
"""The terms that are no arithmetic and no traffic: they are known less well, and matter little in large models."""
CELL_ERROR_SHARE = 0.05
"""Standard deviation of a cell's relative error; errors far beyond it count as they are, not squared."""
CONFIDENCE_SHARE = 0.8
ERROR_SCALES, ERROR_SCALE_SPREAD = (0.06, 0.25), 0.35
"""How far the logarithms of the work and of the overhead of a step are expected to be off, and the standard deviation
of the logarithms of these scales.

A dozen small models tell such a scale within a quarter, and nothing of what goes wrong far beyond their size. Trials
of such predictions, 4 to 36 times beyond what was measured, missed training steps by 5.2 to 5.7 % in the mean and
decoding, about half of it overhead, by 9 to 15 %; the mean of Student's errors is 0.95 of their scale.
"""
ERROR_FREEDOM = 5
"""Of Student's distribution of the errors: some steps are off by far more than normal errors would be."""
LONGER_SHARE = 0.6
"""How much of the spread of the pace of cells, which run for half a second, is left in steps that run for seconds.

Of 74 steps of large models the pace that six cells told just before was off by 4.0 % (standard deviation), where the
cells of the calibration differed by some 6.5 %.
"""
MIN_CELLS = 8

Coefficients = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """A cell that was run: what its step is made of, how long it took undisturbed, and the pace at that moment."""

    name: str
    parts: Parts
    seconds: float
    pace_ratio: float = 1.0


@dataclass(frozen=True)
class Pace:
    """How many times longer than undisturbed steps take, by the share of them that is calls and not work.

    Calls in Python and the dispatcher suffer more from what else goes on than long operations do.
    """

    work: float
    more: float
    """The logarithm for work alone, and what overhead alone adds to it."""
    spread_share: float
    """Standard deviation of the logarithm beyond that."""

    @classmethod
    def of(cls, overhead_shares: Sequence[float], ratios: Sequence[float]) -> Pace:
        """Fit it to some steps, three at least, by least squares of the logarithms."""
        rows, paces = np.stack([np.ones(len(ratios)), overhead_shares], axis=1), np.log(ratios)
        found = np.linalg.lstsq(rows, paces)[0]
        left = np.sum(np.square(paces - rows @ found)) / (len(paces) - len(found))
        return cls(float(found[0]), float(found[1]), float(np.sqrt(left)))

    def ratio(self, overhead_share: float) -> float:
        """Return it for a step of which so much is overhead."""
        return float(np.exp(self.work + self.more * overhead_share))


@dataclass(frozen=True)
class Fit:
    """The seconds that a unit of each term adds, and the errors on cells that had no part in it."""

    cells: tuple[Seen, ...]

    def __post_init__(self) -> None:
        if len(self.cells) < MIN_CELLS:
            raise unusable(
                f"the calibration ran {len(self.cells)} small models; a prediction needs {MIN_CELLS} or more"
            )

    @cached_property
    def coefficients(self) -> Coefficients:
        """Seconds for each term."""
        return fitted(self.cells)

    def seconds(self, parts: Parts) -> float:
        """Return the seconds of a step made of these parts."""
        return float(np.dot(self.coefficients, parts.as_list()))

    @cached_property
    def held_out_errors(self) -> dict[str, float]:
        """Relative error of each cell, predicted from all others."""
        errors = {}
        for number, cell in enumerate(self.cells):
            others = [*self.cells[:number], *self.cells[number + 1 :]]
            errors[cell.name] = float(np.dot(fitted(others), cell.parts.as_list())) / cell.seconds - 1
        return errors

    def overhead_share(self, parts: Parts) -> float:
        """Return which share of a step is calls and not work."""
        seconds = self.coefficients * parts.as_list()
        return float(sum(seconds[NAMES.index(name)] for name in OVERHEAD) / seconds.sum())

    @cached_property
    def error_scales(self) -> tuple[float, float]:
        """Scales of the errors of the logarithms of the work and of the overhead, from the held-out errors.

        The most likely ones, when the errors follow Student's distribution, and the scales are lognormal about what is
        expected of them.
        """
        from scipy.optimize import minimize

        errors = np.log1p([self.held_out_errors[cell.name] for cell in self.cells])
        overhead = np.array([self.overhead_share(cell.parts) for cell in self.cells])
        expected = np.log(ERROR_SCALES)

        def surprise(logs: Coefficients) -> float:
            squares = _square_of_scale(np.exp(logs), overhead)
            tails = (ERROR_FREEDOM + 1) * np.log1p(np.square(errors) / (ERROR_FREEDOM * squares))
            unexpected = np.square((logs - expected) / ERROR_SCALE_SPREAD)
            return float(np.sum(tails + np.log(squares)) + np.sum(unexpected))

        found = minimize(surprise, expected).x
        return float(np.exp(found[0])), float(np.exp(found[1]))

    def error_share(self, parts: Parts) -> float:
        """Return the standard deviation of the logarithm of a prediction of a step made of these parts."""
        scale = self._error_scale(parts)
        return float(scale * np.sqrt(ERROR_FREEDOM / (ERROR_FREEDOM - 2)))

    def _error_scale(self, parts: Parts) -> float:
        return float(np.sqrt(_square_of_scale(np.array(self.error_scales), self.overhead_share(parts))))

    @cached_property
    def pace(self) -> Pace:
        """How many times longer than undisturbed steps took while the machine was calibrated."""
        return self.pace_of({cell.name: cell.pace_ratio for cell in self.cells})

    def pace_of(self, ratios: Mapping[str, float]) -> Pace:
        """Return the pace at which cells took so many times longer than undisturbed."""
        seen = [cell for cell in self.cells if cell.name in ratios]
        overhead = [self.overhead_share(cell.parts) for cell in seen]
        return Pace.of(overhead, [ratios[cell.name] for cell in seen])

    def interval(
        self, parts: Parts, *, undisturbed: bool = False, pace: Pace | None = None
    ) -> tuple[float, float]:
        """Return the ends of the 80 % interval of a prediction, at the pace of the calibration if none is given.

        The pace of the machine varies as it did during the calibration, normally, and less over seconds; what the
        reference tells of it and is not taken out is in the time undisturbed as well. Both add up as independent ones.
        """
        from scipy.stats import norm
        from scipy.stats import t as student

        end = (1 + CONFIDENCE_SHARE) / 2
        error = student.ppf(end, ERROR_FREEDOM) * self._error_scale(parts)
        left = 1 - REFERENCE_SHARE if undisturbed else LONGER_SHARE
        spread = norm.ppf(end) * self.pace.spread_share * left
        factor = float(np.exp(np.hypot(error, spread)))
        ratio = 1.0 if undisturbed else (pace or self.pace).ratio(self.overhead_share(parts))
        seconds = self.seconds(parts) * ratio
        return seconds / factor, seconds * factor


def _square_of_scale(scales: Coefficients, overhead: Any) -> Any:  # noqa: ANN401, a number or an array
    """Return the square of the scale of the error of steps of which some share is overhead."""
    return np.square(scales[0] * (1 - overhead)) + np.square(scales[1] * overhead)


def fitted(cells: Sequence[Seen]) -> Coefficients:
    """Fit the coefficients, none below zero, to the relative errors of the cells and to what is expected of each.

    Source: the mode of the posterior with normal priors, Gelman et al. 2013, Bayesian Data Analysis, section 14.8;
    outliers by the soft L1 loss of scipy.optimize.least_squares.
    """
    from scipy.optimize import least_squares

    terms = np.array([cell.parts.as_list() for cell in cells])
    relative = terms / np.array([cell.seconds for cell in cells])[:, None]
    centre, spread = (np.array([PRIOR[name][i] for name in NAMES]) for i in (0, 1))

    def residuals(deviations: Coefficients) -> Coefficients:
        errors = relative @ (centre + spread * deviations) - 1
        # Both halves in standard deviations; the loss bends those of the prior far beyond where they lie.
        return np.concatenate([errors / CELL_ERROR_SHARE, deviations])

    found = least_squares(
        residuals, np.zeros(len(NAMES)), bounds=(-centre / spread, np.inf), loss="soft_l1", f_scale=2.0
    )
    coefficients: Coefficients = centre + spread * found.x
    return coefficients


@dataclass(frozen=True)
class MemoryFit:
    """How much a process takes: a constant, what lasts once, and a multiple of what comes and goes in a step."""

    seen: tuple[tuple[float, float, float], ...]
    """Bytes of lasting and of passing tensors at the worst moment, and of the process that they were in."""

    def process_bytes(self, lasting_bytes: float, passing_bytes: float) -> float:
        """Return the bytes that a process takes beyond torch itself.

        Raises RecordError where the calibration measured too few processes.
        """
        constant, multiple = self.coefficients
        return float(constant + lasting_bytes + multiple * passing_bytes)

    @cached_property
    def coefficients(self) -> Coefficients:
        """The constant in bytes and the multiple, both at least zero, by least squares of relative errors."""
        from scipy.optimize import nnls

        if len(self.seen) < 2:
            raise unusable("the calibration measured the memory of too few processes")
        lasting, passing, processes = np.array(self.seen).T
        rows = np.stack([np.ones(len(passing)), passing], axis=1) / processes[:, None]
        found: Coefficients = nnls(rows, (processes - lasting) / processes)[0]
        return found
