"""Energy is read from counters laid out as the kernel lays them out, and is absent where there are none."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.errors import MeasurementError
from bench.measuring import energy
from bench.measuring.energy import Absent, PowerMeter, RaplMeter, find_meter, measure_energy

RANGE = 262143328850


def zone(root: Path, name: str, label: str, microjoules: int) -> Path:
    """Make a zone of the powercap tree as the kernel shows it."""
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(f"{label}\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text(f"{RANGE}\n")
    (folder / "enabled").write_text("1\n")
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two packages, one with its cores and memory, and what must not be counted twice."""
    zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 700_000)
    zone(tmp_path, "intel-rapl:0:1", "dram", 50_000)
    zone(tmp_path, "intel-rapl:1", "package-1", RANGE - 1_000_000)
    zone(tmp_path, "intel-rapl:2", "psys", 9_000_000)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 1_000_000)
    (tmp_path / "intel-rapl").mkdir()
    (tmp_path / "intel-rapl" / "enabled").write_text("1\n")
    return tmp_path


def set_counter(tree: Path, name: str, microjoules: int) -> None:
    # At once, as the kernel does it: a reader never sees an empty file.
    (tree / "new").write_text(f"{microjoules}\n")
    (tree / "new").replace(tree / name / "energy_uj")


def test_packages_and_memory_are_summed_and_nothing_twice(tree: Path) -> None:
    meter = find_meter("cpu", tree)
    assert isinstance(meter, RaplMeter)
    assert meter.domain == "RAPL package-0, dram, package-1"
    set_counter(tree, "intel-rapl:0", 3_000_000)
    set_counter(tree, "intel-rapl:0:0", 2_500_000)
    set_counter(tree, "intel-rapl:0:1", 550_000)
    set_counter(tree, "intel-rapl:2", 99_000_000)
    assert meter.read().joules == pytest.approx(2.0 + 0.5)


def test_a_counter_that_wraps_around_goes_on(tree: Path) -> None:
    meter = find_meter("cpu", tree)
    assert isinstance(meter, RaplMeter)
    set_counter(tree, "intel-rapl:1", 4_000_000)
    assert meter.read().joules == pytest.approx(5.0)
    set_counter(tree, "intel-rapl:1", 6_000_000)
    assert meter.read().joules == pytest.approx(7.0)


def test_a_span_is_measured_with_idle_told_apart(tree: Path) -> None:
    meter = find_meter("cpu", tree)
    assert isinstance(meter, RaplMeter)
    counter = 1_000_000

    def work() -> None:
        set_counter(tree, "intel-rapl:0", counter + 8_000_000)
        time.sleep(0.05)

    found = measure_energy(meter, work, idle_seconds=0.02)
    assert found.joules == pytest.approx(8.0)
    assert found.seconds >= 0.05
    assert found.idle_watts == 0.0
    assert found.beyond_idle_joules == pytest.approx(8.0)
    counter = 20_000_000
    assert measure_energy(meter, work).beyond_idle_joules is None


