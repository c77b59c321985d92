"""Run the quick suite several times in a row and tell which of its ratios agree from one run to the next.

Run from anywhere: `python benchmarks/agreement.py [-o results.json] [--runs 2]`. See benchmarks/README.md. Each run is
the command that a user types, in a process of its own, and takes about a minute and a half.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.record import Measurement, Record, load  # noqa: E402

MAX_DIFFERENCE_SHARE = 0.05
PROMISES = {"agreeing_share": 0.9, "seconds": 90.0}


def one_run(folder: Path) -> tuple[Record, float]:
    """Run the quick suite as a user does; returns its record and the seconds that the command took."""
    command = [str(Path(sys.executable).with_name("benchplan")), "bench", "run", "--suite", "quick"]
    start = time.perf_counter()
    subprocess.run([*command, "-o", str(folder)], capture_output=True, check=True, cwd=ROOT)
    seconds = time.perf_counter() - start
    [path] = folder.glob("*.json")
    return load(path), seconds


def ratios(record: Record) -> dict[str, Measurement]:
    """Return the ratios of a record by what they are of."""
    return {
        " ".join([m.subject, m.variant, m.name, *(f"{k} {v}" for k, v in m.conditions.items())]): m
        for m in record.measurements
        if m.name.endswith("_ratio") and m.value is not None
    }


def difference(one: Record, other: Record) -> dict[str, Any]:
    """Return how far each ratio of one record is from that of the other."""
    first, second = ratios(one), ratios(other)
    assert first.keys() == second.keys()
    off = {name: abs((second[name].value or 0) / (first[name].value or 1) - 1) for name in first}
    return {
        "is_quiet": not (one.contended or other.contended),
        "agreeing_share": sum(share <= MAX_DIFFERENCE_SHARE for share in off.values()) / len(off),
        "difference_share": off,
        "ratios": {name: [first[name].value, second[name].value] for name in first},
        "notes_of_those_that_differ": {
            name: [first[name].note, second[name].note]
            for name, share in off.items()
            if share > MAX_DIFFERENCE_SHARE
        },
    }


def main() -> None:
    """Run, compare each run with the next, and print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--runs", type=int, default=2)
    given = parser.parse_args()
    runs = []
    for number in range(given.runs):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(one_run(Path(folder)))
        print(f"run {number + 1} of {given.runs}: {runs[-1][1]:.0f} s", file=sys.stderr)
    records = [record for record, _ in runs]
    pairs = [difference(one, other) for one, other in pairwise(records)]
    quiet = [pair["agreeing_share"] for pair in pairs if pair["is_quiet"]]
    document = {
        "seconds": [seconds for _, seconds in runs],
        "warnings": [record.warnings for record in records],
        "contended": [record.contended for record in records],
        "agreeing_share": sum(pair["agreeing_share"] for pair in pairs) / len(pairs),
        "quiet_pairs": len(quiet),
        "agreeing_share_of_quiet_pairs": sum(quiet) / len(quiet) if quiet else None,
        "promises": PROMISES,
        "pairs": pairs,
    }
    text = json.dumps(document, indent=2)
    print(text)
    if given.output:
        given.output.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
