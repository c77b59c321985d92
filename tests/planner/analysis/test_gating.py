"""A gate passes when every requirement is met, and says what it found."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from planner.analysis.gating import check, gate
from planner.errors import InputError
from planner.printing import verdicts
from tests.planner.analysis.conftest import Given
from tests.planner.conftest import Planned

NEVER, NAN = math.inf, math.nan
CASH = [[1, 1, 1, 1, 1, 1, 1, 1], [2, -2, 2, 2, 2, 2, 2, 2], [3, 3, 3, 3, -3, -4, 3, 3]]


def test_a_probability_is_compared_and_has_its_error(given: Given) -> None:
    result = given(cash_usd=CASH)
    met, crossed = gate(["P(cash_usd < 0) < 0.4", "P(cash_usd < 0) <= 0.3"], result)
    assert (met.found, met.is_met, crossed.is_met) == (0.375, True, False)
    assert met.error == pytest.approx(math.sqrt(0.375 * 0.625 / 8))
    assert (met.month, met.unknown_months) == (None, 0)


def test_the_error_is_the_spread_over_the_scrambles_of_a_plan(planned: Planned) -> None:
    result = planned("base", draws=1024)
    (found,) = gate(["P(cash_usd < 0) < 0.5"], result)
    happens = (np.asarray(result["cash_usd"].draws) < 0).any(axis=0)
    parts = [happens[part].mean() for part in result.scrambles]
    assert len(parts) == 4
    assert found.found == happens.mean()
    assert found.error == pytest.approx(np.std(parts, ddof=1) / 2)


def test_probability_of_ruin_is_that_of_a_runway_that_ends(planned: Planned) -> None:
    result = planned("base", draws=1024)
    ruin, end = gate(["P(cash_usd < 0) < 1", "P(runway_months < 1e6) < 1"], result)
    assert ruin.found == end.found > 0


def test_a_quantile_is_told_in_its_worst_month(given: Given) -> None:
    result = given(cash_usd=CASH)
    low, high, third = gate(["cash_usd@p20 > 0", "cash_usd@p90 < 4", "cash_usd[3]@p10 >= -4"], result)
    assert (low.found, low.month, low.is_met) == (-3, 3, False)
    assert (high.found, high.month, high.is_met) == (3, 3, True)
    assert (third.found, third.month, third.is_met) == (-4, 3, True)
    assert low.error is None


def test_months_in_which_a_figure_is_undefined_are_counted(given: Given) -> None:
    result = given(gross_margin_share=[[NAN, NAN], [0.4, NAN], [0.6, 0.7]])
    (found,) = gate(["gross_margin_share@p50 > 0.5"], result)
    assert (found.is_met, found.found, found.month, found.unknown_months) == (True, 0.6, 3, 2)


def test_what_is_never_defined_meets_nothing_and_json_says_so(given: Given) -> None:
    result = given(gross_margin_share=np.full((3, 2), NAN))
    (found,) = gate(["gross_margin_share@p50 > 0.5"], result)
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert (document["is_met"], document["found"], document["status"]) == (False, None, "undefined")


def test_what_never_comes_is_told_in_words(given: Given) -> None:
    result = given(break_even_month=[20, NEVER], runway_months=[NEVER, NEVER])
    late, long = gate(["break_even_month@p90 < 36", "runway_months@p10 >= 24"], result)
    assert (late.is_met, late.to_json()["found"], late.to_json()["status"]) == (
        False, None, "not within the horizon",
    )  # fmt: skip
    assert long.is_met
    assert "not within the horizon" in verdicts([late])


def test_lines_for_people_stand_in_columns(given: Given) -> None:
    result = given(cash_usd=CASH, startup_cost_usd=np.full(8, 123_456.0))
    lines = verdicts(
        gate(["P(cash_usd < 0) < 0.1", "startup_cost_usd@p50 < 1e6", "cash_usd@p20 > 0"], result)
    ).splitlines()
    assert lines == [
        "not met  P(cash_usd < 0) < 0.1       0.375, standard error 0.17",
        "met      startup_cost_usd@p50 < 1e6  123,456",
        "not met  cash_usd@p20 > 0            -3, in month 3",
    ]


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("cash_usd[2] > 0", ["'cash_usd[2]@p10 > 0'", "'P(cash_usd[2] <= 0) < 0.1'"]),
        ("break_even_month <= 36", ["'break_even_month@p90 <= 36'", "'P(break_even_month > 36) < 0.1'"]),
    ],
)
def test_a_requirement_must_say_how_sure_it_is_to_be(given: Given, text: str, hints: list[str]) -> None:
    with pytest.raises(InputError, match="say how sure it is to be") as refused:
        gate([text], given())
    for hint in hints:
        assert hint in str(refused.value)
        gate([hint.strip("'")], given(cash_usd=CASH))


def test_on_the_central_path_nothing_needs_to_be_said_of_sureness(planned: Planned) -> None:
    (found,) = gate(["startup_cost_usd > 0"], planned("base"))
    assert found.is_met
    assert found.found == float(planned("base")["startup_cost_usd"].central)


def test_the_figures_to_draw_are_named_once(planned: Planned) -> None:
    asked = ["P(cash_usd < 0) < 0.1", "cash_usd@p10 > 0", "runway_months@p10 > 3"]
    assert check(asked, planned("base"), 1024) == ["cash_usd", "runway_months"]
