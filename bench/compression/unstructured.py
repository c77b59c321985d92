"""Unstructured pruning: the smallest weights of linear and convolutional layers become zero, the shape stays."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from bench.compression.forms import Form, Studio
from bench.compression.recipes import Step
from bench.compression.tuning import AfterStep, stored_bytes, train_on
from bench.compression.zeros import (
    HeldZeros,
    Prunable,
    params_left,
    prunable_layers,
    put_masks,
    with_notes_on_zeros,
)
from bench.errors import MeasurementError

RAMP_SHARE = 0.75
"""Of the steps of gradual pruning, after which the share is reached; the rest trains what is left."""
STAGES = 10
GROUP, KEPT_OF_GROUP = 4, 2


def prune_magnitude(form: Form, step: Step, studio: Studio) -> Form:
    """Make the smallest weights zero at once, over all layers or in each alone; earlier zeros count to the share.

    Raises MeasurementError where a layer would keep nothing.
    """
    module = copy.deepcopy(form.module)
    scope = step.word("scope")
    put_masks(module, _smallest(prunable_layers(module), step.number("share"), scope, str(step)))
    about = f"the smallest {step.number('share'):.0%} of the weights of {_scope_in_words(scope)} made zero"
    return _with_zeros(form, module, about)


def prune_gradually(form: Form, step: Step, studio: Studio) -> Form:
    """Make the smallest weights zero in stages while training on, by a cubic schedule, and hold them.

    Formula: share * (1 - (1 - step / steps of the ramp)^3). Source: Zhu & Gupta 2017, To prune, or not to prune,
    arXiv:1710.01878, equation 1, from a share of 0.
    Raises MeasurementError where a layer would keep nothing, and where training fails.
    """
    share, scope = step.number("share"), step.word("scope")
    # What cannot be reached is told before anything is trained.
    _smallest(prunable_layers(form.module), share, scope, str(step))
    # Weights of before the last stage would have too few zeros, however good they were.
    recipe = replace(studio.training(), patience=0)
    ramp = max(1, int(RAMP_SHARE * recipe.num_steps))
    every = max(1, ramp // STAGES)

    def stages(module: nn.Module, zeros: HeldZeros) -> AfterStep:
        layers = prunable_layers(module)

        def after_step(taken: int) -> None:
            zeros.after_step(taken)
            if taken <= ramp and (taken % every == 0 or taken == ramp):
                put_masks(module, _smallest(layers, cubic_share(share, taken / ramp), scope, str(step)))
                zeros.take()

        return after_step

    tuned = train_on(form, studio, recipe, after_step=stages)
    notes = tuned.notes
    if tuned.run.num_steps < ramp:
        put_masks(tuned.module, _smallest(prunable_layers(tuned.module), share, scope, str(step)))
        notes += (f"training ended early, at step {tuned.run.num_steps}: the rest was pruned at once",)
    about = (
        f"the smallest {share:.0%} of the weights of {_scope_in_words(scope)} made zero by a cubic schedule over "
        f"{ramp} of {tuned.run.num_steps} steps of training"
    )
    done = replace(form, notes=(*form.notes, *notes), cost=form.cost.plus(tuned.cost))
    return _with_zeros(done, tuned.module, about)


def prune_two_of_four(form: Form, step: Step, studio: Studio) -> Form:
    """Keep the two largest of every four weights along the inputs of each linear layer, as CUDA's kernels ask.

    Source: Mishra et al. 2021, Accelerating sparse deep neural networks, arXiv:2104.08378.
    Raises MeasurementError for another share than a half, and where no layer can be pruned so.
    """
    if step.number("share") != KEPT_OF_GROUP / GROUP:
        raise MeasurementError(f"{step}: two of four weights are always one half; write prune(2:4)")
    module = copy.deepcopy(form.module)
    masks, left_out = {}, []
    for name, layer in prunable_layers(module).items():
        if isinstance(layer, nn.Linear) and layer.in_features % GROUP == 0:
            masks[name] = _all_but_two(layer.weight.detach())
        else:
            left_out.append(f"{name} ({_shape(layer)})")
    if not masks:
        raise MeasurementError(f"{step}: no linear layer whose inputs divide by 4: {', '.join(left_out)}")
    put_masks(module, masks)
    pruned = _with_zeros(form, module, "two of every four weights of linear layers made zero")
    note = f"2:4 left out {', '.join(left_out)}: it needs linear layers whose inputs divide by 4"
    return replace(pruned, notes=(*pruned.notes, note)) if left_out else pruned


def cubic_share(final_share: float, progress_share: float) -> float:
    """Share that is pruned at a point of the ramp."""
    return final_share * (1 - (1 - progress_share) ** 3)


def _smallest(layers: Mapping[str, Prunable], share: float, scope: str, about: str) -> dict[str, Tensor]:
    """Return where the smallest weights lie, so many that the share is reached to the weight (but for ties)."""
    sizes = {name: layer.weight.detach().abs() for name, layer in layers.items()}
    if scope == "layer":
        masks = {name: size <= _quantile(size.flatten(), share) for name, size in sizes.items()}
    else:
        limit = _quantile(torch.cat([size.flatten() for size in sizes.values()]), share)
        masks = {name: size <= limit for name, size in sizes.items()}
    emptied = [name for name, zero in masks.items() if bool(zero.all())]
    if emptied:
        names = ", ".join(f"{name} ({_shape(layers[name])})" for name in emptied)
        raise MeasurementError(
            f"{about}: would leave 0 weights of {names}; the largest share that works is "
            f"{_largest_share(sizes, scope):.4g}"
        )
    return masks


def _quantile(sizes: Tensor, share: float) -> Tensor:
    count = round(share * sizes.numel())
    if count < 1:
        return torch.full((), -1.0, device=sizes.device)
    return torch.kthvalue(sizes, min(count, sizes.numel())).values


def _largest_share(sizes: Mapping[str, Tensor], scope: str) -> float:
    """Share at which every layer keeps one weight, rounded down."""
    if scope == "layer":
        smallest = min(size.numel() for size in sizes.values())
        share = 1 - 1 / smallest
    else:
        limit = min(float(size.max()) for size in sizes.values())
        below = sum(int((size < limit).sum()) for size in sizes.values())
        share = below / sum(size.numel() for size in sizes.values())
    return math.floor(share * 10_000) / 10_000


def _all_but_two(weight: Tensor) -> Tensor:
    groups = weight.abs().view(len(weight), -1, GROUP)
    kept = groups.topk(KEPT_OF_GROUP, dim=-1).indices
    return torch.ones_like(groups, dtype=torch.bool).scatter_(-1, kept, value=False).flatten(1)


def _with_zeros(form: Form, module: nn.Module, about: str) -> Form:
    content = stored_bytes(module)
    return replace(
        form,
        module=module,
        file_bytes=len(content),
        num_params=params_left(module),
        method=form.then(about),
        notes=with_notes_on_zeros(form.notes, module, content),
    )


def _scope_in_words(scope: str) -> str:
    return "all layers together" if scope == "global" else "each layer"


def _shape(layer: Prunable) -> str:
    return f"{type(layer).__name__} {' x '.join(map(str, layer.weight.shape))}"
