"""The planner's branch of the exception tree (the tree is drawn in `bench.errors`)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bench.errors import BenchplanError, InputError, MeasurementError, RecordError

__all__ = [
    "BenchplanError",
    "CatalogueError",
    "FigureError",
    "InputError",
    "MeasurementError",
    "RecordError",
    "ScenarioError",
    "nearest",
    "suggestion",
]


class ScenarioError(InputError):
    """A scenario file is wrong; the text holds every problem found, one line each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class FigureError(InputError):
    """A figure is unknown, misspelt, ambiguous, without a start, or part of a cycle."""


class CatalogueError(InputError):
    """The catalogue holds no such fact; the text says what to add and where."""


def nearest(name: str, candidates: Iterable[str], count: int = 1) -> list[str]:
    """Return up to `count` candidates spelt most like `name`, best first."""
    return difflib.get_close_matches(name, list(candidates), n=count, cutoff=0.6)


def suggestion(name: str, candidates: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest candidate, or nothing when none is near."""
    close = nearest(name, candidates)
    return f"; did you mean '{close[0]}'?" if close else ""
