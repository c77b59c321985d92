"""Recipes: chains of steps such as `prune(neurons, 0.75) -> distil -> onnx(int8)`, read before anything runs."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.compression.names import METHODS, STAGES, Argument, Method
from bench.errors import InputError

ARROW = "->"
_STEP = re.compile(r"\s*([\w:]+)\s*(?:\((.*)\))?\s*", re.DOTALL)

Value = str | float


@dataclass(frozen=True)
class Step:
    """One step with all its arguments, defaults filled in."""

    name: str
    arguments: Mapping[str, Value] = field(default_factory=dict, hash=False)

    @property
    def method(self) -> Method:
        """What the step is."""
        return METHODS[self.name]

    def word(self, name: str) -> str:
        """Return an argument that is a word."""
        return str(self.arguments[name])

    def number(self, name: str) -> float:
        """Return an argument that is a number."""
        return float(self.arguments[name])

    def _is_left_out(self, argument: Argument) -> bool:
        return not argument.is_always_written and self.arguments[argument.name] == argument.default

    def __str__(self) -> str:
        """Write the step as briefly as it can be read back."""
        wanted = list(self.method.arguments)
        while wanted and self._is_left_out(wanted[-1]):
            wanted.pop()
        if not wanted:
            return self.name
        return f"{self.name}({', '.join(_text(self.arguments[each.name]) for each in wanted)})"


@dataclass(frozen=True)
class CompressionRecipe:
    """A chain of steps; none at all is the model as it was trained."""

    steps: tuple[Step, ...]

    def __str__(self) -> str:
        """Write the chain as it stands in records, the same for the same chain however it was typed."""
        return f" {ARROW} ".join(map(str, self.steps)) or "fp32"

    def has(self, name: str) -> bool:
        """Tell whether a step of this name is taken."""
        return any(step.name == name for step in self.steps)

    def control(self) -> CompressionRecipe:
        """Return what a distillation is held against: the same shape from scratch, for as long and with no teacher.

        Number formats and engines are left out: they are not its question.
        """
        steps = tuple(step for step in self.steps if step.method.stage == "training")
        first = next(index for index, step in enumerate(steps) if step.name == "distil")
        scratch = (*steps[:first], Step("restart"), *steps[first:])
        return CompressionRecipe(
            tuple(
                Step("finetune", {"steps": step.arguments["steps"]}) if step.name == "distil" else step
                for step in scratch
            )
        )


def read_recipe(text: str) -> CompressionRecipe:
    """Read a recipe.

    Raises InputError for an unknown step or argument, with the nearest spelling, and for steps in an order that
    cannot be.
    """
    if text.strip() in ("", "fp32"):
        return CompressionRecipe(())
    recipe = CompressionRecipe(tuple(_step(part, text) for part in text.split(ARROW)))
    _check_order(recipe, text)
    return recipe


def _step(part: str, text: str) -> Step:
    found = _STEP.fullmatch(part)
    if not found:
        raise InputError(f"recipe '{text}': '{part.strip()}' is no step; write NAME or NAME(ARGUMENT, ...)")
    name, inside = found[1], found[2]
    if name not in METHODS:
        close = difflib.get_close_matches(name.lower(), METHODS, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise InputError(f"recipe '{text}': '{name}' is no step; there are {', '.join(METHODS)}{hint}")
    given = [each.strip() for each in inside.split(",")] if inside and inside.strip() else []
    wanted = METHODS[name].arguments
    if len(given) > len(wanted):
        takes = f"takes {len(wanted)} at most" if wanted else "takes none"
        raise InputError(f"recipe '{text}': {name} has {len(given)} arguments and {takes}")
    padded = [*given, *[""] * (len(wanted) - len(given))]
    values = {each.name: _value(each, typed, name, text) for each, typed in zip(wanted, padded, strict=True)}
    return Step(name, values)


def _value(argument: Argument, given: str, step: str, text: str) -> Value:
    place = f"recipe '{text}': {argument.name} of {step}"
    if not given:
        if argument.default is None:
            raise InputError(f"{place} is missing; it is {argument.in_words()}")
        return argument.default
    if argument.words:
        if given not in argument.words:
            close = difflib.get_close_matches(given, argument.words, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise InputError(f"{place} is '{given}'; it must be {argument.in_words()}{hint}")
        return given
    try:
        number = float(given)
    except ValueError:
        number = argument.low
    if not argument.low < number < argument.high:
        removes = " (a share of 1 would remove everything)" if argument.name == "share" else ""
        raise InputError(f"{place} is '{given}'; it must be {argument.in_words()}{removes}")
    return number


def _check_order(recipe: CompressionRecipe, text: str) -> None:
    before: Step | None = None
    for step in recipe.steps:
        if before is not None:
            earlier, now = (STAGES.index(each.method.stage) for each in (before, step))
            if now < earlier or (now == earlier and step.method.stage != "training"):
                raise InputError(
                    f"recipe '{text}': {step} cannot follow {before}; steps that train come first, then one number "
                    "format, then one engine"
                )
        before = step


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:g}"
