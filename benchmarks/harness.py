"""Measure the harness itself: how far a model against an exact copy of itself is from a ratio of one.

Once on the machine as it is and once beside a busy loop on one core; and whether the watch said so.

Run from anywhere: `python benchmarks/harness.py [-o results.json]`. See benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

REPETITIONS = 30
PROMISED_DEVIATION_SHARES = {"as it is": 0.02, "beside a busy loop": 0.05}
"""At the 90th percentile over all repetitions; the first holds on an idle machine."""
BUSY_LOOP = "while True: pass"
SETTLE_SECONDS = 0.5


def repetitions(seed: int, num_repetitions: int) -> dict[str, Any]:
    """Time pairs of equal models again and again in this process; returns ratios by model and the watch."""
    import torch

    from bench.measuring.contention import QuietWatch
    from bench.measuring.examples import example_batch
    from bench.measuring.interleaving import Interleaved
    from bench.measuring.latency import paired_ratio
    from bench.measuring.speed import QUICK
    from bench.models.building import build
    from bench.models.gpt import GptConfig
    from bench.models.mlp import MlpConfig

    torch.set_num_threads(1)
    small = GptConfig(width=64, num_layers=2, num_heads=4, feed_forward_width=256, context_tokens=32)
    cells = {
        "mlp, batch 1": (MlpConfig(), 1),
        "mlp, batch 256": (MlpConfig(), 256),
        "gpt, batch 1": (small, 1),
    }
    watch = QuietWatch()
    ratios: dict[str, list[float]] = {name: [] for name in cells}
    within: dict[str, list[bool]] = {name: [] for name in cells}
    started = time.perf_counter()
    for number in range(num_repetitions):
        for name, (config, rows) in cells.items():
            model, inputs = build(config).eval(), example_batch(config, rows).inputs
            pair = {"model": model, "copy": copy.deepcopy(model)}
            schedule = replace(QUICK.latency, seed=seed + number)
            calls = {side: partial(pair[side], inputs) for side in pair}
            interleaved = Interleaved(calls, schedule)
            with torch.inference_mode(), watch:
                for _ in range(QUICK.passes):
                    interleaved.run()
            timed = interleaved.timings()
            ratio = paired_ratio(timed["model"], timed["copy"], contended=watch.contended)
            ratios[name].append(ratio.value)
            within[name].append(ratio.low <= 1 <= ratio.high)
    return {
        "ratios": ratios,
        "interval_holds_one_share": {name: statistics.mean(held) for name, held in within.items()},
        "contended": watch.contended,
        "watch": watch.in_words(),
        "seconds_per_comparison": (time.perf_counter() - started) / (num_repetitions * len(cells)),
    }


def measured(condition: str, num_repetitions: int) -> dict[str, Any]:
    """Run the repetitions in a fresh process and say how far the ratios are from one."""
    from bench.measuring.processes import in_fresh_process
    from benchmarks import harness

    found = in_fresh_process(harness.repetitions, 0, num_repetitions, num_threads=1)
    ratios = found.pop("ratios")
    deviations = {name: [abs(ratio - 1) for ratio in each] for name, each in ratios.items()}
    together = [deviation for each in deviations.values() for deviation in each]
    promised = PROMISED_DEVIATION_SHARES[condition]
    p90 = _ninetieth(together)
    return {
        "condition": condition,
        "comparisons": len(together),
        "deviation_share_p50": statistics.median(together),
        "deviation_share_p90": p90,
        "deviation_share_max": max(together),
        "deviation_share_p90_by_model": {name: _ninetieth(each) for name, each in deviations.items()},
        "promised_share": promised,
        "promise": "kept" if p90 <= promised else "broken",
        **found,
    }


@contextmanager
def busy_loop() -> Iterator[None]:
    """Keep one core busy with a process of its own; the scheduler places it where it likes."""
    process = subprocess.Popen([sys.executable, "-c", BUSY_LOOP])
    try:
        time.sleep(SETTLE_SECONDS)
        yield
    finally:
        process.kill()
        process.wait()


def _ninetieth(values: list[float]) -> float:
    return statistics.quantiles(values, n=10, method="inclusive")[-1]


def main() -> None:
    """Measure both conditions, and print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument(
        "--repetitions", type=int, default=REPETITIONS, help="pairs of each model (default 30)"
    )
    arguments = parser.parse_args()
    found = [measured("as it is", arguments.repetitions)]
    with busy_loop():
        found.append(measured("beside a busy loop", arguments.repetitions))
    quiet, busy = found
    document = {
        "ratios_of_equal_models": found,
        "busy_loop_was_noticed": busy["contended"],
        "quiet_before_it": not quiet["contended"],
    }
    text = json.dumps(document, indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
