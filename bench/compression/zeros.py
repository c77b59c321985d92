"""Weights that unstructured pruning made zero: where they lie, how training on leaves them zero, what is left.

A pruned layer carries a mark, and its zeros are its mask: nothing beside the weights has to be copied or stored.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

_MARK = "keeps_zeros"
_NOTE = "zeros of pruning"
Prunable = nn.Linear | nn.Conv2d


def prunable_layers(module: nn.Module) -> dict[str, Prunable]:
    """Return linear and convolutional layers by name; embeddings, norms and biases are never pruned one by one."""
    return {name: layer for name, layer in module.named_modules() if isinstance(layer, Prunable)}


def mark(layer: nn.Module) -> None:
    """Say that the zeros of a layer's weight are pruned: they stay zero, and do not count as parameters."""
    setattr(layer, _MARK, True)


def pruned_layers(module: nn.Module) -> dict[str, Prunable]:
    """Return the layers that were marked, by name."""
    return {name: layer for name, layer in prunable_layers(module).items() if hasattr(layer, _MARK)}


def pass_marks(source: nn.Module, target: nn.Module) -> None:
    """Mark the layers of a rebuilt model that were marked under the same names."""
    layers = prunable_layers(target)
    for name in pruned_layers(source).keys() & layers.keys():
        mark(layers[name])


def masks_of(module: nn.Module) -> dict[str, Tensor]:
    """Return for each pruned layer where its weight is zero, as bool in the weight's shape."""
    return {name: layer.weight.detach() == 0 for name, layer in pruned_layers(module).items()}


@torch.no_grad()
def put_masks(module: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Make the weights zero where the masks say so, and mark their layers."""
    layers = prunable_layers(module)
    for name, zero in masks.items():
        layers[name].weight.masked_fill_(zero, 0)
        mark(layers[name])


def params_left(module: nn.Module) -> int:
    """Count the elements of all parameters, shared ones once, without the zeros of pruned layers."""
    zeros = sum(int(zero.sum()) for zero in masks_of(module).values())
    return sum(parameter.numel() for parameter in module.parameters()) - zeros


def with_notes_on_zeros(notes: tuple[str, ...], module: nn.Module, content: bytes) -> tuple[str, ...]:
    """Return a form's notes with what its zeros bring and do not bring; `content` is what is stored of the model."""
    others = tuple(note for note in notes if not note.startswith(_NOTE))
    zeros = sum(int(zero.sum()) for zero in masks_of(module).values())
    if not zeros:
        return others
    weights = sum(layer.weight.numel() for layer in prunable_layers(module).values())
    zipped = len(zlib.compress(content, level=1))
    return (
        *others,
        f"{_NOTE} bring no speed when run dense: every product is still worked out",
        f"{_NOTE}: {zeros:,} of {weights:,} weights of linear and convolutional layers; embeddings, norms and biases "
        f"were not pruned; a dense file takes {len(content):,} bytes with or without them, and zips to {zipped:,}",
    )


class HeldZeros:
    """The zeros of a model in training: their gradients count for nothing, and every step leaves them zero."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self.take()

    def take(self) -> None:
        """Hold the zeros that the pruned layers have now."""
        self._zeros = masks_of(self._module)

    def after_step(self, step: int) -> None:
        """Undo what an optimizer did to zeros: decay leaves them, a momentum of earlier or of others does not."""
        put_masks(self._module, self._zeros)

    @contextmanager
    def without_gradients(self) -> Iterator[None]:
        """Keep the gradients of zeros out of the norm by which all are clipped."""
        handles = [
            layer.weight.register_hook(self._silencer(name))  # type: ignore[no-untyped-call]
            for name, layer in prunable_layers(self._module).items()
            if layer.weight.requires_grad
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _silencer(self, name: str) -> Callable[[Tensor], Tensor]:
        def silence(gradient: Tensor) -> Tensor:
            zero = self._zeros.get(name)
            return gradient if zero is None else gradient.masked_fill(zero, 0)

        return silence
