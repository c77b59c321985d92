"""The command refuses what cannot work before it measures, shows records, and survives ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import bench
from bench.errors import BenchplanError, InputError
from bench.record import Measurement, Record, save

MakeRecord = Callable[..., Record]
ROOT = Path(__file__).resolve().parents[2]

# What the command line of Benchplan does around the group, in a process that can be sent a signal. Tests that run in
# the background of a script inherit that ctrl-C is ignored, which Python then leaves so.
WRAPPED = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from bench.cli import bench
from bench.errors import BenchplanError
try:
    bench(sys.argv[1:], standalone_mode=False)
except BenchplanError as error:
    print(error, file=sys.stderr)
    raise SystemExit(error.exit_status)
"""


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(bench, [str(argument) for argument in arguments])


def refused(*arguments: str | Path) -> str:
    result = invoke(*arguments)
    assert isinstance(result.exception, InputError), result.output
    assert result.exception.exit_status == 2
    assert "\n" not in str(result.exception)
    return str(result.exception)


def test_the_command_line_starts_without_torch_and_numpy() -> None:
    code = "import sys, bench.cli; print(sorted({'torch', 'numpy', 'sklearn', 'fvcore'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_unknown_suite_is_refused_with_the_nearest(tmp_path: Path) -> None:
    message = refused("run", "--suite", "quik", "-o", tmp_path / "new")
    assert "quik" in message
    assert "Did you mean 'quick'?" in message
    assert not (tmp_path / "new").exists()


