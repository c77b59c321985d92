"""One training step: forward, backward, clipping and the optimizer, in one process or many."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.data.splits import Batch


class Step(NamedTuple):
    """What a step showed, as detached tensors on the device: reading them waits for it."""

    loss_nats: Tensor
    gradient_norm: Tensor


class Loss(Protocol):
    """What a step makes smaller: the mean loss of a batch, ready for the backward pass."""

    def __call__(self, model: nn.Module, batch: Batch, *, bf16: bool = False) -> Tensor:
        """Return the loss; under bf16 autocast the model's passes alone are in bf16."""


def training_step(
    model: nn.Module, optimizer: torch.optim.Optimizer, batch: Batch, max_gradient_norm: float
) -> Tensor:
    """Take one step on a batch and return its detached mean loss; the rates are those of the optimizer."""
    return take_step(model, optimizer, batch, max_gradient_norm).loss_nats


def take_step(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    max_gradient_norm: float,
    *,
    parts: int = 1,
    bf16: bool = False,
    loss_of: Loss | None = None,
    weight: float = 1.0,
    without_exchange: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Step:
    """Take one step on a batch that goes through the model in `parts`, whose gradients add up.

    The loss is the cross-entropy unless `loss_of` says another. `weight` scales this process's loss where
    processes have unlike numbers of rows; `without_exchange` keeps all parts but the last from exchanging
    gradients between processes.
    """
    optimizer.zero_grad(set_to_none=True)
    rows = len(batch.targets)
    total = torch.zeros((), device=batch.targets.device)
    pieces = [
        Batch(*piece) for piece in zip(*(torch.tensor_split(part, parts) for part in batch), strict=True)
    ]
    for number, piece in enumerate(pieces, start=1):
        with nullcontext() if number == len(pieces) else without_exchange():
            mean = (loss_of or training_loss)(model, piece, bf16=bf16)
            loss = mean * (weight * len(piece.targets) / rows)
            torch.autograd.backward(loss)
        total += loss.detach()
    norm = clip_gradients(model, max_gradient_norm)
    optimizer.step()
    return Step(total, norm)


def clip_gradients(model: nn.Module, max_norm: float) -> Tensor:
    """Scale all gradients so that their joint norm is at most `max_norm`; returns the norm before.

    Sharded parameters count with all their shards, so each process clips by the same factor.
    """
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    sharded = any(hasattr(gradient, "full_tensor") for gradient in gradients)
    # Said outright, since torch would not think of it for fake tensors, with which a step is traced.
    foreach = None if sharded else True
    norm = nn.utils.get_total_norm(gradients, foreach=foreach)
    # A norm over shards is a sum that the processes still owe each other.
    norm = norm.full_tensor() if hasattr(norm, "full_tensor") else norm
    nn.utils.clip_grads_with_norm_(model.parameters(), max_norm, norm, foreach=foreach)
    return norm


def cross_entropy(logits: Tensor, targets: Tensor, reduction: str = "mean") -> Tensor:
    """Cross-entropy in nats of logits (..., classes) and targets (...)."""
    return F.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction=reduction)


def training_loss(model: nn.Module, batch: Batch, *, bf16: bool = False) -> Tensor:
    """Mean loss of a batch, ready for the backward pass; under bf16 autocast the loss itself is in fp32."""
    with torch.autocast(batch.targets.device.type, torch.bfloat16, enabled=bf16):
        logits = model(batch.inputs)
    return cross_entropy(logits.float(), batch.targets)


@dataclass(frozen=True)
class Hooks:
    """What a training run does otherwise than usual: another loss, or something after every step."""

    loss_of: Loss = training_loss
    after_step: Callable[[int], None] = lambda step: None
    """Called with the number of steps taken, when the optimizer has changed the weights."""


PLAIN = Hooks()
