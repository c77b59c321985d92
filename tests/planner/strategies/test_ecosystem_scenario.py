"""What a scenario may say of an ecosystem, and where its figures come from."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from planner import strategies
from planner.engine import figures_of
from planner.errors import ScenarioError
from planner.planning import plan
from planner.strategies import ecosystem
from tests.planner.conftest import Planned
from tests.planner.strategies.ecosystems import NAME


@pytest.mark.parametrize(
    ("settings_of", "place"),
    [
        (["resale_margin_share=0.7", "upstream_royalty_share=0.4"], "ecosystem.upstream_royalty_share"),
        (["paid_referral_share=0.9", "marketplace_fee_share=0.2"], "ecosystem.marketplace_fee_share"),
    ],
)
def test_a_chain_of_more_than_the_whole_is_refused_at_its_key(
    root: Path, settings_of: list[str], place: str
) -> None:
    sets = [f"ecosystem.{one}" for one in settings_of]
    with pytest.raises(ScenarioError) as refused:
        plan(root / "scenarios" / "ecosystem.yaml", sets=sets, measurements="none")
    assert place in str(refused.value)
    assert "must not exceed 1 together" in str(refused.value)


def test_a_chain_of_exactly_the_whole_is_allowed() -> None:
    shares = {"resale_margin_share": 0.6, "paid_referral_share": 0.1, "marketplace_fee_share": 0.3}
    chain = ecosystem.Inputs.model_validate({**shares, "upstream_royalty_share": 0.1})
    assert chain.upstream_royalty_share.value == 0.1


def test_only_the_fee_of_marketplaces_is_said_to_be_published() -> None:
    published = {name for name, one in ecosystem.Inputs() if one.source}
    assert published == {"marketplace_fee_share"}


def test_each_figure_of_the_strategy_has_one_home() -> None:
    folder = Path(ecosystem.__file__).parent
    modules = [
        strategies.module(f"{NAME}.{path.stem}") for path in folder.glob("*.py") if path.stem != "__init__"
    ]
    homes = Counter(name for module in modules for name in figures_of(module))
    assert set(homes) == set(figures_of(ecosystem))
    assert [name for name, count in homes.items() if count > 1] == []


def test_the_shipped_scenario_is_traced_to_its_leaves(planned: Planned) -> None:
    result = planned(NAME)
    tree = {node.name: node for _, node in result.trace("net_income_usd").walk()}
    assert {"ecosystem.revenue_usd", "recruited_partners_per_month", "upstream_discount_share"} <= set(tree)
    assert all(result[name].sentence and result[name].source for name in tree if name in result)
    assert result["ecosystem.revenue_usd"].central[-1] > result["ecosystem.revenue_usd"].central[11] > 0
