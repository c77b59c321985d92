"""What a scenario says of dependence becomes groups of inputs, or a problem at its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import planner
from planner.drawing import Draws, draws_of
from planner.errors import ScenarioError
from planner.preparing import prepare
from planner.scenario.bounded import Pert, Uniform
from planner.scenario.discrete import Chance
from planner.scenario.distributions import Distribution, LogitNormal, Lognormal
from planner.scenario.sampling import Sampler
from planner.scenario.uncertainty import Dependence, Input, Uncertainty, dependence

Write = Callable[..., Path]

DISTRIBUTIONS: dict[str, Distribution] = {
    "price_decline_share_per_month": LogitNormal(0.01, 0.07),
    "vendor_price_decline_share_per_month": LogitNormal(0.005, 0.05),
    "addressable_users": Lognormal(2e5, 2e6),
    "peak_load_ratio": Pert(1.5, 2, 4),
    "tax_rate_share": Uniform(0.2, 0.3),
    "round_usd.0": Chance(0.3),
}
INPUTS = {name: Input(name) for name in DISTRIBUTIONS} | {
    "market.price_decline_share_per_month": Input("price_decline_share_per_month"),
    "finance.rounds.0.round_usd": Input("round_usd.0"),
    "payment_fee_share": Input("payment_fee_share", "0.03"),
    "take_rate_share": Input("take_rate_share", "0.15", is_set=True),
}


def asked(text: str) -> Dependence:
    return dependence(Uncertainty.model_validate_json(text), INPUTS, lambda key: "plan.yaml:1:1")


def drawn(found: Dependence, draws: int = 16_384, seed: int = 0) -> dict[str, np.ndarray]:
    return Sampler(DISTRIBUTIONS, draws, seed, "sobol", found.groups).all()


@pytest.mark.parametrize("rank", [-0.9, -0.3, 0.3, 0.5, 0.8, 1.0])
def test_the_draws_have_the_rank_correlation_that_was_asked(rank: float) -> None:
    pair = '"between": ["addressable_users", "peak_load_ratio"]'
    found = asked(f'{{"correlations": [{{{pair}, "rank_correlation": {rank}}}]}}')
    values = drawn(found)
    assert found.repairs == ()
    spearman = stats.spearmanr(values["addressable_users"], values["peak_load_ratio"]).statistic
    assert spearman == pytest.approx(rank, abs=0.01)


def test_every_input_keeps_its_distribution_and_the_others_their_draws() -> None:
    found = asked(
        '{"correlations": [{"between": ["addressable_users", "peak_load_ratio"], "rank_correlation": 0.7},'
        '{"between": ["peak_load_ratio", "finance.rounds.0.round_usd"], "rank_correlation": -0.5}]}'
    )
    values, independent = drawn(found), drawn(Dependence())
    assert found.names == {"addressable_users", "peak_load_ratio", "round_usd.0"}
    for name in DISTRIBUTIONS.keys() - found.names:
        np.testing.assert_array_equal(values[name], independent[name])
    assert values["round_usd.0"].mean() == pytest.approx(0.3, abs=0.005)
    for name in ("addressable_users", "peak_load_ratio"):
        quantiles = DISTRIBUTIONS[name].quantile(np.array([0.01, 0.05, 0.5, 0.95, 0.99]))
        shares = (values[name][:, None] <= quantiles).mean(axis=0)
        assert shares == pytest.approx([0.01, 0.05, 0.5, 0.95, 0.99], abs=0.005)


def test_a_common_factor_moves_what_it_drives() -> None:
    found = asked(
        '{"factors": [{"factor": "price_war", "drives": {"market.price_decline_share_per_month": 0.7,'
        ' "vendor_price_decline_share_per_month": -0.5}}]}'
    )
    [group] = found.groups
    assert group.names[0] == "factor.price_war"
    root = np.array(group.root)
    assert (root @ root.T)[0] == pytest.approx([1, 0.7, -0.5])
    assert (root @ root.T)[1, 2] == pytest.approx(-0.35)
    values = drawn(found)
    logits = [np.log(values[name] / (1 - values[name])) for name in group.names[1:]]
    assert np.corrcoef(logits)[0, 1] == pytest.approx(-0.35, abs=0.01)


def test_a_correlation_of_a_pair_prevails_over_its_factors() -> None:
    found = asked(
        '{"factors": [{"factor": "demand", "drives": {"addressable_users": 0.5, "peak_load_ratio": 0.5}}],'
        '"correlations": [{"between": ["addressable_users", "peak_load_ratio"], "rank_correlation": 0}]}'
    )
    assert found.repairs == ()
    values = drawn(found)
    assert abs(stats.spearmanr(values["addressable_users"], values["peak_load_ratio"]).statistic) < 0.01


def test_what_cannot_be_met_together_is_repaired_and_reported() -> None:
    found = asked(
        '{"correlations": [{"between": ["addressable_users", "peak_load_ratio"], "rank_correlation": 0.9},'
        '{"between": ["peak_load_ratio", "tax_rate_share"], "rank_correlation": 0.9},'
        '{"between": ["addressable_users", "tax_rate_share"], "rank_correlation": -0.9}]}'
    )
    assert len(found.repairs) == 3
    values = drawn(found)
    for repair in found.repairs:
        assert abs(repair.got) < abs(repair.asked) == pytest.approx(0.9)
        spearman = stats.spearmanr(*(values[name] for name in repair.between)).statistic
        assert spearman == pytest.approx(repair.got, abs=0.01)
    assert "asked" in str(found.repairs[0])
    assert "drawn" in str(found.repairs[0])


def test_groups_that_share_nothing_are_repaired_apart() -> None:
    found = asked(
        '{"correlations": [{"between": ["addressable_users", "peak_load_ratio"], "rank_correlation": 0.4},'
        '{"between": ["tax_rate_share", "round_usd.0"], "rank_correlation": 0.5}]}'
    )
    assert sorted(len(group.names) for group in found.groups) == [2, 2]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            '{"correlations": [{"between": ["adressable_users", "tax_rate_share"], "rank_correlation": 0.1}]}',
            "plan.yaml:1:1: uncertainty.correlations.0.between.0: 'adressable_users' is no input of this plan; "
            "did you mean 'addressable_users'?",
        ),
        (
            '{"correlations": [{"between": ["xyz", "tax_rate_share"], "rank_correlation": 0.1}]}',
            "'xyz' is no input of this plan; name an input that has a distribution",
        ),
        (
            '{"correlations": [{"between": ["payment_fee_share", "tax_rate_share"], "rank_correlation": 0.1}]}',
            "'payment_fee_share' has the single value 0.03",
        ),
        (
            '{"correlations": [{"between": ["tax_rate_share", "tax_rate_share"], "rank_correlation": 0.1}]}',
            "names 'tax_rate_share' twice",
        ),
        (
            '{"correlations": [{"between": ["tax_rate_share", "addressable_users"], "rank_correlation": 0.1},'
            '{"between": ["addressable_users", "tax_rate_share"], "rank_correlation": 0.2}]}',
            "stands above already",
        ),
        (
            '{"factors": [{"factor": "a", "drives": {"tax_rate_share": 0.1}},'
            '{"factor": "a", "drives": {"addressable_users": 0.1}}]}',
            "'a' stands twice",
        ),
        (
            '{"factors": [{"factor": "a", "drives": {"price_decline_share_per_month": 0.1,'
            ' "market.price_decline_share_per_month": 0.2}}]}',
            "stands twice under a",
        ),
        (
            '{"factors": [{"factor": "a", "drives": {"tax_rate_share": 0.8}},'
            '{"factor": "b", "drives": {"tax_rate_share": 0.8}}]}',
            "the squares of its loadings add up to 1.28",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        asked(text)
    assert words in str(raised.value)


def test_all_problems_are_said_at_once() -> None:
    with pytest.raises(ScenarioError) as raised:
        asked('{"correlations": [{"between": ["a", "b"], "rank_correlation": 0.1}]}')
    assert len(raised.value.problems) == 2


def test_an_input_set_for_one_run_rests() -> None:
    found = asked(
        '{"correlations": [{"between": ["take_rate_share", "tax_rate_share"], "rank_correlation": 0.1}]}'
    )
    assert found.groups == ()
    assert found.notes == ("take_rate_share is set to 0.15, so its dependence on other inputs rests",)


PLAN = """
name: A
strategies: [open_platform]
market: {price_usd_per_million_tokens: 2, reference_price_usd_per_million_tokens: 2}
open_platform: {paid_conversion_share: 0.02 to 0.05}
data: {filter_usd_per_machine_hour: 0.1}
people:
  roles:
    - {role: founders, role_people: 2, role_salary_usd_per_person_year: 90e3 to 120e3}
    - {role: engineers, role_people: 3, role_salary_usd_per_person_year: 120e3 to 190e3}
