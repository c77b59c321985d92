"""What is unusual about the inputs, in the words of the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from planner.analysis.plausibility import Remark, remarks
from planner.report.formats import Formats
from planner.result import Result


@dataclass(frozen=True)
class SecondLook:
    """A sentence about one input."""

    name: str
    sentence: str


def second_looks(result: Result, formats: Formats, today: date) -> list[SecondLook]:
    """Return what is worth a second look among the inputs of a plan: unusual values first, then old evidence."""
    found = remarks(result.leaves, result.program.leaves, result.loaded, today)
    return [SecondLook(remark.name, _sentence(remark, formats)) for remark in found]


def _sentence(remark: Remark, formats: Formats) -> str:
    _ = formats.messages.gettext
    if remark.kind == "old":
        return _("The evidence is of %(date)s, more than a year ago.") % {"date": remark.reference}
    values = {
        "value": remark.value,
        "share": formats.chance(1 - remark.beyond_share),
        "usual": remark.reference,
    }
    if remark.kind == "low":
        return _("%(value)s is lower than %(share)s of what is usual, %(usual)s.") % values
    return _("%(value)s is higher than %(share)s of what is usual, %(usual)s.") % values
