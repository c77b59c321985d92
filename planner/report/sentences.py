"""The sentences of the verdict that say what the draws do: pure functions of the outlook, right in every case."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

from planner.report.formats import Formats
from planner.report.outlook import Outlook

FEW_DRAWS = 100
"""Below so many draws a share of them is told as a count, because a percentage would pretend too much."""
LEADING = 5
"""The strongest inputs whose evidence the verdict tells."""
CLAUSE_ENDS = ";|, if not|\uff1b"
"""Where the first clause of an input's help ends, in English and in Chinese."""
FULL_STOPS = ".\u3002"


class Sentences:
    """Says in a language what an outlook holds."""

    def __init__(self, outlook: Outlook, formats: Formats) -> None:
        """Take what is to be said and how the language writes numbers."""
        self.o = outlook
        self.f = formats
        self._ = formats.messages.gettext

    @property
    def is_drawn(self) -> bool:
        """Tell whether there are odds to speak of."""
        return self.o.num_draws > 1

    def draws(self, share: float) -> str:
        """Return a share of the draws in words: `38% of the draws`, `3 of 8 draws`."""
        return draws_in_words(share, self.o.num_draws, self.f)

    def all_about_need(self) -> tuple[str, ...]:
        """Every sentence about the funding need that applies."""
        return tuple(
            filter(None, (self.need(), self.reserve(), self.rounds(), self.too_late(), self.after_the_end()))
        )

    def need(self) -> str:
        """How much new money the draws need."""
        _, need = self._, self.o.need_usd
        values = {"p50": self.f.money(need.p50), "p90": self.f.money(need.p90)}
        if not self.is_drawn:
            if need.central == 0:
                return _("With every input at its median no new money is needed.")
            return _("With every input at its median the company needs %(p50)s of new money.") % values
        if need.p90 == 0:
            return _("At least nine draws in ten need no new money.")
        if values["p50"] == values["p90"]:
            return _("Nine draws in ten need %(p90)s of new money or less.") % values
        if need.p50 == 0:
            return (
                _("At least half of the draws need no new money; to be safe in nine of ten takes %(p90)s.")
                % values
            )
        return (
            _("Half of the draws need %(p50)s of new money or less; to be safe in nine of ten takes %(p90)s.")
            % values
        )

    def need_errors(self) -> str:
        """How far sampling may be off in the need and in its cover; empty where the digits shown do not feel it."""
        o, parts = self.o, []
        for name, usd, error in (
            ("p50", o.need_usd.p50, o.errors.need_p50_usd),
            ("p90", o.need_usd.p90, o.errors.need_p90_usd),
        ):
            if error and is_felt(usd, error, self.f.money):
                parts.append(f"{name} \u00b1 {self.f.money(error, 1)}")
        if o.rounds_usd and o.need_usd.p90 > 0:
            parts.append(share_with_error(o.covered_share, o.errors.covered_share, self.f))
        return sampling_error(parts, self.f)

    def share_error(self, share: float, error: float | None) -> str:
        """How far sampling may be off in a share of draws; empty where the digits shown do not feel it."""
        return sampling_error([share_with_error(share, error, self.f)], self.f)

    def reserve(self) -> str:
        """Whether a reserve is part of the need; empty where there is none."""
        if self.o.buffer_usd <= 0 or self.o.need_usd.p90 == 0:
            return ""
        return self._("This includes a reserve of %(usd)s at the lowest point.") % {
            "usd": self.f.money(self.o.buffer_usd)
        }

    def rounds(self) -> str:
        """How often the cash stays above the reserve with the planned rounds, when they come as planned."""
        _, o = self._, self.o
        values = {"usd": self.f.money(o.rounds_usd), "draws": self.draws(o.covered_share)}
        values["lasts"] = self.draws(1.0 - o.runs_out_share)
        if o.need_usd.p90 == 0:
            return ""
        if not o.rounds_usd:
            return _("The scenario plans no funding round.")
        if self.is_drawn:
            if o.buffer_usd > 0:
                return (
                    _(
                        "With the planned rounds of %(usd)s the cash stays at or above the reserve in %(draws)s, "
                        "and at or above zero in %(lasts)s."
                    )
                    % values
                )
            return (
                _("With the planned rounds of %(usd)s the cash stays at or above zero in %(draws)s.") % values
            )
        if o.covered_share:
            return (
                _("The scenario plans rounds of %(usd)s; with them the cash never falls below the reserve.")
                % values
            )
        return (
            _("The scenario plans rounds of %(usd)s; they are too small or too late to keep the reserve.")
            % values
        )

    def too_late(self) -> str:
        """Whether cash falls short before any round comes, where more money would not help; empty where it does not."""
        _, o = self._, self.o
        values = {
            "draws": self.draws(o.short_before_share),
            "date": self.f.month(min(o.first_round_month, o.months)),
        }
        if not o.short_before_share:
            return ""
        if not self.is_drawn:
            return (
                _("It falls short before the first round comes in %(date)s: a larger round would not help.")
                % values
            )
        if o.buffer_usd > 0:
            text = _(
                "In %(draws)s it is below the reserve before the first round comes in %(date)s: there the round is "
                "too late, not too small."
            )
        else:
            text = _(
                "In %(draws)s it is below zero before the first round comes in %(date)s: there the round is too late, "
                "not too small."
            )
        return text % values

    def late_revenue(self) -> str:
        """How often the first revenue is later than on the central path, which lifts what the start costs."""
        if not self.is_drawn or not self.o.late_revenue_share or math.isinf(self.o.first_revenue_month):
            return ""
        text = self._("In %(draws)s it comes later, and the start costs more.")
        return text % {"draws": self.draws(self.o.late_revenue_share)}

    def after_the_end(self) -> str:
        """Whether the need would grow beyond the horizon; empty where it would not."""
        if self.o.last_net_cash_flow_usd >= 0:
            return ""
        return self._(
            "On the central path cash still falls in the last month, so a longer plan would need more."
        )

    def runs_out_centrally(self) -> str:
        """When the money runs out on the central path."""
        _, full = self._, self.o.runway_months.central
        if math.isinf(full):
            text = _("With every input at its median the cash lasts to the end of the plan in %(end)s.")
            return text % {"end": self.f.month(self.o.months)}
        values = {"date": self.f.month(full + 1), "full": f"{full:.0f}"}
        if full == 0:
            return (
                _("With every input at its median the money runs out in the first month, %(date)s.") % values
            )
        text = self.f.messages.ngettext(
            "With every input at its median the money runs out in %(date)s, after one full month.",
            "With every input at its median the money runs out in %(date)s, after %(full)s full months.",
            round(full),
        )
        return text % values

    def runs_out(self) -> str:
        """How often, and when, the money runs out over the draws."""
        _, o = self._, self.o
        values = self._odds(o.runs_out_share)
        early, half = o.runway_months.p10 + 1, o.runway_months.p50 + 1
        if o.runs_out_share == 0:
            return (
                _("In none of the %(all)s draws does the money run out before the plan ends in %(end)s.")
                % values
            )
        if math.isfinite(early):
            values["early"] = self.f.month(early)
        if o.runs_out_share == 1 and early == half:
            return _("The money runs out in every draw, in half of them by %(early)s.") % values
        if o.runs_out_share == 1:
            values["half"] = self.f.month(half)
            text = _(
                "The money runs out in every draw: in one of ten by %(early)s, in half of them by %(half)s."
            )
            return text % values
        said = _("The money runs out in %(draws)s before the plan ends in %(end)s.") % values
        if "early" in values:
            said += " " + _("One draw in ten has none left in %(early)s or earlier.") % values
        return said

    def breaks_even_centrally(self) -> str:
        """When the company breaks even on the central path."""
        month = self.o.break_even_month.central
        if math.isinf(month):
            text = self._(
                "With every input at its median the company does not break even before the plan ends in %(end)s."
            )
            return text % {"end": self.f.month(self.o.months)}
        text = self._("With every input at its median the company breaks even in %(date)s.")
        return text % {"date": self.f.month(month)}

    def breaks_even(self) -> str:
        """How often, and when, the company breaks even over the draws."""
        _, o = self._, self.o
        values = self._odds(o.breaks_even_share)
        early, late = o.break_even_month.p10, o.break_even_month.p90
        if o.breaks_even_share == 0:
            text = _(
                "In none of the %(all)s draws does the company break even before the plan ends in %(end)s."
            )
            return text % values
        if math.isfinite(early):
            values["early"] = self.f.month(early)
        if o.breaks_even_share == 1 and early == late:
            return _("Every draw breaks even, eight in ten of them or more in %(early)s.") % values
        if o.breaks_even_share == 1:
            values["late"] = self.f.month(late)
            return _("Every draw breaks even, eight in ten of them between %(early)s and %(late)s.") % values
        said = _("The company breaks even in %(draws)s before the plan ends in %(end)s.") % values
        if "early" in values:
            said += " " + _("One draw in ten has done so by %(early)s.") % values
        return said

    def carriers(self) -> str:
        """Which input the result hangs on most, and how many of the strongest are assumed."""
        if not self.o.swings:
            return self._("No input has a range, so nothing shows what the result hangs on.")
        leading = self.o.shown_swings(LEADING)
        if not leading:
            return self._("No input alone moves the funding need.")
        first = leading[0]
        low, high = sorted((first.at_p10, first.at_p90))
        text = self._(
            'The funding need hangs most on "%(name)s": from its p10 to its p90 that alone moves the need between '
            "%(low)s and %(high)s. Assumed among the strongest inputs: %(assumed)s of %(leading)s."
        )
        return text % {
            "name": input_label(first.leaf.help, self.f) or first.leaf.name,
            "low": self.f.money(low),
            "high": self.f.money(high),
            "assumed": sum(swing.leaf.evidence.kind == "assumed" for swing in leading),
            "leading": len(leading),
        }

    def _odds(self, share: float) -> dict[str, str]:
        return {
            "draws": self.draws(share),
            "end": self.f.month(self.o.months),
            "all": self.f.number(self.o.num_draws, 9),
        }


