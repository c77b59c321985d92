"""Runs what was predicted, in a fresh process, and holds the two against each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from bench.measuring.memory import ProcessPeak, tensor_peak_bytes
from bench.measuring.processes import in_fresh_process
from bench.prediction.pace import Timed, timed
from bench.prediction.tasks import Mode, Task, kept_bytes, prepare

SECONDS_OF_CHECK = 3.0
STEPS_OF_MEMORY = 3
"""The first makes the optimizer's state, the second is the first that needs all."""


@dataclass(frozen=True)
class Asked:
    """What a user asked for: a model as `--model` and its options name it, and the step to take of it."""

    model: str
    options: dict[str, int | str | bool]
    mode: Mode
    num_rows: int
    num_tokens: int | None

    def task(self) -> Task:
        """Find the model.

        Raises InputError where there is no such model or shape.
        """
        from bench.models.choosing import choose

        return Task(choose(self.model, **self.options), self.mode, self.num_rows, self.num_tokens)


def check(asked: Asked, num_threads: int) -> Timed:
    """Run the step in a fresh process for some seconds, and five times at least.

    Raises MeasurementError when it cannot be run here, for example for lack of memory.
    """
    return in_fresh_process(_run_asked, asked, num_threads, num_threads=num_threads)


def check_task(task: Task, num_threads: int) -> Timed:
    """Run a step of a built-in kind in a fresh process."""
    return in_fresh_process(_run, task, num_threads, num_threads=num_threads)


@dataclass(frozen=True)
class CheckedMemory:
    """What a step took: its tensors at the worst moment, and the fresh process beyond what torch alone takes."""

    peak_memory_bytes: int
    process_peak_memory_bytes: int


def check_memory(task: Task, num_threads: int) -> CheckedMemory:
    """Take a step of a built-in kind in a fresh process and measure its memory.

    Raises MeasurementError when it cannot be run here, for example for lack of memory.
    """
    return in_fresh_process(_measure, task, num_threads, num_threads=num_threads)


def check_process_memory(task: Task, num_threads: int) -> int:
    """Take a step in a fresh process and return the most memory that it takes beyond what torch alone does.

    Raises MeasurementError when it cannot be run here, for example for lack of memory.
    """
    return in_fresh_process(_process_peak, task, num_threads, num_threads=num_threads)


def _measure(task: Task, num_threads: int) -> CheckedMemory:
    process, step = _after_steps(task, num_threads)
    return CheckedMemory(kept_bytes(task) + tensor_peak_bytes(step, "cpu"), process)


def _process_peak(task: Task, num_threads: int) -> int:
    return _after_steps(task, num_threads)[0]


def _after_steps(task: Task, num_threads: int) -> tuple[int, Callable[[], object]]:
    """Take some steps; returns what this process took for them, and the step."""
    torch.set_num_threads(num_threads)
    watch = ProcessPeak()
    step = prepare(task)
    for _ in range(STEPS_OF_MEMORY):
        step()
    return watch.beyond_baseline_bytes(), step


def _run_asked(asked: Asked, num_threads: int) -> Timed:
    return _run(asked.task(), num_threads)


def _run(task: Task, num_threads: int) -> Timed:
    torch.set_num_threads(num_threads)
    return timed(prepare(task), SECONDS_OF_CHECK)
