"""The JSON Schema says of every key what the loader would say: its help, unit, bounds and default."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.scenario.base import Section
from planner.scenario.documents import json_schema
from planner.scenario.keys import keys, quantities, quantity_names
from planner.scenario.quantities import PATTERN
from planner.scenario.spelling import parse
from planner.strategies import scenario_model


@pytest.fixture
def document(schema: type[Section]) -> dict[str, Any]:
    return json_schema(schema)


def key_of(document: dict[str, Any], section: str, key: str) -> dict[str, Any]:
    described: dict[str, Any] = document["$defs"][section]["properties"][key]
    return described


def test_it_is_json_schema_2020_12_whose_references_all_lead_somewhere(document: dict[str, Any]) -> None:
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for reference in re.findall(r'"\$ref": "#/\$defs/(\w+)"', json.dumps(document)):
        assert reference in document["$defs"]


def test_a_key_has_its_help_and_its_unit(document: dict[str, Any]) -> None:
    price = key_of(document, "Training", "training_usd_per_gpu_hour")
    assert price["description"] == "Price of an hour of one accelerator. Unit: usd per gpu hour."
    assert price["unit"] == "usd per gpu hour"
    assert price["$ref"] == "#/$defs/quantity_amount"
    assert price["default"] == {
        "value": 2.5,
        "source": "a price list",
        "as_of": "2026-11-01",
        "note": "list price",
    }


def test_the_name_decides_the_bounds(document: dict[str, Any]) -> None:
    assert key_of(document, "Market", "churn_share_per_month")["$ref"] == "#/$defs/quantity_share"
    assert key_of(document, "Market", "subsidy_usd")["$ref"] == "#/$defs/quantity_signed"
    bounds = {
        kind: document["$defs"][f"quantity_{kind}"]["anyOf"][0] for kind in ("share", "amount", "signed")
    }
    assert bounds == {
        "share": {"type": "number", "minimum": 0, "maximum": 1},
        "amount": {"type": "number", "minimum": 0},
        "signed": {"type": "number"},
    }


def test_what_the_loader_reads_beside_the_schema_is_described(document: dict[str, Any]) -> None:
    assert {"extends", "figures", "schema", "name"} <= set(document["properties"])
    assert document["additionalProperties"] is False
    assert document["required"] == ["name"]


@given(
    st.sampled_from(["{} to {}", "normal({}, {})", "uniform({},{})", " {}  to {} "]),
    st.floats(0.1, 1),
    st.floats(2, 1e6),
)
def test_the_pattern_of_a_text_takes_what_the_loader_takes(form: str, low: float, high: float) -> None:
    text = form.format(low, high)
    assert parse(text)
    assert re.search(PATTERN, text)


@pytest.mark.parametrize("text", ["5", "5%", "five to ten", "norml(1, 2)", "5 - 10"])
def test_the_pattern_of_a_text_refuses_what_is_no_distribution(text: str) -> None:
    assert not re.search(PATTERN, text)


def test_keys_are_listed_with_what_a_reader_needs(schema: type[Section]) -> None:
    listed = keys(schema)
    people = listed["people.roles.*.role_people"]
    assert (people.name, people.unit, people.is_required, people.is_quantity) == (
        "role_people",
        "people",
        True,
        True,
    )
    assert listed["market"].is_section
    assert listed["market.subsidy_usd"].may_be_negative
    assert not listed["market.churn_share_per_month"].may_be_negative
    assert str(listed["market.churn_share_per_month"].default) == "0.02 to 0.08 (logit-normal)"
    assert listed["schema"].default == "test/1"
    assert listed["horizon_months"].description == "Months that are planned."


def test_quantities_are_named_by_their_dotted_keys(schema: type[Section]) -> None:
    company = schema.model_validate_json(
        '{"name": "A", "people": {"roles": [{"role": "a", "role_people": 3}]},'
        ' "market": {"country_weight": {"de": 1}}}'
    )
    found = quantities(company)
    assert found["people.roles.0.role_people"].value == 3
    assert found["market.country_weight.de"].value == 1
    assert "training.training_mfu_share" not in found
    assert quantity_names(schema)[:3] == ("launch_month", "training_mfu_share", "training_usd_per_gpu_hour")
    assert "role_people" not in quantity_names(schema)


def test_the_last_segment_of_every_key_of_a_scenario_is_unique() -> None:
    names = [key.name for key in keys(scenario_model()).values()]
    assert sorted(names) == sorted(set(names))


def test_every_key_of_a_scenario_has_help() -> None:
    assert [
        key.path for key in keys(scenario_model()).values() if not key.description and not key.is_section
    ] == []


def test_the_json_schema_of_a_scenario_has_every_key() -> None:
    document = json_schema(scenario_model())
    described = {
        name for part in (document, *document["$defs"].values()) for name in part.get("properties", {})
    }
    assert {key.name for key in keys(scenario_model()).values()} <= described
    assert '"quantity"' not in json.dumps(document)
