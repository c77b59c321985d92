"""What every data set offers: batches for training, and validation and test apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor


class Batch(NamedTuple):
    """Inputs and what should come out, row by row."""

    inputs: Tensor
    targets: Tensor

    def to(self, device: str) -> Batch:
        """Return the batch on a device."""
        return Batch(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class DataSet:
    """Three disjoint parts; `item` is the unit of what is predicted: images (`items`) or `bytes`.

    `windows_of` is zero where a training row is an example, else the number of tokens that are cut at random
    places from the training part, which is then one row of inputs and one of targets.
    """

    name: str
    item: Literal["items", "bytes"]
    training: Batch
    validation: Batch
    test: Batch
    windows_of: int = 0
    facts: Mapping[str, int] = field(default_factory=dict)

    def sample(self, num_rows: int, generator: torch.Generator) -> Batch:
        """Draw rows for one training step with replacement; the generator lives on the CPU."""
        inputs, targets = self.training
        if not self.windows_of:
            rows = torch.randint(len(inputs), (num_rows,), generator=generator).to(inputs.device)
            return Batch(inputs[rows], targets[rows])
        starts = torch.randint(len(inputs) - self.windows_of + 1, (num_rows, 1), generator=generator)
        places = (starts + torch.arange(self.windows_of)).to(inputs.device)
        return Batch(inputs[places].long(), targets[places].long())

    def to(self, device: str) -> DataSet:
        """Return the data set on a device."""
        return replace(
            self,
            training=self.training.to(device),
            validation=self.validation.to(device),
            test=self.test.to(device),
        )
