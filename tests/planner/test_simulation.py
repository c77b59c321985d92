"""The result of many draws depends neither on the size of the blocks nor on the number of processes."""

from __future__ import annotations

import json
import os
import pickle
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from planner import simulation, tally
from planner.drawing import draws_of
from planner.errors import BenchplanError, FigureError
from planner.planning import HEADLINES, plan, plan_all
from planner.preparing import Prepared, prepare
from planner.simulation import Block, Task, simulate, workers_worth
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


def task_of(ready: Prepared, draws: int, figures: tuple[str, ...] = FIGURES) -> Task:
    drawing = draws_of(ready.leaves, ready.program.leaves, ready.loaded, draws, 0)
    return Task(ready.program, drawing, 12, figures)


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
    task = task_of(ready, 1_024)
    again = pickle.loads(pickle.dumps(task))
    assert np.array_equal(again.run(0, 1_024)["cash_usd"], task.run(0, 1_024)["cash_usd"])


def test_an_error_in_a_process_reaches_the_user(scenario: Path) -> None:
    sets = ["gross_margin_share=0.5", "model.launch_month=1"]
    speed = ["serving_tokens_per_gpu_second=1e4", "gpus_per_replica=1"]
    ready = prepare(
        scenario, [*sets, "input_tokens_per_request=0", "output_tokens_per_request=0", *speed], str(RECORD)
    )
    for workers in (1, 2):
        with pytest.raises(FigureError, match="cannot be worked out"):
            simulate([task_of(ready, 4_096)], block_draws=1_024, workers=workers)


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


# Several plans in one pool


@pytest.fixture(scope="module")
def variants(scenario: Path) -> list[Path]:
    """Three scenarios that differ in what is uncertain, in their horizon and in their strategies."""
    changes = {
        "same": "name: same",
        "longer": "horizon_months: 14\nfinance:\n  opening_cash_usd: 1e5 to 1e6",
        "other": f"extends: {ROOT / 'scenarios' / 'technology_services.yaml'}\nhorizon_months: 12",
    }
    paths = []
    for name, text in changes.items():
        path = scenario.parent / f"{name}.yaml"
        path.write_text(text if text.startswith("extends") else f"extends: {scenario.name}\n{text}", "utf-8")
        paths.append(path)
    return paths


def texts(variants: list[Path], draws: int, workers: int | None, block_draws: int = 1_024) -> list[str]:
    results = plan_all(
        variants, measurements=str(RECORD), draws=draws, figures=FIGURES[:4], workers=workers, block_draws=block_draws
    )  # fmt: skip
    return [json.dumps(result.to_json(), allow_nan=False) for result in results]


@pytest.fixture(scope="module")
def alone(variants: list[Path]) -> list[str]:
    """What each of the scenarios gives when it is planned for itself."""
    return [texts([path], 2_500, 1)[0] for path in variants]


@pytest.mark.parametrize("workers", [1, 2, 4, None])
def test_plans_that_share_a_pool_are_those_of_each_alone(
    variants: list[Path], alone: list[str], workers: int | None
) -> None:
    assert len(set(alone)) == 3
    assert texts(variants, 2_500, workers) == alone
    assert texts(variants[::-1], 2_500, workers, 65_536) == alone[::-1]


def test_several_plans_of_the_central_path_alone(variants: list[Path]) -> None:
    assert [result.num_draws for result in plan_all(variants, measurements=str(RECORD), workers=2)] == [
        1,
        1,
        1,
    ]
    assert plan_all([]) == []


class Dying(Task):
    """A task whose process ends without a word, as one does that the system kills for want of memory."""

    def run(self, start: int, stop: int) -> Block:
        os._exit(9)


def test_a_process_that_dies_is_told_in_words(scenario: Path) -> None:
    task = task_of(prepare(scenario, measurements_choice=str(RECORD)), 4_096)
    dying = Dying(task.program, task.draws, task.months, task.keep)
    with pytest.raises(
        BenchplanError, match=r"ended from outside.*give --workers 1, or fewer --draws"
    ) as error:
        simulate([task, dying], block_draws=1_024, workers=2)
    assert error.value.exit_status == 1


def test_processes_that_cannot_be_started_are_told_in_words(
    scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(simulation, "ProcessPoolExecutor", refuse)
    task = task_of(prepare(scenario, measurements_choice=str(RECORD)), 4_096)
    with pytest.raises(BenchplanError, match=r"2 processes cannot be started here \(no more processes\)"):
        simulate([task], block_draws=1_024, workers=2)


def test_workers_are_worth_it_with_cores_many_draws_and_few_kept_values(
    scenario: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = prepare(scenario, measurements_choice=str(RECORD))

    def worth(
        draws: int, cores: int, plans: int = 1, figures: tuple[str, ...] = ("runway_months", "cash_usd")
    ) -> int:
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
        return workers_worth([task_of(ready, draws, figures)] * plans)

    assert [worth(draws, 64) for draws in (2, 16_384, 32_768, 10**6)] == [1, 1, 2, 4]
    assert [worth(8_192, cores, plans=4) for cores in (1, 2, 64)] == [1, 2, 2]
    assert worth(10**6, 64, figures=HEADLINES) == 1
