"""What torchrun starts in `test_distributed.py`: small runs in a team, with their losses written by rank 0."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import torch

from bench.data.digits import load_digits
from bench.models.building import build
from bench.models.mlp import MlpConfig
from bench.training.distributed import Team, team_of, whole
from bench.training.loop import Recipe, train
from bench.training.resuming import CheckpointFile
from bench.training.scoring import score

# Rows that two processes cannot split evenly, in parts, with gradients above the limit.
RECIPE = Recipe(
    num_steps=12, num_rows=27, learning_rate=0.3, warmup_steps=2, evaluate_every=6, accumulate=2,
    max_gradient_norm=0.2, optimizer="sgd", weight_decay=1e-4,
)  # fmt: skip
MUON = Recipe(
    num_steps=12, num_rows=26, learning_rate=0.01, warmup_steps=2, evaluate_every=6, optimizer="muon"
)
RECIPES = {"sgd": RECIPE, "muon": MUON}


def run(recipe: Recipe, team: Team, folder: Path | None) -> dict[str, object]:
    """Train a small perceptron; returns losses, and the sum of each whole parameter."""
    torch.set_num_threads(1)
    data, model = load_digits(), build(MlpConfig())
    file = None if folder is None else CheckpointFile(folder / f"{recipe.optimizer}-{team.kind}", 4)
    found = train(model, data, recipe, team=team, checkpoint=file)
    test = score(model, data.test, team=team)
    return {
        "training": found.training_losses_nats,
        "validation": found.validation_losses_nats,
        "test": test.losses_nats,
        "weights": {name: float(whole(value).abs().sum()) for name, value in model.state_dict().items()},
    }


def main(folder: Path) -> None:
    """Do all runs one after another, first with DDP and then with FSDP2."""
    found = {}
    with team_of("ddp", "cpu") as team:
        for each in (team, replace(team, kind="fsdp")):
            for name, recipe in RECIPES.items():
                found[f"{each.kind} {name}"] = run(recipe, each, folder)
        if team.leads:
            (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
