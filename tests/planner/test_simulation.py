"""The result of many draws depends neither on the size of the blocks nor on the number of processes."""

from __future__ import annotations

import json
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from planner import tally
from planner.drawing import draws_of
from planner.errors import FigureError
from planner.planning import plan
from planner.preparing import prepare
from planner.simulation import Task, simulate
from planner.tally import Histogram
from tests.planner.conftest import RECORD, ROOT

FIGURES = ("cash_usd", "runway_months", "startup_cost_usd", "gross_margin_share", "net_present_value_usd")
SMALL = {"block_draws": 1_024, "workers": 1}


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short scenario with dependent inputs, an event and a count."""
    path = tmp_path_factory.mktemp("scenario") / "short.yaml"
    path.write_text(
        f"""extends: {ROOT / "scenarios" / "base.yaml"}
horizon_months: 12
open_platform:
  base_churn_share_per_month: pert(0.02, 0.05, 0.12)
uncertainty:
  correlations:
    - {{between: [addressable_users, subscription_usd_per_user_month], rank_correlation: -0.4}}
""",
        "utf-8",
    )
    return path


@cache
def text(scenario: Path, draws: int, block_draws: int, workers: int = 1, *sets: str) -> str:
    result = plan(
        scenario, sets=sets, measurements=str(RECORD), draws=draws, figures=FIGURES,
        block_draws=block_draws, workers=workers,
    )  # fmt: skip
    return json.dumps(result.to_json(), allow_nan=False)


@pytest.mark.parametrize("block_draws", [8_192, 65_536])
@pytest.mark.parametrize("draws", [9_000, 1_025, 2_049, 1_000, 2], ids="{} draws".format)
def test_the_size_of_the_blocks_does_not_matter(scenario: Path, draws: int, block_draws: int) -> None:
    assert text(scenario, draws, block_draws) == text(scenario, draws, 1_024)


def test_nor_does_it_with_random_months_and_other_ways_to_draw(scenario: Path) -> None:
    for method in ("plain", "latin_hypercube"):
        chosen = f"uncertainty.sampling_method={method}"
        assert text(scenario, 2_500, 65_536, 1, chosen) == text(scenario, 2_500, 1_024, 1, chosen)


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_processes_does_not_matter(scenario: Path, workers: int) -> None:
    assert text(scenario, 9_000, 1_024, workers) == text(scenario, 9_000, 1_024)


def test_nor_do_they_matter_where_only_histograms_are_kept(
    scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tally, "EXACT_VALUES", 8_192)
    found = [
        plan(scenario, measurements=str(RECORD), draws=20_000, figures=FIGURES, block_draws=size)
        for size in (1_024, 8_192, 65_536)
    ]
    assert isinstance(found[0]["cash_usd"].draws, Histogram)
    assert len({json.dumps(result.to_json(), allow_nan=False) for result in found}) == 1


def test_what_goes_to_a_process_can_be_pickled(scenario: Path) -> None:
    ready = prepare(scenario, measurements_choice=str(RECORD))
    draws = draws_of(ready.leaves, ready.program.leaves, ready.loaded, 1_024, 0)
    task = Task(ready.program, draws, 12, FIGURES)
    again = pickle.loads(pickle.dumps(task))
    assert np.array_equal(again.run(0, 1_024)["cash_usd"], task.run(0, 1_024)["cash_usd"])


def test_an_error_in_a_process_reaches_the_user(scenario: Path) -> None:
    sets = ["gross_margin_share=0.5", "model.launch_month=1"]
    speed = ["serving_tokens_per_gpu_second=1e4", "gpus_per_replica=1"]
    ready = prepare(
        scenario, [*sets, "input_tokens_per_request=0", "output_tokens_per_request=0", *speed], str(RECORD)
    )
    draws = draws_of(ready.leaves, ready.program.leaves, ready.loaded, 4_096, 0)
    for workers in (1, 2):
        with pytest.raises(FigureError, match="cannot be worked out"):
            simulate(ready.program, draws, 12, FIGURES, block_draws=1_024, workers=workers)


def test_kept_figures_have_a_row_for_each_month_or_none(scenario: Path) -> None:
    result = plan(scenario, measurements=str(RECORD), draws=1_100, figures=FIGURES, **SMALL)
    assert result["cash_usd"].draws.shape == (12, 1_100)
    assert result["runway_months"].draws.shape == (1_100,)
    assert np.all(np.isfinite(result["cash_usd"].draws))


def test_a_figure_that_is_the_same_in_all_draws_has_a_value_in_each(scenario: Path) -> None:
    result = plan(
        scenario, sets=["cash_usd=5"], measurements=str(RECORD), draws=1_100, figures=["cash_usd"], **SMALL
    )
    assert np.array_equal(np.ravel(result["cash_usd"].draws), np.full(1_100, 5.0))
