"""How the company earns: what each strategy brings and adds, what it turns on, and what sharing one company saves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from planner import strategies
from planner.report.entries import Entries, Row
from planner.report.formats import Formats
from planner.report.sentences import input_label
from planner.result import Result


@dataclass(frozen=True)
class Earning:
    """One strategy of the plan."""

    title: str
    money: tuple[Row, ...]
    """Revenue and contribution over the plan."""
    key_figures: tuple[Row, ...]
    """What the strategy turns on; monthly ones in the last month."""
    statement: str
    """What these say together; empty where the strategy has no such sentence."""


class Earnings:
    """Reads off a result how the company earns."""

    def __init__(self, result: Result, entries: Entries, formats: Formats) -> None:
        """Take the result, its figures as text, and the language."""
        self.result = result
        self.entries = entries
        self.f = formats
        self._ = formats.messages.gettext

    def strategies(self) -> list[Earning]:
        """Return the strategies of the plan in the order of the scenario."""
        _ = self._
        labels = {
            "total_strategy_revenue_usd": _("Revenue over the plan"),
            "total_contribution_usd": _("Added to earnings over the plan, before what is shared"),
        }
        found = []
        for name in self.result.scenario.strategies:
            money = tuple(self.entries.row(label, f"{name}.{figure}") for figure, label in labels.items())
            lines = tuple(self._key_figures(name))
            values = {line.name.rpartition(".")[2]: line.value for line in lines}
            said = strategies.statement(name)
            statement = _(said) % values if said else ""
            found.append(Earning(_(strategies.title(name)), money, lines, statement))
        return found

    def shared(self) -> list[Row]:
        """Return what the strategies share: what it costs, and with several of them what it saves."""
        _ = self._
        lines = [
            self.entries.row(
                _("Shared over the plan: listed staff, own models, overhead"), "total_shared_cost_usd"
            )
        ]
        if len(self.result.scenario.strategies) > 1:
            label = _("Saved by sharing one company, against one for each strategy")
            lines.append(self.entries.row(label, "total_pooling_saving_usd"))
        return lines

    def _key_figures(self, strategy: str) -> Iterator[Row]:
        for name in strategies.key_figures(strategy):
            full = f"{strategy}.{name}"
            if full in self.result:
                yield self.entries.row(_first(self._(self.result[full].sentence)), full)
            elif name in self.result.leaves:
                yield self.entries.row(input_label(self.result.leaves[name].help, self.f), name)


def _first(text: str) -> str:
    """Return the first sentence of a text, without its full stop."""
    return re.split(r"\. |\u3002", text, maxsplit=1)[0].removesuffix(".")
