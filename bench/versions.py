"""Which Benchplan this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def benchplan_version() -> str:
    """Return the version of the installed distribution."""
    try:
        return version("benchplan")
    except PackageNotFoundError:
        return "unknown"
