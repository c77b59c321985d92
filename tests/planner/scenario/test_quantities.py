"""A quantity is read by the name of its field, with its evidence, and can be written back."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from planner.scenario.base import Section, assumed
from planner.scenario.distributions import LogitNormal, Lognormal, Normal
from planner.scenario.quantities import MAY_BE_NEGATIVE, AboveZero, Positive, Quantity


class Market(Section):
    price_usd: Quantity = assumed("5 to 10", "a guess")
    """Price."""
    churn_share_per_month: Quantity = assumed(
        "0.05 to 0.1", "a table", source="a page", as_of=date(2026, 1, 2)
    )
    """Churn."""
    grant_usd: Annotated[Quantity, MAY_BE_NEGATIVE] = assumed(-5, "a debt")
    """Grant."""
    mix_share: tuple[Quantity, ...] = ()
    """A list of plain quantities."""


def messages(
    raw: object, name: str = "price_usd", may_be_negative: bool = False
) -> list[tuple[tuple[int | str, ...], str]]:
    with pytest.raises(ValidationError) as raised:
        Quantity.read(raw, name, may_be_negative)
    return [(error["loc"], error["msg"]) for error in raised.value.errors()]


def test_a_number_a_text_and_a_mapping_are_read() -> None:
    assert Quantity.read(5) == Quantity(5.0)
    assert not Quantity.read(5).is_uncertain
    interval = Quantity.read("5 to 10", "price_usd")
    assert interval == Quantity(interval.value, Lognormal(5, 10))
    assert interval.value == pytest.approx(7.0710678119)
    assert interval.is_uncertain
    quoted = Quantity.read({"value": 3, "source": "offer 17", "as_of": "2026-11-23", "note": "net"})
    assert quoted == Quantity(3.0, None, "offer 17", date(2026, 11, 23), "net")


def test_the_median_of_round_numbers_is_round() -> None:
    assert Quantity.read("1.5 to 6", "cost_ratio").value == 3.0
    assert Quantity.read("normal(-1, 2)", may_be_negative=True).value == 0.5


def test_a_default_is_read_by_the_name_of_its_field() -> None:
    market = Market()
    assert isinstance(market.churn_share_per_month.distribution, LogitNormal)
    assert isinstance(market.price_usd.distribution, Lognormal)
    assert (market.price_usd.note, market.price_usd.source) == ("a guess", None)
    assert (market.churn_share_per_month.source, market.churn_share_per_month.as_of) == (
        "a page",
        date(2026, 1, 2),
    )
    assert market.grant_usd.value == -5


def test_a_field_that_may_be_negative_says_so() -> None:
    normal = Market.model_validate({"grant_usd": "normal(-5, 10)"}).grant_usd.distribution
    assert normal == Normal(-5, 10)
    with pytest.raises(ValidationError, match="can go below zero"):
        Market.model_validate({"price_usd": "normal(-5, 10)"})


def test_sections_are_frozen_and_hashable() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Market().price_usd = Quantity(1.0)  # type: ignore[misc]
    assert hash(Market()) == hash(Market())


def test_a_section_written_as_json_reads_back_the_same() -> None:
    market = Market.model_validate(
        {"price_usd": {"value": "pert(1, 2, 9)", "source": "offer", "as_of": "2026-01-02"}}
    )
    assert Market.model_validate_json(market.model_dump_json()) == market


@given(
    st.one_of(
        st.floats(0, 1e90),
        st.tuples(st.floats(1e-3, 1e5), st.floats(1.001, 1e3)).map(
            lambda two: f"{two[0]!r} to {two[0] * two[1]!r}"
        ),
    ),
    st.none() | st.text(min_size=1).filter(str.strip),
    st.none() | st.dates(date(1000, 1, 1)),
)
def test_a_quantity_reads_back_from_what_it_writes(
    value: float | str, source: str | None, as_of: date | None
) -> None:
    quantity = Quantity.read(
        {"value": value, "source": source, "as_of": as_of and as_of.isoformat()}, "price_usd"
    )
    assert Quantity.read(quantity.written(), "price_usd") == quantity


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (True, "true is not a quantity"),
        (None, "the value is missing"),
        ([5], "a list is not a quantity"),
        (float("nan"), "numbers are finite"),
        (float("inf"), "numbers are finite"),
        (10**400, "numbers are finite"),
        (-1, "-1 is below zero; this quantity cannot be negative"),
        ("-5 to 10", "raise the low end or write uniform(0, 10)"),
        ("normal(5, 10)", "write `5 to 10` (lognormal)"),
        ("uniform(-1, 1)", "start it at 0"),
        ({}, "the value is missing"),
    ],
)
def test_what_is_no_amount_is_refused(raw: object, words: str) -> None:
    [(place, message)] = messages(raw)
    assert place == ()
    assert words in message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (5, "write 0.05 for 5 %"),
        (-0.1, "-0.1 is outside 0 and 1"),
        (300, "300 is outside 0 and 1"),
        ("normal(0.1, 0.2)", "write `0.1 to 0.2` (logit-normal)"),
        ("normal(-0.1, 0.2)", "write uniform(low, high) or pert(low, mode, high)"),
        ("triangular(0, 0.5, 2)", "keep its ends within 0 and 1"),
    ],
)
def test_a_share_lies_within_zero_and_one(raw: object, words: str) -> None:
    for may_be_negative in (False, True):
        [(_, message)] = messages(raw, "churn_share_per_month", may_be_negative)
        assert words in message


def test_zero_and_one_are_shares() -> None:
    assert Quantity.read(0, "churn_share").value == 0
    assert Quantity.read(1, "churn_share").value == 1
    assert Quantity.read("uniform(0, 1)", "churn_share").value == 0.5


def test_every_problem_of_a_mapping_is_said_at_its_key() -> None:
    found = dict(messages({"value": "9 to 3", "source": 3, "as_of": "2026-02-30", "note": "", "sorce": "x"}))
    assert set(found) == {("value",), ("source",), ("as_of",), ("note",), ("sorce",)}
    assert "did you mean 'source'?" in found[("sorce",)]
    assert "write year-month-day" in found[("as_of",)]
    assert "3 is not a text" in found[("source",)]


@pytest.mark.parametrize(
    "given_date", ["2026", "2026-1-2", "23.11.2026", "20261123", "2026-W01-1", "\u0662026-01-01", 2026]
)
def test_a_date_has_one_form(given_date: object) -> None:
    [(place, message)] = messages({"value": 1, "as_of": given_date})
    assert place == ("as_of",)
    assert "is not a date; write year-month-day, such as 2026-11-23" in message


def test_items_of_a_list_are_read_by_the_name_of_the_list() -> None:
    with pytest.raises(ValidationError) as raised:
        Market.model_validate_json('{"mix_share": [0.5, 2]}')
    assert [error["loc"] for error in raised.value.errors()] == [("mix_share", 1)]


class Speeds(Section):
    speed_ratio: Positive | None = None
    """Something that is divided by."""
    cadence_months: Annotated[Quantity, AboveZero("; a large number means never")] = assumed(6, "a guess")
    """How often."""


@pytest.mark.parametrize("raw", [0, 0.0, -3, "chance(0.5)", "poisson(2)", "choice(0:0.5, 2:0.5)"])
def test_what_is_divided_by_is_never_zero(raw: object) -> None:
    with pytest.raises(ValidationError, match="must be above zero"):
        Speeds(speed_ratio=raw)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="a large number means never"):
        Speeds(cadence_months=raw)  # type: ignore[arg-type]


@pytest.mark.parametrize("raw", [1e-9, "5 to 10", "uniform(0, 2)", "choice(1:0.5, 2:0.5)"])
def test_what_is_above_zero_may_be_as_small_as_it_likes(raw: object) -> None:
    assert Speeds(speed_ratio=raw).speed_ratio == Quantity.read(raw)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("1,2", "1.2"),
        ("1.200,50", "1200.50"),
        ("1,5 to 2,5", "1.5"),
        ("-0,25", "-0.25"),
        ("1'200,5", "1200.5"),
        ("12,5 %", "0.125"),
    ],
)
def test_a_decimal_comma_is_answered_with_a_point(raw: str, meant: str) -> None:
    [(_, message)] = messages(raw)
    assert message.endswith(f"has a decimal comma; write {meant}")
