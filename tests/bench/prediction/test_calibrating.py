"""A calibration is kept in a record and read back; from it any model can be predicted, on this machine alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from bench.cli import bench
from bench.environment import describe_machine
from bench.errors import RecordError
from bench.measuring.num_threads import threads
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.prediction import calibrating, cells, microbenchmarks
from bench.prediction.calibrating import CELL, calibrate, of_record
from bench.prediction.finding import find
from bench.prediction.fitting import Fit
from bench.prediction.predicting import predict
from bench.prediction.present import present_pace
from bench.prediction.tasks import Task
from bench.record import Record, now, save

pytestmark = pytest.mark.slow

SHORT = {
    "ROWS": (1, 64),
    "WIDTHS": (16, 128),
    "STREAM_ROWS": (1,),
    "STREAM_INPUTS": (128,),
    "PASSES": 1,
    "SECONDS_PER_POINT": 0.001,
    "STREAM_BYTES": (2**22,),
    "QUERIES": (16, 64),
}
SHORT |= {
    "HEAD_WIDTHS": (32,),
    "CACHED_KEYS": (64,),
    "CACHED_BYTES": (2**20, 2**22),
    "KERNELS": tuple(kernel for kernel in microbenchmarks.KERNELS if kernel.shape.weight_bytes < 2**22),
    "TRAFFIC_BYTES": (2**16, 2**22),
}


@pytest.fixture(scope="module")
def record() -> Record:
    """Calibrate for real, on coarser grids, with each small model run no longer than it must."""
    with pytest.MonkeyPatch.context() as patch, threads(1):
        for name, value in SHORT.items():
            patch.setattr(microbenchmarks, name, value)
        for name, value in {"PASSES": 1, "SECONDS_PER_PASS": 0.02, "MIN_BLOCKS": 2}.items():
            patch.setattr(cells, name, value)
        patch.setattr(calibrating, "MEMORY_CELLS", cells.MEMORY_CELLS[:2])
        measurements = calibrate()
    return Record(
        suite="calibration",
        device="cpu",
        created_at=now(),
        benchplan_version="0",
        machine=describe_machine("cpu"),
        measurements=tuple(measurements),
        duration_seconds=1.0,
        contended=False,
    )


def test_it_comes_back_from_its_file_as_it_was(record: Record) -> None:
    again = of_record(Record.model_validate_json(record.to_json()), 1)
    assert again.fit == of_record(record, 1).fit
    task = Task(MlpConfig(), "training_step", 8)
    assert predict(task, again) == predict(task, of_record(record, 1))
    assert {seen.name for seen in again.fit.cells} == {task.in_words() for task in cells.CELLS}


def test_a_larger_model_takes_longer_and_more_memory(record: Record) -> None:
    calibration = of_record(record, 1)
    small, large = (
        predict(
            Task(GptConfig(width=width, num_layers=2, feed_forward_width=4 * width), "training_step", 2, 64),
            calibration,
        )
        for width in (64, 512)
    )
    assert small.seconds < large.seconds
    assert small.peak_memory_bytes < large.peak_memory_bytes
    for one in (small, large):
        assert one.low < one.seconds < one.high
        assert one.process_peak_memory_bytes > 0


def test_the_pace_of_now_is_told_by_small_models_that_the_calibration_ran(record: Record) -> None:
    calibration = of_record(record, 1)
    before = torch.get_num_threads()
    pace = present_pace(calibration)
    assert torch.get_num_threads() == before
    # Whatever runs beside the tests, it is this machine.
    assert 0.2 < pace.ratio(0.0) < 10
    task = Task(MlpConfig(64, (512, 512)), "training_step", 64)
    now, then = predict(task, calibration, pace), predict(task, calibration)
    assert now.undisturbed_seconds == then.undisturbed_seconds
    assert now.seconds == pytest.approx(now.undisturbed_seconds * now.pace_ratio)
    assert now.low < now.seconds < now.high
    fewer = tuple(cell for cell in calibration.fit.cells if not cell.name.startswith("decode"))
    with pytest.raises(RecordError, match=r"did not run a decode of .*make a new one"):
        present_pace(replace(calibration, fit=Fit(fewer)))


def test_training_takes_longer_than_the_forward_pass_alone(record: Record) -> None:
    calibration = of_record(record, 1)
    config = MlpConfig(64, (512, 512))
    step, forward = (predict(Task(config, mode, 64), calibration) for mode in ("training_step", "prefill"))
    assert step.seconds > 1.5 * forward.seconds


def test_it_serves_the_threads_that_it_was_made_with(record: Record) -> None:
    with pytest.raises(RecordError, match="no calibration for 7 threads"):
        of_record(record, 7)


def test_a_calibration_with_a_part_missing_is_refused(record: Record) -> None:
    without = [m for m in record.measurements if m.name != "traffic_bytes_per_second"]
    with pytest.raises(RecordError, match="no whole grid of traffic"):
        of_record(record.model_copy(update={"measurements": tuple(without)}), 1)
    without = [m for m in record.measurements if m.name != "convolution_seconds"]
    with pytest.raises(RecordError, match="too few convolutions"):
        of_record(record.model_copy(update={"measurements": tuple(without)}), 1)
    without = [m for m in record.measurements if m.name != "page_fault_seconds_per_byte"]
    with pytest.raises(RecordError, match="no page_fault_seconds_per_byte"):
        of_record(record.model_copy(update={"measurements": tuple(without)}), 1)
    unsaid = [
        m.model_copy(update={"conditions": {"threads": 1, "step": "a step"}}) if m.name == CELL else m
        for m in record.measurements
    ]
    with pytest.raises(RecordError, match="'a step' does not say what it is made of"):
        of_record(record.model_copy(update={"measurements": tuple(unsaid)}), 1)


def test_only_this_machines_own_calibration_is_found(record: Record, tmp_path: Path) -> None:
    other = record.machine.model_copy(update={"fingerprint": "0" * 16})
    save(record.model_copy(update={"machine": other}), tmp_path / "other.json")
    assert find(tmp_path, 1) is None
    save(record, tmp_path / "own.json")
    found = find(tmp_path, 1)
    assert found is not None
    assert found[0].name == "own.json"
    assert find(tmp_path, 7) is None
    assert find(tmp_path / "nowhere", 1) is None


def test_the_command_predicts_and_checks(record: Record, tmp_path: Path) -> None:
    save(record, tmp_path / "own.json")
    shape = ["--model", "mlp", "--layers", "2", "--d-model", "256", "--rows", "32", "--mode", "training"]
    folder = ["--measurements", str(tmp_path)]
    done = CliRunner().invoke(bench, ["predict", *shape, *folder, "--check", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    [one] = document["predictions"]
    assert one["model"] == "MLP 64-256-256-10"
    assert one["seconds_low"] < one["seconds"] < one["seconds_high"]
    assert one["predicted_over_checked_ratio"] == pytest.approx(one["seconds"] / one["checked_seconds"])
    told = CliRunner().invoke(bench, ["predict", *shape, *folder, "--steps", "1000"])
    assert "80 % interval" in told.stdout
    assert "1,000 steps" in told.stdout
    assert "at the present pace of this machine" in told.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["own.json"], "it needs no new calibration"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "mlp", "--mode", "decode"], "makes no tokens"),
        (["--model", "conv", "--tokens", "8"], "only gpt works on tokens"),
        (["--model", "gtp"], "Did you mean 'gpt'"),
        (["--model", "gpt", "--context", "64", "--tokens", "65"], "more than --context 64"),
        (["--model", "mlp", "--heads", "4"], "--heads is no part of its shape"),
    ],
)
def test_what_cannot_be_asked_is_named(arguments: list[str], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(bench, ["predict", *arguments, "--measurements", str(tmp_path)])
    assert done.exit_code != 0
    assert said in str(done.exception) + done.output
    assert not list(tmp_path.iterdir())


def test_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
