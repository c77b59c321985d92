"""Memory and energy of a trained model are written up, or stand as unknown with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import consumption
from bench.consumption import describe_energy, describe_memory, describe_process_memory
from bench.data.digits import load_digits
from bench.errors import MeasurementError
from bench.measuring.energy import Absent, PowerMeter
from bench.measuring.memory import module_bytes
from bench.models.building import build
from bench.models.mlp import MlpConfig
from bench.sheet import Sheet
from bench.training.cycle import Trained, Workload
from bench.training.loop import Recipe, Scores, TrainingRun

BYTES_PER_FLOAT = 4


@pytest.fixture(scope="module")
def trained() -> Trained:
    """A model as the cycle leaves it, without the cycle."""
    recipe = Recipe(num_steps=1, num_rows=16, learning_rate=1e-3, warmup_steps=0)
    workload = Workload("mlp", load_digits, (MlpConfig(),), (1e-3,), recipe, recipe, throughput_rows=32)
    scores = Scores((1.0,), (1.0,))
    run = TrainingRun((1.0,), (1.0,), scores, 1, 1.0)
    return Trained(workload, load_digits(), build(MlpConfig()), recipe, (), run, scores, 0, 0)


@pytest.mark.slow
def test_memory_is_told_of_tensors_by_use_and_of_a_process(trained: Trained) -> None:
    sheet = Sheet("mlp")
    before = {name: tensor.clone() for name, tensor in trained.model.state_dict().items()}
    describe_memory(sheet, trained, "cpu")
    describe_process_memory(sheet, trained, "cpu")
    found = {m.name: m.value for m in sheet.measurements}
    assert all(value is not None for value in found.values())
    weights = module_bytes(trained.model)
    assert found["weights_memory_bytes"] == found["gradients_memory_bytes"] == weights
    assert found["optimizer_memory_bytes"] == pytest.approx(2 * weights, rel=0.01)
    assert (found["training_process_peak_memory_bytes"] or 0) > (found["training_peak_memory_bytes"] or 0)
    assert (found["peak_memory_bytes"] or 0) > weights
    assert all((tensor == before[name]).all() for name, tensor in trained.model.state_dict().items())


def test_a_process_that_fails_leaves_the_rest(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **options: object) -> None:
        raise MeasurementError("peaks here: out of memory")

    monkeypatch.setattr(consumption, "process_peaks", fail)
    sheet = Sheet("mlp")
    describe_memory(sheet, trained, "cpu")
    describe_process_memory(sheet, trained, "cpu")
    unknown = {m.name: m.note for m in sheet.measurements if m.value is None}
    assert unknown == {
        "inference_process_peak_memory_bytes": "peaks here: out of memory",
        "training_process_peak_memory_bytes": "peaks here: out of memory",
    }
    assert len(sheet.measurements) == 8


def test_energy_that_cannot_be_read_is_unknown_and_never_estimated(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(consumption, "find_meter", lambda device: Absent("no counters here"))
    sheet = Sheet("mlp")
    describe_energy(sheet, trained, "cpu")
    [only] = sheet.measurements
    assert (only.name, only.value, only.note) == ("energy_joules", None, "no counters here")


def test_energy_is_that_of_one_call(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumption, "find_meter", lambda device: PowerMeter(lambda: 50.0, "a lamp"))
    monkeypatch.setattr(consumption, "IDLE_SECONDS", 0.05)
    sheet = Sheet("mlp")
    describe_energy(sheet, trained, "cpu", seconds=0.3)
    step, forward = sheet.measurements
    assert step.conditions == {"work": "training step", "batch": 16}
    assert forward.conditions == {"work": "forward pass", "batch": 32}
    # 50 W for as long as a call takes.
    assert 1e-6 < (forward.value or 0) < (step.value or 0) < 50.0 * 0.4
    assert "idle before it 50 W, during it 50 W" in step.note


def test_a_counter_that_stands_still_is_unknown(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumption, "find_meter", lambda device: PowerMeter(lambda: 0.0, "a dead lamp"))
    monkeypatch.setattr(consumption, "IDLE_SECONDS", 0.01)
    sheet = Sheet("mlp")
    describe_energy(sheet, trained, "cpu", seconds=0.02)
    assert [m.value for m in sheet.measurements] == [None, None]
    assert all("stood still" in m.note for m in sheet.measurements)
