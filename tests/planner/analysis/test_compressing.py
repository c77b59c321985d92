"""What a comparison says of a recipe: money per month, quality, pay-back, and what it rests on."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from planner.analysis.comparing import COMPARED, compare
from planner.analysis.compressing import DRAWN_FOR_COMPRESSION, ahead_month, compressions
from planner.planning import plan
from planner.printing_compression import compression
from planner.result import Result
from tests.planner.conftest import RECORD, ROOT, Run

OPEN = ROOT / "scenarios" / "open_platform.yaml"
COMPRESSED = f"{OPEN}+{ROOT / 'scenarios' / 'overrides' / 'compressed.yaml'}"
FIGURES = (*COMPARED, *DRAWN_FOR_COMPRESSION)


def drawn(path: object, *sets: str, draws: int = 64) -> Result:
    return plan(str(path), sets=sets, measurements=str(RECORD), draws=draws, figures=FIGURES)


@pytest.fixture(scope="module")
def plain() -> Result:
    return drawn(OPEN)


@pytest.fixture(scope="module")
def fast() -> Result:
    return drawn(COMPRESSED)


def test_plans_with_the_same_recipe_differ_in_none(plain: Result, fast: Result) -> None:
    assert compressions([plain, plain]) == ()
    assert compressions([fast, fast]) == ()
    assert compare(["a", "b"], [plain, drawn(OPEN)]).to_json()["compression"] == []


def test_what_is_saved_is_paired_draw_by_draw(plain: Result, fast: Result) -> None:
    (found,) = compressions([plain, fast])
    monthly = np.asarray(fast["compression_saving_usd_per_month"].draws)
    assert found.saved_usd_per_month.median == pytest.approx(np.median(monthly))
    assert found.saved_usd_per_month.p5 == pytest.approx(np.quantile(monthly, 0.05))
    serving = (np.asarray(fast["serving_usd"].draws) - np.asarray(plain["serving_usd"].draws)).sum(axis=0)
    assert found.serving_usd.median == pytest.approx(np.median(serving))
    # Customers who leave for the quality need no tokens, so that serving falls by more than is saved on the same.
    saved = np.asarray(fast["total_serving_compression_saving_usd"].draws)
    assert np.all(-serving > saved * (1 - 1e-9))
    assert found.revenue_usd.p95 < 0
    assert found.customers.p95 < 0
    assert found.demand_ratio.median < 1


def test_a_recipe_is_held_against_none_whichever_stands_first(plain: Result, fast: Result) -> None:
    (one,), (other,) = compressions([plain, fast]), compressions([fast, plain])
    assert (one.with_index, one.without_index) == (1, 0)
    assert (other.with_index, other.without_index) == (0, 1)
    assert one.spreads == other.spreads


def test_two_recipes_are_held_against_each_other(fast: Result) -> None:
    other = drawn(OPEN, "serving.compression=2:4+fp8", "serving.compression_usd=2e5")
    (found,) = compressions([fast, other])
    assert (found.recipe, found.other_recipe) == ("2:4+fp8", "prune(layers, 0.25) -> distil")
    text = compression(compare(["a", "b"], [fast, other]))
    assert "compression in B: 2:4+fp8, in place of prune(layers, 0.25) -> distil" in text


def test_nothing_is_said_where_the_figures_were_not_drawn(plain: Result) -> None:
    fast = plan(COMPRESSED, measurements=str(RECORD), draws=64, figures=COMPARED)
    assert compressions([plain, fast]) == ()


def test_what_it_rests_on_is_told_with_its_kind(plain: Result, fast: Result) -> None:
    (found,) = compressions([plain, fast])
    speed = found.rests_on["compression_speedup_ratio"]
    assert (speed["value"], speed["kind"]) == (1.572, "published")
    assert any(line.startswith("estimate: 1.33 times as fast") for line in found.beside)


@pytest.mark.parametrize(
    ("cash", "other", "month"),
    [
        ([0, -5, -1, 2, 3], [0, 0, 0, 0, 0], 4),
        ([0, 1, -1, 2, 3], [0, 0, 0, 0, 0], 4),
        ([0, 0, 2, 2, 3], [0, 0, 0, 0, 0], 3),
        ([0, -5, -1, 2, -3], [0, 0, 0, 0, 0], math.inf),
        ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], math.nan),
    ],
)
def test_the_month_from_which_the_cash_is_ahead(cash: list[float], other: list[float], month: float) -> None:
    rows = (np.array(each, dtype=float).reshape(-1, 1) for each in (cash, other))
    assert ahead_month(*rows) == pytest.approx([month], nan_ok=True)


def test_the_command_prints_money_quality_and_pay_back(run: Run) -> None:
    done = run("compare", OPEN, COMPRESSED, "--draws", "64", "--measurements", RECORD)
    assert done.code == 0, done.err
    text = " ".join(done.out.partition("compression in B: ")[2].split())
    assert text.startswith(
        "prune(layers, 0.25) -> distil, against none; medians and 90 % intervals over the same 64"
    )
    for words in (
        "saves on serving the same tokens", "USD per month", "paid back by serving in month", "quality",
        "conversion times, and churn over, 0.97", "customers -", "revenue -", "net present value",
        "cash ahead from month",
        "compression_speedup_ratio 1.572 [published]", "beside it: estimate: 1.33",
    ):  # fmt: skip
        assert words in text


def test_the_command_gives_the_same_as_json(run: Run) -> None:
    done = run("compare", OPEN, COMPRESSED, "--draws", "64", "--measurements", RECORD, "--json")
    (found,) = json.loads(done.out)["compression"]
    assert found["recipe"] == "prune(layers, 0.25) -> distil"
    assert found["scenario"] == COMPRESSED
    saved = found["figures"]["saved_usd_per_month"]
    assert 0 < saved["p5"] < saved["median"] < saved["p95"]
    assert saved["unit"] == "usd per month"


def test_one_draw_has_no_intervals(run: Run) -> None:
    done = run("compare", OPEN, COMPRESSED, "--draws", "1", "--measurements", RECORD)
    assert "every input at its median" in done.out.partition("compression in B: ")[2]


def test_a_recipe_that_is_slower_never_pays_back(plain: Result) -> None:
    written = ("compression=slow", "compression_speedup_ratio=0.5", "compression_weights_ratio=1",
               "compression_quality_ratio=1", "compression_usd=1e4")  # fmt: skip
    slow = drawn(OPEN, *(f"serving.{each}" for each in written))
    text = " ".join(compression(compare(["a", "b"], [plain, slow])).split())
    assert "saves on serving the same tokens -" in text
    assert "paid back by serving not by month 60" in text
    assert "cash ahead not by month 60" in text
