"""A run that was cut off at any moment goes on to the same bits, and a checkpoint that does not fit is refused."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import bench.record
from bench.data.digits import load_digits
from bench.data.splits import Batch, DataSet
from bench.errors import InputError, MeasurementError
from bench.models.building import build
from bench.models.mlp import MlpConfig
from bench.training import resuming
from bench.training.loop import Recipe, TrainingRun, train
from bench.training.resuming import CheckpointFile

RECIPE = Recipe(num_steps=40, num_rows=16, learning_rate=3e-3, warmup_steps=4, evaluate_every=10)
EVERY = 4


class CutOffError(Exception):
    """Stands for whatever ends a process."""


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_digits()


def with_dropout() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.Dropout(0.2), nn.ReLU(), nn.Linear(32, 10))


def go(
    data: DataSet,
    recipe: Recipe = RECIPE,
    path: Path | None = None,
    *,
    resume: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[TrainingRun, dict[str, Tensor]]:
    model = with_dropout()
    file = None if path is None else CheckpointFile(path, EVERY)
    torch.manual_seed(5)
    run = train(model, data, recipe, say, checkpoint=file, resume=resume)
    return run, model.state_dict()


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def cut_off_after(monkeypatch: pytest.MonkeyPatch, num_checkpoints: int) -> None:
    write, written = CheckpointFile.write, []

    def counted(self: CheckpointFile, snapshot: resuming.Snapshot) -> bool:
        done = write(self, snapshot)
        written.append(snapshot.step)
        if len(written) == num_checkpoints:
            raise CutOffError
        return done

    monkeypatch.setattr(CheckpointFile, "write", counted)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "adam"},
        {"optimizer": "sgd", "learning_rate": 0.1, "accumulate": 3},
        {"optimizer": "rmsprop", "schedule": "wsd"},
        {"optimizer": "muon", "autocast": "on"},
        {"patience": 1, "learning_rate": 0.5, "warmup_steps": 0},
    ],
    ids=str,
)
def test_a_run_cut_off_goes_on_to_the_same_bits(
    changes: dict[str, object], digits: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(RECIPE, **changes)  # type: ignore[arg-type]
    whole, weights = go(digits, recipe)
    for number in (1, 4, 7):
        path = tmp_path / str(number)
        with monkeypatch.context() as patch:
            cut_off_after(patch, number)
            with pytest.raises(CutOffError):
                go(digits, recipe, path)
        run, resumed = go(digits, recipe, path, resume=True)
        assert same(weights, resumed)
        assert run.training_losses_nats == whole.training_losses_nats
        assert run.validation_losses_nats == whole.validation_losses_nats
        assert run.validation == whole.validation
        assert not run.warnings


def test_a_finished_run_that_is_resumed_is_as_it_was(digits: DataSet, tmp_path: Path) -> None:
    recipe = replace(RECIPE, patience=1)
    first, weights = go(digits, recipe, tmp_path / "c")
    again, resumed = go(digits, recipe, tmp_path / "c", resume=True)
    assert same(weights, resumed)
    assert again.validation == first.validation
    assert again.num_steps == first.num_steps


KILLS = ("os.fsync", "Path.hardlink_to", "Path.replace", "Path.unlink")


@pytest.mark.parametrize("where", KILLS)
@pytest.mark.parametrize("call", [2, 3, 4])
def test_a_kill_amid_the_writing_of_a_checkpoint_loses_nothing(
    where: str, call: int, digits: DataSet, tmp_path: Path
) -> None:
    _, weights = go(digits)
    path = tmp_path / "c"
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        owner, _, name = where.rpartition(".")
        place: object = os if owner == "os" else Path
        original, calls = getattr(place, name), []

        def deadly(*arguments: object, **options: object) -> object:
            calls.append(1)
            if len(calls) == call:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(*arguments, **options)

        setattr(place, name, deadly)
        try:
            go(digits, path=path)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    run, resumed = go(digits, path=path, resume=True)
    assert same(weights, resumed)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["c", "c.previous"], "no temporary file stays"
    assert not run.warnings


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(digits: DataSet, tmp_path: Path) -> None:
    _, weights = go(digits)

    def interrupt(text: str) -> None:
        if text.startswith("step 20"):
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(MeasurementError, match=r"stopped by ctrl-C after step 2\d of 40.*--resume"):
            go(digits, path=tmp_path / "c", say=interrupt)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert same(weights, go(digits, path=tmp_path / "c", resume=True)[1])


def test_another_run_is_refused_by_what_differs(digits: DataSet, tmp_path: Path) -> None:
    path = tmp_path / "c"
    go(digits, path=path)
    flipped = replace(digits, training=Batch(digits.training.inputs.flip(0), digits.training.targets))
    for data, recipe, named in (
        (digits, replace(RECIPE, num_rows=17), "--rows was 16 and is 17"),
        (digits, replace(RECIPE, optimizer="sgd"), "--optimizer was adamw and is sgd"),
        (flipped, RECIPE, "content of the data was"),
    ):
        with pytest.raises(InputError, match=named) as caught:
            go(data, recipe, path, resume=True)
        assert str(path) in str(caught.value)
    with pytest.raises(InputError, match="model was Sequential and is MLP 64-128-128-10"):
        train(build(MlpConfig()), digits, RECIPE, checkpoint=CheckpointFile(path), resume=True)


def test_the_time_limit_may_differ(digits: DataSet, tmp_path: Path) -> None:
    go(digits, replace(RECIPE, max_seconds=1e6), tmp_path / "c")
    go(digits, replace(RECIPE, max_seconds=1e5), tmp_path / "c", resume=True)


def damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    if how == "cut":
        content = content[: len(content) // 2]
    elif how == "empty":
        content = bytearray()
    else:
        content[-9] ^= 0x10
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["cut", "empty", "one bit"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_taken(
    how: str, digits: DataSet, tmp_path: Path
) -> None:
    path = tmp_path / "c"
    _, weights = go(digits, path=path)
    damage(path, how)
    run, resumed = go(digits, path=path, resume=True)
    assert same(weights, resumed)
    [warning] = run.warnings
    assert warning.startswith(f"{path}: is damaged")
    assert f"resumed from {path}.previous of step 36" in warning
    for each in (path, path.with_name("c.previous")):
        damage(each, how)
    with pytest.raises(InputError, match="no checkpoint can be read") as caught:
        go(digits, path=path, resume=True)
    assert f"{path}.previous" in str(caught.value)


def test_what_is_no_checkpoint_is_refused_and_never_unpickled(digits: DataSet, tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (os.mkdir, (str(tmp_path / "unpickled"),))

    torch.save({"model": Bomb()}, tmp_path / "pickle")
    save_file({"weight": torch.zeros(2)}, tmp_path / "foreign")
    newer = '{"version": 99, "facts": {}, "identity": {}, "checksum": 0}'
    save_file({"weight": torch.zeros(2)}, tmp_path / "newer", {resuming.METADATA_KEY: newer})
    for name in ("pickle", "foreign", "newer", "missing"):
        with pytest.raises(InputError) as caught:
            go(digits, path=tmp_path / name, resume=True)
        assert str(tmp_path / name) in str(caught.value)
    assert not (tmp_path / "unpickled").exists()


def full_disk(patch: pytest.MonkeyPatch, after: int) -> None:
    written: list[Path] = []

    def write(path: Path, content: bytes) -> None:
        written.append(path)
        if len(written) > after:
            raise OSError(errno.ENOSPC, "No space left on device")
        bench.record.write_atomically(path, content)

    patch.setattr(resuming, "write_atomically", write)


def test_a_disk_that_fills_up_does_not_cost_the_training(
    digits: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, weights = go(digits)
    path = tmp_path / "c"
    with monkeypatch.context() as patch:
        full_disk(patch, after=3)
        run, finished = go(digits, path=path)
    assert same(weights, finished)
    assert "step 12 cannot be written (the disk is full); that of step 8 stays" in run.warnings[0]
    assert same(weights, go(digits, path=path, resume=True)[1])


def test_a_disk_that_is_full_from_the_start_is_told_at_once(
    digits: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_disk(monkeypatch, after=0)
    with pytest.raises(MeasurementError, match=r"the disk is full.*not begun"):
        go(digits, path=tmp_path / "c")


def test_after_a_breakdown_the_last_good_checkpoint_stays(
    digits: DataSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, sample = tmp_path / "c", DataSet.sample
    drawn: list[int] = []

    def poisoned(self: DataSet, num_rows: int, generator: torch.Generator) -> Batch:
        drawn.append(num_rows)
        inputs, targets = sample(self, num_rows, generator)
        return Batch(inputs * float("nan") if len(drawn) == 22 else inputs, targets)

    with monkeypatch.context() as patch:
        patch.setattr(DataSet, "sample", poisoned)
        with pytest.raises(MeasurementError) as caught:
            go(digits, path=path)
    assert "the loss is nan at step 22 of 40, with learning rate 0.00" in str(caught.value)
    assert f"the checkpoint of step 20 stays in {path}" in str(caught.value)
    assert same(go(digits)[1], go(digits, path=path, resume=True)[1])
