"""How the terms of a step add up to its time on this machine, and how far that misses on what it was not fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.errors import RecordError
from bench.prediction.costs import NAMES, Parts
from bench.prediction.tasks import Mode

PRIOR = {
    "matmul_seconds": (1.0, 0.1),
    "stream_seconds": (1.1, 0.1),
    "attention_seconds": (1.0, 0.2),
    "convolution_seconds": (1.0, 0.15),
    "traffic_seconds": (1.0, 0.3),
    "calls": (8e-6, 4e-6),
    "views": (2e-6, 2e-6),
    "updates": (3e-4, 3e-4),
}
"""What a unit of each term is expected to add, and the standard deviation of that.

An operation inside a step takes what it takes alone; a call takes some microseconds in Python and the dispatcher.
"""
CELL_ERROR_SHARE = 0.05
"""Standard deviation of a cell's relative error; errors far beyond it count as they are, not squared."""
CONFIDENCE_SHARE = 0.8
MIN_CELLS = 8

Coefficients = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """A cell that was run: what its step is made of, how long it took undisturbed, and the pace at that moment."""

    name: str
    mode: Mode
    parts: Parts
    seconds: float
    pace_ratio: float = 1.0


@dataclass(frozen=True)
class Fit:
    """The seconds that a unit of each term adds, and the errors on cells that had no part in it."""

    cells: tuple[Seen, ...]

    def __post_init__(self) -> None:
        if len(self.cells) < MIN_CELLS:
            raise RecordError(
                f"the calibration ran {len(self.cells)} small models; a prediction needs {MIN_CELLS} or more: "
                "make a new one with `benchplan bench machine`"
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

    def error_share(self, mode: Mode) -> float:
        """Return the root mean square of the held-out errors of cells of this mode, in logarithms."""
        errors = [np.log1p(self.held_out_errors[cell.name]) for cell in self.cells if cell.mode == mode]
        return float(np.sqrt(np.mean(np.square(errors)))) if errors else float("nan")

    @property
    def pace_ratio(self) -> float:
        """How many times longer than undisturbed steps took while the machine was calibrated: the median."""
        return float(np.median([cell.pace_ratio for cell in self.cells]))

    @property
    def pace_spread_share(self) -> float:
        """Standard deviation of the logarithm of the pace over the cells."""
        return float(np.std(np.log([cell.pace_ratio for cell in self.cells])))

    def interval(self, seconds: float, mode: Mode, *, undisturbed: bool = False) -> tuple[float, float]:
        """Return the ends of the 80 % interval of a prediction.

        Errors are taken to be lognormal about the prediction, with Student's quantile for the few cells; unless
        the time undisturbed is meant, the pace of the machine varies as it did during the calibration.
        """
        from scipy.stats import t as student

        num_cells = sum(cell.mode == mode for cell in self.cells)
        quantile = float(student.ppf((1 + CONFIDENCE_SHARE) / 2, max(num_cells - 1, 1)))
        spread = np.hypot(self.error_share(mode), 0.0 if undisturbed else self.pace_spread_share)
        factor = float(np.exp(quantile * spread))
        return seconds / factor, seconds * factor


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
            raise RecordError(
                "the calibration measured the memory of too few processes: make a new one with "
                "`benchplan bench machine`"
            )
        lasting, passing, processes = np.array(self.seen).T
        rows = np.stack([np.ones(len(passing)), passing], axis=1) / processes[:, None]
        found: Coefficients = nnls(rows, (processes - lasting) / processes)[0]
        return found
