"""`bench train` keeps a record, refuses what cannot work, and goes on to the same bits after kill -9."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file

from bench.cli import bench
from bench.errors import BenchplanError, InputError, MeasurementError
from bench.record import Record, load_folder
from bench.training.checkpoints import load_model

ROOT = Path(__file__).resolve().parents[3]
SHORT = ["train", "--steps", "20", "--rows", "16", "--autocast", "off", "--no-mfu"]


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(bench, [str(argument) for argument in arguments])


def failed(*arguments: str | Path) -> BenchplanError:
    result = invoke(*arguments)
    assert isinstance(result.exception, BenchplanError), result.output
    assert "\n" not in str(result.exception)
    return result.exception


def test_a_run_keeps_its_record_and_its_model(tmp_path: Path) -> None:
    arguments = [
        "--optimizer",
        "muon",
        "--schedule",
        "wsd",
        "--accumulate",
        "2",
        "--save",
        tmp_path / "new" / "m",
    ]
    result = invoke(*SHORT, *arguments, "-o", tmp_path / "kept", "--json")
    assert result.exit_code == 0, result.output
    [(_, record)] = load_folder(tmp_path / "kept")
    assert Record.model_validate_json(result.stdout) == record
    assert record.suite == "train"
    values = {m.name: m for m in record.measurements}
    assert {
        "training_loss_nats_per_item", "validation_loss_nats_per_item", "loss_nats_per_item", "accuracy_share",
        "training_step_seconds", "training_items_per_second", "training_step_flops", "training_seconds",
    } <= set(values)  # fmt: skip
    assert "training_mfu_share" not in values
    assert len(values["training_loss_nats_per_item"].samples) == 20
    assert "Muon" in values["training_loss_nats_per_item"].method
    assert values["params"].value == 26_122
    assert values["params"].conditions == {"optimizer": "muon", "rows": 16}
    assert load_model(tmp_path / "new" / "m").config.params == 26_122


def test_a_table_of_the_users_is_learned_and_the_mfu_told(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    rows = [f"{i % 7},{i % 5},{'yes' if i % 7 > 3 else 'no'}" for i in range(300)]
    table.write_text("\n".join(["a,b,bought", *rows]) + "\n")
    arguments = ["--data", table, "--target", "bought", "--steps", "100", "--layers", "1", "--d-model", "16"]
    result = invoke("train", *arguments, "--autocast", "off", "-o", tmp_path / "kept")
    assert result.exit_code == 0, result.exception or result.output
    [(_, record)] = load_folder(tmp_path / "kept")
    values = {m.name: m.value for m in record.measurements}
    assert (values["accuracy_share"] or 0) > 0.75
    assert 0 < (values["training_mfu_share"] or 0) < 1
    assert "training_mfu_share" in result.output


OWN = """
import torch
from torch import nn
def fits():
    return nn.Sequential(nn.Linear(64, 16), nn.ReLU(), nn.Linear(16, 10)), torch.rand(2, 64)
def too_few():
    return nn.Linear(64, 3), torch.rand(2, 64)
def other_inputs():
    return nn.Linear(5, 10), torch.rand(2, 5)
def raises():
    raise RuntimeError("no such luck")
