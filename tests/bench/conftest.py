"""One real run of the quick suite, shared by all tests that look at it, and small real records."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.record import Machine, Measurement, Record, load_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Record]:
    """Run the quick suite once, as the command does, and return where its record lies and what is in it."""
    folder = tmp_path_factory.mktemp("quick") / "measurements"
    code = "from bench.cli import bench; bench()"
    command = [sys.executable, "-c", code, "run", "--device", "cpu", "-o", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "the progress is silent where standard error is no terminal"
    [(path, record)] = load_folder(folder)
    assert str(path) in done.stdout
    return path, record


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """Make a record by hand; any of its fields may be given."""

    def make(**fields: object) -> Record:
        machine = Machine(
            fingerprint="0123456789abcdef",
            description="2 cores of a test machine",
            processor="test machine",
            instruction_set="AVX2",
            num_cores=2,
            memory_bytes=2**33,
            operating_system="Linux x86_64",
            python="3.11.0",
            torch="2.6.0",
        )
        latency = Measurement(
            subject="gpt", name="latency_seconds", value=0.004, low=0.003, high=0.005, method="timed",
            samples=(0.003, 0.005),
        )  # fmt: skip
        given: dict[str, Any] = {
            "suite": "quick",
            "device": "cpu",
            "created_at": datetime(2026, 11, 23, 14, 0, 0, tzinfo=UTC),
            "benchplan_version": "0.1.0",
            "machine": machine,
            "measurements": (latency,),
            "duration_seconds": 60.0,
            "contended": False,
        }
        return Record.model_validate({**given, **fields})

    return make


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Let torch use one thread: threads that wait for each other cost small tests more than they give."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
