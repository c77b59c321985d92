"""What stands behind each leaf: the user first, then what is measured, published, assumed; never a silent zero."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from bench.record import load as load_record
from planner import catalogue
from planner.errors import ScenarioError
from planner.evidence import BITS_PER_PARAM, Leaf
from planner.planning import plan
from planner.preparing import prepare
from planner.result import Result
from planner.scenario.discrete import Empirical
from tests.planner.conftest import RECORD, Planned

SMALL = """
schema: benchplan.scenario/1
name: Small
strategies: [open_platform]
horizon_months: 12
"""


@pytest.fixture
def leaves_of(tmp_path: Path):  # noqa: ANN201 (a function from a scenario's text to its leaves)
    def read(text: str, *sets: str, measurements: str = str(RECORD)) -> dict[str, Leaf]:
        path = tmp_path / "small.yaml"
        path.write_text(SMALL + dedent(text), encoding="utf-8")
        return dict(prepare(path, sets, measurements).leaves)

    return read


COMPLETE = """
data: {filter_usd_per_machine_hour: 0.1}
market: {price_usd_per_million_tokens: 1, reference_price_usd_per_million_tokens: 1}
"""


def test_what_the_user_writes_is_quoted_with_a_source_and_assumed_without(leaves_of) -> None:  # noqa: ANN001
    leaves = leaves_of(
        COMPLETE
        + """
training:
  training_usd_per_gpu_hour: {value: 1.9 to 2.4, source: offer of a cloud, as_of: 2026-10-02, note: three years}
serving:
  serving_usd_per_gpu_hour: 2.2
