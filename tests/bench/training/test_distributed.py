"""Two processes reach what one reaches at the same rows a step, with DDP and with FSDP2, and say how they scale."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from bench.data.digits import load_digits
from bench.data.splits import Batch
from bench.errors import InputError
from bench.models.building import build
from bench.models.mlp import MlpConfig
from bench.record import load_folder
from bench.training.distributed import ALONE, Team, team_of
from bench.training.loop import train
from bench.training.resuming import CheckpointFile

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).parent
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def worker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("team_worker", HERE / "team_worker.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torchrun(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [*TORCHRUN, *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_two_processes_reach_what_one_reaches(tmp_path: Path) -> None:
    done = torchrun(HERE / "team_worker.py", tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads((tmp_path / "found.json").read_text())
    module = worker()
    # Muon orthogonalises in bf16, where another order of sums shows earlier.
    tolerances = {"sgd": 1e-4, "muon": 2e-3}
    for name, recipe in module.RECIPES.items():
        close = tolerances[name]
        alone: dict[str, Any] = module.run(recipe, ALONE, None)
        for kind in ("ddp", "fsdp"):
            team = found[f"{kind} {name}"]
            assert team["training"] == pytest.approx(alone["training"], rel=close), (kind, name)
            assert team["validation"] == pytest.approx(alone["validation"], rel=close), (kind, name)
            # Each row of the test part once and in its place: 359 rows do not split evenly.
            assert team["test"] == pytest.approx(alone["test"], rel=10 * close, abs=close), (kind, name)
            assert team["weights"] == pytest.approx(alone["weights"], rel=10 * close), (kind, name)
        assert alone["training"][-1] < alone["training"][0]
        # A checkpoint of a team is whole: one process goes on from it, and tells that it is not the same.
        for kind in ("ddp", "fsdp"):
            file = CheckpointFile(tmp_path / f"{name}-{kind}", 4)
            model = build(MlpConfig())
            run = train(model, load_digits(), recipe, checkpoint=file, resume=True)
            assert run.num_steps == recipe.num_steps
            assert "processes 2 then, 1 now" in run.warnings[0]
            weights = {k: float(v.abs().sum()) for k, v in model.state_dict().items()}
            assert weights == pytest.approx(found[f"{kind} {name}"]["weights"], rel=1e-5)


@pytest.mark.slow
def test_the_record_of_a_team_tells_how_it_scales(tmp_path: Path) -> None:
    arguments = [
        "train",
        "--steps",
        "20",
        "--rows",
        "32",
        "--autocast",
        "off",
        "--no-mfu",
        "--measure-scaling",
    ]
    done = torchrun(
        "-m",
        "planner",
        "bench",
        *arguments,
        "--distributed",
        "fsdp",
        "-o",
        tmp_path,
        "--save",
        tmp_path / "m",
    )
    assert done.returncode == 0, done.stderr[-3000:]
    [(path, record)] = load_folder(tmp_path)
    assert done.stdout.count(str(path)) == 1, "rank 0 alone speaks"
    under = {"optimizer": "adamw", "rows": 32, "processes": 2, "distributed": "fsdp"}
    efficiency = record.find("mlp", "scaling_efficiency_share", **under)
    one, team = (record.find("mlp", f"{name}_step_seconds", **under) for name in ("one_process", "team"))
    assert efficiency is not None
    assert one is not None
    assert team is not None
    assert efficiency.value is not None
    assert 0 < efficiency.value < 2
    assert len(efficiency.samples) >= 5
    assert "each process with 1 thread(s)" in efficiency.method
    assert efficiency.value == pytest.approx(one.value / 2 / team.value, rel=0.8)  # type: ignore[operator]
    assert (tmp_path / "m").stat().st_size > 4 * 26_122


def test_shares_of_a_step_are_all_rows_once() -> None:
    batch = Batch(torch.arange(11.0)[:, None], torch.arange(11))
    for size in (1, 2, 3, 4):
        teams = [Team("ddp", rank, size) for rank in range(size)]
        shares = [team.share(batch).targets for team in teams]
        assert torch.cat(shares).tolist() == list(range(11))
        weights = [team.weight(len(share), 11) / size for team, share in zip(teams, shares, strict=True)]
        means = [share.float().mean() for share in shares]
        total = sum(weight * float(mean) for weight, mean in zip(weights, means, strict=True))
        assert total == pytest.approx(5.0)
        equal = [len(team.equal_share(batch).targets) for team in teams]
        assert len(set(equal)) == 1


def test_sharing_needs_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RANK", raising=False)
    with pytest.raises(InputError, match="torchrun --standalone"), team_of("ddp", "cpu"):
        pass
