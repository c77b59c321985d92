"""How each figure is worked out, and every input with its evidence: what the appendix and the list of inputs show."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from planner.engine import MONTH, Parameter, is_shock
from planner.evidence import Leaf
from planner.figure import Figure
from planner.report.charts import spark
from planner.report.formats import Formats
from planner.report.outlook import is_choice, is_known, unused
from planner.report.sentences import input_label
from planner.result import Result
from planner.scenario.distributions import Distribution
from planner.scenario.keys import keys
from planner.scenario.quantities import Quantity
from planner.statuses import status

SPECIAL = re.compile(r"(?P<address>https?://[^\s<>\"'|]+[^\s<>\"'|.,;:)])|`(?P<code>[^`]+)`")
SAID_BY_ENDS = ("lognormal", "logit-normal", "normal", "uniform")
"""Distributions that their p5 and p95 describe whole."""
LONGEST_SPELLING = 80
MOST_ITEMS = 6
"""Values of the items of a list that are spelt out; of more, the least and the greatest."""
SECOND = "second_"
COMMON = ".common"
"""The module of the figures that every strategy has."""
SHOWN = {"p10": 0.1, "p50": 0.5, "p90": 0.9}
LINK = Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>')
CODE = Markup("<code>{}</code>")


@dataclass(frozen=True)
class Row:
    """One line of a card: what it is, its value, and the figure or input that the value comes from."""

    label: str
    value: str
    name: str = ""
    note: str = ""


@dataclass(frozen=True)
class Reference:
    """One parameter of a formula: what it is called there, and where it leads."""

    spelling: str
    anchor: str
    kind: str
    """Kind of evidence of an input; empty for a figure."""
    value: str
    is_last_month: bool


@dataclass(frozen=True)
class FigureEntry:
    """One figure as the appendix explains it."""

    name: str
    anchor: str
    sentence: str
    source: Markup
    formula: str
    value: str
    odds: str
    """Quantiles over the draws, and the chance that it happens at all; empty where it was not drawn."""
    is_monthly: bool
    spark: Markup
    references: tuple[Reference, ...]


@dataclass(frozen=True)
class InputEntry:
    """One input as the list of inputs shows it."""

    name: str
    anchor: str
    kind: str
    """Kind of evidence; `choice` for a choice of the scenario, `chance` for what is drawn for each month,
    `unused` where no value matters."""
    label: Markup
    values: tuple[str, ...]
    ranges: tuple[str, ...]
    distribution: str
    means: tuple[str, ...]
    source: Markup
    as_of: str
    note: Markup
    beside: tuple[str, ...]
    key: str


class Entries:
    """Everything that can be linked to on a page about one result."""

    def __init__(self, result: Result, formats: Formats) -> None:
        """Take the result and how its language writes numbers."""
        self.result = result
        self.formats = formats
        self.leaves = result.used_leaves()
        self.unused = unused(result)
        self.hidden = frozenset() if result.scenario.model.switch_source else frozenset(self._of_a_switch())

    def anchor(self, name: str) -> str:
        """Return the anchor of a figure or an input."""
        return f"input-{name}" if name in self.leaves else f"figure-{name}"

    def _of_a_switch(self) -> Iterator[str]:
        """Yield what is about a second model, which says nothing where the scenario does not switch to one."""
        of_a_switch = ("switch_month", "successor_month")
        yield from (
            name for name in (*self.leaves, *self.result) if name.startswith(SECOND) or name in of_a_switch
        )

    def has(self, name: str) -> bool:
        """Tell whether there is an entry to lead to."""
        known = name in self.leaves or name in self.result
        return known and name not in self.hidden and not self._is_idle(name)

    @cached_property
    def figures(self) -> dict[str, list[FigureEntry]]:
        """The figures by the module of formulas or the strategy that they belong to."""
        found: dict[str, list[FigureEntry]] = {}
        for name in self.result:
            if name not in self.leaves and name not in self.hidden and not self._is_idle(name):
                found.setdefault(self._owner(name), []).append(self._figure(name))
        return found

    @cached_property
    def inputs(self) -> dict[str, list[InputEntry]]:
        """The inputs by the section of the scenario in which they are set, in the order of the schema."""
        schema = keys(type(self.result.scenario))
        by_name = {key.name: path for path, key in schema.items() if key.is_quantity}
        order = {name: index for index, name in enumerate(by_name)}
        found: dict[str, list[InputEntry]] = {}
        for name in sorted(self.leaves, key=lambda name: order.get(name, len(order))):
            if name in self.hidden:
                continue
            entry = self._input(self.leaves[name], by_name.get(name, ""))
            section = entry.key.partition(".")[0] or {"choice": "choices", "chance": "chance"}.get(
                entry.kind, "bench"
            )
            found.setdefault(section, []).append(entry)
        return found

    def _is_idle(self, name: str) -> bool:
        """Tell whether a strategy has the figure only so that the company can add up: it is nothing by definition."""
        node = self.result.program.nodes[name]
        function = node.function
        return bool(function) and function.__module__.endswith(COMMON) and not node.parameters

    def kind(self, name: str) -> str:
        """Return the kind of evidence behind an input, as the list of inputs shows it."""
        return self._kind(self.leaves[name])

    def central(self, name: str, month: int | None = None) -> float:
        """Return a figure or an input on the central path, at a month (the last by default)."""
        return self._items(name, month)[0]

    def row(self, label: str, name: str, note: str = "", month: int | None = None) -> Row:
        """Return a line whose value is a figure or an input on the central path."""
        return Row(label, self.text(name, month=month), name, note)

    def text(self, name: str, digits: int = 3, month: int | None = None) -> str:
        """Return a figure on the central path with its unit, as text: one number, or those of the items of a list."""
        values = self._items(name, month)
        if not values:
            return self.formats.messages.gettext("no value")
        if len(values) > MOST_ITEMS:
            less = self.formats.messages.gettext("%(count)s values from %(low)s to %(high)s")
            ends = {"low": min(values), "high": max(values)}
            shown = {end: self.formats.quantity(value, name, digits) for end, value in ends.items()}
            return less % {"count": len(values), **shown}
        return ", ".join(self._text(name, value, digits) for value in values)

    def _items(self, name: str, month: int | None) -> list[float]:
        value: Any = (
            self.result.figures[name].central if name in self.result else self.result.central_leaves[name]
        )
        if name in self.result and self.result[name].is_monthly:
            value = np.asarray(value)[(month or self.result.months) - 1]
        return [float(one) for one in np.ravel(value)]

    def _figure(self, name: str) -> FigureEntry:
        figure = self.result[name]
        references = tuple(self._references(name))
        _ = self.formats.messages.gettext
        return FigureEntry(
            name=name,
            anchor=self.anchor(name),
            sentence=_(figure.sentence),
            source=prose(_(figure.source)),
            formula=figure.formula,
            value=self.text(name),
            odds=self._odds(figure),
            is_monthly=figure.is_monthly,
            spark=spark(np.ravel(self.result.total(name))) if figure.is_monthly else Markup(""),
            references=references,
        )

    def _text(self, name: str, value: float, digits: int = 3) -> str:
        if (
            name in self.result
            and not math.isfinite(value)
            and self.result[name].status(value) != status(value)
        ):
            return self.formats.missing(self.result[name].status(value))
        text = self.formats.quantity(value, name, digits)
        if name == "runway_months" and math.isfinite(value):
            out = self.formats.messages.gettext("%(months)s, the money has run out in %(date)s")
            return out % {"months": text, "date": self.formats.month(value + 1)}
        return text

    def _odds(self, figure: Figure) -> str:
        if figure.draws is None:
            return ""
        last = [float(np.ravel(row)[-1]) for row in figure.quantiles(list(SHOWN.values()))]
        texts = [
            f"{label} {self._text(figure.name, value)}" for label, value in zip(SHOWN, last, strict=True)
        ]
        if figure.unit in ("month", "months") and not figure.is_monthly:
            share = self.formats.chance(float(figure.probability(np.isfinite)))
            texts.append(
                self.formats.messages.gettext("it happens within the plan in %(share)s of the draws")
                % {"share": share}
            )
        if figure.known_share < 1:
            known = self.formats.messages.gettext("it is defined in %(share)s of the draws, which these are")
            texts.append(known % {"share": self.formats.chance(figure.known_share)})
        return "; ".join(texts)

    def _owner(self, name: str) -> str:
        function, scope = self.result[name].function, name.rpartition(".")[0]
        return scope or (function.__module__.rpartition(".")[2] if function else "")

    def _references(self, name: str) -> Iterator[Reference]:
        for parameter in self.result.program.nodes[name].parameters:
            for target in parameter.targets:
                if target != MONTH and not self._is_idle(target):
                    yield self._reference(parameter, target)

    def _reference(self, parameter: Parameter, target: str) -> Reference:
        if target in self.hidden:
            return Reference(target, "", "", self.formats.messages.gettext("no switch"), False)
        leaf = self.leaves.get(target)
        spelling = target if parameter.kind == "each" else parameter.spelling
        is_row = parameter.kind == "series"
        if leaf:
            value = ", ".join(self._values(leaf))
            return Reference(spelling, self.anchor(target), self._kind(leaf), value, False)
        is_monthly = self.result[target].is_monthly
        month = self.result.months - (parameter.kind == "previous")
        if is_row or month == 0:
            return Reference(spelling, self.anchor(target), "", "", False)
        return Reference(spelling, self.anchor(target), "", self.text(target, month=month), is_monthly)

    def _input(self, leaf: Leaf, key: str) -> InputEntry:
        uncertain = leaf.uncertain.values()
        kinds = dict.fromkeys(shape(q.distribution, self.formats) for q in uncertain if q.distribution)
        return InputEntry(
            name=leaf.name,
            anchor=self.anchor(leaf.name),
            kind=self._kind(leaf),
            label=prose(
                input_label(leaf.help or leaf.evidence.note.partition(":")[0], self.formats) or leaf.name
            ),
            values=tuple(self._values(leaf)),
            ranges=tuple(self._range(leaf.name, q) for q in leaf.quantities) if uncertain else (),
            distribution=", ".join(kinds),
            means=tuple(self._mean(leaf.name, q) for q in leaf.quantities) if uncertain else (),
            source=prose(self.formats.messages.gettext(leaf.evidence.reference)),
            as_of=leaf.evidence.as_of,
            note=prose(leaf.evidence.note),
            beside=leaf.beside,
            key=leaf.key or key,
        )

    def _kind(self, leaf: Leaf) -> str:
        if leaf.name in self.unused or not leaf.quantities:
            return "unused"
        if is_shock(leaf.name):
            return "chance"
        return "choice" if is_choice(leaf) else leaf.evidence.kind

    def _values(self, leaf: Leaf) -> Iterator[str]:
        if is_known(leaf) or leaf.is_list:
            for quantity in leaf.quantities:
                yield self.formats.quantity(quantity.value, leaf.name)

    def _range(self, name: str, quantity: Quantity) -> str:
        if quantity.distribution is None:
            return ""
        facts = quantity.distribution.summary()
        return self.formats.between(*(self.formats.quantity(facts[end], name) for end in ("p5", "p95")))

    def _mean(self, name: str, quantity: Quantity) -> str:
        return self.formats.quantity(quantity.distribution.mean, name) if quantity.distribution else ""


def shape(distribution: Distribution, formats: Formats) -> str:
    """Return what kind of distribution it is, in its whole spelling where p5 and p95 do not say it."""
    if distribution.kind in SAID_BY_ENDS or len(str(distribution)) > LONGEST_SPELLING:
        return formats.messages.gettext(distribution.kind)
    return str(distribution)


def prose(text: str) -> Markup:
    """Escape a text, turn the web addresses in it into links and what stands in backticks into code."""
    parts, end = [], 0
    for match in SPECIAL.finditer(text):
        parts.append(escape(text[end : match.start()]))
        shape = LINK if match["address"] else CODE
        parts.append(shape.format(match["address"] or match["code"]))
        end = match.end()
    return Markup("").join([*parts, escape(text[end:])])
