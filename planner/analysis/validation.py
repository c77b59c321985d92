"""Holds plans of real companies against what was reported of them, which they do not know."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.analysis.comparing import finite
from planner.errors import InputError
from planner.planning import plan_prepared
from planner.preparing import prepare
from planner.resources import scenarios
from planner.result import Result
from planner.scenario.schema import Reported

WIDEST_RATIO = 3.0
"""An interval whose p95 is more than this many times its p5 says too little to be a check."""
SCHEMA = "benchplan.validation/1"


@dataclass(frozen=True)
class Check:
    """One reported figure beside what the plan gives for it."""

    scenario: str
    company: str
    figure: str
    unit: str
    first_month: int | None
    last_month: int | None
    reported: float
    p5: float
    p50: float
    p95: float
    width_ratio: float
    """p95 over p5; not a number where p5 is not above zero."""
    is_inside: bool
    is_narrow: bool
    source: str
    as_of: str
    explanation: str

    @property
    def is_passed(self) -> bool:
        """Tell whether the plan lands on what was reported, within an interval that says something."""
        return self.is_inside and self.is_narrow

    def to_json(self) -> dict[str, Any]:
        """Return the check for JSON; what is not a number is null."""
        return finite(asdict(self)) | {"is_passed": self.is_passed}


def shipped_cases() -> list[Path]:
    """Return the scenarios of real companies that ship with Benchplan."""
    return sorted((scenarios() / "cases").glob("*.yaml"))


def validate(
    paths: Sequence[str | Path], *, measurements: str = "auto", draws: int, seed: int
) -> list[Check]:
    """Plan each scenario and compare it with what its section `reported` says.

    Raises:
        InputError: a scenario says nothing that was reported, or asks for a figure or a month that is not there.
    """
    return [check for path in paths for check in _checks(path, measurements, draws, seed)]


def _checks(path: str | Path, measurements: str, draws: int, seed: int) -> list[Check]:
    ready = prepare(path, (), measurements)
    reported = ready.loaded.scenario.reported
    if not reported:
        raise InputError(f"{path}: reported: is empty; say which figure was reported, and where")
    figures = [one.figure for one in reported]
    (result,) = plan_prepared([ready], draws=draws, seed=seed, figures=figures)
    for number, one in enumerate(reported):
        _check_months(result, one, f"{ready.loaded.positions.get(f'reported.{number}', path)}")
    return [_check(path, result, one) for one in reported]


def _check_months(result: Result, one: Reported, place: str) -> None:
    """Refuse months that do not fit the figure."""
    is_monthly = result[one.figure].is_monthly
    if is_monthly and one.first_month is None:
        raise InputError(f"{place}: {one.figure} has a value for each month; write first_month as well")
    if not is_monthly and (one.first_month or one.last_month):
        raise InputError(f"{place}: {one.figure} has no months; leave out first_month and last_month")
    last = one.last_month or one.first_month or 1
    if not (one.first_month or 1) <= last <= result.months:
        raise InputError(
            f"{place}: months {one.first_month} to {last} do not lie in the plan, which has months 1 to {result.months}"
        )


def _check(path: str | Path, result: Result, one: Reported) -> Check:
    values = _drawn(result, one)
    p5, p50, p95 = np.quantile(values, (0.05, 0.5, 0.95), method="inverted_cdf").tolist()
    width = p95 / p5 if p5 > 0 else math.nan
    return Check(
        scenario=Path(path).name,
        company=result.scenario.name,
        figure=result[one.figure].name,
        unit=result[one.figure].unit,
        first_month=one.first_month,
        last_month=one.last_month,
        reported=one.amount,
        p5=p5,
        p50=p50,
        p95=p95,
        width_ratio=width,
        is_inside=p5 <= one.amount <= p95,
        is_narrow=width <= WIDEST_RATIO,
        source=one.reported_source,
        as_of=one.reported_as_of,
        explanation=one.explanation,
    )


def _drawn(result: Result, one: Reported) -> NDArray[np.float64]:
    """Return the figure in each draw: as the end knows it, in one month, or summed over several."""
    values = np.asarray(result[one.figure].each_draw(), dtype=float)
    if one.first_month is None:
        return np.ravel(values)
    rows = values[one.first_month - 1 : one.last_month or one.first_month]
    total: NDArray[np.float64] = rows.sum(axis=0)
    return total
