"""The record of one training run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from bench.environment import Device, describe_machine
from bench.measuring.contention import QuietWatch
from bench.measuring.flops import CONVENTION
from bench.measuring.latency import Estimate, estimate
from bench.record import Measurement, Record, now
from bench.training.distributed import Team
from bench.training.loop import STEPS_PER_BLOCK, TrainingRun
from bench.training.progress import Pace
from bench.training.recipes import Recipe
from bench.training.scaling import Scaling
from bench.training.scoring import Scores
from bench.training.tasks import Task
from bench.versions import benchplan_version

LOSSES_KEPT = 200
QUIET = ("one_process_step_seconds", "team_step_seconds", "training_step_flops")


@dataclass(frozen=True)
class Outcome:
    """All that a training run left."""

    task: Task
    model: nn.Module
    recipe: Recipe
    run: TrainingRun
    test: Scores
    pace: Pace
    team: Team
    device: Device
    scaling: Scaling | None
    notes: tuple[str, ...] = ()


def record_of(outcome: Outcome, watch: QuietWatch, seconds: float) -> Record:
    """Write up a training run; `seconds` is the wall time of all."""
    sheet = _Sheet(outcome)
    sheet.losses()
    sheet.speed()
    sheet.scaling()
    warnings = [note for note in (*outcome.notes, *outcome.run.warnings) if note]
    if outcome.run.num_steps < outcome.recipe.num_steps:
        warnings.append(
            f"trained for {outcome.run.num_steps} of {outcome.recipe.num_steps} steps; the weights are those "
            f"of step {outcome.run.best_step or outcome.run.num_steps}"
        )
    if watch.contended:
        warnings.append(f"The machine was not quiet ({watch.in_words()}): doubt absolute times.")
    return Record(
        suite="train",
        device=outcome.device,
        created_at=now(),
        benchplan_version=benchplan_version(),
        machine=describe_machine(outcome.device),
        measurements=tuple(sheet.measurements),
        duration_seconds=seconds,
        contended=watch.contended,
        warnings=tuple(dict.fromkeys(warnings)),
    )


@dataclass
class _Sheet:
    outcome: Outcome
    measurements: list[Measurement] = field(default_factory=list)

    def losses(self) -> None:
        """Losses of training, validation and test, and the size of the model."""
        run, test, item = self.outcome.run, self.outcome.test, self.outcome.task.data.item.removesuffix("s")
        recipe = self.outcome.recipe.in_words()
        self._add(
            "params", sum(p.numel() for p in self.outcome.model.parameters()), "elements of all parameters"
        )
        last = run.training_losses_nats[-STEPS_PER_BLOCK:]
        self._add(
            f"training_loss_nats_per_{item}",
            estimate(last, np.mean),
            f"mean over the last {len(last)} steps of {recipe}; the samples are losses on the way",
            samples=_thinned(run.training_losses_nats),
        )
        self._add(
            f"validation_loss_nats_per_{item}",
            estimate(run.validation.losses_nats, np.mean),
            "validation part, with the weights that were kept; the samples are the losses on the way",
            samples=run.validation_losses_nats,
        )
        method = f"mean over the {len(test.losses_nats)} rows of the test part, looked at once, at the end"
        self._add(f"loss_nats_per_{item}", estimate(test.losses_nats, np.mean), method)
        self._add("accuracy_share", estimate(test.accuracies_share, np.mean), method)

    def speed(self) -> None:
        """Time of a step, throughput and MFU."""
        run, pace, team = self.outcome.run, self.outcome.pace, self.outcome.team
        # The first block warms up caches and allocators.
        step = estimate(run.step_seconds[1:] or run.step_seconds)
        method = f"median over blocks of up to {STEPS_PER_BLOCK} steps on {self._where()}, optimizer included"
        self._add("training_step_seconds", step, method, samples=step.samples)
        self._add(f"training_{pace.item}_per_second", step.inverted(pace.items_per_step), method)
        if pace.step_flops is not None:
            self._add("training_step_flops", pace.step_flops, f"formula of the shape; {CONVENTION}")
            rate = step.inverted(pace.step_flops)
            self._add(
                "training_flops_per_second", rate, f"FLOPs of a step by formula over its time; {method}"
            )
            if (best := pace.peak(bf16=run.bf16)) is not None:
                peak = f"the measured {'bf16' if run.bf16 else 'fp32'} peak of one process"
                peak += f" times {team.size}" if team.size > 1 else ""
                mfu = rate.scaled(1 / best)
                self._add("training_mfu_share", mfu, f"achieved FLOP/s over {peak}; {method}")
        if run.bf16_speedup_ratio is not None:
            self._add(
                "bf16_speedup_ratio",
                run.bf16_speedup_ratio,
                "seconds of an fp32 step over those of a bf16 autocast step, a few of each in turn",
            )
        self._add("training_seconds", run.seconds, "wall time of all steps with validations and checkpoints")

    def scaling(self) -> None:
        """Efficiency of several processes, where it was measured."""
        scaling, team = self.outcome.scaling, self.outcome.team
        if scaling is None:
            return
        method = (
            f"throughput of {team.size} processes ({team.kind}) over {team.size} times that of one, "
            f"{self.outcome.recipe.num_rows} rows a step in both; median over paired rounds of "
            f"{scaling.num_steps} steps in turn, each process with {torch.get_num_threads()} thread(s)"
        )
        self._add("scaling_efficiency_share", scaling.efficiency, method, samples=scaling.efficiency.samples)
        self._add("one_process_step_seconds", scaling.one_seconds, method)
        self._add("team_step_seconds", scaling.team_seconds, method)

    def _where(self) -> str:
        each = "one GPU" if self.outcome.device == "cuda" else f"{torch.get_num_threads()} thread(s)"
        team = self.outcome.team
        return each if team.size == 1 else f"{team.size} processes ({team.kind}) with {each} each"

    def _add(self, name: str, value: float | Estimate, method: str, samples: Sequence[float] = ()) -> None:
        interval = (value.low, value.high) if isinstance(value, Estimate) else (None, None)
        self.measurements.append(
            Measurement(
                subject=self.outcome.task.subject,
                variant="bf16" if self.outcome.run.bf16 else "fp32",
                conditions=self._conditions(),
                name=name,
                value=float(value.value if isinstance(value, Estimate) else value),
                low=interval[0],
                high=interval[1],
                method=method,
                samples=tuple(samples),
                note=self.outcome.task.in_words,
            )
        )

    def _conditions(self) -> dict[str, int | float | str]:
        recipe, team = self.outcome.recipe, self.outcome.team
        conditions: dict[str, int | float | str] = {"optimizer": recipe.optimizer, "rows": recipe.num_rows}
        if team.size > 1:
            conditions |= {"processes": team.size, "distributed": team.kind}
        return conditions


def _thinned(values: Sequence[float]) -> list[float]:
    stride = -(-len(values) // LOSSES_KEPT)
    return list(values[::-1][::stride][::-1])


def headline(record: Record) -> str:
    """Say in a few lines what a training run came to."""
    lines = []
    for m in record.measurements:
        if m.value is None or m.name in QUIET:
            continue
        interval = f"  ({m.low:.4g} to {m.high:.4g})" if m.low is not None and m.high is not None else ""
        lines.append(f"{m.name:36} {m.value:>14,.6g}{interval}")
    first = record.measurements[0]
    return "\n".join([f"{first.note} on {record.machine.description}", *lines])
