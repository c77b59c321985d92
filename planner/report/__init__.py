"""Self-contained pages on a finished plan or a comparison. Everything is imported when a page is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.analysis.comparing import Comparison
    from planner.analysis.validation import Check
    from planner.result import Result

__all__ = ["check_language", "check_output", "render", "render_comparison", "render_validation"]


def render(result: Result, path: str | Path, lang: str = "en") -> Path:
    """Write the report on a plan as one HTML file, whole or not at all, and return its path.

    Folders on the way to the file are made.

    Raises:
        InputError: there is no catalogue of messages for the language, or the file cannot be written.
    """
    from planner.report.page import page
    from planner.report.writing import write

    return write(page(result, lang), Path(path))


def render_comparison(comparison: Comparison, path: str | Path, lang: str = "en") -> Path:
    """Write a comparison of plans as one HTML file, whole or not at all, and return its path.

    Folders on the way to the file are made.

    Raises:
        InputError: there is no catalogue of messages for the language, or the file cannot be written.
    """
    from planner.report.comparison_page import comparison_page
    from planner.report.writing import write

    return write(comparison_page(comparison, lang), Path(path))


def render_validation(checks: Sequence[Check], draws: int, path: str | Path, lang: str = "en") -> Path:
    """Write plans held against what was reported as one HTML file, whole or not at all, and return its path.

    Raises:
        InputError: there is no catalogue of messages for the language, or the file cannot be written.
    """
    from planner.report.validation_page import validation_page
    from planner.report.writing import write

    return write(validation_page(checks, draws, lang), Path(path))


def check_language(lang: str) -> None:
    """Refuse a language for which there is no catalogue of messages, before anything is planned.

    Raises:
        InputError: the text says which languages there are.
    """
    from planner.report.messages import messages

    messages(lang)


def check_output(path: str | Path) -> None:
    """Refuse a file that could not be written, before anything is planned; nothing is made or changed.

    Raises:
        InputError: the text says why and what to do.
    """
    from planner.report.writing import check

    check(Path(path))
