"""Loss and right answers of a model on a part of the data, row by row."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn

from bench.data.splits import Batch
from bench.training.distributed import ALONE, Team
from bench.training.steps import cross_entropy

ROWS_PER_CALL = 64


@dataclass(frozen=True)
class Scores:
    """Loss and share of right answers of each row of a part of the data."""

    losses_nats: tuple[float, ...]
    accuracies_share: tuple[float, ...]

    @property
    def loss_nats(self) -> float:
        """Mean loss per image, token or byte."""
        return math.fsum(self.losses_nats) / len(self.losses_nats)


def score(model: nn.Module, batch: Batch, rows_per_call: int = ROWS_PER_CALL, team: Team = ALONE) -> Scores:
    """Score a model on a part of the data, row by row; each process of a team takes its share of the rows."""
    model.eval()
    team.same_buffers(model)
    part = team.equal_share(batch)
    found: list[torch.Tensor] = []
    # Parameters that are gathered for each layer cannot live under inference mode.
    with torch.no_grad() if team.shards else torch.inference_mode():
        for first in range(0, len(part.inputs), rows_per_call):
            targets = part.targets[first : first + rows_per_call]
            logits = model(part.inputs[first : first + rows_per_call]).float()
            each = cross_entropy(logits, targets, reduction="none").view(len(targets), -1)
            right = (logits.argmax(-1) == targets).float().view(len(targets), -1)
            found.append(torch.stack((each.mean(1), right.mean(1))))
        team.shard_again(model)
    losses, accuracies = team.joined(torch.cat(found, dim=1), len(batch.inputs)).tolist()
    return Scores(tuple(losses), tuple(accuracies))
