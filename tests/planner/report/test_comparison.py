"""The page on compared plans: right words for every outcome, steps that add up, nothing unescaped."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.analysis.comparing import Comparison, Difference, Regret, compare
from planner.report import render_comparison
from planner.report.comparison_charts import apart, paths
from planner.report.comparison_page import comparison_page
from planner.report.comparison_tables import STEP_DIGITS, ComparisonTables, round_together
from planner.report.comparison_words import ComparisonWords
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.money import unit_of
from planner.report.outlook import Spread
from planner.report.words import Answer
from planner.result import Result

FORMATS = Formats(messages("en"), "2027-01")
HOSTILE = "<script>alert(1)</script>&"
MAX_BYTES = 400_000

Planner = Callable[..., Result]


def difference(larger: float, low: float, median: float, high: float) -> Difference:
    return Difference("funding_need_usd", "usd", median, low, high, larger, 0.0, None)


def words(found: Comparison, language: str = "en") -> ComparisonWords:
    return ComparisonWords(found, Formats(messages(language), "2027-01"))


def text(answer: Answer) -> str:
    return " ".join(answer.sentences)


@pytest.fixture
def two(planned: Planner) -> Comparison:
    """Two plans with outcomes that are replaced by known ones."""
    results = [planned("base", "horizon_months=3", "model.launch_month=1", draws=256)] * 2
    found = compare(["a.yaml", "b.yaml"], results)
    return replace(
        found,
        regrets=(Regret(2e6, 5e6, 0.25), Regret(3e5, 1e6, 0.75)),
        dominance={},
        differences=((difference(0.125, -3e6, -1e6, 5e5),),),
    )


def test_two_plans_of_which_none_is_better_throughout(two: Comparison) -> None:
    say = words(two)
    say.needs = [Spread(2e6, 1e6, 2.5e6, 4e6), Spread(1e6, 5e5, 1.5e6, 3e6)]
    say.ruins = [0.25, 0.0]
    say.values = [Spread(1e6, 0.0, 1e6, 2e6), Spread(2e6, 0.0, 2.2e6, 4e6)]
    need, ruin, worth, dominance, regret = say.answers()
    assert (need.headline, need.caption) == ("B", "needs $1.5M of new money with even odds")
    assert text(need) == (
        "Plan A needs $2.5M with even odds and $4M to be safe in nine draws of ten. "
        "Plan B needs $1.5M with even odds and $3M to be safe in nine draws of ten. "
        "Draw by draw, B needs more than A in 12% of the draws: the difference is -$1M at the median and lies "
        "between -$3M and +$500K in nine draws of ten."
    )
    assert (ruin.headline, ruin.caption) == ("B", "runs out of money in none of the draws")
    assert text(ruin) == (
        "In plan A the money runs out in 25% of the draws. In plan B the money runs out in none of the draws. "
        "The planned rounds are counted in."
    )
    assert (worth.headline, worth.caption) == ("B", "has the best net present value in 75% of the draws")
    assert text(worth) == (
        "Plan A is the best in 25% of the draws; its median value is $1M. "
        "Plan B is the best in 75% of the draws; its median value is $2.2M. "
        "Net present value counts the money of the plan to its end in March 2027, discounted at 11.5% a year, "
        "and nothing that comes after: a plan that still earns at the end is worth more than this says."
    )
    assert (dominance.headline, text(dominance)) == (
        "No",
        "No plan has the higher net present value throughout: which is better depends on what comes.",
    )
    assert (regret.headline, regret.caption) == ("B", "gives up the least: $300K on average")
    assert text(regret).startswith(
        "Choosing plan A gives up $2M of net present value on average, and at least $5M in one draw of ten. "
    )


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("every draw", "Plan B is worth at least as much as plan A in every draw."),
        (
            "distribution",
            "Plan B is at least as likely as plan A to be worth more than any given amount, "
            "though not better in every draw.",
        ),
    ],
)
def test_a_plan_that_is_better_whatever_comes(two: Comparison, kind: str, expected: str) -> None:
    answer = words(replace(two, dominance={(1, 0): kind})).dominance()
    assert (answer.headline, text(answer)) == ("B", expected)


def test_of_three_plans_some_may_be_better_than_others(compared: Comparison) -> None:
    answer = words(replace(compared, dominance={(0, 2): "every draw"})).dominance()
    assert (answer.headline, answer.caption) == ("Not one", "but some are better than others")
    rows = ComparisonTables(replace(compared, dominance={(0, 2): "every draw"}), FORMATS).dominance()
    assert [cells for _, cells in rows] == [
        ("-", "no", "in every draw"),
        ("no", "-", "no"),
        ("no", "no", "-"),
    ]


def test_equal_plans_are_said_to_be_alike(two: Comparison) -> None:
    found = compare(two.names, two.results)
    assert [answer.headline for answer in words(found).answers()] == ["All alike"] * 5
    assert "In nine draws of ten B needs $0 against A." in text(words(found).need())
    shown = comparison_page(found)
    assert "None: the plans are the same." in shown
    check(shown)


def test_a_mean_that_is_refused_is_not_told(two: Comparison) -> None:
    answer = words(replace(two, regrets=(Regret(math.nan, 5e6, 0.5), Regret(1e5, 6e6, 0.5)))).regret()
    assert (answer.headline, answer.caption) == ("A", "gives up the least: $5M in one draw of ten")
    assert "it has no mean: one draw could carry it" in text(answer)


def test_what_is_not_known_names_no_winner(two: Comparison) -> None:
    found = replace(two, regrets=(Regret(math.nan, math.nan, 0.5), Regret(math.nan, math.nan, 0.5)))
    assert words(found).regret().headline == "Not known"
    found = replace(two, regrets=(Regret(math.nan, math.nan, 0.5), Regret(math.nan, 1e6, 0.5)))
    assert words(found).regret().headline == "B"
    rows = ComparisonTables(found, FORMATS).regrets()
    assert [cells[1] for _, cells in rows] == ["none: one draw could carry it"] * 2


def test_a_difference_says_in_how_many_draws_it_is_known(two: Comparison) -> None:
    rare = replace(difference(0.5, -1.0, 0.0, 1.0), unknown_share=0.25)
    [against] = ComparisonTables(replace(two, differences=((rare,),)), FORMATS).against()
    assert against.differences[0].known == "75%"


def test_one_draw_speaks_of_the_central_path_alone(planned: Planner) -> None:
    results = [planned(name, "horizon_months=48") for name in ("base", "technology_services")]
    found = compare(["a.yaml", "b.yaml"], results)
    answers = words(found).answers()
    assert len(answers) == 3
    assert not re.search(r"odds|draws|draw of", " ".join(a.caption + text(a) for a in answers))
    shown = comparison_page(found)
    assert "With one draw there are no odds" in shown
    check(shown)


def test_sampling_errors_stand_where_they_reach_the_digits(compared: Comparison) -> None:
    say = words(compared)
    assert re.search(r"Sampling error: .*[ABC] \d+% ± [\d.]+ points", say.ruin().small)
    unsure = replace(difference(0.5, 0.0, 1e6, 2e6), median_error=2e5)
    sure = replace(unsure, median_error=1.0)
    found = replace(compared, differences=((unsure,), (sure,)))
    first, second = ComparisonTables(found, FORMATS).against()
    assert [row.error for row in (*first.differences, *second.differences)] == ["± $200K", ""]


def test_the_steps_lead_from_one_cash_to_the_other(compared: Comparison) -> None:
    tables = ComparisonTables(compared, FORMATS)
    for other, result, steps in zip(tables.against(), compared.results[1:], compared.waterfalls, strict=True):
        first, last = (float(r["cash_usd"].central[-1]) for r in (compared.results[0], result))
        assert first + sum(step.usd for step in steps) == pytest.approx(last)
        usd = [amount(row.text) for row in other.steps]
        assert other.steps[0].is_total
        assert other.steps[-1].is_total
        assert sum(usd[:-1]) == pytest.approx(usd[-1])
        assert usd[0] == pytest.approx(first, abs=1e4)


def amount(written: str) -> float:
    number, suffix = re.fullmatch(r"([-+]?)\$([\d.]+)([KMB]?)", written).group(0), written[-1]  # type: ignore[union-attr]
    scale = {"K": 1e3, "M": 1e6, "B": 1e9}.get(suffix, 1.0)
    return float(number.replace("$", "").rstrip("KMB")) * scale


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=12))
def test_rounded_totals_stay_within_one_unit(totals: list[float]) -> None:
    unit = unit_of(max(map(abs, totals)), STEP_DIGITS)
    for exact, shown in zip(totals, round_together(totals), strict=True):
        assert abs(exact - shown) <= 0.5001 * unit


@given(st.lists(st.floats(0, 300), min_size=1, max_size=6))
def test_letters_at_the_ends_never_overlap(places: list[float]) -> None:
    moved = sorted(apart(places, 13.0, 300.0))
    assert all(after - before >= 13.0 - 1e-9 for before, after in pairwise(moved))
    assert moved[-1] <= 300.0
    order = sorted(range(len(places)), key=lambda index: places[index])
    assert [apart(places, 13.0, 300.0)[index] for index in order] == moved


@pytest.mark.parametrize("count", [2, 3, 6])
def test_every_plan_has_its_path(count: int) -> None:
    plans = [{"p10": [0.0, 1.0], "p50": [1.0, 2.0 + i], "p90": [2.0, 9.0]} for i in range(count)]
    markup = paths("cash", HOSTILE, "", plans, "ABCDEF"[:count], FORMATS)
    assert "<script" not in markup
    wide = ElementTree.fromstring(f"<all>{markup}</all>")[0]
    classes = [node.get("class") or "" for node in wide.iter()]
    assert sum(css.startswith("path ") for css in classes) == count
    assert sum(css.startswith("band ") for css in classes) == (count if count <= 3 else 0)
    assert [node.text for node in wide.iter("text") if "letter" in (node.get("class") or "")] == list(
        "ABCDEF"[:count]
    )


def test_inputs_that_differ_are_told_with_key_and_unit(planned: Planner) -> None:
    results = [
        planned("base", f"finance.opening_cash_usd={usd}", f"runway_months={months}", draws=64)
        for usd, months in (("5e5", 3), ("4e5 to 8e5", 4))
    ]
    rows = {row.key: row for row in ComparisonTables(compare(["a", "b"], results), FORMATS).inputs()}
    assert rows["finance.opening_cash_usd"].values == ("$500K", "$400K to $800K (lognormal)")
    assert rows["finance.opening_cash_usd"].label
    assert rows["figures.runway_months"].values == ("3 months", "4 months")


def test_inputs_that_would_look_alike_keep_their_digits(planned: Planner) -> None:
    results = [planned("base", f"finance.opening_cash_usd={usd}", draws=64) for usd in (500_001, 500_002)]
    (row,) = ComparisonTables(compare(["a", "b"], results), FORMATS).inputs()
    assert row.values == ("500001", "500002")


def test_six_plans_have_a_page(planned: Planner) -> None:
    results = [planned("base", f"finance.opening_cash_usd={n}e5", draws=64) for n in range(1, 7)]
    shown = comparison_page(compare([f"{n}.yaml" for n in range(6)], results))
    for letter in "ABCDEF":
        assert f">{letter}</span>" in shown
    check(shown)


def test_months_that_differ_are_no_dates(compared: Comparison) -> None:
    table = ComparisonTables(compared, FORMATS)
    row = next(row for row in table.against()[0].differences if row.label == "Month of break-even")
    assert re.fullmatch(r"[-+]?\d+ months?", row.median)
    assert row.known.endswith("%")


def test_hostile_names_are_only_text(planned: Planner) -> None:
    results = [
        planned("base", f"name={HOSTILE}{n}", "horizon_months=3", "model.launch_month=1", draws=64)
        for n in range(2)
    ]
    shown = comparison_page(compare([HOSTILE, "b.yaml"], results))
    assert HOSTILE not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in shown
    check(shown)


def test_in_chinese(compared: Comparison, tmp_path: Path) -> None:
    path = render_comparison(compared, tmp_path / "new" / "c.html", lang="zh")
    shown = path.read_text("utf-8")
    for word in ('<html lang="zh">', "哪个方案需要的资金最少？", "占优与遗憾", "净现值"):
        assert word in shown
    check(shown)


def check(shown: str) -> None:
    assert len(shown.encode()) < MAX_BYTES
    assert not re.search(r">\s*[-+]?\$?(nan|inf)\b|>None<", shown)
    assert math.isclose(shown.count("<section"), shown.count("</section>"))
