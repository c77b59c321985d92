"""Puts the page on compared plans together."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from planner.analysis.comparing import Comparison
from planner.report.comparison_tables import ComparisonTables
from planner.report.comparison_words import ComparisonWords
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.page import document

TEMPLATE = "comparison.html.j2"


def comparison_page(comparison: Comparison, lang: str = "en", now: datetime | None = None) -> str:
    """Return a comparison of plans as one HTML document.

    Raises:
        InputError: there is no catalogue of messages for the language.
    """
    first = comparison.results[0]
    formats = Formats(messages(lang), first.scenario.start_month)
    words = ComparisonWords(comparison, formats)
    tables = ComparisonTables(comparison, formats)
    context: dict[str, Any] = {
        "answers": words.answers(),
        "comparison": comparison,
        "first": first,
        "is_drawn": words.is_drawn,
        "tables": tables,
    }
    return document(TEMPLATE, context, formats, now)
