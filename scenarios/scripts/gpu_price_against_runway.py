"""How the price of a GPU-hour moves serving cost, funding need and runway: a table of plans at several prices.

Run it with: python scenarios/scripts/gpu_price_against_runway.py [SCENARIO]
"""

import sys
from pathlib import Path

import pandas as pd

import planner

USD_PER_GPU_HOUR = (1.5, 2.0, 3.0, 4.5, 6.0)


def row(scenario: str, usd_per_gpu_hour: float) -> dict[str, float]:
    """Plan the scenario with one price for training and serving and return its row of the table."""
    sets = [f"{use}.{use}_usd_per_gpu_hour={usd_per_gpu_hour}" for use in ("training", "serving")]
    result = planner.plan(scenario, sets=sets, draws=1024)
    return {
        "usd_per_gpu_hour": usd_per_gpu_hour,
        "last_month_serving_usd": float(result["serving_usd"].quantile(0.5)[-1]),
        "funding_need_usd_p50": float(result["funding_need_usd"].quantile(0.5)),
        "funding_need_usd_p90": float(result["funding_need_usd"].quantile(0.9)),
        "runway_months_p10": float(result["runway_months"].quantile(0.1)),
        "probability_cash_lasts": float(
            result["runway_months"].probability(lambda months: months == float("inf"))
        ),
    }


def main() -> None:
    """Print the table."""
    scenario = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parents[1] / "open_platform.yaml")
    print(pd.DataFrame([row(scenario, price) for price in USD_PER_GPU_HOUR]).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
