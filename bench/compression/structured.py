"""Structured pruning by torch-pruning: whole neurons and channels go, and a model of narrower layers is left."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

import torch
from torch import Tensor, nn

from bench.compression.forms import Form, Studio
from bench.compression.recipes import Step
from bench.compression.tuning import config_of, forward_flops, stored_bytes
from bench.compression.zeros import Prunable, params_left, pass_marks, prunable_layers, with_notes_on_zeros
from bench.errors import MeasurementError
from bench.measuring.flops import MODEL_FAILURES, first_line
from bench.models.building import Model, build
from bench.models.convolutional import ConvNet
from bench.models.mlp import Mlp

ROUND_TO = 8
"""Widths that were multiples of it stay so: kernels work in vectors of 8 fp32 numbers and more."""
ROWS = 2


def prune_widths(form: Form, step: Step, studio: Studio) -> Form:
    """Remove the same share of the neurons or channels of every layer but the last, those of least magnitude.

    Source: Fang et al. 2023, DepGraph: Towards any structural pruning, arXiv:2301.12900, whose implementation
    torch-pruning finds what must go together.
    Raises MeasurementError where torch-pruning is missing or cannot follow the model, or nothing would be left.
    """
    tools = _torch_pruning(step)
    module = copy.deepcopy(form.module).eval().requires_grad_(True)
    learns = {name: parameter.requires_grad for name, parameter in form.module.named_parameters()}
    inputs = studio.data.sample(ROWS, torch.Generator().manual_seed(0)).inputs
    widths = _widths(module, inputs, step)
    kept = {name: kept_count(width, step.number("share"), step, name) for name, width in widths.items()}
    require_removal(kept, widths, step)
    try:
        _shrink(tools, module, inputs, widths, kept)
    except MODEL_FAILURES as err:
        raise MeasurementError(f"{step}: {_blame(form.module)} ({first_line(err)})") from err
    found = {name: layer.weight.shape[0] for name, layer in prunable_layers(module).items() if name in widths}
    if found == widths:
        raise MeasurementError(f"{step}: torch-pruning found no neurons that can go in {', '.join(widths)}")
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(learns[name])
    smaller = _rebuilt(module)
    shape = ", ".join(f"{name} {widths[name]} to {width}" for name, width in found.items())
    about = f"neurons and channels of least magnitude removed by torch-pruning: {shape}"
    try:
        return with_shape(form, smaller, about, forward_flops(smaller, studio.data, 1))
    except MODEL_FAILURES as err:
        note = f"the FLOPs of the narrower model were not counted ({first_line(err)})"
        return with_shape(replace(form, notes=(*form.notes, note)), smaller, about, None)


def with_shape(form: Form, smaller: nn.Module, about: str, flops: int | None) -> Form:
    """Return a form whose module is really smaller."""
    content = stored_bytes(smaller)
    return replace(
        form,
        module=smaller.eval(),
        file_bytes=len(content),
        num_params=params_left(smaller),
        forward_flops=flops,
        method=form.then(about),
        notes=with_notes_on_zeros(form.notes, smaller, content),
    )


def kept_count(count: int, share: float, step: Step, name: str, round_to: int = ROUND_TO) -> int:
    """Return how many of so many structures stay: a multiple of `round_to` where there were one and it is not all.

    Raises MeasurementError where none would stay.
    """
    wanted = count * (1 - share)
    kept = math.floor(wanted + 0.5)
    if kept < 1:
        largest = math.floor((1 - 0.5 / count) * 1000) / 1000 if count > 1 else 0.0
        works = f"the largest share that works is {largest:g}" if count > 1 else "one must stay"
        raise MeasurementError(f"{step}: would leave 0 of {count} in {name}; {works}")
    rounded = max(1, math.floor(wanted / round_to + 0.5)) * round_to
    return rounded if count % round_to == 0 and wanted >= round_to / 2 and rounded < count else kept


def require_removal(kept: Mapping[str, int], counts: Mapping[str, int], step: Step) -> None:
    """Raise MeasurementError where a share is so small that nothing goes."""
    if kept == counts:
        listed = ", ".join(f"{count} in {name}" for name, count in counts.items())
        raise MeasurementError(
            f"{step}: rounds to nothing removed of {listed}; the smallest share that removes one is "
            f"{math.ceil(0.5 / max(counts.values()) * 1000) / 1000 + 0.001:.3g}"
        )


def _torch_pruning(step: Step) -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import torch_pruning
    except ImportError as err:
        raise MeasurementError(
            f"{step}: torch-pruning is not installed; pip install 'benchplan[compress]'"
        ) from err
    tools: ModuleType = torch_pruning
    return tools


def _widths(module: nn.Module, inputs: Tensor, step: Step) -> dict[str, int]:
    """Return the outputs of each layer but the one that is called last, which makes the logits."""
    called: list[str] = []
    layers = prunable_layers(module)

    def note(name: str) -> None:
        called.append(name)

    handles = [
        layer.register_forward_hook(lambda *_, name=name: note(name)) for name, layer in layers.items()
    ]
    try:
        with torch.no_grad():
            module(inputs)
    finally:
        for handle in handles:
            handle.remove()
    widths = {name: layer.weight.shape[0] for name, layer in layers.items() if name in called[:-1]}
    widths.pop(called[-1] if called else "", None)
    if not widths:
        raise MeasurementError(
            f"{step}: no layer before the last one, {', '.join(called)}: nothing to narrow"
        )
    return widths


def _shrink(
    tools: ModuleType, module: nn.Module, inputs: Tensor, widths: Mapping[str, int], kept: Mapping[str, int]
) -> None:
    layers = prunable_layers(module)
    before = module(inputs)
    # Half a structure more than what stays, because torch-pruning rounds down what it works out in floats.
    shares = {
        layers[name]: 1 - (kept[name] + 0.5) / width for name, width in widths.items() if kept[name] < width
    }
    untouched: list[Prunable] = [layer for layer in layers.values() if layer not in shares]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pruner = tools.BasePruner(
            module,
            inputs,
            importance=tools.importance.MagnitudeImportance(p=2),
            pruning_ratio=0.0,
            pruning_ratio_dict=shares,
            ignored_layers=untouched,
        )
        pruner.step()
    # Only a pass tells whether shapes that the code wrote down still fit.
    after = module(inputs)
    if after.shape != before.shape:
        raise ValueError(f"outputs {tuple(before.shape)} became {tuple(after.shape)}")


def _rebuilt(module: nn.Module) -> nn.Module:
    """Return a model of ours anew from its new shape, so that its formulas hold; the user's own as it is."""
    smaller: Model
    if type(module) is Mlp:
        hidden = tuple(layer.weight.shape[0] for layer in list(prunable_layers(module).values())[:-1])
        smaller = build(replace(module.config, hidden_widths=hidden))
    elif type(module) is ConvNet:
        smaller = build(replace(module.config, widths=_stage_widths(module)))
    else:
        return module
    smaller.load_state_dict(module.state_dict())
    pass_marks(module, smaller)
    return smaller.to(next(module.parameters()).device)


def _stage_widths(net: ConvNet) -> tuple[int, ...]:
    ends, last = [], -1
    for count in net.config.blocks_per_stage:
        last += count
        ends.append(last)
    found = prunable_layers(net)
    return tuple(found[f"blocks.{end}.second.0"].weight.shape[0] for end in ends)


def _blame(module: nn.Module) -> str:
    if config_of(module) is not None:
        return f"torch-pruning cannot follow {type(module).__name__}"
    layers = ", ".join(f"{name} ({type(layer).__name__})" for name, layer in prunable_layers(module).items())
    return f"torch-pruning cannot make {type(module).__name__} narrower, whose layers are {layers}"
