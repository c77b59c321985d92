"""What compression saves in money: by the recipe of the plan, and by each other that is known for its hardware."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from planner.analysis.recipes import RecipeSaving, RecipeSavings, recipe_savings
from planner.catalogue import spelt as normal
from planner.compression_evidence import Known
from planner.report.compression_forms import spelt
from planner.report.compression_quality import signed
from planner.report.compression_rows import Entry
from planner.report.entries import Entries, Row
from planner.report.formats import Formats
from planner.result import Result

FIGURES = (
    "compression_saving_usd_per_month", "saving_usd_per_million_tokens", "saving_usd_per_million_requests",
    "total_serving_compression_saving_usd", "total_compression_making_usd", "compression_payback_month",
    "saved_serving_gpus",
)  # fmt: skip
"""What the plan says of its own recipe."""


@dataclass(frozen=True)
class SavingRow:
    """One recipe that a plan could rest on, in money at the plan's load."""

    recipes: tuple[Markup, ...]
    """One, or several whose estimates are the same."""
    is_of_the_plan: bool
    kind: str
    """The class of its badge: measured, published or assumed."""
    kind_words: str
    about: str
    speed: Entry
    cost: Entry
    saved: str
    quality: str
    payback: Entry


@dataclass(frozen=True)
class OtherGroup:
    """What else is known of one recipe, and why a plan does not rest on it."""

    recipe: Markup
    lines: tuple[str, ...]


