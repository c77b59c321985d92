"""The tree from a figure down to what it rests on: complete, right in every value, and with evidence at each end."""

from __future__ import annotations

import json

import numpy as np
import pytest

from planner.engine import MONTH, needs
from planner.errors import FigureError
from planner.printing import trace_json, tree
from planner.result import Result
from planner.tracing import Trace
from tests.planner.conftest import Planned


def nodes(root: Trace) -> list[Trace]:
    return [node for _, node in root.walk()]


def ends(root: Trace) -> list[Trace]:
    return [node for node in nodes(root) if node.node.function is None and node.name != MONTH]


@pytest.fixture
def base(planned: Planned) -> Result:
    return planned("base")


def test_the_funding_need_rests_on_measured_published_and_assumed_leaves(base: Result) -> None:
    kinds = {base.leaves[leaf.name].evidence.kind for leaf in ends(base.trace("funding_need_usd"))}
    assert kinds == {"measured", "published", "assumed"} or kinds == {
        "measured", "published", "assumed", "quoted",
    }  # fmt: skip
    names = {leaf.name for leaf in ends(base.trace("funding_need_usd"))}
    assert {"filter_bytes_per_machine_second", "training_usd_per_gpu_hour", "peak_load_ratio"} <= names


def test_a_measured_leaf_carries_money(planned: Planned, base: Result) -> None:
    half = base.leaves["filter_bytes_per_machine_second"].central() / 2
    slower = planned("base", f"data.filter_bytes_per_machine_second={half!r}")
    for name in ("screening_usd", "cleaning_usd"):
        np.testing.assert_allclose(slower[name].central, 2 * base[name].central, rtol=1e-12)
    assert slower["funding_need_usd"].central > base["funding_need_usd"].central


@pytest.mark.parametrize(
    "figure", ["funding_need_usd", "cash_usd", "net_present_value_usd", "users", "params"]
)
def test_every_end_of_the_tree_has_evidence_and_every_figure_is_opened_once(
    base: Result, figure: str
) -> None:
    root = base.trace(figure)
    for leaf in ends(root):
        evidence = base.leaves[leaf.name].evidence
        assert evidence.reference
        assert evidence.kind in ("measured", "quoted", "published", "assumed")
    opened = [node.name for node in nodes(root) if node.children]
    assert len(opened) == len(set(opened))
    for node in nodes(root):
        assert node.node.function is None or node.children or node.is_repeated or not needs(node.node)


@pytest.mark.parametrize("month", [1, 2, 7, 48])
def test_every_figure_of_a_tree_follows_from_what_stands_below_it(base: Result, month: int) -> None:
    checked = 0
    for node in nodes(base.trace("cash_usd", month)):
        if node.node.function is None or not node.children:
            continue
        below = iter(node.children)
        arguments = []
        for parameter in node.node.parameters:
            values = [np.asarray(next(below).value) for _ in parameter.targets]
            arguments.append(tuple(values) if parameter.kind == "each" else values[0])
        assert not any(p.kind == "series" for p in node.node.parameters)
        found = np.ravel(node.node.function(*arguments))
        np.testing.assert_allclose(found, np.ravel(node.value), rtol=1e-9, err_msg=node.name)
        checked += 1
    assert checked > 40


def test_what_is_read_of_last_month_is_of_last_month(base: Result) -> None:
    root = base.trace("cash_usd", 7)
    previous = next(node for node in root.children if node.read_as == "previous_cash_usd")
    assert previous.month == 6
    assert previous.value == base["cash_usd"].central[5]
    assert previous.is_repeated  # it is the figure at the root, opened there


def test_in_the_first_month_last_month_is_the_start(base: Result) -> None:
    root = base.trace("cash_usd", 1)
    start = next(node for node in root.children if node.read_as.startswith("previous_cash_usd"))
    assert start.name == "opening_cash_usd"
    assert start.read_as == "previous_cash_usd (the start)"
    assert start.value == 900e3


def test_a_series_shows_the_whole_row(base: Result) -> None:
    root = base.trace("lowest_cash_before_funding_usd")
    (row,) = root.children
    assert row.read_as == "series_cash_before_funding_usd"
    np.testing.assert_array_equal(row.value, base["cash_before_funding_usd"].central)
    assert root.value == np.min(row.value)


def test_sums_over_strategies_name_each(planned: Planned) -> None:
    root = planned("base", "strategies=[open_platform, technology_services]").trace("revenue_usd")
    assert [node.name for node in root.children] == [
        "open_platform.revenue_usd",
        "technology_services.revenue_usd",
    ]


def test_an_override_ends_the_tree(planned: Planned) -> None:
    root = planned("base", "churn_share_per_month=0.1").trace("users", 3)
    churn = next(node for node in nodes(root) if node.name == "open_platform.churn_share_per_month")
    assert churn.node.function is None
    assert churn.value == 0.1


@pytest.mark.parametrize("month", [0, 49, -1])
def test_a_month_outside_the_plan_is_refused(base: Result, month: int) -> None:
    with pytest.raises(FigureError, match=rf"month {month} lies outside the plan, which has months 1 to 48"):
        base.trace("cash_usd", month)


def test_an_unknown_figure_is_refused_with_the_nearest(base: Result) -> None:
    with pytest.raises(FigureError, match="did you mean 'funding_need_usd'"):
        base.trace("funding_need")


def test_the_printed_tree_shows_value_unit_formula_sentence_source_and_evidence(
    base: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Lines are broken at the width of the terminal, which whoever runs the tests may have set.
    monkeypatch.setenv("COLUMNS", "120")
    text = tree(base.trace("funding_need_usd"), base.leaves)
    value = base["funding_need_usd"].central
    assert text.startswith(f"funding_need_usd = {value:,.0f} usd")
    assert "formula: return np.maximum(funding_buffer_usd - lowest_cash_before_funding_usd, 0.0)" in text
    assert "  source: definition." in text
    for kind in ("measured", "published", "assumed"):
        assert f"[{kind}]" in text
    assert "(opened above)" in text
    assert base.leaves["filter_bytes_per_machine_second"].evidence.reference.split(" [")[0][:30] in text
    assert "the month itself" in text
    assert max(map(len, text.splitlines())) <= 140 + 60


def test_words_for_a_missing_value_bear_no_unit(planned: Planned) -> None:
    result = planned("technology_services")
    for figure, words in (
        ("internal_rate_share_per_year", "no real root, always a loss"),
        ("founders_share", "undefined: a priced round has no valuation, month 60"),
    ):
        first = tree(result.trace(figure), result.leaves).splitlines()[0]
        assert first == f"{figure} = {words}"


def test_the_tree_as_json_is_json(base: Result) -> None:
    for month in (1, 48):
        for figure in ("cash_usd", "break_even_month"):
            document = json.loads(
                json.dumps(trace_json(base.trace(figure, month), base.leaves), allow_nan=False)
            )
            assert document["name"] == figure
            assert document["unit"] in ("usd", "month")
            assert document["inputs"]
            assert document["formula"].startswith(("return", "profitable"))
