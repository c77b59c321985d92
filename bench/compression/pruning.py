"""The step `prune`: removes single weights, or whole structures, so that a smaller model is left."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from bench.compression.forms import Form, Studio
from bench.compression.gpt_pruning import prune_gpt
from bench.compression.recipes import Step
from bench.compression.structured import prune_widths
from bench.compression.unstructured import prune_gradually, prune_magnitude, prune_two_of_four
from bench.compression.zeros import prunable_layers
from bench.errors import MeasurementError
from bench.models.gpt import Gpt

UNSTRUCTURED: dict[str, Callable[[Form, Step, Studio], Form]] = {
    "magnitude": prune_magnitude,
    "gradual": prune_gradually,
    "2:4": prune_two_of_four,
}
OF_TRANSFORMERS = ("heads", "layers")
LAYERS_NAMED = 6


def prune(form: Form, step: Step, studio: Studio) -> Form:
    """Remove the share that the step asks for.

    Raises MeasurementError where nothing would be left or nothing would go, where the model has no such structures,
    and where torch-pruning is missing or cannot follow the model.
    """
    kind = step.word("kind")
    if not prunable_layers(form.module):
        raise MeasurementError(f"{step}: no linear or convolutional layer in {type(form.module).__name__}")
    if kind in UNSTRUCTURED:
        return UNSTRUCTURED[kind](form, step, studio)
    if isinstance(form.module, Gpt):
        return prune_gpt(form, step, studio)
    if kind in OF_TRANSFORMERS:
        raise MeasurementError(
            f"{step}: no {'attention' if kind == 'heads' else 'blocks of a transformer'} that Benchplan knows in "
            f"{_described(form.module)}; prune(neurons, ...) makes such layers narrower"
        )
    return prune_widths(form, step, studio)


def _described(module: nn.Module) -> str:
    layers = [
        f"{name} ({type(layer).__name__})" if name else type(layer).__name__
        for name, layer in prunable_layers(module).items()
    ]
    more = f" and {len(layers) - LAYERS_NAMED} more" if len(layers) > LAYERS_NAMED else ""
    return f"{type(module).__name__}, whose layers are {', '.join(layers[:LAYERS_NAMED])}{more}"