def draws_in_words(share: float, num_draws: int, formats: Formats) -> str:
    """Return a share of the draws in words: `38% of the draws`, `3 of 8 draws`."""
    _ = formats.messages.gettext
    if share in (0.0, 1.0):
        return _("all draws") if share else _("none of the draws")
    if num_draws < FEW_DRAWS:
        return _("%(some)s of %(all)s draws") % {"some": round(share * num_draws), "all": num_draws}
    return _("%(share)s of the draws") % {"share": formats.chance(share)}


def sampling_error(parts: Iterable[str], formats: Formats) -> str:
    """Return the small print on sampling from its parts, the empty ones left out."""
    errors = ", ".join(filter(None, parts))
    return formats.messages.gettext("Sampling error: %(errors)s.") % {"errors": errors} if errors else ""


def share_with_error(share: float, error: float | None, formats: Formats) -> str:
    """Return a share with its standard error, `39% +- 0.5 points`; empty where the digits shown do not feel it."""
    if not error or not is_felt(share, error, formats.chance):
        return ""
    values = {"share": formats.chance(share), "points": formats.number(100 * error, 1)}
    return formats.messages.gettext("%(share)s \u00b1 %(points)s points") % values


def is_felt(value: float, error: float, write: Callable[[float], str]) -> bool:
    """Tell whether an error of that size either way changes what is written."""
    if not (math.isfinite(value) and math.isfinite(error)):
        return False
    return {write(value - error), write(value + error)} != {write(value)}


def input_label(text: str, formats: Formats) -> str:
    """Return the first clause of an input's help in the language of the page."""
    return brief(formats.messages.gettext(text))


def brief(text: str) -> str:
    """Return the first clause of an input's help, without what stands for when it is left out."""
    return re.split(CLAUSE_ENDS, text, maxsplit=1)[0].rstrip(FULL_STOPS)
