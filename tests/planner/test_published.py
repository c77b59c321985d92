"""Published facts with a range: drawn so that the published value stays the median."""

from __future__ import annotations

import pytest

from planner.catalogue import Fact, reference, reference_names
from planner.published import around
from planner.units import is_share


def fact(name: str, value: float, low: float | None, high: float | None, note: str = "") -> Fact:
    return Fact(name, value, "2026", "a source", "published", note, low, high)


@pytest.mark.parametrize("name", reference_names())
def test_the_median_is_the_published_value_and_the_ends_are_possible(name: str) -> None:
    known = reference(name)
    quantity, noted = around(known)
    assert quantity.value == known.value
    assert quantity.is_uncertain is (known.low is not None and known.high is not None)
    if quantity.distribution is None:
        assert noted == known
        return
    facts = quantity.distribution.summary()
    assert facts["p50"] == pytest.approx(known.value, rel=1e-5)
    assert 0 < facts["p5"] < known.value < facts["p95"]
    if is_share(name):
        assert facts["p95"] < 1
        return
    assert known.low is not None
    assert known.high is not None
    assert facts["p95"] / facts["p5"] == pytest.approx(known.high / known.low, rel=1e-5)


def test_the_note_says_what_is_published_and_what_is_drawn() -> None:
    quantity, noted = around(reference("training_mfu_share"))
    assert quantity.distribution is not None
    assert quantity.distribution.median == pytest.approx(0.375, rel=1e-5)
    assert noted.note.startswith(
        "published value 0.375, published range 0.197 to 0.565; drawn with the published value as the median; "
    )


def test_a_range_that_is_centred_stays_as_it_is() -> None:
    for name, value, low, high in (("price_usd", 2.0, 1.0, 4.0), ("mix_share", 0.5, 0.2, 0.8)):
        quantity, _ = around(fact(name, value, low, high))
        assert quantity.distribution is not None
        assert quantity.text == f"{low:g} to {high:g}"


def test_the_ends_of_a_share_move_in_log_odds() -> None:
    # odds 1/4 and 4 about odds 1/4: a factor of 4 on both sides of 1/4
    quantity, _ = around(fact("mix_share", 0.2, 0.2, 0.8))
    assert quantity.distribution is not None
    facts = quantity.distribution.summary()
    assert (facts["p5"], facts["p95"]) == pytest.approx((1 / 17, 0.5), rel=1e-5)


@pytest.mark.parametrize(("low", "high"), [(None, 4.0), (1.0, None), (None, None), (2.0, 2.0)])
def test_without_two_ends_there_is_no_spread(low: float | None, high: float | None) -> None:
    quantity, noted = around(fact("price_usd", 2.0, low, high, "a note"))
    assert not quantity.is_uncertain
    assert noted.note == "a note"
