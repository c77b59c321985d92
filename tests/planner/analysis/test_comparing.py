"""Plans compared draw by draw: what is the same cancels, what differs is told, and the parts add up."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st

from planner.analysis.comparing import COMPARED, check_count, compare, ruin_share
from planner.errors import InputError
from planner.planning import plan
from planner.printing import comparison, label
from planner.result import Result
from tests.planner.analysis.conftest import Given
from tests.planner.conftest import RECORD, ROOT, Planned

NEVER, NAN = math.inf, math.nan
SHORT = "horizon_months=12"
NPV = "net_present_value_usd"


def drawn(*sets: str, scenario: str = "base", draws: int = 256) -> Result:
    path = ROOT / "scenarios" / f"{scenario}.yaml"
    return plan(path, sets=[SHORT, *sets], measurements=str(RECORD), draws=draws)


@pytest.fixture(scope="module")
def base() -> Result:
    return drawn()


def test_a_plan_does_not_differ_from_itself(base: Result) -> None:
    found = compare(["a", "b"], [base, drawn()])
    for one in found.differences[0]:
        known = one.unknown_share < 1
        assert (one.larger_share, one.p5, one.median, one.p95) == (0, 0, 0, 0) or not known
    assert found.inputs == ()
    assert found.dominance == {}
    assert [(r.mean, r.p90, r.best_share) for r in found.regrets] == [(0, 0, 1), (0, 0, 1)]
    assert {step.usd for step in found.waterfalls[0]} == {0}


def test_draws_are_paired(base: Result) -> None:
    found = compare(["a", "b"], [base, drawn("finance.opening_cash_usd=5e6")])
    by_name = {one.figure: one for one in found.differences[0]}
    assert tuple(by_name) == COMPARED
    # The cash at hand changes no flow of money, in no draw.
    for name in (NPV, "startup_cost_usd", "total_revenue_usd"):
        assert (by_name[name].p5, by_name[name].p95) == (0, 0)
    assert found.inputs == (("finance.opening_cash_usd", ("900000", "5000000")),)
    steps = {step.name: step.usd for step in found.waterfalls[0]}
    assert steps.pop("opening_cash_usd") == 4.1e6
    assert max(map(abs, steps.values())) < 1e-6


def test_quantiles_are_of_the_difference_and_not_differences_of_quantiles(base: Result) -> None:
    other = drawn("people.loaded_cost_ratio=1.5")
    (found,) = compare(["a", "b"], [base, other]).differences
    one = next(one for one in found if one.figure == NPV)
    delta = np.asarray(other[NPV].draws) - np.asarray(base[NPV].draws)
    assert (one.p5, one.median, one.p95) == pytest.approx(np.quantile(delta, [0.05, 0.5, 0.95]))
    assert one.larger_share == np.mean(delta > 0)


def test_the_median_has_the_error_of_its_spread_over_scrambles() -> None:
    results = [drawn(draws=1024), drawn("people.loaded_cost_ratio=1.5", draws=1024)]
    one = next(one for one in compare(["a", "b"], results).differences[0] if one.figure == NPV)
    delta = np.asarray(results[1][NPV].draws) - np.asarray(results[0][NPV].draws)
    medians = [np.median(delta[part]) for part in results[0].scrambles]
    assert len(medians) == 4
    assert one.median_error == pytest.approx(np.std(medians, ddof=1) / 2)


def test_draws_without_a_difference_are_counted_and_not_averaged(given: Given) -> None:
    first, other = (
        given(break_even_month=[10, NEVER, 20, NEVER]),
        given(break_even_month=[12, 30, NEVER, NEVER]),
    )
    one = next(
        d for d in compare(["a", "b"], [first, other]).differences[0] if d.figure == "break_even_month"
    )
    assert (one.median, one.unknown_share, one.median_error) == (2, 0.75, None)
    # Never is later than any month.
    assert one.larger_share == 0.5


def test_what_is_undefined_in_some_draws_is_compared_in_the_others_and_told(given: Given) -> None:
    first = given(lifetime_value_ratio=[1, NAN, 3, 4], internal_rate_share_per_year=[0.1, 0.2, -NEVER, NAN])
    other = given(lifetime_value_ratio=[2, 2, NAN, 6], internal_rate_share_per_year=[0.3, -NEVER, 0.1, 0.1])
    found = compare(["a", "b"], [first, other])
    by_name = {one.figure: one for one in found.differences[0]}
    ratio, rate = by_name["lifetime_value_ratio"], by_name["internal_rate_share_per_year"]
    assert (ratio.median, ratio.unknown_share, ratio.larger_share) == (1.5, 0.5, 0.5)
    # A loss at every rate lies below any rate.
    assert (rate.median, rate.unknown_share, rate.larger_share) == (pytest.approx(0.2), 0.75, 0.5)
    printed = comparison(found)
    assert re.search(r"lifetime_value_ratio +3 in 0.750 +2 in 0.750 +ratio", printed)
    assert "'in' is the share of the draws in which the figure is defined" in printed
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ([1, 2, 3, 4], [0, 1, 2, 3], {(0, 1): "every draw"}),
        ([0, 1, 2, 3], [0, 1, 2, 4], {(1, 0): "every draw"}),
        ([1, 2, 3, 4], [3, 1, 2, 0], {(0, 1): "distribution"}),
        ([1, 2, 3, 4], [4, 3, 2, 1], {}),
        ([1, 2, 3, 4], [0, 2, 3, 5], {}),
        ([1, 1, 1, 1], [1, 1, 1, 1], {}),
    ],
)
def test_dominance(given: Given, a: list[float], b: list[float], kind: dict[tuple[int, int], str]) -> None:
    results = [given(net_present_value_usd=a), given(net_present_value_usd=b)]
    assert compare(["a", "b"], results).dominance == kind


def test_regret_is_against_the_best_plan_of_each_draw(given: Given) -> None:
    rows = [[10, 0, 5, 1], [0, 10, 5, 2], [0, 0, 0, 3]]
    found = compare(["a", "b", "c"], [given(net_present_value_usd=row) for row in rows]).regrets
    assert [regret.mean for regret in found] == [3.0, 2.75, 6.25]
    assert [regret.best_share for regret in found] == [0.5, 0.5, 0.25]
    assert found[2].p90 == pytest.approx(np.quantile([10, 10, 5, 0], 0.9))


def test_a_mean_regret_that_one_draw_carries_is_refused(given: Given) -> None:
    heavy = np.zeros(4096)
    heavy[7] = 1e12
    results = [given(net_present_value_usd=heavy), given(net_present_value_usd=np.zeros(4096))]
    found = compare(["a", "b"], results)
    assert found.regrets[0].mean == 0
    assert math.isnan(found.regrets[1].mean)
    regret = found.to_json()["plans"][1]["regret"]
    assert regret["mean"] is None
    assert regret["p90"] == 0
    assert "tail too heavy" in comparison(replace(found, results=(results[0], results[1])))


CHANGES = {
    "finance.opening_cash_usd": st.floats(0, 1e7),
    "finance.tax_rate_share": st.floats(0, 0.5),
    "market.price_usd_per_million_tokens": st.floats(0.1, 20),
    "people.loaded_cost_ratio": st.floats(1, 2),
    "overhead_usd": st.floats(0, 1e6),
    "staff_usd": st.floats(0, 1e6),
    "tax_usd": st.floats(0, 1e5),
    "new_funding_usd": st.floats(0, 1e5),
    "receivables_usd": st.floats(0, 1e6),
    "deferred_revenue_usd": st.floats(0, 1e6),
}


@for_all(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=4, unique=True), st.data())
@settings(max_examples=12)
def test_the_steps_add_up_to_the_difference_in_cash(
    base: Result, keys: list[str], data: st.DataObject
) -> None:
    other = drawn(*[f"{key}={data.draw(CHANGES[key])!r}" for key in keys], draws=1)
    first = replace(base, num_draws=1)
    (steps,) = compare(["a", "b"], [first, other]).waterfalls
    whole = float(other["cash_usd"].central[-1]) - float(base["cash_usd"].central[-1])
    assert sum(step.usd for step in steps) == pytest.approx(whole, rel=1e-9, abs=1e-3)
    # Working capital is what customers owe less and have paid ahead more at the horizon.
    found = {step.name: step.usd for step in steps}
    ahead = [
        np.broadcast_to(r["deferred_revenue_usd"].central - r["receivables_usd"].central, 12)[-1]
        for r in (base, other)
    ]
    assert found["working_capital_usd"] == pytest.approx(ahead[1] - ahead[0], rel=1e-9, abs=1e-3)


def test_cash_that_is_set_from_outside_is_no_obstacle(base: Result) -> None:
    other = drawn("cash_usd=5")
    (steps,) = compare(["a", "b"], [base, other]).waterfalls
    assert sum(step.usd for step in steps) == pytest.approx(5 - float(base["cash_usd"].central[-1]))


def test_every_kind_of_input_that_differs_is_told(tmp_path: Path) -> None:
    def written(name: str, text: str) -> Result:
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"extends: {ROOT / 'scenarios' / 'base.yaml'}\n{text}", "utf-8")
        return plan(path, sets=[SHORT], measurements=str(RECORD), draws=2)

    pair = "between: [addressable_users, subscription_usd_per_user_month]"
    first = written("first", f"""