uncertainty:
  correlations:
    - {between: [people.roles.0.role_salary_usd_per_person_year, people.roles.1.role_salary_usd_per_person_year],
       rank_correlation: 0.8}
  factors:
    - factor: price_war
      drives: {market.price_decline_share_per_month: 0.7, gpu_price_decline_share_per_month: 0.5}
"""


def draws(path: Path, *sets: str, count: int = 4_096) -> Draws:
    ready = prepare(path, sets)
    return draws_of(ready.leaves, ready.program.leaves, ready.loaded, count, 0)


def test_a_plan_draws_its_items_and_factors_together(write: Write) -> None:
    found = draws(write(PLAN))
    values = found.block(0, 4_096)
    salaries = values["role_salary_usd_per_person_year"]
    assert salaries.shape == (2, 4_096)
    assert stats.spearmanr(salaries[0], salaries[1]).statistic == pytest.approx(0.8, abs=0.01)
    declines = [values[f"{what}price_decline_share_per_month"] for what in ("", "gpu_")]
    assert stats.spearmanr(*declines).statistic == pytest.approx(6 / np.pi * np.arcsin(0.35 / 2), abs=0.02)
    assert len(found.dependence.groups) == 2
    assert len(found.scrambles) == 4


def test_a_plan_says_where_a_name_is_wrong(write: Write) -> None:
    path = write(PLAN.replace("gpu_price_decline_share_per_month: 0.5", "gpu_price_decline_share: 0.5"))
    with pytest.raises(ScenarioError) as raised:
        draws(path)
    assert str(raised.value).startswith("plan.yaml:17:")
    assert "did you mean 'gpu_price_decline_share_per_month'?" in str(raised.value)


def test_setting_an_input_for_one_run_lets_its_dependence_rest(write: Write) -> None:
    found = draws(write(PLAN), "price_decline_share_per_month=0.02")
    assert any("price_decline_share_per_month is set to 0.02" in note for note in found.dependence.notes)


def test_blocks_of_a_plan_are_parts_of_the_whole(write: Write) -> None:
    found = draws(write(PLAN), count=3_000)
    whole, part = found.block(0, 3_000), found.block(1_024, 2_048)
    for name, value in part.items():
        expected = whole[name][..., 1_024:2_048] if np.shape(value)[-1:] == (1_024,) else whole[name]
        np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize("method", ["latin_hypercube", "plain"])
def test_the_method_of_sampling_is_a_key(write: Write, method: str) -> None:
    path = write(PLAN)
    results = [planner.plan(path, draws=1_024, sets=sets) for sets in ((), (f"sampling_method={method}",))]
    medians = [result["net_present_value_usd"].quantile(0.5) for result in results]
    assert medians[0] != medians[1]
    assert medians[0] == pytest.approx(medians[1], rel=0.5)
