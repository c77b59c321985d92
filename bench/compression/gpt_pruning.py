"""Structured pruning of our transformer: heads, feed-forward neurons and whole blocks are sliced out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from bench.compression.forms import Form, Studio
from bench.compression.recipes import Step
from bench.compression.structured import kept_count, require_removal, with_shape
from bench.compression.zeros import pass_marks
from bench.data.splits import Batch
from bench.models.building import build
from bench.models.gpt import Block, Gpt, GptConfig
from bench.training.loop import score

ROWS_TO_RANK_BLOCKS = 8


def prune_gpt(form: Form, step: Step, studio: Studio) -> Form:
    """Remove heads, feed-forward neurons (`structured`: both) or blocks, the same number in every block.

    Raises MeasurementError where nothing would be left, or nothing would go.
    """
    assert isinstance(form.module, Gpt)
    for prune in _KINDS[step.word("kind")]:
        form = prune(form, step, studio)
    return form


def prune_heads(form: Form, step: Step, studio: Studio) -> Form:
    """Remove the heads of least magnitude; heads that share keys and values go together, unless all share them."""
    gpt = _gpt(form)
    config = gpt.config
    one_group = config.key_value_heads == 1
    units = config.num_heads if one_group else config.key_value_heads
    kept = kept_count(units, step.number("share"), step, "the heads of a block", round_to=1)
    require_removal({"the heads of a block": kept}, {"the heads of a block": units}, step)
    queries = config.num_heads // config.key_value_heads
    smaller = replace(
        config,
        num_heads=kept if one_group else kept * queries,
        num_key_value_heads=1 if one_group else kept,
        width_per_head=config.head_width,
    )
    rows = [_rows_of_heads(config, _largest(_head_sizes(block, config), kept)) for block in _blocks(gpt)]
    weights = dict(gpt.state_dict())
    for index, (query, key, value) in enumerate(rows):
        joint, out = f"blocks.{index}.query_key_value.weight", f"blocks.{index}.attention_out.weight"
        weights[joint] = weights[joint][torch.cat((query, key, value))]
        weights[out] = weights[out][:, query]
    about = f"the heads of least magnitude removed, {config.num_heads} to {smaller.num_heads} in every block"
    return _with_config(form, smaller, weights, about)


def prune_neurons(form: Form, step: Step, studio: Studio) -> Form:
    """Remove the feed-forward neurons whose weights, of all matrices that they are in, have the least magnitude."""
    gpt = _gpt(form)
    config = gpt.config
    name, count = "the feed-forward of a block", config.feed_forward_width
    kept = kept_count(count, step.number("share"), step, name)
    require_removal({name: kept}, {name: count}, step)
    weights = dict(gpt.state_dict())
    for index, block in enumerate(_blocks(gpt)):
        chosen = _largest(_neuron_sizes(block), kept)
        for matrix in ("up", "gate"):
            place = f"blocks.{index}.{matrix}.weight"
            if place in weights:
                weights[place] = weights[place][chosen]
        down = f"blocks.{index}.down.weight"
        weights[down] = weights[down][:, chosen]
    about = f"feed-forward neurons of least magnitude removed, {count} to {kept} in every block"
    return _with_config(form, replace(config, feed_forward_width=kept), weights, about)


def prune_layers(form: Form, step: Step, studio: Studio) -> Form:
    """Remove the blocks without which, each taken out alone, the loss on a few validation rows is lowest.

    Source: Kim et al. 2024, Shortened LLaMA, arXiv:2402.02834: perplexity without a block, all ranked
    at once.
    """
    gpt = _gpt(form)
    count = gpt.config.num_layers
    kept = kept_count(count, step.number("share"), step, "the blocks", round_to=1)
    require_removal({"the blocks": kept}, {"the blocks": count}, step)
    rows = Batch(*(part[:ROWS_TO_RANK_BLOCKS] for part in studio.data.validation))
    losses = [
        score(_of_blocks(gpt, [i for i in range(count) if i != left_out]), rows).loss_nats
        for left_out in range(count)
    ]
    chosen = _largest(torch.tensor(losses, dtype=torch.float64), kept).tolist()
    smaller = _of_blocks(gpt, chosen)
    gone = ", ".join(str(index + 1) for index in range(count) if index not in chosen)
    about = f"blocks whose removal raised the validation loss least removed, of {count}: {gone}"
    return with_shape(form, smaller, about, smaller.config.forward_flops(1))


_KINDS: Mapping[str, Sequence[Callable[[Form, Step, Studio], Form]]] = {
    "heads": (prune_heads,),
    "neurons": (prune_neurons,),
    "structured": (prune_heads, prune_neurons),
    "layers": (prune_layers,),
}


def _gpt(form: Form) -> Gpt:
    assert isinstance(form.module, Gpt)
    return form.module


def _blocks(gpt: Gpt) -> list[Block]:
    return [block for block in gpt.blocks if isinstance(block, Block)]


def _largest(sizes: Tensor, count: int) -> Tensor:
    """Return the places of the largest, in their order."""
    return sizes.topk(count).indices.sort().values


@torch.no_grad()
def _head_sizes(block: Block, config: GptConfig) -> Tensor:
    """Sum of squares of all weights of each head that may go, or of each group that shares keys and values."""
    groups, width = config.key_value_heads, config.head_width
    joint = block.query_key_value.weight.square().sum(1).view(-1, width).sum(1)
    query, key, value = torch.split(joint, [config.num_heads, groups, groups])
    query = query + block.attention_out.weight.square().sum(0).view(-1, width).sum(1)
    return query if groups == 1 else query.view(groups, -1).sum(1) + key + value


@torch.no_grad()
def _neuron_sizes(block: Block) -> Tensor:
    sizes = block.up.weight.square().sum(1) + block.down.weight.square().sum(0)
    return sizes if block.gate is None else sizes + block.gate.weight.square().sum(1)


def _rows_of_heads(config: GptConfig, kept: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the rows of queries, keys and values of what stays, in the joint matrix."""
    groups, device = config.key_value_heads, kept.device
    queries = config.num_heads // groups
    if groups == 1:
        heads, shared = kept, torch.zeros(1, dtype=torch.long, device=device)
    else:
        heads = (kept[:, None] * queries + torch.arange(queries, device=device)).flatten()
        shared = kept
    keys = config.num_heads + shared
    within = torch.arange(config.head_width, device=device)

    def rows(of: Tensor) -> Tensor:
        return (of[:, None] * config.head_width + within).flatten()

    return rows(heads), rows(keys), rows(keys + groups)


def _of_blocks(gpt: Gpt, chosen: Sequence[int]) -> Gpt:
    """Return a model of these blocks alone."""
    weights = {name: value for name, value in gpt.state_dict().items() if not name.startswith("blocks.")}
    for new, old in enumerate(chosen):
        weights |= {f"blocks.{new}.{name}": value for name, value in gpt.blocks[old].state_dict().items()}
    smaller = _loaded(replace(gpt.config, num_layers=len(chosen)), weights)
    for new, old in enumerate(chosen):
        pass_marks(gpt.blocks[old], smaller.blocks[new])
    if gpt.head is not None and smaller.head is not None:
        pass_marks(gpt.head, smaller.head)
    return smaller


def _loaded(config: GptConfig, weights: Mapping[str, Tensor]) -> Gpt:
    smaller = build(config)
    assert isinstance(smaller, Gpt)
    smaller.load_state_dict(weights)
    return smaller.to(next(iter(weights.values())).device)


def _with_config(form: Form, config: GptConfig, weights: Mapping[str, Tensor], about: str) -> Form:
    smaller = _loaded(config, weights)
    pass_marks(form.module, smaller)
    return with_shape(form, smaller, about, config.forward_flops(1))
