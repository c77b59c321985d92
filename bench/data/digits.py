"""Handwritten digits, 1,797 images of 8 by 8 pixels, which scikit-learn carries with it.

Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository.
"""

from __future__ import annotations

import torch

from bench.data.splits import NAMES, Batch, DataSet

MAX_PIXEL = 16.0
IMAGE_SHAPE = (1, 8, 8)
VALIDATION_SHARE = 0.2
TEST_SHARE = 0.2


def load_digits(seed: int = 0) -> DataSet:
    """Return the images scaled to 0..1, split by class into training, validation and test.

    The three parts share no image and depend on the seed alone. The rows are flat, (rows, 64); `as_images` of what
    is returned makes them (rows, 1, 8, 8).
    """
    # scikit-learn takes longer to import than the digits to read.
    from sklearn.datasets import load_digits as read_digits

    bunch = read_digits()
    images = torch.tensor(bunch.data, dtype=torch.float32) / MAX_PIXEL
    classes = torch.tensor(bunch.target, dtype=torch.long)
    parts = split_by_class(classes, seed)
    training, validation, test = (Batch(images[part], classes[part]) for part in parts)
    return DataSet(
        name="scikit-learn's digits",
        item="items",
        training=training,
        validation=validation,
        test=test,
        facts={f"{name}_items": len(part) for name, part in zip(NAMES, parts, strict=True)},
        class_names=tuple(str(name) for name in bunch.target_names),
        image_shape=IMAGE_SHAPE,
    )


def split_by_class(classes: torch.Tensor, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Split row numbers so that each class has its share in each part; each part is sorted."""
    generator = torch.Generator().manual_seed(seed)
    parts: tuple[list[torch.Tensor], ...] = ([], [], [])
    for value in range(int(classes.max()) + 1):
        rows = (classes == value).nonzero().flatten()
        rows = rows[torch.randperm(len(rows), generator=generator)]
        num_test = round(TEST_SHARE * len(rows))
        num_validation = round(VALIDATION_SHARE * len(rows))
        cuts = [num_test, num_validation, len(rows) - num_test - num_validation]
        test, validation, training = torch.split(rows, cuts)
        for part, chosen in zip(parts, (training, validation, test), strict=True):
            part.append(chosen)
    training, validation, test = (torch.cat(part).sort().values for part in parts)
    return training, validation, test
