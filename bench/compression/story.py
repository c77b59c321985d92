"""What a compression run found, and what follows from it for several forms at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.compression.quality import Quality
from bench.compression.timing import SINGLE, Timed
from bench.compression.verdicts import Bound
from bench.compression.workshop import PLAIN, Finished
from bench.data.splits import DataSet
from bench.environment import Device, describe_machine
from bench.measuring.interleaving import Timing
from bench.measuring.latency import Estimate, paired_ratio
from bench.measuring.speed import CONTROL
from bench.record import Measurement
from bench.training.tasks import Task

FP32 = str(PLAIN)
CACHED_BYTES = 2**20
"""As many weights lie in the second-level cache of a core, about."""

Speed = tuple[str, tuple[tuple[str, int], ...]]
"""A ratio of speeds by name, and the conditions under which it holds."""


@dataclass(frozen=True)
class Story:
    """All that a compression run found."""

    task: Task
    data: DataSet
    device: Device
    finished: tuple[Finished, ...]
    timed: Timed
    peaks: tuple[Measurement, ...]

    @property
    def item(self) -> str:
        """The unit of what is predicted, as it stands after `per`."""
        return self.data.item.removesuffix("s")

    @cached_property
    def qualities(self) -> dict[str, Quality]:
        """Quality on the test part by form."""
        return {str(each.recipe): Quality.of(each.test) for each in self.finished if each.test}

    @cached_property
    def capability(self) -> str:
        """The vector instructions of the processor; empty on a GPU."""
        return describe_machine(self.device).instruction_set if self.device == "cpu" else ""

    @cached_property
    def timings(self) -> dict[Speed, dict[str, Timing]]:
        """What was timed, by the ratio that it makes and under which conditions."""
        timed = self.timed
        return {
            **{("latency_ratio", (("batch", rows),)): each for rows, each in timed.rows.items()},
            **{
                ("prefill_ratio", tuple(cell.conditions.items())): each
                for cell, each in timed.prefill.items()
            },
            **{("decode_ratio", tuple(cell.conditions.items())): each for cell, each in timed.decode.items()},
        }

    @cached_property
    def controls(self) -> dict[Speed, Estimate]:
        """The ratio of fp32 against itself under the same conditions."""
        contended = self.timed.watch.contended
        return {
            speed: paired_ratio(each[FP32], each[CONTROL], contended=contended)
            for speed, each in self.timings.items()
            if CONTROL in each
        }

    @cached_property
    def bound(self) -> Bound:
        """What a call of the model takes at batch 1, beside the least that arithmetic and memory take.

        Weights that fit the caches of a processor come from there, and what that takes is not counted.
        """
        rates = {m.name: m.value for m in self.peaks if m.variant == "fp32" and m.value}
        plain, config = self.finished[0].form, self.task.config
        assert plain is not None
        seconds = float(np.median(self.timed.rows[SINGLE][FP32].seconds))
        flops = config.forward_flops(1) if config else 0
        read = plain.file_bytes if plain.file_bytes > CACHED_BYTES or self.device == "cuda" else 0
        least = flops / rates["peak_flops_per_second"] + read / rates["memory_bandwidth_bytes_per_second"]
        return Bound(seconds, least)
