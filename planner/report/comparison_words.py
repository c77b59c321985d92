"""The verdict on compared plans in words, right for two plans or six, with draws or without."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from planner.analysis.comparing import Comparison, Difference, ruin_share
from planner.report.formats import Formats
from planner.report.outlook import Spread, probability_error
from planner.report.sentences import draws_in_words, sampling_error, share_with_error
from planner.report.words import Answer

EVERY_DRAW = "every draw"
"""How a comparison names the dominance that holds draw by draw."""


def letter(index: int) -> str:
    """Return the letter by which a compared plan is called."""
    return chr(ord("A") + index)


class ComparisonWords:
    """Writes the verdict on a comparison in a language."""

    def __init__(self, comparison: Comparison, formats: Formats) -> None:
        """Take what was compared and how the language writes numbers."""
        self.c = comparison
        self.f = formats
        self._ = formats.messages.gettext
        self.num_draws = comparison.results[0].num_draws
        self.is_drawn = self.num_draws > 1
        self.needs = [Spread.of(result["funding_need_usd"]) for result in comparison.results]
        self.ruins = [ruin_share(result) for result in comparison.results]
        self.values = [Spread.of(result["net_present_value_usd"]) for result in comparison.results]

    def answers(self) -> list[Answer]:
        """Return the answers in the order in which somebody who has to choose asks."""
        asked = [self.need(), self.ruin(), self.worth()]
        return [*asked, self.dominance(), self.regret()] if self.is_drawn else asked

    def need(self) -> Answer:
        """How much money each plan needs."""
        _ = self._
        said = [self._need_of(index) for index in range(len(self.needs))]
        said += (
            [self._need_against_first(index) for index in range(1, len(self.needs))] if self.is_drawn else []
        )
        headline, best = self._winner([spread.p50 for spread in self.needs])
        caption = _("needs %(usd)s of new money with even odds")
        if best is None:
            caption = _("each needs the same: %(usd)s")
        elif not self.is_drawn:
            caption = _("needs %(usd)s of new money on the central path")
        usd = self.f.money(self.needs[best or 0].p50)
        return Answer(
            _("Which plan needs the least money?"), headline, caption % {"usd": usd}, tuple(said), ""
        )

    def ruin(self) -> Answer:
        """How often the money of each plan runs out."""
        _ = self._
        said = [
            _("In plan %(plan)s the money runs out in %(draws)s.")
            % {"plan": letter(index), "draws": self._draws(share)}
            for index, share in enumerate(self.ruins)
        ]
        if not self.is_drawn:
            said = [self._ruin_centrally(index) for index in range(len(self.ruins))]
        said.append(_("The planned rounds are counted in."))
        headline, best = self._winner(self.ruins)
        caption = _("all run out of money equally often")
        if best is not None:
            caption = _("runs out of money in %(draws)s") % {"draws": self._draws(self.ruins[best])}
        if not self.is_drawn:
            caption = _("on the central path")
        question = _("Which plan runs out of money least often?")
        return Answer(question, headline, caption, tuple(said), "", self._ruin_errors())

    def _ruin_errors(self) -> str:
        errors = [probability_error(result["runway_months"], np.isfinite) for result in self.c.results]
        told = [
            share_with_error(share, error, self.f) for share, error in zip(self.ruins, errors, strict=True)
        ]
        return sampling_error([f"{letter(i)} {text}" for i, text in enumerate(told) if text], self.f)

    def worth(self) -> Answer:
        """Which plan has the best net present value, and how often."""
        _ = self._
        shares = [regret.best_share for regret in self.c.regrets]
        said = [self._worth_of(index) for index in range(len(shares))]
        if self.is_drawn and sum(shares) > 1 + 0.5 / self.num_draws:
            said.append(_("Draws in which several plans are equally good count for each of them."))
        said.append(self._what_counts())
        if not self.is_drawn:
            headline, best = self._winner([-spread.p50 for spread in self.values])
            caption = _("the highest net present value on the central path")
        else:
            headline, best = self._winner([-share for share in shares])
            caption = _("has the best net present value in %(draws)s")
        if best is None:
            caption = _("none is best more often than the others")
        caption = caption % {"draws": self._draws(shares[best or 0])} if self.is_drawn else caption
        return Answer(_("Which plan is worth the most?"), headline, caption, tuple(said), "")

    def _what_counts(self) -> str:
        """What a net present value holds: who earns late should not be thought worthless without knowing why."""
        text = self._(
            "Net present value counts the money of the plan to its end in %(end)s, discounted at %(rates)s a year, and "
            "nothing that comes after: a plan that still earns at the end is worth more than this says."
        )
        rates = [float(each.central_leaves["discount_rate_share_per_year"]) for each in self.c.results]
        written = dict.fromkeys(self.f.percent(rate, 3) for rate in rates)
        return text % {"end": self.f.month(self.c.results[0].months), "rates": ", ".join(written)}

    def dominance(self) -> Answer:
        """Whether one plan is better than another whatever comes."""
        _ = self._
        question = _("Is one plan better whatever comes?")
        said = [self._dominates(*pair, kind) for pair, kind in self.c.dominance.items()]
        best = [
            index
            for index in range(len(self.values))
            if all((index, other) in self.c.dominance for other in range(len(self.values)) if other != index)
        ]
        if all(regret.best_share == 1 for regret in self.c.regrets):
            alike = _("Every plan is worth the same in every draw.")
            return Answer(question, _("All alike"), _("no plan is better"), (alike,), "")
        if not said:
            none = _(
                "No plan has the higher net present value throughout: which is better depends on what comes."
            )
            return Answer(question, _("No"), _("none is better throughout"), (none,), "")
        if not best:
            return Answer(question, _("Not one"), _("but some are better than others"), tuple(said), "")
        return Answer(question, letter(best[0]), _("is better than every other plan"), tuple(said), "")

    def regret(self) -> Answer:
        """What choosing each plan costs against the best one."""
        _ = self._
        said = [self._regret_of(index) for index in range(len(self.c.regrets))]
        said.append(
            _("Regret is what a choice falls short of the plan that turns out best in the same draw.")
        )
        means = [regret.mean for regret in self.c.regrets]
        if not any(map(math.isnan, means)):
            headline, best = self._winner(means)
            caption, usd = _("gives up the least: %(usd)s on average"), means[best or 0]
        else:
            worst = [regret.p90 for regret in self.c.regrets]
            headline, best = self._winner(worst)
            caption, usd = _("gives up the least: %(usd)s in one draw of ten"), worst[best or 0]
        if best is None:
            caption = _("none regrets less than the others")
        caption = caption % {"usd": self.f.money(usd)}
        return Answer(_("What does choosing wrongly cost?"), headline, caption, tuple(said), "")

    def _regret_of(self, index: int) -> str:
        _, regret = self._, self.c.regrets[index]
        values = {"plan": letter(index), "p90": self.f.money(regret.p90)}
        if math.isnan(regret.mean):
            return (
                _(
                    "Choosing plan %(plan)s gives up at least %(p90)s of net present value in one draw of ten; "
                    "it has no mean: one draw could carry it, so use its p90."
                )
                % values
            )
        values["mean"] = self.f.money(regret.mean)
        return (
            _(
                "Choosing plan %(plan)s gives up %(mean)s of net present value on average, "
                "and at least %(p90)s in one draw of ten."
            )
            % values
        )

    def _need_of(self, index: int) -> str:
        _, need = self._, self.needs[index]
        values = {"plan": letter(index), "p50": self.f.money(need.p50), "p90": self.f.money(need.p90)}
        if not self.is_drawn:
            return _("Plan %(plan)s needs %(p50)s of new money on the central path.") % values
        return (
            _("Plan %(plan)s needs %(p50)s with even odds and %(p90)s to be safe in nine draws of ten.")
            % values
        )

    def _need_against_first(self, index: int) -> str:
        _, found = self._, self._difference(index, "funding_need_usd")
        low, middle, high = (self.change(usd) for usd in (found.p5, found.median, found.p95))
        values = {
            "plan": letter(index), "first": letter(0), "draws": self._draws(found.larger_share),
            "low": low, "median": middle, "high": high,
        }  # fmt: skip
        if low == high:
            return _("In nine draws of ten %(plan)s needs %(median)s against %(first)s.") % values
        return (
            _(
                "Draw by draw, %(plan)s needs more than %(first)s in %(draws)s: the difference is %(median)s at the "
                "median and lies between %(low)s and %(high)s in nine draws of ten."
            )
            % values
        )

    def _ruin_centrally(self, index: int) -> str:
        values = {"plan": letter(index)}
        if self.ruins[index]:
            return self._("With every input at its median the money of plan %(plan)s runs out.") % values
        return self._("With every input at its median the money of plan %(plan)s lasts.") % values

    def _worth_of(self, index: int) -> str:
        value, share = self.values[index], self.c.regrets[index].best_share
        values = {"plan": letter(index), "draws": self._draws(share), "median": self.f.money(value.p50)}
        if not self.is_drawn:
            return self._("Plan %(plan)s is worth %(median)s.") % values
        return self._("Plan %(plan)s is the best in %(draws)s; its median value is %(median)s.") % values

    def _dominates(self, better: int, worse: int, kind: str) -> str:
        values = {"better": letter(better), "worse": letter(worse)}
        if kind == EVERY_DRAW:
            return (
                self._("Plan %(better)s is worth at least as much as plan %(worse)s in every draw.") % values
            )
        return (
            self._(
                "Plan %(better)s is at least as likely as plan %(worse)s to be worth more than any given amount, "
                "though not better in every draw."
            )
            % values
        )

    def _difference(self, index: int, figure: str) -> Difference:
        return next(found for found in self.c.differences[index - 1] if found.figure == figure)

    def _draws(self, share: float) -> str:
        return draws_in_words(share, self.num_draws, self.f)

    def _winner(self, values: Sequence[float]) -> tuple[str, int | None]:
        """Return the letter and the place of the smallest value; none where all share it or none is known."""
        if all(map(math.isnan, values)):
            return self._("Not known"), None
        smallest = [index for index, value in enumerate(values) if value == np.nanmin(values)]
        if len(smallest) == len(values):
            return self._("All alike"), None
        if len(smallest) > 1:
            return ", ".join(map(letter, smallest)), smallest[0]
        return letter(smallest[0]), smallest[0]

    def change(self, usd: float) -> str:
        """Return a change of an amount with its sign."""
        return f"{'+' if usd > 0 else ''}{self.f.money(usd)}"
