"""The verdict in words: pure functions from the outlook to sentences, right in every case."""

from __future__ import annotations

import math
from dataclasses import dataclass

from planner.report.formats import Formats
from planner.report.outlook import Outlook
from planner.report.sentences import Sentences


@dataclass(frozen=True)
class Answer:
    """One question of a founder with its short answer and what is to be said about it."""

    question: str
    headline: str
    """The answer in a few characters."""
    caption: str
    """What the short answer is."""
    sentences: tuple[str, ...]
    figure: str
    """The figure from which the answer comes; empty where there is none."""
    small: str = ""
    """How far sampling may be off, where that reaches the digits that are shown."""


class Verdict:
    """Writes the verdict on an outlook in a language."""

    def __init__(self, outlook: Outlook, formats: Formats) -> None:
        """Take what is to be said and how the language writes numbers."""
        self.o = outlook
        self.f = formats
        self._ = formats.messages.gettext
        self.say = Sentences(outlook, formats)

    def answers(self) -> list[Answer]:
        """Return the five answers in the order in which a founder asks."""
        return [self.need(), self.startup(), self.runway(), self.break_even(), self.certainty()]

    def need(self) -> Answer:
        """How much money is needed."""
        _, o = self._, self.o
        caption = _("of new money on the central path")
        if self.say.is_drawn and o.need_usd.p90 == 0:
            caption = _("in nine draws of ten or more")
        elif self.say.is_drawn:
            caption = _("even odds; %(safe)s to be safe in nine of ten draws") % {
                "safe": self.f.money(o.need_usd.p90)
            }
        return Answer(
            _("How much money is needed?"),
            self.f.money(o.need_usd.p50),
            caption,
            self.say.all_about_need(),
            "funding_need_usd",
            self.say.need_errors(),
        )

    def startup(self) -> Answer:
        """What it costs to start."""
        _, o = self._, self.o
        total = self.f.money(o.startup_usd.p50)
        values = {
            "one_off": self.f.money(o.one_off_usd),
            "running": self.f.money(o.running_usd),
            "end": self.f.month(o.months),
            "low": self.f.money(o.startup_usd.p10),
            "high": self.f.money(o.startup_usd.p90),
        }
        if o.first_revenue_month == 1:
            said = _(
                "On the central path there is revenue in the first month, so nothing is spent before it."
            )
        elif math.isinf(o.first_revenue_month):
            said = _(
                "On the central path no revenue comes before the plan ends in %(end)s, so everything that is spent "
                "counts: %(one_off)s once and %(running)s on what comes back every month."
            ) % values  # fmt: skip
        else:
            when = {"date": self.f.month(o.first_revenue_month)}
            said = _(
                "On the central path the company spends %(one_off)s once (training, data, setting up) and %(running)s "
                "on what comes back every month before the first revenue in %(date)s."
            ) % (values | when)
        width = _("Eight draws in ten lie between %(low)s and %(high)s.") % values
        has_width = self.say.is_drawn and values["low"] != values["high"]
        sentences = tuple(filter(None, (said, self.say.late_revenue(), width if has_width else "")))
        caption = _("spent before the first revenue, with even odds")
        if not self.say.is_drawn:
            caption = _("spent before the first revenue, on the central path")
        return Answer(_("What does it cost to start?"), total, caption, sentences, "startup_cost_usd")

    def runway(self) -> Answer:
        """When the money runs out."""
        _, o = self._, self.o
        out = o.runway_months.p50 + 1
        if math.isfinite(out):
            headline, caption = self.f.month(out), _("the money has run out with even odds")
        elif o.runs_out_share > 0:
            headline = self.f.chance(o.runs_out_share)
            caption = _("chance that the money runs out before the plan ends")
        else:
            headline = _("It lasts")
            caption = _("to the end of the plan in %(end)s") % {"end": self.f.month(o.months)}
        if not self.say.is_drawn:
            caption = _("on the central path")
        said = self.say.runs_out() if self.say.is_drawn else self.say.runs_out_centrally()
        counted = (
            _("The planned rounds are counted in.") if o.rounds_usd else _("No new money is counted in.")
        )
        small = self.say.share_error(o.runs_out_share, o.errors.runs_out_share)
        question = _("When does the money run out?")
        return Answer(question, headline, caption, (said, counted), "runway_months", small)

    def break_even(self) -> Answer:
        """When the company breaks even."""
        _, o = self._, self.o
        if math.isfinite(o.break_even_month.p50):
            headline, caption = self.f.month(o.break_even_month.p50), _("with even odds")
        elif o.breaks_even_share > 0:
            headline = self.f.chance(o.breaks_even_share)
            caption = _("chance to break even before the plan ends")
        else:
            headline, caption = _("Not in the plan"), _("not by %(end)s") % {"end": self.f.month(o.months)}
        if not self.say.is_drawn:
            caption = _("on the central path")
        said = self.say.breaks_even() if self.say.is_drawn else self.say.breaks_even_centrally()
        meaning = _("To break even is to have earnings above zero in three months in a row.")
        small = self.say.share_error(o.breaks_even_share, o.errors.breaks_even_share)
        question = _("When does it break even?")
        return Answer(question, headline, caption, (said, meaning), "break_even_month", small)

    def certainty(self) -> Answer:
        """How sure one can be."""
        _, kinds = self._, self.o.kinds
        inputs = sum(kinds.values())
        values = {**{str(kind): count for kind, count in kinds.items()}, "inputs": inputs}
        headline = _("%(assumed)s of %(inputs)s") % values
        counted = _(
            "The plan rests on %(inputs)s inputs: %(measured)s measured, %(quoted)s quoted, "
            "%(published)s published, %(assumed)s assumed."
        ) % values  # fmt: skip
        drawn = self.f.messages.ngettext(
            "One draw: every input at its median, so nothing can be said about odds.",
            "The odds come from %(draws)s draws of all uncertain inputs at once; they are only as good as the ranges.",
            self.o.num_draws,
        ) % {"draws": self.f.number(self.o.num_draws, 9)}  # fmt: skip
        sentences = tuple(filter(None, (counted, self.say.carriers(), drawn)))
        return Answer(_("How sure is that?"), headline, _("inputs are assumptions"), sentences, "")
