"""Measure the engine and its sampling against plain numpy and Squiggle on one model, and its memory.

Run from anywhere: `python benchmarks/engine.py [-o results.json]`. See benchmarks/README.md. The runs are interleaved
and compared as the median of paired ratios of CPU time, over several fresh processes, since where memory lies moves a
ratio by up to a tenth; memory is the peak of a fresh process each.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

YARDSTICK = Path(__file__).resolve().parent / "yardstick"
sys.path.insert(0, str(YARDSTICK))

import ours  # noqa: E402
import plain  # noqa: E402

SQUIGGLE = "@quri/squiggle-lang@0.10.0"
PROCESSES = {10_000: 7, 1_000_000: 3}
ROUNDS = {10_000: 15, 1_000_000: 3}
"""In each process."""
PROMISES = {10_000: 0.8, 1_000_000: 1.0}
SQUIGGLE_SAMPLES, SQUIGGLE_ROUNDS = 10_000, 9


def cpu_seconds(call: Callable[[], object]) -> float:
    """Return the CPU time that a call takes."""
    start = time.process_time()
    call()
    return time.process_time() - start


def speed(draws: int) -> dict[str, Any]:
    """Return how many times faster than plain numpy the figures run, sampling included on both sides."""
    processes = [json.loads(fresh_process("--speed-of", draws)) for _ in range(PROCESSES[draws])]
    rounds = [pair for pairs in processes for pair in pairs]
    ratios = [theirs / mine for theirs, mine in rounds]
    return {
        "draws": draws,
        "plain_numpy_cpu_seconds": statistics.median(theirs for theirs, _ in rounds),
        "benchplan_cpu_seconds": statistics.median(mine for _, mine in rounds),
        "speed_ratio": statistics.median(ratios),
        "speed_ratio_p10_p90": [float(q) for q in np.quantile(ratios, [0.1, 0.9])],
        "speed_ratio_of_each_process": [
            statistics.median(theirs / mine for theirs, mine in pairs) for pairs in processes
        ],
        "promise": PROMISES[draws],
    }


def timed_rounds(draws: int) -> list[tuple[float, float]]:
    """Return the CPU seconds of plain numpy and of the figures, by turns in this process."""
    ours.run(draws)
    return [
        (cpu_seconds(lambda: plain.simulate(plain.draw(draws))), cpu_seconds(lambda: ours.run(draws)))
        for _ in range(ROUNDS[draws])
    ]


def fresh_process(flag: str, draws: int) -> str:
    """Return what this script prints with a flag, in a process of its own."""
    command = [sys.executable, __file__, flag, str(draws)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def agreement() -> dict[str, float]:
    """Return the largest relative difference to plain numpy on the same draws, and the outcomes of both samples."""
    draws = ours.Draws(65_536)
    inputs = draws.block(0, draws.count)
    expected = plain.simulate(inputs)
    found = ours.run(draws.count)
    pairs = {"final_cash_usd": "cash_usd", "final_lowest_usd": "lowest_usd", "final_value_usd": "value_usd"}
    largest = max(float(np.max(np.abs(found[a] / expected[b] - 1))) for a, b in pairs.items())
    sample = plain.simulate(plain.draw(1_000_000))
    return {
        "largest_relative_difference": largest,
        "median_value_usd": float(np.median(found["final_value_usd"])),
        "plain_median_value_usd": float(np.median(sample["value_usd"])),
        "ruin_share": float(np.mean(found["final_lowest_usd"] < 0)),
        "plain_ruin_share": float(np.mean(sample["lowest_usd"] < 0)),
    }


def squiggle() -> dict[str, Any]:
    """Return Squiggle's time per draw over ours, and its outcomes; or why it was not run."""
    if not (shutil.which("node") and shutil.which("npm")):
        return {"skipped": "node and npm are not here"}
    with tempfile.TemporaryDirectory() as folder:
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, SQUIGGLE]
        if subprocess.run(install, capture_output=True, check=False).returncode:
            return {"skipped": f"npm could not install {SQUIGGLE}"}
        script, model = YARDSTICK / "squiggle.mjs", YARDSTICK / "model.squiggle"
        command = ["node", str(script), str(model), str(SQUIGGLE_SAMPLES), folder]
        rounds = []
        for _ in range(SQUIGGLE_ROUNDS):
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            mine = min(cpu_seconds(lambda: ours.run(SQUIGGLE_SAMPLES)) for _ in range(5))
            theirs = json.loads(done.stdout)
            rounds.append((theirs["cpu_seconds"], mine))
    return {
        "samples": SQUIGGLE_SAMPLES,
        "squiggle_cpu_seconds": statistics.median(theirs for theirs, _ in rounds),
        "benchplan_cpu_seconds": statistics.median(mine for _, mine in rounds),
        "speed_ratio": statistics.median(theirs / mine for theirs, mine in rounds),
        "speed_ratio_of_each_round": [theirs / mine for theirs, mine in rounds],
        "promise": 100.0,
        "outcome": theirs["outcome"],
    }


def main() -> None:
    """Measure all and print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--memory-of", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--speed-of", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.speed_of:
        print(json.dumps(timed_rounds(arguments.speed_of)))
        return
    if arguments.memory_of:
        ours.run(arguments.memory_of)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        return
    memory = {draws: int(fresh_process("--memory-of", draws)) for draws in (1_000_000, 10_000_000)}
    results = {
        "speed": [speed(draws) for draws in ROUNDS],
        "agreement": agreement(),
        "squiggle": squiggle(),
        "peak_memory_bytes": memory,
        "memory_ratio": memory[10_000_000] / memory[1_000_000],
        "memory_ratio_promise": 1.2,
    }
    text = json.dumps(results, indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
