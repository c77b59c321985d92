"""What serving in 8 bits saves against 16 bits, on published throughput: the same plan at both precisions.

Run it with: python scenarios/scripts/compressed_against_plain_serving.py [SCENARIO]
"""

import sys
from pathlib import Path

import pandas as pd

import planner


def row(scenario: str, precision: str) -> dict[str, object]:
    """Plan the scenario at one precision of the weights and return its row of the table."""
    result = planner.plan(scenario, sets=[f"serving.weight_precision={precision}"])
    throughput = result.leaves["serving_tokens_per_gpu_second"]
    return {
        "weight_precision": precision,
        "weights_gib": float(result["weights_bytes"].central) / 2**30,
        "tokens_per_gpu_second": throughput.central(),
        "last_month_gpus": float(result["serving_gpus"].central[-1]),
        "total_serving_usd": float(result["serving_usd"].central.sum()),
        "funding_need_usd": float(result["funding_need_usd"].central),
    }


def main() -> None:
    """Print the table."""
    scenario = sys.argv[1] if len(sys.argv) > 1 else str(Path(__file__).parents[1] / "base.yaml")
    print(
        pd.DataFrame([row(scenario, precision) for precision in ("bf16", "fp8")])
        .round(2)
        .to_string(index=False)
    )


if __name__ == "__main__":
    main()