model: {{base: llama-3.1-8b}}
uncertainty: {{correlations: [{{{pair}, rank_correlation: 0.5}}]}}
""")  # fmt: skip
    other = written("other", f"""
model: {{base: llama-3.3-70b}}
market: {{price_usd_per_million_tokens: 1 to 3}}
uncertainty:
  correlations: [{{{pair}, rank_correlation: -0.5}}]
  factors: [{{factor: demand, drives: {{addressable_users: 0.3}}}}]
figures: {{overhead_usd: 7e3}}
""")  # fmt: skip
    found = dict(compare(["a", "b"], [first, other]).inputs)
    assert found["model.base"] == ("llama-3.1-8b", "llama-3.3-70b")
    assert found["market.price_usd_per_million_tokens"][1] == "1 to 3 (lognormal)"
    assert found["uncertainty.correlations.0.rank_correlation"] == ("0.5", "-0.5")
    assert found["uncertainty.factors.0.drives.addressable_users"] == ("-", "0.3")
    assert found["figures.overhead_usd"] == ("-", "7000")
    assert "uncertainty.correlations.0.between" not in found


def test_the_section_of_a_strategy_that_a_plan_does_not_follow_is_nothing_to_it(planned: Planned) -> None:
    platform, services = planned("open_platform"), planned("technology_services")
    found = dict(compare(["a", "b"], [platform, services]).inputs)
    # The scenario of the platform writes its users; the other has a default for them that it never reads.
    assert found["open_platform.addressable_users"] == ("2000000 to 8000000 (lognormal)", "-")
    assert found["technology_services.base_leads_deals_per_month"] == ("-", "1.5 to 4 (lognormal)")
    follows = {"open_platform": 0, "technology_services": 1}
    for key, values in found.items():
        if (section := key.partition(".")[0]) in follows:
            assert values[1 - follows[section]] == "-" != values[follows[section]], key
    both = compare(["a", "b"], [platform, planned("open_platform", "ecosystem.principal_share=0")])
    assert both.inputs == ()  # neither follows that strategy


def test_a_scenario_may_have_another_laid_over_it(base: Result, tmp_path: Path) -> None:
    cheaper = tmp_path / "cheaper.yaml"
    cheaper.write_text("people: {loaded_cost_ratio: 1.1}\n", "utf-8")
    path = f"{ROOT / 'scenarios' / 'base.yaml'}+{cheaper}"
    laid = plan(path, sets=[SHORT], measurements=str(RECORD), draws=256)
    found = compare(["base", "cheaper"], [base, laid])
    assert [key for key, _ in found.inputs] == ["people.loaded_cost_ratio"]
    assert found.dominance == {(1, 0): "every draw"}


# What cannot be compared


def test_plans_must_be_of_one_horizon_start_and_way_to_draw(base: Result) -> None:
    for change, words in (
        (
            "horizon_months=13",
            "differ in horizon_months (a: 12, b: 13); give one for all: --set horizon_months=12",
        ),
        ("start_month=2030-02", "give one for all: --set start_month="),
        ("uncertainty.sampling_method=plain", "give one for all: --set uncertainty.sampling_method=sobol"),
    ):
        with pytest.raises(InputError, match=re.escape(words)):
            compare(["a", "b"], [base, drawn(change)])


def test_plans_must_have_the_same_draws(base: Result) -> None:
    with pytest.raises(InputError, match="one number of draws and one seed"):
        compare(["a", "b"], [base, drawn(draws=128)])
    with pytest.raises(InputError, match="one number of draws and one seed"):
        compare(["a", "b"], [base, replace(base, seed=1)])


def test_one_plan_and_too_many_draws_are_refused(base: Result) -> None:
    with pytest.raises(InputError, match="at least two scenarios"):
        compare(["a"], [base])
    check_count(2, 4_194_304)
    with pytest.raises(InputError, match=r"--draws 4194305: .* room for 4,194,304"):
        check_count(2, 4_194_305)


# JSON and words


def test_json_has_no_nan_and_keeps_plans_of_one_name_apart(given: Given) -> None:
    never = given(break_even_month=[NEVER] * 4, runway_months=[NAN] * 4)
    found = compare(["same.yaml", "same.yaml", "same.yaml"], [never, given(), never])
    document = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert document["schema"] == "benchplan.comparison/1"
    assert [one["scenario"] for one in document["differences"]] == ["same.yaml", "same.yaml"]
    assert len(document["waterfalls"]) == 2
    assert len(document["plans"]) == 3
    months = {one["figure"]: one for one in document["differences"][1]["figures"]}["break_even_month"]
    assert (months["median"], months["unknown_share"]) == (None, 1.0)


def test_ruin_is_a_runway_that_ends(given: Given) -> None:
    assert ruin_share(given(runway_months=[NEVER, 3, 7, NEVER])) == 0.5


def test_columns_of_the_comparison_stand_in_line(planned: Planned) -> None:
    results = [planned("base", draws=64), planned("base", "finance.opening_cash_usd=5e6", draws=64)]
    lines = comparison(compare(["one.yaml", "two.yaml"], results)).splitlines()
    assert lines[0] == "A  one.yaml: Assistant for a profession"
    assert "medians over the same 64 draws, seed 0" in lines
    assert lines[-2:] == ["inputs that differ (A | B): 1", "  finance.opening_cash_usd: 900000 | 5000000"]
    start = lines.index("B less A, draw by draw") + 1
    table = lines[start : start + 1 + len(COMPARED)]
    assert table[0].split()[0] == "figure"
    assert len({line.index(unit) for line in table[1:] for unit in [" usd", " month"] if unit in line}) == 1


def test_one_draw_is_the_central_path_in_words(planned: Planned) -> None:
    text = comparison(compare(["a", "b"], [planned("base"), planned("base")]))
    assert "every input at its median" in text
    assert "medians over" not in text
    assert "regret" not in text


def test_plans_have_letters_however_many_there_are() -> None:
    assert [label(i) for i in (0, 1, 25, 26, 27, 51, 52, 701, 702)] == [
        "A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA",
    ]  # fmt: skip
