"""Tables of compared plans: figures side by side, differences draw by draw, steps, dominance, regret and inputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from markupsafe import Markup

from planner.analysis.comparing import COMPARED, NOT_THERE, Comparison, Difference, Step, ruin_share
from planner.figure import Figure
from planner.report import charts
from planner.report.comparison_charts import paths
from planner.report.comparison_words import EVERY_DRAW, letter
from planner.report.entries import shape
from planner.report.formats import Formats
from planner.report.money import DIGITS, WHOLE_DIGITS, unit_of
from planner.report.sentences import input_label, is_felt
from planner.scenario.keys import ANY, keys, quantities
from planner.scenario.quantities import Quantity

MONTH_UNITS = ("month", "months")
SELF_EVIDENT = ("name", "description")
"""Keys that differ between any two scenarios and stand at the head of the page."""
STEP_DIGITS = 4
"""Digits of the largest total on the way from one cash to another; the steps are smaller and have fewer."""
PATH = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


@dataclass(frozen=True)
class Plan:
    """One of the compared plans as the page introduces it."""

    letter: str
    number: int
    name: str
    file: str
    description: str


@dataclass(frozen=True)
class Row:
    """One figure of all plans: the middle of each and, in small, how wide it is."""

    label: str
    cells: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class DifferenceRow:
    """One figure of a plan less that of the first."""

    label: str
    low: str
    median: str
    error: str
    """Sampling error of the median, where it reaches the digits that are shown."""
    high: str
    larger: str
    known: str
    """Share of the draws in which both plans have the figure, over which the difference is told."""
    bar: Markup


@dataclass(frozen=True)
class StepRow:
    """One step of the way from the cash of one plan to that of another."""

    label: str
    text: str
    bar: Markup
    is_total: bool = False


@dataclass(frozen=True)
class Against:
    """One plan against the first: the differences, and the way from one to the other."""

    plan: Plan
    differences: tuple[DifferenceRow, ...]
    steps: tuple[StepRow, ...]


@dataclass(frozen=True)
class InputRow:
    """One key on which the scenarios differ."""

    key: str
    label: str
    values: tuple[str, ...]


class ComparisonTables:
    """Reads the tables and charts off a comparison."""

    def __init__(self, comparison: Comparison, formats: Formats) -> None:
        """Take what was compared and how the language writes numbers."""
        self.c = comparison
        self.f = formats
        self._ = formats.messages.gettext
        self.is_drawn = comparison.results[0].num_draws > 1

    @cached_property
    def plans(self) -> list[Plan]:
        """The plans in the order in which they were given."""
        return [
            Plan(letter(i), i + 1, result.scenario.name, name, result.scenario.description)
            for i, (name, result) in enumerate(zip(self.c.names, self.c.results, strict=True))
        ]

    def figures(self) -> list[Row]:
        """The figures of all plans side by side."""
        labels = self._labels()
        rows = [
            Row(labels[name], tuple(self._cell(result[name]) for result in self.c.results))
            for name in COMPARED
        ]
        chances = tuple((self.f.chance(ruin_share(result)), "") for result in self.c.results)
        return [*rows, Row(self._("Money runs out"), chances)] if self.is_drawn else rows

    def against(self) -> list[Against]:
        """Every plan after the first against it."""
        return [
            Against(
                plan,
                tuple(self._difference(one) for one in differences),
                tuple(self._steps(plan.number - 1, steps)),
            )
            for plan, differences, steps in zip(
                self.plans[1:], self.c.differences, self.c.waterfalls, strict=True
            )
        ]

    def cash_chart(self) -> Markup:
        """Cash of all plans over the months."""
        _ = self._
        rows = []
        for result in self.c.results:
            cash = result["cash_usd"]
            quantiles = PATH if self.is_drawn else {"p50": 0.5}
            rows.append({name: list(map(float, np.ravel(cash.quantile(q)))) for name, q in quantiles.items()})
        said = [
            _("Plan %(plan)s ends with %(usd)s.") % {"plan": plan.letter, "usd": self.f.money(row["p50"][-1])}
            for plan, row in zip(self.plans, rows, strict=True)
        ]
        title, letters = _("Cash at the end of each month"), [plan.letter for plan in self.plans]
        return paths("cash", title, " ".join(said), rows, letters, self.f)

    def dominance(self) -> list[tuple[Plan, tuple[str, ...]]]:
        """For every plan, over which others it is better and how; `-` for itself."""
        words = {EVERY_DRAW: self._("in every draw"), "distribution": self._("in distribution")}
        size = range(len(self.plans))
        return [
            (
                self.plans[i],
                tuple(
                    "-" if i == j else words.get(self.c.dominance.get((i, j), ""), self._("no")) for j in size
                ),
            )
            for i in size
        ]

    def regrets(self) -> list[tuple[Plan, tuple[str, ...]]]:
        """For every plan in how many draws it is best, its mean regret and that of the worst tenth."""
        rows: list[tuple[Plan, tuple[str, ...]]] = []
        for plan, one in zip(self.plans, self.c.regrets, strict=True):
            mean = (
                self._("none: one draw could carry it")
                if math.isnan(one.mean)
                else self.f.money(one.mean, DIGITS)
            )
            rows.append((plan, (self.f.chance(one.best_share), mean, self.f.money(one.p90, DIGITS))))
        return rows

    def inputs(self) -> list[InputRow]:
        """The keys on which the scenarios differ, with what each has there."""
        schema = keys(type(self.c.results[0].scenario))
        found = []
        for key, values in self.c.inputs:
            pattern = ".".join(ANY if part.isdecimal() else part for part in key.split("."))
            help_text = schema[pattern].description if pattern in schema else ""
            if key not in SELF_EVIDENT:
                found.append(InputRow(key, input_label(help_text, self.f), self._input_texts(key, values)))
        return found

    def _input_texts(self, key: str, values: tuple[str, ...]) -> tuple[str, ...]:
        """Write quantities with their units, unless two that differ would then look alike."""
        name = key.rpartition(".")[2]
        texts = tuple(
            self._quantity(name, given[key]) if key in given and value != NOT_THERE else value
            for given, value in zip(self._given, values, strict=True)
        )
        return texts if len(set(texts)) == len(set(values)) else values

    @cached_property
    def _given(self) -> list[dict[str, Quantity]]:
        return [
            {
                **quantities(result.scenario),
                **{f"figures.{name}": quantity for name, quantity in result.loaded.overrides.items()},
            }
            for result in self.c.results
        ]

    def _quantity(self, name: str, quantity: Quantity) -> str:
        if quantity.distribution is None:
            return self.f.quantity(quantity.value, name)
        facts = quantity.distribution.summary()
        low, high = (self.f.quantity(facts[end], name) for end in ("p5", "p95"))
        return f"{self.f.between(low, high)} ({shape(quantity.distribution, self.f)})"

    def _cell(self, figure: Figure) -> tuple[str, str]:
        low, middle, high = (float(figure.quantile(q)) for q in (0.1, 0.5, 0.9))
        width = self.f.between(self._amount(figure, low), self._amount(figure, high))
        has_width = self.is_drawn and low != high and not math.isnan(middle)
        known = ""
        if 0 < figure.known_share < 1:
            share = self.f.chance(figure.known_share)
            known = self._("known in %(share)s of the draws") % {"share": share}
        return self._amount(figure, middle), "; ".join(filter(None, (width if has_width else "", known)))

    def _amount(self, figure: Figure, value: float) -> str:
        if not math.isfinite(value):
            month = figure.name.endswith("_month")
            return self._("beyond the plan") if month else self.f.missing(figure.status(value))
        return (
            self.f.short_month(value)
            if figure.name.endswith("_month")
            else self.f.quantity(value, figure.name, 2)
        )

    def _difference(self, one: Difference) -> DifferenceRow:
        low, median, high = (self._change(one.unit, value) for value in (one.p5, one.median, one.p95))
        bar = Markup("")
        if math.isfinite(one.median):
            ends = (min(one.p5, 0.0), max(one.p95, 0.0))
            bar = charts.spans([(one.p5, one.p95, "part")], *ends, mark=0.0)
        return DifferenceRow(
            self._labels()[one.figure],
            low,
            median,
            self._error(one),
            high,
            self.f.chance(one.larger_share),
            self.f.chance(1.0 - one.unknown_share),
            bar,
        )

    def _error(self, one: Difference) -> str:
        def written(value: float, digits: int = 2) -> str:
            return self._size(one.unit, abs(value), digits)

        if not one.median_error or not is_felt(one.median, one.median_error, written):
            return ""
        if one.unit in MONTH_UNITS:
            return f"\u00b1 {self.f.number(one.median_error, 1)}"
        return f"\u00b1 {written(one.median_error, 1)}"

    def _change(self, unit: str, value: float) -> str:
        if not math.isfinite(value):
            return self._("undefined")
        return ("+" if value > 0 else "-" if value < 0 else "") + self._size(unit, abs(value), 2)

    def _size(self, unit: str, value: float, digits: int) -> str:
        """Write the size of a difference in the unit of its figure; a difference of shares is in points."""
        if unit in MONTH_UNITS:
            return self.f.quantity(value, "change_months", digits)
        if unit.startswith("share"):
            return self._("%(number)s points") % {"number": self.f.number(100.0 * value, digits)}
        return self.f.number(value, digits) if unit == "ratio" else self.f.money(value, digits)

    def _steps(self, index: int, steps: Sequence[Step]) -> list[StepRow]:
        first = float(self.c.results[0]["cash_usd"].central[-1])
        totals = np.cumsum([first, *(step.usd for step in steps)])
        rounded = round_together([float(total) for total in totals])
        low, high = min(0.0, *totals), max(0.0, *totals)
        labels = self._step_labels()
        rows = [self._total(letter(0), rounded[0], 0, low, high)]
        for step, before, after in zip(steps, rounded, rounded[1:], strict=False):
            if before != after:
                css = "up" if after > before else "down"
                bar = charts.spans([(before, after, css)], low, high, mark=after)
                change = after - before
                text = ("+" if change > 0 else "") + self.f.money(change, WHOLE_DIGITS)
                rows.append(StepRow(labels[step.name], text, bar))
        return [*rows, self._total(letter(index), rounded[-1], index, low, high)]

    def _total(self, plan: str, usd: float, index: int, low: float, high: float) -> StepRow:
        label = self._("Cash of plan %(plan)s") % {"plan": plan}
        bar = charts.spans([(0.0, usd, f"plan-{index + 1}")], low, high)
        return StepRow(label, self.f.money(usd, WHOLE_DIGITS), bar, is_total=True)

    def _labels(self) -> dict[str, str]:
        _ = self._
        return {
            "funding_need_usd": _("Funding need"),
            "startup_cost_usd": _("Start-up cost"),
            "net_present_value_usd": _("Net present value"),
            "internal_rate_share_per_year": _("Internal rate of return by the year"),
            "total_revenue_usd": _("Revenue over the plan"),
            "average_gross_margin_share": _("Gross margin over the plan"),
            "lifetime_value_ratio": _("What a customer leaves over what winning one costs"),
            "top_five_revenue_share": _("Share of the five largest customers in the last year, at least"),
            "runway_months": _("Full months until the money runs out"),
            "break_even_month": _("Month of break-even"),
        }

    def _step_labels(self) -> dict[str, str]:
        _ = self._
        return {
            "revenue_usd": _("Revenue"),
            "cost_of_revenue_usd": _("Serving customers, with the people who do"),
            "research_usd": _("Training and data"),
            "staff_usd": _("Staff"),
            "marketing_usd": _("Marketing"),
            "overhead_usd": _("Overhead"),
            "privacy_usd": _("Privacy and security"),
            "setup_usd": _("Setting up"),
            "tax_usd": _("Tax"),
            "investing_cash_flow_usd": _("Accelerators bought and sold, training capitalised"),
            "new_debt_usd": _("Loans taken"),
            "loan_repayments_usd": _("Loans repaid"),
            "interest_usd": _("Interest"),
            "new_funding_usd": _("Funding rounds"),
            "opening_cash_usd": _("Cash at the start"),
            "payables_usd": _("What suppliers are owed"),
            "working_capital_usd": _("What customers owe or have paid ahead"),
        }


def round_together(totals: Sequence[float], digits: int = STEP_DIGITS) -> list[float]:
    """Round running totals to one unit, so that the steps between them as shown add up exactly."""
    unit = unit_of(max(map(abs, totals)), digits)
    return [round(total / unit) * unit for total in totals]
