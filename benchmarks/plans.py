"""Measure a whole plan: CPU time and memory of 16,384 draws over 60 months, and that nothing depends on how it runs.

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


def main() -> None:
    """Measure all and print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.once:
        plan_once()
        return
    text = json.dumps({"cost": cost(), "sameness": sameness()}, indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
