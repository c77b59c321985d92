"""One figure of a scenario while one of its keys takes value after value, for searches that try many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from planner.drawing import Draws, draws_of
from planner.engine import Graph, Program
from planner.planning import check_draws
from planner.preparing import FIT, Prepared, Source, check_memory
from planner.simulation import Task, simulate


class Varied:
    """A figure whose scenario is read once, wired once, and drawn once for the inputs that stay the same.

    Every value is laid over the scenario and checked as `--set` would, and the evidence is joined anew, because a
    value may be refused, or change which published fact the plan rests on.
    """

    def __init__(
        self,
        source: Source,
        key: str,
        figure: str,
        *,
        sets: Sequence[str],
        draws: int,
        seed: int,
        workers: int | None = 1,
    ) -> None:
        """Take the key that varies and the figure that is asked for; raises InputError for impossible draws."""
        check_draws(draws)
        self._source, self._key, self._figure = source, key, figure
        self._sets, self._draws, self._seed, self._workers = tuple(sets), draws, seed, workers
        self._graph: Graph | None = None
        self._programs: tuple[Program, ...] = ()
        self._drawing: Draws | None = None

    def at(self, value: float) -> tuple[Any, tuple[slice, ...]]:
        """Return the figure in each draw with the key at a value, `(draws,)` or `(months, draws)`, and its scrambles.

        One draw is the central path.

        Raises:
            InputError: the key does not take the value, or the figure has none with it.
        """
        ready = self._source.prepare([*self._sets, f"{self._key}={value!r}"])
        needed, fit = self._resolved(ready.graph)
        check_memory(ready, ready.central(fit))
        (name,) = needed.asked
        drawing = self._drawn_alike(ready, needed)
        if self._draws == 1:
            return np.asarray(ready.central(needed)[name])[..., None], drawing.scrambles
        task = Task(needed, drawing, ready.months, needed.asked)
        (found,) = simulate([task], workers=self._workers)
        return found[name], drawing.scrambles

    def _resolved(self, graph: Graph) -> tuple[Program, ...]:
        """Return what the figure needs, and what tells whether the model fits its accelerators."""
        if graph is not self._graph:
            self._graph = graph
            self._programs = graph.resolve([self._figure]), graph.resolve(FIT)
        return self._programs

    def _drawn_alike(self, ready: Prepared, needed: Program) -> Draws:
        """Return the draws of what the figure needs, with those that the last value left unchanged made already."""
        drawing = draws_of(ready.leaves, ready.program.leaves, ready.loaded, self._draws, self._seed)
        self._drawing = drawing.only(needed.leaves).after(self._drawing)
        return self._drawing