class CompressionMoney:
    """Reads off a result what recipes save in it, or would."""

    def __init__(self, result: Result, entries: Entries, formats: Formats) -> None:
        """Take the result, its entries, and the language."""
        self.result = result
        self.entries = entries
        self.f = formats
        self._ = formats.messages.gettext
        self.recipe = result.scenario.serving.compression
        self.found: RecipeSavings = recipe_savings(result)

    @property
    def is_shown(self) -> bool:
        """Tell whether the plan names a recipe, or one was measured on its hardware or published for it."""
        evident = any(each.known.kind != "estimate" for each in self.found.usable)
        return self.recipe is not None or evident

    @property
    def named(self) -> Markup:
        """The recipe that the plan names; empty where it names none."""
        return spelt(self.recipe) if self.recipe else Markup("")

    @property
    def own(self) -> list[Row]:
        """What the recipe of the plan saves, each with the figure from which it comes."""
        labels, entries = self._labels(), self.entries
        speed = entries.row(labels["compression_speedup_ratio"], "compression_speedup_ratio")
        quality = self._change(entries.central("compression_quality_ratio"))
        return [
            speed,
            Row(labels["compression_quality_ratio"], quality, "compression_quality_ratio"),
            *(entries.row(labels[name], name) for name in FIGURES if name in self.result),
        ]

    @property
    def plain(self) -> str:
        """Cost of serving a million tokens without a recipe."""
        return self.f.money(self.found.plain_usd_per_million_tokens)

    @property
    def rows(self) -> list[SavingRow]:
        """The recipes that a plan on this hardware could rest on, the fastest first; like estimates share a row."""
        groups: dict[str, list[RecipeSaving]] = {}
        for each in self.found.usable:
            known = each.known
            is_alone = known.kind != "estimate" or self._is_own(known)
            key = known.recipe if is_alone else self.f.number(known.speedup_ratio or 0.0)
            groups.setdefault(key, []).append(each)
        ordered = sorted(groups.values(), key=lambda group: group[0].known.kind == "estimate")
        return [self._row(group) for group in ordered]

    @property
    def refused(self) -> int:
        """How many measured speed-ups are refused, because they are of other hardware or another precision."""
        return sum(known.kind == "measured" and known.use == "refused" for known in self.found.others)

    @property
    def others(self) -> list[OtherGroup]:
        """What else is known, by recipe: what stands beside it before what is refused."""
        groups: dict[str, list[Known]] = {}
        for known in sorted(self.found.others, key=lambda each: each.use == "refused"):
            groups.setdefault(known.recipe, []).append(known)
        return [OtherGroup(spelt(name), tuple(self._lines(known))) for name, known in groups.items()]

    def _lines(self, known: Sequence[Known]) -> list[str]:
        _ = self._
        kinds = {"measured": _("measured"), "published": _("published"), "estimate": _("estimate")}
        said = [_("%(kind)s: %(told)s") % {"kind": kinds[k.kind], "told": k.told} for k in known]
        return [f"{line} ({k.why})" if k.why else line for line, k in zip(said, known, strict=True)]

    def _is_own(self, known: Known) -> bool:
        return self.recipe is not None and normal(self.recipe) == normal(known.recipe)

    def _row(self, group: Sequence[RecipeSaving]) -> SavingRow:
        first, known = group[0], group[0].known
        kind, words = self._kind(known)
        about = "; ".join(_told(known))
        if known.kind == "estimate":
            alike = self._(
                "estimates: the least of what their bytes allow and of what recipes of their kind reached"
            )
            about = known.why if len(group) == 1 else alike
        return SavingRow(
            recipes=tuple(spelt(each.known.recipe) for each in group),
            is_of_the_plan=self._is_own(known),
            kind=kind,
            kind_words=words,
            about=about,
            speed=self._speed(group),
            cost=Entry(
                self.f.money(first.usd_per_million_tokens),
                (self._saved(first.saved_usd_per_million_tokens),),
            ),
            saved=self._saved(first.saved_usd_per_month),
            quality=self._quality(group),
            payback=self._payback(group),
        )

    def _kind(self, known: Known) -> tuple[str, str]:
        _ = self._
        if known.kind == "measured":
            shipped = self.result.measured.is_shipped
            return ("published" if shipped else "measured"), _("measured on it")
        if known.kind == "published":
            return "published", _("published for it")
        return "assumed", _("estimate")

    def _speed(self, group: Sequence[RecipeSaving]) -> Entry:
        _, known = self._, group[0].known
        small = []
        lows, highs = (
            [end for each in group if (end := getattr(each.known, name))] for name in ("low", "high")
        )
        if lows and highs:
            small.append(self.f.between(self.f.number(min(lows)), self.f.number(max(highs))))
        batch = _("batch %(batch)s") % {"batch": self.f.number(known.batch)} if known.batch else ""
        small.append(batch or _("batch not stated"))
        return Entry(self.f.quantity(known.speedup_ratio or math.nan, "speedup_ratio"), tuple(small))

    def _saved(self, usd: float) -> str:
        _ = self._
        if self.f.money(abs(usd)) == self.f.money(0.0):
            return _("saves nothing")
        said = _("saves %(usd)s") if usd > 0 else _("costs %(usd)s more")
        return said % {"usd": self.f.money(abs(usd))}

    def _quality(self, group: Sequence[RecipeSaving]) -> str:
        known = [each.known.quality_ratio for each in group if each.known.quality_ratio is not None]
        if not known:
            return self._("not known")
        return self.f.between(self._change(min(known)), self._change(max(known)))

    def _change(self, ratio: float) -> str:
        return signed(ratio - 1, self.f.percent(abs(ratio - 1)))

    def _payback(self, group: Sequence[RecipeSaving]) -> Entry:
        _ = self._
        costs = [each.making_usd for each in group if not math.isnan(each.making_usd)]
        if not costs:
            return Entry(_("not known"), (_("cost not known"),))
        usd = self.f.between(self.f.money(min(costs)), self.f.money(max(costs)))
        cost = _("costs %(usd)s to make") % {"usd": usd}
        months = [each.payback_months for each in group if math.isfinite(each.payback_months)]
        if not months:
            return Entry(_("never"), (cost,))
        ends = (self.f.quantity(end, "payback_months", 2) for end in (min(months), max(months)))
        return Entry(self.f.between(*ends), (cost,))

    def _labels(self) -> dict[str, str]:
        _ = self._
        return {
            "compression_speedup_ratio": _("Speed, over that without the recipe"),
            "compression_quality_ratio": _("Quality, against that without the recipe"),
            "compression_saving_usd_per_month": _("Saved on serving in a month, on average"),
            "saving_usd_per_million_tokens": _("Saved on a million tokens, in the last month"),
            "saving_usd_per_million_requests": _("Saved on a million requests, in the last month"),
            "total_serving_compression_saving_usd": _("Saved on serving over the plan"),
            "total_compression_making_usd": _("Cost of making the recipe over the plan"),
            "compression_payback_month": _("Paid back by"),
            "saved_serving_gpus": _("Accelerators saved, in the last month"),
        }


def _told(known: Known) -> list[str]:
    return [text for text in (known.model, known.workload, known.source) if text]