"""


def test_a_model_file_of_the_users_is_trained_or_named(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(OWN)
    assert invoke(*SHORT, "--model", f"{file}:fits", "-o", tmp_path / "kept").exit_code == 0
    for function, named in (
        ("too_few", "at least 10"),
        ("other_inputs", "inputs (2, 64)"),
        ("raises", "no such luck"),
        ("fit", "fits"),
    ):
        error = failed(*SHORT, "--model", f"{file}:{function}", "-o", tmp_path / "kept")
        assert isinstance(error, InputError)
        assert named in str(error)
    assert len(load_folder(tmp_path / "kept")) == 1


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--optimizer", "AdamWW"], "Did you mean 'adamw'"),
        (["--schedule", "cosin"], "Did you mean 'cosine'"),
        (["--model", "gtp"], "gpt"),
        (["--model", "gpt", "--data", "digits"], "does not fit"),
        (["--data", "digit"], "digits"),
        (["--resume"], "--checkpoint FILE"),
        (["--resume", "--checkpoint", "missing/c"], "there is no checkpoint to resume from"),
        (["--accumulate", "17"], "--accumulate 17"),
        (["--warmup", "21"], "--warmup 21"),
        (["--distributed", "ddp"], "torchrun"),
        (["--optimizer", "muon", "--layers", "0"], "no hidden matrix"),
    ],
)
def test_what_cannot_work_is_refused(
    arguments: list[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    error = failed(*SHORT, *arguments)
    assert error.exit_status == 2
    assert named in str(error)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["--steps", "--rows", "--learning-rate", "--accumulate"])
def test_negative_numbers_are_refused(option: str) -> None:
    result = invoke(*SHORT, option, "-3")
    assert result.exit_code == 2
    assert "-3" in result.output


def test_a_checkpoint_is_not_overwritten_and_its_folder_is_made(tmp_path: Path) -> None:
    arguments = [*SHORT, "--checkpoint", tmp_path / "new" / "c", "-o", tmp_path / "kept"]
    assert invoke(*arguments).exit_code == 0
    assert "there is a checkpoint already" in str(failed(*arguments))
    assert invoke(*arguments, "--resume").exit_code == 0
    assert "--rows was 16 and is 8" in str(failed(*arguments, "--resume", "--rows", "8"))


def test_a_loss_that_breaks_down_and_memory_that_runs_out_are_named(tmp_path: Path) -> None:
    kept = ["-o", tmp_path / "kept"]
    wild = ["--optimizer", "sgd", "--learning-rate", "1e30", "--max-gradient-norm", "1e30", *kept]
    error = failed(*SHORT, *wild)
    assert isinstance(error, MeasurementError)
    assert "broke down" in str(error)
    assert "--learning-rate" in str(error)
    assert "--accumulate" in str(failed(*SHORT, "--rows", str(10**14), *kept))
    assert not (tmp_path / "kept").exists()


# Small on purpose: what counts is the moment of the kill.
KILLED = [
    "--steps",
    "240",
    "--rows",
    "16",
    "--evaluate-every",
    "40",
    "--patience",
    "4",
    "--checkpoint-every",
    "6",
]
NUM_KILLS = 5


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    code = "from bench.cli import bench; bench()"
    files = ["--checkpoint", str(folder / "c"), "--save", str(folder / "m"), "-o", str(folder / "kept")]
    command = [sys.executable, "-c", code, "train", *KILLED, "--autocast", "off", "--no-mfu", *files, *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def kill_after(process: subprocess.Popen[str], file: Path, num_checkpoints: int, seconds: float) -> bool:
    """Kill a process so many checkpoints and seconds after its start; tells whether it was still running."""
    seen: set[tuple[int, int]] = set()
    while process.poll() is None and len(seen) <= num_checkpoints:
        if file.exists():
            status = file.stat()
            seen.add((status.st_ino, status.st_mtime_ns))
        time.sleep(0.0005)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_runs_killed_at_random_moments_end_with_the_same_bits(tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    for folder in (whole, killed):
        folder.mkdir()
    unbroken = start(whole)
    assert unbroken.wait() == 0, unbroken.stderr and unbroken.stderr.read()
    moments = random.Random(20)
    kills = 0
    while kills < NUM_KILLS:
        resume = ["--resume"] if (killed / "c").exists() else []
        process = start(killed, *resume)
        if not kill_after(process, killed / "c", moments.randint(1, 5), moments.uniform(0, 0.02)):
            assert process.returncode == 0, process.stderr and process.stderr.read()
            break
        kills += 1
    assert kills >= 5, "the run ended before it was killed often enough"
    last = start(killed, "--resume")
    assert last.wait() == 0, last.stderr and last.stderr.read()
    a, b = (load_file(folder / "m") for folder in (whole, killed))
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    records = [load_folder(folder / "kept")[0][1] for folder in (whole, killed)]
    losses = [r.find("mlp", "training_loss_nats_per_item", optimizer="adamw", rows=16) for r in records]
    assert losses[0] is not None
    assert losses[0] == losses[1]
    assert not any("same bits" in warning for record in records for warning in record.warnings)
