"""Find the folders that ship with the code, `templates/` and `scenarios/`, installed or in a checkout."""

from __future__ import annotations

from pathlib import Path

from bench.record import write_atomically
from planner.errors import BenchplanError, InputError

__all__ = ["copy_scenarios", "scenarios", "templates"]

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


def copy_scenarios(folder: Path) -> list[Path]:
    """Copy the example scenarios, scripts and the schema into a folder and return what was written.

    Nothing is written over, and no file is left half-written.

    Raises:
        InputError: a file of that name is there already, or the folder cannot be written.
    """
    origin = scenarios()
    files = [path for path in sorted(origin.rglob("*")) if _is_example(path.relative_to(origin), path)]
    targets = [folder / path.relative_to(origin) for path in files]
    there = [str(target) for target in targets if target.exists()]
    if there:
        raise InputError(f"{', '.join(there)}: there already, and nothing is written over; name a new folder")
    try:
        for path, target in zip(files, targets, strict=True):
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, path.read_bytes())
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}); name another folder") from None
    return targets


def _is_example(name: Path, path: Path) -> bool:
    # Records of other machines are found where they ship; a copy would pass for one's own.
    return path.is_file() and name.parts[0] != "measurements" and "__pycache__" not in name.parts


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
