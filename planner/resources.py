"""Find the folders that ship with the code, `templates/` and `scenarios/`, installed or in a checkout."""

from __future__ import annotations

from pathlib import Path

from planner.errors import BenchplanError

__all__ = ["scenarios", "templates"]

_PACKAGE = Path(__file__).resolve().parent


def templates() -> Path:
    """Return the folder of the report's templates, styles, scripts and message catalogues.

    Raises:
        BenchplanError: the folder is in neither place.
    """
    return _folder("templates")


def scenarios() -> Path:
    """Return the folder of the example scenarios.

    Raises:
        BenchplanError: the folder is in neither place.
    """
    return _folder("scenarios")


def _folder(name: str, package: Path = _PACKAGE) -> Path:
    installed = package / "_resources" / name
    if installed.is_dir():
        return installed
    root = package.parent
    checkout = root / name
    # Beside an installed package lies site-packages, where a folder of this name may be anybody's.
    if (root / "pyproject.toml").is_file() and checkout.is_dir():
        return checkout
    raise BenchplanError(
        f"the folder '{name}' that belongs to Benchplan is missing (looked in {installed} and {checkout}); "
        "install Benchplan again, or run it from a complete checkout"
    )
