"""How the errors about data name things: the nearest spelling, lists that stay short, what to install."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable, Sequence
from types import ModuleType

from bench.errors import InputError

MAX_LISTED = 12


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return `; did you mean X?` for the nearest spelling, or nothing."""
    candidates = list(candidates)
    near = difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)
    if not near:
        lower = {candidate.lower(): candidate for candidate in candidates}
        near = [lower[name.lower()]] if name.lower() in lower else []
    return f"; did you mean {near[0]}?" if near else ""


def listed(names: Sequence[str]) -> str:
    """List names with commas, the first dozen and how many more."""
    shown = ", ".join(names[:MAX_LISTED])
    more = len(names) - MAX_LISTED
    return f"{shown} and {more} more" if more > 0 else shown


def counted(number: int, thing: str) -> str:
    """Say `1 value`, `2 values`, `1,000 values`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def wanted(module: str, extra: str, what: str) -> ModuleType:
    """Import what an extra brings.

    Raises InputError with the command that installs it when it is missing.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise InputError(
            f"{what} needs {package}, which is not installed: pip install {package} (the extra '{extra}')"
        ) from err


def first_line(err: Exception) -> str:
    """Return what a library says went wrong, without the lines that follow."""
    text = str(err).strip()
    return text.splitlines()[0][:200] if text else type(err).__name__
