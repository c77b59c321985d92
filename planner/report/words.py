"""The verdict in words: pure functions from the outlook to sentences, right in every case."""

from __future__ import annotations

import math
from dataclasses import dataclass

from planner.report.formats import Formats
from planner.report.outlook import Outlook

FEW_DRAWS = 100
"""Below so many draws a share of them is told as a count, because a percentage would pretend too much."""
SAFE_SHARE = 0.9
LEADING = 5


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


class Verdict:
    """Writes the verdict on an outlook in a language."""

    def __init__(self, outlook: Outlook, formats: Formats) -> None:
        """Take what is to be said and how the language writes numbers."""
        self.o = outlook
        self.f = formats
        self._ = formats.messages.gettext

    def answers(self) -> list[Answer]:
        """Return the five answers in the order in which a founder asks."""
        return [self.need(), self.startup(), self.runway(), self.break_even(), self.certainty()]

    def need(self) -> Answer:
        """How much money is needed."""
        _, o = self._, self.o
        caption = _("of new money on the central path")
        if self.is_drawn:
            caption = _("even odds; %(safe)s to be safe in nine of ten draws") % {"safe": self.f.money(o.need_usd.p90)}
        return Answer(
            _("How much money is needed?"),
            self.f.money(o.need_usd.p50),
            caption,
            tuple(filter(None, (self._need_itself(), self._reserve(), self._rounds(), self._after_the_end()))),
            "funding_need_usd",
        )

    def startup(self) -> Answer:
        """What it costs to start."""
        _, o = self._, self.o
        values = {
            "total": self.f.money(o.startup_usd.central),
            "one_off": self.f.money(o.one_off_usd),
            "running": self.f.money(o.running_usd),
            "months": o.months,
            "low": self.f.money(o.startup_usd.p10),
            "high": self.f.money(o.startup_usd.p90),
        }
        if o.first_revenue_month == 1:
            said = _("There is revenue in the first month, so nothing is spent before it.")
        elif math.isinf(o.first_revenue_month):
            said = _("No revenue comes within the %(months)s months of the plan, so everything that is spent counts: %(one_off)s once and %(running)s for what comes back every month.") % values
        else:
            when = {"date": self.f.month(o.first_revenue_month)}
            said = _("Before the first revenue in %(date)s the company spends %(one_off)s once (training, data, setting up) and %(running)s on what comes back every month.") % (values | when)
        width = _("Eight draws in ten lie between %(low)s and %(high)s.") % values
        has_width = self.is_drawn and values["low"] != values["high"]
        sentences = (said, width) if has_width else (said,)
        caption = _("spent before the first revenue")
        return Answer(_("What does it cost to start?"), values["total"], caption, sentences, "startup_cost_usd")

    def runway(self) -> Answer:
        """When the money runs out."""
        _, o = self._, self.o
        out = o.runway_months.p50 + 1
        if math.isfinite(out):
            headline, caption = self.f.month(out), _("the money has run out with even odds")
        elif o.runs_out_share > 0:
            headline = self.share(o.runs_out_share)
            caption = _("chance that the money runs out before the plan ends")
        else:
            headline, caption = _("It lasts"), _("to the end of the plan in %(end)s") % {"end": self.f.month(o.months)}
        if not self.is_drawn:
            caption = _("on the central path")
        said = self._runs_out() if self.is_drawn else self._runs_out_centrally()
        counted = _("The planned rounds are counted in.") if o.rounds_usd else _("No new money is counted in.")
        return Answer(_("When does the money run out?"), headline, caption, (said, counted), "runway_months")

    def break_even(self) -> Answer:
        """When the company breaks even."""
        _, o = self._, self.o
        if math.isfinite(o.break_even_month.p50):
            headline, caption = self.f.month(o.break_even_month.p50), _("with even odds")
        elif o.breaks_even_share > 0:
            headline, caption = self.share(o.breaks_even_share), _("chance to break even before the plan ends")
        else:
            headline, caption = _("Not in the plan"), _("within %(months)s months") % {"months": o.months}
        if not self.is_drawn:
            caption = _("on the central path")
        said = self._breaks_even() if self.is_drawn else self._breaks_even_centrally()
        meaning = _("To break even is to have earnings above zero in three months in a row.")
        return Answer(_("When does it break even?"), headline, caption, (said, meaning), "break_even_month")

    def certainty(self) -> Answer:
        """How sure one can be."""
        _, kinds = self._, self.o.kinds
        inputs = sum(kinds.values())
        values = {**kinds, "inputs": inputs}
        headline = _("%(assumed)s of %(inputs)s") % values
        counted = _("Of %(inputs)s inputs %(measured)s are measured, %(quoted)s quoted, %(published)s published and %(assumed)s assumed.") % values
        drawn = self.f.messages.ngettext(
            "One draw: every input at its median, so nothing can be said about odds.",
            "The odds come from %(draws)s draws of all uncertain inputs at once; they are only as good as the ranges.",
            self.o.num_draws,
        ) % {"draws": self.f.number(self.o.num_draws, 9)}  # fmt: skip
        sentences = tuple(filter(None, (counted, self._carriers(), drawn)))
        return Answer(_("How sure is that?"), headline, _("inputs are assumptions"), sentences, "")

    @property
    def is_drawn(self) -> bool:
        """Tell whether there are odds to speak of."""
        return self.o.num_draws > 1

    def draws(self, share: float) -> str:
        """Return a share of the draws in words: `38% of the draws`, `3 of 8 draws`."""
        if self.o.num_draws < FEW_DRAWS:
            counts = {"some": round(share * self.o.num_draws), "all": self.o.num_draws}
            return self._("%(some)s of %(all)s draws") % counts
        return self._("%(share)s of the draws") % {"share": self.share(share)}

    def share(self, share: float) -> str:
        """Return a share as a chance that rounds neither to never nor to always."""
        if 0 < share < 0.01:
            return self._("less than %(share)s") % {"share": self.f.percent(0.01)}
        if 0.99 < share < 1:
            return self._("more than %(share)s") % {"share": self.f.percent(0.99)}
        return self.f.percent(share)

    def _need_itself(self) -> str:
        _, need = self._, self.o.need_usd
        values = {"p50": self.f.money(need.p50), "p90": self.f.money(need.p90)}
        if not self.is_drawn:
            if need.central == 0:
                return _("With every input at its median no new money is needed.")
            return _("With every input at its median the company needs %(p50)s of new money.") % values
        if need.p90 == 0:
            return _("At least nine draws in ten need no new money.")
        if need.p50 == 0:
            return _("At least half of the draws need no new money; to be safe in nine of ten takes %(p90)s.") % values
        return _("Half of the draws need %(p50)s of new money or less; to be safe in nine of ten takes %(p90)s.") % values

    def _reserve(self) -> str:
        if self.o.buffer_usd <= 0 or self.o.need_usd.p90 == 0:
            return ""
        return self._("This includes a reserve of %(usd)s at the lowest point.") % {"usd": self.f.money(self.o.buffer_usd)}

    def _rounds(self) -> str:
        _, o = self._, self.o
        values = {"usd": self.f.money(o.rounds_usd), "draws": self.draws(o.covered_share)}
        if o.need_usd.p90 == 0 and not o.rounds_usd:
            return ""
        if not o.rounds_usd:
            return _("The scenario plans no funding round.")
        if self.is_drawn:
            return _("The scenario plans rounds of %(usd)s, as much as the need or more in %(draws)s.") % values
        if o.covered_share:
            return _("The scenario plans rounds of %(usd)s, which is enough.") % values
        return _("The scenario plans rounds of %(usd)s, which is not enough.") % values

    def _after_the_end(self) -> str:
        if self.o.last_net_cash_flow_usd >= 0:
            return ""
        return self._("On the central path cash still falls in the last month, so a longer plan would need more.")

    def _runs_out_centrally(self) -> str:
        _, full = self._, self.o.runway_months.central
        if math.isinf(full):
            text = _("With every input at its median the cash lasts to the end of the plan in %(end)s.")
            return text % {"end": self.f.month(self.o.months)}
        values = {"date": self.f.month(full + 1), "full": round(full)}
        if full == 0:
            return _("With every input at its median the money runs out in the first month, %(date)s.") % values
        return self.f.messages.ngettext(
            "With every input at its median the money runs out in %(date)s, after one full month.",
            "With every input at its median the money runs out in %(date)s, after %(full)s full months.",
            round(full),
        ) % values  # fmt: skip

    def _runs_out(self) -> str:
        _, o = self._, self.o
        values = {"draws": self.draws(o.runs_out_share), "end": self.f.month(o.months), "all": self.f.number(o.num_draws, 9)}
        if o.runs_out_share == 0:
            return _("In none of the %(all)s draws does the money run out before the plan ends in %(end)s.") % values
        if math.isfinite(o.runway_months.p10):
            values["early"] = self.f.month(o.runway_months.p10 + 1)
        if o.runs_out_share == 1:
            values["half"] = self.f.month(o.runway_months.p50 + 1)
            return _("The money runs out in every draw: in one of ten by %(early)s, in half of them by %(half)s.") % values
        said = _("The money runs out in %(draws)s before the plan ends in %(end)s.") % values
        if "early" in values:
            said += " " + _("One draw in ten has none left in %(early)s or earlier.") % values
        return said

    def _breaks_even_centrally(self) -> str:
        month = self.o.break_even_month.central
        if math.isinf(month):
            text = self._("With every input at its median the company does not break even within the %(months)s months of the plan.")
            return text % {"months": self.o.months}
        text = self._("With every input at its median the company breaks even in %(date)s.")
        return text % {"date": self.f.month(month)}

    def _breaks_even(self) -> str:
        _, o = self._, self.o
        values = {"draws": self.draws(o.breaks_even_share), "months": o.months, "all": self.f.number(o.num_draws, 9)}
        if o.breaks_even_share == 0:
            return _("In none of the %(all)s draws does the company break even within the %(months)s months of the plan.") % values
        if math.isfinite(o.break_even_month.p10):
            values["early"] = self.f.month(o.break_even_month.p10)
        if math.isfinite(o.break_even_month.p90):
            values["late"] = self.f.month(o.break_even_month.p90)
        if o.breaks_even_share == 1:
            return _("Every draw breaks even, eight in ten of them between %(early)s and %(late)s.") % values
        said = _("The company breaks even in %(draws)s within the %(months)s months of the plan.") % values
        if "early" in values:
            said += " " + _("One draw in ten has done so by %(early)s.") % values
        return said

    def _carriers(self) -> str:
        leading = [swing for swing in self.o.swings[:LEADING] if swing.size > 0]
        if not leading:
            return self._("No input has a range, so nothing shows what the result hangs on.") if not self.o.swings else ""
        first = leading[0]
        assumed = sum(swing.leaf.evidence.kind == "assumed" for swing in leading)
        low, high = sorted((first.at_p5, first.at_p95))
        values = {"name": first.leaf.name, "low": self.f.money(low), "high": self.f.money(high), "assumed": assumed, "leading": len(leading)}
        moved = self._("The funding need hangs most on %(name)s, which alone moves it between %(low)s and %(high)s; of the %(leading)s strongest inputs %(assumed)s are assumed.")
        return moved % values
