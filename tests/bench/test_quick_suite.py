"""One real run of the quick suite: the record holds what the planner reads, and its numbers hang together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench.cli import bench
from bench.record import Measurement, Record, load

pytestmark = pytest.mark.slow

QuickRun = tuple[Path, Record]

BOTH_FORMATS = ("loss_nats_per_byte", "file_bytes", "latency_seconds", "peak_memory_bytes")
FP32_ONLY = ("params", "forward_flops", "training_flops_per_second", "training_mfu_share")
INT8_ONLY = ("throughput_ratio", "latency_ratio", "file_ratio")


def value(record: Record, subject: str, name: str, variant: str = "fp32") -> float:
    found = record.find(subject, name, variant)
    assert found is not None, f"{subject} {name} {variant}"
    assert found.value is not None
    return found.value


def test_what_the_planner_reads_is_there(quick_run: QuickRun) -> None:
    _, record = quick_run
    assert value(record, "machine", "peak_flops_per_second") > 1e9
    assert value(record, "machine", "peak_flops_per_second", "bf16") > 1e8
    assert value(record, "machine", "memory_bandwidth_bytes_per_second") > 1e8
    for variant in ("fp32", "int8"):
        for name in (*BOTH_FORMATS, "throughput_bytes_per_second"):
            assert value(record, "gpt", name, variant) > 0
        for name in ("accuracy_share", "file_bytes", "latency_seconds", "throughput_items_per_second"):
            assert value(record, "mlp", name, variant) > 0
    for subject in ("gpt", "mlp"):
        for name in FP32_ONLY:
            assert value(record, subject, name) > 0
        for name in INT8_ONLY:
            assert value(record, subject, name, "int8") > 0


def test_the_models_learned(quick_run: QuickRun) -> None:
    _, record = quick_run
    assert value(record, "mlp", "accuracy_share") > 0.95
    assert value(record, "mlp", "accuracy_share", "int8") > 0.93
    # A model that knows only how often each byte occurs has above 3 nats per byte on this text.
    if not any("trained for" in warning for warning in record.warnings):
        assert value(record, "gpt", "loss_nats_per_byte") < 2.6
    assert abs(value(record, "gpt", "loss_difference_nats_per_byte", "int8")) < 0.05


def test_the_loaded_models_gave_the_same_outputs(quick_run: QuickRun) -> None:
    _, record = quick_run
    for subject in ("mlp", "gpt"):
        assert value(record, subject, "reload_differing_outputs") == 0


def test_the_numbers_hang_together(quick_run: QuickRun) -> None:
    _, record = quick_run
    for subject in ("mlp", "gpt"):
        achieved = value(record, subject, "training_flops_per_second")
        peak = value(record, "machine", "peak_flops_per_second")
        assert value(record, subject, "training_mfu_share") == pytest.approx(achieved / peak)
        step = value(record, subject, "training_step_flops")
        assert achieved == pytest.approx(step / value(record, subject, "training_step_seconds"))
        whole, small = (value(record, subject, "file_bytes", variant) for variant in ("fp32", "int8"))
        assert whole > 4 * value(record, subject, "params")
        assert value(record, subject, "file_ratio", "int8") == pytest.approx(small / whole)
        assert 0.25 < small / whole < 0.35
        assert value(record, subject, "peak_memory_bytes") > 4 * value(record, subject, "params")
        latency = record.find(subject, "latency_seconds")
        assert latency is not None
        assert latency.low is not None
        assert latency.high is not None
        assert latency.low <= value(record, subject, "latency_seconds") <= latency.high


def test_every_ratio_tells_the_noise_of_its_control(quick_run: QuickRun) -> None:
    _, record = quick_run
    ratios = [m for m in record.measurements if m.name in ("latency_ratio", "throughput_ratio")]
    assert len([ratio for ratio in ratios if not ratio.conditions]) == 4
    for ratio in ratios:
        assert "fp32 against itself" in ratio.note
        assert ratio.low is not None
        assert len(ratio.samples) >= 5


def test_latency_has_a_second_figure_percentiles_and_processor_time(quick_run: QuickRun) -> None:
    _, record = quick_run
    for subject in ("mlp", "gpt"):
        for variant in ("fp32", "int8"):
            wall = value(record, subject, "latency_seconds", variant)
            assert value(record, subject, "latency_processor_seconds", variant) < 2 * wall
            p95 = record.find(subject, "latency_p95_seconds", variant)
            assert p95 is not None
            assert (p95.value is None) == (len(p95.samples) < 60)
            assert p95.value is None or p95.value > 0.5 * wall
    cores = record.machine.num_cores
    assert cores == 1 or record.find("gpt", "latency_seconds", threads=cores) is not None


def test_generation_is_told_over_batches_and_contexts(quick_run: QuickRun) -> None:
    _, record = quick_run
    for variant in ("fp32", "int8"):
        prefill = [m for m in record.measurements if m.name == "prefill_seconds" and m.variant == variant]
        assert [m.conditions for m in prefill] == [
            {"batch": batch, "context_tokens": tokens} for batch in (1, 4) for tokens in (32, 128)
        ]
        longest = record.find("gpt", "decode_seconds_per_token", variant, batch=4, context_tokens=128)
        assert longest is not None
        assert 0 < (longest.value or 0) < (prefill[-1].value or 0)


def test_memory_is_told_by_use_and_for_a_process(quick_run: QuickRun) -> None:
    _, record = quick_run
    for subject in ("mlp", "gpt"):
        weights = value(record, subject, "weights_memory_bytes")
        assert value(record, subject, "gradients_memory_bytes") == pytest.approx(weights, rel=0.01)
        assert value(record, subject, "optimizer_memory_bytes") == pytest.approx(2 * weights, rel=0.01)
        peak = value(record, subject, "training_peak_memory_bytes")
        assert 3 * weights < peak < value(record, subject, "training_process_peak_memory_bytes")
        assert value(record, subject, "activations_memory_bytes") < peak


def test_energy_is_measured_or_says_why_not(quick_run: QuickRun) -> None:
    _, record = quick_run
    found = [m for m in record.measurements if m.name == "energy_joules"]
    assert {m.subject for m in found} == {"mlp", "gpt"}
    assert all(m.value is not None and m.value > 0 if m.conditions else m.note for m in found)


def test_every_trial_of_the_search_is_told_and_one_is_chosen(quick_run: QuickRun) -> None:
    _, record = quick_run
    for subject in ("mlp", "gpt"):
        trials = [m for m in record.measurements if m.subject == subject and m.name.startswith("search_loss")]
        assert len(trials) >= 4
        assert sum(m.note.endswith("chosen") for m in trials) == 1


def test_every_measurement_says_how(quick_run: QuickRun) -> None:
    path, record = quick_run
    assert all(m.method for m in record.measurements)
    assert path.name.startswith(f"quick-cpu-{record.created_at:%Y%m%dT%H%M%SZ}-")
    assert load(path) == record
    assert record.contended == any("not quiet" in warning for warning in record.warnings)


def test_show_prints_the_record_and_its_json(quick_run: QuickRun) -> None:
    path, record = quick_run
    text = CliRunner().invoke(bench, ["show", str(path.parent)]).output
    for measurement in record.measurements:
        assert measurement.name in text
    document = json.loads(CliRunner().invoke(bench, ["show", str(path), "--json"]).output)
    assert [Measurement.model_validate(m) for m in document["measurements"]] == list(record.measurements)


def test_no_path_stands_in_the_record(quick_run: QuickRun) -> None:
    path, _ = quick_run
    text = path.read_text()
    assert str(Path.home()) not in text
    assert str(path.parent) not in text
