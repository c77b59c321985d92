"""Makes every form of a model for every seed, and scores it; steps that recipes begin with alike are taken once."""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import nn

from bench.compression.extras import first_line
from bench.compression.forms import Cost, Form, Say, Studio, follow
from bench.compression.recipes import CompressionRecipe
from bench.compression.shelf import Shelf
from bench.data.splits import DataSet
from bench.environment import Device
from bench.errors import MeasurementError
from bench.measuring.memory import module_bytes
from bench.training.checkpoints import tensors_as_bytes
from bench.training.loop import train
from bench.training.recipes import Recipe
from bench.training.scoring import Scores, score
from bench.training.tasks import Task

PLAIN = CompressionRecipe(())


@dataclass
class Finished:
    """What became of one recipe: its form of the first seed, its scores of all, or why it could not be made."""

    recipe: CompressionRecipe
    form: Form | None = None
    validation: list[Scores] = field(default_factory=list)
    test: list[Scores] = field(default_factory=list)
    cost: Cost = field(default_factory=Cost)
    """Of the first seed."""
    failure: str = ""


@dataclass(frozen=True)
class Bench:
    """What all seeds have in common: task, data on the device, how to train at first and on, where to keep."""

    task: Task
    data: DataSet
    device: Device
    base: Recipe
    tuning: Recipe
    shelf: Shelf
    say: Say
    trained: dict[int, nn.Module] = field(default_factory=dict)
    """The models by seed as they were trained, so that a search does not train them again."""


class Workshop:
    """One seed: a model trained from the start, and all forms of it that were asked for so far."""

    def __init__(self, bench: Bench, seed: int) -> None:
        """Train the model, or take the one that was trained before."""
        self.bench, self.seed = bench, seed
        if seed not in bench.trained:
            bench.trained[seed] = self._trained()
        model = bench.trained[seed]
        self.studio = Studio(model, bench.data, bench.device, replace(bench.tuning, seed=seed), self._say)
        self._made: dict[str, Form] = {str(PLAIN): plain(model)}

    def _trained(self) -> nn.Module:
        bench = self.bench
        torch.manual_seed(self.seed)
        model = bench.task.built_with(self.seed).to(bench.device)
        if not bench.shelf.restore(self._key(PLAIN), model):
            self._say(f"training {bench.task.in_words}")
            train(model, bench.data, replace(bench.base, seed=self.seed), self._say)
            bench.shelf.keep_model(self._key(PLAIN), model)
        return model.eval()

    def _say(self, text: str) -> None:
        self.bench.say(f"seed {self.seed}: {text}")

    def form(self, recipe: CompressionRecipe) -> Form:
        """Make a form, from the longest beginning of its recipe that is there.

        Raises MeasurementError where a step cannot be taken.
        """
        steps = recipe.steps
        length = next(n for n in range(len(steps), -1, -1) if str(CompressionRecipe(steps[:n])) in self._made)
        form = self._made[str(CompressionRecipe(steps[:length]))]
        for index in range(length, len(steps)):
            before, started = form.cost.seconds, time.perf_counter()
            form = follow(CompressionRecipe(steps[index : index + 1]), form, self.studio)
            seconds = before + time.perf_counter() - started
            form = replace(form, cost=replace(form.cost, seconds=seconds))
            if steps[index].method.stage == "training":
                self._made[str(CompressionRecipe(steps[: index + 1]))] = form
        return form

    def finish(self, finished: Finished) -> None:
        """Make the form of a recipe and score it, or note why that cannot be; what is on the shelf stays so."""
        first = finished.form is None and not finished.test
        known = self.bench.shelf.scores(self._key(finished.recipe))
        if known is not None and not first:
            finished.validation.append(known[0])
            finished.test.append(known[1])
            return
        try:
            form = self.form(finished.recipe)
            validation, test = known[:2] if known else self._scores(form)
        except MeasurementError as err:
            finished.failure = str(err)
            return
        cost = known[2] if known else form.cost
        self.bench.shelf.keep_scores(self._key(finished.recipe), validation, test, cost)
        if first:
            finished.form, finished.cost = form, cost
        finished.validation.append(validation)
        finished.test.append(test)

    def _scores(self, form: Form) -> tuple[Scores, Scores]:
        data = self.bench.data
        try:
            return score(form.module, data.validation), score(form.module, data.test)
        except (RuntimeError, NotImplementedError, TypeError, ValueError) as err:
            why = f"{type(err).__name__}: {first_line(err)[:200]}"
            raise MeasurementError(f"it was made and does not run: {why}") from err

    def _key(self, recipe: CompressionRecipe) -> str:
        return f"seed {self.seed}: {recipe}"


def plain(model: nn.Module) -> Form:
    """Return the model as it was trained, as a form."""
    tensors = dict(model.state_dict())
    return Form(
        module=copy.deepcopy(model).eval(),
        file_bytes=len(tensors_as_bytes(tensors)),
        num_params=sum(p.numel() for p in model.parameters()),
        notes=(f"{module_bytes(model):,} bytes of weights",),
    )


def finish_all(recipes: Sequence[CompressionRecipe], bench: Bench, seeds: Sequence[int]) -> list[Finished]:
    """Make and score the model itself and all recipes with every seed, one seed after the other."""
    found = [Finished(recipe) for recipe in (PLAIN, *recipes)]
    for seed in seeds:
        workshop = Workshop(bench, seed)
        for each in found:
            if not each.failure:
                workshop.finish(each)
    return found
