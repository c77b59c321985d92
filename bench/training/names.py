"""What a recipe may name: optimizers and schedules, with their defaults; imports no torch."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from bench.errors import InputError

OPTIMIZERS = {
    "adamw": "AdamW",
    "adam": "Adam",
    "sgd": "SGD with momentum",
    "rmsprop": "RMSprop",
    "muon": "Muon",
}
SCHEDULES = {"cosine": "cosine decay", "wsd": "a plateau and a cool-down over the last fifth"}
LEARNING_RATES = {"adamw": 2e-3, "adam": 2e-3, "sgd": 0.1, "rmsprop": 1e-3, "muon": 5e-3}
WEIGHT_DECAYS = {"adamw": 0.1, "adam": 0.0, "sgd": 1e-4, "rmsprop": 0.0, "muon": 0.1}
"""AdamW and Muon shrink the weights themselves; in the others decay is a part of the gradient (Loshchilov and
Hutter 2019, Decoupled weight decay regularization), where a tenth would drown the loss."""


def check_optimizer(name: str) -> None:
    """Raise InputError, with the nearest spelling, when there is no optimizer of this name."""
    _check("--optimizer", name, OPTIMIZERS, "optimizer")


def check_schedule(name: str) -> None:
    """Raise InputError, with the nearest spelling, when there is no schedule of this name."""
    _check("--schedule", name, SCHEDULES, "schedule")


def _check(option: str, name: str, known: Iterable[str], what: str) -> None:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise InputError(f"{option} {name}: there is no such {what}; there is {', '.join(names)}.{hint}")
