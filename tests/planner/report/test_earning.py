"""The report tells how each strategy earns, what it turns on, and what it saves to share one company."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner import strategies
from planner.planning import plan
from planner.report.earning import Earnings
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.messages import messages

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"


def earnings(name: str, *sets: str) -> Earnings:
    result = plan(SCENARIOS / f"{name}.yaml", sets=sets)
    formats = Formats(messages("en"), result.scenario.start_month)
    return Earnings(result, Entries(result, formats), formats)


@pytest.mark.parametrize("strategy", strategies.names())
def test_every_strategy_tells_its_money_and_its_key_figures(strategy: str) -> None:
    (one,) = earnings(strategy).strategies()
    assert one.title
    assert len(one.money) == 2
    assert len(one.key_figures) == len(strategies.key_figures(strategy)) >= 4
    for line in (*one.money, *one.key_figures):
        assert line.label
        assert line.value
        assert ". " not in line.label


def test_the_flywheel_says_what_gain_its_learning_curve_supports() -> None:
    (one,) = earnings("data_flywheel").strategies()
    values = {line.name.rpartition(".")[2]: line.value for line in one.key_figures}
    for name in (
        "loop_gain_ratio",
        "counted_gain_ratio",
        "needed_exponent_ratio",
        "effective_exponent_ratio",
    ):
        assert values[name] in one.statement
    assert "%" not in one.statement


def test_only_a_mix_saves_by_sharing() -> None:
    assert len(earnings("ecosystem").shared()) == 1
    mixed = earnings("base", "strategies=[open_platform, ecosystem]")
    assert len(mixed.shared()) == 2
    assert [one.title for one in mixed.strategies()] == ["Open platform", "Ecosystem"]
