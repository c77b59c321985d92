"""Which record a plan rests on, and what is said of one that cannot be read."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from planner import measurements
from planner.errors import RecordError


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def changed(record: Path, path: Path, **fields: Any) -> Path:  # noqa: ANN401
    document = json.loads(record.read_text(encoding="utf-8")) | fields
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_none_means_none() -> None:
    found = measurements.find("none")
    assert found.record is None
    assert found.headline == "no measurements"
    assert (
        found.value("gpt", "throughput_bytes_per_second", "fp32")
        == "there are no measurements to take it from"
    )


def test_a_record_that_is_named_is_taken(record_path: Path) -> None:
    found = measurements.find(str(record_path))
    assert found.path == record_path
    assert not found.is_shipped
    assert found.record is not None
    assert found.record.machine.description in found.headline
    assert str(record_path) in found.headline


def test_the_newest_of_a_folder_is_taken(record_path: Path, tmp_path: Path) -> None:
    changed(record_path, tmp_path / "a" / "new.json", created_at="2027-02-01T00:00:00Z", suite="newer")
    changed(record_path, tmp_path / "a" / "old.json", created_at="2025-02-01T00:00:00Z", suite="older")
    found = measurements.find(str(tmp_path / "a"))
    assert found.record is not None
    assert found.record.suite == "newer"


def test_auto_prefers_the_folder_where_the_bench_writes(record_path: Path, tmp_path: Path) -> None:
    changed(record_path, tmp_path / "measurements" / "mine.json", suite="mine")
    found = measurements.find("auto")
    assert found.record is not None
    assert found.record.suite == "mine"
    assert not found.is_shipped


def test_auto_falls_back_to_what_is_shipped_and_says_that_it_is_of_another_machine() -> None:
    found = measurements.find("auto")
    assert found.is_shipped
    assert "another machine" in found.headline
    value = found.value("gpt", "throughput_bytes_per_second", "fp32")
    assert not isinstance(value, str)
    assert value[1] == "published"


def test_an_empty_folder_is_refused_with_how_to_fill_it(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match=r"holds no record; run `benchplan bench run -o"):
        measurements.find(str(tmp_path / "empty"))


def test_a_misspelt_file_is_refused_with_the_nearest(record_path: Path, tmp_path: Path) -> None:
    shutil.copy(record_path, tmp_path / "record.json")
    with pytest.raises(RecordError, match=r"no such file or folder; did you mean 'record.json'"):
        measurements.find("recrod.json")
    with pytest.raises(RecordError, match="allowed: auto, none, a record, or a folder of records"):
        measurements.find("nowhere/at/all")


def test_a_record_of_a_newer_version_is_refused(record_path: Path, tmp_path: Path) -> None:
    path = changed(record_path, tmp_path / "new.json", schema="benchplan.measurement/99")
    with pytest.raises(RecordError, match=r"new\.json.*newer"):
        measurements.find(str(path))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_half_written_record_is_refused(record_path: Path, tmp_path: Path, share: float) -> None:
    text = record_path.read_text(encoding="utf-8")
    path = tmp_path / "half.json"
    path.write_text(text[: int(share * len(text))], encoding="utf-8")
    with pytest.raises(RecordError, match=r"half\.json"):
        measurements.find(str(path))


@pytest.mark.parametrize("content", [b"[]", b"null", b"\xff\xfe\x00", b'{"schema": 7}', b"hello"])
def test_what_is_no_record_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(RecordError, match=r"other\.json"):
        measurements.find(str(path))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_record_that_may_not_be_read_is_refused(record_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "closed.json"
    shutil.copy(record_path, path)
    path.chmod(0)
    with pytest.raises(RecordError, match=r"closed\.json"):
        measurements.find(str(path))


def test_what_was_not_measured_is_said_with_the_reason(record_path: Path) -> None:
    found = measurements.find(str(record_path))
    missing = found.value("gpt", "throughput_bytes_per_second", "fp4")
    assert isinstance(missing, str)
    assert "has no throughput_bytes_per_second of gpt in fp4" in missing


def test_a_measurement_that_failed_is_said_with_its_note(record_path: Path, tmp_path: Path) -> None:
    document = json.loads(record_path.read_text(encoding="utf-8"))
    for measurement in document["measurements"]:
        if measurement["subject"] == "gpt" and measurement["name"] == "throughput_bytes_per_second":
            measurement |= {"value": None, "low": None, "high": None, "samples": [], "note": "out of memory"}
    path = tmp_path / "failed.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    said = measurements.find(str(path)).value("gpt", "throughput_bytes_per_second", "int8")
    assert isinstance(said, str)
    assert "(out of memory)" in said


def test_work_beside_the_measurement_is_told(record_path: Path, tmp_path: Path) -> None:
    path = changed(record_path, tmp_path / "busy.json", contended=True)
    found = measurements.find(str(path)).value("gpt", "throughput_bytes_per_second", "int8")
    assert "other work ran meanwhile, on the machine or its host" in found[4]
