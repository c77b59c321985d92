"""Which inputs rest on measurements, which figures read them, and what measurements may not stand for an input."""

from __future__ import annotations

from dataclasses import dataclass

from planner.leaves import Leaf
from planner.measurements import Basis, Use
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.sentences import input_label
from planner.result import Result


@dataclass(frozen=True)
class Rest:
    """One input and the measurement that stands behind it, or that may not."""

    name: str
    label: str
    value: str
    """The input's value in the plan."""
    measured: str
    interval: str
    subject: str
    machine: str
    fingerprint: str
    file: str
    day: str
    use: str
    """In words, how the measurement is used."""
    figures: tuple[str, ...]
    """The figures that read the input."""


class Resting:
    """Reads off a result what it owes to measurements."""

    def __init__(self, result: Result, entries: Entries, formats: Formats) -> None:
        """Take the result, its entries, and the language."""
        self.result = result
        self.entries = entries
        self.f = formats
        self._ = formats.messages.gettext

    @property
    def used(self) -> list[Rest]:
        """The inputs that rest on a measurement, in the order of the schema."""
        return [
            self._rest(leaf, leaf.evidence.basis)
            for leaf in self.result.used_leaves().values()
            if leaf.evidence.basis and leaf.name not in self.entries.unused
        ]

    @property
    def not_used(self) -> list[Rest]:
        """The inputs for which there is a measurement that does not stand behind them, and why."""
        return [
            self._rest(leaf, leaf.refused)
            for leaf in self.result.used_leaves().values()
            if leaf.refused and leaf.name not in self.entries.unused
        ]

    def use(self, use: Use) -> str:
        """Return in words how a measurement is used."""
        _ = self._
        return {
            "used": _("used on the machine that was measured"),
            "carried": _("carried over as a ratio that another machine measured"),
            "refused": _("refused: an absolute figure of another machine than the plan's"),
            "overruled": _("not used: what the scenario writes stands"),
        }[use]

    def _rest(self, leaf: Leaf, basis: Basis) -> Rest:
        interval = ""
        if basis.low is not None and basis.high is not None:
            interval = self.f.between(*(self.f.quantity(end, basis.name) for end in (basis.low, basis.high)))
        readers = [
            name
            for name, node in self.result.program.nodes.items()
            if any(leaf.name in parameter.targets for parameter in node.parameters)
        ]
        return Rest(
            name=leaf.name,
            label=input_label(leaf.help, self.f) or leaf.name,
            value=self.entries.text(leaf.name) if leaf.quantities else self._("no value"),
            measured=self.f.quantity(basis.value, basis.name),
            interval=interval,
            subject=f"{basis.subject}: {basis.name}",
            machine=basis.machine,
            fingerprint=basis.fingerprint,
            file=basis.file,
            day=basis.as_of,
            use=self.use(basis.use),
            figures=tuple(readers),
        )
