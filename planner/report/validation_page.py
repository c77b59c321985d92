"""Puts the page on plans of real companies together: what was reported beside what the plan gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from planner.analysis.validation import WIDEST_RATIO, Check
from planner.report import charts
from planner.report.entries import prose
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.page import document

TEMPLATE = "validation.html.j2"


@dataclass(frozen=True)
class Row:
    """One reported figure, as the page shows it."""

    company: str
    figure: str
    file: str
    reported: str
    planned: str
    median: str
    bar: Markup
    verdict: str
    is_passed: bool
    source: Markup
    as_of: str
    explanation: Markup


def validation_page(
    checks: Sequence[Check], draws: int, lang: str = "en", now: datetime | None = None
) -> str:
    """Return plans held against what was reported as one HTML document.

    Raises:
        InputError: there is no catalogue of messages for the language.
    """
    formats = Formats(messages(lang))
    context = {
        "rows": [_row(check, formats) for check in checks],
        "passed": sum(check.is_passed for check in checks),
        "draws": formats.number(draws, 9),
        "widest": formats.number(WIDEST_RATIO),
    }
    return document(TEMPLATE, context, formats, now)


def _row(check: Check, formats: Formats) -> Row:
    reported, low, median, high = (
        formats.quantity(value, check.figure) for value in (check.reported, check.p5, check.p50, check.p95)
    )
    ends = [check.p5, check.p95, check.reported]
    reach = 0.1 * (max(ends) - min(ends))
    bar = charts.spans([(check.p5, check.p95, "part")], min(ends) - reach, max(ends) + reach, check.reported)
    return Row(
        check.company, check.figure, check.scenario, reported, formats.between(low, high), median, bar,
        _verdict(check, formats), check.is_passed, prose(check.source), check.as_of, prose(check.explanation),
    )  # fmt: skip


def _verdict(check: Check, formats: Formats) -> str:
    _ = formats.messages.gettext
    if not check.is_inside:
        return _("outside the planned interval")
    if not check.is_narrow:
        return _("inside, but the interval is too wide to tell much")
    return _("inside the planned interval, whose p95 is %(ratio)s times its p5") % {
        "ratio": formats.number(check.width_ratio, 2)
    }
