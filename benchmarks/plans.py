"""Measure whole plans: CPU time and memory of 16,384 draws over 60 months, and comparing four on one process and two.

Nothing of a plan may depend on how it runs, which is checked as well.

Run from anywhere: `python benchmarks/plans.py [-o results.json]`. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
SCENARIO = ROOT / "scenarios" / "open_platform.yaml"
DRAWS = 16_384
RUNS = 5
PROMISES = {"cpu_seconds": 4.0, "peak_memory_bytes": 500e6}
WAYS: tuple[dict[str, int], ...] = (
    {"block_draws": 1024},
    {"block_draws": 8192},
    {"block_draws": 65_536},
    {"workers": 1},
    {"workers": 2},
    {"workers": 4},
)
COMPARED_DRAWS = (4096, 16_384)
COMPARED_WORKERS = (1, 2)
VARIANTS = {
    "dearer.yaml": "market: {price_usd_per_million_tokens: 0.6}",
    "cheaper.yaml": "market: {price_usd_per_million_tokens: 0.3}",
    "richer.yaml": "finance: {opening_cash_usd: 5e6}",
}
"""Files that are laid over the scenario: with it they make four plans."""


def plan_once() -> None:
    """Plan as the command line does and print every figure with its quantiles; then say what it took."""
    import planner

    document = json.dumps(planner.plan(SCENARIO, draws=DRAWS).to_json())
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {"cpu_seconds": used.ru_utime + used.ru_stime, "peak_memory_bytes": used.ru_maxrss * 1024}
    print(json.dumps({**told, "document_bytes": len(document)}))


def cost() -> dict[str, Any]:
    """Return the CPU time (median, least) and the peak memory of a plan in fresh processes."""
    runs = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, __file__, "--once"], capture_output=True, text=True, check=True
        )
        runs.append(json.loads(done.stdout))
    seconds = [run["cpu_seconds"] for run in runs]
    return {
        "draws": DRAWS,
        "cpu_seconds_median": statistics.median(seconds),
        "cpu_seconds_least": min(seconds),
        "peak_memory_bytes": max(run["peak_memory_bytes"] for run in runs),
        "promises": PROMISES,
    }


def sameness() -> dict[str, Any]:
    """Return the hash of the whole JSON for each size of blocks and number of processes, and whether all agree."""
    import planner

    found = {}
    for way in WAYS:
        document = json.dumps(planner.plan(SCENARIO, draws=DRAWS, seed=1, **way).to_json())
        found[str(way)] = hashlib.sha256(document.encode()).hexdigest()[:16]
    return {"hashes": found, "all_equal": len(set(found.values())) == 1}


def comparing() -> list[dict[str, Any]]:
    """Return how long planning four variants for a comparison takes, with each number of processes in turn."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in VARIANTS.items():
            Path(folder, name).write_text(text + "\n", "utf-8")
        paths = [str(SCENARIO), *(f"{SCENARIO}+{Path(folder, name)}" for name in VARIANTS)]
        return [_compared(paths, draws) for draws in COMPARED_DRAWS]


def _compared(paths: list[str], draws: int) -> dict[str, Any]:
    runs: dict[int, list[tuple[float, float, str]]] = {workers: [] for workers in COMPARED_WORKERS}
    for _ in range(RUNS + 1):
        for workers, found in runs.items():
            found.append(_compare_once(paths, draws, workers))
    seconds = {
        str(workers): {
            "wall_seconds_median": statistics.median(wall for wall, _, _ in found[1:]),
            "wall_seconds_least": min(wall for wall, _, _ in found[1:]),
            "cpu_seconds_median": statistics.median(cpu for _, cpu, _ in found[1:]),
        }
        for workers, found in runs.items()
    }
    hashes = {digest for found in runs.values() for _, _, digest in found}
    return {"plans": len(paths), "draws": draws, "by_workers": seconds, "all_equal": len(hashes) == 1}


def _compare_once(paths: list[str], draws: int, workers: int) -> tuple[float, float, str]:
    """Return wall and CPU time of planning for a comparison, and the hash of what was found."""
    import planner
    from planner.analysis.comparing import COMPARED

    wall, cpu = time.perf_counter(), _cpu_seconds()
    results = planner.plan_all(paths, draws=draws, figures=COMPARED, workers=workers)
    took = time.perf_counter() - wall, _cpu_seconds() - cpu
    document = json.dumps([result.to_json() for result in results])
    return *took, hashlib.sha256(document.encode()).hexdigest()[:16]


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of those that it started and that ended."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(used.ru_utime + used.ru_stime for used in both)


def main() -> None:
    """Measure all and print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        plan_once()
        return
    text = json.dumps({"cost": cost(), "sameness": sameness(), "comparing": comparing()}, indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
