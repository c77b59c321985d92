"""Records get names that tell what they are; an output that cannot be written is refused early."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench.errors import InputError, RecordError
from bench.record import Record, load
from bench.store import check_folder, file_name, keep

MakeRecord = Callable[..., Record]


def test_the_name_tells_suite_device_time_and_machine(make_record: MakeRecord) -> None:
    assert file_name(make_record()) == "quick-cpu-20261123T140000Z-01234567.json"


def test_a_second_record_of_the_same_second_replaces_nothing(tmp_path: Path, make_record: MakeRecord) -> None:
    folder = tmp_path / "new" / "measurements"
    first = keep(make_record(), folder)
    second = keep(make_record(suite="quick", contended=True), folder)
    assert first != second
    assert not load(first).contended
    assert load(second).contended


def test_checking_leaves_nothing_behind(tmp_path: Path) -> None:
    check_folder(tmp_path / "a" / "b")
    check_folder(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder(tmp_path: Path, make_record: MakeRecord) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(InputError, match="not a folder") as caught:
            check_folder(folder)
        assert str(folder) in str(caught.value)
        assert caught.value.exit_status == 2
    with pytest.raises(RecordError):
        keep(make_record(), tmp_path / "file" / "below")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that not even root can write")
def test_a_folder_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(InputError, match="cannot be written"):
        check_folder(Path("/proc/benchplan"))
