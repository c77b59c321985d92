"""The one training loop: steps in blocks, validation, early stop, checkpoints, in one process or many."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.data.splits import DataSet
from bench.errors import MeasurementError
from bench.training import state
from bench.training.distributed import ALONE, Team
from bench.training.faults import check_finite, memory_named
from bench.training.interrupting import StopRequests
from bench.training.optimizers import make
from bench.training.precision import MIN_GAIN_RATIO, bf16_speedup
from bench.training.progress import SECONDS_BETWEEN_WORDS, History, Pace, in_words
from bench.training.recipes import Recipe
from bench.training.resuming import CheckpointFile, Snapshot, check_same
from bench.training.scoring import Scores, score
from bench.training.steps import PLAIN, Hooks, cross_entropy, take_step, training_loss

__all__ = ["Recipe", "Say", "Scores", "TrainingRun", "cross_entropy", "score", "train", "training_loss"]

STEPS_PER_BLOCK = 10

Say = Callable[[str], None]


@dataclass(frozen=True)
class TrainingRun:
    """What a training run showed: its speed in blocks of steps and the losses on its way."""

    step_seconds: tuple[float, ...]
    validation_losses_nats: tuple[float, ...]
    validation: Scores
    """Of the weights that the model has now."""
    num_steps: int
    seconds: float
    training_losses_nats: tuple[float, ...] = ()
    """Loss of every step."""
    bf16: bool = False
    bf16_speedup_ratio: float | None = None
    """Seconds of an fp32 step over those of a bf16 step, where that was measured."""
    best_step: int = 0
    warnings: tuple[str, ...] = ()


def train(
    model: nn.Module,
    data: DataSet,
    recipe: Recipe,
    say: Say = lambda text: None,
    *,
    team: Team = ALONE,
    checkpoint: CheckpointFile | None = None,
    resume: bool = False,
    pace: Pace | None = None,
    hooks: Hooks = PLAIN,
) -> TrainingRun:
    """Train a model in place; model and data lie on one device.

    Steps are timed in blocks, with validation and checkpoints outside of the clock. With a checkpoint file,
    ctrl-C ends the run with a checkpoint.
    Raises MeasurementError when the loss is no longer a number, memory runs out or the run is stopped, and
    InputError when `resume` finds no checkpoint or that of another run.
    """
    if recipe.num_steps < 1:
        raise MeasurementError("training needs at least one step")
    with memory_named(recipe):
        loop = _Loop(model, data, recipe, say, team, checkpoint, pace, hooks)
        loop.begin(resume)
        # Without a checkpoint there is nothing to save, and ctrl-C may end the run at once.
        if checkpoint is None:
            loop.run(None)
        else:
            with StopRequests(hasty=team.size == 1) as stop:
                loop.run(stop)
        return loop.end()


class _Loop:
    def __init__(
        self,
        model: nn.Module,
        data: DataSet,
        recipe: Recipe,
        say: Say,
        team: Team,
        checkpoint: CheckpointFile | None,
        pace: Pace | None,
        hooks: Hooks,
    ) -> None:
        self.model, self.data, self.recipe, self.say = model, data, recipe, say
        self.team, self.checkpoint, self.pace, self.hooks = team, checkpoint, pace, hooks
        self.history = History()
        self.best: dict[str, Tensor] | None = None
        self.scores: Scores | None = None
        self.generator = torch.Generator().manual_seed(recipe.seed)
        self.warnings: list[str] = []
        self.spoke = time.perf_counter()

    def begin(self, resume: bool) -> None:
        """Decide on bf16, wrap the model, and go back to where a checkpoint left off."""
        self.identity = state.identity_of(self.model, self.data, self.recipe) if self.checkpoint else {}
        snapshot = self._found() if resume and self.checkpoint else None
        if snapshot is None:
            self._choose_precision()
        self.worker = self.team.wrap(self.model)
        self.optimizer = make(
            self.recipe.optimizer, self.model, self.recipe.learning_rate, self.recipe.weight_decay
        )
        if snapshot is not None:
            self.history, self.best = state.restore(
                snapshot, self.model, self.optimizer, self.generator, self.team
            )
            self.say(f"resumed at step {self.history.step} of {self.recipe.num_steps}")
        else:
            self._keep()
        self.started = time.perf_counter() - self.history.seconds

    def run(self, stop: StopRequests | None) -> None:
        """Take the steps that are left."""
        while not self.history.ended:
            self._block(self._next_end(), stop)
            late = self.team.any_says(time.perf_counter() - self.started > self.recipe.max_seconds)
            self._look(late)
            self.history.seconds = time.perf_counter() - self.started
            asked = self.team.any_says(bool(stop and stop.asked))
            if asked or self.history.ended or self._due():
                self._keep()
            if asked and not self.history.ended:
                self._stopped(stop.asked if stop else "")

    def end(self) -> TrainingRun:
        """Give the model its best weights where the recipe asks for them, and tell the run."""
        past = self.history
        if self.best is not None and past.best_step < past.step:
            self.model.load_state_dict(self.best)
            self.scores = None
        scores = self.scores or score(self.model, self.data.validation, team=self.team)
        troubles = self.checkpoint.troubles if self.checkpoint else []
        return TrainingRun(
            step_seconds=tuple(past.step_seconds),
            validation_losses_nats=tuple(past.validation_losses_nats),
            validation=scores,
            num_steps=past.step,
            seconds=past.seconds,
            training_losses_nats=tuple(past.training_losses_nats),
            bf16=past.bf16,
            bf16_speedup_ratio=past.bf16_speedup_ratio,
            best_step=past.best_step,
            warnings=(*self.warnings, *troubles),
        )

    def _block(self, end: int, stop: StopRequests | None) -> None:
        """Take the steps up to `end`, or fewer when a single process is asked to stop."""
        recipe, team, first = self.recipe, self.team, self.history.step
        losses, norms = [], []
        self.model.train()
        started = time.perf_counter()
        for step in range(first, end):
            for group in self.optimizer.param_groups:
                group["lr"] = recipe.rate(step)
            batch = team.share(self.data.sample(recipe.num_rows, self.generator))
            took = take_step(
                self.worker,
                self.optimizer,
                batch,
                recipe.max_gradient_norm,
                parts=recipe.accumulate,
                bf16=self.history.bf16,
                loss_of=self.hooks.loss_of,
                weight=team.weight(len(batch.targets), recipe.num_rows),
                without_exchange=lambda: team.without_exchange(self.worker),
            )
            losses.append(took.loss_nats)
            norms.append(took.gradient_norm)
            self.hooks.after_step(step + 1)
            if team.size == 1 and stop is not None and stop.asked:
                break
        # Reading the losses waits for the device.
        values = team.average(torch.stack(losses)).tolist()
        self.history.step_seconds.append((time.perf_counter() - started) / len(losses))
        kept = self.checkpoint.in_words() if self.checkpoint else ""
        check_finite(values, torch.stack(norms).tolist(), first, recipe, kept)
        self.history.training_losses_nats += values
        self.history.step = first + len(values)

    def _next_end(self) -> int:
        """Blocks end at the same steps whether or not a run was interrupted."""
        step = self.history.step
        ends = [(step // STEPS_PER_BLOCK + 1) * STEPS_PER_BLOCK, self.recipe.num_steps]
        if self.checkpoint and self.checkpoint.every:
            ends.append((step // self.checkpoint.every + 1) * self.checkpoint.every)
        return min(ends)

    def _look(self, late: bool) -> None:
        """Validate where it is due, and see whether the run has reached its end."""
        past, recipe = self.history, self.recipe
        last = past.step == recipe.num_steps
        whole_block = last or past.step % STEPS_PER_BLOCK == 0
        begun = (past.step - 1) // STEPS_PER_BLOCK * STEPS_PER_BLOCK
        crossed = past.step // recipe.evaluate_every > begun // recipe.evaluate_every
        looked = late or last or (whole_block and crossed)
        if looked:
            self.scores = score(self.model, self.data.validation, team=self.team)
            better = past.validated(self.scores.loss_nats)
            if better and recipe.patience:
                self.best = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
            tired = 0 < recipe.patience <= past.validations_since_best
            past.ended = late or last or tired
        if looked or time.perf_counter() - self.spoke > SECONDS_BETWEEN_WORDS:
            self.spoke = time.perf_counter()
            self.say(in_words(past, recipe.num_steps, self.pace))

    def _due(self) -> bool:
        """Tell whether a checkpoint is due: as often as asked for, else after each validation."""
        if self.checkpoint is None:
            return False
        if self.checkpoint.every:
            return self.history.step % self.checkpoint.every == 0
        return self.history.validated_steps[-1:] == [self.history.step]

    def _keep(self) -> None:
        if self.checkpoint is None:
            return
        snapshot = state.snapshot_of(
            self.model, self.optimizer, self.generator, self.history, self.best, self.identity, self.team
        )
        if self.team.leads:
            self.checkpoint.write(snapshot)

    def _found(self) -> Snapshot:
        assert self.checkpoint is not None
        snapshot, fault = self.checkpoint.read()
        check_same(snapshot.identity, self.identity, self.checkpoint.path)
        self.warnings += [w for w in (fault, state.differences_to_the_bit(snapshot, self.team)) if w]
        for warning in self.warnings:
            self.say(warning)
        return snapshot

    def _choose_precision(self) -> None:
        self.history.bf16 = self.recipe.autocast == "on"
        if self.recipe.autocast != "auto":
            return
        own = 0.0
        if self.team.leads:
            own = bf16_speedup(self.model, self.data, self.recipe)
        device = self.data.training.inputs.device
        ratio = (
            float(self.team.average(torch.tensor([own], dtype=torch.float64, device=device))[0])
            * self.team.size
        )
        self.history.bf16, self.history.bf16_speedup_ratio = ratio > MIN_GAIN_RATIO, ratio
        self.say(
            f"bf16 autocast is {ratio:.2f} x as fast here: {'used' if self.history.bf16 else 'not used'}"
        )

    def _stopped(self, by: str) -> None:
        assert self.checkpoint is not None
        where = f"after step {self.history.step} of {self.recipe.num_steps}"
        if self.checkpoint.written_step != self.history.step and self.team.leads:
            raise MeasurementError(f"stopped by {by} {where}: {self.checkpoint.troubles[-1]}")
        raise MeasurementError(
            f"stopped by {by or 'another process'} {where}: the checkpoint lies in {self.checkpoint.path}; the "
            "same command with --resume goes on from it"
        )