"""
    )
    quoted, written = leaves["training_usd_per_gpu_hour"], leaves["serving_usd_per_gpu_hour"]
    assert quoted.evidence.kind == "quoted"
    assert quoted.evidence.reference == "offer of a cloud"
    assert quoted.evidence.as_of == "2026-10-02"
    assert quoted.evidence.note == "three years"
    assert quoted.uncertain
    assert written.evidence.kind == "assumed"
    assert written.evidence.reference.endswith("small.yaml:13:3")
    assert written.central() == 2.2


def test_a_setting_on_the_command_line_is_assumed_and_says_so(leaves_of) -> None:  # noqa: ANN001
    leaf = leaves_of(COMPLETE, "training_mfu_share=0.45")["training_mfu_share"]
    assert leaf.central() == 0.45
    assert leaf.evidence.kind == "assumed"
    assert "--set training_mfu_share=0.45" in leaf.evidence.reference


def test_what_is_left_out_is_published_where_the_catalogue_has_it(leaves_of) -> None:  # noqa: ANN001
    leaves = leaves_of(COMPLETE)
    price = catalogue.price("h100-sxm", "on_demand", key="training.training_usd_per_gpu_hour")
    assert leaves["training_usd_per_gpu_hour"].central() == price.value
    assert leaves["training_usd_per_gpu_hour"].evidence.kind == price.evidence
    assert leaves["training_usd_per_gpu_hour"].evidence.reference == price.source
    mfu = leaves["training_mfu_share"]
    assert mfu.evidence.kind == "published"
    assert mfu.uncertain
    assert mfu.evidence.as_of
    assert leaves["num_layers"].central() == 32
    for name, leaf in leaves.items():
        assert leaf.evidence.reference, name
    assert [name for name, leaf in leaves.items() if leaf.problem] == [
        "pretraining_tokens"
    ]  # nothing is pretrained


def test_defaults_of_ours_say_that_they_are(leaves_of) -> None:  # noqa: ANN001
    leaf = leaves_of(COMPLETE)["peak_load_ratio"]
    assert leaf.evidence.kind == "assumed"
    assert leaf.evidence.reference == "default of Benchplan"
    assert leaf.evidence.note


def test_the_speed_of_the_filter_is_measured(leaves_of) -> None:  # noqa: ANN001
    record = load_record(RECORD)
    found = leaves_of(COMPLETE + "\n")["filter_bytes_per_machine_second"]
    measured = record.find("gpt", "throughput_bytes_per_second", "int8")
    assert measured is not None
    assert found.central() == measured.value
    assert found.evidence.kind == "measured"
    assert record.machine.fingerprint[:12] in found.evidence.reference
    assert found.evidence.as_of == record.created_at.date().isoformat()
    assert "95 % interval" in found.evidence.note


def test_the_precision_of_the_filter_chooses_the_measurement(leaves_of) -> None:  # noqa: ANN001
    record = load_record(RECORD)
    for precision in ("fp32", "int8"):
        leaves = leaves_of(COMPLETE, f"data.filter_precision={precision}")
        measured = record.find("gpt", "throughput_bytes_per_second", precision)
        assert measured is not None
        assert leaves["filter_bytes_per_machine_second"].central() == measured.value


def test_the_users_speed_wins_over_the_measured_one(leaves_of) -> None:  # noqa: ANN001
    text = COMPLETE.replace("{filter", "{filter_bytes_per_machine_second: 5e5, filter")
    leaves = leaves_of(text)
    assert leaves["filter_bytes_per_machine_second"].central() == 5e5
    assert leaves["filter_bytes_per_machine_second"].evidence.kind == "assumed"
    # and the two speeds behind the saving stay the measured ones
    assert leaves["plain_filter_bytes_per_machine_second"].evidence.kind == "measured"


def test_without_measurements_the_plan_is_refused_with_what_to_do(leaves_of) -> None:  # noqa: ANN001
    with pytest.raises(ScenarioError) as error:
        leaves_of(COMPLETE, measurements="none")
    assert str(error.value) == (
        "filter_bytes_per_machine_second: there are no measurements to take it from; "
        "write data.filter_bytes_per_machine_second or run `benchplan bench run`"
    )


def test_without_measurements_but_with_the_users_speed_the_saving_is_unknown(planned: Planned) -> None:
    found = planned("base", "data.filter_bytes_per_machine_second=5e5", measurements="none")
    assert np.isnan(found["total_compression_saving_usd"].central)
    assert np.isfinite(found["funding_need_usd"].central)
    assert found.to_json()["figures"]["total_compression_saving_usd"] == {
        "unit": "usd", "value": None, "status": "undefined",
    }  # fmt: skip


def test_all_that_only_the_user_can_know_is_asked_for_at_once(leaves_of) -> None:  # noqa: ANN001
    with pytest.raises(ScenarioError) as error:
        leaves_of("")
    keys = [problem.partition(":")[0] for problem in error.value.problems]
    assert set(keys) == {
        "data.filter_usd_per_machine_hour",
        "market.price_usd_per_million_tokens",
        "market.reference_price_usd_per_million_tokens",
    }
    assert len(keys) == len(set(keys))
    assert all("is needed but not written" in problem for problem in error.value.problems)


def test_a_price_that_the_catalogue_lacks_is_an_error_that_says_what_to_add(leaves_of) -> None:  # noqa: ANN001
    with pytest.raises(ScenarioError) as error:
        leaves_of(
            COMPLETE, "serving.serving_accelerator=l40s", "serving.serving_term=reserved_3_years",
            "serving.serving_tokens_per_gpu_second=1000", "serving.gpus_per_replica=1",
        )  # fmt: skip
    assert "serving.serving_usd_per_gpu_hour" in str(error.value)
    assert "no reserved_3_years price for 'l40s' in the catalogue" in str(error.value)
    assert "write the price that you were offered into the scenario" in str(error.value)


def test_a_throughput_that_nobody_published_is_an_error_that_says_what_to_add(leaves_of) -> None:  # noqa: ANN001
    with pytest.raises(
        ScenarioError, match=r"serving\.serving_tokens_per_gpu_second.*no published throughput"
    ):
        leaves_of(COMPLETE, "model.base=phi-4")


@pytest.mark.parametrize(
    ("base", "sets", "keys"),
    [
        ("phi-4", (), "serving.serving_tokens_per_gpu_second and serving.gpus_per_replica: are needed"),
        ("phi-4", ("gpus_per_replica=1",), "serving.serving_tokens_per_gpu_second: is needed"),
        (
            "tinyllama-1.1b",
            ("model.source=api",),
            "serving.vendor_input_usd_per_million_tokens and serving.vendor_o",
        ),
    ],
)
def test_what_one_source_lacks_is_said_once_for_both_keys(
    leaves_of,  # noqa: ANN001
    base: str,
    sets: tuple[str, ...],
    keys: str,
) -> None:
    with pytest.raises(ScenarioError) as error:
        leaves_of(COMPLETE, f"model.base={base}", *sets)
    [problem] = error.value.problems
    assert problem.startswith(keys)


@pytest.mark.parametrize("layers", ["320", "31", "30 to 40"])
def test_a_shape_of_ones_own_has_no_published_speed_and_no_vendors_price(leaves_of, layers: str) -> None:  # noqa: ANN001
    shape = f"model.num_layers={layers}"
    with pytest.raises(ScenarioError) as error:
        leaves_of(COMPLETE, shape)
    [problem] = error.value.problems
    assert (
        "the shape differs from llama-3.1-8b (model.num_layers), for which it was measured; write" in problem
    )
    assert "serving.serving_tokens_per_gpu_second and serving.gpus_per_replica" in problem
    with pytest.raises(ScenarioError, match=r"the shape differs .* for which vendors ask their prices"):
        leaves_of(COMPLETE, shape, "model.source=api")
    bought = leaves_of(COMPLETE, shape, "model.source=api", "serving.vendor_model=gpt-5.4-mini")
    assert bought["vendor_output_usd_per_million_tokens"].central() == 4.5
    own = leaves_of(COMPLETE, shape, "serving_tokens_per_gpu_second=900", "gpus_per_replica=2")
    assert own["gpus_per_replica"].central() == 2


def test_the_shape_of_the_base_may_be_written_down(leaves_of) -> None:  # noqa: ANN001
    written = leaves_of(COMPLETE, "model.num_layers=32", "model.tied_embeddings=0")
    assert written["serving_tokens_per_gpu_second"].central() == 30_440


def test_what_the_source_does_not_need_may_be_unknown(leaves_of) -> None:  # noqa: ANN001
    # phi-4 has no published throughput; a company that buys its tokens needs none
    bought = leaves_of(COMPLETE, "model.base=phi-4", "model.source=api", "serving.vendor_model=gpt-5.4-mini")
    assert bought["serving_tokens_per_gpu_second"].problem
    assert bought["vendor_input_usd_per_million_tokens"].central() == 0.75


def test_a_vendors_price_that_nobody_published_is_an_error_for_who_buys(leaves_of) -> None:  # noqa: ANN001
    with pytest.raises(ScenarioError, match=r"serving\.vendor_input_usd_per_million_tokens"):
        leaves_of(COMPLETE, "model.base=tinyllama-1.1b", "model.source=api")


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("model.base=lama-3.1-8b", r"model\.base: .*did you mean 'llama-3.1-8b'"),
        (
            "training.training_accelerator=h100-sxn",
            r"training\.training_accelerator: .*did you mean 'h100-sxm'",
        ),
        ("serving.serving_accelerator=quantum", r"serving\.serving_accelerator: "),
        ("serving.vendor_model=gpt-5.4-mni", r"serving\.vendor_model: .*did you mean 'gpt-5.4-mini'"),
    ],
)
def test_a_choice_that_the_catalogue_does_not_know_is_refused(leaves_of, setting: str, message: str) -> None:  # noqa: ANN001
    with pytest.raises(ScenarioError, match=message):
        leaves_of(COMPLETE, setting)


def test_the_precision_of_the_weights_is_a_choice(leaves_of) -> None:  # noqa: ANN001
    for precision, bits in BITS_PER_PARAM.items():
        sets = (
            f"serving.weight_precision={precision}",
            "serving_tokens_per_gpu_second=9e3",
            "gpus_per_replica=1",
        )
        leaf = leaves_of(COMPLETE, *sets)["weight_bits_per_param"]
        assert leaf.central() == bits
        assert precision in leaf.evidence.note


def test_list_items_are_one_leaf_with_a_row_for_each(leaves_of) -> None:  # noqa: ANN001
    leaves = leaves_of(
        COMPLETE
        + """
