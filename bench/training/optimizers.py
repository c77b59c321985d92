"""Optimizers by name, with weight decay on the matrices alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from bench.errors import InputError
from bench.training.names import check_optimizer

BETAS = (0.9, 0.95)
MOMENTUM = 0.9
RMSPROP_SMOOTHING = 0.99

Groups = list[dict[str, Any]]


def make(name: str, model: nn.Module, learning_rate: float, weight_decay: float) -> Optimizer:
    """Make an optimizer over all parameters of a model; norms, biases and embeddings have no weight decay.

    Raises InputError for a name that is none of OPTIMIZERS, and for Muon where torch has none or nothing to do.
    """
    check_optimizer(name)
    matrices, others = _apart(model)
    if name == "muon":
        return _muon(model, matrices, others, learning_rate, weight_decay)
    groups: Groups = [
        {"params": matrices, "weight_decay": weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return _MAKERS[name]([group for group in groups if group["params"]], learning_rate, _fusable(model))


class MuonWithAdamW(Optimizer):
    """Muon for the hidden matrices and AdamW for all else, as one optimizer with one state.

    Source: Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks; the update is scaled
    to the root mean square of AdamW's (Liu et al. 2025, Muon is scalable for LLM training), so that one
    learning rate serves both.
    """

    def __init__(self, muon: Optimizer, adamw: Optimizer) -> None:
        self._halves = (muon, adamw)
        super().__init__([*muon.param_groups, *adamw.param_groups], {})
        self._share()

    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update all parameters."""
        loss = None if closure is None else closure()
        for half in self._halves:
            half.step()
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over a state that `state_dict` gave."""
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        # The halves work on the groups and the state of the whole.
        first = len(self._halves[0].param_groups)
        self._halves[0].param_groups = self.param_groups[:first]
        self._halves[1].param_groups = self.param_groups[first:]
        for half in self._halves:
            half.state = self.state


def _muon(
    model: nn.Module, matrices: list[nn.Parameter], others: list[nn.Parameter], rate: float, decay: float
) -> Optimizer:
    if not hasattr(torch.optim, "Muon"):
        raise InputError(
            f"--optimizer muon: torch {torch.__version__} has no Muon; update to torch 2.9 or later"
        )
    heads = _heads(model, matrices)
    hidden = [p for p in matrices if p.ndim == 2 and id(p) not in heads]
    if not hidden:
        raise InputError(
            "--optimizer muon: this model has no hidden matrix, for which alone Muon is made; use adamw"
        )
    taken = {id(p) for p in hidden}
    rest = [p for p in matrices if id(p) not in taken]
    muon = torch.optim.Muon(hidden, lr=rate, weight_decay=decay, adjust_lr_fn="match_rms_adamw")
    groups: Groups = [{"params": rest, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]
    return MuonWithAdamW(muon, _adamw([g for g in groups if g["params"]], rate, _fusable(model)))


def _heads(model: nn.Module, matrices: list[nn.Parameter]) -> set[int]:
    """Find what makes the logits: as many rows as there are tokens, or the last matrix where there are none."""
    vocabularies = {m.num_embeddings for m in model.modules() if isinstance(m, nn.Embedding)}
    heads = [p for p in matrices if p.shape[0] in vocabularies] if vocabularies else matrices[-1:]
    return {id(p) for p in heads}


def _apart(model: nn.Module) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
    """Part what is drawn towards zero from what is not: norms, biases and embeddings."""
    embeddings = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding | nn.EmbeddingBag)}
    trained = [p for p in model.parameters() if p.requires_grad]
    matrices = [p for p in trained if p.ndim >= 2 and id(p) not in embeddings]
    chosen = {id(p) for p in matrices}
    return matrices, [p for p in trained if id(p) not in chosen]


def _fusable(model: nn.Module) -> bool:
    """Tell whether torch has one fused kernel for this device; on the CPU it takes a fraction of the time."""
    parameters: Iterable[nn.Parameter] = model.parameters()
    return all(p.device.type in ("cpu", "cuda") and p.is_floating_point() for p in parameters)


def _adamw(groups: Groups, rate: float, fused: bool) -> Optimizer:
    return torch.optim.AdamW(groups, lr=rate, betas=BETAS, fused=fused)


def _adam(groups: Groups, rate: float, fused: bool) -> Optimizer:
    return torch.optim.Adam(groups, lr=rate, betas=BETAS, fused=fused)


def _sgd(groups: Groups, rate: float, fused: bool) -> Optimizer:
    # torch's fused kernels of Adam know sharded parameters; that of SGD does not.
    sharded = any(hasattr(p, "full_tensor") for group in groups for p in group["params"])
    return torch.optim.SGD(groups, lr=rate, momentum=MOMENTUM, fused=fused and not sharded)


def _rmsprop(groups: Groups, rate: float, fused: bool) -> Optimizer:
    return torch.optim.RMSprop(groups, lr=rate, alpha=RMSPROP_SMOOTHING)


_MAKERS: dict[str, Callable[[Groups, float, bool], Optimizer]] = {
    "adamw": _adamw,
    "adam": _adam,
    "sgd": _sgd,
    "rmsprop": _rmsprop,
}
