"""Runs programs over all their draws, block by block and on several processes if asked; the result is the same."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.drawing import Draws
from planner.engine import BLOCK_DRAWS, Program
from planner.errors import BenchplanError, InputError
from planner.tally import Histogram, Tally

CHUNK_DRAWS = 1024
"""Blocks are whole chunks of this many draws, so that each can be drawn alone."""
POOL_BLOCK_DRAWS = 4_096
"""The most draws of a block on several processes: enough blocks to go round, few enough to carry little overhead."""
DRAWS_PER_WORKER = 16_384
"""Draws that more than make up for the start of a process."""
MOST_ROWS_PER_MONTH = 2
"""With more values kept of a draw than this for each month, sending them costs more than working them out."""
MOST_WORTH, MOST_WORKERS = 4, 61
"""Processes that still save time beside the one that gathers their values, and the most that Windows waits for."""
REUSED_BYTES = 8 << 20
"""Arrays up to this size take memory that others gave up, rather than new pages from the system each time."""

Drawn = NDArray[np.float64] | Histogram
Block = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Task:
    """What a process needs to run any block of one plan."""

    program: Program
    draws: Draws
    months: int
    keep: tuple[str, ...]

    def run(self, start: int, stop: int) -> Block:
        """Return the kept figures in draws `start` to `stop`, each `(months or 1, draws of the block)`."""
        found = self.program.run_block(self.draws.block(start, stop), self.months, self.keep)
        return {name: self._rows(name, value, stop - start) for name, value in found.items()}

    def rows(self, name: str) -> int:
        """Return how many rows a figure has: the months, or one."""
        return self.months if self.program.phases[name] == "monthly" else 1

    def tallies(self) -> dict[str, Tally]:
        """Return what gathers the values of each kept figure."""
        return {name: Tally(self.rows(name), self.draws.count, self.draws.scrambles) for name in self.keep}

    def shaped(self, tallies: dict[str, Tally]) -> dict[str, Drawn]:
        """Return what was gathered: `(months, draws)`, `(draws,)`, or a histogram."""
        return {
            name: _shaped(tally.result(), self.program.phases[name] == "monthly")
            for name, tally in tallies.items()
        }

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


class Job(NamedTuple):
    """A block of draws of one of the tasks."""

    task: int
    start: int
    stop: int


def simulate(
    tasks: Sequence[Task], *, block_draws: int = BLOCK_DRAWS, workers: int | None = 1
) -> list[dict[str, Drawn]]:
    """Run all draws of every task and return each kept figure: `(months, draws)`, `(draws,)`, or a histogram.

    The blocks of all tasks share one pool of processes; without a number of workers, as many as save time. The
    result depends neither on the size of the blocks nor on the number of processes.

    Raises:
        FigureError: a figure divides by zero, or its value is beyond what a number can hold.
        BenchplanError: a process could not be started, or was ended from outside.
    """
    _reuse_memory()
    workers = workers_worth(tasks) if workers is None else workers
    size = block_draws if workers <= 1 else min(block_draws, POOL_BLOCK_DRAWS)
    jobs = [
        Job(number, start, stop)
        for number, task in enumerate(tasks)
        for start, stop in _bounds(task.draws.count, size)
    ]
    tallies = [task.tallies() for task in tasks]
    for job, found in _blocks(tasks, jobs, min(workers, len(jobs), MOST_WORKERS)):
        for name, tally in tallies[job.task].items():
            tally.add(job.start, found.pop(name))
    return [task.shaped(gathered) for task, gathered in zip(tasks, tallies, strict=True)]


def workers_worth(tasks: Sequence[Task]) -> int:
    """Return how many processes save time: one, unless there are several cores and enough draws that say little."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    draws = sum(
        task.draws.count
        for task in tasks
        if sum(map(task.rows, task.keep)) <= MOST_ROWS_PER_MONTH * task.months
    )
    return max(min(cores, MOST_WORTH, draws // DRAWS_PER_WORKER), 1)


def _reuse_memory() -> None:
    # glibc takes the largest block that was ever freed for what a program has use for again, and keeps twice as much
    # instead of returning it after each run; elsewhere this changes nothing. The block itself is never touched.
    np.empty(REUSED_BYTES, np.uint8)


def _bounds(draws: int, block_draws: int) -> list[tuple[int, int]]:
    size = max(block_draws // CHUNK_DRAWS, 1) * CHUNK_DRAWS
    # No block has one draw: numpy sums a single column in another order than several.
    starts = list(range(0, max(draws - 1, 1), size))
    return list(zip(starts, [*starts[1:], draws], strict=True))


def _blocks(tasks: Sequence[Task], jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Block]]:
    """Yield every block in the order of the jobs, with its values."""
    if workers > 1:
        yield from _pooled(tasks, jobs, workers)
        return
    for job in jobs:
        yield job, tasks[job.task].run(job.start, job.stop)


def _pooled(tasks: Sequence[Task], jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Block]]:
    """Yield every block in order from a pool; no more are under way than the processes have in hand."""
    for task in tasks:
        task.draws.block(0, 1)  # what the first draw imports and prepares, a forked process finds ready
    pool = None
    waiting: deque[tuple[Job, Future[Block]]] = deque()
    try:
        pool = ProcessPoolExecutor(workers, initializer=_keep_tasks, initargs=(tuple(tasks),))
        for job in jobs:
            waiting.append((job, pool.submit(_run_kept, job)))
            if len(waiting) > 2 * workers:
                first, future = waiting.popleft()
                yield first, future.result()
        for first, future in waiting:
            yield first, future.result()
    except BrokenProcessPool as error:
        raise BenchplanError(
            f"one of the {workers} processes that work out the draws was ended from outside, perhaps for want of "
            "memory; give --workers 1, or fewer --draws"
        ) from error
    except (OSError, NotImplementedError) as error:
        raise BenchplanError(
            f"{workers} processes cannot be started here ({error}); give --workers 1"
        ) from error
    finally:
        if pool is not None:
            pool.shutdown(cancel_futures=True)


_kept: list[Task] = []


def _keep_tasks(tasks: tuple[Task, ...]) -> None:
    # Ctrl-C reaches every process of the terminal; the one that gathers ends the others, which have nothing to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _kept[:] = tasks
    _reuse_memory()


def _run_kept(job: Job) -> Block:
    return _kept[job.task].run(job.start, job.stop)


def _shaped(drawn: Drawn, is_monthly: bool) -> Drawn:
    return drawn if is_monthly or isinstance(drawn, Histogram) else drawn[0]
