"""Runs a program over all draws, block by block and on several processes if asked; the result is the same."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.drawing import Draws
from planner.engine import BLOCK_DRAWS, Program
from planner.errors import InputError
from planner.tally import Histogram, Tally

CHUNK_DRAWS = 1024
"""Blocks are whole chunks of this many draws, so that each can be drawn alone."""

Drawn = NDArray[np.float64] | Histogram


@dataclass(frozen=True)
class Task:
    """What a process needs to run any block."""

    program: Program
    draws: Draws
    months: int
    keep: tuple[str, ...]

    def run(self, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        """Return the kept figures in draws `start` to `stop`, each `(months or 1, draws of the block)`."""
        found = self.program.run_block(self.draws.block(start, stop), self.months, self.keep)
        return {name: self._rows(name, value, stop - start) for name, value in found.items()}

    def rows(self, name: str) -> int:
        """Return how many rows a figure has: the months, or one."""
        return self.months if self.program.phases[name] == "monthly" else 1

    def _rows(self, name: str, value: Any, draws: int) -> NDArray[np.float64]:  # noqa: ANN401
        array = np.asarray(value, dtype=float)
        if array.ndim > 1 + (self.program.phases[name] == "monthly"):
            raise InputError(
                f"{name} has a value for each item of a list; ask for a figure that sums them up"
            )
        if self.rows(name) > 1 or self.program.phases[name] == "monthly":
            array = array if array.ndim > 1 else array[:, None]
        else:
            array = array.reshape(1, -1)
        return np.broadcast_to(array, (self.rows(name), draws))


def simulate(
    program: Program,
    draws: Draws,
    months: int,
    keep: Sequence[str],
    *,
    block_draws: int = BLOCK_DRAWS,
    workers: int = 1,
) -> dict[str, Drawn]:
    """Run all draws and return each kept figure: `(months, draws)`, `(draws,)`, or a histogram of very many draws.

    The result depends neither on the size of the blocks nor on the number of processes.
    """
    task = Task(program, draws, months, tuple(keep))
    tallies = {name: Tally(task.rows(name), draws.count, draws.scrambles) for name in keep}
    for start, found in _blocks(task, _bounds(draws.count, block_draws), workers):
        for name, tally in tallies.items():
            tally.add(start, found[name])
    return {
        name: _shaped(tally.result(), program.phases[name] == "monthly") for name, tally in tallies.items()
    }


def _bounds(draws: int, block_draws: int) -> list[tuple[int, int]]:
    size = max(block_draws // CHUNK_DRAWS, 1) * CHUNK_DRAWS
    # No block has one draw: numpy sums a single column in another order than several.
    starts = list(range(0, max(draws - 1, 1), size))
    return list(zip(starts, [*starts[1:], draws], strict=True))


def _blocks(
    task: Task, bounds: Sequence[tuple[int, int]], workers: int
) -> Iterator[tuple[int, dict[str, NDArray[np.float64]]]]:
    """Yield every block in order; no more blocks are under way than the processes have in hand."""
    if workers <= 1:
        for start, stop in bounds:
            yield start, task.run(start, stop)
        return
    with ProcessPoolExecutor(workers, initializer=_keep_task, initargs=(task,)) as pool:
        waiting: deque[tuple[int, Future[dict[str, NDArray[np.float64]]]]] = deque()
        for start, stop in bounds:
            waiting.append((start, pool.submit(_run_kept, start, stop)))
            if len(waiting) > 2 * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()


_kept: list[Task] = []


def _keep_task(task: Task) -> None:
    _kept[:] = [task]


def _run_kept(start: int, stop: int) -> dict[str, NDArray[np.float64]]:
    return _kept[0].run(start, stop)


def _shaped(drawn: Drawn, is_monthly: bool) -> Drawn:
    return drawn if is_monthly or isinstance(drawn, Histogram) else drawn[0]
