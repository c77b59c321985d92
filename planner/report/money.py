"""The money of the plan as charts and tables: start-up cost by part, months, years, and what moves the need."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from markupsafe import Markup

from planner.analysis.swings import Swing
from planner.formulas.calendar import YEAR
from planner.report import charts
from planner.report.formats import Formats
from planner.report.outlook import Outlook, rounds
from planner.report.sentences import input_label
from planner.result import Result

FAN = {"p5": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
DIGITS = 3
WHOLE_DIGITS = 9
SWINGS_SHOWN = 8
FLOWS = ("revenue_usd", "total_cost_usd", "ebitda_usd", "net_cash_flow_usd")
"""What a year is summed up by."""


@dataclass(frozen=True)
class Part:
    """One bar of a whole: its figure, its text, and how long it is."""

    label: str
    name: str
    value: str
    share: str
    bar: Markup


@dataclass(frozen=True)
class SwingRow:
    """What one input does to the funding need: moved alone from its p10 to its p90, and in the draws."""

    name: str
    kind: str
    label: str
    at_p10: str
    at_p90: str
    bar: Markup
    lowest: str
    """The average need over the draws with the input in its lowest fifth; empty where there are none."""
    highest: str
    draws_bar: Markup


@dataclass(frozen=True)
class Year:
    """One year of the plan: what flowed in it, and what there is at its end."""

    dates: str
    end: str
    flows: tuple[tuple[str, str], ...]
    """Figures and their sums over the year, on the central path."""
    people: str
    cash: tuple[str, ...]
    """p5, p50, p95 over the draws at the end; the central path where there are none."""
    out: str
    """Chance that the money has run out by then."""


class Money:
    """Reads the charts and tables of money off a result."""

    def __init__(self, result: Result, outlook: Outlook, formats: Formats) -> None:
        """Take the result, what the verdict saw of it, and the language."""
        self.result = result
        self.outlook = outlook
        self.f = formats
        self._ = formats.messages.gettext

    @cached_property
    def parts(self) -> list[Part]:
        """The parts of the start-up cost on the central path, the largest first; their texts add up to the whole."""
        labels = self.startup_labels()
        values = {name: self._central(name) for name in labels}
        total = self._central("startup_cost_usd")
        texts = dict(zip(values, apportioned(list(values.values()), DIGITS), strict=True))
        longest, unit = max(values.values(), default=0.0), unit_of(total)
        ordered = sorted((name for name in values if values[name] > 0), key=lambda name: -values[name])
        return [
            Part(
                labels[name],
                name,
                self._whole(texts[name])
                if texts[name]
                else self._("less than %(usd)s") % {"usd": self._whole(unit)},
                self.f.chance(values[name] / total),
                charts.spans([(0.0, values[name], "part")], 0.0, longest),
            )
            for name in ordered
        ]

    @property
    def parts_total(self) -> str:
        """The whole start-up cost, as the texts of its parts add up to it."""
        values = [self._central(name) for name in self.startup_labels()]
        return self._whole(sum(apportioned(values, DIGITS)))

    @cached_property
    def costs(self) -> dict[str, tuple[str, Sequence[float]]]:
        """Kinds of cost that arise, by figure: the label and the months on the central path."""
        _ = self._
        labels = {
            "staff_usd": _("Staff"),
            "marketing_usd": _("Marketing"),
            "cost_of_revenue_usd": _("Serving customers, with the people who do"),
            "overhead_usd": _("Overhead"),
            "privacy_usd": _("Privacy and security"),
            "research_usd": _("Training and data"),
            "setup_usd": _("Setting up"),
        }
        return {name: (label, self._row(name)) for name, label in labels.items()}

    @property
    def revenue(self) -> Sequence[float]:
        """Revenue of each month on the central path."""
        return self._row("revenue_usd")

    def costs_chart(self) -> Markup:
        """Monthly costs by kind against revenue."""
        _ = self._
        title = _("Costs and revenue of each month")
        values = {
            "first": self.f.month(1), "last": self.f.month(self.result.months),
            "revenue": self.f.money(float(self.revenue[-1])),
            "costs": self.f.money(float(self._row("total_cost_usd")[-1])),
        }  # fmt: skip
        text = _(
            "From %(first)s to %(last)s, on the central path. "
            "In the last month revenue is %(revenue)s and costs are %(costs)s."
        )
        summary = text % values
        kinds = {name: row for name, (_label, row) in self.costs.items()}
        return charts.stacked("costs", title, summary, kinds, self.revenue, self.f)

    def cash_rows(self) -> dict[str, Sequence[float]]:
        """Cash at the end of each month: central path, and quantiles when there are draws."""
        cash = self.result["cash_usd"]
        rows: dict[str, Sequence[float]] = {"central": self._row("cash_usd")}
        if self.result.num_draws > 1:
            rows |= {name: list(map(float, cash.quantile(q))) for name, q in FAN.items()}
        return rows

    def cash_chart(self) -> Markup:
        """Cash as a fan over the months."""
        _ = self._
        rows = self.cash_rows()
        last = {name: self.f.money(row[-1]) for name, row in rows.items()}
        summary = _("On the central path the plan ends with %(central)s.") % last
        if "p5" in last:
            summary += " " + _("Nine draws in ten end between %(p5)s and %(p95)s.") % last
        marks = [(month, "+" + self.f.money(usd)) for month, usd in rounds(self.result)]
        return charts.fan("cash", _("Cash at the end of each month"), summary, rows, marks, self.f)

    def swings(self) -> list[SwingRow]:
        """What the strongest uncertain inputs do to the funding need: alone, and in the draws."""
        shown = self.outlook.shown_swings(SWINGS_SHOWN)
        ends = [end for swing in shown for end in (swing.at_p10, swing.at_p90)]
        ends += [end for swing in shown if (c := swing.in_draws) for end in (c.lowest, c.highest)]
        ends = [end for end in ends if math.isfinite(end)]
        low, high = min(ends, default=0.0), max(ends, default=1.0)
        return [self._swing(swing, low, high) for swing in shown]

    def _swing(self, swing: Swing, low: float, high: float) -> SwingRow:
        kind, centre, found = swing.leaf.evidence.kind, self.outlook.need_usd.central, swing.in_draws
        is_known = found is not None and math.isfinite(found.lowest) and math.isfinite(found.highest)
        return SwingRow(
            swing.leaf.name,
            kind,
            input_label(swing.leaf.help, self.f) or swing.leaf.name,
            self.f.money(swing.at_p10),
            self.f.money(swing.at_p90),
            charts.spans([(swing.at_p10, swing.at_p90, kind)], low, high, centre),
            self.f.money(found.lowest) if found and is_known else "",
            self.f.money(found.highest) if found and is_known else "",
            charts.spans([(found.lowest, found.highest, f"{kind} soft")], low, high)
            if found and is_known
            else Markup(""),
        )

    def years(self) -> list[Year]:
        """The years of the plan; the last may be shorter than twelve months."""
        months = self.result.months
        return [self._year(start + 1, min(start + YEAR, months)) for start in range(0, months, YEAR)]

    def months(self) -> list[tuple[str, list[str]]]:
        """The month-by-month table under the chart of costs: date, each kind, all costs, revenue."""
        rows = [*(row for _label, row in self.costs.values()), self._row("total_cost_usd"), self.revenue]
        return self._table(rows)

    def cash_months(self) -> list[tuple[str, list[str]]]:
        """The month-by-month table under the fan of cash."""
        return self._table(list(self.cash_rows().values()))

    def _table(self, rows: Sequence[Sequence[float]]) -> list[tuple[str, list[str]]]:
        return [
            (self.f.short_month(month), [self.f.money(float(row[month - 1]), DIGITS) for row in rows])
            for month in range(1, self.result.months + 1)
        ]

    def _year(self, first: int, last: int) -> Year:
        flows = tuple((name, self.f.money(sum(self._row(name)[first - 1 : last]))) for name in FLOWS)
        cash: tuple[str, ...] = (self.f.money(self._row("cash_usd")[last - 1]),)
        out = ""
        if self.result.num_draws > 1:
            row = self.result["cash_usd"]
            cash = tuple(self.f.money(float(row.quantile(q)[last - 1])) for q in (0.05, 0.5, 0.95))
            share = float(self.result["runway_months"].probability(lambda full: full < last))
            out = self.f.chance(share)
        start, end = self.f.short_month(first), self.f.short_month(last)
        dates = self.f.between(start, end) if first < last else end
        people = self.f.number(round(self._row("people")[last - 1]), 3)
        return Year(dates, self.f.month(last), flows, people, cash, out)

    def _central(self, name: str) -> float:
        return float(self.result[name].central)

    def _row(self, name: str) -> list[float]:
        row: Any = np.broadcast_to(np.ravel(self.result[name].central), (self.result.months,))
        return [float(value) for value in row]

    def _whole(self, usd: float) -> str:
        # The amounts are already rounded to a common unit, so no digit that they have is left out.
        return self.f.money(usd, WHOLE_DIGITS)

    def startup_labels(self) -> Mapping[str, str]:
        """Return what the parts of the start-up cost are called, by figure."""
        _ = self._
        return {
            "startup_staff_usd": _("Staff"),
            "startup_training_usd": _("Accelerators for training"),
            "startup_cleaning_usd": _("Cleaning of training text"),
            "startup_licence_usd": _("Licences for data"),
            "startup_data_usd": _("Data, labels and development"),
            "startup_privacy_usd": _("Privacy and security"),
            "startup_service_usd": _("Serving before anybody pays, with the people who do"),
            "startup_marketing_usd": _("Marketing"),
            "startup_overhead_usd": _("Overhead"),
            "startup_purchases_usd": _("Accelerators bought"),
            "startup_setup_usd": _("Setting up"),
        }


def apportioned(parts: Sequence[float], digits: int) -> list[float]:
    """Round parts to a common unit so that they add up exactly to their whole, rounded to so many digits.

    Source: method of the largest remainder (Hamilton).
    """
    whole = sum(parts)
    if whole <= 0:
        return [0.0 for _ in parts]
    unit = unit_of(whole, digits)
    counts = [math.floor(part / unit) for part in parts]
    missing = round(whole / unit) - sum(counts)
    by_remainder = sorted(range(len(parts)), key=lambda i: counts[i] - parts[i] / unit)
    for index in by_remainder[:missing]:
        counts[index] += 1
    return [count * unit for count in counts]


def unit_of(whole: float, digits: int = DIGITS) -> float:
    """Return the power of ten to which a whole of so many significant digits is rounded."""
    if whole <= 0:
        return 1.0
    # Next to the smallest number there is, the power would be none.
    return max(10.0 ** (math.floor(math.log10(whole)) - digits + 1), sys.float_info.min)
