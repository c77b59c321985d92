"""The verdict in every odd case, word for word."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from planner.analysis.swings import Swing
from planner.evidence import Evidence, Kind, Leaf
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.outlook import Errors, Outlook, Spread
from planner.report.words import Answer, Verdict
from planner.scenario.quantities import Quantity

NEVER = math.inf


def spread(*values: float) -> Spread:
    return Spread(*(values * 4 if len(values) == 1 else values))


def leaf(name: str, kind: Kind, help_text: str) -> Leaf:
    return Leaf(name, (Quantity.read("0.1 to 0.2", name),), Evidence(kind, "x"), help=help_text)


SWINGS = (
    Swing(
        leaf("acquisition_usd_per_user", "assumed", "Marketing for one subscriber; left out, a guess."),
        2e6,
        4e6,
    ),
    Swing(leaf("training_mfu_share", "published", "Share of the peak."), 3e6, 2.5e6),
)
BASE = Outlook(
    months=48,
    num_draws=4096,
    need_usd=spread(2.66e6, 1.4e6, 2.77e6, 5.19e6),
    buffer_usd=300e3,
    rounds_usd=3e6,
    covered_share=0.554,
    startup_usd=spread(432_300.0, 395e3, 442e3, 497e3),
    one_off_usd=43_450.0,
    running_usd=388_850.0,
    first_revenue_month=5.0,
    runway_months=spread(NEVER, 26.0, NEVER, NEVER),
    runs_out_share=0.3964,
    break_even_month=spread(35.0, 18.0, 34.0, NEVER),
    breaks_even_share=0.69,
    last_net_cash_flow_usd=9e4,
    kinds={"measured": 3, "quoted": 0, "published": 23, "assumed": 67},
    swings=SWINGS,
)
ONE_DRAW = replace(
    BASE, num_draws=1, runway_months=spread(NEVER), break_even_month=spread(35.0), covered_share=1.0
)


def verdict(outlook: Outlook, language: str = "en") -> Verdict:
    return Verdict(outlook, Formats(messages(language), "2027-01"))


def text(answer: Answer) -> str:
    return " ".join(answer.sentences)


def test_money_that_comes_too_late_is_told_from_money_that_is_too_little() -> None:
    late = replace(BASE, first_round_month=3.0, short_before_share=0.9)
    told = "In 90% of the draws it is below the reserve before the first round comes in March 2027:"
    assert f"{told} there the round is too late, not too small." in text(verdict(late).need())
    assert "below zero before the first round" in text(verdict(replace(late, buffer_usd=0.0)).need())
    once = replace(ONE_DRAW, covered_share=0.0, first_round_month=3.0, short_before_share=1.0)
    assert "It falls short before the first round comes in March 2027" in text(verdict(once).need())
    assert "before the first round" not in text(verdict(replace(late, short_before_share=0.0)).need())


def test_a_later_first_revenue_says_why_the_start_costs_more_than_on_the_central_path() -> None:
    told = "In 44% of the draws it comes later, and the start costs more."
    assert told in text(verdict(replace(BASE, late_revenue_share=0.44)).startup())
    assert told not in text(verdict(BASE).startup())


def test_an_ordinary_plan() -> None:
    need, startup, runway, break_even, certainty = verdict(BASE).answers()
    assert (need.headline, need.caption) == ("$2.8M", "even odds; $5.2M to be safe in nine of ten draws")
    assert text(need) == (
        "Half of the draws need $2.8M of new money or less; to be safe in nine of ten takes $5.2M. "
        "This includes a reserve of $300K at the lowest point. "
        "With the planned rounds of $3M the cash stays at or above the reserve in 55% of the draws, and at "
        "or above zero in 60% of the draws."
    )
    assert (startup.headline, startup.caption) == ("$440K", "spent before the first revenue, with even odds")
    assert text(startup) == (
        "On the central path the company spends $43K once (training, data, setting up) and $390K on what comes back "
        "every month before the first revenue in May 2027. Eight draws in ten lie between $400K and $500K."
    )
    assert (runway.headline, runway.caption) == ("40%", "chance that the money runs out before the plan ends")
    assert text(runway) == (
        "The money runs out in 40% of the draws before the plan ends in December 2030. "
        "One draw in ten has none left in March 2029 or earlier. The planned rounds are counted in."
    )
    assert (break_even.headline, break_even.caption) == ("October 2029", "with even odds")
    assert text(break_even) == (
        "The company breaks even in 69% of the draws before the plan ends in December 2030. "
        "One draw in ten has done so by June 2028. "
        "To break even is to have earnings above zero in three months in a row."
    )
    assert certainty.headline == "67 of 93"
    assert text(certainty) == (
        "The plan rests on 93 inputs: 3 measured, 0 quoted, 23 published, 67 assumed. "
        'The funding need hangs most on "Marketing for one subscriber": from its p10 to its p90 that alone moves the '
        "need between $2M and $4M. Assumed among the strongest inputs: 1 of 2. "
        "The odds come from 4,096 draws of all uncertain inputs at once; they are only as good as the ranges."
    )


def test_sampling_errors_stand_in_small_print_where_they_reach_the_digits() -> None:
    errors = Errors(2e5, 1.0, 0.004, 0.004, 1e-6)
    need, _, runway, break_even, _ = verdict(replace(BASE, errors=errors)).answers()
    assert need.small == "Sampling error: p50 ± $200K, 55% ± 0.4 points."
    assert runway.small == "Sampling error: 40% ± 0.4 points."
    assert break_even.small == ""
    assert {answer.small for answer in verdict(BASE).answers()} == {""}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"need_usd": spread(0.0)}, "At least nine draws in ten need no new money."),
        (
            {"need_usd": spread(0.0, 0.0, 0.0, 8e5), "rounds_usd": 0.0, "buffer_usd": 0.0},
            "At least half of the draws need no new money; to be safe in nine of ten takes $800K. "
            "The scenario plans no funding round.",
        ),
        (
            {"need_usd": spread(2e6), "buffer_usd": 0.0, "covered_share": 0.0, "last_net_cash_flow_usd": -1.0},
            "Nine draws in ten need $2M of new money or less. "
            "With the planned rounds of $3M the cash stays at or above zero in none of the draws. "
            "On the central path cash still falls in the last month, so a longer plan would need more.",
        ),
        (
            {"num_draws": 1, "need_usd": spread(2e6), "covered_share": 0.0, "buffer_usd": 0.0},
            "With every input at its median the company needs $2M of new money. "
            "The scenario plans rounds of $3M; they are too small or too late to keep the reserve.",
        ),
        (
            {"num_draws": 1, "need_usd": spread(0.0)},
            "With every input at its median no new money is needed.",
        ),
    ],
)  # fmt: skip
def test_the_need(change: dict[str, Any], expected: str) -> None:
    assert text(verdict(replace(BASE, **change)).need()) == expected


@pytest.mark.parametrize(
    ("change", "headline", "expected"),
    [
        (
            {"first_revenue_month": NEVER},
            "$440K",
            "On the central path no revenue comes before the plan ends in December 2030, so everything that is spent "
            "counts: $43K once and $390K on what comes back every month. "
            "Eight draws in ten lie between $400K and $500K.",
        ),
        (
            {"first_revenue_month": 1.0, "startup_usd": spread(0.0), "one_off_usd": 0.0, "running_usd": 0.0},
            "$0",
            "On the central path there is revenue in the first month, so nothing is spent before it.",
        ),
    ],
)
def test_the_start(change: dict[str, Any], headline: str, expected: str) -> None:
    answer = verdict(replace(BASE, **change)).startup()
    assert (answer.headline, text(answer)) == (headline, expected)


@pytest.mark.parametrize(
    ("change", "headline", "expected"),
    [
        (
            {"runway_months": spread(NEVER), "runs_out_share": 0.0, "rounds_usd": 0.0},
            "It lasts",
            "In none of the 4,096 draws does the money run out before the plan ends in December 2030. "
            "No new money is counted in.",
        ),
        (
            {"runway_months": spread(10.0, 5.0, 11.0, 20.0), "runs_out_share": 1.0},
            "December 2027",
            "The money runs out in every draw: in one of ten by June 2027, in half of them by December 2027. "
            "The planned rounds are counted in.",
        ),
        (
            {"runway_months": spread(0.0), "runs_out_share": 1.0},
            "January 2027",
            "The money runs out in every draw, in half of them by January 2027. The planned rounds are counted in.",
        ),
        (
            {"runway_months": spread(NEVER), "runs_out_share": 0.003},
            "less than 1%",
            "The money runs out in less than 1% of the draws before the plan ends in December 2030. "
            "The planned rounds are counted in.",
        ),
        (
            {"runway_months": spread(NEVER), "runs_out_share": 3 / 8, "num_draws": 8},
            "38%",
            "The money runs out in 3 of 8 draws before the plan ends in December 2030. "
            "The planned rounds are counted in.",
        ),
        (
            {"runway_months": spread(NEVER), "runs_out_share": 0.0, "num_draws": 1},
            "It lasts",
            "With every input at its median the cash lasts to the end of the plan in December 2030. "
            "The planned rounds are counted in.",
        ),
        (
            {"runway_months": spread(1.0), "runs_out_share": 1.0, "num_draws": 1},
            "February 2027",
            "With every input at its median the money runs out in February 2027, after one full month. "
            "The planned rounds are counted in.",
        ),
        (
            {"runway_months": spread(14.0), "runs_out_share": 1.0, "num_draws": 1},
            "March 2028",
            "With every input at its median the money runs out in March 2028, after 14 full months. "
            "The planned rounds are counted in.",
        ),
        (
            {"runway_months": spread(0.0), "runs_out_share": 1.0, "num_draws": 1, "rounds_usd": 0.0},
            "January 2027",
            "With every input at its median the money runs out in the first month, January 2027. "
            "No new money is counted in.",
        ),
    ],
)
def test_the_end_of_the_money(change: dict[str, Any], headline: str, expected: str) -> None:
    answer = verdict(replace(BASE, **change)).runway()
    assert (answer.headline, text(answer)) == (headline, expected)


@pytest.mark.parametrize(
    ("change", "headline", "expected"),
    [
        (
            {"break_even_month": spread(NEVER), "breaks_even_share": 0.0},
            "Not in the plan",
            "In none of the 4,096 draws does the company break even before the plan ends in December 2030.",
        ),
        (
            {"break_even_month": spread(40.0, 30.0, NEVER, NEVER), "breaks_even_share": 0.31},
            "31%",
            "The company breaks even in 31% of the draws before the plan ends in December 2030. "
            "One draw in ten has done so by June 2029.",
        ),
        (
            {"break_even_month": spread(20.0, 12.0, 21.0, 30.0), "breaks_even_share": 1.0},
            "September 2028",
            "Every draw breaks even, eight in ten of them between December 2027 and June 2029.",
        ),
        (
            {"break_even_month": spread(12.0), "breaks_even_share": 1.0},
            "December 2027",
            "Every draw breaks even, eight in ten of them or more in December 2027.",
        ),
        (
            {"break_even_month": spread(NEVER), "breaks_even_share": 0.0, "num_draws": 1},
            "Not in the plan",
            "With every input at its median the company does not break even before the plan ends in December 2030.",
        ),
        (
            {"break_even_month": spread(35.0), "breaks_even_share": 1.0, "num_draws": 1},
            "November 2029",
            "With every input at its median the company breaks even in November 2029.",
        ),
    ],
)
def test_break_even(change: dict[str, Any], headline: str, expected: str) -> None:
    answer = verdict(replace(BASE, **change)).break_even()
    assert (answer.headline, answer.sentences[0]) == (headline, expected)


def test_one_draw_speaks_of_no_odds() -> None:
    for answer in verdict(ONE_DRAW).answers():
        assert "in ten" not in text(answer) + answer.caption
        assert "even odds" not in text(answer) + answer.caption
    assert "One draw: every input at its median" in text(verdict(ONE_DRAW).certainty())


@pytest.mark.parametrize(
    ("swings", "expected"),
    [
        ((), "No input has a range, so nothing shows what the result hangs on."),
        ((Swing(SWINGS[0].leaf, 0.0, 0.0),), "No input alone moves the funding need."),
    ],
)
def test_when_nothing_carries_the_result(swings: tuple[Swing, ...], expected: str) -> None:
    assert expected in text(verdict(replace(BASE, swings=swings)).certainty())


def test_chinese() -> None:
    need = verdict(BASE, "zh").need()
    assert need.question == "需要多少资金？"
    assert need.headline == "US$280万"
    assert "一半的抽样需要的新资金不超过 US$280万" in text(need)
