"""A record comes back from its file as it was, and every broken file is refused in words that help."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bench.errors import InputError, RecordError
from bench.record import Measurement, Record, load, load_folder, save, write_atomically

MakeRecord = Callable[..., Record]
finite = st.floats(allow_nan=False, allow_infinity=False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_record_comes_back_as_it_was(tmp_path: Path, make_record: MakeRecord) -> None:
    record = make_record(warnings=("not quiet",), contended=True)
    save(record, tmp_path / "a.json")
    assert load(tmp_path / "a.json") == record
    assert names(tmp_path) == ["a.json"]


@given(value=finite, samples=st.lists(finite, max_size=5), note=st.text(max_size=20))
def test_every_finite_number_and_text_survives_the_file(
    value: float, samples: list[float], note: str
) -> None:
    before = Measurement(
        subject="gpt", name="x_seconds", value=value, method="m", samples=tuple(samples), note=note
    )
    after = Measurement.model_validate_json(before.model_dump_json(), strict=True)
    assert after == before


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_measurement_is_a_number_or_unknown(value: float) -> None:
    with pytest.raises(ValidationError):
        Measurement(subject="gpt", name="x_seconds", value=value, method="m")
    assert Measurement(subject="gpt", name="x_seconds", value=None, method="m").value is None


def test_an_interval_stands_the_right_way_round() -> None:
    with pytest.raises(ValidationError, match="above"):
        Measurement(subject="gpt", name="x_seconds", value=1.0, low=2.0, high=1.0, method="m")


def test_a_quantity_stands_once(make_record: MakeRecord) -> None:
    twice = make_record().measurements * 2
    with pytest.raises(ValidationError, match="twice"):
        make_record(measurements=twice)


def test_find_looks_for_subject_name_and_variant(make_record: MakeRecord) -> None:
    record = make_record()
    found = record.find("gpt", "latency_seconds")
    assert found is not None
    assert found.value == 0.004
    assert record.find("gpt", "latency_seconds", "int8") is None
    assert record.find("mlp", "latency_seconds") is None


def test_a_quantity_may_stand_once_for_each_condition(make_record: MakeRecord) -> None:
    (first,) = make_record().measurements
    batches = [first.model_copy(update={"conditions": {"batch": batch}}) for batch in (1, 4)]
    record = make_record(measurements=(first, *batches))
    assert record.find("gpt", "latency_seconds", batch=4) is record.measurements[2]
    assert record.find("gpt", "latency_seconds") is record.measurements[0]
    assert record.find("gpt", "latency_seconds", batch=8) is None
    with pytest.raises(ValidationError, match="batch 4"):
        make_record(measurements=(*batches, batches[1]))


def test_a_record_of_the_first_version_is_read(make_record: MakeRecord, tmp_path: Path) -> None:
    document = json.loads(make_record().to_json())
    document["schema"] = "benchplan.measurement/1"
    for measurement in document["measurements"]:
        del measurement["conditions"]
    (tmp_path / "old.json").write_text(json.dumps(document))
    assert load(tmp_path / "old.json").measurements == make_record().measurements


def test_the_document_names_its_schema_and_times_in_utc(make_record: MakeRecord) -> None:
    east = timezone(timedelta(hours=8))
    record = make_record(created_at=datetime(2026, 11, 23, 22, 0, tzinfo=east))
    document = json.loads(record.to_json())
    assert document["schema"] == "benchplan.measurement/2"
    assert document["created_at"] == "2026-11-23T14:00:00Z"


def test_a_time_without_zone_is_refused(make_record: MakeRecord) -> None:
    with pytest.raises(ValidationError):
        make_record(created_at=datetime(2026, 11, 23, 22, 0))


BROKEN = {
    "empty": ("", "is empty"),
    "blank": (" \n", "is empty"),
    "cut off": ('{"schema": "benchplan.measurement/1", "suite": "qu', "half-written or damaged"),
    "no JSON": ("schema: benchplan.measurement/1", "half-written or damaged"),
    "too deep": ("[" * 200_000, "half-written or damaged"),
    "a list": ("[]", "is not a record"),
    "null": ("null", "is not a record"),
    "another document": ('{"name": "x"}', "is not a record"),
    "another schema": ('{"schema": "benchplan.plan/1"}', "is not a record"),
    "schema of another type": ('{"schema": 1}', "is not a record"),
    "newer": ('{"schema": "benchplan.measurement/3"}', "newer Benchplan"),
    "much newer": ('{"schema": "benchplan.measurement/99", "more": 1}', "newer Benchplan"),
    "version zero": ('{"schema": "benchplan.measurement/0"}', "is not a valid record"),
    "only the schema": ('{"schema": "benchplan.measurement/1"}', "is not a valid record"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(RecordError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert "benchplan bench run" in message or "Update" in message
    assert "\n" not in message
    assert caught.value.exit_status == 2


def test_every_cut_of_a_record_is_refused(tmp_path: Path, make_record: MakeRecord) -> None:
    text = make_record().to_json().rstrip()
    path = tmp_path / "cut.json"
    for length in range(0, len(text), 7):
        path.write_text(text[:length])
        with pytest.raises(RecordError):
            load(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"price_usd": 1}, "price_usd"),
        ({"duration_seconds": -1.0}, "duration_seconds"),
        ({"contended": "no"}, "contended"),
        ({"device": "tpu"}, "device"),
        ({"created_at": "yesterday"}, "created_at"),
    ],
)
def test_a_wrong_field_is_named(
    tmp_path: Path, make_record: MakeRecord, change: dict[str, object], said: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(json.loads(make_record().to_json()) | change))
    with pytest.raises(RecordError, match=said):
        load(path)


def test_not_a_number_is_no_value(tmp_path: Path, make_record: MakeRecord) -> None:
    path = tmp_path / "nan.json"
    path.write_text(make_record().to_json().replace('"value": 0.004', '"value": NaN'))
    with pytest.raises(RecordError):
        load(path)


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(RecordError, match="no text"):
        load(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no such file"):
        load(tmp_path / "missing.json")
    with pytest.raises(RecordError, match="is a folder"):
        load(tmp_path)


def test_a_folder_is_read_newest_first(tmp_path: Path, make_record: MakeRecord) -> None:
    for day in (2, 3, 1):
        save(make_record(created_at=datetime(2026, 11, day, tzinfo=UTC)), tmp_path / f"{4 - day}.json")
    (tmp_path / "notes.txt").write_text("no record")
    (tmp_path / ".3.json.abc.tmp").write_text("left by a crash")
    assert [record.created_at.day for _, record in load_folder(tmp_path)] == [3, 2, 1]


def test_a_folder_may_be_empty_but_must_be_there(tmp_path: Path) -> None:
    assert load_folder(tmp_path) == []
    with pytest.raises(RecordError, match="no such file or folder"):
        load_folder(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(RecordError, match="not a folder"):
        load_folder(tmp_path / "file")


def test_one_damaged_file_in_a_folder_is_named(tmp_path: Path, make_record: MakeRecord) -> None:
    save(make_record(), tmp_path / "good.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(RecordError, match=r"bad\.json"):
        load_folder(tmp_path)


def test_what_cannot_be_written_is_said(tmp_path: Path, make_record: MakeRecord) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        save(make_record(), tmp_path / "missing" / "a.json")


def test_a_failed_write_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_atomically(path, "text is not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.json"]


def test_a_record_may_be_read_by_others_as_the_user_allows(tmp_path: Path, make_record: MakeRecord) -> None:
    (tmp_path / "plain").touch()
    save(make_record(), tmp_path / "a.json")
    assert (tmp_path / "a.json").stat().st_mode == (tmp_path / "plain").stat().st_mode
