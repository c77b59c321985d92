"""Training, validation and test are apart, stay the same for a seed, and lose nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from bench.data.digits import load_digits, split_by_class
from bench.data.source_text import load_source_text, read_library, split_by_content
from bench.data.splits import Batch, DataSet
from bench.data.texts import windows
from bench.errors import MeasurementError

seeds = st.integers(0, 1000)


def rows_of(batch: Batch) -> set[bytes]:
    return {row.numpy().tobytes() for row in batch.inputs}


def test_digits_are_all_there_and_no_image_is_in_two_parts() -> None:
    data = load_digits()
    parts = (data.training, data.validation, data.test)
    assert sum(len(part.inputs) for part in parts) == 1797
    training, validation, test = (rows_of(part) for part in parts)
    assert training.isdisjoint(test)
    assert training.isdisjoint(validation)
    assert validation.isdisjoint(test)
    assert float(data.training.inputs.min()) == 0.0
    assert float(data.training.inputs.max()) == 1.0


def test_every_class_has_its_share_in_every_part() -> None:
    data = load_digits()
    for part, share in ((data.training, 0.6), (data.validation, 0.2), (data.test, 0.2)):
        counts = part.targets.bincount(minlength=10)
        assert torch.all((counts - share * 179.7).abs() < 8)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), seeds)
def test_any_labels_split_into_three_without_loss(labels: list[int], seed: int) -> None:
    parts = split_by_class(torch.tensor(labels), seed)
    again = split_by_class(torch.tensor(labels), seed)
    assert sorted(torch.cat(parts).tolist()) == list(range(len(labels)))
    assert all(torch.equal(a, b) for a, b in zip(parts, again, strict=True))


def test_another_seed_gives_another_split() -> None:
    assert not torch.equal(load_digits(0).test.inputs, load_digits(1).test.inputs)


@given(st.lists(st.binary(max_size=8), max_size=40), seeds, st.data())
def test_a_file_keeps_its_part_whatever_else_there_is(
    texts: list[bytes], seed: int, data: st.DataObject
) -> None:
    kept = [text for text in texts if data.draw(st.booleans())]
    whole, some = split_by_content(texts, seed), split_by_content(kept, seed)
    assert sorted(text for part in whole for text in part) == sorted(texts)
    for all_of_part, some_of_part in zip(whole, some, strict=True):
        assert set(some_of_part) <= set(all_of_part)
    training, validation, test = (set(part) for part in whole)
    assert training.isdisjoint(validation | test)
    assert validation.isdisjoint(test)


def test_tests_packages_of_others_and_generated_files_are_left_out(tmp_path: Path) -> None:
    for name in (
        "json/decoder.py", "test/test_json.py", "unittest/tests/a.py", "site-packages/x.py",
        "idlelib/idle_test/b.py", "encodings/cp037.py", "_sysconfigdata__linux.py", "empty.py", "notes.txt",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if name == "empty.py" else name)
    assert read_library(tmp_path) == [b"json/decoder.py"]


def test_a_python_without_source_text_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.setattr("sysconfig.get_paths", lambda: {"stdlib": str(tmp_path)})
    with pytest.raises(MeasurementError, match="too little source text"):
        load_source_text(16, 4, 4)


def test_windows_are_spread_over_the_whole_text_and_predict_the_next_byte() -> None:
    text = torch.arange(200, dtype=torch.uint8)
    batch = windows(text, 10, 5)
    assert batch.inputs.shape == batch.targets.shape == (5, 10)
    assert torch.equal(batch.inputs[:, 1:], batch.targets[:, :-1])
    assert int(batch.inputs[0, 0]) == 0
    assert int(batch.targets[-1, -1]) == 199


def test_the_library_gives_enough_text_with_the_same_windows_each_time() -> None:
    first, again = (load_source_text(64, 8, 16) for _ in range(2))
    assert first.facts == again.facts
    assert torch.equal(first.test.inputs, again.test.inputs)
    assert first.facts["training_bytes"] > 10 * first.facts["test_bytes"]


def test_little_of_the_test_text_was_seen_in_training() -> None:
    # Licences and idioms recur; whole files that are copies of each other would give far more.
    data = load_source_text(64, 8, 100)
    text = data.training.inputs.numpy().tobytes()
    seen = sum(bytes(row.tolist()) in text for row in data.test.inputs)
    assert seen <= 20


def test_a_sample_is_drawn_from_the_training_part_and_repeats_with_its_seed() -> None:
    stream = torch.arange(100, dtype=torch.uint8)
    nothing = Batch(torch.zeros(0), torch.zeros(0))
    data = DataSet("x", "bytes", Batch(stream[:-1], stream[1:]), nothing, nothing, windows_of=7)
    one, two = (data.sample(50, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(one.inputs, two.inputs)
    assert one.inputs.shape == (50, 7)
    assert torch.equal(one.targets, one.inputs + 1)
    every = data.sample(5000, torch.Generator().manual_seed(0))
    assert (int(every.inputs.min()), int(every.targets.max())) == (0, 99)
