"""A figure at value after value is, to the digit, that of a plan with the key set, though it is read and drawn once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner import drawing
from planner.analysis.varying import Varied
from planner.drawing import draws_of
from planner.errors import InputError
from planner.planning import plan
from planner.preparing import Source
from planner.scenario.sampling import Sampler
from tests.planner.conftest import RECORD, ROOT

DRAWS = 1_100
DEPENDENT = """extends: {base}
horizon_months: 12
open_platform:
  base_churn_share_per_month: pert(0.02, 0.05, 0.12)
figures:
  overhead_usd: 1000 to 3000
uncertainty:
  correlations:
    - {{between: [addressable_users, subscription_usd_per_user_month], rank_correlation: -0.4}}
    - {{between: [addressable_users, base_churn_share_per_month], rank_correlation: 0.3}}
"""


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short scenario with dependent inputs and a figure set from outside."""
    path = tmp_path_factory.mktemp("scenario") / "short.yaml"
    path.write_text(DEPENDENT.format(base=ROOT / "scenarios" / "base.yaml"), "utf-8")
    return path


def varied(path: Path, key: str, figure: str, *sets: str, draws: int = DRAWS) -> Varied:
    return Varied(Source(path, str(RECORD)), key, figure, sets=sets, draws=draws, seed=5)


@pytest.mark.parametrize("draws", [1, DRAWS])
@pytest.mark.parametrize(
    ("key", "figure", "values"),
    [
        ("finance.opening_cash_usd", "runway_months", (1e5, 4e5, 1e5)),
        # The dependence of an uncertain input rests, and a length of requests looks up another speed of serving.
        ("open_platform.subscription_usd_per_user_month", "cash_usd", (5.0, 20.0)),
        ("serving.input_tokens_per_request", "serving_usd", (1024.0, 1023.0)),
        ("overhead_usd", "open_platform.revenue_usd", (10.0, 2e4)),
        ("ebitda_usd", "final_cash_usd", (-10.0, 2e4)),
    ],
)
def test_each_value_gives_what_a_plan_gives(
    scenario: Path, key: str, figure: str, values: tuple[float, ...], draws: int
) -> None:
    found = varied(scenario, key, figure, draws=draws)
    for value in values:
        drawn, scrambles = found.at(value)
        result = plan(
            scenario,
            sets=[f"{key}={value!r}"],
            measurements=str(RECORD),
            draws=draws,
            seed=5,
            figures=[figure],
        )
        assert np.array_equal(drawn, result[figure].each_draw(), equal_nan=True)
        assert scrambles == result.scrambles


def test_the_published_fact_that_a_value_changes_is_looked_up_again(scenario: Path) -> None:
    source = Source(scenario, str(RECORD))
    speeds = [
        source.prepare([f"serving.input_tokens_per_request={tokens}"]).leaves["serving_tokens_per_gpu_second"]
        for tokens in (1000, 128)
    ]
    assert speeds[0].evidence.kind == "published"
    assert speeds[0] != speeds[1]


def test_a_scenario_is_read_once_and_drawn_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "gone.yaml"
    path.write_text(DEPENDENT.format(base=ROOT / "scenarios" / "base.yaml"), "utf-8")
    found = varied(path, "finance.opening_cash_usd", "runway_months")
    path.unlink()
    first, _ = found.at(4e5)
    monkeypatch.setattr(Sampler, "block", lambda *_: pytest.fail("drawn again"))
    again, _ = found.at(4e5)
    assert np.array_equal(first, again)


def test_what_takes_too_much_memory_is_drawn_again(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = varied(scenario, "finance.opening_cash_usd", "runway_months").at(4e5)
    monkeypatch.setattr(drawing, "MOST_KEPT_VALUES", 1_000)
    found = varied(scenario, "finance.opening_cash_usd", "runway_months")
    assert np.array_equal(found.at(4e5)[0], kept)
    assert np.array_equal(found.at(4e5)[0], kept)


def test_draws_are_taken_over_only_from_a_plan_that_drew_alike(scenario: Path) -> None:
    source = Source(scenario, str(RECORD))

    def drawn(*sets: str, seed: int = 0) -> drawing.Draws:
        ready = source.prepare(sets)
        return draws_of(ready.leaves, ready.program.leaves, ready.loaded, 64, seed)

    first = drawn("finance.opening_cash_usd=1e5").after(None)
    first.block(0, 64)
    assert drawn("finance.opening_cash_usd=2e5").after(first).drawn is first.drawn
    for other in (
        drawn("finance.opening_cash_usd=1e5", seed=1),
        drawn("finance.opening_cash_usd=1e5", "addressable_users=1e6"),
        drawn("finance.opening_cash_usd=1 to 2"),
        drawn("uncertainty.sampling_method=plain"),
        drawn("horizon_months=11"),
    ):
        assert other.after(first).drawn == {}


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("finance.opening_cash_usd", -1.0, "--set finance.opening_cash_usd=-1.0: finance.opening_cash_usd: "),
        ("model.target_churn_share", 0.5, "model.target_churn_share"),
        ("serving.gpus_per_replica", 0.01, "do not fit"),
    ],
)
def test_a_value_is_refused_as_a_setting_is(scenario: Path, key: str, value: float, words: str) -> None:
    found = varied(scenario, key, "runway_months")
    with pytest.raises(InputError) as refused:
        found.at(value)
    with pytest.raises(InputError) as planned:
        plan(scenario, sets=[f"{key}={value!r}"], measurements=str(RECORD), draws=DRAWS, seed=5)
    assert words in str(refused.value)
    assert str(refused.value) == str(planned.value)


def test_impossible_draws_are_refused(scenario: Path) -> None:
    with pytest.raises(InputError, match="--draws 0"):
        varied(scenario, "overhead_usd", "runway_months", draws=0)
