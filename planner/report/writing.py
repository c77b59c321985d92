"""Brings the page to its file: whole or not at all, and with a clear word when it cannot be."""

from __future__ import annotations

import os
from pathlib import Path

from bench.record import write_atomically
from planner.errors import InputError


def write(content: str, path: Path) -> Path:
    """Replace a file by new content, making folders on the way; a crash leaves the old file as it was.

    Raises:
        InputError: the file cannot be written.
    """
    check(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content.encode())
    except OSError as error:
        raise _refusal(path, (error.strerror or type(error).__name__).lower()) from error
    return path


def check(path: Path) -> None:
    """Raise InputError when a file cannot be written there, as far as can be told without writing."""
    if path.is_dir():
        raise _refusal(path, "is a folder")
    parent = path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir():
        raise _refusal(path, f"{parent} is a file, not a folder")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise _refusal(path, f"the folder {parent} may not be written to")


def _refusal(path: Path, reason: str) -> InputError:
    return InputError(
        f"{path}: the report cannot be written: {reason}. Give another file with -o; nothing was changed."
    )
