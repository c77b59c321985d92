"""What the planner's tests share: a record of a real quick run, a small scenario, and plans of the shipped ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from planner import cli
from planner.planning import plan
from planner.result import Result

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "tests" / "data" / "quick-record.json"

BOTH = "strategies=[open_platform, technology_services]"
"""The setting of a mix of two strategies."""

Planned = Callable[..., Result]


def before(row: np.ndarray, start: float = 0.0) -> np.ndarray:
    """What a stock was a month before, for each month (and draw, or item)."""
    return np.concatenate([np.full_like(row[:1], start), row[:-1]])


@cache
def planned_once(scenario: str, sets: tuple[str, ...], measurements: str, draws: int, seed: int) -> Result:
    return plan(scenario, sets=sets, measurements=measurements, draws=draws, seed=seed)


@pytest.fixture(scope="session")
def record_path() -> Path:
    """A record that `benchplan bench run --suite quick` wrote on a machine of two cores."""
    return RECORD


@pytest.fixture(scope="session")
def planned() -> Planned:
    """Plan a shipped scenario by its name, or one by its path, on the record; the same question is planned once."""

    def run(
        scenario: str | Path, *sets: str, draws: int = 1, seed: int = 0, measurements: str = ""
    ) -> Result:
        path = ROOT / "scenarios" / f"{scenario}.yaml" if isinstance(scenario, str) else scenario
        return planned_once(str(path), sets, measurements or str(RECORD), draws, seed)

    return run


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run `benchplan ...` in this process, from an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Ran:
        monkeypatch.setattr("sys.argv", ["benchplan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            cli.main()
        found = capsys.readouterr()
        code = stopped.value.code
        return Ran(code if isinstance(code, int) else 0, found.out, found.err)

    return call
