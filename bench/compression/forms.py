"""A model in the form that a recipe gave it, and what a step may use to make it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module

from torch import nn

from bench.compression.recipes import CompressionRecipe, Step
from bench.data.splits import DataSet
from bench.environment import Device
from bench.training.recipes import Recipe

Say = Callable[[str], None]


@dataclass(frozen=True)
class Cost:
    """What making a form took."""

    seconds: float = 0.0
    training_steps: int = 0
    training_flops: float = 0.0
    """By the formula of the shape that was trained, or counted; teacher's passes included."""

    def plus(self, other: Cost) -> Cost:
        """Add up."""
        return Cost(
            self.seconds + other.seconds,
            self.training_steps + other.training_steps,
            self.training_flops + other.training_flops,
        )


@dataclass(frozen=True)
class Form:
    """A model in one form: what runs, what it takes on disk, and how it was made."""

    module: nn.Module
    """Inputs to logits, on the studio's device; pickles, so that it can be timed in a process of its own."""
    file_bytes: int
    """What must be stored to run it again: safetensors of its tensors, or the engine's own file."""
    num_params: int
    """Parameters that are left; zeros of unstructured pruning do not count."""
    method: str = ""
    """How it was made, for the record, in a sentence without a stop."""
    engine: str = "torch"
    """What runs it: `torch`, `torchao`, `onnxruntime`, `inductor`."""
    forward_flops: int | None = None
    """Of one row; None where the shape is as dense as before."""
    notes: tuple[str, ...] = ()
    """What a reader should know: layers that a method left out, zeros that bring no speed."""
    cost: Cost = field(default_factory=Cost)

    def then(self, about: str) -> str:
        """Return the method with one more step."""
        return f"{self.method}; {about}" if self.method else about


@dataclass(frozen=True)
class Studio:
    """What a step may use: the model as it was trained, its data, the device, how to train on, and a voice."""

    teacher: nn.Module
    data: DataSet
    """On the device."""
    device: Device
    recipe: Recipe
    """Of a step of training: steps, rows, learning rate, seed."""
    say: Say = lambda text: None

    def training(self, steps: float = 0.0) -> Recipe:
        """Return the recipe of a step of training, for as many steps as it asks for."""
        num_steps = int(steps) or self.recipe.num_steps
        return replace(
            self.recipe, num_steps=num_steps, warmup_steps=min(self.recipe.warmup_steps, num_steps // 10)
        )


Apply = Callable[[Form, Step, Studio], Form]


def function_of(step: Step) -> Apply:
    """Import the function that a step is."""
    module, _, name = step.method.function.partition(":")
    apply: Apply = getattr(import_module(module), name)
    return apply


def follow(recipe: CompressionRecipe, form: Form, studio: Studio) -> Form:
    """Take all steps of a recipe from a form, and return the form at its end.

    Raises MeasurementError where a step cannot be taken on this machine or with this model, and says why.
    """
    for step in recipe.steps:
        studio.say(str(step))
        form = function_of(step)(form, step, studio)
    return form
