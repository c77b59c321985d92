"""What a finished plan gives: quantiles, JSON without a number that is none, frames, and a word for what is missing."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from planner.errors import FigureError
from planner.figure import Figure, documentation, formula
from planner.formulas.serving import serving_usd
from planner.printing import number, summary
from planner.result import Result
from planner.statuses import reason, status
from planner.tally import Histogram
from planner.units import UNIT_WORDS
from tests.planner.conftest import Planned

NEVER = math.inf


def figure(name: str, draws: list[Any] | None, central: Any = 0.0) -> Figure:  # noqa: ANN401
    is_monthly = draws is not None and np.ndim(draws) == 2
    return Figure(
        name, "monthly" if is_monthly else "after", None, central, None if draws is None else np.array(draws)
    )


def test_a_quantile_is_one_of_the_draws() -> None:
    months = figure("break_even_month", [9.0, 3.0, 5.0, 7.0])
    assert [months.quantile(q) for q in (0.25, 0.5, 0.75, 1.0)] == [3, 5, 7, 9]


def test_what_never_comes_is_later_than_any_month() -> None:
    months = figure("break_even_month", [30.0, NEVER, 20.0, NEVER, 10.0])
    assert [months.quantile(q) for q in (0.2, 0.5, 0.6)] == [10, 30, 30]
    assert months.quantile(0.7) == NEVER
    assert months.probability(np.isfinite) == 0.6


def test_quantiles_of_months_are_of_each_month() -> None:
    cash = figure("cash_usd", [[1.0, 2.0, 3.0], [30.0, 10.0, 20.0]])
    assert cash.quantile(0.5).tolist() == [2, 20]
    assert cash.probability(lambda usd: usd > 2).tolist() == [1 / 3, 1]


def test_without_draws_a_quantile_is_the_central_path() -> None:
    assert figure("cash_usd", None, central=7.0).quantile(0.9) == 7.0


def test_the_words_for_what_is_missing() -> None:
    assert status(math.nan) == "undefined"
    assert status(NEVER) == "not within the horizon"
    assert status(0.0) == ""
    assert number(NEVER) == "not within the horizon"
    assert number(math.nan) == "undefined"


def test_a_figure_says_why_it_has_no_value(planned: Planned) -> None:
    result = planned("base")
    for name, value, words in (
        ("lifetime_value_ratio", math.nan, "undefined: no new customers"),
        ("internal_rate_share_per_year", math.nan, "multiple roots"),
        ("internal_rate_share_per_year", -NEVER, "no real root, always a loss"),
        ("burn_runway_months", NEVER, "profitable"),
        ("payback_months", NEVER, "never"),
        ("gross_margin_share", math.nan, "undefined: no revenue"),
        ("cash_usd", math.nan, "undefined"),  # its formula says nothing about it
        ("payback_months", 3.0, ""),
    ):
        assert result[name].status(value) == words
        assert number(value, result[name].function) == (words or "3")
    assert reason(None, NEVER) == "not within the horizon"


def test_a_strategy_may_say_in_its_own_file_why_a_figure_has_no_value(
    planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = planned("technology_services")["utilisation_share"]
    assert figure.function is not None
    words = {"utilisation_share": {"nan": "undefined: nobody works"}}
    monkeypatch.setattr(sys.modules[figure.function.__module__], "STATUS", words, raising=False)
    assert figure.status(math.nan) == "undefined: nobody works"


def test_quantiles_of_the_end_are_over_the_draws_in_which_it_is_defined() -> None:
    ratio = figure("lifetime_value_ratio", [math.nan, 3.0, 1.0, 2.0, NEVER])
    assert ratio.known_share == 0.8
    assert ratio.quantile(0.5) == 2
    assert ratio.quantile(1.0) == NEVER
    none = figure("lifetime_value_ratio", [math.nan, math.nan])
    assert none.known_share == 0
    assert math.isnan(none.quantile(0.5))
    margin = figure("gross_margin_share", [[1.0, math.nan], [1.0, 2.0]])
    assert margin.known_share == 1
    assert np.isnan(margin.quantile(0.5)).tolist() == [True, False]


def test_quantiles_of_very_many_draws_are_over_those_in_which_it_is_defined() -> None:
    edges, counts = np.array([[0.0, 1.0, 2.0]]), np.array([[[0, 30, 10, 0]], [[0, 30, 10, 0]]])
    drawn = Histogram(edges, counts, np.array([20]))
    ratio = Figure("lifetime_value_ratio", "after", None, 0.5, drawn)
    assert ratio.known_share == 0.8
    assert ratio.quantile(0.5) == pytest.approx(2 / 3)
    assert ratio.quantile_error(0.5) == 0
    nothing = replace(ratio, draws=Histogram(edges, 0 * counts, np.array([20])))
    assert math.isnan(nothing.quantile(0.5))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12345.6, "12,346"),
        (0.123456, "0.1235"),
        (8030261248, "8,030,261,248"),
        (3.14e23, "3.14e+23"),
    ],
)
def test_numbers_as_people_read_them(value: float, text: str) -> None:
    assert number(value) == text


def checked_json(result: Result) -> dict[str, Any]:
    text = json.dumps(result.to_json(), allow_nan=False)
    assert "NaN" not in text
    assert "Infinity" not in text
    document: dict[str, Any] = json.loads(text)
    return document


@pytest.mark.parametrize("scenario", ["base", "open_platform", "technology_services"])
@pytest.mark.parametrize("draws", [1, 60])
def test_the_document_of_a_plan_holds_every_figure_with_unit_and_value(
    planned: Planned, scenario: str, draws: int
) -> None:
    result = planned(scenario, draws=draws)
    document = checked_json(result)
    assert document["schema"] == "benchplan.plan/1"
    assert document["draws"] == draws
    assert set(document["figures"]) == set(result)
    for name, entry in document["figures"].items():
        assert set(entry) >= {"unit", "value"}, name
        assert all(word in UNIT_WORDS | {"per", "gpu", "hour", "token", "person", "user", "second"} or
                   word.rstrip("s") + "s" in UNIT_WORDS for word in entry["unit"].split()), name  # fmt: skip
        missing = entry["value"] is None or (isinstance(entry["value"], list) and None in entry["value"])
        assert ("status" in entry) == missing, name
    kinds = {entry["kind"] for entry in document["evidence"].values()}
    assert kinds <= {"measured", "quoted", "published", "assumed"}
    assert {"measured", "published", "assumed"} <= kinds
    assert ("quantiles" in document["figures"]["cash_usd"]) == (draws > 1)


def test_the_values_of_the_document_are_those_of_the_plan(planned: Planned) -> None:
    result = planned("base", draws=60)
    figures = checked_json(result)["figures"]
    assert figures["funding_need_usd"]["value"] == result["funding_need_usd"].central
    assert figures["cash_usd"]["value"] == list(result["cash_usd"].central)
    assert figures["funding_need_usd"]["quantiles"]["p90"] == result["funding_need_usd"].quantile(0.9)
    assert len(figures["cash_usd"]["quantiles"]["p50"]) == result.months
    assert "quantiles" not in figures["params"]  # only headline figures are kept for every draw


def test_a_company_that_never_earns_says_so_in_words(planned: Planned) -> None:
    result = planned("base", "revenue_usd=0", draws=60)
    figures = checked_json(result)["figures"]
    assert figures["break_even_month"]["value"] is None
    assert figures["break_even_month"]["status"] == "never"
    assert figures["break_even_month"]["quantiles"]["p50"] is None
    assert figures["gross_margin_share"]["status"] == "undefined: no revenue"
    assert set(figures["gross_margin_share"]["value"]) == {None}
    assert f"never by month {result.months}" in summary(result)


def test_the_evidence_of_the_document_says_what_was_drawn(planned: Planned) -> None:
    evidence = checked_json(planned("base", draws=60))["evidence"]
    leaf = evidence["finetuning_tokens"]["distribution"]["finetuning_tokens"]
    assert leaf["text"].endswith("(lognormal)")
    assert leaf["p5"] == pytest.approx(3e9)
    assert leaf["p95"] == pytest.approx(3e10)
    assert leaf["p50"] == pytest.approx(evidence["finetuning_tokens"]["value"])
    salaries = evidence["role_salary_usd_per_person_year"]
    assert len(salaries["value"]) == 5
    assert "distribution" not in evidence["opening_cash_usd"]


def test_a_figure_is_found_by_its_bare_name_and_refused_misspelt(planned: Planned) -> None:
    result = planned("base")
    assert result["users"].name == "open_platform.users"
    assert result["users"].unit == "users"
    assert "open_platform.users" in result
    with pytest.raises(FigureError, match="did you mean 'funding_need_usd'"):
        result["funding_needs_usd"]


def test_frames_are_tidy(planned: Planned) -> None:
    frame = planned("base", draws=60).frame("cash_usd", "runway_months")
    assert list(frame["figure"].unique()) == ["cash_usd", "runway_months"]
    cash = frame[frame["figure"] == "cash_usd"]
    assert cash["month"].tolist() == list(range(1, 49))
    assert (cash["p5"] <= cash["p50"]).all()
    assert (cash["p50"] <= cash["p95"]).all()
    assert set(cash["unit"]) == {"usd"}


def test_a_frame_without_draws_has_the_central_path(planned: Planned) -> None:
    frame = planned("base").frame("revenue_usd")
    assert frame.columns.tolist() == ["month", "figure", "unit", "central"]


def test_the_formula_is_shown_as_it_stands_in_the_code() -> None:
    assert formula(serving_usd) == "return api_usd + serving_compute_usd + owned_running_usd"
    assert documentation(serving_usd) == (
        "Cost of serving the tokens of the month, bought and computed; what own accelerators lose in worth apart.",
        "definition.",
    )  # fmt: skip
    assert formula(None) == ""


def test_used_leaves_are_those_that_the_figures_rest_on(planned: Planned) -> None:
    result = planned("base")
    assert set(result.used_leaves()) == set(result.program.leaves)
    assert "training_mfu_share" in result.used_leaves()
    assert "training_mfu_share" not in planned("base", "training_gpu_hours_per_token=1e-6").used_leaves()


@given(
    rows=arrays(
        np.float64, st.tuples(st.integers(1, 3), st.integers(1, 40)), elements=st.floats(allow_infinity=True)
    ),
    probability=st.floats(0, 1),
)
def test_quantiles_are_those_of_numpy_without_interpolation(rows: np.ndarray, probability: float) -> None:
    wanted = (0.0, 0.05, 0.5, probability, 1.0)
    expected = np.quantile(rows, wanted, axis=-1, method="inverted_cdf")
    figure = Figure("cost_usd", "monthly", None, rows[:, 0], rows)
    np.testing.assert_array_equal(figure.quantiles(wanted), expected)
