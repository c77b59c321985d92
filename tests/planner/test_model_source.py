"""Where the model comes from says what is paid for, and what contradicts itself is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from planner.errors import ScenarioError
from planner.planning import plan
from planner.preparing import prepare
from planner.result import Result
from tests.planner.conftest import RECORD, Planned


def cost_row(result: Result, name: str) -> np.ndarray:
    return np.asarray(result[name].central)


PRETRAINED = ("model.source=pretrained", "training.pretraining_tokens=1e11")


def test_the_source_of_the_model_says_what_is_paid_for(planned: Planned) -> None:
    api = planned("base", "model.source=api")
    ready = planned("base", "model.source=open_weights")
    tuned = planned("base", "model.source=fine_tuned")
    own = planned("base", *PRETRAINED)
    assert cost_row(api, "api_usd").sum() > 0
    assert not np.any(cost_row(api, "serving_compute_usd"))
    for hosted in (ready, tuned, own):
        assert not np.any(cost_row(hosted, "api_usd"))
        assert cost_row(hosted, "serving_compute_usd").sum() > 0
    for bought in (api, ready):
        assert not np.any(cost_row(bought, "training_compute_usd"))
        assert not np.any(cost_row(bought, "cleaning_usd"))
    training = [float(cost_row(r, "training_compute_usd").sum()) for r in (tuned, own)]
    assert 0 < training[0] < training[1]
    np.testing.assert_array_equal(
        cost_row(ready, "serving_compute_usd"), cost_row(tuned, "serving_compute_usd")
    )


def test_the_cost_follows_the_switch_of_the_source(planned: Planned) -> None:
    switched = planned("base", "model.source=api", "model.switch_source=fine_tuned", "model.switch_month=20")
    bought, computed = cost_row(switched, "api_usd"), cost_row(switched, "serving_compute_usd")
    launch = int(switched["first_revenue_month"].central)
    assert np.all(bought[launch - 1 : 19] > 0)
    assert not np.any(bought[19:])
    assert not np.any(computed[:19])
    assert np.all(computed[19:] > 0)
    trained = cost_row(switched, "training_compute_usd")
    assert np.flatnonzero(trained).tolist()[:4] == [
        16,
        17,
        18,
        25,
    ]  # three months before, and a refresh six after
    always = planned("base", "model.source=api")
    np.testing.assert_array_equal(cost_row(always, "api_usd")[:19], bought[:19])


@pytest.mark.parametrize(
    ("sets", "said"),
    [
        (("model.launch_month=49",), "model.launch_month: launch_month is 49, after the last month"),
        (("model.launch_month=49.5 to 60",), "model.launch_month: launch_month is 54"),
        (
            ("horizon_months=4",),
            "base.yaml:14:17: model.launch_month: launch_month is 5, after the last month",
        ),
        (
            ("model.switch_source=api", "model.switch_month=49"),
            "model.switch_month: switch_month is 49, after",
        ),
        (
            ("model.switch_source=api", "model.switch_month=5"),
            "switch_month is 5, not after launch_month (5)",
        ),
        (
            ("finance.rounds=[{round_month: 60, round_usd: 1}]",),
            "finance.rounds.0.round_month: round_month is 60, but the plan ends with month 48: the money never",
        ),
        (
            ("open_platform.opening_users=5e6",),
            "open_platform.opening_users: opening_users is 5e+06, more than addressable_users",
        ),
        (
            ("open_platform.opening_users=50", "open_platform.opening_paid_users=60"),
            "open_platform.opening_paid_users: opening_paid_users is 60, more than opening_users (50)",
        ),
        (
            ("open_platform.opening_developers=1e6",),
            "open_platform.opening_developers: opening_developers is 1e+06, more than addressable_developers",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_at_its_key(root: Path, sets: tuple[str, ...], said: str) -> None:
    with pytest.raises(ScenarioError) as error:
        plan(root / "scenarios" / "base.yaml", sets=sets, measurements=str(RECORD))
    assert said in str(error.value)


BIG = ("model.base=llama-3.1-405b", "serving_tokens_per_gpu_second=300")


def test_weights_that_do_not_fit_their_accelerators_are_refused(root: Path, planned: Planned) -> None:
    with pytest.raises(ScenarioError) as error:
        plan(root / "scenarios" / "base.yaml", sets=[*BIG, "gpus_per_replica=5"], measurements=str(RECORD))
    assert str(error.value) == (
        "--set gpus_per_replica=5: serving.gpus_per_replica: 406 GB of weights do not fit 5 h100-sxm with 80 GB "
        "each; write serving.gpus_per_replica: 6 or more, or another weight_precision"
    )
    assert np.any(planned("base", *BIG, "gpus_per_replica=6")["serving_usd"].central > 0)
    assert np.any(planned("base", *BIG, "gpus_per_replica=3", "weight_precision=int4")["serving_usd"].central)


@pytest.mark.parametrize("setting", ["model.source=api", "served_tokens=0"])
def test_weights_that_nobody_loads_need_no_room(planned: Planned, setting: str) -> None:
    found = planned("base", *BIG, "gpus_per_replica=1", setting)
    assert not np.any(found["serving_compute_usd"].central)


def test_preparing_finds_what_the_section_uncertainty_gets_wrong(root: Path) -> None:
    pair = "uncertainty.correlations=[{between: [training_mfu_shar, peak_load_ratio], rank_correlation: 0.5}]"
    with pytest.raises(ScenarioError, match="did you mean 'training_mfu_share'"):
        prepare(root / "scenarios" / "base.yaml", [pair], str(RECORD))


def test_all_contradictions_are_said_at_once(root: Path) -> None:
    sets = ["model.launch_month=60", "open_platform.opening_paid_users=5", "training_mfu_share=0",
            "finance.rounds=[{round_month: 49, round_usd: 1}]"]  # fmt: skip
    with pytest.raises(ScenarioError) as error:
        plan(root / "scenarios" / "base.yaml", sets=sets, measurements=str(RECORD))
    assert len(error.value.problems) == 4


def test_a_contradiction_in_some_draws_alone_is_none(planned: Planned) -> None:
    found = planned("base", "model.launch_month=5 to 70", draws=64)
    assert np.all(np.isfinite(found["cash_usd"].draws))


@pytest.mark.parametrize("half", ["model.switch_source=api", "model.switch_month=9"])
def test_half_a_switch_is_refused(root: Path, half: str) -> None:
    with pytest.raises(ScenarioError, match="a switch needs both its month and its source"):
        plan(root / "scenarios" / "base.yaml", sets=[half], measurements="none")


def test_pretraining_without_its_tokens_is_refused(root: Path) -> None:
    with pytest.raises(ScenarioError, match=r"training\.pretraining_tokens: is needed but not written"):
        plan(root / "scenarios" / "base.yaml", sets=["model.source=pretrained"], measurements=str(RECORD))
