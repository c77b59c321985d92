"""The steps that train on: with the data's loss, with the original model as the teacher, or from new weights."""

from __future__ import annotations

import copy
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.compression.forms import Form, Studio
from bench.compression.hidden_states import HiddenStates, Matched, match
from bench.compression.recipes import Step
from bench.compression.tuning import config_of, forward_flops, train_on
from bench.compression.zeros import masks_of, put_masks
from bench.data.splits import Batch
from bench.errors import MeasurementError
from bench.models.building import build
from bench.training.steps import cross_entropy

TEACHER_SHARE = 0.9
"""Of the loss; the rest is the data's. Hinton et al. 2015, section 2: best with a considerably lower weight on it."""
FEATURES_WEIGHT = 0.1
"""Of the hidden states' relative error beside the loss of the logits; in trials 1 slowed students down."""
RESTART_SEED_OFFSET = 1_000
"""New weights are drawn with the recipe's seed and this, so that they are not those that the teacher began with."""


def finetune(form: Form, step: Step, studio: Studio) -> Form:
    """Train on with the loss of the data; zeros of pruning stay zero.

    Raises MeasurementError when training fails.
    """
    tuned = train_on(form, studio, studio.training(step.number("steps")))
    return replace(
        form,
        module=tuned.module,
        method=form.then(f"trained on for {tuned.run.num_steps} steps with the loss of the data"),
        notes=(*form.notes, *tuned.notes),
        cost=form.cost.plus(tuned.cost),
    )


def distil(form: Form, step: Step, studio: Studio) -> Form:
    """Train on with the original model as the teacher, on the same rows; zeros of pruning stay zero.

    Source: Hinton et al. 2015, Distilling the knowledge in a neural network, arXiv:1503.02531; for features Romero
    et al. 2015, FitNets, arXiv:1412.6550, equation 3, all matched states at once and beside the logits.
    Raises MeasurementError when training fails, and for features of models whose hidden states are not known.
    """
    recipe = studio.training(step.number("steps"))
    teacher = copy.deepcopy(studio.teacher).eval().requires_grad_(False)
    with ExitStack() as stack:
        lesson = _Lesson(teacher, step, studio, stack)
        tuned = train_on(
            form,
            studio,
            recipe,
            loss_of=lesson.loss_of,
            also_trained=lesson.with_projections,
            passes_beside=lambda: forward_flops(teacher, studio.data, recipe.num_rows),
        )
    about = f"trained on for {tuned.run.num_steps} steps, {lesson.in_words()}"
    return replace(
        form,
        module=tuned.module,
        method=form.then(about),
        notes=(*form.notes, *tuned.notes),
        cost=form.cost.plus(tuned.cost),
    )


def restart(form: Form, step: Step, studio: Studio) -> Form:
    """Draw all weights anew for the same shape; zeros of pruning stay zero.

    Raises MeasurementError where layers of a user's model do not know how to draw their weights.
    """
    seed = studio.recipe.seed + RESTART_SEED_OFFSET
    module = _drawn_anew(form.module, seed, step)
    put_masks(module, masks_of(form.module))
    return replace(form, module=module, method=form.then(f"all weights drawn anew with seed {seed}"))


def distillation_loss(logits: Tensor, taught: Tensor, temperature: float) -> Tensor:
    """Divergence in nats of the student's softened predictions from the teacher's, mean over predictions.

    Formula: T^2 * KL(softmax(taught / T) || softmax(logits / T)); T^2 keeps gradients as large at any temperature.
    Source: Hinton et al. 2015, arXiv:1503.02531, section 2.
    """
    student, teacher = (F.log_softmax(each.flatten(0, -2) / temperature, dim=-1) for each in (logits, taught))
    return temperature**2 * F.kl_div(student, teacher, reduction="batchmean", log_target=True)


class _Lesson:
    """What a teacher gives its student to make smaller, on the same rows."""

    def __init__(self, teacher: nn.Module, step: Step, studio: Studio, stack: ExitStack) -> None:
        self._teacher, self._step, self._studio, self._stack = teacher, step, studio, stack
        self._temperature = step.number("temperature")
        self._matched: Matched | None = None

    def with_projections(self, student: nn.Module) -> nn.Module:
        """Return what is trained: the student, with projections of its hidden states where features are taught."""
        if self._step.word("from") == "logits":
            return student
        seed = self._studio.recipe.seed
        own, taught = (
            self._stack.enter_context(HiddenStates(model, str(self._step)))
            for model in (student, self._teacher)
        )
        inputs = self._studio.data.sample(2, torch.Generator().manual_seed(seed)).inputs
        self._matched = match(student, self._teacher, own, taught, inputs, seed)
        return self._matched

    def loss_of(self, model: nn.Module, batch: Batch, *, bf16: bool = False) -> Tensor:
        """Mix the teacher's loss with that of the data."""
        with torch.autocast(batch.targets.device.type, torch.bfloat16, enabled=bf16):
            with torch.no_grad():
                taught = self._teacher(batch.inputs).float()
            logits = model(batch.inputs).float()
        soft = distillation_loss(logits, taught, self._temperature)
        loss = TEACHER_SHARE * soft + (1 - TEACHER_SHARE) * cross_entropy(logits, batch.targets)
        return loss if self._matched is None else loss + FEATURES_WEIGHT * self._matched.loss()

    def in_words(self) -> str:
        """Say what was taught."""
        about = (
            f"{TEACHER_SHARE:.0%} of the loss to the original model's logits at temperature "
            f"{self._temperature:g} and the rest to the data"
        )
        return about if self._matched is None else f"{about}, with {self._matched.in_words()}"


def _drawn_anew(module: nn.Module, seed: int, step: Step) -> nn.Module:
    config = config_of(module)
    if config is not None:
        ours = build(config, seed)
        if ours.state_dict().keys() == module.state_dict().keys():
            return ours.to(next(module.parameters()).device).eval()
    drawn = copy.deepcopy(module).eval()
    silent = []
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for name, part in drawn.named_modules():
            draw: Any = getattr(part, "reset_parameters", None)
            if draw is not None:
                draw()
            elif list(part.parameters(recurse=False)):
                silent.append(f"{name or 'the model itself'} ({type(part).__name__})")
    if silent:
        raise MeasurementError(
            f"{step}: no reset_parameters, which draws new weights, in {', '.join(silent)}"
        )
    return drawn
