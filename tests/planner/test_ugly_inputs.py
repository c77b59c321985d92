"""Ugly but valid inputs at the command line end in numbers, in words for what there is not, or in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from planner import strategies
from planner.scenario.keys import ANY, Key, keys
from planner.scenario.quantities import Quantity
from planner.units import is_share
from tests.planner.conftest import RECORD, Ran, Run
from tests.planner.random_scenarios import BASE, above_zero

SHORT = ("horizon_months=6", "model.launch_month=2", "finance.rounds=[]")


LIMITED = {
    # What is refused in good words would hide what the rest of the numbers does.
    "fitted_data_limited_share", "conversion_elasticity_ratio", "churn_elasticity_ratio", "data_exponent_ratio",
    "model_exponent_ratio", "resale_margin_share", "paid_referral_share", "marketplace_fee_share",
    "upstream_royalty_share",
}  # fmt: skip


def inputs_of(strategy: str) -> list[Key]:
    """The quantities of a strategy that have a default, stand outside lists and are not limited by each other."""
    return [
        key
        for path, key in keys(strategies.scenario_model()).items()
        if path.startswith(f"{strategy}.")
        and ANY not in path
        and isinstance(key.default, Quantity)
        and key.name not in LIMITED
    ]


def shares(strategy: str, value: float) -> list[str]:
    """All shares of a strategy at one value; where it divides by one, a thousandth stands for none."""
    return [
        f"{key.path}={max(value, 0.001) if key.name in above_zero() else value}"
        for key in inputs_of(strategy)
        if is_share(key.name)
    ]


def scaled(strategy: str, times: float) -> list[str]:
    return [
        f"{key.path}={key.default.value * times!r}" for key in inputs_of(strategy) if not is_share(key.name)
    ]


UGLY: dict[str, Callable[[str], list[str]]] = {
    "one month": lambda _: ["horizon_months=1", "model.launch_month=1"],
    "launch in the last month": lambda _: ["horizon_months=6", "model.launch_month=6"],
    "no cash": lambda _: ["finance.opening_cash_usd=0"],
    "all shares none": lambda strategy: shares(strategy, 0),
    "all shares all": lambda strategy: shares(strategy, 1),
    "enormous numbers": lambda strategy: scaled(strategy, 1e9),
    "tiny numbers": lambda strategy: scaled(strategy, 1e-9),
}


def refuse_nan(word: str) -> float:
    raise AssertionError(f"{word} is no JSON")


def is_missing(value: Any) -> bool:  # noqa: ANN401
    return value is None or (isinstance(value, list) and any(map(is_missing, value)))


def check(ran: Ran) -> None:
    """Check that a plan as JSON has only finite numbers and words, or that it ended in one sentence."""
    assert "Traceback" not in ran.err
    if ran.code == 2:
        assert ran.out == ""
        assert ran.err.startswith("benchplan: ")
        assert "nan" not in ran.err.split()
        return
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out, parse_constant=refuse_nan)
    for name, figure in document["figures"].items():
        assert not is_missing(figure["value"]) or figure["status"], name


def options(*sets: str) -> list[str]:
    return [part for one in sets for part in ("--set", one)]


@pytest.mark.parametrize("strategy", strategies.names())
@pytest.mark.parametrize("ugly", UGLY)
def test_an_ugly_plan_ends_in_numbers_words_or_a_sentence(run: Run, strategy: str, ugly: str) -> None:
    sets = options(f"strategies=[{strategy}]", *SHORT, *UGLY[ugly](strategy))
    for draws in (1, 2):
        check(run("plan", BASE, "--measurements", RECORD, "--json", "--draws", draws, *sets))


@pytest.mark.parametrize("ugly", ["one month", "enormous numbers", "tiny numbers"])
def test_an_ugly_plan_of_all_strategies_has_a_report(run: Run, ugly: str, tmp_path: Path) -> None:
    each = (one for name in strategies.names() for one in UGLY[ugly](name))
    sets = options(f"strategies=[{', '.join(strategies.names())}]", *SHORT, *each)
    ran = run("report", BASE, "-o", "page.html", "--measurements", RECORD, "--draws", "2", *sets)
    assert (ran.code, ran.err) == (0, "")
    assert (tmp_path / "page.html").is_file()
