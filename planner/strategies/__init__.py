"""One file for each strategy: its inputs, and its functions, which replace the company's of the same name within it.

A file in this folder is a strategy: `Inputs` is its section of the scenario, its public functions are its figures. A
strategy of many figures is a folder instead: `Inputs` in its `__init__.py`, the figures in the modules beside it. It
reads as a difference from the common model (`planner.formulas.common`), whose figures it has unless it defines them.
Where strategies of one's own lie in another folder, `also_in` finds them there.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

from pydantic import create_model

from planner.scenario.base import Section
from planner.scenario.schema import Company


@contextmanager
def also_in(folder: str | Path) -> Iterator[None]:
    """Find strategies in another folder as well, while the block runs; afterwards nothing is left of them.

    Plans on several processes see them only where processes are forked.
    """
    known = set(names())
    __path__.append(str(folder))
    _forget()
    try:
        yield
    finally:
        for name in set(names()) - known:
            added = f"{__name__}.{name}"
            for loaded in [one for one in sys.modules if one == added or one.startswith(f"{added}.")]:
                del sys.modules[loaded]
            globals().pop(name, None)  # where the import of a module leaves it
        __path__.remove(str(folder))
        _forget()


def names() -> list[str]:
    """Return the names of all strategies, which are the modules of this folder, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def module(name: str) -> ModuleType:
    """Import a strategy by name."""
    return importlib.import_module(f"{__name__}.{name}")


def title(name: str) -> str:
    """Return what a strategy is called: its docstring up to the colon, or else its name in words."""
    first, colon, _ = (module(name).__doc__ or "").partition(":")
    return first.strip() if colon else name.replace("_", " ").capitalize()


def key_figures(name: str) -> tuple[str, ...]:
    """Return the figures of a strategy, or inputs, that the report tells first: its `KEY_FIGURES`, if it names some."""
    return tuple(getattr(module(name), "KEY_FIGURES", ()))


def statement(name: str) -> str:
    """Return what the report says of a strategy's key figures together: its `STATEMENT`, with them as %(figure)s."""
    return str(getattr(module(name), "STATEMENT", ""))


def shocks() -> dict[str, str]:
    """Return what chance decides month by month in the strategies, each with what it is: their `SHOCKS` together."""
    return {shock: about for name in names() for shock, about in getattr(module(name), "SHOCKS", {}).items()}


def _forget() -> None:
    importlib.invalidate_caches()
    scenario_model.cache_clear()


@cache
def scenario_model() -> type[Company]:
    """Return the schema of a whole scenario: the company, and a section for each strategy there is."""
    sections: dict[str, type[Section]] = {name: module(name).Inputs for name in names()}
    fields = {name: (section, section()) for name, section in sections.items()}
    return create_model("Scenario", __base__=Company, __doc__=Company.__doc__, **fields)  # type: ignore[call-overload,no-any-return]
