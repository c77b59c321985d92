"""Conditions as people write them: what they mean, in which months, and what is refused."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from planner.analysis.conditions import OPERATORS, Condition, Probability, condition, parse
from planner.errors import FigureError, InputError
from tests.planner.analysis.conftest import Given
from tests.planner.conftest import Planned

NEVER = math.inf
NAN = math.nan
NUMBERS = st.floats(-1e12, 1e12, allow_nan=False)
SPACES = st.sampled_from(["", " ", "  "])


@st.composite
def written(draw: st.DrawFn) -> tuple[str, Condition]:
    """A condition as someone may write it, and what it says."""
    figure = draw(st.from_regex(r"[a-z][a-z_]{0,20}(\.[a-z_]{1,20})?", fullmatch=True))
    month = draw(st.none() | st.integers(1, 120))
    percent = draw(st.none() | st.sampled_from(["1", "5", "10", "50", "97.5"]))
    operator, bound = draw(st.sampled_from(sorted(OPERATORS))), draw(NUMBERS)
    a, b, c = draw(SPACES), draw(SPACES), draw(SPACES)
    at = "" if percent is None else f"{b}@{b}p{percent}"
    text = f"{a}{figure}{'' if month is None else f'{a}[{b}{month}{c}]'}{at}{b}{operator}{c}{bound!r}{a}"
    quantile = None if percent is None else float(percent) / 100
    return text, Condition(text.strip(), figure, operator, bound, month, quantile)


@for_all(written())
def test_what_is_written_is_read(case: tuple[str, Condition]) -> None:
    text, meant = case
    assert parse(text) == meant
    assert condition(text) == meant


@for_all(written(), st.sampled_from(sorted(OPERATORS)), st.floats(0, 1), SPACES)
def test_a_probability_is_read_around_a_condition(
    case: tuple[str, Condition], operator: str, bound: float, space: str
) -> None:
    text, meant = case
    whole = f"{space}P{space}({text}){space}{operator}{space}{bound!r}"
    if meant.quantile is not None:
        with pytest.raises(InputError, match="a probability is about all draws; leave out @p"):
            parse(whole)
    else:
        assert parse(whole) == Probability(whole.strip(), meant, operator, bound)


@for_all(st.text(alphabet=st.characters(exclude_characters="<>"), max_size=40))
def test_other_text_is_refused_with_the_spellings(text: str) -> None:
    with pytest.raises(InputError, match="write it like") as refused:
        parse(text)
    assert f"'{text}'" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no condition; write it like 'runway_months >= 24'"),
        ("cash_usd", "is no condition"),
        ("cash_usd = 5", "is no condition"),
        ("cash_usd == 5", "is no condition"),
        ("cash_usd > 1,000", "is no condition"),
        ("cash_usd > 5 %", "is no condition"),
        ("cash_usd > nan", "is no condition"),
        ("cash_usd > inf", "is no condition"),
        ("cash_usd[-1] > 0", "is no condition"),
        ("cash_usd[1.5] > 0", "is no condition"),
        ("0 < cash_usd", "is no condition"),
        ("p(cash_usd < 0) < 0.1", "is no condition"),
        ("P(cash_usd < 0)", "is no condition"),
        ("P( ) < 0.1", "names no event; write it like"),
        ("P(P(cash_usd < 0) < 0.1) < 0.1", "is no condition"),
        ("P(cash_usd < 0) < 5", "a probability lies between 0 and 1, not at 5"),
        ("P(cash_usd < 0) > -0.1", "a probability lies between 0 and 1"),
        ("cash_usd@p0 > 0", "a quantile lies between p0 and p100"),
        ("cash_usd@p100 > 0", "a quantile lies between p0 and p100"),
        ("P(cash_usd@p10 < 0) < 0.1", "leave out @p10"),
    ],
)
def test_bad_spellings_are_told(text: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as refused:
        parse(text)
    assert f"'{text}'" in str(refused.value)


def test_an_event_happens_in_any_month_and_a_requirement_is_met_in_every(given: Given) -> None:
    result = given(cash_usd=[[1, 1, 1, -1], [2, -1, 3, -1], [4, 5, 6, -1]])
    assert condition("cash_usd < 0").happens(result).tolist() == [False, True, False, True]
    assert condition("cash_usd >= 0").is_met(result).tolist() == [True, False, True, False]
    assert condition("cash_usd > 0").happens(result).tolist() == [True, True, True, False]


def test_a_month_is_looked_at_alone(given: Given) -> None:
    result = given(cash_usd=[[1, 1], [-1, 2], [3, -3]])
    assert condition("cash_usd[2] < 0").happens(result).tolist() == [True, False]
    assert condition("cash_usd[3] > 0").is_met(result).tolist() == [True, False]
    assert condition("cash_usd[1]@p50 > 0").at_quantile(result).tolist() == [1.0]


def test_a_requirement_passes_over_months_in_which_a_figure_is_undefined(given: Given) -> None:
    result = given(gross_margin_share=[[NAN, NAN, NAN, NAN], [0.6, 0.4, NAN, 0.6], [0.7, 0.9, NAN, NAN]])
    assert condition("gross_margin_share > 0.5").is_met(result).tolist() == [True, False, False, True]
    assert condition("gross_margin_share > 0.5").happens(result).tolist() == [True, True, False, True]


def test_what_never_comes_is_later_than_any_month(given: Given) -> None:
    result = given(runway_months=[NEVER, 12, 24, 36])
    assert condition("runway_months >= 24").is_met(result).tolist() == [True, False, True, True]
    assert condition("runway_months < 24").happens(result).tolist() == [False, True, False, False]
    result = given(break_even_month=[NEVER, NEVER, NEVER, 20])
    assert condition("break_even_month <= 36").is_met(result).tolist() == [False, False, False, True]
    assert condition("break_even_month@p50 <= 36").at_quantile(result).tolist() == [NEVER]


def test_quantiles_are_values_that_were_drawn(given: Given) -> None:
    result = given(funding_need_usd=[40, 10, 30, 20])
    for percent, value in ((10, 10), (25, 10), (50, 20), (51, 30), (75, 30), (90, 40)):
        found = condition(f"funding_need_usd@p{percent} > 0").at_quantile(result)
        assert found.tolist() == [value], percent


def test_conditions_read_the_central_path_where_nothing_is_drawn(planned: Planned) -> None:
    result = planned("base")
    holds = condition("cash_usd[1] > 0").happens(result)
    assert holds.shape == (1,)
    assert bool(holds[0]) == bool(result["cash_usd"].central[0] > 0)


def test_figures_of_one_strategy_may_be_named_with_it(planned: Planned) -> None:
    result = planned("open_platform")
    bare, full = condition("paid_users > 1000"), condition("open_platform.paid_users > 1000")
    assert np.array_equal(bare.happens(result), full.happens(result))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("runway_months[3] > 0", "runway_months has no months; leave out [3]"),
        ("cash_usd[0] > 0", "the plan has months 1 to 3, not 0"),
        ("cash_usd[4] > 0", "the plan has months 1 to 3, not 4"),
        ("csh_usd > 0", "there is no figure or input 'csh_usd'"),
        ("addressable_users > 0", "'addressable_users' is an input, not a figure"),
    ],
)
def test_what_a_plan_does_not_have_is_told(given: Given, text: str, words: str) -> None:
    with pytest.raises((InputError, FigureError), match=re.escape(words)):
        condition(text).happens(given())


def test_more_draws_than_are_kept_one_by_one_are_refused_with_the_largest_number(planned: Planned) -> None:
    result = planned("open_platform")
    condition("runway_months >= 24").check(result, 4_194_304)
    condition("cash_usd > 0").check(result, 69_905)
    with pytest.raises(
        InputError, match="cash_usd has room for 69,905 single draws, not 69,906; give --draws 69905"
    ):
        condition("cash_usd > 0").check(result, 69_906)
    with pytest.raises(InputError, match="give --draws 4194304"):
        condition("runway_months >= 24").check(result, 4_194_305)
