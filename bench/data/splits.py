"""What every data set offers: batches for training, and validation and test apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from bench.data.vocabularies import Vocabulary
from bench.errors import InputError

NAMES = ("training", "validation", "test")


class Batch(NamedTuple):
    """Inputs and what should come out, row by row."""

    inputs: Tensor
    targets: Tensor

    def to(self, device: str) -> Batch:
        """Return the batch on a device."""
        return Batch(self.inputs.to(device), self.targets.to(device))


@dataclass(frozen=True)
class DataSet:
    """Three disjoint parts; `item` is the unit of what is predicted: images or rows (`items`), `bytes` or `tokens`.

    `windows_of` is zero where a training row is an example, else the number of tokens that are cut at random
    places from the training part, which is then one row of inputs and one of targets.
    """

    name: str
    item: Literal["items", "bytes", "tokens"]
    training: Batch
    validation: Batch
    test: Batch
    windows_of: int = 0
    facts: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was done to the user's data on the way, for people: columns left out, values filled in."""
    whole: str = "image"
    """What the three parts share none of: image, row or file."""
    class_names: tuple[str, ...] = ()
    image_shape: tuple[int, int, int] | None = None
    """Channels, height and width, where the inputs are pixels."""
    vocabulary: Vocabulary | None = None

    @property
    def num_inputs(self) -> int:
        """Numbers in one row of inputs: features, pixels, or tokens of the context."""
        return self.validation.inputs[0].numel()

    @property
    def num_classes(self) -> int:
        """Classes to choose from: of a table or of images, else the size of the vocabulary; 0 if not known."""
        return self.vocabulary.size if self.vocabulary else len(self.class_names)

    def bytes_per_target(self, batch: Batch) -> float:
        """Return the mean bytes of text that one target of validation or test stands for; 1 for bytes.

        A mean loss in nats per token over this is in nats per byte, which models with different vocabularies
        have in common. Raises InputError where the data is no text.
        """
        if self.vocabulary is None:
            raise InputError(
                f"{self.name}: a loss per byte needs text, and these are {self._inputs_in_words()}"
            )
        return float(self.vocabulary.bytes_of_tokens()[batch.targets.cpu()].double().mean())

    @property
    def row_in_words(self) -> str:
        """Say what one row holds: `one image`, `one row`, `128 tokens`."""
        return f"{self.num_inputs} {self.item}" if self.windows_of else f"one {self.whole}"

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
        return self._each(lambda batch: batch.to(device))

    def as_images(self) -> DataSet:
        """Return the data set with inputs (rows, channels, height, width), for convolutional models.

        Raises InputError when its inputs are no pixels.
        """
        shape = self.image_shape
        if shape is None:
            raise InputError(
                f"{self.name}: a model of images needs images, and these are {self._inputs_in_words()}; "
                "take the data set digits, or a model for such inputs"
            )
        return self._each(lambda batch: Batch(batch.inputs.reshape(-1, *shape), batch.targets))

    def _inputs_in_words(self) -> str:
        return "text" if self.windows_of else "rows of a table"

    def _each(self, change: Callable[[Batch], Batch]) -> DataSet:
        return replace(
            self,
            training=change(self.training),
            validation=change(self.validation),
            test=change(self.test),
        )
