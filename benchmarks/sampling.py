"""Measure what the Sobol draws are worth in plain ones, and how independent the inputs are.

Run from anywhere: `python benchmarks/sampling.py [-o results.json] [--seeds 64]`. See benchmarks/README.md. A plain
sample of n draws has a variance of v / n; the draws that it takes to reach the error of the Sobol sample are v over
the variance of the Sobol estimate, which is taken over independent seeds.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

YARDSTICK = Path(__file__).resolve().parent / "yardstick"
sys.path.insert(0, str(YARDSTICK))

import ours  # noqa: E402

from planner.scenario.dimensions import dimensions  # noqa: E402
from planner.scenario.sampling import Sampler  # noqa: E402
from planner.scenario.spelling import parse  # noqa: E402

DRAWS = 16_384
INDEPENDENCE_SEEDS = 16
PROMISES = {"ruin_share": 60_000, "mean": 1_000_000}
BOUNDED = {
    standin: parse(f"{one.text} within {one.quantile(0.01):.6g}..{one.quantile(0.99):.6g}", "amount_usd")
    for standin, one in ours.DISTRIBUTIONS.items()
}
"""The yardstick's inputs cut off at their p1 and p99: with unbounded monthly growth its mean would not settle."""


class BoundedDraws(ours.Draws):
    """The draws of the yardstick with bounded inputs."""

    @property
    def sampler(self) -> Sampler:  # type: ignore[override]
        """The sampler over the stand-in names."""
        return Sampler(BOUNDED, self.count, self.seed, self.method)


def worth(seeds: int) -> dict[str, Any]:
    """Return how many plain draws reach the error of the Sobol sample, for a probability and a mean."""
    shares, means, variances = [], [], []
    for seed in range(seeds):
        found = ours.outcomes(BoundedDraws(DRAWS, seed))
        shares.append(float(np.mean(found["final_lowest_usd"] < 0)))
        means.append(float(np.mean(found["final_value_usd"])))
        variances.append(float(np.var(found["final_value_usd"])))
    share = float(np.mean(shares))
    return {
        "draws": DRAWS,
        "seeds": seeds,
        "relative_error_of_these_figures": float(np.sqrt(2 / (seeds - 1))),
        "ruin_share": {
            "estimate": share,
            "worth_plain_draws": share * (1 - share) / float(np.var(shares, ddof=1)),
            "promise": PROMISES["ruin_share"],
        },
        "mean_of_net_present_value": {
            "estimate_usd": float(np.mean(means)),
            "worth_plain_draws": float(np.mean(variances)) / float(np.var(means, ddof=1)),
            "promise": PROMISES["mean"],
        },
    }


def independence() -> dict[str, Any]:
    """Return the largest correlation between any two registered inputs."""
    names = tuple(dimensions())
    uniform = parse("uniform(0, 1)", "amount_usd")
    largest = []
    for seed in range(INDEPENDENCE_SEEDS):
        drawn = Sampler(dict.fromkeys(names, uniform), DRAWS, seed).all()
        correlation = np.corrcoef(np.stack([drawn[name] for name in names]))
        np.fill_diagonal(correlation, 0)
        largest.append(float(np.abs(correlation).max()))
    return {"inputs": len(names), "draws": DRAWS, "largest_correlation_by_seed": largest, "promise": 0.02}


def main() -> None:
    """Measure all and print and keep the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--seeds", type=int, default=64)
    arguments = parser.parse_args()
    text = json.dumps({"worth": worth(arguments.seeds), "independence": independence()}, indent=2)
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
