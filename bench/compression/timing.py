"""Times all forms of a model side by side in a fresh process: single rows, many rows, and text token by token."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from bench.compression.extras import first_line
from bench.measuring.contention import QuietWatch
from bench.measuring.generation import Cell, calls, can_generate
from bench.measuring.interleaving import Schedule, Timing, time_interleaved
from bench.measuring.memory import ProcessPeak
from bench.measuring.num_threads import threads
from bench.measuring.processes import in_fresh_process

SINGLE, MANY = 1, 32
"""Rows of a call."""


@dataclass(frozen=True)
class Thoroughness:
    """How long is timed: single rows, many rows, reading a prompt and writing one token."""

    single: Schedule
    many: Schedule
    prefill: Schedule
    decode: Schedule


SLOW_SECONDS = 0.25

QUICK = Thoroughness(
    single=Schedule(
        25, 3, 0.002, max_seconds=20.0, min_rounds=9, max_warm_up_seconds=0.2, slow_call_seconds=SLOW_SECONDS
    ),
    many=Schedule(
        15, 2, 0.004, max_seconds=20.0, min_rounds=5, max_warm_up_seconds=0.1, slow_call_seconds=SLOW_SECONDS
    ),
    prefill=Schedule(
        9, 2, 0.004, max_seconds=6.0, min_rounds=5, max_warm_up_seconds=0.1, slow_call_seconds=SLOW_SECONDS
    ),
    decode=Schedule(
        20, 3, 0.004, max_seconds=10.0, min_rounds=9, max_warm_up_seconds=0.1, slow_call_seconds=SLOW_SECONDS
    ),
)
_SHORT = Schedule(
    rounds=9, blocks=2, block_seconds=0.002, max_seconds=4.0, min_rounds=5, max_warm_up_seconds=0.1
)
SHORT = Thoroughness(_SHORT, _SHORT, _SHORT, _SHORT)
"""For a search, which tries many."""


@dataclass(frozen=True)
class Timed:
    """What was timed: by rows of a call and by cell of generation, then by form; and what could not be run."""

    rows: dict[int, dict[str, Timing]]
    prefill: dict[Cell, dict[str, Timing]]
    decode: dict[Cell, dict[str, Timing]]
    failures: dict[str, str] = field(default_factory=dict)
    watch: QuietWatch = field(default_factory=QuietWatch)


def time_forms(
    forms: Mapping[str, nn.Module],
    inputs: Tensor,
    device: str,
    cells: tuple[Cell, ...] = (),
    thoroughness: Thoroughness = QUICK,
    num_threads: int = 1,
) -> Timed:
    """Time forms on rows of `inputs`, by default on one thread, in a process of their own.

    Batches of 1 and 32 rows; a form that cannot be run there is left out and named with its reason.
    Raises MeasurementError when the process fails as a whole.
    """
    rows = inputs[:MANY].clone()
    unfit = {name: why for name, form in forms.items() if (why := _not_portable(form))}
    fit = {name: form for name, form in forms.items() if name not in unfit}
    timed = in_fresh_process(
        _time, fit, rows, device, cells, thoroughness, num_threads, num_threads=max(num_threads, 1)
    )
    return replace(timed, failures=unfit | timed.failures)


def process_peak(module: nn.Module, inputs: Tensor) -> int:
    """Return the memory that a fresh process takes to run a form on so many rows, beyond what it held without it."""
    return in_fresh_process(_peak, module, inputs.clone(), num_threads=1)


def _time(
    forms: dict[str, nn.Module],
    inputs: Tensor,
    device: str,
    cells: tuple[Cell, ...],
    thoroughness: Thoroughness,
    num_threads: int,
) -> Timed:
    synchronize: Callable[[], None] = torch.cuda.synchronize if device == "cuda" else (lambda: None)
    watch = QuietWatch(one_thread=device == "cpu" and num_threads == 1)
    with torch.inference_mode(), threads(num_threads):
        failures = {name: why for name, form in forms.items() if (why := _tried(form, inputs))}
        sound = {name: form.eval() for name, form in forms.items() if name not in failures}
        with watch:
            by_rows = {
                number: time_interleaved(
                    {name: _call(form, inputs[:number], synchronize) for name, form in sound.items()},
                    thoroughness.single if number == SINGLE else thoroughness.many,
                    synchronize,
                )
                for number in sorted({SINGLE, min(MANY, len(inputs))})
            }
            prefill, decode = _generation(sound, cells, thoroughness, synchronize)
    return Timed(by_rows, prefill, decode, failures, watch)


def _not_portable(form: nn.Module) -> str:
    """Say why a form cannot be handed to a process of its own; empty where it can."""
    try:
        pickle.dumps(form)
    except Exception as err:  # noqa: BLE001, what a third party's tensors raise here is theirs to choose
        return f"it cannot be handed to a process of its own ({type(err).__name__}: {err})"
    return ""


def _tried(form: nn.Module, inputs: Tensor) -> str:
    """Run a form on both batches; empty when it can, else why not."""
    try:
        for number in (SINGLE, len(inputs)):
            form.eval()(inputs[:number])
    except Exception as err:  # noqa: BLE001, engines raise what they like; the others are still timed
        return f"{type(err).__name__}: {first_line(err)[:200]}"
    return ""


def _call(form: nn.Module, inputs: Tensor, synchronize: Callable[[], None]) -> Callable[[], object]:
    def call() -> None:
        # On a GPU the next call would otherwise start before this answer is there.
        form(inputs)
        synchronize()

    return call


def _generation(
    forms: Mapping[str, nn.Module],
    cells: tuple[Cell, ...],
    thoroughness: Thoroughness,
    synchronize: Callable[[], None],
) -> tuple[dict[Cell, dict[str, Timing]], dict[Cell, dict[str, Timing]]]:
    prefill, decode = {}, {}
    for cell in cells:
        both = {name: calls(form, cell) for name, form in forms.items() if can_generate(form)}
        if both:
            prefill[cell] = time_interleaved(
                {n: each[0] for n, each in both.items()}, thoroughness.prefill, synchronize
            )
            decode[cell] = time_interleaved(
                {n: each[1] for n, each in both.items()}, thoroughness.decode, synchronize
            )
    return prefill, decode


def _peak(module: nn.Module, inputs: Tensor) -> int:
    watch = ProcessPeak()
    with torch.inference_mode(), threads(1):
        for _ in range(2):
            module.eval()(inputs)
    return watch.beyond_baseline_bytes()
