"""The docstrings under the fields of a class, read from its module at once rather than class by class."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise
from types import ModuleType
from weakref import WeakKeyDictionary

_read: WeakKeyDictionary[ModuleType, dict[str, dict[str, str]]] = WeakKeyDictionary()


def field_docstrings(cls: type) -> dict[str, str]:
    """Return the docstring under each annotated field of a class by name; none where its source is not at hand."""
    module = sys.modules.get(cls.__module__)
    if module is None:
        return {}
    if module not in _read:
        try:
            tree = ast.parse(inspect.getsource(module))
        except OSError:
            tree = ast.Module([], [])
        _read[module] = {name: _docstrings(node) for name, node in _classes(tree.body)}
    return _read[module].get(cls.__qualname__, {})


def _classes(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    """Yield every class with its qualified name."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"{inside}{node.name}", node
            yield from _classes(node.body, f"{inside}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            yield from _classes(node.body, f"{inside}{node.name}.<locals>.")


def _docstrings(node: ast.ClassDef) -> dict[str, str]:
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in pairwise(node.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(below, ast.Expr)
        and isinstance(below.value, ast.Constant)
        and isinstance(below.value.value, str)
    }
