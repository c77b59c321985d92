"""Times a model and its other forms side by side in a fresh process: latency, throughput, generation."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import nn

from bench.data.splits import Batch
from bench.measuring.contention import QuietWatch
from bench.measuring.core_placement import CorePlacement
from bench.measuring.generation import GenerationTiming, cells, time_generation
from bench.measuring.interleaving import Interleaved, Schedule, Timing, time_single_calls
from bench.measuring.num_threads import threads
from bench.measuring.processes import TIMEOUT_SECONDS, in_fresh_process
from bench.models.generation import Generator
from bench.training.steps import cross_entropy

CONTROL = "fp32 again"
"""Name of the copy that is compared with its original; it serves comparisons alone."""


@dataclass(frozen=True)
class SpeedPlan:
    """How thoroughly to time; the schedules are those of one pass."""

    latency: Schedule
    """Batch 1 on one thread."""
    all_threads: Schedule
    """Batch 1 on all threads."""
    throughput: Schedule
    """Many rows, on one thread and on all."""
    single_calls: int
    """At most so many for the percentiles, for each model, within `single_seconds`."""
    single_seconds: float
    generation: Schedule
    batches: tuple[int, ...]
    context_shares: tuple[float, ...]
    """Context lengths for generation, as shares of the model's longest."""
    passes: int = 1
    """How often a process goes through all that is compared: the pace of a shared machine changes within seconds, so
    spans that lie apart tell more than one that is as long. On the CPU each pass has its own copies of the models."""
    processes: int = 1
    """Fresh processes, one after the other: where memory lies differs from process to process, and so does speed."""


QUICK = SpeedPlan(
    latency=Schedule(max_seconds=1.0, max_warm_up_seconds=0.25),
    all_threads=Schedule(rounds=5, blocks=4, max_seconds=0.25, max_warm_up_seconds=0.1),
    throughput=Schedule(
        rounds=60, blocks=2, block_seconds=0.005, max_seconds=1.1, min_rounds=3, max_warm_up_seconds=0.1
    ),
    single_calls=320,
    single_seconds=0.5,
    generation=Schedule(rounds=6, blocks=2, max_seconds=0.8, max_warm_up_seconds=0.02),
    batches=(1, 4),
    context_shares=(0.25, 1.0),
    passes=3,
)
FULL = SpeedPlan(
    latency=Schedule(max_seconds=6.0),
    all_threads=Schedule(rounds=20, blocks=4, max_seconds=3.0),
    throughput=Schedule(rounds=15, blocks=2, block_seconds=0.02, max_seconds=4.5),
    single_calls=1000,
    single_seconds=2.0,
    generation=Schedule(rounds=10, blocks=4, max_seconds=5.0, max_warm_up_seconds=0.1),
    batches=(1, 4, 16),
    context_shares=(0.125, 0.5, 1.0),
    processes=3,
)


@dataclass(frozen=True)
class SpeedTask:
    """What to time: models by name, one row for latency, many rows for throughput."""

    models: Mapping[str, nn.Module]
    one: Batch
    many: Batch
    device: str
    num_threads: int
    plan: SpeedPlan

    def synchronize(self) -> None:
        """Wait for the device."""
        if self.device == "cuda":
            torch.cuda.synchronize()


@dataclass(frozen=True)
class SpeedTimes:
    """What was timed, by name of the model, and how quiet the machine was meanwhile."""

    latencies: dict[str, Timing]
    """On one thread."""
    all_threads: dict[str, Timing]
    """Latency on all threads; empty where there is one thread, or on a GPU."""
    throughputs: dict[str, Timing]
    """On all threads."""
    one_thread_throughputs: dict[str, Timing]
    """Empty where there is one thread, or on a GPU: then the others are as steady."""
    single_calls: dict[str, tuple[float, ...]]
    generation: dict[str, list[GenerationTiming]] = field(default_factory=dict)
    """On one thread; only of language models."""
    one_thread_watch: QuietWatch = field(default_factory=QuietWatch)
    all_threads_watch: QuietWatch = field(default_factory=lambda: QuietWatch(one_thread=False))


def time_in_fresh_process(task: SpeedTask, timeout_seconds: float = TIMEOUT_SECONDS) -> SpeedTimes:
    """Time everything of a task in as many fresh interpreters as its plan wants, and join what they found.

    Raises MeasurementError when one of them fails.
    """
    return joined(
        [
            in_fresh_process(time_models, task, num_threads=task.num_threads, timeout_seconds=timeout_seconds)
            for _ in range(task.plan.processes)
        ]
    )