def test_an_output_that_is_a_file_is_refused_before_measuring(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert "not a folder" in refused("run", "-o", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "mine"


def test_an_unknown_device_is_refused(tmp_path: Path) -> None:
    result = invoke("run", "--device", "tpu", "-o", tmp_path)
    assert result.exit_code == 2
    assert "cuda" in result.output


def test_show_prints_one_record_with_units(tmp_path: Path, make_record: MakeRecord) -> None:
    save(make_record(), tmp_path / "a.json")
    for path in (tmp_path, tmp_path / "a.json"):
        result = invoke("show", path)
        assert result.exit_code == 0
        assert "4 ms" in result.output
        assert str(tmp_path / "a.json") in result.output


def test_show_of_a_folder_takes_the_newest_and_names_the_older(
    tmp_path: Path, make_record: MakeRecord
) -> None:
    newer = make_record(created_at=make_record().created_at.replace(day=24), suite="quick", contended=True)
    save(make_record(), tmp_path / "b.json")
    save(newer, tmp_path / "a.json")
    text = invoke("show", tmp_path).output
    assert text.startswith(str(tmp_path / "a.json"))
    assert "1 older" in text
    assert "b.json" in text
    assert json.loads(invoke("show", tmp_path, "--json").output) == json.loads(newer.to_json())


def test_show_says_what_is_wrong_with_a_path(tmp_path: Path) -> None:
    assert "no such file" in refused("show", tmp_path / "missing")
    assert "holds no record" in refused("show", tmp_path)
    (tmp_path / "cut.json").write_text('{"schema": "benchplan.measurement/1"')
    assert "half-written" in refused("show", tmp_path)
    (tmp_path / "cut.json").write_text('{"schema": "benchplan.measurement/7"}')
    assert "newer Benchplan" in refused("show", tmp_path / "cut.json")


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRAPPED, "run", "--device", "cpu", "-o", str(folder), "--verbose"]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    pytest.fail(f"the bench ended before it said {text!r}")


@pytest.mark.parametrize(
    "moment", ["measuring the peaks", pytest.param("mlp: 4 of 6", marks=pytest.mark.slow)]
)
def test_ctrl_c_writes_nothing_and_loses_nothing(
    tmp_path: Path, make_record: MakeRecord, moment: str
) -> None:
    folder = tmp_path / "measurements"
    folder.mkdir()
    save(make_record(), folder / "old.json")
    before = (folder / "old.json").read_bytes()
    process = start(folder)
    try:
        wait_for(process, moment)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert last.startswith("Stopped by ctrl-C")
    assert str(folder) in last
    assert "Traceback" not in errors
    assert output == ""
    assert os.listdir(folder) == ["old.json"]  # noqa: PTH208, hidden files count
    assert (folder / "old.json").read_bytes() == before


def test_ctrl_c_leaves_no_new_folder(tmp_path: Path) -> None:
    process = start(tmp_path / "new")
    try:
        wait_for(process, "measuring the peaks")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_every_error_of_the_bench_has_an_exit_status() -> None:
    assert BenchplanError.exit_status == 1
    assert InputError.exit_status == 2


QUICK = ROOT / "tests" / "data" / "quick-record.json"
SHIPPED = ROOT / "scenarios" / "measurements" / "quick-cpu-x86-2-cores.json"


def test_compare_prints_each_common_quantity_with_its_interval() -> None:
    text = invoke("compare", QUICK, SHIPPED).output
    line = next(line for line in text.splitlines() if line.startswith("gpt, int8: throughput_ratio"))
    assert "1.07 x" in line
    assert "1.2 x" in line
    assert "no difference beyond the A/A floor" in line
    assert "paired" in line
    assert "A  " + str(QUICK) in text
    assert "other work ran meanwhile, on the machine or its host" in text
    document = json.loads(invoke("compare", QUICK, SHIPPED, "--json").output)
    assert document["schema"] == "benchplan.comparison/1"
    assert document["same_machine"] is True
    assert document["a"]["contended"] is True
    assert len(document["lines"]) == 76


def test_compare_takes_the_newest_of_folders(tmp_path: Path, make_record: MakeRecord) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        save(make_record(), tmp_path / folder / "old.json")
    newer = make_record(created_at=make_record().created_at.replace(day=25))
    save(newer, tmp_path / "b" / "new.json")
    text = invoke("compare", tmp_path / "a", tmp_path / "b").output
    assert str(tmp_path / "b" / "new.json") in text


def test_compare_refuses_unlike_machines_unless_told(tmp_path: Path, make_record: MakeRecord) -> None:
    machine = make_record().machine.model_copy(update={"fingerprint": "f" * 16})
    save(make_record(), tmp_path / "a.json")
    save(make_record(machine=machine), tmp_path / "b.json")
    assert "--unlike-machines" in refused("compare", tmp_path / "a.json", tmp_path / "b.json")
    text = invoke("compare", tmp_path / "a.json", tmp_path / "b.json", "--unlike-machines").output
    assert "Two machines" in text
    assert "two machines" in next(line for line in text.splitlines() if "latency_seconds" in line)


@pytest.mark.parametrize("share", [0.0, 0.4, 0.98])
def test_compare_says_which_record_is_damaged(tmp_path: Path, share: float) -> None:
    text = QUICK.read_text(encoding="utf-8")
    (tmp_path / "cut.json").write_text(text[: int(share * len(text))], encoding="utf-8")
    assert "cut.json" in refused("compare", SHIPPED, tmp_path / "cut.json")


def test_compare_names_the_nearest_of_a_misspelt_path(tmp_path: Path, make_record: MakeRecord) -> None:
    save(make_record(), tmp_path / "record.json")
    assert "record.json'?" in refused("compare", tmp_path / "recrod.json", tmp_path / "record.json")
    (tmp_path / "none").mkdir()
    assert "holds no record" in refused("compare", tmp_path / "record.json", tmp_path / "none")


def test_machine_describes_measures_and_keeps_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import bench.machine

    # What it measures with is tested where it lives; here it is the command, and a calibration takes a minute.
    peak = Measurement(subject="machine", name="peak_flops_per_second", value=1e11, method="m")
    rate = Measurement(subject="calibration", name="matmul", value=2.0, method="m", conditions={"threads": 1})
    monkeypatch.setattr(bench.machine, "measure_machine", lambda device: [peak])
    monkeypatch.setattr(bench.machine, "calibrate", lambda say: [rate])
    result = invoke("machine", "--device", "cpu", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    [file] = tmp_path.iterdir()
    assert file.name.startswith("machine-cpu-")
    for part in ("suite machine", "fingerprint", "100 GFLOP/s", "calibrated", "energy", str(file)):
        assert part in result.output
    record = json.loads(invoke("machine", "--device", "cpu", "-o", tmp_path, "--json").output)
    assert record["suite"] == "machine"
    assert record["measurements"][0]["value"] == 1e11
    assert len(list(tmp_path.iterdir())) == 2
    assert "not a folder" in refused("machine", "-o", file)
