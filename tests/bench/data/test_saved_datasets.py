"""Hugging Face data sets on disk; those under saved/ were written by `save_to_disk` of datasets 5.2."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pyarrow
import pytest
import torch

from bench.data.choosing import choose
from bench.data.splits import DataSet
from bench.errors import InputError

SAVED = Path(__file__).parent / "saved"


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAVED / "animals", tmp_path / "animals"))


@pytest.fixture
def sayings(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAVED / "sayings", tmp_path / "sayings"))


def save(folder: Path, columns: dict[str, list[object]]) -> None:
    folder.mkdir(parents=True)
    table = pyarrow.table(columns)
    with pyarrow.ipc.new_stream(str(folder / "data.arrow"), table.schema) as stream:
        stream.write_table(table)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data.arrow"}]}))
    (folder / "dataset_info.json").write_text(json.dumps({"features": None}))


def decoded(data: DataSet) -> str:
    assert data.vocabulary is not None
    inputs, targets = data.training
    return data.vocabulary.decode([*inputs.tolist(), int(targets[-1])]).decode()


def refused(path: Path, target: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        choose(str(path), target=target, context_tokens=8)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_lone_data_set_is_split_by_class_and_its_classes_have_their_names() -> None:
    data = choose(str(SAVED / "animals"), target="animal")
    assert data.class_names == ("cat", "dog")
    parts = (data.training, data.validation, data.test)
    assert sum(len(part.inputs) for part in parts) == 40
    assert [part.targets.bincount().tolist() for part in parts] == [[12, 12], [4, 4], [4, 4]]
    assert data.facts["imputed_items"] == 5
    # height, weight, three colours and the unseen one
    assert data.num_inputs == 6


def test_own_splits_are_kept_what_lacks_is_cut_and_copies_are_left_out() -> None:
    data = choose(str(SAVED / "sayings"), context_tokens=8)
    assert data.notes == (
        "training is its split train, test is its split test; validation cut from training",
        "1 text of which a later part holds a copy left out",
    )
    assert data.facts["documents_items"] == 16
    with pyarrow.ipc.open_stream(SAVED / "sayings" / "test" / "data-00000-of-00001.arrow") as stream:
        tests = stream.read_all().column("text").to_pylist()
    text = decoded(data)
    assert not any(each in text for each in tests)
    assert data.facts["test_bytes"] == len("\n".join(tests).encode())
    in_tokens = choose(str(SAVED / "sayings"), context_tokens=8, vocabulary="bpe:300")
    assert decoded(in_tokens) == text


def test_own_splits_of_a_table_are_kept(tmp_path: Path) -> None:
    def rows(first: int, last: int) -> dict[str, list[object]]:
        return {"x": [float(n) for n in range(first, last)], "y": ["ab"[n % 2] for n in range(first, last)]}

    (tmp_path / "own").mkdir()
    save(tmp_path / "own" / "train", rows(0, 50))
    save(tmp_path / "own" / "dev", rows(45, 60))
    (tmp_path / "own" / "dataset_dict.json").write_text('{"splits": ["train", "dev"]}')
    data = choose(str(tmp_path / "own"), target="y")
    assert len(data.validation.inputs) + len(data.test.inputs) + len(data.training.inputs) <= 60
    everything = torch.cat([data.training.inputs, data.validation.inputs, data.test.inputs])
    assert len(everything.unique(dim=0)) == len(everything) == 60
    assert data.facts["left_out_items"] == 5
    assert "test cut from training" in data.notes[0]


def test_damage_is_named_by_file(animals: Path, sayings: Path) -> None:
    first = animals / "data-00000-of-00002.arrow"
    whole = first.read_bytes()
    first.write_bytes(whole[: len(whole) // 2])
    assert f"{first}: no Arrow stream, or damaged" in refused(animals, "animal")
    first.write_bytes(b"")
    assert "damaged" in refused(animals, "animal")
    first.unlink()
    assert "no such file" in refused(animals, "animal")
    (animals / "state.json").write_text("{")
    assert f"{animals / 'state.json'} cannot be read" in refused(animals, "animal")
    (animals / "state.json").write_text("[]")
    assert "no JSON object" in refused(animals, "animal")
    (animals / "state.json").write_text("{}")
    assert "names no files" in refused(animals, "animal")
    (animals / "state.json").unlink()
    assert "is no data set as save_to_disk leaves it" in refused(animals, "animal")
    (sayings / "dataset_dict.json").write_text('{"splits": ["one", "two"]}')
    assert "none of its splits (one, two) is called train" in refused(sayings)
    (sayings / "dataset_dict.json").write_text("{}")
    assert "names no splits" in refused(sayings)


def test_a_missing_target_or_text_is_named(animals: Path, tmp_path: Path) -> None:
    assert "did you mean animal?" in refused(animals, "anmal")
    save(tmp_path / "two", {"question": ["a", "b"], "answer": ["c", "d"]})
    assert "which column is the text?" in refused(tmp_path / "two")
    save(tmp_path / "twice", {"text": [f"a text, {n}" for n in range(3)]})
    table = pyarrow.Table.from_arrays([pyarrow.array([1]), pyarrow.array([2])], names=["x", "x"])
    with pyarrow.ipc.new_stream(str(tmp_path / "twice" / "data.arrow"), table.schema) as stream:
        stream.write_table(table)
    assert "columns of the same name: x" in refused(tmp_path / "twice", "x")


def test_a_class_number_without_a_name_is_refused(animals: Path) -> None:
    info = json.loads((animals / "dataset_info.json").read_text())
    info["features"]["animal"]["names"] = ["cat"]
    (animals / "dataset_info.json").write_text(json.dumps(info))
    assert "outside of its 1 classes" in refused(animals, "animal")


def test_missing_pyarrow_is_named(animals: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install pyarrow" in refused(animals, "animal")
