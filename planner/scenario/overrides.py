"""Reads `--set key=value` and lays it over a scenario; what is no key of the scenario overrides a figure."""

from __future__ import annotations

from collections.abc import Container, Iterable

from planner.errors import nearest
from planner.scenario.base import Section
from planner.scenario.keys import ANY, children, keys
from planner.scenario.tree import Node, Place, Problem, read_tree
from planner.scenario.unknown import same_quantity, unknown_key

FIGURES = "figures"
"""The section of a scenario file that holds overrides of figures by name."""


def apply_sets(
    tree: Node, sets: Iterable[str], model: type[Section], rank: int, figures: Container[str] = ()
) -> tuple[Node, list[Problem]]:
    """Return the tree with every `key=value` laid over it in turn, and what is wrong with them.

    A key is a dotted key of the scenario, the last segment of one, or else the name of a figure; `figures` are names
    of figures that are known, which are not taken for misspelt keys, nor for the section of their name.
    """
    problems: list[Problem] = []
    for number, text in enumerate(sets):
        place = Place(rank + number, f"--set {text}")
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key or not value.strip():
            problems.append(
                Problem(place, "", "write --set key=value, such as --set training_mfu_share=0.45")
            )
            continue
        count = len(problems)
        node = read_tree(value, place, problems)
        if node is None:
            if len(problems) == count:
                problems.append(Problem(place, key, "has no value"))
            continue
        try:
            tree = _put(tree, _target(model, key, figures, node), node)
        except _TargetError as error:
            problems.append(Problem(place, key, str(error)))
    return tree, problems


class _TargetError(Exception):
    """A key that cannot be set."""


def _target(model: type[Section], key: str, figures: Container[str], node: Node) -> tuple[str, ...]:
    """Return the path in the tree that a key on the command line means, for what it is set to."""
    path = tuple(key.split("."))
    if path[0] == FIGURES and len(path) > 1:
        return FIGURES, key.removeprefix(f"{FIGURES}.")
    below = children(model, path)
    if below and key in figures and not isinstance(node.value, dict):
        return FIGURES, key
    if below is not None:
        return path
    matches = [one for one in keys(model).values() if one.name == key]
    if len(matches) == 1 and ANY not in matches[0].path:
        return tuple(matches[0].path.split("."))
    if matches:
        spelt = " or ".join(one.path.replace(f".{ANY}.", ".0.") for one in matches)
        raise _TargetError(f"says not which one is meant; write {spelt}")
    if len(path) > 1 and key not in figures and _is_misspelt_key(model, path):
        raise _TargetError(unknown_key(model, path))
    return FIGURES, key


def _is_misspelt_key(model: type[Section], path: tuple[str, ...]) -> bool:
    """Tell a misspelt key from a figure of a strategy, whose section has the strategy's name as well."""
    siblings = children(model, path[:-1])
    if len(path) > 2:
        return children(model, path[:1]) is not None
    if siblings is None:
        return False
    close = nearest(path[-1], siblings)
    return same_quantity(path[-1], siblings) is not None or (bool(close) and _is_near(path[-1], close[0]))


def _is_near(name: str, other: str) -> bool:
    """Tell whether two names differ by a slip of the finger: a letter or two, or two letters swapped."""
    return (
        abs(len(name) - len(other)) <= 2
        and sum(a != b for a, b in zip(sorted(name), sorted(other), strict=False)) <= 2
    )


def _put(tree: Node, path: tuple[str, ...], node: Node) -> Node:
    """Return the tree with a node at a path; sections on the way are made, items of lists must be there."""
    if not path:
        return node
    head, *rest = path
    if isinstance(tree.value, list):
        if not (head.isdecimal() and int(head) < len(tree.value)):
            raise _TargetError(f"has no item {head}; the list has {len(tree.value)}, counted from 0")
        items = list(tree.value)
        items[int(head)] = _put(items[int(head)], tuple(rest), node)
        return Node(items, tree.place, tree.key_place, tree.is_broken)
    values = dict(tree.value) if isinstance(tree.value, dict) else {}
    if rest and rest[0].isdecimal() and head not in values:
        raise _TargetError(f"has no item {rest[0]}; no file of the scenario writes the list {head}")
    below = values.get(head) or Node({}, node.place, node.place)
    values[head] = _put(below, tuple(rest), node)
    return Node(values, tree.place, tree.key_place, tree.is_broken, tree.lacks_keys)