people:
  roles:
    - {role: founders, role_people: 2, role_salary_usd_per_person_year: 9e4}
    - {role: engineers, role_people: 1 to 3, role_salary_usd_per_person_year: {value: 1e5, source: an offer}}
"""
    )
    people, salary = leaves["role_people"], leaves["role_salary_usd_per_person_year"]
    assert people.central().shape == (2, 1)
    assert list(people.uncertain) == ["role_people.1"]
    drawn = people.drawn({"role_people.1": np.array([1.5, 2.0, 2.5])})
    np.testing.assert_allclose(drawn, [[2, 2, 2], [1.5, 2, 2.5]])
    assert salary.evidence.kind == "assumed"  # one of the two has no source
    assert "an offer" in salary.evidence.reference
    assert leaves["round_usd"].central().shape == (0, 1)


def test_the_evidence_of_an_override_is_that_of_who_set_it(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(
        SMALL
        + dedent(COMPLETE)
        + "figures:\n  serving_usd: {value: 1000, source: a contract, as_of: 2026-01-31}\n",
        encoding="utf-8",
    )
    found: Result = plan(path, measurements=str(RECORD))
    leaf = found.leaves["serving_usd"]
    assert (leaf.evidence.kind, leaf.evidence.reference, leaf.evidence.as_of) == (
        "quoted",
        "a contract",
        "2026-01-31",
    )
    assert found["cost_of_revenue_usd"].central[0] >= 1000


def test_a_measured_speed_is_drawn_from_its_samples(planned: Planned) -> None:
    leaf = planned("base").leaves["filter_bytes_per_machine_second"]
    (quantity,) = leaf.quantities
    assert isinstance(quantity.distribution, Empirical)
    assert quantity.distribution.lower <= quantity.value <= quantity.distribution.upper
    assert leaf.central() == quantity.value
