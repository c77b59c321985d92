"""Measure the CPU time that the quick commands of Benchplan take, each in a process of its own.

Run from anywhere: `python benchmarks/startup.py [-o results.json] [--runs 7]`. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BASE = "scenarios/base.yaml"
CLOCKS = ("cpu_seconds", "wall_seconds")


@dataclass(frozen=True)
class Case:
    """A command line, and the limit that Benchplan promises for it."""

    name: str
    command: tuple[str, ...]
    promise_seconds: float | None = None
    clock: str = "cpu_seconds"


@dataclass
class Timing:
    """The samples of one case."""

    cpu_seconds: list[float] = field(default_factory=list)
    wall_seconds: list[float] = field(default_factory=list)


def cases(folder: Path) -> list[Case]:
    """Return what is measured; a report and a second `make report` need measurements at hand."""
    program = (str(Path(sys.executable).with_name("benchplan")),)
    plan = (*program, "plan", BASE, "--json")
    found = [
        Case("python, nothing imported", (sys.executable, "-c", "pass")),
        Case("benchplan --help", (*program, "--help"), 0.12),
        Case("benchplan check", (*program, "check", BASE)),
        Case("benchplan plan --json, 1 draw", plan, 1.0),
        Case("benchplan plan --json, 4096 draws", (*plan, "--draws", "4096"), 3.0),
        Case("benchplan trace", (*program, "trace", BASE, "funding_need_usd")),
        Case("benchplan report", (*program, "report", BASE, "-o", str(folder / "report.html"))),
    ]
    if any((ROOT / "measurements").glob("*.json")) and shutil.which("make"):
        found.append(Case("make report, the second time", ("make", "report"), 10.0, "wall_seconds"))
    return found


def run_once(case: Case, timing: Timing) -> None:
    """Run a command and append its CPU time (user and system, children too) and its wall time.

    Raises SystemExit with what the command said when it fails: a failed command has no speed.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        case.command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{case.name} failed with status {done.returncode}:\n{done.stderr.strip()}")
    timing.cpu_seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    timing.wall_seconds.append(wall)


def summary(case: Case, timing: Timing) -> dict[str, object]:
    """Return the row of a case: the minimum is the cost of the work, the median what a user meets."""
    row: dict[str, object] = {"name": case.name}
    for clock in CLOCKS:
        samples = getattr(timing, clock)
        row[clock] = {
            "min": round(min(samples), 4),
            "median": round(statistics.median(samples), 4),
            "samples": [round(sample, 4) for sample in samples],
        }
    if case.promise_seconds is not None:
        best = min(getattr(timing, case.clock))
        row["promise"] = {
            "clock": case.clock,
            "seconds": case.promise_seconds,
            "kept": best < case.promise_seconds,
        }
    return row


def measure(runs: int) -> list[dict[str, object]]:
    """Run all cases in turn, round after round, so that a slow spell of the machine falls on all of them."""
    with tempfile.TemporaryDirectory() as folder:
        todo = cases(Path(folder))
        timings = [Timing() for _ in todo]
        for case in todo:  # one round that does not count: it fills the file cache and writes bytecode
            run_once(case, Timing())
        for number in range(runs):
            print(f"round {number + 1} of {runs}", file=sys.stderr)
            for case, timing in zip(todo, timings, strict=True):
                run_once(case, timing)
    return [summary(case, timing) for case, timing in zip(todo, timings, strict=True)]


def table(rows: list[dict[str, object]]) -> str:
    """Return the rows as text for people."""
    lines = [f"{'':38}{'cpu min':>9}{'median':>9}{'wall min':>10}   promise"]
    for row in rows:
        cpu, wall, promise = row["cpu_seconds"], row["wall_seconds"], row.get("promise")
        assert isinstance(cpu, dict)
        assert isinstance(wall, dict)
        line = f"{row['name']:38}{cpu['min']:9.3f}{cpu['median']:9.3f}{wall['min']:10.3f}"
        if isinstance(promise, dict):
            kept = "kept" if promise["kept"] else "BROKEN"
            line += f"   {promise['clock'].split('_')[0]} < {promise['seconds']:g} s: {kept}"
        lines.append(line)
    return "\n".join(lines)


def main() -> None:
    """Measure, print the table, and write the JSON file if one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path, help="write the results to this JSON file")
    parser.add_argument("--runs", type=int, default=7, help="rounds that count (default 7)")
    options = parser.parse_args()
    rows = measure(max(1, options.runs))
    print(table(rows))
    if options.output:
        document = {
            "benchmark": "startup",
            "benchplan": version("benchplan"),
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "num_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
            "load_average_1_minute": os.getloadavg()[0],
            "cases": rows,
        }
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
