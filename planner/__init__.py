"""Benchplan's planner: what it costs to train, compress and serve a large model, and what carries it.

`plan` gives a `Result`, `plan_all` those of several scenarios; `render` writes one as a page. Everything is imported
when it is first used, so that the command line starts quickly.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planner.planning import plan, plan_all
    from planner.report import render
    from planner.result import Result
    from planner.scenario.loading import load

__version__ = "0.1.0"
__all__ = ["Result", "__version__", "load", "plan", "plan_all", "render"]

_HOMES = {
    "Result": "planner.result",
    "load": "planner.scenario.loading",
    "plan": "planner.planning",
    "plan_all": "planner.planning",
    "render": "planner.report",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
