"""What a compression run has finished is found again, and never mixed up with another run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.compression.forms import Cost
from bench.compression.shelf import IDENTITY, Shelf
from bench.errors import InputError, MeasurementError
from bench.models.building import build
from bench.models.mlp import MlpConfig
from bench.training.scoring import Scores

RUN = {"model": "mlp", "seeds": 2}
SCORES = Scores((0.1, 0.2), (1.0, 0.0))


def test_scores_and_weights_are_found_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "run", RUN, resume=False)
    model = build(MlpConfig(), seed=1)
    shelf.keep_scores("seed 0: int8", SCORES, SCORES, Cost(1.5, 10, 1e9))
    shelf.keep_model("seed 0: fp32", model)
    again = Shelf(tmp_path / "run", dict(RUN), resume=True)
    assert again.scores("seed 0: int8") == (SCORES, SCORES, Cost(1.5, 10, 1e9))
    assert again.scores("seed 1: int8") is None
    other = build(MlpConfig(), seed=2)
    assert again.restore("seed 0: fp32", other)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert not again.restore("seed 1: fp32", other)


def test_without_a_folder_nothing_is_kept() -> None:
    shelf = Shelf(None, RUN, resume=False)
    shelf.keep_scores("a", SCORES, SCORES, Cost())
    shelf.keep_model("a", build(MlpConfig()))
    assert shelf.scores("a") is None
    assert not shelf.restore("a", build(MlpConfig()))


def test_another_run_is_refused_and_the_difference_named(tmp_path: Path) -> None:
    Shelf(tmp_path, RUN, resume=False)
    with pytest.raises(InputError, match=r"holds another run \(seeds differ\)"):
        Shelf(tmp_path, {**RUN, "seeds": 3}, resume=True)
    with pytest.raises(InputError, match="go on with it by --resume"):
        Shelf(tmp_path, RUN, resume=False)
    with pytest.raises(InputError, match="holds no run"):
        Shelf(tmp_path / "none", RUN, resume=True)


def test_damaged_files_are_named_with_what_to_do(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, RUN, resume=False)
    shelf.keep_scores("a", SCORES, SCORES, Cost())
    shelf.keep_model("a", build(MlpConfig()))
    for file in tmp_path.iterdir():
        if file.name != IDENTITY:
            file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(InputError, match="remove it, and it is made again"):
        shelf.scores("a")
    with pytest.raises(InputError, match="remove it, and it is made again"):
        shelf.restore("a", build(MlpConfig()))
    shelf.keep_model("a", build(MlpConfig()))
    with pytest.raises(InputError, match="cannot be used"):
        shelf.restore("a", build(MlpConfig(hidden_widths=(7,))))


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(MeasurementError, match="cannot be written"):
        Shelf(tmp_path / "file" / "run", RUN, resume=False)
