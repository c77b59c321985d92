"""One file for each strategy: its inputs, and its functions, which replace the company's of the same name within it.

A file in this folder is a strategy: `Inputs` is its section of the scenario, its public functions are its figures.
It reads as a difference from the common model (`planner.formulas.common`), whose figures it has unless it defines them.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

from pydantic import create_model

from planner.scenario.base import Section
from planner.scenario.schema import Company


def names() -> list[str]:
    """Return the names of all strategies, which are the modules of this folder, sorted."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def module(name: str) -> ModuleType:
    """Import a strategy by name."""
    return importlib.import_module(f"{__name__}.{name}")


@cache
def scenario_model() -> type[Company]:
    """Return the schema of a whole scenario: the company, and a section for each strategy there is."""
    sections: dict[str, type[Section]] = {name: module(name).Inputs for name in names()}
    fields = {name: (section, section()) for name, section in sections.items()}
    return create_model("Scenario", __base__=Company, __doc__=Company.__doc__, **fields)  # type: ignore[call-overload,no-any-return]