def joined(parts: Sequence[SpeedTimes]) -> SpeedTimes:
    """Join the rounds of several processes in the order of time."""
    first, *others = parts
    for part in others:
        first = SpeedTimes(
            _joined(first.latencies, part.latencies),
            _joined(first.all_threads, part.all_threads),
            _joined(first.throughputs, part.throughputs),
            _joined(first.one_thread_throughputs, part.one_thread_throughputs),
            {name: calls + part.single_calls[name] for name, calls in first.single_calls.items()},
            {
                name: [a.followed_by(b) for a, b in zip(found, part.generation[name], strict=True)]
                for name, found in first.generation.items()
            },
            first.one_thread_watch,
            first.all_threads_watch,
        )
        first.one_thread_watch.add(part.one_thread_watch)
        first.all_threads_watch.add(part.all_threads_watch)
    if first.one_thread_watch.one_thread:
        first.one_thread_watch.compare_spells(next(iter(first.latencies.values())).seconds)
    return first


def time_models(task: SpeedTask) -> SpeedTimes:
    """Time everything of a task in this process.

    Models must have been made alike: tensors that are made under inference mode run up to a tenth faster.
    """
    one_thread = QuietWatch(one_thread=task.device == "cpu")
    all_threads = QuietWatch(one_thread=False)
    models = dict(task.models)
    answers = {name: _answer(models, name, task) for name in models}
    scorings = {name: _scoring(models, name, task.many) for name in models}
    plan = task.plan
    latencies = Interleaved(answers, plan.latency, task.synchronize)
    # The second figure, where there is a second thread.
    several = task.device == "cpu" and task.num_threads > 1
    placement = CorePlacement(task.num_threads) if several else None
    also = Interleaved(answers if several else {}, plan.all_threads, task.synchronize, placement)
    throughputs = Interleaved(scorings, plan.throughput, task.synchronize, placement)
    steady = Interleaved(scorings if several else {}, plan.throughput, task.synchronize)
    single: dict[str, tuple[float, ...]] = {}
    generation: dict[str, list[GenerationTiming]] = {}
    for number in range(plan.passes):
        if number and task.device == "cpu":
            models |= copied(models)
        with torch.inference_mode():
            with threads(1), one_thread:
                latencies.run()
                if number == 0:
                    single, generation = _single_calls(answers, task), _generation(task)
                steady.run()
            with threads(task.num_threads), all_threads:
                also.run()
                throughputs.run()
    return SpeedTimes(
        latencies.timings(), also.timings(), throughputs.timings(), steady.timings(), single, generation,
        one_thread, all_threads,
    )  # fmt: skip


def copied(models: Mapping[str, nn.Module]) -> dict[str, nn.Module]:
    """Return the same models elsewhere in memory, which takes milliseconds.

    Where weights lie moves a ratio of speeds: of the quick suite's perceptron and its int8, timed for 3 s on a shared
    host, the ratio had a standard deviation of 3.9 % from process to process with one copy and 2.9 % with three
    (root mean square of latency and throughput on one thread and two, 12 and 23 processes).
    """
    return {name: copy.deepcopy(model) for name, model in models.items()}


def _joined(first: dict[str, Timing], second: dict[str, Timing]) -> dict[str, Timing]:
    return {name: timing.followed_by(second[name]) for name, timing in first.items()}


def _single_calls(
    answers: Mapping[str, Callable[[], object]], task: SpeedTask
) -> dict[str, tuple[float, ...]]:
    plan = task.plan
    return {
        name: time_single_calls(call, plan.single_calls, plan.single_seconds, task.synchronize)
        for name, call in answers.items()
        if name != CONTROL
    }


def _generation(task: SpeedTask) -> dict[str, list[GenerationTiming]]:
    found = {}
    for name, model in task.models.items():
        if isinstance(model, Generator) and name != CONTROL:
            longest = model.config.context_tokens
            contexts = sorted({max(2, round(share * longest)) for share in task.plan.context_shares})
            over = cells(task.plan.batches, contexts, longest)
            found[name] = time_generation(model, over, task.plan.generation, task.synchronize)
    return found


def _answer(models: Mapping[str, nn.Module], name: str, task: SpeedTask) -> Callable[[], object]:
    def call() -> None:
        # On a GPU the next call would otherwise start before this answer is there.
        models[name].eval()(task.one.inputs)
        task.synchronize()

    return call


def _scoring(models: Mapping[str, nn.Module], name: str, batch: Batch) -> Callable[[], object]:
    return lambda: cross_entropy(models[name].eval()(batch.inputs), batch.targets)
