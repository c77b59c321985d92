"""One compression run from the names of model and data to its record: what `benchplan bench compress` does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from bench.calibration import measure_machine
from bench.compression.describing import describe
from bench.compression.forms import Say
from bench.compression.menus import menu
from bench.compression.recipes import CompressionRecipe
from bench.compression.searching import Budget, search
from bench.compression.shelf import Shelf
from bench.compression.story import Story
from bench.compression.timing import Timed, time_forms
from bench.compression.workshop import PLAIN, Bench, Finished, finish_all, plain
from bench.data.splits import Batch, DataSet
from bench.environment import choose_device, describe_machine, num_cores
from bench.errors import MeasurementError
from bench.measuring.contention import QuietWatch
from bench.measuring.generation import Cell
from bench.measuring.num_threads import threads
from bench.measuring.speed import CONTROL
from bench.record import Record, now
from bench.sheet import Sheet
from bench.training.recipes import Recipe
from bench.training.tasks import check_fit, make_task
from bench.versions import benchplan_version

GENERATION_BATCHES = (1, 4)
TEXT_TEST_ROWS, TEXT_VALIDATION_ROWS = 128, 32
"""Every form is scored on so many rows of text: some formats take seconds for a hundred, and differences are paired."""


@dataclass(frozen=True)
class Order:
    """What is asked of `bench compress`."""

    model: str
    data: str
    recipes: tuple[CompressionRecipe, ...]
    """None for those of the menu."""
    base: Recipe
    tuning: Recipe
    """Of each step of training in a recipe."""
    seeds: int = 1
    data_options: dict[str, Any] = field(default_factory=dict)
    model_options: dict[str, Any] = field(default_factory=dict)
    device: str = "auto"
    budget: Budget | None = None
    """Search for more recipes under it."""
    checkpoint: Path | None = None
    resume: bool = False

    def identity(self) -> dict[str, Any]:
        """Say which run it is, so that its checkpoint is not mixed up with another."""
        return {
            "model": self.model, "data": self.data, "model_options": dict(self.model_options),
            "data_options": {name: str(value) for name, value in self.data_options.items()},
            "base": asdict(self.base), "tuning": asdict(self.tuning),
        }  # fmt: skip


def run_compression(order: Order, say: Say) -> Record:
    """Train, compress in every way that was asked for, time all forms side by side, and return the record.

    Raises InputError for an order that cannot be carried out, MeasurementError when the model itself cannot be had.
    """
    started, device = time.perf_counter(), choose_device(order.device)
    watch = QuietWatch(one_thread=False)
    with watch, threads(min(num_cores(), torch.get_num_threads())):
        task = make_task(order.model, order.data, order.base.seed, order.model_options, order.data_options)
        if task.config is None:
            check_fit(task.build(), task)
        say(f"measuring the peaks of this machine ({device})")
        with threads(1):
            peaks = measure_machine(device)
        bench = Bench(
            task, shortened(task.data).to(device), device, order.base, order.tuning,
            Shelf(order.checkpoint, order.identity(), resume=order.resume), say,
        )  # fmt: skip
        recipes = with_controls(order.recipes or menu(task.subject, device))
        seeds = range(order.base.seed, order.base.seed + order.seeds)
        finished = finish_all(recipes, bench, seeds)
        say("timing all forms side by side in a process of their own")
        timed = time_finished(finished, bench)
        warnings: list[str] = []
        if order.budget is not None:
            found = search(order.budget, finished, timed, bench, seeds)
            finished, warnings = found.finished, [*found.words]
            say("timing all forms again, with those that were found")
            timed = time_finished(finished, bench)
    sheet = Sheet(task.subject)
    story = Story(task, bench.data, device, tuple(finished), timed, tuple(peaks))
    warnings += describe(sheet, story)
    if timed.watch.contended:
        warnings.append(
            f"The machine was not quiet while forms were timed ({timed.watch.in_words()}): ratios are sound but for "
            "those of forms that read much memory, absolute times may be too long."
        )
    return Record(
        suite="compress",
        device=device,
        created_at=now(),
        benchplan_version=benchplan_version(),
        machine=describe_machine(device),
        measurements=(*peaks, *sheet.measurements),
        duration_seconds=time.perf_counter() - started,
        contended=timed.watch.contended,
        warnings=tuple(dict.fromkeys((*task.data.notes, *warnings))),
    )


def shortened(data: DataSet) -> DataSet:
    """Return text with fewer rows to score; other data as it is."""
    if not data.windows_of:
        return data
    return replace(
        data,
        test=Batch(*(part[:TEXT_TEST_ROWS] for part in data.test)),
        validation=Batch(*(part[:TEXT_VALIDATION_ROWS] for part in data.validation)),
    )


def with_controls(recipes: Sequence[CompressionRecipe]) -> tuple[CompressionRecipe, ...]:
    """Put beside every distillation the same shape trained from scratch for as long; no recipe stands twice."""
    found: list[CompressionRecipe] = []
    for recipe in recipes:
        found.append(recipe)
        if recipe.has("distil"):
            found.append(recipe.control())
    return tuple(dict.fromkeys(each for each in found if each.steps))


def time_finished(finished: Sequence[Finished], bench: Bench) -> Timed:
    """Time the forms of the first seed, the model itself with its A/A control among them; controls are not timed."""
    forms = {
        str(each.recipe): each.form.module
        for each in finished
        if each.form is not None and not each.recipe.has("restart")
    }
    if str(PLAIN) not in forms:
        raise MeasurementError("the model itself could not be made, so there is nothing to compare with")
    forms[CONTROL] = plain(forms[str(PLAIN)]).module
    return time_forms(forms, bench.data.test.inputs, bench.device, cells_of(bench))


def cells_of(bench: Bench) -> tuple[Cell, ...]:
    """Return where generation is timed: over the whole context, which counts most."""
    if not bench.data.windows_of:
        return ()
    return tuple(Cell(batch, bench.data.num_inputs) for batch in GENERATION_BATCHES)