def test_a_counter_that_wraps_during_a_span_is_read_often_enough(tree: Path) -> None:
    meter = find_meter("cpu", tree)
    assert isinstance(meter, RaplMeter)
    meter.poll_seconds = 0.01

    def work() -> None:
        # Twice around: the end alone would show 1 J.
        for position in (RANGE // 2, RANGE - 1, RANGE // 2, 2_000_000):
            set_counter(tree, "intel-rapl:0", position)
            time.sleep(0.1)

    assert measure_energy(meter, work).joules == pytest.approx((2 * RANGE + 1_000_000) / 1e6, rel=1e-9)


def test_a_counter_that_stands_still_is_no_figure(tree: Path) -> None:
    meter = find_meter("cpu", tree)
    assert isinstance(meter, RaplMeter)
    with pytest.raises(MeasurementError, match="stood still"):
        measure_energy(meter, lambda: None)


def test_without_counters_there_is_a_reason(tmp_path: Path) -> None:
    missing = find_meter("cpu", tmp_path / "powercap")
    assert isinstance(missing, Absent)
    assert "virtual machines" in missing.reason
    empty = find_meter("cpu", tmp_path)
    assert isinstance(empty, Absent)
    assert "no energy counter" in empty.reason


def test_a_counter_for_the_administrator_alone_is_named(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_text

    def refuse(self: Path, *args: str) -> str:
        if self.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(self, *args)

    monkeypatch.setattr(Path, "read_text", refuse)
    found = find_meter("cpu", tree)
    assert found == Absent("the energy counter intel-rapl:0/energy_uj may be read by the administrator only")


def test_a_damaged_or_missing_counter_is_named(tree: Path) -> None:
    set_counter(tree, "intel-rapl:0", 0)
    (tree / "intel-rapl:0" / "energy_uj").write_text("none\n")
    damaged = find_meter("cpu", tree)
    assert isinstance(damaged, Absent)
    assert "holds 'none', no number" in damaged.reason
    (tree / "intel-rapl:0" / "energy_uj").unlink()
    gone = find_meter("cpu", tree)
    assert isinstance(gone, Absent)
    assert "cannot be read (No such file or directory)" in gone.reason


def test_a_counter_that_vanishes_during_the_span_is_an_error_and_no_figure(tree: Path) -> None:
    meter = find_meter("cpu", tree)
    assert isinstance(meter, RaplMeter)
    with pytest.raises(MeasurementError, match="cannot be read"):
        measure_energy(meter, (tree / "intel-rapl:0" / "energy_uj").unlink)


def test_power_is_integrated_over_time() -> None:
    def read_slowly() -> float:
        # As if the process were set aside while it reads: joules and seconds stay those of one span.
        time.sleep(0.03)
        return 100.0

    meter = PowerMeter(read_slowly, "a lamp")
    found = measure_energy(meter, lambda: time.sleep(0.2), idle_seconds=0.1)
    assert found.joules == pytest.approx(100.0 * found.seconds)
    assert found.idle_watts == pytest.approx(100.0)
    assert found.domain == "a lamp"


def test_a_gpu_without_the_library_or_the_driver_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    found = find_meter("cuda")
    assert isinstance(found, Absent)
    assert "benchplan[energy]" in found.reason


class FakeNvml:
    """Stands for the library: a GPU whose counter goes up by 2 J at each reading, in millijoules."""

    class NVMLError(Exception):
        pass

    class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818, the library's name
        pass

    def __init__(self) -> None:
        self.millijoules = 1_000_000
        self.fault: Exception | None = None
        self.asked = ""

    def nvmlInit(self) -> None:  # noqa: N802, the library's name
        if isinstance(self.fault, FakeNvml.NVMLError):
            raise self.fault

    def nvmlDeviceGetHandleByUUID(self, uuid: str) -> str:  # noqa: N802, the library's name
        self.asked = uuid
        return "handle"

    def nvmlDeviceGetTotalEnergyConsumption(self, handle: str) -> int:  # noqa: N802, the library's name
        assert handle == "handle"
        if self.fault:
            raise self.fault
        self.millijoules += 2000
        return self.millijoules


@pytest.fixture
def nvml(monkeypatch: pytest.MonkeyPatch) -> FakeNvml:
    fake = FakeNvml()
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda index: SimpleNamespace(uuid="12ab"))
    return fake


def test_the_counter_of_a_gpu_is_in_millijoules(nvml: FakeNvml) -> None:
    meter = find_meter("cuda")
    assert isinstance(meter, energy.NvmlMeter)
    assert nvml.asked == "GPU-12ab"
    assert measure_energy(meter, lambda: None).joules == pytest.approx(2.0)
    nvml.fault = FakeNvml.NVMLError("GPU is lost")
    with pytest.raises(MeasurementError, match="GPU is lost"):
        meter.read()


def test_an_old_gpu_tells_its_power(nvml: FakeNvml, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.nvmlInit = lambda: None  # type: ignore[method-assign]
    nvml.fault = FakeNvml.NVMLError_NotSupported("Not Supported")
    monkeypatch.setattr("torch.cuda.power_draw", lambda index: 250_000)
    meter = find_meter("cuda")
    assert isinstance(meter, PowerMeter)
    found = measure_energy(meter, lambda: time.sleep(0.1))
    assert found.seconds >= 0.1
    assert found.joules == pytest.approx(250.0 * found.seconds)


def test_a_driver_that_fails_is_told(nvml: FakeNvml) -> None:
    nvml.fault = FakeNvml.NVMLError("Driver Not Loaded")
    assert find_meter("cuda") == Absent("NVML cannot be used: Driver Not Loaded")


def test_the_real_library_without_a_driver_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pynvml")
    monkeypatch.setattr("torch.cuda.get_device_properties", lambda index: SimpleNamespace(uuid="12ab"))
    found = find_meter("cuda")
    assert isinstance(found, Absent), "no GPU has this identity"
    assert found.reason.startswith("NVML cannot be used: ")
