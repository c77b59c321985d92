"""A scenario on the machine that was measured: what the record gives, what is refused, what carries over as a ratio."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.record import load as load_record
from planner import measurements
from planner.errors import ScenarioError
from planner.leaves import Leaf
from planner.measurements import MEASURED_MACHINE, is_measured, pinned
from planner.model_sightings import EXTRAPOLATION_RATIO
from planner.planning import plan
from planner.preparing import prepare
from planner.report.page import page
from planner.scenario.discrete import Empirical
from tests.planner.conftest import RECORD, ROOT, Planned, Run

SCENARIO = ROOT / "scenarios" / "this_machine.yaml"
QUIET = ROOT / "scenarios" / "measurements" / "quick-cpu-x86-2-cores.json"
MEASURED = load_record(QUIET)


def leaves_of(*sets: str, record: Path = QUIET, scenario: Path = SCENARIO) -> dict[str, Leaf]:
    return dict(prepare(scenario, sets, str(record)).leaves)


def value(subject: str, name: str, variant: str = "fp32") -> float:
    found = MEASURED.find(subject, name, variant)
    assert found is not None
    assert found.value is not None
    return found.value


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Path]:
    """Write a copy of the shipped record with other measurements, another machine or another day."""

    def write(
        name: str = "record.json",
        *added: dict[str, Any],
        fingerprint: str = "",
        created_at: str = "",
        without: tuple[str, ...] = (),
        suite: str = "",
    ) -> Path:
        document = json.loads(QUIET.read_text(encoding="utf-8"))
        document["schema"] = "benchplan.measurement/2"
        document["machine"]["fingerprint"] = fingerprint or document["machine"]["fingerprint"]
        document["machine"]["description"] += f" {fingerprint[:4]}".rstrip()
        document["created_at"] = created_at or document["created_at"]
        document["suite"] = suite or document["suite"]
        kept = [m for m in document["measurements"] if m["name"] not in without]
        document["measurements"] = kept + [{"method": "m"} | each for each in added]
        path = tmp_path / name
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write


def test_the_machine_is_one_accelerator_with_the_measured_peak_share_and_memory() -> None:
    leaves = leaves_of()
    expected = {
        "training_peak_flops_per_gpu_second": value("machine", "peak_flops_per_second"),
        "training_mfu_share": value("gpt", "training_mfu_share"),
        "training_memory_bytes_per_gpu": MEASURED.machine.memory_bytes,
        "training_memory_bytes_per_param": value("gpt", "training_peak_memory_bytes")
        / value("gpt", "params"),
        "serving_memory_bytes_per_gpu": MEASURED.machine.memory_bytes,
        "serving_bandwidth_bytes_per_gpu_second": value("machine", "memory_bandwidth_bytes_per_second"),
        "gpus_per_replica": 1,
    }
    for name, wanted in expected.items():
        leaf = leaves[name]
        assert leaf.central() == pytest.approx(wanted), name
        assert leaf.evidence.kind == "measured"
        assert MEASURED.machine.fingerprint[:12] in leaf.evidence.reference
        assert leaf.evidence.as_of == "2026-11-23"
        assert leaf.evidence.basis is not None
        assert (leaf.evidence.basis.use, leaf.evidence.basis.file) == ("used", QUIET.name)


def test_the_planned_training_speed_is_the_measured_one(planned: Planned) -> None:
    found = planned(SCENARIO, "training_goodput_share=1", measurements=str(QUIET))
    tokens_per_second = 1 / (np.ravel(found["training_gpu_hours_per_token"].central)[0] * 3600)
    # a token is a byte; the bench counts causal attention whole and the plan its half, 3.8 % of the work at 128 tokens
    assert tokens_per_second == pytest.approx(value("gpt", "training_bytes_per_second"), rel=0.045)


def test_the_share_of_the_peak_is_drawn_from_the_timed_steps() -> None:
    (quantity,) = leaves_of()["training_mfu_share"].quantities
    step = MEASURED.find("gpt", "training_step_seconds")
    assert step is not None
    assert isinstance(quantity.distribution, Empirical)
    assert len(quantity.distribution.samples) == len(step.samples) == 15
    assert quantity.distribution.median == pytest.approx(quantity.value, rel=1e-3)


def test_a_scenario_of_the_measured_model_says_so_and_another_one_that_it_is_applied() -> None:
    same = leaves_of()["training_mfu_share"].evidence.note
    assert same.startswith("measured on a 1.7 M parameter gpt, as large as the model of this scenario")
    near = leaves_of("model.num_layers=6")["training_mfu_share"].evidence.note
    assert "the model of this scenario has 4.84 M" in near
    assert "extrapolation" not in near
    far = leaves_of("model.num_layers=12")["training_mfu_share"].evidence.note
    assert "the model of this scenario has 9.55 M, 5.61 times apart: an extrapolation" in far
    assert EXTRAPOLATION_RATIO == 4.0


def test_without_generation_each_written_token_costs_a_forward_pass() -> None:
    leaf = leaves_of()["serving_tokens_per_gpu_second"]
    read, written = (
        value("gpt", "throughput_bytes_per_second", "int8"),
        1 / value("gpt", "latency_seconds", "int8"),
    )
    assert leaf.central() == pytest.approx(120 / (100 / read + 20 / written))
    assert "no generation was measured" in leaf.evidence.note
    assert leaf.uncertain
    assert leaf.evidence.basis is not None
    assert leaf.evidence.basis.low is not None
    assert leaf.evidence.basis.high is not None
    assert leaf.evidence.basis.low < leaf.central() < leaf.evidence.basis.high


def generated(batch: int, context: int, tokens_per_second: float, variant: str = "int8") -> dict[str, Any]:
    conditions = {"batch": batch, "context_tokens": context}
    return {
        "subject": "gpt", "variant": variant, "name": "decode_tokens_per_second", "value": tokens_per_second,
        "conditions": conditions, "samples": [tokens_per_second * each for each in (0.9, 1.0, 1.1)],
    }  # fmt: skip


def test_generation_that_was_measured_is_what_serves(edited: Callable[..., Path]) -> None:
    prefill = {
        "subject": "gpt", "variant": "int8", "name": "prefill_seconds", "value": 0.01,
        "conditions": {"batch": 4, "context_tokens": 128},
    }  # fmt: skip
    path = edited(
        "r.json", generated(1, 128, 300.0), generated(8, 128, 1500.0), generated(8, 4096, 9000.0), prefill
    )
    leaf = leaves_of(record=path)["serving_tokens_per_gpu_second"]
    # requests are 120 tokens long: the fastest batch at context 128; the prompt is read at 4 x 128 / 0.01 tokens/s
    assert leaf.central() == pytest.approx(120 / (100 / 51_200 + 20 / 1500))
    assert "no generation" not in leaf.evidence.note
    (quantity,) = leaf.quantities
    assert isinstance(quantity.distribution, Empirical)
    assert quantity.distribution.samples[0] == pytest.approx(120 / (100 / 51_200 + 20 / 1350))


def test_a_larger_model_is_served_more_slowly_by_its_parameters() -> None:
    own, larger = leaves_of(), leaves_of("model.num_layers=12")
    name = "serving_tokens_per_gpu_second"
    params = 1_701_120 + 10 * (4 * 256**2 + 3 * 256 * 680 + 2 * 256)
    assert own[name].central() / larger[name].central() == pytest.approx(params / 1_701_120)
    assert "divided by 5.61, as work grows with parameters" in larger[name].evidence.note


def test_what_the_user_writes_wins_and_the_measurement_stands_beside_it() -> None:
    leaf = leaves_of("training_mfu_share=0.4")["training_mfu_share"]
    assert leaf.central() == 0.4
    assert leaf.evidence.kind == "assumed"
    assert leaf.evidence.basis is None
    assert leaf.refused is not None
    assert leaf.refused.use == "overruled"
    assert "the user's value stands" in leaf.beside[0]


def test_the_price_is_the_users_and_the_error_says_what_to_write(tmp_path: Path) -> None:
    text = SCENARIO.read_text(encoding="utf-8").replace("  training_usd_per_gpu_hour", "  # x")
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        leaves_of(scenario=path)
    assert "training.training_usd_per_gpu_hour: what an hour of measured-machine costs, only you know" in str(
        error.value
    )
    assert "`training_usd_per_gpu_hour: {value: ..., source: ...}`" in str(error.value)


def test_power_is_measured_where_the_record_has_energy_and_unknown_elsewhere(
    edited: Callable[..., Path],
) -> None:
    found = plan(SCENARIO, measurements=str(QUIET))
    leaf = found.leaves["training_watts_per_gpu"]
    assert "no energy was measured on measured-machine; write" in leaf.problem
    trains = np.ravel(found["training_gpu_hours"].central) > 0
    assert np.all(np.isnan(np.ravel(found["training_energy_kwh"].central)) == trains)
    step = {
        "subject": "gpt", "name": "energy_joules", "value": 5.0, "conditions": {"work": "training step", "batch": 8},
        "note": "idle before it 11 W, during it 40.5 W",
    }  # fmt: skip
    energy = plan(SCENARIO, measurements=str(edited("r.json", step)))
    watts = 40.5
    assert energy.leaves["training_watts_per_gpu"].central() == watts
    assert energy.leaves["training_watts_per_gpu"].evidence.kind == "measured"
    assert energy.leaves["serving_watts_per_gpu"].problem  # the energy of a forward pass was not measured
    hours, kwh = (np.ravel(energy[name].central) for name in ("training_gpu_hours", "training_energy_kwh"))
    assert kwh.max() > 0
    assert kwh == pytest.approx(hours * watts / 1000)


def test_a_precision_that_was_not_measured_is_refused_with_those_that_were() -> None:
    with pytest.raises(ScenarioError, match=r"in fp8 \(serving\.weight_precision\).*fp32, int8"):
        leaves_of("serving.weight_precision=fp8")


def test_the_memory_of_the_machine_bounds_the_model() -> None:
    with pytest.raises(ScenarioError, match=r"of weights do not fit 1 measured-machine with 25\.3 GB"):
        plan(SCENARIO, measurements=str(QUIET), sets=("model.num_layers=40000",))


def test_without_a_record_the_measured_machine_is_refused_in_place() -> None:
    with pytest.raises(ScenarioError) as error:
        prepare(SCENARIO, (), "none")
    assert "this_machine.yaml:28:3: training.training_accelerator: there are no measurements" in str(
        error.value
    )
    assert "run `benchplan bench run` on that machine" in str(error.value)


def test_a_machine_is_named_by_the_start_of_its_fingerprint() -> None:
    assert is_measured(MEASURED_MACHINE)
    assert is_measured("measured-machine:7cff")
    assert not is_measured("measured-machines")
    assert not is_measured("h100-sxm")
    assert pinned("measured-machine: 7CFF ") == "7cff"
    leaves = leaves_of("training.training_accelerator=measured-machine:7cff3cbb")
    assert leaves["training_mfu_share"].evidence.kind == "measured"


def test_the_record_of_another_machine_than_the_one_named_is_refused() -> None:
    with pytest.raises(ScenarioError) as error:
        leaves_of("serving.serving_accelerator=measured-machine:0000")
    assert "is of another machine than measured-machine:0000" in str(error.value)
    assert "whose times say nothing of it" in str(error.value)


def test_the_newest_record_decides_the_machine_and_older_ones_of_it_fill_the_gaps(
    edited: Callable[..., Path], tmp_path: Path
) -> None:
    edited("a.json", created_at="2026-12-01T00:00:00Z", without=("training_mfu_share",), suite="machine")
    edited("b.json", created_at="2026-11-30T00:00:00Z")
    edited("c.json", created_at="2026-11-29T00:00:00Z", fingerprint="f" * 16)
    leaves = leaves_of(record=tmp_path)
    assert leaves["training_memory_bytes_per_gpu"].evidence.as_of == "2026-12-01"
    assert (
        leaves["training_mfu_share"].evidence.as_of == "2026-11-30"
    )  # the newest of the machine that has it
    # the peak is that of the record whose share of it is used
    assert leaves["training_peak_flops_per_gpu_second"].evidence.as_of == "2026-11-30"
    edited("d.json", created_at="2026-12-02T00:00:00Z", fingerprint="e" * 16, without=("training_mfu_share",))
    with pytest.raises(ScenarioError, match=r"training_mfu_share: no record of measured-machine has a"):
        leaves_of(record=tmp_path)
    # by its fingerprint the older machine can be meant all the same
    named = "measured-machine:7cff"
    older = leaves_of(
        f"training.training_accelerator={named}", f"serving.serving_accelerator={named}", record=tmp_path
    )
    assert older["training_mfu_share"].evidence.as_of == "2026-11-30"
    assert measurements.find(str(tmp_path)).record == load_record(tmp_path / "d.json")


def test_a_newer_record_of_the_machine_alone_does_not_hide_the_models(
    edited: Callable[..., Path], tmp_path: Path
) -> None:
    edited("run.json")
    document = json.loads(QUIET.read_text(encoding="utf-8"))
    document |= {"created_at": "2027-01-01T00:00:00Z", "suite": "machine"}
    document["measurements"] = [m for m in document["measurements"] if m["subject"] == "machine"]
    (tmp_path / "machine.json").write_text(json.dumps(document), encoding="utf-8")
    found = measurements.find(str(tmp_path))
    assert found.path == tmp_path / "run.json"
    assert not isinstance(found.find("gpt", "latency_seconds"), str)


def test_a_catalogue_accelerator_takes_no_times_of_a_record_and_says_so(planned: Planned) -> None:
    leaf = planned("base").leaves["training_mfu_share"]
    assert leaf.evidence.kind == "published"
    assert leaf.refused is not None
    assert leaf.refused.use == "refused"
    assert leaf.refused.name == "training_mfu_share"
    assert "of another machine than h100-sxm, so refused" in leaf.beside[0]
    assert planned("base").leaves["serving_tokens_per_gpu_second"].refused is not None


FILTER = ("data.filter_machine=a cloud's own", "data.filter_bytes_per_machine_second=1e5")


def test_the_speed_of_a_filter_on_another_machine_is_refused() -> None:
    with pytest.raises(ScenarioError) as error:
        leaves_of(FILTER[0])
    assert "is of another machine than a cloud's own" in str(error.value)
    assert "write data.filter_bytes_per_machine_second" in str(error.value)


@pytest.mark.parametrize("used", ["fp32", "int8"])
def test_the_ratio_of_compression_carries_over_to_another_machine_and_is_labelled(used: str) -> None:
    leaves = leaves_of(*FILTER, f"data.filter_precision={used}")
    plain, compressed = (
        leaves[f"{form}_filter_bytes_per_machine_second"] for form in ("plain", "compressed")
    )
    assert compressed.central() / plain.central() == pytest.approx(value("gpt", "throughput_ratio", "int8"))
    assert {"fp32": plain, "int8": compressed}[used].central() == 1e5
    carried = {"fp32": compressed, "int8": plain}[used]
    assert carried.evidence.kind == "assumed"  # the user's speed is its other half
    assert carried.evidence.reference.startswith("ratio measured on 2 cores of Intel")
    assert carried.evidence.basis is not None
    assert carried.evidence.basis.use == "carried"


def test_a_figure_is_traced_down_to_the_record(run: Run) -> None:
    done = run("trace", SCENARIO, "training_gpu_hours_per_token", "--measurements", str(QUIET))
    assert done.code == 0
    text = " ".join(done.out.split())
    assert "training_mfu_share = 0.2614 share [measured] 2 cores of Intel(R) Xeon(R)" in text
    assert "[7cff3cbb5f4c], quick suite, as of 2026-11-23" in text


def test_the_shipped_record_serves_as_published(run: Run) -> None:
    done = run("check", SCENARIO)
    assert (done.code, done.err) == (0, "")
    document = json.loads(run("plan", SCENARIO, "--json").out)
    evidence = document["evidence"]["training_mfu_share"]
    assert evidence["kind"] == "published"
    assert "7cff3cbb5f4c" in evidence["reference"]


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "en",
            (
                "What rests on measurements",
                "Measured, and not used",
                "refused: an absolute figure",
                "used on the",
            ),
        ),
        ("zh", ("哪些内容依据测量结果", "已测量但未采用", "不予采用", "用于被测的机器本身")),
    ],
)
def test_the_report_tells_what_rests_on_measurements_and_what_was_refused(
    planned: Planned, lang: str, words: tuple[str, ...]
) -> None:
    html = page(planned("base"), lang)
    for text in words:
        assert text in html
    section = html[html.index(words[0]) : html.index(words[1])]
    assert "quick-record.json" in section
    assert "7cff3cbb5f4c" in section
    assert 'href="#figure-filter_usd_per_byte"' in section


def test_the_report_on_the_measured_machine_refuses_nothing(planned: Planned) -> None:
    html = page(planned(SCENARIO, measurements=str(RECORD)))
    assert "Measured, and not used" not in html
    assert "as measured" in html
    assert "model FLOPs utilisation" in html
