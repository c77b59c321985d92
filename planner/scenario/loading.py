"""Loads a scenario: its files, `--set` overrides and the schema, with all problems at once."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from planner.errors import ScenarioError
from planner.scenario.base import Section
from planner.scenario.files import Files, split
from planner.scenario.overrides import FIGURES, apply_sets
from planner.scenario.quantities import WRONG_KEY, Quantity
from planner.scenario.tree import Node, Place, Problem
from planner.scenario.validating import validate

Model = TypeVar("Model", bound=Section)


@dataclass(frozen=True)
class Loaded(Generic[Model]):
    """A scenario that has been read and checked, and what the user wrote of it."""

    scenario: Model
    path: Path
    """The scenario's own file, without those that are laid over it."""
    overrides: Mapping[str, Quantity]
    """Figures that are set from outside, by name; whether they exist is for the engine to say."""
    positions: Mapping[str, Place]
    """Where each dotted key was written: the file, line and column, or the `--set`."""

    @property
    def written(self) -> frozenset[str]:
        """The dotted keys that the user wrote; every other key has its default."""
        return frozenset(self.positions)


@dataclass(frozen=True)
class Written:
    """What the files of a scenario say, before anything is set or checked against a schema."""

    path: Path
    """The scenario's own file, without those that are laid over it."""
    tree: Node
    files: Files
    """The files with their problems."""

    def load(
        self, sets: Sequence[str] = (), *, model: type[Model], known_figures: Container[str] = ()
    ) -> Loaded[Model]:
        """Load the scenario with `key=value` overrides, as `load` does; what was read is left as it is."""
        files = self.files
        tree, problems = apply_sets(self.tree, sets, model, files.count, known_figures)
        problems += files.problems
        figures = tree.value.get(FIGURES)
        tree = replace(tree, value={key: node for key, node in tree.value.items() if key != FIGURES})
        scenario, found = validate(tree, model, is_complete=files.is_complete)
        overrides, found_in_figures = _read_figures(figures)
        problems += found + found_in_figures
        if problems or scenario is None:
            raise ScenarioError(str(problem) for problem in sorted(problems))
        positions = dict(_positions(tree, ()))
        if figures:
            positions |= {f"{FIGURES}.{name}": node.place for name, node in figures.value.items()}
        return Loaded(scenario, self.path, overrides, positions)


def read(path: str | Path) -> Written:
    """Read the files of `SCENARIO` or `SCENARIO+OVERRIDE...`; their problems are raised when they are loaded."""
    files = Files()
    return Written(split(str(path))[0], files.read(str(path)), files)


def load(
    path: str | Path, sets: Sequence[str] = (), *, model: type[Model], known_figures: Container[str] = ()
) -> Loaded[Model]:
    """Load `SCENARIO` or `SCENARIO+OVERRIDE...`, with `key=value` overrides, checked against a schema.

    An override that is none of the `known_figures` and looks like a key is taken for a misspelt key.
    Raises ScenarioError, which holds every problem of every file and override, in the order of their places.
    """
    return read(path).load(sets, model=model, known_figures=known_figures)


def _read_figures(figures: Node | None) -> tuple[dict[str, Quantity], list[Problem]]:
    """Read the overrides of figures; a figure may be negative, since its name does not say that it cannot."""
    if figures is None or figures.is_broken:
        return {}, []
    if not isinstance(figures.value, dict):
        return {}, [Problem(figures.place, FIGURES, "must be a mapping of figures to their values")]
    overrides: dict[str, Quantity] = {}
    problems: list[Problem] = []
    for name, node in figures.value.items():
        try:
            overrides[name] = Quantity.read(node.plain(), name, may_be_negative=True)
        except ValidationError as error:
            problems += [] if node.is_broken else [_figure_problem(name, node, one) for one in error.errors()]
    return overrides, problems


def _figure_problem(name: str, node: Node, error: Any) -> Problem:  # noqa: ANN401
    key = ".".join((FIGURES, name, *error["loc"]))
    inner = node.value[error["loc"][0]] if error["loc"] else node
    place = inner.key_place if error["type"] == WRONG_KEY else inner.place
    return Problem(place, key, error["msg"])


def _positions(node: Node, path: tuple[str, ...]) -> Iterator[tuple[str, Place]]:
    """Return the place of every key; what stands inside a quantity belongs to the quantity."""
    if path:
        yield ".".join(path), node.key_place
    if isinstance(node.value, dict) and "value" not in node.value:
        for key, below in node.value.items():
            yield from _positions(below, (*path, key))
    elif isinstance(node.value, list):
        for number, below in enumerate(node.value):
            yield from _positions(below, (*path, str(number)))
