"""Hidden states of a student held against those of its teacher, through projections that are thrown away."""

from __future__ import annotations

from types import TracebackType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.errors import MeasurementError
from bench.models.convolutional import ConvNet
from bench.models.gpt import Gpt
from bench.models.mlp import Mlp


def state_modules(model: nn.Module) -> list[nn.Module]:
    """Return the modules whose outputs are the hidden states: blocks, or the activations of a perceptron.

    Empty for models whose hidden states are not known.
    """
    if isinstance(model, Gpt | ConvNet):
        return list(model.blocks)
    return [layer for layer in model.layers if isinstance(layer, nn.ReLU)] if isinstance(model, Mlp) else []


class HiddenStates:
    """Keeps the hidden states of a model's last pass, widths last, as long as it is entered."""

    def __init__(self, model: nn.Module, about: str) -> None:
        self._modules = state_modules(model)
        if not self._modules:
            raise MeasurementError(
                f"{about}: hidden states are known of an MLP with hidden layers, a GPT and a convolutional net, not "
                f"of {type(model).__name__}; take distil(logits)"
            )
        self.states: list[Tensor] = []

    def __enter__(self) -> HiddenStates:
        self.states = [torch.empty(0)] * len(self._modules)
        self._handles = [
            module.register_forward_hook(lambda _, inputs, output, index=index: self._keep(index, output))
            for index, module in enumerate(self._modules)
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _keep(self, index: int, output: Tensor) -> None:
        self.states[index] = output.movedim(1, -1) if output.ndim == 4 else output


class Matched(nn.Module):
    """A student with what turns its hidden states into the widths of its teacher's; called, it is the student."""

    def __init__(
        self,
        student: nn.Module,
        own: HiddenStates,
        taught: HiddenStates,
        widths: list[tuple[int, int]],
        seed: int,
    ) -> None:
        super().__init__()
        self.student = student
        self._own, self._taught, self._pairs = own, taught, evenly_mapped(len(own.states), len(taught.states))
        device = next(student.parameters()).device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            made = [nn.Linear(narrow, wide) if narrow != wide else nn.Identity() for narrow, wide in widths]
        self.projections = nn.ModuleList(made).to(device)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the student's logits."""
        logits: Tensor = self.student(inputs)
        return logits

    def loss(self) -> Tensor:
        """Squared error of the projected states of the last passes over the teacher's mean square, mean over pairs."""
        errors = []
        for (own, taught), project in zip(self._pairs, self.projections, strict=True):
            wanted = self._taught.states[taught].float()
            found = project(self._own.states[own].float())
            errors.append(F.mse_loss(found, wanted) / wanted.square().mean().clamp_min(1e-12))
        return torch.stack(errors).mean()

    def in_words(self) -> str:
        """Say which states are matched."""
        linear = sum(isinstance(each, nn.Linear) for each in self.projections)
        through = f", {linear} of them through linear layers that were thrown away" if linear else ""
        return f"{len(self._pairs)} hidden states drawn to the original model's{through}"


def match(
    student: nn.Module, teacher: nn.Module, own: HiddenStates, taught: HiddenStates, inputs: Tensor, seed: int
) -> Matched:
    """Find the widths of both models' hidden states by one pass, and pair them."""
    with torch.no_grad():
        student.eval()(inputs)
        teacher(inputs)
    pairs = evenly_mapped(len(own.states), len(taught.states))
    widths = [(own.states[i].shape[-1], taught.states[j].shape[-1]) for i, j in pairs]
    return Matched(student, own, taught, widths, seed)


def evenly_mapped(num_own: int, num_taught: int) -> list[tuple[int, int]]:
    """Pair each of the student's states with one of the teacher's, evenly, the last with the last."""
    return [(i, max(0, round((i + 1) * num_taught / num_own) - 1)) for i in range(num_own)]
